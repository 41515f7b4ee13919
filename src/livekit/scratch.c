// scratch.c — see scratch.h
#include "livekit/scratch.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK = 16 * 1024 };

struct oh_scratch_block {
  struct oh_scratch_block *next;
  size_t used, cap;
  _Alignas(16) char data[];
};

void *oh_scratch_take(struct oh_scratch *s, size_t len) {
  len = (len + 15) & ~(size_t)15;
  struct oh_scratch_block *block = s->blocks;
  if (!block || block->cap - block->used < len) {
    size_t cap = len > BLOCK ? len : BLOCK;
    block = malloc(sizeof *block + cap);
    OH_CHECK(block);
    *block = (struct oh_scratch_block){.next = s->blocks, .cap = cap};
    s->blocks = block;
  }
  void *piece = block->data + block->used;
  block->used += len;
  memset(piece, 0, len);
  return piece;
}

char *oh_scratch_str(struct oh_scratch *s, struct oh_str text) {
  char *copy = oh_scratch_take(s, text.len + 1);
  if (text.len) memcpy(copy, text.data, text.len);
  return copy;
}

char *oh_scratch_printf(struct oh_scratch *s, const char *format, ...) {
  OH_CHECK(format);
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  OH_CHECK(len >= 0);
  char *text = oh_scratch_take(s, (size_t)len + 1);
  vsnprintf(text, (size_t)len + 1, format, again);
  va_end(again);
  return text;
}

void oh_scratch_clear(struct oh_scratch *s) {
  while (s->blocks && s->blocks->next) {
    struct oh_scratch_block *next = s->blocks->next;
    free(s->blocks);
    s->blocks = next;
  }
  if (s->blocks) s->blocks->used = 0;
}

void oh_scratch_fini(struct oh_scratch *s) {
  oh_scratch_clear(s);
  free(s->blocks);
  s->blocks = NULL;
}
