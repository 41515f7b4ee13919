// lease.c — see lease.h
#include "call/lease.h"
#include "base/check.h"
#include "base/limits.h"
#include <stdlib.h>

struct lease {
  char *room;
  uint32_t *active; // of its site
  bool counts;      // *active has it
  bool came;        // somebody was seen in it
  int64_t counts_until_us, lives_until_us;
};

void oh_leases_init(struct oh_leases *leases, const uint8_t secret[16]) {
  *leases = (struct oh_leases){0};
  oh_slab_init(&leases->rooms, sizeof(struct lease), OH_LEASES_MAX);
  oh_map_init(&leases->by_name, secret);
}

void oh_leases_fini(struct oh_leases *leases) {
  for (oh_id id = 0; (id = oh_slab_next(&leases->rooms, id)) != 0;)
    free(((struct lease *)oh_slab_find(&leases->rooms, id))->room);
  oh_slab_fini(&leases->rooms);
  oh_map_fini(&leases->by_name);
}

static struct lease *find(const struct oh_leases *leases, struct oh_str room, oh_id *id) {
  uint64_t value;
  if (!oh_map_get(&leases->by_name, room.data, room.len, &value)) return NULL;
  *id = (oh_id)value;
  return oh_slab_find(&leases->rooms, *id);
}

static void stop_counting(struct lease *lease) {
  if (lease->counts) --*lease->active;
  lease->counts = false;
}

static void forget(struct oh_leases *leases, oh_id id, struct lease *lease) {
  stop_counting(lease);
  oh_map_remove(&leases->by_name, lease->room, strlen(lease->room));
  free(lease->room);
  oh_slab_remove(&leases->rooms, id);
}

static struct lease *add(struct oh_leases *leases, struct oh_str room, uint32_t *active) {
  oh_id id;
  struct lease *lease = oh_slab_add(&leases->rooms, &id);
  if (!lease) return NULL;
  lease->room = oh_str_dup(room);
  lease->active = active;
  oh_map_put(&leases->by_name, room.data, room.len, id);
  return lease;
}

static void count(struct lease *lease, int64_t until_us) {
  if (!lease->counts) ++*lease->active;
  lease->counts = true;
  if (until_us > lease->counts_until_us) lease->counts_until_us = until_us;
  if (until_us > lease->lives_until_us) lease->lives_until_us = until_us;
}

void oh_leases_sweep(struct oh_leases *leases, int64_t now_us, bool at_once) {
  if (!at_once && now_us < leases->swept_us + OH_LEASE_SWEEP_US) return;
  leases->swept_us = now_us;
  for (oh_id id = 0; (id = oh_slab_next(&leases->rooms, id)) != 0;) {
    struct lease *lease = oh_slab_find(&leases->rooms, id);
    if (now_us >= lease->counts_until_us) stop_counting(lease);
    if (now_us >= lease->lives_until_us) forget(leases, id, lease);
  }
}

static struct lease *take(struct oh_leases *leases, int64_t now_us, struct oh_str room, uint32_t *active,
                          uint32_t limit) {
  oh_id id;
  struct lease *lease = find(leases, room, &id);
  bool has_one = lease && now_us < lease->lives_until_us; // who comes back, and who was invited, may
  if (!has_one && limit && *active >= limit) {
    oh_leases_sweep(leases, now_us, true); // some of them may be over
    if (*active >= limit) return NULL;
    lease = find(leases, room, &id);
  }
  if (!lease) lease = add(leases, room, active);
  if (!lease) {
    oh_leases_sweep(leases, now_us, true);
    lease = add(leases, room, active);
  }
  return lease;
}

bool oh_lease_take(struct oh_leases *leases, int64_t now_us, struct oh_str room, uint32_t *active,
                   uint32_t limit) {
  struct lease *lease = take(leases, now_us, room, active, limit);
  if (lease) count(lease, now_us + OH_LEASE_ISSUED_US);
  return lease != NULL;
}

// From now on the room's worker knows, once a second; what the token granted ahead ends here.
static void come(struct lease *lease, int64_t now_us) {
  if (!lease->came) lease->counts_until_us = lease->lives_until_us = 0;
  lease->came = true;
  count(lease, now_us + OH_LEASE_SEEN_US);
}

bool oh_lease_join(struct oh_leases *leases, int64_t now_us, struct oh_str room, uint32_t *active,
                   uint32_t limit) {
  struct lease *lease = take(leases, now_us, room, active, limit);
  if (lease) come(lease, now_us);
  return lease != NULL;
}

void oh_lease_return(struct oh_leases *leases, struct oh_str room) {
  oh_id id;
  struct lease *lease = find(leases, room, &id);
  if (lease && !lease->came) forget(leases, id, lease);
}

void oh_lease_end(struct oh_leases *leases, struct oh_str room) {
  oh_id id;
  struct lease *lease = find(leases, room, &id);
  if (lease) forget(leases, id, lease);
}

void oh_lease_renew(struct oh_leases *leases, int64_t now_us, struct oh_str room, uint32_t *active,
                    bool occupied) {
  oh_id id;
  struct lease *lease = find(leases, room, &id);
  if (!lease && active) lease = add(leases, room, active);
  if (!lease) return; // nobody's, or more rooms than there may be tokens for: they are not counted
  if (now_us + OH_LEASE_SEEN_US > lease->lives_until_us) lease->lives_until_us = now_us + OH_LEASE_SEEN_US;
  if (occupied) come(lease, now_us);
}

bool oh_lease_is_alive(struct oh_leases *leases, int64_t now_us, struct oh_str room) {
  oh_id id;
  const struct lease *lease = find(leases, room, &id);
  return lease && now_us < lease->lives_until_us;
}
