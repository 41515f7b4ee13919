// dispatch.h — the agents that a room wants: by its settings, by AgentDispatchService, or automatically when
// it names none; the jobs that come of it, and the participants that do them (facts/LIVEKIT.md 9.3, 9.6).
// Jobs go out as orders to the agency (agency.h), which may be on another thread; its news come in. An agent
// that is lost while people are in the room is sent for again: after a second, twice as long each time, and
// OH_DISPATCH_ATTEMPTS_MAX times, counted anew once it was on the call for a minute.
#pragma once
#include "agent.pb-c.h"
#include "livekit/participant.h"

struct oh_room_job {
  struct oh_room_job *next;
  struct oh_sid id;
  Livekit__JobType type;
  oh_id subject; // the participant it is about; 0: the room
  oh_id agent;   // the participant that does it; 0: not (yet) here
  Livekit__JobState *state;
  uint32_t attempt;
  bool over, worker_lost;
};
struct oh_dispatch {
  struct oh_dispatch *next;
  struct oh_sid id;
  Livekit__RoomAgentDispatch *wish;
  bool automatic; // of workers without a name
  int64_t created_unix_us;
  struct oh_room_job *jobs; // newest first
};

// When the room has been made: what its settings ask for, except residents; automatic ones if they ask for
// none.
void oh_dispatch_begin(struct oh_house *house, int64_t now_us, struct oh_room *room);
// NULL: it has too many.
struct oh_dispatch *oh_dispatch_add(struct oh_house *house, int64_t now_us, struct oh_room *room,
                                    const Livekit__RoomAgentDispatch *wish);
struct oh_dispatch *oh_dispatch_find(struct oh_room *room, const char *id);
void oh_dispatch_remove(struct oh_house *house, struct oh_room *room, struct oh_dispatch *dispatch);
void oh_dispatch_forget(struct oh_house *house, struct oh_room *room); // the room ends
// In scratch; deleted_us 0: it has not been deleted.
Livekit__AgentDispatch *oh_dispatch_describe(struct oh_house *house, const struct oh_room *room,
                                             const struct oh_dispatch *dispatch, int64_t deleted_unix_us);

// An agent has joined: which job it came for is known by its identity.
void oh_dispatch_joined(struct oh_house *house, struct oh_participant *agent);
// Somebody became ACTIVE, published for the first time, is about to go, lost their signalling.
void oh_dispatch_arrived(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
void oh_dispatch_published(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
void oh_dispatch_left(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
// True: its worker has gone too, so nobody will come back.
bool oh_dispatch_is_lost(const struct oh_participant *participant);
