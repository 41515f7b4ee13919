// twcc.c — transport-wide feedback: known bytes, random round trips, what does not fit.
#include "wire/twcc.h"
#include "tests/unit/test.h"

static uint8_t out[4096];
static int64_t back[OH_TWCC_PACKETS_MAX];

static size_t read_back(size_t len, struct oh_twcc *feedback) {
  assert_true(oh_rtcp_valid(out, len));
  struct oh_reader r = oh_reader(out, len);
  struct oh_rtcp p;
  assert_true(oh_rtcp_next(&r, &p));
  return oh_twcc_read(&p, feedback, back);
}

static void known_bytes(void **state) {
  (void)state;
  // packets 10…13 at 64.25 ms, lost, 69.25 ms, 64 ms (reordered): deltas of 1, 20 and -21 ticks
  const int64_t arrivals[] = {64250, OH_TWCC_LOST, 69250, 64000};
  struct oh_writer w = oh_writer(out, sizeof out);
  struct oh_twcc feedback = {.sender_ssrc = 1, .media_ssrc = 2, .base_sequence = 10, .feedback_count = 7};
  assert_int_equal(oh_twcc_write(&w, &feedback, arrivals, 4), 4);
  // two-bit vector 01 00 01 10 00 00 00
  const uint8_t expected[] = {0x8f, 205, 0, 6, 0, 0, 0,    1,    0, 0,  0,    2,    0, 10,
                              0,    4,   0, 0, 1, 7, 0xd1, 0x80, 1, 20, 0xff, 0xeb, 0, 0};
  assert_int_equal(oh_writer_len(&w), sizeof expected);
  assert_memory_equal(out, expected, sizeof expected);
  struct oh_twcc got;
  assert_int_equal(read_back(sizeof expected, &got), 4);
  assert_true(got.sender_ssrc == 1 && got.media_ssrc == 2 && got.base_sequence == 10 &&
              got.feedback_count == 7);
  assert_memory_equal(back, arrivals, sizeof arrivals);
}

static void runs_and_bits(void **state) {
  (void)state;
  int64_t arrivals[100];
  for (size_t i = 0; i < 100; i++)
    arrivals[i] = (int64_t)i * 1000;
  struct oh_writer w = oh_writer(out, sizeof out);
  assert_int_equal(oh_twcc_write(&w, &(struct oh_twcc){0}, arrivals, 100), 100);
  assert_int_equal(oh_load_u16_be(out + 20), 1 << 13 | 100); // one run
  assert_int_equal(oh_writer_len(&w), 20 + 2 + 100 + 2);
  arrivals[3] = OH_TWCC_LOST;
  w = oh_writer(out, sizeof out);
  assert_int_equal(oh_twcc_write(&w, &(struct oh_twcc){0}, arrivals, 14), 14);
  assert_int_equal(oh_load_u16_be(out + 20), 0x8000 | 0x3bff); // fourteen bits, the fourth zero
}

static void random_round_trips(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (int round = 0; round < 2000; round++) {
    int64_t arrivals[200], now = (int64_t)(test_next(&seed) % 1000000000);
    size_t count = 1 + test_next(&seed) % 200, lossy = test_next(&seed) % 4;
    for (size_t i = 0; i < count; i++) {
      now += (int64_t)(test_next(&seed) % (round % 3 ? 20000 : 200000)) - 5000;
      bool lost = i > 0 && test_next(&seed) % 4 < lossy;
      arrivals[i] = lost ? OH_TWCC_LOST : now;
    }
    struct oh_writer w = oh_writer(out, round % 5 ? sizeof out : 200);
    struct oh_twcc feedback = {.base_sequence = (uint16_t)test_next(&seed)}, got;
    size_t covered = oh_twcc_write(&w, &feedback, arrivals, count);
    assert_true(!w.failed && covered >= 1 && (covered == count || round % 5 == 0));
    assert_int_equal(read_back(oh_writer_len(&w), &got), covered);
    assert_int_equal(got.base_sequence, feedback.base_sequence);
    int64_t shift = OH_TWCC_LOST;
    for (size_t i = 0; i < covered; i++) {
      assert_int_equal(back[i] == OH_TWCC_LOST, arrivals[i] == OH_TWCC_LOST);
      if (back[i] == OH_TWCC_LOST) continue;
      int64_t tick = arrivals[i] / 250 * 250;
      if (arrivals[i] < 0 && arrivals[i] % 250) tick -= 250;
      if (shift == OH_TWCC_LOST) shift = tick - back[i]; // the reference has 24 bits only
      assert_true(tick - back[i] == shift && shift % 64000 == 0);
    }
  }
}

static void what_does_not_fit(void **state) {
  (void)state;
  // 9 s apart: beyond a 16-bit delta; the second goes into another feedback
  const int64_t arrivals[] = {0, 9000000};
  struct oh_writer w = oh_writer(out, sizeof out);
  assert_int_equal(oh_twcc_write(&w, &(struct oh_twcc){0}, arrivals, 2), 1);
  const int64_t none[] = {OH_TWCC_LOST, OH_TWCC_LOST};
  w = oh_writer(out, sizeof out);
  assert_int_equal(oh_twcc_write(&w, &(struct oh_twcc){0}, none, 2), 0);
  assert_true(w.failed);
  w = oh_writer(out, 20);
  assert_int_equal(oh_twcc_write(&w, &(struct oh_twcc){0}, arrivals, 1), 0);
  assert_true(w.failed);
}

static void refuses_broken(void **state) {
  (void)state;
  uint8_t body[] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0, 2, 0, 0, 1, 7, 0x20, 2, 1, 1};
  struct oh_rtcp p = {
      .type = OH_RTCP_RTPFB, .count = OH_RTCP_FMT_TWCC, .body = {.data = body, .len = sizeof body}};
  struct oh_twcc got;
  assert_int_equal(oh_twcc_read(&p, &got, back), 2);
  for (p.body.len = 0; p.body.len < sizeof body; p.body.len++)
    assert_int_equal(oh_twcc_read(&p, &got, back), 0);
  uint8_t none[] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0, 2, 0, 0, 1, 7, 0x20, 0, 0x20, 2, 1, 1, 0, 0};
  p.body = (struct oh_bytes){.data = none, .len = sizeof none}; // a run of none in front of a good one
  assert_int_equal(oh_twcc_read(&p, &got, back), 0);
  p.body = (struct oh_bytes){.data = body, .len = sizeof body};
  body[16] = 0x60, body[17] = 2; // the reserved status
  assert_int_equal(oh_twcc_read(&p, &got, back), 0);
  body[10] = 0xff, body[16] = 0x1f, body[17] = 0xff; // more packets than we follow
  assert_int_equal(oh_twcc_read(&p, &got, back), 0);
  p.count = OH_RTCP_FMT_NACK;
  assert_int_equal(oh_twcc_read(&p, &got, back), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_bytes),        cmocka_unit_test(runs_and_bits),
      cmocka_unit_test(random_round_trips), cmocka_unit_test(what_does_not_fit),
      cmocka_unit_test(refuses_broken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
