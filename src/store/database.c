// database.c — see database.h
#include "store/database.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE_BYTES 4096
#define PAGES_MIN 16
#define BUSY_MS 500         // somebody reads with sqlite3's shell
#define PATH_BYTES_MAX 4096 // of PATH_MAX

bool oh_database_fail(struct oh_database *d, const char *doing) {
  int code = sqlite3_errcode(d->db);
  d->full = code == SQLITE_FULL;
  snprintf(d->error, sizeof d->error, "%s: %s", doing, sqlite3_errmsg(d->db));
  return false;
}

bool oh_database_run(struct oh_database *d, const char *sql, const char *doing) {
  return sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK || oh_database_fail(d, doing);
}

bool oh_database_prepare(struct oh_database *d, const char *sql, sqlite3_stmt **statement) {
  return sqlite3_prepare_v2(d->db, sql, -1, statement, NULL) == SQLITE_OK || oh_database_fail(d, sql);
}

bool oh_database_number(struct oh_database *d, const char *sql, int64_t *number) {
  sqlite3_stmt *statement;
  if (!oh_database_prepare(d, sql, &statement)) return false;
  bool ok = sqlite3_step(statement) == SQLITE_ROW || oh_database_fail(d, sql);
  if (ok) *number = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return ok;
}

void oh_database_give_up(struct oh_database *d) {
  if (!sqlite3_get_autocommit(d->db)) sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
}

static bool migrate(struct oh_database *d, const struct oh_schema *schema) {
  int64_t version;
  if (!oh_database_number(d, "PRAGMA user_version", &version)) return false;
  if (version > schema->version) {
    snprintf(d->error, sizeof d->error, "it was written by a newer offhook (schema %lld, this one knows %d)",
             (long long)version, schema->version);
    return false;
  }
  for (; version < schema->version; version++) {
    char end[64];
    snprintf(end, sizeof end, "PRAGMA user_version = %lld; COMMIT", (long long)version + 1);
    if (!oh_database_run(d, "BEGIN IMMEDIATE", "migration") ||
        !oh_database_run(d, schema->migrations[version], "migration") ||
        !oh_database_run(d, end, "migration")) {
      oh_database_give_up(d);
      return false;
    }
  }
  return true;
}

static bool set_up(struct oh_database *d, int64_t bytes_max, const struct oh_schema *schema) {
  char limit[64];
  int64_t tables;
  d->pages_max = bytes_max / PAGE_BYTES < PAGES_MIN ? PAGES_MIN : bytes_max / PAGE_BYTES;
  snprintf(limit, sizeof limit, "PRAGMA max_page_count = %lld", (long long)d->pages_max);
  sqlite3_busy_timeout(d->db, BUSY_MS);
  // NORMAL: with WAL a power cut loses the last commits at most. Deleted rows are overwritten, not only
  // unlinked.
  return oh_database_run(
             d,
             "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
             "PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF",
             "settings") &&
         migrate(d, schema) && oh_database_number(d, "SELECT count(*) FROM sqlite_schema", &tables) &&
         oh_database_run(d, limit, "limit");
}

// *corrupt: it is there, but no database, or a broken one.
static bool open_file(struct oh_database *d, const char *path, int64_t bytes_max,
                      const struct oh_schema *schema, bool *corrupt) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  bool ok = sqlite3_open_v2(path, &d->db, flags, NULL) == SQLITE_OK || oh_database_fail(d, "open");
  ok = ok && set_up(d, bytes_max, schema);
  int code = ok ? SQLITE_OK : sqlite3_errcode(d->db);
  *corrupt = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  if (!ok) oh_database_close(d);
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

bool oh_database_open(struct oh_database *d, const char *path, int64_t bytes_max,
                      const struct oh_schema *schema) {
  *d = (struct oh_database){0};
  bool corrupt = false;
  if (!path) return open_file(d, ":memory:", bytes_max, schema, &corrupt);
  if (strlen(path) >= PATH_BYTES_MAX) {
    snprintf(d->error, sizeof d->error, "the path is too long");
    return false;
  }
  bool ok = open_file(d, path, bytes_max, schema, &corrupt);
  if (!ok && corrupt && set_aside(path)) {
    d->set_aside = true;
    ok = open_file(d, path, bytes_max, schema, &corrupt);
  }
  if (ok) chmod(path, 0600); // whom a site talks to is nobody else's business
  return ok;
}

void oh_database_close(struct oh_database *d) {
  sqlite3_close(d->db);
  d->db = NULL;
}
