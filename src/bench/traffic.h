// traffic.h — the two ways a forwarder is measured: saturated (a window of packets always on their way, so
// that it never waits and nothing overflows) and at the pace of speech (50 packets a second and speaker).
#pragma once
#include "bench/crowd.h"

struct oh_path { // something that forwards: our server with a crowd around it, or the bare loop
  void *ctx;
  bool (*speak)(void *ctx, uint32_t speaker, size_t len);
  void (*turn)(void *ctx);
  struct oh_crowd_count *count;
  pid_t pid; // whose processor time is counted
  uint32_t speakers, listeners;
};

struct oh_traffic {
  uint64_t sent, received; // by speakers; by listeners, decrypted
  uint64_t lost;
  int64_t elapsed_us, cpu_ns;
  int64_t p50_us, p99_us, p999_us; // from speaking to having been read
};

void oh_traffic_saturate(const struct oh_path *path, size_t len, int64_t duration_us,
                         struct oh_traffic *result);
void oh_traffic_pace(const struct oh_path *path, size_t len, int64_t duration_us, struct oh_traffic *result);
