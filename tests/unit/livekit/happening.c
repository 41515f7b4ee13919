// happening.c — what a house tells the outside: which events, in which order, with what in them
#include "livekit/happening.h"
#include "base/limits.h"
#include "livekit/publish.h"
#include "tests/unit/livekit/visit.h"

static const int64_t second_us = 1000000;
enum { TOLD_MAX = 64 };

struct told {
  Livekit__WebhookEvent *events[TOLD_MAX];
  size_t count;
  char names[1024]; // of all, in order, blanks between
};

static void listen_in(struct visit_world *w, struct told *told) {
  *told = (struct told){0};
  visit_open(w, NULL);
  oh_house_tell(w->house, true);
}

static void take(struct visit_world *w, struct told *told) {
  struct oh_happening happening;
  while (oh_house_next_happening(w->house, &happening)) {
    assert_true(told->count < TOLD_MAX);
    Livekit__WebhookEvent *event = (Livekit__WebhookEvent *)oh_message_read(
        &livekit__webhook_event__descriptor, happening.event, happening.len);
    assert_non_null(event);
    assert_non_null(event->room);
    assert_string_equal(happening.room, event->room->name);
    told->events[told->count++] = event;
    size_t len = strlen(told->names);
    snprintf(told->names + len, sizeof told->names - len, "%s%s", len ? " " : "", event->event);
    oh_happening_fini(&happening);
  }
}

static void forget(struct told *told) {
  for (size_t i = 0; i < told->count; i++)
    oh_message_free(told->events[i]);
  *told = (struct told){0};
}

static void end(struct visit_world *w, struct told *told) {
  forget(told);
  visit_close(w);
}

static void leave(struct visit_world *w, struct visitor *v) {
  Livekit__LeaveRequest leave = LIVEKIT__LEAVE_REQUEST__INIT;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_LEAVE;
  request.leave = &leave;
  visit_say(w, v, &request);
}

static void a_call_is_told_in_order(void **state) {
  (void)state;
  struct visit_world w;
  struct told told;
  listen_in(&w, &told);
  struct visitor ann = visit_talker(&w, "ann", "sd", false);
  take(&w, &told);
  assert_string_equal(told.names, "room_started participant_joined track_published");
  const Livekit__WebhookEvent *started = told.events[0], *joined = told.events[1],
                              *published = told.events[2];
  assert_memory_equal(started->id, "EV_", 3);
  assert_int_equal(strlen(started->id), 15);
  assert_string_not_equal(started->id, published->id);
  assert_int_equal(started->created_at, (w.now_us + w.world.unix_offset_us) / second_us);
  assert_string_equal(started->room->name, "den");
  assert_int_equal(started->room->empty_timeout, 300);
  assert_null(started->participant);
  assert_string_equal(published->room->sid, started->room->sid);
  assert_int_equal(published->room->empty_timeout, 0); // of the room only sid and name
  assert_string_equal(published->participant->identity, "ann");
  assert_string_equal(published->participant->sid, ann.sid);
  assert_null(published->participant->permission);
  assert_int_equal(published->track->source, LIVEKIT__TRACK_SOURCE__MICROPHONE);
  assert_memory_equal(published->track->sid, "TR_AM", 5);
  assert_string_equal(published->track->mime_type, "audio/red");
  assert_int_equal(joined->participant->state, LIVEKIT__PARTICIPANT_INFO__STATE__ACTIVE);
  assert_non_null(joined->participant->permission);
  assert_int_equal(joined->room->num_participants, 1);
  forget(&told);

  leave(&w, &ann);
  take(&w, &told);
  assert_string_equal(told.names, "track_unpublished participant_left");
  assert_memory_equal(told.events[0]->track->sid, "TR_AM", 5);
  const Livekit__ParticipantInfo *left = told.events[1]->participant;
  assert_int_equal(left->state, LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED);
  assert_int_equal(left->disconnect_reason, LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED);
  assert_int_equal(told.events[1]->room->num_participants, 0);
  forget(&told);

  visit_advance(&w, 21 * second_us);
  take(&w, &told);
  assert_string_equal(told.names, "room_finished");
  assert_int_equal(told.events[0]->room_end_reason, LIVEKIT__ROOM_END_REASON__ROOM_END_IDLE_TIMEOUT);
  end(&w, &told);
}

static void who_never_got_media_aborted(void **state) {
  (void)state;
  struct visit_world w;
  struct told told;
  listen_in(&w, &told);
  visit_join(&w, "bob", &(struct visit_options){.single = true});
  visit_advance(&w, 120 * second_us);
  take(&w, &told);
  assert_string_equal(told.names, "room_started participant_connection_aborted room_finished");
  assert_string_equal(told.events[1]->participant->identity, "bob");
  assert_int_equal(told.events[1]->participant->disconnect_reason, LIVEKIT__DISCONNECT_REASON__JOIN_FAILURE);
  end(&w, &told);
}

static void tracks_of_who_never_got_media_are_not_told(void **state) {
  (void)state;
  struct visit_world w;
  struct told told;
  listen_in(&w, &told);
  struct visitor bob = visit_join(&w, "bob", NULL);
  visit_add_track(&w, &bob, "cid");
  visit_offer(&w, &bob, 1, "sd", (const char *const[]){"cid"});
  assert_int_equal(doubles_track_count(), 1); // it is published for those in the room
  leave(&w, &bob);
  take(&w, &told);
  assert_string_equal(told.names, "room_started participant_connection_aborted");
  end(&w, &told);
}

static void a_shutdown_ends_the_rooms(void **state) {
  (void)state;
  struct visit_world w;
  struct told told;
  listen_in(&w, &told);
  visit_talker(&w, "ann", "sd", false);
  take(&w, &told);
  forget(&told);
  oh_house_drain(w.house, w.now_us, true);
  take(&w, &told);
  assert_string_equal(told.names, "track_unpublished participant_left room_finished");
  assert_int_equal(told.events[2]->room_end_reason, LIVEKIT__ROOM_END_REASON__ROOM_END_SERVER_SHUTDOWN);
  end(&w, &told);
}

static void an_ended_call_is_no_idle_one(void **state) {
  (void)state;
  struct visit_world w;
  struct told told;
  listen_in(&w, &told);
  visit_talker(&w, "ann", "sd", false);
  struct oh_house_room room = {0};
  assert_true(oh_house_next_room(w.house, "", &room));
  oh_house_end_room(w.house, w.now_us, room.id);
  take(&w, &told);
  const Livekit__WebhookEvent *last = told.events[told.count - 1];
  assert_string_equal(last->event, "room_finished");
  assert_int_equal(last->room_end_reason, LIVEKIT__ROOM_END_REASON__ROOM_END_UNKNOWN);
  end(&w, &told);
}

static void recordings_are_told(void **state) {
  (void)state;
  struct visit_world w;
  struct told told;
  listen_in(&w, &told);
  Livekit__EgressInfo info = LIVEKIT__EGRESS_INFO__INIT;
  info.egress_id = (char *)"EG_abc";
  info.room_id = (char *)"RM_abc";
  info.room_name = (char *)"den";
  oh_happening_egress(w.house, w.now_us, "egress_started", &info);
  take(&w, &told);
  assert_string_equal(told.names, "egress_started");
  assert_string_equal(told.events[0]->egress_info->egress_id, "EG_abc");
  assert_string_equal(told.events[0]->room->sid, "RM_abc");
  end(&w, &told);
}

static void nothing_is_built_for_nobody_and_the_queue_is_bounded(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  visit_talker(&w, "ann", "sd", false);
  struct oh_happening happening;
  assert_false(oh_house_next_happening(w.house, &happening));
  oh_house_tell(w.house, true);
  Livekit__EgressInfo info = LIVEKIT__EGRESS_INFO__INIT;
  info.room_name = (char *)"den";
  for (int i = 0; i < OH_HAPPENINGS_MAX + 10; i++)
    oh_happening_egress(w.house, w.now_us, "egress_updated", &info);
  assert_int_equal(w.world.counters.value[OH_COUNT_webhooks_lost], 10);
  uint32_t count = 0;
  while (oh_house_next_happening(w.house, &happening)) {
    count++;
    oh_happening_fini(&happening);
  }
  assert_int_equal(count, OH_HAPPENINGS_MAX);
  oh_happening_egress(w.house, w.now_us, "egress_updated", &info); // what waits at the end is freed
  visit_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_is_told_in_order),
      cmocka_unit_test(who_never_got_media_aborted),
      cmocka_unit_test(tracks_of_who_never_got_media_are_not_told),
      cmocka_unit_test(a_shutdown_ends_the_rooms),
      cmocka_unit_test(an_ended_call_is_no_idle_one),
      cmocka_unit_test(recordings_are_told),
      cmocka_unit_test(nothing_is_built_for_nobody_and_the_queue_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
