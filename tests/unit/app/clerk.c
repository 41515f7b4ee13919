// clerk.c — the slow thread: jobs in order, desks from start to end, nothing lost at the stop, nothing
// leaked.
#include "app/clerk.h"
#include "base/check.h"
#include "base/limits.h"
#include "io/http_client.h"
#include "tests/unit/test.h"
#include <stdatomic.h>
#include <uv.h>

struct desk {
  struct oh_desk desk;
  struct oh_clerk *clerk;
  int opened, closed, ran, fetched, last_status;
  uint32_t next; // jobs come in the order in which each thread posted them
  _Atomic int dropped, ticks;
  int lingers; // asked so often, it says that it has something under way
};

struct job {
  struct oh_job job;
  struct desk *desk;
  uint32_t number;
  bool fetch;
};

static void on_open(struct oh_desk *desk, struct oh_clerk *clerk, int64_t now_us) {
  struct desk *d = (struct desk *)desk;
  assert_true(now_us > 0);
  assert_non_null(oh_clerk_loop(clerk));
  d->clerk = clerk;
  d->opened++;
}
static void on_tick(struct oh_desk *desk, int64_t now_us) {
  (void)now_us;
  ((struct desk *)desk)->ticks++;
}
static bool on_linger(struct oh_desk *desk) {
  struct desk *d = (struct desk *)desk;
  assert_int_equal(d->closed, 0);
  return d->lingers > 0 && d->lingers-- > 0;
}
static void on_close(struct oh_desk *desk, int64_t now_us) {
  struct desk *d = (struct desk *)desk;
  (void)now_us;
  d->closed++;
}

static void on_fetched(void *ctx, int64_t now_us, const struct oh_http_fetched *answer) {
  struct desk *d = ctx;
  (void)now_us;
  assert_int_equal(d->closed, 0); // the desk still stands
  d->fetched++;
  d->last_status = answer->status;
}

static void on_run(struct oh_job *take_job, void *place, int64_t now_us) {
  struct job *job = (struct job *)take_job;
  struct desk *d = job->desk;
  (void)now_us;
  assert_ptr_equal(place, d->clerk);
  assert_int_equal(d->opened, 1);
  assert_int_equal(d->closed, 0);
  assert_int_equal(job->number, d->next);
  d->next++;
  d->ran++;
  if (job->fetch) {
    const struct oh_http_fetch fetch = {.url = "http://127.0.0.1:1/",
                                        .answer_bytes_max = 100,
                                        .timeout_ms = 60000,
                                        .done = on_fetched,
                                        .ctx = d};
    assert_true(oh_http_fetch(oh_clerk_http(place), &fetch));
  }
  free(job);
}
static void on_drop(struct oh_job *take_job) {
  struct job *job = (struct job *)take_job;
  job->desk->dropped++;
  free(job);
}

static bool post(struct oh_clerk *clerk, struct desk *desk, uint32_t number, bool fetch) {
  struct job *job = calloc(1, sizeof *job);
  OH_CHECK(job);
  *job = (struct job){{on_run, on_drop}, desk, number, fetch};
  return oh_clerk_post(clerk, &job->job);
}

static const struct oh_clerk_config config = {.log_level = "error"};
static const struct oh_desk ops = {.open = on_open, .tick = on_tick, .close = on_close};

static void jobs_run_in_order_and_none_is_lost_at_the_stop(void **state) {
  (void)state;
  struct desk desk = {.desk = ops};
  struct oh_clerk *clerk = oh_clerk_open(&config);
  oh_clerk_add_desk(clerk, &desk.desk);
  oh_clerk_start(clerk);
  for (uint32_t i = 0; i < 3000; i++)
    assert_true(post(clerk, &desk, i, false));
  oh_clerk_stop(clerk);
  assert_int_equal(desk.ran, 3000);
  assert_int_equal(desk.closed, 1);
  assert_false(post(clerk, &desk, 0, false)); // it has ended
  assert_int_equal(desk.dropped, 1);
  oh_clerk_close(clerk);
}

static void a_full_clerk_refuses(void **state) {
  (void)state;
  struct desk desk = {.desk = ops};
  struct oh_clerk *clerk = oh_clerk_open(&config);
  oh_clerk_add_desk(clerk, &desk.desk);
  for (uint32_t i = 0; i < OH_CLERK_JOBS_MAX; i++)
    assert_true(post(clerk, &desk, i, false));
  assert_false(post(clerk, &desk, 0, false));
  assert_int_equal(desk.dropped, 1);
  oh_clerk_start(clerk);
  oh_clerk_stop(clerk);
  assert_int_equal(desk.ran, OH_CLERK_JOBS_MAX);
  oh_clerk_close(clerk);
}

static void requests_under_way_end_before_the_desks_do(void **state) {
  (void)state;
  struct desk desk = {.desk = ops};
  struct oh_clerk *clerk = oh_clerk_open(&config);
  oh_clerk_add_desk(clerk, &desk.desk);
  oh_clerk_start(clerk);
  for (uint32_t i = 0; i < 10; i++)
    assert_true(post(clerk, &desk, i, true));
  oh_clerk_stop(clerk);
  assert_int_equal(desk.fetched, 10);
  assert_int_equal(desk.last_status, 0);
  oh_clerk_close(clerk);
}

static void a_desk_may_linger_but_not_for_ever(void **state) {
  (void)state;
  for (int longer = 0; longer < 2; longer++) {
    struct desk desk = {.desk = ops, .lingers = longer ? 1000000 : 5};
    desk.desk.linger = on_linger;
    struct oh_clerk *clerk = oh_clerk_open(&config);
    oh_clerk_add_desk(clerk, &desk.desk);
    oh_clerk_start(clerk);
    uint64_t begun_ns = uv_hrtime();
    oh_clerk_stop(clerk);
    uint64_t took_us = (uv_hrtime() - begun_ns) / 1000;
    assert_int_equal(desk.closed, 1);
    if (longer)
      assert_true(desk.lingers > 0 && took_us >= OH_CLERK_LINGER_US);
    else
      assert_int_equal(desk.lingers, 0);
    oh_clerk_close(clerk);
  }
}

static void desks_are_told_the_time(void **state) {
  (void)state;
  struct desk desk = {.desk = ops};
  struct oh_clerk *clerk = oh_clerk_open(&config);
  oh_clerk_add_desk(clerk, &desk.desk);
  oh_clerk_start(clerk);
  for (int i = 0; i < 1000 && desk.ticks == 0; i++)
    uv_sleep(10);
  assert_true(desk.ticks > 0);
  oh_clerk_stop(clerk);
  oh_clerk_close(clerk);
}

static void one_that_never_started_closes(void **state) {
  (void)state;
  struct desk desk = {.desk = ops};
  struct oh_clerk *clerk = oh_clerk_open(&config);
  oh_clerk_add_desk(clerk, &desk.desk);
  assert_true(post(clerk, &desk, 0, false));
  oh_clerk_close(clerk);
  assert_int_equal(desk.dropped, 1);
  oh_clerk_close(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(jobs_run_in_order_and_none_is_lost_at_the_stop),
      cmocka_unit_test(a_full_clerk_refuses),
      cmocka_unit_test(requests_under_way_end_before_the_desks_do),
      cmocka_unit_test(a_desk_may_linger_but_not_for_ever),
      cmocka_unit_test(desks_are_told_the_time),
      cmocka_unit_test(one_that_never_started_closes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
