// quality.c — see quality.h
#include "sfu/quality.h"
#include "sfu/table.h"
#include <math.h>

// Usual packets of a window: 50/s. Fewer (DTX) are counted with less weight, as one lost is a smaller part.
static const float usual_packets = 50.0f * OH_QUALITY_US / 1000000;
// Chromium reports on audio every 2.5 to 7.5 s, so a window without a report says nothing yet.
enum { PUBLISHER_SILENT_US = 8 * 1000000, LISTENER_SILENT_US = 15 * 1000000 };
enum { FLOOR = 30, POOR_WITHOUT_PACKETS = 40, LOST_WITHOUT_PACKETS = 20 };

static float packet_score(const struct oh_quality_window *w) {
  float delay_ms = (float)w->rtt_us / 2000 + 2 * (float)w->jitter_us / 1000;
  float effect = delay_ms <= 160 ? delay_ms / 40 : (delay_ms - 120) / 10;
  float lost = w->lost > 0 ? (float)w->lost * 100 / (float)w->packets : 0;
  float rate = (float)w->packets / usual_packets;
  float score = OH_QUALITY_BEST - effect - w->weight * (rate < 1 ? sqrtf(rate) : 1) * lost;
  return score < 0 ? 0 : score;
}

void oh_quality_update(float *score, const struct oh_quality_window *w) {
  if (w->muted) {
    *score = OH_QUALITY_BEST;
  } else if (w->packets <= 0) {
    *score = w->far_alive ? POOR_WITHOUT_PACKETS : LOST_WITHOUT_PACKETS;
  } else {
    float now = packet_score(w), weight = now < *score ? 0.8f : 0.4f;
    *score = weight * now + (1 - weight) * *score;
    if (*score < FLOOR) *score = FLOOR;
  }
}

enum oh_sfu_quality oh_quality_of(float score) {
  return score > 80   ? OH_QUALITY_EXCELLENT
         : score > 40 ? OH_QUALITY_GOOD
         : score > 20 ? OH_QUALITY_POOR
                      : OH_QUALITY_LOST;
}

float oh_quality_mos(float score) {
  float mos = 1 + 0.035f * score + 7e-6f * score * (score - 60) * (100 - score);
  return mos < 1 ? 1 : mos > 4.5f ? 4.5f : mos;
}

static int64_t ticks_to_us(uint32_t ticks) {
  return (int64_t)ticks * 1000 / 48;
}

// What we receive of a track. Tracks without transport (injected) have no connection to judge.
static void score_track(int64_t now_us, const struct oh_sfu_member *m, struct oh_sfu_track *track) {
  struct oh_stream *s = &track->stream;
  int64_t expected = oh_stream_expected(s);
  struct oh_quality_window w = {
      .packets = expected - s->score_expected,
      .lost = (expected - s->score_expected) - (s->received - s->score_received),
      .rtt_us = m->rtt_us,
      .jitter_us = ticks_to_us(s->score_jitter),
      .weight = track->sends_red ? OH_QUALITY_WEIGHT_RED : OH_QUALITY_WEIGHT_OPUS,
      .muted = track->muted || now_us - track->unmuted_us < OH_QUALITY_US / 2,
      .far_alive = now_us - track->transport->rtcp_us < PUBLISHER_SILENT_US,
  };
  s->score_expected = expected;
  s->score_received = s->received;
  s->score_jitter = 0;
  if (track->bound_us == 0) track->bound_us = now_us; // its first window is not whole
  if (now_us - track->bound_us >= OH_QUALITY_US) oh_quality_update(&track->score, &w);
}

// What a listener says it receives of us, less what was lost on the way to us.
static void score_subscription(const struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_subscription *s) {
  const struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, s->track);
  const struct oh_listener *l = oh_sfu_listener(s);
  if (!track || !s->transport) return;
  struct oh_reported *r = &s->reported;
  int64_t gaps = oh_stream_expected(&track->stream) - track->stream.received;
  int64_t new_gaps = gaps > r->score_gaps ? gaps - r->score_gaps : 0;
  bool sent = l->packets - r->score_sent > 10; // DTX still sends 12 in a window
  struct oh_quality_window w = {
      .packets = r->score_packets,
      .lost = r->score_lost - new_gaps,
      .rtt_us = r->score_rtt_us,
      .jitter_us = ticks_to_us(r->score_jitter),
      .weight = s->red && track->sends_red ? OH_QUALITY_WEIGHT_RED : OH_QUALITY_WEIGHT_OPUS,
      .muted = track->muted || s->disabled,
      .far_alive = now_us - s->transport->rtcp_us < LISTENER_SILENT_US,
  };
  bool whole = r->score_sent > 0; // there was sending before this window, too
  r->score_packets = r->score_lost = r->score_rtt_us = 0;
  r->score_jitter = 0;
  r->score_gaps = gaps;
  r->score_sent = l->packets;
  bool silent = whole && sent && now_us - r->last_us > LISTENER_SILENT_US;
  if (w.muted || w.packets > 0 || silent) oh_quality_update(&s->score, &w);
}

static float score_member(struct oh_sfu *sfu, int64_t now_us, const struct oh_sfu_member *m) {
  float worst = OH_QUALITY_BEST;
  for (uint32_t i = 0; i < m->tracks.len; i++) {
    struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, m->tracks.items[i]);
    if (!track->transport) continue;
    score_track(now_us, m, track);
    if (track->score < worst) worst = track->score;
  }
  for (uint32_t i = 0; i < m->subscriptions.len; i++) {
    struct oh_sfu_subscription *s = oh_slab_find(&sfu->subscriptions, m->subscriptions.items[i]);
    if (!s->bound || s->closing) continue;
    score_subscription(sfu, now_us, s);
    if (s->score < worst) worst = s->score;
  }
  return worst;
}

void oh_quality_round(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_room *room) {
  for (uint32_t i = 0; i < room->members.len; i++) {
    struct oh_sfu_member *m = oh_slab_find(&sfu->members, room->members.items[i]);
    bool any = false;
    for (size_t t = 0; t < OH_TRANSPORTS_PER_MEMBER_MAX; t++)
      any |= m->transports[t] != 0;
    if (!any) continue;
    float score = score_member(sfu, now_us, m);
    enum oh_sfu_quality quality = oh_quality_of(score);
    bool changed = !m->rated || quality != m->quality;
    m->rated = true;
    m->quality = quality;
    m->score = oh_quality_mos(score);
    oh_sfu_push(sfu, &(struct oh_sfu_event){.type = OH_SFU_QUALITY,
                                            .room = room->id,
                                            .member = m->id,
                                            .quality = quality,
                                            .score = m->score,
                                            .changed = changed});
  }
}
