// inbound.c — the receiving half of an association, against peers that do what ours would not.
#include "rtc/inbound.h"
#include "tests/unit/test.h"
#include <stdlib.h>
#include <time.h>

enum { SMALL = 200 };
static const uint32_t FIRST_TSN = 0xFFFFFFF0u; // TSNs wrap

static enum oh_inbound_result give(struct oh_inbound *in, uint32_t tsn, uint16_t sequence, uint8_t flags,
                                   size_t len) {
  static const uint8_t bytes[OH_SCTP_PACKET_MAX];
  return oh_inbound_recv(in, &(struct oh_sctp_data){.tsn = tsn,
                                                    .sequence = sequence,
                                                    .ppid = 53,
                                                    .flags = flags | OH_SCTP_BEGIN | OH_SCTP_END,
                                                    .payload = {bytes, len}});
}

// A lone first fragment of something that never goes on.
static void begin(struct oh_inbound *in, uint32_t tsn) {
  static const uint8_t byte[1];
  const struct oh_sctp_data data = {
      .tsn = tsn, .ppid = 53, .flags = OH_SCTP_BEGIN | OH_SCTP_UNORDERED, .payload = {byte, 1}};
  assert_int_equal(oh_inbound_recv(in, &data), OH_INBOUND_NOW);
}

static void forward(struct oh_inbound *in, uint32_t tsn) {
  uint8_t bytes[4];
  oh_store_u32_be(bytes, tsn);
  assert_int_equal(oh_inbound_forward(in, (struct oh_bytes){bytes, sizeof bytes}), OH_INBOUND_NOW);
}

static uint32_t fetch(struct oh_inbound *in) {
  uint32_t count = 0;
  for (struct oh_inbound_message *m; (m = oh_inbound_next(in)); count++)
    free(m);
  return count;
}

// The owner leaves messages lying (somebody else is slow), and the peer sends on, whatever window it is told.
static void a_peer_that_heeds_no_window(void **state) {
  (void)state;
  struct oh_inbound in;
  oh_inbound_init(&in, FIRST_TSN);
  uint32_t taken = 0;
  for (uint32_t i = 0; i < 20000; i++) {
    if (give(&in, FIRST_TSN + taken, (uint16_t)taken, 0, SMALL) == OH_INBOUND_TAKEN) taken++;
    assert_true(in.memory_bytes <= 2 * OH_SCTP_RECEIVE_MAX);
  }
  assert_int_equal(oh_inbound_window(&in), 0);
  assert_true(in.dropped_window > 0);
  assert_int_equal(in.tsn, FIRST_TSN + taken - 1); // what was dropped is not acknowledged
  assert_int_equal(fetch(&in), taken);
  assert_int_equal(give(&in, FIRST_TSN + taken, (uint16_t)taken, 0, SMALL), OH_INBOUND_TAKEN);
  assert_int_equal(fetch(&in), 1);
  oh_inbound_fini(&in);
}

// The probe of a window of zero gets in: a peer that heeds it is not made to wait for its timer.
static void a_probe_of_a_full_window(void **state) {
  (void)state;
  struct oh_inbound in;
  oh_inbound_init(&in, FIRST_TSN);
  uint32_t taken = 0;
  for (; oh_inbound_window(&in); taken++)
    assert_int_equal(give(&in, FIRST_TSN + taken, (uint16_t)taken, 0, 1000), OH_INBOUND_TAKEN);
  assert_int_equal(give(&in, FIRST_TSN + taken, (uint16_t)taken, 0, 1000), OH_INBOUND_TAKEN);
  oh_inbound_fini(&in);
}

// A line that was dead for a second while small lossy messages were sent: all of them are given up at once.
static void many_given_up_at_once(void **state) {
  (void)state;
  struct oh_inbound in;
  oh_inbound_init(&in, FIRST_TSN);
  assert_int_equal(give(&in, FIRST_TSN, 0, OH_SCTP_UNORDERED, 10), OH_INBOUND_TAKEN);
  give(&in, FIRST_TSN + 5, 0, OH_SCTP_UNORDERED, 10); // above a gap
  uint32_t to = FIRST_TSN + 3 * OH_SCTP_TSNS_MAX;
  forward(&in, to);
  assert_int_equal(in.tsn, to);
  assert_false(oh_inbound_gap(&in));
  assert_int_equal(give(&in, to + 1, 0, OH_SCTP_UNORDERED, 10), OH_INBOUND_TAKEN);
  give(&in, to + 4, 0, OH_SCTP_UNORDERED, 10);
  assert_true(oh_inbound_gap(&in));
  assert_int_equal(fetch(&in), 4);
  assert_int_equal(in.memory_bytes, 0);
  oh_inbound_fini(&in);
}

// Many beginnings above a gap that shrinks by one at a time, as often as a peer likes: a few steps for each
// of them every time. One step for each pair made a packet of this cost a second of the worker.
static void beginnings_without_end(void **state) {
  (void)state;
  struct oh_inbound in;
  oh_inbound_init(&in, FIRST_TSN);
  enum { GAP = OH_SCTP_TSNS_MAX / 2, COUNT = OH_SCTP_TSNS_MAX - GAP - 2 };
  enum { THREE_PACKETS = 3 * 146 }; // of FORWARD-TSN and nothing else
  for (uint32_t i = 0; i < COUNT; i++)
    begin(&in, FIRST_TSN + GAP + i);
  clock_t before = clock(); // of the processor, not of the wall
  for (uint32_t i = 0; i < THREE_PACKETS; i++)
    forward(&in, FIRST_TSN + i);
  assert_true(clock() - before < CLOCKS_PER_SEC / 2);
  forward(&in, FIRST_TSN + GAP - 2);
  assert_int_equal(in.tsn, FIRST_TSN + GAP - 2);
  assert_true(oh_inbound_gap(&in));
  assert_int_equal(fetch(&in), 0);
  oh_inbound_fini(&in);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_peer_that_heeds_no_window),
      cmocka_unit_test(a_probe_of_a_full_window),
      cmocka_unit_test(many_given_up_at_once),
      cmocka_unit_test(beginnings_without_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
