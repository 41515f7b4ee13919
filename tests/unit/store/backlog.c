// backlog.c — webhooks on disk: what is committed stays, in order and within bounds; and with the postman, a
// day of a receiver that is down.
#include "store/backlog.h"
#include "base/heap.h"
#include "base/limits.h"
#include "livekit/postman.h"
#include "tests/unit/store/database_place.h"
#include "tests/unit/test.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_MAX 100000
#define BYTES_MAX (64 * 1024 * 1024)
#define SECOND_US 1000000LL
#define HOUR_US (3600 * SECOND_US)

static char error[OH_BACKLOG_ERROR_MAX];
static const char *const up = "https://up.example/", *const down = "https://down.example/";

static int make_directory(void **state) {
  (void)state;
  return make_place("webhooks.db");
}

static struct oh_backlog *reopen(struct oh_backlog *backlog) {
  oh_backlog_close(backlog);
  backlog = oh_backlog_open(path, ROWS_MAX, BYTES_MAX, error);
  if (!backlog) fail_msg("%s", error);
  return backlog;
}

static enum oh_backlog_added add(struct oh_backlog *backlog, const char *url, const char *room,
                                 int64_t unix_ms, const char *body) {
  const struct oh_backlog_item item = {
      .url = url, .room = room, .unix_ms = unix_ms, .body = {(const uint8_t *)body, strlen(body)}};
  return oh_backlog_add(backlog, &item);
}

static void assert_first(struct oh_backlog *backlog, const char *url, const char *room, const char *body) {
  struct oh_backlog_item item;
  assert_true(oh_backlog_first(backlog, url, room, &item));
  assert_int_equal(item.body.len, strlen(body));
  assert_memory_equal(item.body.data, body, item.body.len);
}

static void take(struct oh_backlog *backlog, const char *url, const char *room, const char *body) {
  struct oh_backlog_item item;
  assert_first(backlog, url, room, body);
  assert_true(oh_backlog_first(backlog, url, room, &item));
  assert_true(oh_backlog_remove(backlog, item.number));
}

static void collect(void *ctx, const char *room) {
  strcat(ctx, room);
}

static void what_is_committed_stays_in_order(void **state) {
  (void)state;
  struct oh_backlog *b = reopen(NULL);
  assert_int_equal(add(b, up, "a", 1, "1"), OH_BACKLOG_ADDED);
  assert_int_equal(add(b, down, "a", 1, "1"), OH_BACKLOG_ADDED);
  assert_int_equal(add(b, up, "b", 2, "2"), OH_BACKLOG_ADDED);
  assert_int_equal(add(b, up, "a", 3, "3"), OH_BACKLOG_ADDED);
  assert_true(oh_backlog_commit(b));
  b = reopen(b);
  assert_int_equal(oh_backlog_waiting(b), 4);
  char rooms[16] = "";
  oh_backlog_rooms(b, up, collect, rooms);
  assert_string_equal(rooms, "ab");
  take(b, up, "a", "1");
  take(b, up, "a", "3");
  struct oh_backlog_item item;
  assert_false(oh_backlog_first(b, up, "a", &item));
  assert_first(b, down, "a", "1"); // the other URL has its own
  b = reopen(b);
  assert_int_equal(oh_backlog_waiting(b), 2);
  take(b, up, "b", "2");
  assert_true(oh_backlog_remove(b, 12345)); // gone already: nothing to do
  struct stat info;
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  oh_backlog_close(b);
}

static void a_full_url_leaves_room_for_others(void **state) {
  (void)state;
  struct oh_backlog *b = oh_backlog_open(NULL, 10, 100, error); // in memory
  assert_non_null(b);
  for (int i = 0; i < 10; i++)
    assert_int_equal(add(b, down, "a", i, "x"), OH_BACKLOG_ADDED);
  assert_int_equal(add(b, down, "a", 10, "x"), OH_BACKLOG_FULL);
  assert_int_equal(add(b, up, "a", 10, "x"), OH_BACKLOG_ADDED);
  take(b, down, "a", "x");
  assert_int_equal(add(b, down, "a", 11, "y"), OH_BACKLOG_ADDED);
  char large[128];
  memset(large, 'z', sizeof large - 1);
  large[sizeof large - 1] = 0;
  assert_int_equal(add(b, up, "a", 12, large), OH_BACKLOG_FULL); // bytes count too
  oh_backlog_close(b);
}

static void what_is_old_goes(void **state) {
  (void)state;
  struct oh_backlog *b = reopen(NULL);
  for (int64_t at = 0; at < 6000; at++)
    assert_int_equal(add(b, up, "a", at, "{}"), OH_BACKLOG_ADDED);
  assert_true(oh_backlog_commit(b));
  uint32_t deleted, sum = 0;
  do {
    assert_true(oh_backlog_expire(b, 5900, &deleted));
    sum += deleted;
  } while (deleted);
  assert_int_equal(sum, 5900);
  assert_int_equal(oh_backlog_waiting(b), 100);
  oh_backlog_close(b);
}

static void a_corrupt_file_is_set_aside_and_a_newer_one_refused(void **state) {
  (void)state;
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < 4096; i++)
    fputs("this is no database ", file);
  fclose(file);
  struct oh_backlog *b = reopen(NULL);
  assert_true(oh_backlog_was_set_aside(b));
  assert_int_equal(add(b, up, "a", 1, "1"), OH_BACKLOG_ADDED);
  assert_true(oh_backlog_commit(b));
  oh_backlog_close(b);
  sqlite3 *other;
  assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  assert_null(oh_backlog_open(path, ROWS_MAX, BYTES_MAX, error));
  assert_non_null(strstr(error, "newer"));
}

static void somebody_else_may_hold_the_lock(void **state) {
  (void)state;
  struct oh_backlog *b = reopen(NULL);
  assert_int_equal(add(b, up, "a", 1, "1"), OH_BACKLOG_ADDED);
  assert_true(oh_backlog_commit(b));
  sqlite3 *other;
  assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(add(b, up, "a", 2, "2"), OH_BACKLOG_FAILED);
  struct oh_backlog_item item;
  assert_true(oh_backlog_first(b, up, "a", &item));
  assert_false(oh_backlog_remove(b, item.number));
  assert_non_null(strstr(oh_backlog_error(b), "locked"));
  assert_int_equal(oh_backlog_waiting(b), 1);
  assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  take(b, up, "a", "1");
  sqlite3_close(other);
  oh_backlog_close(b);
}

// ---- a day

enum { ROOMS = 300, EVENTS = 6, BAD_ROOM = 7 };
struct receiver {
  const char *url;
  struct oh_postman *postman;
  int64_t silent_until_us;
  int bad_room; // whose first event it answers with 500 for ever; -1: none
  uint8_t taken[ROOMS];
  uint32_t tries, doubles;
  int64_t last_us; // when it took the last one
};
static uint64_t seed;
static struct oh_random randomness;

static void load_room(void *ctx, const char *room) {
  oh_postman_add(ctx, 0, oh_str(room));
}

static void open_receiver(struct receiver *r, struct oh_backlog *b) {
  r->postman = oh_postman_open(&randomness);
  oh_backlog_rooms(b, r->url, load_room, r->postman);
}

static void send(struct receiver *r, struct oh_backlog *b, int64_t now_us, const struct oh_round *round) {
  struct oh_backlog_item item, next;
  if (!oh_backlog_first(b, r->url, round->room, &item))
    return oh_postman_result(r->postman, now_us, round->lane, OH_POST_TAKEN, false);
  r->tries++;
  char body[16];
  snprintf(body, sizeof body, "%.*s", (int)item.body.len, (const char *)item.body.data);
  int room = atoi(round->room), number = atoi(body);
  enum oh_post_result result = now_us < r->silent_until_us ? OH_POST_SILENT
                               : room == r->bad_room       ? OH_POST_FAILED
                                                           : OH_POST_TAKEN;
  if (result != OH_POST_TAKEN) return oh_postman_result(r->postman, now_us, round->lane, result, false);
  if (number < r->taken[room])
    r->doubles++;
  else
    assert_int_equal(number, r->taken[room]++); // in order, none left out
  r->last_us = now_us;
  assert_true(oh_backlog_remove(b, item.number));
  bool more = oh_backlog_first(b, r->url, round->room, &next);
  oh_postman_result(r->postman, now_us, round->lane, OH_POST_TAKEN, more);
}

// Until `end_us`, waking up only when something is due, as the program does.
static void pass(struct receiver *r, struct oh_backlog *b, int64_t from_us, int64_t end_us) {
  int64_t now_us = from_us;
  while (oh_postman_deadline(r->postman) <= end_us) {
    if (oh_postman_deadline(r->postman) > now_us) now_us = oh_postman_deadline(r->postman);
    struct oh_round round;
    assert_true(oh_postman_next(r->postman, now_us, &round));
    send(r, b, now_us, &round);
  }
}

static void a_receiver_may_be_down_for_a_day(void **state) {
  (void)state;
  seed = 7;
  randomness = test_random(&seed);
  struct receiver receivers[2] = {{.url = up, .bad_room = BAD_ROOM},
                                  {.url = down, .bad_room = -1, .silent_until_us = 24 * HOUR_US}};
  struct oh_backlog *b = reopen(NULL);
  for (int i = 0; i < 2; i++)
    open_receiver(&receivers[i], b);
  // 300 calls over the day, each with six events, one every ten seconds or so
  const int64_t step_us = 24 * HOUR_US / (ROOMS * EVENTS);
  int64_t now_us = 0;
  for (int n = 0; n < ROOMS * EVENTS; n++, now_us += step_us) {
    char room[16], body[16];
    snprintf(room, sizeof room, "%d", n / EVENTS);
    snprintf(body, sizeof body, "%d", n % EVENTS);
    for (int i = 0; i < 2; i++) {
      assert_int_equal(add(b, receivers[i].url, room, now_us / 1000, body), OH_BACKLOG_ADDED);
      assert_true(oh_backlog_commit(b));
      oh_postman_add(receivers[i].postman, now_us, oh_str(room));
      pass(&receivers[i], b, now_us, now_us + step_us - 1);
    }
    if (n / EVENTS != BAD_ROOM) assert_true(receivers[0].last_us == now_us); // at once, whatever else fails
    if (n == ROOMS * EVENTS / 2) { // the program is killed and started again
      b = reopen(b);
      for (int i = 0; i < 2; i++) {
        oh_postman_close(receivers[i].postman);
        open_receiver(&receivers[i], b);
      }
    }
  }
  assert_true(receivers[1].tries < 86400);
  assert_int_equal(receivers[1].last_us, 0);
  pass(&receivers[1], b, now_us, now_us + 2 * SECOND_US);
  for (int room = 0; room < ROOMS; room++) {
    assert_int_equal(receivers[1].taken[room], EVENTS); // within two seconds of its return
    assert_int_equal(receivers[0].taken[room], room == BAD_ROOM ? 0 : EVENTS);
  }
  assert_int_equal(oh_backlog_waiting(b), EVENTS); // of the bad room
  uint32_t deleted;
  assert_true(oh_backlog_expire(b, (now_us + 72 * HOUR_US) / 1000 - OH_WEBHOOK_KEEP_MS, &deleted));
  assert_int_equal(deleted, EVENTS);
  now_us += 72 * HOUR_US;
  pass(&receivers[0], b, now_us, now_us + HOUR_US); // finds nothing any more
  assert_int_equal(oh_postman_deadline(receivers[0].postman), OH_NEVER);
  for (int i = 0; i < 2; i++)
    oh_postman_close(receivers[i].postman);
  oh_backlog_close(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_committed_stays_in_order),
      TEST(a_full_url_leaves_room_for_others),
      TEST(what_is_old_goes),
      TEST(a_corrupt_file_is_set_aside_and_a_newer_one_refused),
      TEST(somebody_else_may_hold_the_lock),
      TEST(a_receiver_may_be_down_for_a_day),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
