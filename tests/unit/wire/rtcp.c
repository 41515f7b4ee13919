// rtcp.c — RTCP compounds: written, walked and read back; broken ones refused; NACK, XR and wall clock
// figures.
#include "wire/rtcp.h"
#include "tests/unit/test.h"

static uint8_t out[2048];

static const struct oh_rtcp_sr sender = {
    .ssrc = 0x11223344, .ntp = 0xe5a1b2c3d4e5f607, .rtp_timestamp = 4096, .packets = 100, .octets = 8000};
static const struct oh_rtcp_report report = {.ssrc = 0x55667788,
                                             .highest_sequence = 0x10005,
                                             .jitter = 48,
                                             .last_sr = 0xb2c3d4e5,
                                             .delay_since_sr = 0x8000,
                                             .lost = -10,
                                             .fraction_lost = 5};

static void compound_round_trip(void **state) {
  (void)state;
  struct oh_writer w = oh_writer(out, sizeof out);
  oh_rtcp_write_sr(&w, &sender, &report, 1);
  oh_rtcp_write_sdes(&w, sender.ssrc, OH_STR("stream-1"), OH_STR("0"));
  oh_rtcp_write_bye(&w, &sender.ssrc, 1);
  assert_false(w.failed);
  size_t len = oh_writer_len(&w);
  assert_true(oh_rtcp_valid(out, len));

  struct oh_reader r = oh_reader(out, len);
  struct oh_rtcp p;
  struct oh_rtcp_sr sr;
  struct oh_rtcp_report back;
  assert_true(oh_rtcp_next(&r, &p) && oh_rtcp_read_sr(&p, &sr));
  assert_true(sr.ssrc == sender.ssrc && sr.ntp == sender.ntp && sr.rtp_timestamp == 4096);
  assert_true(sr.packets == 100 && sr.octets == 8000);
  assert_true(oh_rtcp_read_report(&p, 0, &back));
  assert_true(back.ssrc == report.ssrc && back.highest_sequence == 0x10005 && back.jitter == 48);
  assert_true(back.last_sr == report.last_sr && back.delay_since_sr == 0x8000);
  assert_true(back.lost == -10 && back.fraction_lost == 5);
  assert_false(oh_rtcp_read_report(&p, 1, &back));

  struct oh_rtcp_sdes item;
  assert_true(oh_rtcp_next(&r, &p));
  struct oh_rtcp_sdes_walk walk = oh_rtcp_sdes_walk(&p);
  assert_true(oh_rtcp_sdes_next(&walk, &item) && item.type == OH_RTCP_CNAME && item.ssrc == sender.ssrc);
  assert_true(oh_str_eq(item.text, OH_STR("stream-1")));
  assert_true(oh_rtcp_sdes_next(&walk, &item) && item.type == OH_RTCP_MID);
  assert_true(oh_str_eq(item.text, OH_STR("0")));
  assert_false(oh_rtcp_sdes_next(&walk, &item));

  uint32_t ssrc = 0;
  assert_true(oh_rtcp_next(&r, &p) && oh_rtcp_read_bye(&p, 0, &ssrc) && ssrc == sender.ssrc);
  assert_false(oh_rtcp_read_bye(&p, 1, &ssrc));
  assert_false(oh_rtcp_next(&r, &p));
  assert_false(r.failed);
  for (size_t cut = 1; cut < len; cut++) { // a cut between packets is a shorter compound, any other is broken
    bool boundary = cut == 52 || cut == 52 + 24;
    assert_int_equal(oh_rtcp_valid(out, cut), boundary);
  }
}

static void writers_stop_at_the_end(void **state) {
  (void)state;
  uint16_t lost[] = {1, 2, 100};
  for (size_t capacity = 0; capacity < 200; capacity++) {
    struct oh_writer w = oh_writer(out, capacity);
    oh_rtcp_write_rr(&w, 1, &report, 1);
    oh_rtcp_write_sdes(&w, 1, OH_STR("name"), OH_STR(""));
    oh_rtcp_write_nack(&w, 1, 2, lost, 3);
    oh_rtcp_write_rrtr(&w, 1, 2);
    assert_int_equal(w.failed, capacity < 32 + 16 + 20 + 20);
    assert_true(w.failed || oh_rtcp_valid(out, oh_writer_len(&w)));
  }
}

static void sdes_of_every_length(void **state) {
  (void)state;
  char name[256];
  memset(name, 'n', sizeof name);
  for (size_t len = 0; len <= 255; len++) {
    struct oh_writer w = oh_writer(out, sizeof out);
    oh_rtcp_write_sdes(&w, 7, (struct oh_str){.data = name, .len = len}, OH_STR("mid"));
    assert_true(!w.failed && oh_rtcp_valid(out, oh_writer_len(&w)));
    struct oh_reader r = oh_reader(out, oh_writer_len(&w));
    struct oh_rtcp p;
    struct oh_rtcp_sdes item;
    assert_true(oh_rtcp_next(&r, &p));
    struct oh_rtcp_sdes_walk walk = oh_rtcp_sdes_walk(&p);
    assert_true(oh_rtcp_sdes_next(&walk, &item) && item.text.len == len);
    assert_true(oh_rtcp_sdes_next(&walk, &item) && oh_str_eq(item.text, OH_STR("mid")));
    assert_false(oh_rtcp_sdes_next(&walk, &item));
    assert_false(walk.in.failed);
  }
  struct oh_writer w = oh_writer(out, sizeof out);
  oh_rtcp_write_sdes(&w, 7, (struct oh_str){.data = name, .len = 256}, OH_STR(""));
  assert_true(w.failed);
}

static void two_chunks(void **state) {
  (void)state;
  // chunk 1: CNAME "ab" and three zero bytes of end and filling; chunk 2: no items
  static const uint8_t packet[] = {0x82, 202, 0, 5, 0, 0, 0, 1, 1, 2, 'a', 'b',
                                   0,    0,   0, 0, 0, 0, 0, 2, 0, 0, 0,   0};
  struct oh_reader r = oh_reader(packet, sizeof packet);
  struct oh_rtcp p;
  struct oh_rtcp_sdes item;
  assert_true(oh_rtcp_next(&r, &p));
  struct oh_rtcp_sdes_walk walk = oh_rtcp_sdes_walk(&p);
  assert_true(oh_rtcp_sdes_next(&walk, &item) && item.ssrc == 1 && item.text.len == 2);
  assert_false(oh_rtcp_sdes_next(&walk, &item));
  assert_false(walk.in.failed);
  assert_true(walk.ssrc == 2 && oh_reader_left(&walk.in) == 0);
}

static size_t nack_round_trip(const uint16_t *sequences, size_t count) {
  struct oh_writer w = oh_writer(out, sizeof out);
  oh_rtcp_write_nack(&w, 1, 2, sequences, count);
  assert_true(!w.failed && oh_rtcp_valid(out, oh_writer_len(&w)));
  struct oh_reader r = oh_reader(out, oh_writer_len(&w));
  struct oh_rtcp p;
  struct oh_rtcp_nack nack;
  assert_true(oh_rtcp_next(&r, &p) && oh_rtcp_read_nack(&p, &nack));
  assert_true(nack.sender_ssrc == 1 && nack.media_ssrc == 2);
  uint32_t cursor = 0;
  uint16_t sequence;
  for (size_t i = 0; i < count; i++) {
    assert_true(oh_rtcp_nack_next(&nack, &cursor, &sequence));
    assert_int_equal(sequence, sequences[i]);
  }
  assert_false(oh_rtcp_nack_next(&nack, &cursor, &sequence));
  return nack.entries.len / 4;
}

static void nack_pairs(void **state) {
  (void)state;
  assert_int_equal(nack_round_trip((const uint16_t[]){100}, 1), 1);
  assert_int_equal(nack_round_trip((const uint16_t[]){100, 101, 116}, 3), 1);
  assert_int_equal(nack_round_trip((const uint16_t[]){100, 117}, 2), 2);
  assert_int_equal(nack_round_trip((const uint16_t[]){0xfff8, 0xffff, 0, 7, 9, 600}, 6), 3);
  uint16_t many[340];
  for (uint16_t i = 0; i < 340; i++)
    many[i] = (uint16_t)(65500 + i);
  assert_int_equal(nack_round_trip(many, 340), 20);
}

static void other_feedback_is_no_nack(void **state) {
  (void)state;
  static const uint8_t pli[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
  static const uint8_t empty[] = {0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
  struct oh_rtcp p;
  struct oh_rtcp_nack nack;
  struct oh_reader r = oh_reader(pli, sizeof pli);
  assert_true(oh_rtcp_valid(pli, sizeof pli) && oh_rtcp_next(&r, &p));
  assert_false(oh_rtcp_read_nack(&p, &nack));
  r = oh_reader(empty, sizeof empty);
  assert_true(oh_rtcp_next(&r, &p));
  assert_false(oh_rtcp_read_nack(&p, &nack)); // a NACK without a pair
}

static void extended_reports(void **state) {
  (void)state;
  struct oh_writer w = oh_writer(out, sizeof out);
  const struct oh_rtcp_dlrr replies[] = {{1, 2, 3}, {4, 5, 6}};
  oh_rtcp_write_rrtr(&w, 9, 0x0102030405060708);
  oh_rtcp_write_dlrr(&w, 9, replies, 2);
  assert_true(!w.failed && oh_rtcp_valid(out, oh_writer_len(&w)));
  struct oh_reader r = oh_reader(out, oh_writer_len(&w)), blocks;
  struct oh_rtcp p;
  struct oh_rtcp_xr_block block;
  struct oh_rtcp_dlrr dlrr;
  uint32_t ssrc = 0;
  uint64_t ntp = 0;
  assert_true(oh_rtcp_next(&r, &p) && oh_rtcp_read_xr(&p, &ssrc, &blocks) && ssrc == 9);
  assert_true(oh_rtcp_xr_next(&blocks, &block) && oh_rtcp_read_rrtr(&block, &ntp));
  assert_true(ntp == 0x0102030405060708 && !oh_rtcp_read_dlrr(&block, 0, &dlrr));
  assert_false(oh_rtcp_xr_next(&blocks, &block));
  assert_true(oh_rtcp_next(&r, &p) && oh_rtcp_read_xr(&p, &ssrc, &blocks));
  assert_true(oh_rtcp_xr_next(&blocks, &block) && oh_rtcp_read_dlrr(&block, 1, &dlrr));
  assert_true(dlrr.ssrc == 4 && dlrr.last_rr == 5 && dlrr.delay_since_rr == 6);
  assert_false(oh_rtcp_read_dlrr(&block, 2, &dlrr));
}

static void refuses_broken_compounds(void **state) {
  (void)state;
  static const struct {
    uint8_t bytes[16];
    size_t len;
    bool valid;
  } cases[] = {
      {{0x80, 201, 0, 1, 0, 0, 0, 1}, 8, true},
      {{0x40, 201, 0, 1, 0, 0, 0, 1}, 8, false},                   // version 1
      {{0x80, 201, 0, 2, 0, 0, 0, 1}, 8, false},                   // longer than the datagram
      {{0x80, 201, 0, 0, 0, 0, 0, 1}, 8, false},                   // rest is no packet
      {{0x80, 20, 0, 1, 0, 0, 0, 1}, 8, false},                    // no RTCP type
      {{0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4}, 12, true},       // padded
      {{0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 12}, 12, false},     // more padding than packet
      {{0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0}, 12, false},      // padding of nothing
      {{0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3}, 12, false},      // odd padding
      {{0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 203, 0, 0}, 12, false}, // padding before the last
      {{0xa0, 201, 0, 0}, 4, false},                               // padding without a place
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(oh_rtcp_valid(cases[i].bytes, cases[i].len), cases[i].valid);
  assert_false(oh_rtcp_valid(out, 0));
  // counts that promise more than there is
  static const uint8_t rr[] = {0x9f, 201, 0, 1, 0, 0, 0, 1};
  struct oh_reader r = oh_reader(rr, sizeof rr);
  struct oh_rtcp p;
  struct oh_rtcp_report back;
  struct oh_rtcp_sr sr;
  assert_true(oh_rtcp_next(&r, &p));
  assert_false(oh_rtcp_read_report(&p, 0, &back));
  assert_false(oh_rtcp_read_sr(&p, &sr));
}

static void lost_is_clamped(void **state) {
  (void)state;
  const int32_t given[] = {0x7fffff, 0x800000, -0x800000, -0x800001, 0};
  const int32_t expected[] = {0x7fffff, 0x7fffff, -0x800000, -0x800000, 0};
  for (size_t i = 0; i < 5; i++) {
    struct oh_rtcp_report block = {.lost = given[i]}, back;
    struct oh_writer w = oh_writer(out, sizeof out);
    oh_rtcp_write_rr(&w, 1, &block, 1);
    struct oh_reader r = oh_reader(out, oh_writer_len(&w));
    struct oh_rtcp p;
    assert_true(oh_rtcp_next(&r, &p) && oh_rtcp_read_report(&p, 0, &back));
    assert_int_equal(back.lost, expected[i]);
  }
}

static void wall_clock(void **state) {
  (void)state;
  assert_true(oh_ntp_from_unix_us(0) == (uint64_t)2208988800u << 32);
  assert_true(oh_ntp_from_unix_us(1500000) == ((uint64_t)2208988801u << 32 | 0x80000000));
  assert_true(oh_ntp_from_unix_us(-250000) == ((uint64_t)2208988799u << 32 | 0xc0000000));
  assert_int_equal(oh_ntp_middle(0x1111222233334444), 0x22223333);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(compound_round_trip),  cmocka_unit_test(writers_stop_at_the_end),
      cmocka_unit_test(sdes_of_every_length), cmocka_unit_test(two_chunks),
      cmocka_unit_test(nack_pairs),           cmocka_unit_test(other_feedback_is_no_nack),
      cmocka_unit_test(extended_reports),     cmocka_unit_test(refuses_broken_compounds),
      cmocka_unit_test(lost_is_clamped),      cmocka_unit_test(wall_clock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
