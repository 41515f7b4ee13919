// resume.c — see resume.h
#include "livekit/resume.h"
#include "base/limits.h"
#include "livekit/admission.h"
#include "livekit/departure.h"
#include "livekit/negotiation.h"
#include "livekit/publish.h"
#include "livekit/refresh.h"
#include "livekit/subscribe.h"

enum { SIGNAL_REPLACED = 4000 }; // RFC 6455 7.4.2: private use; any but 1000 makes livekit-client resume

// True if a simulated scenario wants this resume to fail.
static bool cut(struct oh_participant *p, int64_t now_us) {
  if (p->cuts == 0 || now_us > p->cut_us) return false;
  p->cuts--;
  return true;
}

static void send_reconnect(struct oh_house *house, int64_t now_us, const struct oh_participant *p,
                           struct oh_session *session) {
  Livekit__ReconnectResponse reconnect = LIVEKIT__RECONNECT_RESPONSE__INIT;
  reconnect.last_message_seq = p->data_sequence; // it sends again what comes after
  reconnect.server_info = oh_admission_server_info(house);
  reconnect.ice_servers = oh_admission_ice_servers(house, now_us, p, &reconnect.n_ice_servers);
  reconnect.client_configuration = oh_admission_client_configuration(house, p);
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_RECONNECT;
  response.reconnect = &reconnect;
  oh_session_send(house, session, &response);
}

// Everybody, the client itself too: rust clients take whoever is missing for gone.
static void send_everybody(struct oh_house *house, struct oh_participant *p, struct oh_session *session) {
  struct oh_room *room = p->room;
  Livekit__ParticipantUpdate update = LIVEKIT__PARTICIPANT_UPDATE__INIT;
  update.participants =
      oh_scratch_take(&house->scratch, room->participant_count * sizeof *update.participants);
  for (const struct oh_participant *other = room->participants; other; other = other->next)
    if (other == p || !other->claims.video.hidden)
      update.participants[update.n_participants++] = oh_participant_describe(house, other);
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UPDATE;
  response.update = &update;
  oh_session_send(house, session, &response);
}

// Those who went while nobody listened; livekit-client needs them by name.
static void send_departed(struct oh_house *house, struct oh_participant *p, struct oh_session *session) {
  struct oh_room *room = p->room;
  Livekit__ParticipantUpdate update = LIVEKIT__PARTICIPANT_UPDATE__INIT;
  update.participants = oh_scratch_take(&house->scratch, OH_DEPARTED_MAX * sizeof *update.participants);
  for (uint32_t i = 0; i < room->departed_count; i++) {
    const struct oh_departed *gone = &room->departed[i];
    if (gone->at_us < p->signal_lost_us || oh_participant_by_identity(room, gone->identity)) continue;
    Livekit__ParticipantInfo *info = oh_scratch_take(&house->scratch, sizeof *info);
    livekit__participant_info__init(info);
    info->sid = (char *)gone->sid.text;
    info->identity = gone->identity;
    info->state = LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED;
    info->disconnect_reason = gone->reason;
    info->version = gone->version;
    update.participants[update.n_participants++] = info;
  }
  if (update.n_participants == 0) return;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UPDATE;
  response.update = &update;
  oh_session_send(house, session, &response);
}

static void send_room(struct oh_house *house, struct oh_participant *p, struct oh_session *session) {
  Livekit__RoomUpdate update = LIVEKIT__ROOM_UPDATE__INIT;
  update.room = oh_room_describe(house, p->room);
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_ROOM_UPDATE;
  response.room_update = &update;
  oh_session_send(house, session, &response);
}

void oh_resume(struct oh_house *house, int64_t now_us, struct oh_participant *p, struct oh_session *session) {
  struct oh_session *old = oh_participant_session(house, p);
  if (old) {
    old->participant = 0;
    oh_session_close(house, old, SIGNAL_REPLACED);
    p->signal_lost_us = old->last_recv_us; // what it heard after that is uncertain
  }
  oh_count(&house->world->counters, OH_COUNT_resumes);
  oh_negotiate_pause(p);
  p->session = session->id;
  session->participant = p->id;
  p->resume_by_us = OH_NEVER;
  bool broken = cut(p, now_us);
  if (broken && p->cut_silent) {
    session->participant = p->session = 0;
    return oh_session_abort(house, session);
  }
  oh_log(&house->world->log, OH_LOG_INFO, "signalling resumed", "room=%s identity=%s", p->room->name,
         p->claims.identity);
  send_reconnect(house, now_us, p, session);
  send_departed(house, p, session);
  send_everybody(house, p, session);
  send_room(house, p, session);
  // what it was told last may have been lost with its line
  if (p->data.heard) oh_data_track_tell_handles(house, p);
  if (broken) {
    session->participant = p->session = 0;
    return oh_session_abort(house, session);
  }
  oh_id id = p->id;
  oh_negotiate_restart(house, now_us, p);
  p = oh_participant_at(house, id); // it may have been given up
  if (p) oh_refresh_send(house, now_us, p);
}

void oh_resume_sync(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                    const Livekit__SyncState *state) {
  for (size_t i = 0; i < state->n_publish_tracks; i++) {
    const Livekit__TrackInfo *info = state->publish_tracks[i]->track;
    if (info && oh_track_by_sid(p, info->sid)) continue;
    return oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__STATE_MISMATCH,
                                LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  }
  if (!oh_data_track_knows(p, state))
    return oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__STATE_MISMATCH,
                                LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  for (size_t i = 0; i < state->n_track_sids_disabled; i++)
    oh_subscribe_disable(house, now_us, p, state->track_sids_disabled[i], true);
  if (state->subscription) oh_subscribe_update(house, now_us, p, state->subscription);
  if (state->data_subscription) oh_data_track_subscribe(house, p, state->data_subscription);
}
