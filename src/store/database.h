// database.h — one SQLite file of ours, as records and backlog have it: WAL mode, bounded, its schema brought
// up to date step by step, and set aside when it is corrupt. Used by one thread. Every failure is a result
// with a sentence in `error`; the caller counts and goes on.
#pragma once
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define OH_DATABASE_ERROR_MAX 256

struct oh_database {
  sqlite3 *db;
  bool set_aside; // the file there was corrupt: it is beside it now, and a new one was begun
  bool full;      // the last failure was for want of room
  int64_t pages_max;
  char error[OH_DATABASE_ERROR_MAX]; // of the last call that failed
};
struct oh_schema {
  const char *const *migrations; // each from version i to i + 1; a released one never changes
  int version;                   // how many; a file of a higher one is refused
};

// Opens or creates the file; NULL: in memory, gone with the process. It does not grow beyond bytes_max.
bool oh_database_open(struct oh_database *d, const char *path, int64_t bytes_max,
                      const struct oh_schema *schema);
void oh_database_close(struct oh_database *d); // after its statements were finalized

bool oh_database_fail(struct oh_database *d, const char *doing); // notes what SQLite says; always false
bool oh_database_run(struct oh_database *d, const char *sql, const char *doing);
bool oh_database_number(struct oh_database *d, const char *sql, int64_t *number);
bool oh_database_prepare(struct oh_database *d, const char *sql, sqlite3_stmt **statement);
// SQLite ends a transaction by itself after some errors (disk full), not after others.
void oh_database_give_up(struct oh_database *d);
