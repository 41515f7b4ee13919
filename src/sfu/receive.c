// receive.c — see receive.h
#include "sfu/receive.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "sfu/rewrite.h"
#include <stdlib.h>

enum {
  DROPOUT_MAX = 3000,     // RFC 3550 A.1: a larger step forward must be confirmed by a second packet
  NACK_FIRST_MIN = 20000, // µs; facts/LIVEKIT.md 8.1
  NACK_FIRST_MAX = 400000,
};

void oh_stream_init(struct oh_stream *s) {
  *s = (struct oh_stream){.probe = -1};
}

void oh_stream_fini(struct oh_stream *s) {
  free(s->missing);
  *s = (struct oh_stream){.probe = -1};
}

void oh_stream_want_nack(struct oh_stream *s, bool nack) {
  if (nack && !s->missing) {
    s->missing = calloc(OH_MISSING_MAX, sizeof *s->missing);
    OH_CHECK(s->missing);
  }
  s->nack = nack;
  if (!nack) s->missing_count = 0;
}

void oh_stream_reset(struct oh_stream *s, uint32_t ssrc) {
  *s = (struct oh_stream){.ssrc = ssrc,
                          .nack = s->nack,
                          .missing = s->missing,
                          .probe = -1,
                          .last_us = s->last_us,
                          .restarted = s->started || s->restarted};
}

static void start(struct oh_stream *s, int64_t now_us, uint16_t sequence, uint32_t timestamp) {
  s->started = true;
  s->base = s->highest = 0x10000 + (int64_t)sequence;
  s->received = 1;
  s->transit = oh_ticks(now_us) - timestamp;
  oh_window_add(&s->seen, s->highest);
}

static void update_jitter(struct oh_stream *s, int64_t now_us, uint32_t timestamp) {
  uint32_t transit = oh_ticks(now_us) - timestamp;
  int32_t d = (int32_t)(transit - s->transit);
  s->transit = transit;
  uint32_t distance = d < 0 ? 0u - (uint32_t)d : (uint32_t)d;
  // A step of seconds is a source that paused or restarted its clock, not jitter.
  if (distance > 10 * 48000) return;
  s->jitter_q4 += distance - ((s->jitter_q4 + 8) >> 4);
  if (s->jitter_q4 >> 4 > s->score_jitter) s->score_jitter = s->jitter_q4 >> 4;
}

static void miss(struct oh_stream *s, int64_t from, int64_t to, int64_t now_us, int64_t rtt_us) {
  int64_t wait = rtt_us < NACK_FIRST_MIN ? NACK_FIRST_MIN : rtt_us > NACK_FIRST_MAX ? NACK_FIRST_MAX : rtt_us;
  for (int64_t i = from; i < to && s->missing_count < OH_MISSING_MAX; i++)
    s->missing[s->missing_count++] =
        (struct oh_missing){.sequence = i, .due_us = now_us + wait, .wait_us = wait};
}

static void found(struct oh_stream *s, int64_t sequence) {
  for (uint32_t i = 0; i < s->missing_count; i++)
    if (s->missing[i].sequence == sequence) {
      memmove(&s->missing[i], &s->missing[i + 1], (s->missing_count - i - 1) * sizeof *s->missing);
      s->missing_count--;
      return;
    }
}

enum oh_received oh_stream_recv(struct oh_stream *s, int64_t now_us, int64_t rtt_us, uint16_t sequence,
                                uint32_t timestamp, int64_t *extended) {
  s->last_us = now_us;
  if (!s->started) {
    start(s, now_us, sequence, timestamp);
    *extended = s->highest;
    return OH_RECEIVED;
  }
  int32_t step = (int16_t)(uint16_t)(sequence - (uint16_t)s->highest);
  int64_t at = s->highest + step;
  bool wild = step > DROPOUT_MAX || step <= -OH_WINDOW_PACKETS;
  if (wild && sequence != s->probe) {
    s->probe = (uint16_t)(sequence + 1);
    return OH_RECEIVED_LATE;
  }
  if (wild) { // two in a row: the source has begun anew
    oh_stream_reset(s, s->ssrc);
    start(s, now_us, sequence, timestamp);
    *extended = s->highest;
    return OH_RECEIVED;
  }
  s->probe = -1;
  if (oh_window_too_old(&s->seen, at)) return OH_RECEIVED_LATE;
  if (oh_window_has(&s->seen, at)) return OH_RECEIVED_DUPLICATE;
  oh_window_add(&s->seen, at);
  s->received++;
  update_jitter(s, now_us, timestamp);
  if (step > 0) {
    if (step > 1 && s->nack) miss(s, s->highest + 1, at, now_us, rtt_us);
    s->highest = at;
  } else if (s->missing_count > 0) {
    found(s, at);
  }
  *extended = at;
  return OH_RECEIVED;
}

void oh_stream_skip(struct oh_stream *s, int64_t extended) {
  if (extended != s->highest || extended == s->base) return; // its gap was already passed on
  s->skips[s->skipped % OH_STREAM_SKIPS] = extended;
  s->skipped++;
}

int64_t oh_stream_closed_up(const struct oh_stream *s, int64_t extended) {
  int64_t before = s->skipped;
  for (int64_t i = s->skipped; i > 0 && i > s->skipped - OH_STREAM_SKIPS; i--) {
    if (s->skips[(i - 1) % OH_STREAM_SKIPS] < extended) break;
    before--;
  }
  return extended - before;
}

void oh_stream_sender_report(struct oh_stream *s, int64_t now_us, const struct oh_rtcp_sr *sr) {
  s->sr_middle = oh_ntp_middle(sr->ntp);
  s->sr_us = now_us;
}

bool oh_stream_report(struct oh_stream *s, int64_t now_us, struct oh_rtcp_report *report) {
  if (!s->started) return false;
  int64_t expected = oh_stream_expected(s);
  int64_t lost = expected - s->received;
  int64_t expected_now = expected - s->expected_prior;
  int64_t lost_now = expected_now - (s->received - s->received_prior);
  s->expected_prior = expected;
  s->received_prior = s->received;
  int64_t fraction = expected_now > 0 && lost_now > 0 ? (lost_now << 8) / expected_now : 0;
  *report = (struct oh_rtcp_report){
      .ssrc = s->ssrc,
      .highest_sequence = (uint32_t)(s->highest - 0x10000),
      .jitter = s->jitter_q4 >> 4,
      .lost = (int32_t)(lost > 0x7fffff    ? 0x7fffff
                        : lost < -0x800000 ? -0x800000
                                           : lost),
      .fraction_lost = (uint8_t)(fraction > 255 ? 255 : fraction),
  };
  if (s->sr_middle) {
    report->last_sr = s->sr_middle;
    uint64_t delay = (uint64_t)(now_us - s->sr_us) * 65536 / 1000000;
    report->delay_since_sr = delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
  }
  return true;
}

size_t oh_stream_missing(struct oh_stream *s, int64_t now_us, uint16_t *sequences, size_t max) {
  size_t count = 0;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < s->missing_count; i++) {
    struct oh_missing m = s->missing[i];
    if (m.due_us <= now_us && m.tries >= OH_MISSING_TRIES) continue; // given up
    if (m.due_us <= now_us && count < max) {
      sequences[count++] = (uint16_t)m.sequence;
      m.tries++;
      m.wait_us += m.wait_us / 4;
      m.due_us = now_us + m.wait_us;
    }
    s->missing[kept++] = m;
  }
  s->missing_count = kept;
  return count;
}

int64_t oh_stream_missing_deadline(const struct oh_stream *s) {
  int64_t first = OH_NEVER;
  for (uint32_t i = 0; i < s->missing_count; i++)
    if (s->missing[i].due_us < first) first = s->missing[i].due_us;
  return first;
}
