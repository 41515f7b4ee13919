// mixer.c — what the mixer makes of voices, judged by libopus decoding its file: each tone at its level and
// time, late joins, loss, DTX, a running-away clock, sides, too much loudness, too many voices.
#include "record/mixer.h"
#include "record/playback.h"
#include "tests/unit/test.h"
#include "wire/opus.h"
#include <math.h>
#include <opus/opus.h>

#define FRAME 960
#define RATE 48000
#define FRAME_US 20000
#define VOICES 40
#define SECONDS_MAX 12

static uint8_t file[4 << 20];
static size_t file_len;
static struct oh_mixer *mixer;
static const int64_t begin_us = 77000000;
static float heard[SECONDS_MAX * RATE * 2]; // two channels
static size_t heard_samples, written_samples;

struct speaker {
  OpusEncoder *encoder;
  double hertz, level;
  uint32_t frame, offset; // frames said; where its timestamps begin
} speakers[VOICES];

static bool keep_page(void *ctx, struct oh_bytes page) {
  (void)ctx;
  assert_true(file_len + page.len <= sizeof file);
  memcpy(file + file_len, page.data, page.len);
  file_len += page.len;
  return true;
}

static void open_mixer(uint8_t channels) {
  const struct oh_mixer_form form = {.channels = channels,
                                     .bitrate = 64000 * channels,
                                     .page_us = 200000,
                                     .serial = 5,
                                     .comment = OH_STR("TITLE=Room")};
  file_len = 0;
  mixer = oh_mixer_open(&form, begin_us, keep_page, NULL);
}

static void introduce(uint32_t n, double hertz, double level) {
  int error;
  speakers[n] = (struct speaker){.hertz = hertz, .level = level, .offset = 0xfffff000U + n * 1234567};
  speakers[n].encoder = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, &error);
  opus_encoder_ctl(speakers[n].encoder, OPUS_SET_BITRATE(32000)); // SILK, which has FEC
  opus_encoder_ctl(speakers[n].encoder, OPUS_SET_MAX_BANDWIDTH(OPUS_BANDWIDTH_WIDEBAND));
  opus_encoder_ctl(speakers[n].encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
  opus_encoder_ctl(speakers[n].encoder, OPUS_SET_INBAND_FEC(1));
  opus_encoder_ctl(speakers[n].encoder, OPUS_SET_PACKET_LOSS_PERC(20));
}

// The next 20 ms of a speaker, which arrive at `at_us`; lost ones do not.
static void speak(uint32_t n, int64_t at_us, enum oh_mixer_side side, bool lost) {
  struct speaker *s = &speakers[n];
  float pcm[FRAME];
  uint8_t opus[1500];
  for (int i = 0; i < FRAME; i++)
    pcm[i] = (float)(s->level * sin(2 * M_PI * s->hertz * (s->frame * FRAME + (uint32_t)i) / RATE));
  int len = opus_encode_float(s->encoder, pcm, FRAME, opus, sizeof opus);
  assert_true(len > 0);
  uint32_t timestamp = s->offset + s->frame++ * FRAME;
  if (!lost)
    oh_mixer_recv(mixer, at_us, n, side, timestamp, (struct oh_bytes){.data = opus, .len = (size_t)len});
}

static void dismiss(void) {
  for (int i = 0; i < VOICES; i++) {
    if (speakers[i].encoder) opus_encoder_destroy(speakers[i].encoder);
    speakers[i].encoder = NULL;
  }
  oh_mixer_close(mixer);
}

static void play(size_t bytes) {
  static struct oh_playback playback;
  assert_true(oh_playback_init(&playback, (struct oh_bytes){.data = file, .len = bytes}));
  int error;
  OpusDecoder *decoder = opus_decoder_create(RATE, 2, &error);
  struct oh_bytes opus;
  uint32_t samples;
  heard_samples = 0;
  while (oh_playback_next(&playback, &opus, &samples)) {
    assert_true(heard_samples + samples <= sizeof heard / sizeof *heard / 2);
    assert_int_equal(opus_decode_float(decoder, opus.data, (int)opus.len, heard + 2 * heard_samples,
                                       OH_OPUS_DURATION_MAX, 0),
                     samples);
    heard_samples += samples;
  }
  assert_int_equal(playback.reader.damaged, 0);
  opus_decoder_destroy(decoder);
}

static void finish(int64_t at_us) {
  struct oh_mixer_tally tally;
  oh_mixer_end(mixer, at_us);
  oh_mixer_read_tally(mixer, &tally);
  assert_false(tally.failed);
  written_samples = (size_t)tally.samples;
  play(file_len);
  assert_int_equal(heard_samples, written_samples);
}

// The amplitude of a tone in a piece of what was heard.
static double level(int channel, double hertz, double from_s, double to_s) {
  double re = 0, im = 0;
  size_t from = (size_t)(from_s * RATE), to = (size_t)(to_s * RATE);
  assert_true(to <= heard_samples);
  for (size_t i = from; i < to; i++) {
    re += heard[2 * i + (size_t)channel] * cos(2 * M_PI * hertz * (double)i / RATE);
    im += heard[2 * i + (size_t)channel] * sin(2 * M_PI * hertz * (double)i / RATE);
  }
  return 2 * sqrt(re * re + im * im) / (double)(to - from);
}

static void assert_near(double value, double wanted, double tolerance) {
  if (fabs(value - wanted) > tolerance) fail_msg("%f is not %f ± %f", value, wanted, tolerance);
}

static void test_two_voices_and_a_late_join(void **state) {
  (void)state;
  open_mixer(1);
  introduce(0, 440, 0.3);
  introduce(1, 1200, 0.15);
  for (int n = 0; n < 200; n++) { // 4 s; the second comes after 2
    int64_t at_us = begin_us + n * FRAME_US;
    speak(0, at_us, OH_MIXER_BOTH, false);
    if (n >= 100) speak(1, at_us + 7000, OH_MIXER_BOTH, false);
    oh_mixer_tick(mixer, at_us);
  }
  finish(begin_us + 200 * FRAME_US);
  assert_in_range(heard_samples, 4 * RATE, 4 * RATE + 2 * FRAME);
  assert_near(level(0, 440, 0.2, 1.8), 0.3, 0.02);
  assert_near(level(0, 1200, 0.2, 1.9), 0, 0.005);
  assert_near(level(0, 440, 2.2, 3.8), 0.3, 0.02);
  assert_near(level(0, 1200, 2.2, 3.8), 0.15, 0.015);
  dismiss();
}

static void test_silence_is_cheap_and_keeps_time(void **state) {
  (void)state;
  open_mixer(1);
  introduce(0, 440, 0.3);
  size_t before = 0;
  for (int n = 0; n < 400; n++) { // 1 s of voice, 5 s of nothing at all, 1 s, and 1 s of nothing
    int64_t at_us = begin_us + n * FRAME_US;
    if (n < 50 || (n >= 300 && n < 350))
      speak(0, at_us, OH_MIXER_BOTH, false);
    else
      speakers[0].frame++;
    if (n == 90) before = file_len;
    if (n == 290) assert_true(file_len - before < 2000); // 4 s
    oh_mixer_tick(mixer, at_us);
  }
  finish(begin_us + 400 * FRAME_US);
  assert_in_range(heard_samples, 8 * RATE, 8 * RATE + 2 * FRAME);
  assert_near(level(0, 440, 0.1, 0.9), 0.3, 0.02);
  assert_near(level(0, 440, 1.5, 5.9), 0, 0.005);
  assert_near(level(0, 440, 6.1, 6.9), 0.3, 0.02);
  assert_near(level(0, 440, 7.3, 7.9), 0, 0.005);
  dismiss();
}

static void test_loss_and_reordering(void **state) {
  (void)state;
  open_mixer(1);
  introduce(0, 440, 0.3);
  for (int n = 0; n < 300; n++) {
    int64_t at_us = begin_us + n * FRAME_US;
    speak(0, at_us + (n % 7 == 3 ? 60000 : 0), OH_MIXER_BOTH, n % 10 == 5);
    oh_mixer_tick(mixer, at_us);
  }
  finish(begin_us + 300 * FRAME_US);
  struct oh_mixer_tally tally;
  oh_mixer_read_tally(mixer, &tally);
  assert_int_equal(tally.late, 0);
  assert_in_range(tally.concealed, 28 * FRAME, 34 * FRAME);
  // What libopus makes of a lost piece of a tone has neither its phase nor all of its loudness.
  double energy = 0;
  for (size_t i = RATE / 2; i < RATE * 11 / 2; i++)
    energy += heard[2 * i] * heard[2 * i];
  assert_near(sqrt(2 * energy / (5 * RATE)), 0.3, 0.03);
  dismiss();
}

static void test_a_packet_in_pieces_and_twice(void **state) {
  (void)state;
  open_mixer(1);
  const uint8_t garbage[3] = {3, 63, 1}; // says 63 frames
  oh_mixer_recv(mixer, begin_us, 9, OH_MIXER_BOTH, 0, (struct oh_bytes){.data = garbage, .len = 3});
  oh_mixer_recv(mixer, begin_us, 9, OH_MIXER_BOTH, 0, (struct oh_bytes){.data = garbage, .len = 0});
  introduce(0, 440, 0.3);
  for (int n = 0; n < 100; n++) {
    speak(0, begin_us + n * FRAME_US, OH_MIXER_BOTH, false);
    speakers[0].frame--; // the same again: a repetition is not heard
    speak(0, begin_us + n * FRAME_US, OH_MIXER_BOTH, false);
    oh_mixer_tick(mixer, begin_us + n * FRAME_US);
  }
  finish(begin_us + 100 * FRAME_US);
  struct oh_mixer_tally tally;
  oh_mixer_read_tally(mixer, &tally);
  assert_int_equal(tally.late, 100);
  dismiss();
}

// 500 ppm slow for ten seconds, then a jump of an hour in its timestamps.
static void test_clocks_that_run_away(void **state) {
  (void)state;
  open_mixer(1);
  introduce(0, 440, 0.3);
  for (int n = 0; n < 500; n++) {
    if (n == 300) speakers[0].frame += 180000;
    if (n == 400) speakers[0].frame -= 360000;
    speak(0, begin_us + n * (FRAME_US + 400), OH_MIXER_BOTH, false); // 2 %: 0.2 s in all
    oh_mixer_tick(mixer, begin_us + n * (FRAME_US + 400));
  }
  finish(begin_us + 500 * (FRAME_US + 400));
  struct oh_mixer_tally tally;
  oh_mixer_read_tally(mixer, &tally);
  assert_in_range(heard_samples, 10.2 * RATE, 10.2 * RATE + 2 * FRAME);
  assert_true(tally.late <= 4);
  dismiss();
}

static void test_sides(void **state) {
  (void)state;
  open_mixer(2);
  introduce(0, 440, 0.3);
  introduce(1, 1200, 0.3);
  introduce(2, 2000, 0.1);
  for (int n = 0; n < 150; n++) {
    int64_t at_us = begin_us + n * FRAME_US;
    speak(0, at_us, OH_MIXER_LEFT, false);
    speak(1, at_us, OH_MIXER_RIGHT, false);
    speak(2, at_us, OH_MIXER_BOTH, false);
    oh_mixer_tick(mixer, at_us);
  }
  finish(begin_us + 150 * FRAME_US);
  assert_near(level(0, 440, 0.2, 2.8), 0.3, 0.03);
  assert_near(level(1, 440, 0.2, 2.8), 0, 0.01);
  assert_near(level(0, 1200, 0.2, 2.8), 0, 0.01);
  assert_near(level(1, 1200, 0.2, 2.8), 0.3, 0.03);
  assert_near(level(0, 2000, 0.2, 2.8), 0.1, 0.02);
  assert_near(level(1, 2000, 0.2, 2.8), 0.1, 0.02);
  dismiss();
}

static void test_the_sum_is_not_clipped(void **state) {
  (void)state;
  static const double pitches[4] = {300, 500, 800, 1100};
  open_mixer(1);
  for (uint32_t i = 0; i < 4; i++)
    introduce(i, pitches[i], 0.9);
  for (int n = 0; n < 100; n++) {
    int64_t at_us = begin_us + n * FRAME_US;
    for (uint32_t i = 0; i < 4; i++)
      speak(i, at_us, OH_MIXER_BOTH, false);
    oh_mixer_tick(mixer, at_us);
  }
  finish(begin_us + 100 * FRAME_US);
  double energy = 0, tones = 0;
  for (size_t i = RATE / 2; i < RATE * 3 / 2; i++)
    energy += heard[2 * i] * heard[2 * i];
  for (int i = 0; i < 4; i++)
    tones += level(0, pitches[i], 0.5, 1.5) * level(0, pitches[i], 0.5, 1.5) * RATE / 2;
  // Sums clipped at 1 would have 10 % and more of their energy elsewhere.
  assert_true(tones / energy > 0.97);
  assert_near(level(0, 300, 0.5, 1.5), level(0, 1100, 0.5, 1.5), 0.05);
  dismiss();
}

static void test_too_many_voices(void **state) {
  (void)state;
  struct oh_mixer_tally tally;
  open_mixer(1);
  for (uint32_t i = 0; i < VOICES; i++) {
    introduce(i, 300 + 20 * i, 0.02);
    speak(i, begin_us, OH_MIXER_BOTH, false);
  }
  oh_mixer_read_tally(mixer, &tally);
  assert_int_equal(tally.refused, VOICES - OH_MIXER_VOICES_MAX);
  // After the silence of the others there is room for a new one.
  int64_t later_us = begin_us + OH_MIXER_SILENT_US + 1000000;
  oh_mixer_tick(mixer, later_us);
  speak(VOICES - 1, later_us, OH_MIXER_BOTH, false);
  oh_mixer_read_tally(mixer, &tally);
  assert_int_equal(tally.refused, VOICES - OH_MIXER_VOICES_MAX);
  finish(later_us);
  dismiss();
}

// Whatever was handed over before a crash is a file, at most page and delay shorter than the call.
static void test_a_crash_costs_less_than_a_second(void **state) {
  (void)state;
  open_mixer(1);
  introduce(0, 440, 0.3);
  for (int n = 0; n < 150; n++) {
    int64_t at_us = begin_us + n * FRAME_US;
    speak(0, at_us, OH_MIXER_BOTH, false);
    oh_mixer_tick(mixer, at_us);
    if (n % 10) continue;
    play(file_len);
    int64_t missing = (int64_t)n * FRAME - (int64_t)heard_samples;
    assert_true(missing <= RATE / 2);
  }
  dismiss();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_voices_and_a_late_join),
      cmocka_unit_test(test_silence_is_cheap_and_keeps_time),
      cmocka_unit_test(test_loss_and_reordering),
      cmocka_unit_test(test_a_packet_in_pieces_and_twice),
      cmocka_unit_test(test_clocks_that_run_away),
      cmocka_unit_test(test_sides),
      cmocka_unit_test(test_the_sum_is_not_clipped),
      cmocka_unit_test(test_too_many_voices),
      cmocka_unit_test(test_a_crash_costs_less_than_a_second),
  };
  return cmocka_run_group_tests_name("record/mixer", tests, NULL, NULL);
}
