// errand.h — a held HTTP request's work that has to be done elsewhere: on the worker that owns a room, or on
// all workers one after another; then it comes home, to answer. By mail, unless it is there already.
//
//   home worker ──> act() at the room's worker ─────────────────────> back() at home
//               ──> act() at worker 0 ──> act() at worker 1 ──> … ──> back() at home
//
// It is the first member of the struct that carries the words; that struct belongs to whoever has the errand.
#pragma once
#include "app/job.h"
#include "app/web.h"

struct oh_errand;
enum oh_errand_step {
  OH_ERRAND_ON,   // to the next worker, if it is for all; else home
  OH_ERRAND_HOME, // home, whoever has not been asked
  OH_ERRAND_KEPT, // it stays here until oh_errand_return
};
struct oh_errand {
  struct oh_job job;
  // Filled in by who makes it:
  enum oh_errand_step (*act)(struct oh_errand *errand, struct oh_web *there, int64_t now_us);
  // At home; owns the errand. `lost`: a worker was too busy or has ended; act() may not have run.
  void (*back)(struct oh_errand *take_errand, struct oh_web *home, int64_t now_us, bool lost);
  void (*drop)(struct oh_errand *take_errand); // instead of back: its home is gone. Any thread.
  // Its own:
  struct oh_web *home, *there;
  uint32_t next; // worker to go to after this one
  bool for_all, lost;
};

// From home's own thread. back() may have been called before these return.
void oh_errand_to_room(struct oh_web *home, struct oh_str room, struct oh_errand *take_errand,
                       int64_t now_us);
void oh_errand_to_all(struct oh_web *home, struct oh_errand *take_errand, int64_t now_us);
// Sends a kept one home, on the thread where it was kept.
void oh_errand_return(struct oh_errand *take_errand, int64_t now_us);
