// mixer.c — see mixer.h
#include "record/mixer.h"
#include "base/check.h"
#include "wire/opus.h"
#include <opus/opus.h>
#include <stdlib.h>

enum {
  RATE = OH_OPUS_RATE,
  FRAME = RATE / 50,
  FRAME_US = 20000,
  STEP = 120,                                 // 2.5 ms: what libopus can conceal, and the least it notices
  KEPT = FRAME + OH_OPUS_DURATION_MAX + STEP, // decoded and not yet mixed, of one voice
  EARLY = RATE * 60 / 1000,                   // so much before its time: its first packets were late ones
  AWAY = RATE,                                // so much after it: it has another clock now
  DRIFT = RATE * 60 / 1000,                   // so much after it, always: its clock is slower than ours
  DRIFT_WINDOW_US = 2000000,
  IDLE_FRAMES = 10, // encoded silence after the last voice, so that it fades
  DTX_BYTES = 2,
  PACKET_MAX = 1275, // RFC 6716: the longest frame
  ATTACK = FRAME / 4,
  VOICE_COMPLEXITY = 5,
};
static const float LOUDEST = 0.98F, RECOVERY = 1.02F;

struct packet {
  int64_t position; // samples since the beginning
  uint32_t samples;
  uint16_t len;
  uint8_t data[OH_TAPE_PACKET_MAX];
};

struct voice {
  uint32_t id;
  enum oh_mixer_side side;
  uint8_t channels;
  OpusDecoder *decoder;
  int64_t heard_us;
  // Where the latest packet stands.
  uint32_t timestamp;
  int64_t position;
  int64_t least_late, window_us; // of the packets since then, in samples
  // Decoded: samples from `from` to `to`.
  int64_t from, to;
  uint32_t missing; // samples since the last packet
  bool resting;     // said so itself (DTX), or has been missing for long
  float pcm[KEPT * 2];
  uint32_t held_count;
  struct packet held[OH_MIXER_HELD]; // ordered by position
};

struct oh_mixer {
  struct oh_mixer_form form;
  struct oh_tape tape;
  OpusEncoder *encoder;
  int64_t start_us, frames; // mixed so far
  uint32_t idle;            // frames since anybody was heard
  uint8_t toc;              // of the last encoded packet
  float gain;
  uint64_t late, refused, concealed;
  struct voice *voices[OH_MIXER_VOICES_MAX];
  uint32_t voice_count;
};

struct oh_mixer *oh_mixer_open(const struct oh_mixer_form *form, int64_t now_us,
                               bool (*page)(void *ctx, struct oh_bytes page), void *ctx) {
  int error, ahead = 0;
  struct oh_mixer *m = calloc(1, sizeof *m);
  OH_CHECK(m && (form->channels == 1 || form->channels == 2));
  m->form = *form;
  m->start_us = now_us;
  m->gain = 1;
  m->idle = IDLE_FRAMES;
  m->toc = (uint8_t)(31 << 3 | (form->channels == 2) << 2); // CELT, full band, 20 ms
  m->encoder = opus_encoder_create(RATE, form->channels, OPUS_APPLICATION_AUDIO, &error);
  OH_CHECK(m->encoder);
  opus_encoder_ctl(m->encoder, OPUS_SET_BITRATE(form->bitrate));
  opus_encoder_ctl(m->encoder, OPUS_SET_COMPLEXITY(VOICE_COMPLEXITY));
  opus_encoder_ctl(m->encoder, OPUS_GET_LOOKAHEAD(&ahead));
  const struct oh_tape_form tape = {
      .channels = form->channels, .pre_skip = (uint16_t)ahead, .page_us = form->page_us};
  oh_tape_init(&m->tape, &tape, form->serial, form->comment, page, ctx);
  return m;
}

static void close_voice(struct oh_mixer *m, uint32_t at) {
  opus_decoder_destroy(m->voices[at]->decoder);
  free(m->voices[at]);
  m->voices[at] = m->voices[--m->voice_count];
}

void oh_mixer_close(struct oh_mixer *m) {
  if (!m) return;
  while (m->voice_count)
    close_voice(m, 0);
  opus_encoder_destroy(m->encoder);
  free(m);
}

static struct voice *find_voice(struct oh_mixer *m, uint32_t id, enum oh_mixer_side side) {
  for (uint32_t i = 0; i < m->voice_count; i++)
    if (m->voices[i]->id == id) return m->voices[i];
  if (m->voice_count == OH_MIXER_VOICES_MAX) return NULL;
  struct voice *v = calloc(1, sizeof *v);
  OH_CHECK(v);
  int error;
  v->id = id;
  v->side = m->form.channels == 1 ? OH_MIXER_BOTH : side;
  v->channels = m->form.channels == 2 && v->side == OH_MIXER_BOTH ? 2 : 1;
  v->decoder = opus_decoder_create(RATE, v->channels, &error);
  OH_CHECK(v->decoder);
  v->resting = true;
  v->from = v->to = m->frames * FRAME;
  m->voices[m->voice_count++] = v;
  return v;
}

// Where the packet stands, by its timestamp; the clock decides when that cannot be.
static int64_t place(struct voice *v, int64_t now_us, int64_t elapsed, uint32_t timestamp) {
  if (!v->heard_us) {
    v->window_us = now_us;
    v->least_late = INT64_MAX;
    return elapsed;
  }
  int64_t position = v->position + (int32_t)(timestamp - v->timestamp), late = elapsed - position;
  if (late < -EARLY || late > AWAY) { // and what was learned of its clock is worth nothing
    v->window_us = now_us;
    v->least_late = INT64_MAX;
    return elapsed;
  }
  if (late < v->least_late) v->least_late = late;
  if (now_us - v->window_us < DRIFT_WINDOW_US) return position;
  if (v->least_late > DRIFT) position += v->least_late;
  v->window_us = now_us;
  v->least_late = INT64_MAX;
  return position;
}

void oh_mixer_recv(struct oh_mixer *m, int64_t now_us, uint32_t voice, enum oh_mixer_side side,
                   uint32_t timestamp, struct oh_bytes opus) {
  uint32_t samples = oh_opus_duration(opus);
  if (samples == 0 || opus.len > OH_TAPE_PACKET_MAX || m->tape.ended) return;
  struct voice *v = find_voice(m, voice, side);
  if (!v) {
    m->refused++;
    return;
  }
  int64_t elapsed = (now_us - m->start_us) * (RATE / 1000) / 1000;
  int64_t position = place(v, now_us, elapsed, timestamp);
  if (!v->heard_us || (int32_t)(timestamp - v->timestamp) > 0 || position == elapsed) {
    v->timestamp = timestamp;
    v->position = position;
  }
  v->heard_us = now_us;
  uint32_t at = v->held_count;
  while (at > 0 && v->held[at - 1].position > position)
    at--;
  bool twice = at > 0 && v->held[at - 1].position == position;
  if (twice || position + samples / 2 < v->to || v->held_count == OH_MIXER_HELD) {
    m->late++;
    return;
  }
  memmove(&v->held[at + 1], &v->held[at], (v->held_count++ - at) * sizeof v->held[0]);
  struct packet *p = &v->held[at];
  p->position = position;
  p->samples = samples;
  p->len = (uint16_t)opus.len;
  memcpy(p->data, opus.data, opus.len);
}

// ---- one voice

static float *end_of(struct voice *v) {
  return v->pcm + (v->to - v->from) * v->channels;
}

static void decode_first(struct oh_mixer *m, struct voice *v) {
  struct packet *p = &v->held[0];
  if (p->position + p->samples / 2 < v->to) {
    m->late++;
  } else {
    int samples = opus_decode_float(v->decoder, p->data, p->len, end_of(v), OH_OPUS_DURATION_MAX, 0);
    if (samples > 0) v->to += samples;
    v->missing = 0;
    v->resting = p->len <= DTX_BYTES;
  }
  memmove(&v->held[0], &v->held[1], --v->held_count * sizeof v->held[0]);
}

// Makes up what is missing until `until`, in whole steps. The packet after the gap may have it as FEC.
static void conceal(struct oh_mixer *m, struct voice *v, int64_t until) {
  int samples = (int)((until - v->to + STEP - 1) / STEP * STEP), made = 0;
  const struct packet *next = v->held_count && v->held[0].position < until + STEP ? &v->held[0] : NULL;
  if (!v->resting) {
    made = next ? opus_decode_float(v->decoder, next->data, next->len, end_of(v), samples, 1)
                : opus_decode_float(v->decoder, NULL, 0, end_of(v), samples, 0);
    m->concealed += (uint64_t)samples;
  }
  if (made <= 0) memset(end_of(v), 0, (size_t)samples * v->channels * sizeof *v->pcm);
  v->to += samples;
  v->missing += (uint32_t)samples;
  v->resting |= v->missing >= OH_MIXER_CONCEAL;
}

// Makes sure that there are samples for the frame. False: the voice is silent, and costs nothing.
static bool prepare(struct oh_mixer *m, struct voice *v, int64_t from) {
  bool anything = v->to > from;
  if (!anything) v->from = v->to = from;
  while (v->to < from + FRAME) {
    const struct packet *next = v->held_count ? &v->held[0] : NULL;
    if (next && next->position < v->to + STEP) {
      decode_first(m, v);
      anything = true;
      continue;
    }
    bool in_frame = next && next->position < from + FRAME;
    if (!in_frame && !anything && v->resting) return false;
    anything |= !v->resting;
    conceal(m, v, in_frame ? next->position : from + FRAME);
  }
  return true;
}

// What strangers send decodes to anything: neither infinite loudness nor what is no number may stay in the
// mix.
static float bounded(float sample) {
  if (!(sample >= -1)) return sample < 0 ? -1 : 0;
  return sample > 1 ? 1 : sample;
}

static void add(const struct oh_mixer *m, const struct voice *v, float *sum) {
  for (int i = 0; i < FRAME; i++) {
    float left = bounded(v->pcm[i * v->channels]), right = bounded(v->pcm[i * v->channels + v->channels - 1]);
    if (m->form.channels == 1) {
      sum[i] += left;
      continue;
    }
    if (v->side != OH_MIXER_RIGHT) sum[2 * i] += left;
    if (v->side != OH_MIXER_LEFT) sum[2 * i + 1] += right;
  }
}

static void drop_frame(struct voice *v) {
  v->from += FRAME;
  memmove(v->pcm, v->pcm + FRAME * v->channels, (size_t)(v->to - v->from) * v->channels * sizeof *v->pcm);
}

// ---- the mix

// The frame is known before it is written, so that the gain is down when the peak comes.
static void limit(struct oh_mixer *m, float *sum) {
  float peak = 0, before = m->gain;
  int channels = m->form.channels;
  for (int i = 0; i < FRAME * channels; i++) {
    float level = sum[i] < 0 ? -sum[i] : sum[i];
    if (level > peak) peak = level;
  }
  m->gain = m->gain * RECOVERY > 1 ? 1 : m->gain * RECOVERY;
  if (peak * m->gain > LOUDEST) m->gain = LOUDEST / peak;
  for (int i = 0; i < FRAME; i++) {
    float gain = i < ATTACK ? before + (m->gain - before) * (float)i / ATTACK : m->gain;
    for (int c = 0; c < channels; c++) {
      float *sample = &sum[i * channels + c];
      *sample *= gain;
      if (*sample > 1) *sample = 1;
      if (*sample < -1) *sample = -1;
    }
  }
}

static void write_frame(struct oh_mixer *m, float *sum, bool anybody) {
  uint8_t opus[PACKET_MAX];
  int len = 1;
  m->idle = anybody ? 0 : m->idle + 1;
  if (m->idle <= IDLE_FRAMES) {
    limit(m, sum);
    len = opus_encode_float(m->encoder, sum, FRAME, opus, sizeof opus);
    OH_CHECK(len > 0);
    m->toc = opus[0];
  } else {
    uint32_t samples = oh_tape_filler(m->toc, FRAME, opus);
    OH_CHECK(samples == FRAME);
  }
  int64_t end_us = m->start_us + (m->frames + 1) * FRAME_US;
  oh_tape_recv(&m->tape, end_us, 1, (uint32_t)(m->frames * FRAME),
               (struct oh_bytes){.data = opus, .len = (size_t)len});
}

static void mix_frame(struct oh_mixer *m) {
  static const int64_t silent_us = OH_MIXER_SILENT_US;
  float sum[FRAME * 2] = {0};
  int64_t from = m->frames * FRAME, from_us = m->start_us + m->frames * FRAME_US;
  bool anybody = false;
  for (uint32_t i = m->voice_count; i-- > 0;) {
    struct voice *v = m->voices[i];
    if (prepare(m, v, from)) {
      add(m, v, sum);
      drop_frame(v);
      anybody = true;
    } else if (from_us - v->heard_us > silent_us) {
      close_voice(m, i);
    }
  }
  write_frame(m, sum, anybody);
  m->frames++;
}

void oh_mixer_tick(struct oh_mixer *m, int64_t now_us) {
  while (!m->tape.ended && m->start_us + (m->frames + 1) * FRAME_US + OH_MIXER_DELAY_US <= now_us)
    mix_frame(m);
}

void oh_mixer_end(struct oh_mixer *m, int64_t now_us) {
  while (!m->tape.ended && m->start_us + m->frames * FRAME_US < now_us)
    mix_frame(m);
  oh_tape_end(&m->tape);
}

void oh_mixer_read_tally(const struct oh_mixer *m, struct oh_mixer_tally *tally) {
  *tally = (struct oh_mixer_tally){.samples = m->tape.written,
                                   .late = m->late,
                                   .refused = m->refused,
                                   .concealed = m->concealed,
                                   .failed = m->tape.failed};
}
