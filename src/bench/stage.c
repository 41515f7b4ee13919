// stage.c — see stage.h
#include "bench/stage.h"
#include "base/check.h"
#include "io/clock.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

// ---- the report

void oh_bench_figure(struct oh_bench *b, const char *key, double value, const char *aim, const char *format,
                     ...) {
  char text[160];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  printf("  %-84s %s%s\n", text, *aim ? "aim " : "", aim);
  fflush(stdout);
  oh_text_addf(&b->json, "%s\n  \"%s\": %.4g", b->json.len > 1 ? "," : "", key, value);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}
double oh_bench_median(double *values, size_t count) {
  qsort(values, count, sizeof *values, by_value);
  return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

// ---- rooms full of callers

static bool settle(struct oh_crowd *crowd, const uint32_t *members, uint32_t count, uint32_t open_max) {
  int64_t give_up_us = oh_clock_us() + OH_BENCH_PATIENCE_US;
  for (uint32_t waiting = count; waiting > open_max;) {
    oh_crowd_turn(crowd);
    waiting = 0;
    for (uint32_t i = 0; i < count; i++) {
      const struct oh_member *m = oh_crowd_member(crowd, members[i]);
      if (m->state == OH_MEMBER_FAILED || oh_clock_us() > give_up_us) {
        fprintf(stderr, "offhook: member %u does not get into the room\n", members[i]);
        return false;
      }
      waiting += m->state == OH_MEMBER_JOINING;
    }
  }
  return true;
}

// Adds `count` alike, OH_BENCH_ATONCE at a time; numbers go to `members`. True once all are connected.
bool oh_bench_fill(struct oh_crowd *crowd, const struct oh_member_wish *wish, uint32_t *members,
                   uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t from = i > 2 * OH_BENCH_ATONCE ? i - 2 * OH_BENCH_ATONCE : 0;
    if (!settle(crowd, members + from, i - from, OH_BENCH_ATONCE - 1)) return false;
    members[i] = oh_crowd_add(crowd, wish);
  }
  return settle(crowd, members, count, 0);
}

void oh_bench_work(struct oh_crowd *crowd, int64_t duration_us) {
  for (int64_t end_us = oh_clock_us() + duration_us; oh_clock_us() < end_us;)
    oh_crowd_turn(crowd);
}

bool oh_bench_room_speak(void *ctx, uint32_t speaker, size_t len) {
  struct oh_bench_room *room = ctx;
  return oh_crowd_speak(room->crowd, room->speakers[speaker], len);
}
void oh_bench_room_turn(void *ctx) {
  oh_crowd_turn(((struct oh_bench_room *)ctx)->crowd);
}

// Everybody in, published, and heard by everybody.
bool oh_bench_open_room(struct oh_bench_room *room, struct oh_crowd *crowd, uint32_t listeners,
                        uint32_t speakers) {
  *room = (struct oh_bench_room){.crowd = crowd, .speaker_count = speakers, .listener_count = listeners};
  room->speakers = calloc(speakers, sizeof(uint32_t));
  room->listeners = calloc(listeners, sizeof(uint32_t));
  OH_CHECK(room->speakers && room->listeners);
  if (!oh_bench_fill(crowd, &(struct oh_member_wish){.room = "bench", .publish = true}, room->speakers,
                     speakers) ||
      !oh_bench_fill(crowd, &(struct oh_member_wish){.room = "bench", .subscribe = true}, room->listeners,
                     listeners))
    return false;
  int64_t give_up_us = oh_clock_us() + OH_BENCH_PATIENCE_US;
  for (bool all = false; !all;) {
    oh_crowd_reset(crowd);
    for (uint32_t s = 0; s < speakers; s++)
      oh_crowd_speak(crowd, room->speakers[s], 80);
    oh_bench_work(crowd, 500 * 1000);
    all = oh_crowd_counted(crowd)->received >= (uint64_t)listeners * speakers;
    if (!all && oh_clock_us() > give_up_us) {
      fprintf(stderr, "offhook: only %llu of %u voices are heard\n",
              (unsigned long long)oh_crowd_counted(crowd)->received, listeners * speakers);
      return false;
    }
  }
  return true;
}
