// heap.c — see heap.h
#include "base/heap.h"
#include "base/check.h"

static void put(struct oh_heap *h, uint32_t index, struct oh_heap_item item) {
  h->items[index] = item;
  *item.place = index + 1;
}

static void sift_up(struct oh_heap *h, uint32_t index, struct oh_heap_item item) {
  while (index > 0) {
    uint32_t parent = (index - 1) / 2;
    if (h->items[parent].at_us <= item.at_us) break;
    put(h, index, h->items[parent]);
    index = parent;
  }
  put(h, index, item);
}

static void sift_down(struct oh_heap *h, uint32_t index, struct oh_heap_item item) {
  for (;;) {
    uint32_t child = index * 2 + 1;
    if (child >= h->len) break;
    if (child + 1 < h->len && h->items[child + 1].at_us < h->items[child].at_us) child++;
    if (item.at_us <= h->items[child].at_us) break;
    put(h, index, h->items[child]);
    index = child;
  }
  put(h, index, item);
}

static void remove_at(struct oh_heap *h, uint32_t index) {
  *h->items[index].place = 0;
  struct oh_heap_item last = h->items[--h->len];
  if (index == h->len) return;
  if (index > 0 && last.at_us < h->items[(index - 1) / 2].at_us)
    sift_up(h, index, last);
  else
    sift_down(h, index, last);
}

void oh_heap_fini(struct oh_heap *h) {
  free(h->items);
  *h = (struct oh_heap){0};
}

void oh_heap_set(struct oh_heap *h, uint32_t *place, uint64_t id, int64_t at_us) {
  if (*place) {
    uint32_t index = *place - 1;
    OH_CHECK(index < h->len && h->items[index].place == place);
    if (h->items[index].at_us == at_us) return;
    remove_at(h, index);
  }
  if (at_us == OH_NEVER) return;
  if (h->len == h->cap) {
    h->cap = h->cap ? h->cap * 2 : 64;
    h->items = realloc(h->items, h->cap * sizeof *h->items);
    OH_CHECK(h->items);
  }
  sift_up(h, h->len++, (struct oh_heap_item){.at_us = at_us, .id = id, .place = place});
}

int64_t oh_heap_first(const struct oh_heap *h) {
  return h->len ? h->items[0].at_us : OH_NEVER;
}

bool oh_heap_pop(struct oh_heap *h, int64_t now_us, uint64_t *id) {
  if (h->len == 0 || h->items[0].at_us > now_us) return false;
  *id = h->items[0].id;
  remove_at(h, 0);
  return true;
}
