// data_flow.c — data for those whose channel is not open yet, slow readers and fast senders (livekit/data.h)
#include "tests/unit/livekit/data_scene.h"

// ---- before the channel is open ----

static void what_comes_early_waits_for_the_channel(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){0});
  int late = arrive(&s, "bob", (struct visit_options){.single = true});
  say_text(&s, ANN, false, "one");
  say_text(&s, ANN, true, "lossy ones do not wait");
  say_text(&s, ANN, false, "two");
  assert_int_equal(s.got_count, 0);
  connect_data(&s, late, OH_PUBLISHER);
  assert_int_equal(count_for(&s, late), 2);
  say_text(&s, ANN, false, "three");
  assert_int_equal(count_for(&s, late), 3);
  assert_text(got_at(&s, late, 0), "one");
  assert_text(got_at(&s, late, 1), "two");
  assert_text(got_at(&s, late, 2), "three");
  scene_close(&s);
}

static void what_waits_is_bounded(void **state) {
  (void)state;
  enum { BYTES = 15000, SENT = 10, FIT = OH_DATA_HELD_MAX / BYTES };
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){0});
  int late = arrive(&s, "bob", (struct visit_options){.single = true});
  int gone =
      arrive(&s, "cat", (struct visit_options){.single = true}); // never connects: freed with the house
  char *text = calloc(1, BYTES + 1);
  memset(text, 'y', BYTES);
  for (int i = 0; i < SENT; i++) {
    text[0] = (char)('a' + i);
    say_text(&s, ANN, false, text);
  }
  assert_int_equal(counted(&s, OH_COUNT_sctp_drop_unsent), 2 * (SENT - FIT));
  connect_data(&s, late, OH_PUBLISHER);
  data_line_run(&s.line, 10 * SHORTLY_US);
  assert_int_equal(count_for(&s, late), FIT);
  assert_int_equal(count_for(&s, gone), 0);
  for (int i = 0; i < FIT; i++) {
    text[0] = (char)('a' + i);
    assert_text(got_at(&s, late, i), text);
  }
  free(text);
  scene_close(&s);
}

// Bob's acknowledgements do not arrive.
static void deafen(void *ctx, int client, uint8_t *packet, size_t len) {
  (void)ctx;
  if (client == BOB) memset(packet, 0, len);
}

static void a_deaf_reader_holds_up_others_only_for_a_while(void **state) {
  (void)state;
  enum { MESSAGES = 25, BYTES = 60000, RUNS_MAX = 200 };
  struct scene s;
  scene_of_three(&s);
  s.line.alter = deafen;
  s.line.ctx = &s;
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, "");
  uint8_t *payload = calloc(1, BYTES);
  user.payload = (ProtobufCBinaryData){.data = payload, .len = BYTES};
  size_t len;
  uint8_t *bytes = oh_message_write(&packet.base, &len);
  int64_t began_us = s.w.now_us;
  int sent = 0;
  for (int run = 0; run < RUNS_MAX && count_for(&s, CAT) < MESSAGES; run++) {
    while (sent < MESSAGES && data_line_send(&s.line, ANN, false, (struct oh_bytes){bytes, len}))
      sent++;
    data_line_run(&s.line, SHORTLY_US);
  }
  assert_int_equal(count_for(&s, CAT), MESSAGES); // all of it, and in time
  assert_in_range(s.w.now_us - began_us, OH_DATA_PATIENCE_US, 3 * OH_DATA_PATIENCE_US);
  assert_true(counted(&s, OH_COUNT_data_held_up) > 0);
  assert_true(counted(&s, OH_COUNT_sctp_drop_unsent) > 0); // bob's loss
  free(bytes);
  free(payload);
  scene_close(&s);
}

// Bob takes a message of 60 KB each second: whoever sends him more than that waits, for as long as it takes.
static void a_slow_reader_loses_nothing(void **state) {
  (void)state;
  enum { MESSAGES = 50, BYTES = 60000, SECOND_US = 1000000 };
  struct scene s;
  scene_open(&s);
  assert_int_equal(add(&s, "ann", (struct visit_options){0}), ANN);
  assert_int_equal(add(&s, "bob", (struct visit_options){0}), BOB);
  s.line.clients[BOB].slow = true;
  char *text = calloc(1, BYTES + 1);
  assert_non_null(text);
  memset(text, 'z', BYTES);
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, text);
  size_t len;
  int sent = 0;
  for (int s_gone = 0; s_gone < 2 * MESSAGES && count_for(&s, BOB) < MESSAGES; s_gone++) {
    for (bool room = true; room && sent < MESSAGES; sent += room) {
      text[0] = (char)('A' + sent);
      uint8_t *bytes = oh_message_write(&packet.base, &len);
      room = data_line_send(&s.line, ANN, false, (struct oh_bytes){bytes, len});
      free(bytes);
    }
    data_line_run(&s.line, SECOND_US);
    data_line_read(&s.line, BOB, 1);
  }
  assert_int_equal(count_for(&s, BOB), MESSAGES);
  for (int i = 0; i < MESSAGES; i++) {
    text[0] = (char)('A' + i);
    assert_text(got_at(&s, BOB, i), text);
  }
  assert_true(counted(&s, OH_COUNT_data_held_up) > 0);
  assert_int_equal(counted(&s, OH_COUNT_sctp_drop_unsent), 0);
  free(text);
  scene_close(&s);
}

// Two hear each message: twenty copies a second are ten messages, and as many at once at the beginning.
static void a_fast_sender_waits_and_loses_nothing(void **state) {
  (void)state;
  enum { MESSAGES = 25, PER_S = 20 };
  struct scene s;
  struct oh_house_config config = visit_config();
  config.data_packets_per_s = PER_S;
  scene_open_with(&s, &config);
  assert_int_equal(add(&s, "ann", (struct visit_options){0}), ANN);
  assert_int_equal(add(&s, "bob", (struct visit_options){0}), BOB);
  assert_int_equal(add(&s, "cat", (struct visit_options){0}), CAT);
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, "again");
  size_t len;
  uint8_t *bytes = oh_message_write(&packet.base, &len);
  for (int i = 0; i < MESSAGES; i++)
    assert_true(data_line_send(&s.line, ANN, false, (struct oh_bytes){bytes, len}));
  free(bytes);
  data_line_run(&s.line, SHORTLY_US);
  assert_in_range(count_for(&s, CAT), PER_S / 2, PER_S / 2 + 3);
  say_text(&s, BOB, false, "not I"); // the others are as fast as ever
  assert_text(got_at(&s, ANN, 0), "not I");
  data_line_run(&s.line, 500000);
  assert_in_range(count_for(&s, CAT), PER_S / 2 + 4, MESSAGES - 5);
  data_line_run(&s.line, 2000000);
  assert_int_equal(count_for(&s, CAT), MESSAGES + 1);
  assert_int_equal(count_for(&s, BOB), MESSAGES);
  assert_true(counted(&s, OH_COUNT_data_held_up) > 0);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_comes_early_waits_for_the_channel),
      cmocka_unit_test(what_waits_is_bounded),
      cmocka_unit_test(a_deaf_reader_holds_up_others_only_for_a_while),
      cmocka_unit_test(a_slow_reader_loses_nothing),
      cmocka_unit_test(a_fast_sender_waits_and_loses_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
