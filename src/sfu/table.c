// table.c — see table.h
#include "sfu/table.h"
#include "base/check.h"
#include <stdlib.h>

struct oh_listener *oh_sfu_listener(struct oh_sfu_subscription *s) {
  return s->listening ? &s->heard->audience.parts[s->red].items[s->index] : &s->parked;
}

// Takes the sending state out of the track's audience.
static void park(struct oh_sfu *sfu, struct oh_sfu_subscription *s) {
  if (!s->listening) return;
  struct oh_listeners *part = &s->heard->audience.parts[s->red];
  s->parked = part->items[s->index];
  oh_listeners_remove(part, s->index);
  if (s->index < part->len) { // the last one has moved here
    struct oh_sfu_subscription *moved = oh_slab_find(&sfu->subscriptions, part->items[s->index].subscription);
    moved->index = s->index;
  }
  s->listening = false;
}

static void unpark(struct oh_sfu_subscription *s) {
  if (s->listening || !s->bound || s->disabled || s->closing) return;
  s->index = oh_listeners_add(&s->heard->audience.parts[s->red], &s->parked);
  s->listening = true;
}

static struct oh_sfu_subscription *find_subscription(const struct oh_sfu *sfu, oh_id id) {
  struct oh_sfu_subscription *s = oh_slab_find(&sfu->subscriptions, id);
  return s && !s->closing ? s : NULL;
}

static struct oh_sfu_transport *find_transport(const struct oh_sfu *sfu, oh_id peer) {
  struct oh_sfu_transport *t = oh_slab_find(&sfu->transports, (oh_id)oh_hub_tag(sfu->hub, peer));
  return t && t->peer == peer ? t : NULL;
}

static void drop_transport(struct oh_sfu *sfu, struct oh_sfu_transport *t);

oh_id oh_sfu_add_room(struct oh_sfu *sfu, int64_t now_us, uint64_t tag) {
  oh_id id;
  struct oh_sfu_room *room = oh_slab_add(&sfu->rooms, &id);
  if (!room) return 0;
  room->id = id;
  room->tag = tag;
  room->speaker_us = now_us + 1000 * (int64_t)sfu->config.update_interval_ms;
  room->quality_us = now_us + OH_QUALITY_US;
  oh_sfu_arm(sfu, &room->timer, OH_TIMER_ROOM, id, room->speaker_us);
  return id;
}

void oh_sfu_remove_room(struct oh_sfu *sfu, oh_id id) {
  struct oh_sfu_room *room = oh_slab_find(&sfu->rooms, id);
  if (!room) return;
  while (room->members.len > 0)
    oh_sfu_remove_member(sfu, room->members.items[0]);
  oh_sfu_arm(sfu, &room->timer, OH_TIMER_ROOM, id, OH_NEVER);
  oh_ids_fini(&room->members);
  oh_slab_remove(&sfu->rooms, id);
}

uint64_t oh_sfu_room_tag(const struct oh_sfu *sfu, oh_id id) {
  const struct oh_sfu_room *room = oh_slab_find(&sfu->rooms, id);
  return room ? room->tag : 0;
}

oh_id oh_sfu_add_member(struct oh_sfu *sfu, oh_id room_id, uint64_t tag) {
  struct oh_sfu_room *room = oh_slab_find(&sfu->rooms, room_id);
  oh_id id;
  struct oh_sfu_member *m = room ? oh_slab_add(&sfu->members, &id) : NULL;
  if (!m) return 0;
  m->id = id;
  m->room = room_id;
  m->tag = tag;
  m->quality = OH_QUALITY_EXCELLENT;
  m->score = oh_quality_mos(OH_QUALITY_BEST);
  oh_ids_add(&room->members, id);
  return id;
}

void oh_sfu_remove_member(struct oh_sfu *sfu, oh_id id) {
  struct oh_sfu_member *m = oh_slab_find(&sfu->members, id);
  if (!m) return;
  while (m->subscriptions.len > 0)
    oh_sfu_forget_subscription(sfu, oh_slab_find(&sfu->subscriptions, m->subscriptions.items[0]));
  while (m->tracks.len > 0)
    oh_sfu_remove_track(sfu, m->tracks.items[0]);
  for (size_t i = 0; i < OH_TRANSPORTS_PER_MEMBER_MAX; i++)
    if (m->transports[i]) drop_transport(sfu, oh_slab_find(&sfu->transports, m->transports[i]));
  struct oh_sfu_room *room = oh_slab_find(&sfu->rooms, m->room);
  oh_ids_remove(&room->members, id);
  oh_ids_fini(&m->tracks);
  oh_ids_fini(&m->subscriptions);
  oh_slab_remove(&sfu->members, id);
}

uint64_t oh_sfu_member_tag(const struct oh_sfu *sfu, oh_id id) {
  const struct oh_sfu_member *m = oh_slab_find(&sfu->members, id);
  return m ? m->tag : 0;
}

bool oh_sfu_speaking(const struct oh_sfu *sfu, oh_id member, float *level) {
  const struct oh_sfu_member *m = oh_slab_find(&sfu->members, member);
  *level = m ? m->level : 0;
  return *level > 0;
}

enum oh_sfu_quality oh_sfu_member_quality(const struct oh_sfu *sfu, oh_id member, float *score) {
  const struct oh_sfu_member *m = oh_slab_find(&sfu->members, member);
  *score = m ? m->score : 0;
  return m ? m->quality : OH_QUALITY_LOST;
}

bool oh_sfu_add_transport(struct oh_sfu *sfu, oh_id member, oh_id peer) {
  struct oh_sfu_member *m = oh_slab_find(&sfu->members, member);
  if (!m || find_transport(sfu, peer)) return false;
  for (size_t i = 0; i < OH_TRANSPORTS_PER_MEMBER_MAX; i++) {
    if (m->transports[i]) continue;
    struct oh_sfu_transport *t = oh_slab_add(&sfu->transports, &m->transports[i]);
    OH_CHECK(t); // the table holds OH_TRANSPORTS_PER_MEMBER_MAX for each member
    t->id = m->transports[i];
    t->member = member;
    t->peer = peer;
    t->ssrc = oh_sfu_new_ssrc(sfu);
    oh_feedback_init(&t->feedback);
    oh_hub_set_tag(sfu->hub, peer, t->id);
    oh_sfu_arm(sfu, &t->timer, OH_TIMER_TRANSPORT, t->id, 0);
    return true;
  }
  return false;
}

static void unbind_track(struct oh_sfu_track *track) {
  struct oh_sfu_transport *t = track->transport;
  if (!t) return;
  for (uint32_t i = 0; i < t->track_count; i++)
    if (t->tracks[i] == track) {
      t->tracks[i] = t->tracks[--t->track_count];
      break;
    }
  track->transport = NULL;
}

static void unbind_subscription(struct oh_sfu *sfu, struct oh_sfu_subscription *s) {
  if (!s->bound) return;
  park(sfu, s);
  oh_ids_remove(&s->transport->subscriptions, s->id);
  s->transport = NULL;
  s->bound = false;
  oh_silence_subscription(sfu, 0, s, 0);
}

static void drop_transport(struct oh_sfu *sfu, struct oh_sfu_transport *t) {
  while (t->track_count > 0)
    unbind_track(t->tracks[0]);
  while (t->subscriptions.len > 0) {
    struct oh_sfu_subscription *s = oh_slab_find(&sfu->subscriptions, t->subscriptions.items[0]);
    if (s->closing) {
      oh_sfu_forget_subscription(sfu, s);
    } else {
      unbind_subscription(sfu, s);
    }
  }
  struct oh_sfu_member *m = oh_slab_find(&sfu->members, t->member);
  for (size_t i = 0; i < OH_TRANSPORTS_PER_MEMBER_MAX; i++)
    if (m->transports[i] == t->id) m->transports[i] = 0;
  oh_sfu_arm(sfu, &t->timer, OH_TIMER_TRANSPORT, t->id, OH_NEVER);
  oh_feedback_fini(&t->feedback);
  oh_ids_fini(&t->subscriptions);
  oh_hub_set_tag(sfu->hub, t->peer, 0);
  oh_slab_remove(&sfu->transports, t->id);
}

void oh_sfu_remove_transport(struct oh_sfu *sfu, oh_id peer) {
  struct oh_sfu_transport *t = find_transport(sfu, peer);
  if (t) {
    drop_transport(sfu, t);
    return;
  }
  // The hub may have forgotten the peer, and with it the tag, already.
  for (oh_id id = 0; (id = oh_slab_next(&sfu->transports, id)) != 0;) {
    t = oh_slab_find(&sfu->transports, id);
    if (t->peer == peer) drop_transport(sfu, t);
  }
}

oh_id oh_sfu_add_track(struct oh_sfu *sfu, oh_id member, const struct oh_sfu_track_config *config) {
  struct oh_sfu_member *m = oh_slab_find(&sfu->members, member);
  if (!m || m->tracks.len >= OH_TRACKS_PER_MEMBER_MAX) return 0;
  oh_id id;
  struct oh_sfu_track *track = oh_slab_add(&sfu->tracks, &id);
  if (!track) return 0;
  track->id = id;
  track->member = member;
  track->microphone = config->microphone;
  track->muted = config->muted;
  track->encrypted = config->encrypted;
  track->score = OH_QUALITY_BEST;
  oh_stream_init(&track->stream);
  oh_loudness_init(&track->loudness);
  oh_ids_add(&m->tracks, id);
  return id;
}

// Ends a subscription towards its owner; the listener first gets its closing silence if it was hearing
// something.
static void close_subscription(struct oh_sfu *sfu, struct oh_sfu_subscription *s) {
  bool heard = s->listening && oh_sfu_listener(s)->packets > 0 && !s->heard->encrypted;
  park(sfu, s);
  if (!heard) {
    oh_sfu_forget_subscription(sfu, s);
    return;
  }
  oh_ids_remove(&s->heard->subscriptions, s->id);
  s->track = 0;
  s->heard = NULL;
  s->closing = true;
  oh_silence_subscription(sfu, 0, s, OH_SILENCE_CLOSING);
}

void oh_sfu_remove_track(struct oh_sfu *sfu, oh_id id) {
  struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, id);
  if (!track) return;
  while (track->subscriptions.len > 0)
    close_subscription(sfu, oh_slab_find(&sfu->subscriptions, track->subscriptions.items[0]));
  unbind_track(track);
  oh_silence_track(sfu, 0, track, 0);
  oh_stream_fini(&track->stream);
  oh_audience_fini(&track->audience);
  oh_ids_fini(&track->subscriptions);
  struct oh_sfu_member *m = oh_slab_find(&sfu->members, track->member);
  oh_ids_remove(&m->tracks, id);
  oh_slab_remove(&sfu->tracks, id);
}

void oh_sfu_mute_track(struct oh_sfu *sfu, int64_t now_us, oh_id id, bool muted) {
  struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, id);
  if (!track || track->muted == muted) return;
  track->muted = muted;
  if (!muted) track->unmuted_us = now_us;
  // What was said while muted must not come out of later packets' redundancy: the new mapping begins with the
  // first packet after it, and RED is passed on only when it no longer reaches back (oh_track_recv).
  oh_rewrite_restart(&track->rewrite, false);
  bool silence = muted && track->rewrite.started && !track->encrypted;
  oh_silence_track(sfu, now_us, track, silence ? OH_SILENCE_MUTED : 0);
}

bool oh_sfu_bind_track(struct oh_sfu *sfu, oh_id id, oh_id peer, const struct oh_sfu_receive *receive) {
  struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, id);
  struct oh_sfu_transport *t = find_transport(sfu, peer);
  if (!track || !t || track->member != t->member) return false;
  if (track->transport != t) {
    unbind_track(track);
    oh_stream_reset(&track->stream, receive->ssrc);
    track->transport = t;
    track->bound_us = 0;
    OH_CHECK(t->track_count < OH_TRACKS_PER_MEMBER_MAX);
    t->tracks[t->track_count++] = track;
  } else if (receive->ssrc && receive->ssrc != track->stream.ssrc) {
    oh_stream_reset(&track->stream, receive->ssrc);
  }
  track->receive = *receive;
  oh_stream_want_nack(&track->stream, receive->nack);
  if (receive->transport_cc_ext) oh_feedback_want(&t->feedback);
  return true;
}

static struct oh_sfu_subscription *add_subscription(struct oh_sfu *sfu, oh_id track_id, oh_id member) {
  struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, track_id);
  struct oh_sfu_member *listener = oh_slab_find(&sfu->members, member);
  if (!track || !listener || track->member == member) return NULL;
  const struct oh_sfu_member *speaker = oh_slab_find(&sfu->members, track->member);
  if (speaker->room != listener->room) return NULL;
  if (listener->subscriptions.len >= OH_SUBSCRIPTIONS_PER_MEMBER_MAX) return NULL;
  oh_id id;
  struct oh_sfu_subscription *s = oh_slab_add(&sfu->subscriptions, &id);
  if (!s) return NULL;
  s->id = id;
  s->track = track_id;
  s->heard = track;
  s->member = member;
  s->score = OH_QUALITY_BEST;
  oh_ids_add(&track->subscriptions, id);
  oh_ids_add(&listener->subscriptions, id);
  return s;
}

oh_id oh_sfu_subscribe(struct oh_sfu *sfu, oh_id track, oh_id member) {
  struct oh_sfu_subscription *s = add_subscription(sfu, track, member);
  return s ? s->id : 0;
}

oh_id oh_sfu_tap(struct oh_sfu *sfu, oh_id track_id, oh_id member, struct oh_sfu_tap tap) {
  struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, track_id);
  if (!track || track->audience.tap_count >= OH_TAPS_PER_TRACK_MAX) return 0;
  struct oh_sfu_subscription *s = add_subscription(sfu, track_id, member);
  if (!s) return 0;
  s->tapped = true;
  track->audience.taps[track->audience.tap_count++] = (struct oh_tapped){.tap = tap, .subscription = s->id};
  return s->id;
}

static void untap(struct oh_audience *a, oh_id subscription) {
  for (uint32_t i = 0; i < a->tap_count; i++)
    if (a->taps[i].subscription == subscription) {
      a->taps[i] = a->taps[--a->tap_count];
      return;
    }
}

void oh_sfu_forget_subscription(struct oh_sfu *sfu, struct oh_sfu_subscription *s) {
  unbind_subscription(sfu, s);
  if (s->heard) {
    if (s->tapped) untap(&s->heard->audience, s->id);
    oh_ids_remove(&s->heard->subscriptions, s->id);
  }
  oh_silence_subscription(sfu, 0, s, 0);
  oh_resend_close(s->resend);
  struct oh_sfu_member *m = oh_slab_find(&sfu->members, s->member);
  oh_ids_remove(&m->subscriptions, s->id);
  oh_slab_remove(&sfu->subscriptions, s->id);
}

bool oh_sfu_bind_subscription(struct oh_sfu *sfu, int64_t now_us, oh_id id, oh_id peer,
                              const struct oh_sfu_send *send) {
  struct oh_sfu_subscription *s = find_subscription(sfu, id);
  struct oh_sfu_transport *t = find_transport(sfu, peer);
  if (!s || s->tapped || !t || t->member != s->member) return false;
  park(sfu, s);
  bool same = s->bound && s->transport == t && s->parked.ssrc == send->ssrc;
  if (!same) {
    unbind_subscription(sfu, s);
    s->parked = (struct oh_listener){.peer = peer, .subscription = id, .ssrc = send->ssrc};
    s->reported = (struct oh_reported){.last_us = now_us};
    oh_resend_close(s->resend);
    s->resend = NULL;
    s->transport = t;
    s->bound = true;
    oh_ids_add(&t->subscriptions, id);
  } else if (s->parked.opus_pt != send->opus_pt || s->parked.red_pt != send->red_pt) {
    oh_rewrite_restart(&s->parked.rewrite, false); // what was sent so far is not sent again, see resend.c
  }
  s->parked.opus_pt = send->opus_pt;
  s->parked.red_pt = send->red_pt;
  s->red = send->red_pt != 0;
  memcpy(s->mid, send->mid, sizeof s->mid);
  memcpy(s->cname, send->cname, sizeof s->cname);
  s->cname[sizeof s->cname - 1] = 0;
  if (send->nack) {
    if (!s->resend) s->resend = oh_resend_open();
    if (!s->heard->audience.history[s->red]) s->heard->audience.history[s->red] = oh_history_open();
  } else {
    oh_resend_close(s->resend);
    s->resend = NULL;
  }
  unpark(s);
  return true;
}

void oh_sfu_disable_subscription(struct oh_sfu *sfu, int64_t now_us, oh_id id, bool disabled) {
  struct oh_sfu_subscription *s = find_subscription(sfu, id);
  if (!s || s->disabled == disabled) return;
  park(sfu, s);
  s->disabled = disabled;
  oh_rewrite_restart(&s->parked.rewrite, false);
  bool silence = disabled && s->parked.packets > 0 && !s->heard->encrypted;
  oh_silence_subscription(sfu, now_us, s, silence ? OH_SILENCE_MUTED : 0);
  unpark(s);
}

void oh_sfu_unsubscribe(struct oh_sfu *sfu, oh_id id) {
  struct oh_sfu_subscription *s = find_subscription(sfu, id);
  if (s) close_subscription(sfu, s);
}
