// outbox.c — see outbox.h
#include "base/outbox.h"
#include "base/check.h"

void oh_outbox_init(struct oh_outbox *o, void (*flush)(void *ctx, struct oh_outbox *outbox), void *ctx) {
  *o = (struct oh_outbox){.flush = flush, .ctx = ctx};
  o->slots = calloc(OH_OUTBOX_SLOTS, sizeof *o->slots);
  OH_CHECK(o->slots && flush);
}

void oh_outbox_fini(struct oh_outbox *o) {
  free(o->slots);
  *o = (struct oh_outbox){0};
}

uint8_t *oh_outbox_reserve(struct oh_outbox *o) {
  if (o->used == OH_OUTBOX_SLOTS) oh_outbox_flush(o);
  return o->slots[o->used].data;
}

void oh_outbox_commit(struct oh_outbox *o, const struct oh_addr *to, size_t len) {
  OH_CHECK(o->used < OH_OUTBOX_SLOTS && len <= OH_DATAGRAM_MAX);
  o->slots[o->used].to = *to;
  o->slots[o->used].len = (uint32_t)len;
  o->used++;
}

void oh_outbox_flush(struct oh_outbox *o) {
  if (o->used == 0) return;
  o->flush(o->ctx, o);
  o->used = 0;
}
