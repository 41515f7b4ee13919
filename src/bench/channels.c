// channels.c — see channels.h
#include "bench/channels.h"
#include "base/check.h"
#include "bench/bare.h"
#include "io/clock.h"
#include <stdio.h>

enum { LISTENERS = 20, WAIT_US = 20 * 1000000 };

struct line { // one speaker's channel
  struct oh_crowd *crowd;
  uint32_t speaker;
  bool lossy;
};

static bool say(void *ctx, uint32_t speaker, size_t len) {
  struct line *line = ctx;
  (void)speaker;
  return oh_crowd_say(line->crowd, line->speaker, line->lossy, len);
}

static void turn(void *ctx) {
  oh_crowd_turn(((struct line *)ctx)->crowd);
}

static bool all_open(struct oh_crowd *crowd, const uint32_t *members, uint32_t count) {
  for (int64_t end_us = oh_clock_us() + WAIT_US; oh_clock_us() < end_us;) {
    uint32_t open = 0;
    for (uint32_t i = 0; i < count; i++)
      open += oh_crowd_member(crowd, members[i])->data_us != 0;
    if (open == count) return true;
    oh_crowd_turn(crowd);
  }
  return fprintf(stderr, "offhook: data channels do not open\n"), false;
}

static void take(const struct oh_path *path, const struct oh_bench_wish *wish, uint32_t round,
                 struct oh_traffic *saturated, struct oh_traffic *paced) {
  int64_t duration_us = (int64_t)wish->seconds * 1000000;
  oh_traffic_saturate(path, wish->bytes, duration_us, &saturated[round]);
  oh_traffic_pace(path, wish->bytes, duration_us, &paced[round]);
}

static double per_core(struct oh_traffic *rounds, uint32_t count) {
  double values[OH_BENCH_ROUNDS_MAX];
  for (uint32_t i = 0; i < count; i++)
    values[i] = (double)rounds[i].received * 1e9 / (double)(rounds[i].cpu_ns ? rounds[i].cpu_ns : 1);
  return oh_bench_median(values, count);
}

static double by_clock(struct oh_traffic *rounds, uint32_t count) {
  double values[OH_BENCH_ROUNDS_MAX];
  for (uint32_t i = 0; i < count; i++)
    values[i] = (double)rounds[i].received * 1e6 / (double)rounds[i].elapsed_us;
  return oh_bench_median(values, count);
}

static double latency(struct oh_traffic *rounds, uint32_t count, bool p99) {
  double values[OH_BENCH_ROUNDS_MAX];
  for (uint32_t i = 0; i < count; i++)
    values[i] = (double)(p99 ? rounds[i].p99_us : rounds[i].p50_us);
  return oh_bench_median(values, count);
}

enum { RELIABLE, LOSSY, BARE, WAYS };
struct taken {
  struct oh_traffic saturated[OH_BENCH_ROUNDS_MAX], paced[OH_BENCH_ROUNDS_MAX];
};

static void tell(struct oh_bench *b, struct taken *taken) {
  static const char *const names[] = {"reliable", "lossy", "bare loop, SRTP packets of the same size"};
  static const char *const keys[] = {"data_reliable", "data_lossy", "data_bare"};
  uint32_t n = b->wish.rounds;
  double limit = per_core(taken[BARE].saturated, n);
  for (int way = 0; way < WAYS; way++) {
    char key[64];
    uint64_t lost = 0;
    for (uint32_t i = 0; i < n; i++)
      lost += taken[way].saturated[i].lost + taken[way].paced[i].lost;
    double rate = per_core(taken[way].saturated, n);
    snprintf(key, sizeof key, "%s_per_core_s", keys[way]);
    oh_bench_figure(b, key, rate, "", "%s: %.0f delivered per second of a core, %.0f/s by the clock",
                    names[way], rate, by_clock(taken[way].saturated, n));
    snprintf(key, sizeof key, "%s_of_limit", keys[way]);
    if (way != BARE)
      oh_bench_figure(b, key, rate / limit, "", "  share of the bare loop: %.2f", rate / limit);
    double p50 = latency(taken[way].paced, n, false), p99 = latency(taken[way].paced, n, true);
    snprintf(key, sizeof key, "%s_latency_p50_us", keys[way]);
    oh_bench_figure(b, key, p50, "", "  50 a second: latency p50 %.0f us, p99 %.0f us", p50, p99);
    snprintf(key, sizeof key, "%s_lost", keys[way]);
    oh_bench_figure(b, key, (double)lost, "", "  lost in all: %llu", (unsigned long long)lost);
  }
}

bool oh_bench_channels(struct oh_bench *b) {
  struct oh_server server;
  int64_t start_us;
  uint32_t members[1 + LISTENERS];
  struct taken *taken = calloc(WAYS, sizeof *taken);
  OH_CHECK(taken);
  printf("data messages of %u bytes, one speaker, %d listeners\n", b->wish.bytes, LISTENERS);
  struct oh_bare *bare = oh_bare_open(b->wish.server_cpu, 1, LISTENERS);
  bool ok = bare && oh_server_start(&server, b->binary, b->wish.server_cpu, true, &start_us);
  struct oh_crowd *crowd = ok ? oh_crowd_open(&server) : NULL;
  const struct oh_member_wish wish = {.room = "data", .publish = true, .data = true};
  ok =
      crowd && oh_bench_fill(crowd, &wish, members, 1 + LISTENERS) && all_open(crowd, members, 1 + LISTENERS);
  for (uint32_t i = 0; i < b->wish.rounds && ok; i++) {
    struct oh_path loop = oh_bare_path(bare);
    take(&loop, &b->wish, i, taken[BARE].saturated, taken[BARE].paced);
    for (int way = RELIABLE; way <= LOSSY; way++) {
      struct line line = {.crowd = crowd, .speaker = members[0], .lossy = way == LOSSY};
      struct oh_path path = {.ctx = &line,
                             .speak = say,
                             .turn = turn,
                             .count = oh_crowd_counted(crowd),
                             .pid = server.pid,
                             .speakers = 1,
                             .listeners = LISTENERS};
      oh_bench_work(crowd, 200 * 1000); // what the callers have missed meanwhile
      take(&path, &b->wish, i, taken[way].saturated, taken[way].paced);
    }
  }
  if (ok) tell(b, taken);
  if (crowd) oh_crowd_close(crowd);
  oh_server_stop(&server);
  oh_bare_close(bare);
  free(taken);
  return ok;
}
