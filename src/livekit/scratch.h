// scratch.h — memory for building one message: taken piece by piece, given back all at once. A message tree
// of protobuf-c structs lives here from its building to its packing.
#pragma once
#include "base/text.h"
#include <stddef.h>

struct oh_scratch_block;
struct oh_scratch {
  struct oh_scratch_block *blocks; // newest first
};

void *oh_scratch_take(struct oh_scratch *s, size_t len); // zeroed, 16-byte aligned, never NULL
char *oh_scratch_str(struct oh_scratch *s, struct oh_str text);
__attribute__((format(printf, 2, 3))) char *oh_scratch_printf(struct oh_scratch *s, const char *format, ...);
void oh_scratch_clear(struct oh_scratch *s); // keeps one block
void oh_scratch_fini(struct oh_scratch *s);
