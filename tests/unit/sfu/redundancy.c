// redundancy.c — RED to plain Opus: what comes out for plain listeners under loss and reordering against a
// model, and what RED listeners get
#include "sfu/redundancy.h"
#include "tests/unit/sfu/scene.h"

enum { PACKETS = 3000 };

// Frame n is four bytes, its number.
static void frame_bytes(uint8_t out[4], uint32_t n) {
  oh_store_u32_be(out, n);
}

static size_t make_red(uint8_t *out, size_t capacity, uint32_t n, uint32_t depth,
                       const uint32_t *timestamps) {
  struct oh_red_block blocks[OH_RED_BLOCKS_MAX];
  uint8_t frames[OH_RED_BLOCKS_MAX][4];
  size_t count = 0;
  for (uint32_t back = depth; back + 1 > 0 && back <= depth; back--) {
    if (back > n) continue;
    frame_bytes(frames[count], n - back);
    blocks[count] =
        (struct oh_red_block){.payload_type = SCENE_OPUS,
                              .timestamp_offset = (uint16_t)(timestamps[n] - timestamps[n - back]),
                              .data = {.data = frames[count], .len = 4}};
    count++;
  }
  struct oh_writer w = oh_writer(out, capacity);
  oh_red_write(&w, blocks, count);
  assert_false(w.failed);
  return oh_writer_len(&w);
}

// Packet `n` arrives: every fifth one is plain Opus, the others carry two older frames. Returns how many.
static uint32_t arrive(struct scene *s, uint32_t n, const uint32_t *timestamps) {
  uint32_t depth = n % 5 == 4 ? 0 : 2;
  uint8_t payload[64];
  s->now_us += 20000;
  if (depth == 0) {
    frame_bytes(payload, n);
    scene_recv(s, SCENE_OPUS, (uint16_t)(n + 65000), timestamps[n], payload, 4);
  } else {
    size_t len = make_red(payload, sizeof payload, n, depth, timestamps);
    scene_recv(s, SCENE_RED, (uint16_t)(n + 65000), timestamps[n], payload, len);
  }
  return depth;
}

static void one_run(uint64_t seed, uint64_t *recovered) {
  uint64_t dice = seed;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  uint32_t plain = scene_listen(&s, false, false), red = scene_listen(&s, true, false);
  uint32_t *timestamps = calloc(PACKETS, sizeof *timestamps);
  uint8_t *came = calloc(PACKETS, 1), *expected = calloc(PACKETS, 1), *got = calloc(PACKETS, 1);
  uint32_t ts = (uint32_t)test_next(&dice);
  for (uint32_t n = 0; n < PACKETS; n++, ts += 960)
    timestamps[n] = ts;
  uint32_t delayed = 0; // at most one packet waits to come late
  bool waiting = false;
  uint64_t red_expected = 0;
  for (uint32_t step = 0; step < PACKETS + 1; step++) {
    uint32_t list[2], count = 0;
    if (step < PACKETS) {
      uint32_t fate = (uint32_t)(test_next(&dice) % 10);
      if (step == 0 || fate > 3)
        list[count++] = step;
      else if (fate == 0 && !waiting) {
        delayed = step;
        waiting = true;
      } // else lost
    }
    if (waiting && step > delayed && test_next(&dice) % 3 == 0) {
      list[count++] = delayed;
      waiting = false;
    }
    for (uint32_t i = 0; i < count; i++) {
      uint32_t n = list[i], depth = arrive(&s, n, timestamps);
      came[n] = 1;
      for (uint32_t back = 0; back <= depth && back <= n; back++)
        expected[n - back] = 1;
      red_expected++;
    }
  }
  uint64_t red_got = 0;
  for (size_t i = 0; i < double_count; i++) {
    const struct double_sent *p = &double_sent[i];
    if (p->rtcp) continue;
    if (p->peer == 2 + red) {
      red_got++;
      continue;
    }
    assert_int_equal(p->peer, 2 + plain);
    assert_int_equal(p->header.payload_type, 100 + plain);
    assert_int_equal(p->len, 4);
    uint32_t n = oh_load_u32_be(p->data);
    assert_in_range(n, 0, PACKETS - 1);
    assert_false(got[n]); // never twice
    got[n] = 1;
    assert_int_equal(p->header.sequence, (uint16_t)(n + (65000 & 0x7fff)));
    assert_int_equal(p->header.timestamp, timestamps[n]);
    *recovered += !came[n];
  }
  assert_memory_equal(got, expected, PACKETS);
  assert_true(red_got >= red_expected); // and what was recovered while RED was not passed on yet
  assert_true(red_got <= red_expected + OH_REDUNDANCY_RECENT);
  free(timestamps);
  free(came);
  free(expected);
  free(got);
  scene_close(&s);
}

static void plain_listeners_get_all_that_redundancy_holds(void **state) {
  (void)state;
  uint64_t recovered = 0;
  for (uint64_t seed = 1; seed <= 20; seed++)
    one_run(seed, &recovered);
  assert_true(recovered > 5000);
}

static void red_listeners_get_red_and_plain_as_it_came(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  uint32_t red = scene_listen(&s, true, false);
  uint32_t timestamps[32];
  uint8_t payload[64];
  for (uint32_t n = 0; n < 32; n++) {
    timestamps[n] = n * 960;
    size_t len = make_red(payload, sizeof payload, n, 2, timestamps);
    size_t mark = double_count;
    if (n == 20)
      scene_recv(&s, SCENE_OPUS, (uint16_t)n, timestamps[n], "huge", 4);
    else
      scene_recv(&s, SCENE_RED, (uint16_t)n, timestamps[n], payload, len);
    assert_int_equal(double_count, mark + 1);
    const struct double_sent *p = &double_sent[mark];
    bool plain = n == 20 || n < OH_REDUNDANCY_RECENT;
    assert_int_equal(p->header.payload_type, plain ? 100 + red : 40 + red);
    if (!plain) {
      assert_int_equal(p->len, len);
      assert_memory_equal(p->data, payload, len);
    }
  }
  scene_close(&s);
}

// What was said while muted rides as redundancy in the first packets after it.
static void muted_words_do_not_come_out_of_redundancy(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  scene_listen(&s, true, false);
  uint32_t timestamps[64];
  for (uint32_t n = 0; n < 64; n++) {
    timestamps[n] = n * 960;
    if (n == 20) oh_sfu_mute_track(s.sfu, s.now_us, s.track, true);
    if (n == 40) oh_sfu_mute_track(s.sfu, s.now_us, s.track, false);
    if (n == 41) continue; // lost: the packets after it bring it back, and reach further back, too
    uint8_t payload[128];
    size_t len = make_red(payload, sizeof payload, n, 7, timestamps);
    scene_recv(&s, SCENE_RED, (uint16_t)n, timestamps[n], payload, len);
    s.now_us += 20000;
  }
  uint32_t after = 0;
  for (size_t i = 0; i < double_count; i++) {
    const struct double_sent *p = &double_sent[i];
    struct oh_red red = {.count = 1};
    red.blocks[0].data = (struct oh_bytes){.data = p->data, .len = p->len};
    if (p->header.payload_type < 100) assert_true(oh_red_read(&red, red.blocks[0].data));
    for (size_t b = 0; b < red.count; b++) {
      uint32_t n = oh_load_u32_be(red.blocks[b].data.data);
      assert_true(n < 20 || n >= 40);
      after += n == 41;
    }
  }
  assert_true(after >= 2); // 41 itself did come back, for both
  scene_close(&s);
}

static void broken_red_is_dropped(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  static const uint8_t cut[] = {0x80 | SCENE_OPUS, 0, 0, 200, SCENE_OPUS, 1, 2, 3};
  scene_recv(&s, SCENE_RED, 1, 960, cut, sizeof cut);
  assert_int_equal(double_count, 0);
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_drop_red), 1);
  scene_close(&s);
}

// Redundancy whose timestamp does not lie between its neighbours' is not the packet that was lost.
static void misdated_redundancy_is_not_believed(void **state) {
  (void)state;
  struct oh_redundancy r = {0};
  struct oh_unpacked out;
  uint8_t frame[4] = {1};
  struct oh_packet p = {.sequence = 100, .timestamp = 96000, .payload = {.data = frame, .len = 4}};
  assert_true(oh_redundancy_unpack(&r, &p, 0, &out));
  uint8_t payload[32];
  struct oh_red_block blocks[2] = {{.timestamp_offset = 1920, .data = {.data = frame, .len = 4}},
                                   {.data = {.data = frame, .len = 4}}};
  for (uint16_t offset = 1920; offset >= 960; offset = (uint16_t)(offset - 960)) {
    blocks[0].timestamp_offset = offset;
    struct oh_writer w = oh_writer(payload, sizeof payload);
    oh_red_write(&w, blocks, 2);
    struct oh_redundancy copy = r;
    p = (struct oh_packet){.sequence = 102,
                           .timestamp = 97920,
                           .red = true,
                           .payload = {.data = payload, .len = oh_writer_len(&w)}};
    assert_true(oh_redundancy_unpack(&copy, &p, 0, &out));
    assert_int_equal(out.count, offset == 960 ? 2 : 1); // 1920 earlier is packet 100, not 101
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_listeners_get_all_that_redundancy_holds),
      cmocka_unit_test(red_listeners_get_red_and_plain_as_it_came),
      cmocka_unit_test(muted_words_do_not_come_out_of_redundancy),
      cmocka_unit_test(broken_red_is_dropped),
      cmocka_unit_test(misdated_redundancy_is_not_believed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
