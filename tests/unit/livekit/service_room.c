// service_room.c — RoomService on one house: what its calls change, and whom they tell
#include "base/check.h"
#include "base/limits.h"
#include "livekit/json.h"
#include "livekit/publish.h"
#include "livekit/revocation.h"
#include "livekit/service.h"
#include "livekit/subscribe.h"
#include "service.pb-c.h"
#include "tests/unit/livekit/visit.h"

static const int64_t second_us = 1000000;
#define SAYS(kind) LIVEKIT__SIGNAL_RESPONSE__MESSAGE_##kind
#define ROOM "den" // visit_join's

struct asked {
  struct oh_call call;
  struct oh_claims claims;
  enum oh_call_state state;
  ProtobufCMessage *answer; // NULL: failed
};

// Calls a method with a request in JSON, as somebody who may do everything in the room.
static struct asked *ask(struct visit_world *w, const char *method, const char *json) {
  struct asked *asked = calloc(1, sizeof *asked);
  assert_non_null(asked);
  oh_claims_init(&asked->claims);
  asked->claims.has_video = true;
  asked->claims.video.room_admin = asked->claims.video.room_create = asked->claims.video.room_list = true;
  free(asked->claims.video.room);
  asked->claims.video.room = oh_str_dup(OH_STR(ROOM));
  asked->call.claims = &asked->claims;
  asked->call.method = oh_method_find(OH_STR("livekit.RoomService"), oh_str(method));
  assert_non_null(asked->call.method);
  const char *why = "";
  ProtobufCMessage *request = oh_json_read(asked->call.method->request, oh_str(json), &why);
  if (!request) fail_msg("%s: %s", json, why);
  asked->call.request = request;
  asked->state = oh_house_serve(w->house, w->now_us, &asked->call);
  visit_collect(w);
  if (asked->call.error.code == OH_TWIRP_OK)
    asked->answer = oh_message_read(asked->call.method->response, asked->call.answer, asked->call.answer_len);
  oh_message_free(request);
  asked->call.request = NULL;
  return asked;
}

static void done(struct asked *asked) {
  oh_message_free(asked->answer);
  oh_call_fini(&asked->call);
  oh_claims_fini(&asked->claims);
  free(asked);
}

static void expect_failure(struct visit_world *w, const char *method, const char *json,
                           enum oh_twirp_code code) {
  struct asked *asked = ask(w, method, json);
  assert_int_equal(asked->call.error.code, code);
  assert_true(*asked->call.error.msg);
  done(asked);
}

static void expect_success(struct visit_world *w, const char *method, const char *json) {
  struct asked *asked = ask(w, method, json);
  if (!asked->answer) fail_msg("%s %.200s: %s", method, json, asked->call.error.msg);
  done(asked);
}

static uint32_t rooms(struct visit_world *w) {
  struct oh_house_stats stats;
  oh_house_read_stats(w->house, &stats);
  return stats.rooms;
}

static void test_P58_a_made_room_ends_when_nobody_comes(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  expect_success(&w, "CreateRoom", "{\"name\":\"" ROOM "\",\"emptyTimeout\":5,\"departureTimeout\":3}");
  visit_advance(&w, 4 * second_us);
  assert_int_equal(rooms(&w), 1);
  visit_advance(&w, 2 * second_us);
  assert_int_equal(rooms(&w), 0);
  // Somebody came and went: from then on departure_timeout counts.
  expect_success(&w, "CreateRoom", "{\"name\":\"" ROOM "\",\"emptyTimeout\":5,\"departureTimeout\":3}");
  struct visitor ann = visit_join(&w, "ann", NULL);
  visit_advance(&w, 8 * second_us);
  expect_success(&w, "RemoveParticipant", "{\"room\":\"" ROOM "\",\"identity\":\"ann\"}");
  const Livekit__SignalResponse *leave = visit_find(&w, &ann, SAYS(LEAVE), 0);
  assert_int_equal(leave->leave->reason, LIVEKIT__DISCONNECT_REASON__PARTICIPANT_REMOVED);
  assert_int_equal(leave->leave->action, LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT);
  visit_advance(&w, 2 * second_us);
  assert_int_equal(rooms(&w), 1);
  visit_advance(&w, 2 * second_us);
  assert_int_equal(rooms(&w), 0);
  visit_close(&w);
}

// Who is reconnecting when he is removed does not come back by himself; asked again he may, as with LiveKit.
static void test_a_removed_session_is_not_resumed(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "s", false), bob = visit_talker(&w, "bob", "s", false);
  const char *const remove = "{\"room\":\"" ROOM "\",\"identity\":\"ann\"}";
  visit_lose_signal(&w, &ann);
  expect_success(&w, "RemoveParticipant", remove);
  const struct visit_options no_sid = {.reconnect = true}, resume = {.reconnect = true, .sid = ann.sid},
                             other = {.reconnect = true, .sid = "PA_other"};
  assert_int_equal(visit_join(&w, "ann", &resume).admission.status, 401);
  assert_int_equal(visit_join(&w, "ann", &no_sid).admission.status, 401);
  assert_int_equal(visit_join(&w, "ann", &other).admission.status, 101); // told to join anew
  assert_int_equal(visit_join(&w, "bob", &resume).admission.status, 101);
  struct visitor again = visit_join(&w, "ann", NULL);
  assert_int_equal(again.admission.status, 101);
  assert_int_equal(visit_join(&w, "ann", &resume).admission.status, 401); // nor on top of the new one
  const struct visit_options anew = {.reconnect = true, .sid = again.sid};
  assert_int_equal(visit_join(&w, "ann", &anew).admission.status, 101);
  assert_int_equal(visit_join(&w, "ann", &no_sid).admission.status, 101);
  (void)bob;
  visit_close(&w);
}

static void a_full_or_draining_house_makes_no_room(void **state) {
  (void)state;
  struct visit_world w;
  struct oh_house_config config = visit_config();
  config.rooms = 2;
  visit_open(&w, &config);
  expect_success(&w, "CreateRoom", "{\"name\":\"a\"}");
  expect_success(&w, "CreateRoom", "{\"name\":\"b\"}");
  expect_failure(&w, "CreateRoom", "{\"name\":\"c\"}", OH_TWIRP_RESOURCE_EXHAUSTED);
  expect_success(&w, "CreateRoom", "{\"name\":\"b\",\"metadata\":\"known\"}");
  expect_success(&w, "DeleteRoom", "{\"room\":\"a\"}");
  oh_house_drain(w.house, w.now_us, false);
  expect_failure(&w, "CreateRoom", "{\"name\":\"c\"}", OH_TWIRP_UNAVAILABLE);
  visit_close(&w);
}

static void rooms_are_listed_and_the_list_is_bounded(void **state) {
  (void)state;
  struct visit_world w;
  struct oh_house_config config = visit_config();
  config.rooms = 64;
  visit_open(&w, &config);
  size_t len = OH_METADATA_MAX;
  char *json = malloc(len + 100), *metadata = malloc(len + 1);
  OH_CHECK(json && metadata);
  memset(metadata, 'x', len);
  metadata[len] = 0;
  size_t count = 0;
  for (; count * len <= OH_API_ANSWER_MAX; count++) {
    sprintf(json, "{\"name\":\"%zu\",\"metadata\":\"%s\"}", count, metadata);
    expect_success(&w, "CreateRoom", json);
  }
  struct asked *few = ask(&w, "ListRooms", "{\"names\":[\"1\",\"2\",\"1\",\"nowhere\",\"\"]}");
  assert_int_equal(few->state, OH_CALL_NEXT);
  assert_int_equal(((Livekit__ListRoomsResponse *)few->answer)->n_rooms, 2);
  done(few);
  struct asked *all = ask(&w, "ListRooms", "{}");
  assert_int_equal(all->call.error.code, OH_TWIRP_RESOURCE_EXHAUSTED);
  assert_int_equal(all->state, OH_CALL_DONE);
  done(all);
  free(json);
  free(metadata);
  visit_close(&w);
}

static const Livekit__TrackInfo *first_track(struct visit_world *w, const struct visitor *v,
                                             const char *sid) {
  const Livekit__ParticipantInfo *info = visit_info(w, v, sid);
  return info && info->n_tracks ? info->tracks[0] : NULL;
}

static void test_P58_a_track_is_muted_for_its_publisher_and_everybody(void **state) {
  (void)state;
  struct visit_world w;
  struct oh_house_config config = visit_config();
  for (int may_unmute = 0; may_unmute < 2; may_unmute++) {
    config.enable_remote_unmute = may_unmute;
    visit_open(&w, &config);
    struct visitor bob = visit_join(&w, "bob", NULL);
    struct visitor ann = visit_talker(&w, "ann", "sd", true);
    const Livekit__TrackInfo *track = first_track(&w, &bob, ann.sid);
    assert_non_null(track);
    char json[200], sid[32];
    snprintf(sid, sizeof sid, "%s", track->sid);
    visit_clear(&w);
    snprintf(json, sizeof json,
             "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"trackSid\":\"%s\",\"muted\":true}", sid);
    struct asked *asked = ask(&w, "MutePublishedTrack", json);
    assert_true(((Livekit__MuteRoomTrackResponse *)asked->answer)->track->muted);
    done(asked);
    assert_true(visit_find(&w, &ann, SAYS(MUTE), 0)->mute->muted);
    assert_true(first_track(&w, &bob, ann.sid)->muted);
    visit_clear(&w);
    snprintf(json, sizeof json, "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"trackSid\":\"%s\"}", sid);
    if (may_unmute) {
      expect_success(&w, "MutePublishedTrack", json);
      assert_false(visit_find(&w, &ann, SAYS(MUTE), 0)->mute->muted);
      assert_false(first_track(&w, &bob, ann.sid)->muted);
    } else {
      expect_failure(&w, "MutePublishedTrack", json, OH_TWIRP_FAILED_PRECONDITION);
      assert_null(visit_find(&w, &ann, SAYS(MUTE), 0));
    }
    visit_close(&w);
  }
}

static void test_P58_rights_taken_away_end_what_they_allowed(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_talker(&w, "bob", "sd", true);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  assert_int_equal(doubles_track_count(), 2);
  assert_int_equal(doubles_subscription_count(), 2);
  visit_clear(&w);
  // Nothing to change: nothing is said.
  struct asked *same = ask(&w, "UpdateParticipant",
                           "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"permission\":"
                           "{\"canPublish\":true,\"canSubscribe\":true,\"canPublishData\":true}}");
  assert_non_null(same->answer);
  done(same);
  assert_int_equal(w.count, 0);

  expect_success(&w, "UpdateParticipant",
                 "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"permission\":{\"canSubscribe\":true}}");
  assert_int_equal(doubles_track_count(), 1);
  assert_non_null(visit_find(&w, &ann, SAYS(TRACK_UNPUBLISHED), 0));
  const Livekit__ParticipantInfo *info = visit_info(&w, &bob, ann.sid);
  assert_int_equal(info->n_tracks, 0);
  assert_false(info->permission->can_publish || info->permission->can_publish_data);
  assert_false(visit_info(&w, &ann, ann.sid)->permission->can_publish); // to herself as well
  assert_int_equal(visit_count(&w, &ann, SAYS(REFRESH_TOKEN)), 1);
  assert_int_equal(visit_count(&w, &bob, SAYS(REFRESH_TOKEN)), 0);

  assert_int_equal(doubles_subscription_count(), 1); // ann hears bob
  expect_success(&w, "UpdateParticipant", "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"permission\":{}}");
  assert_int_equal(doubles_subscription_count(), 0);
  expect_success(&w, "UpdateParticipant",
                 "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"permission\":{\"canSubscribe\":true}}");
  assert_int_equal(doubles_subscription_count(), 1);
  // Sources: the microphone is not among them.
  expect_success(&w, "UpdateParticipant",
                 "{\"room\":\"" ROOM "\",\"identity\":\"bob\",\"permission\":{\"canPublish\":true,"
                 "\"canPublishSources\":[\"SCREEN_SHARE_AUDIO\",99]}}");
  assert_int_equal(doubles_track_count(), 0);
  visit_close(&w);
}

static void who_becomes_hidden_leaves_and_comes_back(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_talker(&w, "bob", "d", true);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  assert_int_equal(doubles_subscription_count(), 1);
  visit_clear(&w);
  static const char hide[] =
      "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"permission\":{\"canPublish\":true,"
      "\"canSubscribe\":true,\"canPublishData\":true,\"hidden\":true}}";
  expect_success(&w, "UpdateParticipant", hide);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->state, LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED);
  assert_int_equal(visit_info(&w, &ann, ann.sid)->state, LIVEKIT__PARTICIPANT_INFO__STATE__ACTIVE);
  assert_int_equal(doubles_subscription_count(), 0);
  assert_int_equal(doubles_track_count(), 1);
  visit_clear(&w);
  expect_success(&w, "UpdateParticipant",
                 "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"permission\":{\"canPublish\":true,"
                 "\"canSubscribe\":true,\"canPublishData\":true}}");
  assert_int_equal(visit_info(&w, &bob, ann.sid)->state, LIVEKIT__PARTICIPANT_INFO__STATE__ACTIVE);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->n_tracks, 1);
  assert_int_equal(doubles_subscription_count(), 1);
  visit_close(&w);
}

static void who_becomes_a_recorder_does_not_count(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_join(&w, "ann", NULL);
  visit_clear(&w);
  expect_success(&w, "UpdateParticipant",
                 "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"permission\":{\"canPublish\":true,"
                 "\"canSubscribe\":true,\"canPublishData\":true,\"recorder\":true}}");
  const Livekit__Room *room = visit_find(&w, &ann, SAYS(ROOM_UPDATE), -1)->room_update->room;
  assert_true(room->active_recording);
  assert_int_equal(room->num_participants, 0);
  visit_close(&w);
}

static void test_P58_a_subscription_is_set_from_afar(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_talker(&w, "bob", "d", true);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  assert_int_equal(doubles_subscription_count(), 1);
  char json[200];
  static const char *const before[] = {"\"trackSids\":[\"", "\"participantTracks\":[{\"trackSids\":[\""};
  static const char *const behind[] = {"\"]", "\"]}]"};
  for (size_t i = 0; i < 4; i++) {
    char tracks[100];
    snprintf(tracks, sizeof tracks, "%s%s%s", before[i / 2], first_track(&w, &bob, ann.sid)->sid,
             behind[i / 2]);
    snprintf(json, sizeof json, "{\"room\":\"" ROOM "\",\"identity\":\"bob\",%s,\"subscribe\":%s}", tracks,
             i % 2 ? "true" : "false");
    expect_success(&w, "UpdateSubscriptions", json);
    assert_int_equal(doubles_subscription_count(), i % 2);
  }
  visit_close(&w);
}

static void attributes_are_merged_within_their_limit(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_join(&w, "ann", NULL);
  size_t len = OH_ATTRIBUTES_MAX / 2;
  char *json = malloc(len + 200), *value = malloc(len + 1);
  OH_CHECK(json && value);
  memset(value, 'x', len);
  value[len] = 0;
  for (int i = 0; i < 2; i++) {
    sprintf(json, "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"attributes\":{\"%c\":\"%s\"}}", 'a' + i,
            value);
    if (i)
      expect_failure(&w, "UpdateParticipant", json, OH_TWIRP_INVALID_ARGUMENT);
    else
      expect_success(&w, "UpdateParticipant", json);
  }
  assert_int_equal(visit_info(&w, &ann, ann.sid)->n_attributes, 1);
  expect_success(&w, "UpdateParticipant",
                 "{\"room\":\"" ROOM "\",\"identity\":\"ann\",\"attributes\":{\"a\":\"\"}}");
  assert_int_equal(visit_info(&w, &ann, ann.sid)->n_attributes, 0);
  free(json);
  free(value);
  visit_close(&w);
}

static void everything_ends_with_a_deleted_room(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", false), bob = visit_talker(&w, "bob", "sd", true);
  visit_clear(&w);
  expect_success(&w, "DeleteRoom", "{\"room\":\"" ROOM "\"}");
  const struct visitor *both[] = {&ann, &bob};
  for (int i = 0; i < 2; i++)
    assert_int_equal(visit_find(&w, both[i], SAYS(LEAVE), 0)->leave->reason,
                     LIVEKIT__DISCONNECT_REASON__ROOM_DELETED);
  assert_int_equal(doubles_track_count() + doubles_subscription_count() + doubles_peer_count(), 0);
  expect_failure(&w, "DeleteRoom", "{\"room\":\"" ROOM "\"}", OH_TWIRP_NOT_FOUND);
  visit_close(&w);
}

static void revocations_are_bounded_and_forgotten_in_the_end(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  int64_t unix_s = oh_unix_us(&w.world, w.now_us) / 1000000;
  char identity[32];
  for (int i = 0; i < OH_REVOCATIONS_MAX; i++) {
    snprintf(identity, sizeof identity, "%d", i);
    assert_true(oh_revocation_add(w.house, w.now_us, ROOM, identity, unix_s));
  }
  assert_true(oh_revocation_add(w.house, w.now_us, ROOM, "7", unix_s + 5));
  assert_false(oh_revocation_add(w.house, w.now_us, ROOM, "one more", unix_s));
  expect_failure(&w, "RemoveParticipant",
                 "{\"room\":\"" ROOM "\",\"identity\":\"one more\",\"revokeTokenTs\":\"9\"}",
                 OH_TWIRP_RESOURCE_EXHAUSTED);
  struct oh_claims claims;
  oh_claims_init(&claims);
  free(claims.identity);
  free(claims.video.room);
  claims.identity = oh_str_dup(OH_STR("7"));
  claims.video.room = oh_str_dup(OH_STR(ROOM));
  assert_true(oh_revocation_covers(w.house, &claims)); // does not say when it was issued
  claims.not_before_unix_s = unix_s + 4;
  assert_true(oh_revocation_covers(w.house, &claims));
  claims.issued_unix_s = unix_s + 5;
  assert_false(oh_revocation_covers(w.house, &claims));
  claims.issued_unix_s = 0;
  claims.video.room[0] = 'x';
  assert_false(oh_revocation_covers(w.house, &claims));
  oh_claims_fini(&claims);
  int64_t later_us = w.now_us + (OH_REVOCATION_S + 1) * second_us;
  assert_true(oh_revocation_add(w.house, later_us, ROOM, "one more", unix_s));
  visit_close(&w);
}

static void grants_are_held_to(void **state) {
  (void)state;
  Livekit__ForwardParticipantRequest request = LIVEKIT__FORWARD_PARTICIPANT_REQUEST__INIT;
  request.room = (char *)"a";
  request.destination_room = (char *)"b";
  struct oh_claims claims;
  oh_claims_init(&claims);
  struct oh_method method = {.room = "room"};
  struct oh_call call = {.method = &method, .request = &request.base, .claims = &claims};
  bool *flags[] = {&claims.video.room_create, &claims.video.room_list, &claims.video.room_record,
                   &claims.video.room_admin, &claims.video.room_admin};
  free(claims.video.room);
  claims.video.room = oh_str_dup(OH_STR("a"));
  free(claims.video.destination_room);
  claims.video.destination_room = oh_str_dup(OH_STR("b"));
  for (enum oh_grant grant = OH_GRANT_CREATE; grant <= OH_GRANT_DESTINATION; grant++) {
    method.grant = grant;
    claims.has_video = true;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
      *flags[i] = true;
      assert_int_equal(oh_call_is_allowed(&call), flags[i] == flags[grant]);
      claims.has_video = false;
      assert_false(oh_call_is_allowed(&call));
      assert_int_equal(call.error.code, OH_TWIRP_UNAUTHENTICATED);
      claims.has_video = true;
      *flags[i] = false;
    }
  }
  claims.video.room_admin = true;
  request.destination_room = (char *)"c";
  assert_false(oh_call_is_allowed(&call));
  method.grant = OH_GRANT_ADMIN;
  assert_true(oh_call_is_allowed(&call));
  request.room = (char *)"A";
  assert_false(oh_call_is_allowed(&call));
  oh_call_fini(&call);
  oh_claims_fini(&claims);
}

static void the_table_is_whole(void **state) {
  (void)state;
  for (const struct oh_method *m = NULL; (m = oh_method_next(m)) != NULL;) {
    assert_ptr_equal(oh_method_find(oh_str(m->service), oh_str(m->name)), m); // no name twice
    assert_true(m->handle ? m->request && m->response && !m->refusal : m->refusal && !m->request);
    assert_true(*oh_grant_name(m->grant));
    bool by_room = m->grant == OH_GRANT_ADMIN || m->grant == OH_GRANT_DESTINATION;
    if (by_room) assert_non_null(m->room);
    if (m->room) assert_non_null(protobuf_c_message_descriptor_get_field_by_name(m->request, m->room));
  }
  assert_null(oh_method_find(OH_STR("livekit.RoomService"), OH_STR("createRoom")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_P58_a_made_room_ends_when_nobody_comes),
      cmocka_unit_test(test_a_removed_session_is_not_resumed),
      cmocka_unit_test(a_full_or_draining_house_makes_no_room),
      cmocka_unit_test(rooms_are_listed_and_the_list_is_bounded),
      cmocka_unit_test(test_P58_a_track_is_muted_for_its_publisher_and_everybody),
      cmocka_unit_test(test_P58_rights_taken_away_end_what_they_allowed),
      cmocka_unit_test(who_becomes_hidden_leaves_and_comes_back),
      cmocka_unit_test(who_becomes_a_recorder_does_not_count),
      cmocka_unit_test(test_P58_a_subscription_is_set_from_afar),
      cmocka_unit_test(attributes_are_merged_within_their_limit),
      cmocka_unit_test(everything_ends_with_a_deleted_room),
      cmocka_unit_test(revocations_are_bounded_and_forgotten_in_the_end),
      cmocka_unit_test(grants_are_held_to),
      cmocka_unit_test(the_table_is_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
