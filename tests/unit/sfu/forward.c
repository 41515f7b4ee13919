// forward.c — who hears whom, with which numbers, and that the packet path allocates nothing
#include "sfu/window.h"
#include "tests/unit/sfu/scene.h"

// Wrapped at link time (--wrap): how often memory was asked for.
static uint64_t allocations;
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n) {
  allocations++;
  return __real_malloc(n);
}
void *__wrap_calloc(size_t n, size_t m) {
  allocations++;
  return __real_calloc(n, m);
}
void *__wrap_realloc(void *p, size_t n) {
  allocations++;
  return __real_realloc(p, n);
}

static void each_listener_gets_its_own_numbers(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  scene_listen(&s, false, true);
  for (uint16_t i = 0; i < 5; i++)
    scene_recv(&s, SCENE_OPUS, (uint16_t)(0x9000 + i), 5000u + 960u * i, "abc", 3);
  assert_int_equal(double_count, 10);
  assert_int_equal(scene_sent(1, 0, NULL), 0); // never to the speaker
  for (size_t i = 0; i < double_count; i++) {
    const struct double_sent *p = &double_sent[i];
    uint32_t listener = p->peer - 2;
    assert_int_equal(p->header.ssrc, s.ssrcs[listener]);
    assert_int_equal(p->header.payload_type, 100 + listener);
    assert_int_equal(p->header.sequence, 0x1000 + i / 2); // below 2^15 at first
    assert_int_equal(p->header.timestamp, 5000 + 960 * (i / 2));
    assert_memory_equal(p->data, "abc", 3);
  }
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_forwarded), 10);
  scene_close(&s);
}

static void strangers_and_other_rooms_hear_nothing(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  oh_id room = oh_sfu_add_room(s.sfu, s.now_us, 78);
  oh_id other = oh_sfu_add_member(s.sfu, room, 300);
  assert_true(oh_sfu_add_transport(s.sfu, other, 20));
  assert_int_equal(oh_sfu_subscribe(s.sfu, s.track, other), 0);
  assert_int_equal(oh_sfu_subscribe(s.sfu, s.track, s.speaker), 0);
  assert_int_equal(oh_sfu_subscribe(s.sfu, s.track + 1, s.listeners[0]), 0);
  // a subscription cannot be sent on somebody else's transport, a track not received on one
  struct oh_sfu_send send = {.ssrc = 5, .opus_pt = 111};
  assert_false(oh_sfu_bind_subscription(s.sfu, s.now_us, s.subscriptions[0], 20, &send));
  struct oh_sfu_receive receive = scene_receive();
  assert_false(oh_sfu_bind_track(s.sfu, s.track, 2, &receive));
  // somebody else using the speaker's SSRC is not the speaker
  scene_recv_from(&s, 2, SCENE_SSRC, SCENE_OPUS, 1, 1, (struct oh_bytes){0}, "x", 1);
  scene_recv_from(&s, 33, SCENE_SSRC, SCENE_OPUS, 1, 1, (struct oh_bytes){0}, "x", 1);
  assert_int_equal(double_count, 0);
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_drop_unknown_ssrc), 1);
  scene_recv(&s, 96, 1, 1, "x", 1);
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_drop_payload_type), 1);
  scene_recv(&s, SCENE_OPUS, 1, 1, "x", 1);
  assert_int_equal(scene_sent(2, 0, NULL), 1);
  assert_int_equal(double_count, 1);
  scene_close(&s);
}

static void streams_are_found_by_mid_or_payload_type(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  oh_id second = oh_sfu_add_track(s.sfu, s.speaker, &(struct oh_sfu_track_config){.microphone = false});
  struct oh_sfu_receive receive = scene_receive();
  receive.ssrc = 0;
  assert_true(oh_sfu_bind_track(s.sfu, s.track, 1, &receive));
  memcpy(receive.mid, "1", 2);
  assert_true(oh_sfu_bind_track(s.sfu, second, 1, &receive));
  scene_listen(&s, false, false);
  scene_recv_from(&s, 1, 7, SCENE_OPUS, 1, 1, (struct oh_bytes){0}, "x", 1);
  assert_int_equal(double_count, 0); // two candidates: not guessed
  uint8_t buffer[16];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  oh_rtpext_write(&w, OH_RTPEXT_ONE_BYTE, SCENE_MID_EXT, "0", 1);
  struct oh_bytes mid = {.data = buffer, .len = oh_writer_len(&w)};
  scene_recv_from(&s, 1, 7, SCENE_OPUS, 2, 960, mid, "x", 1);
  assert_int_equal(double_count, 1);
  scene_recv_from(&s, 1, 7, SCENE_OPUS, 3, 1920, (struct oh_bytes){0}, "x", 1); // learned
  assert_int_equal(double_count, 2);
  s.now_us += 20000;
  scene_recv_from(&s, 1, 8, SCENE_OPUS, 900, 77, mid, "y", 1); // the same section changes its SSRC
  assert_int_equal(double_count, 3);
  assert_int_equal(double_sent[2].header.sequence, 4);
  assert_int_equal(double_sent[2].header.timestamp, 1920 + 960);
  scene_recv_from(&s, 1, 9, SCENE_OPUS, 5, 5, (struct oh_bytes){0}, "z", 1); // the only unknown one left
  assert_int_equal(double_count, 3);                                         // nobody listens to it
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_drop_unknown_ssrc), 1);
  scene_close(&s);
}

static void packet_path_allocates_nothing(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  struct oh_sfu_receive receive = scene_receive();
  receive.nack = true;
  receive.transport_cc_ext = SCENE_TWCC_EXT;
  assert_true(oh_sfu_bind_track(s.sfu, s.track, 1, &receive));
  for (uint32_t i = 0; i < SCENE_LISTENERS; i++)
    scene_listen(&s, i & 1, i & 2);
  scene_pass(&s, 100000);
  // RED of one redundant block (4-byte header, 1-byte header), 20 bytes each
  uint8_t red[45] = {0x80 | SCENE_OPUS, 960 >> 6, (960 & 63) << 2, 20, SCENE_OPUS};
  uint64_t before = allocations;
  assert_true(before > 0); // the wrapping works
  for (uint32_t i = 0; i < 5000; i++) {
    s.now_us += 20000;
    uint8_t buffer[16];
    struct oh_writer w = oh_writer(buffer, sizeof buffer);
    oh_rtpext_write_transport_sequence(&w, OH_RTPEXT_ONE_BYTE, SCENE_TWCC_EXT, (uint16_t)i);
    oh_rtpext_write_audio_level(&w, OH_RTPEXT_ONE_BYTE, SCENE_LEVEL_EXT,
                                (struct oh_audio_level){.level = 20});
    struct oh_bytes ext = {.data = buffer, .len = oh_writer_len(&w)};
    if (i % 7 == 3) continue; // lost
    if (i % 5)
      scene_recv_from(&s, 1, SCENE_SSRC, SCENE_RED, (uint16_t)i, 960 * i, ext, red, sizeof red);
    else
      scene_recv_from(&s, 1, SCENE_SSRC, SCENE_OPUS, (uint16_t)i, 960 * i, ext, red, 40);
    if (oh_sfu_deadline(s.sfu) <= s.now_us) {
      oh_sfu_tick(s.sfu, s.now_us, NULL);
      struct oh_sfu_event e;
      while (oh_sfu_next(s.sfu, &e))
        ;
    }
  }
  assert_int_equal(allocations, before);
  assert_true(double_total > 30000);
  scene_close(&s);
}

static void full_tables_refuse_politely(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  for (uint32_t i = 1; i < scene_config.rooms; i++)
    assert_int_not_equal(oh_sfu_add_room(s.sfu, 0, 0), 0);
  assert_int_equal(oh_sfu_add_room(s.sfu, 0, 0), 0);
  for (uint32_t i = 1; i < OH_TRACKS_PER_MEMBER_MAX; i++)
    assert_int_not_equal(oh_sfu_add_track(s.sfu, s.speaker, &(struct oh_sfu_track_config){0}), 0);
  assert_int_equal(oh_sfu_add_track(s.sfu, s.speaker, &(struct oh_sfu_track_config){0}), 0);
  assert_false(oh_sfu_add_transport(s.sfu, s.speaker, 1)); // twice
  assert_true(oh_sfu_add_transport(s.sfu, s.speaker, 30));
  assert_false(oh_sfu_add_transport(s.sfu, s.speaker, 31));
  oh_id listener = oh_sfu_add_member(s.sfu, s.room, 1);
  for (uint32_t i = 0; i < scene_config.subscriptions; i++)
    assert_int_not_equal(oh_sfu_subscribe(s.sfu, s.track, listener), 0);
  assert_int_equal(oh_sfu_subscribe(s.sfu, s.track, listener), 0);
  for (uint32_t i = 2; i < scene_config.members; i++)
    assert_int_not_equal(oh_sfu_add_member(s.sfu, s.room, 0), 0);
  assert_int_equal(oh_sfu_add_member(s.sfu, s.room, 0), 0);
  oh_sfu_remove_member(s.sfu, listener);
  assert_int_not_equal(oh_sfu_add_member(s.sfu, s.room, 0), 0);
  scene_close(&s);
}

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static void ssrcs_never_repeat(void **state) {
  (void)state;
  enum { N = 1 << 17 }; // of truly random ones, two would be equal with a probability of 86 %
  struct scene s;
  scene_open(&s);
  uint32_t *ssrcs = calloc(N, sizeof *ssrcs);
  for (int i = 0; i < N; i++)
    ssrcs[i] = oh_sfu_new_ssrc(s.sfu);
  qsort(ssrcs, N, sizeof *ssrcs, compare);
  assert_int_not_equal(ssrcs[0], 0);
  for (int i = 1; i < N; i++)
    assert_int_not_equal(ssrcs[i], ssrcs[i - 1]);
  free(ssrcs);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_listener_gets_its_own_numbers),
      cmocka_unit_test(strangers_and_other_rooms_hear_nothing),
      cmocka_unit_test(streams_are_found_by_mid_or_payload_type),
      cmocka_unit_test(packet_path_allocates_nothing),
      cmocka_unit_test(full_tables_refuse_politely),
      cmocka_unit_test(ssrcs_never_repeat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
