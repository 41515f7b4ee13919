// data.c — see data.h
#include "caller/data.h"
#include "packet.pb-c.h"
#include "rtc/datachannel.h"
#include <stdlib.h>

static void send_sctp(void *ctx, int64_t now_us, const uint8_t *packet, size_t len) {
  struct oh_caller *c = ctx;
  oh_hub_send_data(c->legs[0].hub, now_us, c->legs[0].peer, packet, len, c->legs[0].out);
}

static void hear(struct oh_caller *c, int64_t now_us, const struct oh_channel_event *event) {
  Livekit__DataPacket *packet = livekit__data_packet__unpack(NULL, event->data.len, event->data.data);
  if (packet && packet->value_case == LIVEKIT__DATA_PACKET__VALUE_USER)
    c->config.on_data(c->config.data_ctx, now_us, event->channel == c->lossy,
                      (struct oh_bytes){packet->user->payload.data, packet->user->payload.len});
  if (packet) livekit__data_packet__free_unpacked(packet, NULL);
}

static void on_event(struct oh_caller *c, int64_t now_us, const struct oh_channel_event *event) {
  struct oh_dcep_open settings = {.max_retransmits = -1, .lifetime_ms = -1, .label = OH_STR("_reliable")};
  switch (event->type) {
  case OH_CHANNELS_UP:
    c->reliable = oh_channel_open(c->channels, now_us, &settings);
    settings.label = OH_STR("_lossy");
    settings.unordered = true;
    settings.max_retransmits = 0;
    c->lossy = oh_channel_open(c->channels, now_us, &settings);
    break;
  case OH_CHANNEL_OPEN:
    if (event->ours && event->channel == c->lossy) // the later one
      oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_DATA_OPEN});
    break;
  case OH_CHANNEL_MESSAGE: hear(c, now_us, event); break;
  case OH_CHANNEL_CLOSED:
  case OH_CHANNELS_DOWN: break;
  }
}

static void drain(struct oh_caller *c, int64_t now_us) {
  struct oh_channel_event event;
  while (oh_channels_next(c->channels, now_us, &event))
    on_event(c, now_us, &event);
}

void oh_caller_data_begin(struct oh_caller *c, int64_t now_us) {
  if (!c->config.on_data || c->channels || c->leg_count > 1) return;
  c->reliable = c->lossy = -1;
  c->channels = oh_channels_open(
      c->world, &(struct oh_channels_config){.send = send_sctp, .ctx = c, .dtls_client = true});
  oh_channels_connect(c->channels, now_us);
}

void oh_caller_data_recv(struct oh_caller *c, int64_t now_us, struct oh_bytes packet) {
  if (!c->channels) return;
  oh_channels_recv(c->channels, now_us, packet.data, packet.len);
  drain(c, now_us);
}

int64_t oh_caller_data_deadline(const struct oh_caller *c) {
  return c->channels ? oh_channels_deadline(c->channels) : OH_NEVER;
}

void oh_caller_data_tick(struct oh_caller *c, int64_t now_us) {
  if (!c->channels || oh_channels_deadline(c->channels) > now_us) return;
  oh_channels_tick(c->channels, now_us);
  drain(c, now_us);
}

void oh_caller_data_end(struct oh_caller *c) {
  oh_channels_close(c->channels);
  c->channels = NULL;
}

bool oh_caller_send_data(struct oh_caller *c, int64_t now_us, bool lossy, struct oh_bytes payload) {
  int32_t channel = lossy ? c->lossy : c->reliable;
  uint8_t bytes[OH_CALLER_DATA_MAX + 64];
  if (!c->channels || channel < 0 || payload.len > OH_CALLER_DATA_MAX) return false;
  Livekit__UserPacket user = LIVEKIT__USER_PACKET__INIT;
  user.payload.data = (uint8_t *)(uintptr_t)payload.data, user.payload.len = payload.len;
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.kind = lossy ? LIVEKIT__DATA_PACKET__KIND__LOSSY : LIVEKIT__DATA_PACKET__KIND__RELIABLE;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_USER;
  packet.user = &user;
  if (!lossy) packet.sequence = ++c->data_sequence;
  size_t len = livekit__data_packet__pack(&packet, bytes);
  return oh_channel_send(c->channels, now_us, (uint16_t)channel, false, (struct oh_bytes){bytes, len});
}
