// archive.c — ended recordings on disk: they stay, in order and within bounds, and a broken file is set
// aside.
#include "store/archive.h"
#include "base/limits.h"
#include "tests/unit/store/database_place.h"
#include "tests/unit/test.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char error[OH_ARCHIVE_ERROR_MAX];

static int make_directory(void **state) {
  (void)state;
  return make_place(".ended.db");
}

static struct oh_archive *reopen(struct oh_archive *archive) {
  oh_archive_close(archive);
  archive = oh_archive_open(path, error);
  if (!archive) fail_msg("%s", error);
  return archive;
}

static void keep(struct oh_archive *archive, unsigned number, const char *more) {
  char id[32], info[64];
  snprintf(id, sizeof id, "EG_%u", number);
  snprintf(info, sizeof info, "%u%s ", number, more);
  assert_true(oh_archive_keep(archive, id, (struct oh_bytes){(const uint8_t *)info, strlen(info)}));
}

static void collect(void *ctx, struct oh_bytes info) {
  strncat(ctx, (const char *)info.data, info.len);
}

static void assert_all(struct oh_archive *archive, const char *wanted) {
  char all[4096] = "";
  assert_true(oh_archive_read(archive, collect, all));
  assert_string_equal(all, wanted);
}

static void test_what_has_ended_stays(void **state) {
  (void)state;
  struct oh_archive *a = reopen(NULL);
  assert_all(a, "");
  for (unsigned i = 1; i <= 3; i++)
    keep(a, i, "");
  keep(a, 1, "again");
  assert_all(a, "2 3 1again ");
  a = reopen(a);
  assert_all(a, "2 3 1again ");
  struct stat file;
  assert_int_equal(stat(path, &file), 0);
  assert_int_equal(file.st_mode & 0777, 0600);
  oh_archive_close(a);
}

static void test_the_latest_are_kept(void **state) {
  (void)state;
  struct oh_archive *a = reopen(NULL);
  char wanted[4096] = "", *end = wanted;
  for (unsigned i = 0; i < 3 * OH_ARCHIVE_ROWS_MAX; i++) {
    keep(a, 1000 + i, "");
    if (i >= 2 * OH_ARCHIVE_ROWS_MAX) end += sprintf(end, "%u ", 1000 + i);
  }
  assert_all(a, wanted);
  oh_archive_close(reopen(a));
  static uint8_t large[OH_EGRESS_REQUEST_MAX * 2]; // the file has room for as many as large as may be
  struct stat file;
  a = reopen(NULL);
  for (unsigned i = 0; i < 2 * OH_ARCHIVE_ROWS_MAX; i++) {
    char id[32];
    snprintf(id, sizeof id, "EG_large%u", i);
    if (!oh_archive_keep(a, id, (struct oh_bytes){large, sizeof large})) fail_msg("%s", oh_archive_error(a));
  }
  oh_archive_close(a);
  assert_int_equal(stat(path, &file), 0);
  assert_true(file.st_size <= OH_ARCHIVE_BYTES_MAX);
}

static void test_a_broken_file_is_set_aside(void **state) {
  (void)state;
  FILE *file = fopen(path, "w");
  for (int i = 0; i < 1000; i++)
    fputs("no database ", file);
  fclose(file);
  struct oh_archive *a = reopen(NULL);
  assert_all(a, "");
  keep(a, 1, "");
  assert_all(a, "1 ");
  oh_archive_close(a);
  assert_null(oh_archive_open("/nowhere/at/all.db", error));
  assert_true(*error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_has_ended_stays),
      cmocka_unit_test(test_the_latest_are_kept),
      cmocka_unit_test(test_a_broken_file_is_set_aside),
  };
  return cmocka_run_group_tests_name("store/archive", tests, make_directory, remove_directory);
}
