// far_call.c — calls of another LiveKit by its webhooks: told twice, late, never; and what that server says
// when asked.
#include "call/far_call.h"
#include "base/limits.h"
#include "tests/unit/test.h"

#define S 1000000LL

static const uint8_t secret[16] = "fedcba9876543210";
static struct oh_site shop = {.id = (char *)(uintptr_t) "shop", .max_duration_s = 100};
static struct oh_far_calls *calls;

static int open_calls(void **state) {
  (void)state;
  calls = oh_far_calls_open(secret);
  return 0;
}

static int close_calls(void **state) {
  (void)state;
  oh_far_calls_close(calls);
  return 0;
}

#define TEXT(literal) ((char *)(uintptr_t)(literal))
static bool hear(int64_t now_us, const char *event, const char *sid, bool ours, int64_t age_s) {
  Livekit__ParticipantInfo__AttributesEntry entry = LIVEKIT__PARTICIPANT_INFO__ATTRIBUTES_ENTRY__INIT;
  entry.key = TEXT("offhook.site"), entry.value = TEXT("shop");
  Livekit__ParticipantInfo__AttributesEntry *entries[] = {&entry};
  Livekit__ParticipantInfo participant = LIVEKIT__PARTICIPANT_INFO__INIT;
  participant.sid = TEXT(sid);
  participant.n_attributes = ours, participant.attributes = entries;
  Livekit__Room room = LIVEKIT__ROOM__INIT;
  room.name = TEXT("call-1"), room.creation_time = 5000;
  Livekit__WebhookEvent message = LIVEKIT__WEBHOOK_EVENT__INIT;
  message.event = TEXT(event), message.room = &room, message.created_at = 5000 + age_s;
  if (*sid) message.participant = &participant;
  struct oh_far_news news;
  if (!oh_far_news_read(&message, &news)) return false;
  return oh_far_calls_hear(calls, now_us, &news, news.site ? &shop : NULL);
}

static struct oh_far_call *the_call(void) {
  oh_id cursor = 0;
  struct oh_far_call *call = oh_far_calls_next(calls, &cursor);
  if (call) assert_null(oh_far_calls_next(calls, &cursor));
  return call;
}

static void comes_and_goes_once_however_often_it_is_told(void **state) {
  (void)state;
  assert_true(hear(1 * S, "participant_joined", "PA_a", true, 0));
  assert_true(hear(2 * S, "participant_joined", "PA_a", true, 0));
  assert_int_equal(the_call()->present, 1);
  assert_true(hear(3 * S, "participant_joined", "PA_b", true, 0));
  assert_true(hear(4 * S, "participant_left", "PA_a", true, 0));
  assert_true(hear(5 * S, "participant_left", "PA_a", true, 0));
  assert_true(hear(6 * S, "participant_joined", "PA_a", true, 0)); // told late
  assert_int_equal(the_call()->present, 1);
  assert_true(hear(7 * S, "participant_connection_aborted", "PA_b", true, 0));
  assert_int_equal(the_call()->present, 0);
  assert_true(hear(8 * S, "participant_joined", "PA_c", true, 0)); // comes back after a reload
  assert_int_equal(the_call()->present, 1);
  assert_string_equal(the_call()->site->id, "shop");
  assert_true(hear(9 * S, "room_finished", "", false, 0));
  assert_null(the_call());
}

static void others_rooms_and_events_are_none_of_ours(void **state) {
  (void)state;
  assert_false(hear(1 * S, "participant_joined", "PA_a", false, 0));
  assert_false(hear(1 * S, "track_published", "PA_a", true, 0));
  assert_false(hear(1 * S, "room_started", "", false, 0));
  assert_false(hear(1 * S, "participant_joined", "PA_of_a_length_that_no_server_of_ours_makes", true, 0));
  assert_true(hear(1 * S, "participant_left", "PA_a", true, 0)); // of a room that was never heard of
  assert_null(the_call());
}

static void its_length_is_reckoned_by_the_clock_of_who_carries_it(void **state) {
  (void)state;
  assert_true(hear(1000 * S, "participant_joined", "PA_a", true, 40));
  assert_false(oh_far_call_is_long(the_call(), 1059 * S));
  assert_true(oh_far_call_is_long(the_call(), 1060 * S));
  assert_true(hear(1050 * S, "participant_joined", "PA_b", true, -999999)); // a clock set back
  assert_true(oh_far_call_is_long(the_call(), 1060 * S));
  shop.max_duration_s = 0;
  assert_false(oh_far_call_is_long(the_call(), 99999 * S));
  shop.max_duration_s = 100;
}

static void what_was_never_told_is_found_by_asking(void **state) {
  (void)state;
  struct oh_str room = OH_STR("call-1");
  assert_true(hear(1 * S, "participant_joined", "PA_a", true, 0));
  oh_far_calls_confirm(calls, 70 * S, 69 * S, room, 2);
  assert_int_equal(the_call()->present, 1);
  assert_int_equal(the_call()->heard_us, 70 * S);
  oh_far_calls_confirm(calls, 140 * S, 139 * S, room, 0);
  assert_int_equal(the_call()->present, 0);
  assert_true(hear(200 * S, "participant_joined", "PA_b", true, 0));
  oh_far_calls_confirm(calls, 201 * S, 199 * S, room, -1); // asked before the webhook came
  assert_int_equal(the_call()->present, 1);
  oh_far_calls_confirm(calls, 270 * S, 269 * S, room, -1);
  assert_null(the_call());
  oh_far_calls_confirm(calls, 270 * S, 269 * S, room, 1); // unknown: nothing happens
  assert_null(the_call());
}

static void more_people_than_places_keep_the_call(void **state) {
  (void)state;
  char sid[16];
  for (int i = 0; i < OH_FAR_PEOPLE_MAX + 4; i++) {
    snprintf(sid, sizeof sid, "PA_%d", i);
    assert_true(hear(i * S, "participant_joined", sid, true, 0));
  }
  assert_int_equal(the_call()->present, OH_FAR_PEOPLE_MAX);
  assert_true(hear(50 * S, "participant_left", "PA_0", true, 0));
  assert_true(hear(50 * S, "participant_joined", "PA_new", true, 0)); // in the place of who has gone
  assert_int_equal(the_call()->present, OH_FAR_PEOPLE_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(comes_and_goes_once_however_often_it_is_told, open_calls, close_calls),
      cmocka_unit_test_setup_teardown(others_rooms_and_events_are_none_of_ours, open_calls, close_calls),
      cmocka_unit_test_setup_teardown(its_length_is_reckoned_by_the_clock_of_who_carries_it, open_calls,
                                      close_calls),
      cmocka_unit_test_setup_teardown(what_was_never_told_is_found_by_asking, open_calls, close_calls),
      cmocka_unit_test_setup_teardown(more_people_than_places_keep_the_call, open_calls, close_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
