// jwks.c — see jwks.h
#include "call/jwks.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define P256_BYTES 32
#define ED25519_BYTES 32
#define NUMBER_MAX (OH_RSA_BITS_MAX / 8) // bytes of a modulus
#define PEM_MAX 4096
#define EXPONENT_MIN 65537 // FIPS 186-5 A.1.1; smaller ones are a mistake or a trap (e = 1 verifies anything)

// A member in base64url of at most `max` bytes; 0: absent, or not that.
static size_t read_number(const json_t *jwk, const char *name, uint8_t *out, size_t max) {
  const json_t *value = json_object_get(jwk, name);
  struct oh_str text = {json_string_value(value), json_string_length(value)};
  uint8_t bytes[NUMBER_MAX + 8];
  size_t len;
  if (!text.data || !text.len || oh_base64_bytes_max(text.len) > sizeof bytes) return 0;
  if (!oh_base64_read(text, OH_BASE64_URL, bytes, &len) || len > max) return 0;
  memcpy(out, bytes, len);
  return len;
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *build) {
  EVP_PKEY *pkey = NULL;
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  OH_CHECK(params && ctx && EVP_PKEY_fromdata_init(ctx) == 1);
  if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) pkey = NULL;
  EVP_PKEY_CTX_free(ctx);
  OSSL_PARAM_free(params);
  return pkey;
}

static EVP_PKEY *read_rsa(const json_t *jwk) {
  uint8_t n[NUMBER_MAX], e[8];
  size_t n_len = read_number(jwk, "n", n, sizeof n), e_len = read_number(jwk, "e", e, sizeof e);
  if (!n_len || !e_len) return NULL;
  BIGNUM *modulus = BN_bin2bn(n, (int)n_len, NULL), *exponent = BN_bin2bn(e, (int)e_len, NULL);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  OH_CHECK(modulus && exponent && build);
  OH_CHECK(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent));
  EVP_PKEY *pkey = make_key("RSA", build);
  OSSL_PARAM_BLD_free(build);
  BN_free(modulus);
  BN_free(exponent);
  return pkey;
}

static EVP_PKEY *read_ec(const json_t *jwk) {
  uint8_t point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
  const char *curve = json_string_value(json_object_get(jwk, "crv"));
  if (!curve || strcmp(curve, "P-256") != 0) return NULL;
  if (read_number(jwk, "x", point + 1, P256_BYTES) != P256_BYTES ||
      read_number(jwk, "y", point + 1 + P256_BYTES, P256_BYTES) != P256_BYTES)
    return NULL;
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  OH_CHECK(build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
           OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point));
  EVP_PKEY *pkey = make_key("EC", build);
  OSSL_PARAM_BLD_free(build);
  return pkey;
}

static EVP_PKEY *read_okp(const json_t *jwk) {
  uint8_t x[ED25519_BYTES];
  const char *curve = json_string_value(json_object_get(jwk, "crv"));
  if (!curve || strcmp(curve, "Ed25519") != 0 || read_number(jwk, "x", x, sizeof x) != sizeof x) return NULL;
  return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, sizeof x);
}

static bool rsa_is_sound(EVP_PKEY *pkey) {
  int bits = EVP_PKEY_get_bits(pkey);
  BIGNUM *n = NULL, *e = NULL;
  bool sound = bits >= OH_RSA_BITS_MIN && bits <= OH_RSA_BITS_MAX &&
               EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
               EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(n) && BN_is_odd(e) &&
               BN_num_bits(e) <= 32 && BN_get_word(e) >= EXPONENT_MIN;
  BN_free(n);
  BN_free(e);
  return sound;
}

static bool ec_is_sound(EVP_PKEY *pkey) {
  char group[32];
  size_t len;
  if (EVP_PKEY_get_group_name(pkey, group, sizeof group, &len) != 1 || strcmp(group, "prime256v1") != 0)
    return false;
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
  OH_CHECK(ctx);
  bool on_curve = EVP_PKEY_public_check(ctx) == 1;
  EVP_PKEY_CTX_free(ctx);
  return on_curve;
}

// Whether we use such keys, and with which algorithm if nobody says more.
static bool check_key(EVP_PKEY *pkey, enum oh_jws_alg *alg) {
  switch (EVP_PKEY_get_base_id(pkey)) {
  case EVP_PKEY_RSA: *alg = OH_JWS_RS256; return rsa_is_sound(pkey);
  case EVP_PKEY_EC: *alg = OH_JWS_ES256; return ec_is_sound(pkey);
  case EVP_PKEY_ED25519: *alg = OH_JWS_EDDSA; return true;
  default: return false;
  }
}

// `alg` of the set overrides the usual one, among those of the same kind of key.
static bool choose_alg(const json_t *jwk, enum oh_jws_alg *alg) {
  const json_t *value = json_object_get(jwk, "alg");
  enum oh_jws_alg named;
  if (!value) return true;
  if (!oh_jws_alg_find(json_string_value(value), &named)) return false;
  bool both_rsa = *alg == OH_JWS_RS256 && (named == OH_JWS_RS384 || named == OH_JWS_RS512);
  if (named != *alg && !both_rsa) return false;
  *alg = named;
  return true;
}

static bool is_for_verifying(const json_t *jwk) {
  const json_t *use = json_object_get(jwk, "use"), *operations = json_object_get(jwk, "key_ops");
  if (json_object_get(jwk, "d") || json_object_get(jwk, "k"))
    return false; // a secret that the world can read
  if (use && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0)) return false;
  if (!operations) return true;
  for (size_t i = 0; i < json_array_size(operations); i++) {
    const char *operation = json_string_value(json_array_get(operations, i));
    if (operation && strcmp(operation, "verify") == 0) return true;
  }
  return false;
}

static bool is_there(const struct oh_jws_keys *keys, enum oh_jws_alg alg, const char *kid) {
  for (size_t i = 0; kid && i < keys->count; i++)
    if (keys->items[i].alg == alg && keys->items[i].kid && strcmp(keys->items[i].kid, kid) == 0) return true;
  return false;
}

static void add_jwk(const json_t *jwk, struct oh_jws_keys *keys) {
  const char *type = json_string_value(json_object_get(jwk, "kty"));
  const json_t *id = json_object_get(jwk, "kid");
  if (!type || !is_for_verifying(jwk)) return;
  if (id && (!json_is_string(id) || !json_string_length(id) || json_string_length(id) > OH_KID_MAX)) return;
  EVP_PKEY *pkey = strcmp(type, "RSA") == 0   ? read_rsa(jwk)
                   : strcmp(type, "EC") == 0  ? read_ec(jwk)
                   : strcmp(type, "OKP") == 0 ? read_okp(jwk)
                                              : NULL;
  enum oh_jws_alg alg;
  const char *kid = json_string_value(id);
  if (!pkey || !check_key(pkey, &alg) || !choose_alg(jwk, &alg) || is_there(keys, alg, kid)) {
    EVP_PKEY_free(pkey);
    return;
  }
  *oh_jws_add(keys) =
      (struct oh_jws_key){.alg = alg, .kid = oh_str_dup(kid ? oh_str(kid) : OH_STR("")), .pkey = pkey};
}

bool oh_jwks_read(struct oh_bytes json, struct oh_jws_keys *keys) {
  if (json.len > OH_JWKS_MAX) return false;
  json_t *root = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
  const json_t *list = json_object_get(root, "keys");
  size_t before = keys->count;
  for (size_t i = 0; i < json_array_size(list) && keys->count - before < OH_JWKS_KEYS_MAX; i++)
    add_jwk(json_array_get(list, i), keys);
  json_decref(root);
  return keys->count > before;
}

// The base64 between the two lines of a PEM text, without line feeds, blanks, and the "\\n" that environment
// files make of line feeds.
static bool strip_pem(struct oh_str pem, struct oh_text *base64) {
  static const char begin[] = "-----BEGIN PUBLIC KEY-----", end[] = "-----END PUBLIC KEY-----";
  const char *head = memmem(pem.data, pem.len, begin, sizeof begin - 1);
  if (!head) return false;
  head += sizeof begin - 1;
  const char *tail = memmem(head, (size_t)(pem.data + pem.len - head), end, sizeof end - 1);
  for (const char *at = head; tail && at < tail; at++) {
    bool escaped = at + 1 < tail && *at == '\\' && (at[1] == 'n' || at[1] == 'r');
    if (escaped)
      at++;
    else if (*at != '\n' && *at != '\r' && *at != ' ' && *at != '\t')
      oh_text_addc(base64, *at);
  }
  return tail && !base64->failed;
}

bool oh_jwks_read_pem(struct oh_str pem, struct oh_jws_keys *keys) {
  struct oh_text base64;
  uint8_t der[PEM_MAX];
  const uint8_t *at = der;
  size_t len = 0;
  EVP_PKEY *pkey = NULL;
  enum oh_jws_alg alg;
  oh_text_init(&base64, PEM_MAX);
  if (strip_pem(pem, &base64) && base64.len &&
      oh_base64_read(oh_text_str(&base64), OH_BASE64_STANDARD, der, &len))
    pkey = d2i_PUBKEY(NULL, &at, (long)len);
  oh_text_fini(&base64);
  if (!pkey || at != der + len || !check_key(pkey, &alg)) {
    EVP_PKEY_free(pkey);
    return false;
  }
  *oh_jws_add(keys) = (struct oh_jws_key){.alg = alg, .pkey = pkey};
  return true;
}
