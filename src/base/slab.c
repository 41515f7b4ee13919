// slab.c — see slab.h
#include "base/slab.h"
#include "base/check.h"
#include <string.h>

enum { PAGE = 64, INDEX_BITS = 20, INDEX_MASK = (1 << INDEX_BITS) - 1, GENERATIONS = 1 << 12 };

struct slot {
  uint32_t generation; // 1 .. GENERATIONS-1
  uint32_t alive;
};

static size_t stride(const struct oh_slab *s) {
  return sizeof(struct slot) + s->object_size;
}
static struct slot *slot_at(const struct oh_slab *s, uint32_t index) {
  return (struct slot *)(void *)((char *)s->pages[index / PAGE] + (index % PAGE) * stride(s));
}

void oh_slab_init(struct oh_slab *s, size_t object_size, uint32_t limit) {
  OH_CHECK(limit < INDEX_MASK);
  *s = (struct oh_slab){.object_size = (object_size + 15) & ~(size_t)15, .limit = limit};
}

void oh_slab_fini(struct oh_slab *s) {
  for (uint32_t i = 0; i < s->page_count; i++)
    free(s->pages[i]);
  free(s->pages);
  free(s->free_list);
  *s = (struct oh_slab){0};
}

static void add_page(struct oh_slab *s) {
  uint32_t first = s->page_count * PAGE;
  s->pages = realloc(s->pages, (s->page_count + 1) * sizeof *s->pages);
  s->free_list = realloc(s->free_list, (size_t)(first + PAGE) * sizeof *s->free_list);
  OH_CHECK(s->pages && s->free_list);
  // aligned so that objects behind the 8-byte slot header keep 8-byte alignment
  s->pages[s->page_count] = calloc(PAGE, stride(s));
  OH_CHECK(s->pages[s->page_count]);
  s->page_count++;
  for (uint32_t i = PAGE; i-- > 0;) {
    slot_at(s, first + i)->generation = 1;
    s->free_list[s->free_count++] = first + i;
  }
}

void *oh_slab_add(struct oh_slab *s, oh_id *id) {
  if (s->used >= s->limit) return NULL;
  if (s->free_count == 0) add_page(s);
  uint32_t index = s->free_list[--s->free_count];
  struct slot *slot = slot_at(s, index);
  slot->alive = 1;
  s->used++;
  *id = slot->generation << INDEX_BITS | (index + 1);
  return slot + 1;
}

static struct slot *living(const struct oh_slab *s, oh_id id) {
  uint32_t index = (id & INDEX_MASK) - 1;
  if ((id & INDEX_MASK) == 0 || index >= s->page_count * PAGE) return NULL;
  struct slot *slot = slot_at(s, index);
  return slot->alive && slot->generation == id >> INDEX_BITS ? slot : NULL;
}

void *oh_slab_find(const struct oh_slab *s, oh_id id) {
  struct slot *slot = living(s, id);
  return slot ? slot + 1 : NULL;
}

void oh_slab_remove(struct oh_slab *s, oh_id id) {
  struct slot *slot = living(s, id);
  OH_CHECK(slot);
  memset(slot + 1, 0, s->object_size);
  slot->alive = 0;
  slot->generation = slot->generation + 1 == GENERATIONS ? 1 : slot->generation + 1;
  s->free_list[s->free_count++] = (id & INDEX_MASK) - 1;
  s->used--;
}

oh_id oh_slab_next(const struct oh_slab *s, oh_id after) {
  for (uint32_t index = after & INDEX_MASK; index < s->page_count * PAGE; index++) {
    struct slot *slot = slot_at(s, index);
    if (slot->alive) return slot->generation << INDEX_BITS | (index + 1);
  }
  return 0;
}
