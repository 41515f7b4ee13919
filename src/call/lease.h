// lease.h — which calls there are, for the whole process: each room that a site's tokens opened holds a lease
// that somebody must keep renewing: the token that was just issued for a while, then the worker that has the
// room, once a second. What nobody renews is over. So a call that ends, a visitor who never came and a worker
// that forgot cost nothing for ever: nothing has to be released, and nothing can leak.
#pragma once
#include "base/map.h"
#include "base/slab.h"
#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

struct oh_leases {
  struct oh_slab rooms;
  struct oh_map by_name;
  int64_t swept_us;
};

void oh_leases_init(struct oh_leases *leases, const uint8_t secret[16]);
void oh_leases_fini(struct oh_leases *leases);
// A call begins or, as long as its room is there, goes on: true, and *active (the count of its site) has it.
// False: `limit` (0: none) are active, or the table is full. `active` must stay where it is as long as the
// table is in use.
bool oh_lease_take(struct oh_leases *leases, int64_t now_us, struct oh_str room, uint32_t *active,
                   uint32_t limit);
// The same when somebody joins.
bool oh_lease_join(struct oh_leases *leases, int64_t now_us, struct oh_str room, uint32_t *active,
                   uint32_t limit);
// Takes it back, if nobody has come yet: no token was issued after all.
void oh_lease_return(struct oh_leases *leases, struct oh_str room);
// The room is there now; `occupied`: with somebody in it, so that it counts. `active` may be NULL: whose it
// is nobody in it can tell any more.
void oh_lease_renew(struct oh_leases *leases, int64_t now_us, struct oh_str room, uint32_t *active,
                    bool occupied);
// It is known to be over: its place is free at once.
void oh_lease_end(struct oh_leases *leases, struct oh_str room);
// Whether it still is, or was just issued: then one may come back.
bool oh_lease_is_alive(struct oh_leases *leases, int64_t now_us, struct oh_str room);
// Forgets what nobody renewed; by itself at most every OH_LEASE_SWEEP_US.
void oh_leases_sweep(struct oh_leases *leases, int64_t now_us, bool at_once);
