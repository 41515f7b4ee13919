// cookie.h — what an INIT ACK makes the peer keep for us until its COOKIE ECHO (RFC 9260 5.1.3): enough to
// build the association, under HMAC-SHA-256 with the association's secret. No address is in it: DTLS knows
// the peer.
#pragma once
#include "base/bytes.h"

#define OH_COOKIE_BYTES 64

struct oh_cookie {
  int64_t made_us;
  uint32_t our_tag, peer_tag, our_tsn, peer_tsn, peer_window;
  uint32_t our_tie, peer_tie;                // the tags of the association that existed then, or 0
  bool forward_tsn, reconfig, zero_checksum; // what the peer can
};
void oh_cookie_write(const struct oh_cookie *cookie, const uint8_t secret[32], uint8_t out[OH_COOKIE_BYTES]);
// False if it is not ours or was altered.
bool oh_cookie_read(struct oh_cookie *cookie, const uint8_t secret[32], struct oh_bytes bytes);
