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

static void order(struct scene *s, const char *id, const char *name, Livekit__JobType type, bool waits) {
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
  oh_agency_order(s->agency, s->now_us, bytes, len, waits);
  free(bytes);
  drain(s);
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
      cmocka_unit_test(rooms_know_for_which_jobs_nameless_workers_are_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
