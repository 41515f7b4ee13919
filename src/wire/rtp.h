// rtp.h — RTP packets (RFC 3550 5.1): a zero-copy reader and a header writer. The header is readable before
// SRTP is opened; padding lies in the encrypted part and is only known afterwards.
#pragma once
#include "base/bytes.h"

#define OH_RTP_HEADER_BYTES 12 // without CSRCs and extension

struct oh_rtp_header {
  bool marker;
  uint8_t payload_type; // 0…127
  uint16_t sequence;
  uint32_t timestamp, ssrc;
};

// A packet. Ranges point into the bytes that were read.
struct oh_rtp {
  struct oh_rtp_header header;
  bool has_extension;
  bool has_padding;           // the P bit
  uint16_t extension_profile; // see rtpext.h; 0 without extension
  struct oh_bytes extension;  // the extension's data, after its 4-byte head
  struct oh_bytes csrcs;      // 4 bytes each
  struct oh_bytes payload;    // oh_rtp_read: without padding; oh_rtp_read_header: all that follows the header
  size_t header_len; // fixed part + CSRCs + extension: where the payload (in SRTP the ciphertext) starts
};

// RFC 5761: whether a datagram whose first two bits are `10` is RTCP rather than RTP.
static inline bool oh_rtp_is_rtcp(const uint8_t *data, size_t len) {
  return len >= 2 && data[1] >= 192 && data[1] <= 223;
}
// Reads the header only; false if it is not one. For SRTP packets, where `payload` is ciphertext and tag.
bool oh_rtp_read_header(struct oh_rtp *p, const uint8_t *data, size_t len);
// Reads a plain packet: as above, and takes padding off; false if the padding count is impossible.
bool oh_rtp_read(struct oh_rtp *p, const uint8_t *data, size_t len);
// For a packet whose header was read before decryption: points p->payload to the `len` plain bytes at
// data + p->header_len, without padding. False if the padding count is impossible.
bool oh_rtp_read_payload(struct oh_rtp *p, const uint8_t *data, size_t len);

// Writes a header: version 2, no padding, no CSRC, and an extension block if `extension` is not empty (filled
// up with zero bytes to a multiple of 4). Returns its length, or 0 if `capacity` does not suffice.
size_t oh_rtp_write_header(const struct oh_rtp_header *h, uint16_t extension_profile,
                           struct oh_bytes extension, uint8_t *out, size_t capacity);
