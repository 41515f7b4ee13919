// egress.c — recordings on a house with doubles and a scribe that only notes what it is told: names of files,
// what is heard on which side, how a recording goes, what a room begins by itself, what is remembered.
#include "livekit/egress.h"
#include "base/limits.h"
#include "livekit/egress_path.h"
#include "livekit/json.h"
#include "livekit/publish.h"
#include "livekit/state.h"
#include "tests/unit/livekit/visit.h"

#define ROOM "den" // visit_join's
static const int64_t second_us = 1000000;

static struct noted {
  uint32_t opened, closed, packets[3]; // packets by side
  struct oh_reel_order order;
  char path[OH_EGRESS_PATH_MAX];
  bool full;
  uint32_t ended;
  uint8_t info[4096]; // of the last that ended
  size_t info_len;
} noted;

static uint64_t note_open(void *ctx, int64_t now_us, const struct oh_reel_order *order) {
  (void)ctx, (void)now_us;
  if (noted.full) return 0;
  noted.order = *order;
  snprintf(noted.path, sizeof noted.path, "%s", order->path);
  return ++noted.opened;
}
static void note_packet(void *ctx, int64_t now_us, uint64_t reel, uint32_t voice, enum oh_reel_side side,
                        uint32_t timestamp, struct oh_bytes opus) {
  (void)ctx, (void)now_us, (void)reel, (void)voice, (void)timestamp, (void)opus;
  noted.packets[side]++;
}
static void note_close(void *ctx, int64_t now_us, uint64_t reel) {
  (void)ctx, (void)now_us, (void)reel;
  noted.closed++;
}

static void note_ended(void *ctx, int64_t now_us, const char *id, struct oh_bytes info) {
  (void)ctx, (void)now_us;
  assert_int_equal(memcmp(id, "EG_", 3), 0);
  assert_in_range(info.len, 1, sizeof noted.info);
  memcpy(noted.info, info.data, noted.info_len = info.len);
  noted.ended++;
}

static void open_world(struct visit_world *w, uint32_t max_duration_s) {
  struct oh_house_config config = visit_config();
  noted = (struct noted){0};
  config.participants = 32;
  config.scribe = (struct oh_scribe_ops){.max_duration_s = max_duration_s,
                                         .open = note_open,
                                         .packet = note_packet,
                                         .close = note_close,
                                         .ended = note_ended};
  visit_open(w, &config);
}

static struct oh_egress *begin(struct visit_world *w, const ProtobufCMessageDescriptor *type,
                               const char *json, enum oh_twirp_code *code) {
  const char *why = "";
  struct oh_twirp_error error = {0};
  ProtobufCMessage *request = oh_json_read(type, oh_str(json), &why);
  if (!request) fail_msg("%s: %s", json, why);
  struct oh_room *room = oh_room_find(w->house, OH_STR(ROOM));
  assert_non_null(room);
  struct oh_egress *e = oh_egress_start(w->house, w->now_us, room, request, &error);
  oh_message_free(request);
  visit_collect(w);
  if (code) *code = error.code;
  if (!e && !code) fail_msg("%s: %s", json, error.msg);
  return e;
}
#define BEGIN(w, kind, json) begin(w, &livekit__##kind##_egress_request__descriptor, json, NULL)

static const Livekit__EgressInfo *look(struct visit_world *w, const struct oh_egress *e) {
  return oh_egress_describe(w->house, e);
}

static void news(struct visit_world *w, uint64_t reel, int what, const char *error) {
  struct oh_reel_news told = {.reel = reel, .path = "a.ogg", .error = error, .bytes = 100, .duration_us = 7};
  told.what = what == 0 ? OH_REEL_OPEN : what == 1 ? OH_REEL_CLOSED : OH_REEL_FAILED;
  oh_house_reel_news(w->house, w->now_us, &told);
  visit_advance(w, 0);
  visit_collect(w);
}

static bool room_records(struct visit_world *w) {
  return oh_room_find(w->house, OH_STR(ROOM))->recording;
}

static void hear(struct visit_world *w) { // one packet of each track that is tapped
  const uint8_t opus[3] = {9 << 3, 1, 2};
  const struct oh_rtp_header rtp = {.timestamp = 960};
  for (int i = 0; i < DOUBLE_MAX; i++) {
    struct oh_sfu_tap tap = doubles.subscriptions[i].tap;
    if (doubles.subscriptions[i].id && tap.packet) tap.packet(tap.ctx, w->now_us, &rtp, opus, sizeof opus);
  }
}

// ---- names

static void expect_path(const char *template, const char *wanted) {
  const struct oh_egress_names names = {.room_name = "my room",
                                        .room_id = "RM_x",
                                        .identity = "../..",
                                        .track_id = "TR_x",
                                        .fallback = "my/room",
                                        .unix_us = INT64_C(1795392930123456)};
  char path[OH_EGRESS_PATH_MAX] = "";
  const char *why = NULL;
  bool good = oh_egress_path(template, &names, path, &why);
  if (!good != !wanted) fail_msg("%s: %s", template, good ? path : why);
  if (wanted)
    assert_string_equal(path, wanted);
  else
    assert_non_null(why);
}

static void test_names_of_files(void **state) {
  (void)state;
  expect_path("", "my_room-2026-11-23T001530.ogg");
  expect_path("calls/", "calls/my_room-2026-11-23T001530.ogg");
  expect_path("{room_name}/{room_id}-{time}", "my room/RM_x-2026-11-23T001530.ogg");
  expect_path("{utc}", "20261123001530123.ogg");
  expect_path("{track_id}.ogg", "TR_x.ogg");
  expect_path("a.mp4", "a.ogg");
  expect_path("a.b", "a.b.ogg");
  expect_path("{track_source}{", "{track_source}{.ogg"); // there is none here
  expect_path("/{publisher_identity}/x", "_._../x.ogg"); // absolute ones are below, too
  expect_path("//a/./b", "a/b.ogg");
  expect_path("a..b/c..", "a..b/c...ogg");
  static const char *const bad[] = {"..",   "../a", "a/../b", "a/..", ".a",  "a/.b",
                                    ".ogg", "a/.",  "a\\b",   "a\nb", "\xff"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    expect_path(bad[i], NULL);
  char longest[3000];
  memset(longest, 'a', sizeof longest);
  longest[sizeof longest - 1] = 0;
  expect_path(longest, NULL);
  for (size_t i = 99; i < sizeof longest - 1; i += 100)
    longest[i] = '/';
  expect_path(longest, NULL);
}

// ---- the life of a recording

static void test_a_recording_is_seen_and_ends(void **state) {
  (void)state;
  struct visit_world w;
  open_world(&w, 0);
  struct visitor ann = visit_talker(&w, "ann", "sr", true);
  visit_clear(&w);
  struct oh_egress *e = BEGIN(
      &w, room_composite, "{\"roomName\":\"den\",\"audioOnly\":true,\"fileOutputs\":[{\"filepath\":\"x\"}]}");
  assert_int_equal(look(&w, e)->status, LIVEKIT__EGRESS_STATUS__EGRESS_STARTING);
  assert_string_equal(noted.path, "x.ogg");
  assert_int_equal(noted.order.channels, 1);
  const Livekit__SignalResponse *update =
      visit_find(&w, &ann, LIVEKIT__SIGNAL_RESPONSE__MESSAGE_ROOM_UPDATE, -1);
  assert_true(update && update->room_update->room->active_recording);
  assert_int_equal(update->room_update->room->num_participants, 1);
  // The recorder itself is not seen.
  assert_int_equal(visit_count(&w, &ann, LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UPDATE), 0);
  news(&w, 1, 0, NULL);
  assert_int_equal(look(&w, e)->status, LIVEKIT__EGRESS_STATUS__EGRESS_ACTIVE);
  hear(&w);
  assert_int_equal(noted.packets[OH_REEL_BOTH], 1);
  assert_true(oh_egress_stop(w.house, w.now_us, e));
  assert_false(oh_egress_stop(w.house, w.now_us, e));
  assert_int_equal(noted.closed, 1);
  visit_advance(&w, 0);
  assert_false(room_records(&w));
  hear(&w);
  assert_int_equal(noted.packets[OH_REEL_BOTH], 1);
  assert_true(oh_house_is_recording(w.house)); // its file is still open
  news(&w, 1, 1, NULL);
  assert_false(oh_house_is_recording(w.house));
  assert_int_equal(look(&w, e)->status, LIVEKIT__EGRESS_STATUS__EGRESS_COMPLETE);
  assert_int_equal(look(&w, e)->file_results[0]->size, 100);
  visit_close(&w);
}

static void test_a_failing_disk_is_the_recordings_trouble(void **state) {
  (void)state;
  struct visit_world w;
  open_world(&w, 0);
  visit_talker(&w, "ann", "sr", true);
  struct oh_egress *e = BEGIN(&w, participant, "{\"identity\":\"ann\",\"fileOutputs\":[{}]}");
  news(&w, 1, 0, NULL);
  news(&w, 1, 2, "the disk is full");
  assert_int_equal(look(&w, e)->status, LIVEKIT__EGRESS_STATUS__EGRESS_FAILED);
  assert_string_equal(look(&w, e)->error, "the disk is full");
  assert_false(room_records(&w));
  assert_int_equal(noted.closed, 0); // the scribe has done so itself
  assert_int_equal(oh_room_counted(oh_room_find(w.house, OH_STR(ROOM))), 1);
  enum oh_twirp_code code;
  noted.full = true;
  assert_null(begin(&w, &livekit__participant_egress_request__descriptor,
                    "{\"identity\":\"ann\",\"fileOutputs\":[{}]}", &code));
  assert_int_equal(code, OH_TWIRP_RESOURCE_EXHAUSTED);
  visit_close(&w);
}

static void test_sides_and_routes(void **state) {
  (void)state;
  struct visit_world w;
  open_world(&w, 0);
  visit_talker(&w, "ann", "sr", true);
  visit_talker(&w, "bob", "sr", true);
  visit_talker(&w, "eve", "sr", true);
  BEGIN(&w, start,
        "{\"media\":{\"audio\":{\"routes\":[{\"participantIdentity\":\"ann\",\"channel\":\"AUDIO_CHANNEL_"
        "LEFT\"},"
        "{\"participantIdentity\":\"bob\",\"channel\":\"AUDIO_CHANNEL_RIGHT\"}]}},\"outputs\":[{\"file\":{}}]"
        "}");
  assert_int_equal(noted.order.channels, 2);
  hear(&w);
  assert_int_equal(noted.packets[OH_REEL_LEFT], 1);
  assert_int_equal(noted.packets[OH_REEL_RIGHT], 1);
  assert_int_equal(noted.packets[OH_REEL_BOTH], 0); // eve is on no route
  memset(noted.packets, 0, sizeof noted.packets);
  BEGIN(&w, room_composite,
        "{\"audioOnly\":true,\"audioMixing\":\"DUAL_CHANNEL_ALTERNATE\",\"fileOutputs\":[{}]}");
  hear(&w);
  assert_int_equal(noted.packets[OH_REEL_LEFT] + noted.packets[OH_REEL_RIGHT], 2 + 3);
  memset(noted.packets, 0, sizeof noted.packets);
  BEGIN(&w, room_composite,
        "{\"audioOnly\":true,\"audioMixing\":\"DUAL_CHANNEL_AGENT\",\"fileOutputs\":[{}]}");
  hear(&w);
  assert_true(noted.packets[OH_REEL_RIGHT] >= 3); // nobody is an agent
  visit_close(&w);
}

static void test_who_has_refused_is_in_no_recording(void **state) {
  (void)state;
  struct visit_world w;
  open_world(&w, 0);
  struct visitor ann = visit_talker(&w, "ann", "sr", true);
  visit_talker(&w, "bob", "sr", true);
  struct oh_participant *p = oh_participant_by_identity(oh_room_find(w.house, OH_STR(ROOM)), ann.identity);
  oh_claims_set_attribute(&p->claims, OH_STR(OH_RECORDING_ATTRIBUTE), OH_STR("no"));
  BEGIN(&w, room_composite, "{\"audioOnly\":true,\"fileOutputs\":[{}]}");
  hear(&w);
  assert_int_equal(noted.packets[OH_REEL_BOTH], 1); // bob's
  enum oh_twirp_code code;
  char track[100];
  assert_null(begin(&w, &livekit__participant_egress_request__descriptor,
                    "{\"identity\":\"ann\",\"fileOutputs\":[{}]}", &code));
  assert_int_equal(code, OH_TWIRP_FAILED_PRECONDITION);
  snprintf(track, sizeof track, "{\"trackId\":\"%s\",\"file\":{}}", p->tracks->sid.text);
  assert_null(begin(&w, &livekit__track_egress_request__descriptor, track, &code));
  assert_int_equal(code, OH_TWIRP_FAILED_PRECONDITION);
  BEGIN(&w, participant, "{\"identity\":\"bob\",\"fileOutputs\":[{}]}");
  visit_close(&w);
}

static void test_what_has_lost_its_subject_ends(void **state) {
  (void)state;
  struct visit_world w;
  char json[200];
  open_world(&w, 60);
  struct visitor ann = visit_talker(&w, "ann", "sr", true);
  visit_talker(&w, "bob", "sr", true);
  struct oh_room *room = oh_room_find(w.house, OH_STR(ROOM));
  struct oh_participant *p = oh_participant_by_identity(room, "ann");
  snprintf(json, sizeof json, "{\"trackId\":\"%s\",\"file\":{\"filepath\":\"\"}}", p->tracks->sid.text);
  BEGIN(&w, track, json);
  BEGIN(&w, participant, "{\"identity\":\"ann\",\"fileOutputs\":[{}]}");
  BEGIN(&w, room_composite, "{\"audioOnly\":true,\"fileOutputs\":[{}]}");
  hear(&w);
  assert_int_equal(noted.packets[OH_REEL_BOTH], 1 + 1 + 2);
  Livekit__LeaveRequest leave = LIVEKIT__LEAVE_REQUEST__INIT;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_LEAVE;
  request.leave = &leave;
  visit_say(&w, &ann, &request);
  visit_advance(&w, 0);
  assert_int_equal(noted.closed, 2);
  assert_true(room_records(&w));
  visit_advance(&w, 61 * second_us);
  assert_int_equal(noted.closed, 3);
  news(&w, 3, 1, NULL);
  assert_int_equal(look(&w, oh_egress_next(w.house, NULL))->status,
                   LIVEKIT__EGRESS_STATUS__EGRESS_LIMIT_REACHED);
  // A recorder alone keeps no room.
  BEGIN(&w, room_composite, "{\"audioOnly\":true,\"fileOutputs\":[{}]}");
  oh_house_end_room(w.house, w.now_us, room->id);
  assert_int_equal(noted.closed, 4);
  visit_close(&w);
}

static void test_a_room_begins_by_itself(void **state) {
  (void)state;
  struct visit_world w;
  open_world(&w, 0);
  visit_join(&w, "early",
             &(struct visit_options){.room_config =
                                         "{\"egress\":{\"room\":{\"audioOnly\":true,\"fileOutputs\":[{}]},"
                                         "\"participant\":{\"fileOutputs\":[{}]},\"tracks\":{}}}"});
  assert_int_equal(noted.opened, 1); // early is not active yet
  visit_talker(&w, "ann", "sr", true);
  assert_true(noted.opened >= 3);
  visit_close(&w);
}

// Each is heard by so many recordings, and those hear nobody else: no tap is wasted.
static void test_recordings_of_one_voice(void **state) {
  (void)state;
  struct visit_world w;
  enum oh_twirp_code code;
  const ProtobufCMessageDescriptor *room = &livekit__room_composite_egress_request__descriptor;
  const char *ann = "{\"identity\":\"ann\",\"fileOutputs\":[{}]}",
             *all = "{\"audioOnly\":true,\"fileOutputs\":[{}]}";
  open_world(&w, 0);
  visit_talker(&w, "ann", "sr", true);
  visit_talker(&w, "bob", "sr", true);
  uint32_t before = doubles_subscription_count();
  for (int i = 0; i < OH_EGRESS_PER_VOICE_MAX - 1; i++) {
    BEGIN(&w, participant, ann);
    visit_clear(&w);
  }
  assert_int_equal(doubles_subscription_count() - before, OH_EGRESS_PER_VOICE_MAX - 1);
  BEGIN(&w, room_composite, all);
  assert_null(begin(&w, &livekit__participant_egress_request__descriptor, ann, &code));
  assert_int_equal(code, OH_TWIRP_RESOURCE_EXHAUSTED);
  assert_null(begin(&w, room, all, &code));
  BEGIN(&w, participant, "{\"identity\":\"bob\",\"fileOutputs\":[{}]}");
  visit_close(&w);
}

static void test_few_are_remembered(void **state) {
  (void)state;
  struct visit_world w;
  open_world(&w, 0);
  visit_talker(&w, "ann", "sr", true);
  for (unsigned i = 0; i < OH_EGRESS_KEPT_MAX + 20; i++) {
    struct oh_egress *e = BEGIN(&w, room_composite, "{\"audioOnly\":true,\"fileOutputs\":[{}]}");
    oh_egress_stop(w.house, w.now_us, e);
    news(&w, i + 1, 1, NULL);
    visit_clear(&w);
  }
  assert_true(w.house->egresses.count <= OH_EGRESS_KEPT_MAX + 1);
  char huge[OH_EGRESS_REQUEST_MAX + 200];
  snprintf(huge, sizeof huge, "{\"audioOnly\":true,\"layout\":\"%0*d\",\"fileOutputs\":[{}]}",
           OH_EGRESS_REQUEST_MAX, 1);
  enum oh_twirp_code code;
  assert_null(begin(&w, &livekit__room_composite_egress_request__descriptor, huge, &code));
  assert_int_equal(code, OH_TWIRP_INVALID_ARGUMENT);
  visit_close(&w);
}

static void assert_same_info(const Livekit__EgressInfo *a, struct oh_bytes b) {
  size_t len;
  uint8_t *bytes = oh_message_write(&a->base, &len);
  assert_int_equal(len, b.len);
  assert_memory_equal(bytes, b.data, len);
  free(bytes);
}

// What the scribe got at each end is what the next house lists, to the byte; nothing is told anew.
static void test_ended_ones_are_listed_after_a_restart(void **state) {
  (void)state;
  struct visit_world w;
  uint8_t kept[3][sizeof noted.info];
  struct oh_bytes info[3];
  open_world(&w, 0);
  visit_talker(&w, "ann", "sr", true);
  for (unsigned i = 0; i < 3; i++) {
    struct oh_egress *e = BEGIN(&w, participant, "{\"identity\":\"ann\",\"fileOutputs\":[{}]}");
    news(&w, i + 1, 0, NULL);
    visit_advance(&w, second_us);
    if (i == 1) {
      struct oh_reel_news lossy = {.reel = 2, .what = OH_REEL_CLOSED, .path = "b.ogg", .lost = 17};
      oh_egress_stop(w.house, w.now_us, e);
      oh_house_reel_news(w.house, w.now_us, &lossy);
    } else {
      news(&w, i + 1, i == 0 ? 1 : 2, "the disk is full");
    }
    assert_int_equal(noted.ended, i + 1);
    memcpy(kept[i], noted.info, noted.info_len);
    info[i] = (struct oh_bytes){.data = kept[i], .len = noted.info_len};
    visit_clear(&w);
  }
  visit_close(&w);
  open_world(&w, 0);
  oh_house_tell(w.house, true);
  for (unsigned i = 0; i < 3; i++)
    oh_house_reel_recall(w.house, info[i]);
  for (size_t len = 0; len < info[2].len; len++) // damaged: left out, or it has its end as well
    oh_house_reel_recall(w.house, (struct oh_bytes){.data = info[2].data, .len = len});
  struct oh_happening happening;
  assert_false(oh_house_next_happening(w.house, &happening));
  assert_int_equal(noted.ended, 0);
  assert_false(oh_house_is_recording(w.house));
  visit_close(&w);
  open_world(&w, 0);
  for (unsigned i = 0; i < 3; i++)
    oh_house_reel_recall(w.house, info[i]);
  assert_int_equal(w.house->egresses.count, 3);
  struct oh_egress *e = NULL;
  for (int i = 3; i-- > 0;) { // the newest first
    e = oh_egress_next(w.house, e);
    assert_same_info(look(&w, e), info[i]);
    assert_false(oh_egress_stop(w.house, w.now_us, e));
  }
  for (unsigned i = 0; i < 2 * OH_EGRESS_KEPT_MAX; i++)
    oh_house_reel_recall(w.house, info[0]);
  assert_int_equal(w.house->egresses.count, OH_EGRESS_KEPT_MAX);
  visit_close(&w);
}

// Cut off by a crash: listed and told once, and kept as what has ended.
static void test_what_a_crash_cut_off_is_aborted(void **state) {
  (void)state;
  struct visit_world w;
  open_world(&w, 0);
  visit_talker(&w, "ann", "sr", true);
  struct oh_egress *e = BEGIN(&w, room_composite, "{\"audioOnly\":true,\"fileOutputs\":[{}]}");
  size_t len;
  uint8_t *packed = oh_message_write(&look(&w, e)->base, &len);
  const struct oh_reel_remnant remnant = {
      .path = "a.ogg", .info = {packed, len}, .bytes = 77, .ended_unix_us = INT64_C(1795392930123456)};
  visit_close(&w);
  open_world(&w, 0);
  oh_house_tell(w.house, true);
  assert_true(oh_house_reel_remnant(w.house, w.now_us, &remnant));
  const struct oh_reel_remnant damaged = {.path = "a.ogg", .info = {packed, 3}};
  assert_false(oh_house_reel_remnant(w.house, w.now_us, &damaged));
  free(packed);
  const Livekit__EgressInfo *info = look(&w, w.house->egresses.first);
  assert_int_equal(info->status, LIVEKIT__EGRESS_STATUS__EGRESS_ABORTED);
  assert_int_equal(info->file_results[0]->size, 77);
  assert_int_equal(info->ended_at, INT64_C(1795392930123456000));
  assert_int_equal(noted.ended, 1);
  assert_same_info(info, (struct oh_bytes){noted.info, noted.info_len});
  struct oh_happening happening;
  assert_true(oh_house_next_happening(w.house, &happening));
  Livekit__WebhookEvent *event = (Livekit__WebhookEvent *)oh_message_read(&livekit__webhook_event__descriptor,
                                                                          happening.event, happening.len);
  assert_string_equal(event->event, "egress_ended");
  assert_string_equal(event->egress_info->egress_id, look(&w, w.house->egresses.first)->egress_id);
  oh_message_free(event);
  oh_happening_fini(&happening);
  assert_false(oh_house_next_happening(w.house, &happening));
  visit_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_of_files),
      cmocka_unit_test(test_a_recording_is_seen_and_ends),
      cmocka_unit_test(test_a_failing_disk_is_the_recordings_trouble),
      cmocka_unit_test(test_sides_and_routes),
      cmocka_unit_test(test_who_has_refused_is_in_no_recording),
      cmocka_unit_test(test_what_has_lost_its_subject_ends),
      cmocka_unit_test(test_a_room_begins_by_itself),
      cmocka_unit_test(test_recordings_of_one_voice),
      cmocka_unit_test(test_few_are_remembered),
      cmocka_unit_test(test_ended_ones_are_listed_after_a_restart),
      cmocka_unit_test(test_what_a_crash_cut_off_is_aborted),
  };
  return cmocka_run_group_tests_name("livekit/egress", tests, NULL, NULL);
}
