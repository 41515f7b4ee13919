// return.h — the resume ticket: a visitor whose page was reloaded comes back into the same room under the
// same identity. Sealed under a key for this purpose alone; bound to site, page origin and signed-in user, so
// that a stolen one is worth nothing elsewhere. Whether the room is still there is asked of the gate
// (gate.h).
#pragma once
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "call/problem.h"
#include "livekit/token.h"
#include <stdbool.h>
#include <stdint.h>

struct oh_return {
  const char *site, *origin, *subject; // origin: "" for programs; subject: "" if not signed in
  char room[OH_ROOM_NAME_MAX + 1], identity[OH_IDENTITY_MAX + 1];
  char name[OH_NAME_MAX + 1]; // for display; may be ""
  bool invited;               // a two-person call
  int64_t started_unix_s;     // when the call's first token was issued
  int64_t expires_unix_s;
};

// Appends the ticket; nothing if an origin or subject is too long to be bound.
void oh_return_write(const struct oh_return *back, const struct oh_key *key, const struct oh_random *random,
                     struct oh_text *ticket);
// In: site, origin and subject as they are now; out: the rest. TOKEN_INVALID: not ours, or of another site,
// origin or user; TOKEN_EXPIRED.
enum oh_problem oh_return_read(struct oh_str ticket, const struct oh_key *key, int64_t unix_s,
                               struct oh_return *back);
