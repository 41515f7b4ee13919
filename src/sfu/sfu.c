// sfu.c — see sfu.h: the packet path from the hub's event to the forwarding loop, and time
#include "sfu/sfu.h"
#include "base/check.h"
#include "base/map.h"
#include "sfu/table.h"
#include "wire/rtpext.h"
#include <stdlib.h>

enum { MEDIA_SILENCE_US = 5 * 1000000 }; // OH_SFU_MEDIA again after so long a silence

struct oh_sfu *oh_sfu_open(struct oh_world *world, struct oh_hub *hub, const struct oh_sfu_config *config) {
  struct oh_sfu *sfu = calloc(1, sizeof *sfu);
  OH_CHECK(sfu && config->update_interval_ms > 0);
  sfu->world = world;
  sfu->hub = hub;
  sfu->config = *config;
  sfu->ntp_offset_us = world->unix_offset_us;
  oh_random_fill(&world->random, sfu->ssrc_secret, sizeof sfu->ssrc_secret);
  oh_slab_init(&sfu->rooms, sizeof(struct oh_sfu_room), config->rooms);
  oh_slab_init(&sfu->members, sizeof(struct oh_sfu_member), config->members);
  oh_slab_init(&sfu->transports, sizeof(struct oh_sfu_transport),
               config->members * OH_TRANSPORTS_PER_MEMBER_MAX);
  oh_slab_init(&sfu->tracks, sizeof(struct oh_sfu_track), config->tracks);
  oh_slab_init(&sfu->subscriptions, sizeof(struct oh_sfu_subscription), config->subscriptions);
  sfu->event_cap = OH_SFU_EVENTS_MIN;
  sfu->events = calloc(sfu->event_cap, sizeof *sfu->events);
  OH_CHECK(sfu->events);
  return sfu;
}

void oh_sfu_close(struct oh_sfu *sfu) {
  for (oh_id room = 0; (room = oh_slab_next(&sfu->rooms, room)) != 0;)
    oh_sfu_remove_room(sfu, room);
  oh_slab_fini(&sfu->rooms);
  oh_slab_fini(&sfu->members);
  oh_slab_fini(&sfu->transports);
  oh_slab_fini(&sfu->tracks);
  oh_slab_fini(&sfu->subscriptions);
  oh_heap_fini(&sfu->heap);
  free(sfu->events);
  free(sfu);
}

void oh_sfu_arm(struct oh_sfu *sfu, uint32_t *place, enum oh_sfu_timer what, oh_id id, int64_t at_us) {
  oh_heap_set(&sfu->heap, place, (uint64_t)what << 32 | id, at_us);
}

uint64_t oh_sfu_ntp(const struct oh_sfu *sfu, int64_t now_us) {
  return oh_ntp_from_unix_us(now_us + sfu->ntp_offset_us);
}

// A counter sent through a four-round Feistel network keyed with a secret: a permutation of 32 bits, so no
// number comes twice, and nobody can tell the next one.
uint32_t oh_sfu_new_ssrc(struct oh_sfu *sfu) {
  uint32_t ssrc;
  do {
    uint32_t n = sfu->ssrc_count++;
    uint16_t left = (uint16_t)(n >> 16), right = (uint16_t)n;
    for (uint8_t round = 0; round < 4; round++) {
      uint8_t input[3] = {round, (uint8_t)(right >> 8), (uint8_t)right};
      uint16_t mixed = (uint16_t)(left ^ (uint16_t)oh_siphash(sfu->ssrc_secret, input, sizeof input));
      left = right;
      right = mixed;
    }
    ssrc = (uint32_t)left << 16 | right;
  } while (ssrc == 0);
  return ssrc;
}

// ── Events
// ──────────────────────────────────────────────────────────────────────────────────────────────────

void oh_sfu_push(struct oh_sfu *sfu, const struct oh_sfu_event *event) {
  if (sfu->event_count == sfu->event_cap) {
    oh_count(&sfu->world->counters, OH_COUNT_sfu_event_dropped);
    return;
  }
  sfu->events[(sfu->event_first + sfu->event_count++) % sfu->event_cap] = *event;
}

// Room for `more` events, so that a large room's round fits whole.
static void reserve_events(struct oh_sfu *sfu, uint32_t more) {
  if (sfu->event_cap - sfu->event_count >= more) return;
  uint32_t cap = sfu->event_cap;
  while (cap - sfu->event_count < more)
    cap *= 2;
  struct oh_sfu_event *events = calloc(cap, sizeof *events);
  OH_CHECK(events);
  for (uint32_t i = 0; i < sfu->event_count; i++)
    events[i] = sfu->events[(sfu->event_first + i) % sfu->event_cap];
  free(sfu->events);
  sfu->events = events;
  sfu->event_first = 0;
  sfu->event_cap = cap;
}

bool oh_sfu_next(struct oh_sfu *sfu, struct oh_sfu_event *event) {
  if (sfu->event_count == 0) return false;
  *event = sfu->events[sfu->event_first];
  sfu->event_first = (sfu->event_first + 1) % sfu->event_cap;
  sfu->event_count--;
  return true;
}

// ── Packets
// ─────────────────────────────────────────────────────────────────────────────────────────────────

struct arrival {
  const struct oh_rtp_header *header;
  struct oh_bytes payload;
  bool red, has_level;
  uint8_t level;
};

static void note_media(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_track *track) {
  if (track->media_us == 0 || now_us - track->media_us > MEDIA_SILENCE_US) {
    const struct oh_sfu_member *m = oh_slab_find(&sfu->members, track->member);
    oh_sfu_push(sfu, &(struct oh_sfu_event){
                         .type = OH_SFU_MEDIA, .room = m->room, .member = m->id, .track = track->id});
  }
  track->media_us = now_us;
}

static bool map_to_track(struct oh_sfu_track *track, int64_t now_us, const struct oh_packet *in,
                         struct oh_packet *out) {
  *out = *in;
  return oh_rewrite_map(&track->rewrite, now_us, in->sequence, in->timestamp, in->newest, &out->sequence,
                        &out->timestamp);
}

// Sends an accepted packet, in the source's numbering, to both parts of the audience: to those who take RED
// as it came, to the others unpacked. Before red_from both get the same unpacked packets; which of the two
// ways a number goes to the RED part depends on nothing but the number, so that none goes twice (see
// rewrite.h).
static void spread(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_track *track, const struct oh_packet *in,
                   struct oh_outbox *out) {
  struct oh_audience *audience = &track->audience;
  bool as_it_came = in->sequence >= track->red_from;
  struct oh_packet packet;
  if (as_it_came && map_to_track(track, now_us, in, &packet))
    oh_forward(sfu->world, sfu->hub, now_us, audience, OH_RED, &packet, out);
  struct oh_unpacked plain;
  if (!oh_redundancy_unpack(&track->redundancy, in, track->rewrite.first, &plain)) {
    oh_count(&sfu->world->counters, OH_COUNT_rtp_drop_red);
    return;
  }
  for (size_t i = 0; i < plain.count; i++) {
    if (!map_to_track(track, now_us, &plain.packets[i], &packet)) continue;
    if (plain.packets[i].sequence != in->sequence)
      oh_count(&sfu->world->counters, OH_COUNT_rtp_recovered_red);
    oh_forward(sfu->world, sfu->hub, now_us, audience, OH_PLAIN, &packet, out);
    oh_forward_taps(now_us, audience, track->stream.ssrc, track->receive.opus_pt, &packet);
    if (!as_it_came) oh_forward(sfu->world, sfu->hub, now_us, audience, OH_RED, &packet, out);
  }
}

static void recv_track(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_track *track,
                       const struct arrival *a, int64_t rtt_us, struct oh_outbox *out) {
  struct oh_counters *counters = &sfu->world->counters;
  struct oh_stream *stream = &track->stream;
  int64_t extended;
  switch (oh_stream_recv(stream, now_us, rtt_us, a->header->sequence, a->header->timestamp, &extended)) {
  case OH_RECEIVED: break;
  case OH_RECEIVED_DUPLICATE: oh_count(counters, OH_COUNT_rtp_drop_duplicate); return;
  case OH_RECEIVED_LATE: oh_count(counters, OH_COUNT_rtp_drop_late); return;
  }
  if (stream->restarted) {
    stream->restarted = false;
    oh_rewrite_restart(&track->rewrite, true);
    oh_redundancy_reset(&track->redundancy);
    track->loudness.started = false;
  }
  if (track->muted) {
    oh_count(counters, OH_COUNT_rtp_drop_muted);
    return;
  }
  if (a->has_level) oh_loudness_recv(&track->loudness, now_us, &sfu->config, a->header->timestamp, a->level);
  if (a->payload.len == 0) {
    oh_stream_skip(stream, extended);
    oh_count(counters, OH_COUNT_rtp_drop_empty);
    return;
  }
  struct oh_packet in = {.sequence = oh_stream_closed_up(stream, extended),
                         .timestamp = a->header->timestamp,
                         .marker = a->header->marker,
                         .newest = extended == stream->highest,
                         .red = a->red,
                         .payload = a->payload};
  if (!track->rewrite.started || track->rewrite.restart) {
    if (!in.newest) {
      oh_count(counters, OH_COUNT_rtp_drop_late);
      return;
    }
    oh_rewrite_begin(&track->rewrite, now_us, in.sequence, in.timestamp);
    track->red_from = in.sequence + OH_REDUNDANCY_RECENT;
    track->clock.set = false;
  }
  if (in.sequence < track->rewrite.first) {
    oh_count(counters, OH_COUNT_rtp_drop_late);
    return;
  }
  track->sends_red = a->red;
  note_media(sfu, now_us, track);
  spread(sfu, now_us, track, &in, out);
  if (in.newest) oh_clock_recv(&track->clock, now_us, track->rewrite.last_ts);
}

// The track a packet belongs to: by SSRC, by MID, or by payload type if only one stream is still unknown.
static struct oh_sfu_track *find_track(const struct oh_sfu_transport *t, const struct oh_rtp *rtp) {
  uint32_t ssrc = rtp->header.ssrc;
  for (uint32_t i = 0; i < t->track_count; i++)
    if (t->tracks[i]->stream.ssrc == ssrc && ssrc) return t->tracks[i];
  struct oh_sfu_track *found = NULL;
  uint32_t candidates = 0;
  for (uint32_t i = 0; i < t->track_count; i++) {
    struct oh_sfu_track *track = t->tracks[i];
    struct oh_bytes mid;
    if (oh_rtpext_mid(rtp, track->receive.mid_ext, &mid)) {
      size_t len = strnlen(track->receive.mid, sizeof track->receive.mid);
      if (mid.len != len || memcmp(mid.data, track->receive.mid, len) != 0) continue;
      oh_stream_reset(&track->stream, ssrc);
      return track;
    }
    if (track->stream.ssrc) continue;
    uint8_t pt = rtp->header.payload_type;
    if (pt != track->receive.opus_pt && pt != track->receive.red_pt) continue;
    found = track;
    candidates++;
  }
  if (candidates != 1) return NULL;
  oh_stream_reset(&found->stream, ssrc);
  return found;
}

static void note_arrival(struct oh_sfu_transport *t, int64_t now_us, const struct oh_rtp *rtp) {
  for (uint32_t i = 0; t->feedback.arrival_us && i < t->track_count; i++) {
    uint16_t sequence;
    if (!oh_rtpext_transport_sequence(rtp, t->tracks[i]->receive.transport_cc_ext, &sequence)) continue;
    oh_feedback_recv(&t->feedback, now_us, sequence);
    return;
  }
}

static void recv_rtp(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_transport *t, const struct oh_rtp *rtp,
                     struct oh_outbox *out) {
  int64_t due_us = t->feedback.due_us;
  note_arrival(t, now_us, rtp);
  struct oh_sfu_track *track = find_track(t, rtp);
  if (!track) {
    oh_count(&sfu->world->counters, OH_COUNT_rtp_drop_unknown_ssrc);
    return;
  }
  const struct oh_sfu_receive *receive = &track->receive;
  uint8_t pt = rtp->header.payload_type;
  if (pt != receive->opus_pt && (pt != receive->red_pt || pt == 0)) {
    oh_count(&sfu->world->counters, OH_COUNT_rtp_drop_payload_type);
    return;
  }
  struct oh_audio_level level = {0};
  struct arrival a = {.header = &rtp->header, .payload = rtp->payload, .red = pt != receive->opus_pt};
  a.has_level = oh_rtpext_audio_level(rtp, receive->audio_level_ext, &level);
  a.level = level.level;
  uint32_t missing = track->stream.missing_count;
  const struct oh_sfu_member *m = oh_slab_find(&sfu->members, t->member);
  recv_track(sfu, now_us, track, &a, m->rtt_us ? m->rtt_us : 70000, out);
  // The transport is always in the heap (its reports), so this moves an entry and allocates nothing.
  if (due_us != t->feedback.due_us || missing != track->stream.missing_count) oh_report_arm(sfu, t);
}

void oh_sfu_recv(struct oh_sfu *sfu, int64_t now_us, const struct oh_hub_event *event,
                 struct oh_outbox *out) {
  struct oh_sfu_transport *t = oh_slab_find(&sfu->transports, (oh_id)oh_hub_tag(sfu->hub, event->peer));
  if (!t || t->peer != event->peer) return;
  if (event->type == OH_HUB_RTP) {
    recv_rtp(sfu, now_us, t, &event->rtp, out);
  } else if (event->type == OH_HUB_RTCP) {
    oh_report_recv(sfu, now_us, t, event->data, event->len, out);
  }
}

void oh_sfu_inject(struct oh_sfu *sfu, int64_t now_us, oh_id id, const struct oh_rtp_header *rtp,
                   uint8_t audio_level, const uint8_t *opus, size_t len, struct oh_outbox *out) {
  struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, id);
  if (!track || track->transport) return;
  if (track->stream.ssrc != rtp->ssrc) oh_stream_reset(&track->stream, rtp->ssrc);
  track->receive.opus_pt = rtp->payload_type;
  struct arrival a = {
      .header = rtp, .payload = {.data = opus, .len = len}, .has_level = true, .level = audio_level};
  recv_track(sfu, now_us, track, &a, 0, out);
}

// ── Time
// ────────────────────────────────────────────────────────────────────────────────────────────────────

int64_t oh_sfu_deadline(const struct oh_sfu *sfu) {
  return oh_heap_first(&sfu->heap);
}

static void tick_room(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_room *room) {
  reserve_events(sfu, 2 * room->members.len);
  if (room->speaker_us <= now_us) {
    oh_speaker_round(sfu, now_us, room);
    room->speaker_us = now_us + 1000 * (int64_t)sfu->config.update_interval_ms;
  }
  if (room->quality_us <= now_us) {
    oh_quality_round(sfu, now_us, room);
    room->quality_us = now_us + OH_QUALITY_US;
  }
  int64_t next_us = room->speaker_us < room->quality_us ? room->speaker_us : room->quality_us;
  oh_sfu_arm(sfu, &room->timer, OH_TIMER_ROOM, room->id, next_us);
}

void oh_sfu_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_outbox *out) {
  uint64_t due;
  while (oh_heap_pop(&sfu->heap, now_us, &due)) {
    oh_id id = (oh_id)due;
    switch ((enum oh_sfu_timer)(due >> 32)) {
    case OH_TIMER_ROOM: tick_room(sfu, now_us, oh_slab_find(&sfu->rooms, id)); break;
    case OH_TIMER_TRANSPORT: oh_report_tick(sfu, now_us, oh_slab_find(&sfu->transports, id), out); break;
    case OH_TIMER_TRACK: oh_silence_track_tick(sfu, now_us, oh_slab_find(&sfu->tracks, id), out); break;
    case OH_TIMER_SUBSCRIPTION:
      oh_silence_subscription_tick(sfu, now_us, oh_slab_find(&sfu->subscriptions, id), out);
      break;
    }
  }
}
