// wire_pair.h — two ends joined by a bad network in virtual time: packets are lost, doubled and overtake each
// other, repeatably by seed. The ends are given by their receive, tick and deadline functions.
#pragma once
#include "base/heap.h"
#include "base/limits.h"
#include "tests/unit/test.h"

enum { FLIGHT_MAX = 8192 };

struct flying {
  int64_t at_us;
  int to;
  size_t len;
  uint8_t bytes[OH_SCTP_PACKET_MAX];
};
struct line {
  uint64_t seed;
  int loss_percent, double_percent, late_percent; // late: delayed by up to 60 ms more
  int64_t delay_us, now_us;
  struct flying *flying;
  uint32_t count;
  uint64_t sent[2], sent_bytes[2], biggest;
  void *ends[2];
  void (*recv)(void *end, int64_t now_us, const uint8_t *packet, size_t len);
  void (*tick)(void *end, int64_t now_us);
  int64_t (*deadline)(void *end);
  void (*after)(struct line *line, int end); // fetch the events
};
struct line_end {
  struct line *line;
  int from;
};

static void line_init(struct line *l, uint64_t seed) {
  *l = (struct line){.seed = seed, .delay_us = 20000, .now_us = 1000000};
  l->flying = malloc(FLIGHT_MAX * sizeof *l->flying);
  assert_non_null(l->flying);
}
static void line_fini(struct line *l) {
  free(l->flying);
}
static bool chance(struct line *l, int percent) {
  return (int)(test_next(&l->seed) % 100) < percent;
}
static void line_put(struct line *l, int to, int64_t at_us, const uint8_t *packet, size_t len) {
  assert_true(l->count < FLIGHT_MAX && len <= OH_SCTP_PACKET_MAX);
  struct flying *f = &l->flying[l->count++];
  *f = (struct flying){.at_us = at_us, .to = to, .len = len};
  memcpy(f->bytes, packet, len);
}
static void line_send(void *ctx, int64_t now_us, const uint8_t *packet, size_t len) {
  struct line_end *end = ctx;
  struct line *l = end->line;
  l->sent[end->from]++;
  l->sent_bytes[end->from] += len;
  if (len > l->biggest) l->biggest = len;
  if (chance(l, l->loss_percent)) return;
  int64_t at_us = now_us + l->delay_us;
  if (chance(l, l->late_percent)) at_us += (int64_t)(test_next(&l->seed) % 60000);
  line_put(l, !end->from, at_us, packet, len);
  if (chance(l, l->double_percent)) line_put(l, !end->from, at_us + 5000, packet, len);
}
// The next thing that happens, up to `until_us`; false when nothing does.
static bool line_step(struct line *l, int64_t until_us) {
  uint32_t first = 0;
  for (uint32_t i = 1; i < l->count; i++)
    if (l->flying[i].at_us < l->flying[first].at_us) first = i;
  int64_t packet_us = l->count ? l->flying[first].at_us : OH_NEVER;
  int64_t a_us = l->deadline(l->ends[0]), b_us = l->deadline(l->ends[1]);
  int64_t timer_us = a_us < b_us ? a_us : b_us;
  int64_t next_us = packet_us < timer_us ? packet_us : timer_us;
  if (next_us > until_us) {
    l->now_us = until_us == OH_NEVER ? l->now_us : until_us;
    return false;
  }
  if (next_us > l->now_us) l->now_us = next_us;
  int who = packet_us <= timer_us ? l->flying[first].to : a_us <= b_us ? 0 : 1;
  if (packet_us <= timer_us) {
    struct flying f = l->flying[first];
    for (uint32_t i = first + 1; i < l->count; i++) // in order of sending: equal times do not swap
      l->flying[i - 1] = l->flying[i];
    l->count--;
    uint8_t *exact = malloc(f.len); // so that reading beyond the end is seen
    assert_non_null(exact);
    memcpy(exact, f.bytes, f.len);
    l->recv(l->ends[who], l->now_us, exact, f.len);
    free(exact);
  } else {
    l->tick(l->ends[who], l->now_us);
    assert_true(l->deadline(l->ends[who]) > l->now_us); // never spins
  }
  l->after(l, who);
  return true;
}
static void line_run(struct line *l, int64_t for_us) {
  int64_t until_us = l->now_us + for_us;
  while (line_step(l, until_us))
    ;
}
