// forward.c — see forward.h
#include "sfu/forward.h"
#include "base/check.h"
#include <stdlib.h>

bool oh_forward_raw(struct oh_hub *hub, int64_t now_us, const struct oh_listener *l,
                    const struct oh_packet *p, struct oh_outbox *out) {
  struct oh_rtp_header header = {.marker = p->marker,
                                 .payload_type = p->red ? l->red_pt : l->opus_pt,
                                 .sequence = (uint16_t)p->sequence,
                                 .timestamp = p->timestamp,
                                 .ssrc = l->ssrc};
  return oh_hub_send_rtp(hub, now_us, l->peer, &header, 0, (struct oh_bytes){0}, p->payload.data,
                         p->payload.len, out);
}

bool oh_forward_one(struct oh_hub *hub, int64_t now_us, struct oh_listener *l, const struct oh_packet *p,
                    struct oh_outbox *out) {
  struct oh_packet mapped = *p;
  if (!oh_rewrite_map(&l->rewrite, now_us, p->sequence, p->timestamp, p->newest, &mapped.sequence,
                      &mapped.timestamp))
    return false;
  if (!oh_forward_raw(hub, now_us, l, &mapped, out)) return false;
  l->packets++;
  l->octets += p->payload.len;
  return true;
}

void oh_forward(struct oh_world *world, struct oh_hub *hub, int64_t now_us, struct oh_audience *audience,
                enum oh_part part, const struct oh_packet *packet, struct oh_outbox *out) {
  struct oh_listener *l = audience->parts[part].items;
  uint32_t sent = 0;
  for (size_t left = audience->parts[part].len; left; left--)
    sent += oh_forward_one(hub, now_us, l++, packet, out);
  oh_count_n(&world->counters, OH_COUNT_rtp_forwarded, sent);
  oh_count_n(&world->counters, OH_COUNT_rtp_drop_unsent, audience->parts[part].len - sent);
  if (audience->history[part]) oh_history_add(audience->history[part], packet);
}

void oh_forward_taps(int64_t now_us, const struct oh_audience *audience, uint32_t ssrc, uint8_t opus_pt,
                     const struct oh_packet *p) {
  struct oh_rtp_header header = {.marker = p->marker,
                                 .payload_type = opus_pt,
                                 .sequence = (uint16_t)p->sequence,
                                 .timestamp = p->timestamp,
                                 .ssrc = ssrc};
  for (uint32_t i = 0; i < audience->tap_count; i++)
    audience->taps[i].tap.packet(audience->taps[i].tap.ctx, now_us, &header, p->payload.data, p->payload.len);
}

uint32_t oh_listeners_add(struct oh_listeners *l, const struct oh_listener *listener) {
  if (l->len == l->cap) {
    l->cap = l->cap ? l->cap * 2 : 4;
    l->items = realloc(l->items, l->cap * sizeof *l->items);
    OH_CHECK(l->items);
  }
  l->items[l->len] = *listener;
  return l->len++;
}

void oh_listeners_remove(struct oh_listeners *l, uint32_t index) {
  OH_CHECK(index < l->len);
  l->items[index] = l->items[--l->len];
}

void oh_audience_fini(struct oh_audience *a) {
  for (int part = 0; part < 2; part++) {
    free(a->parts[part].items);
    oh_history_close(a->history[part]);
  }
  *a = (struct oh_audience){0};
}
