// heap.h — deadlines: a binary heap of (time, id), one entry per id, with cheap change and removal.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OH_NEVER INT64_MAX // no deadline

// The one of two deadlines that comes first.
static inline int64_t oh_earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

struct oh_heap_item {
  int64_t at_us;
  uint64_t id;
  uint32_t *place; // where the owner keeps this item's position (0 = not in the heap, else index + 1)
};
struct oh_heap {
  struct oh_heap_item *items;
  uint32_t len, cap;
};

void oh_heap_fini(struct oh_heap *h);
// Sets, moves or (OH_NEVER) removes the deadline whose position is kept in *place (start it with 0). *place
// must stay at the same address while the item is in the heap.
void oh_heap_set(struct oh_heap *h, uint32_t *place, uint64_t id, int64_t at_us);
// The earliest deadline, or OH_NEVER.
int64_t oh_heap_first(const struct oh_heap *h);
// Takes out the earliest item if it is due at `now_us`.
bool oh_heap_pop(struct oh_heap *h, int64_t now_us, uint64_t *id);
