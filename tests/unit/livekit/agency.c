// agency.c — the agents' workers (livekit/agency.h): who gets a job, and what becomes of it, in virtual time
#include "livekit/agency.h"
#include "agent.pb-c.h"
#include "base/heap.h"
#include "base/limits.h"
#include "livekit/message.h"
#include "tests/unit/test.h"

enum { WORKERS = 4 };
static const struct oh_key key = {.id = "APItest", .secret = "a secret of more than thirty-two characters"};

struct scene {
  struct oh_world world;
  uint64_t seed;
  struct oh_agency *agency;
  int64_t now_us;
  Livekit__ServerMessage *got[64]; // by worker
  oh_id to[64];
  bool closed[64];
  int got_count;
  struct oh_job_news news[64];
  int news_count;
};

static void drain(struct scene *s) {
  struct oh_agency_frame frame;
  while (oh_agency_next_frame(s->agency, &frame)) {
    assert_true(s->got_count < 64);
    s->to[s->got_count] = frame.worker;
    s->closed[s->got_count] = frame.close;
    s->got[s->got_count++] = frame.close ? NULL
                                         : (Livekit__ServerMessage *)oh_message_read(
                                               &livekit__server_message__descriptor, frame.data, frame.len);
    free(frame.data);
  }
  while (s->news_count < 64 && oh_agency_next_news(s->agency, &s->news[s->news_count]))
    s->news_count++;
}

static void forget(struct scene *s) {
  for (int i = 0; i < s->got_count; i++)
    oh_message_free(s->got[i]);
  for (int i = 0; i < s->news_count; i++)
    oh_job_news_fini(&s->news[i]);
  s->got_count = s->news_count = 0;
}

static void scene_open(struct scene *s) {
  *s = (struct scene){.now_us = 1000000};
  s->seed = 7;
  s->world.random = test_random(&s->seed);
  s->world.unix_offset_us = 1700000000000000;
  static const struct oh_agency_config config = {.server_version = "1.13.5", .node_id = "ND_x", .region = ""};
  s->agency = oh_agency_open(&s->world, &config);
}

static void scene_close(struct scene *s) {
  forget(s);
  oh_agency_close(s->agency);
}

static void pass(struct scene *s, int64_t us) {
  s->now_us += us;
  if (oh_agency_deadline(s->agency) <= s->now_us) oh_agency_tick(s->agency, s->now_us);
  drain(s);
}

static void say(struct scene *s, oh_id worker, const Livekit__WorkerMessage *message) {
  size_t len;
  uint8_t *bytes = oh_message_write(&message->base, &len);
  oh_agency_recv(s->agency, s->now_us, worker, false, bytes, len);
  free(bytes);
  drain(s);
}

static oh_id add(struct scene *s, const char *name, Livekit__JobType type) {
  oh_id worker = oh_agency_connect(s->agency, s->now_us, &key);
  assert_true(worker);
  Livekit__RegisterWorkerRequest request = LIVEKIT__REGISTER_WORKER_REQUEST__INIT;
  request.agent_name = (char *)name;
  request.type = type;
  request.version = (char *)"1.9.0";
  Livekit__WorkerMessage message = LIVEKIT__WORKER_MESSAGE__INIT;
  message.message_case = LIVEKIT__WORKER_MESSAGE__MESSAGE_REGISTER;
  message.register_ = &request;
  say(s, worker, &message);
  assert_true(s->got_count > 0); // the first that it hears
  return worker;
}

static void status(struct scene *s, oh_id worker, bool full, float load) {
  Livekit__UpdateWorkerStatus update = LIVEKIT__UPDATE_WORKER_STATUS__INIT;
  update._status_case = LIVEKIT__UPDATE_WORKER_STATUS___STATUS_STATUS;
  update.status = full ? LIVEKIT__WORKER_STATUS__WS_FULL : LIVEKIT__WORKER_STATUS__WS_AVAILABLE;
  update.load = load;
  Livekit__WorkerMessage message = LIVEKIT__WORKER_MESSAGE__INIT;
  message.message_case = LIVEKIT__WORKER_MESSAGE__MESSAGE_UPDATE_WORKER;
  message.update_worker = &update;
  say(s, worker, &message);
}

static void order_by(struct scene *s, const char *id, const char *name, Livekit__JobType type,
                     const struct oh_job_terms *terms) {
  Livekit__Room room = LIVEKIT__ROOM__INIT;
  room.name = (char *)"den";
  Livekit__JobState state = LIVEKIT__JOB_STATE__INIT;
  Livekit__Job job = LIVEKIT__JOB__INIT;
  job.id = (char *)id;
  job.type = type;
  job.room = &room;
  job.state = &state;
  job.agent_name = (char *)name;
  size_t len;
  uint8_t *bytes = oh_message_write(&job.base, &len);
  oh_agency_order(s->agency, s->now_us, bytes, len, terms);
  free(bytes);
  drain(s);
}

static void order(struct scene *s, const char *id, const char *name, Livekit__JobType type, bool waits) {
  order_by(s, id, name, type, &(struct oh_job_terms){.waits = waits});
}

static void answer(struct scene *s, oh_id worker, const char *job, bool available, bool terminate) {
  Livekit__AvailabilityResponse response = LIVEKIT__AVAILABILITY_RESPONSE__INIT;
  response.job_id = (char *)job;
  response.available = available;
  response.terminate = terminate;
  response.participant_name = (char *)"Ada";
  Livekit__WorkerMessage message = LIVEKIT__WORKER_MESSAGE__INIT;
  message.message_case = LIVEKIT__WORKER_MESSAGE__MESSAGE_AVAILABILITY;
  message.availability = &response;
  say(s, worker, &message);
}

static void report(struct scene *s, oh_id worker, const char *job, Livekit__JobStatus outcome) {
  Livekit__UpdateJobStatus update = LIVEKIT__UPDATE_JOB_STATUS__INIT;
  update.job_id = (char *)job;
  update.status = outcome;
  Livekit__WorkerMessage message = LIVEKIT__WORKER_MESSAGE__INIT;
  message.message_case = LIVEKIT__WORKER_MESSAGE__MESSAGE_UPDATE_JOB;
  message.update_job = &update;
  say(s, worker, &message);
}

static const Livekit__ServerMessage *last(const struct scene *s, oh_id worker) {
  for (int i = s->got_count - 1; i >= 0; i--)
    if (s->to[i] == worker) return s->got[i];
  return NULL;
}

static bool is_asked(const struct scene *s, oh_id worker, const char *job) {
  const Livekit__ServerMessage *m = last(s, worker);
  return m && m->message_case == LIVEKIT__SERVER_MESSAGE__MESSAGE_AVAILABILITY &&
         strcmp(m->availability->job->id, job) == 0;
}

static Livekit__JobStatus told(const struct scene *s, const char *job) {
  assert_true(s->news_count > 0);
  const struct oh_job_news *news = &s->news[s->news_count - 1];
  assert_string_equal(news->job_id, job);
  assert_string_equal(news->room, "den");
  Livekit__JobState *state =
      (Livekit__JobState *)oh_message_read(&livekit__job_state__descriptor, news->state, news->len);
  Livekit__JobStatus result = state->status;
  oh_message_free(state);
  return result;
}

// ----

static void a_job_is_asked_for_assigned_and_done(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id ada = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  assert_int_equal(last(&s, ada)->message_case, LIVEKIT__SERVER_MESSAGE__MESSAGE_REGISTER);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  assert_true(is_asked(&s, ada, "AJ_1"));
  answer(&s, ada, "AJ_1", true, false);
  const Livekit__ServerMessage *m = last(&s, ada);
  assert_int_equal(m->message_case, LIVEKIT__SERVER_MESSAGE__MESSAGE_ASSIGNMENT);
  struct oh_claims claims;
  const char *detail;
  const struct oh_keys keys = {.items = &key, .count = 1};
  assert_int_equal(
      oh_token_read(oh_str(m->assignment->token), &keys, oh_unix_us(&s.world, s.now_us), &claims, &detail),
      OH_TOKEN_OK);
  assert_string_equal(claims.identity, "agent-AJ_1");
  assert_string_equal(claims.name, "Ada");
  assert_string_equal(claims.kind, "agent");
  assert_string_equal(claims.video.room, "den");
  assert_true(claims.video.room_join && claims.video.agent && claims.video.can_update_own_metadata);
  assert_false(claims.video.room_admin || claims.video.room_create || claims.video.hidden);
  oh_claims_fini(&claims);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_RUNNING);
  oh_agency_joined(s.agency, "AJ_1");
  pass(&s, 3600 * 1000000LL); // it has no deadline any more
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_RUNNING);
  report(&s, ada, "AJ_1", LIVEKIT__JOB_STATUS__JS_SUCCESS);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_SUCCESS);
  assert_int_equal(oh_agency_stats(s.agency).jobs, 0);
  scene_close(&s);
}

static void whoever_declines_is_silent_or_goes_is_passed_over(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id workers[WORKERS];
  for (int i = 0; i < WORKERS; i++)
    workers[i] = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  bool asked[WORKERS] = {false};
  for (int round = 0; round < WORKERS; round++) {
    int who = -1;
    for (int i = 0; i < WORKERS; i++)
      if (!asked[i] && is_asked(&s, workers[i], "AJ_1")) who = i;
    assert_true(who >= 0); // never the same twice
    asked[who] = true;
    if (round == 0)
      answer(&s, workers[who], "AJ_1", false, false);
    else if (round == 1)
      pass(&s, OH_AGENT_ANSWER_US);
    else if (round == 2)
      oh_agency_disconnected(s.agency, s.now_us, workers[who]);
    else
      answer(&s, workers[who], "AJ_1", true, false);
    drain(&s);
  }
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_RUNNING);
  scene_close(&s);
}

static void a_worker_that_says_terminate_ends_the_job(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id ada = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  answer(&s, ada, "AJ_1", false, true);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_SUCCESS);
  scene_close(&s);
}

static void jobs_wait_for_a_worker_and_not_for_ever(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  assert_int_equal(oh_agency_stats(s.agency).waiting, 1);
  oh_id ada = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM); // later than the room
  assert_true(is_asked(&s, ada, "AJ_1"));
  status(&s, ada, true, 1);
  answer(&s, ada, "AJ_1", false, false); // full by now: it waits again
  assert_int_equal(oh_agency_stats(s.agency).waiting, 1);
  status(&s, ada, false, 0);
  assert_true(is_asked(&s, ada, "AJ_1"));
  answer(&s, ada, "AJ_1", true, false);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_RUNNING);

  order(&s, "AJ_2", "bob", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  pass(&s, OH_AGENT_WAIT_US);
  assert_int_equal(told(&s, "AJ_2"), LIVEKIT__JOB_STATUS__JS_FAILED);
  // and those that may not wait do not
  order(&s, "AJ_3", "", LIVEKIT__JOB_TYPE__JT_ROOM, false);
  assert_int_equal(told(&s, "AJ_3"), LIVEKIT__JOB_STATUS__JS_FAILED);
  assert_true(s.news[s.news_count - 1].unserved);
  // nor those of a type that this agent does not do
  order(&s, "AJ_4", "ada", LIVEKIT__JOB_TYPE__JT_PUBLISHER, true);
  assert_int_equal(told(&s, "AJ_4"), LIVEKIT__JOB_STATUS__JS_FAILED);
  assert_true(s.news[s.news_count - 1].unserved);
  scene_close(&s);
}

static void a_lost_worker_is_told_to_the_room(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id ada = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  answer(&s, ada, "AJ_1", true, false);
  oh_agency_disconnected(s.agency, s.now_us, ada);
  drain(&s);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_FAILED);
  assert_true(s.news[s.news_count - 1].worker_lost);
  scene_close(&s);
}

static void a_cancelled_job_is_terminated(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id ada = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  answer(&s, ada, "AJ_1", true, false);
  int before = s.news_count;
  oh_agency_cancel(s.agency, s.now_us, "AJ_1");
  drain(&s);
  assert_int_equal(last(&s, ada)->message_case, LIVEKIT__SERVER_MESSAGE__MESSAGE_TERMINATION);
  assert_string_equal(last(&s, ada)->termination->job_id, "AJ_1");
  report(&s, ada, "AJ_1", LIVEKIT__JOB_STATUS__JS_FAILED); // too late to matter
  assert_int_equal(s.news_count, before);
  scene_close(&s);
}

static void the_less_loaded_get_more(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id busy = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM), idle = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  status(&s, busy, false, 0.9f);
  status(&s, idle, false, 0);
  int for_idle = 0, all = 400;
  for (int i = 0; i < all; i++) {
    char id[16];
    snprintf(id, sizeof id, "AJ_%d", i);
    forget(&s);
    order(&s, id, "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
    for_idle += is_asked(&s, idle, id);
    oh_agency_cancel(s.agency, s.now_us, id);
    drain(&s);
  }
  assert_in_range(for_idle, all * 8 / 10, all - 1);
  scene_close(&s);
}

static void strangers_are_shown_the_door(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id mute = oh_agency_connect(s.agency, s.now_us, &key); // never registers
  pass(&s, OH_AGENT_ANSWER_US);
  assert_true(s.closed[s.got_count - 1] && s.to[s.got_count - 1] == mute);
  oh_id rude = oh_agency_connect(s.agency, s.now_us, &key);
  oh_agency_recv(s.agency, s.now_us, rude, false, (const uint8_t *)"\xff\xff", 2);
  drain(&s);
  assert_true(s.closed[s.got_count - 1] && s.to[s.got_count - 1] == rude);
  assert_int_equal(s.world.counters.value[OH_COUNT_agent_drop_malformed], 1);
  // somebody else's job is not theirs to answer or to end
  oh_id ada = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM), eve = add(&s, "eve", LIVEKIT__JOB_TYPE__JT_ROOM);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  answer(&s, eve, "AJ_1", true, false);
  assert_int_equal(s.news_count, 0);
  answer(&s, ada, "AJ_1", true, false);
  report(&s, eve, "AJ_1", LIVEKIT__JOB_STATUS__JS_SUCCESS);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_RUNNING);
  scene_close(&s);
}

static void rooms_know_for_which_jobs_nameless_workers_are_there(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  assert_int_equal(oh_agency_automatic(s.agency), 0);
  oh_id any = add(&s, "", LIVEKIT__JOB_TYPE__JT_PARTICIPANT);
  assert_int_equal(oh_agency_automatic(s.agency), 1 << LIVEKIT__JOB_TYPE__JT_PARTICIPANT);
  oh_agency_disconnected(s.agency, s.now_us, any);
  assert_int_equal(oh_agency_automatic(s.agency), 0);
  scene_close(&s);
}

static void an_agent_that_never_joins_costs_its_worker_the_job(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id ada = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true);
  answer(&s, ada, "AJ_1", true, false);
  pass(&s, OH_AGENT_JOIN_US - 1);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_RUNNING);
  pass(&s, 1);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_FAILED);
  assert_int_equal(last(&s, ada)->message_case, LIVEKIT__SERVER_MESSAGE__MESSAGE_TERMINATION);
  assert_int_equal(s.world.counters.value[OH_COUNT_agent_jobs_unjoined], 1);
  assert_int_equal(oh_agency_stats(s.agency).jobs, 0);
  scene_close(&s);
}

static void a_delayed_job_comes_later_and_to_another_worker(void **unused) {
  (void)unused;
  for (int others = 1; others >= 0; others--) {
    struct scene s;
    scene_open(&s);
    oh_id bad = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM), good = 0;
    struct oh_job_terms terms = {.waits = true, .delay_us = 2000000};
    snprintf(terms.avoid.text, sizeof terms.avoid.text, "%s", last(&s, bad)->register_->worker_id);
    if (others) good = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
    if (others) status(&s, good, false, 1); // it has much more to do, and yet is the one to ask
    order_by(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, &terms);
    assert_int_equal(oh_agency_stats(s.agency).waiting, 1);
    pass(&s, 1999999);
    assert_false(is_asked(&s, bad, "AJ_1") || (others && is_asked(&s, good, "AJ_1")));
    add(&s, "ada", LIVEKIT__JOB_TYPE__JT_PUBLISHER); // who comes meanwhile does not shorten it
    pass(&s, 1);
    assert_true(is_asked(&s, others ? good : bad, "AJ_1"));
    scene_close(&s);
  }
}

static void simulate(struct scene *s, oh_id worker) {
  Livekit__Room room = LIVEKIT__ROOM__INIT;
  room.name = (char *)"den";
  Livekit__SimulateJobRequest request = LIVEKIT__SIMULATE_JOB_REQUEST__INIT;
  request.room = &room;
  Livekit__WorkerMessage message = LIVEKIT__WORKER_MESSAGE__INIT;
  message.message_case = LIVEKIT__WORKER_MESSAGE__MESSAGE_SIMULATE_JOB;
  message.simulate_job = &request;
  say(s, worker, &message);
}

static void a_simulated_job_is_for_who_made_it_up(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id ada = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM), other = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  for (int way = 0; way < 5; way++) { // declined, silent, failed, done, gone
    simulate(&s, ada);
    assert_int_equal(oh_agency_stats(s.agency).jobs, 1);
    char id[32];
    snprintf(id, sizeof id, "%s", last(&s, ada)->availability->job->id);
    if (way == 0) answer(&s, ada, id, false, false);
    if (way == 1) pass(&s, OH_AGENT_ANSWER_US);
    if (way >= 2) {
      answer(&s, ada, id, true, false);
      pass(&s, 2 * OH_AGENT_JOIN_US); // no room will ever tell that its agent came
      assert_int_equal(oh_agency_stats(s.agency).jobs, 1);
    }
    if (way == 2) report(&s, ada, id, LIVEKIT__JOB_STATUS__JS_FAILED);
    if (way == 3) report(&s, ada, id, LIVEKIT__JOB_STATUS__JS_SUCCESS);
    if (way == 4) oh_agency_disconnected(s.agency, s.now_us, ada), drain(&s);
    assert_int_equal(oh_agency_stats(s.agency).jobs, 0);
    assert_int_equal(last(&s, other)->message_case, LIVEKIT__SERVER_MESSAGE__MESSAGE_REGISTER);
  }
  forget(&s);
  for (int i = 0; i < OH_AGENT_SIMULATED_MAX + 3; i++)
    simulate(&s, other);
  assert_int_equal(oh_agency_stats(s.agency).jobs, OH_AGENT_SIMULATED_MAX);
  assert_int_equal(s.world.counters.value[OH_COUNT_agent_jobs_refused], 3);
  answer(&s, other, last(&s, other)->availability->job->id, false, false);
  simulate(&s, other); // there is room for one again
  assert_int_equal(oh_agency_stats(s.agency).jobs, OH_AGENT_SIMULATED_MAX);
  scene_close(&s);
}

static void hear(struct scene *s, oh_id worker, const char *json) {
  oh_agency_recv(s->agency, s->now_us, worker, true, (const uint8_t *)json, strlen(json));
}

static bool begins(const struct oh_agency_frame *frame, const char *text) {
  return frame->len >= strlen(text) && memcmp(frame->data, text, strlen(text)) == 0;
}

static void who_speaks_json_is_answered_in_json(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id worker = oh_agency_connect(s.agency, s.now_us, &key);
  hear(&s, worker, "{\"register\":{\"type\":\"JT_ROOM\",\"agentName\":\"ada\",\"version\":\"1\"}}");
  struct oh_agency_frame frame;
  assert_true(oh_agency_next_frame(s.agency, &frame));
  assert_true(frame.text && !frame.close && begins(&frame, "{\"register\":{\"workerId\":\"AW_"));
  free(frame.data);
  order(&s, "AJ_1", "ada", LIVEKIT__JOB_TYPE__JT_ROOM, true); // reads it as protobuf: in vain
  assert_int_equal(s.got_count, 1);
  assert_null(s.got[0]);
  hear(&s, worker, "{\"availability\":{\"job_id\":\"AJ_1\",\"available\":true}}");
  assert_true(oh_agency_next_frame(s.agency, &frame));
  assert_true(frame.text && begins(&frame, "{\"assignment\":{\"job\":{\"id\":\"AJ_1\""));
  free(frame.data);
  drain(&s);
  assert_int_equal(told(&s, "AJ_1"), LIVEKIT__JOB_STATUS__JS_RUNNING);
  // A binary message, and it is answered so.
  Livekit__WorkerPing ping = LIVEKIT__WORKER_PING__INIT;
  ping.timestamp = 5;
  Livekit__WorkerMessage message = LIVEKIT__WORKER_MESSAGE__INIT;
  message.message_case = LIVEKIT__WORKER_MESSAGE__MESSAGE_PING;
  message.ping = &ping;
  say(&s, worker, &message);
  assert_int_equal(last(&s, worker)->pong->last_timestamp, 5);
  hear(&s, worker, "{\"ping\":");
  drain(&s);
  assert_true(s.closed[s.got_count - 1]);
  scene_close(&s);
}

static void who_talks_too_much_is_cut_off(void **unused) {
  (void)unused;
  struct scene s;
  scene_open(&s);
  oh_id quick = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM),
        steady = add(&s, "ada", LIVEKIT__JOB_TYPE__JT_ROOM);
  forget(&s);
  const uint8_t status_message[] = {0x1a, 0x00}; // update_worker, empty: nothing is answered
  for (int i = 0; i < OH_AGENT_MESSAGES_BURST - 1; i++)
    oh_agency_recv(s.agency, s.now_us, quick, false, status_message, sizeof status_message);
  drain(&s);
  assert_int_equal(s.got_count, 0);
  oh_agency_recv(s.agency, s.now_us, quick, false, status_message, sizeof status_message);
  drain(&s);
  assert_true(s.got_count == 1 && s.closed[0] && s.to[0] == quick);
  assert_int_equal(s.world.counters.value[OH_COUNT_agent_workers_flooding], 1);
  // At the allowed rate it may go on for ever, even when the clock has stood still or leapt.
  for (int i = 0; i < 10 * OH_AGENT_MESSAGES_BURST; i++) {
    s.now_us += i == 5000 ? 1000000000000000 : 1000000 / OH_AGENT_MESSAGES_PER_S;
    oh_agency_recv(s.agency, s.now_us, steady, false, status_message, sizeof status_message);
  }
  drain(&s);
  assert_int_equal(s.got_count, 1);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_job_is_asked_for_assigned_and_done),
      cmocka_unit_test(whoever_declines_is_silent_or_goes_is_passed_over),
      cmocka_unit_test(a_worker_that_says_terminate_ends_the_job),
      cmocka_unit_test(jobs_wait_for_a_worker_and_not_for_ever),
      cmocka_unit_test(a_lost_worker_is_told_to_the_room),
      cmocka_unit_test(a_cancelled_job_is_terminated),
      cmocka_unit_test(the_less_loaded_get_more),
      cmocka_unit_test(strangers_are_shown_the_door),
      cmocka_unit_test(an_agent_that_never_joins_costs_its_worker_the_job),
      cmocka_unit_test(a_delayed_job_comes_later_and_to_another_worker),
      cmocka_unit_test(a_simulated_job_is_for_who_made_it_up),
      cmocka_unit_test(who_speaks_json_is_answered_in_json),
      cmocka_unit_test(who_talks_too_much_is_cut_off),
      cmocka_unit_test(rooms_know_for_which_jobs_nameless_workers_are_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
