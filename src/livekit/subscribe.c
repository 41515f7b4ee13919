// subscribe.c — see subscribe.h
#include "livekit/subscribe.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/activity.h"
#include "livekit/negotiation.h"

struct oh_subscription *oh_subscription_at(struct oh_house *house, oh_id subscription) {
  return oh_slab_find(&house->subscriptions, subscription);
}

struct oh_subscription *oh_subscription_find(const struct oh_participant *listener,
                                             const struct oh_track *track) {
  for (struct oh_subscription *s = listener->subscriptions; s; s = s->next_of_listener)
    if (s->track == track) return s;
  return NULL;
}

bool oh_subscribe_hears(const struct oh_participant *listener, const struct oh_participant *publisher) {
  for (const struct oh_subscription *s = listener->subscriptions; s; s = s->next_of_listener)
    if (s->on && s->track->participant == publisher) return true;
  return false;
}

static struct oh_subscription *open_subscription(struct oh_house *house, struct oh_participant *listener,
                                                 struct oh_track *track) {
  oh_id id;
  struct oh_subscription *s = oh_slab_add(&house->subscriptions, &id);
  if (!s) return NULL;
  s->id = id;
  s->house = house;
  s->listener = listener;
  s->track = track;
  s->next_of_listener = listener->subscriptions;
  listener->subscriptions = s;
  s->next_of_track = track->subscriptions;
  track->subscriptions = s;
  return s;
}

static bool entry_allows(const struct oh_audience_entry *entry, const struct oh_participant *listener,
                         const char *track_sid) {
  bool meant = entry->identity && *entry->identity ? strcmp(entry->identity, listener->claims.identity) == 0
                                                   : strcmp(entry->sid, listener->sid.text) == 0;
  if (!meant) return false;
  if (entry->all_tracks) return true;
  for (size_t i = 0; i < entry->track_count; i++)
    if (strcmp(entry->tracks[i], track_sid) == 0) return true;
  return false;
}

bool oh_subscribe_allows(const struct oh_participant *listener, const struct oh_participant *publisher,
                         const char *track_sid) {
  if (!publisher->audience_limited) return true;
  for (size_t i = 0; i < publisher->audience_count; i++)
    if (entry_allows(&publisher->audience[i], listener, track_sid)) return true;
  return false;
}

void oh_subscribe_tell_permission(struct oh_house *house, const struct oh_participant *listener,
                                  const struct oh_participant *publisher, const char *track_sid,
                                  bool allowed) {
  Livekit__SubscriptionPermissionUpdate update = LIVEKIT__SUBSCRIPTION_PERMISSION_UPDATE__INIT;
  update.participant_sid = (char *)publisher->sid.text;
  update.track_sid = (char *)track_sid;
  update.allowed = allowed;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_SUBSCRIPTION_PERMISSION_UPDATE;
  response.subscription_permission_update = &update;
  oh_participant_send(house, listener, &response);
}

static void tell_permission(struct oh_house *house, const struct oh_subscription *s, bool allowed) {
  oh_subscribe_tell_permission(house, s->listener, s->track->participant, s->track->sid.text, allowed);
}

static void tell_subscribed(struct oh_house *house, struct oh_track *track) {
  if (track->told_subscribed) return;
  track->told_subscribed = true;
  Livekit__TrackSubscribed subscribed = LIVEKIT__TRACK_SUBSCRIBED__INIT;
  subscribed.track_sid = track->sid.text;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_TRACK_SUBSCRIBED;
  response.track_subscribed = &subscribed;
  oh_participant_send(house, track->participant, &response);
}

void oh_subscribe_bound(struct oh_house *house, int64_t now_us, struct oh_subscription *s) {
  bool first = !s->bound;
  s->bound = true;
  if (s->disabled) oh_sfu_disable_subscription(house->sfu, now_us, s->media, true);
  if (!first) return;
  tell_subscribed(house, s->track);
  oh_activity_introduce(house, s->listener, s->track->participant);
}

static void switch_on(struct oh_house *house, int64_t now_us, struct oh_subscription *s) {
  if (s->listener->resident) {
    oh_resident_tap(house, now_us, s);
    if (s->on) tell_subscribed(house, s->track);
    return;
  }
  s->media = oh_sfu_subscribe(house->sfu, s->track->media, s->listener->member);
  if (!s->media) return; // full: tried again at the next change
  s->on = true;
  s->ssrc = oh_sfu_new_ssrc(house->sfu);
  oh_negotiate_want(house, now_us, s->listener, false);
}

static void switch_off(struct oh_house *house, int64_t now_us, struct oh_subscription *s) {
  oh_sfu_unsubscribe(house->sfu, s->media);
  bool placed = s->placed;
  s->on = s->placed = s->bound = false;
  s->media = 0;
  if (!placed) return;
  oh_negotiate_release(s);
  oh_negotiate_want(house, now_us, s->listener, false);
}

void oh_subscribe_settle(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                         struct oh_track *track) {
  if (!track->published || track->participant == listener || !track->media) return;
  if (track->participant->claims.video.hidden && !listener->resident) return; // nobody could name its owner
  struct oh_subscription *s = oh_subscription_find(listener, track);
  bool wanted = listener->auto_subscribe;
  if (listener->resident && listener->resident->wants)
    wanted = listener->resident->wants(listener->resident_self, track->id);
  if (s && s->wish != OH_WISH_AUTO) wanted = s->wish == OH_WISH_YES;
  if (!listener->claims.video.can_subscribe) wanted = false;
  if (wanted && !s) s = open_subscription(house, listener, track);
  if (!s) return;
  bool allowed = oh_subscribe_allows(listener, track->participant, track->sid.text);
  if (wanted && !allowed && !s->refused) {
    s->refused = true;
    tell_permission(house, s, false);
  } else if (allowed && s->refused) {
    s->refused = false;
    tell_permission(house, s, true);
  }
  if (wanted && allowed && !s->on) switch_on(house, now_us, s);
  if (!(wanted && allowed) && s->on) switch_off(house, now_us, s);
}

void oh_subscribe_listener(struct oh_house *house, int64_t now_us, struct oh_participant *listener) {
  for (struct oh_participant *p = listener->room->participants; p; p = p->next)
    for (struct oh_track *track = p->tracks; track; track = track->next)
      oh_subscribe_settle(house, now_us, listener, track);
}

// Takes a wish for this track out of the list; false if there is none.
static bool take_wish(struct oh_participant *listener, const char *sid) {
  for (uint32_t i = 0; i < listener->wish_count; i++)
    if (strcmp(listener->wishes[i].sid, sid) == 0) {
      listener->wishes[i] = listener->wishes[--listener->wish_count];
      return true;
    }
  return false;
}

static void wish_for(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                     struct oh_track *track, bool subscribe) {
  struct oh_subscription *s = oh_subscription_find(listener, track);
  if (!s) s = open_subscription(house, listener, track);
  if (!s) return;
  s->wish = subscribe ? OH_WISH_YES : OH_WISH_NO;
  oh_subscribe_settle(house, now_us, listener, track);
}

void oh_subscribe_track(struct oh_house *house, int64_t now_us, struct oh_track *track) {
  for (struct oh_participant *p = track->participant->room->participants; p; p = p->next) {
    if (p == track->participant) continue;
    if (take_wish(p, track->sid.text))
      wish_for(house, now_us, p, track, true);
    else
      oh_subscribe_settle(house, now_us, p, track);
    oh_participant_schedule(house, p);
  }
}

static void unlink_subscription(struct oh_subscription *s) {
  struct oh_subscription **at = &s->listener->subscriptions;
  while (*at != s)
    at = &(*at)->next_of_listener;
  *at = s->next_of_listener;
  at = &s->track->subscriptions;
  while (*at != s)
    at = &(*at)->next_of_track;
  *at = s->next_of_track;
}

void oh_subscribe_remove(struct oh_house *house, int64_t now_us, struct oh_subscription *s) {
  if (s->listener->resident && s->on)
    s->listener->resident->heard(s->listener->resident_self, now_us, s->track->id, false);
  if (s->on) switch_off(house, now_us, s);
  oh_participant_schedule(house, s->listener);
  unlink_subscription(s);
  oh_slab_remove(&house->subscriptions, s->id);
}

void oh_subscribe_error(struct oh_house *house, struct oh_participant *listener, const char *track_sid,
                        Livekit__SubscriptionError error) {
  Livekit__SubscriptionResponse answer = LIVEKIT__SUBSCRIPTION_RESPONSE__INIT;
  answer.track_sid = (char *)track_sid;
  answer.err = error;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_SUBSCRIPTION_RESPONSE;
  response.subscription_response = &answer;
  oh_participant_send(house, listener, &response);
}

static void keep_wish(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                      const char *sid) {
  if (strlen(sid) >= OH_SID_BYTES || listener->wish_count >= OH_WISHES_MAX)
    return oh_subscribe_error(house, listener, sid, LIVEKIT__SUBSCRIPTION_ERROR__SE_TRACK_NOTFOUND);
  take_wish(listener, sid); // the newer one counts
  struct oh_wish *wishes = realloc(listener->wishes, (listener->wish_count + 1) * sizeof *wishes);
  OH_CHECK(wishes);
  listener->wishes = wishes;
  struct oh_wish *wish = &wishes[listener->wish_count++];
  snprintf(wish->sid, sizeof wish->sid, "%s", sid);
  wish->until_us = now_us + OH_WISH_US;
}

static void update_one(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                       const char *sid, bool subscribe) {
  struct oh_track *track = oh_track_in_room(listener->room, sid);
  if (track && track->participant != listener)
    wish_for(house, now_us, listener, track, subscribe);
  else if (subscribe && !track)
    keep_wish(house, now_us, listener, sid);
  else
    take_wish(listener, sid);
}

void oh_subscribe_update(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                         const Livekit__UpdateSubscription *update) {
  for (size_t i = 0; i < update->n_track_sids; i++)
    update_one(house, now_us, listener, update->track_sids[i], update->subscribe);
  for (size_t i = 0; i < update->n_participant_tracks; i++) {
    const Livekit__ParticipantTracks *tracks = update->participant_tracks[i];
    for (size_t n = 0; n < tracks->n_track_sids; n++)
      update_one(house, now_us, listener, tracks->track_sids[n], update->subscribe);
  }
}

void oh_subscribe_disable(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                          const char *track_sid, bool disabled) {
  struct oh_track *track = oh_track_in_room(listener->room, track_sid);
  struct oh_subscription *s = track ? oh_subscription_find(listener, track) : NULL;
  if (!s || s->disabled == disabled) return;
  s->disabled = disabled;
  if (s->bound) oh_sfu_disable_subscription(house->sfu, now_us, s->media, disabled);
}

void oh_subscribe_settings(struct oh_house *house, int64_t now_us, struct oh_participant *listener,
                           const Livekit__UpdateTrackSettings *settings) {
  for (size_t i = 0; i < settings->n_track_sids; i++)
    oh_subscribe_disable(house, now_us, listener, settings->track_sids[i], settings->disabled);
}

static void read_audience(struct oh_audience_entry *entry, const Livekit__TrackPermission *permission) {
  entry->identity = oh_str_dup(oh_str(permission->participant_identity));
  entry->sid = oh_str_dup(oh_str(permission->participant_sid));
  entry->all_tracks = permission->all_tracks;
  size_t count = permission->n_track_sids;
  if (count > OH_TRACKS_MAX + OH_DATA_TRACKS_MAX) count = OH_TRACKS_MAX + OH_DATA_TRACKS_MAX;
  if (count == 0) return;
  entry->tracks = calloc(count, sizeof *entry->tracks);
  OH_CHECK(entry->tracks);
  for (size_t i = 0; i < count; i++)
    if (strlen(permission->track_sids[i]) < OH_SID_BYTES)
      memcpy(entry->tracks[entry->track_count++], permission->track_sids[i],
             strlen(permission->track_sids[i]) + 1);
}

void oh_subscribe_permission(struct oh_house *house, int64_t now_us, struct oh_participant *publisher,
                             const Livekit__SubscriptionPermission *permission) {
  oh_audience_clear(publisher);
  publisher->audience_limited = !permission->all_participants;
  size_t count = permission->n_track_permissions;
  if (count > OH_AUDIENCE_MAX) count = OH_AUDIENCE_MAX;
  if (publisher->audience_limited && count > 0) {
    publisher->audience = calloc(count, sizeof *publisher->audience);
    OH_CHECK(publisher->audience);
    for (size_t i = 0; i < count; i++)
      read_audience(&publisher->audience[publisher->audience_count++], permission->track_permissions[i]);
  }
  for (struct oh_track *track = publisher->tracks; track; track = track->next)
    oh_subscribe_track(house, now_us, track);
  oh_data_track_settle(house, publisher);
}

void oh_subscribe_tick(struct oh_house *house, int64_t now_us, struct oh_participant *listener) {
  for (uint32_t i = 0; i < listener->wish_count;) {
    if (now_us < listener->wishes[i].until_us) {
      i++;
      continue;
    }
    struct oh_wish expired = listener->wishes[i];
    listener->wishes[i] = listener->wishes[--listener->wish_count];
    oh_subscribe_error(house, listener, expired.sid, LIVEKIT__SUBSCRIPTION_ERROR__SE_TRACK_NOTFOUND);
  }
}

int64_t oh_subscribe_deadline(const struct oh_participant *listener) {
  int64_t at = OH_NEVER;
  for (uint32_t i = 0; i < listener->wish_count; i++)
    if (listener->wishes[i].until_us < at) at = listener->wishes[i].until_us;
  return at;
}
