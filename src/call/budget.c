// budget.c — see budget.h
#include "call/budget.h"
#include "base/map.h"
#include <string.h>

#define MINUTE_US 60000000

void oh_budget_init(struct oh_budget *budget, const uint8_t secret[16]) {
  memset(budget, 0, sizeof *budget);
  memcpy(budget->secret, secret, sizeof budget->secret);
}

static struct oh_budget_entry *find(struct oh_budget *budget, uint64_t tag) {
  struct oh_budget_entry *row = budget->entries[(tag >> 32) % OH_BUDGET_ROWS], *oldest = &row[0];
  for (int i = 0; i < OH_BUDGET_WAYS; i++) {
    if (atomic_load_explicit(&row[i].tag, memory_order_relaxed) == tag) return &row[i];
    if (atomic_load_explicit(&row[i].next_us, memory_order_relaxed) <
        atomic_load_explicit(&oldest->next_us, memory_order_relaxed))
      oldest = &row[i];
  }
  // Two workers may take the same place at once: then two addresses share a bucket for a while. Harmless.
  atomic_store_explicit(&oldest->tag, tag, memory_order_relaxed);
  atomic_store_explicit(&oldest->next_us, 0, memory_order_relaxed);
  return oldest;
}

bool oh_budget_take_of(struct oh_budget *budget, int64_t now_us, struct oh_str purpose,
                       const struct oh_addr *from, uint32_t count, int64_t window_us,
                       uint32_t *retry_after_s) {
  *retry_after_s = 0;
  if (count == 0) return true;
  uint8_t key[17] = {from->family};
  size_t bytes = from->family == OH_ADDR_V6 ? 8 : 4;
  memcpy(key + 1, from->ip, bytes);
  uint64_t bucket = oh_siphash(budget->secret, purpose.len ? purpose.data : "", purpose.len);
  memcpy(key + 9, &bucket, sizeof bucket);
  uint64_t tag = oh_siphash(budget->secret, key, sizeof key);
  struct oh_budget_entry *entry = find(budget, tag ? tag : 1);
  int64_t step_us = window_us / count;
  int64_t next_us = atomic_load_explicit(&entry->next_us, memory_order_relaxed);
  for (;;) {
    int64_t base_us = next_us > now_us ? next_us : now_us;
    int64_t wait_us = base_us + step_us - now_us - window_us;
    if (wait_us > 0) {
      *retry_after_s = (uint32_t)((wait_us + 999999) / 1000000);
      return false;
    }
    if (atomic_compare_exchange_weak_explicit(&entry->next_us, &next_us, base_us + step_us,
                                              memory_order_relaxed, memory_order_relaxed))
      return true;
  }
}

bool oh_budget_take(struct oh_budget *budget, int64_t now_us, const struct oh_addr *from, uint32_t per_minute,
                    uint32_t *retry_after_s) {
  return oh_budget_take_of(budget, now_us, (struct oh_str){0}, from, per_minute, MINUTE_US, retry_after_s);
}
