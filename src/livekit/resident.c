// resident.c — see resident.h
#include "livekit/resident.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/participant.h"
#include "livekit/publish.h"
#include "livekit/subscribe.h"

static const struct oh_resident_ops *find_kind(const struct oh_house *house, const char *agent_name) {
  for (size_t i = 0; i < house->config.resident_count; i++)
    if (strcmp(house->config.residents[i].agent_name, agent_name) == 0) return &house->config.residents[i];
  return NULL;
}

bool oh_resident_is_known(const struct oh_house *house, const char *agent_name) {
  return find_kind(house, agent_name) != NULL;
}

static void free_identity(struct oh_room *room, const struct oh_resident_ops *ops,
                          char identity[OH_NAME_MAX]) {
  snprintf(identity, OH_NAME_MAX, "%s", ops->identity);
  for (unsigned n = 2; oh_participant_by_identity(room, identity); n++)
    snprintf(identity, OH_NAME_MAX, "%s-%u", ops->identity, n);
}

static void open_resident(struct oh_house *house, int64_t now_us, struct oh_room *room,
                          const struct oh_resident_ops *ops) {
  char identity[OH_NAME_MAX];
  free_identity(room, ops, identity);
  struct oh_claims claims;
  oh_claims_init(&claims);
  oh_replace_text(&claims.identity, identity);
  oh_replace_text(&claims.name, ops->name);
  oh_replace_text(&claims.kind, "agent");
  struct oh_participant *p = oh_participant_open(house, now_us, room, &claims);
  oh_claims_fini(&claims);
  if (!p) return;
  p->auto_subscribe = true;
  oh_participant_activate(house, now_us, p);
  p->resident_self = ops->open(ops->ctx, house, p->id, now_us);
  if (!p->resident_self)
    return oh_participant_close(house, now_us, p, LIVEKIT__DISCONNECT_REASON__AGENT_ERROR);
  p->resident = ops;
  if (ops->life_us) p->resident_until_us = now_us + ops->life_us;
  oh_subscribe_listener(house, now_us, p);
  oh_participant_schedule(house, p);
}

void oh_resident_dispatch(struct oh_house *house, int64_t now_us, struct oh_room *room) {
  for (size_t i = 0; i < room->settings.agent_count; i++) {
    const struct oh_resident_ops *ops = find_kind(house, room->settings.agents[i]->agent_name);
    if (ops) open_resident(house, now_us, room, ops);
  }
}

bool oh_resident_publish(struct oh_house *house, int64_t now_us, oh_id resident, const char *track_name) {
  struct oh_participant *p = oh_participant_at(house, resident);
  return p && oh_publish_resident(house, now_us, p, track_name);
}

void oh_resident_speak(struct oh_house *house, int64_t now_us, oh_id resident,
                       const struct oh_rtp_header *rtp, uint8_t level, const uint8_t *opus, size_t len) {
  struct oh_participant *p = oh_participant_at(house, resident);
  if (p && p->tracks) oh_sfu_inject(house->sfu, now_us, p->tracks->media, rtp, level, opus, len, house->out);
}

void oh_resident_set_attribute(struct oh_house *house, oh_id resident, const char *key, const char *value) {
  struct oh_participant *p = oh_participant_at(house, resident);
  if (!p) return;
  oh_claims_set_attribute(&p->claims, oh_str(key), oh_str(value));
  oh_participant_changed(house, p, OH_OTHERS);
}

// The sfu's tap calls back with the subscription, which knows house, listener and track.
static void on_packet(void *ctx, int64_t now_us, const struct oh_rtp_header *rtp, const uint8_t *opus,
                      size_t len) {
  struct oh_subscription *s = ctx;
  struct oh_participant *listener = s->listener;
  if (!listener->resident || s->disabled) return;
  listener->resident->packet(listener->resident_self, now_us, s->track->id, rtp, opus, len);
  oh_participant_schedule(s->house, listener); // its deadline may have moved; allocates nothing
}

void oh_resident_tap(struct oh_house *house, int64_t now_us, struct oh_subscription *s) {
  const struct oh_sfu_tap tap = {.packet = on_packet, .ctx = s};
  s->media = oh_sfu_tap(house->sfu, s->track->media, s->listener->member, tap);
  if (!s->media) return;
  s->on = true;
  s->listener->resident->heard(s->listener->resident_self, now_us, s->track->id, !s->track->muted);
}

void oh_resident_track_changed(struct oh_house *house, int64_t now_us, struct oh_track *track, bool there) {
  for (struct oh_subscription *s = track->subscriptions; s; s = s->next_of_track) {
    struct oh_participant *listener = s->listener;
    if (!listener->resident || !s->on) continue;
    listener->resident->heard(listener->resident_self, now_us, track->id, there);
    oh_participant_schedule(house, listener);
  }
}
