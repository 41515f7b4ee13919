// hub_double.c — see hub_double.h
#include "tests/unit/sfu/hub_double.h"
#include "base/check.h"

struct double_sent double_sent[DOUBLE_SENT];
size_t double_count;
uint64_t double_total;
bool double_down[DOUBLE_PEERS];
static uint64_t tags[DOUBLE_PEERS];

void double_reset(void) {
  double_count = 0;
  double_total = 0;
  memset(double_down, 0, sizeof double_down);
  memset(tags, 0, sizeof tags);
}

void oh_hub_set_tag(struct oh_hub *hub, oh_id peer, uint64_t tag) {
  (void)hub;
  if (peer < DOUBLE_PEERS) tags[peer] = tag;
}

uint64_t oh_hub_tag(const struct oh_hub *hub, oh_id peer) {
  (void)hub;
  return peer < DOUBLE_PEERS ? tags[peer] : 0;
}

static bool keep(int64_t now_us, oh_id peer, const struct oh_rtp_header *header, const uint8_t *data,
                 size_t len) {
  OH_CHECK(peer < DOUBLE_PEERS && len <= DOUBLE_PAYLOAD);
  if (double_down[peer]) return false;
  double_total++;
  if (double_count == DOUBLE_SENT) return true;
  struct double_sent *s = &double_sent[double_count++];
  s->peer = peer;
  s->at_us = now_us;
  s->rtcp = header == NULL;
  s->header = header ? *header : (struct oh_rtp_header){0};
  s->len = len;
  if (len) memcpy(s->data, data, len);
  return true;
}

bool oh_hub_send_rtp(struct oh_hub *hub, int64_t now_us, oh_id peer, const struct oh_rtp_header *header,
                     uint16_t extension_profile, struct oh_bytes extension, const uint8_t *payload,
                     size_t len, struct oh_outbox *out) {
  (void)hub, (void)extension_profile, (void)extension, (void)out;
  return keep(now_us, peer, header, payload, len);
}

bool oh_hub_send_rtcp(struct oh_hub *hub, int64_t now_us, oh_id peer, const uint8_t *compound, size_t len,
                      struct oh_outbox *out) {
  (void)hub, (void)out;
  return keep(now_us, peer, NULL, compound, len);
}
