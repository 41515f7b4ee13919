// ticket.h — what a visitor gets who presses the call button: a LiveKit access token for a fresh room that
// nobody can guess, or for the room of an invitation. Sans-IO: the request's body in, JSON out.
//
// What a client sends is a request, never an order: the room and the identity are always ours, the display
// name is taken if it is harmless, everything else LiveKit's TokenSource.endpoint may send (room_name,
// room_config, participant_attributes …) is read over.
//
// An invitation is a JWT too, but signed with a key derived from the secret for this purpose alone and under
// an issuer of its own: it can never pass as an access token, nor an access token as an invitation.
#pragma once
#include "base/bytes.h"
#include "base/random.h"
#include "base/text.h"
#include "call/problem.h"
#include "livekit/token.h"
#include <stdint.h>

#define OH_TICKET_BODY_MAX (16 * 1024)

struct oh_ticket_site {
  struct oh_key key; // signs
  uint32_t token_ttl_s, invite_ttl_s;
  bool echo;              // the echo partner answers calls without an invitation
  const char *server_url; // ws(s)://…, where LiveKit's clients connect
  const char *page_url;   // http(s)://… without a slash at the end, where an invitation is opened
};

// {"token", "roomName", "participantName", "livekitHost"} and the same for LiveKit's TokenSource:
// {"serverUrl", "participantToken"}, and {"callId", "expiresAt"}. `answer` is added to on success only.
enum oh_problem oh_ticket_issue(const struct oh_ticket_site *site, const struct oh_random *random,
                                int64_t unix_us, struct oh_bytes body, struct oh_text *answer);
// {"invite", "expiresAt", "url"}
enum oh_problem oh_ticket_invite(const struct oh_ticket_site *site, const struct oh_random *random,
                                 int64_t unix_us, struct oh_bytes body, struct oh_text *answer);
