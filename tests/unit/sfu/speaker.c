// speaker.c — loudness against LiveKit's published constants and a straightforward model, and the rounds'
// events
#include "sfu/speaker.h"
#include "tests/unit/sfu/scene.h"
#include <math.h>

static const struct oh_sfu_config *config = &scene_config;

// One interval of 400 ms at one level smooths up from silence by two thirds.
static void one_interval(void **state) {
  (void)state;
  struct oh_loudness l;
  oh_loudness_init(&l);
  for (uint32_t i = 0; i <= 20; i++)
    oh_loudness_recv(&l, 0, config, 960 * i, 20);
  double level;
  assert_true(oh_loudness_active(&l, 0, config, &level));
  assert_true(fabs(level - 2.0 / 3 * 0.1) < 1e-9); // -20 dBov is 0.1
  for (uint32_t i = 21; i <= 40; i++)
    oh_loudness_recv(&l, 400000, config, 960 * i, 20);
  assert_true(oh_loudness_active(&l, 400000, config, &level));
  assert_true(fabs(level - 0.1 * (1 - 1.0 / 9)) < 1e-9);
  assert_true(oh_loudness_active(&l, 400000 + 799999, config, &level));
  assert_false(oh_loudness_active(&l, 400000 + 800000, config, &level)); // unheard of for two intervals
}

// 160 of 400 ms must be loud; -35 dBov is just loud enough.
static void percentile_and_level_limits(void **state) {
  (void)state;
  for (uint32_t loud = 7; loud <= 8; loud++) {
    struct oh_loudness l;
    oh_loudness_init(&l);
    double level;
    for (uint32_t i = 0; i <= 20; i++)
      oh_loudness_recv(&l, 0, config, 960 * i, i > 0 && i <= loud ? 10 : 36);
    bool active = oh_loudness_active(&l, 0, config, &level);
    assert_int_equal(active, loud == 8);
    // 10 dBov for 40 % of the time: 20·log10(0.4) less
    if (active) assert_true(fabs(level - 2.0 / 3 * pow(10, -10 / 20.0) * 0.4) < 1e-9);
  }
  for (uint8_t quiet = 35; quiet <= 36; quiet++) {
    struct oh_loudness l;
    oh_loudness_init(&l);
    double level;
    for (uint32_t i = 0; i <= 2000; i++) // smoothing comes up to the level itself
      oh_loudness_recv(&l, 0, config, 960 * i, quiet);
    oh_loudness_active(&l, 0, config, &level);
    assert_true(quiet == 35 ? fabs(level - 0.0177828) < 1e-6 : level == 0);
  }
}

static void model_agrees(void **state) {
  (void)state;
  uint64_t dice = 11;
  struct oh_loudness l;
  oh_loudness_init(&l);
  uint32_t ts = 0xFFFF0000, highest = ts;
  double smoothed = 0;
  uint32_t active = 0, observed = 0, loudest = 127;
  for (int i = 0; i < 50000; i++) {
    uint32_t at = ts;
    uint64_t r = test_next(&dice);
    if (r % 10 == 0) at -= 1920; // late
    uint8_t level = (uint8_t)((r >> 8) % 60 + (i / 500 % 2 ? 0 : 20));
    oh_loudness_recv(&l, 20000 * (int64_t)i, config, at, level);
    if (i == 0) highest = at;
    if ((int32_t)(at - highest) >= 0) {
      uint32_t ms = (at - highest) / 48;
      highest = at;
      observed += ms;
      if (level <= 35) {
        active += ms;
        loudest = level < loudest ? level : loudest;
      }
      if (observed >= 400) {
        double linear = active >= 160 ? pow(10, -(loudest - 20 * log10(active / 400.0)) / 20) : 0;
        smoothed = linear > 0 ? smoothed + (linear - smoothed) * 2 / 3 : 0;
        active = observed = 0;
        loudest = 127;
      }
    }
    double got;
    bool speaks = oh_loudness_active(&l, 20000 * (int64_t)i, config, &got);
    assert_true(fabs(got - smoothed) < 1e-9);
    assert_int_equal(speaks, smoothed >= pow(10, -35 / 20.0));
    ts += 960 * (1 + (uint32_t)((r >> 20) % 16 == 0 ? 19 : 0)); // DTX gaps of 400 ms
  }
}

static void quantized_upwards_to_eighths(void **state) {
  (void)state;
  assert_true(oh_loudness_quantize(0) == 0);
  assert_true(oh_loudness_quantize(0.018) == 0.125f);
  assert_true(oh_loudness_quantize(0.125) == 0.125f);
  assert_true(oh_loudness_quantize(0.1251) == 0.25f);
  assert_true(oh_loudness_quantize(1.07) == 1);
}

static void speak(struct scene *s, uint32_t from, uint32_t count, uint8_t level, uint32_t *events,
                  float *last) {
  for (uint32_t i = from; i < from + count; i++) {
    uint8_t buffer[16];
    struct oh_writer w = oh_writer(buffer, sizeof buffer);
    oh_rtpext_write_audio_level(&w, OH_RTPEXT_ONE_BYTE, SCENE_LEVEL_EXT,
                                (struct oh_audio_level){.level = level});
    struct oh_bytes ext = {.data = buffer, .len = oh_writer_len(&w)};
    scene_recv_from(s, 1, SCENE_SSRC, SCENE_OPUS, (uint16_t)i, 960 * i, ext, "x", 1);
    scene_pass(s, 20000);
    struct oh_sfu_event e;
    while (oh_sfu_next(s->sfu, &e)) {
      if (e.type != OH_SFU_SPEAKER) continue;
      assert_int_equal(e.member, s->speaker);
      assert_int_equal(e.room, s->room);
      assert_int_equal(e.active, e.level > 0);
      assert_true(e.level != *last); // only changes are told
      *last = e.level;
      (*events)++;
    }
  }
}

static void changes_are_told_once(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  uint32_t events = 0;
  float last = 0, level;
  speak(&s, 0, 200, 8, &events, &last); // 0.398 → half
  assert_true(last == 0.5f);
  assert_in_range(events, 1, 2); // two thirds of it at first
  assert_true(oh_sfu_speaking(s.sfu, s.speaker, &level));
  assert_true(level == 0.5f);
  events = 0;
  speak(&s, 200, 50, 90, &events, &last); // silence
  assert_int_equal(events, 1);
  assert_true(last == 0);
  assert_false(oh_sfu_speaking(s.sfu, s.speaker, &level));
  speak(&s, 250, 50, 8, &events, &last);
  assert_true(last > 0);
  events = 0;
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, true);
  speak(&s, 300, 70, 8, &events, &last); // muted words do not count
  assert_int_equal(events, 1);
  assert_true(last == 0);
  // a track that is no microphone makes no speaker
  oh_sfu_remove_track(s.sfu, s.track);
  s.track = oh_sfu_add_track(s.sfu, s.speaker, &(struct oh_sfu_track_config){.microphone = false});
  scene_bind(&s);
  speak(&s, 400, 100, 8, &events, &last);
  assert_int_equal(events, 1);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_interval),          cmocka_unit_test(percentile_and_level_limits),
      cmocka_unit_test(model_agrees),          cmocka_unit_test(quantized_upwards_to_eighths),
      cmocka_unit_test(changes_are_told_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
