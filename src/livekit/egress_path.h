// egress_path.h — the name of a recording's file: LiveKit's templates ({room_name}, {time}, …), filled in and
// made safe. The result is relative, below the recordings' directory by construction: no "..", nothing
// hidden, no control characters, nothing a stranger can put into a name of room or participant. Pure.
//
//   ""                        → <fallback>-2026-11-23T001530.ogg
//   "calls/{room_name}/"      → calls/support/<fallback>-2026-11-23T001530.ogg
//   "/{publisher_identity}.mp4" → anna.ogg
#pragma once
#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

#define OH_EGRESS_PATH_MAX 1024 // with its NUL
#define OH_EGRESS_LEAF_MAX 200  // bytes of each part; file systems take 255, and a number may be added
#define OH_EGRESS_EXTENSION ".ogg"

struct oh_egress_names {
  // {room_name} {room_id} {publisher_identity} {track_id} {track_type} {track_source}; NULL: the request has
  // no such thing, the braces stay
  const char *room_name, *room_id, *identity, *track_id, *track_type, *track_source;
  const char *fallback; // what a name begins with that was not given
  int64_t unix_us;      // {time}, {utc}; both in UTC
};

// False: *why says what is wrong with the template (static text). Values never are: what may not stand in a
// name becomes '_'.
bool oh_egress_path(const char *template, const struct oh_egress_names *names, char path[OH_EGRESS_PATH_MAX],
                    const char **why);
