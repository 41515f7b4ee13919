// clock.c — see clock.h
#include "io/clock.h"
#include "base/check.h"
#include <time.h>

static int64_t read_us(clockid_t which) {
  struct timespec t;
  OH_CHECK(clock_gettime(which, &t) == 0);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t oh_clock_us(void) {
  return read_us(CLOCK_MONOTONIC);
}

int64_t oh_clock_unix_offset_us(void) {
  return read_us(CLOCK_REALTIME) - read_us(CLOCK_MONOTONIC);
}
