// cipher.c — see cipher.h
// The SHA1_* calls are the fastest way to an HMAC with prepared pads in OpenSSL 3 (EVP_MAC allocates and is
// three times slower for a voice packet); they are marked deprecated, not removed.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "rtc/cipher.h"
#include "base/check.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#ifdef OH_HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#include <threads.h>
#endif

struct oh_cipher {
  EVP_CIPHER_CTX *seal, *open; // counter mode uses `seal` only; the key schedule is made once
  SHA_CTX inner, outer;        // HMAC state after the padded key
#ifdef OH_HAVE_IPSEC_MB
  struct gcm_key_data *gcm; // precomputed tables; NULL: OpenSSL does it
#endif
};

#ifdef OH_HAVE_IPSEC_MB
static tss_t manager_key;
static void free_manager(void *manager) {
  free_mb_mgr(manager);
}
static void make_manager_key(void) {
  OH_CHECK(tss_create(&manager_key, free_manager) == thrd_success);
}

// One manager per thread: GCM one-shots keep no state in it, but it is not documented as shareable. It goes
// with its thread.
static IMB_MGR *manager(void) {
  static once_flag once = ONCE_FLAG_INIT;
  static __thread IMB_MGR *mine;
  static __thread bool tried;
  if (!tried) {
    tried = true;
    mine = alloc_mb_mgr(0);
    if (mine && !((mine->features & IMB_FEATURE_AESNI) && (mine->features & IMB_FEATURE_PCLMULQDQ))) {
      free_mb_mgr(mine);
      mine = NULL;
    }
    IMB_ARCH arch;
    if (mine) init_mb_mgr_auto(mine, &arch);
    call_once(&once, make_manager_key);
    OH_CHECK(tss_set(manager_key, mine) == thrd_success);
  }
  return mine;
}
#endif

static void prepare_hmac(struct oh_cipher *c, const uint8_t *auth) {
  uint8_t pad[SHA_CBLOCK];
  for (size_t i = 0; i < sizeof pad; i++)
    pad[i] = (uint8_t)((i < OH_CIPHER_AUTH_BYTES ? auth[i] : 0) ^ 0x36);
  SHA1_Init(&c->inner);
  SHA1_Update(&c->inner, pad, sizeof pad);
  for (size_t i = 0; i < sizeof pad; i++)
    pad[i] ^= 0x36 ^ 0x5c;
  SHA1_Init(&c->outer);
  SHA1_Update(&c->outer, pad, sizeof pad);
  OPENSSL_cleanse(pad, sizeof pad);
}

struct oh_cipher *oh_cipher_open(enum oh_srtp_profile profile, enum oh_cipher_engine engine,
                                 const uint8_t *key, const uint8_t *auth) {
  struct oh_cipher *c = calloc(1, sizeof *c);
  OH_CHECK(c);
  if (profile == OH_SRTP_AES128_CM_SHA1_80) {
    c->seal = EVP_CIPHER_CTX_new();
    OH_CHECK(c->seal && EVP_EncryptInit_ex(c->seal, EVP_aes_128_ctr(), NULL, key, NULL) == 1);
    prepare_hmac(c, auth);
    return c;
  }
#ifdef OH_HAVE_IPSEC_MB
  if (engine == OH_CIPHER_BEST && manager()) {
    c->gcm = aligned_alloc(64, (sizeof *c->gcm + 63) & ~(size_t)63);
    OH_CHECK(c->gcm);
    IMB_AES128_GCM_PRE(manager(), key, c->gcm);
    return c;
  }
#endif
  (void)engine;
  c->seal = EVP_CIPHER_CTX_new();
  c->open = EVP_CIPHER_CTX_new();
  OH_CHECK(c->seal && EVP_EncryptInit_ex(c->seal, EVP_aes_128_gcm(), NULL, key, NULL) == 1);
  OH_CHECK(c->open && EVP_DecryptInit_ex(c->open, EVP_aes_128_gcm(), NULL, key, NULL) == 1);
  return c;
}

void oh_cipher_close(struct oh_cipher *c) {
  if (!c) return;
  EVP_CIPHER_CTX_free(c->seal); // OpenSSL zeroes the key schedule
  EVP_CIPHER_CTX_free(c->open);
#ifdef OH_HAVE_IPSEC_MB
  if (c->gcm) OPENSSL_cleanse(c->gcm, sizeof *c->gcm);
  free(c->gcm);
#endif
  OPENSSL_cleanse(c, sizeof *c);
  free(c);
}

const char *oh_cipher_engine_name(const struct oh_cipher *c) {
#ifdef OH_HAVE_IPSEC_MB
  if (c->gcm) return "ipsec-mb";
#endif
  (void)c;
  return "openssl";
}

void oh_cipher_seal(struct oh_cipher *c, const uint8_t *iv, struct oh_bytes aad, const uint8_t *in,
                    size_t len, uint8_t *out, uint8_t *tag) {
#ifdef OH_HAVE_IPSEC_MB
  if (c->gcm) {
    struct gcm_context_data state;
    IMB_AES128_GCM_ENC(manager(), c->gcm, &state, out, in, len, iv, aad.data, aad.len, tag,
                       OH_CIPHER_GCM_TAG_BYTES);
    return;
  }
#endif
  int n = 0;
  OH_CHECK(EVP_EncryptInit_ex(c->seal, NULL, NULL, NULL, iv) == 1);
  OH_CHECK(EVP_EncryptUpdate(c->seal, NULL, &n, aad.data, (int)aad.len) == 1);
  if (len) OH_CHECK(EVP_EncryptUpdate(c->seal, out, &n, in, (int)len) == 1);
  OH_CHECK(EVP_EncryptFinal_ex(c->seal, out + len, &n) == 1);
  OH_CHECK(EVP_CIPHER_CTX_ctrl(c->seal, EVP_CTRL_AEAD_GET_TAG, OH_CIPHER_GCM_TAG_BYTES, tag) == 1);
}

bool oh_cipher_unseal(struct oh_cipher *c, const uint8_t *iv, struct oh_bytes aad, uint8_t *data, size_t len,
                      const uint8_t *tag) {
#ifdef OH_HAVE_IPSEC_MB
  if (c->gcm) {
    struct gcm_context_data state;
    uint8_t expected[OH_CIPHER_GCM_TAG_BYTES];
    IMB_AES128_GCM_DEC(manager(), c->gcm, &state, data, data, len, iv, aad.data, aad.len, expected,
                       OH_CIPHER_GCM_TAG_BYTES);
    return CRYPTO_memcmp(expected, tag, sizeof expected) == 0;
  }
#endif
  int n = 0;
  uint8_t wanted[OH_CIPHER_GCM_TAG_BYTES];
  memcpy(wanted, tag, sizeof wanted);
  OH_CHECK(EVP_DecryptInit_ex(c->open, NULL, NULL, NULL, iv) == 1);
  OH_CHECK(EVP_DecryptUpdate(c->open, NULL, &n, aad.data, (int)aad.len) == 1);
  if (len) OH_CHECK(EVP_DecryptUpdate(c->open, data, &n, data, (int)len) == 1);
  OH_CHECK(EVP_CIPHER_CTX_ctrl(c->open, EVP_CTRL_AEAD_SET_TAG, sizeof wanted, wanted) == 1);
  return EVP_DecryptFinal_ex(c->open, data + len, &n) == 1;
}

void oh_cipher_stream(struct oh_cipher *c, const uint8_t *iv, const uint8_t *in, size_t len, uint8_t *out) {
  int n = 0;
  OH_CHECK(EVP_EncryptInit_ex(c->seal, NULL, NULL, NULL, iv) == 1);
  if (len) OH_CHECK(EVP_EncryptUpdate(c->seal, out, &n, in, (int)len) == 1);
}

void oh_cipher_authenticate(struct oh_cipher *c, struct oh_bytes data, struct oh_bytes tail,
                            uint8_t *digest) {
  uint8_t inner[SHA_DIGEST_LENGTH];
  SHA_CTX sha = c->inner;
  SHA1_Update(&sha, data.data, data.len);
  SHA1_Update(&sha, tail.data, tail.len);
  SHA1_Final(inner, &sha);
  sha = c->outer;
  SHA1_Update(&sha, inner, sizeof inner);
  SHA1_Final(digest, &sha);
}
