// subscribe.h — who hears whom: wishes (auto_subscribe, UpdateSubscription), permissions (canSubscribe, the
// publisher's SubscriptionPermission), and the resulting subscriptions (facts/LIVEKIT.md 3.6). One object per
// listener and track as soon as the listener should or asked to hear it; `on` while it does.
#pragma once
#include "livekit/publish.h"

struct oh_subscription {
  oh_id id, media;        // media: the sfu's subscription while on
  struct oh_house *house; // a resident's tap calls back with nothing but the subscription
  struct oh_participant *listener;
  struct oh_track *track;
  struct oh_subscription *next_of_listener, *next_of_track;
  enum { OH_WISH_AUTO, OH_WISH_YES, OH_WISH_NO } wish;
  bool on;       // in the sfu
  bool placed;   // has a section of the listener's transport
  bool bound;    // … which the client has accepted: media flows
  bool refused;  // the publisher does not allow it, and the listener was told so
  bool disabled; // UpdateTrackSettings.disabled
  uint32_t ssrc;
};

struct oh_subscription *oh_subscription_at(struct oh_house *house, oh_id subscription);
struct oh_subscription *oh_subscription_find(const struct oh_participant *listener,
                                             const struct oh_track *track);
bool oh_subscribe_hears(const struct oh_participant *listener, const struct oh_participant *publisher);

// Brings one pair, all tracks of the room for a listener, or all listeners of a track in line with wishes and
// permissions.
void oh_subscribe_settle(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                         struct oh_track *track);
void oh_subscribe_listener(struct oh_house *house, int64_t now_us, struct oh_participant *listener);
void oh_subscribe_track(struct oh_house *house, int64_t now_us, struct oh_track *track);
// The listener's client has accepted it: media flows; the publisher learns that it is heard.
void oh_subscribe_bound(struct oh_house *house, int64_t now_us, struct oh_subscription *subscription);
void oh_subscribe_remove(struct oh_house *house, int64_t now_us,
                         struct oh_subscription *subscription); // its track or listener goes
void oh_subscribe_error(struct oh_house *house, struct oh_participant *listener, const char *track_sid,
                        Livekit__SubscriptionError error);

// Whether the publisher lets the listener have this track, of whichever kind.
bool oh_subscribe_allows(const struct oh_participant *listener, const struct oh_participant *publisher,
                         const char *track_sid);
void oh_subscribe_tell_permission(struct oh_house *house, const struct oh_participant *listener,
                                  const struct oh_participant *publisher, const char *track_sid,
                                  bool allowed);

// Messages.
void oh_subscribe_update(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                         const Livekit__UpdateSubscription *update);
void oh_subscribe_settings(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                           const Livekit__UpdateTrackSettings *settings);
void oh_subscribe_permission(struct oh_house *house, int64_t now_us, struct oh_participant *publisher,
                             const Livekit__SubscriptionPermission *permission);
void oh_subscribe_disable(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                          const char *track_sid, bool disabled);
// Wishes for tracks that never came.
void oh_subscribe_tick(struct oh_house *house, int64_t now_us, struct oh_participant *listener);
int64_t oh_subscribe_deadline(const struct oh_participant *listener);
