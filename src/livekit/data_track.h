// data_track.h — data tracks (facts/LIVEKIT.md 3.8.8): a participant publishes them by name, the others
// subscribe to them, and each packet goes on to the subscribers with the handle that each was told. A packet
// that cannot leave in time is dropped, for that subscriber only: nobody waits for a slow one.
#pragma once
#include "base/bytes.h"
#include "livekit/sid.h"
#include "signal.pb-c.h"
#include <stdbool.h>
#include <stdint.h>

struct oh_house;
struct oh_participant;

struct oh_data_subscription { // as soon as the listener gets the track, or has said whether it wants it
  struct oh_participant *listener;
  struct oh_data_track *track;
  struct oh_data_subscription *next_of_listener, *next_of_track;
  enum { OH_DATA_WISH_AUTO, OH_DATA_WISH_YES, OH_DATA_WISH_NO } wish;
  uint16_t handle; // the listener's for the track; 0: it gets none of it
  bool refused;    // the publisher does not allow it, and the listener was told so
};
struct oh_data_track {
  struct oh_participant *publisher;
  struct oh_data_track *next;
  struct oh_sid sid;
  Livekit__DataTrackInfo *info; // as everybody is told; malloc'd
  struct oh_data_subscription *subscriptions;
  uint64_t packets, bytes; // received
  uint64_t missing;        // sequence numbers that were left out
  uint16_t next_sequence;
};
struct oh_data_tracks {            // a participant's
  struct oh_data_track *published; // oldest first
  struct oh_data_subscription *heard;
  uint32_t published_count, heard_count;
  uint16_t last_handle; // given to one of those heard
  bool automatic;       // auto_subscribe_data_track
  bool changed;         // handles that it has not been told yet; only inside a call
};

// Messages: each is answered, or refused with a RequestResponse.
void oh_data_track_publish(struct oh_house *house, int64_t now_us, struct oh_participant *publisher,
                           const Livekit__PublishDataTrackRequest *request);
void oh_data_track_unpublish(struct oh_house *house, struct oh_participant *publisher,
                             const Livekit__UnpublishDataTrackRequest *request);
void oh_data_track_subscribe(struct oh_house *house, struct oh_participant *listener,
                             const Livekit__UpdateDataSubscription *update);

// A message on the publisher's channel `_data_track`.
void oh_data_track_recv(struct oh_house *house, int64_t now_us, struct oh_participant *publisher,
                        struct oh_bytes message);

// It has come, or what it may do or whom it lets has changed: its tracks end if it may not publish data (it
// is told; the others are by oh_participant_changed), subscriptions to them and its own end or come back.
void oh_data_track_settle(struct oh_house *house, struct oh_participant *participant);
// It leaves: its tracks and subscriptions end.
void oh_data_track_forget(struct oh_house *house, struct oh_participant *participant);

void oh_data_track_describe(struct oh_house *house, const struct oh_participant *participant,
                            Livekit__ParticipantInfo *info);
// After a resume: false if the client says it has a track that we do not know.
bool oh_data_track_knows(const struct oh_participant *participant, const Livekit__SyncState *state);
void oh_data_track_tell_handles(struct oh_house *house, const struct oh_participant *listener);
