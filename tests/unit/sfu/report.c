// report.c — RTCP: receiver reports with known numbers, sender reports on one clock, round trips, NACKs in
// both directions and their limits, congestion feedback, and what must change nothing
#include "sfu/report.h"
#include "sfu/receive.h"
#include "sfu/resend.h"
#include "tests/unit/sfu/scene.h"
#include "wire/twcc.h"

// The next RTCP packet of a type sent to a peer, from *at on.
static bool find_rtcp(oh_id peer, uint8_t type, size_t *at, struct oh_rtcp *packet) {
  for (; *at < double_count; (*at)++) {
    const struct double_sent *sent = &double_sent[*at];
    if (!sent->rtcp || sent->peer != peer) continue;
    assert_true(oh_rtcp_valid(sent->data, sent->len));
    struct oh_reader in = oh_reader(sent->data, sent->len);
    while (oh_rtcp_next(&in, packet))
      if (packet->type == type) {
        (*at)++;
        return true;
      }
  }
  return false;
}

static void loss_and_jitter_as_in_rfc_3550(void **state) {
  (void)state;
  struct oh_stream st;
  oh_stream_init(&st);
  struct oh_rtcp_report r;
  assert_false(oh_stream_report(&st, 0, &r));
  oh_stream_reset(&st, 5);
  int64_t ext;
  // 100 packets, every fourth lost, over the wrap; every arrival is 5 ms late in turn
  for (uint32_t i = 0; i < 100; i++) {
    int64_t now_us = 20000 * (int64_t)i + (i & 1) * 5000;
    if (i % 4 == 3) continue;
    assert_int_equal(oh_stream_recv(&st, now_us, 0, (uint16_t)(65500 + i), 960 * i, &ext), OH_RECEIVED);
  }
  oh_stream_sender_report(&st, 2000000, &(struct oh_rtcp_sr){.ntp = 0x1122334455667788});
  assert_true(oh_stream_report(&st, 2500000, &r));
  assert_int_equal(r.ssrc, 5);
  assert_int_equal(r.highest_sequence, 65500 + 98); // the last one was lost: cycle 1
  assert_int_equal(r.lost, 24);
  assert_int_equal(r.fraction_lost, 24 * 256 / 99);
  assert_int_equal(r.last_sr, 0x33445566);
  assert_int_equal(r.delay_since_sr, 32768);
  // |D| is 240 ticks, or 0 where a loss brings two equal ones together; RFC 3550 A.8 in sixteenths
  uint32_t j = 0;
  for (uint32_t i = 1, last = 0; i < 100; i++) {
    if (i % 4 == 3) continue;
    uint32_t d = (i & 1) != (last & 1) ? 240 : 0;
    j += d - ((j + 8) >> 4);
    last = i;
  }
  assert_int_equal(r.jitter, j >> 4);
  // the next interval has no loss; two late ones lower the total
  for (uint32_t i = 100; i < 110; i++)
    oh_stream_recv(&st, 0, 0, (uint16_t)(65500 + i), 960 * i, &ext);
  oh_stream_recv(&st, 0, 0, (uint16_t)(65500 + 95), 960 * 95, &ext);
  oh_stream_recv(&st, 0, 0, (uint16_t)(65500 + 99), 960 * 99, &ext);
  assert_int_equal(oh_stream_recv(&st, 0, 0, (uint16_t)(65500 + 99), 960 * 99, &ext), OH_RECEIVED_DUPLICATE);
  assert_true(oh_stream_report(&st, 2500000, &r));
  assert_int_equal(r.lost, 23);
  assert_int_equal(r.fraction_lost, 0);
  oh_stream_fini(&st);
}

static void receiver_reports_go_out_each_second(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  for (uint16_t i = 0; i < 500; i++) {
    scene_recv(&s, SCENE_OPUS, i, 960u * i, "x", 1);
    scene_pass(&s, 20000);
  }
  size_t at = 0, count = 0;
  struct oh_rtcp p;
  while (find_rtcp(1, OH_RTCP_RR, &at, &p)) {
    struct oh_rtcp_report r;
    assert_true(oh_rtcp_read_report(&p, 0, &r));
    assert_int_equal(r.ssrc, SCENE_SSRC);
    assert_int_equal(r.lost, 0);
    count++;
  }
  assert_in_range(count, 9, 10);
  scene_close(&s);
}

static void sender_reports_keep_one_clock(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  // arrivals jitter by up to 30 ms; the mapping must not
  int64_t start_us = s.now_us;
  uint64_t dice = 3;
  for (uint16_t i = 0; i < 1500; i++) {
    int64_t at_us = start_us + 20000 * (int64_t)i + (int64_t)(test_next(&dice) % 30) * 1000;
    if (at_us > s.now_us) scene_pass(&s, at_us - s.now_us);
    scene_recv(&s, SCENE_OPUS, i, 960u * i, "xyz", 3);
    if (i == 700) s.world.unix_offset_us += 3600000000; // somebody sets the wall clock
  }
  size_t at = 0, count = 0;
  struct oh_rtcp p;
  int64_t spread_min = INT64_MAX, spread_max = INT64_MIN;
  uint32_t packets = 0;
  while (find_rtcp(2, OH_RTCP_SR, &at, &p)) {
    struct oh_rtcp_sr sr;
    assert_true(oh_rtcp_read_sr(&p, &sr));
    assert_int_equal(sr.ssrc, s.ssrcs[0]);
    assert_int_equal(sr.octets, sr.packets * 3);
    assert_true(sr.packets > packets);
    packets = sr.packets;
    int64_t at_us = double_sent[at - 1].at_us;
    assert_true(sr.ntp == oh_ntp_from_unix_us(at_us + 1700000000000000));
    int64_t offset = (int64_t)sr.rtp_timestamp - (at_us - start_us) * 48 / 1000;
    if (offset < spread_min) spread_min = offset;
    if (offset > spread_max) spread_max = offset;
    count++;
    struct oh_reader in = oh_reader(double_sent[at - 1].data, double_sent[at - 1].len);
    struct oh_rtcp sdes;
    assert_true(oh_rtcp_next(&in, &sdes) && oh_rtcp_next(&in, &sdes));
    struct oh_rtcp_sdes_walk walk = oh_rtcp_sdes_walk(&sdes);
    struct oh_rtcp_sdes item;
    assert_true(oh_rtcp_sdes_next(&walk, &item));
    assert_int_equal(item.ssrc, s.ssrcs[0]);
    assert_true(oh_str_eq(item.text, OH_STR("PA_x|TR_y")));
    assert_true(oh_rtcp_sdes_next(&walk, &item));
    assert_true(oh_str_eq(item.text, OH_STR("5")));
  }
  assert_in_range(count, 9, 11);                   // 30 s
  assert_true(spread_max - spread_min <= 48 * 30); // at first the least delay is not known
  assert_true(spread_max <= 0 && spread_max > -48 * 3);
  scene_close(&s);
}

static void round_trips_are_measured(void **state) {
  (void)state;
  struct oh_reported r = {0};
  uint32_t now = 0x00010000; // 1 s after the wrap of the middle bits
  // sent 150 ms before, held for 50 ms
  struct oh_rtcp_report report = {.last_sr = now - 65536 * 15 / 100, .delay_since_sr = 65536 * 5 / 100};
  oh_reported_recv(&r, 0, now, &report);
  assert_in_range(r.rtt_us, 99900, 100100);
  report.delay_since_sr = 65536; // longer than it can be: nonsense
  report.last_sr = now - 100;
  oh_reported_recv(&r, 0, now, &report);
  assert_in_range(r.rtt_us, 1, 100100);
  report.delay_since_sr = 0;
  report.last_sr = now - 65536 * 60; // a minute
  int64_t before = r.rtt_us;
  oh_reported_recv(&r, 0, now, &report);
  assert_int_equal(r.rtt_us, before);
  // loss between two reports, never more than packets
  r = (struct oh_reported){0};
  oh_reported_recv(&r, 0, 0, &(struct oh_rtcp_report){.highest_sequence = 1000, .lost = 10});
  oh_reported_recv(&r, 0, 0, &(struct oh_rtcp_report){.highest_sequence = 1250, .lost = 35});
  assert_int_equal(r.score_packets, 250);
  assert_int_equal(r.score_lost, 25);
  oh_reported_recv(&r, 0, 0, &(struct oh_rtcp_report){.highest_sequence = 1260, .lost = 8000000});
  assert_int_equal(r.score_packets, 260);
  assert_int_equal(r.score_lost, 35);
  oh_reported_recv(&r, 0, 0, &(struct oh_rtcp_report){.highest_sequence = 5, .lost = -8000000});
  assert_int_equal(r.score_packets, 260);
}

static void receiver_reference_time_is_answered(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_pass(&s, 2000000);
  uint8_t buffer[64];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  oh_rtcp_write_rr(&w, 9, NULL, 0);
  oh_rtcp_write_rrtr(&w, 9, 0xAABBCCDD11223344);
  int64_t came_us = s.now_us;
  scene_rtcp(&s, 1, &w);
  double_count = 0;
  scene_pass(&s, 3000000);
  size_t at = 0;
  struct oh_rtcp p;
  assert_true(find_rtcp(1, OH_RTCP_XR, &at, &p));
  uint32_t ssrc;
  struct oh_reader blocks;
  struct oh_rtcp_xr_block block;
  struct oh_rtcp_dlrr dlrr;
  assert_true(oh_rtcp_read_xr(&p, &ssrc, &blocks) && oh_rtcp_xr_next(&blocks, &block));
  assert_true(oh_rtcp_read_dlrr(&block, 0, &dlrr));
  assert_int_equal(dlrr.ssrc, 9);
  assert_int_equal(dlrr.last_rr, 0xCCDD1122);
  assert_int_equal(dlrr.delay_since_rr, (double_sent[at - 1].at_us - came_us) * 65536 / 1000000);
  assert_false(find_rtcp(1, OH_RTCP_XR, &at, &p)); // once
  scene_close(&s);
}

static void ask(struct scene *s, uint32_t listener, uint16_t first, size_t count) {
  uint8_t buffer[1200];
  uint16_t sequences[200];
  for (size_t i = 0; i < count; i++)
    sequences[i] = (uint16_t)(first + i);
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  oh_rtcp_write_nack(&w, 9, s->ssrcs[listener], sequences, count);
  scene_rtcp(s, 2 + listener, &w);
}

static void nacked_packets_come_again_byte_for_byte(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, true);
  scene_listen(&s, true, true);
  scene_listen(&s, false, false);
  // RED with one redundant block; packet 55 is lost and recovered for the plain listener
  for (uint16_t i = 0; i < 100; i++) {
    s.now_us += 20000;
    uint8_t payload[] = {0x80 | SCENE_OPUS, 960 >> 6,         (960 & 63) << 2, 1,
                         SCENE_OPUS,        (uint8_t)(i - 1), (uint8_t)i};
    if (i != 55) scene_recv(&s, SCENE_RED, (uint16_t)(65500 + i), 960u * i, payload, sizeof payload);
  }
  uint16_t base = 65500 & 0x7fff;
  for (uint32_t listener = 0; listener < 2; listener++) {
    size_t end = double_count;
    for (uint16_t i = 40; i < 60; i++) {
      const struct double_sent *first = NULL;
      for (size_t k = 0; k < end; k++)
        if (!double_sent[k].rtcp && double_sent[k].peer == 2 + listener &&
            double_sent[k].header.sequence == (uint16_t)(base + i))
          first = &double_sent[k];
      size_t mark = double_count;
      ask(&s, listener, (uint16_t)(base + i), 1);
      assert_int_equal(double_count - mark, first ? 1 : 0);
      assert_true(first || (listener == 1 && i == 55));
      if (!first) continue;
      const struct double_sent *again = &double_sent[mark];
      assert_int_equal(again->peer, first->peer);
      assert_memory_equal(&again->header, &first->header, sizeof first->header);
      assert_int_equal(again->len, first->len);
      assert_memory_equal(again->data, first->data, first->len);
    }
  }
  size_t mark = double_count;
  ask(&s, 2, base, 100);                  // did not negotiate it
  ask(&s, 0, (uint16_t)(base + 100), 50); // not sent yet
  ask(&s, 0, (uint16_t)(base - 100), 50); // never sent
  assert_int_equal(double_count, mark);
  scene_close(&s);
}

// After a switch of payload type the old numbers stand for other bytes: they are not sent again.
static void another_mapping_is_not_nacked(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, true);
  for (uint16_t i = 0; i < 10; i++)
    scene_recv(&s, SCENE_OPUS, i, 960u * i, "x", 1);
  struct oh_sfu_send send = {.mid = "5", .ssrc = s.ssrcs[0], .opus_pt = 120, .nack = true};
  assert_true(oh_sfu_bind_subscription(s.sfu, s.now_us, s.subscriptions[0], 2, &send));
  scene_recv(&s, SCENE_OPUS, 10, 9600, "x", 1);
  size_t mark = double_count;
  ask(&s, 0, 0, 10);
  assert_int_equal(double_count, mark);
  ask(&s, 0, 10, 1);
  assert_int_equal(double_count, mark + 1);
  oh_sfu_disable_subscription(s.sfu, s.now_us, s.subscriptions[0], true);
  oh_sfu_disable_subscription(s.sfu, s.now_us, s.subscriptions[0], false);
  s.now_us += 1000000;
  ask(&s, 0, 10, 1);
  scene_recv(&s, SCENE_OPUS, 11, 10560, "x", 1);
  ask(&s, 0, 10, 1);
  assert_int_equal(double_count, mark + 2);
  scene_close(&s);
}

static void nack_storms_are_bounded(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, true);
  static uint32_t times[2000];
  memset(times, 0, sizeof times);
  uint8_t payload[100] = {0};
  uint64_t sent = 0, again = 0;
  int64_t last_us[2000] = {0};
  for (uint16_t i = 0; i < 2000; i++) {
    s.now_us += 20000;
    size_t mark = double_count = 0;
    scene_recv(&s, SCENE_OPUS, i, 960u * i, payload, sizeof payload);
    sent += double_count - mark;
    for (int storm = 0; storm < 5; storm++) { // 250 NACKs per second for the last 180 packets each
      mark = double_count = 0;
      ask(&s, 0, (uint16_t)(i > 179 ? i - 179 : 0), i > 179 ? 180 : i + 1u);
      for (size_t k = mark; k < double_count; k++) {
        uint16_t q = double_sent[k].header.sequence;
        assert_true(last_us[q] == 0 || s.now_us - last_us[q] >= 70000); // no repeat within a round trip
        last_us[q] = s.now_us;
        assert_true(++times[q] <= OH_RESENDS_MAX);
        again++;
      }
    }
  }
  assert_int_equal(sent, 2000);
  assert_true(again * 100 <= sent * 100 + OH_RESEND_CREDIT_BYTES);
  assert_true(again > 1000); // but honest needs are served
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_retransmitted), again);
  assert_true(scene_counted(&s, OH_COUNT_nack_drop_limit) > 100000);
  scene_close(&s);
}

static void lost_packets_are_asked_of_publishers(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  struct oh_sfu_receive receive = scene_receive();
  receive.nack = true;
  assert_true(oh_sfu_bind_track(s.sfu, s.track, 1, &receive));
  scene_pass(&s, 10000);
  uint32_t asked[100] = {0};
  for (uint16_t i = 0; i < 100; i++) {
    if (i != 20 && i != 21 && i != 50) scene_recv(&s, SCENE_OPUS, i, 960u * i, "x", 1);
    scene_pass(&s, 20000);
    if (i == 60) scene_recv(&s, SCENE_OPUS, 50, 960u * 50, "x", 1); // it came
    for (size_t k = 0; k < double_count; k++) {
      size_t at = k;
      struct oh_rtcp p;
      if (!find_rtcp(1, OH_RTCP_RTPFB, &at, &p)) break;
      k = at - 1;
      struct oh_rtcp_nack nack;
      assert_true(oh_rtcp_read_nack(&p, &nack));
      assert_int_equal(nack.media_ssrc, SCENE_SSRC);
      uint32_t cursor = 0;
      uint16_t q;
      while (oh_rtcp_nack_next(&nack, &cursor, &q)) {
        assert_in_range(q, 20, 50);
        assert_true(q != 50 || i <= 60);
        asked[q]++;
      }
    }
    double_count = 0;
  }
  assert_int_equal(asked[20], OH_MISSING_TRIES);
  assert_int_equal(asked[21], OH_MISSING_TRIES);
  assert_in_range(asked[50], 1, 3); // 200 ms
  scene_close(&s);
}

static void arrivals_are_fed_back(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  struct oh_sfu_receive receive = scene_receive();
  receive.transport_cc_ext = SCENE_TWCC_EXT;
  assert_true(oh_sfu_bind_track(s.sfu, s.track, 1, &receive));
  scene_pass(&s, 10000);
  enum { N = 300 };
  int64_t came_us[N];
  for (uint32_t i = 0; i < N; i++) {
    scene_pass(&s, 20000 + (i % 3) * 1000);
    came_us[i] = i % 10 == 5 ? OH_TWCC_LOST : s.now_us;
    if (i % 10 == 5) continue;
    uint8_t buffer[16];
    struct oh_writer w = oh_writer(buffer, sizeof buffer);
    oh_rtpext_write_transport_sequence(&w, OH_RTPEXT_ONE_BYTE, SCENE_TWCC_EXT, (uint16_t)(65400 + i));
    struct oh_bytes ext = {.data = buffer, .len = oh_writer_len(&w)};
    scene_recv_from(&s, 1, SCENE_SSRC, SCENE_OPUS, (uint16_t)i, 960 * i, ext, "x", 1);
  }
  scene_pass(&s, 200000);
  size_t at = 0;
  uint32_t told = 0, feedbacks = 0;
  struct oh_rtcp p;
  while (find_rtcp(1, OH_RTCP_RTPFB, &at, &p)) {
    struct oh_twcc feedback;
    static int64_t arrival_us[OH_TWCC_PACKETS_MAX];
    size_t count = oh_twcc_read(&p, &feedback, arrival_us);
    assert_true(count > 0);
    assert_int_equal(feedback.base_sequence, (uint16_t)(65400 + told));
    assert_int_equal(feedback.feedback_count, (uint8_t)feedbacks++);
    int64_t base = INT64_MIN;
    for (size_t i = 0; i < count; i++, told++) {
      assert_true((arrival_us[i] == OH_TWCC_LOST) == (came_us[told] == OH_TWCC_LOST));
      if (arrival_us[i] == OH_TWCC_LOST) continue;
      if (base == INT64_MIN) base = arrival_us[i] - came_us[told];
      int64_t error = arrival_us[i] - came_us[told] - base;
      assert_true(error >= -250 && error <= 250);
    }
  }
  assert_int_equal(told, N);
  assert_in_range(feedbacks, 40, 70);
  scene_close(&s);
}

static void goodbyes_and_nonsense_change_nothing(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  scene_recv(&s, SCENE_OPUS, 1, 960, "x", 1);
  uint8_t buffer[64];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  uint32_t ssrc = SCENE_SSRC;
  oh_rtcp_write_rr(&w, ssrc, NULL, 0);
  oh_rtcp_write_bye(&w, &ssrc, 1);
  scene_rtcp(&s, 1, &w);
  static const uint8_t pli[] = {0x81, 206, 0, 2, 0, 0, 0, 9, 0x5E, 0xA0, 0, 1};
  memcpy(buffer, pli, sizeof pli);
  w = oh_writer(buffer, sizeof buffer);
  w.at += sizeof pli;
  scene_rtcp(&s, 1, &w);
  memset(buffer, 0xFF, sizeof buffer);
  w.at = buffer + 40;
  scene_rtcp(&s, 1, &w);
  assert_int_equal(scene_counted(&s, OH_COUNT_rtcp_drop_malformed), 1);
  scene_recv(&s, SCENE_OPUS, 2, 1920, "x", 1);
  assert_int_equal(scene_sent(2, 0, NULL), 2);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loss_and_jitter_as_in_rfc_3550),
      cmocka_unit_test(receiver_reports_go_out_each_second),
      cmocka_unit_test(sender_reports_keep_one_clock),
      cmocka_unit_test(round_trips_are_measured),
      cmocka_unit_test(receiver_reference_time_is_answered),
      cmocka_unit_test(nacked_packets_come_again_byte_for_byte),
      cmocka_unit_test(another_mapping_is_not_nacked),
      cmocka_unit_test(nack_storms_are_bounded),
      cmocka_unit_test(lost_packets_are_asked_of_publishers),
      cmocka_unit_test(arrivals_are_fed_back),
      cmocka_unit_test(goodbyes_and_nonsense_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
