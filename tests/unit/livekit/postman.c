// postman.c — when webhooks are sent: order in a room, patience with what fails, nobody waits for somebody
// else
#include "livekit/postman.h"
#include "base/heap.h"
#include "base/limits.h"
#include "livekit/message.h"
#include "livekit/webhook.h"
#include "tests/unit/test.h"
#include "webhook.pb-c.h"

static const int64_t second_us = 1000000;
static uint64_t seed;
static struct oh_random randomness;

static struct oh_postman *open_postman(void) {
  seed = 42;
  randomness = test_random(&seed);
  return oh_postman_open(&randomness);
}

// The one round that there must be.
static struct oh_round round_of(struct oh_postman *p, int64_t now_us, const char *room) {
  struct oh_round round;
  assert_true(oh_postman_next(p, now_us, &round));
  assert_string_equal(round.room, room);
  return round;
}
static void assert_idle(struct oh_postman *p, int64_t now_us) {
  struct oh_round round;
  assert_false(oh_postman_next(p, now_us, &round));
}

static void answers_are_judged_as_livekit_does(void **state) {
  (void)state;
  static const struct {
    int status;
    enum oh_post_result result;
  } cases[] = {{200, OH_POST_TAKEN},   {204, OH_POST_TAKEN},  {0, OH_POST_SILENT},   {429, OH_POST_SILENT},
               {500, OH_POST_FAILED},  {502, OH_POST_SILENT}, {503, OH_POST_SILENT}, {504, OH_POST_SILENT},
               {501, OH_POST_REFUSED}, {599, OH_POST_FAILED}, {408, OH_POST_FAILED}, {400, OH_POST_REFUSED},
               {404, OH_POST_REFUSED}, {301, OH_POST_REFUSED}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(oh_post_judge(cases[i].status), cases[i].result);
}

static void a_room_has_one_event_under_way(void **state) {
  (void)state;
  struct oh_postman *p = open_postman();
  assert_int_equal(oh_postman_deadline(p), OH_NEVER);
  oh_postman_add(p, 0, OH_STR("den"));
  oh_postman_add(p, 0, OH_STR("den"));
  struct oh_round round = round_of(p, 0, "den");
  oh_postman_add(p, 0, OH_STR("den"));
  assert_idle(p, 0);
  assert_int_equal(oh_postman_busy(p), 1);
  oh_postman_result(p, 0, round.lane, OH_POST_TAKEN, true);
  round = round_of(p, 0, "den");
  oh_postman_result(p, 0, round.lane, OH_POST_REFUSED, true);
  round = round_of(p, 0, "den");
  oh_postman_result(p, 0, round.lane, OH_POST_TAKEN, false);
  assert_idle(p, 0);
  assert_int_equal(oh_postman_deadline(p), OH_NEVER);
  oh_postman_close(p);
}

static void failures_are_repeated_ever_more_slowly(void **state) {
  (void)state;
  struct oh_postman *p = open_postman();
  oh_postman_add(p, 0, OH_STR("den"));
  int64_t now_us = 0, full_us = second_us;
  for (uint32_t i = 0; i < 20; i++) {
    struct oh_round round = round_of(p, now_us, "den");
    assert_int_equal(round.tries, i);
    oh_postman_result(p, now_us, round.lane, OH_POST_FAILED, false);
    int64_t wait_us = oh_postman_deadline(p) - now_us;
    assert_true(wait_us >= full_us / 2 && wait_us <= full_us);
    assert_idle(p, now_us + wait_us - 1);
    now_us += wait_us;
    full_us = full_us * 2 > OH_WEBHOOK_RETRY_MAX_US ? OH_WEBHOOK_RETRY_MAX_US : full_us * 2;
  }
  assert_false(oh_postman_is_down(p)); // somebody answers there
  oh_postman_close(p);
}

static void a_failing_room_delays_no_other(void **state) {
  (void)state;
  struct oh_postman *p = open_postman();
  oh_postman_add(p, 0, OH_STR("bad"));
  struct oh_round bad = round_of(p, 0, "bad");
  for (int i = 0; i < 100; i++) {
    char room[16];
    snprintf(room, sizeof room, "good-%d", i);
    oh_postman_add(p, 0, oh_str(room));
    struct oh_round good = round_of(p, 0, room); // while the bad one is under way
    oh_postman_result(p, 0, good.lane, OH_POST_TAKEN, false);
  }
  oh_postman_result(p, 0, bad.lane, OH_POST_FAILED, false);
  oh_postman_add(p, 0, OH_STR("good"));
  round_of(p, 0, "good");
  oh_postman_close(p);
}

static void so_many_at_a_time(void **state) {
  (void)state;
  struct oh_postman *p = open_postman();
  struct oh_round rounds[OH_WEBHOOK_PARALLEL], more;
  for (int i = 0; i < 2 * OH_WEBHOOK_PARALLEL; i++)
    oh_postman_add(p, 0, oh_str((char[]){(char)('a' + i), 0}));
  for (int i = 0; i < OH_WEBHOOK_PARALLEL; i++)
    assert_true(oh_postman_next(p, 0, &rounds[i]));
  assert_false(oh_postman_next(p, 0, &more));
  assert_int_equal(oh_postman_deadline(p), OH_NEVER); // until one of them has its result
  oh_postman_result(p, 0, rounds[3].lane, OH_POST_TAKEN, false);
  assert_int_equal(oh_postman_deadline(p), 0);
  assert_true(oh_postman_next(p, 0, &more));
  assert_false(oh_postman_next(p, 0, &more));
  oh_postman_close(p);
}

// Fails everything that is due for so long; how many tries that were.
static uint32_t silence(struct oh_postman *p, int64_t *now_us, int64_t for_us) {
  uint32_t tries = 0;
  int64_t end_us = *now_us + for_us;
  while (oh_postman_deadline(p) < end_us) {
    if (oh_postman_deadline(p) > *now_us) *now_us = oh_postman_deadline(p);
    struct oh_round round;
    assert_true(oh_postman_next(p, *now_us, &round));
    oh_postman_result(p, *now_us, round.lane, OH_POST_SILENT, false);
    tries++;
  }
  *now_us = end_us;
  return tries;
}

static void a_url_that_is_down_is_probed_by_one(void **state) {
  (void)state;
  struct oh_postman *p = open_postman();
  int64_t now_us = 0;
  for (int i = 0; i < 500; i++) {
    char room[16];
    snprintf(room, sizeof room, "room-%d", i);
    oh_postman_add(p, now_us, oh_str(room));
  }
  uint32_t tries = silence(p, &now_us, 600 * second_us);
  assert_true(oh_postman_is_down(p));
  assert_true(tries > 300 && tries <= 600 + OH_WEBHOOK_SILENCES); // each second one of them
  struct oh_round probe, other;
  while (!oh_postman_next(p, now_us, &probe))
    now_us += second_us / 10;
  assert_false(oh_postman_next(p, now_us + 10 * second_us, &other)); // one at a time
  oh_postman_result(p, now_us, probe.lane, OH_POST_TAKEN, false);
  uint32_t delivered = 1; // an answer: nobody waits any more
  while (oh_postman_next(p, now_us, &probe)) {
    oh_postman_result(p, now_us, probe.lane, OH_POST_TAKEN, false);
    delivered++;
  }
  assert_int_equal(delivered, 500);
  oh_postman_close(p);
}

static void a_new_room_is_a_probe_too(void **state) {
  (void)state;
  struct oh_postman *p = open_postman();
  int64_t now_us = 0;
  oh_postman_add(p, now_us, OH_STR("old"));
  silence(p, &now_us, 3600 * second_us);
  assert_true(oh_postman_deadline(p) > now_us + second_us);
  oh_postman_add(p, now_us, OH_STR("new"));
  struct oh_round round = round_of(p, now_us + OH_WEBHOOK_PROBE_US, "new");
  now_us += OH_WEBHOOK_PROBE_US;
  oh_postman_result(p, now_us, round.lane, OH_POST_TAKEN, false);
  round_of(p, now_us, "old"); // woken by the answer
  oh_postman_close(p);
}

static void an_event_is_written_and_signed(void **state) {
  (void)state;
  Livekit__WebhookEvent event = LIVEKIT__WEBHOOK_EVENT__INIT;
  Livekit__Room room = LIVEKIT__ROOM__INIT;
  event.event = (char *)"room_started";
  event.id = (char *)"EV_abc";
  event.created_at = 1790000000;
  event.room = &room;
  room.name = (char *)"den";
  room.creation_time_ms = 1790000000123;
  size_t len;
  uint8_t *packed = oh_message_write(&event.base, &len);
  struct oh_text body;
  oh_text_init(&body, OH_WEBHOOK_BODY_MAX);
  assert_true(oh_webhook_write((struct oh_bytes){packed, len}, &body));
  assert_string_equal(body.data, "{\"event\":\"room_started\",\"room\":{\"name\":\"den\",\"creationTimeMs\":"
                                 "\"1790000000123\"},\"id\":\"EV_abc\",\"createdAt\":\"1790000000\"}");
  const struct oh_key key = {"devkey", "secretsecretsecretsecretsecretsecret"};
  const struct oh_keys keys = {&key, 1};
  const int64_t unix_us = 1790000000 * second_us;
  char *token = oh_webhook_sign((struct oh_bytes){(uint8_t *)body.data, body.len}, &key, unix_us);
  assert_non_null(token);
  struct oh_claims claims;
  const char *detail = "";
  assert_int_equal(oh_token_read(oh_str(token), &keys, unix_us, &claims, &detail), OH_TOKEN_OK);
  assert_string_equal(claims.issuer, "devkey");
  assert_int_equal(claims.expires_unix_s, 1790000300);
  assert_int_equal(strlen(claims.sha256), 44); // 32 bytes, standard base64
  assert_false(claims.has_video);
  oh_claims_fini(&claims);
  free(token);
  struct oh_str named = oh_webhook_url_name("https://a.example/hook?token=x");
  assert_true(oh_str_eq(named, OH_STR("https://a.example/hook")));
  assert_false(oh_webhook_write((struct oh_bytes){(const uint8_t *)"\xff\xff", 2}, &body));
  oh_text_fini(&body);
  free(packed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_are_judged_as_livekit_does),
      cmocka_unit_test(a_room_has_one_event_under_way),
      cmocka_unit_test(failures_are_repeated_ever_more_slowly),
      cmocka_unit_test(a_failing_room_delays_no_other),
      cmocka_unit_test(so_many_at_a_time),
      cmocka_unit_test(a_url_that_is_down_is_probed_by_one),
      cmocka_unit_test(a_new_room_is_a_probe_too),
      cmocka_unit_test(an_event_is_written_and_signed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
