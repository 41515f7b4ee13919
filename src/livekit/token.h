// token.h — LiveKit access tokens: JWT, HS256 only, the key chosen by `iss` (facts/LIVEKIT.md 5; RFC 7515,
// 7519, 8725).
#pragma once
#include "base/random.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oh_key {
  const char *id, *secret; // secret bytes are used raw
};
struct oh_keys {
  const struct oh_key *items;
  size_t count;
};

#define OH_SOURCES_ALL 0u             // canPublishSources empty or absent = all
#define OH_SOURCES_LISTED 0x80000000u // set whenever there is a list: one of unknown names allows nothing
struct oh_video_grant {
  bool room_create, room_list, room_record, room_admin, room_join;
  bool can_publish, can_subscribe, can_publish_data, can_update_own_metadata;
  bool hidden, recorder, agent, can_subscribe_metrics, can_manage_agent_session, ingress_admin;
  uint32_t can_publish_sources;  // bit n = livekit.TrackSource n; OH_SOURCES_ALL = no restriction
  char *room, *destination_room; // never NULL after reading
};

struct oh_claims {
  char *issuer, *identity, *name, *metadata, *kind, *sha256; // malloc'd, never NULL after reading
  char *room_config;                                         // roomConfig as JSON text, NULL if absent
  char **attributes;                                         // key, value, key, value, …
  size_t attribute_count;                                    // pairs
  int64_t expires_unix_s, not_before_unix_s;
  int64_t issued_unix_s; // iat; 0 = the token does not say
  bool has_video;        // the token has a `video` claim
  struct oh_video_grant video;
};

enum oh_token_error {
  OH_TOKEN_OK,
  OH_TOKEN_MALFORMED,
  OH_TOKEN_UNKNOWN_KEY,
  OH_TOKEN_INVALID /* signature, alg, exp, nbf */
};
// Verifies and reads; leeway 60 s; exp required. On OH_TOKEN_INVALID *detail says why (static text). `claims`
// is initialised in any case: oh_claims_fini() it.
enum oh_token_error oh_token_read(struct oh_str jwt, const struct oh_keys *keys, int64_t unix_us,
                                  struct oh_claims *claims, const char **detail);
// What LiveKit does before every request (facts/LIVEKIT.md 1.2): the token of the Authorization field, or
// that of the access_token parameter (decoded); either may be empty. 0, or 401 and words for the refusal. A
// request without any token goes on, with claims that say nothing (has_video is false). `claims` is
// initialised in any case.
int oh_token_authenticate(struct oh_str authorization, struct oh_str access_token, const struct oh_keys *keys,
                          int64_t unix_us, struct oh_claims *claims, char refusal[256]);
void oh_claims_init(struct oh_claims *claims); // LiveKit's defaults: may publish, subscribe and send data
void oh_claims_fini(struct oh_claims *claims);
// Adds or replaces an attribute.
void oh_claims_set_attribute(struct oh_claims *claims, struct oh_str key, struct oh_str value);
// Signs claims; malloc'd JWT, valid until expires_unix_s; nbf and iat as they are, none if 0.
// NULL if a string is not UTF-8, or if it would be longer than OH_TOKEN_MAX: then leave metadata or
// attributes out.
char *oh_token_write(const struct oh_claims *claims, const struct oh_key *key);
