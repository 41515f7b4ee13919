// service_room.c — see service_room.h
#include "livekit/service_room.h"
#include "base/limits.h"
#include "base/map.h"
#include "livekit/departure.h"
#include "livekit/dispatch.h"
#include "livekit/permission.h"
#include "livekit/profile.h"
#include "livekit/publish.h"
#include "livekit/refresh.h"
#include "livekit/resident.h"
#include "livekit/revocation.h"
#include "livekit/subscribe.h"
#include "service.pb-c.h"
#include <stdio.h>

static enum oh_call_state no_room(struct oh_call *call) {
  oh_call_fail(call, OH_TWIRP_NOT_FOUND, "requested room does not exist");
  return OH_CALL_DONE;
}

static enum oh_call_state no_participant(struct oh_call *call) {
  oh_call_fail(call, OH_TWIRP_NOT_FOUND, "participant does not exist");
  return OH_CALL_DONE;
}

// As LiveKit words it: what, and the number it may not exceed.
static enum oh_call_state too_long(struct oh_call *call, const char *what, int max) {
  oh_call_fail(call, OH_TWIRP_INVALID_ARGUMENT, "%s %d", what, max);
  call->error.meta_key = "argument";
  snprintf(call->error.meta, sizeof call->error.meta, "%s", what);
  return OH_CALL_DONE;
}
#define NAME_TOO_LONG "name length exceeds limits"
#define METADATA_TOO_LONG "metadata size exceeds limits"
#define ATTRIBUTES_TOO_LONG "attribute size exceeds limits"

static enum oh_call_state answer_room(struct oh_house *house, struct oh_call *call,
                                      const struct oh_room *room) {
  oh_call_answer(call, &oh_room_describe(house, room)->base);
  return OH_CALL_DONE;
}

static enum oh_call_state answer_participant(struct oh_house *house, struct oh_call *call,
                                             const struct oh_participant *p) {
  oh_call_answer(call, &oh_participant_describe(house, p)->base);
  return OH_CALL_DONE;
}

static struct oh_participant *find(struct oh_house *house, const char *room_name, const char *identity) {
  struct oh_room *room = oh_room_find(house, oh_str(room_name));
  return room ? oh_participant_by_identity(room, identity) : NULL;
}

// ---- rooms

// NULL: it is as LiveKit wants it.
static const char *check_create(const Livekit__CreateRoomRequest *request, int *max) {
  *max = OH_METADATA_MAX;
  if (strlen(request->metadata) > OH_METADATA_MAX) return METADATA_TOO_LONG;
  for (size_t i = 0; i < request->n_agents; i++) {
    const Livekit__RoomAgentDispatch *agent = request->agents[i];
    *max = OH_METADATA_MAX;
    if (strlen(agent->metadata) > OH_METADATA_MAX) return METADATA_TOO_LONG;
    *max = OH_ATTRIBUTES_MAX;
    size_t bytes = 0;
    for (size_t n = 0; n < agent->n_attributes; n++)
      bytes += strlen(agent->attributes[n]->key) + strlen(agent->attributes[n]->value);
    if (bytes > OH_ATTRIBUTES_MAX) return ATTRIBUTES_TOO_LONG;
  }
  *max = OH_ROOM_AGENTS_MAX;
  return request->n_agents > OH_ROOM_AGENTS_MAX ? "number of agents exceeds limits" : NULL;
}

static enum oh_call_state open_room(struct oh_house *house, int64_t now_us, struct oh_call *call,
                                    const Livekit__CreateRoomRequest *request) {
  if (house->draining) {
    oh_call_fail(call, OH_TWIRP_UNAVAILABLE, "the server is about to stop");
    return OH_CALL_DONE;
  }
  if (!oh_egress_check_auto(house, request->egress, &call->error)) return OH_CALL_DONE;
  struct oh_room_settings settings;
  oh_room_settings_init(&settings, &house->config);
  oh_room_settings_update(&settings, request);
  struct oh_room *room = oh_room_open(house, now_us, oh_str(request->name), &settings);
  oh_room_settings_fini(&settings);
  if (!room) {
    oh_call_fail(call, OH_TWIRP_RESOURCE_EXHAUSTED, "node has exceeded its configured limit");
    return OH_CALL_DONE;
  }
  oh_resident_dispatch(house, now_us, room);
  oh_dispatch_begin(house, now_us, room);
  return answer_room(house, call, room);
}

enum oh_call_state oh_room_create(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__CreateRoomRequest *request = (const Livekit__CreateRoomRequest *)call->request;
  int max;
  const char *wrong = check_create(request, &max);
  if (wrong) return too_long(call, wrong, max);
  if (*request->room_preset) { // LiveKit's own words for one that its configuration does not have
    oh_call_fail(call, OH_TWIRP_INVALID_ARGUMENT, "unknown room configuration in create room request");
    return OH_CALL_DONE;
  }
  struct oh_room *room = oh_room_find(house, oh_str(request->name));
  if (!room) return open_room(house, now_us, call, request);
  // Agents and recordings begin with the room; a room that is there keeps those it has.
  oh_room_settings_update(&room->settings, request);
  oh_room_changed(house, now_us, room, true);
  return answer_room(house, call, room);
}

static void list_one(struct oh_house *house, struct oh_call *call, const struct oh_room *room) {
  Livekit__Room *rooms[1] = {oh_room_describe(house, room)};
  Livekit__ListRoomsResponse response = LIVEKIT__LIST_ROOMS_RESPONSE__INIT;
  response.n_rooms = 1;
  response.rooms = rooms;
  oh_call_answer(call, &response.base);
  oh_scratch_clear(&house->scratch);
}

enum oh_call_state oh_room_list(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  (void)now_us;
  const Livekit__ListRoomsRequest *request = (const Livekit__ListRoomsRequest *)call->request;
  uint8_t secret[16];
  oh_random_fill(&house->world->random, secret, sizeof secret);
  struct oh_map wanted;
  oh_map_init(&wanted, secret);
  for (size_t i = 0; i < request->n_names; i++)
    if (*request->names[i] && strlen(request->names[i]) <= OH_ROOM_NAME_MAX)
      oh_map_put(&wanted, request->names[i], strlen(request->names[i]), i);
  for (oh_id id = oh_slab_next(&house->rooms, 0); id && !call->too_large;
       id = oh_slab_next(&house->rooms, id)) {
    const struct oh_room *room = oh_room_at(house, id);
    uint64_t unused;
    if (!request->n_names || oh_map_get(&wanted, room->name, strlen(room->name), &unused))
      list_one(house, call, room);
  }
  oh_map_fini(&wanted);
  return call->too_large ? OH_CALL_DONE : OH_CALL_NEXT;
}

enum oh_call_state oh_room_delete(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__DeleteRoomRequest *request = (const Livekit__DeleteRoomRequest *)call->request;
  struct oh_room *room = oh_room_find(house, oh_str(request->room));
  if (!room) return no_room(call);
  oh_room_close(house, now_us, room, LIVEKIT__DISCONNECT_REASON__ROOM_DELETED);
  Livekit__DeleteRoomResponse response = LIVEKIT__DELETE_ROOM_RESPONSE__INIT;
  oh_call_answer(call, &response.base);
  return OH_CALL_DONE;
}

enum oh_call_state oh_room_update_metadata(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__UpdateRoomMetadataRequest *request =
      (const Livekit__UpdateRoomMetadataRequest *)call->request;
  if (strlen(request->metadata) > OH_METADATA_MAX) return too_long(call, METADATA_TOO_LONG, OH_METADATA_MAX);
  struct oh_room *room = oh_room_find(house, oh_str(request->room));
  if (!room) return no_room(call);
  oh_replace_text(&room->settings.metadata, request->metadata);
  oh_room_changed(house, now_us, room, true);
  return answer_room(house, call, room);
}

// ---- participants

enum oh_call_state oh_room_list_participants(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  (void)now_us;
  const Livekit__ListParticipantsRequest *request = (const Livekit__ListParticipantsRequest *)call->request;
  struct oh_room *room = oh_room_find(house, oh_str(request->room));
  Livekit__ListParticipantsResponse response = LIVEKIT__LIST_PARTICIPANTS_RESPONSE__INIT;
  oh_call_answer(call, &response.base); // an unknown room has nobody in it
  for (struct oh_participant *p = room ? room->participants : NULL; p && !call->too_large; p = p->next) {
    Livekit__ParticipantInfo *infos[1] = {oh_participant_describe(house, p)};
    response.n_participants = 1;
    response.participants = infos;
    oh_call_answer(call, &response.base);
    oh_scratch_clear(&house->scratch);
  }
  return OH_CALL_DONE;
}

enum oh_call_state oh_room_get_participant(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  (void)now_us;
  const Livekit__RoomParticipantIdentity *request = (const Livekit__RoomParticipantIdentity *)call->request;
  struct oh_participant *p = find(house, request->room, request->identity);
  return p ? answer_participant(house, call, p) : no_participant(call);
}

enum oh_call_state oh_room_remove_participant(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__RoomParticipantIdentity *request = (const Livekit__RoomParticipantIdentity *)call->request;
  if (request->revoke_token_ts < 0) {
    oh_call_fail(call, OH_TWIRP_INVALID_ARGUMENT, "revoke_token_ts is before 1970");
    return OH_CALL_DONE;
  }
  // Also of somebody who has just left: he is kept out all the same.
  if (request->revoke_token_ts && *request->identity &&
      !oh_revocation_add(house, now_us, request->room, request->identity, request->revoke_token_ts)) {
    oh_call_fail(call, OH_TWIRP_RESOURCE_EXHAUSTED, "too many tokens are revoked already");
    return OH_CALL_DONE;
  }
  struct oh_participant *p = find(house, request->room, request->identity);
  if (!p) return no_participant(call);
  oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__PARTICIPANT_REMOVED,
                       LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT);
  Livekit__RemoveParticipantResponse response = LIVEKIT__REMOVE_PARTICIPANT_RESPONSE__INIT;
  oh_call_answer(call, &response.base);
  return OH_CALL_DONE;
}

enum oh_call_state oh_room_mute_track(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__MuteRoomTrackRequest *request = (const Livekit__MuteRoomTrackRequest *)call->request;
  struct oh_participant *p = find(house, request->room, request->identity);
  if (!p) return no_participant(call);
  if (!request->muted && !house->config.enable_remote_unmute) {
    oh_call_fail(call, OH_TWIRP_FAILED_PRECONDITION, "remote unmute not enabled");
    return OH_CALL_DONE;
  }
  struct oh_track *track = oh_track_by_sid(p, request->track_sid);
  Livekit__MuteRoomTrackResponse response = LIVEKIT__MUTE_ROOM_TRACK_RESPONSE__INIT;
  if (track) {
    oh_publish_force_mute(house, now_us, track, request->muted);
    response.track = oh_track_describe(house, track);
  }
  oh_call_answer(call, &response.base); // an unknown track is no error, as in LiveKit
  return OH_CALL_DONE;
}

// The request as the message that a participant would send about itself; in scratch.
static Livekit__UpdateParticipantMetadata *profile_of(struct oh_house *house,
                                                      const Livekit__UpdateParticipantRequest *request) {
  struct oh_scratch *scratch = &house->scratch;
  Livekit__UpdateParticipantMetadata *update = oh_scratch_take(scratch, sizeof *update);
  livekit__update_participant_metadata__init(update);
  update->name = request->name;
  update->metadata = request->metadata;
  if (request->n_attributes == 0) return update;
  update->attributes = oh_scratch_take(scratch, request->n_attributes * sizeof *update->attributes);
  for (size_t i = 0; i < request->n_attributes; i++) {
    Livekit__UpdateParticipantMetadata__AttributesEntry *entry = oh_scratch_take(scratch, sizeof *entry);
    livekit__update_participant_metadata__attributes_entry__init(entry);
    entry->key = request->attributes[i]->key;
    entry->value = request->attributes[i]->value;
    update->attributes[update->n_attributes++] = entry;
  }
  return update;
}

enum oh_call_state oh_room_update_participant(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__UpdateParticipantRequest *request = (const Livekit__UpdateParticipantRequest *)call->request;
  if (strlen(request->name) > OH_NAME_MAX) return too_long(call, NAME_TOO_LONG, OH_NAME_MAX);
  if (strlen(request->metadata) > OH_METADATA_MAX) return too_long(call, METADATA_TOO_LONG, OH_METADATA_MAX);
  struct oh_participant *p = find(house, request->room, request->identity);
  if (!p) return no_participant(call);
  const Livekit__UpdateParticipantMetadata *update = profile_of(house, request);
  if (oh_profile_limit(p, update)) return too_long(call, ATTRIBUTES_TOO_LONG, OH_ATTRIBUTES_MAX);
  bool changed = oh_profile_apply(p, update);
  if (changed) oh_participant_changed(house, p, OH_ALL);
  bool told = request->permission && oh_permission_change(house, now_us, p, request->permission);
  if (changed && !told && !p->resident) oh_refresh_send(house, now_us, p);
  oh_participant_schedule(house, p);
  return answer_participant(house, call, p);
}

enum oh_call_state oh_room_update_subscriptions(struct oh_house *house, int64_t now_us,
                                                struct oh_call *call) {
  const Livekit__UpdateSubscriptionsRequest *request =
      (const Livekit__UpdateSubscriptionsRequest *)call->request;
  size_t count = request->n_track_sids;
  for (size_t i = 0; i < request->n_participant_tracks; i++)
    count += request->participant_tracks[i]->n_track_sids;
  if (count > OH_API_TRACKS_MAX) return too_long(call, "number of tracks exceeds limits", OH_API_TRACKS_MAX);
  struct oh_participant *p = find(house, request->room, request->identity);
  if (!p) return no_participant(call);
  Livekit__UpdateSubscription update = LIVEKIT__UPDATE_SUBSCRIPTION__INIT; // borrows all of the request's
  update.track_sids = request->track_sids;
  update.n_track_sids = request->n_track_sids;
  update.participant_tracks = request->participant_tracks;
  update.n_participant_tracks = request->n_participant_tracks;
  update.subscribe = request->subscribe;
  oh_subscribe_update(house, now_us, p, &update);
  oh_participant_schedule(house, p);
  Livekit__UpdateSubscriptionsResponse response = LIVEKIT__UPDATE_SUBSCRIPTIONS_RESPONSE__INIT;
  oh_call_answer(call, &response.base);
  return OH_CALL_DONE;
}
