// logbook.h — which recordings are under way, on disk: one small file each in the folder .open of the
// recordings' directory (no request can name it, egress_path.h), struck out when the recording's end is kept.
// What stands there at a start was cut off by a crash. Blocking.
#pragma once
#include "base/bytes.h"

// `info` is a packed livekit.EgressInfo. If that does not work a crash will not be told, nothing else.
void oh_logbook_enter(int directory, const char *id, const char *path, struct oh_bytes info);
void oh_logbook_strike(int directory, const char *id);

struct oh_logbook_entry { // borrowed
  const char *path;
  struct oh_bytes info;
  uint64_t bytes;        // of the file, as it was left; 0 if it has gone
  int64_t ended_unix_us; // when it was last written
};
// Hands out what was left, at most OH_LOGBOOK_MAX. It stands there until it is struck out, but for what is
// damaged or what `found` says false to.
void oh_logbook_read(int directory, bool (*found)(void *ctx, const struct oh_logbook_entry *entry),
                     void *ctx);
