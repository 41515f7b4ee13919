// jwks.c — fuzz target: what identity providers answer (key sets, their configuration), and what operators
// paste: PEM, publishable keys, URLs. No crash; what is taken is a sound key, and a safe URL.
#include "call/jwks.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/signin.h"
#include "io/http_client.h"
#include <openssl/evp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_keys(struct oh_jws_keys *keys, size_t max) {
  OH_CHECK(keys->count <= max);
  for (size_t i = 0; i < keys->count; i++) {
    const struct oh_jws_key *key = &keys->items[i];
    OH_CHECK(key->pkey && !key->secret && key->alg != OH_JWS_HS256);
    int bits = EVP_PKEY_get_bits(key->pkey);
    bool is_rsa = EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA;
    OH_CHECK(!is_rsa || (bits >= OH_RSA_BITS_MIN && bits <= OH_RSA_BITS_MAX));
    OH_CHECK(!key->kid || strlen(key->kid) <= OH_KID_MAX);
  }
  oh_jws_keys_fini(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_str text = {(const char *)data, len};
  struct oh_jws_keys keys = {0};
  bool any = oh_jwks_read((struct oh_bytes){data, len}, &keys);
  OH_CHECK(any == (keys.count > 0));
  check_keys(&keys, OH_JWKS_KEYS_MAX);
  any = oh_jwks_read_pem(text, &keys);
  OH_CHECK(any == (keys.count == 1));
  check_keys(&keys, 1);
  struct oh_text found;
  oh_text_init(&found, OH_FETCH_URL_MAX);
  (void)oh_discovery_read(text, OH_STR("https://id.example/.well-known/openid-configuration"), &found);
  oh_text_clear(&found);
  if (oh_clerk_host(text, &found))
    for (size_t i = 0; i < found.len; i++)
      OH_CHECK(found.data[i] > ' ' && found.data[i] < 0x7f && !strchr("/?#@\\", found.data[i]));
  if (oh_http_url_is_safe(text))
    OH_CHECK(len <= OH_FETCH_URL_MAX && !memchr(data, '\n', len) && !memchr(data, 0, len));
  oh_text_fini(&found);
  return 0;
}
