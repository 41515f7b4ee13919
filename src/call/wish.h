// wish.h — the body of a token request: what a page wishes and claims. All of it is the visitor's (or the
// page's) own word; nothing is believed. Both our own names and those of LiveKit's TokenSource.endpoint are
// understood, unknown ones are read over.
//
//   {site, participantName, invite, resume, ticket, proof, identity, locale, lowData, recording, attributes:
//   {…},
//    metadata, page: "https://…" or {url, title}}
#pragma once
#include "base/bytes.h"
#include "call/problem.h"
#include <stdbool.h>
#include <stddef.h>

#define OH_WISH_BODY_MAX (16 * 1024)

struct json_t;
struct oh_wish { // strings are NULL when not given, else UTF-8 without NUL, and live as long as the wish
  struct json_t *root;
  const char *site, *invite, *resume, *ticket, *proof, *identity;
  const char *name;                      // short and without control characters
  char *url, *title, *locale, *metadata; // cut to their limits (limits_calls.h)
  bool low_data;
  enum oh_wish_recording { OH_RECORDING_UNSAID, OH_RECORDING_YES, OH_RECORDING_NO } recording;
  struct oh_wish_attribute {
    const char *key;
    char *value;
  } * attributes;
  size_t attribute_count;
};

// An empty body is an empty wish. REQUEST_INVALID: not a JSON object, something of a wrong type, or
// attributes beyond their limits; REQUEST_TOO_LARGE. Fini in any case.
enum oh_problem oh_wish_read(struct oh_bytes body, struct oh_wish *wish);
void oh_wish_fini(struct oh_wish *wish);
