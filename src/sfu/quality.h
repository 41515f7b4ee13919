// quality.h — how good a member's connection is: LiveKit's score of 0…100 per stream over windows of 5 s, and
// its mapping to livekit.ConnectionQuality and MOS (facts/LIVEKIT.md 7.3).
#pragma once
#include "sfu/sfu.h"

#define OH_QUALITY_US 5000000 // the window
#define OH_QUALITY_BEST 100.0f
#define OH_QUALITY_WEIGHT_OPUS (8 / 1.5f) // points per percent of loss; in-band FEC is always negotiated
#define OH_QUALITY_WEIGHT_RED (4 / 1.5f)

// What happened to one stream in a window.
struct oh_quality_window {
  int64_t packets; // that should have come
  int64_t lost;
  int64_t rtt_us;    // largest
  int64_t jitter_us; // largest
  float weight;
  bool muted;     // now, or for half of the window
  bool far_alive; // RTCP came from the other side
};

// Updates a stream's score (start with OH_QUALITY_BEST).
void oh_quality_update(float *score, const struct oh_quality_window *window);
enum oh_sfu_quality oh_quality_of(float score);
float oh_quality_mos(float score); // 1…4.5

struct oh_sfu_room;
// One round over a room's members, due every OH_QUALITY_US: appends OH_SFU_QUALITY events.
void oh_quality_round(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_room *room);
