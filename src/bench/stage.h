// stage.h — what the benchmarks share: what was wished for, lines of the report, and rooms filled with
// callers.
#pragma once
#include "base/text.h"
#include "bench/traffic.h"

enum {
  OH_BENCH_ROUNDS_MAX = 50,
  OH_BENCH_ATONCE = 16, // members joining at the same time
  OH_BENCH_PATIENCE_US = 60 * 1000000,
};

struct oh_bench_wish {
  uint32_t rounds, seconds, bytes, server_cpu, generator_cpu;
  const char *only, *binary, *json;
};

struct oh_bench {
  struct oh_bench_wish wish;
  char binary[512];
  struct oh_text json;
};

// One line for people, and `key` for machines.
__attribute__((format(printf, 5, 6))) void oh_bench_figure(struct oh_bench *b, const char *key, double value,
                                                           const char *aim, const char *format, ...);
double oh_bench_median(double *values, size_t count); // sorts them

// Adds `count` alike, OH_BENCH_ATONCE at a time; numbers go to `members`. True once all are connected.
bool oh_bench_fill(struct oh_crowd *crowd, const struct oh_member_wish *wish, uint32_t *members,
                   uint32_t count);
void oh_bench_work(struct oh_crowd *crowd, int64_t duration_us);

struct oh_bench_room { // one scenario: listeners and speakers of one room
  struct oh_crowd *crowd;
  uint32_t *speakers, *listeners;
  uint32_t speaker_count, listener_count;
};
// Everybody in, published, and heard by everybody.
bool oh_bench_open_room(struct oh_bench_room *room, struct oh_crowd *crowd, uint32_t listeners,
                        uint32_t speakers);
// For struct oh_path, with the room as ctx.
bool oh_bench_room_speak(void *ctx, uint32_t speaker, size_t len);
void oh_bench_room_turn(void *ctx);
