// sfu_recv.c — the media plane under hostile but authenticated peers: a script of RTP packets, RTCP
// compounds, mutes, switches and time for a small room. Whatever comes: no crash, nothing to strangers, no
// (SSRC, sequence number) sent twice with different bytes (it would break AES-GCM), bounded output.
//
// Script: records of 1 byte kind, 1 byte length, then that many bytes.
#include "base/check.h"
#include "sfu/sfu.h"
#include "tests/fuzz/repeatable.h"
#include "tests/unit/sfu/hub_double.h"
#include "wire/rtpext.h"
#include <stdlib.h>

enum { RTP, RTP_OTHER, RTCP_SPEAKER, RTCP_LISTENER, MUTE, SWITCH, PASS, REBIND, REPLACE, KINDS };
enum { SSRC = 0x5EA00001, OPUS = 111, RED = 63, RECORDS_MAX = 2000 };

static uint64_t random_state;
struct room {
  struct oh_world world;
  struct oh_sfu *sfu;
  int64_t now_us;
  oh_id speaker, track, subscriptions[3];
  uint32_t ssrcs[3];
  bool muted, disabled;
};

static void bind_speaker(struct room *r) {
  struct oh_sfu_receive receive = {.mid = "0",
                                   .ssrc = SSRC,
                                   .opus_pt = OPUS,
                                   .red_pt = RED,
                                   .audio_level_ext = 1,
                                   .mid_ext = 4,
                                   .transport_cc_ext = 3,
                                   .nack = true};
  OH_CHECK(oh_sfu_bind_track(r->sfu, r->track, 1, &receive));
}

static void bind_listener(struct room *r, uint32_t i, bool red) {
  struct oh_sfu_send send = {
      .mid = "1", .cname = "c", .ssrc = r->ssrcs[i], .opus_pt = 100, .red_pt = red ? 101 : 0, .nack = i != 2};
  OH_CHECK(oh_sfu_bind_subscription(r->sfu, r->now_us, r->subscriptions[i], 2 + i, &send));
}

static void open_room(struct room *r) {
  static const struct oh_sfu_config config = {.active_level = 35,
                                              .min_percentile = 40,
                                              .update_interval_ms = 400,
                                              .smooth_intervals = 2,
                                              .rooms = 1,
                                              .members = 4,
                                              .tracks = 4,
                                              .subscriptions = 4};
  double_reset();
  random_state = 1;
  *r = (struct room){.now_us = 1000000, .world.random = {.fill = fill, .ctx = &random_state}};
  r->sfu = oh_sfu_open(&r->world, NULL, &config);
  oh_id room = oh_sfu_add_room(r->sfu, r->now_us, 0);
  r->speaker = oh_sfu_add_member(r->sfu, room, 0);
  oh_sfu_add_transport(r->sfu, r->speaker, 1);
  r->track = oh_sfu_add_track(r->sfu, r->speaker, &(struct oh_sfu_track_config){.microphone = true});
  bind_speaker(r);
  for (uint32_t i = 0; i < 3; i++) {
    oh_id member = oh_sfu_add_member(r->sfu, room, 0);
    oh_sfu_add_transport(r->sfu, member, 2 + i);
    r->subscriptions[i] = oh_sfu_subscribe(r->sfu, r->track, member);
    r->ssrcs[i] = 0x1000 + i; // known to the seeds
    bind_listener(r, i, i == 1);
  }
}

// Payload type, sequence, timestamp, extension length (high bit: two-byte form), extension, payload.
static void recv_rtp(struct room *r, uint32_t ssrc, struct oh_reader *in) {
  struct oh_hub_event e = {.type = OH_HUB_RTP, .peer = 1};
  e.rtp.header.payload_type = oh_read_u8(in) & 0x7F;
  e.rtp.header.sequence = oh_read_u16_be(in);
  e.rtp.header.timestamp = oh_read_u32_be(in);
  e.rtp.header.ssrc = ssrc;
  uint8_t extension = oh_read_u8(in);
  e.rtp.extension = oh_read_bytes(in, extension & 0x1F);
  e.rtp.has_extension = e.rtp.extension.len > 0;
  e.rtp.extension_profile = extension & 0x80 ? OH_RTPEXT_TWO_BYTE : OH_RTPEXT_ONE_BYTE;
  e.rtp.payload = oh_read_bytes(in, oh_reader_left(in));
  if (!in->failed) oh_sfu_recv(r->sfu, r->now_us, &e, NULL);
}

static void pass(struct room *r, int64_t span_us) {
  int64_t end = r->now_us + span_us;
  for (int ticks = 0; oh_sfu_deadline(r->sfu) <= end; ticks++) {
    OH_CHECK(ticks < 2000); // deadlines move on
    if (oh_sfu_deadline(r->sfu) > r->now_us) r->now_us = oh_sfu_deadline(r->sfu);
    oh_sfu_tick(r->sfu, r->now_us, NULL);
  }
  r->now_us = end;
  struct oh_sfu_event event;
  while (oh_sfu_next(r->sfu, &event))
    OH_CHECK(event.level >= 0 && event.level <= 1);
}

static void step(struct room *r, uint8_t kind, struct oh_bytes body) {
  struct oh_reader in = oh_reader(body.data, body.len);
  uint8_t first = body.len ? body.data[0] : 0;
  switch (kind % KINDS) {
  case RTP: recv_rtp(r, SSRC, &in); break;
  case RTP_OTHER: recv_rtp(r, SSRC + 1 + (first & 3), &in); break;
  case RTCP_SPEAKER:
  case RTCP_LISTENER: {
    struct oh_hub_event e = {.type = OH_HUB_RTCP,
                             .peer = kind % KINDS == RTCP_SPEAKER ? 1 : 2,
                             .data = body.data,
                             .len = body.len};
    oh_sfu_recv(r->sfu, r->now_us, &e, NULL);
    break;
  }
  case MUTE: oh_sfu_mute_track(r->sfu, r->now_us, r->track, r->muted = !r->muted); break;
  case SWITCH:
    oh_sfu_disable_subscription(r->sfu, r->now_us, r->subscriptions[first % 3], r->disabled = !r->disabled);
    break;
  case PASS: pass(r, (int64_t)first * 20000); break;
  case REBIND: bind_listener(r, first % 2, first & 2); break;
  case REPLACE:
    oh_sfu_remove_transport(r->sfu, 1);
    oh_sfu_add_transport(r->sfu, r->speaker, 1);
    bind_speaker(r);
    break;
  }
}

static int compare(const void *a, const void *b) {
  const struct double_sent *x = *(const struct double_sent *const *)a,
                           *y = *(const struct double_sent *const *)b;
  uint64_t kx = (uint64_t)x->header.ssrc << 16 | x->header.sequence;
  uint64_t ky = (uint64_t)y->header.ssrc << 16 | y->header.sequence;
  return kx < ky ? -1 : kx > ky;
}

static void check_sent(const struct room *r, size_t records) {
  OH_CHECK(double_total <= 4096 + records * 600);
  static const struct double_sent *sorted[DOUBLE_SENT];
  size_t count = 0;
  for (size_t i = 0; i < double_count; i++) {
    const struct double_sent *s = &double_sent[i];
    OH_CHECK(s->peer >= 1 && s->peer <= 4);
    if (s->rtcp) continue;
    OH_CHECK(s->peer != 1 && s->header.ssrc == r->ssrcs[s->peer - 2]);
    sorted[count++] = s;
  }
  if (count == 0) return;
  qsort(sorted, count, sizeof *sorted, compare);
  for (size_t i = 1; i < count; i++) {
    const struct double_sent *a = sorted[i - 1], *b = sorted[i];
    if (compare(&a, &b) != 0) continue;
    OH_CHECK(a->header.timestamp == b->header.timestamp && a->header.marker == b->header.marker);
    OH_CHECK(a->header.payload_type == b->header.payload_type && a->len == b->len);
    OH_CHECK(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct room r;
  open_room(&r);
  struct oh_reader in = oh_reader(data, len);
  size_t records = 0;
  while (oh_reader_left(&in) >= 2 && records < RECORDS_MAX) {
    uint8_t kind = oh_read_u8(&in), size = oh_read_u8(&in);
    size_t left = oh_reader_left(&in);
    step(&r, kind, oh_read_bytes(&in, size < left ? size : left));
    records++;
  }
  pass(&r, 2000000);
  check_sent(&r, records);
  oh_sfu_close(r.sfu);
  return 0;
}
