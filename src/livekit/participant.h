// participant.h — somebody in a room: who they are, what they may do, and what the others are told about them
// (facts/LIVEKIT.md 3.0, 3.9, 6.3). Every change raises the version, which clients use to drop stale news.
#pragma once
#include "livekit/data_track.h"
#include "livekit/metrics.h"
#include "livekit/resident.h"
#include "livekit/room.h"
#include "livekit/session.h"
#include "livekit/token.h"
#include "livekit/transport.h"

struct oh_wish { // UpdateSubscription for a track that does not exist (yet)
  char sid[OH_SID_BYTES];
  int64_t until_us;
};
struct oh_audience_entry { // SubscriptionPermission: who may hear what of this participant
  char *identity, *sid;    // either may be NULL
  bool all_tracks;
  char (*tracks)[OH_SID_BYTES];
  size_t track_count;
};

struct oh_participant {
  oh_id id, member; // member: the sfu's
  struct oh_room *room;
  struct oh_participant *next, *prev;
  struct oh_sid sid;
  struct oh_claims claims; // identity, name, metadata, attributes, grants as they are now
  Livekit__ParticipantInfo__Kind kind;
  Livekit__ParticipantInfo__State state;
  Livekit__DisconnectReason reason;
  uint32_t version;
  int64_t joined_us, joined_unix_ms;
  bool was_publisher, was_active, dependent;

  oh_id session; // 0: signalling is away (or a resident)
  int protocol, client_protocol;
  uint32_t capabilities; // bit n = ClientInfo.Capability n
  char sdk[32], browser[32];
  bool single, auto_subscribe, subscriber_primary;
  struct oh_transport transports[OH_TARGETS];
  enum oh_ice_preference ice;
  int64_t signal_lost_us;                // when we last knew that it listened
  int64_t first_connected_us, failed_us; // failed_us: last transport failure
  uint32_t failures;

  struct oh_track *tracks; // pending and published, oldest first
  uint32_t track_count, pending_count;
  struct oh_subscription *subscriptions;
  struct oh_wish *wishes;
  uint32_t wish_count;
  bool audience_limited; // false: everyone
  struct oh_audience_entry *audience;
  size_t audience_count;

  struct oh_held *held, *held_last; // reliable data until its channel is open
  size_t held_bytes;
  uint32_t data_sequence; // of its latest reliable packet
  struct oh_data_tracks data;
  struct oh_data_blob *blobs; // what others may fetch of it (data_blob.h)
  struct oh_metrics_clock metrics_clock;
  int64_t data_paid_us; // the copies of its data are paid for until then
  struct oh_rpc *rpcs;  // the server's calls to it that are under way (rpc.h)
  uint32_t rpc_count;

  // deadlines, OH_NEVER when off
  int64_t active_by_us;                   // JOIN_FAILURE unless ACTIVE
  int64_t resume_by_us;                   // signalling or transport lost: gone unless resumed
  int64_t refresh_us;                     // next refresh_token
  int64_t simulate_us;                    // end of a simulated speaker update
  int64_t cut_us;                         // simulated disconnect_signal_on_resume stays armed until
  uint32_t cuts;                          // how many resumes to cut
  bool cut_silent;                        // before the messages
  float told_level;                       // simulated speaker
  uint32_t place;                         // in the deadline heap
  const struct oh_resident_ops *resident; // NULL: a client
  void *resident_self;
  int64_t resident_until_us; // the room ends then; 0: never because of it
};

// Agents, recorders and the like: they keep no room open and do not count as people (facts/LIVEKIT.md 6.4).
bool oh_claims_are_dependent(const struct oh_claims *claims);
struct oh_participant *oh_participant_at(struct oh_house *house, oh_id participant);
struct oh_participant *oh_participant_by_identity(struct oh_room *room, const char *identity);
struct oh_participant *oh_participant_by_sid(struct oh_room *room, const char *sid);
struct oh_participant *oh_participant_of_peer(struct oh_house *house, oh_id peer, enum oh_target *target);
struct oh_session *oh_participant_session(struct oh_house *house, const struct oh_participant *participant);

// Adds a participant in state JOINED; takes claims. NULL when full.
struct oh_participant *oh_participant_open(struct oh_house *house, int64_t now_us, struct oh_room *room,
                                           struct oh_claims *take_claims);
// It has media, or needs none: tells the others, and the outside.
void oh_participant_activate(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
// Tells the others (DISCONNECTED, reason), ends tracks, subscriptions, transports, and forgets. The session
// is left alone: see oh_departure.
void oh_participant_close(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                          Livekit__DisconnectReason reason);
void oh_audience_clear(struct oh_participant *participant); // frees the list of who may hear
void oh_participant_schedule(struct oh_house *house, struct oh_participant *participant);

Livekit__ParticipantInfo *oh_participant_describe(struct oh_house *house, const struct oh_participant *p);
enum oh_hearers { OH_OTHERS, OH_ALL };
// The info has changed: raises the version and tells the others, or everybody including themselves.
void oh_participant_changed(struct oh_house *house, struct oh_participant *participant,
                            enum oh_hearers hearers);
void oh_participant_send(struct oh_house *house, const struct oh_participant *participant,
                         const Livekit__SignalResponse *response);
// What became of a request of its: done, refused, and why.
void oh_participant_answer(struct oh_house *house, const struct oh_participant *participant,
                           Livekit__RequestResponse *answer);
// May they publish this source (facts/LIVEKIT.md 5)? Sound of unknown source counts as a microphone.
bool oh_participant_may_publish(const struct oh_participant *participant, Livekit__TrackSource source);
