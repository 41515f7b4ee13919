// srtp.h — SRTP and SRTCP of one direction (RFC 3711, RFC 7714): key derivation, packet index (ROC) guess,
// replay windows, encryption and authentication in place. Key derivation rate 0, no MKI, 80-bit tags for the
// counter-mode profile. Nothing is remembered of a packet that did not authenticate.
#pragma once
#include "base/bytes.h"
#include "rtc/cipher.h"

#define OH_SRTP_WINDOW 128      // packets; RFC 3711 3.3.2 asks for at least 64
#define OH_SRTP_OVERHEAD_MAX 20 // bytes a packet grows at most (SRTCP with GCM: tag 16 + index 4)
#define OH_SRTP_MASTER_KEY_BYTES 16
#define OH_SRTP_MASTER_SALT_MAX 14

enum oh_srtp_result {
  OH_SRTP_OK,
  OH_SRTP_MALFORMED, // too short for its tag
  OH_SRTP_FORGED,    // authentication failed
  OH_SRTP_REPLAYED,  // seen before, or older than the window
  OH_SRTP_FULL,      // authentic, but of more SSRCs than the limit
};

struct oh_srtp;
// `streams_max` SSRCs at most, RTP and RTCP counted apart.
struct oh_srtp *oh_srtp_open(enum oh_srtp_profile profile, enum oh_cipher_engine engine,
                             const uint8_t *master_key, const uint8_t *master_salt, uint32_t streams_max);
void oh_srtp_close(struct oh_srtp *s); // zeroes everything; NULL is fine
size_t oh_srtp_salt_bytes(enum oh_srtp_profile profile);

// Receiving, in place. `*len` becomes the plain length. RTP: `header_len` as oh_rtp_read_header found it
// (12 ≤ header_len ≤ *len).
enum oh_srtp_result oh_srtp_unprotect_rtp(struct oh_srtp *s, uint8_t *data, size_t *len, size_t header_len);
enum oh_srtp_result oh_srtp_unprotect_rtcp(struct oh_srtp *s, uint8_t *data, size_t *len);

// Sending. RTP: `out` starts with the finished header; the payload is encrypted behind it (`payload` may be
// that very place). RTCP: `compound` is copied to `out` (may be the same). Both return the length of the
// datagram, or 0 if `capacity` does not suffice or there are too many SSRCs. For an SSRC never sent before
// the sequence number's cycle count is 0; sending the same sequence number twice must repeat the same bytes.
size_t oh_srtp_protect_rtp(struct oh_srtp *s, uint8_t *out, size_t header_len, const uint8_t *payload,
                           size_t len, size_t capacity);
size_t oh_srtp_protect_rtcp(struct oh_srtp *s, const uint8_t *compound, size_t len, uint8_t *out,
                            size_t capacity);

// Derives one session key (RFC 3711 4.3; labels 0…5). For tests.
void oh_srtp_derive(const uint8_t *master_key, const uint8_t *salt14, uint8_t label, uint8_t *out,
                    size_t len);
// The index (cycles << 16 | sequence) that RFC 3711 3.3.1 guesses, `highest` being the highest one seen.
uint64_t oh_srtp_guess(uint64_t highest, uint16_t sequence);
