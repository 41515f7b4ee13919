// ticket.c — see ticket.h
#include "call/ticket.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/echo.h"
#include "call/return.h"
#include "livekit/egress.h"
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <time.h>

#define INVITE_ISSUER "offhook-invite"
#define SOURCE_MICROPHONE 2 // livekit.TrackSource
#define ID_HEX_LEN 32
#define CALL_PREFIX "call-"
#define SECOND_US 1000000

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

static void replace(char **text, const char *with) {
  free(*text);
  *text = oh_str_dup(oh_str(with));
}

static enum oh_problem read_invite(const struct oh_ticket_office *office, const char *invite,
                                   struct oh_ticket_call *call) {
  char secret[65];
  derive_invite_secret(&office->key, secret);
  struct oh_key key = {.id = INVITE_ISSUER, .secret = secret};
  struct oh_keys keys = {.items = &key, .count = 1};
  struct oh_claims claims;
  const char *detail;
  enum oh_token_error error = oh_token_read(oh_str(invite), &keys, office->unix_us, &claims, &detail);
  OPENSSL_cleanse(secret, sizeof secret);
  enum oh_problem problem = OH_PROBLEM_NONE;
  if (error == OH_TOKEN_INVALID && strstr(detail, "expired"))
    problem = OH_PROBLEM_TOKEN_EXPIRED;
  else if (error != OH_TOKEN_OK || !claims.has_video || claims.video.room_join || !*claims.video.room ||
           strlen(claims.video.room) > OH_ROOM_NAME_MAX || strcmp(claims.metadata, office->site->id) != 0)
    problem = OH_PROBLEM_TOKEN_INVALID;
  else
    snprintf(call->room, sizeof call->room, "%s", claims.video.room);
  oh_claims_fini(&claims);
  return problem;
}

static enum oh_problem read_return(const struct oh_ticket_office *office, const struct oh_wish *wish,
                                   const struct oh_user *user, struct oh_ticket_call *call) {
  struct oh_return back = {
      .site = office->site->id, .origin = office->origin, .subject = user ? user->subject : ""};
  if (!office->resumes) return OH_PROBLEM_TOKEN_INVALID;
  enum oh_problem problem =
      oh_return_read(oh_str(wish->resume), &office->key, office->unix_us / SECOND_US, &back);
  if (problem != OH_PROBLEM_NONE) return problem;
  memcpy(call->room, back.room, sizeof call->room);
  memcpy(call->identity, back.identity, sizeof call->identity);
  if (!*call->name) memcpy(call->name, back.name, sizeof call->name);
  call->invited = back.invited;
  call->resumed = true;
  call->started_unix_s = back.started_unix_s;
  return OH_PROBLEM_NONE;
}

enum oh_problem oh_ticket_call(const struct oh_ticket_office *office, const struct oh_wish *wish,
                               const struct oh_user *user, struct oh_ticket_call *call) {
  char id[ID_HEX_LEN + 1];
  const char *name = user && user->name ? user->name : wish->name;
  *call = (struct oh_ticket_call){.started_unix_s = office->unix_us / SECOND_US};
  if (name && strlen(name) <= OH_NAME_MAX) snprintf(call->name, sizeof call->name, "%s", name);
  if (wish->resume) return read_return(office, wish, user, call);
  make_id(office->random, id);
  snprintf(call->identity, sizeof call->identity, "visitor-%s", id);
  make_id(office->random, id);
  snprintf(call->room, sizeof call->room, CALL_PREFIX "%s", id);
  call->invited = wish->invite != NULL;
  return wish->invite ? read_invite(office, wish->invite, call) : OH_PROBLEM_NONE;
}

static void set(struct oh_claims *claims, const char *prefix, const char *key, const char *value) {
  char full[OH_PAGE_KEY_MAX + 16];
  if (!value || !*value || snprintf(full, sizeof full, "%s%s", prefix, key) >= (int)sizeof full) return;
  oh_claims_set_attribute(claims, oh_str(full), oh_str(value));
}

// Where the site asks, saying nothing is a no, whatever became of the question on the page; a no counts
// everywhere.
static void set_recording(struct oh_claims *claims, const struct oh_site *site, const struct oh_wish *wish) {
  bool asks =
      site->consent && (strcmp(site->consent, "choice") == 0 || strcmp(site->consent, "required") == 0);
  if (wish->recording == OH_RECORDING_NO || (asks && wish->recording == OH_RECORDING_UNSAID))
    set(claims, "", OH_RECORDING_ATTRIBUTE, "no");
  else if (asks)
    set(claims, "", OH_RECORDING_ATTRIBUTE, "yes");
}

static void set_attributes(struct oh_claims *claims, const struct oh_site *site, const struct oh_wish *wish,
                           const struct oh_user *user) {
  for (size_t i = 0; i < wish->attribute_count; i++)
    set(claims, "page.", wish->attributes[i].key, wish->attributes[i].value);
  // What we know of the page wins over attributes of the same name.
  set(claims, "page.", "url", wish->url);
  set(claims, "page.", "title", wish->title);
  set(claims, "page.", "locale", wish->locale);
  set(claims, "page.", "metadata", wish->metadata);
  if (wish->low_data) set(claims, "page.", "lowData", "true");
  for (size_t i = 0; user && i < user->attribute_count; i++)
    set(claims, "user.", user->attributes[2 * i], user->attributes[2 * i + 1]);
  if (user) set(claims, "user.", "subject", user->subject);
  set(claims, "", OH_SITE_ATTRIBUTE, site->id);
  set_recording(claims, site, wish);
}

// Who answers: the second person of an invitation, the site's agent, the echo partner, or whoever looks after
// the rooms.
static char *write_room_config(const struct oh_site *site, const struct oh_ticket_call *call) {
  bool has_agent = site->agent && *site->agent;
  if (call->invited) return oh_str_dup(OH_STR("{\"maxParticipants\":2}"));
  if (!has_agent && !site->echo) return NULL;
  json_t *config =
      json_pack("{s:[{s:s}]}", "agents", "agentName", has_agent ? site->agent : OH_ECHO_AGENT_NAME);
  OH_CHECK(config);
  char *text = json_dumps(config, JSON_COMPACT);
  OH_CHECK(text);
  json_decref(config);
  return text;
}

static char *sign_visitor(const struct oh_ticket_office *office, const struct oh_wish *wish,
                          const struct oh_user *user, const struct oh_ticket_call *call) {
  struct oh_claims claims;
  oh_claims_init(&claims);
  replace(&claims.identity, call->identity);
  replace(&claims.name, call->name);
  claims.expires_unix_s = office->unix_us / SECOND_US + office->site->token_ttl_s;
  claims.has_video = true;
  replace(&claims.video.room, call->room);
  claims.video.room_join = true;
  claims.video.can_publish = claims.video.can_subscribe = claims.video.can_publish_data = true;
  claims.video.can_publish_sources = OH_SOURCES_LISTED | 1u << SOURCE_MICROPHONE;
  claims.room_config = write_room_config(office->site, call);
  set_attributes(&claims, office->site, wish, user);
  char *token = oh_token_write(&claims, &office->key);
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

// The ticket lasts as long as a token, and no longer than the call may.
static void add_return(const struct oh_ticket_office *office, const struct oh_user *user,
                       const struct oh_ticket_call *call, json_t *answer) {
  int64_t now_s = office->unix_us / SECOND_US;
  struct oh_return back = {.site = office->site->id,
                           .origin = office->origin,
                           .subject = user ? user->subject : "",
                           .invited = call->invited,
                           .started_unix_s = call->started_unix_s,
                           .expires_unix_s = now_s + office->site->token_ttl_s};
  int64_t last_s = call->started_unix_s + office->site->max_duration_s;
  if (office->site->max_duration_s && last_s < back.expires_unix_s) back.expires_unix_s = last_s;
  memcpy(back.room, call->room, sizeof back.room);
  memcpy(back.identity, call->identity, sizeof back.identity);
  memcpy(back.name, call->name, sizeof back.name);
  struct oh_text ticket;
  oh_text_init(&ticket, OH_RETURN_MAX);
  oh_return_write(&back, &office->key, office->random, &ticket);
  if (ticket.len && !ticket.failed) json_object_set_new(answer, "resume", json_string(ticket.data));
  oh_text_fini(&ticket);
}

enum oh_problem oh_ticket_issue(const struct oh_ticket_office *office, const struct oh_wish *wish,
                                const struct oh_user *user, const struct oh_ticket_call *call,
                                struct oh_text *answer) {
  char expires[24];
  const char *room_id = call->room;
  if (strncmp(room_id, CALL_PREFIX, strlen(CALL_PREFIX)) == 0) room_id += strlen(CALL_PREFIX);
  char *token = sign_visitor(office, wish, user, call);
  if (!token) return OH_PROBLEM_REQUEST_TOO_LARGE; // attributes that need many escapes
  make_time(office->unix_us / SECOND_US + office->site->token_ttl_s, expires);
  json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I}", "token", token, "roomName",
                           call->room, "participantName", call->identity, "livekitHost", office->server_url,
                           "serverUrl", office->server_url, "participantToken", token, "callId", room_id,
                           "expiresAt", expires, "ringTimeout", (json_int_t)office->site->ring_timeout_s,
                           "maxDuration", (json_int_t)office->site->max_duration_s);
  OH_CHECK(json);
  if (office->resumes) add_return(office, user, call, json);
  add_json(answer, json);
  free(token);
  return OH_PROBLEM_NONE;
}

void oh_ticket_invite(const struct oh_ticket_office *office, struct oh_text *answer) {
  char id[ID_HEX_LEN + 1], room[8 + ID_HEX_LEN], expires[24], secret[65];
  make_id(office->random, id);
  snprintf(room, sizeof room, CALL_PREFIX "%s", id);
  struct oh_claims claims;
  oh_claims_init(&claims);
  claims.has_video = true;
  replace(&claims.video.room, room);
  replace(&claims.metadata, office->site->id);
  claims.video.can_publish = claims.video.can_subscribe = claims.video.can_publish_data = false;
  claims.expires_unix_s = office->unix_us / SECOND_US + office->site->invite_ttl_s;
  derive_invite_secret(&office->key, secret);
  struct oh_key key = {.id = INVITE_ISSUER, .secret = secret};
  char *invite = oh_token_write(&claims, &key);
  oh_claims_fini(&claims);
  OPENSSL_cleanse(secret, sizeof secret);
  OH_CHECK(invite);
  make_time(office->unix_us / SECOND_US + office->site->invite_ttl_s, expires);
  struct oh_text url;
  oh_text_init(&url, OH_TOKEN_MAX + 1024);
  oh_text_addf(&url, "%s/?invite=%s", office->page_url, invite);
  if (strcmp(office->site->id, OH_SITE_DEFAULT) != 0) oh_text_addf(&url, "&site=%s", office->site->id);
  OH_CHECK(!url.failed);
  add_json(answer, json_pack("{s:s,s:s,s:s}", "invite", invite, "expiresAt", expires, "url", url.data));
  oh_text_fini(&url);
  free(invite);
}
