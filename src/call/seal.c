// seal.c — see seal.h
#include "call/seal.h"
#include "base/base64.h"
#include "base/check.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define NONCE_BYTES 12
#define TAG_BYTES 16
#define SEALED_MAX (64 * 1024)

void oh_seal_init(struct oh_seal *seal, const struct oh_key *key, const char *purpose) {
  unsigned int len = sizeof seal->key;
  OH_CHECK(HMAC(EVP_sha256(), key->secret, (int)strlen(key->secret), (const uint8_t *)purpose,
                strlen(purpose), seal->key, &len));
}

void oh_seal_fini(struct oh_seal *seal) {
  OPENSSL_cleanse(seal, sizeof *seal);
}

void oh_seal_write(const struct oh_seal *seal, const struct oh_random *random, struct oh_bytes plain,
                   struct oh_text *out) {
  OH_CHECK(plain.len < SEALED_MAX);
  size_t len = NONCE_BYTES + plain.len + TAG_BYTES;
  uint8_t *bytes = malloc(len);
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  OH_CHECK(bytes && cipher);
  oh_random_fill(random, bytes, NONCE_BYTES);
  int part;
  OH_CHECK(EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, seal->key, bytes) &&
           EVP_EncryptUpdate(cipher, bytes + NONCE_BYTES, &part, plain.data, (int)plain.len) &&
           EVP_EncryptFinal_ex(cipher, bytes + NONCE_BYTES + part, &part) &&
           EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, bytes + len - TAG_BYTES));
  EVP_CIPHER_CTX_free(cipher);
  oh_base64_write(out, (struct oh_bytes){bytes, len}, OH_BASE64_URL);
  free(bytes);
}

static bool open_bytes(const struct oh_seal *seal, uint8_t *bytes, size_t len, uint8_t *plain) {
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  OH_CHECK(cipher);
  int part, rest;
  bool ok =
      EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, seal->key, bytes) &&
      EVP_DecryptUpdate(cipher, plain, &part, bytes + NONCE_BYTES, (int)(len - NONCE_BYTES - TAG_BYTES)) &&
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, bytes + len - TAG_BYTES) &&
      EVP_DecryptFinal_ex(cipher, plain + part, &rest) > 0;
  EVP_CIPHER_CTX_free(cipher);
  return ok;
}

bool oh_seal_read(const struct oh_seal *seal, struct oh_str sealed, struct oh_text *plain) {
  if (sealed.len > SEALED_MAX) return false;
  size_t max = oh_base64_bytes_max(sealed.len), len;
  uint8_t *bytes = malloc(2 * max);
  OH_CHECK(bytes);
  uint8_t *opened = bytes + max;
  bool ok = oh_base64_read(sealed, OH_BASE64_URL, bytes, &len) && len > NONCE_BYTES + TAG_BYTES &&
            open_bytes(seal, bytes, len, opened);
  if (ok) oh_text_add(plain, (struct oh_str){(const char *)opened, len - NONCE_BYTES - TAG_BYTES});
  OPENSSL_cleanse(bytes, 2 * max);
  free(bytes);
  return ok && !plain->failed;
}
