// silence.h — Opus silence frames at 50 per second, so that a listener's decoder fades out instead of
// concealing: 1 s when a track is muted or a listener switches it off, 0.2 s before a subscription closes
// (facts/LIVEKIT.md 8.5).
#pragma once
#include <stdint.h>

#define OH_SILENCE_US 20000
#define OH_SILENCE_MUTED 50 // frames
#define OH_SILENCE_CLOSING 10

struct oh_silence {
  uint32_t frames; // still to come
  int64_t due_us;  // of the next one; 0: at once
  uint32_t timer;
};

struct oh_sfu;
struct oh_sfu_track;
struct oh_sfu_subscription;
struct oh_outbox;
void oh_silence_track(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_track *track, uint32_t frames);
void oh_silence_subscription(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_subscription *s,
                             uint32_t frames);
void oh_silence_track_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_track *track,
                           struct oh_outbox *out);
// Forgets the subscription after the last frame if it is closing.
void oh_silence_subscription_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_subscription *s,
                                  struct oh_outbox *out);
