// sfu.h — the media plane of one worker: who sends which track, who listens, and the forwarding loop between
// them. It knows nothing of signalling, names or SDP: livekit/ tells it which transports, tracks and
// subscriptions exist, feeds it the hub's events, and gets events back (speaking, quality, first media).
//   room ── member (a participant's media half) ── transport (one hub peer; a member has one or two)
//              │                                        │ receives SSRC / MID → track
//              ├── track (published, audio)  <──────────┘
//              └── subscription (track → this member, sent on one transport with its own SSRC)
//
// Taps: a subscription may end in a callback instead of a transport (echo partner, recorder), and a track may
// be fed by oh_sfu_inject. No allocation and no lock on the packet path (a test counts).
#pragma once
#include "base/outbox.h"
#include "base/slab.h"
#include "base/world.h"
#include "rtc/hub.h"
#include <stdbool.h>
#include <stdint.h>

struct oh_sfu_config {
  // LiveKit's audio.* keys and defaults: 35, 40, 400, 2 (facts/LIVEKIT.md 7.1)
  uint32_t active_level;   // -dBov; ≤ this is loud enough
  uint32_t min_percentile; // % of the interval
  uint32_t update_interval_ms, smooth_intervals;
  uint32_t rooms, members, tracks, subscriptions; // capacities
};

enum oh_sfu_event_type {
  OH_SFU_SPEAKER = 1, // member's speaking level changed (quantized): level 0 and active=false when it stopped
  OH_SFU_QUALITY,     // member's connection quality computed (every 5 s while it has transports)
  OH_SFU_MEDIA,       // first packet of a track (or the first after a silence of > 5 s)
};
// livekit.ConnectionQuality
enum oh_sfu_quality { OH_QUALITY_POOR, OH_QUALITY_GOOD, OH_QUALITY_EXCELLENT, OH_QUALITY_LOST };

struct oh_sfu_event {
  enum oh_sfu_event_type type;
  oh_id room, member, track;
  float level; // OH_SFU_SPEAKER: 0..1 linear, quantized to eighths
  bool active;
  enum oh_sfu_quality quality; // OH_SFU_QUALITY
  float score;                 // MOS 1..4.5
  bool changed;                // quality differs from the last event of this member
};

struct oh_sfu *oh_sfu_open(struct oh_world *world, struct oh_hub *hub, const struct oh_sfu_config *config);
void oh_sfu_close(struct oh_sfu *sfu);

// All add functions return 0 when full. Tags are the owner's. Ids of what has gone do nothing.
oh_id oh_sfu_add_room(struct oh_sfu *sfu, int64_t now_us, uint64_t tag);
void oh_sfu_remove_room(struct oh_sfu *sfu, oh_id room); // and all its members
uint64_t oh_sfu_room_tag(const struct oh_sfu *sfu, oh_id room);
oh_id oh_sfu_add_member(struct oh_sfu *sfu, oh_id room, uint64_t tag);
void oh_sfu_remove_member(struct oh_sfu *sfu, oh_id member); // and its tracks, subscriptions and transports
uint64_t oh_sfu_member_tag(const struct oh_sfu *sfu, oh_id member);
// The values last told by events, for a new listener.
bool oh_sfu_speaking(const struct oh_sfu *sfu, oh_id member, float *level);
enum oh_sfu_quality oh_sfu_member_quality(const struct oh_sfu *sfu, oh_id member, float *score);

// A hub peer belongs to a member. Uses the hub's tag of that peer; removing the peer does not remove this.
// False: unknown member, or it has OH_TRANSPORTS_PER_MEMBER_MAX already.
bool oh_sfu_add_transport(struct oh_sfu *sfu, oh_id member, oh_id peer);
void oh_sfu_remove_transport(struct oh_sfu *sfu, oh_id peer);

struct oh_sfu_track_config {
  bool microphone; // counts for active speakers (source MICROPHONE)
  bool muted;
  bool encrypted; // end to end: no silence frames are made up, listeners could not decrypt them
};
oh_id oh_sfu_add_track(struct oh_sfu *sfu, oh_id member, const struct oh_sfu_track_config *config);
void oh_sfu_remove_track(struct oh_sfu *sfu, oh_id track); // and its subscriptions, as by oh_sfu_unsubscribe
void oh_sfu_mute_track(struct oh_sfu *sfu, int64_t now_us, oh_id track, bool muted);

// How one m= section of a transport is received, as negotiated. Ids and payload types 0 = not negotiated
// (opus_pt is never 0 when it is: dynamic types are 96–127 or 35–63).
struct oh_sfu_receive {
  char mid[16];
  uint32_t ssrc; // from a=ssrc, 0 if unknown: learned by MID, or by payload type when it is the only one
  uint8_t opus_pt, red_pt;
  uint8_t audio_level_ext, mid_ext, transport_cc_ext;
  bool nack;
};
// May be called again with what was negotiated anew. False: not a transport of the track's member.
bool oh_sfu_bind_track(struct oh_sfu *sfu, oh_id track, oh_id peer, const struct oh_sfu_receive *receive);

struct oh_sfu_send { // how a subscription is sent, as negotiated
  char mid[16];
  char cname[64];          // SDES CNAME: the stream id
  uint32_t ssrc;           // announced in our SDP
  uint8_t opus_pt, red_pt; // red_pt 0: RED is unpacked (with recovery) for this listener
  bool nack;
};
// Unbound yet. 0 when full, or if the track is the member's own or of another room.
oh_id oh_sfu_subscribe(struct oh_sfu *sfu, oh_id track, oh_id member);
// May be called again. Each SSRC from oh_sfu_new_ssrc serves one subscription only, ever: a repeated (SSRC,
// sequence number) would break the encryption. False: the peer is not a transport of the subscriber.
bool oh_sfu_bind_subscription(struct oh_sfu *sfu, int64_t now_us, oh_id subscription, oh_id peer,
                              const struct oh_sfu_send *send);
void oh_sfu_disable_subscription(struct oh_sfu *sfu, int64_t now_us, oh_id subscription, bool disabled);
// The id is forgotten at once; 0.2 s of closing silence follows on the wire if it was being sent.
void oh_sfu_unsubscribe(struct oh_sfu *sfu, oh_id subscription);
uint32_t oh_sfu_new_ssrc(struct oh_sfu *sfu); // unpredictable, never the same twice on this worker

// Taps: called with each Opus packet of the track (RED unpacked, silence on mute included), in order of
// arrival. `rtp` is borrowed, its sequence and timestamp continue over mutes and restarts of the source. The
// callback may inject into other tracks but not change the tables. Ends with oh_sfu_unsubscribe.
struct oh_sfu_tap {
  void (*packet)(void *ctx, int64_t now_us, const struct oh_rtp_header *rtp, const uint8_t *opus, size_t len);
  void *ctx;
};
oh_id oh_sfu_tap(struct oh_sfu *sfu, oh_id track, oh_id member, struct oh_sfu_tap tap);
// Feeds a track that has no transport: one Opus packet with 48 kHz timestamp; audio_level in -dBov (127
// silent). A changed rtp->ssrc is a new source: sequence and timestamp may start anywhere.
void oh_sfu_inject(struct oh_sfu *sfu, int64_t now_us, oh_id track, const struct oh_rtp_header *rtp,
                   uint8_t audio_level, const uint8_t *opus, size_t len, struct oh_outbox *out);

// The packet path: feed OH_HUB_RTP and OH_HUB_RTCP events.
void oh_sfu_recv(struct oh_sfu *sfu, int64_t now_us, const struct oh_hub_event *event, struct oh_outbox *out);
bool oh_sfu_next(struct oh_sfu *sfu, struct oh_sfu_event *event); // drain after recv, tick and inject
int64_t oh_sfu_deadline(const struct oh_sfu *sfu);
void oh_sfu_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_outbox *out);
