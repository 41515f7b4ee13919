// agency.c — see agency.h
#include "livekit/agency.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "livekit/agency_state.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "livekit/sid.h"
#include <math.h>

enum {
  NORMAL = 1000,
  PROTOCOL_ERROR = 1002,
  POLICY = 1008,
  TOO_BIG = 1009,
  AGENT_PROTOCOL = 1,
  OUR_PROTOCOL = 17,
  PERCENT = 100
};
#define MILLION 1000000LL

// ---- lifetime

struct oh_agency *oh_agency_open(struct oh_world *world, const struct oh_agency_config *config) {
  struct oh_agency *a = calloc(1, sizeof *a);
  OH_CHECK(a);
  a->world = world;
  a->config = *config;
  a->first_us = OH_NEVER;
  oh_slab_init(&a->workers, sizeof(struct oh_agent_worker), OH_AGENT_WORKERS_MAX);
  oh_slab_init(&a->jobs, sizeof(struct oh_agency_job), OH_AGENT_JOBS_MAX);
  uint8_t secret[16];
  oh_random_fill(&world->random, secret, sizeof secret);
  oh_map_init(&a->jobs_by_id, secret);
  return a;
}

static void free_worker(struct oh_agency *a, oh_id id) {
  a->is_stale = true;
  struct oh_agent_worker *w = oh_slab_find(&a->workers, id);
  free(w->key_id);
  free(w->key_secret);
  oh_message_free(w->registration);
  oh_slab_remove(&a->workers, id);
}

static void free_job(struct oh_agency *a, struct oh_agency_job *job) {
  a->is_stale = true;
  struct oh_agent_worker *maker = job->is_simulated ? oh_slab_find(&a->workers, job->worker) : NULL;
  if (maker) maker->simulated--;
  oh_map_remove(&a->jobs_by_id, job->job->id, strlen(job->job->id));
  oh_message_free(job->job);
  oh_slab_remove(&a->jobs, job->id);
}

void oh_agency_close(struct oh_agency *a) {
  struct oh_agency_frame frame;
  while (oh_agency_next_frame(a, &frame))
    free(frame.data);
  struct oh_job_news news;
  while (oh_agency_next_news(a, &news))
    oh_job_news_fini(&news);
  for (oh_id id; (id = oh_slab_next(&a->jobs, 0)) != 0;)
    free_job(a, oh_slab_find(&a->jobs, id));
  for (oh_id id; (id = oh_slab_next(&a->workers, 0)) != 0;)
    free_worker(a, id);
  oh_slab_fini(&a->jobs);
  oh_slab_fini(&a->workers);
  oh_map_fini(&a->jobs_by_id);
  free(a);
}

// ---- to workers

static void queue_frame(struct oh_agency *a, const struct oh_agency_frame *frame) {
  struct oh_agency_out *out = malloc(sizeof *out);
  OH_CHECK(out);
  *out = (struct oh_agency_out){.frame = *frame};
  *(a->last_frame ? &a->last_frame->next : &a->frames) = out;
  a->last_frame = out;
}

bool oh_agency_next_frame(struct oh_agency *a, struct oh_agency_frame *frame) {
  struct oh_agency_out *out = a->frames;
  if (!out) return false;
  *frame = out->frame;
  a->frames = out->next;
  if (!a->frames) a->last_frame = NULL;
  free(out);
  return true;
}

static void hang_up(struct oh_agency *a, struct oh_agent_worker *w, uint16_t code) {
  if (w->closing) return;
  w->closing = a->is_stale = true;
  queue_frame(a, &(struct oh_agency_frame){.worker = w->id, .close = true, .code = code});
}

// NULL if it is more than a worker could take.
static uint8_t *write_json(const ProtobufCMessage *message, size_t *len) {
  struct oh_text text;
  oh_text_init(&text, OH_AGENT_JSON_MAX);
  oh_json_write(&text, message, OH_JSON_CAMEL);
  uint8_t *json = (uint8_t *)oh_text_take(&text, len);
  oh_text_fini(&text);
  return json;
}

static void send(struct oh_agency *a, oh_id worker, const Livekit__ServerMessage *message) {
  struct oh_agent_worker *w = oh_slab_find(&a->workers, worker);
  OH_CHECK(w);
  struct oh_agency_frame frame = {.worker = worker, .text = w->json};
  frame.data =
      w->json ? write_json(&message->base, &frame.len) : oh_message_write(&message->base, &frame.len);
  if (!frame.data) return hang_up(a, w, TOO_BIG);
  queue_frame(a, &frame);
}

static void send_termination(struct oh_agency *a, oh_id worker, const char *job_id) {
  Livekit__JobTermination termination = LIVEKIT__JOB_TERMINATION__INIT;
  termination.job_id = (char *)job_id;
  Livekit__ServerMessage message = LIVEKIT__SERVER_MESSAGE__INIT;
  message.message_case = LIVEKIT__SERVER_MESSAGE__MESSAGE_TERMINATION;
  message.termination = &termination;
  send(a, worker, &message);
}

// ---- to rooms

bool oh_agency_next_news(struct oh_agency *a, struct oh_job_news *news) {
  struct oh_agency_told *told = a->news;
  if (!told) return false;
  *news = told->news;
  a->news = told->next;
  if (!a->news) a->last_news = NULL;
  free(told);
  return true;
}

void oh_job_news_fini(struct oh_job_news *news) {
  free(news->room);
  free(news->job_id);
  free(news->state);
}

static int64_t unix_ns(const struct oh_agency *a, int64_t now_us) {
  return oh_unix_us(a->world, now_us) * 1000;
}

enum why { BY_WORKER, WORKER_LOST, UNSERVED };

static void tell_room(struct oh_agency *a, const struct oh_agency_job *job, enum why why) {
  struct oh_agency_told *told = calloc(1, sizeof *told);
  OH_CHECK(told);
  told->news = (struct oh_job_news){.room = oh_str_dup(oh_str(job->job->room->name)),
                                    .job_id = oh_str_dup(oh_str(job->job->id)),
                                    .worker_lost = why == WORKER_LOST,
                                    .unserved = why == UNSERVED};
  told->news.state = oh_message_write(&job->job->state->base, &told->news.len);
  *(a->last_news ? &a->last_news->next : &a->news) = told;
  a->last_news = told;
}

// The job is over: its room is told, and it is forgotten.
static void end_job(struct oh_agency *a, int64_t now_us, struct oh_agency_job *job, Livekit__JobStatus status,
                    const char *error, enum why why) {
  Livekit__JobState *state = job->job->state;
  state->status = status;
  state->ended_at = state->updated_at = unix_ns(a, now_us);
  oh_message_set_text(&state->error, error);
  tell_room(a, job, why);
  free_job(a, job);
}

// ---- choosing

static bool does(const struct oh_agent_worker *w, const Livekit__Job *job, bool of_any_type) {
  const Livekit__RegisterWorkerRequest *r = w->registration;
  return r && !w->closing && strcmp(r->agent_name, job->agent_name) == 0 &&
         strcmp(r->deployment, job->deployment) == 0 && (of_any_type || r->type == job->type);
}

static bool has_tried(const struct oh_agency_job *job, oh_id worker) {
  for (uint32_t i = 0; i < job->tried_count; i++)
    if (job->tried[i] == worker) return true;
  return false;
}

static uint32_t weight_of(const struct oh_agent_worker *w) {
  float load = isfinite(w->load) ? fminf(fmaxf(w->load, 0), 1) : 1;
  return 1 + (uint32_t)((1 - load) * PERCENT); // one who says 1 and yet is available still has a chance
}

// Among those who are available, at random, by how little they have to do; the one to avoid if nobody else
// is.
static struct oh_agent_worker *choose(struct oh_agency *a, const struct oh_agency_job *job, bool *known) {
  uint32_t sum = 0;
  struct oh_agent_worker *chosen = NULL, *avoided = NULL;
  *known = false;
  for (oh_id id = 0; (id = oh_slab_next(&a->workers, id)) != 0;) {
    struct oh_agent_worker *w = oh_slab_find(&a->workers, id);
    *known |= does(w, job->job, true);
    if (!does(w, job->job, false) || w->full || has_tried(job, id)) continue;
    if (strcmp(w->sid.text, job->avoid.text) == 0) {
      avoided = w;
      continue;
    }
    uint32_t weight = weight_of(w);
    sum += weight;
    if (oh_random_u32(&a->world->random) % sum < weight) chosen = w;
  }
  return chosen ? chosen : avoided;
}

static bool is_served(struct oh_agency *a, const Livekit__Job *job) {
  for (oh_id id = 0; (id = oh_slab_next(&a->workers, id)) != 0;)
    if (does(oh_slab_find(&a->workers, id), job, false)) return true;
  return false;
}

static void ask(struct oh_agency *a, int64_t now_us, struct oh_agency_job *job, struct oh_agent_worker *w) {
  a->is_stale = true;
  job->stage = OH_JOB_ASKED;
  job->worker = w->id;
  job->by_us = now_us + OH_AGENT_ANSWER_US;
  job->tried[job->tried_count++ % OH_AGENT_TRIES_MAX] = w->id;
  if (job->tried_count > OH_AGENT_TRIES_MAX) job->tried_count = OH_AGENT_TRIES_MAX;
  Livekit__AvailabilityRequest request = LIVEKIT__AVAILABILITY_REQUEST__INIT;
  request.job = job->job;
  Livekit__ServerMessage message = LIVEKIT__SERVER_MESSAGE__INIT;
  message.message_case = LIVEKIT__SERVER_MESSAGE__MESSAGE_AVAILABILITY;
  message.availability = &request;
  send(a, w->id, &message);
}

// A worker is asked, or the job waits for one, or nobody will ever do it. May end the job.
static void seek(struct oh_agency *a, int64_t now_us, struct oh_agency_job *job) {
  bool known;
  if (job->is_simulated) return free_job(a, job); // nobody else's, and no room waits for it
  struct oh_agent_worker *w = choose(a, job, &known);
  if (w) return ask(a, now_us, job, w);
  // Its agent is here, but does no jobs of this type: rooms order all types (dispatch.h).
  bool never = known && !is_served(a, job->job);
  if (!job->waits || never)
    return end_job(a, now_us, job, LIVEKIT__JOB_STATUS__JS_FAILED, "no worker is there for it", UNSERVED);
  a->is_stale = true;
  job->stage = OH_JOB_WAITING;
  job->worker = 0;
  job->by_us = job->wait_until_us;
}

// Somebody has come, or has room again: who waited is served, and those who said no may be asked once more.
static void serve_waiting(struct oh_agency *a, int64_t now_us) {
  for (oh_id id = 0; (id = oh_slab_next(&a->jobs, id)) != 0;) {
    struct oh_agency_job *job = oh_slab_find(&a->jobs, id);
    if (job->stage != OH_JOB_WAITING) continue;
    job->tried_count = 0;
    seek(a, now_us, job);
  }
}

// ---- orders

static struct oh_agency_job *find_job(struct oh_agency *a, const char *id) {
  uint64_t job;
  return oh_map_get(&a->jobs_by_id, id, strlen(id), &job) ? oh_slab_find(&a->jobs, (oh_id)job) : NULL;
}

void oh_agency_order(struct oh_agency *a, int64_t now_us, const uint8_t *bytes, size_t len,
                     const struct oh_job_terms *terms) {
  Livekit__Job *message = (Livekit__Job *)oh_message_read(&livekit__job__descriptor, bytes, len);
  OH_CHECK(message && message->room && message->state); // by our own rooms
  oh_id id = 0;
  struct oh_agency_job *job = find_job(a, message->id) ? NULL : oh_slab_add(&a->jobs, &id);
  if (!job) {
    oh_count(&a->world->counters, OH_COUNT_agent_jobs_refused);
    oh_message_free(message);
    return;
  }
  job->id = id;
  job->job = message;
  job->waits = terms->waits;
  job->avoid = terms->avoid;
  job->wait_until_us = now_us + terms->delay_us + OH_AGENT_WAIT_US;
  oh_map_put(&a->jobs_by_id, message->id, strlen(message->id), id);
  if (terms->delay_us <= 0) return seek(a, now_us, job);
  a->is_stale = true;
  job->stage = OH_JOB_DELAYED;
  job->by_us = now_us + terms->delay_us;
}

void oh_agency_joined(struct oh_agency *a, const char *job_id) {
  struct oh_agency_job *job = find_job(a, job_id);
  if (!job || job->stage != OH_JOB_RUNNING) return;
  a->is_stale = true;
  job->by_us = OH_NEVER;
}

void oh_agency_cancel(struct oh_agency *a, int64_t now_us, const char *job_id) {
  (void)now_us;
  struct oh_agency_job *job = find_job(a, job_id);
  if (!job) return;
  if (job->worker) send_termination(a, job->worker, job_id);
  free_job(a, job);
}

unsigned oh_agency_automatic(const struct oh_agency *a) {
  unsigned types = 0;
  for (oh_id id = 0; (id = oh_slab_next(&a->workers, id)) != 0;) {
    const struct oh_agent_worker *w = oh_slab_find(&a->workers, id);
    if (w->registration && !w->closing && !*w->registration->agent_name) types |= 1u << w->registration->type;
  }
  return types;
}

struct oh_agency_stats oh_agency_stats(const struct oh_agency *a) {
  struct oh_agency_stats stats = {.workers = a->workers.used, .jobs = a->jobs.used};
  for (oh_id id = 0; (id = oh_slab_next(&a->jobs, id)) != 0;)
    stats.waiting += ((struct oh_agency_job *)oh_slab_find(&a->jobs, id))->stage <= OH_JOB_WAITING;
  return stats;
}

// ---- workers come and go

oh_id oh_agency_connect(struct oh_agency *a, int64_t now_us, const struct oh_key *key) {
  oh_id id;
  struct oh_agent_worker *w = oh_slab_add(&a->workers, &id);
  if (!w) return 0;
  a->is_stale = true;
  w->id = id;
  w->key_id = oh_str_dup(oh_str(key->id));
  w->key_secret = oh_str_dup(oh_str(key->secret));
  w->register_by_us = now_us + OH_AGENT_ANSWER_US;
  w->credit = OH_AGENT_MESSAGES_BURST * MILLION;
  w->heard_us = now_us;
  w->sid = oh_sid_new(&a->world->random, "AW_");
  return id;
}

void oh_agency_disconnected(struct oh_agency *a, int64_t now_us, oh_id worker) {
  struct oh_agent_worker *w = oh_slab_find(&a->workers, worker);
  if (!w) return;
  oh_log(&a->world->log, OH_LOG_INFO, "agent worker left", "worker=%s", w->sid.text);
  w->closing = true;
  for (oh_id id = 0; (id = oh_slab_next(&a->jobs, id)) != 0;) {
    struct oh_agency_job *job = oh_slab_find(&a->jobs, id);
    if (job->worker != worker) continue;
    if (job->stage == OH_JOB_ASKED || job->is_simulated)
      seek(a, now_us, job);
    else
      end_job(a, now_us, job, LIVEKIT__JOB_STATUS__JS_FAILED, "its worker has gone", WORKER_LOST);
  }
  free_worker(a, worker);
}

// ---- time

int64_t oh_agency_deadline(struct oh_agency *a) {
  if (!a->is_stale) return a->first_us;
  int64_t first_us = OH_NEVER;
  for (oh_id id = 0; (id = oh_slab_next(&a->workers, id)) != 0;) {
    const struct oh_agent_worker *w = oh_slab_find(&a->workers, id);
    if (!w->registration && !w->closing) first_us = oh_earlier(first_us, w->register_by_us);
  }
  for (oh_id id = 0; (id = oh_slab_next(&a->jobs, id)) != 0;) {
    const struct oh_agency_job *job = oh_slab_find(&a->jobs, id);
    first_us = oh_earlier(first_us, job->by_us);
  }
  a->is_stale = false;
  return a->first_us = first_us;
}

// Its worker took it, and nobody came: the room sends for another.
static void give_up_waiting(struct oh_agency *a, int64_t now_us, struct oh_agency_job *job) {
  oh_count(&a->world->counters, OH_COUNT_agent_jobs_unjoined);
  oh_log(&a->world->log, OH_LOG_WARN, "agent did not join", "job=%s room=%s worker=%s agent=%s", job->job->id,
         job->job->room->name, job->job->state->worker_id, job->job->agent_name);
  send_termination(a, job->worker, job->job->id);
  end_job(a, now_us, job, LIVEKIT__JOB_STATUS__JS_FAILED, "its agent did not join in time", BY_WORKER);
}

void oh_agency_tick(struct oh_agency *a, int64_t now_us) {
  for (oh_id id = 0; (id = oh_slab_next(&a->workers, id)) != 0;) {
    struct oh_agent_worker *w = oh_slab_find(&a->workers, id);
    if (!w->registration && w->register_by_us <= now_us) hang_up(a, w, NORMAL);
  }
  for (oh_id id = 0; (id = oh_slab_next(&a->jobs, id)) != 0;) {
    struct oh_agency_job *job = oh_slab_find(&a->jobs, id);
    if (job->by_us > now_us) continue;
    switch (job->stage) {
    case OH_JOB_DELAYED:
    case OH_JOB_ASKED: seek(a, now_us, job); break; // asked: it did not answer, the next one
    case OH_JOB_RUNNING: give_up_waiting(a, now_us, job); break;
    case OH_JOB_WAITING:
      end_job(a, now_us, job, LIVEKIT__JOB_STATUS__JS_FAILED, "no worker came for it in time", BY_WORKER);
      break;
    }
  }
}

// ---- what workers say

static void answer_register(struct oh_agency *a, const struct oh_agent_worker *w) {
  Livekit__ServerInfo info = LIVEKIT__SERVER_INFO__INIT;
  info.edition = LIVEKIT__SERVER_INFO__EDITION__Standard;
  info.version = (char *)a->config.server_version;
  info.protocol = OUR_PROTOCOL;
  info.region = (char *)a->config.region;
  info.node_id = (char *)a->config.node_id;
  info.agent_protocol = AGENT_PROTOCOL;
  Livekit__RegisterWorkerResponse response = LIVEKIT__REGISTER_WORKER_RESPONSE__INIT;
  response.worker_id = (char *)w->sid.text;
  response.server_info = &info;
  Livekit__ServerMessage message = LIVEKIT__SERVER_MESSAGE__INIT;
  message.message_case = LIVEKIT__SERVER_MESSAGE__MESSAGE_REGISTER;
  message.register_ = &response;
  send(a, w->id, &message);
}

static void on_register(struct oh_agency *a, int64_t now_us, struct oh_agent_worker *w,
                        const Livekit__RegisterWorkerRequest *request) {
  bool known_type = request->type <= LIVEKIT__JOB_TYPE__JT_PARTICIPANT;
  if (w->registration || !known_type || strlen(request->agent_name) > OH_NAME_MAX)
    return hang_up(a, w, PROTOCOL_ERROR);
  a->is_stale = true;
  w->registration = (Livekit__RegisterWorkerRequest *)oh_message_copy(&request->base);
  oh_log(&a->world->log, OH_LOG_INFO, "agent worker registered", "worker=%s agent=%s type=%d version=%s",
         w->sid.text, request->agent_name, (int)request->type, request->version);
  answer_register(a, w);
  serve_waiting(a, now_us);
}

static void on_update_worker(struct oh_agency *a, int64_t now_us, struct oh_agent_worker *w,
                             const Livekit__UpdateWorkerStatus *update) {
  bool was_full = w->full;
  if (update->_status_case == LIVEKIT__UPDATE_WORKER_STATUS___STATUS_STATUS)
    w->full = update->status == LIVEKIT__WORKER_STATUS__WS_FULL;
  w->load = update->load;
  if (was_full && !w->full) serve_waiting(a, now_us);
}

// The job that this worker may speak of, in this stage.
static struct oh_agency_job *job_of(struct oh_agency *a, const struct oh_agent_worker *w, const char *id,
                                    enum oh_job_stage stage) {
  struct oh_agency_job *job = find_job(a, id);
  return job && job->worker == w->id && job->stage == stage ? job : NULL;
}

static void on_availability(struct oh_agency *a, int64_t now_us, struct oh_agent_worker *w,
                            const Livekit__AvailabilityResponse *response) {
  struct oh_agency_job *job = job_of(a, w, response->job_id, OH_JOB_ASKED);
  if (!job) return;
  if (!response->available && response->terminate)
    return end_job(a, now_us, job, LIVEKIT__JOB_STATUS__JS_SUCCESS, "", BY_WORKER);
  if (!response->available) return seek(a, now_us, job);
  Livekit__JobState *state = job->job->state;
  struct oh_text identity;
  oh_text_init(&identity, OH_NAME_MAX);
  if (*response->participant_identity)
    oh_text_adds(&identity, response->participant_identity);
  else
    oh_text_addf(&identity, "agent-%s", job->job->id);
  char *token = identity.failed ? NULL
                                : oh_assignment_token(w, job->job, response, identity.data,
                                                      oh_unix_us(a->world, now_us) / 1000000);
  if (!token) { // its words cannot be put into a token
    oh_text_fini(&identity);
    oh_count(&a->world->counters, OH_COUNT_agent_jobs_refused);
    return seek(a, now_us, job);
  }
  a->is_stale = true;
  job->stage = OH_JOB_RUNNING;
  job->by_us = job->is_simulated ? OH_NEVER : now_us + OH_AGENT_JOIN_US; // no room tells of simulated ones
  state->status = LIVEKIT__JOB_STATUS__JS_RUNNING;
  state->started_at = state->updated_at = unix_ns(a, now_us);
  oh_message_set_text(&state->participant_identity, identity.data);
  oh_message_set_text(&state->worker_id, w->sid.text);
  oh_text_fini(&identity);
  Livekit__JobAssignment assignment = LIVEKIT__JOB_ASSIGNMENT__INIT;
  assignment.job = job->job;
  assignment.token = token;
  Livekit__ServerMessage message = LIVEKIT__SERVER_MESSAGE__INIT;
  message.message_case = LIVEKIT__SERVER_MESSAGE__MESSAGE_ASSIGNMENT;
  message.assignment = &assignment;
  send(a, w->id, &message);
  free(token);
  oh_count(&a->world->counters, OH_COUNT_agent_jobs_assigned);
  tell_room(a, job, BY_WORKER);
}

static void on_update_job(struct oh_agency *a, int64_t now_us, struct oh_agent_worker *w,
                          const Livekit__UpdateJobStatus *update) {
  struct oh_agency_job *job = job_of(a, w, update->job_id, OH_JOB_RUNNING);
  if (!job) return;
  if (update->status == LIVEKIT__JOB_STATUS__JS_SUCCESS || update->status == LIVEKIT__JOB_STATUS__JS_FAILED)
    end_job(a, now_us, job, update->status, update->error, BY_WORKER);
}

static void on_ping(struct oh_agency *a, int64_t now_us, const struct oh_agent_worker *w,
                    const Livekit__WorkerPing *ping) {
  Livekit__WorkerPong pong = LIVEKIT__WORKER_PONG__INIT;
  pong.last_timestamp = ping->timestamp;
  pong.timestamp = oh_unix_us(a->world, now_us) / 1000;
  Livekit__ServerMessage message = LIVEKIT__SERVER_MESSAGE__INIT;
  message.message_case = LIVEKIT__SERVER_MESSAGE__MESSAGE_PONG;
  message.pong = &pong;
  send(a, w->id, &message);
}

// For trying out: a job for this worker alone, in a room that need not exist.
static void on_simulate(struct oh_agency *a, int64_t now_us, struct oh_agent_worker *w,
                        const Livekit__SimulateJobRequest *request) {
  if (!request->room || !w->registration) return;
  if (w->simulated >= OH_AGENT_SIMULATED_MAX)
    return oh_count(&a->world->counters, OH_COUNT_agent_jobs_refused);
  Livekit__JobState state = LIVEKIT__JOB_STATE__INIT;
  Livekit__Job job = LIVEKIT__JOB__INIT;
  struct oh_sid id = oh_sid_new(&a->world->random, "AJ_");
  job.id = id.text;
  job.type = request->type;
  job.room = request->room;
  job.state = &state;
  if (request->participant) {
    job._participant_case = LIVEKIT__JOB___PARTICIPANT_PARTICIPANT;
    job.participant = request->participant;
  }
  job.agent_name = w->registration->agent_name;
  oh_id slot;
  struct oh_agency_job *made = oh_slab_add(&a->jobs, &slot);
  if (!made) return oh_count(&a->world->counters, OH_COUNT_agent_jobs_refused);
  made->id = slot;
  made->is_simulated = true;
  w->simulated++;
  made->job = (Livekit__Job *)oh_message_copy(&job.base);
  oh_map_put(&a->jobs_by_id, job.id, strlen(job.id), slot);
  ask(a, now_us, made, w);
}

static Livekit__WorkerMessage *read_message(bool text, const uint8_t *data, size_t len) {
  const ProtobufCMessageDescriptor *type = &livekit__worker_message__descriptor;
  const char *why;
  if (len > OH_AGENT_MESSAGE_MAX) return NULL;
  return (Livekit__WorkerMessage *)(text ? oh_json_read(type, (struct oh_str){(const char *)data, len}, &why)
                                         : oh_message_read(type, data, len));
}

// A token bucket: what comes too fast ends the connection, because a message left out would break jobs.
static bool may_speak(struct oh_agent_worker *w, int64_t now_us) {
  const int64_t most = OH_AGENT_MESSAGES_BURST * MILLION;
  int64_t passed_us = now_us - w->heard_us;
  w->heard_us = now_us;
  if (passed_us > most / OH_AGENT_MESSAGES_PER_S) passed_us = most / OH_AGENT_MESSAGES_PER_S;
  w->credit += passed_us * OH_AGENT_MESSAGES_PER_S;
  if (w->credit > most) w->credit = most;
  if (w->credit < MILLION) return false;
  w->credit -= MILLION;
  return true;
}

void oh_agency_recv(struct oh_agency *a, int64_t now_us, oh_id worker, bool text, const uint8_t *data,
                    size_t len) {
  struct oh_agent_worker *w = oh_slab_find(&a->workers, worker);
  if (!w || w->closing) return;
  if (!may_speak(w, now_us)) {
    oh_count(&a->world->counters, OH_COUNT_agent_workers_flooding);
    oh_log(&a->world->log, OH_LOG_WARN, "agent worker sends too many messages", "worker=%s", w->sid.text);
    return hang_up(a, w, POLICY);
  }
  w->json = text;
  Livekit__WorkerMessage *m = read_message(text, data, len);
  if (!m) {
    oh_count(&a->world->counters, OH_COUNT_agent_drop_malformed);
    return hang_up(a, w, PROTOCOL_ERROR);
  }
  bool is_first = m->message_case == LIVEKIT__WORKER_MESSAGE__MESSAGE_REGISTER;
  if (!is_first && !w->registration && m->message_case != LIVEKIT__WORKER_MESSAGE__MESSAGE_PING) {
    hang_up(a, w, PROTOCOL_ERROR);
  } else {
    switch (m->message_case) {
    case LIVEKIT__WORKER_MESSAGE__MESSAGE_REGISTER: on_register(a, now_us, w, m->register_); break;
    case LIVEKIT__WORKER_MESSAGE__MESSAGE_AVAILABILITY: on_availability(a, now_us, w, m->availability); break;
    case LIVEKIT__WORKER_MESSAGE__MESSAGE_UPDATE_WORKER:
      on_update_worker(a, now_us, w, m->update_worker);
      break;
    case LIVEKIT__WORKER_MESSAGE__MESSAGE_UPDATE_JOB: on_update_job(a, now_us, w, m->update_job); break;
    case LIVEKIT__WORKER_MESSAGE__MESSAGE_PING: on_ping(a, now_us, w, m->ping); break;
    case LIVEKIT__WORKER_MESSAGE__MESSAGE_SIMULATE_JOB: on_simulate(a, now_us, w, m->simulate_job); break;
    default: break; // migrate_job asks for nothing on one server
    }
  }
  oh_message_free(m);
}
