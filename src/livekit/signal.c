// signal.c — see signal.h
#include "livekit/signal.h"
#include "livekit/data_blob.h"
#include "livekit/departure.h"
#include "livekit/negotiation.h"
#include "livekit/profile.h"
#include "livekit/publish.h"
#include "livekit/resume.h"
#include "livekit/simulate.h"
#include "livekit/subscribe.h"
#include <jansson.h>

static void on_offer(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                     const Livekit__SignalRequest *request) {
  oh_negotiate_offer(house, now_us, p, request->offer);
}

static void on_answer(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                      const Livekit__SignalRequest *request) {
  oh_negotiate_answer(house, now_us, p, request->answer);
}

// Our addresses are in the SDP and clients check us (ICE-lite): their candidates are only looked at for form.
static void on_trickle(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                       const Livekit__SignalRequest *request) {
  (void)now_us;
  json_t *init = json_loads(request->trickle->candidateinit, 0, NULL);
  bool good = json_is_object(init);
  json_decref(init);
  if (good) return;
  Livekit__RequestResponse answer = LIVEKIT__REQUEST_RESPONSE__INIT;
  answer.reason = LIVEKIT__REQUEST_RESPONSE__REASON__UNCLASSIFIED_ERROR;
  answer.message = (char *)"cannot parse the candidate";
  answer.request_case = LIVEKIT__REQUEST_RESPONSE__REQUEST_TRICKLE;
  answer.trickle = request->trickle;
  oh_participant_answer(house, p, &answer);
}

static void on_add_track(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                         const Livekit__SignalRequest *request) {
  oh_publish_add(house, now_us, p, request->add_track);
  oh_negotiate_adopt(house, now_us, p);
}

static void on_mute(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                    const Livekit__SignalRequest *request) {
  struct oh_track *track = oh_track_by_sid(p, request->mute->sid);
  if (track) return oh_publish_mute(house, now_us, track, request->mute->muted);
  Livekit__RequestResponse answer = LIVEKIT__REQUEST_RESPONSE__INIT;
  answer.reason = LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND;
  answer.message = (char *)"track not found";
  answer.request_case = LIVEKIT__REQUEST_RESPONSE__REQUEST_MUTE;
  answer.mute = request->mute;
  oh_participant_answer(house, p, &answer);
}

static void on_subscription(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                            const Livekit__SignalRequest *request) {
  oh_subscribe_update(house, now_us, p, request->subscription);
}

static void on_track_setting(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                             const Livekit__SignalRequest *request) {
  oh_subscribe_settings(house, now_us, p, request->track_setting);
}

static void on_leave(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                     const Livekit__SignalRequest *request) {
  oh_departure_left(house, now_us, p, request->leave);
}

static void on_permission(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                          const Livekit__SignalRequest *request) {
  oh_subscribe_permission(house, now_us, p, request->subscription_permission);
}

static void on_sync_state(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                          const Livekit__SignalRequest *request) {
  oh_resume_sync(house, now_us, p, request->sync_state);
}

static void on_simulate(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                        const Livekit__SignalRequest *request) {
  oh_simulate(house, now_us, p, request->simulate);
}

static void on_ping(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                    const Livekit__SignalRequest *request) {
  (void)request;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_PONG;
  response.pong = oh_house_unix_ms(house, now_us);
  oh_participant_send(house, p, &response);
}

static void on_ping_req(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                        const Livekit__SignalRequest *request) {
  Livekit__Pong pong = LIVEKIT__PONG__INIT;
  pong.last_ping_timestamp = request->ping_req->timestamp;
  pong.timestamp = oh_house_unix_ms(house, now_us);
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_PONG_RESP;
  response.pong_resp = &pong;
  oh_participant_send(house, p, &response);
}

static void on_update_metadata(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                               const Livekit__SignalRequest *request) {
  (void)now_us;
  oh_profile_update(house, p, request->update_metadata);
}

static void on_update_audio_track(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                                  const Livekit__SignalRequest *request) {
  (void)now_us;
  const Livekit__UpdateLocalAudioTrack *update = request->update_audio_track;
  struct oh_track *track = oh_track_by_sid(p, update->track_sid);
  if (track) return oh_publish_set_features(house, track, update->features, update->n_features);
  Livekit__RequestResponse answer = LIVEKIT__REQUEST_RESPONSE__INIT;
  answer.reason = LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND;
  answer.message = (char *)"track not found";
  answer.request_case = LIVEKIT__REQUEST_RESPONSE__REQUEST_UPDATE_AUDIO_TRACK;
  answer.update_audio_track = request->update_audio_track;
  oh_participant_answer(house, p, &answer);
}

static void on_publish_data_track(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                                  const Livekit__SignalRequest *request) {
  oh_data_track_publish(house, now_us, p, request->publish_data_track_request);
}

static void on_unpublish_data_track(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                                    const Livekit__SignalRequest *request) {
  (void)now_us;
  oh_data_track_unpublish(house, p, request->unpublish_data_track_request);
}

static void on_data_subscription(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                                 const Livekit__SignalRequest *request) {
  (void)now_us;
  oh_data_track_subscribe(house, p, request->update_data_subscription);
}

static void on_store_data_blob(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                               const Livekit__SignalRequest *request) {
  (void)now_us;
  oh_data_blob_store(house, p, request->store_data_blob_request);
}

static void on_get_data_blob(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                             const Livekit__SignalRequest *request) {
  (void)now_us;
  oh_data_blob_get(house, p, request->get_data_blob_request);
}

typedef void handler(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                     const Livekit__SignalRequest *request);
// By field number of SignalRequest. What is not here (video) needs no reaction.
static handler *const handlers[] = {
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_OFFER] = on_offer,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_ANSWER] = on_answer,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_TRICKLE] = on_trickle,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_ADD_TRACK] = on_add_track,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_MUTE] = on_mute,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_SUBSCRIPTION] = on_subscription,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_TRACK_SETTING] = on_track_setting,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_LEAVE] = on_leave,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_SUBSCRIPTION_PERMISSION] = on_permission,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_SYNC_STATE] = on_sync_state,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_SIMULATE] = on_simulate,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_PING] = on_ping,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_UPDATE_METADATA] = on_update_metadata,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_PING_REQ] = on_ping_req,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_UPDATE_AUDIO_TRACK] = on_update_audio_track,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_PUBLISH_DATA_TRACK_REQUEST] = on_publish_data_track,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_UNPUBLISH_DATA_TRACK_REQUEST] = on_unpublish_data_track,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_UPDATE_DATA_SUBSCRIPTION] = on_data_subscription,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_STORE_DATA_BLOB_REQUEST] = on_store_data_blob,
    [LIVEKIT__SIGNAL_REQUEST__MESSAGE_GET_DATA_BLOB_REQUEST] = on_get_data_blob,
};

void oh_signal_recv(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                    const Livekit__SignalRequest *request) {
  size_t kind = (size_t)request->message_case;
  if (kind < sizeof handlers / sizeof *handlers && handlers[kind])
    handlers[kind](house, now_us, participant, request);
}
