// backlog.h — webhook events that wait to be delivered, on disk: one SQLite file in WAL mode (or memory),
// used by one thread. What was committed survives kill -9; a power cut may take the last commits. Each row is
// one event for one URL; of one room they leave in the order in which they came.
//
//   add* ──commit──> waiting ──first──> (sent) ──remove──> gone
//                       └──expire: too old──> gone
//
// Every failure is a result with a sentence; the caller counts and goes on.
#pragma once
#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

struct oh_backlog;

#define OH_BACKLOG_ERROR_MAX 256
#define OH_BACKLOG_VERSION 1 // of the schema; older ones are brought up to it, newer ones are refused

struct oh_backlog_item {
  const char *url, *room;
  int64_t unix_ms; // when it happened
  struct oh_bytes body;
  int64_t number; // given by add, for remove
};

// `path` NULL: in memory. Limits of each URL: rows, and bytes of bodies. NULL: `error` says why.
struct oh_backlog *oh_backlog_open(const char *path, uint32_t rows_max, int64_t bytes_max,
                                   char error[OH_BACKLOG_ERROR_MAX]);
void oh_backlog_close(struct oh_backlog *backlog); // commits; NULL is fine
bool oh_backlog_was_set_aside(const struct oh_backlog *backlog);

enum oh_backlog_added {
  OH_BACKLOG_ADDED,
  OH_BACKLOG_FULL,   // the limits of this URL
  OH_BACKLOG_FAILED, // the disk; what was added since the last commit is lost with it
};
enum oh_backlog_added oh_backlog_add(struct oh_backlog *backlog, const struct oh_backlog_item *item);
bool oh_backlog_commit(struct oh_backlog *backlog);
uint32_t oh_backlog_uncommitted(const struct oh_backlog *backlog); // rows that a failure would take

// The oldest of a room for a URL; its body is borrowed until the next call. False: there is none.
bool oh_backlog_first(struct oh_backlog *backlog, const char *url, const char *room,
                      struct oh_backlog_item *item);
bool oh_backlog_remove(struct oh_backlog *backlog, int64_t number);
// Deletes what is older, at most a few thousand rows a call.
bool oh_backlog_expire(struct oh_backlog *backlog, int64_t before_unix_ms, uint32_t *deleted);
// The rooms for which something waits, for this URL.
void oh_backlog_rooms(struct oh_backlog *backlog, const char *url, void (*each)(void *ctx, const char *room),
                      void *ctx);

uint64_t oh_backlog_waiting(const struct oh_backlog *backlog); // rows, of all URLs
const char *oh_backlog_error(const struct oh_backlog *backlog);
