// tape.h — one voice on tape: RTP packets in, Ogg Opus pages out (RFC 7845), on a true timeline. Sans-IO:
// each page is handed to a sink as one piece; whoever writes whole pieces has a playable file at any moment.
//
// Timeline: granule positions follow the RTP timestamps. Packets that come out of order are put right within
// OH_TAPE_HOLD_US; what is missing (loss, DTX, mute) is filled with packets of empty frames, which a decoder
// conceals (RFC 7845 4.1). When the timestamps jump by something else than the time that has passed (another
// stream took over), the clock decides. Nothing is decoded or re-encoded.
#pragma once
#include "base/bytes.h"
#include "base/text.h"

#define OH_TAPE_HELD 16               // packets waiting for an earlier one
#define OH_TAPE_PACKET_MAX 1500       // bytes; what an RTP packet can carry
#define OH_TAPE_HOLD_US (200 * 1000)  // a missing packet that late is lost
#define OH_TAPE_PAGE_US (1000 * 1000) // audio and time that a crash may cost, unless asked for less
#define OH_TAPE_PAGE_PACKETS 250      // each takes at least one of a page's 255 lacing values
#define OH_TAPE_PAGE_BYTES (32 * 1024)

struct oh_tape_packet {
  int64_t position; // samples at 48 kHz since the beginning of the tape
  int64_t arrived_us;
  uint32_t samples;
  uint16_t len;
  uint8_t data[OH_TAPE_PACKET_MAX];
};

struct oh_tape {
  bool (*page)(void *ctx, struct oh_bytes page); // false: could not be written (`failed` is set)
  void *ctx;
  bool failed, started, ended;
  uint32_t serial, page_sequence;
  int64_t page_us;
  // Where the last received packet stood, for the positions of the next ones.
  uint32_t ssrc, last_timestamp;
  int64_t last_position, last_arrived_us;
  uint8_t last_toc;
  int64_t written;                          // granule position after the last packet put on a page
  struct oh_tape_packet held[OH_TAPE_HELD]; // ordered by position
  uint32_t held_count;
  int64_t page_since_us; // when the pending page got its first packet
  int64_t page_from;     // and where it began
  struct oh_bytes packets[OH_TAPE_PAGE_PACKETS + 1];
  uint32_t packet_count, segments;
  uint8_t bytes[OH_TAPE_PAGE_BYTES]; // of the pending packets
  size_t used;
  uint64_t received, late, filled_samples; // for the report: packets, packets too late, samples made up
};

struct oh_tape_form {
  uint8_t channels;  // 1 or 2; what is on it may still be either
  uint16_t pre_skip; // samples that a player throws away at the start
  int64_t page_us;   // 0: OH_TAPE_PAGE_US
};
// Hands the two header pages to the sink: a tape is a valid (empty) file from the start.
void oh_tape_init(struct oh_tape *tape, const struct oh_tape_form *form, uint32_t serial,
                  struct oh_str comment, bool (*page)(void *ctx, struct oh_bytes page), void *ctx);
// One packet of the voice; malformed Opus is ignored.
void oh_tape_recv(struct oh_tape *tape, int64_t now_us, uint32_t ssrc, uint32_t timestamp,
                  struct oh_bytes opus);
int64_t oh_tape_deadline(const struct oh_tape *tape);
void oh_tape_tick(struct oh_tape *tape, int64_t now_us);
// Writes what is left and the page that ends the stream.
void oh_tape_end(struct oh_tape *tape);
// Writes into `out` the empty-frame packet that fills up to `samples` (a multiple of 120, at least 120) after
// a packet with the TOC byte `toc`; returns how many samples it fills.
uint32_t oh_tape_filler(uint8_t toc, int64_t samples, uint8_t *out);
