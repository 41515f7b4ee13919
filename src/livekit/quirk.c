// quirk.c — see quirk.h
#include "livekit/quirk.h"

static bool is(const struct oh_participant *p, const char *sdk) {
  return oh_str_eq_nocase(oh_str(p->sdk), oh_str(sdk));
}

bool oh_quirk_is_pion(const struct oh_participant *p) {
  return is(p, "go");
}

bool oh_quirk_publishes_too_fast(const struct oh_participant *p) {
  return is(p, "rust") || is(p, "node") || is(p, "python") || is(p, "cpp") || is(p, "unity");
}
