// budget.h — how many tokens each network address may take: a token bucket per address (GCRA: one time stamp
// each) in a table of fixed size. The one table that all workers share, because a budget per worker would be
// N budgets: every entry is a pair of atomics, nobody waits for anybody. When its row is full an address
// takes the place of the one that has been quiet the longest.
#pragma once
#include "base/addr.h"
#include "base/text.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define OH_BUDGET_ROWS 4096
#define OH_BUDGET_WAYS 8

struct oh_budget_entry {
  _Atomic uint64_t tag;    // siphash of the address; 0: free
  _Atomic int64_t next_us; // when a bucket that is empty now would hold its first token (GCRA's TAT)
};
struct oh_budget {
  uint8_t secret[16];
  struct oh_budget_entry entries[OH_BUDGET_ROWS][OH_BUDGET_WAYS];
};

void oh_budget_init(struct oh_budget *budget, const uint8_t secret[16]);
// Takes one from the address's bucket, which holds up to `per_minute` and refills evenly. IPv6 counts by /64.
// True: granted. False: *retry_after_s says when one will be there. per_minute 0: no limit.
bool oh_budget_take(struct oh_budget *budget, int64_t now_us, const struct oh_addr *from, uint32_t per_minute,
                    uint32_t *retry_after_s);
// The same with another window, and a bucket for each `purpose` (a site's id).
bool oh_budget_take_of(struct oh_budget *budget, int64_t now_us, struct oh_str purpose,
                       const struct oh_addr *from, uint32_t count, int64_t window_us,
                       uint32_t *retry_after_s);
