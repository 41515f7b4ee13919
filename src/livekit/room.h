// room.h — a room: its settings, who is in it, when it ends (facts/LIVEKIT.md 6.2, 6.4). It is made by the
// first join and ends by itself: `empty_timeout` when nobody ever came, `departure_timeout` after the last
// one who counts has gone (agents and recorders, the dependents, do not count).
#pragma once
#include "base/limits.h"
#include "livekit/sid.h"
#include "livekit/state.h"
#include "service.pb-c.h"
#include "signal.pb-c.h"

struct oh_room_settings { // roomConfig of the token that creates the room, or CreateRoom of the server API
  uint32_t empty_timeout_s, departure_timeout_s, max_participants;
  bool sync_streams;
  char *metadata;                      // NULL = none
  Livekit__RoomAgentDispatch **agents; // asked for: name, metadata, …; malloc'd messages
  size_t agent_count;
  Livekit__RoomEgress *egress; // recordings that begin with the room; NULL = none
};
void oh_room_settings_init(struct oh_room_settings *settings, const struct oh_house_config *config);
// What the request says takes the place of what is there; zeroes and empty words say nothing.
void oh_room_settings_update(struct oh_room_settings *settings, const Livekit__CreateRoomRequest *request);
// Of a token: one that cannot be read, or NULL, is as if there were none.
void oh_room_settings_read(struct oh_room_settings *settings, const struct oh_house_config *config,
                           const char *room_config_json);
void oh_room_settings_fini(struct oh_room_settings *settings);

enum oh_ice_preference { OH_ICE_ANY, OH_ICE_TCP, OH_ICE_TLS }; // TLS: only through TURN

struct oh_departed { // for clients that resume, and for those who come back
  struct oh_sid sid;
  char *identity;
  uint32_t version;
  Livekit__DisconnectReason reason;
  int64_t at_us;
  enum oh_ice_preference ice; // what had failed this client (facts/LIVEKIT.md 10.4)
  bool was_connected;
};

struct oh_room {
  oh_id id, media; // media: the sfu's room
  struct oh_sid sid;
  char *name;
  struct oh_room_settings settings;
  struct oh_participant *participants; // doubly linked, oldest first
  uint32_t participant_count;
  int64_t created_us, created_unix_ms;
  int64_t left_us;       // when the last one who counts left; 0 while somebody is there or nobody ever was
  int64_t update_due_us; // RoomUpdate pending, 0 = none
  int64_t updated_us;
  struct oh_departed departed[OH_DEPARTED_MAX]; // the latest, as a ring
  uint32_t departed_count, departed_next;
  bool recording, peopled; // peopled: somebody who counts was here
  uint8_t sif_trailer[16]; // marks E2EE silence; random per room
  uint8_t *nonces;         // of the latest data packets that had one, as a ring
  uint32_t nonce_count;
  struct oh_dispatch *dispatches; // agents wanted here, oldest first (dispatch.h)
  uint32_t place;                 // in the deadline heap
};

struct oh_room *oh_room_find(struct oh_house *house, struct oh_str name);
struct oh_room *oh_room_at(struct oh_house *house, oh_id room);
// NULL when the worker is full. Takes settings.
struct oh_room *oh_room_open(struct oh_house *house, int64_t now_us, struct oh_str name,
                             struct oh_room_settings *take_settings);
// Tells everybody Leave{ROOM_CLOSED or the given reason} and forgets room and participants.
void oh_room_close(struct oh_house *house, int64_t now_us, struct oh_room *room,
                   Livekit__DisconnectReason reason);

uint32_t oh_room_counted(const struct oh_room *room); // participants that are not dependents
Livekit__Room *oh_room_describe(struct oh_house *house, const struct oh_room *room); // in scratch
// Somebody came, left, or the numbers changed: settles the departure clock and schedules a RoomUpdate.
void oh_room_changed(struct oh_house *house, int64_t now_us, struct oh_room *room, bool at_once);
// Remembers who left, for those who were not listening.
void oh_room_departed(struct oh_room *room, int64_t now_us, const struct oh_participant *participant);
// Whether this session was ended by RemoveParticipant: it must not be resumed. Without a sid: the last of the
// identity.
bool oh_room_has_removed(const struct oh_room *room, const char *sid, const char *identity);
// What the last one of this identity who left was to use, and whether that one was ever connected.
enum oh_ice_preference oh_room_last_ice(const struct oh_room *room, const char *identity,
                                        bool *was_connected);
void oh_room_tick(struct oh_house *house, int64_t now_us, struct oh_room *room);
