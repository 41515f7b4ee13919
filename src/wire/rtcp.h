// rtcp.h — RTCP (RFC 3550 6, RFC 4585 NACK, RFC 3611 RRTR/DLRR): walks compound packets, views of what voice
// uses, and writers that append one packet each to a compound. Transport-wide feedback is in twcc.h.
// Use: if (!oh_rtcp_valid(…)) drop; then walk, switch on type, read what you need; unknown types are stepped
// over.
#pragma once
#include "base/bytes.h"
#include "base/text.h"

enum oh_rtcp_type {
  OH_RTCP_SR = 200,
  OH_RTCP_RR = 201,
  OH_RTCP_SDES = 202,
  OH_RTCP_BYE = 203,
  OH_RTCP_APP = 204,
  OH_RTCP_RTPFB = 205, // transport feedback; count = OH_RTCP_FMT_…
  OH_RTCP_PSFB = 206,  // payload feedback (PLI, FIR, REMB): nothing for audio
  OH_RTCP_XR = 207,
};
enum oh_rtcp_fmt { OH_RTCP_FMT_NACK = 1, OH_RTCP_FMT_TWCC = 15 };
enum oh_rtcp_sdes_type { OH_RTCP_CNAME = 1, OH_RTCP_MID = 15 };

struct oh_rtcp {        // one packet of a compound
  uint8_t type;         // enum oh_rtcp_type, or unknown
  uint8_t count;        // the header's five bits: report count, source count or feedback format
  struct oh_bytes body; // after the 4-byte header, padding taken off
};
// Whether the lengths of all packets add up to `len`, versions are 2, and only the last is padded. Also
// accepts reduced-size RTCP (RFC 5506).
bool oh_rtcp_valid(const uint8_t *data, size_t len);
// Walks a compound: start with oh_reader(data, len). False at the end or at something broken (then
// r->failed).
bool oh_rtcp_next(struct oh_reader *r, struct oh_rtcp *packet);

struct oh_rtcp_sr {
  uint64_t ntp; // of the sender's wall clock, 32.32 fixed point
  uint32_t ssrc, rtp_timestamp, packets, octets;
};
struct oh_rtcp_report {
  uint32_t ssrc;             // whom it is about
  uint32_t highest_sequence; // extended: cycles << 16 | sequence
  uint32_t jitter;           // timestamp units
  uint32_t last_sr;          // middle 32 bits of the NTP time of the last SR received, 0 = none
  uint32_t delay_since_sr;   // 1/65536 s
  int32_t lost;              // cumulative, 24 bits signed
  uint8_t fraction_lost;     // 1/256
};
bool oh_rtcp_read_sr(const struct oh_rtcp *p, struct oh_rtcp_sr *sr);
bool oh_rtcp_read_rr(const struct oh_rtcp *p, uint32_t *ssrc);
// Report block `index` of an SR or RR; false when there are no more.
bool oh_rtcp_read_report(const struct oh_rtcp *p, size_t index, struct oh_rtcp_report *report);

struct oh_rtcp_sdes {
  uint32_t ssrc;
  uint8_t type;
  struct oh_str text;
};
// Walks the items of all chunks; a broken chunk ends the walk.
struct oh_rtcp_sdes_walk {
  struct oh_reader in;
  uint32_t ssrc;
  uint8_t chunks_left;
  bool in_chunk;
};
struct oh_rtcp_sdes_walk oh_rtcp_sdes_walk(const struct oh_rtcp *p);
bool oh_rtcp_sdes_next(struct oh_rtcp_sdes_walk *walk, struct oh_rtcp_sdes *item);
bool oh_rtcp_read_bye(const struct oh_rtcp *p, size_t index, uint32_t *ssrc);

struct oh_rtcp_nack {
  uint32_t sender_ssrc, media_ssrc;
  struct oh_bytes entries; // PID + BLP pairs
};
bool oh_rtcp_read_nack(const struct oh_rtcp *p, struct oh_rtcp_nack *nack); // false if it is not a NACK
// The lost sequence numbers one by one (up to 17 per pair): start with *cursor = 0.
bool oh_rtcp_nack_next(const struct oh_rtcp_nack *nack, uint32_t *cursor, uint16_t *sequence);

enum oh_rtcp_xr_type { OH_RTCP_XR_RRTR = 4, OH_RTCP_XR_DLRR = 5 };
struct oh_rtcp_xr_block {
  uint8_t type;
  struct oh_bytes data; // after the 4-byte block header
};
struct oh_rtcp_dlrr {
  uint32_t ssrc, last_rr, delay_since_rr; // as last_sr and delay_since_sr, for the receiver's RRTR
};
// Reads the SSRC of the sender of the XR and points *blocks to its report blocks.
bool oh_rtcp_read_xr(const struct oh_rtcp *p, uint32_t *ssrc, struct oh_reader *blocks);
bool oh_rtcp_xr_next(struct oh_reader *blocks, struct oh_rtcp_xr_block *block);
bool oh_rtcp_read_rrtr(const struct oh_rtcp_xr_block *b, uint64_t *ntp);
bool oh_rtcp_read_dlrr(const struct oh_rtcp_xr_block *b, size_t index, struct oh_rtcp_dlrr *dlrr);

// Writers: append one packet; w->failed if it does not fit (then the compound is not to be sent). At most 31
// reports or sources.
void oh_rtcp_write_sr(struct oh_writer *w, const struct oh_rtcp_sr *sr, const struct oh_rtcp_report *reports,
                      size_t count);
void oh_rtcp_write_rr(struct oh_writer *w, uint32_t ssrc, const struct oh_rtcp_report *reports, size_t count);
void oh_rtcp_write_sdes(struct oh_writer *w, uint32_t ssrc, struct oh_str cname,
                        struct oh_str mid); // mid may be empty
void oh_rtcp_write_bye(struct oh_writer *w, const uint32_t *ssrcs, size_t count);
// `sequences` in sending order (wrapping); neighbours share a PID + BLP pair.
void oh_rtcp_write_nack(struct oh_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
                        const uint16_t *sequences, size_t count);
void oh_rtcp_write_rrtr(struct oh_writer *w, uint32_t ssrc, uint64_t ntp);
void oh_rtcp_write_dlrr(struct oh_writer *w, uint32_t ssrc, const struct oh_rtcp_dlrr *dlrr, size_t count);

uint64_t oh_ntp_from_unix_us(int64_t unix_us);
static inline uint32_t oh_ntp_middle(uint64_t ntp) {
  return (uint32_t)(ntp >> 16);
} // what last_sr and last_rr carry
