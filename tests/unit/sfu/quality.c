// quality.c — LiveKit's connection quality: the score's arithmetic with numbers worked out by hand, and
// events
#include "sfu/quality.h"
#include "tests/unit/sfu/scene.h"
#include "wire/rtcp.h"
#include <math.h>

static float after(float score, struct oh_quality_window w) {
  oh_quality_update(&score, &w);
  return score;
}
static void near(float got, double expected) {
  if (fabs(got - expected) > 0.01) fail_msg("%f instead of %f", (double)got, expected);
}

static void score_arithmetic(void **state) {
  (void)state;
  struct oh_quality_window w = {.packets = 250, .weight = 8 / 1.5f};
  near(after(100, w), 100);
  w.lost = 10; // 4 % · 5.333 = 21.33 points; falling: 0.8
  near(after(100, w), 100 - 0.8 * 21.3333);
  near(after(40, w), 0.4 * 78.6667 + 0.6 * 40); // rising: 0.4
  w.weight = 4 / 1.5f;
  near(after(100, w), 100 - 0.8 * 10.6667);
  w.lost = -3; // more came than were sent: not better than perfect
  near(after(100, w), 100);
  w.lost = 250;
  near(after(100, w), 30); // floor
  // delay: 200 ms round trip and 30 ms jitter are 160 → 4 points; 10 ms more jitter: (180 − 120) / 10 = 6
  w = (struct oh_quality_window){.packets = 250, .rtt_us = 200000, .jitter_us = 30000, .weight = 1};
  near(after(100, w), 100 - 0.8 * 4);
  w.jitter_us = 40000;
  near(after(100, w), 100 - 0.8 * 6);
  // DTX: a tenth of the packets, one in 25 lost: 4 % · W · sqrt(0.1)
  w = (struct oh_quality_window){.packets = 25, .lost = 1, .weight = 8 / 1.5f};
  near(after(100, w), 100 - 0.8 * 4 * 8 / 1.5 * sqrt(0.1));
  // nothing came
  w = (struct oh_quality_window){.far_alive = true};
  near(after(100, w), 40);
  w.far_alive = false;
  near(after(100, w), 20);
  w.muted = true;
  near(after(20, w), 100);
}

static void mapping(void **state) {
  (void)state;
  assert_int_equal(oh_quality_of(100), OH_QUALITY_EXCELLENT);
  assert_int_equal(oh_quality_of(80.1f), OH_QUALITY_EXCELLENT);
  assert_int_equal(oh_quality_of(80), OH_QUALITY_GOOD);
  assert_int_equal(oh_quality_of(40), OH_QUALITY_POOR);
  assert_int_equal(oh_quality_of(20), OH_QUALITY_LOST);
  near(oh_quality_mos(100), 4.5);
  near(oh_quality_mos(60), 3.1);
  near(oh_quality_mos(80), 1 + 2.8 + 7e-6 * 80 * 20 * 20);
  near(oh_quality_mos(0), 1);
}

struct told {
  uint32_t count, changed;
  enum oh_sfu_quality last;
};
static void speak(struct scene *s, uint32_t from, uint32_t count, uint32_t lose_every, struct told *speaker,
                  struct told *listener) {
  for (uint32_t i = from; i < from + count; i++) {
    if (!lose_every || i % lose_every) scene_recv(s, SCENE_OPUS, (uint16_t)i, 960 * i, "x", 1);
    scene_pass(s, 20000);
    struct oh_sfu_event e;
    while (oh_sfu_next(s->sfu, &e)) {
      if (e.type != OH_SFU_QUALITY) continue;
      assert_int_equal(e.room, s->room);
      assert_true(e.score >= 1 && e.score <= 4.5f);
      struct told *t = e.member == s->speaker ? speaker : listener;
      assert_int_equal(e.changed, t->count == 0 || e.quality != t->last);
      t->last = e.quality;
      t->count++;
      t->changed += e.changed;
    }
  }
}

static void members_are_judged_every_five_seconds(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  assert_int_not_equal(oh_sfu_add_member(s.sfu, s.room, 5), 0); // no transport: not judged
  struct told speaker = {0}, listener = {0};
  speak(&s, 0, 1000, 0, &speaker, &listener); // 20 s
  assert_in_range(speaker.count, 3, 4);
  assert_int_equal(speaker.count, listener.count);
  assert_int_equal(speaker.last, OH_QUALITY_EXCELLENT);
  assert_int_equal(speaker.changed, 1);
  speak(&s, 1000, 500, 8, &speaker, &listener); // 12.5 % loss on the way to us
  assert_int_equal(speaker.last, OH_QUALITY_POOR);
  float score;
  assert_int_equal(oh_sfu_member_quality(s.sfu, s.speaker, &score), OH_QUALITY_POOR);
  assert_true(score < 3);
  speak(&s, 1500, 2000, 0, &speaker, &listener);
  assert_int_equal(speaker.last, OH_QUALITY_EXCELLENT);
  // nothing more comes, and no RTCP either
  for (int i = 0; i < 20; i++)
    speak(&s, 0, 50, 1, &speaker, &listener);
  assert_int_equal(speaker.last, OH_QUALITY_LOST);
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, true);
  speak(&s, 0, 500, 1, &speaker, &listener);
  assert_int_equal(speaker.last, OH_QUALITY_EXCELLENT);
  assert_int_equal(listener.last, OH_QUALITY_EXCELLENT);
  scene_close(&s);
}

// The listener reports loss; what was already lost on the way to us does not count against it.
static void listeners_are_judged_by_their_reports(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  struct told speaker = {0}, listener = {0};
  uint32_t from = 0;
  int32_t lost = 0;
  for (int phase = 0; phase < 3; phase++) {
    for (int second = 0; second < 40; second++) {
      // phase 0: fine; 1: every tenth lost on the way to us; 2: every tenth lost on the way to the listener
      speak(&s, from, 50, phase == 1 ? 10 : 0, &speaker, &listener);
      from += 50;
      if (phase > 0) lost += 5;
      uint8_t buffer[64];
      struct oh_writer w = oh_writer(buffer, sizeof buffer);
      oh_rtcp_write_rr(
          &w, 9, &(struct oh_rtcp_report){.ssrc = s.ssrcs[0], .highest_sequence = from, .lost = lost}, 1);
      scene_rtcp(&s, 2, &w);
    }
    assert_int_equal(listener.last, phase == 2 ? OH_QUALITY_GOOD : OH_QUALITY_EXCELLENT);
  }
  // and one that does not report at all for long
  speak(&s, from, 1500, 0, &speaker, &listener);
  assert_int_equal(listener.last, OH_QUALITY_LOST);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(score_arithmetic),
      cmocka_unit_test(mapping),
      cmocka_unit_test(members_are_judged_every_five_seconds),
      cmocka_unit_test(listeners_are_judged_by_their_reports),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
