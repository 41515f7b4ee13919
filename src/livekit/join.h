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
  // Verified, with what the client may change already applied: metadata and attributes given at join, and the
  // legacy `publish` parameter (identity "<identity>#<publish>", may not subscribe).
  struct oh_claims claims;
  bool validate;               // a …/validate path
  bool single_peer_connection; // join_request was given
  bool auto_subscribe, auto_subscribe_data_track;
  bool reconnect;
  int reconnect_reason;
  char participant_sid[64];
  int protocol, client_protocol;
  uint32_t capabilities; // bit n = ClientInfo.Capability n
  // from the query or from client_info; cut to their size, UTF-8. sdk is lower case ("js").
  char sdk[32], version[32], browser[32], os[32], device_model[64];
  struct Livekit__JoinRequest *request; // v1: unpacked, UTF-8 checked; NULL for v0
};

// Returns 0 and fills `join` (oh_join_fini it), or an HTTP status with the body in `refusal` (then there is
// nothing to free). What depends on the room (missing, full, our capacity) is left to the house.
int oh_join_read(const struct oh_join_query *query, const struct oh_keys *keys, int64_t unix_us,
                 struct oh_join *join, char refusal[256]);
void oh_join_fini(struct oh_join *join);
