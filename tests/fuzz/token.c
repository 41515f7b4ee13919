// token.c — access tokens: the input as a JWT, and, where it has a line feed, as header and payload of a
// token whose MAC is right. What is taken has an identity of UTF-8 and can be written and read again.
#include "livekit/token.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define NOW_US (INT64_C(1800000000) * 1000000)

static const struct oh_key key = {.id = "APIfuzz", .secret = "a secret of more than thirty-two bytes"};
static const struct oh_keys keys = {.items = &key, .count = 1};

static void check(struct oh_str jwt, bool is_ours) {
  struct oh_claims claims, again;
  const char *detail;
  enum oh_token_error error = oh_token_read(jwt, &keys, NOW_US, &claims, &detail);
  OH_CHECK((error == OH_TOKEN_INVALID) == (*detail != 0));
  OH_CHECK(!is_ours || error == OH_TOKEN_OK);
  if (error == OH_TOKEN_OK) {
    OH_CHECK(oh_str_is_utf8(oh_str(claims.identity)) && oh_str_is_utf8(oh_str(claims.video.room)));
    OH_CHECK(claims.expires_unix_s + 60 >= NOW_US / 1000000);
    char *written = is_ours ? NULL : oh_token_write(&claims, &key);
    if (written) {
      check(oh_str(written), true);
      OH_CHECK(oh_token_read(oh_str(written), &keys, NOW_US, &again, &detail) == OH_TOKEN_OK);
      OH_CHECK(!strcmp(again.identity, claims.identity) && !strcmp(again.video.room, claims.video.room));
      OH_CHECK(again.video.can_publish_sources == claims.video.can_publish_sources || !claims.has_video);
      OH_CHECK(again.attribute_count == claims.attribute_count);
      oh_claims_fini(&again);
    }
    free(written);
  }
  oh_claims_fini(&claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_str payload = {.data = (const char *)data, .len = len};
  check(payload, false);
  struct oh_str header = oh_str_cut(&payload, '\n');
  if (header.len == len) return 0;
  struct oh_text jwt;
  oh_text_init(&jwt, 2 * OH_TOKEN_MAX);
  oh_base64_write(&jwt, (struct oh_bytes){(const uint8_t *)header.data, header.len}, OH_BASE64_URL);
  oh_text_addc(&jwt, '.');
  oh_base64_write(&jwt, (struct oh_bytes){(const uint8_t *)payload.data, payload.len}, OH_BASE64_URL);
  if (!jwt.failed) {
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_len;
    OH_CHECK(
        HMAC(EVP_sha256(), key.secret, (int)strlen(key.secret), (uint8_t *)jwt.data, jwt.len, mac, &mac_len));
    oh_text_addc(&jwt, '.');
    oh_base64_write(&jwt, (struct oh_bytes){mac, mac_len}, OH_BASE64_URL);
    if (!jwt.failed) check(oh_text_str(&jwt), false);
  }
  oh_text_fini(&jwt);
  return 0;
}
