// speaker.h — how loud a track is (audio-level header extensions, RFC 6464) and who is speaking: LiveKit's
// window, percentile and smoothing (facts/LIVEKIT.md 7.1, 7.2).
#pragma once
#include "sfu/sfu.h"

struct oh_loudness {
  bool started;
  uint32_t highest_ts;
  uint32_t active_ms, observed_ms;
  uint8_t loudest; // -dBov
  double smoothed; // linear
  int64_t observed_us;
};

void oh_loudness_init(struct oh_loudness *l);
// One packet's level in -dBov (0 loudest, 127 silence).
void oh_loudness_recv(struct oh_loudness *l, int64_t now_us, const struct oh_sfu_config *config,
                      uint32_t timestamp, uint8_t level);
// Whether it is loud enough to be speech, and how loud (linear).
bool oh_loudness_active(struct oh_loudness *l, int64_t now_us, const struct oh_sfu_config *config,
                        double *level);
// Upwards to eighths of 1.
float oh_loudness_quantize(double level);

struct oh_sfu_room;
// One round over a room's members, due every update interval: appends OH_SFU_SPEAKER events.
void oh_speaker_round(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_room *room);
