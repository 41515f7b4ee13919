// errand.c — work for another worker: the ways it goes, and what becomes of it when a worker is full or ends.
// The workers are stand-ins whose mail is delivered when the test says so.
#include "app/errand.h"
#include "app/worker.h"
#include "tests/unit/test.h"

enum { WORKERS = 3, LETTERS = 8 };

struct oh_worker {
  struct oh_web web;
  struct oh_job *mail[LETTERS];
  size_t count;
  bool full;
};
static struct oh_worker workers[WORKERS];
static uint32_t owner;

struct oh_worker *oh_worker_at(const struct oh_worker *worker, uint32_t index) {
  assert_non_null(worker);
  return index < WORKERS ? &workers[index] : NULL;
}

uint32_t oh_worker_of_room(const struct oh_worker *worker, struct oh_str room) {
  assert_non_null(worker);
  assert_true(oh_str_eq(room, OH_STR("den")));
  return owner;
}

bool oh_worker_post(struct oh_worker *worker, struct oh_job *take_job) {
  if (worker->full || worker->count == LETTERS) {
    take_job->drop(take_job);
    return false;
  }
  worker->mail[worker->count++] = take_job;
  return true;
}

static void deliver(uint32_t index) {
  struct oh_worker *worker = &workers[index];
  assert_int_equal(worker->count, 1);
  struct oh_job *job = worker->mail[--worker->count];
  job->run(job, &worker->web, 10 + index);
}

struct walk {
  struct oh_errand errand;
  enum oh_errand_step steps[WORKERS]; // what act() says at each worker
  uint32_t visited[WORKERS], count;
  int backs, drops;
  bool lost;
};

static uint32_t index_of(const struct oh_web *web) {
  return (uint32_t)(web->worker - workers);
}

static enum oh_errand_step on_act(struct oh_errand *errand, struct oh_web *there, int64_t now_us) {
  struct walk *walk = (struct walk *)errand;
  assert_true(now_us > 0);
  walk->visited[walk->count++] = index_of(there);
  return walk->steps[index_of(there)];
}

static void on_back(struct oh_errand *errand, struct oh_web *home, int64_t now_us, bool lost) {
  struct walk *walk = (struct walk *)errand;
  assert_true(now_us > 0);
  assert_ptr_equal(home, errand->home);
  walk->backs++;
  walk->lost = lost;
}

static void on_drop(struct oh_errand *errand) {
  ((struct walk *)errand)->drops++;
}

static struct walk begin(void) {
  memset(workers, 0, sizeof workers);
  for (uint32_t i = 0; i < WORKERS; i++)
    workers[i].web = (struct oh_web){.worker = &workers[i], .server = (struct oh_http_server *)&workers[i]};
  return (struct walk){.errand = {.act = on_act, .back = on_back, .drop = on_drop}};
}

static void at_home_it_is_done_at_once(void **state) {
  (void)state;
  struct walk walk = begin();
  owner = 1;
  oh_errand_to_room(&workers[1].web, OH_STR("den"), &walk.errand, 1);
  assert_int_equal(walk.count, 1);
  assert_int_equal(walk.visited[0], 1);
  assert_true(walk.backs == 1 && !walk.lost && walk.drops == 0);
}

static void elsewhere_it_goes_and_comes_back_by_mail(void **state) {
  (void)state;
  struct walk walk = begin();
  owner = 2;
  oh_errand_to_room(&workers[0].web, OH_STR("den"), &walk.errand, 1);
  assert_int_equal(walk.count, 0);
  deliver(2);
  assert_int_equal(walk.visited[0], 2);
  assert_int_equal(walk.backs, 0);
  deliver(0);
  assert_true(walk.backs == 1 && !walk.lost && walk.count == 1);
}

static void all_are_asked_in_order_until_one_says_enough(void **state) {
  (void)state;
  for (uint32_t enough = 0; enough <= WORKERS; enough++) {
    struct walk walk = begin();
    if (enough < WORKERS) walk.steps[enough] = OH_ERRAND_HOME;
    oh_errand_to_all(&workers[1].web, &walk.errand, 1);
    deliver(0);
    deliver(1); // asked there, or already home
    if (enough >= 2) deliver(2);
    if (enough >= 2) deliver(1);
    uint32_t asked = enough < WORKERS ? enough + 1 : WORKERS;
    assert_int_equal(walk.count, asked);
    for (uint32_t i = 0; i < asked; i++)
      assert_int_equal(walk.visited[i], i);
    assert_true(walk.backs == 1 && !walk.lost);
  }
}

static void a_kept_one_comes_home_later(void **state) {
  (void)state;
  for (owner = 0; owner < 2; owner++) {
    struct walk walk = begin();
    walk.steps[owner] = OH_ERRAND_KEPT;
    oh_errand_to_room(&workers[0].web, OH_STR("den"), &walk.errand, 1);
    if (owner) deliver(owner);
    assert_int_equal(walk.backs, 0);
    oh_errand_return(&walk.errand, 5);
    if (owner) deliver(0);
    assert_true(walk.backs == 1 && !walk.lost && walk.count == 1);
  }
}

static void a_full_worker_means_that_it_is_lost(void **state) {
  (void)state;
  struct walk walk = begin();
  owner = 2;
  workers[2].full = true;
  oh_errand_to_room(&workers[0].web, OH_STR("den"), &walk.errand, 1);
  deliver(0);
  assert_true(walk.backs == 1 && walk.lost && walk.count == 0 && walk.drops == 0);
  // On the way to all, the second will not have it.
  walk = begin();
  workers[1].full = true;
  oh_errand_to_all(&workers[2].web, &walk.errand, 1);
  deliver(0);
  deliver(2);
  assert_true(walk.backs == 1 && walk.lost && walk.count == 1);
  // A letter that was waiting when its worker ended.
  walk = begin();
  oh_errand_to_room(&workers[0].web, OH_STR("den"), &walk.errand, 1);
  struct oh_job *job = workers[2].mail[--workers[2].count];
  job->drop(job);
  deliver(0);
  assert_true(walk.backs == 1 && walk.lost && walk.count == 0);
}

static void without_a_home_it_is_dropped_once(void **state) {
  (void)state;
  struct walk walk = begin();
  owner = 2;
  workers[0].full = workers[2].full = true;
  oh_errand_to_room(&workers[0].web, OH_STR("den"), &walk.errand, 1);
  assert_true(walk.backs == 0 && walk.drops == 1);
  // Done, but home has ended meanwhile.
  walk = begin();
  oh_errand_to_room(&workers[0].web, OH_STR("den"), &walk.errand, 1);
  workers[0].full = true;
  deliver(2);
  assert_true(walk.backs == 0 && walk.drops == 1 && walk.count == 1);
  // Kept where the doors are closed already: home may be gone, and is not looked at.
  walk = begin();
  walk.steps[2] = OH_ERRAND_KEPT;
  oh_errand_to_room(&workers[0].web, OH_STR("den"), &walk.errand, 1);
  deliver(2);
  workers[2].web.server = NULL;
  walk.errand.home = NULL;
  oh_errand_return(&walk.errand, 5);
  assert_true(walk.backs == 0 && walk.drops == 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(at_home_it_is_done_at_once),
      cmocka_unit_test(elsewhere_it_goes_and_comes_back_by_mail),
      cmocka_unit_test(all_are_asked_in_order_until_one_says_enough),
      cmocka_unit_test(a_kept_one_comes_home_later),
      cmocka_unit_test(a_full_worker_means_that_it_is_lost),
      cmocka_unit_test(without_a_home_it_is_dropped_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
