// echo.c — the echo partner in a house with doubles: it comes when asked for, greets, says everything back a
// second later, and forgets when muted
#include "call/echo.h"
#include "tests/unit/livekit/visit.h"

static const int64_t ms = 1000, second_us = 1000000;
static const char asked[] = "{\"agents\":[{\"agentName\":\"offhook-echo\"}]}";

struct scene {
  struct visit_world w;
  struct oh_echo *echo;
  struct oh_resident_ops ops[2];
  struct visitor ann;
};

static void open_scene(struct scene *s, const char *room_config, uint32_t partners) {
  s->echo = oh_echo_open(partners);
  assert_non_null(s->echo);
  s->ops[0] = oh_echo_ops(s->echo);
  s->ops[1] = oh_echo_check_ops(s->echo);
  struct oh_house_config config = visit_config();
  config.residents = s->ops;
  config.resident_count = 2;
  visit_open(&s->w, &config);
  const struct visit_options options = {.single = true, .room_config = room_config};
  s->ann = visit_join(&s->w, "ann", &options);
}
static void close_scene(struct scene *s) {
  visit_close(&s->w);
  oh_echo_close(s->echo);
}
static struct double_subscription *tap(void) {
  for (size_t i = 0; i < DOUBLE_MAX; i++)
    if (doubles.subscriptions[i].tap.packet) return &doubles.subscriptions[i];
  return NULL;
}
static void connect_and_publish(struct scene *s) {
  visit_add_track(&s->w, &s->ann, "cid");
  visit_offer(&s->w, &s->ann, 1, "srd", (const char *const[]){"cid"});
  doubles_raise(OH_HUB_CONNECTED, doubles_peer(0)->id);
  oh_house_tick(s->w.house, s->w.now_us);
  visit_collect(&s->w);
}
// `count` packets of 20 ms from ann, first byte counting up.
static void talk(struct scene *s, uint16_t sequence, uint32_t timestamp, int count) {
  for (int i = 0; i < count; i++) {
    const struct oh_rtp_header rtp = {.sequence = (uint16_t)(sequence + i),
                                      .timestamp = timestamp + 960u * (uint32_t)i};
    uint8_t opus[60] = {(uint8_t)i};
    tap()->tap.packet(tap()->tap.ctx, s->w.now_us, &rtp, opus, sizeof opus);
    visit_advance(&s->w, 20 * ms);
  }
}

static void comes_only_when_asked_for(void **state) {
  (void)state;
  struct scene s;
  open_scene(&s, "{\"agents\":[{\"agentName\":\"somebody-else\"}]}", 4);
  struct oh_house_stats stats;
  oh_house_read_stats(s.w.house, &stats);
  assert_int_equal(stats.participants, 1);
  close_scene(&s);
  open_scene(&s, asked, 4);
  Livekit__ParticipantInfo *echo = NULL;
  for (size_t i = 0; i < s.w.count; i++) // the last update about somebody else
    if (s.w.responses[i] && s.w.responses[i]->message_case == LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UPDATE)
      echo = s.w.responses[i]->update->participants[0];
  assert_non_null(echo);
  assert_string_equal(echo->identity, "echo");
  assert_string_equal(echo->name, "Echo partner");
  assert_int_equal(echo->kind, LIVEKIT__PARTICIPANT_INFO__KIND__AGENT);
  assert_string_equal(echo->attributes[0]->key, "lk.agent.state");
  assert_string_equal(echo->attributes[0]->value, "listening");
  assert_int_equal(echo->n_tracks, 1);
  close_scene(&s);
}

static void greets_once_with_real_opus(void **state) {
  (void)state;
  struct scene s;
  open_scene(&s, asked, 4);
  visit_advance(&s.w, 5 * second_us);
  assert_int_equal(doubles.injected_count, 0); // nobody to greet yet
  connect_and_publish(&s);
  visit_advance(&s.w, 3 * second_us);
  assert_int_equal(doubles.injected_count, 40); // 0.8 s
  assert_true(doubles.injected[0].marker);
  for (uint32_t i = 1; i < 40; i++) {
    assert_int_equal(doubles.injected_us[i] - doubles.injected_us[i - 1], 20 * ms);
    assert_int_equal((uint16_t)(doubles.injected[i].sequence - doubles.injected[i - 1].sequence), 1);
    assert_int_equal(doubles.injected[i].timestamp - doubles.injected[i - 1].timestamp, 960);
    assert_int_equal(doubles.injected_first_byte[i] >> 3 & 1,
                     1); // TOC: CELT or hybrid of 20 ms (odd configurations)
  }
  close_scene(&s);
}

static void says_it_back_a_second_later(void **state) {
  (void)state;
  struct scene s;
  open_scene(&s, asked, 4);
  connect_and_publish(&s);
  visit_advance(&s.w, 2 * second_us);
  doubles.injected_count = 0;
  int64_t start_us = s.w.now_us;
  talk(&s, 65530, 0xfffff000, 20); // numbers wrap around
  visit_advance(&s.w, 2 * second_us);
  assert_int_equal(doubles.injected_count, 20);
  for (uint32_t i = 0; i < 20; i++) {
    assert_int_equal(doubles.injected_us[i], start_us + second_us + (int64_t)i * 20 * ms);
    assert_int_equal(doubles.injected_first_byte[i], i);
    assert_int_equal(doubles.injected_level[i], 25);
    if (i) assert_int_equal(doubles.injected[i].timestamp - doubles.injected[i - 1].timestamp, 960);
    if (i) assert_int_equal((uint16_t)(doubles.injected[i].sequence - doubles.injected[i - 1].sequence), 1);
  }
  uint32_t last = doubles.injected[19].timestamp;
  visit_advance(&s.w, 10 * second_us); // a pause is a pause in the timestamps too
  talk(&s, 14, 0xfffff000 + 20 * 960 + 10 * 48000, 1);
  visit_advance(&s.w, 2 * second_us);
  assert_in_range(doubles.injected[20].timestamp - last, 9 * 48000, 14 * 48000);
  close_scene(&s);
}

static void forgets_when_muted(void **state) {
  (void)state;
  struct scene s;
  open_scene(&s, asked, 4);
  connect_and_publish(&s);
  visit_advance(&s.w, 2 * second_us);
  doubles.injected_count = 0;
  talk(&s, 1, 1, 10);
  Livekit__MuteTrackRequest mute = LIVEKIT__MUTE_TRACK_REQUEST__INIT;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_MUTE;
  request.mute = &mute;
  mute.sid = visit_find(&s.w, &s.ann, LIVEKIT__SIGNAL_RESPONSE__MESSAGE_TRACK_PUBLISHED, 0)
                 ->track_published->track->sid;
  mute.muted = true;
  visit_say(&s.w, &s.ann, &request);
  visit_advance(&s.w, 3 * second_us);
  assert_int_equal(doubles.injected_count, 0);
  mute.muted = false;
  visit_say(&s.w, &s.ann, &request);
  talk(&s, 500, 500, 3);
  visit_advance(&s.w, 2 * second_us);
  assert_int_equal(doubles.injected_count, 3);
  close_scene(&s);
}

static void keeps_three_seconds_at_most(void **state) {
  (void)state;
  struct scene s;
  open_scene(&s, asked, 4);
  connect_and_publish(&s);
  visit_advance(&s.w, 2 * second_us);
  doubles.injected_count = 0;
  for (int i = 0; i < 1000; i++) { // a flood in one instant
    const struct oh_rtp_header rtp = {.sequence = (uint16_t)i, .timestamp = (uint32_t)i * 960};
    tap()->tap.packet(tap()->tap.ctx, s.w.now_us, &rtp, (const uint8_t *)"xyzzy", 5);
  }
  visit_advance(&s.w, 5 * second_us);
  assert_int_equal(doubles.injected_count, 160);
  close_scene(&s);
}

static void does_not_hold_the_room_nor_outnumber_its_limit(void **state) {
  (void)state;
  struct scene s;
  open_scene(&s, asked, 1);
  const struct visit_options other = {.room = "other", .room_config = asked, .single = true};
  (void)visit_join(&s.w, "bob", &other); // no partner left
  struct oh_house_stats stats;
  oh_house_read_stats(s.w.house, &stats);
  assert_int_equal(stats.participants, 3);
  connect_and_publish(&s);
  oh_house_drain(s.w.house, s.w.now_us, true); // visitors go, the echo stays for the departure timeout
  visit_advance(&s.w, 25 * second_us);
  oh_house_read_stats(s.w.house, &stats);
  assert_int_equal(stats.rooms + stats.participants + stats.tracks + stats.subscriptions, 0);
  close_scene(&s);
}

static void test_N05_a_check_hears_itself_at_once_and_its_room_ends(void **state) {
  (void)state;
  struct scene s;
  open_scene(&s, "{\"agents\":[{\"agentName\":\"offhook-check\"}]}", 4);
  connect_and_publish(&s);
  visit_advance(&s.w, second_us);
  assert_int_equal(doubles.injected_count, 0); // no greeting
  talk(&s, 100, 5000, 10);
  assert_int_equal(doubles.injected_count, 10); // and no second of delay
  struct oh_house_stats stats;
  visit_advance(&s.w, 28 * second_us);
  oh_house_read_stats(s.w.house, &stats);
  assert_int_equal(stats.rooms, 1);
  visit_advance(&s.w, 2 * second_us);
  oh_house_read_stats(s.w.house, &stats);
  assert_int_equal(stats.rooms, 0);
  assert_int_equal(stats.participants, 0);
  close_scene(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_N05_a_check_hears_itself_at_once_and_its_room_ends),
      cmocka_unit_test(comes_only_when_asked_for),
      cmocka_unit_test(greets_once_with_real_opus),
      cmocka_unit_test(says_it_back_a_second_later),
      cmocka_unit_test(forgets_when_muted),
      cmocka_unit_test(keeps_three_seconds_at_most),
      cmocka_unit_test(does_not_hold_the_room_nor_outnumber_its_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
