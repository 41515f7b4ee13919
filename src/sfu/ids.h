// ids.h — a small unordered set of ids, for "the tracks of a member" and the like. Grows when something is
// added; never touched on the packet path.
#pragma once
#include "base/slab.h"

struct oh_ids {
  oh_id *items; // owned
  uint32_t len, cap;
};

void oh_ids_fini(struct oh_ids *ids);
void oh_ids_add(struct oh_ids *ids, oh_id id);
void oh_ids_remove(struct oh_ids *ids, oh_id id); // nothing if it is not in
