// echo.c — see echo.h
#include "call/echo.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "livekit/house.h"
#include <math.h>
#include <opus/opus.h>
#include <stdlib.h>
#include <string.h>

enum {
  RATE = 48000,
  FRAME = RATE / 50, // 20 ms
  NOTE_FRAMES = 20,
  GREETING_FRAMES = 2 * NOTE_FRAMES, // 0.8 s
  GREETING_BYTES = 160,              // per frame at 32 kbit/s: 80, with room for peaks
  PACKET_BYTES = 640,                // 20 ms at 256 kbit/s; browsers send voice with 32 to 64
  SLOTS = 160,                       // 3.2 s of 20 ms packets
  QUIET_BYTES = 3,                   // DTX: a packet without sound
  LEVEL = 25,                        // -dBov of speech, for who-speaks displays; we do not decode
  SILENT = 127,
};
static const int64_t frame_us = 20000, delay_us = 1000000, before_greeting_us = 300000, jump_us = 2000000;

struct oh_echo {
  uint32_t partners, partners_max;
  uint16_t greeting_len[GREETING_FRAMES];
  uint8_t greeting[GREETING_FRAMES][GREETING_BYTES];
};

struct word {
  int64_t due_us;
  struct oh_rtp_header rtp; // as the visitor sent it
  uint16_t len;
  bool first; // after a pause: numbers start anew
  uint8_t opus[PACKET_BYTES];
};

struct partner {
  struct oh_echo *echo;
  struct oh_house *house;
  oh_id resident, track; // track: whom it listens to, 0 = nobody
  enum { WAITING, GREETING, LISTENING } state;
  uint32_t frame; // of the greeting
  int64_t frame_at_us, delay_us;
  // our own stream
  uint16_t sequence, sequence_offset;
  uint32_t timestamp, timestamp_offset;
  bool fresh; // the next packet heard starts a new stretch
  // heard and not yet said
  uint32_t head, used;
  struct word words[SLOTS];
};

// A note that swells and fades: a sine under half a cosine hump, soft enough for a headset.
static void write_note(float *pcm, size_t samples, double hz) {
  for (size_t i = 0; i < samples; i++) {
    double t = (double)i / RATE, swell = sin(M_PI * (double)i / (double)samples);
    pcm[i] = (float)(0.12 * swell * sin(2 * M_PI * hz * t));
  }
}

static bool encode_greeting(struct oh_echo *echo) {
  static const double a4_hz = 440, e5_hz = 659.26;
  int error;
  OpusEncoder *encoder = opus_encoder_create(RATE, 1, OPUS_APPLICATION_AUDIO, &error);
  if (!encoder) return false;
  opus_encoder_ctl(encoder, OPUS_SET_BITRATE(32000));
  opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(1)); // two notes need no search, and the start must not wait
  float *pcm = calloc((size_t)GREETING_FRAMES * FRAME, sizeof *pcm);
  OH_CHECK(pcm);
  write_note(pcm, (size_t)NOTE_FRAMES * FRAME, a4_hz);
  write_note(pcm + NOTE_FRAMES * FRAME, (size_t)NOTE_FRAMES * FRAME, e5_hz);
  bool good = true;
  for (int i = 0; i < GREETING_FRAMES && good; i++) {
    int len = opus_encode_float(encoder, pcm + i * FRAME, FRAME, echo->greeting[i], GREETING_BYTES);
    good = len > 0;
    echo->greeting_len[i] = (uint16_t)(good ? len : 0);
  }
  free(pcm);
  opus_encoder_destroy(encoder);
  return good;
}

struct oh_echo *oh_echo_open(uint32_t partners_max) {
  struct oh_echo *echo = calloc(1, sizeof *echo);
  OH_CHECK(echo);
  echo->partners_max = partners_max;
  if (encode_greeting(echo)) return echo;
  free(echo);
  return NULL;
}

void oh_echo_close(struct oh_echo *echo) {
  free(echo);
}

// Our timestamps follow the clock, so that a pause is a pause for the listener too.
static uint32_t clock_of(int64_t now_us) {
  return (uint32_t)(now_us * (RATE / 1000) / 1000);
}

static void forget(struct partner *p) {
  p->head = p->used = 0;
  p->fresh = true;
}

static void *open_partner(void *ctx, struct oh_house *house, oh_id resident, int64_t now_us) {
  struct oh_echo *echo = ctx;
  if (echo->partners >= echo->partners_max) return NULL;
  if (!oh_resident_publish(house, now_us, resident, "echo")) return NULL;
  struct partner *p = calloc(1, sizeof *p);
  OH_CHECK(p);
  echo->partners++;
  p->echo = echo;
  p->house = house;
  p->resident = resident;
  p->timestamp = clock_of(now_us);
  p->delay_us = delay_us;
  oh_resident_set_attribute(house, resident, "lk.agent.state", "listening");
  return p;
}

static void *open_check(void *ctx, struct oh_house *house, oh_id resident, int64_t now_us) {
  struct partner *p = open_partner(ctx, house, resident, now_us);
  if (!p) return NULL;
  p->delay_us = 0; // what is measured is the way
  p->state = LISTENING;
  forget(p);
  return p;
}

static void close_partner(void *self) {
  struct partner *p = self;
  p->echo->partners--;
  free(p);
}

static void on_arrived(void *self, int64_t now_us) {
  struct partner *p = self;
  if (p->state != WAITING) return;
  p->state = GREETING;
  p->frame_at_us = now_us + before_greeting_us;
}

static void on_heard(void *self, int64_t now_us, oh_id track, bool there) {
  struct partner *p = self;
  (void)now_us;
  if (there || track != p->track) return;
  p->track = 0;
  forget(p);
}

static void on_packet(void *self, int64_t now_us, oh_id track, const struct oh_rtp_header *rtp,
                      const uint8_t *opus, size_t len) {
  struct partner *p = self;
  if (p->state != LISTENING || len == 0 || len > PACKET_BYTES) return;
  if (!p->track) {
    p->track = track;
    p->fresh = true;
  }
  if (track != p->track || p->used == SLOTS) return;
  struct word *word = &p->words[(p->head + p->used++) % SLOTS];
  word->due_us = now_us + p->delay_us;
  word->rtp = *rtp;
  word->first = p->fresh;
  p->fresh = false;
  word->len = (uint16_t)len;
  memcpy(word->opus, opus, len);
}

static void say(struct partner *p, int64_t now_us, struct oh_rtp_header rtp, const uint8_t *opus,
                size_t len) {
  rtp.ssrc = 0; // every listener gets its own
  p->sequence = rtp.sequence;
  p->timestamp = rtp.timestamp;
  oh_resident_speak(p->house, now_us, p->resident, &rtp, len <= QUIET_BYTES ? SILENT : LEVEL, opus, len);
}

static void greet(struct partner *p, int64_t now_us) {
  const struct oh_echo *echo = p->echo;
  struct oh_rtp_header rtp = {.marker = p->frame == 0, .sequence = (uint16_t)(p->sequence + 1)};
  rtp.timestamp = p->frame == 0 ? clock_of(p->frame_at_us) : p->timestamp + FRAME;
  say(p, now_us, rtp, echo->greeting[p->frame], echo->greeting_len[p->frame]);
  p->frame_at_us += frame_us;
  if (++p->frame < GREETING_FRAMES) return;
  p->state = LISTENING;
  forget(p);
}

// Says one packet back. Within a stretch the visitor's own numbers are kept (shifted), so that a lost packet
// is a gap that the listener's decoder can conceal; a new stretch, or a jump in the visitor's time, starts at
// the clock.
static void repeat(struct partner *p, int64_t now_us, const struct word *word) {
  uint32_t expected = clock_of(word->due_us), ahead = word->rtp.timestamp + p->timestamp_offset - expected;
  const uint32_t jump = (uint32_t)(jump_us * (RATE / 1000) / 1000);
  bool anew = word->first || ahead + jump > 2 * jump;
  if (anew) {
    uint32_t start = (int32_t)(expected - p->timestamp) > FRAME ? expected : p->timestamp + FRAME;
    p->timestamp_offset = start - word->rtp.timestamp;
    p->sequence_offset = (uint16_t)(p->sequence + 1 - word->rtp.sequence);
  }
  struct oh_rtp_header rtp = {.marker = anew || word->rtp.marker,
                              .sequence = (uint16_t)(word->rtp.sequence + p->sequence_offset),
                              .timestamp = word->rtp.timestamp + p->timestamp_offset};
  say(p, now_us, rtp, word->opus, word->len);
}

static int64_t deadline(const void *self) {
  const struct partner *p = self;
  if (p->state == GREETING) return p->frame_at_us;
  return p->used ? p->words[p->head].due_us : OH_NEVER;
}

static void tick(void *self, int64_t now_us) {
  struct partner *p = self;
  while (p->state == GREETING && p->frame_at_us <= now_us)
    greet(p, now_us);
  while (p->used && p->words[p->head].due_us <= now_us) {
    const struct word *word = &p->words[p->head];
    p->head = (p->head + 1) % SLOTS;
    p->used--;
    repeat(p, now_us, word);
  }
}

struct oh_resident_ops oh_echo_ops(struct oh_echo *echo) {
  return (struct oh_resident_ops){.agent_name = OH_ECHO_AGENT_NAME,
                                  .identity = "echo",
                                  .name = "Echo partner",
                                  .ctx = echo,
                                  .open = open_partner,
                                  .close = close_partner,
                                  .packet = on_packet,
                                  .heard = on_heard,
                                  .arrived = on_arrived,
                                  .deadline = deadline,
                                  .tick = tick};
}

struct oh_resident_ops oh_echo_check_ops(struct oh_echo *echo) {
  struct oh_resident_ops ops = oh_echo_ops(echo);
  ops.agent_name = OH_ECHO_CHECK_NAME;
  ops.open = open_check;
  ops.life_us = OH_CHECK_ROOM_US;
  return ops;
}
