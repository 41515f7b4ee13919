// check_ticket.c — see check_ticket.h
#include "call/check_ticket.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/echo.h"
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#define ID_BYTES 16
#define SOURCE_MICROPHONE 2 // livekit.TrackSource

static void make_name(const struct oh_random *random, const char *prefix, char out[64]) {
  uint8_t bytes[ID_BYTES];
  oh_random_fill(random, bytes, sizeof bytes);
  int len = snprintf(out, 64, "%s", prefix);
  for (int i = 0; i < ID_BYTES; i++)
    snprintf(out + len + 2 * i, 3, "%02x", bytes[i]);
}

static void replace(char **text, const char *with) {
  free(*text);
  *text = oh_str_dup(oh_str(with));
}

void oh_check_ticket_issue(const struct oh_check_office *office, struct oh_text *answer) {
  char room[64], identity[64], expires[24];
  make_name(office->random, "check-", room);
  make_name(office->random, "visitor-", identity);
  time_t until_s = (time_t)(office->unix_us / 1000000 + OH_CHECK_TOKEN_S);
  struct tm parts;
  gmtime_r(&until_s, &parts);
  strftime(expires, sizeof expires, "%Y-%m-%dT%H:%M:%SZ", &parts);
  struct oh_claims claims;
  oh_claims_init(&claims);
  replace(&claims.identity, identity);
  claims.expires_unix_s = until_s;
  claims.has_video = true;
  replace(&claims.video.room, room);
  claims.video.room_join = claims.video.can_publish = claims.video.can_subscribe = true;
  claims.video.can_publish_data = false;
  claims.video.can_publish_sources = OH_SOURCES_LISTED | 1u << SOURCE_MICROPHONE;
  claims.room_config = oh_str_dup(OH_STR("{\"agents\":[{\"agentName\":\"" OH_ECHO_CHECK_NAME "\"}]}"));
  char *token = oh_token_write(&claims, &office->key);
  oh_claims_fini(&claims);
  OH_CHECK(token);
  json_t *json =
      json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I}", "token", token, "participantToken", token, "serverUrl",
                office->server_url, "livekitHost", office->server_url, "roomName", room, "participantName",
                identity, "expiresAt", expires, "roomSeconds", (json_int_t)(OH_CHECK_ROOM_US / 1000000));
  OH_CHECK(json);
  char *text = json_dumps(json, JSON_COMPACT);
  OH_CHECK(text);
  oh_text_adds(answer, text);
  free(text);
  json_decref(json);
  free(token);
}
