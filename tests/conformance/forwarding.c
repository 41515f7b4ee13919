// forwarding.c — the real binary with one speaker and 128 listeners (whole callers: ICE, DTLS, SRTP), and
// tally.c preloaded: at most one system call per 32 packets, and no allocation for any of them.
//   forwarding SERVER-BINARY TALLY-LIBRARY
// An allocation per packet (or batch) would show in every window of 12 ms; what allocates now and then (ICE
// checks, speaker updates, quality) shows only in some. So windows without any, full of packets, prove the
// path free.
#include "bench/crowd.h"
#include "bench/traffic.h"
#include "io/clock.h"
#include "tests/conformance/tally.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  LISTENERS = 128,
  WINDOWS = 300,
  WINDOW_US = 12000,
  PACKETS_MIN = 300, // a window with fewer proves nothing
  PACKETS_PER_CALL = 32,
  BYTES = 80,
  PATIENCE_US = 30 * 1000000,
};

static uint32_t passed, failed;
static void check(bool ok, const char *what) {
  printf("%s %u - %s\n", ok ? "ok" : "not ok", passed + failed + 1, what);
  *(ok ? &passed : &failed) += 1;
}

struct scene {
  struct oh_crowd *crowd;
  uint32_t speaker, listeners[LISTENERS];
};

static bool speak(void *ctx, uint32_t speaker, size_t len) {
  struct scene *s = ctx;
  (void)speaker;
  return oh_crowd_speak(s->crowd, s->speaker, len);
}
static void turn(void *ctx) {
  oh_crowd_turn(((struct scene *)ctx)->crowd);
}

static bool all_connected(const struct scene *s) {
  if (!oh_crowd_member(s->crowd, s->speaker)->published) return false;
  for (uint32_t i = 0; i < LISTENERS; i++)
    if (oh_crowd_member(s->crowd, s->listeners[i])->state != OH_MEMBER_CONNECTED) return false;
  return true;
}

// Until everybody hears: the first packets make what is made once.
static bool gather(struct scene *s) {
  s->speaker = oh_crowd_add(s->crowd, &(struct oh_member_wish){.room = "path", .publish = true});
  for (uint32_t i = 0; i < LISTENERS; i++)
    s->listeners[i] = oh_crowd_add(s->crowd, &(struct oh_member_wish){.room = "path", .subscribe = true});
  int64_t until_us = oh_clock_us() + PATIENCE_US, next_us = 0;
  for (;;) {
    int64_t now_us = oh_clock_us();
    if (now_us > until_us) return false;
    oh_crowd_turn(s->crowd);
    if (!all_connected(s) || now_us < next_us) continue;
    next_us = now_us + 20000;
    oh_crowd_speak(s->crowd, s->speaker, BYTES);
    uint32_t hearing = 0;
    for (uint32_t i = 0; i < LISTENERS; i++)
      hearing += oh_crowd_member(s->crowd, s->listeners[i])->received > 0;
    if (hearing == LISTENERS) return true;
  }
}

static void measure(struct scene *s, const struct tally *tally, pid_t pid) {
  struct oh_path path = {.ctx = s,
                         .speak = speak,
                         .turn = turn,
                         .count = oh_crowd_counted(s->crowd),
                         .pid = pid,
                         .speakers = 1,
                         .listeners = LISTENERS};
  struct oh_traffic traffic;
  uint64_t packets = 0, calls = 0, free_windows = 0, full_windows = 0, fewest = UINT64_MAX;
  oh_traffic_saturate(&path, BYTES, WINDOW_US, &traffic); // warm
  for (int i = 0; i < WINDOWS; i++) {
    uint64_t allocations = tally->allocations, syscalls = tally->syscalls,
             moved = tally->received + tally->sent;
    int64_t end_us = oh_clock_us() + WINDOW_US;
    while (oh_clock_us() < end_us) { // a few at a time, so that nothing overflows
      for (int n = 0; n < 4; n++)
        oh_crowd_speak(s->crowd, s->speaker, BYTES);
      int64_t pause_us = oh_clock_us() + 4000;
      while (oh_clock_us() < pause_us)
        oh_crowd_turn(s->crowd);
    }
    allocations = tally->allocations - allocations;
    moved = tally->received + tally->sent - moved;
    calls += tally->syscalls - syscalls;
    packets += moved;
    full_windows += moved >= PACKETS_MIN;
    free_windows += moved >= PACKETS_MIN && allocations == 0;
    if (allocations < fewest) fewest = allocations;
  }
  printf("# %llu packets, %llu system calls (%.1f packets each); %llu windows of %u packets and more, %llu "
         "of them "
         "without an allocation (fewest: %llu)\n",
         (unsigned long long)packets, (unsigned long long)calls,
         (double)packets / (double)(calls ? calls : 1), (unsigned long long)full_windows, PACKETS_MIN,
         (unsigned long long)free_windows, (unsigned long long)fewest);
  check(full_windows >= WINDOWS / 2, "packets were forwarded all the time");
  check(calls > 0 && calls * PACKETS_PER_CALL <= packets, "at most one system call per 32 packets");
  check(free_windows >= full_windows / 4 && free_windows > 0, "no allocation on the path of a packet");
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  char path[] = "/tmp/offhook-tally-XXXXXX";
  int fd = mkstemp(path);
  if (fd < 0 || ftruncate(fd, sizeof(struct tally))) return perror(path), 1;
  const struct tally *tally = mmap(NULL, sizeof *tally, PROT_READ, MAP_SHARED, fd, 0);
  if (tally == MAP_FAILED) return perror(path), 1;
  struct oh_server server;
  int64_t start_us;
  setenv("OFFHOOK_TALLY", path, 1);
  setenv("LD_PRELOAD", argv[2], 1); // for the server only: it is read at exec
  bool ok = oh_server_start(&server, argv[1], 0, true, &start_us);
  unsetenv("LD_PRELOAD");
  check(ok && tally->allocations > 0, "the server runs and is counted");
  struct scene scene = {.crowd = ok ? oh_crowd_open(&server) : NULL};
  check(scene.crowd && gather(&scene), "everybody hears the speaker");
  if (!failed) measure(&scene, tally, server.pid);
  if (scene.crowd) oh_crowd_close(scene.crowd);
  oh_server_stop(&server);
  unlink(path);
  printf("1..%u\n", passed + failed);
  return failed ? 1 : 0;
}
