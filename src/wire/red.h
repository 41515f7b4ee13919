// red.h — redundant audio (RFC 2198): several encodings of earlier frames ride in front of the primary one.
#pragma once
#include "base/bytes.h"

#define OH_RED_OFFSET_MAX 16383 // timestamp offset: 14 bits
#define OH_RED_LENGTH_MAX 1023  // bytes of a redundant block: 10 bits
#define OH_RED_BLOCKS_MAX 16    // with the primary; libwebrtc sends at most 10

struct oh_red_block {
  uint8_t payload_type;
  uint16_t timestamp_offset; // how much earlier than the packet's timestamp; 0 for the primary
  struct oh_bytes data;
};
struct oh_red {
  struct oh_red_block blocks[OH_RED_BLOCKS_MAX]; // oldest first, the primary last; borrowed from the payload
  size_t count;                                  // ≥ 1
};

// Takes an RTP payload apart; false if it is broken or has more than OH_RED_BLOCKS_MAX blocks.
bool oh_red_read(struct oh_red *red, struct oh_bytes payload);
// Writes a payload: `count` ≥ 1 blocks, the last is the primary (count 1 is a packet without redundancy).
// w->failed if it does not fit or a redundant block exceeds the two limits above.
void oh_red_write(struct oh_writer *w, const struct oh_red_block *blocks, size_t count);
