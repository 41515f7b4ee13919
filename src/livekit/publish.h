// publish.h — published tracks: AddTrack → pending → matched with an m= section of the client's offer →
// published, with the TrackInfo that everybody sees (facts/LIVEKIT.md 3.5, 3.7).
#pragma once
#include "livekit/participant.h"

struct oh_track {
  oh_id id, media; // media: the sfu's track, from when it is published
  struct oh_participant *participant;
  struct oh_track *next;
  struct oh_sid sid;
  char *cid, *name, *stream;
  Livekit__TrackSource source;
  Livekit__Encryption__Type encryption;
  Livekit__AudioTrackFeature features[8];
  size_t feature_count;
  bool disable_red, stereo, no_dtx, muted, published;
  bool matched;         // has its section, and will be published with the answer
  bool codec_named;     // AddTrack named its codec (simulcast_codecs)
  bool queued;          // same cid as an earlier one: waits until that has gone
  bool told_subscribed; // TrackSubscribed was sent
  char mime[24], mid[OH_SDP_MID_MAX + 1];
  uint32_t version;
  int64_t published_unix_us;
  struct oh_subscription *subscriptions; // by next_of_track
};

struct oh_track *oh_track_at(struct oh_house *house, oh_id track);
struct oh_track *oh_track_by_sid(const struct oh_participant *participant, const char *sid);
struct oh_track *oh_track_in_room(const struct oh_room *room, const char *sid);
Livekit__TrackInfo *oh_track_describe(struct oh_house *house, const struct oh_track *track); // in scratch

// AddTrack: answers TrackPublished or RequestResponse.
void oh_publish_add(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                    const Livekit__AddTrackRequest *request);
// The pending track that an offered audio section is for: msid track id = cid, else the first pending; or
// NULL.
struct oh_track *oh_publish_match(const struct oh_participant *participant, struct oh_str msid_track);
// Gives it its place in the sfu (track->media), which stays 0 when the sfu is full.
void oh_publish_prepare(struct oh_house *house, struct oh_track *track);
// Its section has been answered: from now on it is in everybody's list.
void oh_publish_complete(struct oh_house *house, int64_t now_us, struct oh_track *track, const char *mid,
                         const char *mime);
// Ends a track: subscriptions end; a published one leaves the list (`tell` = TrackUnpublished to its
// publisher).
void oh_publish_end(struct oh_house *house, int64_t now_us, struct oh_track *track, bool tell);
void oh_publish_mute(struct oh_house *house, int64_t now_us, struct oh_track *track, bool muted);
// Muted, or unmuted again, by somebody else: tells the client, who obeys, and everybody.
void oh_publish_force_mute(struct oh_house *house, int64_t now_us, struct oh_track *track, bool muted);
void oh_publish_set_features(struct oh_house *house, struct oh_track *track,
                             const Livekit__AudioTrackFeature *features, size_t count);
// A resident's track: published at once, fed by oh_sfu_inject.
struct oh_track *oh_publish_resident(struct oh_house *house, int64_t now_us,
                                     struct oh_participant *participant, const char *name);
