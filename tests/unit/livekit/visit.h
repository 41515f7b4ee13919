// visit.h — clients of a house with doubles: joins are made of structs, messages are packed and unpacked,
// SDP is written as a browser would.
#pragma once
#include "livekit/house.h"
#include "livekit/message.h"
#include "signal.pb-c.h"
#include "tests/unit/livekit/doubles.h"
#include "tests/unit/test.h"

enum { VISIT_LOG = 128 };

struct visit_world {
  struct oh_world world;
  struct oh_outbox out;
  struct oh_house *house;
  int64_t now_us;
  uint64_t seed;
  struct oh_frame frames[VISIT_LOG];             // all frames since the last visit_clear, in order
  Livekit__SignalResponse *responses[VISIT_LOG]; // decoded; NULL for close frames
  size_t count;
};
struct visitor {
  oh_id session;
  char sid[32], identity[32];
  struct oh_admission admission;
  int version; // of its offers' credentials
};
struct visit_options { // all false: protocol 17, dual, auto_subscribe, may do everything
  bool single, manual, no_publish, no_subscribe, may_update, hidden, agent, reconnect, no_data, metrics,
      auto_data;
  int protocol;
  uint32_t sources;
  const char *room, *room_config, *browser, *sdk, *sid;
  Livekit__JoinRequest *request;
};

void visit_open(struct visit_world *w, const struct oh_house_config *changes); // NULL: defaults
void visit_close(struct visit_world *w);
struct oh_house_config visit_config(void);
void visit_collect(struct visit_world *w); // fetches frames into the log
void visit_clear(struct visit_world *w);
void visit_advance(struct visit_world *w, int64_t us); // lets time pass, ticking at each deadline

struct visitor visit_join(struct visit_world *w, const char *identity, const struct visit_options *options);
void visit_say(struct visit_world *w, const struct visitor *v, const Livekit__SignalRequest *request);
void visit_lose_signal(struct visit_world *w, struct visitor *v);

// The nth (0 = first, -1 = last) response of a kind to this visitor in the log, or NULL.
Livekit__SignalResponse *visit_find(const struct visit_world *w, const struct visitor *v,
                                    Livekit__SignalResponse__MessageCase kind, int nth);
int visit_count(const struct visit_world *w, const struct visitor *v,
                Livekit__SignalResponse__MessageCase kind);
const struct oh_frame *visit_last_frame(const struct visit_world *w, const struct visitor *v);
// Their info of `sid` in the latest update, NULL if none.
Livekit__ParticipantInfo *visit_info(const struct visit_world *w, const struct visitor *v, const char *sid);

// A browser's offer: `sections` is one letter each: s = audio sendonly, r = audio recvonly, v = video
// recvonly, i = audio inactive, d = data. Sending sections carry the msid track ids in `tracks`.
void visit_offer(struct visit_world *w, struct visitor *v, uint32_t id, const char *sections,
                 const char *const *tracks);
char *visit_sdp(const struct visitor *v, const char *sections, const char *const *tracks); // free() it
void visit_answer(struct visit_world *w, struct visitor *v); // accepts the last offer in the log
void visit_add_track(struct visit_world *w, const struct visitor *v, const char *cid);
// Where the first response of a kind stands among those to this visitor; -1 if there is none.
int visit_order(const struct visit_world *w, const struct visitor *v,
                Livekit__SignalResponse__MessageCase kind);
// Joins, publishes a microphone (the `s` of `sections`) and is ACTIVE, as is everybody who has a peer.
struct visitor visit_talker(struct visit_world *w, const char *identity, const char *sections, bool single);
