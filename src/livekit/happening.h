// happening.h — what a house has to tell the outside: rooms that begin and end, people who come and go,
// tracks, recordings (LiveKit's webhook events, facts/LIVEKIT.md 9.7). Each is built where it happens, as one
// packed livekit.WebhookEvent with its own id, and waits in order until the owner of the house takes it.
// Nothing is built while nobody listens.
#pragma once
#include "egress.pb-c.h"
#include "livekit/house.h"
#include "webhook.pb-c.h"

struct oh_happening {
  char *room; // its name: what happens in one room keeps its order; malloc'd
  uint8_t *event;
  size_t len; // of the packed livekit.WebhookEvent; malloc'd
};
void oh_happening_fini(struct oh_happening *happening);

// Whether anybody listens; at first nobody does. What waits stays.
void oh_house_tell(struct oh_house *house, bool tell);
// The next one, in order; the caller finishes it. Drain after each call to the house, as its frames.
bool oh_house_next_happening(struct oh_house *house, struct oh_happening *happening);

// For livekit/ itself. Of a participant and its room everything is told, of the others of a track only sid
// and name, or sid and identity (as LiveKit).
struct oh_room;
struct oh_participant;
struct oh_track;
void oh_happening_room(struct oh_house *house, int64_t now_us, const char *name, const struct oh_room *room,
                       Livekit__RoomEndReason reason);
void oh_happening_participant(struct oh_house *house, int64_t now_us, const char *name,
                              const struct oh_participant *participant);
void oh_happening_track(struct oh_house *house, int64_t now_us, const char *name,
                        const struct oh_track *track);

// For recordings, on the thread of the house: `name` is egress_started, egress_updated or egress_ended. The
// room may have gone; its name and sid are the info's. Where to is the configuration's word (webhook.urls):
// `webhooks` of an egress request is to be refused (facts/RELIABILITY.md H11: no URL from a request).
void oh_happening_egress(struct oh_house *house, int64_t now_us, const char *name,
                         const Livekit__EgressInfo *info);

// The queue inside the house.
struct oh_happenings {
  struct oh_happening *items; // a ring
  uint32_t head, used, cap;
  size_t bytes;
  bool tell;
};
void oh_happenings_fini(struct oh_happenings *happenings);
