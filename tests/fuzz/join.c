// join.c — join requests. The first byte chooses the path and what the rest is: a query, or the bytes of a
// WrappedJoinRequest. The token is good. What is admitted has an identity and a room within the limits.
#include "livekit/join.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include <stdlib.h>

#define NOW_US (INT64_C(1800000000) * 1000000)

static const struct oh_key key = {.id = "APIfuzz", .secret = "a secret of more than thirty-two bytes"};
static const struct oh_keys keys = {.items = &key, .count = 1};

static char *make_token(void) {
  struct oh_claims claims;
  oh_claims_init(&claims);
  free(claims.identity);
  claims.identity = oh_str_dup(OH_STR("ann"));
  free(claims.video.room);
  claims.video.room = oh_str_dup(OH_STR("lobby"));
  claims.has_video = claims.video.room_join = claims.video.can_update_own_metadata = true;
  claims.expires_unix_s = NOW_US / 1000000 + 60;
  char *jwt = oh_token_write(&claims, &key);
  OH_CHECK(jwt);
  oh_claims_fini(&claims);
  return jwt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static const char *const paths[] = {"/rtc", "/rtc/v1", "/rtc/validate", "/rtc/v1/validate"};
  static char *token;
  if (!token) token = make_token();
  if (!len) return 0;
  struct oh_text query;
  oh_text_init(&query, 1 << 21);
  oh_text_addf(&query, "access_token=%s&", token);
  struct oh_bytes rest = {data + 1, len - 1};
  if (data[0] & 4) {
    oh_text_adds(&query, "join_request=");
    oh_base64_write(&query, rest, OH_BASE64_URL);
  } else {
    oh_text_add(&query, (struct oh_str){(const char *)rest.data, rest.len});
  }
  struct oh_join_query request = {
      .path = oh_str(paths[data[0] & 3]), .query = oh_text_str(&query), .upgrade = (data[0] & 8) == 0};
  struct oh_join join;
  char refusal[256];
  int status = oh_join_read(&request, &keys, NOW_US, &join, refusal);
  OH_CHECK(status == 0 || status == 400 || status == 401 || status == 404);
  if (status == 0) {
    size_t identity = strlen(join.claims.identity);
    OH_CHECK(identity && identity <= OH_IDENTITY_MAX && !strcmp(join.claims.video.room, "lobby"));
    OH_CHECK(join.single_peer_connection == (join.request != NULL));
    OH_CHECK(oh_str_is_utf8(oh_str(join.sdk)) && oh_str_is_utf8(oh_str(join.participant_sid)));
    OH_CHECK(oh_str_is_utf8(oh_str(join.claims.metadata)));
    oh_join_fini(&join);
  } else {
    OH_CHECK(memchr(refusal, 0, sizeof refusal));
  }
  oh_text_fini(&query);
  return 0;
}
