// tape.c — see tape.h
#include "record/tape.h"
#include "base/check.h"
#include "base/heap.h"
#include "wire/ogg.h"
#include "wire/opus.h"

enum {
  STEP = 120,        // 2.5 ms: the only gaps that empty frames can fill (RFC 7845 4.1)
  SKEW = 2 * 48000,  // timestamps further than that from the clock are another stream's
  REORDERED_MAX = 8, // packets held before the missing one is given up
};

// Makes a page of the pending packets.
static void put_page(struct oh_tape *t, uint8_t flags) {
  uint8_t buffer[OH_TAPE_PAGE_BYTES + 27 + OH_OGG_SEGMENTS_MAX];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  struct oh_ogg_page page = {.granule = t->packet_count ? t->written : OH_OGG_NO_GRANULE,
                             .serial = t->serial,
                             .sequence = t->page_sequence++,
                             .flags = flags};
  oh_ogg_write_page(&w, &page, t->packets, t->packet_count);
  OH_CHECK(!w.failed);
  if (!t->page(t->ctx, (struct oh_bytes){.data = buffer, .len = oh_writer_len(&w)})) t->failed = true;
  t->packet_count = t->segments = 0;
  t->used = 0;
}

// Adds to the pending page; the data is copied.
static void add(struct oh_tape *t, int64_t now_us, const uint8_t *data, size_t len, uint32_t samples) {
  uint32_t segments = (uint32_t)oh_ogg_segments(len);
  if (t->packet_count == OH_TAPE_PAGE_PACKETS || t->segments + segments > OH_OGG_SEGMENTS_MAX ||
      t->used + len > sizeof t->bytes)
    put_page(t, 0);
  if (t->packet_count == 0) {
    t->page_since_us = now_us;
    t->page_from = t->written;
  }
  uint8_t *at = t->bytes + t->used;
  memcpy(at, data, len);
  t->used += len;
  t->segments += segments;
  t->packets[t->packet_count++] = (struct oh_bytes){.data = at, .len = len};
  t->written += samples;
  if (t->written - t->page_from >= t->page_us * OH_OPUS_RATE / 1000000) put_page(t, 0);
}

void oh_tape_init(struct oh_tape *t, const struct oh_tape_form *form, uint32_t serial, struct oh_str comment,
                  bool (*page)(void *ctx, struct oh_bytes page), void *ctx) {
  *t = (struct oh_tape){.page = page, .ctx = ctx, .serial = serial};
  t->page_us = form->page_us ? form->page_us : OH_TAPE_PAGE_US;
  struct oh_opus_head head = {
      .input_rate = OH_OPUS_RATE, .channels = form->channels, .pre_skip = form->pre_skip};
  struct oh_writer w = oh_writer(t->bytes, sizeof t->bytes);
  oh_opus_head_write(&w, &head);
  t->packets[t->packet_count++] = (struct oh_bytes){.data = t->bytes, .len = oh_writer_len(&w)};
  put_page(t, OH_OGG_FIRST);
  w = oh_writer(t->bytes, sizeof t->bytes);
  oh_opus_tags_write(&w, OH_STR("offhook"), &comment, comment.len ? 1 : 0);
  OH_CHECK(!w.failed);
  t->packets[t->packet_count++] = (struct oh_bytes){.data = t->bytes, .len = oh_writer_len(&w)};
  put_page(t, 0);
}

uint32_t oh_tape_filler(uint8_t toc, int64_t samples, uint8_t *out) {
  // RFC 6716 table 2. Same mode and bandwidth as before where its frame sizes allow, else the CELT mode of
  // that bandwidth (2.5 and 5 ms; medium band, which CELT lacks, becomes wide band).
  static const uint8_t celt[16] = {16, 16, 16, 16, 20, 20, 20, 20, 20, 20, 20, 20, 24, 24, 28, 28};
  uint8_t config = toc >> 3, stereo = toc & 4;
  uint32_t size = samples >= 960 ? 960 : samples >= 480 ? 480 : samples >= 240 ? 240 : 120;
  if (config >= 16 || size < 480) {
    uint8_t base = config >= 16 ? config & 0x1c : celt[config];
    config = (uint8_t)(base + (size == 960 ? 3 : size == 480 ? 2 : size == 240 ? 1 : 0));
  } else {
    config = (uint8_t)((config < 12 ? config & 0x1c : config & 0x1e) + (size == 960));
  }
  *out = (uint8_t)(config << 3 | stereo);
  return size;
}

static void fill_until(struct oh_tape *t, int64_t now_us, int64_t position) {
  while (position - t->written >= STEP) {
    uint8_t packet;
    uint32_t samples = oh_tape_filler(t->last_toc, position - t->written, &packet);
    add(t, now_us, &packet, 1, samples);
    t->filled_samples += samples;
  }
}

// Puts the first of the held packets on the tape.
static void write_first(struct oh_tape *t, int64_t now_us) {
  struct oh_tape_packet *p = &t->held[0];
  fill_until(t, now_us, p->position);
  // An overlap of a part stays: cutting needs decoding, and the next gap takes it up again.
  if (p->position + p->samples / 2 >= t->written) {
    add(t, now_us, p->data, p->len, p->samples);
    t->last_toc = p->data[0];
  } else {
    t->late++;
  }
  memmove(&t->held[0], &t->held[1], --t->held_count * sizeof t->held[0]);
}

static void write_due(struct oh_tape *t, int64_t now_us) {
  while (t->held_count > 0 && (t->held[0].position < t->written + STEP || t->held_count > REORDERED_MAX ||
                               now_us - t->held[0].arrived_us >= OH_TAPE_HOLD_US))
    write_first(t, now_us);
}

// Where the packet stands on the tape.
static int64_t place(struct oh_tape *t, int64_t now_us, uint32_t ssrc, uint32_t timestamp) {
  if (!t->started) return 0;
  int64_t elapsed = (now_us - t->last_arrived_us) * OH_OPUS_RATE / 1000000;
  int64_t ahead = (int32_t)(timestamp - t->last_timestamp);
  if (ssrc == t->ssrc && ahead - elapsed < SKEW && elapsed - ahead < SKEW) return t->last_position + ahead;
  int64_t position = t->last_position + elapsed / STEP * STEP;
  // never on top of what the other stream has left
  int64_t end = t->written;
  for (uint32_t i = 0; i < t->held_count; i++)
    if (t->held[i].position + t->held[i].samples > end) end = t->held[i].position + t->held[i].samples;
  return position > end ? position : end;
}

void oh_tape_recv(struct oh_tape *t, int64_t now_us, uint32_t ssrc, uint32_t timestamp,
                  struct oh_bytes opus) {
  uint32_t samples = oh_opus_duration(opus);
  if (samples == 0 || opus.len > OH_TAPE_PACKET_MAX || t->ended) return;
  int64_t position = place(t, now_us, ssrc, timestamp);
  t->received++;
  if (!t->started) t->last_toc = opus.data[0];
  if (!t->started || ssrc != t->ssrc || position > t->last_position) {
    t->last_timestamp = timestamp;
    t->last_position = position;
    t->last_arrived_us = now_us;
  }
  t->started = true;
  t->ssrc = ssrc;
  uint32_t at = t->held_count;
  while (at > 0 && t->held[at - 1].position > position)
    at--;
  if (position < 0 || position + samples / 2 < t->written ||
      (at > 0 && t->held[at - 1].position == position)) {
    t->late++;
    return;
  }
  OH_CHECK(t->held_count < OH_TAPE_HELD);
  memmove(&t->held[at + 1], &t->held[at], (t->held_count++ - at) * sizeof t->held[0]);
  struct oh_tape_packet *p = &t->held[at];
  p->position = position;
  p->arrived_us = now_us;
  p->samples = samples;
  p->len = (uint16_t)opus.len;
  memcpy(p->data, opus.data, opus.len);
  write_due(t, now_us);
}

int64_t oh_tape_deadline(const struct oh_tape *t) {
  int64_t first = OH_NEVER;
  if (t->held_count) first = t->held[0].arrived_us + OH_TAPE_HOLD_US;
  if (t->packet_count && t->page_since_us + t->page_us < first) first = t->page_since_us + t->page_us;
  return first;
}

void oh_tape_tick(struct oh_tape *t, int64_t now_us) {
  write_due(t, now_us);
  if (t->packet_count && now_us - t->page_since_us >= t->page_us) put_page(t, 0);
}

void oh_tape_end(struct oh_tape *t) {
  if (t->ended) return;
  while (t->held_count)
    write_first(t, t->last_arrived_us);
  put_page(t, OH_OGG_LAST);
  t->ended = true;
}
