// gate.c — see gate.h
#include "call/gate.h"
#include "base/check.h"
#include "base/limits.h"
#include <stdlib.h>

enum { SECOND_US = 1000000, MINUTE_US = 60 * SECOND_US, CAPACITY_RETRY_S = 5 };
#define DAY_US (86400LL * SECOND_US)

struct usage { // of one site
  char id[OH_SITE_ID_MAX + 1];
  int64_t used_us;   // last looked at
  int64_t minute_us; // when the minute being counted began
  uint32_t this_minute, last_minute;
  int64_t day; // since 1970, UTC
  uint32_t today, active;
};
struct spent {
  uint64_t serial;
  int64_t until_us;
};
struct oh_gate {
  struct usage *usages[OH_USAGES_MAX];
  size_t usage_count;
  struct oh_leases leases;
  struct oh_map spent_of;                  // serial → nothing
  struct spent spent[OH_PROOFS_SPENT_MAX]; // a ring, oldest first
  uint32_t spent_first, spent_count;
  struct oh_budget daily; // per address
};

struct oh_gate *oh_gate_open(const uint8_t secret[16]) {
  struct oh_gate *gate = calloc(1, sizeof *gate);
  OH_CHECK(gate);
  oh_leases_init(&gate->leases, secret);
  oh_map_init(&gate->spent_of, secret);
  oh_budget_init(&gate->daily, secret);
  return gate;
}

void oh_gate_close(struct oh_gate *gate) {
  if (!gate) return;
  oh_leases_fini(&gate->leases);
  oh_map_fini(&gate->spent_of);
  for (size_t i = 0; i < gate->usage_count; i++)
    free(gate->usages[i]);
  free(gate);
}

static void reset(struct usage *usage, const struct oh_site *site, int64_t now_us) {
  *usage = (struct usage){.minute_us = now_us, .day = INT64_MIN};
  snprintf(usage->id, sizeof usage->id, "%s", site->id);
}

// Sites come and go with reloads: one that is no more gives its place to a new one.
static struct usage *usage_of(struct oh_gate *gate, int64_t now_us, const struct oh_site *site) {
  struct usage *usage = NULL, *idle = NULL;
  for (size_t i = 0; i < gate->usage_count && !usage; i++) {
    struct usage *one = gate->usages[i];
    if (strcmp(one->id, site->id) == 0) usage = one;
    if (one->active == 0 && (!idle || one->used_us < idle->used_us)) idle = one;
  }
  if (!usage && gate->usage_count < OH_USAGES_MAX) {
    usage = gate->usages[gate->usage_count++] = malloc(sizeof *usage);
    OH_CHECK(usage);
    reset(usage, site, now_us);
  } else if (!usage) {
    OH_CHECK(idle); // there are four times as many as sites
    reset(usage = idle, site, now_us);
  }
  usage->used_us = now_us;
  return usage;
}

// ---- under attack

// Requests of the last minute, the one before weighed by how much of it is still within 60 s.
static uint64_t note_request(struct usage *usage, int64_t now_us) {
  int64_t passed_us = now_us - usage->minute_us;
  if (passed_us >= MINUTE_US) {
    usage->last_minute = passed_us < 2 * MINUTE_US ? usage->this_minute : 0;
    usage->this_minute = 0;
    usage->minute_us += passed_us / MINUTE_US * MINUTE_US;
    passed_us %= MINUTE_US;
  }
  if (usage->this_minute < UINT32_MAX) usage->this_minute++;
  return usage->this_minute +
         (uint64_t)usage->last_minute * (uint64_t)(MINUTE_US - passed_us) / (uint64_t)MINUTE_US;
}

uint32_t oh_gate_press(struct oh_gate *gate, int64_t now_us, const struct oh_site *site) {
  uint64_t rate = note_request(usage_of(gate, now_us, site), now_us);
  if (site->attack_threshold == 0 || rate <= site->attack_threshold)
    return site->require_ticket ? OH_PROOF_BITS_CALM : 0;
  uint32_t bits = OH_PROOF_BITS_MIN; // one more each time the pressure doubles
  for (rate /= site->attack_threshold; rate > 1 && bits < OH_PROOF_BITS_MAX; rate /= 2)
    bits++;
  return bits;
}

bool oh_gate_spend(struct oh_gate *gate, int64_t now_us, uint64_t serial) {
  while (gate->spent_count && gate->spent[gate->spent_first].until_us <= now_us) {
    uint64_t old = gate->spent[gate->spent_first].serial;
    oh_map_remove(&gate->spent_of, &old, sizeof old);
    gate->spent_first = (gate->spent_first + 1) % OH_PROOFS_SPENT_MAX;
    gate->spent_count--;
  }
  uint64_t nothing;
  if (oh_map_get(&gate->spent_of, &serial, sizeof serial, &nothing)) return false;
  if (gate->spent_count == OH_PROOFS_SPENT_MAX) return false;
  uint32_t at = (gate->spent_first + gate->spent_count++) % OH_PROOFS_SPENT_MAX;
  gate->spent[at] = (struct spent){serial, now_us + (int64_t)OH_PROOF_S * SECOND_US};
  oh_map_put(&gate->spent_of, &serial, sizeof serial, 0);
  return true;
}

// ---- budgets of the day

// A new day begins at 00:00 UTC. A clock that is set back within a day changes nothing; one that is set back
// further takes today's count along, so that nobody gains by it.
static bool take_today(struct usage *usage, int64_t unix_us, uint32_t limit, uint32_t *retry_after_s) {
  int64_t day = unix_us / DAY_US;
  if (day > usage->day) usage->today = 0;
  if (day > usage->day || day + 1 < usage->day) usage->day = day;
  if (limit && usage->today >= limit) {
    *retry_after_s = (uint32_t)((DAY_US - unix_us % DAY_US + SECOND_US - 1) / SECOND_US);
    return false;
  }
  if (usage->today < UINT32_MAX) usage->today++;
  return true;
}

enum oh_problem oh_gate_begin(struct oh_gate *gate, int64_t now_us, int64_t unix_us,
                              const struct oh_site *site, const struct oh_addr *visitor, struct oh_str room,
                              uint32_t *retry_after_s) {
  struct usage *usage = usage_of(gate, now_us, site);
  oh_leases_sweep(&gate->leases, now_us, false);
  if (!oh_lease_take(&gate->leases, now_us, room, &usage->active, site->concurrent_calls)) {
    *retry_after_s = CAPACITY_RETRY_S;
    return OH_PROBLEM_CAPACITY;
  }
  if (oh_budget_take_of(&gate->daily, now_us, oh_str(site->id), visitor, site->per_address_daily, DAY_US,
                        retry_after_s) &&
      take_today(usage, unix_us, site->daily_budget, retry_after_s))
    return OH_PROBLEM_NONE;
  oh_lease_return(&gate->leases, room);
  return OH_PROBLEM_BUDGET_EXCEEDED;
}

// ---- calls at a time

bool oh_gate_join(struct oh_gate *gate, int64_t now_us, const struct oh_site *site, struct oh_str room) {
  struct usage *usage = usage_of(gate, now_us, site);
  return oh_lease_join(&gate->leases, now_us, room, &usage->active, site->concurrent_calls);
}

void oh_gate_saw(struct oh_gate *gate, int64_t now_us, const struct oh_site *site, struct oh_str room,
                 bool occupied) {
  uint32_t *active = site ? &usage_of(gate, now_us, site)->active : NULL;
  oh_lease_renew(&gate->leases, now_us, room, active, occupied && site);
}

void oh_gate_over(struct oh_gate *gate, struct oh_str room) {
  oh_lease_end(&gate->leases, room);
}

bool oh_gate_is_alive(struct oh_gate *gate, int64_t now_us, struct oh_str room) {
  return oh_lease_is_alive(&gate->leases, now_us, room);
}

void oh_gate_tick(struct oh_gate *gate, int64_t now_us) {
  oh_leases_sweep(&gate->leases, now_us, false);
}

uint32_t oh_gate_calls(struct oh_gate *gate, int64_t now_us, const struct oh_site *site) {
  oh_leases_sweep(&gate->leases, now_us, true);
  return usage_of(gate, now_us, site)->active;
}
