// archive.c — see archive.h
#include "store/archive.h"
#include "base/check.h"
#include "base/limits.h"
#include "store/database.h"
#include <stdio.h>
#include <stdlib.h>

#define TEXT(macro) TEXT_(macro)
#define TEXT_(value) #value

struct oh_archive {
  struct oh_database base;
  sqlite3_stmt *keep, *prune, *read;
};

// Each brings the schema from version i to i + 1. Never change one that was released; add another.
static const char *const migrations[OH_ARCHIVE_VERSION] = {
    "CREATE TABLE ended("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  info BLOB NOT NULL);",
};

static bool prepare(struct oh_archive *a) {
  struct oh_database *base = &a->base;
  return oh_database_prepare(base, "INSERT OR REPLACE INTO ended(id, info) VALUES(?, ?)", &a->keep) &&
         oh_database_prepare(base,
                             "DELETE FROM ended WHERE number <= (SELECT number FROM ended"
                             " ORDER BY number DESC LIMIT 1 OFFSET " TEXT(OH_ARCHIVE_ROWS_MAX) ")",
                             &a->prune) &&
         oh_database_prepare(base, "SELECT info FROM ended ORDER BY number", &a->read);
}

struct oh_archive *oh_archive_open(const char *path, char error[OH_ARCHIVE_ERROR_MAX]) {
  static const struct oh_schema schema = {.migrations = migrations, .version = OH_ARCHIVE_VERSION};
  struct oh_archive *a = calloc(1, sizeof *a);
  OH_CHECK(a);
  if (oh_database_open(&a->base, path, OH_ARCHIVE_BYTES_MAX, &schema) && prepare(a)) return a;
  snprintf(error, OH_ARCHIVE_ERROR_MAX, "%s", a->base.error);
  oh_archive_close(a);
  return NULL;
}

void oh_archive_close(struct oh_archive *a) {
  if (!a) return;
  sqlite3_finalize(a->keep);
  sqlite3_finalize(a->prune);
  sqlite3_finalize(a->read);
  oh_database_close(&a->base);
  free(a);
}

static bool run(struct oh_archive *a, sqlite3_stmt *statement, const char *doing) {
  bool ok = sqlite3_step(statement) == SQLITE_DONE || oh_database_fail(&a->base, doing);
  sqlite3_reset(statement);
  return ok;
}

bool oh_archive_keep(struct oh_archive *a, const char *id, struct oh_bytes info) {
  sqlite3_bind_text(a->keep, 1, id, -1, SQLITE_STATIC);
  sqlite3_bind_blob64(a->keep, 2, info.data, info.len, SQLITE_STATIC);
  bool ok = run(a, a->keep, "keep");
  sqlite3_clear_bindings(a->keep);
  return ok && run(a, a->prune, "prune");
}

bool oh_archive_read(struct oh_archive *a, void (*each)(void *ctx, struct oh_bytes info), void *ctx) {
  int code;
  while ((code = sqlite3_step(a->read)) == SQLITE_ROW)
    each(ctx, (struct oh_bytes){.data = sqlite3_column_blob(a->read, 0),
                                .len = (size_t)sqlite3_column_bytes(a->read, 0)});
  bool ok = code == SQLITE_DONE || oh_database_fail(&a->base, "read");
  sqlite3_reset(a->read);
  return ok;
}

const char *oh_archive_error(const struct oh_archive *a) {
  return a->base.error;
}
