// compact.h — a compact JWS (RFC 7515 3.1) taken apart: header.payload.signature, base64url, two JSON
// objects. Nothing is verified here: LiveKit's tokens (token.h) and identity providers' (call/jws.h) each
// have their own rules for that.
#pragma once
#include "base/text.h"
#include <jansson.h>
#include <stdbool.h>

struct oh_compact {
  json_t *header, *payload; // objects; ours until taken
  struct oh_str text;       // what is signed: "header.payload"
  struct oh_str signature;  // base64url, not read yet
};
// False: longer than OH_TOKEN_MAX, not three parts, or a part that is no JSON object (or names a member
// twice). `compact` is initialised in any case.
bool oh_compact_read(struct oh_str jws, struct oh_compact *compact);
void oh_compact_fini(struct oh_compact *compact);
