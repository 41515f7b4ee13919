// request.h — the addresses a caller asks for (facts/LIVEKIT.md 1.4, 1.5).
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct oh_caller_request {
  const char *participant_sid; // resume: our sid; NULL: a fresh join
  int reconnect_reason;
  const char *cid;   // the microphone's client id; NULL: nothing is published
  const char *offer; // one peer connection: the first offer, NULL when resuming
  uint32_t offer_id;
};
// malloc'd path and query. With `two_peer_connections` for /rtc, else for /rtc/v1.
char *oh_caller_request_path(const struct oh_caller_request *request, bool two_peer_connections);
