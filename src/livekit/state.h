// state.h — the inside of struct oh_house: the tables that all of livekit/ shares. Ownership: house ─ rooms ─
// participants ─ {tracks, subscriptions, transports}; sessions stand beside and point to a participant by id.
// Only the file named after a noun creates and destroys it.
#pragma once
#include "base/heap.h"
#include "base/map.h"
#include "livekit/happening.h"
#include "livekit/house.h"
#include "livekit/order.h"
#include "livekit/scratch.h"
#include "rtc/hub.h"
#include "sfu/sfu.h"

struct oh_room;
struct oh_participant;
struct oh_track;
struct oh_subscription;
struct oh_session;
struct oh_transport;

struct oh_frames { // a ring of frames waiting for the door
  struct oh_frame *items;
  uint32_t head, used, cap;
};

struct oh_house {
  struct oh_world *world;
  struct oh_identity *identity;
  struct oh_outbox *out;
  struct oh_hub *hub;
  struct oh_sfu *sfu;
  struct oh_house_config config; // its strings and arrays are the owner's and outlive the house
  struct oh_slab rooms, participants, tracks, subscriptions, sessions;
  struct oh_map rooms_by_name; // name → room id
  struct oh_map peers;         // hub peer id → participant id
  struct oh_map revoked;       // tokens taken back (revocation.h)
  struct oh_heap deadlines;    // ids are participants' or, with OH_DEADLINE_ROOM set, rooms'
  struct oh_frames frames;
  struct oh_happenings happenings;
  struct oh_egresses egresses;
  struct oh_scratch scratch; // for messages under construction; empty between two calls from outside
  struct oh_orders orders;   // of agents
  unsigned automatic;        // bit n: nameless workers do jobs of livekit.JobType n
  bool draining;
};
#define OH_DEADLINE_ROOM ((uint64_t)1 << 32)

static inline int64_t oh_house_unix_ms(const struct oh_house *house, int64_t now_us) {
  return oh_unix_us(house->world, now_us) / 1000;
}
// A copy of `text` in place of *slot.
void oh_replace_text(char **slot, const char *text);
