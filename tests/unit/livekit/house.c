// house.c — the house at signalling level: joining, publishing, hearing, leaving, coming back; limits and
// liars
#include "livekit/house.h"
#include "base/heap.h"
#include "base/limits.h"
#include "livekit/offer.h"
#include "tests/unit/livekit/visit.h"

#define SAYS(name) LIVEKIT__SIGNAL_RESPONSE__MESSAGE_##name
static const int64_t second_us = 1000000;

// The nth living subscription of the doubles, NULL if fewer.
static struct double_subscription *living_subscription(uint32_t n) {
  for (size_t i = 0; i < DOUBLE_MAX; i++)
    if (doubles.subscriptions[i].id && n-- == 0) return &doubles.subscriptions[i];
  return NULL;
}
static struct double_track *living_track(uint32_t n) {
  for (size_t i = 0; i < DOUBLE_MAX; i++)
    if (doubles.tracks[i].id && n-- == 0) return &doubles.tracks[i];
  return NULL;
}
static const char *mapped(const Livekit__SessionDescription *d, const char *mid) {
  for (size_t i = 0; i < d->n_mid_to_track_id; i++)
    if (strcmp(d->mid_to_track_id[i]->key, mid) == 0) return d->mid_to_track_id[i]->value;
  return NULL;
}
static void join_response_is_complete(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor v = visit_join(&w, "ann", NULL);
  assert_int_equal(visit_order(&w, &v, SAYS(JOIN)), 0);
  assert_int_equal(visit_order(&w, &v, SAYS(REFRESH_TOKEN)), 1);
  const Livekit__JoinResponse *join = visit_find(&w, &v, SAYS(JOIN), 0)->join;
  assert_memory_equal(join->room->sid, "RM_", 3);
  assert_string_equal(join->room->name, "den");
  assert_int_equal(join->room->empty_timeout, 300);
  assert_int_equal(join->room->departure_timeout, 20);
  assert_true(join->room->creation_time > 1700000000);
  assert_int_equal(join->room->num_participants, 1);
  assert_memory_equal(join->participant->sid, "PA_", 3);
  assert_string_equal(join->participant->identity, "ann");
  assert_int_equal(join->participant->state, LIVEKIT__PARTICIPANT_INFO__STATE__JOINED);
  assert_true(join->participant->version >= 1);
  assert_non_null(join->participant->permission);
  assert_true(join->participant->permission->can_publish);
  assert_int_equal(join->participant->client_protocol, 2);
  assert_int_equal(join->participant->n_capabilities, 1);
  assert_string_equal(join->server_version, "1.13.5");
  assert_string_equal(join->server_info->version, "1.13.5");
  assert_int_equal(join->server_info->protocol, 17);
  assert_string_equal(join->server_info->node_id, "ND_test");
  assert_int_equal(join->server_info->agent_protocol, 1);
  assert_int_equal(join->n_ice_servers, 1);
  assert_true(join->subscriber_primary);
  assert_int_equal(join->ping_interval, 5);
  assert_int_equal(join->ping_timeout, 15);
  assert_true(join->sif_trailer.len > 0);
  assert_true(join->n_enabled_publish_codecs > 0);
  for (size_t i = 0; i < join->n_enabled_publish_codecs; i++)
    assert_memory_equal(join->enabled_publish_codecs[i]->mime, "audio/", 6);
  assert_true(join->fast_publish);
  assert_non_null(visit_find(&w, &v, SAYS(OFFER), 0)); // dual: our offer follows at once
  visit_close(&w);
}

static void video_is_refused_where_clients_look(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor v = visit_join(&w, "ann", NULL);
  const Livekit__ParticipantPermission *permission =
      visit_find(&w, &v, SAYS(JOIN), 0)->join->participant->permission;
  bool microphone = false, unknown = false;
  for (size_t i = 0; i < permission->n_can_publish_sources; i++) {
    assert_int_not_equal(permission->can_publish_sources[i], LIVEKIT__TRACK_SOURCE__CAMERA);
    microphone |= permission->can_publish_sources[i] == LIVEKIT__TRACK_SOURCE__MICROPHONE;
    unknown |= permission->can_publish_sources[i] == LIVEKIT__TRACK_SOURCE__UNKNOWN;
  }
  assert_true(microphone && unknown);
  Livekit__AddTrackRequest add = LIVEKIT__ADD_TRACK_REQUEST__INIT;
  add.cid = (char *)"cam";
  add.type = LIVEKIT__TRACK_TYPE__VIDEO;
  add.source = LIVEKIT__TRACK_SOURCE__CAMERA;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_ADD_TRACK;
  request.add_track = &add;
  visit_say(&w, &v, &request);
  const Livekit__RequestResponse *answer = visit_find(&w, &v, SAYS(REQUEST_RESPONSE), -1)->request_response;
  assert_int_equal(answer->reason, LIVEKIT__REQUEST_RESPONSE__REASON__UNSUPPORTED_TYPE);
  assert_string_equal(answer->add_track->cid, "cam");
  visit_close(&w);
}

static void dual_client_publishes_and_hears(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", false);
  const Livekit__TrackInfo *pending = visit_find(&w, &ann, SAYS(TRACK_PUBLISHED), 0)->track_published->track;
  assert_memory_equal(pending->sid, "TR_AM", 5);
  assert_string_equal(pending->stream, "camera");
  assert_string_equal(pending->mime_type, "");
  char track[32];
  snprintf(track, sizeof track, "%s", pending->sid);
  const Livekit__SessionDescription *answer = visit_find(&w, &ann, SAYS(ANSWER), 0)->answer;
  assert_int_equal(answer->id, 1);
  assert_string_equal(answer->type, "answer");
  assert_int_equal(doubles_track_count(), 1);
  assert_int_equal(living_track(0)->receive.opus_pt, 109);
  assert_int_equal(living_track(0)->receive.red_pt, 63);
  assert_int_equal(living_track(0)->receive.audio_level_ext, 1);
  assert_true(living_track(0)->microphone);
  visit_clear(&w);

  struct visitor bob = visit_join(&w, "bob", NULL);
  const Livekit__JoinResponse *join = visit_find(&w, &bob, SAYS(JOIN), 0)->join;
  assert_int_equal(join->n_other_participants, 1);
  assert_int_equal(join->other_participants[0]->n_tracks, 1);
  assert_string_equal(join->other_participants[0]->tracks[0]->sid, track);
  assert_string_equal(join->other_participants[0]->tracks[0]->mime_type, "audio/red");
  const Livekit__SessionDescription *offer = visit_find(&w, &bob, SAYS(OFFER), 0)->offer;
  assert_string_equal(mapped(offer, "0"), track); // fast start: the track is in the first offer
  char stream[128];
  snprintf(stream, sizeof stream, "a=msid:%s|%s %s", ann.sid, track, track);
  assert_non_null(strstr(offer->sdp, stream));
  assert_int_equal(living_subscription(0)->peer, 0); // nothing flows before the answer
  visit_answer(&w, &bob);
  assert_int_not_equal(living_subscription(0)->peer, 0);
  assert_int_equal(living_subscription(0)->send.opus_pt, 109); // the answer's numbers
  assert_int_equal(visit_count(&w, &ann, SAYS(TRACK_SUBSCRIBED)), 1);
  assert_int_equal(visit_count(&w, &bob, SAYS(CONNECTION_QUALITY)), 1);
  visit_close(&w);
}

static void single_client_hears_in_its_first_answer(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", false);
  char track[32];
  snprintf(track, sizeof track, "%s",
           visit_find(&w, &ann, SAYS(TRACK_PUBLISHED), 0)->track_published->track->sid);
  struct visitor bob = {0};
  snprintf(bob.identity, sizeof bob.identity, "bob");
  Livekit__JoinRequest request = LIVEKIT__JOIN_REQUEST__INIT;
  Livekit__SessionDescription offer = LIVEKIT__SESSION_DESCRIPTION__INIT;
  offer.type = (char *)"offer";
  offer.id = 5;
  offer.sdp = visit_sdp(&bob, "rrrvvvd", NULL);
  request.publisher_offer = &offer;
  const struct visit_options options = {.single = true, .request = &request};
  bob = visit_join(&w, "bob", &options);
  free(offer.sdp);
  const Livekit__JoinResponse *join = visit_find(&w, &bob, SAYS(JOIN), 0)->join;
  assert_false(join->subscriber_primary);
  const Livekit__SessionDescription *answer = visit_find(&w, &bob, SAYS(ANSWER), 0)->answer;
  assert_true(visit_order(&w, &bob, SAYS(ANSWER)) > visit_order(&w, &bob, SAYS(JOIN)));
  assert_int_equal(answer->id, 5);
  assert_string_equal(mapped(answer, "0"), track);
  assert_int_equal(visit_count(&w, &bob, SAYS(OFFER)), 0);
  assert_int_equal(visit_count(&w, &bob, SAYS(MEDIA_SECTIONS_REQUIREMENT)), 0);
  assert_int_not_equal(living_subscription(0)->peer, 0);
  visit_close(&w);
}

// Four voices, three spare sections: the fourth needs another offer, and every answer maps all of them.
static void single_client_is_asked_for_sections(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options options = {.single = true};
  struct visitor eve = visit_join(&w, "eve", &options);
  visit_offer(&w, &eve, 1, "rrrd", NULL);
  const char *names[] = {"a", "b", "c", "d"};
  for (int i = 0; i < 4; i++) {
    (void)visit_talker(&w, names[i], "sd", true);
    visit_clear(&w);
    visit_advance(&w, second_us);
    assert_int_equal(visit_count(&w, &eve, SAYS(MEDIA_SECTIONS_REQUIREMENT)), 1);
    const Livekit__MediaSectionsRequirement *needs =
        visit_find(&w, &eve, SAYS(MEDIA_SECTIONS_REQUIREMENT), 0)->media_sections_requirement;
    assert_int_equal(needs->num_audios, i < 3 ? 0 : 1);
    visit_offer(&w, &eve, (uint32_t)i + 2, i < 3 ? "rrrd" : "rrrdr", NULL);
    const Livekit__SessionDescription *answer = visit_find(&w, &eve, SAYS(ANSWER), -1)->answer;
    assert_int_equal(answer->n_mid_to_track_id, i + 1);
    assert_int_equal(answer->id, i + 2);
  }
  visit_advance(&w, 30 * second_us);
  assert_int_equal(visit_count(&w, &eve, SAYS(MEDIA_SECTIONS_REQUIREMENT)), 1); // content: not asked again
  visit_close(&w);
}

static void offer_may_come_before_add_track(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options options = {.single = true};
  struct visitor ann = visit_join(&w, "ann", &options);
  struct visitor bob = visit_join(&w, "bob", NULL);
  visit_offer(&w, &ann, 1, "sd", (const char *const[]){"cid"});
  assert_int_equal(doubles_track_count(), 0);
  assert_non_null(strstr(visit_find(&w, &ann, SAYS(ANSWER), 0)->answer->sdp, "a=recvonly"));
  visit_add_track(&w, &ann, "cid");
  assert_int_equal(doubles_track_count(), 1);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->n_tracks, 1);
  visit_close(&w);
}

static void firefox_names_tracks_differently(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options options = {.single = true};
  struct visitor ann = visit_join(&w, "ann", &options);
  struct visitor bob = visit_join(&w, "bob", NULL);
  visit_add_track(&w, &ann, "cid-of-javascript");
  visit_offer(&w, &ann, 1, "sd", (const char *const[]){"{id-of-sdp}"});
  assert_int_equal(visit_info(&w, &bob, ann.sid)->n_tracks, 1);
  assert_string_equal(visit_info(&w, &bob, ann.sid)->tracks[0]->mid, "0");
  visit_close(&w);
}

static void same_cid_waits_in_line(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options options = {.single = true};
  struct visitor ann = visit_join(&w, "ann", &options);
  visit_add_track(&w, &ann, "cid");
  visit_add_track(&w, &ann, "cid");
  assert_int_equal(visit_count(&w, &ann, SAYS(TRACK_PUBLISHED)), 1);
  assert_int_equal(visit_find(&w, &ann, SAYS(REQUEST_RESPONSE), 0)->request_response->reason,
                   LIVEKIT__REQUEST_RESPONSE__REASON__QUEUED);
  visit_offer(&w, &ann, 1, "sd", (const char *const[]){"cid"});
  visit_offer(&w, &ann, 2, "id", NULL); // unpublished
  assert_int_equal(visit_count(&w, &ann, SAYS(TRACK_PUBLISHED)), 2);
  assert_string_not_equal(visit_find(&w, &ann, SAYS(TRACK_PUBLISHED), 0)->track_published->track->sid,
                          visit_find(&w, &ann, SAYS(TRACK_PUBLISHED), 1)->track_published->track->sid);
  visit_close(&w);
}

static void unpublishing_is_told_and_sections_are_used_again(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_join(&w, "bob", NULL);
  visit_answer(&w, &bob);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  visit_advance(&w, second_us);
  visit_answer(&w, &bob);
  uint32_t first_version = visit_info(&w, &bob, ann.sid)->version;
  const char *mid = visit_find(&w, &bob, SAYS(OFFER), -1)->offer->mid_to_track_id[0]->key;
  assert_string_equal(mid, "1"); // data came first
  visit_clear(&w);
  visit_offer(&w, &ann, 2, "id", NULL);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->n_tracks, 0);
  assert_true(visit_info(&w, &bob, ann.sid)->version > first_version);
  assert_int_equal(doubles_subscription_count(), 0);
  visit_advance(&w, second_us);
  const Livekit__SessionDescription *offer = visit_find(&w, &bob, SAYS(OFFER), -1)->offer;
  assert_int_equal(offer->n_mid_to_track_id, 0);
  assert_non_null(strstr(offer->sdp, "a=inactive"));
  visit_answer(&w, &bob);
  visit_add_track(&w, &ann, "again");
  visit_offer(&w, &ann, 3, "sd", (const char *const[]){"again"});
  visit_advance(&w, second_us);
  offer = visit_find(&w, &bob, SAYS(OFFER), -1)->offer;
  assert_string_equal(offer->mid_to_track_id[0]->key, "1"); // the same section
  visit_close(&w);
}

static void one_offer_is_outstanding(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_join(&w, "bob", NULL);
  (void)visit_talker(&w, "ann", "sd", true);
  visit_advance(&w, 5 * second_us);
  assert_int_equal(visit_count(&w, &bob, SAYS(OFFER)), 1); // the first is not answered yet
  visit_answer(&w, &bob);
  visit_advance(&w, second_us);
  assert_int_equal(visit_count(&w, &bob, SAYS(OFFER)), 2);
  visit_advance(&w, 16 * second_us); // never answered
  const Livekit__LeaveRequest *leave = visit_find(&w, &bob, SAYS(LEAVE), 0)->leave;
  assert_int_equal(leave->action, LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  assert_int_equal(leave->reason, LIVEKIT__DISCONNECT_REASON__STATE_MISMATCH);
  assert_int_equal(visit_last_frame(&w, &bob)->kind, OH_FRAME_CLOSE);
  visit_close(&w);
}

static void mute_is_told_to_all(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_join(&w, "bob", NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  char track[32];
  snprintf(track, sizeof track, "%s", visit_info(&w, &bob, ann.sid)->tracks[0]->sid);
  uint32_t version = visit_info(&w, &bob, ann.sid)->version;
  Livekit__MuteTrackRequest mute = LIVEKIT__MUTE_TRACK_REQUEST__INIT;
  mute.sid = track;
  mute.muted = true;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_MUTE;
  request.mute = &mute;
  visit_say(&w, &ann, &request);
  assert_true(living_track(0)->muted);
  assert_true(visit_info(&w, &bob, ann.sid)->tracks[0]->muted);
  assert_true(visit_info(&w, &ann, ann.sid)->tracks[0]->muted);
  assert_true(visit_info(&w, &bob, ann.sid)->version > version);
  mute.sid = (char *)"TR_nobody";
  visit_say(&w, &ann, &request);
  assert_int_equal(visit_find(&w, &ann, SAYS(REQUEST_RESPONSE), -1)->request_response->reason,
                   LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND);
  visit_close(&w);
}

static void only_the_primary_connection_makes_active(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bob = visit_join(&w, "bob", NULL);
  struct visitor ann = visit_join(&w, "ann", NULL);
  visit_offer(&w, &ann, 1, "d", NULL);
  // peers: bob's subscriber, ann's subscriber, ann's publisher
  doubles_raise(OH_HUB_CONNECTED, doubles_peer(2)->id);
  oh_house_tick(w.house, w.now_us);
  visit_collect(&w);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->state, LIVEKIT__PARTICIPANT_INFO__STATE__JOINED);
  doubles_raise(OH_HUB_CONNECTED, doubles_peer(1)->id);
  oh_house_tick(w.house, w.now_us);
  visit_collect(&w);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->state, LIVEKIT__PARTICIPANT_INFO__STATE__ACTIVE);
  assert_null(visit_info(&w, &ann, ann.sid)); // not told to itself
  visit_close(&w);
}

static void room_may_be_full_missing_or_the_worker_full(void **state) {
  (void)state;
  struct visit_world w;
  struct oh_house_config config = visit_config();
  config.max_participants = 2;
  visit_open(&w, &config);
  (void)visit_join(&w, "a", NULL);
  (void)visit_join(&w, "b", NULL);
  assert_int_equal(visit_join(&w, "c", NULL).admission.status, 429);
  assert_int_equal(visit_join(&w, "b", NULL).admission.status, 101); // replaces
  const struct visit_options agent = {.agent = true};
  assert_int_equal(visit_join(&w, "robot", &agent).admission.status, 101);
  visit_close(&w);
  config.max_participants = 0;
  config.auto_create = false;
  visit_open(&w, &config);
  struct visitor v = visit_join(&w, "a", NULL);
  assert_int_equal(v.admission.status, 404);
  assert_string_equal(v.admission.body, "requested room does not exist");
  visit_close(&w);
  config.auto_create = true;
  config.participants = 1;
  visit_open(&w, &config);
  assert_int_equal(visit_join(&w, "a", NULL).admission.status, 101);
  assert_int_equal(visit_join(&w, "b", NULL).admission.status, 503);
  visit_close(&w);
}

static void who_publishes_too_fast_is_not_told_to(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options python = {.sdk = "python"}, swift = {.sdk = "swift"};
  struct visitor slow = visit_join(&w, "python", &python), quick = visit_join(&w, "swift", &swift);
  assert_false(visit_find(&w, &slow, SAYS(JOIN), 0)->join->fast_publish);
  assert_true(visit_find(&w, &quick, SAYS(JOIN), 0)->join->fast_publish);
  visit_close(&w);
}

static void permissions_are_kept(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options mute = {.no_publish = true, .no_subscribe = true, .single = true};
  struct visitor v = visit_join(&w, "listener", &mute);
  assert_false(visit_find(&w, &v, SAYS(JOIN), 0)->join->fast_publish);
  visit_add_track(&w, &v, "cid");
  assert_int_equal(visit_find(&w, &v, SAYS(REQUEST_RESPONSE), 0)->request_response->reason,
                   LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED);
  visit_offer(&w, &v, 1, "srd", (const char *const[]){"cid"});
  assert_null(strstr(visit_find(&w, &v, SAYS(ANSWER), 0)->answer->sdp, "a=recvonly"));
  (void)visit_talker(&w, "ann", "sd", true);
  visit_advance(&w, second_us);
  assert_int_equal(visit_count(&w, &v, SAYS(MEDIA_SECTIONS_REQUIREMENT)), 0);
  assert_int_equal(doubles_subscription_count(), 0);
  const struct visit_options hidden = {.hidden = true};
  struct visitor spy = visit_join(&w, "spy", &hidden);
  assert_null(visit_info(&w, &v, spy.sid));
  struct visitor late = visit_join(&w, "late", NULL);
  assert_int_equal(visit_find(&w, &late, SAYS(JOIN), 0)->join->n_other_participants, 2);
  visit_close(&w);
}

static void update_subscription(struct visit_world *w, const struct visitor *v, const char *sid, bool on) {
  char *sids[1] = {(char *)sid};
  Livekit__UpdateSubscription update = LIVEKIT__UPDATE_SUBSCRIPTION__INIT;
  update.track_sids = sids;
  update.n_track_sids = 1;
  update.subscribe = on;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_SUBSCRIPTION;
  request.subscription = &update;
  visit_say(w, v, &request);
}

static void listeners_choose(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  char track[32];
  snprintf(track, sizeof track, "%s",
           visit_find(&w, &ann, SAYS(TRACK_PUBLISHED), 0)->track_published->track->sid);
  const struct visit_options manual = {.manual = true};
  struct visitor bob = visit_join(&w, "bob", &manual);
  visit_answer(&w, &bob);
  assert_int_equal(doubles_subscription_count(), 0);
  update_subscription(&w, &bob, track, true);
  visit_advance(&w, second_us);
  visit_answer(&w, &bob);
  assert_int_not_equal(living_subscription(0)->peer, 0);
  char *sids[1] = {track};
  Livekit__UpdateTrackSettings settings = LIVEKIT__UPDATE_TRACK_SETTINGS__INIT;
  settings.track_sids = sids;
  settings.n_track_sids = 1;
  settings.disabled = true;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_TRACK_SETTING;
  request.track_setting = &settings;
  visit_say(&w, &bob, &request);
  assert_true(living_subscription(0)->disabled);
  update_subscription(&w, &bob, track, false);
  assert_int_equal(doubles_subscription_count(), 0);
  update_subscription(&w, &bob, "TR_later", true);
  visit_advance(&w, 59 * second_us);
  assert_int_equal(visit_count(&w, &bob, SAYS(SUBSCRIPTION_RESPONSE)), 0);
  visit_clear(&w);
  visit_close(&w);
}

static void unknown_track_is_answered_after_a_minute(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", true);
  update_subscription(&w, &ann, "TR_never", true);
  visit_advance(&w, 59 * second_us);
  assert_int_equal(visit_count(&w, &ann, SAYS(SUBSCRIPTION_RESPONSE)), 0);
  visit_advance(&w, 2 * second_us);
  const Livekit__SubscriptionResponse *answer =
      visit_find(&w, &ann, SAYS(SUBSCRIPTION_RESPONSE), 0)->subscription_response;
  assert_string_equal(answer->track_sid, "TR_never");
  assert_int_equal(answer->err, LIVEKIT__SUBSCRIPTION_ERROR__SE_TRACK_NOTFOUND);
  visit_close(&w);
}

static void publishers_choose_their_audience(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", true), bob = visit_talker(&w, "bob", "sdr", true);
  visit_advance(&w, second_us);
  assert_int_equal(doubles_subscription_count(), 2);
  visit_clear(&w);
  Livekit__SubscriptionPermission permission = LIVEKIT__SUBSCRIPTION_PERMISSION__INIT;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_SUBSCRIPTION_PERMISSION;
  request.subscription_permission = &permission; // nobody
  visit_say(&w, &ann, &request);
  const Livekit__SubscriptionPermissionUpdate *update =
      visit_find(&w, &bob, SAYS(SUBSCRIPTION_PERMISSION_UPDATE), -1)->subscription_permission_update;
  assert_false(update->allowed);
  assert_string_equal(update->participant_sid, ann.sid);
  assert_int_equal(doubles_subscription_count(), 1);
  Livekit__TrackPermission one = LIVEKIT__TRACK_PERMISSION__INIT, *list[1] = {&one};
  one.participant_identity = (char *)"bob";
  one.all_tracks = true;
  permission.track_permissions = list;
  permission.n_track_permissions = 1;
  visit_say(&w, &ann, &request);
  update = visit_find(&w, &bob, SAYS(SUBSCRIPTION_PERMISSION_UPDATE), -1)->subscription_permission_update;
  assert_true(update->allowed);
  assert_int_equal(doubles_subscription_count(), 2);
  visit_close(&w);
}

static void words_about_oneself(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  const struct visit_options may = {.may_update = true};
  struct visitor ann = visit_join(&w, "ann", &may), bob = visit_join(&w, "bob", NULL);
  Livekit__UpdateParticipantMetadata update = LIVEKIT__UPDATE_PARTICIPANT_METADATA__INIT;
  Livekit__UpdateParticipantMetadata__AttributesEntry entry =
      LIVEKIT__UPDATE_PARTICIPANT_METADATA__ATTRIBUTES_ENTRY__INIT;
  Livekit__UpdateParticipantMetadata__AttributesEntry *entries[1] = {&entry};
  entry.key = (char *)"mood";
  entry.value = (char *)"good";
  update.attributes = entries;
  update.n_attributes = 1;
  update.name = (char *)"Ann";
  update.request_id = 77;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_UPDATE_METADATA;
  request.update_metadata = &update;
  visit_say(&w, &ann, &request);
  const Livekit__RequestResponse *answer = visit_find(&w, &ann, SAYS(REQUEST_RESPONSE), -1)->request_response;
  assert_int_equal(answer->reason, LIVEKIT__REQUEST_RESPONSE__REASON__OK);
  assert_int_equal(answer->request_id, 77);
  assert_string_equal(visit_info(&w, &ann, ann.sid)->name, "Ann");
  assert_string_equal(visit_info(&w, &bob, ann.sid)->attributes[0]->value, "good");
  entry.value = (char *)""; // deletes
  visit_say(&w, &ann, &request);
  assert_int_equal(visit_info(&w, &bob, ann.sid)->n_attributes, 0);
  char long_name[OH_NAME_MAX + 2];
  memset(long_name, 'x', sizeof long_name);
  long_name[sizeof long_name - 1] = 0;
  update.name = long_name;
  visit_say(&w, &ann, &request);
  answer = visit_find(&w, &ann, SAYS(REQUEST_RESPONSE), -1)->request_response;
  assert_int_equal(answer->reason, LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED);
  visit_say(&w, &bob, &request);
  answer = visit_find(&w, &bob, SAYS(REQUEST_RESPONSE), -1)->request_response;
  assert_int_equal(answer->reason, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED);
  visit_close(&w);
}

static void pings_are_answered(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_join(&w, "ann", NULL);
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_PING;
  request.ping = 5;
  visit_say(&w, &ann, &request);
  assert_int_equal(visit_find(&w, &ann, SAYS(PONG), 0)->pong, 1790000000000 + w.now_us / 1000);
  Livekit__Ping ping = LIVEKIT__PING__INIT;
  ping.timestamp = 1234;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_PING_REQ;
  request.ping_req = &ping;
  visit_say(&w, &ann, &request);
  assert_int_equal(visit_find(&w, &ann, SAYS(PONG_RESP), 0)->pong_resp->last_ping_timestamp, 1234);
  visit_close(&w);
}

static void speakers_and_quality_reach_those_who_hear(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_talker(&w, "ann", "sd", true), bob = visit_talker(&w, "bob", "sdr", true);
  const struct visit_options manual = {.manual = true};
  struct visitor deaf = visit_join(&w, "deaf", &manual);
  visit_advance(&w, second_us);
  visit_clear(&w);
  oh_id ann_member = living_track(0)->member;
  doubles.sfu_events[doubles.sfu_event_count++] =
      (struct oh_sfu_event){.type = OH_SFU_SPEAKER, .member = ann_member, .level = 0.5f, .active = true};
  doubles.sfu_events[doubles.sfu_event_count++] = (struct oh_sfu_event){
      .type = OH_SFU_QUALITY, .member = ann_member, .quality = OH_QUALITY_POOR, .score = 2, .changed = true};
  oh_house_tick(w.house, w.now_us);
  visit_collect(&w);
  const Livekit__SpeakerInfo *speaker =
      visit_find(&w, &bob, SAYS(SPEAKERS_CHANGED), 0)->speakers_changed->speakers[0];
  assert_string_equal(speaker->sid, ann.sid);
  assert_true(speaker->active);
  assert_int_equal(visit_count(&w, &ann, SAYS(SPEAKERS_CHANGED)), 1);
  assert_int_equal(visit_count(&w, &deaf, SAYS(SPEAKERS_CHANGED)), 0);
  assert_int_equal(visit_find(&w, &bob, SAYS(CONNECTION_QUALITY), 0)->connection_quality->updates[0]->quality,
                   LIVEKIT__CONNECTION_QUALITY__POOR);
  assert_int_equal(visit_count(&w, &deaf, SAYS(CONNECTION_QUALITY)), 0);
  visit_close(&w);
}

static void limits_hold(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_join(&w, "ann", NULL);
  char cid[16];
  for (int i = 0; i < OH_PENDING_TRACKS_MAX + 1; i++) {
    snprintf(cid, sizeof cid, "c%d", i);
    visit_add_track(&w, &ann, cid);
  }
  assert_int_equal(visit_count(&w, &ann, SAYS(TRACK_PUBLISHED)), OH_PENDING_TRACKS_MAX);
  assert_int_equal(visit_find(&w, &ann, SAYS(REQUEST_RESPONSE), -1)->request_response->reason,
                   LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED);
  visit_clear(&w);
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_PING;
  for (int i = 0; i < OH_SIGNAL_BURST + 1; i++) { // no time passes
    visit_say(&w, &ann, &request);
    if (i % 100 == 0 && i <= 400) visit_clear(&w);
  }
  assert_int_equal(visit_last_frame(&w, &ann)->kind, OH_FRAME_CLOSE);
  assert_int_equal(visit_last_frame(&w, &ann)->close_code, 1008);
  visit_close(&w);
}

static void liars_are_shown_the_door(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor bad = visit_join(&w, "bad", NULL);
  oh_house_recv(w.house, w.now_us, bad.session, false, (const uint8_t *)"\xff\xff\xff", 3);
  visit_collect(&w);
  assert_int_equal(visit_last_frame(&w, &bad)->kind, OH_FRAME_CLOSE);
  struct visitor worse = visit_join(&w, "worse", NULL);
  // update_metadata { name: "\xc3(" }: not UTF-8, would break everybody it is sent to
  static const uint8_t frame[] = {0x7a, 0x04, 0x12, 0x02, 0xc3, 0x28};
  oh_house_recv(w.house, w.now_us, worse.session, false, frame, sizeof frame);
  visit_collect(&w);
  assert_int_equal(visit_last_frame(&w, &worse)->kind, OH_FRAME_CLOSE);
  assert_true(w.world.counters.value[OH_COUNT_signal_drop_malformed] == 2);
  struct visitor worst = visit_join(&w, "worst", NULL);
  Livekit__SessionDescription offer = LIVEKIT__SESSION_DESCRIPTION__INIT;
  offer.sdp = (char *)"v=0\r\nnonsense";
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_OFFER;
  request.offer = &offer;
  visit_say(&w, &worst, &request);
  assert_int_equal(visit_find(&w, &worst, SAYS(LEAVE), 0)->leave->reason,
                   LIVEKIT__DISCONNECT_REASON__STATE_MISMATCH);
  oh_house_recv(w.house, w.now_us, 0xdeadbeef, false, frame, sizeof frame); // nobody
  oh_house_signal_closed(w.house, w.now_us, 0xdeadbeef);
  visit_close(&w);
}

// A client that writes JSON is answered in JSON, until it writes protobuf again.
static void json_frames(void **state) {
  (void)state;
  struct visit_world w;
  visit_open(&w, NULL);
  struct visitor ann = visit_join(&w, "ann", NULL);
  static const char ping[] = "{\"pingReq\":{\"timestamp\":\"42\",\"rtt\":\"7\"}}";
  oh_house_recv(w.house, w.now_us, ann.session, true, (const uint8_t *)ping, strlen(ping));
  visit_collect(&w);
  const struct oh_frame *frame = visit_last_frame(&w, &ann);
  assert_int_equal(frame->kind, OH_FRAME_TEXT);
  struct oh_str text = {.data = (const char *)frame->data, .len = frame->len};
  char *copy = oh_str_dup(text);
  assert_non_null(strstr(copy, "\"pongResp\""));
  assert_non_null(strstr(copy, "\"lastPingTimestamp\":\"42\""));
  free(copy);
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_PING;
  visit_say(&w, &ann, &request);
  assert_int_equal(visit_last_frame(&w, &ann)->kind, OH_FRAME_BINARY);
  oh_house_recv(w.house, w.now_us, ann.session, true, (const uint8_t *)"{\"ping", 6);
  visit_collect(&w);
  assert_int_equal(visit_last_frame(&w, &ann)->kind, OH_FRAME_CLOSE);
  visit_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(join_response_is_complete),
      cmocka_unit_test(video_is_refused_where_clients_look),
      cmocka_unit_test(dual_client_publishes_and_hears),
      cmocka_unit_test(single_client_hears_in_its_first_answer),
      cmocka_unit_test(single_client_is_asked_for_sections),
      cmocka_unit_test(offer_may_come_before_add_track),
      cmocka_unit_test(firefox_names_tracks_differently),
      cmocka_unit_test(same_cid_waits_in_line),
      cmocka_unit_test(unpublishing_is_told_and_sections_are_used_again),
      cmocka_unit_test(one_offer_is_outstanding),
      cmocka_unit_test(mute_is_told_to_all),
      cmocka_unit_test(only_the_primary_connection_makes_active),
      cmocka_unit_test(room_may_be_full_missing_or_the_worker_full),
      cmocka_unit_test(who_publishes_too_fast_is_not_told_to),
      cmocka_unit_test(permissions_are_kept),
      cmocka_unit_test(listeners_choose),
      cmocka_unit_test(unknown_track_is_answered_after_a_minute),
      cmocka_unit_test(publishers_choose_their_audience),
      cmocka_unit_test(words_about_oneself),
      cmocka_unit_test(pings_are_answered),
      cmocka_unit_test(speakers_and_quality_reach_those_who_hear),
      cmocka_unit_test(limits_hold),
      cmocka_unit_test(liars_are_shown_the_door),
      cmocka_unit_test(json_frames),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
