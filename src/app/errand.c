// errand.c — see errand.h
#include "app/errand.h"
#include "app/worker.h"

static void come_home(struct oh_errand *errand, int64_t now_us);

static void run_at_home(struct oh_job *job, void *place, int64_t now_us) {
  struct oh_errand *errand = (struct oh_errand *)job;
  errand->back(errand, place, now_us, errand->lost);
}

static void drop_for_good(struct oh_job *job) {
  struct oh_errand *errand = (struct oh_errand *)job;
  errand->drop(errand);
}

// A worker would not take it: home with it, where it is said.
static void drop_outbound(struct oh_job *job) {
  struct oh_errand *errand = (struct oh_errand *)job;
  errand->lost = true;
  errand->job = (struct oh_job){.run = run_at_home, .drop = drop_for_good};
  oh_worker_post(errand->home->worker, &errand->job);
}

static void act(struct oh_errand *errand, struct oh_web *there, int64_t now_us);

static void run_there(struct oh_job *job, void *place, int64_t now_us) {
  act((struct oh_errand *)job, place, now_us);
}

static void go(struct oh_errand *errand, struct oh_web *from, uint32_t worker, int64_t now_us) {
  struct oh_worker *to = oh_worker_at(from->worker, worker);
  errand->next = worker + 1;
  if (to == from->worker) return act(errand, from, now_us);
  errand->job = (struct oh_job){.run = run_there, .drop = drop_outbound};
  oh_worker_post(to, &errand->job);
}

static void act(struct oh_errand *errand, struct oh_web *there, int64_t now_us) {
  errand->there = there;
  enum oh_errand_step step = errand->act(errand, there, now_us);
  if (step == OH_ERRAND_KEPT) return;
  bool more = errand->for_all && step == OH_ERRAND_ON && oh_worker_at(there->worker, errand->next);
  if (more)
    go(errand, there, errand->next, now_us);
  else
    come_home(errand, now_us);
}

static void come_home(struct oh_errand *errand, int64_t now_us) {
  if (!errand->there->server) return errand->drop(errand); // the end: home may be gone already
  if (errand->there == errand->home) return errand->back(errand, errand->home, now_us, errand->lost);
  errand->job = (struct oh_job){.run = run_at_home, .drop = drop_for_good};
  oh_worker_post(errand->home->worker, &errand->job);
}

void oh_errand_to_room(struct oh_web *home, struct oh_str room, struct oh_errand *errand, int64_t now_us) {
  errand->home = errand->there = home;
  go(errand, home, oh_worker_of_room(home->worker, room), now_us);
}

void oh_errand_to_all(struct oh_web *home, struct oh_errand *errand, int64_t now_us) {
  errand->home = errand->there = home;
  errand->for_all = true;
  go(errand, home, 0, now_us);
}

void oh_errand_return(struct oh_errand *errand, int64_t now_us) {
  come_home(errand, now_us);
}
