// activity.c — see activity.h
#include "livekit/activity.h"
#include "base/limits.h"
#include "livekit/data.h"
#include "livekit/departure.h"
#include "livekit/subscribe.h"

// ---- connected, lost ----

static enum oh_target primary_target(const struct oh_participant *p) {
  return !p->single && p->subscriber_primary ? OH_SUBSCRIBER : OH_PUBLISHER;
}

static void become_active(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  p->active_by_us = OH_NEVER;
  p->first_connected_us = now_us;
  oh_log(&house->world->log, OH_LOG_INFO, "participant active", "room=%s identity=%s sid=%s ms=%lld",
         p->room->name, p->claims.identity, p->sid.text, (long long)(now_us - p->joined_us) / 1000);
  oh_participant_activate(house, now_us, p);
  for (struct oh_participant *other = p->room->participants; other; other = other->next)
    if (other->resident) {
      other->resident->arrived(other->resident_self, now_us);
      oh_participant_schedule(house, other);
    }
}

static void on_connected(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                         enum oh_target target) {
  p->transports[target].connected = p->transports[target].alive = true;
  if (target == primary_target(p) && p->state == LIVEKIT__PARTICIPANT_INFO__STATE__JOINED)
    become_active(house, now_us, p);
}

static void on_failed(struct oh_house *house, int64_t now_us, struct oh_participant *p, enum oh_target target,
                      bool closed) {
  p->transports[target].alive = false;
  if (closed) // a goodbye: nothing is left that could be resumed
    return oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED,
                                LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  oh_log(&house->world->log, OH_LOG_INFO, "media connection lost", "room=%s identity=%s", p->room->name,
         p->claims.identity);
  oh_departure_media_failed(house, now_us, p);
}

static void on_hub_event(struct oh_house *house, int64_t now_us, const struct oh_hub_event *event) {
  enum oh_target target;
  if (event->type == OH_HUB_RTP || event->type == OH_HUB_RTCP)
    return oh_sfu_recv(house->sfu, now_us, event, house->out);
  struct oh_participant *p = oh_participant_of_peer(house, event->peer, &target);
  if (!p) return;
  oh_id id = p->id;
  switch (event->type) {
  case OH_HUB_CONNECTED: on_connected(house, now_us, p, target); break;
  case OH_HUB_DISCONNECTED: break; // the hub tells when it is final
  case OH_HUB_RECOVERED: p->transports[target].alive = true; break;
  case OH_HUB_FAILED: on_failed(house, now_us, p, target, event->closed); break;
  case OH_HUB_DATA: oh_data_recv(house, now_us, p, target, (struct oh_bytes){event->data, event->len}); break;
  default: break;
  }
  p = oh_participant_at(house, id); // it may be gone
  if (p) oh_participant_schedule(house, p);
}

// ---- speaking ----

static Livekit__SpeakerInfo *describe_speaker(struct oh_house *house, const struct oh_participant *p,
                                              float level, bool active) {
  Livekit__SpeakerInfo *info = oh_scratch_take(&house->scratch, sizeof *info);
  livekit__speaker_info__init(info);
  info->sid = (char *)p->sid.text;
  info->level = level;
  info->active = active;
  return info;
}

static void send_speaker(struct oh_house *house, const struct oh_participant *to,
                         Livekit__SpeakerInfo *info) {
  Livekit__SpeakersChanged changed = LIVEKIT__SPEAKERS_CHANGED__INIT;
  changed.n_speakers = 1;
  changed.speakers = &info;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_SPEAKERS_CHANGED;
  response.speakers_changed = &changed;
  oh_participant_send(house, to, &response);
}

static void on_speaker(struct oh_house *house, const struct oh_participant *speaker,
                       const struct oh_sfu_event *event) {
  Livekit__SpeakerInfo *info = describe_speaker(house, speaker, event->level, event->active);
  for (const struct oh_participant *p = speaker->room->participants; p; p = p->next)
    if (p == speaker || oh_subscribe_hears(p, speaker)) send_speaker(house, p, info);
}

// ---- quality ----

static void send_quality(struct oh_house *house, const struct oh_participant *to,
                         const struct oh_participant *about, enum oh_sfu_quality quality, float score) {
  Livekit__ConnectionQualityInfo info = LIVEKIT__CONNECTION_QUALITY_INFO__INIT, *infos[1] = {&info};
  info.participant_sid = (char *)about->sid.text;
  info.quality = (Livekit__ConnectionQuality)quality;
  info.score = score;
  Livekit__ConnectionQualityUpdate update = LIVEKIT__CONNECTION_QUALITY_UPDATE__INIT;
  update.n_updates = 1;
  update.updates = infos;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_CONNECTION_QUALITY;
  response.connection_quality = &update;
  oh_participant_send(house, to, &response);
}

static void on_quality(struct oh_house *house, const struct oh_participant *about,
                       const struct oh_sfu_event *event) {
  if (!event->changed) return;
  for (const struct oh_participant *p = about->room->participants; p; p = p->next)
    if (p == about || oh_subscribe_hears(p, about))
      send_quality(house, p, about, event->quality, event->score);
}

void oh_activity_introduce(struct oh_house *house, const struct oh_participant *listener,
                           const struct oh_participant *publisher) {
  float level = 0, score = 0;
  if (oh_sfu_speaking(house->sfu, publisher->member, &level))
    send_speaker(house, listener, describe_speaker(house, publisher, level, true));
  if (publisher->resident) return; // has no connection
  enum oh_sfu_quality quality = oh_sfu_member_quality(house->sfu, publisher->member, &score);
  send_quality(house, listener, publisher, quality, score);
}

static void on_sfu_event(struct oh_house *house, const struct oh_sfu_event *event) {
  struct oh_participant *p = oh_participant_at(house, (oh_id)oh_sfu_member_tag(house->sfu, event->member));
  if (!p) return;
  if (event->type == OH_SFU_SPEAKER) on_speaker(house, p, event);
  if (event->type == OH_SFU_QUALITY) on_quality(house, p, event);
}

void oh_activity_drain(struct oh_house *house, int64_t now_us) {
  struct oh_hub_event hub_event;
  while (oh_hub_next(house->hub, &hub_event))
    on_hub_event(house, now_us, &hub_event);
  struct oh_sfu_event sfu_event;
  while (oh_sfu_next(house->sfu, &sfu_event))
    on_sfu_event(house, &sfu_event);
}
