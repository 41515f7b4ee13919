// cipher.h — the cryptographic half of SRTP for one session key: AES-128 in counter mode with HMAC-SHA1 (RFC
// 3711 4), or AES-128-GCM (RFC 7714). No allocation after init. GCM runs on Intel's ipsec-mb where the build
// found it and the processor has AES and CLMUL; everything else on OpenSSL.
#pragma once
#include "base/bytes.h"
#include <stdbool.h>

enum oh_srtp_profile { // numbers of the DTLS use_srtp extension (RFC 5764, RFC 7714)
  OH_SRTP_AES128_CM_SHA1_80 = 0x0001,
  OH_SRTP_AEAD_AES_128_GCM = 0x0007,
};
#define OH_CIPHER_KEY_BYTES 16
#define OH_CIPHER_AUTH_BYTES 20
#define OH_CIPHER_GCM_IV_BYTES 12
#define OH_CIPHER_GCM_TAG_BYTES 16

struct oh_cipher;                                            // opaque
enum oh_cipher_engine { OH_CIPHER_BEST, OH_CIPHER_OPENSSL }; // the second for tests and measurements

// `auth` (20 bytes) is used by the counter-mode profile only.
struct oh_cipher *oh_cipher_open(enum oh_srtp_profile profile, enum oh_cipher_engine engine,
                                 const uint8_t *key, const uint8_t *auth);
void oh_cipher_close(struct oh_cipher *c);                    // zeroes the keys; NULL is fine
const char *oh_cipher_engine_name(const struct oh_cipher *c); // "openssl" or "ipsec-mb"

// GCM: encrypts `len` bytes from `in` to `out` (may be the same) and writes the tag.
void oh_cipher_seal(struct oh_cipher *c, const uint8_t *iv, struct oh_bytes aad, const uint8_t *in,
                    size_t len, uint8_t *out, uint8_t *tag);
// GCM: decrypts in place; false if the tag is wrong (the bytes are then worthless).
bool oh_cipher_unseal(struct oh_cipher *c, const uint8_t *iv, struct oh_bytes aad, uint8_t *data, size_t len,
                      const uint8_t *tag);
// Counter mode: xors the key stream that starts at the 16-byte counter block `iv`.
void oh_cipher_stream(struct oh_cipher *c, const uint8_t *iv, const uint8_t *in, size_t len, uint8_t *out);
// HMAC-SHA1 over data and tail; 20 bytes.
void oh_cipher_authenticate(struct oh_cipher *c, struct oh_bytes data, struct oh_bytes tail, uint8_t *digest);
