// dispatch.c — see dispatch.h
#include "livekit/dispatch.h"
#include "base/check.h"
#include "livekit/message.h"
#include "livekit/order.h"
#include "livekit/publish.h"
#include "livekit/resident.h"

// ---- orders, on their way to the agency

static void push(struct oh_house *house, const struct oh_job_order *order) {
  struct oh_orders *queue = &house->orders;
  if (queue->used == queue->cap) {
    queue->cap = queue->cap ? queue->cap * 2 : 16;
    queue->items = realloc(queue->items, queue->cap * sizeof *queue->items);
    OH_CHECK(queue->items);
  }
  queue->items[queue->used++] = *order;
}

bool oh_house_next_order(struct oh_house *house, struct oh_job_order *order) {
  struct oh_orders *queue = &house->orders;
  if (queue->next == queue->used) {
    queue->next = queue->used = 0;
    return false;
  }
  *order = queue->items[queue->next++];
  return true;
}

void oh_job_order_fini(struct oh_job_order *order) {
  free(order->job);
}

void oh_house_set_automatic(struct oh_house *house, unsigned job_types) {
  house->automatic = job_types;
}

// ---- jobs

static int64_t unix_ns(const struct oh_house *house, int64_t now_us) {
  return oh_unix_us(house->world, now_us) * 1000;
}

static void describe_job(struct oh_house *house, const struct oh_room *room,
                         const struct oh_dispatch *dispatch, const struct oh_room_job *job,
                         Livekit__Job *out) {
  livekit__job__init(out);
  out->id = (char *)job->id.text;
  out->dispatch_id = (char *)dispatch->id.text;
  out->type = job->type;
  out->room = oh_room_describe(house, room);
  const struct oh_participant *subject = job->subject ? oh_participant_at(house, job->subject) : NULL;
  if (subject) {
    out->_participant_case = LIVEKIT__JOB___PARTICIPANT_PARTICIPANT;
    out->participant = oh_participant_describe(house, subject);
  }
  const Livekit__RoomAgentDispatch *wish = dispatch->wish;
  out->metadata = wish->metadata;
  out->agent_name = wish->agent_name;
  out->deployment = wish->deployment;
  out->n_attributes = wish->n_attributes;
  out->attributes = oh_scratch_take(&house->scratch, (wish->n_attributes + 1) * sizeof *out->attributes);
  for (size_t i = 0; i < wish->n_attributes; i++) { // the same shape under another name
    out->attributes[i] = oh_scratch_take(&house->scratch, sizeof **out->attributes);
    livekit__job__attributes_entry__init(out->attributes[i]);
    out->attributes[i]->key = wish->attributes[i]->key;
    out->attributes[i]->value = wish->attributes[i]->value;
  }
  out->state = job->state;
}

static void free_job(struct oh_room_job *job) {
  oh_message_free(job->state);
  free(job);
}

// The oldest ones that are over make room.
static bool make_room(struct oh_dispatch *dispatch) {
  uint32_t count = 0;
  struct oh_room_job **oldest = NULL;
  for (struct oh_room_job **at = &dispatch->jobs; *at; at = &(*at)->next) {
    count++;
    if ((*at)->over) oldest = at;
  }
  if (count < OH_DISPATCH_JOBS_MAX) return true;
  if (!oldest) return false;
  struct oh_room_job *job = *oldest;
  *oldest = job->next;
  free_job(job);
  return true;
}

static void order_job(struct oh_house *house, int64_t now_us, struct oh_room *room,
                      struct oh_dispatch *dispatch, const struct oh_room_job *what,
                      const struct oh_job_terms *terms) {
  if (house->draining || !make_room(dispatch)) return;
  struct oh_room_job *job = calloc(1, sizeof *job);
  OH_CHECK(job);
  *job = (struct oh_room_job){
      .next = dispatch->jobs, .type = what->type, .subject = what->subject, .attempt = what->attempt};
  job->id = oh_sid_new(&house->world->random, "AJ_");
  Livekit__JobState state = LIVEKIT__JOB_STATE__INIT;
  state.updated_at = unix_ns(house, now_us);
  job->state = (Livekit__JobState *)oh_message_copy(&state.base);
  dispatch->jobs = job;
  Livekit__Job message;
  describe_job(house, room, dispatch, job, &message);
  struct oh_job_order order = {.id = job->id, .terms = *terms};
  order.job = oh_message_write(&message.base, &order.len);
  push(house, &order);
}

static void cancel(struct oh_house *house, struct oh_room_job *job) {
  if (job->over) return;
  job->over = true;
  push(house, &(struct oh_job_order){.id = job->id});
}

static void order_first(struct oh_house *house, int64_t now_us, struct oh_room *room,
                        struct oh_dispatch *dispatch, Livekit__JobType type, oh_id subject) {
  const struct oh_room_job job = {.type = type, .subject = subject, .attempt = 1};
  order_job(house, now_us, room, dispatch, &job, &(struct oh_job_terms){.waits = !dispatch->automatic});
}

static bool is_proven(struct oh_house *house, int64_t now_us, const struct oh_room_job *job) {
  const struct oh_participant *agent = job->agent ? oh_participant_at(house, job->agent) : NULL;
  return agent && agent->first_connected_us && now_us - agent->first_connected_us >= OH_DISPATCH_PROVEN_US;
}

// From half to one and a half of the time, so that the jobs of a worker that died do not come back in step.
static int64_t delay_before(struct oh_house *house, uint32_t attempt) {
  int64_t delay_us = OH_DISPATCH_AGAIN_US << (attempt - 2);
  if (delay_us > OH_DISPATCH_AGAIN_MAX_US) delay_us = OH_DISPATCH_AGAIN_MAX_US;
  return delay_us / 2 + (int64_t)(oh_random_u32(&house->world->random) % (uint32_t)delay_us);
}

// A job has ended by itself or badly: `failed` ones are done again while people are there to be served, by
// another worker if there is one.
static void end(struct oh_house *house, int64_t now_us, struct oh_room *room, struct oh_dispatch *dispatch,
                struct oh_room_job *job, bool failed) {
  bool proven = is_proven(house, now_us, job);
  struct oh_room_job next = {
      .type = job->type, .subject = job->subject, .attempt = proven ? 2 : job->attempt + 1};
  job->over = true;
  job->agent = 0;
  bool wanted = dispatch->wish->restart_policy == LIVEKIT__JOB_RESTART_POLICY__JRP_ON_FAILURE &&
                oh_room_counted(room) > 0 && next.attempt <= OH_DISPATCH_ATTEMPTS_MAX;
  if (!failed || !wanted) return;
  oh_count(&house->world->counters, OH_COUNT_agent_jobs_again);
  struct oh_job_terms terms = {.waits = true, .delay_us = delay_before(house, next.attempt)};
  snprintf(terms.avoid.text, sizeof terms.avoid.text, "%s", job->state->worker_id);
  order_job(house, now_us, room, dispatch, &next, &terms);
}

// ---- dispatches

struct oh_dispatch *oh_dispatch_find(struct oh_room *room, const char *id) {
  struct oh_dispatch *dispatch = room->dispatches;
  while (dispatch && strcmp(dispatch->id.text, id) != 0)
    dispatch = dispatch->next;
  return dispatch;
}

static bool serves(const struct oh_house *house, const struct oh_dispatch *dispatch, Livekit__JobType type) {
  return !dispatch->automatic || (house->automatic & 1u << type);
}

static void order_for(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                      struct oh_dispatch *dispatch, Livekit__JobType type) {
  if (p->dependent || p->resident || !serves(house, dispatch, type)) return;
  order_first(house, now_us, p->room, dispatch, type, p->id);
}

static bool has_published(const struct oh_participant *p) {
  for (const struct oh_track *track = p->tracks; track; track = track->next)
    if (track->published) return true;
  return false;
}

struct oh_dispatch *oh_dispatch_add(struct oh_house *house, int64_t now_us, struct oh_room *room,
                                    const Livekit__RoomAgentDispatch *wish) {
  uint32_t count = 0;
  struct oh_dispatch **end_of_list = &room->dispatches;
  for (; *end_of_list; end_of_list = &(*end_of_list)->next)
    count++;
  if (count >= OH_ROOM_AGENTS_MAX) return NULL;
  struct oh_dispatch *dispatch = calloc(1, sizeof *dispatch);
  OH_CHECK(dispatch);
  *dispatch = (struct oh_dispatch){.id = oh_sid_new(&house->world->random, "AD_"),
                                   .wish = (Livekit__RoomAgentDispatch *)oh_message_copy(&wish->base),
                                   .automatic = !*wish->agent_name,
                                   .created_unix_us = oh_unix_us(house->world, now_us)};
  *end_of_list = dispatch;
  if (serves(house, dispatch, LIVEKIT__JOB_TYPE__JT_ROOM))
    order_first(house, now_us, room, dispatch, LIVEKIT__JOB_TYPE__JT_ROOM, 0);
  for (struct oh_participant *p = room->participants; p; p = p->next) {
    if (p->state != LIVEKIT__PARTICIPANT_INFO__STATE__ACTIVE) continue;
    order_for(house, now_us, p, dispatch, LIVEKIT__JOB_TYPE__JT_PARTICIPANT);
    if (has_published(p)) order_for(house, now_us, p, dispatch, LIVEKIT__JOB_TYPE__JT_PUBLISHER);
  }
  return dispatch;
}

void oh_dispatch_begin(struct oh_house *house, int64_t now_us, struct oh_room *room) {
  for (size_t i = 0; i < room->settings.agent_count; i++)
    if (!oh_resident_is_known(house, room->settings.agents[i]->agent_name))
      oh_dispatch_add(house, now_us, room, room->settings.agents[i]);
  Livekit__RoomAgentDispatch nameless = LIVEKIT__ROOM_AGENT_DISPATCH__INIT;
  if (room->settings.agent_count == 0 && house->automatic) oh_dispatch_add(house, now_us, room, &nameless);
}

static void free_dispatch(struct oh_house *house, struct oh_dispatch *dispatch) {
  while (dispatch->jobs) {
    struct oh_room_job *job = dispatch->jobs;
    dispatch->jobs = job->next;
    cancel(house, job);
    free_job(job);
  }
  oh_message_free(dispatch->wish);
  free(dispatch);
}

void oh_dispatch_remove(struct oh_house *house, struct oh_room *room, struct oh_dispatch *dispatch) {
  struct oh_dispatch **at = &room->dispatches;
  while (*at != dispatch)
    at = &(*at)->next;
  *at = dispatch->next;
  free_dispatch(house, dispatch);
}

void oh_dispatch_forget(struct oh_house *house, struct oh_room *room) {
  while (room->dispatches)
    oh_dispatch_remove(house, room, room->dispatches);
}

Livekit__AgentDispatch *oh_dispatch_describe(struct oh_house *house, const struct oh_room *room,
                                             const struct oh_dispatch *dispatch, int64_t deleted_unix_us) {
  struct oh_scratch *scratch = &house->scratch;
  const Livekit__RoomAgentDispatch *wish = dispatch->wish;
  Livekit__AgentDispatch *out = oh_scratch_take(scratch, sizeof *out);
  livekit__agent_dispatch__init(out);
  out->id = oh_scratch_str(scratch, oh_str(dispatch->id.text)); // outlives a removal
  out->agent_name = oh_scratch_str(scratch, oh_str(wish->agent_name));
  out->room = room->name;
  out->metadata = oh_scratch_str(scratch, oh_str(wish->metadata));
  out->deployment = oh_scratch_str(scratch, oh_str(wish->deployment));
  out->restart_policy = wish->restart_policy;
  out->attributes = oh_scratch_take(scratch, (wish->n_attributes + 1) * sizeof *out->attributes);
  for (; out->n_attributes < wish->n_attributes; out->n_attributes++) {
    Livekit__AgentDispatch__AttributesEntry *entry = oh_scratch_take(scratch, sizeof *entry);
    livekit__agent_dispatch__attributes_entry__init(entry);
    entry->key = oh_scratch_str(scratch, oh_str(wish->attributes[out->n_attributes]->key));
    entry->value = oh_scratch_str(scratch, oh_str(wish->attributes[out->n_attributes]->value));
    out->attributes[out->n_attributes] = entry;
  }
  out->state = oh_scratch_take(scratch, sizeof *out->state);
  livekit__agent_dispatch_state__init(out->state);
  out->state->created_at = dispatch->created_unix_us * 1000;
  out->state->deleted_at = deleted_unix_us * 1000;
  if (deleted_unix_us) return out; // its jobs go with it
  size_t count = 0;
  for (const struct oh_room_job *job = dispatch->jobs; job; job = job->next)
    count++;
  out->state->jobs = oh_scratch_take(scratch, (count + 1) * sizeof *out->state->jobs);
  for (const struct oh_room_job *job = dispatch->jobs; job; job = job->next) {
    Livekit__Job *one = oh_scratch_take(scratch, sizeof *one);
    describe_job(house, room, dispatch, job, one);
    out->state->jobs[out->state->n_jobs++] = one;
  }
  return out;
}

// ---- what happens in the room

static void has_come(struct oh_house *house, struct oh_room_job *job, oh_id agent) {
  job->agent = agent;
  push(house, &(struct oh_job_order){.id = job->id, .joined = true});
}

void oh_dispatch_joined(struct oh_house *house, struct oh_participant *p) {
  for (struct oh_dispatch *d = p->room->dispatches; d; d = d->next)
    for (struct oh_room_job *job = d->jobs; job; job = job->next)
      if (!job->over && strcmp(job->state->participant_identity, p->claims.identity) == 0)
        has_come(house, job, p->id);
}

void oh_dispatch_arrived(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  if (p->dependent) return;
  for (struct oh_dispatch *d = p->room->dispatches; d; d = d->next)
    order_for(house, now_us, p, d, LIVEKIT__JOB_TYPE__JT_PARTICIPANT);
}

void oh_dispatch_published(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  for (struct oh_dispatch *d = p->room->dispatches; d; d = d->next)
    order_for(house, now_us, p, d, LIVEKIT__JOB_TYPE__JT_PUBLISHER);
}

// Gone against its will: it may be sent for again.
static bool was_lost(Livekit__DisconnectReason reason) {
  switch (reason) {
  case LIVEKIT__DISCONNECT_REASON__STATE_MISMATCH:
  case LIVEKIT__DISCONNECT_REASON__JOIN_FAILURE:
  case LIVEKIT__DISCONNECT_REASON__SIGNAL_CLOSE:
  case LIVEKIT__DISCONNECT_REASON__CONNECTION_TIMEOUT:
  case LIVEKIT__DISCONNECT_REASON__MEDIA_FAILURE:
  case LIVEKIT__DISCONNECT_REASON__AGENT_ERROR: return true;
  default: return false;
  }
}

static bool was_own_wish(Livekit__DisconnectReason reason) {
  return reason == LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED;
}

static struct oh_room_job *done_by(const struct oh_dispatch *dispatch, oh_id agent) {
  struct oh_room_job *job = dispatch->jobs;
  while (job && (job->over || job->agent != agent))
    job = job->next;
  return job;
}

void oh_dispatch_left(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  for (struct oh_dispatch *d = p->room->dispatches; d; d = d->next) {
    for (struct oh_room_job *job = d->jobs; job; job = job->next)
      if (job->subject == p->id) cancel(house, job);
    struct oh_room_job *job;
    while ((job = done_by(d, p->id)) != NULL) {
      // A job process that sees its worker die may still say goodbye politely.
      bool lost = was_lost(p->reason) || (job->worker_lost && was_own_wish(p->reason));
      cancel(house, job);
      end(house, now_us, p->room, d, job, lost);
    }
  }
}

bool oh_dispatch_is_lost(const struct oh_participant *p) {
  for (const struct oh_dispatch *d = p->room->dispatches; d; d = d->next)
    for (const struct oh_room_job *job = d->jobs; job; job = job->next)
      if (job->agent == p->id && job->worker_lost) return true;
  return false;
}

// ---- news from the agency

// As if it had not been ordered: rooms order jobs of all types, workers do one.
static void drop_job(struct oh_dispatch *dispatch, struct oh_room_job *job) {
  struct oh_room_job **at = &dispatch->jobs;
  while (*at != job)
    at = &(*at)->next;
  *at = job->next;
  free_job(job);
}

static void worker_is_lost(struct oh_house *house, int64_t now_us, struct oh_room *room,
                           struct oh_dispatch *dispatch, struct oh_room_job *job) {
  struct oh_participant *agent = job->agent ? oh_participant_at(house, job->agent) : NULL;
  job->worker_lost = true;
  if (!agent) return end(house, now_us, room, dispatch, job, true);
  // It may go on without its worker; when its signalling has gone as well, nobody is there.
  if (!agent->session) oh_participant_close(house, now_us, agent, LIVEKIT__DISCONNECT_REASON__AGENT_ERROR);
}

void oh_house_job_news(struct oh_house *house, int64_t now_us, const struct oh_job_news *news) {
  struct oh_room *room = oh_room_find(house, oh_str(news->room));
  Livekit__JobState *state =
      (Livekit__JobState *)oh_message_read(&livekit__job_state__descriptor, news->state, news->len);
  OH_CHECK(state); // our own agency's
  struct oh_dispatch *dispatch = room ? room->dispatches : NULL;
  struct oh_room_job *job = NULL;
  for (; dispatch && !job; dispatch = job ? dispatch : dispatch->next)
    for (job = dispatch->jobs; job && strcmp(job->id.text, news->job_id) != 0;)
      job = job->next;
  if (!job || job->over) {
    oh_message_free(state);
    return;
  }
  oh_message_free(job->state);
  job->state = state;
  struct oh_participant *agent = oh_participant_by_identity(room, state->participant_identity);
  if (agent && !job->agent) has_come(house, job, agent->id);
  bool ran = state->started_at != 0;
  if (news->unserved)
    drop_job(dispatch, job);
  else if (news->worker_lost)
    worker_is_lost(house, now_us, room, dispatch, job);
  else if (state->status == LIVEKIT__JOB_STATUS__JS_FAILED)
    end(house, now_us, room, dispatch, job, ran);
  else if (state->status == LIVEKIT__JOB_STATUS__JS_SUCCESS)
    end(house, now_us, room, dispatch, job, false);
  oh_scratch_clear(&house->scratch);
}

void oh_orders_fini(struct oh_orders *orders) {
  for (uint32_t i = orders->next; i < orders->used; i++)
    oh_job_order_fini(&orders->items[i]);
  free(orders->items);
}
