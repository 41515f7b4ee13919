// forward.h — the hot loop: one packet of a track to everybody who listens. A track's audience has two parts,
// those who get plain Opus and those who take RED, each a dense array, so that the loop looks nothing up but
// the hub's peer.
#pragma once
#include "base/limits.h"
#include "sfu/history.h"
#include "sfu/rewrite.h"
#include "sfu/sfu.h"

struct oh_listener {
  struct oh_rewrite rewrite; // the track's timeline → this listener's
  oh_id peer, subscription;
  uint32_t ssrc;
  uint8_t opus_pt, red_pt;
  uint64_t packets, octets; // sent
};
struct oh_listeners {
  struct oh_listener *items; // owned
  uint32_t len, cap;
};
enum oh_part { OH_PLAIN, OH_RED };

struct oh_audience {
  struct oh_listeners parts[2];  // by enum oh_part
  struct oh_history *history[2]; // what each part was sent, if somebody may NACK
  struct oh_tapped {
    struct oh_sfu_tap tap;
    oh_id subscription;
  } taps[OH_TAPS_PER_TRACK_MAX];
  uint32_t tap_count;
};

// Sends a packet of the track's timeline to one part of the audience, and keeps it for NACKs.
void oh_forward(struct oh_world *world, struct oh_hub *hub, int64_t now_us, struct oh_audience *audience,
                enum oh_part part, const struct oh_packet *packet, struct oh_outbox *out);
// Sends a packet to one listener; false if it belongs before its mapping or its transport is down.
bool oh_forward_one(struct oh_hub *hub, int64_t now_us, struct oh_listener *listener,
                    const struct oh_packet *packet, struct oh_outbox *out);
// Sends one packet with this listener's own numbers (silence, resends).
bool oh_forward_raw(struct oh_hub *hub, int64_t now_us, const struct oh_listener *listener,
                    const struct oh_packet *packet, struct oh_outbox *out);
// Hands a plain packet to the taps.
void oh_forward_taps(int64_t now_us, const struct oh_audience *audience, uint32_t ssrc, uint8_t opus_pt,
                     const struct oh_packet *packet);

// Returns the listener's index. The last one takes a removed one's place.
uint32_t oh_listeners_add(struct oh_listeners *l, const struct oh_listener *listener);
void oh_listeners_remove(struct oh_listeners *l, uint32_t index);
void oh_audience_fini(struct oh_audience *audience);
