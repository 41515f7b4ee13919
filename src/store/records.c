// records.c — see records.h
#include "store/records.h"
#include "base/check.h"
#include "store/database.h"
#include <stdio.h>
#include <stdlib.h>

#define PRUNE_ROWS 5000 // of one call: a few milliseconds
#define FULL_PERCENT 90 // from here on the oldest go early

struct oh_records {
  struct oh_database base;
  sqlite3_stmt *add;
  bool in_transaction;
  uint32_t waiting;
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

struct oh_records *oh_records_open(const char *path, int64_t bytes_max, char error[OH_RECORDS_ERROR_MAX]) {
  static const struct oh_schema schema = {.migrations = migrations, .version = OH_RECORDS_VERSION};
  struct oh_records *r = calloc(1, sizeof *r);
  OH_CHECK(r);
  bool opened = oh_database_open(&r->base, path, bytes_max, &schema);
  if (opened && oh_database_prepare(&r->base,
                                    "INSERT INTO event(at_ms, site, name, call, browser, os, device, data)"
                                    " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                                    &r->add))
    return r;
  if (opened) oh_database_close(&r->base);
  snprintf(error, OH_RECORDS_ERROR_MAX, "%s", r->base.error);
  free(r);
  return NULL;
}

void oh_records_close(struct oh_records *r) {
  if (!r) return;
  oh_records_commit(r);
  sqlite3_finalize(r->add);
  oh_database_close(&r->base);
  free(r);
}

bool oh_records_was_set_aside(const struct oh_records *r) {
  return r->base.set_aside;
}

static void give_up(struct oh_records *r) {
  oh_database_give_up(&r->base);
  r->in_transaction = false;
  r->waiting = 0;
}

bool oh_records_add(struct oh_records *r, const struct oh_records_event *event) {
  if (!r->in_transaction && !oh_database_run(&r->base, "BEGIN IMMEDIATE", "begin")) return false;
  r->in_transaction = true;
  const char *const texts[] = {event->site, event->name,   event->call, event->browser,
                               event->os,   event->device, event->data};
  sqlite3_bind_int64(r->add, 1, event->unix_ms);
  for (int i = 0; i < 7; i++)
    sqlite3_bind_text(r->add, i + 2, texts[i], -1, SQLITE_STATIC);
  bool ok = sqlite3_step(r->add) == SQLITE_DONE || oh_database_fail(&r->base, "insert");
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
  bool ok = oh_database_run(&r->base, "COMMIT", "commit");
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
  if (!oh_database_prepare(&r->base, sql, &statement)) return false;
  sqlite3_bind_int64(statement, 1, PRUNE_ROWS);
  if (sqlite3_bind_parameter_count(statement) > 1) sqlite3_bind_int64(statement, 2, before_ms);
  bool ok = sqlite3_step(statement) == SQLITE_DONE || oh_database_fail(&r->base, "prune");
  sqlite3_finalize(statement);
  if (ok) *deleted += (uint32_t)sqlite3_changes(r->base.db);
  return ok;
}

bool oh_records_prune(struct oh_records *r, int64_t before_unix_ms, uint32_t *deleted) {
  *deleted = 0;
  int64_t pages, unused;
  if (!oh_records_commit(r) ||
      !delete_rows(
          r, "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at_ms < ?2 ORDER BY at_ms LIMIT ?1)",
          before_unix_ms, deleted) ||
      !oh_database_number(&r->base, "PRAGMA page_count", &pages) ||
      !oh_database_number(&r->base, "PRAGMA freelist_count", &unused))
    return false;
  if ((pages - unused) * 100 < r->base.pages_max * FULL_PERCENT) return true;
  return delete_rows(r, "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY at_ms LIMIT ?1)", 0,
                     deleted);
}

const char *oh_records_error(const struct oh_records *r) {
  return r->base.error;
}

bool oh_records_is_full(const struct oh_records *r) {
  return r->base.full;
}

int64_t oh_records_count(struct oh_records *r, const char *name) {
  sqlite3_stmt *statement;
  const char *sql = "SELECT count(*) FROM event WHERE name = ?1";
  if (!oh_database_prepare(&r->base, sql, &statement)) return -1;
  sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
  int64_t count = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  return count;
}
