// history.c — see history.h. A ring of descriptions and a ring of bytes: voice packets are small, so the
// bytes of all 200 usually fit; when they do not, the oldest go first.
#include "sfu/history.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/outbox.h"
#include <stdlib.h>

struct entry {
  int64_t sequence;
  uint64_t place; // bytes written to the ring before this packet; never wraps
  uint32_t timestamp;
  uint16_t len;
  bool marker, red, used;
};

struct oh_history {
  struct entry entries[OH_HISTORY_PACKETS];
  uint64_t written;
  uint8_t bytes[OH_HISTORY_BYTES];
};

struct oh_history *oh_history_open(void) {
  struct oh_history *h = calloc(1, sizeof *h);
  OH_CHECK(h);
  return h;
}

void oh_history_close(struct oh_history *h) {
  free(h);
}

static size_t slot_of(int64_t sequence) {
  return (size_t)((uint64_t)sequence % OH_HISTORY_PACKETS);
}

void oh_history_add(struct oh_history *h, const struct oh_packet *p) {
  if (p->payload.len > OH_DATAGRAM_MAX) return;
  struct entry *e = &h->entries[slot_of(p->sequence)];
  if (e->used && e->sequence > p->sequence) return; // a straggler must not push out what is newer
  size_t at = h->written % OH_HISTORY_BYTES;
  if (at + p->payload.len > OH_HISTORY_BYTES) { // a packet is never split: begin again at the start
    h->written += OH_HISTORY_BYTES - at;
    at = 0;
  }
  *e = (struct entry){.sequence = p->sequence,
                      .place = h->written,
                      .timestamp = p->timestamp,
                      .len = (uint16_t)p->payload.len,
                      .marker = p->marker,
                      .red = p->red,
                      .used = true};
  if (p->payload.len) memcpy(h->bytes + at, p->payload.data, p->payload.len);
  h->written += p->payload.len;
}

bool oh_history_find(const struct oh_history *h, int64_t sequence, struct oh_packet *p) {
  const struct entry *e = &h->entries[slot_of(sequence)];
  if (!e->used || e->sequence != sequence || h->written - e->place > OH_HISTORY_BYTES) return false;
  *p = (struct oh_packet){.sequence = sequence,
                          .timestamp = e->timestamp,
                          .marker = e->marker,
                          .red = e->red,
                          .payload = {.data = h->bytes + e->place % OH_HISTORY_BYTES, .len = e->len}};
  return true;
}
