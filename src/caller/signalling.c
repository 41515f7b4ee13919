// signalling.c — the messages a caller sends and understands (facts/LIVEKIT.md 2, 3).
#include "base/check.h"
#include "caller/state.h"
#include "signal.pb-c.h"
#include <stdio.h>
#include <stdlib.h>

enum { MEDIA_US = 12 * 1000 * 1000 }; // from joining or resuming to media, before everything is rebuilt

static void send_request(struct oh_caller *c, const Livekit__SignalRequest *request) {
  struct oh_caller_frame *frame = calloc(1, sizeof *frame);
  OH_CHECK(frame);
  frame->len = livekit__signal_request__get_packed_size(request);
  frame->data = malloc(frame->len + 1);
  OH_CHECK(frame->data);
  livekit__signal_request__pack(request, frame->data);
  if (!c->frames) c->frames_end = &c->frames;
  *c->frames_end = frame;
  c->frames_end = &frame->next;
}

bool oh_caller_next_frame(struct oh_caller *c, uint8_t **data, size_t *len) {
  struct oh_caller_frame *frame = c->frames;
  if (!frame || c->state == OH_CALLER_STATE_DIALING) return false;
  *data = frame->data;
  *len = frame->len;
  c->frames = frame->next;
  free(frame);
  return true;
}

void oh_caller_drop_frames(struct oh_caller *c) {
  while (c->frames) {
    struct oh_caller_frame *frame = c->frames;
    c->frames = frame->next;
    free(frame->data);
    free(frame);
  }
}

void oh_caller_ping(struct oh_caller *c, int64_t now_us) {
  c->ping_us = now_us + c->ping_interval_us;
  Livekit__Ping ping = LIVEKIT__PING__INIT;
  ping.timestamp = oh_unix_us(c->world, now_us) / 1000;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_PING_REQ;
  request.ping_req = &ping;
  send_request(c, &request);
}

static void send_offer(struct oh_caller *c) {
  struct oh_leg *leg = &c->legs[0];
  if (leg->offer_pending) {
    leg->offer_wanted = true;
    return;
  }
  Livekit__SessionDescription offer = LIVEKIT__SESSION_DESCRIPTION__INIT;
  offer.type = "offer";
  offer.sdp = oh_leg_offer(leg, c->cid);
  offer.id = leg->offer_id;
  OH_CHECK(offer.sdp);
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_OFFER;
  request.offer = &offer;
  send_request(c, &request);
  free(offer.sdp);
}

static void send_add_track(struct oh_caller *c) {
  Livekit__AddTrackRequest track = LIVEKIT__ADD_TRACK_REQUEST__INIT;
  track.cid = c->cid;
  track.name = "microphone";
  track.source = LIVEKIT__TRACK_SOURCE__MICROPHONE;
  track.disable_red = 1;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_ADD_TRACK;
  request.add_track = &track;
  send_request(c, &request);
}

void oh_caller_mute(struct oh_caller *c, bool muted) {
  c->muted = muted;
  if (!c->published || c->state != OH_CALLER_STATE_JOINED) return;
  Livekit__MuteTrackRequest mute = LIVEKIT__MUTE_TRACK_REQUEST__INIT;
  mute.sid = c->track_sid;
  mute.muted = muted;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_MUTE;
  request.mute = &mute;
  send_request(c, &request);
}

void oh_caller_leave(struct oh_caller *c) {
  Livekit__LeaveRequest leave = LIVEKIT__LEAVE_REQUEST__INIT;
  leave.reason = LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_LEAVE;
  request.leave = &leave;
  if (c->state == OH_CALLER_STATE_JOINED) send_request(c, &request);
  oh_caller_finish(c, LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED, "left");
}

void oh_caller_forget_others(struct oh_caller *c) {
  while (c->other_count)
    free(c->others[--c->other_count].name);
}

const char *oh_caller_name(const struct oh_caller *c, const char *sid) {
  for (uint32_t i = 0; i < c->other_count; i++)
    if (strcmp(c->others[i].sid, sid) == 0) return c->others[i].name;
  return "";
}

// What the server tells us of ourselves: a mute it missed while signalling was away is said again, as
// livekit-client does.
static void note_self(struct oh_caller *c, const Livekit__ParticipantInfo *info) {
  for (size_t i = 0; i < info->n_tracks; i++)
    if (strcmp(info->tracks[i]->sid, c->track_sid) == 0 && (info->tracks[i]->muted != 0) != c->muted)
      oh_caller_mute(c, c->muted);
}

static void note_participant(struct oh_caller *c, const Livekit__ParticipantInfo *info) {
  if (strcmp(info->sid, c->sid) == 0) return note_self(c, info);
  bool gone = info->state == LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED;
  const char *name = info->name[0] ? info->name : info->identity;
  for (uint32_t i = 0; i < c->other_count; i++) {
    struct oh_caller_other *other = &c->others[i];
    if (strcmp(other->sid, info->sid) != 0) continue;
    free(other->name);
    if (gone)
      *other = c->others[--c->other_count];
    else
      other->name = oh_str_dup(oh_str(name));
    return;
  }
  if (gone || strlen(info->sid) >= sizeof c->others[0].sid) return;
  if (c->other_count == c->other_cap) {
    c->other_cap = c->other_cap ? c->other_cap * 2 : 8;
    c->others = realloc(c->others, c->other_cap * sizeof *c->others);
    OH_CHECK(c->others);
  }
  struct oh_caller_other *other = &c->others[c->other_count++];
  snprintf(other->sid, sizeof other->sid, "%s", info->sid);
  other->name = oh_str_dup(oh_str(name));
}

static void on_published(struct oh_caller *c, const Livekit__TrackPublishedResponse *published) {
  if (!published->track || strcmp(published->cid, c->cid) != 0) return;
  snprintf(c->track_sid, sizeof c->track_sid, "%s", published->track->sid);
  c->published = true;
  oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_PUBLISHED, .track = c->track_sid});
  if (c->muted) oh_caller_mute(c, true);
  if (c->config.two_peer_connections) send_offer(c);
}

static void on_join(struct oh_caller *c, int64_t now_us, const Livekit__JoinResponse *join) {
  if (!join->participant) return;
  snprintf(c->sid, sizeof c->sid, "%s", join->participant->sid);
  c->state = OH_CALLER_STATE_JOINED;
  c->ping_interval_us = (join->ping_interval > 0 ? join->ping_interval : 5) * INT64_C(1000000);
  c->ping_timeout_us = (join->ping_timeout > 0 ? join->ping_timeout : 15) * INT64_C(1000000);
  c->ping_us = now_us + c->ping_interval_us;
  c->check_us = now_us + MEDIA_US;
  oh_caller_forget_others(c);
  for (size_t i = 0; i < join->n_other_participants; i++)
    note_participant(c, join->other_participants[i]);
  if (c->config.publish && c->config.two_peer_connections) send_add_track(c);
  oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_JOINED, .participant = c->sid});
}

// Resumed: state what we have (SyncState), then restart ICE from our side.
static void on_reconnect(struct oh_caller *c, int64_t now_us) {
  c->state = OH_CALLER_STATE_JOINED;
  c->ping_us = now_us + c->ping_interval_us;
  c->check_us = now_us + MEDIA_US;
  Livekit__SyncState sync = LIVEKIT__SYNC_STATE__INIT;
  Livekit__UpdateSubscription subscription = LIVEKIT__UPDATE_SUBSCRIPTION__INIT;
  sync.subscription = &subscription;
  Livekit__TrackInfo track = LIVEKIT__TRACK_INFO__INIT;
  Livekit__TrackPublishedResponse published = LIVEKIT__TRACK_PUBLISHED_RESPONSE__INIT, *list = &published;
  track.sid = c->track_sid;
  published.cid = c->cid;
  published.track = &track;
  if (c->published) {
    sync.n_publish_tracks = 1;
    sync.publish_tracks = &list;
  }
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_SYNC_STATE;
  request.sync_state = &sync;
  send_request(c, &request);
  if (c->legs[0].described || !c->config.two_peer_connections) {
    oh_leg_restart(&c->legs[0], now_us);
    send_offer(c);
  }
  oh_caller_mute(c, c->muted); // what was said while the line was down was not heard
  oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_RESUMED});
}

static void on_answer(struct oh_caller *c, int64_t now_us, const Livekit__SessionDescription *answer) {
  struct oh_leg *leg = &c->legs[0];
  if (answer->id && answer->id != leg->offer_id) return; // of an offer we have replaced since
  if (!oh_leg_answered(leg, now_us, oh_str(answer->sdp))) {
    oh_caller_reconnect(c, now_us, false);
    return;
  }
  if (leg->offer_wanted) send_offer(c);
}

static void on_offer(struct oh_caller *c, int64_t now_us, const Livekit__SessionDescription *offer) {
  if (!c->config.two_peer_connections) return;
  Livekit__SessionDescription answer = LIVEKIT__SESSION_DESCRIPTION__INIT;
  answer.type = "answer";
  answer.sdp = oh_leg_answer(&c->legs[1], now_us, oh_str(offer->sdp));
  answer.id = offer->id;
  if (!answer.sdp) {
    oh_caller_reconnect(c, now_us, false);
    return;
  }
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_ANSWER;
  request.answer = &answer;
  send_request(c, &request);
  free(answer.sdp);
}

static void on_leave(struct oh_caller *c, int64_t now_us, const Livekit__LeaveRequest *leave) {
  if (leave->action == LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT)
    oh_caller_finish(c, (int)leave->reason, "the server ended the call");
  else
    oh_caller_reconnect(c, now_us, leave->action == LIVEKIT__LEAVE_REQUEST__ACTION__RESUME);
}

static void on_message(struct oh_caller *c, int64_t now_us, const Livekit__SignalResponse *m) {
  switch (m->message_case) {
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_JOIN: on_join(c, now_us, m->join); break;
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_RECONNECT: on_reconnect(c, now_us); break;
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_ANSWER: on_answer(c, now_us, m->answer); break;
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_OFFER: on_offer(c, now_us, m->offer); break;
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_TRACK_PUBLISHED: on_published(c, m->track_published); break;
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_LEAVE: on_leave(c, now_us, m->leave); break;
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UPDATE:
    for (size_t i = 0; i < m->update->n_participants; i++)
      note_participant(c, m->update->participants[i]);
    break;
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_REFRESH_TOKEN:
    free(c->token);
    c->token = oh_str_dup(oh_str(m->refresh_token));
    break;
  case LIVEKIT__SIGNAL_RESPONSE__MESSAGE_MEDIA_SECTIONS_REQUIREMENT:
    c->legs[0].spare_sections += m->media_sections_requirement->num_audios;
    if (c->legs[0].spare_sections > OH_LEG_PROPOSALS - 2) c->legs[0].spare_sections = OH_LEG_PROPOSALS - 2;
    send_offer(c);
    break;
  default: break; // candidates stand in the SDP; the rest is for screens
  }
}

void oh_caller_recv(struct oh_caller *c, int64_t now_us, const uint8_t *data, size_t len) {
  c->now_us = now_us;
  if (c->state == OH_CALLER_STATE_LEFT || c->state == OH_CALLER_STATE_DIALING) return;
  Livekit__SignalResponse *message = livekit__signal_response__unpack(NULL, len, data);
  if (!message) {
    oh_caller_reconnect(c, now_us, true);
    return;
  }
  on_message(c, now_us, message);
  livekit__signal_response__free_unpacked(message, NULL);
  if (c->state == OH_CALLER_STATE_JOINED) c->silence_us = now_us + c->ping_timeout_us;
}
