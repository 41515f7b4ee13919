// dispatch.c — tests of dispatches: which jobs a room orders, how agents are known, and when they are sent
// for again.
#include "livekit/dispatch.h"
#include "base/limits.h"
#include "livekit/departure.h"
#include "livekit/order.h"
#include "livekit/state.h"
#include "tests/unit/livekit/visit.h"

#define CONFIG "{\"agents\":[{\"agentName\":\"helper\",\"metadata\":\"hello\",\"attributes\":{\"a\":\"b\"}}]}"
static const int64_t second_us = 1000000;

static struct oh_job_order last_start;

static void expect_start(struct visit_world *w, char job[OH_SID_BYTES]) {
  struct oh_job_order order;
  assert_true(oh_house_next_order(w->house, &order));
  assert_non_null(order.job);
  assert_true(order.terms.waits);
  last_start = order;
  snprintf(job, OH_SID_BYTES, "%s", order.id.text);
  Livekit__Job *read = (Livekit__Job *)oh_message_read(&livekit__job__descriptor, order.job, order.len);
  assert_non_null(read);
  assert_string_equal(read->id, job);
  assert_string_equal(read->agent_name, "helper");
  assert_string_equal(read->metadata, "hello");
  assert_int_equal(read->n_attributes, 1);
  oh_message_free(read);
  oh_job_order_fini(&order);
}

static void expect_end(struct visit_world *w, const char *job) {
  struct oh_job_order order;
  assert_true(oh_house_next_order(w->house, &order));
  assert_null(order.job);
  assert_false(order.joined);
  assert_string_equal(order.id.text, job);
}

static void expect_joined(struct visit_world *w, const char *job) {
  struct oh_job_order order;
  assert_true(oh_house_next_order(w->house, &order));
  assert_true(order.joined && !order.job);
  assert_string_equal(order.id.text, job);
}

// Sent for again, after about so long, and rather not from the worker that failed.
static void expect_again(struct visit_world *w, char job[OH_SID_BYTES], int64_t delay_us) {
  expect_start(w, job);
  assert_in_range(last_start.terms.delay_us, delay_us / 2, delay_us + delay_us / 2);
  assert_string_equal(last_start.terms.avoid.text, "AW_1");
}

static void expect_none(struct visit_world *w) {
  struct oh_job_order order;
  assert_false(oh_house_next_order(w->house, &order));
}

static void tell(struct visit_world *w, const char *job, Livekit__JobStatus status, bool worker_lost) {
  Livekit__JobState state = LIVEKIT__JOB_STATE__INIT;
  state.status = status;
  state.started_at = 1;
  state.participant_identity = (char *)"agent-1";
  state.worker_id = (char *)"AW_1";
  struct oh_job_news news = {.room = (char *)"r", .job_id = (char *)job, .worker_lost = worker_lost};
  news.state = oh_message_write(&state.base, &news.len);
  oh_house_job_news(w->house, w->now_us, &news);
  free(news.state);
}

// Somebody who asks for the agent, its job, and the agent in the room.
static struct visitor call(struct visit_world *w, char job[OH_SID_BYTES]) {
  visit_join(w, "ann", &(struct visit_options){.room = "r", .room_config = CONFIG});
  expect_start(w, job);
  tell(w, job, LIVEKIT__JOB_STATUS__JS_RUNNING, false);
  struct visitor agent = visit_join(w, "agent-1", &(struct visit_options){.room = "r", .agent = true});
  expect_joined(w, job);
  expect_none(w);
  return agent;
}

static void leave(struct visit_world *w, Livekit__DisconnectReason reason) {
  struct oh_participant *p = oh_participant_by_identity(oh_room_find(w->house, OH_STR("r")), "agent-1");
  assert_non_null(p);
  oh_departure_dismiss(w->house, w->now_us, p, reason, LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT);
}

static void test_P55_an_agent_whose_worker_died_is_replaced_however_it_leaves(void **state) {
  (void)state;
  const Livekit__DisconnectReason reasons[] = {LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED,
                                               LIVEKIT__DISCONNECT_REASON__SIGNAL_CLOSE};
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
    struct visit_world w;
    visit_open(&w, NULL);
    char first[OH_SID_BYTES], second[OH_SID_BYTES];
    call(&w, first);
    tell(&w, first, LIVEKIT__JOB_STATUS__JS_FAILED, true); // it goes on without its worker
    visit_advance(&w, second_us);
    expect_none(&w);
    leave(&w, reasons[i]);
    expect_end(&w, first);
    expect_again(&w, second, second_us);
    assert_string_not_equal(first, second);
    visit_close(&w);
  }
}

static void test_P55_an_agent_that_meant_to_go_or_was_sent_away_is_not_replaced(void **state) {
  (void)state;
  const struct {
    Livekit__DisconnectReason reason;
    bool worker_lost;
  } cases[] = {{LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED, false},
               {LIVEKIT__DISCONNECT_REASON__PARTICIPANT_REMOVED, false},
               {LIVEKIT__DISCONNECT_REASON__PARTICIPANT_REMOVED, true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct visit_world w;
    visit_open(&w, NULL);
    char job[OH_SID_BYTES];
    call(&w, job);
    if (cases[i].worker_lost) tell(&w, job, LIVEKIT__JOB_STATUS__JS_FAILED, true);
    leave(&w, cases[i].reason);
    expect_end(&w, job);
    visit_advance(&w, 10 * second_us);
    expect_none(&w);
    visit_close(&w);
  }
}

static void test_P55_one_that_fails_is_tried_so_often(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  char job[OH_SID_BYTES];
  visit_join(&w, "ann", &(struct visit_options){.room = "r", .room_config = CONFIG});
  for (int i = 0; i < OH_DISPATCH_ATTEMPTS_MAX; i++) {
    if (i == 0)
      expect_start(&w, job);
    else
      expect_again(&w, job, second_us << (i - 1));
    assert_true(i > 0 || last_start.terms.delay_us == 0);
    tell(&w, job, LIVEKIT__JOB_STATUS__JS_FAILED, false);
  }
  expect_none(&w);
  visit_close(&w);
}

// Whoever was on the call for a minute has not failed: it is counted anew.
static void test_P55_one_that_served_is_sent_for_as_at_first(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  char job[OH_SID_BYTES];
  visit_join(&w, "ann", &(struct visit_options){.room = "r", .room_config = CONFIG});
  expect_start(&w, job);
  for (int round = 0; round < 3; round++) {
    for (int i = 1; i < OH_DISPATCH_ATTEMPTS_MAX - 1; i++) {
      tell(&w, job, LIVEKIT__JOB_STATUS__JS_FAILED, false);
      expect_again(&w, job, second_us << (round == 0 ? i - 1 : i));
    }
    tell(&w, job, LIVEKIT__JOB_STATUS__JS_RUNNING, false);
    visit_join(&w, "agent-1", &(struct visit_options){.room = "r", .agent = true});
    expect_joined(&w, job);
    struct oh_participant *agent = oh_participant_by_identity(oh_room_find(w.house, OH_STR("r")), "agent-1");
    agent->first_connected_us = w.now_us; // its media would be there
    w.now_us += OH_DISPATCH_PROVEN_US;
    leave(&w, LIVEKIT__DISCONNECT_REASON__SIGNAL_CLOSE);
    expect_end(&w, job);
    expect_again(&w, job, second_us);
  }
  visit_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_P55_an_agent_whose_worker_died_is_replaced_however_it_leaves),
      cmocka_unit_test(test_P55_an_agent_that_meant_to_go_or_was_sent_away_is_not_replaced),
      cmocka_unit_test(test_P55_one_that_fails_is_tried_so_often),
      cmocka_unit_test(test_P55_one_that_served_is_sent_for_as_at_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
