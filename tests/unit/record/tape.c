// tape.c — the tape's timeline: loss, silence, reordering, another stream, crash; libopus decodes what was
// made.
#include "record/tape.h"
#include "base/heap.h"
#include "tests/unit/test.h"
#include "wire/ogg.h"
#include "wire/opus.h"
#include <opus/opus.h>

#define MS INT64_C(1000)
#define FRAME 960

static uint8_t file[1 << 20], scratch[65536];
static size_t file_len, page_count;
static struct oh_tape tape;

static bool keep_page(void *ctx, struct oh_bytes page) {
  (void)ctx;
  assert_true(file_len + page.len <= sizeof file);
  memcpy(file + file_len, page.data, page.len);
  file_len += page.len;
  page_count++;
  return true;
}

static int start(void **state) {
  (void)state;
  file_len = page_count = 0;
  oh_tape_init(&tape, &(struct oh_tape_form){.channels = 2}, 7, OH_STR("TITLE=Anna"), keep_page, NULL);
  return 0;
}

// Packet number n of 20 ms (SILK wide band, mono: config 9), marked with n.
static void say(int64_t now_us, uint32_t ssrc, uint32_t timestamp, uint8_t n) {
  const uint8_t opus[3] = {9 << 3, n, 0x55};
  oh_tape_recv(&tape, now_us, ssrc, timestamp, (struct oh_bytes){.data = opus, .len = sizeof opus});
}

struct heard {
  int64_t samples, granule;
  uint32_t packets, spoken, ended;
  uint8_t order[4096];
  int64_t at[4096]; // of each spoken packet
};

static struct heard play(void) {
  struct heard h = {0};
  struct oh_ogg_reader reader;
  struct oh_ogg_packet packet;
  oh_ogg_reader_init(&reader, (struct oh_bytes){.data = file, .len = file_len}, scratch, sizeof scratch);
  struct oh_opus_head head;
  assert_true(oh_ogg_read(&reader, &packet) && oh_opus_head_read(&head, packet.data));
  assert_true(oh_ogg_read(&reader, &packet) && memcmp(packet.data.data, "OpusTags", 8) == 0);
  int error;
  OpusDecoder *decoder = opus_decoder_create(48000, 2, &error);
  static int16_t pcm[5760 * 2];
  while (oh_ogg_read(&reader, &packet)) {
    unsigned samples = oh_opus_duration(packet.data);
    assert_int_not_equal(samples, 0);
    assert_int_equal(opus_decode(decoder, packet.data.data, (int)packet.data.len, pcm, 5760, 0), samples);
    if (packet.data.len > 1) {
      h.order[h.spoken] = packet.data.data[1];
      h.at[h.spoken++] = h.samples;
    }
    h.samples += samples;
    h.packets++;
    if (packet.granule != OH_OGG_NO_GRANULE) {
      h.granule = packet.granule;
      assert_int_equal(h.granule, h.samples); // a page's position is what its packets add up to
    }
    h.ended += packet.last;
  }
  assert_int_equal(reader.damaged, 0);
  opus_decoder_destroy(decoder);
  return h;
}

static void unbroken_speech(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 150; i++)
    say(i * 20 * MS, 1, 5000 + i * FRAME, (uint8_t)i);
  oh_tape_end(&tape);
  struct heard h = play();
  assert_int_equal(h.samples, 150 * FRAME);
  assert_int_equal(h.spoken, 150);
  assert_int_equal(h.packets, 150);
  assert_int_equal(tape.filled_samples, 0);
}

static void loss_is_filled(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 100; i++)
    if (i % 10 != 5 && i != 6) say(i * 20 * MS, 1, i * FRAME, (uint8_t)i);
  oh_tape_end(&tape);
  struct heard h = play();
  assert_int_equal(h.samples, 100 * FRAME);
  assert_int_equal(h.spoken, 89);
  assert_int_equal(tape.filled_samples, 11 * FRAME);
  for (uint32_t i = 0; i < h.spoken; i++)
    assert_int_equal(h.at[i], h.order[i] * FRAME); // each stands where it was said
}

static void reordering_and_repeats(void **state) {
  (void)state;
  static const uint8_t order[] = {0, 2, 1, 1, 3, 6, 5, 4, 4, 0, 7};
  for (size_t i = 0; i < sizeof order; i++)
    say((int64_t)i * 20 * MS, 1, UINT32_MAX - 2 * FRAME + order[i] * FRAME, order[i]); // wraps on its way
  oh_tape_end(&tape);
  struct heard h = play();
  assert_int_equal(h.spoken, 8);
  for (uint8_t i = 0; i < 8; i++)
    assert_int_equal(h.order[i], i);
  assert_int_equal(h.samples, 8 * FRAME);
  assert_int_equal(tape.late, 3);
}

static void a_minute_of_silence(void **state) {
  (void)state;
  say(0, 1, 0, 1);
  say(60000 * MS, 1, 3000 * FRAME, 2);
  say(60020 * MS, 1, 3001 * FRAME, 3);
  oh_tape_end(&tape);
  struct heard h = play();
  assert_int_equal(h.spoken, 3);
  assert_int_equal(h.at[1], 3000 * FRAME);
  assert_int_equal(h.samples, 3002 * FRAME);
}

static void another_stream_goes_on_by_the_clock(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 10; i++)
    say(i * 20 * MS, 1, i * FRAME, (uint8_t)i);
  for (uint32_t i = 0; i < 10; i++)
    say((1000 + i * 20) * MS, 2, 0x80000000u + i * FRAME, (uint8_t)(100 + i));
  // the same SSRC jumps: not a day of silence, but the time that has passed
  say(1200 * MS, 2, 0x10000000u, 200);
  oh_tape_end(&tape);
  struct heard h = play();
  assert_int_equal(h.spoken, 21);
  assert_int_equal(h.at[10], 48000);
  assert_int_equal(h.at[20], 48000 + 10 * FRAME);
}

// Kill at any time: whole pages are there, at most a second (and what was held) is missing.
static void pages_come_every_second(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 500; i++) {
    int64_t now_us = i * 20 * MS;
    say(now_us, 1, i * FRAME, (uint8_t)i);
    struct heard h = play();
    assert_in_range(h.samples, i < 50 ? 0 : (i - 49) * FRAME, (i + 1) * FRAME);
  }
  // and by the clock when the talker stops
  size_t before = page_count;
  say(10000 * MS, 1, 500 * FRAME, 1);
  assert_int_equal(page_count, before);
  int64_t deadline = oh_tape_deadline(&tape);
  assert_int_equal(deadline, 11000 * MS);
  oh_tape_tick(&tape, deadline);
  assert_int_equal(page_count, before + 1);
  assert_true(oh_tape_deadline(&tape) == OH_NEVER);
  assert_int_equal(play().samples, 501 * FRAME);
}

static void a_held_packet_does_not_wait_for_ever(void **state) {
  (void)state;
  say(0, 1, 0, 0);
  say(40 * MS, 1, 2 * FRAME, 2); // 1 is missing
  assert_int_equal(tape.held_count, 1);
  assert_int_equal(oh_tape_deadline(&tape), 40 * MS + OH_TAPE_HOLD_US);
  oh_tape_tick(&tape, 40 * MS + OH_TAPE_HOLD_US);
  assert_int_equal(tape.held_count, 0);
  assert_int_equal(tape.written, 3 * FRAME);
  say(300 * MS, 1, FRAME, 1); // too late
  assert_int_equal(tape.late, 1);
}

static void fillers_of_every_mode(void **state) {
  (void)state;
  for (unsigned config = 0; config < 32; config++) {
    for (int64_t gap = 120; gap <= 2880; gap += 120) {
      int64_t left = gap;
      while (left > 0) {
        uint8_t toc = 0xff;
        uint32_t samples = oh_tape_filler((uint8_t)(config << 3 | 4), left, &toc);
        assert_int_equal(oh_opus_duration((struct oh_bytes){.data = &toc, .len = 1}), samples);
        assert_int_equal(toc & 7, 4); // stereo as before, one frame
        assert_true(samples <= left);
        if (samples >= 480) assert_int_equal(toc >> 7, config >> 4); // the mode stays where it can
        left -= samples;
      }
      assert_int_equal(left, 0);
    }
  }
}

// Whatever comes: the timeline never runs ahead of the clock by more than the skew and packets we allow.
static void anything_goes(void **state) {
  (void)state;
  uint64_t seed = 11;
  int64_t now_us = 0;
  for (int i = 0; i < 20000; i++) {
    uint8_t opus[40];
    test_fill(&seed, opus, sizeof opus);
    uint64_t dice = test_next(&seed);
    now_us += (int64_t)(dice % 3000);
    uint32_t timestamp = (dice & 0xf0000) ? (uint32_t)(now_us * 48 / 1000) : (uint32_t)test_next(&seed);
    file_len = 0; // only the arithmetic is looked at
    oh_tape_recv(&tape, now_us, 1 + (dice >> 60 == 0), timestamp,
                 (struct oh_bytes){.data = opus, .len = dice >> 32 & 31});
    if ((dice & 0xf00000) == 0) oh_tape_tick(&tape, now_us);
    assert_true(tape.written <= now_us * 48 / 1000 + (int64_t)tape.received * OH_OPUS_DURATION_MAX);
    assert_true(tape.held_count <= OH_TAPE_HELD);
  }
  oh_tape_end(&tape);
  assert_false(tape.failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(unbroken_speech, start),
      cmocka_unit_test_setup(loss_is_filled, start),
      cmocka_unit_test_setup(reordering_and_repeats, start),
      cmocka_unit_test_setup(a_minute_of_silence, start),
      cmocka_unit_test_setup(another_stream_goes_on_by_the_clock, start),
      cmocka_unit_test_setup(pages_come_every_second, start),
      cmocka_unit_test_setup(a_held_packet_does_not_wait_for_ever, start),
      cmocka_unit_test_setup(fillers_of_every_mode, start),
      cmocka_unit_test_setup(anything_goes, start),
  };
  return cmocka_run_group_tests_name("tape", tests, NULL, NULL);
}
