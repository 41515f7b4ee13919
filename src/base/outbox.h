// outbox.h — datagrams to send, written straight into their slots. The owner gives it a flush that the outbox
// calls when it is full (the door sends the batch with one sendmmsg); whoever drives the machines flushes at
// the end of a batch.
#pragma once
#include "base/addr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OH_DATAGRAM_MAX                                                                                      \
  1500 // bytes; larger never leaves (Ethernet MTU; our own packets stay ≤ 1200 + overhead)
#define OH_OUTBOX_SLOTS 64

struct oh_datagram {
  struct oh_addr to;
  uint32_t len;
  uint8_t data[OH_DATAGRAM_MAX];
};

struct oh_outbox {
  struct oh_datagram *slots; // OH_OUTBOX_SLOTS of them; owned
  uint32_t used;
  void (*flush)(void *ctx, struct oh_outbox *outbox); // must take all and is followed by used = 0
  void *ctx;
};

void oh_outbox_init(struct oh_outbox *o, void (*flush)(void *ctx, struct oh_outbox *outbox), void *ctx);
void oh_outbox_fini(struct oh_outbox *o);
// The next free slot's buffer of OH_DATAGRAM_MAX bytes; flushes first if all are used. Nothing is sent until
// commit.
uint8_t *oh_outbox_reserve(struct oh_outbox *o);
// Makes the reserved buffer a datagram of `len` bytes for `to`.
void oh_outbox_commit(struct oh_outbox *o, const struct oh_addr *to, size_t len);
void oh_outbox_flush(struct oh_outbox *o);
