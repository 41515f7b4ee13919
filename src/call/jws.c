// jws.c — see jws.h
#include "call/jws.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/compact.h"
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define P256_BYTES 32
#define MAC_BYTES 32
#define SIGNATURE_MAX (OH_RSA_BITS_MAX / 8)

static const char *const alg_names[OH_JWS_ALG_COUNT] = {
    [OH_JWS_HS256] = "HS256", [OH_JWS_RS256] = "RS256", [OH_JWS_RS384] = "RS384",
    [OH_JWS_RS512] = "RS512", [OH_JWS_ES256] = "ES256", [OH_JWS_EDDSA] = "EdDSA",
};

const char *oh_jws_alg_name(enum oh_jws_alg alg) {
  return alg_names[alg];
}

bool oh_jws_alg_find(const char *name, enum oh_jws_alg *alg) {
  for (int i = 0; name && i < OH_JWS_ALG_COUNT; i++)
    if (strcmp(alg_names[i], name) == 0) {
      *alg = (enum oh_jws_alg)i;
      return true;
    }
  return false;
}

struct oh_jws_key *oh_jws_add(struct oh_jws_keys *keys) {
  keys->items = realloc(keys->items, (keys->count + 1) * sizeof *keys->items);
  OH_CHECK(keys->items);
  keys->items[keys->count] = (struct oh_jws_key){0};
  return &keys->items[keys->count++];
}

void oh_jws_add_secret(struct oh_jws_keys *keys, const char *secret) {
  struct oh_jws_key *key = oh_jws_add(keys);
  key->alg = OH_JWS_HS256;
  key->secret = oh_str_dup(oh_str(secret));
}

void oh_jws_keys_fini(struct oh_jws_keys *keys) {
  for (size_t i = 0; i < keys->count; i++) {
    struct oh_jws_key *key = &keys->items[i];
    free(key->kid);
    EVP_PKEY_free(key->pkey);
    if (key->secret) OPENSSL_cleanse(key->secret, strlen(key->secret));
    free(key->secret);
  }
  free(keys->items);
  *keys = (struct oh_jws_keys){0};
}

// ---- reading

// RFC 8725 3.11: a token of another kind (a logout token, a DPoP proof) is not a sign-in.
static bool is_known_type(const char *type) {
  struct oh_str rest = oh_str(type), prefix = OH_STR("application/");
  if (rest.len > prefix.len && oh_str_eq_nocase((struct oh_str){rest.data, prefix.len}, prefix))
    rest.data += prefix.len, rest.len -= prefix.len;
  return oh_str_eq_nocase(rest, OH_STR("JWT")) || oh_str_eq_nocase(rest, OH_STR("at+jwt"));
}

// What the header may not ask for: extensions that must be understood, another encoding of the payload,
// compression, encryption. Everything else in it is read over, above all keys that it brings along.
static bool header_is_plain(const json_t *header) {
  static const char *const refused[] = {"crit", "b64", "zip", "enc"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    if (json_object_get(header, refused[i])) return false;
  const json_t *type = json_object_get(header, "typ"), *kid = json_object_get(header, "kid");
  if (type && (!json_is_string(type) || !is_known_type(json_string_value(type)))) return false;
  return !kid ||
         (json_is_string(kid) && json_string_length(kid) > 0 && json_string_length(kid) <= OH_KID_MAX);
}

static const EVP_MD *digest_of(enum oh_jws_alg alg) {
  switch (alg) {
  case OH_JWS_RS384: return EVP_sha384();
  case OH_JWS_RS512: return EVP_sha512();
  case OH_JWS_EDDSA: return NULL; // its own
  default: return EVP_sha256();
  }
}

// r and s as they stand in a JWS (RFC 7518 3.4) → the DER that OpenSSL reads.
static size_t ecdsa_der(const uint8_t *raw, uint8_t der[2 * P256_BYTES + 16]) {
  ECDSA_SIG *signature = ECDSA_SIG_new();
  OH_CHECK(signature);
  BIGNUM *r = BN_bin2bn(raw, P256_BYTES, NULL), *s = BN_bin2bn(raw + P256_BYTES, P256_BYTES, NULL);
  OH_CHECK(r && s && ECDSA_SIG_set0(signature, r, s));
  uint8_t *at = der;
  int len = i2d_ECDSA_SIG(signature, &at);
  OH_CHECK(len > 0);
  ECDSA_SIG_free(signature);
  return (size_t)len;
}

static bool mac_is_right(const struct oh_jws_key *key, struct oh_str text, const uint8_t *given, size_t len) {
  uint8_t mac[MAC_BYTES];
  unsigned mac_len = 0;
  OH_CHECK(HMAC(EVP_sha256(), key->secret, (int)strlen(key->secret), (const uint8_t *)text.data, text.len,
                mac, &mac_len));
  return len == MAC_BYTES && CRYPTO_memcmp(given, mac, MAC_BYTES) == 0;
}

static bool signature_is_right(const struct oh_jws_key *key, struct oh_str text, struct oh_str signature) {
  uint8_t given[OH_TOKEN_MAX + 3], der[2 * P256_BYTES + 16];
  const uint8_t *bytes = given;
  size_t len;
  if (!oh_base64_read(signature, OH_BASE64_URL, given, &len) || len > SIGNATURE_MAX) return false;
  if (key->alg == OH_JWS_HS256) return mac_is_right(key, text, given, len);
  if (key->alg == OH_JWS_ES256) {
    if (len != 2 * P256_BYTES) return false;
    len = ecdsa_der(given, der);
    bytes = der;
  }
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  OH_CHECK(ctx);
  bool right = EVP_DigestVerifyInit(ctx, NULL, digest_of(key->alg), NULL, key->pkey) == 1 &&
               EVP_DigestVerify(ctx, bytes, len, (const uint8_t *)text.data, text.len) == 1;
  EVP_MD_CTX_free(ctx);
  return right;
}

// By key id; a token without one fits only where there is nothing to choose.
static bool fits(const struct oh_jws_keys *keys, const struct oh_jws_key *key, const char *kid) {
  if (!key->kid) return true;
  return kid ? strcmp(key->kid, kid) == 0 : keys->count == 1;
}

static enum oh_jws_error verify(const json_t *header, struct oh_str text, struct oh_str signature,
                                const struct oh_jws_keys *keys) {
  const char *kid = json_string_value(json_object_get(header, "kid"));
  enum oh_jws_alg alg;
  if (!oh_jws_alg_find(json_string_value(json_object_get(header, "alg")), &alg)) return OH_JWS_ALGORITHM;
  bool any = false;
  for (size_t i = 0; i < keys->count; i++) {
    const struct oh_jws_key *key = &keys->items[i];
    if (!fits(keys, key, kid)) continue;
    any = true;
    if (key->alg != alg) continue;
    return signature_is_right(key, text, signature) ? OH_JWS_OK : OH_JWS_SIGNATURE;
  }
  return any || alg == OH_JWS_HS256 ? OH_JWS_ALGORITHM : OH_JWS_UNKNOWN_KEY;
}

enum oh_jws_error oh_jws_read(struct oh_str jws, const struct oh_jws_keys *keys, json_t **payload) {
  *payload = NULL;
  struct oh_compact compact;
  enum oh_jws_error error = OH_JWS_MALFORMED;
  if (oh_compact_read(jws, &compact) && header_is_plain(compact.header))
    error = verify(compact.header, compact.text, compact.signature, keys);
  if (error == OH_JWS_OK || error == OH_JWS_UNKNOWN_KEY) *payload = json_incref(compact.payload);
  oh_compact_fini(&compact);
  return error;
}
