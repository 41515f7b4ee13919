// opus.c — see opus.h
#include "wire/opus.h"

unsigned oh_opus_frame_samples(uint8_t toc) {
  unsigned config = toc >> 3;                                                   // RFC 6716 table 2
  if (config < 12) return (const unsigned[]){480, 960, 1920, 2880}[config & 3]; // SILK: 10, 20, 40, 60 ms
  if (config < 16) return config & 1 ? 960 : 480;                               // hybrid: 10, 20 ms
  return 120u << (config & 3);                                                  // CELT: 2.5, 5, 10, 20 ms
}

unsigned oh_opus_frames(struct oh_bytes packet) {
  if (packet.len == 0) return 0;
  unsigned frames = 2; // codes 1 and 2
  if ((packet.data[0] & 3) == 0) frames = 1;
  if ((packet.data[0] & 3) == 3) frames = packet.len > 1 ? packet.data[1] & 63 : 0;
  return frames * oh_opus_frame_samples(packet.data[0]) <= OH_OPUS_DURATION_MAX ? frames : 0;
}

unsigned oh_opus_duration(struct oh_bytes packet) {
  unsigned frames = oh_opus_frames(packet);
  return frames ? frames * oh_opus_frame_samples(packet.data[0]) : 0;
}

bool oh_opus_is_stereo(uint8_t toc) {
  return toc >> 2 & 1;
}
