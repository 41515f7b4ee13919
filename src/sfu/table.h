// table.h — the sfu's tables: rooms, members, transports, tracks and subscriptions, who refers to whom, and
// how each is forgotten. Inside of src/sfu only; sfu.h is the door. Objects in slabs never move.
#pragma once
#include "base/heap.h"
#include "sfu/feedback.h"
#include "sfu/forward.h"
#include "sfu/history.h"
#include "sfu/ids.h"
#include "sfu/quality.h"
#include "sfu/receive.h"
#include "sfu/redundancy.h"
#include "sfu/report.h"
#include "sfu/resend.h"
#include "sfu/silence.h"
#include "sfu/speaker.h"

struct oh_sfu_room {
  oh_id id;
  uint64_t tag;
  struct oh_ids members;
  uint32_t timer;
  int64_t speaker_us, quality_us; // next rounds
};

struct oh_sfu_member {
  oh_id id, room;
  uint64_t tag;
  oh_id transports[OH_TRANSPORTS_PER_MEMBER_MAX];
  struct oh_ids tracks, subscriptions;
  float level; // quantized speaking level, 0 when silent
  enum oh_sfu_quality quality;
  float score;
  bool rated;
  int64_t rtt_us; // last measured by a receiver report, 0 = never
};

struct oh_sfu_transport {
  oh_id id, member, peer;
  uint32_t ssrc;                                         // of our receiver reports
  struct oh_sfu_track *tracks[OH_TRACKS_PER_MEMBER_MAX]; // received on it
  uint32_t track_count;
  struct oh_ids subscriptions; // sent on it
  struct oh_feedback feedback;
  uint32_t timer;
  int64_t rr_us, sr_us; // when the next reports are due
  int64_t rtcp_us;      // when the last RTCP came
  uint32_t rrtr_ssrc, rrtr_middle;
  int64_t rrtr_us; // when the receiver reference time came, 0 = answered
};

struct oh_sfu_track {
  oh_id id, member;
  bool microphone, muted, encrypted;
  bool sends_red;                     // its last packet was RED
  struct oh_sfu_transport *transport; // NULL: not bound, or fed by inject
  struct oh_sfu_receive receive;
  struct oh_stream stream;
  struct oh_rewrite rewrite; // source → the track's timeline
  int64_t red_from;          // RED is passed on from this source sequence number, see oh_sfu_mute_track
  struct oh_redundancy redundancy;
  struct oh_clock clock;
  struct oh_loudness loudness;
  struct oh_audience audience;
  struct oh_ids subscriptions;
  struct oh_silence silence;
  int64_t media_us; // last packet forwarded, 0 = never
  int64_t bound_us, unmuted_us;
  float score;
};

struct oh_sfu_subscription {
  oh_id id, track, member; // track 0: it has gone and the closing silence is being sent
  bool bound, disabled, closing;
  struct oh_sfu_track *heard; // `track`, NULL when it has gone
  struct oh_sfu_transport *transport;
  bool listening; // its sending state is in the track's audience, at `index`; else it is `parked`
  uint32_t index;
  struct oh_listener parked;
  bool red; // which part of the audience
  char mid[16], cname[64];
  struct oh_resend *resend; // if it negotiated NACK; owned
  struct oh_silence silence;
  struct oh_reported reported; // what its receiver reports say
  float score;
  bool tapped;
};

struct oh_sfu {
  struct oh_world *world;
  struct oh_hub *hub;
  struct oh_sfu_config config;
  struct oh_slab rooms, members, transports, tracks, subscriptions;
  struct oh_heap heap;
  struct oh_sfu_event *events; // ring
  uint32_t event_first, event_count, event_cap;
  int64_t ntp_offset_us; // fixed at start: reports must not jump with the wall clock
  uint8_t ssrc_secret[16];
  uint32_t ssrc_count;
};

// What a timer is about: the high half of its id.
enum oh_sfu_timer { OH_TIMER_ROOM = 1, OH_TIMER_TRANSPORT, OH_TIMER_TRACK, OH_TIMER_SUBSCRIPTION };
void oh_sfu_arm(struct oh_sfu *sfu, uint32_t *place, enum oh_sfu_timer what, oh_id id, int64_t at_us);
void oh_sfu_push(struct oh_sfu *sfu, const struct oh_sfu_event *event);
uint64_t oh_sfu_ntp(const struct oh_sfu *sfu, int64_t now_us);
// A subscription's sending state, wherever it is now.
struct oh_listener *oh_sfu_listener(struct oh_sfu_subscription *s);
// Forgets a subscription at once, without closing silence.
void oh_sfu_forget_subscription(struct oh_sfu *sfu, struct oh_sfu_subscription *s);
