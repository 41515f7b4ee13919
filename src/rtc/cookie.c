// cookie.c — see cookie.h
#include "rtc/cookie.h"
#include "base/check.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { BODY = 40, MAC = OH_COOKIE_BYTES - BODY, FORWARD = 1, RECONFIG = 2, UNSUMMED = 4 };

static void sign(const uint8_t secret[32], const uint8_t *body, uint8_t mac[32]) {
  unsigned len = 0;
  OH_CHECK(HMAC(EVP_sha256(), secret, 32, body, BODY, mac, &len));
}

void oh_cookie_write(const struct oh_cookie *c, const uint8_t secret[32], uint8_t out[OH_COOKIE_BYTES]) {
  struct oh_writer w = oh_writer(out, OH_COOKIE_BYTES);
  oh_write_u64_be(&w, (uint64_t)c->made_us);
  oh_write_u32_be(&w, c->our_tag);
  oh_write_u32_be(&w, c->peer_tag);
  oh_write_u32_be(&w, c->our_tsn);
  oh_write_u32_be(&w, c->peer_tsn);
  oh_write_u32_be(&w, c->peer_window);
  oh_write_u32_be(&w, c->our_tie);
  oh_write_u32_be(&w, c->peer_tie);
  oh_write_u32_be(&w, (c->forward_tsn ? FORWARD : 0u) | (c->reconfig ? RECONFIG : 0u) |
                          (c->zero_checksum ? UNSUMMED : 0u));
  uint8_t mac[32];
  sign(secret, out, mac);
  oh_write_bytes(&w, mac, MAC);
  OH_CHECK(!w.failed && oh_writer_left(&w) == 0);
}

bool oh_cookie_read(struct oh_cookie *c, const uint8_t secret[32], struct oh_bytes bytes) {
  if (bytes.len != OH_COOKIE_BYTES) return false;
  uint8_t mac[32];
  sign(secret, bytes.data, mac);
  if (CRYPTO_memcmp(mac, bytes.data + BODY, MAC) != 0) return false;
  struct oh_reader r = oh_reader(bytes.data, bytes.len);
  c->made_us = (int64_t)oh_read_u64_be(&r);
  c->our_tag = oh_read_u32_be(&r);
  c->peer_tag = oh_read_u32_be(&r);
  c->our_tsn = oh_read_u32_be(&r);
  c->peer_tsn = oh_read_u32_be(&r);
  c->peer_window = oh_read_u32_be(&r);
  c->our_tie = oh_read_u32_be(&r);
  c->peer_tie = oh_read_u32_be(&r);
  uint32_t flags = oh_read_u32_be(&r);
  c->forward_tsn = flags & FORWARD;
  c->reconfig = flags & RECONFIG;
  c->zero_checksum = flags & UNSUMMED;
  return true;
}
