// main.c — runs stories by seed: `sim FIRST COUNT` runs many, `sim SEED` one and tells what happened. A
// failing seed is printed and replays exactly: OpenSSL's clock and random numbers are the simulator's as
// well.
#include "rtc/identity.h"
#include "tests/sim/openssl_random.h"
#include "tests/sim/stage.h"
#include <stdio.h>
#include <stdlib.h>

// What OpenSSL draws from: one stream for all stories of a run, restarted with each.
static struct sim_random openssl_state;
static const struct oh_random openssl_random = {.fill = sim_fill, .ctx = &openssl_state};

static struct sim_weather weather(struct sim_random *r) {
  struct sim_weather w = {.delay_min_us = 1000 + sim_below(r, 80) * 1000};
  w.delay_max_us = w.delay_min_us + 1 + sim_below(r, 40) * 1000;
  if (sim_chance(r, 500)) w.loss = sim_below(r, 150);
  if (sim_chance(r, 300)) w.duplication = sim_below(r, 100);
  return w;
}

static void random_fault(struct sim_stage *s) {
  uint32_t who = sim_below(&s->random, s->caller_count);
  struct sim_caller *c = &s->callers[who];
  switch (sim_below(&s->random, 12)) {
  case 0: sim_rebind(s, who); break;
  case 1: sim_cut_line(s, who); break;
  case 2: sim_cut_slow_reader(s, who); break;
  case 3: sim_mute(s, who, !c->muted); break;
  case 4:
    if (c->caller)
      sim_leave(s, who);
    else
      sim_enter(s, who);
    break;
  case 5: // the same person again while the old session still lingers: duplicate identity
    sim_vanish(s, who);
    sim_enter(s, who);
    break;
  case 6: sim_vanish(s, who); break;
  case 7: sim_jump_clock(s, ((int64_t)sim_below(&s->random, 7200) - 3600) * 1000000); break;
  case 8: c->weather = weather(&s->random); break;
  case 9:
    c->weather.down = true;
    sim_say(s, "caller %u is offline", who);
    break;
  case 10:
    if (sim_chance(&s->random, 200)) sim_restart_server(s);
    break;
  default: c->weather.down = false; break;
  }
}

static void heal(struct sim_stage *s) {
  for (uint32_t i = 0; i < s->caller_count; i++) {
    struct sim_caller *c = &s->callers[i];
    c->weather = (struct sim_weather){.delay_min_us = 5000, .delay_max_us = 20000};
    if (c->caller && c->left) sim_vanish(s, i); // told to go (kicked by its own double, or gave up)
    if (c->caller && c->muted) sim_mute(s, i, false);
  }
  sim_say(s, "all is well again");
}

static bool play(uint64_t seed, struct oh_identity *identity, bool verbose, uint64_t *digest,
                 char failure[256]) {
  static struct sim_stage stage;
  struct sim_stage *s = &stage;
  openssl_state.state = seed;
  sim_stage_open(s, seed, identity, verbose);
  uint32_t callers = 2 + sim_below(&s->random, SIM_CALLERS - 3);
  for (uint32_t i = 0; i < callers; i++) {
    struct sim_caller *c = &s->callers[i];
    c->room = sim_below(&s->random, 10) < 7 ? 0 : sim_below(&s->random, SIM_ROOMS);
    c->two_peer_connections = sim_chance(&s->random, 400);
    c->tcp = sim_chance(&s->random, 150);
    c->weather = weather(&s->random);
    c->number = i;
    sim_enter(s, i);
    sim_stage_run(s, s->now_us + sim_below(&s->random, 1500) * 1000);
  }
  uint32_t faults = sim_below(&s->random, 12);
  for (uint32_t i = 0; i < faults && !s->failure[0]; i++) {
    sim_stage_run(s, s->now_us + sim_below(&s->random, 4000) * 1000);
    random_fault(s);
  }
  heal(s);
  sim_stage_run(s, s->now_us + 75 * 1000000); // longer than every time-out that may have begun
  if (!s->failure[0]) sim_everybody_hears(s, s->now_us - 2000000);
  for (uint32_t i = 0; i < s->caller_count; i++)
    sim_leave(s, i);
  sim_stage_run(s, s->now_us + 400 * 1000000); // departure and empty time-outs
  struct oh_house_stats left;
  oh_house_read_stats(s->house, &left);
  if (left.rooms || left.participants || left.tracks || left.subscriptions)
    sim_fail(s, "when all had left, the server kept %u rooms, %u participants, %u tracks, %u subscriptions",
             left.rooms, left.participants, left.tracks, left.subscriptions);
  if (verbose) {
#define SIM_TELL(name, help)                                                                                 \
  if (s->world.counters.value[OH_COUNT_##name])                                                              \
    printf("  %-28s %llu\n", #name, (unsigned long long)s->world.counters.value[OH_COUNT_##name]);
    OH_COUNTERS(SIM_TELL)
#undef SIM_TELL
  }
  *digest = s->digest;
  memcpy(failure, s->failure, 256);
  sim_stage_close(s);
  return !failure[0];
}

int main(int argc, char **argv) {
  sim_openssl_random(&openssl_random);
  struct oh_identity *identity = oh_identity_open();
  if (argc < 2 || !identity) {
    fprintf(stderr, "usage: sim SEED | sim FIRST COUNT\n");
    return 2;
  }
  uint64_t first = strtoull(argv[1], NULL, 0), count = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
  uint64_t passed = 0, failed = 0, digest, again;
  char failure[256];
  for (uint64_t seed = first; seed < first + count; seed++) {
    bool good = play(seed, identity, argc == 2, &digest, failure);
    if (good && seed % 100 == 0) { // the promise that a seed replays exactly
      play(seed, identity, false, &again, failure);
      if (again != digest) {
        snprintf(failure, sizeof failure, "a second run of the same seed went differently");
        good = false;
      }
    }
    if (good)
      passed++;
    else
      failed++, printf("seed %llu: %s\n", (unsigned long long)seed, failure);
  }
  oh_identity_close(identity);
  printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
  return failed ? 1 : 0;
}
