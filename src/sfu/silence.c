// silence.c — see silence.h
#include "sfu/silence.h"
#include "sfu/table.h"

// One 20 ms fullband frame that decodes to nothing, filled up with zeroes to the size of a usual packet so
// that its size says nothing.
static const uint8_t frame[80] = {0xF8, 0xFF, 0xFE};

static struct oh_packet next_frame(struct oh_rewrite *r, int64_t now_us) {
  struct oh_packet p = {.marker = true, .newest = true, .payload = {.data = frame, .len = sizeof frame}};
  oh_rewrite_next(r, now_us, &p.sequence, &p.timestamp);
  return p;
}

// When the frame that is due now belongs: on the 20 ms grid, unless the timer comes far too late.
static int64_t take_frame(struct oh_silence *s, int64_t now_us) {
  int64_t at = s->due_us && now_us - s->due_us < OH_SILENCE_US * 5 ? s->due_us : now_us;
  s->frames--;
  s->due_us = at + OH_SILENCE_US;
  return at;
}

void oh_silence_track(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_track *track, uint32_t frames) {
  track->silence.frames = frames;
  track->silence.due_us = now_us;
  oh_sfu_arm(sfu, &track->silence.timer, OH_TIMER_TRACK, track->id, frames ? now_us : OH_NEVER);
}

void oh_silence_subscription(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_subscription *s,
                             uint32_t frames) {
  s->silence.frames = frames;
  s->silence.due_us = now_us;
  oh_sfu_arm(sfu, &s->silence.timer, OH_TIMER_SUBSCRIPTION, s->id, frames ? now_us : OH_NEVER);
}

void oh_silence_track_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_track *track,
                           struct oh_outbox *out) {
  struct oh_silence *s = &track->silence;
  while (s->frames > 0 && s->due_us <= now_us) {
    struct oh_packet p = next_frame(&track->rewrite, take_frame(s, now_us));
    oh_forward(sfu->world, sfu->hub, now_us, &track->audience, OH_PLAIN, &p, out);
    oh_forward(sfu->world, sfu->hub, now_us, &track->audience, OH_RED, &p, out);
    oh_forward_taps(now_us, &track->audience, track->stream.ssrc, track->receive.opus_pt, &p);
    oh_count_n(&sfu->world->counters, OH_COUNT_rtp_silence_sent,
               track->audience.parts[OH_PLAIN].len + track->audience.parts[OH_RED].len);
  }
  oh_sfu_arm(sfu, &s->timer, OH_TIMER_TRACK, track->id, s->frames ? s->due_us : OH_NEVER);
}

void oh_silence_subscription_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_subscription *s,
                                  struct oh_outbox *out) {
  while (s->silence.frames > 0 && s->silence.due_us <= now_us) {
    struct oh_packet p = next_frame(&s->parked.rewrite, take_frame(&s->silence, now_us));
    if (!oh_forward_raw(sfu->hub, now_us, &s->parked, &p, out)) continue;
    s->parked.packets++;
    s->parked.octets += p.payload.len;
    oh_count(&sfu->world->counters, OH_COUNT_rtp_silence_sent);
  }
  if (s->closing && s->silence.frames == 0) {
    oh_sfu_forget_subscription(sfu, s);
    return;
  }
  oh_sfu_arm(sfu, &s->silence.timer, OH_TIMER_SUBSCRIPTION, s->id,
             s->silence.frames ? s->silence.due_us : OH_NEVER);
}
