// ticket.c — see ticket.h
#include "call/ticket.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/echo.h"
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <time.h>

#define INVITE_ISSUER "offhook-invite"
#define SOURCE_MICROPHONE 2 // livekit.TrackSource
#define ID_HEX_LEN 32
#define DISPLAY_NAME_MAX 64 // bytes; a name, not a message

// 128 random bits as hex.
static void make_id(const struct oh_random *random, char hex[ID_HEX_LEN + 1]) {
  uint8_t bytes[ID_HEX_LEN / 2];
  oh_random_fill(random, bytes, sizeof bytes);
  for (size_t i = 0; i < sizeof bytes; i++)
    snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void make_time(int64_t unix_s, char text[24]) {
  struct tm parts;
  time_t seconds = (time_t)unix_s;
  gmtime_r(&seconds, &parts);
  strftime(text, 24, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

// Key separation: the invitation's secret is HMAC-SHA256(API secret, purpose) in hex.
static void derive_invite_secret(const struct oh_key *key, char secret[65]) {
  static const char purpose[] = "offhook two-person invitation, version 1";
  uint8_t mac[32];
  unsigned int len = sizeof mac;
  OH_CHECK(HMAC(EVP_sha256(), key->secret, (int)strlen(key->secret), (const uint8_t *)purpose,
                sizeof purpose - 1, mac, &len));
  for (size_t i = 0; i < sizeof mac; i++)
    snprintf(secret + 2 * i, 3, "%02x", mac[i]);
  OPENSSL_cleanse(mac, sizeof mac);
}

static json_t *read_body(struct oh_bytes body) {
  json_error_t error;
  if (body.len == 0) return json_object();
  if (body.len > OH_TICKET_BODY_MAX) return NULL;
  json_t *root = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error);
  if (json_is_object(root)) return root;
  json_decref(root);
  return NULL;
}

static const char *string_of(const json_t *root, const char *name, const char *other_name) {
  const char *text = json_string_value(json_object_get(root, name));
  return text ? text : json_string_value(json_object_get(root, other_name));
}

// A short line of text without control characters; anything else counts as not given.
static const char *display_name(const json_t *root) {
  const char *name = string_of(root, "participant_name", "participantName");
  if (!name || !*name || strlen(name) > DISPLAY_NAME_MAX) return NULL;
  for (const char *p = name; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f) return NULL;
  return name;
}

static void replace(char **text, const char *with) {
  free(*text);
  *text = oh_str_dup(oh_str(with));
}

static enum oh_problem read_invite(const struct oh_ticket_site *site, const char *invite, int64_t unix_us,
                                   char room[OH_ROOM_NAME_MAX + 1]) {
  char secret[65];
  derive_invite_secret(&site->key, secret);
  struct oh_key key = {.id = INVITE_ISSUER, .secret = secret};
  struct oh_keys keys = {.items = &key, .count = 1};
  struct oh_claims claims;
  const char *detail;
  enum oh_token_error error = oh_token_read(oh_str(invite), &keys, unix_us, &claims, &detail);
  OPENSSL_cleanse(secret, sizeof secret);
  enum oh_problem problem = OH_PROBLEM_NONE;
  if (error == OH_TOKEN_INVALID && strstr(detail, "expired"))
    problem = OH_PROBLEM_TOKEN_EXPIRED;
  else if (error != OH_TOKEN_OK || !claims.has_video || claims.video.room_join || !*claims.video.room ||
           strlen(claims.video.room) > OH_ROOM_NAME_MAX)
    problem = OH_PROBLEM_TOKEN_INVALID;
  else
    snprintf(room, OH_ROOM_NAME_MAX + 1, "%s", claims.video.room);
  oh_claims_fini(&claims);
  return problem;
}

static char *sign_visitor(const struct oh_ticket_site *site, int64_t unix_us, const char *room,
                          const char *identity, const char *name, bool invited) {
  struct oh_claims claims;
  oh_claims_init(&claims);
  replace(&claims.identity, identity);
  if (name) replace(&claims.name, name);
  claims.expires_unix_s = unix_us / 1000000 + site->token_ttl_s;
  claims.has_video = true;
  replace(&claims.video.room, room);
  claims.video.room_join = true;
  claims.video.can_publish = claims.video.can_subscribe = claims.video.can_publish_data = true;
  claims.video.can_publish_sources = OH_SOURCES_LISTED | 1u << SOURCE_MICROPHONE;
  if (invited)
    claims.room_config = oh_str_dup(OH_STR("{\"maxParticipants\":2}"));
  else if (site->echo)
    claims.room_config = oh_str_dup(OH_STR("{\"agents\":[{\"agentName\":\"" OH_ECHO_AGENT_NAME "\"}]}"));
  char *token = oh_token_write(&claims, &site->key);
  oh_claims_fini(&claims);
  return token;
}

static void add_json(struct oh_text *answer, json_t *take_object) {
  OH_CHECK(take_object);
  char *text = json_dumps(take_object, JSON_COMPACT);
  OH_CHECK(text);
  oh_text_adds(answer, text);
  free(text);
  json_decref(take_object);
}

enum oh_problem oh_ticket_issue(const struct oh_ticket_site *site, const struct oh_random *random,
                                int64_t unix_us, struct oh_bytes body, struct oh_text *answer) {
  json_t *root = read_body(body);
  if (!root) return OH_PROBLEM_REQUEST_INVALID;
  char id[ID_HEX_LEN + 1], identity[16 + ID_HEX_LEN], room[OH_ROOM_NAME_MAX + 1], expires[24];
  make_id(random, id);
  snprintf(identity, sizeof identity, "visitor-%s", id);
  make_id(random, id);
  snprintf(room, sizeof room, "call-%s", id);
  const json_t *invite = json_object_get(root, "invite");
  enum oh_problem problem = OH_PROBLEM_NONE;
  if (invite && !json_is_null(invite))
    problem = json_is_string(invite) ? read_invite(site, json_string_value(invite), unix_us, room)
                                     : OH_PROBLEM_REQUEST_INVALID;
  if (problem == OH_PROBLEM_NONE) {
    bool invited = invite && !json_is_null(invite);
    char *token = sign_visitor(site, unix_us, room, identity, display_name(root), invited);
    OH_CHECK(token);
    make_time(unix_us / 1000000 + site->token_ttl_s, expires);
    add_json(answer, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "token", token, "roomName", room,
                               "participantName", identity, "livekitHost", site->server_url, "serverUrl",
                               site->server_url, "participantToken", token, "callId", room + strlen("call-"),
                               "expiresAt", expires));
    free(token);
  }
  json_decref(root);
  return problem;
}

enum oh_problem oh_ticket_invite(const struct oh_ticket_site *site, const struct oh_random *random,
                                 int64_t unix_us, struct oh_bytes body, struct oh_text *answer) {
  json_t *root = read_body(body);
  if (!root) return OH_PROBLEM_REQUEST_INVALID;
  json_decref(root);
  char id[ID_HEX_LEN + 1], room[8 + ID_HEX_LEN], expires[24], secret[65];
  make_id(random, id);
  snprintf(room, sizeof room, "call-%s", id);
  struct oh_claims claims;
  oh_claims_init(&claims);
  claims.has_video = true;
  replace(&claims.video.room, room);
  claims.video.can_publish = claims.video.can_subscribe = claims.video.can_publish_data = false;
  claims.expires_unix_s = unix_us / 1000000 + site->invite_ttl_s;
  derive_invite_secret(&site->key, secret);
  struct oh_key key = {.id = INVITE_ISSUER, .secret = secret};
  char *invite = oh_token_write(&claims, &key);
  oh_claims_fini(&claims);
  OPENSSL_cleanse(secret, sizeof secret);
  OH_CHECK(invite);
  make_time(unix_us / 1000000 + site->invite_ttl_s, expires);
  struct oh_text url;
  oh_text_init(&url, OH_TOKEN_MAX + 1024);
  oh_text_addf(&url, "%s/?invite=%s", site->page_url, invite);
  OH_CHECK(!url.failed);
  add_json(answer, json_pack("{s:s,s:s,s:s}", "invite", invite, "expiresAt", expires, "url", url.data));
  oh_text_fini(&url);
  free(invite);
  return OH_PROBLEM_NONE;
}
