// sid.h — LiveKit's identifiers: a prefix and random characters of a 57-letter alphabet without look-alikes
// (facts/LIVEKIT.md 6.1).
#pragma once
#include "base/random.h"

enum { OH_SID_BYTES = 24 };
struct oh_sid {
  char text[OH_SID_BYTES]; // NUL-terminated
};
// "PA_" + 12 characters, for example. `prefix` is at most 8 bytes.
struct oh_sid oh_sid_new(const struct oh_random *random, const char *prefix);
