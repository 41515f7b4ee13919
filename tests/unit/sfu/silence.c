// silence.c — mute, switching off, closing: silence on the wire, nothing of what was said meanwhile; taps and
// injected tracks
#include "tests/unit/sfu/scene.h"
#include "wire/opus.h"

static void speak(struct scene *s, uint16_t from, uint16_t count) {
  for (uint16_t i = 0; i < count; i++) {
    scene_recv(s, SCENE_OPUS, (uint16_t)(from + i), 960u * (uint32_t)(from + i), "talk", 4);
    scene_pass(s, 20000);
  }
}

static size_t count_silence(oh_id peer, size_t from) {
  size_t count = 0;
  for (size_t i = from; i < double_count; i++) {
    const struct double_sent *p = &double_sent[i];
    if (p->rtcp || p->peer != peer || p->len == 4) continue;
    static const uint8_t start[] = {0xF8, 0xFF, 0xFE, 0};
    assert_memory_equal(p->data, start, sizeof start);
    assert_int_equal(oh_opus_duration((struct oh_bytes){.data = p->data, .len = p->len}), 960);
    assert_true(p->header.marker);
    count++;
  }
  return count;
}

static void mute_sends_a_second_of_silence(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  scene_listen(&s, true, false);
  speak(&s, 100, 10);
  size_t mark = double_count;
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, true);
  speak(&s, 110, 100); // two seconds of words that nobody hears
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_drop_muted), 100);
  for (oh_id peer = 2; peer <= 3; peer++) {
    assert_int_equal(scene_sent(peer, mark, NULL), 50);
    assert_int_equal(count_silence(peer, mark), 50);
  }
  const struct double_sent *first = NULL, *last = NULL;
  for (size_t i = mark; i < double_count; i++)
    if (!double_sent[i].rtcp && double_sent[i].peer == 2) {
      if (!first) first = &double_sent[i];
      last = &double_sent[i];
    }
  assert_int_equal(last->header.sequence - first->header.sequence, 49);
  assert_int_equal(last->header.timestamp - first->header.timestamp, 49 * 960);
  assert_int_equal(last->at_us - first->at_us, 49 * 20000);
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_silence_sent), 100);
  // and back: one number further, timestamps two seconds further
  mark = double_count;
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, false);
  speak(&s, 210, 1);
  const struct double_sent *p = NULL;
  assert_int_equal(scene_sent(2, mark, &p), 1);
  assert_int_equal(p->header.sequence, (uint16_t)(last->header.sequence + 1));
  assert_int_equal(p->header.timestamp, 960 * 210);
  assert_int_equal(p->len, 4);
  scene_close(&s);
}

static void unmuting_early_ends_the_silence(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  speak(&s, 1, 3);
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, true);
  scene_pass(&s, 100000);
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, false);
  size_t mark = double_count;
  scene_pass(&s, 3000000);
  assert_int_equal(scene_sent(2, mark, NULL), 0);
  scene_close(&s);
}

static void a_track_that_never_spoke_or_is_encrypted_makes_no_silence(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  oh_sfu_remove_track(s.sfu, s.track);
  s.track = oh_sfu_add_track(s.sfu, s.speaker, &(struct oh_sfu_track_config){.encrypted = true});
  scene_bind(&s);
  scene_listen(&s, false, false);
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, true);
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, false);
  speak(&s, 1, 3);
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, true);
  oh_sfu_disable_subscription(s.sfu, s.now_us, s.subscriptions[0], true);
  scene_pass(&s, 2000000);
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_silence_sent), 0);
  scene_close(&s);
}

static void switching_off_silences_one_listener_only(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  for (int i = 0; i < 3; i++)
    scene_listen(&s, false, false);
  speak(&s, 1, 5);
  size_t mark = double_count;
  oh_sfu_disable_subscription(s.sfu, s.now_us, s.subscriptions[0], true);
  speak(&s, 6, 100);
  assert_int_equal(count_silence(2, mark), 50);
  assert_int_equal(scene_sent(2, mark, NULL), 50);
  assert_int_equal(count_silence(3, mark) + count_silence(4, mark), 0);
  assert_int_equal(scene_sent(3, mark, NULL), 100);
  assert_int_equal(scene_sent(4, mark, NULL), 100);
  oh_sfu_disable_subscription(s.sfu, s.now_us, s.subscriptions[0], false);
  mark = double_count;
  speak(&s, 106, 2);
  const struct double_sent *p = NULL;
  assert_int_equal(scene_sent(2, mark, &p), 2);
  assert_int_equal(p->header.sequence, 5 + 50 + 2);
  assert_int_equal(p->header.timestamp, 107 * 960);
  scene_close(&s);
}

static void closing_fades_out_and_frees_the_place(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  for (int i = 0; i < 4; i++)
    scene_listen(&s, i == 3, false);
  speak(&s, 1, 5);
  oh_sfu_unsubscribe(s.sfu, s.subscriptions[0]);
  oh_sfu_unsubscribe(s.sfu, s.subscriptions[0]); // the id has gone
  oh_sfu_disable_subscription(s.sfu, s.now_us, s.subscriptions[0], true);
  size_t mark = double_count;
  speak(&s, 6, 20);
  assert_int_equal(scene_sent(2, mark, NULL), 10);
  assert_int_equal(count_silence(2, mark), 10);
  assert_int_equal(scene_sent(3, mark, NULL), 20);
  mark = double_count;
  oh_sfu_remove_track(s.sfu, s.track);
  oh_sfu_remove_transport(s.sfu, 4); // this one leaves at once
  scene_recv(&s, SCENE_OPUS, 26, 0, "talk", 4);
  scene_pass(&s, 1000000);
  assert_int_equal(count_silence(3, mark), 10);
  assert_int_equal(count_silence(5, mark), 10);
  assert_int_equal(scene_sent(2, mark, NULL) + scene_sent(4, mark, NULL), 0);
  // all places are free again
  s.track = oh_sfu_add_track(s.sfu, s.speaker, &(struct oh_sfu_track_config){.microphone = true});
  for (uint32_t i = 0; i < scene_config.subscriptions; i++)
    assert_int_not_equal(oh_sfu_subscribe(s.sfu, s.track, s.listeners[1]), 0);
  scene_close(&s);
}

struct tapped {
  uint32_t count, silent;
  uint16_t last;
  uint8_t first_byte;
  struct oh_sfu *sfu;
  oh_id echo; // injected into, if not 0
};
static void tap_packet(void *ctx, int64_t now_us, const struct oh_rtp_header *rtp, const uint8_t *opus,
                       size_t len) {
  struct tapped *t = ctx;
  if (t->count) assert_int_equal(rtp->sequence, (uint16_t)(t->last + 1));
  t->last = rtp->sequence;
  t->count++;
  t->silent += len == 80;
  t->first_byte = opus[0];
  struct oh_rtp_header h = *rtp;
  h.ssrc = 1;
  if (t->echo) oh_sfu_inject(t->sfu, now_us, t->echo, &h, 20, opus, len, NULL);
}

static void taps_hear_and_injected_tracks_speak(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  oh_id partner = oh_sfu_add_member(s.sfu, s.room, 1);
  struct tapped t = {.sfu = s.sfu};
  t.echo = oh_sfu_add_track(s.sfu, partner, &(struct oh_sfu_track_config){.microphone = true});
  oh_id tap = oh_sfu_tap(s.sfu, s.track, partner, (struct oh_sfu_tap){.packet = tap_packet, .ctx = &t});
  assert_int_not_equal(tap, 0);
  assert_int_equal(oh_sfu_tap(s.sfu, s.track, s.speaker, (struct oh_sfu_tap){.packet = tap_packet}), 0);
  oh_id back = oh_sfu_subscribe(s.sfu, t.echo, s.speaker);
  struct oh_sfu_send send = {.ssrc = oh_sfu_new_ssrc(s.sfu), .opus_pt = 109};
  assert_true(oh_sfu_bind_subscription(s.sfu, s.now_us, back, 1, &send));
  speak(&s, 1, 60); // more than a second: the partner is a speaker now, by its injected level
  assert_int_equal(t.count, 60);
  const struct double_sent *p = NULL;
  assert_int_equal(scene_sent(1, 0, &p), 60);
  assert_int_equal(p->header.payload_type, 109);
  assert_int_equal(p->header.ssrc, send.ssrc);
  float level;
  assert_true(oh_sfu_speaking(s.sfu, partner, &level));
  assert_true(level == 0.125f); // -20 dBov is 0.1
  // RED arrives unpacked
  static const uint8_t red[] = {SCENE_OPUS, 0x5A};
  scene_recv(&s, SCENE_RED, 61, 61 * 960, red, sizeof red);
  assert_int_equal(t.first_byte, 0x5A);
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, true);
  scene_pass(&s, 2000000);
  assert_int_equal(t.count, 61 + 50);
  assert_int_equal(t.silent, 50);
  oh_sfu_unsubscribe(s.sfu, tap);
  oh_sfu_mute_track(s.sfu, s.now_us, s.track, false);
  speak(&s, 200, 1);
  assert_int_equal(t.count, 111);
  for (int i = 0; i < OH_TAPS_PER_TRACK_MAX; i++)
    assert_int_not_equal(
        oh_sfu_tap(s.sfu, s.track, partner, (struct oh_sfu_tap){.packet = tap_packet, .ctx = &t}), 0);
  assert_int_equal(oh_sfu_tap(s.sfu, s.track, partner, (struct oh_sfu_tap){.packet = tap_packet, .ctx = &t}),
                   0);
  scene_close(&s);
}

static void media_is_announced_after_long_silence_only(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  uint32_t count = 0;
  struct oh_sfu_event e;
  for (uint16_t i = 0; i < 6; i++) {
    s.now_us += i == 3 ? 5000001 : 4000000;
    scene_recv(&s, SCENE_OPUS, i, i * 960u, "x", 1);
    while (oh_sfu_next(s.sfu, &e))
      if (e.type == OH_SFU_MEDIA) {
        assert_int_equal(e.track, s.track);
        assert_int_equal(e.member, s.speaker);
        assert_int_equal(e.room, s.room);
        assert_true(i == 0 || i == 3);
        count++;
      }
  }
  assert_int_equal(count, 2);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mute_sends_a_second_of_silence),
      cmocka_unit_test(unmuting_early_ends_the_silence),
      cmocka_unit_test(a_track_that_never_spoke_or_is_encrypted_makes_no_silence),
      cmocka_unit_test(switching_off_silences_one_listener_only),
      cmocka_unit_test(closing_fades_out_and_frees_the_place),
      cmocka_unit_test(taps_hear_and_injected_tracks_speak),
      cmocka_unit_test(media_is_announced_after_long_silence_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
