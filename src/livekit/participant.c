// participant.c — see participant.h
#include "livekit/participant.h"
#include "base/check.h"
#include "base/heap.h"
#include "livekit/data.h"
#include "livekit/data_blob.h"
#include "livekit/dispatch.h"
#include "livekit/negotiation.h"
#include "livekit/publish.h"
#include "livekit/rpc.h"
#include "livekit/subscribe.h"

static const Livekit__TrackSource audible_sources[] = {LIVEKIT__TRACK_SOURCE__UNKNOWN,
                                                       LIVEKIT__TRACK_SOURCE__MICROPHONE,
                                                       LIVEKIT__TRACK_SOURCE__SCREEN_SHARE_AUDIO};
#define AUDIBLE_SOURCES (sizeof audible_sources / sizeof *audible_sources)

struct oh_participant *oh_participant_at(struct oh_house *house, oh_id participant) {
  return oh_slab_find(&house->participants, participant);
}

struct oh_participant *oh_participant_by_identity(struct oh_room *room, const char *identity) {
  for (struct oh_participant *p = room->participants; p; p = p->next)
    if (strcmp(p->claims.identity, identity) == 0) return p;
  return NULL;
}

struct oh_participant *oh_participant_by_sid(struct oh_room *room, const char *sid) {
  for (struct oh_participant *p = room->participants; p; p = p->next)
    if (strcmp(p->sid.text, sid) == 0) return p;
  return NULL;
}

struct oh_participant *oh_participant_of_peer(struct oh_house *house, oh_id peer, enum oh_target *target) {
  uint64_t id;
  if (!oh_map_get(&house->peers, &peer, sizeof peer, &id)) return NULL;
  struct oh_participant *p = oh_participant_at(house, (oh_id)id);
  if (p) *target = p->transports[OH_PUBLISHER].peer == peer ? OH_PUBLISHER : OH_SUBSCRIBER;
  return p;
}

struct oh_session *oh_participant_session(struct oh_house *house, const struct oh_participant *participant) {
  return participant->session ? oh_session_find(house, participant->session) : NULL;
}

void oh_participant_send(struct oh_house *house, const struct oh_participant *participant,
                         const Livekit__SignalResponse *response) {
  oh_session_send(house, oh_participant_session(house, participant), response);
}

void oh_participant_answer(struct oh_house *house, const struct oh_participant *participant,
                           Livekit__RequestResponse *answer) {
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_REQUEST_RESPONSE;
  response.request_response = answer;
  oh_participant_send(house, participant, &response);
}

static Livekit__ParticipantInfo__Kind kind_of(const char *claim) {
  static const struct {
    const char *name;
    Livekit__ParticipantInfo__Kind kind;
  } kinds[] = {
      {"ingress", LIVEKIT__PARTICIPANT_INFO__KIND__INGRESS},
      {"egress", LIVEKIT__PARTICIPANT_INFO__KIND__EGRESS},
      {"sip", LIVEKIT__PARTICIPANT_INFO__KIND__SIP},
      {"agent", LIVEKIT__PARTICIPANT_INFO__KIND__AGENT},
      {"connector", LIVEKIT__PARTICIPANT_INFO__KIND__CONNECTOR},
      {"bridge", LIVEKIT__PARTICIPANT_INFO__KIND__BRIDGE},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (oh_str_eq_nocase(oh_str(claim), oh_str(kinds[i].name))) return kinds[i].kind;
  return LIVEKIT__PARTICIPANT_INFO__KIND__STANDARD;
}

bool oh_claims_are_dependent(const struct oh_claims *claims) {
  Livekit__ParticipantInfo__Kind kind = kind_of(claims->kind);
  return kind == LIVEKIT__PARTICIPANT_INFO__KIND__AGENT || kind == LIVEKIT__PARTICIPANT_INFO__KIND__EGRESS ||
         claims->video.agent || claims->video.recorder;
}

struct oh_participant *oh_participant_open(struct oh_house *house, int64_t now_us, struct oh_room *room,
                                           struct oh_claims *take_claims) {
  oh_id id;
  struct oh_participant *p = oh_slab_add(&house->participants, &id);
  if (!p) return NULL;
  p->member = oh_sfu_add_member(house->sfu, room->media, id);
  if (!p->member) {
    oh_slab_remove(&house->participants, id);
    return NULL;
  }
  p->id = id;
  p->room = room;
  p->sid = oh_sid_new(&house->world->random, "PA_");
  p->claims = *take_claims;
  *take_claims = (struct oh_claims){0};
  p->kind = kind_of(p->claims.kind);
  p->dependent = oh_claims_are_dependent(&p->claims);
  p->state = LIVEKIT__PARTICIPANT_INFO__STATE__JOINED;
  p->version = 1;
  p->joined_us = now_us;
  p->joined_unix_ms = oh_house_unix_ms(house, now_us);
  p->active_by_us = p->resume_by_us = p->refresh_us = p->simulate_us = OH_NEVER;
  struct oh_participant **end = &room->participants;
  while (*end) {
    p->prev = *end;
    end = &(*end)->next;
  }
  *end = p;
  room->participant_count++;
  if (p->dependent) oh_dispatch_joined(house, p);
  return p;
}

void oh_participant_activate(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  p->state = LIVEKIT__PARTICIPANT_INFO__STATE__ACTIVE;
  p->was_active = true;
  oh_participant_changed(house, p, OH_OTHERS);
  // The outside hears of tracks only after their publisher, as from LiveKit, which publishes with the first
  // packet.
  oh_happening_participant(house, now_us, "participant_joined", p);
  for (const struct oh_track *track = p->tracks; track; track = track->next)
    if (track->published) oh_happening_track(house, now_us, "track_published", track);
  oh_egress_participant_active(house, now_us, p);
  oh_dispatch_arrived(house, now_us, p);
}

static void leave_list(struct oh_participant *p) {
  if (p->prev)
    p->prev->next = p->next;
  else
    p->room->participants = p->next;
  if (p->next) p->next->prev = p->prev;
  p->room->participant_count--;
}

void oh_audience_clear(struct oh_participant *p) {
  for (size_t i = 0; i < p->audience_count; i++) {
    free(p->audience[i].identity);
    free(p->audience[i].sid);
    free(p->audience[i].tracks);
  }
  free(p->audience);
  p->audience = NULL;
  p->audience_count = 0;
}

void oh_participant_close(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                          Livekit__DisconnectReason reason) {
  struct oh_room *room = p->room;
  oh_log(&house->world->log, OH_LOG_INFO, "participant left", "room=%s identity=%s sid=%s reason=%d",
         room->name, p->claims.identity, p->sid.text, (int)reason);
  if (p->resident) p->resident->close(p->resident_self);
  p->resident = NULL;
  p->session = 0; // what follows is for the others
  p->state = LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED;
  p->reason = reason;
  while (p->subscriptions)
    oh_subscribe_remove(house, now_us, p->subscriptions);
  while (p->tracks)
    oh_publish_end(house, now_us, p->tracks, false);
  oh_data_track_forget(house, p);
  for (int i = 0; i < OH_TARGETS; i++)
    oh_transport_close(house, now_us, &p->transports[i]);
  oh_participant_changed(house, p, OH_OTHERS);
  leave_list(p);
  oh_egress_participant_gone(house, now_us, p);
  oh_dispatch_left(house, now_us, p);
  oh_happening_participant(house, now_us,
                           p->was_active ? "participant_left" : "participant_connection_aborted", p);
  if (!p->claims.video.hidden) oh_room_departed(room, now_us, p);
  oh_sfu_remove_member(house->sfu, p->member);
  oh_heap_set(&house->deadlines, &p->place, 0, OH_NEVER);
  oh_audience_clear(p);
  oh_rpc_forget(now_us, p);
  oh_data_forget(p);
  oh_data_blob_forget(p);
  free(p->wishes);
  oh_claims_fini(&p->claims);
  oh_slab_remove(&house->participants, p->id);
  oh_room_changed(house, now_us, room, false);
}

void oh_participant_schedule(struct oh_house *house, struct oh_participant *p) {
  int64_t at =
      oh_earlier(oh_earlier(p->active_by_us, p->resume_by_us), oh_earlier(p->refresh_us, p->simulate_us));
  at = oh_earlier(at, oh_earlier(oh_negotiate_deadline(p), oh_subscribe_deadline(p)));
  at = oh_earlier(at, oh_earlier(oh_data_deadline(p), oh_rpc_deadline(p)));
  if (p->resident) at = oh_earlier(at, p->resident->deadline(p->resident_self));
  if (p->resident_until_us) at = oh_earlier(at, p->resident_until_us);
  oh_heap_set(&house->deadlines, &p->place, p->id, at);
}

// An audio-only server: whoever may publish may publish sound. Clients that look (livekit-client) then refuse
// a camera at once instead of waiting ten seconds for an answer that no message can give
// (facts/LIVEKIT.md 3.5).
static void describe_sources(struct oh_house *house, const struct oh_participant *p,
                             Livekit__ParticipantPermission *permission) {
  if (!p->claims.video.can_publish) return;
  permission->can_publish_sources = oh_scratch_take(&house->scratch, sizeof audible_sources);
  for (size_t i = 0; i < AUDIBLE_SOURCES; i++)
    if (oh_participant_may_publish(p, audible_sources[i]))
      permission->can_publish_sources[permission->n_can_publish_sources++] = audible_sources[i];
}

bool oh_participant_may_publish(const struct oh_participant *p, Livekit__TrackSource source) {
  uint32_t sources = p->claims.video.can_publish_sources;
  if (!p->claims.video.can_publish) return false;
  // From the wire comes any number: one beyond the table must neither be shifted by nor find a bit set.
  bool audible = false;
  for (size_t i = 0; i < AUDIBLE_SOURCES; i++)
    audible |= source == audible_sources[i];
  return audible && (sources == OH_SOURCES_ALL || (sources & 1u << source) != 0);
}

static Livekit__ParticipantPermission *describe_permission(struct oh_house *house,
                                                           const struct oh_participant *p) {
  const struct oh_video_grant *video = &p->claims.video;
  Livekit__ParticipantPermission *permission = oh_scratch_take(&house->scratch, sizeof *permission);
  livekit__participant_permission__init(permission);
  permission->can_subscribe = video->can_subscribe;
  permission->can_publish = video->can_publish;
  permission->can_publish_data = video->can_publish_data;
  permission->hidden = video->hidden;
  permission->recorder = video->recorder;
  permission->agent = video->agent;
  permission->can_update_metadata = video->can_update_own_metadata;
  permission->can_subscribe_metrics = video->can_subscribe_metrics;
  permission->can_manage_agent_session = video->can_manage_agent_session;
  describe_sources(house, p, permission);
  return permission;
}

static void describe_attributes(struct oh_house *house, const struct oh_participant *p,
                                Livekit__ParticipantInfo *info) {
  size_t count = p->claims.attribute_count;
  if (count == 0) return;
  info->attributes = oh_scratch_take(&house->scratch, count * sizeof *info->attributes);
  for (size_t i = 0; i < count; i++) {
    Livekit__ParticipantInfo__AttributesEntry *entry = oh_scratch_take(&house->scratch, sizeof *entry);
    livekit__participant_info__attributes_entry__init(entry);
    entry->key = p->claims.attributes[2 * i];
    entry->value = p->claims.attributes[2 * i + 1];
    info->attributes[info->n_attributes++] = entry;
  }
}

static void describe_capabilities(struct oh_house *house, const struct oh_participant *p,
                                  Livekit__ParticipantInfo *info) {
  if (!p->capabilities) return;
  info->capabilities = oh_scratch_take(&house->scratch, 32 * sizeof *info->capabilities);
  for (unsigned bit = 0; bit < 32; bit++)
    if (p->capabilities & 1u << bit)
      info->capabilities[info->n_capabilities++] = (Livekit__ClientInfo__Capability)bit;
}

static void describe_tracks(struct oh_house *house, const struct oh_participant *p,
                            Livekit__ParticipantInfo *info) {
  if (p->track_count == 0) return;
  info->tracks = oh_scratch_take(&house->scratch, p->track_count * sizeof *info->tracks);
  for (const struct oh_track *track = p->tracks; track; track = track->next)
    if (track->published) info->tracks[info->n_tracks++] = oh_track_describe(house, track);
}

Livekit__ParticipantInfo *oh_participant_describe(struct oh_house *house, const struct oh_participant *p) {
  Livekit__ParticipantInfo *info = oh_scratch_take(&house->scratch, sizeof *info);
  livekit__participant_info__init(info);
  info->sid = (char *)p->sid.text;
  info->identity = p->claims.identity;
  info->name = p->claims.name;
  info->metadata = p->claims.metadata;
  info->state = p->state;
  info->version = p->version;
  info->joined_at = p->joined_unix_ms / 1000;
  info->joined_at_ms = p->joined_unix_ms;
  info->is_publisher = p->was_publisher;
  info->kind = p->kind;
  info->disconnect_reason = p->reason;
  info->region = (char *)(house->config.region ? house->config.region : "");
  info->client_protocol = p->client_protocol;
  describe_capabilities(house, p, info);
  info->permission = describe_permission(house, p);
  describe_attributes(house, p, info);
  describe_tracks(house, p, info);
  oh_data_track_describe(house, p, info);
  return info;
}

void oh_participant_changed(struct oh_house *house, struct oh_participant *participant,
                            enum oh_hearers hearers) {
  participant->version++;
  Livekit__ParticipantInfo *infos[1] = {oh_participant_describe(house, participant)};
  Livekit__ParticipantUpdate update = LIVEKIT__PARTICIPANT_UPDATE__INIT;
  update.n_participants = 1;
  update.participants = infos;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UPDATE;
  response.update = &update;
  bool hidden = participant->claims.video.hidden;
  for (struct oh_participant *p = participant->room->participants; p; p = p->next)
    if (p == participant ? hearers == OH_ALL : !hidden) oh_participant_send(house, p, &response);
}
