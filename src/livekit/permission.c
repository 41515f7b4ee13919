// permission.c — see permission.h
#include "livekit/permission.h"
#include "livekit/publish.h"
#include "livekit/refresh.h"
#include "livekit/subscribe.h"

enum { SOURCE_BITS = 31 }; // the 32nd says that there is a list

static uint32_t sources_of(const Livekit__ParticipantPermission *permission) {
  uint32_t sources = permission->n_can_publish_sources ? OH_SOURCES_LISTED : OH_SOURCES_ALL;
  for (size_t i = 0; i < permission->n_can_publish_sources; i++) {
    uint32_t source = (uint32_t)permission->can_publish_sources[i];
    if (source < SOURCE_BITS) sources |= 1u << source;
  }
  return sources;
}

// The grants with the permission's words in the place of theirs.
static struct oh_video_grant merge(const struct oh_video_grant *grant,
                                   const Livekit__ParticipantPermission *permission) {
  struct oh_video_grant merged = *grant;
  merged.can_publish = permission->can_publish;
  merged.can_publish_data = permission->can_publish_data;
  merged.can_publish_sources = sources_of(permission);
  merged.can_subscribe = permission->can_subscribe;
  merged.can_update_own_metadata = permission->can_update_metadata;
  merged.hidden = permission->hidden;
  merged.recorder = permission->recorder;
  merged.agent = permission->agent;
  merged.can_subscribe_metrics = permission->can_subscribe_metrics;
  merged.can_manage_agent_session = permission->can_manage_agent_session;
  return merged;
}

static bool is_same(const struct oh_video_grant *a, const struct oh_video_grant *b) {
  return a->can_publish == b->can_publish && a->can_publish_data == b->can_publish_data &&
         a->can_publish_sources == b->can_publish_sources && a->can_subscribe == b->can_subscribe &&
         a->can_update_own_metadata == b->can_update_own_metadata && a->hidden == b->hidden &&
         a->recorder == b->recorder && a->agent == b->agent &&
         a->can_subscribe_metrics == b->can_subscribe_metrics &&
         a->can_manage_agent_session == b->can_manage_agent_session;
}

static void end_forbidden_tracks(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  struct oh_track *track = p->tracks;
  while (track) {
    struct oh_track *next = track->next;
    if (!oh_participant_may_publish(p, track->source)) oh_publish_end(house, now_us, track, true);
    track = next;
  }
}

// Who becomes hidden leaves, as the others see it: nobody would tell them of his end.
static void vanish(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  for (struct oh_track *track = p->tracks; track; track = track->next)
    for (struct oh_subscription *s = track->subscriptions, *next; s; s = next) {
      next = s->next_of_track;
      if (!s->listener->resident) oh_subscribe_remove(house, now_us, s);
    }
  Livekit__ParticipantInfo__State state = p->state;
  p->state = LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED;
  oh_participant_changed(house, p, OH_OTHERS);
  p->state = state;
}

static void appear(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  for (struct oh_track *track = p->tracks; track; track = track->next)
    if (track->published) oh_subscribe_track(house, now_us, track);
}

bool oh_permission_change(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                          const Livekit__ParticipantPermission *permission) {
  struct oh_video_grant merged = merge(&p->claims.video, permission);
  if (is_same(&p->claims.video, &merged)) return false;
  bool was_hidden = p->claims.video.hidden;
  if (merged.hidden && !was_hidden) vanish(house, now_us, p);
  p->claims.video = merged;
  p->dependent = oh_claims_are_dependent(&p->claims);
  end_forbidden_tracks(house, now_us, p);
  oh_subscribe_listener(house, now_us, p);
  oh_data_track_settle(house, p);
  oh_participant_changed(house, p, OH_ALL);
  if (was_hidden && !merged.hidden) appear(house, now_us, p);
  if (!p->resident) oh_refresh_send(house, now_us, p);
  oh_room_changed(house, now_us, p->room, false);
  oh_participant_schedule(house, p);
  return true;
}
