// job.h — a piece of work that goes by mail to another thread: to the clerk (what is slow), or back to a
// worker (the answer). It is the first member of the struct that carries its words; that struct is made by
// who posts it and freed by whoever has it last.
#pragma once
#include <stdint.h>

struct oh_job {
  // On the receiving thread, which owns the job from then on: to free it, or to send it on with another
  // `run`. `place` is where it arrived: the clerk's struct oh_clerk *, or the worker's struct oh_web *.
  void (*run)(struct oh_job *take_job, void *place, int64_t now_us);
  // Instead of run, on any thread: the place is full or has ended.
  void (*drop)(struct oh_job *take_job);
};
