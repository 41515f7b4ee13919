// opus.h — what the first bytes of an Opus packet say (RFC 6716 section 3); nothing is decoded.
#pragma once
#include "base/bytes.h"

#define OH_OPUS_RATE 48000        // RTP and Ogg clock (RFC 7587, RFC 7845), whatever the audio bandwidth
#define OH_OPUS_DURATION_MAX 5760 // samples of a packet: 120 ms
#define OH_OPUS_FRAMES_MAX 48     // frames of a packet: 120 ms of 2.5 ms frames

// Frames in the packet, or 0 if it is malformed (empty, count missing or zero, longer than 120 ms).
unsigned oh_opus_frames(struct oh_bytes packet);
// Samples of one frame at 48 kHz: 120 (2.5 ms) … 2880 (60 ms).
unsigned oh_opus_frame_samples(uint8_t toc);
// Samples of the packet at 48 kHz, or 0 if it is malformed.
unsigned oh_opus_duration(struct oh_bytes packet);
bool oh_opus_is_stereo(uint8_t toc);
