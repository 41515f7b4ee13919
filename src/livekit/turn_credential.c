// turn_credential.c — see turn_credential.h
#include "livekit/turn_credential.h"
#include "base/base64.h"
#include "base/check.h"
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>

#define SPECIAL 0x1Eu // low five bits 11110 or 11111: a character of five bits

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

void oh_base62_write(struct oh_text *text, struct oh_bytes bytes) {
  uint32_t waiting = 0, count = 0; // bits, lowest first
  for (size_t i = 0; i < bytes.len || count > 0;) {
    for (; count < 6 && i < bytes.len; i++, count += 8)
      waiting |= (uint32_t)bytes.data[i] << count;
    uint32_t value = waiting & 0x3F, taken = 6;
    if ((value & SPECIAL) == SPECIAL) value &= 0x1F, taken = 5;
    oh_text_addc(text, alphabet[value]);
    if (count <= taken && i == bytes.len) return;
    waiting >>= taken;
    count -= taken;
  }
}

bool oh_base62_read(struct oh_str text, uint8_t *out, size_t cap, size_t *len) {
  uint32_t waiting = 0, count = 0;
  *len = 0;
  for (size_t i = 0; i < text.len; i++) {
    const char *at = text.data[i] ? strchr(alphabet, text.data[i]) : NULL;
    if (!at) return false;
    uint32_t value = (uint32_t)(at - alphabet);
    waiting |= value << count;
    count += (value & SPECIAL) == SPECIAL ? 5 : 6;
    if (count < 8) continue;
    if (*len == cap) return false;
    out[(*len)++] = (uint8_t)waiting;
    waiting >>= 8;
    count -= 8;
  }
  return waiting == 0; // what is left is padding
}

static bool make_password(const char *secret, struct oh_str sid, struct oh_str expiry, char password[96]) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  struct oh_text text;
  oh_text_init(&text, 4096);
  oh_text_addf(&text, "%s|%.*s|%.*s", secret, OH_STR_ARG(sid), OH_STR_ARG(expiry));
  bool ok = !text.failed && EVP_Digest(text.data, text.len, digest, NULL, EVP_sha256(), NULL) == 1;
  oh_text_clear(&text);
  if (ok) oh_base62_write(&text, (struct oh_bytes){digest, sizeof digest});
  if (ok) snprintf(password, 96, "%s", text.data);
  oh_text_fini(&text);
  return ok;
}

bool oh_turn_credential_make(struct oh_turn_credential *c, const struct oh_key *key, const char *sid,
                             int64_t expires_unix_s) {
  char plain[256], expiry[24];
  snprintf(expiry, sizeof expiry, "%" PRId64, expires_unix_s);
  int len = snprintf(plain, sizeof plain, "%s|%s|%s", key->id, sid, expiry);
  if (len >= (int)sizeof plain) return false;
  struct oh_text user;
  oh_text_init(&user, OH_TURN_USER_MAX + 1);
  oh_base62_write(&user, (struct oh_bytes){(const uint8_t *)plain, (size_t)len});
  bool ok = !user.failed && make_password(key->secret, oh_str(sid), oh_str(expiry), c->password);
  if (ok) snprintf(c->user, sizeof c->user, "%s", user.data);
  oh_text_fini(&user);
  return ok;
}

bool oh_turn_credential_password(struct oh_str user, const struct oh_keys *keys, bool must_be_fresh,
                                 int64_t unix_s, char password[96]) {
  uint8_t plain[OH_TURN_USER_MAX];
  size_t len;
  if (user.len > OH_TURN_USER_MAX || !oh_base62_read(user, plain, sizeof plain, &len)) return false;
  struct oh_str rest = {(const char *)plain, len};
  struct oh_str id = oh_str_cut(&rest, '|'), sid = oh_str_cut(&rest, '|');
  uint64_t expires_s;
  if (!oh_str_to_u64(rest, INT64_MAX, &expires_s)) return false;
  if (must_be_fresh && (int64_t)expires_s < unix_s) return false;
  for (size_t i = 0; i < keys->count; i++)
    if (oh_str_eq(oh_str(keys->items[i].id), id))
      return make_password(keys->items[i].secret, sid, rest, password);
  return false;
}

void oh_turn_credential_rest(struct oh_turn_credential *c, const char *secret, const char *sid,
                             int64_t expires_unix_s) {
  uint8_t digest[SHA_DIGEST_LENGTH];
  unsigned digest_len = 0;
  snprintf(c->user, sizeof c->user, "%" PRId64 ":%s", expires_unix_s, sid);
  OH_CHECK(HMAC(EVP_sha1(), secret, (int)strlen(secret), (const uint8_t *)c->user, strlen(c->user), digest,
                &digest_len));
  struct oh_text text;
  oh_text_init(&text, sizeof c->password);
  oh_base64_write(&text, (struct oh_bytes){digest, digest_len}, OH_BASE64_STANDARD);
  snprintf(c->password, sizeof c->password, "%s", text.data);
  oh_text_fini(&text);
}
