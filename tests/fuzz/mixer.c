// mixer.c — the mixer under any packets at any time: voices come and go, frames of every kind and size,
// clocks that jump, a sink that refuses. The tape is valid Ogg Opus of just the time that went by; memory is
// bounded.
#include "record/mixer.h"
#include "base/check.h"
#include "record/playback.h"
#include "wire/opus.h"
#include <malloc.h>
#include <string.h>

#define FRAME 960
#define TIME_MAX_US (2 * 1000000)
// 32 voices with their decoders and what they hold, the encoder, the tape.
#define MEMORY_MAX (8 * 1024 * 1024)

static struct {
  uint8_t bytes[1 << 20];
  size_t len;
  unsigned pages, refuse_at; // 0: never
  bool refused;
} sink;

static bool keep_page(void *ctx, struct oh_bytes page) {
  (void)ctx;
  OH_CHECK(page.len > 0 && page.len <= OH_OGG_PAGE_MAX);
  if (++sink.pages == sink.refuse_at) sink.refused = true; // for good, as a full disk
  if (sink.refused) return false;
  OH_CHECK(sink.len + page.len <= sizeof sink.bytes);
  memcpy(sink.bytes + sink.len, page.data, page.len);
  sink.len += page.len;
  return true;
}

struct run {
  struct oh_mixer *mixer;
  int64_t begin_us, now_us;
  uint32_t timestamp[64];
};

// Bytes that are no speech, but of a kind that the first one says.
static void say(struct run *r, struct oh_reader *f, unsigned voice) {
  uint8_t opus[OH_TAPE_PACKET_MAX + 40];
  size_t len = oh_read_u8(f) * 6U;
  uint32_t random = oh_read_u8(f) | 1U;
  for (size_t i = 0; i < len; i++) {
    random = random * 1664525 + 1013904223;
    opus[i] = (uint8_t)(random >> 24);
  }
  if (len) opus[0] = oh_read_u8(f);
  oh_mixer_recv(r->mixer, r->now_us, voice, (enum oh_mixer_side)(voice % 3), r->timestamp[voice],
                (struct oh_bytes){.data = opus, .len = len});
}

static void step(struct run *r, struct oh_reader *f) {
  uint8_t what = oh_read_u8(f);
  unsigned voice = what & 63;
  switch (what >> 6) {
  case 0: // the next packet, a little later
    r->now_us += oh_read_u8(f) * 250;
    r->timestamp[voice] += FRAME;
    say(r, f, voice);
    break;
  case 1: { // its bytes as they stand here
    struct oh_bytes raw = oh_read_bytes(f, oh_read_u8(f));
    oh_mixer_recv(r->mixer, r->now_us, voice, OH_MIXER_LEFT, r->timestamp[voice] += FRAME, raw);
    break;
  }
  case 2: // time goes by
    r->now_us += (int64_t)voice * 10000;
    oh_mixer_tick(r->mixer, r->now_us);
    break;
  default: // a clock jumps
    r->timestamp[voice] += oh_read_u32_be(f);
    say(r, f, voice);
  }
}

static void check(const struct run *r, bool ended) {
  struct oh_mixer_tally tally;
  oh_mixer_read_tally(r->mixer, &tally);
  int64_t elapsed = (r->now_us - r->begin_us) * 48 / 1000;
  OH_CHECK(tally.failed == sink.refused && tally.samples >= 0);
  OH_CHECK(tally.samples <= elapsed + (ended ? FRAME : 0));
  if (ended && !tally.failed) OH_CHECK(tally.samples >= elapsed);
}

static void check_file(const struct run *r) {
  static struct oh_playback playback;
  struct oh_mixer_tally tally;
  struct oh_bytes opus;
  uint32_t samples;
  int64_t sum = 0;
  oh_mixer_read_tally(r->mixer, &tally);
  if (sink.refused && sink.refuse_at <= 2) return; // not even its heads
  OH_CHECK(oh_playback_init(&playback, (struct oh_bytes){.data = sink.bytes, .len = sink.len}));
  while (oh_playback_next(&playback, &opus, &samples))
    sum += samples;
  OH_CHECK(playback.reader.damaged == 0 && (sink.refused || sum == tally.samples));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_reader reader = oh_reader(data, len), *f = &reader;
  size_t before = mallinfo2().uordblks;
  uint8_t form = oh_read_u8(f);
  struct run r = {.begin_us = (int64_t)oh_read_u8(f) << 40};
  const struct oh_mixer_form shape = {.channels = form & 1 ? 2 : 1,
                                      .bitrate = 16000 + (form >> 1 & 7) * 64000,
                                      .page_us = 200000,
                                      .serial = 7,
                                      .comment = OH_STR("TITLE=x")};
  sink.len = sink.pages = 0;
  sink.refused = false;
  sink.refuse_at = form >> 4;
  r.now_us = r.begin_us;
  r.mixer = oh_mixer_open(&shape, r.begin_us, keep_page, NULL);
  while (!f->failed && oh_reader_left(f) && r.now_us - r.begin_us < TIME_MAX_US) {
    step(&r, f);
    check(&r, false);
    OH_CHECK(mallinfo2().uordblks - before < MEMORY_MAX);
  }
  oh_mixer_end(r.mixer, r.now_us);
  check(&r, true);
  check_file(&r);
  oh_mixer_close(r.mixer);
  return 0;
}
