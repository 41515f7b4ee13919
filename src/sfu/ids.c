// ids.c — see ids.h
#include "sfu/ids.h"
#include "base/check.h"
#include <stdlib.h>

void oh_ids_fini(struct oh_ids *ids) {
  free(ids->items);
  *ids = (struct oh_ids){0};
}

void oh_ids_add(struct oh_ids *ids, oh_id id) {
  if (ids->len == ids->cap) {
    ids->cap = ids->cap ? ids->cap * 2 : 4;
    ids->items = realloc(ids->items, ids->cap * sizeof *ids->items);
    OH_CHECK(ids->items);
  }
  ids->items[ids->len++] = id;
}

void oh_ids_remove(struct oh_ids *ids, oh_id id) {
  for (uint32_t i = 0; i < ids->len; i++)
    if (ids->items[i] == id) {
      ids->items[i] = ids->items[--ids->len];
      return;
    }
}
