// records.c — see records.h
#include "store/records.h"
#include "base/check.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE_BYTES 4096
#define BUSY_MS 500         // somebody reads with sqlite3's shell
#define PRUNE_ROWS 5000     // of one call: a few milliseconds
#define FULL_PERCENT 90     // from here on the oldest go early
#define PATH_BYTES_MAX 4096 // of PATH_MAX

struct oh_records {
  sqlite3 *db;
  sqlite3_stmt *add;
  bool in_transaction, set_aside, full;
  uint32_t waiting;
  int64_t pages_max;
  char error[OH_RECORDS_ERROR_MAX];
};

// Each brings the schema from version i to i + 1. Never change one that was released; add another.
static const char *const migrations[OH_RECORDS_VERSION] = {
    "CREATE TABLE event("
    "  id INTEGER PRIMARY KEY,"
    "  at_ms INTEGER NOT NULL," // Unix time
    "  site TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  call TEXT NOT NULL,"
    "  browser TEXT NOT NULL, os TEXT NOT NULL, device TEXT NOT NULL,"
    "  data TEXT NOT NULL);"
    "CREATE INDEX event_at ON event(at_ms);"
    "CREATE INDEX event_call ON event(call) WHERE call <> '';",
};

static bool fail(struct oh_records *r, const char *doing) {
  int code = sqlite3_errcode(r->db);
  r->full = code == SQLITE_FULL;
  snprintf(r->error, sizeof r->error, "%s: %s", doing, sqlite3_errmsg(r->db));
  return false;
}

static bool run(struct oh_records *r, const char *sql, const char *doing) {
  return sqlite3_exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK || fail(r, doing);
}

static bool read_number(struct oh_records *r, const char *sql, int64_t *number) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(r->db, sql, -1, &statement, NULL) != SQLITE_OK) return fail(r, sql);
  bool ok = sqlite3_step(statement) == SQLITE_ROW || fail(r, sql);
  if (ok) *number = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return ok;
}

static bool migrate(struct oh_records *r) {
  int64_t version;
  if (!read_number(r, "PRAGMA user_version", &version)) return false;
  if (version > OH_RECORDS_VERSION) {
    snprintf(r->error, sizeof r->error, "it was written by a newer offhook (schema %lld, this one knows %d)",
             (long long)version, OH_RECORDS_VERSION);
    return false;
  }
  for (; version < OH_RECORDS_VERSION; version++) {
    char end[64];
    snprintf(end, sizeof end, "PRAGMA user_version = %lld; COMMIT", (long long)version + 1);
    if (!run(r, "BEGIN IMMEDIATE", "migration") || !run(r, migrations[version], "migration") ||
        !run(r, end, "migration")) {
      sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
      return false;
    }
  }
  return true;
}

static bool prepare(struct oh_records *r, int64_t bytes_max) {
  char limit[64];
  r->pages_max = bytes_max / PAGE_BYTES < 16 ? 16 : bytes_max / PAGE_BYTES;
  snprintf(limit, sizeof limit, "PRAGMA max_page_count = %lld", (long long)r->pages_max);
  sqlite3_busy_timeout(r->db, BUSY_MS);
  // NORMAL: with WAL a power cut loses the last commits at most. Deleted rows are overwritten, not only
  // unlinked.
  return run(r,
             "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
             "PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF",
             "settings") &&
         migrate(r) && run(r, limit, "limit") &&
         (sqlite3_prepare_v2(r->db,
                             "INSERT INTO event(at_ms, site, name, call, browser, os, device, data)"
                             " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                             -1, &r->add, NULL) == SQLITE_OK ||
          fail(r, "insert"));
}

static void close_file(struct oh_records *r) {
  sqlite3_finalize(r->add);
  sqlite3_close(r->db);
  r->add = NULL;
  r->db = NULL;
}

// True: open. *corrupt: it is there, but no database, or a broken one.
static bool open_file(struct oh_records *r, const char *path, int64_t bytes_max, bool *corrupt) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  bool ok = sqlite3_open_v2(path, &r->db, flags, NULL) == SQLITE_OK || fail(r, "open");
  ok = ok && prepare(r, bytes_max);
  int code = ok ? SQLITE_OK : sqlite3_errcode(r->db);
  *corrupt = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  if (!ok) close_file(r);
  return ok;
}

static bool set_aside(const char *path) {
  static const char *const endings[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < 3; i++) {
    char from[PATH_BYTES_MAX + 8], to[PATH_BYTES_MAX + 16];
    snprintf(from, sizeof from, "%s%s", path, endings[i]);
    snprintf(to, sizeof to, "%s.corrupt%s", path, endings[i]);
    if (rename(from, to) != 0 && i == 0) return false;
  }
  return true;
}

struct oh_records *oh_records_open(const char *path, int64_t bytes_max, char error[OH_RECORDS_ERROR_MAX]) {
  struct oh_records *r = calloc(1, sizeof *r);
  OH_CHECK(r);
  bool corrupt = false, ok = strlen(path) < PATH_BYTES_MAX && open_file(r, path, bytes_max, &corrupt);
  if (!ok && corrupt && set_aside(path)) {
    r->set_aside = true;
    ok = open_file(r, path, bytes_max, &corrupt);
  }
  if (ok) {
    chmod(path, 0600); // whom a site talks to is nobody else's business
    return r;
  }
  snprintf(error, OH_RECORDS_ERROR_MAX, "%s", *r->error ? r->error : "the path is too long");
  free(r);
  return NULL;
}

void oh_records_close(struct oh_records *r) {
  if (!r) return;
  oh_records_commit(r);
  close_file(r);
  free(r);
}

bool oh_records_was_set_aside(const struct oh_records *r) {
  return r->set_aside;
}

// SQLite ends a transaction by itself after some errors (disk full), not after others.
static void give_up(struct oh_records *r) {
  if (!sqlite3_get_autocommit(r->db)) sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
  r->in_transaction = false;
  r->waiting = 0;
}

bool oh_records_add(struct oh_records *r, const struct oh_records_event *event) {
  if (!r->in_transaction && !run(r, "BEGIN IMMEDIATE", "begin")) return false;
  r->in_transaction = true;
  const char *const texts[] = {event->site, event->name,   event->call, event->browser,
                               event->os,   event->device, event->data};
  sqlite3_bind_int64(r->add, 1, event->unix_ms);
  for (int i = 0; i < 7; i++)
    sqlite3_bind_text(r->add, i + 2, texts[i], -1, SQLITE_STATIC);
  bool ok = sqlite3_step(r->add) == SQLITE_DONE || fail(r, "insert");
  sqlite3_reset(r->add);
  sqlite3_clear_bindings(r->add);
  if (ok)
    r->waiting++;
  else
    give_up(r);
  return ok;
}

bool oh_records_commit(struct oh_records *r) {
  if (!r->in_transaction) return true;
  bool ok = run(r, "COMMIT", "commit");
  if (!ok) give_up(r);
  r->in_transaction = false;
  r->waiting = 0;
  return ok;
}

uint32_t oh_records_waiting(const struct oh_records *r) {
  return r->waiting;
}

static bool delete_rows(struct oh_records *r, const char *sql, int64_t before_ms, uint32_t *deleted) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(r->db, sql, -1, &statement, NULL) != SQLITE_OK) return fail(r, "prune");
  sqlite3_bind_int64(statement, 1, PRUNE_ROWS);
  if (sqlite3_bind_parameter_count(statement) > 1) sqlite3_bind_int64(statement, 2, before_ms);
  bool ok = sqlite3_step(statement) == SQLITE_DONE || fail(r, "prune");
  sqlite3_finalize(statement);
  if (ok) *deleted += (uint32_t)sqlite3_changes(r->db);
  return ok;
}

bool oh_records_prune(struct oh_records *r, int64_t before_unix_ms, uint32_t *deleted) {
  *deleted = 0;
  int64_t pages, unused;
  if (!oh_records_commit(r) ||
      !delete_rows(
          r, "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at_ms < ?2 ORDER BY at_ms LIMIT ?1)",
          before_unix_ms, deleted) ||
      !read_number(r, "PRAGMA page_count", &pages) || !read_number(r, "PRAGMA freelist_count", &unused))
    return false;
  if ((pages - unused) * 100 < r->pages_max * FULL_PERCENT) return true;
  return delete_rows(r, "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY at_ms LIMIT ?1)", 0,
                     deleted);
}

const char *oh_records_error(const struct oh_records *r) {
  return r->error;
}

bool oh_records_is_full(const struct oh_records *r) {
  return r->full;
}

int64_t oh_records_count(struct oh_records *r, const char *name) {
  sqlite3_stmt *statement;
  const char *sql = "SELECT count(*) FROM event WHERE name = ?1";
  if (sqlite3_prepare_v2(r->db, sql, -1, &statement, NULL) != SQLITE_OK) return -1;
  sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
  int64_t count = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  return count;
}
