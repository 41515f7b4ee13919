// departure.c — the house at signalling level: leaving, being replaced, coming back, timeouts
#include "livekit/departure.h"
#include "livekit/state.h"
#include "livekit/turn_credential.h"
#include "tests/unit/livekit/visit.h"

#define SAYS(name) LIVEKIT__SIGNAL_RESPONSE__MESSAGE_##name
static const int64_t second_us = 1000000;

static void duplicate_identity_replaces(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor watcher = visit_join(&w, "watcher", NULL);
  struct visitor old = visit_join(&w, "ann", NULL);
  struct visitor new = visit_join(&w, "ann", NULL);
  assert_int_equal(new.admission.status, 101);
  const Livekit__LeaveRequest *leave = visit_find(&w, &old, SAYS(LEAVE), 0)->leave;
  assert_int_equal(leave->reason, LIVEKIT__DISCONNECT_REASON__DUPLICATE_IDENTITY);
  assert_int_equal(leave->action, LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT);
  assert_int_equal(visit_last_frame(&w, &old)->kind, OH_FRAME_CLOSE);
  assert_int_equal(visit_find(&w, &new, SAYS(JOIN), 0)->join->n_other_participants, 1);
  assert_int_equal(visit_info(&w, &watcher, old.sid)->state, LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED);
  assert_int_equal(visit_info(&w, &watcher, new.sid)->state, LIVEKIT__PARTICIPANT_INFO__STATE__JOINED);
  oh_house_signal_closed(w.house, w.now_us, old.session); // the old socket goes late
  struct oh_house_stats stats;
  oh_house_read_stats(w.house, &stats);
  assert_int_equal(stats.participants, 2);
  visit_close(&w);
}

static void leave_speaks_the_clients_protocol(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options old_client = {.protocol = 12};
  struct visitor old = visit_join(&w, "old", &old_client);
  struct visitor new = visit_join(&w, "new", NULL);
  oh_house_drain(w.house, w.now_us, true);
  visit_collect(&w);
  const Livekit__LeaveRequest *leave = visit_find(&w, &old, SAYS(LEAVE), 0)->leave;
  assert_true(leave->can_reconnect);
  assert_int_equal(leave->action, LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT); // i.e. not said
  assert_int_equal(leave->reason, LIVEKIT__DISCONNECT_REASON__SERVER_SHUTDOWN);
  leave = visit_find(&w, &new, SAYS(LEAVE), 0)->leave;
  assert_false(leave->can_reconnect);
  assert_int_equal(leave->action, LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  const struct visit_options elsewhere = {.room = "elsewhere"};
  assert_int_equal(visit_join(&w, "late", &elsewhere).admission.status, 503);
  visit_close(&w);
}

static void draining_does_not_wait_for_empty_rooms(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_join(&w, "bob", NULL);
  Livekit__LeaveRequest leave = LIVEKIT__LEAVE_REQUEST__INIT;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_LEAVE;
  request.leave = &leave;
  visit_say(&w, &bob, &request);
  oh_house_drain(w.house, w.now_us, false);
  struct oh_house_stats stats;
  oh_house_read_stats(w.house, &stats);
  assert_int_equal(stats.rooms, 1); // he may be reconnecting
  visit_advance(&w, 4 * 1000000);
  oh_house_read_stats(w.house, &stats);
  assert_int_equal(stats.rooms, 0);
  visit_close(&w);
}

static void leaving_tells_why(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_join(&w, "bob", NULL), ann = visit_join(&w, "ann", NULL);
  Livekit__LeaveRequest leave = LIVEKIT__LEAVE_REQUEST__INIT;
  leave.reason = LIVEKIT__DISCONNECT_REASON__USER_REJECTED;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_LEAVE;
  request.leave = &leave;
  visit_say(&w, &ann, &request);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->disconnect_reason,
                   LIVEKIT__DISCONNECT_REASON__USER_REJECTED);
  assert_int_equal(visit_last_frame(&w, &ann)->kind, OH_FRAME_CLOSE);
  visit_say(&w, &ann, &request); // after the end: nothing
  struct visitor cat = visit_join(&w, "cat", NULL);
  leave.reason = LIVEKIT__DISCONNECT_REASON__SERVER_SHUTDOWN; // not theirs to say
  visit_say(&w, &cat, &request);
  assert_int_equal(visit_info(&w, &bob, cat.sid)->disconnect_reason,
                   LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED);
  visit_close(&w);
}

static void resume_tells_everything_in_order(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_join(&w, "bob", NULL), gone = visit_join(&w, "gone", NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", false);
  char sid[32];
  snprintf(sid, sizeof sid, "%s", ann.sid);
  visit_lose_signal(&w, &ann);
  visit_advance(&w, second_us);
  visit_lose_signal(&w, &gone);                      // was never connected?
  doubles_raise(OH_HUB_FAILED, doubles_peer(1)->id); // its only peer
  oh_house_tick(w.house, w.now_us);
  uint32_t restarts = 0;
  for (uint32_t i = 0; i < doubles_peer_count(); i++)
    restarts += doubles_peer(i)->restarts;
  visit_clear(&w);
  const struct visit_options again = {.reconnect = true};
  ann = visit_join(&w, "ann", &again);
  assert_int_equal(ann.admission.status, 101);
  assert_int_equal(visit_order(&w, &ann, SAYS(RECONNECT)), 0);
  const Livekit__ReconnectResponse *reconnect = visit_find(&w, &ann, SAYS(RECONNECT), 0)->reconnect;
  assert_string_equal(reconnect->server_info->version, "1.13.5");
  assert_int_equal(visit_info(&w, &ann, gone.sid)->state, LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED);
  assert_non_null(visit_info(&w, &ann, sid)); // itself
  assert_non_null(visit_info(&w, &ann, bob.sid));
  assert_true(visit_order(&w, &ann, SAYS(UPDATE)) < visit_order(&w, &ann, SAYS(ROOM_UPDATE)));
  assert_true(visit_order(&w, &ann, SAYS(ROOM_UPDATE)) < visit_order(&w, &ann, SAYS(OFFER)));
  assert_true(visit_order(&w, &ann, SAYS(OFFER)) < visit_order(&w, &ann, SAYS(REFRESH_TOKEN)));
  uint32_t now = 0;
  for (uint32_t i = 0; i < doubles_peer_count(); i++)
    now += doubles_peer(i)->restarts;
  assert_int_equal(now, restarts + 1); // the subscriber's ICE
  assert_null(visit_find(&w, &ann, SAYS(JOIN), 0));
  visit_answer(&w, &ann);
  ann.version++; // the client restarts its side
  visit_offer(&w, &ann, 2, "sd", (const char *const[]){"cid"});
  now = 0;
  for (uint32_t i = 0; i < doubles_peer_count(); i++)
    now += doubles_peer(i)->restarts;
  assert_int_equal(now, restarts + 2);
  assert_int_equal(doubles_track_count(), 1); // the same track
  visit_close(&w);
}

// One failure of a connection that never came about, and the client is back.
static const Livekit__ReconnectResponse *fail_and_resume(struct visit_world *w, struct visitor *ann) {
  struct oh_participant *p = oh_participant_by_identity(oh_room_find(w->house, OH_STR("den")), "ann");
  assert_non_null(p);
  p->first_connected_us = 0;
  oh_departure_media_failed(w->house, w->now_us, p);
  visit_collect(w);
  assert_int_equal(visit_find(w, ann, SAYS(LEAVE), -1)->leave->action,
                   LIVEKIT__LEAVE_REQUEST__ACTION__RESUME);
  visit_clear(w);
  *ann = visit_join(w, "ann", &(struct visit_options){.reconnect = true});
  return visit_find(w, ann, SAYS(RECONNECT), 0)->reconnect;
}

static bool is_relayed(const Livekit__ClientConfiguration *configuration) {
  return configuration && configuration->force_relay == LIVEKIT__CLIENT_CONFIG_SETTING__ENABLED;
}

// UDP and TCP have failed: only TURN by TLS is left, and when that does not help either, everything again.
static void who_fails_by_udp_and_tcp_is_relayed_by_tls(void **state) {
  (void)state;
  static const char *const urls[] = {"turns:turn.example:5349?transport=tcp",
                                     "turn:192.0.2.1:3478?transport=udp"};
  const struct oh_turn_server other = {
      .url = (char *)"turn:other:3478?transport=udp", .username = (char *)"u", .credential = (char *)"c"};
  for (size_t first = 0; first < 2; first++) { // with TLS, and without
    struct visit_world w;
    struct oh_house_config config = visit_config();
    config.turn_urls = urls + first, config.turn_url_count = 2 - first;
    config.turn_servers = &other, config.turn_server_count = 1;
    visit_open(&w, &config);
    struct visitor ann = visit_join(&w, "ann", NULL);
    const Livekit__JoinResponse *join = visit_find(&w, &ann, SAYS(JOIN), 0)->join;
    assert_false(is_relayed(join->client_configuration));
    assert_int_equal(join->n_ice_servers, 3);
    const Livekit__ReconnectResponse *back = fail_and_resume(&w, &ann);
    assert_false(is_relayed(back->client_configuration)); // TCP first
    assert_int_equal(back->n_ice_servers, 3);
    back = fail_and_resume(&w, &ann);
    assert_int_equal(is_relayed(back->client_configuration), first == 0);
    assert_int_equal(back->n_ice_servers, first == 0 ? 1 : 3);
    assert_int_equal(back->ice_servers[0]->n_urls, 1);
    assert_string_equal(back->ice_servers[0]->urls[0], urls[first]);
    if (first == 0) back = fail_and_resume(&w, &ann);
    assert_false(is_relayed(back->client_configuration));
    assert_int_equal(back->n_ice_servers, 3);
    visit_close(&w);
  }
}

// A client that gives up and joins anew goes on where it was.
static void who_joins_anew_after_tcp_failed_is_relayed(void **state) {
  (void)state;
  static const char *const urls[] = {"turns:turn.example:5349?transport=tcp"};
  struct visit_world w;
  struct oh_house_config config = visit_config();
  config.turn_urls = urls, config.turn_url_count = 1;
  visit_open(&w, &config);
  visit_join(&w, "bob", NULL); // keeps the room
  struct visitor ann = visit_join(&w, "ann", NULL);
  fail_and_resume(&w, &ann);
  visit_clear(&w);
  ann = visit_join(&w, "ann", NULL);
  assert_true(is_relayed(visit_find(&w, &ann, SAYS(JOIN), 0)->join->client_configuration));
  visit_clear(&w);
  ann = visit_join(&w, "ann", NULL); // not helped: everything again
  assert_false(is_relayed(visit_find(&w, &ann, SAYS(JOIN), 0)->join->client_configuration));
  visit_close(&w);
}

static void impossible_resume_is_told_in_the_socket(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options again = {.reconnect = true};
  struct visitor ann = visit_join(&w, "ann", &again);
  assert_int_equal(ann.admission.status, 101);
  assert_int_equal(visit_order(&w, &ann, SAYS(LEAVE)), 0);
  const Livekit__LeaveRequest *leave = visit_find(&w, &ann, SAYS(LEAVE), 0)->leave;
  assert_int_equal(leave->action, LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  assert_int_equal(leave->reason, LIVEKIT__DISCONNECT_REASON__STATE_MISMATCH);
  oh_house_signal_closed(w.house, w.now_us, ann.session);
  // a track we do not know ends the resume too
  ann = visit_join(&w, "ann", NULL);
  Livekit__TrackInfo info = LIVEKIT__TRACK_INFO__INIT;
  info.sid = (char *)"TR_unknown";
  Livekit__TrackPublishedResponse published = LIVEKIT__TRACK_PUBLISHED_RESPONSE__INIT,
                                  *list[1] = {&published};
  published.track = &info;
  Livekit__SyncState sync = LIVEKIT__SYNC_STATE__INIT;
  sync.publish_tracks = list;
  sync.n_publish_tracks = 1;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_SYNC_STATE;
  request.sync_state = &sync;
  visit_say(&w, &ann, &request);
  assert_int_equal(visit_find(&w, &ann, SAYS(LEAVE), 0)->leave->action,
                   LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  visit_close(&w);
}

static void lost_media_may_be_resumed(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  doubles_raise(OH_HUB_FAILED, doubles_peer(0)->id);
  oh_house_tick(w.house, w.now_us);
  visit_collect(&w);
  const Livekit__LeaveRequest *leave = visit_find(&w, &ann, SAYS(LEAVE), 0)->leave;
  assert_int_equal(leave->action, LIVEKIT__LEAVE_REQUEST__ACTION__RESUME);
  assert_int_equal(leave->reason, LIVEKIT__DISCONNECT_REASON__CONNECTION_TIMEOUT);
  visit_lose_signal(&w, &ann);
  visit_advance(&w, 4 * second_us);
  const struct visit_options again = {.reconnect = true, .single = true};
  ann = visit_join(&w, "ann", &again);
  assert_non_null(visit_find(&w, &ann, SAYS(RECONNECT), 0));
  ann.version++;
  visit_offer(&w, &ann, 2, "sd", (const char *const[]){"cid"});
  // UDP failed at once, so the answer has only the TCP candidate
  const char *sdp = visit_find(&w, &ann, SAYS(ANSWER), -1)->answer->sdp;
  assert_non_null(strstr(sdp, "tcptype passive"));
  assert_null(strstr(sdp, " udp "));
  doubles_raise(OH_HUB_FAILED, doubles_peer(0)->id);
  oh_house_tick(w.house, w.now_us);
  visit_advance(&w, 6 * second_us); // nobody resumes this time
  struct oh_house_stats stats;
  oh_house_read_stats(w.house, &stats);
  assert_int_equal(stats.participants, 0);
  visit_close(&w);
}

static void lost_signal_without_media_is_the_end(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_join(&w, "bob", NULL), ann = visit_join(&w, "ann", NULL);
  visit_lose_signal(&w, &ann);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->disconnect_reason,
                   LIVEKIT__DISCONNECT_REASON__SIGNAL_CLOSE);
  struct visitor cat = visit_talker(&w, "cat", "sd", true);
  visit_clear(&w);
  visit_lose_signal(&w, &cat); // media goes on
  assert_null(visit_info(&w, &bob, cat.sid));
  visit_close(&w);
}

static void nobody_waits_forever(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options single = {.single = true};
  struct visitor ann = visit_join(&w, "ann", &single);
  visit_advance(&w, 59 * second_us);
  assert_null(visit_find(&w, &ann, SAYS(LEAVE), 0));
  visit_advance(&w, 2 * second_us);
  assert_int_equal(visit_find(&w, &ann, SAYS(LEAVE), 0)->leave->reason,
                   LIVEKIT__DISCONNECT_REASON__JOIN_FAILURE);
  struct oh_house_stats stats;
  visit_advance(&w, 18 * second_us);
  oh_house_read_stats(w.house, &stats);
  assert_int_equal(stats.rooms, 1);
  visit_advance(&w, 3 * second_us); // departure_timeout
  oh_house_read_stats(w.house, &stats);
  assert_int_equal(stats.rooms, 0);
  assert_int_equal(doubles.rooms, 0);
  visit_close(&w);
}

static void dependents_do_not_hold_a_room(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options agent = {.agent = true, .single = true};
  struct visitor robot = visit_join(&w, "robot", &agent);
  visit_offer(&w, &robot, 1, "d", NULL);
  doubles_raise(OH_HUB_CONNECTED, doubles_peer(0)->id);
  struct visitor ann = visit_join(&w, "ann", NULL);
  assert_int_equal(visit_find(&w, &ann, SAYS(JOIN), 0)->join->room->num_participants, 1);
  visit_lose_signal(&w, &ann);
  visit_advance(&w, 21 * second_us);
  assert_int_equal(visit_find(&w, &robot, SAYS(LEAVE), 0)->leave->reason,
                   LIVEKIT__DISCONNECT_REASON__ROOM_CLOSED);
  struct oh_house_stats stats;
  oh_house_read_stats(w.house, &stats);
  assert_int_equal(stats.rooms + stats.participants + stats.tracks + stats.subscriptions, 0);
  visit_close(&w);
}

static void tokens_are_refreshed(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  visit_advance(&w, 299 * second_us);
  assert_int_equal(visit_count(&w, &ann, SAYS(REFRESH_TOKEN)), 1);
  visit_advance(&w, 2 * second_us);
  assert_int_equal(visit_count(&w, &ann, SAYS(REFRESH_TOKEN)), 2);
  visit_close(&w);
}

static void simulate(struct visit_world *w, const struct visitor *v, Livekit__SimulateScenario *scenario) {
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_SIMULATE;
  request.simulate = scenario;
  visit_say(w, v, &request);
}

static void scenarios_are_played(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  Livekit__SimulateScenario scenario = LIVEKIT__SIMULATE_SCENARIO__INIT;
  scenario.scenario_case = LIVEKIT__SIMULATE_SCENARIO__SCENARIO_SPEAKER_UPDATE;
  scenario.speaker_update = 3;
  simulate(&w, &ann, &scenario);
  assert_true(visit_find(&w, &ann, SAYS(SPEAKERS_CHANGED), 0)->speakers_changed->speakers[0]->active);
  visit_advance(&w, 4 * second_us);
  assert_false(visit_find(&w, &ann, SAYS(SPEAKERS_CHANGED), -1)->speakers_changed->speakers[0]->active);
  scenario.scenario_case = LIVEKIT__SIMULATE_SCENARIO__SCENARIO_DISCONNECT_SIGNAL_ON_RESUME_NO_MESSAGES;
  scenario.disconnect_signal_on_resume_no_messages = true;
  simulate(&w, &ann, &scenario);
  visit_lose_signal(&w, &ann);
  const struct visit_options again = {.reconnect = true, .single = true};
  for (int i = 0; i < 3; i++) {
    ann = visit_join(&w, "ann", &again);
    assert_int_equal(visit_last_frame(&w, &ann)->kind, OH_FRAME_ABORT);
    assert_int_equal(visit_count(&w, &ann, SAYS(RECONNECT)), 0);
  }
  ann = visit_join(&w, "ann", &again);
  assert_int_equal(visit_count(&w, &ann, SAYS(RECONNECT)), 1);
  scenario.scenario_case = LIVEKIT__SIMULATE_SCENARIO__SCENARIO_NODE_FAILURE;
  simulate(&w, &ann, &scenario);
  assert_int_equal(visit_last_frame(&w, &ann)->kind, OH_FRAME_ABORT);
  assert_null(visit_find(&w, &ann, SAYS(LEAVE), 0));
  visit_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(duplicate_identity_replaces),
      cmocka_unit_test(leave_speaks_the_clients_protocol),
      cmocka_unit_test(draining_does_not_wait_for_empty_rooms),
      cmocka_unit_test(leaving_tells_why),
      cmocka_unit_test(resume_tells_everything_in_order),
      cmocka_unit_test(impossible_resume_is_told_in_the_socket),
      cmocka_unit_test(who_fails_by_udp_and_tcp_is_relayed_by_tls),
      cmocka_unit_test(who_joins_anew_after_tcp_failed_is_relayed),
      cmocka_unit_test(lost_media_may_be_resumed),
      cmocka_unit_test(lost_signal_without_media_is_the_end),
      cmocka_unit_test(nobody_waits_forever),
      cmocka_unit_test(dependents_do_not_hold_a_room),
      cmocka_unit_test(tokens_are_refreshed),
      cmocka_unit_test(scenarios_are_played),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
