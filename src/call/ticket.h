// ticket.h — what a visitor gets who presses the call button: a LiveKit access token for a fresh room that
// nobody can guess, for the room of an invitation, or for the one it had before its page was reloaded.
// Sans-IO: the request's wish in, JSON out.
//
// What a client sends is a request, never an order: the room and the identity are always ours, the display
// name is taken if it is harmless; what the page says of itself stands in the token under `page.`, what a
// sign-in proved under `user.`, the site under `offhook.site`. Visitors cannot change these later.
//
// An invitation is a JWT too, but signed with a key derived from the secret for this purpose alone and under
// an issuer of its own: it can never pass as an access token, nor an access token as an invitation.
#pragma once
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "call/problem.h"
#include "call/site.h"
#include "call/user.h"
#include "call/wish.h"
#include "livekit/token.h"
#include <stdint.h>

#define OH_SITE_ATTRIBUTE "offhook.site"

struct oh_ticket_office {
  const struct oh_site *site;
  struct oh_key key;      // signs
  const char *server_url; // ws(s)://…, where LiveKit's clients connect
  const char *page_url;   // http(s)://… without a slash at the end, where an invitation is opened
  const char *origin;     // of the page that asks; "" for programs
  bool resumes;           // we can say whether a room is still there
  const struct oh_random *random;
  int64_t unix_us;
};

struct oh_ticket_call {
  char room[OH_ROOM_NAME_MAX + 1], identity[OH_IDENTITY_MAX + 1];
  char name[OH_NAME_MAX + 1]; // for display; may be ""
  bool invited, resumed;
  int64_t started_unix_s;
};

// Which room and identity it will be. `user`: NULL unless signed in. The caller then asks the gate whether
// there is room for this call or, for a resumed one, whether it is still there.
enum oh_problem oh_ticket_call(const struct oh_ticket_office *office, const struct oh_wish *wish,
                               const struct oh_user *user, struct oh_ticket_call *call);
// {"token", "roomName", "participantName", "livekitHost"} and the same for LiveKit's TokenSource:
// {"serverUrl", "participantToken"}; {"callId", "expiresAt", "ringTimeout", "maxDuration", "resume"}.
// `answer` is added to on success only.
enum oh_problem oh_ticket_issue(const struct oh_ticket_office *office, const struct oh_wish *wish,
                                const struct oh_user *user, const struct oh_ticket_call *call,
                                struct oh_text *answer);
// {"invite", "expiresAt", "url"}
void oh_ticket_invite(const struct oh_ticket_office *office, struct oh_text *answer);
