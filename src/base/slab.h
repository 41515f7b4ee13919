// slab.h — a growing table of equal objects, addressed by id = index + generation, so that a timer or a mail
// for somebody who has left finds nobody instead of freed memory. Objects never move. Id 0 is nobody.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t oh_id; // low 20 bits: index + 1, high 12 bits: generation

struct oh_slab {
  void **pages;
  uint32_t *free_list;
  uint32_t page_count, free_count, used, limit;
  size_t object_size;
};

// `limit` objects at most (≤ 2^20 - 2). Memory is taken in pages of 64 objects and kept until fini.
void oh_slab_init(struct oh_slab *s, size_t object_size, uint32_t limit);
void oh_slab_fini(struct oh_slab *s);
// A zeroed object and its id, or NULL when full.
void *oh_slab_add(struct oh_slab *s, oh_id *id);
void *oh_slab_find(const struct oh_slab *s, oh_id id); // NULL if it has gone
void oh_slab_remove(struct oh_slab *s, oh_id id);      // zeroes the object
// Walks the living: start with 0; returns 0 at the end. Removing the current one while walking is fine.
oh_id oh_slab_next(const struct oh_slab *s, oh_id after);
