// records.h — what the server remembers on disk: one SQLite file in WAL mode, written by one thread. Rows are
// added to a transaction that the caller commits now and then; a power cut loses what was not committed,
// never the file. It holds no address, no name and no User-Agent, only what docs/OPERATING.md lists.
//
//   opened ──add*──> waiting rows ──commit──> on disk ──prune──> gone after their time, or when it is too
//   full
//
// Every failure (disk full, locked, corrupt) is a result with a sentence; the caller counts and goes on. A
// file that is corrupt is moved aside once and a new one begun.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct oh_records;

#define OH_RECORDS_ERROR_MAX 256
#define OH_RECORDS_VERSION 1 // of the schema; older ones are brought up to it, newer ones are refused

struct oh_records_event {
  int64_t unix_ms;
  const char *site, *name, *call; // call: "" without one
  const char *browser, *os, *device;
  const char *data; // JSON of the event's fields
};

// Opens or creates the file. `bytes_max`: it does not grow beyond this. NULL: `error` says why.
struct oh_records *oh_records_open(const char *path, int64_t bytes_max, char error[OH_RECORDS_ERROR_MAX]);
void oh_records_close(struct oh_records *records);               // commits; NULL is fine
bool oh_records_was_set_aside(const struct oh_records *records); // the file there was corrupt

// False: not added (and what waited is lost when the transaction had to be given up); see
// oh_records_error.
bool oh_records_add(struct oh_records *records, const struct oh_records_event *event);
bool oh_records_commit(struct oh_records *records);
uint32_t oh_records_waiting(const struct oh_records *records);
// Deletes what is older, at most a few thousand rows a call (*deleted); when the file is nearly full, the
// oldest.
bool oh_records_prune(struct oh_records *records, int64_t before_unix_ms, uint32_t *deleted);
const char *oh_records_error(const struct oh_records *records); // of the last call that failed
bool oh_records_is_full(const struct oh_records *records);      // the last call failed for want of room

// How many events there are, by name; -1: cannot be read. For tests and doctor.
int64_t oh_records_count(struct oh_records *records, const char *name);
