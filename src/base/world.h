// world.h — what a machine below io/ may know of the outside: random bytes, a log, counters, and how far the
// wall clock is from the monotonic one. Monotonic time itself is an argument (now_us) of every call.
#pragma once
#include "base/counter.h"
#include "base/log.h"
#include "base/random.h"
#include <stdint.h>

struct oh_world {
  struct oh_random random;
  struct oh_log log;
  struct oh_counters counters;
  int64_t unix_offset_us; // unix time = now_us + unix_offset_us; kept up to date by the worker
};

static inline int64_t oh_unix_us(const struct oh_world *w, int64_t now_us) {
  return now_us + w->unix_offset_us;
}
