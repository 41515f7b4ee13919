// stun.c — see stun.h
#include "wire/stun.h"
#include "base/check.h"
#include "base/limits.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#define COOKIE 0x2112A442u
#define INTEGRITY_BYTES 20          // HMAC-SHA1
#define FINGERPRINT_XOR 0x5354554Eu // RFC 8489 14.7: so that it differs from a CRC of the application's own
#define USERNAME_MAX 513            // RFC 5389 15.3 (RFC 8489 asks for less)

enum attribute {
  MAPPED_ADDRESS = 0x0001,
  USERNAME = 0x0006,
  MESSAGE_INTEGRITY = 0x0008,
  ERROR_CODE = 0x0009,
  UNKNOWN_ATTRIBUTES = 0x000A,
  REALM = 0x0014,
  NONCE = 0x0015,
  XOR_MAPPED_ADDRESS = 0x0020,
  PRIORITY = 0x0024,
  USE_CANDIDATE = 0x0025,
  FINGERPRINT = 0x8028,
  ICE_CONTROLLED = 0x8029,
  ICE_CONTROLLING = 0x802A,
};

bool oh_stun_is(const uint8_t *data, size_t len) {
  return len >= OH_STUN_HEADER_BYTES && data[0] < 4 && oh_load_u32_be(data + 4) == COOKIE;
}

static bool read_address(struct oh_addr *addr, struct oh_bytes value, const uint8_t *mask) {
  if (value.len < 4) return false;
  size_t ip_len = value.data[1] == 1 ? 4 : value.data[1] == 2 ? 16 : 0;
  if (ip_len == 0 || value.len != 4 + ip_len) return false;
  *addr = (struct oh_addr){.family = ip_len == 4 ? OH_ADDR_V4 : OH_ADDR_V6};
  addr->port = oh_load_u16_be(value.data + 2);
  memcpy(addr->ip, value.data + 4, ip_len);
  if (mask) {
    addr->port = (uint16_t)(addr->port ^ oh_load_u16_be(mask));
    for (size_t i = 0; i < ip_len; i++)
      addr->ip[i] ^= mask[i];
  }
  return true;
}

static bool read_role(struct oh_stun *s, bool controlling, struct oh_bytes value) {
  if (value.len != 8 || s->controlling || s->controlled) return false; // nobody is both
  s->controlling = controlling;
  s->controlled = !controlling;
  s->tie_breaker = (uint64_t)oh_load_u32_be(value.data) << 32 | oh_load_u32_be(value.data + 4);
  return true;
}

// What is legal only at the end of a message; checked before anything else is believed.
static bool read_fingerprint(struct oh_stun *s, size_t at, struct oh_bytes value) {
  if (value.len != 4) return false;
  uint32_t crc = (uint32_t)crc32(0, s->message.data, (uInt)at) ^ FINGERPRINT_XOR;
  s->has_fingerprint = true;
  return oh_load_u32_be(value.data) == crc;
}

static bool read_attribute(struct oh_stun *s, uint16_t type, size_t at, struct oh_bytes value) {
  switch (type) {
  case USERNAME:
    if (value.len > USERNAME_MAX) return false;
    if (!s->has_username) s->username = (struct oh_str){.data = (const char *)value.data, .len = value.len};
    s->has_username = true;
    return true;
  case MESSAGE_INTEGRITY: // a second one never gets here
    s->integrity_at = (uint16_t)at;
    return value.len == INTEGRITY_BYTES;
  case FINGERPRINT: return read_fingerprint(s, at, value);
  case ERROR_CODE:
    if (value.len < 4 || (value.data[2] & 7) < 3 || (value.data[2] & 7) > 6 || value.data[3] > 99)
      return false;
    s->error_code = (uint16_t)((value.data[2] & 7) * 100 + value.data[3]);
    return true;
  case XOR_MAPPED_ADDRESS: // the mask is cookie and transaction id, as they stand in the header
    s->has_mapped = true;
    return read_address(&s->mapped, value, s->message.data + 4);
  case MAPPED_ADDRESS:
    if (s->has_mapped) return true;
    s->has_mapped = true;
    return read_address(&s->mapped, value, NULL);
  case PRIORITY:
    if (value.len != 4) return false;
    s->has_priority = true;
    s->priority = oh_load_u32_be(value.data);
    return true;
  case USE_CANDIDATE: s->use_candidate = true; return value.len == 0;
  case ICE_CONTROLLED: return read_role(s, false, value);
  case ICE_CONTROLLING: return read_role(s, true, value);
  case UNKNOWN_ATTRIBUTES:
  case REALM:
  case NONCE: return true; // known, but nothing that ICE acts on
  default:
    if (type < 0x8000 && !s->unknown_required) s->unknown_required = type;
    return true;
  }
}

bool oh_stun_read(struct oh_stun *s, const uint8_t *data, size_t len) {
  *s = (struct oh_stun){.message = {.data = data, .len = len}};
  if (!oh_stun_is(data, len)) return false;
  uint16_t type = oh_load_u16_be(data);
  if ((size_t)oh_load_u16_be(data + 2) + OH_STUN_HEADER_BYTES != len || len % 4 != 0) return false;
  s->method = (uint16_t)((type & 0x000F) | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2);
  s->class = (uint8_t)((type >> 4 & 1) | (type >> 7 & 2));
  s->transaction = data + 8;
  struct oh_reader r = oh_reader(data + OH_STUN_HEADER_BYTES, len - OH_STUN_HEADER_BYTES);
  for (size_t count = 0; oh_reader_left(&r) > 0; count++) {
    size_t at = (size_t)(r.at - data);
    uint16_t attribute = oh_read_u16_be(&r);
    size_t value_len = oh_read_u16_be(&r);
    struct oh_bytes value = oh_read_bytes(&r, value_len);
    oh_read_bytes(&r, (4 - value_len % 4) % 4);
    if (r.failed || count >= OH_STUN_ATTRIBUTES_MAX || s->has_fingerprint) return false;
    if (s->integrity_at && attribute != FINGERPRINT) return false;
    if (!read_attribute(s, attribute, at, value)) return false;
  }
  return true;
}

// HMAC over the message before MESSAGE-INTEGRITY, with a header whose length ends right after that attribute
// (RFC 8489 14.5). False only for messages longer than any datagram.
static bool integrity(uint8_t digest[INTEGRITY_BYTES], const uint8_t *message, size_t at,
                      struct oh_bytes key) {
  uint8_t covered[1500];
  if (at > sizeof covered || key.len > 256) return false;
  memcpy(covered, message, at);
  oh_store_u16_be(covered + 2, (uint16_t)(at + 4 + INTEGRITY_BYTES - OH_STUN_HEADER_BYTES));
  unsigned digest_len = 0;
  OH_CHECK(HMAC(EVP_sha1(), key.data, (int)key.len, covered, at, digest, &digest_len));
  return true;
}

bool oh_stun_verify(const struct oh_stun *s, struct oh_bytes key) {
  uint8_t digest[INTEGRITY_BYTES];
  if (!s->integrity_at || key.len == 0 || !integrity(digest, s->message.data, s->integrity_at, key))
    return false;
  return CRYPTO_memcmp(digest, s->message.data + s->integrity_at + 4, sizeof digest) == 0;
}

bool oh_stun_username(const struct oh_stun *s, struct oh_str *receiver, struct oh_str *sender) {
  const char *colon =
      s->has_username && s->username.len ? memchr(s->username.data, ':', s->username.len) : NULL;
  if (!colon) return false;
  *receiver = (struct oh_str){.data = s->username.data, .len = (size_t)(colon - s->username.data)};
  *sender = (struct oh_str){.data = colon + 1, .len = s->username.len - receiver->len - 1};
  return true;
}

bool oh_stun_read_address(struct oh_addr *addr, struct oh_bytes value, const uint8_t *message) {
  return read_address(addr, value, message + 4);
}

struct oh_writer oh_stun_begin(uint16_t method, enum oh_stun_class class, const uint8_t *transaction,
                               uint8_t *out, size_t capacity) {
  struct oh_writer w = oh_writer(out, capacity);
  unsigned spread = (method & 0xFu) | (method & 0x70u) << 1 | (method & 0xF80u) << 2; // RFC 8489 5
  oh_write_u16_be(&w, (uint16_t)(spread | (class & 1u) << 4 | (class & 2u) << 7));
  oh_write_u16_be(&w, 0); // the length, set at the end
  oh_write_u32_be(&w, COOKIE);
  oh_write_bytes(&w, transaction, OH_STUN_TRANSACTION_BYTES);
  return w;
}

void oh_stun_add(struct oh_writer *w, uint16_t type, const void *value, size_t len) {
  oh_write_u16_be(w, type);
  oh_write_u16_be(w, (uint16_t)len);
  oh_write_bytes(w, value, len);
  oh_write_bytes(w, "\0\0\0", (4 - len % 4) % 4);
}

void oh_stun_add_address(struct oh_writer *w, uint16_t type, const struct oh_addr *addr) {
  if (w->failed) return;
  const uint8_t *mask = w->start + 4;
  size_t ip_len = addr->family == OH_ADDR_V4 ? 4 : 16;
  uint8_t value[20] = {0, addr->family == OH_ADDR_V4 ? 1 : 2};
  oh_store_u16_be(value + 2, (uint16_t)(addr->port ^ oh_load_u16_be(mask)));
  for (size_t i = 0; i < ip_len; i++)
    value[4 + i] = addr->ip[i] ^ mask[i];
  oh_stun_add(w, type, value, 4 + ip_len);
}

size_t oh_stun_finish(struct oh_writer *w, struct oh_bytes key, bool fingerprint) {
  uint8_t digest[INTEGRITY_BYTES] = {0};
  if (!w->failed && key.len) {
    OH_CHECK(integrity(digest, w->start, oh_writer_len(w), key));
    oh_stun_add(w, MESSAGE_INTEGRITY, digest, sizeof digest);
  }
  size_t at = oh_writer_len(w);
  if (fingerprint) oh_stun_add(w, FINGERPRINT, "\0\0\0", 4);
  if (w->failed) return 0;
  oh_store_u16_be(w->start + 2, (uint16_t)(oh_writer_len(w) - OH_STUN_HEADER_BYTES));
  if (fingerprint)
    oh_store_u32_be(w->start + at + 4, (uint32_t)crc32(0, w->start, (uInt)at) ^ FINGERPRINT_XOR);
  return oh_writer_len(w);
}

size_t oh_stun_write_check(const struct oh_stun_check *check, struct oh_bytes key, uint8_t *out,
                           size_t capacity) {
  if (check->username.len > USERNAME_MAX) return 0;
  struct oh_writer w = oh_stun_begin(OH_STUN_BINDING, OH_STUN_REQUEST, check->transaction, out, capacity);
  oh_stun_add(&w, USERNAME, check->username.data, check->username.len);
  oh_write_u16_be(&w, PRIORITY);
  oh_write_u16_be(&w, 4);
  oh_write_u32_be(&w, check->priority);
  oh_write_u16_be(&w, check->controlling ? ICE_CONTROLLING : ICE_CONTROLLED);
  oh_write_u16_be(&w, 8);
  oh_write_u64_be(&w, check->tie_breaker);
  if (check->use_candidate) oh_stun_add(&w, USE_CANDIDATE, NULL, 0);
  return oh_stun_finish(&w, key, true);
}

size_t oh_stun_write_success(const uint8_t *transaction, const struct oh_addr *mapped, struct oh_bytes key,
                             uint8_t *out, size_t capacity) {
  OH_CHECK(mapped->family == OH_ADDR_V4 || mapped->family == OH_ADDR_V6);
  struct oh_writer w = oh_stun_begin(OH_STUN_BINDING, OH_STUN_SUCCESS, transaction, out, capacity);
  oh_stun_add_address(&w, XOR_MAPPED_ADDRESS, mapped);
  return oh_stun_finish(&w, key, true);
}

size_t oh_stun_write_error(const uint8_t *transaction, enum oh_stun_code code, struct oh_bytes key,
                           uint8_t *out, size_t capacity) {
  struct oh_str reason = code == OH_STUN_BAD_REQUEST     ? OH_STR("Bad Request")
                         : code == OH_STUN_ROLE_CONFLICT ? OH_STR("Role Conflict")
                                                         : OH_STR("Unauthenticated");
  uint8_t value[4 + 20] = {0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
  memcpy(value + 4, reason.data, reason.len);
  struct oh_writer w = oh_stun_begin(OH_STUN_BINDING, OH_STUN_ERROR, transaction, out, capacity);
  oh_stun_add(&w, ERROR_CODE, value, 4 + reason.len);
  return oh_stun_finish(&w, key, true);
}
