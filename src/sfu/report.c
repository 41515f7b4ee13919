// report.c — see report.h
#include "sfu/report.h"
#include "sfu/table.h"

enum {
  COMPOUND_MAX = 1200, // bytes; leaves room for SRTCP, IPv6 and UDP in any path browsers use
  SR_ROOM = 160,       // a sender report with the longest SDES
  CLOCK_WINDOW_US = 10 * 1000000,
  RTT_MAX_US = 10 * 1000000, // larger ones are nonsense
};

void oh_clock_recv(struct oh_clock *c, int64_t now_us, uint32_t timestamp) {
  if (!c->set) {
    *c = (struct oh_clock){.set = true, .ts = timestamp, .us = now_us, .window_us = now_us};
    return;
  }
  // ahead > 0: this packet's timestamp is further on than the anchor says, so it had less delay.
  if ((int32_t)(timestamp - oh_clock_at(c, now_us)) > 0) {
    c->ts = timestamp;
    c->us = now_us;
  }
  uint32_t better_at = c->better_ts + oh_ticks(now_us - c->better_us);
  if (!c->better || (int32_t)(timestamp - better_at) > 0) {
    c->better = true;
    c->better_ts = timestamp;
    c->better_us = now_us;
  }
  if (now_us - c->window_us < CLOCK_WINDOW_US) return;
  c->ts = c->better_ts;
  c->us = c->better_us;
  c->better = false;
  c->window_us = now_us;
}

uint32_t oh_clock_at(const struct oh_clock *c, int64_t now_us) {
  return c->ts + oh_ticks(now_us - c->us);
}

void oh_reported_recv(struct oh_reported *r, int64_t now_us, uint32_t ntp_middle,
                      const struct oh_rtcp_report *report) {
  if (report->last_sr) {
    // RFC 3550 6.4.1: in units of 1/65536 s, modulo 2^32
    uint32_t rtt = ntp_middle - report->last_sr - report->delay_since_sr;
    int64_t rtt_us = (int64_t)((uint64_t)rtt * 1000000 / 65536);
    if ((int32_t)rtt <= 0) rtt_us = 1; // clocks are coarse on short ways
    if ((int32_t)rtt > -65536 && rtt_us <= RTT_MAX_US) {
      r->rtt_us = rtt_us;
      if (rtt_us > r->score_rtt_us) r->score_rtt_us = rtt_us;
    }
  }
  if (r->any) {
    int32_t packets = (int32_t)(report->highest_sequence - r->highest);
    int64_t lost = (int64_t)report->lost - r->lost;
    if (packets > 0 && packets < 0x10000) {
      r->score_packets += packets;
      r->score_lost += lost < 0 ? 0 : lost > packets ? packets : lost;
    }
  }
  if (report->jitter > r->score_jitter) r->score_jitter = report->jitter;
  r->any = true;
  r->highest = report->highest_sequence;
  r->lost = report->lost;
  r->last_us = now_us;
}

static struct oh_sfu_subscription *find_sent(const struct oh_sfu *sfu, const struct oh_sfu_transport *t,
                                             uint32_t ssrc) {
  for (uint32_t i = 0; i < t->subscriptions.len; i++) {
    struct oh_sfu_subscription *s = oh_slab_find(&sfu->subscriptions, t->subscriptions.items[i]);
    if (oh_sfu_listener(s)->ssrc == ssrc) return s;
  }
  return NULL;
}

static void recv_reports(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_transport *t,
                         const struct oh_rtcp *p) {
  struct oh_sfu_member *member = oh_slab_find(&sfu->members, t->member);
  uint32_t middle = oh_ntp_middle(oh_sfu_ntp(sfu, now_us));
  struct oh_rtcp_report report;
  for (size_t i = 0; oh_rtcp_read_report(p, i, &report); i++) {
    struct oh_sfu_subscription *s = find_sent(sfu, t, report.ssrc);
    if (!s) continue;
    oh_reported_recv(&s->reported, now_us, middle, &report);
    if (s->reported.rtt_us) member->rtt_us = s->reported.rtt_us;
  }
}

static void recv_sender_report(struct oh_sfu_transport *t, int64_t now_us, const struct oh_rtcp *p) {
  struct oh_rtcp_sr sr;
  if (!oh_rtcp_read_sr(p, &sr)) return;
  for (uint32_t i = 0; i < t->track_count; i++)
    if (t->tracks[i]->stream.ssrc == sr.ssrc) oh_stream_sender_report(&t->tracks[i]->stream, now_us, &sr);
}

static void recv_nack(struct oh_sfu *sfu, int64_t now_us, const struct oh_sfu_transport *t,
                      const struct oh_rtcp *p, struct oh_outbox *out) {
  struct oh_rtcp_nack nack;
  if (!oh_rtcp_read_nack(p, &nack)) return;
  struct oh_sfu_subscription *s = find_sent(sfu, t, nack.media_ssrc);
  if (!s || !s->resend || !s->listening) return;
  const struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, s->track);
  const struct oh_history *history = track->audience.history[s->red ? OH_RED : OH_PLAIN];
  uint32_t cursor = 0;
  uint16_t sequence;
  while (oh_rtcp_nack_next(&nack, &cursor, &sequence))
    oh_resend_recv(s->resend, sfu->world, sfu->hub, now_us, s->reported.rtt_us, oh_sfu_listener(s), history,
                   sequence, out);
}

static void recv_extended(struct oh_sfu_transport *t, int64_t now_us, const struct oh_rtcp *p) {
  uint32_t ssrc;
  struct oh_reader blocks;
  if (!oh_rtcp_read_xr(p, &ssrc, &blocks)) return;
  struct oh_rtcp_xr_block block;
  while (oh_rtcp_xr_next(&blocks, &block)) {
    uint64_t ntp;
    if (!oh_rtcp_read_rrtr(&block, &ntp)) continue;
    t->rrtr_ssrc = ssrc;
    t->rrtr_middle = oh_ntp_middle(ntp);
    t->rrtr_us = now_us;
  }
}

void oh_report_recv(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_transport *t, const uint8_t *data,
                    size_t len, struct oh_outbox *out) {
  if (!oh_rtcp_valid(data, len)) {
    oh_count(&sfu->world->counters, OH_COUNT_rtcp_drop_malformed);
    return;
  }
  t->rtcp_us = now_us;
  struct oh_reader in = oh_reader(data, len);
  struct oh_rtcp p;
  while (oh_rtcp_next(&in, &p)) {
    switch (p.type) {
    case OH_RTCP_SR:
      recv_sender_report(t, now_us, &p);
      recv_reports(sfu, now_us, t, &p);
      break;
    case OH_RTCP_RR: recv_reports(sfu, now_us, t, &p); break;
    case OH_RTCP_RTPFB: recv_nack(sfu, now_us, t, &p, out); break;
    case OH_RTCP_XR: recv_extended(t, now_us, &p); break;
    default: break; // SDES, BYE, APP, PLI, REMB say nothing to us
    }
  }
}

static void send_compound(struct oh_sfu *sfu, int64_t now_us, const struct oh_sfu_transport *t,
                          struct oh_writer *w, struct oh_outbox *out) {
  if (!w->failed && oh_writer_len(w) > 0)
    oh_hub_send_rtcp(sfu->hub, now_us, t->peer, w->start, oh_writer_len(w), out);
  *w = oh_writer(w->start, COMPOUND_MAX);
}

static void send_sender_reports(struct oh_sfu *sfu, int64_t now_us, const struct oh_sfu_transport *t,
                                struct oh_outbox *out) {
  uint8_t buffer[COMPOUND_MAX];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  for (uint32_t i = 0; i < t->subscriptions.len; i++) {
    struct oh_sfu_subscription *s = oh_slab_find(&sfu->subscriptions, t->subscriptions.items[i]);
    const struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, s->track);
    const struct oh_listener *l = oh_sfu_listener(s);
    if (!track || !track->clock.set || l->packets == 0) continue;
    struct oh_rtcp_sr sr = {.ntp = oh_sfu_ntp(sfu, now_us),
                            .ssrc = l->ssrc,
                            .rtp_timestamp = oh_clock_at(&track->clock, now_us) + l->rewrite.ts_offset,
                            .packets = (uint32_t)l->packets,
                            .octets = (uint32_t)l->octets};
    if (oh_writer_left(&w) < SR_ROOM) send_compound(sfu, now_us, t, &w, out);
    oh_rtcp_write_sr(&w, &sr, NULL, 0);
    struct oh_str mid = {.data = s->mid, .len = strnlen(s->mid, sizeof s->mid)};
    oh_rtcp_write_sdes(&w, l->ssrc, oh_str(s->cname), mid);
  }
  send_compound(sfu, now_us, t, &w, out);
}

static void send_receiver_reports(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_transport *t,
                                  struct oh_outbox *out) {
  uint8_t buffer[COMPOUND_MAX];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  struct oh_rtcp_report reports[OH_TRACKS_PER_MEMBER_MAX];
  size_t count = 0;
  for (uint32_t i = 0; i < t->track_count; i++)
    count += oh_stream_report(&t->tracks[i]->stream, now_us, &reports[count]);
  if (count == 0 && !t->rrtr_us) return;
  oh_rtcp_write_rr(&w, t->ssrc, reports, count);
  if (t->rrtr_us) {
    struct oh_rtcp_dlrr dlrr = {.ssrc = t->rrtr_ssrc,
                                .last_rr = t->rrtr_middle,
                                .delay_since_rr = (uint32_t)((now_us - t->rrtr_us) * 65536 / 1000000)};
    oh_rtcp_write_dlrr(&w, t->ssrc, &dlrr, 1);
    t->rrtr_us = 0;
  }
  send_compound(sfu, now_us, t, &w, out);
}

static void send_nacks(struct oh_sfu *sfu, int64_t now_us, const struct oh_sfu_transport *t,
                       struct oh_outbox *out) {
  uint8_t buffer[COMPOUND_MAX];
  for (uint32_t i = 0; i < t->track_count; i++) {
    uint16_t sequences[OH_MISSING_MAX];
    size_t count = oh_stream_missing(&t->tracks[i]->stream, now_us, sequences, OH_MISSING_MAX);
    if (count == 0) continue;
    struct oh_writer w = oh_writer(buffer, sizeof buffer);
    oh_rtcp_write_rr(&w, t->ssrc, NULL, 0); // a compound begins with a report
    oh_rtcp_write_nack(&w, t->ssrc, t->tracks[i]->stream.ssrc, sequences, count);
    oh_count_n(&sfu->world->counters, OH_COUNT_nack_requested, count);
    send_compound(sfu, now_us, t, &w, out);
  }
}

static void send_feedback(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_transport *t,
                          struct oh_outbox *out) {
  uint8_t buffer[COMPOUND_MAX];
  uint32_t media = t->track_count ? t->tracks[0]->stream.ssrc : 0;
  for (;;) {
    struct oh_writer w = oh_writer(buffer, sizeof buffer);
    oh_rtcp_write_rr(&w, t->ssrc, NULL, 0);
    if (!oh_feedback_write(&t->feedback, t->ssrc, media, &w)) break;
    send_compound(sfu, now_us, t, &w, out);
  }
}

void oh_report_arm(struct oh_sfu *sfu, struct oh_sfu_transport *t) {
  int64_t at = t->rr_us < t->sr_us ? t->rr_us : t->sr_us;
  if (t->feedback.due_us < at) at = t->feedback.due_us;
  for (uint32_t i = 0; i < t->track_count; i++) {
    int64_t missing_us = oh_stream_missing_deadline(&t->tracks[i]->stream);
    if (missing_us < at) at = missing_us;
  }
  oh_sfu_arm(sfu, &t->timer, OH_TIMER_TRANSPORT, t->id, at);
}

void oh_report_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_transport *t, struct oh_outbox *out) {
  if (t->rr_us == 0) { // its first tick: spread transports over the second
    t->rr_us = now_us + OH_REPORT_RR_US / 2 + t->ssrc % (OH_REPORT_RR_US / 2);
    t->sr_us = now_us + OH_REPORT_RR_US / 2 + t->ssrc % (OH_REPORT_RR_US / 2); // the first soon, for the RTT
  }
  if (t->feedback.due_us <= now_us) send_feedback(sfu, now_us, t, out);
  send_nacks(sfu, now_us, t, out);
  if (t->rr_us <= now_us) {
    send_receiver_reports(sfu, now_us, t, out);
    t->rr_us = now_us + OH_REPORT_RR_US;
  }
  if (t->sr_us <= now_us) {
    send_sender_reports(sfu, now_us, t, out);
    t->sr_us = now_us + OH_REPORT_SR_US;
  }
  oh_report_arm(sfu, t);
}
