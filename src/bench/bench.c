// bench.c — see bench.h
#include "bench/bench.h"
#include "base/check.h"
#include "base/text.h"
#include "bench/bare.h"
#include "bench/channels.h"
#include "bench/requests.h"
#include "bench/stage.h"
#include "io/clock.h"
#include "io/entropy.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
  STARTS = 15,
  JOINS = 1500,     // measured full joins …
  LONE_JOINS = 200, // … and those one after another
  DATA_JOINS = 250, // with data channels, and as many without,
  DATA_ROUNDS = 4,  // so often
  JOIN_ROOMS = 8,   // each with one speaker
  IDLE = 600,
  IDLE_ROOM = 10, // participants for the memory figure, and how many share a room
  CALLS = 250,    // calls of two for the memory figure
  FRAME_US = 20 * 1000,
};

// ---- forwarding

// Rates are per second of processor time: on a machine with neighbours the seconds of the clock belong to
// others, too.
struct rounds {
  double per_core[OH_BENCH_ROUNDS_MAX], busy[OH_BENCH_ROUNDS_MAX], wall[OH_BENCH_ROUNDS_MAX]; // saturated
  double cpu_us[OH_BENCH_ROUNDS_MAX], p50[OH_BENCH_ROUNDS_MAX], p99[OH_BENCH_ROUNDS_MAX],
      p999[OH_BENCH_ROUNDS_MAX];
  uint64_t lost, received;
};

static void take(struct rounds *r, uint32_t i, const struct oh_path *path, const struct oh_bench_wish *wish) {
  struct oh_traffic t;
  int64_t duration_us = (int64_t)wish->seconds * 1000000;
  oh_traffic_saturate(path, wish->bytes, duration_us, &t);
  r->per_core[i] = (double)t.received * 1e9 / (double)(t.cpu_ns ? t.cpu_ns : 1);
  r->busy[i] = (double)t.cpu_ns / 1e3 / (double)t.elapsed_us;
  r->wall[i] = (double)t.received * 1e6 / (double)t.elapsed_us;
  r->lost += t.lost;
  oh_traffic_pace(path, wish->bytes, duration_us, &t);
  r->cpu_us[i] = (double)t.cpu_ns / 1e3 / (double)(t.received ? t.received : 1);
  r->p50[i] = (double)t.p50_us, r->p99[i] = (double)t.p99_us, r->p999[i] = (double)t.p999_us;
  r->lost += t.lost;
  r->received += t.received;
}

static void tell_saturated(struct oh_bench *b, const char *name, struct rounds *server, struct rounds *bare) {
  uint32_t n = b->wish.rounds;
  char key[64];
  double ratio[OH_BENCH_ROUNDS_MAX];
  for (uint32_t i = 0; i < n; i++)
    ratio[i] = server->per_core[i] / bare->per_core[i];
  double r = oh_bench_median(ratio, n), s = oh_bench_median(server->per_core, n),
         l = oh_bench_median(bare->per_core, n);
  double best = server->per_core[n - 1], bare_best = bare->per_core[n - 1];
#define KEY(what) (snprintf(key, sizeof key, "%s_" what, name), key)
  oh_bench_figure(b, KEY("packets_per_core_s"), s, ">= 150000",
                  "saturated: %.0f packets forwarded per second of a core (best round %.0f)", s, best);
  oh_bench_figure(b, KEY("bare_packets_per_core_s"), l, "", "  bare loop: %.0f (best round %.0f)", l,
                  bare_best);
  oh_bench_figure(b, KEY("of_limit"), r, ">= 0.80", "  share of the limit: %.2f (of the best rounds %.2f)", r,
                  best / bare_best);
  s = oh_bench_median(server->wall, n), l = oh_bench_median(bare->wall, n);
  double busy = 100 * oh_bench_median(server->busy, n), bare_busy = 100 * oh_bench_median(bare->busy, n);
  oh_bench_figure(b, KEY("wall_packets_per_s"), s, "",
                  "  by the clock: %.0f/s, core %.0f %% busy (bare %.0f/s, %.0f %%)", s, busy, l, bare_busy);
}

static void tell_paced(struct oh_bench *b, const char *name, struct rounds *server, struct rounds *bare) {
  uint32_t n = b->wish.rounds;
  char key[64];
  double s = oh_bench_median(server->cpu_us, n), l = oh_bench_median(bare->cpu_us, n);
  oh_bench_figure(b, KEY("cpu_us"), s, "",
                  "at the pace of speech: %.2f us of processor per forwarded packet (bare %.2f)", s, l);
  oh_bench_figure(b, KEY("bare_cpu_us"), l, "", "  share of the limit: %.2f", l / s);
  double p50 = oh_bench_median(server->p50, n), p99 = oh_bench_median(server->p99, n),
         p999 = oh_bench_median(server->p999, n);
  oh_bench_figure(b, KEY("latency_p50_us"), p50, "",
                  "  latency mouth to ear p50 %.0f us, p99 %.0f us, p99.9 %.0f us", p50, p99, p999);
  double q50 = oh_bench_median(bare->p50, n), q99 = oh_bench_median(bare->p99, n),
         q999 = oh_bench_median(bare->p999, n);
  oh_bench_figure(b, KEY("bare_latency_p50_us"), q50, "",
                  "  bare loop            p50 %.0f us, p99 %.0f us, p99.9 %.0f us", q50, q99, q999);
  oh_text_addf(&b->json, ",\n  \"%s_latency_p99_us\": %.0f,\n  \"%s_latency_p999_us\": %.0f", name, p99, name,
               p999);
  oh_text_addf(&b->json, ",\n  \"%s_bare_latency_p99_us\": %.0f", name, q99);
  oh_bench_figure(b, KEY("lost"), (double)server->lost, "", "  packets lost: %llu of %llu (bare %llu)",
                  (unsigned long long)server->lost, (unsigned long long)(server->received + server->lost),
                  (unsigned long long)bare->lost);
#undef KEY
}

static bool measure_forwarding(struct oh_bench *b, const char *name, uint32_t listeners, uint32_t speakers) {
  struct oh_server server;
  struct oh_bench_room room = {0};
  struct rounds *served = calloc(2, sizeof *served), *bare_served = served + 1;
  int64_t start_us;
  OH_CHECK(served);
  printf("%u listeners, %u speaker%s, Opus of %u bytes\n", listeners, speakers, speakers == 1 ? "" : "s",
         b->wish.bytes);
  struct oh_bare *bare = oh_bare_open(b->wish.server_cpu, speakers, listeners);
  bool ok = bare && oh_server_start(&server, b->binary, b->wish.server_cpu, true, &start_us);
  struct oh_crowd *crowd = ok ? oh_crowd_open(&server) : NULL;
  ok = crowd && oh_bench_open_room(&room, crowd, listeners, speakers);
  if (ok) {
    struct oh_path loop = oh_bare_path(bare), path = {.ctx = &room,
                                                      .speak = oh_bench_room_speak,
                                                      .turn = oh_bench_room_turn,
                                                      .count = oh_crowd_counted(crowd),
                                                      .pid = server.pid,
                                                      .speakers = speakers,
                                                      .listeners = listeners};
    for (uint32_t i = 0; i < b->wish.rounds; i++) {
      take(bare_served, i, &loop, &b->wish);
      oh_bench_work(crowd, 200 * 1000); // what the callers have missed meanwhile
      take(served, i, &path, &b->wish);
    }
    tell_saturated(b, name, served, bare_served);
    tell_paced(b, name, served, bare_served);
  }
  if (crowd) oh_crowd_close(crowd);
  oh_server_stop(&server);
  oh_bare_close(bare);
  free(room.speakers);
  free(room.listeners);
  free(served);
  return ok;
}

// ---- joins

struct stage { // rooms with a speaker each, and joiners who come, hear and go
  struct oh_crowd *crowd;
  uint32_t speakers[JOIN_ROOMS];
  int64_t next_us;
  uint32_t next;
};

static void stage_turn(struct stage *s, uint32_t bytes) {
  int64_t now_us = oh_clock_us();
  while (now_us >= s->next_us) {
    oh_crowd_speak(s->crowd, s->speakers[s->next], bytes);
    s->next = (s->next + 1) % JOIN_ROOMS;
    s->next_us += FRAME_US / JOIN_ROOMS;
  }
  oh_crowd_turn(s->crowd);
}

struct joins {
  bool data;                                    // with data channels, which must stand, too
  struct oh_histogram joined, connected, audio; // µs since the first connect()
  int64_t elapsed_us, cpu_ns;
};

static bool run_joins(struct oh_bench *b, struct stage *s, pid_t pid, uint32_t count, uint32_t at_once,
                      struct joins *j) {
  uint32_t open[OH_BENCH_ATONCE], opened = 0, done = 0, begun = 0;
  *j = (struct joins){.data = j->data, .cpu_ns = oh_machine_cpu_ns(pid), .elapsed_us = oh_clock_us()};
  int64_t give_up_us = oh_clock_us() + OH_BENCH_PATIENCE_US, next_us = 0;
  struct oh_random random = oh_entropy();
  while (done < count) {
    char name[16];
    for (; opened < at_once && begun < count && oh_clock_us() >= next_us; begun++) {
      snprintf(name, sizeof name, "join-%u", begun % JOIN_ROOMS);
      open[opened++] =
          oh_crowd_add(s->crowd, &(struct oh_member_wish){.room = name, .subscribe = true, .data = j->data});
    }
    stage_turn(s, b->wish.bytes);
    for (uint32_t i = 0; i < opened;) {
      const struct oh_member *m = oh_crowd_member(s->crowd, open[i]);
      if (m->state == OH_MEMBER_FAILED || oh_clock_us() > give_up_us)
        return fprintf(stderr, "offhook: a join failed after %u\n", done), false;
      if (!m->audio_us || (j->data && !m->data_us)) {
        i++;
        continue;
      }
      oh_histogram_add(&j->joined, m->joined_us - m->begun_us);
      oh_histogram_add(&j->connected, m->connected_us - m->begun_us);
      oh_histogram_add(&j->audio, m->audio_us - m->begun_us);
      oh_crowd_leave(s->crowd, open[i]);
      open[i] = open[--opened];
      done++;
      // a lone join must not start in step with the speakers' frames, which is when the last one ended
      if (at_once == 1) next_us = oh_clock_us() + oh_random_u32(&random) % FRAME_US;
    }
  }
  j->cpu_ns = oh_machine_cpu_ns(pid) - j->cpu_ns;
  j->elapsed_us = oh_clock_us() - j->elapsed_us;
  return true;
}

static double ms(const struct oh_histogram *h, uint32_t per_100k) {
  return (double)oh_histogram_at(h, per_100k) / 1e3;
}

static void tell_joins(struct oh_bench *b, const struct joins *lone, const struct joins *many) {
  double rate = JOINS * 1e6 / (double)many->elapsed_us, cpu_ms = (double)many->cpu_ns / 1e6 / JOINS;
  double busy = (double)many->cpu_ns / 1e3 / (double)many->elapsed_us;
  oh_bench_figure(b, "joins_per_s", rate, ">= 400",
                  "full joins, %d at once: %.0f/s with the server's core %.0f %% busy", OH_BENCH_ATONCE, rate,
                  100 * busy);
  oh_bench_figure(b, "join_cpu_ms", cpu_ms, "", "  processor time of the server per join and leave: %.2f ms",
                  cpu_ms);
  oh_bench_figure(b, "joins_per_core_s", 1e3 / cpu_ms, ">= 400",
                  "  what a whole core carries at that price: %.0f/s", 1e3 / cpu_ms);
  oh_bench_figure(b, "join_p99_ms", ms(&many->audio, 99000), "", "  first audio p50 %.1f ms, p99 %.1f ms",
                  ms(&many->audio, 50000), ms(&many->audio, 99000));
  oh_bench_figure(b, "lone_join_p50_ms", ms(&lone->audio, 50000), "p50 <= 50 ms",
                  "one join at a time: first audio p50 %.1f ms, p99 %.1f ms", ms(&lone->audio, 50000),
                  ms(&lone->audio, 99000));
  oh_bench_figure(b, "lone_connected_p50_ms", ms(&lone->connected, 50000), "",
                  "  of it: joined p50 %.1f ms, media path up p50 %.1f ms; the rest waits for a 20 ms frame",
                  ms(&lone->joined, 50000), ms(&lone->connected, 50000));
}

// Rooms with a speaker each, who needs no data channels.
static bool open_stage(struct stage *stage, const struct oh_server *server) {
  bool ok = true;
  stage->crowd = oh_crowd_open(server);
  for (uint32_t i = 0; i < JOIN_ROOMS && ok; i++) {
    char name[16];
    snprintf(name, sizeof name, "join-%u", i);
    ok = oh_bench_fill(stage->crowd, &(struct oh_member_wish){.room = name, .publish = true},
                       &stage->speakers[i], 1);
  }
  stage->next_us = oh_clock_us();
  return ok;
}

// With data channels and without, in turns.
static bool measure_data_joins(struct oh_bench *b) {
  struct oh_server server;
  struct stage stage = {0};
  struct joins *j = calloc(1, sizeof *j);
  int64_t start_us, cpu_ns[2] = {0}, elapsed_us[2] = {0};
  OH_CHECK(j);
  if (!oh_server_start(&server, b->binary, b->wish.server_cpu, true, &start_us)) return free(j), false;
  bool ok = open_stage(&stage, &server) &&
            run_joins(b, &stage, server.pid, OH_BENCH_ATONCE * 4, OH_BENCH_ATONCE, j); // warms up
  for (int round = 0; round < 2 * DATA_ROUNDS && ok; round++) {
    j->data = round % 2;
    ok = run_joins(b, &stage, server.pid, DATA_JOINS, OH_BENCH_ATONCE, j);
    cpu_ns[round % 2] += j->cpu_ns;
    elapsed_us[round % 2] += j->elapsed_us;
  }
  double cpu_ms = (double)cpu_ns[1] / 1e6 / (DATA_JOINS * DATA_ROUNDS),
         share = (double)cpu_ns[0] / (double)cpu_ns[1];
  if (ok) {
    oh_bench_figure(b, "data_join_cpu_ms", cpu_ms, "",
                    "with data channels that stand: %.2f ms of processor per join", cpu_ms);
    oh_bench_figure(b, "data_joins_of_joins", share, ">= 0.80",
                    "  joins per core with them against those without, in turns: %.2f (by the clock %.2f)",
                    share, (double)elapsed_us[0] / (double)elapsed_us[1]);
  }
  oh_crowd_close(stage.crowd);
  oh_server_stop(&server);
  free(j);
  return ok;
}

static bool measure_joins(struct oh_bench *b) {
  struct oh_server server;
  struct stage stage = {0};
  struct joins *lone = calloc(3, sizeof *lone);
  int64_t start_us;
  OH_CHECK(lone);
  printf("joins: TCP, WebSocket, join, ICE, DTLS, first audio; then leave\n");
  if (!oh_server_start(&server, b->binary, b->wish.server_cpu, true, &start_us)) return free(lone), false;
  bool ok = open_stage(&stage, &server) &&
            run_joins(b, &stage, server.pid, OH_BENCH_ATONCE * 4, OH_BENCH_ATONCE, &lone[2]) && // warms up
            run_joins(b, &stage, server.pid, LONE_JOINS, 1, &lone[0]) &&
            run_joins(b, &stage, server.pid, JOINS, OH_BENCH_ATONCE, &lone[1]);
  if (ok) tell_joins(b, &lone[0], &lone[1]);
  oh_crowd_close(stage.crowd);
  oh_server_stop(&server);
  free(lone);
  return ok && measure_data_joins(b);
}

// ---- memory

// `rooms` rooms of `size` who all publish, or of whom nobody does; then some speech. False: did not work.
static bool people(struct oh_crowd *crowd, uint32_t rooms, uint32_t size, bool publish, bool data,
                   uint32_t bytes) {
  uint32_t *members = calloc(rooms * size, sizeof *members);
  OH_CHECK(members);
  bool ok = true;
  for (uint32_t r = 0; r < rooms && ok; r++) {
    char name[24];
    snprintf(name, sizeof name, "people-%u", r);
    ok = oh_bench_fill(
        crowd, &(struct oh_member_wish){.room = name, .publish = publish, .subscribe = true, .data = data},
        members + r * size, size);
  }
  for (int i = 0; i < 150 && ok && publish; i++) { // three seconds of everybody talking
    int64_t next_us = oh_clock_us() + FRAME_US;
    for (uint32_t m = 0; m < rooms * size; m++) {
      oh_crowd_speak(crowd, members[m], bytes);
      if (m % 16 == 15) oh_crowd_turn(crowd);
    }
    oh_bench_work(crowd, next_us > oh_clock_us() ? next_us - oh_clock_us() : 0);
  }
  oh_bench_work(crowd, 500 * 1000);
  for (uint32_t m = 0; m < rooms * size && ok && data; m++)
    ok = oh_crowd_member(crowd, members[m])->data_us != 0; // or there would be nothing to weigh
  free(members);
  return ok;
}

static bool measure_memory_of(struct oh_bench *b, uint32_t rooms, uint32_t size, bool publish, bool data,
                              double *kb_each) {
  struct oh_server server;
  int64_t start_us;
  if (!oh_server_start(&server, b->binary, b->wish.server_cpu, true, &start_us)) return false;
  struct oh_crowd *crowd = oh_crowd_open(&server);
  int64_t before_kb = oh_machine_memory_kb(server.pid, "Pss_Anon:");
  bool ok = people(crowd, rooms, size, publish, data, b->wish.bytes);
  *kb_each = (double)(oh_machine_memory_kb(server.pid, "Pss_Anon:") - before_kb) / rooms;
  oh_crowd_close(crowd);
  oh_server_stop(&server);
  return ok;
}

static bool measure_memory(struct oh_bench *b) {
  double room_kb, data_kb, call_kb;
  printf("memory of the server's process (private pages, difference to the empty server)\n");
  if (!measure_memory_of(b, IDLE / IDLE_ROOM, IDLE_ROOM, false, false, &room_kb) ||
      !measure_memory_of(b, IDLE / IDLE_ROOM, IDLE_ROOM, false, true, &data_kb) ||
      !measure_memory_of(b, CALLS, 2, true, false, &call_kb))
    return false;
  oh_bench_figure(b, "idle_participant_kb", room_kb / IDLE_ROOM, "<= 150 KB",
                  "idle participant (WebSocket, ICE, DTLS up): %.1f KB (of %d)", room_kb / IDLE_ROOM, IDLE);
  data_kb = (data_kb - room_kb) / IDLE_ROOM;
  oh_bench_figure(b, "association_kb", data_kb, "",
                  "  its data channels (one SCTP association) on top: %.1f KB", data_kb);
  oh_bench_figure(b, "call_kb", call_kb, "", "call of two who both have talked for 3 s: %.1f KB (of %d)",
                  call_kb, CALLS);
  return true;
}

// ---- start

static bool measure_start(struct oh_bench *b) {
  double times[STARTS];
  struct oh_server server;
  int64_t kb = 0;
  printf("start\n");
  for (int i = 0; i < STARTS; i++) {
    int64_t start_us;
    if (!oh_server_start(&server, b->binary, b->wish.server_cpu, true, &start_us)) return false;
    times[i] = (double)start_us / 1e3;
    kb = oh_machine_memory_kb(server.pid, "Pss:");
    oh_server_stop(&server);
  }
  double middle = oh_bench_median(times, STARTS);
  int64_t bytes = oh_machine_stripped_bytes(b->binary);
  oh_bench_figure(b, "cold_start_ms", middle, "<= 20 ms",
                  "exec until GET / answers 200: median %.1f ms, best %.1f ms of %d", middle, times[0],
                  STARTS);
  oh_bench_figure(b, "empty_kb", (double)kb, "", "memory of the empty server: %.1f MB (proportional share)",
                  (double)kb / 1024);
  oh_bench_figure(b, "binary_bytes", (double)bytes, "", "binary without symbols, page included: %.2f MB",
                  (double)bytes / 1e6);
  return true;
}

// ---- the command

static bool read_wish(struct oh_bench_wish *wish, int count, char **args) {
  const struct {
    const char *flag;
    uint32_t *number, least, most;
    const char **text;
  } flags[] = {
      {"--rounds", &wish->rounds, 1, OH_BENCH_ROUNDS_MAX, NULL},
      {"--seconds", &wish->seconds, 1, 600, NULL},
      {"--bytes", &wish->bytes, 9, 1000, NULL},
      {"--server-cpu", &wish->server_cpu, 0, 1023, NULL},
      {"--generator-cpu", &wish->generator_cpu, 0, 1023, NULL},
      {"--only", NULL, 0, 0, &wish->only},
      {"--binary", NULL, 0, 0, &wish->binary},
      {"--json", NULL, 0, 0, &wish->json},
  };
  for (int i = 0; i < count; i += 2) {
    size_t f = 0;
    uint64_t number = 0;
    while (f < sizeof flags / sizeof flags[0] && strcmp(flags[f].flag, args[i]) != 0)
      f++;
    if (f == sizeof flags / sizeof flags[0] || i + 1 == count) {
      fprintf(stderr, "offhook: bench: %s is unknown or needs a value; see `offhook help bench`\n", args[i]);
      return false;
    }
    if (flags[f].text) {
      *flags[f].text = args[i + 1];
    } else if (!oh_str_to_u64(oh_str(args[i + 1]), flags[f].most, &number) || number < flags[f].least) {
      fprintf(stderr, "offhook: %s is a number from %u to %u\n", args[i], flags[f].least, flags[f].most);
      return false;
    } else {
      *flags[f].number = (uint32_t)number;
    }
  }
  return true;
}

static bool wanted(const struct oh_bench_wish *wish, const char *part) {
  struct oh_str rest = oh_str(wish->only ? wish->only : part);
  while (rest.len)
    if (oh_str_eq(oh_str_trim(oh_str_cut(&rest, ',')), oh_str(part))) return true;
  return false;
}

static bool write_json(struct oh_bench *b, const char *machine, const char *date) {
  FILE *file = strcmp(b->wish.json, "-") == 0 ? stdout : fopen(b->wish.json, "we");
  if (!file) return fprintf(stderr, "offhook: %s: %s\n", b->wish.json, strerror(errno)), false;
  fprintf(file, "%.*s,\n  \"machine\": \"%s\",\n  \"date\": \"%s\"\n}\n", (int)b->json.len, b->json.data,
          machine, date);
  return file == stdout || fclose(file) == 0;
}

int oh_bench_command(int count, char **args) {
  struct oh_bench b = {.wish = {.rounds = 5, .seconds = 2, .bytes = 80, .server_cpu = 1}};
  if (!read_wish(&b.wish, count, args)) return 2;
  ssize_t n = readlink("/proc/self/exe", b.binary, sizeof b.binary - 1);
  if (b.wish.binary) n = snprintf(b.binary, sizeof b.binary, "%s", b.wish.binary);
  if (n <= 0) return fprintf(stderr, "offhook: which binary? give --binary\n"), 2;
  if (oh_machine_cpus() < 2 || b.wish.server_cpu == b.wish.generator_cpu ||
      !oh_machine_pin(b.wish.generator_cpu))
    return fprintf(stderr,
                   "offhook: bench needs two processors, one for the server and one for the callers\n"),
           1;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);
  setpriority(PRIO_PROCESS, 0, -15); // where we may: neighbours disturb less; the server inherits it
  char machine[400], date[32];
  time_t now = time(NULL);
  oh_machine_describe(machine, sizeof machine);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  printf("%s\n%s\nserver on processor %u, callers on %u; %u rounds of %u s, medians of rounds\n\n", machine,
         date, b.wish.server_cpu, b.wish.generator_cpu, b.wish.rounds, b.wish.seconds);
  int64_t steal = oh_machine_steal_ticks();
  oh_text_init(&b.json, 64 * 1024);
  oh_text_addc(&b.json, '{');
  bool ok = true;
  if (wanted(&b.wish, "start")) ok = measure_start(&b) && ok;
  if (wanted(&b.wish, "1000x1")) ok = measure_forwarding(&b, "l1000_s1", 1000, 1) && ok;
  if (wanted(&b.wish, "100x3")) ok = measure_forwarding(&b, "l100_s3", 100, 3) && ok;
  if (wanted(&b.wish, "data")) ok = oh_bench_channels(&b) && ok;
  if (wanted(&b.wish, "api")) ok = oh_bench_requests(&b) && ok;
  if (wanted(&b.wish, "joins")) ok = measure_joins(&b) && ok;
  if (wanted(&b.wish, "memory")) ok = measure_memory(&b) && ok;
  oh_bench_figure(&b, "steal_ticks", (double)(oh_machine_steal_ticks() - steal), "",
                  "\n  time the host took away: %lld ticks", (long long)(oh_machine_steal_ticks() - steal));
  if (b.wish.json) ok = write_json(&b, machine, date) && ok;
  oh_text_fini(&b.json);
  return ok ? 0 : 1;
}
