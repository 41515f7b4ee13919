// scribe.c — files of recordings where the disk makes trouble, and a scribe that does not keep up.
#include "app/scribe.h"
#include "app/logbook.h"
#include "app/reel.h"
#include "base/limits.h"
#include "base/world.h"
#include "record/playback.h"
#include "tests/unit/test.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/offhook-scribe-XXXXXX";
static int directory;
static const uint8_t opus[60] = {9 << 3, 1, 2, 3}; // 20 ms, SILK

static int make_folder(void **state) {
  (void)state;
  signal(SIGXFSZ, SIG_IGN);
  if (!mkdtemp(folder)) return -1;
  directory = open(folder, O_RDONLY | O_DIRECTORY);
  return directory < 0;
}

static int remove_folder(void **state) {
  (void)state;
  DIR *dir = opendir(folder);
  for (struct dirent *entry; dir && (entry = readdir(dir));)
    unlinkat(directory, entry->d_name, 0);
  if (dir) closedir(dir);
  close(directory);
  return rmdir(folder);
}

static struct oh_reel *open_reel(const char *path, uint8_t channels) {
  const char *error = NULL;
  const struct oh_reel_order order = {.path = path, .title = "Room", .channels = channels};
  struct oh_reel *r = oh_reel_open(directory, 1000000, &order, &error);
  if (!r) fail_msg("%s: %s", path, error);
  return r;
}

static void speak(struct oh_reel *r, uint32_t packets) {
  for (uint32_t n = 0; n < packets; n++) {
    int64_t now_us = 1000000 + n * INT64_C(20000);
    oh_reel_packet(r, now_us, 7, OH_REEL_BOTH, n * 960, (struct oh_bytes){.data = opus, .len = sizeof opus});
    oh_reel_tick(r, now_us);
  }
}

static uint32_t packets_in(const char *name) {
  static uint8_t file[1 << 20];
  static struct oh_playback playback;
  int fd = openat(directory, name, O_RDONLY);
  ssize_t len = read(fd, file, sizeof file);
  close(fd);
  assert_true(len > 0);
  assert_true(oh_playback_init(&playback, (struct oh_bytes){.data = file, .len = (size_t)len}));
  struct oh_bytes packet;
  uint32_t samples, count = 0;
  while (oh_playback_next(&playback, &packet, &samples))
    count++;
  assert_int_equal(playback.reader.damaged, 0);
  return count;
}

// The file may have 8 KB: the page that does not fit is taken back whole.
static void test_a_full_disk_leaves_a_valid_file(void **state) {
  (void)state;
  struct rlimit before, few;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  few = before;
  few.rlim_cur = 8000;
  struct oh_reel *r = open_reel("full.ogg", 0);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
  speak(r, 500);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_non_null(r->error);
  struct stat at_error;
  assert_int_equal(fstatat(directory, "full.ogg", &at_error, 0), 0);
  assert_int_equal(at_error.st_size, r->bytes);
  oh_reel_end(r, 12000000);
  struct stat now;
  assert_int_equal(fstatat(directory, "full.ogg", &now, 0), 0);
  assert_int_equal(now.st_size, at_error.st_size); // an error is final, room or not
  assert_true(packets_in("full.ogg") > 90);
  oh_reel_free(r);
}

static void test_ten_seconds_are_ten_seconds(void **state) {
  (void)state;
  struct oh_reel *r = open_reel("good.ogg", 0);
  speak(r, 500);
  oh_reel_end(r, 11000000);
  assert_null(r->error);
  assert_int_equal(oh_reel_duration_us(r), 10000000);
  assert_int_equal(packets_in("good.ogg"), 500);
  oh_reel_free(r);
}

static void test_names_that_are_taken(void **state) {
  (void)state;
  const char *error = NULL;
  struct oh_reel *first = open_reel("same.ogg", 1), *second = open_reel("same.ogg", 0);
  assert_string_equal(first->path, "same.ogg");
  assert_string_equal(second->path, "same-2.ogg");
  const struct oh_reel_order order = {.path = "same.ogg/x.ogg", .title = ""};
  assert_null(oh_reel_open(directory, 0, &order, &error));
  assert_string_equal(error, "a part of the file's path is no directory");
  oh_reel_free(first);
  oh_reel_free(second);
}

// Nobody takes the batches away: what a worker keeps is bounded, and what is lost is counted.
static void test_a_scribe_that_does_not_keep_up(void **state) {
  (void)state;
  static struct oh_world world;
  char error[OH_CONFIG_ERROR_MAX];
  const struct oh_scribe_config config = {.directory = folder, .reels_max = 2};
  struct oh_scribe *scribe = oh_scribe_open(&config, error);
  assert_non_null(scribe);
  struct oh_satchel *satchel = oh_satchel_open(scribe, NULL, &world);
  struct oh_scribe_ops ops = oh_satchel_ops(satchel);
  const struct oh_reel_order order = {.path = "slow.ogg", .title = "x", .id = "EG_x"};
  uint64_t reel = ops.open(ops.ctx, 0, &order);
  assert_true(reel != 0 && ops.open(ops.ctx, 0, &order) != 0);
  assert_int_equal(ops.open(ops.ctx, 0, &order), 0); // as many as there may be
  for (int64_t now_us = 0; now_us < 60 * 1000000; now_us += 1000) {
    ops.packet(ops.ctx, now_us, reel, 1, OH_REEL_BOTH, 0,
               (struct oh_bytes){.data = opus, .len = sizeof opus});
    oh_satchel_tick(satchel, now_us);
  }
  // 60 000 packets of 124 bytes: 64 batches of 51, and 256 KB that stayed.
  uint64_t lost = world.counters.value[OH_COUNT_recordings_lost];
  assert_in_range(lost, 50000, 57000);
  oh_satchel_close(satchel);
  oh_scribe_close(scribe);
}

static struct {
  uint32_t count;
  uint64_t bytes;
  char path[64], info[64];
} found;

static bool find(void *ctx, const struct oh_logbook_entry *entry) {
  const bool *useful = ctx;
  found.count++;
  found.bytes = entry->bytes;
  snprintf(found.path, sizeof found.path, "%s", entry->path);
  snprintf(found.info, sizeof found.info, "%.*s", (int)entry->info.len, (const char *)entry->info.data);
  return *useful;
}

static void test_the_logbook_knows_what_was_cut_off(void **state) {
  (void)state;
  const struct oh_bytes info = {.data = (const uint8_t *)"what it was", .len = 11};
  struct oh_reel *r = open_reel("cut.ogg", 0);
  oh_logbook_enter(directory, "EG_done", "done.ogg", info);
  oh_logbook_enter(directory, "EG_cut", "cut.ogg", info);
  oh_logbook_strike(directory, "EG_done");
  oh_logbook_strike(directory, "EG_never");
  // Damaged ones are struck out and not told.
  int fd = openat(directory, ".open/EG_bad", O_WRONLY | O_CREAT, 0600);
  assert_int_equal(write(fd, "no end", 6), 6);
  close(fd);
  bool useful = true;
  oh_logbook_read(directory, find, &useful);
  assert_int_equal(found.count, 1);
  assert_string_equal(found.path, "cut.ogg");
  assert_string_equal(found.info, "what it was");
  assert_int_equal(found.bytes, r->bytes);
  useful = false; // what stands there stays, until it is struck out or nothing can be made of it
  oh_logbook_read(directory, find, &useful);
  oh_logbook_read(directory, find, &useful);
  assert_int_equal(found.count, 2);
  oh_reel_free(r);
  assert_int_equal(unlinkat(directory, ".open", AT_REMOVEDIR), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_full_disk_leaves_a_valid_file),
      cmocka_unit_test(test_ten_seconds_are_ten_seconds),
      cmocka_unit_test(test_names_that_are_taken),
      cmocka_unit_test(test_the_logbook_knows_what_was_cut_off),
      cmocka_unit_test(test_a_scribe_that_does_not_keep_up),
  };
  return cmocka_run_group_tests_name("app/scribe", tests, make_folder, remove_folder);
}
