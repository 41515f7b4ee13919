// mint.c — see mint.h
#include "tests/unit/call/mint.h"
#include "base/base64.h"
#include "base/check.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

struct mint mint_rsa(unsigned bits, unsigned exponent, enum oh_jws_alg alg) {
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
  BIGNUM *e = BN_new();
  struct mint mint = {.alg = alg};
  OH_CHECK(ctx && e && BN_set_word(e, exponent) && EVP_PKEY_keygen_init(ctx) == 1);
  OH_CHECK(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1 &&
           EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) == 1 && EVP_PKEY_keygen(ctx, &mint.pkey) == 1);
  EVP_PKEY_CTX_free(ctx);
  BN_free(e);
  return mint;
}

struct mint mint_ec(const char *curve) {
  struct mint mint = {.pkey = EVP_EC_gen(curve), .alg = OH_JWS_ES256};
  OH_CHECK(mint.pkey);
  return mint;
}

struct mint mint_ed25519(void) {
  struct mint mint = {.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), .alg = OH_JWS_EDDSA};
  OH_CHECK(mint.pkey);
  return mint;
}

struct mint mint_secret(const char *secret) {
  return (struct mint){.alg = OH_JWS_HS256, .secret = secret};
}

void mint_fini(struct mint *mint) {
  EVP_PKEY_free(mint->pkey);
  *mint = (struct mint){0};
}

static void add64(struct oh_text *text, const void *data, size_t len) {
  oh_base64_write(text, (struct oh_bytes){data, len}, OH_BASE64_URL);
}

static size_t sign(const struct mint *mint, struct oh_str text, uint8_t out[1024]) {
  const uint8_t *data = (const uint8_t *)text.data;
  if (mint->alg == OH_JWS_HS256) {
    unsigned len = 0;
    OH_CHECK(HMAC(EVP_sha256(), mint->secret, (int)strlen(mint->secret), data, text.len, out, &len));
    return len;
  }
  const EVP_MD *digest = mint->alg == OH_JWS_EDDSA   ? NULL
                         : mint->alg == OH_JWS_RS384 ? EVP_sha384()
                         : mint->alg == OH_JWS_RS512 ? EVP_sha512()
                                                     : EVP_sha256();
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  size_t len = 1024;
  OH_CHECK(ctx && EVP_DigestSignInit(ctx, NULL, digest, NULL, mint->pkey) == 1 &&
           EVP_DigestSign(ctx, out, &len, data, text.len) == 1);
  EVP_MD_CTX_free(ctx);
  if (mint->alg != OH_JWS_ES256) return len;
  const uint8_t *at = out;
  ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)len);
  OH_CHECK(signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32) == 32);
  ECDSA_SIG_free(signature);
  return 64;
}

char *mint_sign(const struct mint *mint, const char *header, const char *payload) {
  struct oh_text text;
  uint8_t signature[1024];
  oh_text_init(&text, 64 * 1024);
  add64(&text, header, strlen(header));
  oh_text_addc(&text, '.');
  add64(&text, payload, strlen(payload));
  size_t len = sign(mint, oh_text_str(&text), signature);
  oh_text_addc(&text, '.');
  add64(&text, signature, len);
  return oh_text_take(&text, NULL);
}

static void add_number(struct oh_text *text, const struct mint *mint, const char *param, const char *name) {
  BIGNUM *number = NULL;
  uint8_t bytes[1024];
  OH_CHECK(EVP_PKEY_get_bn_param(mint->pkey, param, &number) == 1);
  int len = BN_bn2bin(number, bytes);
  BN_free(number);
  oh_text_addf(text, ",\"%s\":\"", name);
  add64(text, bytes, (size_t)len);
  oh_text_addc(text, '"');
}

char *mint_jwk(const struct mint *mint, const char *kid, const char *more) {
  struct oh_text text;
  oh_text_init(&text, 16 * 1024);
  uint8_t bytes[256];
  size_t len = sizeof bytes;
  if (mint->alg == OH_JWS_ES256) {
    OH_CHECK(
        EVP_PKEY_get_octet_string_param(mint->pkey, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes, &len) == 1);
    size_t half = (len - 1) / 2;
    oh_text_adds(&text, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
    add64(&text, bytes + 1, half);
    oh_text_adds(&text, "\",\"y\":\"");
    add64(&text, bytes + 1 + half, half);
    oh_text_addc(&text, '"');
  } else if (mint->alg == OH_JWS_EDDSA) {
    OH_CHECK(EVP_PKEY_get_raw_public_key(mint->pkey, bytes, &len) == 1);
    oh_text_adds(&text, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
    add64(&text, bytes, len);
    oh_text_addc(&text, '"');
  } else {
    oh_text_adds(&text, "{\"kty\":\"RSA\"");
    add_number(&text, mint, OSSL_PKEY_PARAM_RSA_N, "n");
    add_number(&text, mint, OSSL_PKEY_PARAM_RSA_E, "e");
  }
  if (kid) oh_text_addf(&text, ",\"kid\":\"%s\"", kid);
  oh_text_addf(&text, "%s}", more);
  return oh_text_take(&text, NULL);
}

char *mint_pem(const struct mint *mint) {
  BIO *bio = BIO_new(BIO_s_mem());
  char *data;
  OH_CHECK(bio && PEM_write_bio_PUBKEY(bio, mint->pkey) == 1);
  long len = BIO_get_mem_data(bio, &data);
  char *pem = oh_str_dup((struct oh_str){data, (size_t)len});
  BIO_free(bio);
  return pem;
}
