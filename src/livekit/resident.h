// resident.h — the hook for participants that live inside the server: the echo partner, later recorders. The
// layers above livekit/ give the house a table of kinds; a room whose token asks for an agent of that name
// gets one. A resident hears every audio track it may subscribe to as Opus packets and can publish one track.
#pragma once
#include "base/slab.h"
#include "wire/rtp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oh_house;

struct oh_resident_ops {
  const char *agent_name;      // roomConfig.agents[].agentName that asks for it
  const char *identity, *name; // of its participant; "-2", "-3", … is added if the identity is taken
  void *ctx;                   // for open
  int64_t life_us;             // its room is closed so long after it was made; 0: never because of it
  // The room and the participant exist. Returns what the other calls get as `self`; NULL = full, not opened.
  void *(*open)(void *ctx, struct oh_house *house, oh_id resident, int64_t now_us);
  void (*close)(void *self); // the participant is going away
  // One Opus packet of a track it hears, in order of arrival; borrowed. Must not allocate.
  void (*packet)(void *self, int64_t now_us, oh_id track, const struct oh_rtp_header *rtp,
                 const uint8_t *opus, size_t len);
  // A track it hears was muted or has ended, or is there (again).
  void (*heard)(void *self, int64_t now_us, oh_id track, bool there);
  // Whether it wants to hear a track at all; NULL: all of them.
  bool (*wants)(void *self, oh_id track);
  // Somebody has become ACTIVE in the room.
  void (*arrived)(void *self, int64_t now_us);
  int64_t (*deadline)(const void *self); // OH_NEVER if none
  void (*tick)(void *self, int64_t now_us);
};

// For residents, with the id given to open. Publishes a microphone track; false when full.
bool oh_resident_publish(struct oh_house *house, int64_t now_us, oh_id resident, const char *track_name);
// Speaks: one Opus packet with its own sequence and 48 kHz timestamp; level in -dBov, 127 = silence.
void oh_resident_speak(struct oh_house *house, int64_t now_us, oh_id resident,
                       const struct oh_rtp_header *rtp, uint8_t level, const uint8_t *opus, size_t len);
// Sets one attribute and tells the room, for example lk.agent.state.
void oh_resident_set_attribute(struct oh_house *house, oh_id resident, const char *key, const char *value);

// For livekit/ itself.
struct oh_room;
struct oh_track;
struct oh_subscription;
bool oh_resident_is_known(const struct oh_house *house, const char *agent_name);
void oh_resident_dispatch(struct oh_house *house, int64_t now_us,
                          struct oh_room *room); // a new room's agents
void oh_resident_tap(struct oh_house *house, int64_t now_us, struct oh_subscription *subscription);
void oh_resident_track_changed(struct oh_house *house, int64_t now_us, struct oh_track *track, bool there);
