// join.h — an HTTP request for /rtc, /rtc/v1 or …/validate turned into a join, or into the refusal LiveKit's
// clients expect (status and plain-text body, in LiveKit's order of checks; facts/LIVEKIT.md 1.2–1.5).
#pragma once
#include "base/text.h"
#include "livekit/token.h"
#include <stdbool.h>
#include <stdint.h>

struct Livekit__JoinRequest; // proto: what a v1 client put into join_request

struct oh_join_query {
  struct oh_str path;          // "/rtc", "/rtc/v1", "/rtc/validate", "/rtc/v1/validate" (already collapsed)
  struct oh_str query;         // raw, after '?', still percent-encoded
  struct oh_str authorization; // the header's value, empty if absent
  bool upgrade;                // a WebSocket upgrade request
};

struct oh_join {
  struct oh_claims claims;     // verified
  bool validate;               // a …/validate path
  bool single_peer_connection; // join_request was given
  bool auto_subscribe;
  bool reconnect;
  int reconnect_reason;
  char participant_sid[64];
  int protocol, client_protocol;
  char sdk[32], version[32], browser[32], os[32], device_model[64];
  struct Livekit__JoinRequest *request; // v1: unpacked, UTF-8 checked; NULL for v0
  char publish[64];                     // legacy `publish` parameter
};

// Returns 0 and fills `join` (oh_join_fini it), or an HTTP status with *body = the plain text (static or in
// `claims`' scratch; valid until the next call on this thread's `refusal` buffer of 256 bytes).
int oh_join_read(const struct oh_join_query *query, const struct oh_keys *keys, int64_t unix_us,
                 struct oh_join *join, char refusal[256]);
void oh_join_fini(struct oh_join *join);
