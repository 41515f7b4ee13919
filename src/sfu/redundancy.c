// redundancy.c — see redundancy.h
#include "sfu/redundancy.h"

void oh_redundancy_reset(struct oh_redundancy *r) {
  *r = (struct oh_redundancy){0};
}

// Timestamps must rise with sequence numbers; what does not fit its neighbours is not what it claims to be.
static bool fits(const struct oh_redundancy *r, int64_t sequence, uint32_t timestamp) {
  for (size_t i = 0; i < OH_REDUNDANCY_RECENT; i++) {
    if (!r->recent[i].used) continue;
    int64_t before = sequence - r->recent[i].sequence;
    int32_t earlier = (int32_t)(timestamp - r->recent[i].timestamp);
    if ((before > 0 && earlier <= 0) || (before < 0 && earlier >= 0)) return false;
  }
  return true;
}

static void emit(struct oh_redundancy *r, const struct oh_packet *p, struct oh_unpacked *out) {
  if (oh_window_too_old(&r->emitted, p->sequence) || oh_window_has(&r->emitted, p->sequence)) return;
  oh_window_add(&r->emitted, p->sequence);
  size_t place = (size_t)((uint64_t)p->sequence % OH_REDUNDANCY_RECENT);
  if (!r->recent[place].used || r->recent[place].sequence < p->sequence) {
    r->recent[place].sequence = p->sequence;
    r->recent[place].timestamp = p->timestamp;
    r->recent[place].used = true;
  }
  out->packets[out->count++] = *p;
}

bool oh_redundancy_unpack(struct oh_redundancy *r, const struct oh_packet *packet, int64_t first,
                          struct oh_unpacked *out) {
  out->count = 0;
  if (!packet->red) {
    emit(r, packet, out);
    return true;
  }
  struct oh_red red;
  if (!oh_red_read(&red, packet->payload)) return false;
  size_t reach = red.count - 1 < OH_REDUNDANCY_RECENT - 1 ? red.count - 1 : OH_REDUNDANCY_RECENT - 1;
  for (size_t back = reach; back > 0; back--) {
    const struct oh_red_block *block = &red.blocks[red.count - 1 - back];
    struct oh_packet lost = {.sequence = packet->sequence - (int64_t)back,
                             .timestamp = packet->timestamp - block->timestamp_offset,
                             .payload = block->data};
    if (lost.sequence < first || block->data.len == 0 || block->timestamp_offset == 0) continue;
    if (oh_window_has(&r->emitted, lost.sequence) || !fits(r, lost.sequence, lost.timestamp)) continue;
    emit(r, &lost, out);
  }
  struct oh_packet primary = *packet;
  primary.red = false;
  primary.payload = red.blocks[red.count - 1].data;
  if (primary.payload.len) emit(r, &primary, out);
  return true;
}
