// twcc.h — transport-wide congestion feedback (RTPFB format 15,
// draft-holmer-rmcat-transport-wide-cc-extensions-01): which packets arrived, and when.
#pragma once
#include "wire/rtcp.h"

#define OH_TWCC_LOST INT64_MIN
#define OH_TWCC_PACKETS_MAX                                                                                  \
  1024 // of one feedback; at 50 packets/s a browser never needs more than a few dozen

struct oh_twcc {
  uint32_t sender_ssrc, media_ssrc;
  uint16_t base_sequence;
  uint8_t feedback_count; // +1 with each feedback, wrapping
};

// Appends one feedback packet about base_sequence, base_sequence + 1, …: `arrival_us[i]` is the (monotonic)
// arrival time or OH_TWCC_LOST. Returns how many of the `count` packets it covers: fewer when two arrivals
// lie too far apart for a delta or `w` is short (send the rest in another). At least one must have arrived.
// 0 and w->failed if nothing fits.
size_t oh_twcc_write(struct oh_writer *w, const struct oh_twcc *feedback, const int64_t *arrival_us,
                     size_t count);
// Takes a feedback apart: up to OH_TWCC_PACKETS_MAX arrival times in µs on the sender's clock (24 bits of 64
// ms, so only differences mean something) or OH_TWCC_LOST. Returns how many, 0 if it is malformed or not one.
size_t oh_twcc_read(const struct oh_rtcp *p, struct oh_twcc *feedback,
                    int64_t arrival_us[OH_TWCC_PACKETS_MAX]);
