// backlog.c — see backlog.h
#include "store/backlog.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/database.h"
#include <stdio.h>
#include <stdlib.h>

#define EXPIRE_ROWS 5000 // of one call: a few milliseconds

// What waits for one URL, also one that is not configured any more.
struct share {
  char *url;
  uint64_t rows;
  int64_t bytes;
};

struct oh_backlog {
  struct oh_database base;
  sqlite3_stmt *add, *first, *remove, *expire, *rooms, *shares;
  bool in_transaction;
  uint32_t rows_max, uncommitted;
  int64_t bytes_max;
  uint8_t *body; // of the last first()
  struct share *share;
  size_t share_count;
};

// Each brings the schema from version i to i + 1. Never change one that was released; add another.
static const char *const migrations[OH_BACKLOG_VERSION] = {
    "CREATE TABLE delivery("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT," // never used again: an answer may come late
    "  url TEXT NOT NULL,"
    "  room TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL," // Unix time
    "  body BLOB NOT NULL);"
    "CREATE INDEX delivery_lane ON delivery(url, room, number);"
    "CREATE INDEX delivery_at ON delivery(at_ms);",
};

// ---- how much waits

static struct share *share_of(struct oh_backlog *b, const char *url) {
  for (size_t i = 0; i < b->share_count; i++)
    if (strcmp(b->share[i].url, url) == 0) return &b->share[i];
  b->share = reallocarray(b->share, b->share_count + 1, sizeof *b->share);
  OH_CHECK(b->share);
  b->share[b->share_count] = (struct share){.url = oh_str_dup(oh_str(url))};
  return &b->share[b->share_count++];
}

static bool count_shares(struct oh_backlog *b) {
  for (size_t i = 0; i < b->share_count; i++)
    b->share[i].rows = 0, b->share[i].bytes = 0;
  int code;
  while ((code = sqlite3_step(b->shares)) == SQLITE_ROW) {
    struct share *share = share_of(b, (const char *)sqlite3_column_text(b->shares, 0));
    share->rows = (uint64_t)sqlite3_column_int64(b->shares, 1);
    share->bytes = sqlite3_column_int64(b->shares, 2);
  }
  bool ok = code == SQLITE_DONE || oh_database_fail(&b->base, "count");
  sqlite3_reset(b->shares);
  return ok;
}

uint64_t oh_backlog_waiting(const struct oh_backlog *b) {
  uint64_t rows = 0;
  for (size_t i = 0; i < b->share_count; i++)
    rows += b->share[i].rows;
  return rows;
}

// ---- lifetime

static bool prepare(struct oh_backlog *b) {
  struct oh_database *base = &b->base;
  return oh_database_prepare(base, "INSERT INTO delivery(url, room, at_ms, body) VALUES(?, ?, ?, ?)",
                             &b->add) &&
         oh_database_prepare(base,
                             "SELECT number, at_ms, body FROM delivery WHERE url = ? AND room = ?"
                             " ORDER BY number LIMIT 1",
                             &b->first) &&
         oh_database_prepare(base, "DELETE FROM delivery WHERE number = ? RETURNING url, length(body)",
                             &b->remove) &&
         oh_database_prepare(base,
                             "DELETE FROM delivery WHERE number IN"
                             " (SELECT number FROM delivery WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
                             &b->expire) &&
         oh_database_prepare(base, "SELECT DISTINCT room FROM delivery WHERE url = ?", &b->rooms) &&
         oh_database_prepare(base, "SELECT url, count(*), sum(length(body)) FROM delivery GROUP BY url",
                             &b->shares) &&
         count_shares(b);
}

static void close_file(struct oh_backlog *b) {
  sqlite3_stmt *const statements[] = {b->add, b->first, b->remove, b->expire, b->rooms, b->shares};
  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
    sqlite3_finalize(statements[i]);
  oh_database_close(&b->base);
  for (size_t i = 0; i < b->share_count; i++)
    free(b->share[i].url);
  free(b->share);
  free(b->body);
  free(b);
}

struct oh_backlog *oh_backlog_open(const char *path, uint32_t rows_max, int64_t bytes_max,
                                   char error[OH_BACKLOG_ERROR_MAX]) {
  static const struct oh_schema schema = {.migrations = migrations, .version = OH_BACKLOG_VERSION};
  struct oh_backlog *b = calloc(1, sizeof *b);
  OH_CHECK(b);
  b->rows_max = rows_max;
  b->bytes_max = bytes_max;
  // Twice: rows have indexes beside their bodies, and URLs that are not configured any more have theirs.
  int64_t file_max = 2 * OH_WEBHOOK_URLS_MAX * bytes_max;
  if (oh_database_open(&b->base, path, file_max, &schema) && prepare(b)) return b;
  snprintf(error, OH_BACKLOG_ERROR_MAX, "%s", b->base.error);
  close_file(b);
  return NULL;
}

void oh_backlog_close(struct oh_backlog *b) {
  if (!b) return;
  oh_backlog_commit(b);
  close_file(b);
}

bool oh_backlog_was_set_aside(const struct oh_backlog *b) {
  return b->base.set_aside;
}

const char *oh_backlog_error(const struct oh_backlog *b) {
  return b->base.error;
}

// ---- in

static void give_up(struct oh_backlog *b) {
  oh_database_give_up(&b->base);
  b->in_transaction = false;
  b->uncommitted = 0;
  char error[OH_DATABASE_ERROR_MAX]; // of what made us give up
  memcpy(error, b->base.error, sizeof error);
  count_shares(b);
  memcpy(b->base.error, error, sizeof error);
}

enum oh_backlog_added oh_backlog_add(struct oh_backlog *b, const struct oh_backlog_item *item) {
  struct share *share = share_of(b, item->url);
  int64_t bytes = (int64_t)item->body.len;
  if (share->rows >= b->rows_max || share->bytes + bytes > b->bytes_max) return OH_BACKLOG_FULL;
  if (!b->in_transaction && !oh_database_run(&b->base, "BEGIN IMMEDIATE", "begin")) return OH_BACKLOG_FAILED;
  b->in_transaction = true;
  sqlite3_bind_text(b->add, 1, item->url, -1, SQLITE_STATIC);
  sqlite3_bind_text(b->add, 2, item->room, -1, SQLITE_STATIC);
  sqlite3_bind_int64(b->add, 3, item->unix_ms);
  sqlite3_bind_blob64(b->add, 4, item->body.data, item->body.len, SQLITE_STATIC);
  bool ok = sqlite3_step(b->add) == SQLITE_DONE || oh_database_fail(&b->base, "insert");
  sqlite3_reset(b->add);
  sqlite3_clear_bindings(b->add);
  if (!ok) {
    give_up(b);
    return OH_BACKLOG_FAILED;
  }
  b->uncommitted++;
  share->rows++;
  share->bytes += bytes;
  return OH_BACKLOG_ADDED;
}

bool oh_backlog_commit(struct oh_backlog *b) {
  if (!b->in_transaction) return true;
  if (oh_database_run(&b->base, "COMMIT", "commit")) {
    b->in_transaction = false;
    b->uncommitted = 0;
    return true;
  }
  give_up(b);
  return false;
}

uint32_t oh_backlog_uncommitted(const struct oh_backlog *b) {
  return b->uncommitted;
}

// ---- out

bool oh_backlog_first(struct oh_backlog *b, const char *url, const char *room, struct oh_backlog_item *item) {
  sqlite3_bind_text(b->first, 1, url, -1, SQLITE_STATIC);
  sqlite3_bind_text(b->first, 2, room, -1, SQLITE_STATIC);
  bool found = sqlite3_step(b->first) == SQLITE_ROW;
  if (found) {
    *item = (struct oh_backlog_item){.url = url,
                                     .room = room,
                                     .number = sqlite3_column_int64(b->first, 0),
                                     .unix_ms = sqlite3_column_int64(b->first, 1)};
    const void *body = sqlite3_column_blob(b->first, 2);
    size_t len = (size_t)sqlite3_column_bytes(b->first, 2);
    free(b->body);
    b->body = malloc(len + 1);
    OH_CHECK(b->body);
    if (len) memcpy(b->body, body, len);
    item->body = (struct oh_bytes){b->body, len};
  }
  sqlite3_reset(b->first); // a reader left open would keep the log of the file from being emptied
  return found;
}

bool oh_backlog_remove(struct oh_backlog *b, int64_t number) {
  sqlite3_bind_int64(b->remove, 1, number);
  int code;
  while ((code = sqlite3_step(b->remove)) == SQLITE_ROW) {
    struct share *share = share_of(b, (const char *)sqlite3_column_text(b->remove, 0));
    share->rows--;
    share->bytes -= sqlite3_column_int64(b->remove, 1);
  }
  bool ok = code == SQLITE_DONE || oh_database_fail(&b->base, "remove");
  sqlite3_reset(b->remove);
  if (!ok) give_up(b);
  return ok;
}

bool oh_backlog_expire(struct oh_backlog *b, int64_t before_unix_ms, uint32_t *deleted) {
  *deleted = 0;
  sqlite3_bind_int64(b->expire, 1, before_unix_ms);
  sqlite3_bind_int64(b->expire, 2, EXPIRE_ROWS);
  bool ok = sqlite3_step(b->expire) == SQLITE_DONE || oh_database_fail(&b->base, "expire");
  sqlite3_reset(b->expire);
  if (!ok) return false;
  *deleted = (uint32_t)sqlite3_changes(b->base.db);
  return *deleted == 0 || count_shares(b);
}

void oh_backlog_rooms(struct oh_backlog *b, const char *url, void (*each)(void *ctx, const char *room),
                      void *ctx) {
  sqlite3_bind_text(b->rooms, 1, url, -1, SQLITE_TRANSIENT);
  while (sqlite3_step(b->rooms) == SQLITE_ROW)
    each(ctx, (const char *)sqlite3_column_text(b->rooms, 0));
  sqlite3_reset(b->rooms);
}
