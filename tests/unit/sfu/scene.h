// scene.h — a small room for tests: a speaker with one microphone track on peer 1, and listeners on peers 2…
#pragma once
#include "base/limits.h"
#include "sfu/sfu.h"
#include "tests/unit/sfu/hub_double.h"
#include "tests/unit/test.h"
#include "wire/rtpext.h"

enum {
  SCENE_LISTENERS = 8,
  SCENE_OPUS = 111, // of the speaker
  SCENE_RED = 63,
  SCENE_SSRC = 0x5EA00001,
  SCENE_LEVEL_EXT = 1,
  SCENE_MID_EXT = 4,
  SCENE_TWCC_EXT = 3,
};

struct scene {
  uint64_t seed;
  struct oh_world world;
  struct oh_sfu *sfu;
  int64_t now_us;
  oh_id room, speaker, track;
  oh_id listeners[SCENE_LISTENERS], subscriptions[SCENE_LISTENERS];
  uint32_t ssrcs[SCENE_LISTENERS];
  uint32_t listener_count;
};

static const struct oh_sfu_config scene_config = {.active_level = 35,
                                                  .min_percentile = 40,
                                                  .update_interval_ms = 400,
                                                  .smooth_intervals = 2,
                                                  .rooms = 4,
                                                  .members = 16,
                                                  .tracks = 16,
                                                  .subscriptions = 64};
// Nothing goes through the outbox: the double keeps what is sent.
static inline void scene_open(struct scene *s) {
  double_reset();
  *s = (struct scene){.seed = 1, .now_us = 1000000};
  s->world.random = test_random(&s->seed);
  s->world.unix_offset_us = 1700000000000000;
  s->sfu = oh_sfu_open(&s->world, NULL, &scene_config);
  s->room = oh_sfu_add_room(s->sfu, s->now_us, 77);
  s->speaker = oh_sfu_add_member(s->sfu, s->room, 100);
  assert_true(oh_sfu_add_transport(s->sfu, s->speaker, 1));
  s->track = oh_sfu_add_track(s->sfu, s->speaker, &(struct oh_sfu_track_config){.microphone = true});
}
static inline struct oh_sfu_receive scene_receive(void) {
  return (struct oh_sfu_receive){.mid = "0",
                                 .ssrc = SCENE_SSRC,
                                 .opus_pt = SCENE_OPUS,
                                 .red_pt = SCENE_RED,
                                 .audio_level_ext = SCENE_LEVEL_EXT,
                                 .mid_ext = SCENE_MID_EXT};
}
static inline void scene_bind(struct scene *s) {
  struct oh_sfu_receive receive = scene_receive();
  assert_true(oh_sfu_bind_track(s->sfu, s->track, 1, &receive));
}
// Listener i is on peer 2 + i, opus payload type 100 + i, RED 40 + i.
static inline uint32_t scene_listen(struct scene *s, bool red, bool nack) {
  uint32_t i = s->listener_count++;
  oh_id peer = 2 + i;
  s->listeners[i] = oh_sfu_add_member(s->sfu, s->room, 200 + i);
  assert_true(oh_sfu_add_transport(s->sfu, s->listeners[i], peer));
  s->subscriptions[i] = oh_sfu_subscribe(s->sfu, s->track, s->listeners[i]);
  assert_int_not_equal(s->subscriptions[i], 0);
  s->ssrcs[i] = oh_sfu_new_ssrc(s->sfu);
  struct oh_sfu_send send = {.mid = "5",
                             .cname = "PA_x|TR_y",
                             .ssrc = s->ssrcs[i],
                             .opus_pt = (uint8_t)(100 + i),
                             .red_pt = red ? (uint8_t)(40 + i) : 0,
                             .nack = nack};
  assert_true(oh_sfu_bind_subscription(s->sfu, s->now_us, s->subscriptions[i], peer, &send));
  return i;
}
static inline void scene_recv_from(struct scene *s, oh_id peer, uint32_t ssrc, uint8_t pt, uint16_t sequence,
                                   uint32_t timestamp, struct oh_bytes extension, const void *payload,
                                   size_t len) {
  struct oh_hub_event e = {.type = OH_HUB_RTP, .peer = peer};
  e.rtp.header =
      (struct oh_rtp_header){.payload_type = pt, .sequence = sequence, .timestamp = timestamp, .ssrc = ssrc};
  e.rtp.payload = (struct oh_bytes){.data = payload, .len = len};
  e.rtp.has_extension = extension.len > 0;
  e.rtp.extension_profile = extension.len ? OH_RTPEXT_ONE_BYTE : 0;
  e.rtp.extension = extension;
  oh_sfu_recv(s->sfu, s->now_us, &e, NULL);
}
static inline void scene_recv(struct scene *s, uint8_t pt, uint16_t sequence, uint32_t timestamp,
                              const void *payload, size_t len) {
  scene_recv_from(s, 1, SCENE_SSRC, pt, sequence, timestamp, (struct oh_bytes){0}, payload, len);
}
static inline void scene_rtcp(struct scene *s, oh_id peer, const struct oh_writer *w) {
  assert_false(w->failed);
  struct oh_hub_event e = {.type = OH_HUB_RTCP, .peer = peer, .data = w->start, .len = oh_writer_len(w)};
  oh_sfu_recv(s->sfu, s->now_us, &e, NULL);
}
// Lets time pass, ticking at every deadline.
static inline void scene_pass(struct scene *s, int64_t span_us) {
  int64_t end = s->now_us + span_us;
  while (oh_sfu_deadline(s->sfu) <= end) {
    if (oh_sfu_deadline(s->sfu) > s->now_us) s->now_us = oh_sfu_deadline(s->sfu);
    oh_sfu_tick(s->sfu, s->now_us, NULL);
  }
  s->now_us = end;
}
// How many RTP packets went to a peer since `from`; the last one in *last.
static inline size_t scene_sent(oh_id peer, size_t from, const struct double_sent **last) {
  size_t count = 0;
  for (size_t i = from; i < double_count; i++)
    if (!double_sent[i].rtcp && double_sent[i].peer == peer) {
      count++;
      if (last) *last = &double_sent[i];
    }
  return count;
}
static inline uint64_t scene_counted(const struct scene *s, enum oh_counter which) {
  return s->world.counters.value[which];
}
static inline void scene_close(struct scene *s) {
  oh_sfu_close(s->sfu);
}
