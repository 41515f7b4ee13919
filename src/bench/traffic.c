// traffic.c — see traffic.h
#include "bench/traffic.h"
#include "io/clock.h"
#include <string.h>

enum {
  WINDOW_PACKETS = 3,     // per listener on their way when saturated: one at work, two waiting
  WINDOW_MIN = 192,       // three batches
  STALL_US = 200 * 1000,  // nothing came for so long: the rest is lost
  WARM_US = 300 * 1000,   // before the counting begins
  SETTLE_US = 300 * 1000, // after the last packet was sent
  FRAME_US = 20 * 1000,
};

struct flow {
  const struct oh_path *path;
  size_t len;
  uint64_t sent, lost, before; // before: arrivals already counted off
  uint32_t speaker;
  int64_t arrived_us;
  uint64_t arrived;
};

static void reset(const struct oh_path *path) {
  memset(path->count, 0, sizeof *path->count);
}

static void begin(struct flow *f, struct oh_traffic *t) {
  *t = (struct oh_traffic){.cpu_ns = oh_machine_cpu_ns(f->path->pid), .elapsed_us = oh_clock_us()};
}

static void finish(struct flow *f, struct oh_traffic *t) {
  t->cpu_ns = oh_machine_cpu_ns(f->path->pid) - t->cpu_ns;
  t->elapsed_us = oh_clock_us() - t->elapsed_us;
  t->received = f->path->count->received;
  t->p50_us = oh_histogram_at(&f->path->count->latency, 50000);
  t->p99_us = oh_histogram_at(&f->path->count->latency, 99000);
  t->p999_us = oh_histogram_at(&f->path->count->latency, 99900);
}

// Keeps the window full until `end_us`.
static void pump(struct flow *f, int64_t end_us) {
  const struct oh_path *path = f->path;
  uint64_t window = (uint64_t)WINDOW_PACKETS * path->listeners;
  if (window < WINDOW_MIN) window = WINDOW_MIN;
  for (int64_t now_us = oh_clock_us(); now_us < end_us; now_us = oh_clock_us()) {
    uint64_t arrived = f->before + path->count->received;
    if (arrived != f->arrived) {
      f->arrived = arrived;
      f->arrived_us = now_us;
    } else if (now_us - f->arrived_us > STALL_US && f->sent * path->listeners > arrived + f->lost) {
      f->lost = f->sent * path->listeners - arrived;
      f->arrived_us = now_us;
    }
    while (f->sent * path->listeners < arrived + f->lost + window) {
      if (!path->speak(path->ctx, f->speaker, f->len)) break;
      f->speaker = (f->speaker + 1) % path->speakers;
      f->sent++;
    }
    path->turn(path->ctx);
  }
}

void oh_traffic_saturate(const struct oh_path *path, size_t len, int64_t duration_us, struct oh_traffic *t) {
  struct flow f = {.path = path, .len = len, .arrived_us = oh_clock_us()};
  reset(path);
  pump(&f, oh_clock_us() + WARM_US);
  f.before = path->count->received;
  reset(path);
  uint64_t sent = f.sent;
  begin(&f, t);
  pump(&f, oh_clock_us() + duration_us);
  finish(&f, t);
  t->sent = f.sent - sent;
  t->lost = f.lost;
  for (int64_t end_us = oh_clock_us() + SETTLE_US; oh_clock_us() < end_us;)
    path->turn(path->ctx);
}

void oh_traffic_pace(const struct oh_path *path, size_t len, int64_t duration_us, struct oh_traffic *t) {
  struct flow f = {.path = path, .len = len};
  // each speaker has a place of its own in the 20 ms
  int64_t step_us = FRAME_US / path->speakers, start_us = oh_clock_us(), next_us = start_us;
  bool counting = false;
  uint64_t sent = 0;
  while (next_us < start_us + WARM_US + duration_us) {
    int64_t now_us = oh_clock_us();
    if (!counting && now_us - start_us >= WARM_US) {
      counting = true;
      reset(path);
      begin(&f, t);
    }
    if (now_us >= next_us) {
      next_us += step_us;
      sent += path->speak(path->ctx, f.speaker, len) && counting;
      f.speaker = (f.speaker + 1) % path->speakers;
    }
    path->turn(path->ctx);
  }
  for (int64_t end_us = oh_clock_us() + SETTLE_US;
       oh_clock_us() < end_us && path->count->received < sent * path->listeners;)
    path->turn(path->ctx);
  finish(&f, t);
  t->sent = sent;
  uint64_t due = sent * path->listeners;
  t->lost = due > t->received ? due - t->received : 0;
}
