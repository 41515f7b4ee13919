// check_ticket.h — what a network check before a call gets: a token for a room of its own in which the echo
// partner (echo.h) says at once what it hears. The token is short-lived, and the room ends by itself.
#pragma once
#include "base/random.h"
#include "base/text.h"
#include "livekit/token.h"

struct oh_check_office {
  struct oh_key key;
  const char *server_url; // ws(s)://…
  const struct oh_random *random;
  int64_t unix_us;
};

// Adds {"token", "participantToken", "serverUrl", "livekitHost", "roomName", "participantName", "expiresAt",
// "roomSeconds"}, in the names of a call's token.
void oh_check_ticket_issue(const struct oh_check_office *office, struct oh_text *answer);
