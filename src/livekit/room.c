// room.c — see room.h
#include "livekit/room.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/departure.h"
#include "livekit/dispatch.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "livekit/publish.h"
#include <stdlib.h>

enum { SECOND_US = 1000000, UPDATE_EVERY_US = 5 * SECOND_US };

void oh_room_settings_init(struct oh_room_settings *settings, const struct oh_house_config *config) {
  *settings = (struct oh_room_settings){.empty_timeout_s = config->empty_timeout_s,
                                        .departure_timeout_s = config->departure_timeout_s,
                                        .max_participants = config->max_participants};
}

static void forget_agents(struct oh_room_settings *settings) {
  for (size_t i = 0; i < settings->agent_count; i++)
    oh_message_free(settings->agents[i]);
  free(settings->agents);
  settings->agents = NULL;
  settings->agent_count = 0;
}

static void copy_agents(struct oh_room_settings *settings, const Livekit__CreateRoomRequest *request) {
  size_t count = request->n_agents < OH_ROOM_AGENTS_MAX ? request->n_agents : OH_ROOM_AGENTS_MAX;
  forget_agents(settings);
  settings->agents = calloc(count, sizeof *settings->agents);
  OH_CHECK(settings->agents);
  for (size_t i = 0; i < count; i++)
    settings->agents[settings->agent_count++] =
        (Livekit__RoomAgentDispatch *)oh_message_copy(&request->agents[i]->base);
}

void oh_room_settings_update(struct oh_room_settings *settings, const Livekit__CreateRoomRequest *request) {
  if (request->empty_timeout) settings->empty_timeout_s = request->empty_timeout;
  if (request->departure_timeout) settings->departure_timeout_s = request->departure_timeout;
  if (request->max_participants) settings->max_participants = request->max_participants;
  if (request->sync_streams) settings->sync_streams = true;
  if (*request->metadata && strlen(request->metadata) <= OH_METADATA_MAX)
    oh_replace_text(&settings->metadata, request->metadata);
  if (request->n_agents) copy_agents(settings, request);
  if (!request->egress) return;
  oh_message_free(settings->egress);
  settings->egress = (Livekit__RoomEgress *)oh_message_copy(&request->egress->base);
}

void oh_room_settings_read(struct oh_room_settings *settings, const struct oh_house_config *config,
                           const char *room_config_json) {
  oh_room_settings_init(settings, config);
  if (!room_config_json) return;
  const char *why;
  Livekit__RoomConfiguration *read = (Livekit__RoomConfiguration *)oh_json_read(
      &livekit__room_configuration__descriptor, oh_str(room_config_json), &why);
  if (!read) return;
  Livekit__CreateRoomRequest request = LIVEKIT__CREATE_ROOM_REQUEST__INIT; // borrows
  request.empty_timeout = read->empty_timeout;
  request.departure_timeout = read->departure_timeout;
  request.max_participants = read->max_participants;
  request.sync_streams = read->sync_streams;
  request.metadata = read->metadata;
  request.agents = read->agents;
  request.n_agents = read->n_agents;
  request.egress = read->egress;
  oh_room_settings_update(settings, &request);
  oh_message_free(read);
}

void oh_room_settings_fini(struct oh_room_settings *settings) {
  forget_agents(settings);
  oh_message_free(settings->egress);
  free(settings->metadata);
  *settings = (struct oh_room_settings){0};
}

struct oh_room *oh_room_find(struct oh_house *house, struct oh_str name) {
  uint64_t id;
  if (name.len == 0 || !oh_map_get(&house->rooms_by_name, name.data, name.len, &id)) return NULL;
  return oh_slab_find(&house->rooms, (oh_id)id);
}

struct oh_room *oh_room_at(struct oh_house *house, oh_id room) {
  return oh_slab_find(&house->rooms, room);
}

// When the room ends for want of people, as it stands now. While draining it does not wait long: nobody new
// may come.
static int64_t end_us(const struct oh_house *house, const struct oh_room *room) {
  if (!room->left_us && oh_room_counted(room) > 0) return OH_NEVER;
  uint32_t wait_s = room->left_us ? room->settings.departure_timeout_s : room->settings.empty_timeout_s;
  if (house->draining && wait_s > OH_DRAIN_DEPARTURE_S) wait_s = OH_DRAIN_DEPARTURE_S;
  return (room->left_us ? room->left_us : room->created_us) + (int64_t)wait_s * SECOND_US;
}

static void schedule(struct oh_house *house, struct oh_room *room) {
  int64_t update = room->update_due_us ? room->update_due_us : OH_NEVER, end = end_us(house, room);
  oh_heap_set(&house->deadlines, &room->place, OH_DEADLINE_ROOM | room->id, end < update ? end : update);
}

struct oh_room *oh_room_open(struct oh_house *house, int64_t now_us, struct oh_str name,
                             struct oh_room_settings *take_settings) {
  oh_id id;
  struct oh_room *room = oh_slab_add(&house->rooms, &id);
  if (!room) return NULL;
  room->media = oh_sfu_add_room(house->sfu, now_us, id);
  if (!room->media) {
    oh_slab_remove(&house->rooms, id);
    return NULL;
  }
  room->id = id;
  room->sid = oh_sid_new(&house->world->random, "RM_");
  room->name = oh_str_dup(name);
  room->settings = *take_settings;
  *take_settings = (struct oh_room_settings){0};
  room->created_us = room->updated_us = now_us;
  room->created_unix_ms = oh_house_unix_ms(house, now_us);
  oh_random_fill(&house->world->random, room->sif_trailer, sizeof room->sif_trailer);
  oh_map_put(&house->rooms_by_name, name.data, name.len, id);
  schedule(house, room);
  oh_log(&house->world->log, OH_LOG_INFO, "room started", "room=%s sid=%s", room->name, room->sid.text);
  oh_happening_room(house, now_us, "room_started", room, LIVEKIT__ROOM_END_REASON__ROOM_END_UNKNOWN);
  oh_egress_room_opened(house, now_us, room);
  return room;
}

static Livekit__RoomEndReason end_reason(const struct oh_house *house, int64_t now_us,
                                         const struct oh_room *room, Livekit__DisconnectReason reason) {
  switch (reason) {
  case LIVEKIT__DISCONNECT_REASON__ROOM_DELETED: return LIVEKIT__ROOM_END_REASON__ROOM_END_API_DELETE;
  case LIVEKIT__DISCONNECT_REASON__SERVER_SHUTDOWN: return LIVEKIT__ROOM_END_REASON__ROOM_END_SERVER_SHUTDOWN;
  case LIVEKIT__DISCONNECT_REASON__ROOM_CLOSED:
    if (now_us >= end_us(house, room)) return LIVEKIT__ROOM_END_REASON__ROOM_END_IDLE_TIMEOUT;
    return LIVEKIT__ROOM_END_REASON__ROOM_END_UNKNOWN; // the longest time a call may take is over
  default: return LIVEKIT__ROOM_END_REASON__ROOM_END_UNKNOWN;
  }
}

void oh_room_close(struct oh_house *house, int64_t now_us, struct oh_room *room,
                   Livekit__DisconnectReason reason) {
  Livekit__RoomEndReason ended = end_reason(house, now_us, room, reason);
  oh_log(&house->world->log, OH_LOG_INFO, "room finished", "room=%s sid=%s", room->name, room->sid.text);
  oh_dispatch_forget(house, room);
  while (room->participants)
    oh_departure_dismiss(house, now_us, room->participants, reason,
                         LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT);
  oh_happening_room(house, now_us, "room_finished", room, ended);
  oh_heap_set(&house->deadlines, &room->place, 0, OH_NEVER);
  oh_map_remove(&house->rooms_by_name, room->name, strlen(room->name));
  oh_sfu_remove_room(house->sfu, room->media);
  oh_room_settings_fini(&room->settings);
  for (uint32_t i = 0; i < room->departed_count; i++)
    free(room->departed[i].identity);
  free(room->name);
  free(room->nonces);
  oh_slab_remove(&house->rooms, room->id);
}

uint32_t oh_room_counted(const struct oh_room *room) {
  uint32_t count = 0;
  for (const struct oh_participant *p = room->participants; p; p = p->next)
    count += !p->dependent;
  return count;
}

// The codecs of an audio-only server; without a video codec clients wait for TrackPublished before they
// offer.
static void describe_codecs(struct oh_house *house, Livekit__Room *info) {
  static char *const mimes[] = {"audio/opus", "audio/red"};
  enum { COUNT = sizeof mimes / sizeof *mimes };
  info->n_enabled_codecs = COUNT;
  info->enabled_codecs = oh_scratch_take(&house->scratch, COUNT * sizeof(Livekit__Codec *));
  for (int i = 0; i < COUNT; i++) {
    info->enabled_codecs[i] = oh_scratch_take(&house->scratch, sizeof(Livekit__Codec));
    livekit__codec__init(info->enabled_codecs[i]);
    info->enabled_codecs[i]->mime = mimes[i];
  }
}

Livekit__Room *oh_room_describe(struct oh_house *house, const struct oh_room *room) {
  Livekit__Room *info = oh_scratch_take(&house->scratch, sizeof *info);
  livekit__room__init(info);
  info->sid = (char *)room->sid.text;
  info->name = room->name;
  info->empty_timeout = room->settings.empty_timeout_s;
  info->departure_timeout = room->settings.departure_timeout_s;
  info->max_participants = room->settings.max_participants;
  info->creation_time = room->created_unix_ms / 1000;
  info->creation_time_ms = room->created_unix_ms;
  if (room->settings.metadata) info->metadata = room->settings.metadata;
  info->num_participants = oh_room_counted(room);
  for (const struct oh_participant *p = room->participants; p; p = p->next) {
    bool publishes = false;
    for (const struct oh_track *track = p->tracks; track; track = track->next)
      publishes |= track->published;
    info->num_publishers += publishes;
  }
  info->active_recording = room->recording;
  describe_codecs(house, info);
  return info;
}

static void send_update(struct oh_house *house, int64_t now_us, struct oh_room *room) {
  room->update_due_us = 0;
  room->updated_us = now_us;
  Livekit__RoomUpdate update = LIVEKIT__ROOM_UPDATE__INIT;
  update.room = oh_room_describe(house, room);
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_ROOM_UPDATE;
  response.room_update = &update;
  for (struct oh_participant *p = room->participants; p; p = p->next)
    oh_participant_send(house, p, &response);
}

void oh_room_changed(struct oh_house *house, int64_t now_us, struct oh_room *room, bool at_once) {
  bool anybody = oh_room_counted(room) > 0, recording = false;
  for (const struct oh_participant *p = room->participants; p; p = p->next)
    recording |= p->claims.video.recorder;
  if (recording != room->recording) at_once = true;
  room->recording = recording;
  if (anybody) {
    room->peopled = true;
    room->left_us = 0;
  } else if (room->peopled && !room->left_us) {
    room->left_us = now_us;
  }
  int64_t due = room->updated_us + UPDATE_EVERY_US;
  if (at_once || due <= now_us)
    send_update(house, now_us, room);
  else if (!room->update_due_us)
    room->update_due_us = due;
  schedule(house, room);
}

void oh_room_departed(struct oh_room *room, int64_t now_us, const struct oh_participant *participant) {
  struct oh_departed *gone = &room->departed[room->departed_next];
  room->departed_next = (room->departed_next + 1) % OH_DEPARTED_MAX;
  if (room->departed_count < OH_DEPARTED_MAX) room->departed_count++;
  oh_replace_text(&gone->identity, participant->claims.identity);
  gone->sid = participant->sid;
  gone->version = participant->version;
  gone->reason = participant->reason;
  gone->at_us = now_us;
  gone->ice = participant->ice;
  gone->was_connected = participant->first_connected_us != 0;
}

static const struct oh_departed *last_departed(const struct oh_room *room, const char *sid,
                                               const char *identity) {
  const struct oh_departed *last = NULL;
  for (uint32_t i = 0; i < room->departed_count; i++) {
    const struct oh_departed *gone = &room->departed[i];
    bool fits = strcmp(gone->identity, identity) == 0 && (!*sid || strcmp(gone->sid.text, sid) == 0);
    if (fits && (!last || gone->at_us >= last->at_us)) last = gone;
  }
  return last;
}

bool oh_room_has_removed(const struct oh_room *room, const char *sid, const char *identity) {
  const struct oh_departed *last = last_departed(room, sid, identity);
  return last && last->reason == LIVEKIT__DISCONNECT_REASON__PARTICIPANT_REMOVED;
}

enum oh_ice_preference oh_room_last_ice(const struct oh_room *room, const char *identity,
                                        bool *was_connected) {
  const struct oh_departed *last = last_departed(room, "", identity);
  *was_connected = last && last->was_connected;
  return last ? last->ice : OH_ICE_ANY;
}

void oh_room_tick(struct oh_house *house, int64_t now_us, struct oh_room *room) {
  if (now_us >= end_us(house, room))
    return oh_room_close(house, now_us, room, LIVEKIT__DISCONNECT_REASON__ROOM_CLOSED);
  if (room->update_due_us && now_us >= room->update_due_us) send_update(house, now_us, room);
  schedule(house, room);
}
