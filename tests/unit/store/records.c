// records.c — the records on disk: what is committed stays, and nothing that a disk can do ends the service.
#include "store/records.h"
#include "tests/unit/store/database_place.h"
#include "tests/unit/test.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MAX (64 * 1024 * 1024)

static char error[OH_RECORDS_ERROR_MAX];

static int make_directory(void **state) {
  (void)state;
  return make_place("offhook.db");
}

static struct oh_records *reopen(struct oh_records *records, int64_t bytes_max) {
  oh_records_close(records);
  records = oh_records_open(path, bytes_max, error);
  if (!records) fail_msg("%s", error);
  return records;
}

static bool add(struct oh_records *records, int64_t unix_ms, const char *name, const char *data) {
  struct oh_records_event event = {.unix_ms = unix_ms,
                                   .site = "shop",
                                   .name = name,
                                   .call = "CA_1",
                                   .browser = "firefox",
                                   .os = "linux",
                                   .device = "desktop",
                                   .data = data};
  return oh_records_add(records, &event);
}

static void what_is_committed_stays(void **state) {
  (void)state;
  struct oh_records *records = reopen(NULL, BYTES_MAX);
  assert_true(add(records, 1000, "open", "{}"));
  assert_true(add(records, 2000, "error", "{\"code\":\"MIC_DENIED\"}"));
  assert_int_equal(oh_records_waiting(records), 2);
  assert_true(oh_records_commit(records));
  assert_int_equal(oh_records_waiting(records), 0);
  assert_true(add(records, 3000, "open", "{}")); // close commits
  records = reopen(records, BYTES_MAX);
  assert_int_equal(oh_records_count(records, "open"), 2);
  assert_int_equal(oh_records_count(records, "error"), 1);
  assert_false(oh_records_was_set_aside(records));
  struct stat info;
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  oh_records_close(records);
}

static void what_is_old_goes(void **state) {
  (void)state;
  struct oh_records *records = reopen(NULL, BYTES_MAX);
  for (int64_t at = 0; at < 6000; at++)
    assert_true(add(records, at, "open", "{}"));
  uint32_t deleted, sum = 0;
  do { // in pieces, so that nobody waits long
    assert_true(oh_records_prune(records, 5900, &deleted));
    sum += deleted;
  } while (deleted);
  assert_int_equal(sum, 5900);
  assert_int_equal(oh_records_count(records, "open"), 100);
  oh_records_close(records);
}

static void the_file_does_not_grow_beyond_its_bound(void **state) {
  (void)state;
  struct oh_records *records = reopen(NULL, 256 * 1024);
  char data[512];
  memset(data, 'x', sizeof data - 1);
  data[sizeof data - 1] = 0;
  bool was_full = false;
  uint32_t deleted;
  for (int64_t at = 0; at < 3000; at++) {
    bool ok = add(records, at, "open", data) && (at % 50 || oh_records_commit(records));
    if (ok) continue;
    was_full = true;
    assert_true(oh_records_is_full(records));
    assert_true(oh_records_prune(records, 0, &deleted));
    assert_true(deleted > 0);
  }
  assert_true(was_full);
  assert_true(oh_records_commit(records));
  assert_true(oh_records_count(records, "open") > 0);
  oh_records_close(records);
  struct stat info;
  assert_int_equal(stat(path, &info), 0);
  assert_true(info.st_size <= 256 * 1024);
}

static void a_corrupt_file_is_set_aside(void **state) {
  (void)state;
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < 4096; i++)
    fputs("this is no database ", file);
  fclose(file);
  struct oh_records *records = reopen(NULL, BYTES_MAX);
  assert_true(oh_records_was_set_aside(records));
  assert_true(add(records, 1, "open", "{}"));
  assert_true(oh_records_commit(records));
  char kept[160];
  snprintf(kept, sizeof kept, "%s.corrupt", path);
  assert_int_equal(access(kept, R_OK), 0);
  oh_records_close(records);
}

static void somebody_else_may_hold_the_lock(void **state) {
  (void)state;
  struct oh_records *records = reopen(NULL, BYTES_MAX);
  sqlite3 *other;
  assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_false(add(records, 1, "open", "{}"));
  assert_false(oh_records_is_full(records));
  assert_non_null(strstr(oh_records_error(records), "locked"));
  assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  assert_true(add(records, 2, "open", "{}"));
  assert_true(oh_records_commit(records));
  assert_int_equal(oh_records_count(records, "open"), 1);
  sqlite3_close(other);
  oh_records_close(records);
}

static void a_newer_file_and_a_missing_directory_are_refused(void **state) {
  (void)state;
  oh_records_close(reopen(NULL, BYTES_MAX));
  sqlite3 *other;
  assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  assert_null(oh_records_open(path, BYTES_MAX, error));
  assert_non_null(strstr(error, "newer"));
  assert_null(oh_records_open("/nowhere/at/all/offhook.db", BYTES_MAX, error));
  assert_true(*error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_committed_stays),
      TEST(what_is_old_goes),
      TEST(the_file_does_not_grow_beyond_its_bound),
      TEST(a_corrupt_file_is_set_aside),
      TEST(somebody_else_may_hold_the_lock),
      TEST(a_newer_file_and_a_missing_directory_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
