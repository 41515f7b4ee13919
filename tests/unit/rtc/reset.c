// reset.c — requests to end streams, as other SCTPs make and answer them when data before them is still
// missing.
#include "rtc/reset.h"
#include "tests/unit/test.h"

enum { OURS = 1000, THEIRS = 5000, STREAM = 2 };

struct desk {
  struct oh_reset reset;
  struct oh_inbound in;
  struct oh_outbound out;
};

static void open_desk(struct desk *d) {
  oh_inbound_init(&d->in, THEIRS);
  oh_outbound_init(&d->out, OURS);
  oh_reset_init(&d->reset, OURS, THEIRS);
}
static void close_desk(struct desk *d) {
  oh_inbound_fini(&d->in);
  oh_outbound_fini(&d->out);
}

// The peer asks to end STREAM after `last_tsn`: what it is answered.
static uint32_t ask(struct desk *d, uint32_t request, uint32_t last_tsn) {
  uint8_t bytes[64], answer[64];
  struct oh_writer w = oh_writer(bytes, sizeof bytes), to = oh_writer(answer, sizeof answer);
  uint8_t *parameter = oh_sctp_open_parameter(&w, OH_SCTP_RESET_OUTGOING);
  oh_write_u32_be(&w, request);
  oh_write_u32_be(&w, OURS - 1);
  oh_write_u32_be(&w, last_tsn);
  oh_write_u16_be(&w, STREAM);
  oh_sctp_close_chunk(&w, parameter);
  oh_reset_recv(&d->reset, 1, &d->in, &d->out, (struct oh_bytes){bytes, oh_writer_len(&w)}, &to);
  assert_int_equal(oh_writer_len(&to), 4 + 12);
  assert_int_equal(oh_load_u32_be(answer + 8), request);
  return oh_load_u32_be(answer + 12);
}

static void arrives(struct desk *d, uint32_t tsn) {
  static const uint8_t byte[1];
  const struct oh_sctp_data data = {.tsn = tsn,
                                    .stream = 4,
                                    .ppid = 53,
                                    .flags = OH_SCTP_BEGIN | OH_SCTP_END | OH_SCTP_UNORDERED,
                                    .payload = {byte, 1}};
  assert_int_equal(oh_inbound_recv(&d->in, &data), OH_INBOUND_TAKEN);
}

// dcsctp (Chromium, rtc-node) asks again under the next number, usrsctp, pion and we under the same one.
static void asked_again_after_in_progress(void **state) {
  (void)state;
  for (int anew = 0; anew < 2; anew++) {
    struct desk d;
    open_desk(&d);
    uint32_t request = THEIRS;
    assert_int_equal(ask(&d, request, THEIRS), OH_SCTP_IN_PROGRESS);
    if (anew) assert_int_equal(ask(&d, ++request, THEIRS), OH_SCTP_IN_PROGRESS);
    arrives(&d, THEIRS);
    if (anew) request++;
    assert_int_equal(ask(&d, request, THEIRS), OH_SCTP_PERFORMED);
    assert_int_equal(oh_reset_take(d.reset.ended), STREAM);
    assert_int_equal(ask(&d, request, THEIRS), OH_SCTP_PERFORMED); // its answer was lost: not done twice
    assert_int_equal(oh_reset_take(d.reset.ended), -1);
    assert_int_equal(ask(&d, request + 2, THEIRS), OH_SCTP_BAD_SEQUENCE);
    assert_int_equal(ask(&d, request + 1, THEIRS), OH_SCTP_PERFORMED); // and later ones go on from there
    close_desk(&d);
  }
}

static uint32_t our_request(struct desk *d, int64_t now_us) {
  uint8_t bytes[64];
  struct oh_writer w = oh_writer(bytes, sizeof bytes);
  assert_true(oh_reset_due(&d->reset, now_us, &d->out));
  oh_reset_write(&d->reset, now_us, &d->out, &w);
  return oh_load_u32_be(bytes + 8);
}

static void answered(struct desk *d, int64_t now_us, uint32_t request, uint32_t result) {
  uint8_t bytes[16], nothing[64];
  struct oh_writer w = oh_writer(bytes, sizeof bytes), to = oh_writer(nothing, sizeof nothing);
  uint8_t *parameter = oh_sctp_open_parameter(&w, OH_SCTP_RESET_RESPONSE);
  oh_write_u32_be(&w, request);
  oh_write_u32_be(&w, result);
  oh_sctp_close_chunk(&w, parameter);
  oh_reset_recv(&d->reset, now_us, &d->in, &d->out, (struct oh_bytes){bytes, oh_writer_len(&w)}, &to);
  assert_int_equal(oh_writer_len(&to), 0);
}

static void acknowledge(struct desk *d, uint32_t tsn) {
  assert_true(oh_outbound_sack(&d->out, 2, &(struct oh_sctp_sack){.tsn = tsn, .window = 100000}));
}

// dcsctp repeats "in progress" to the same number for ever, even when it has everything.
static void told_in_progress(void **state) {
  (void)state;
  static const uint8_t byte[1];
  struct desk d;
  open_desk(&d);
  d.out.window = 100000;
  const struct oh_outbound_order order = {.ppid = 53, .max_retransmits = -1, .expires_us = OH_NEVER};
  assert_true(oh_outbound_add(&d.out, STREAM, &order, (struct oh_bytes){byte, 1}));
  uint8_t packet[OH_SCTP_PACKET_MAX];
  struct oh_writer w = oh_writer(packet, sizeof packet);
  assert_true(oh_outbound_write(&d.out, 1, &w));
  oh_reset_ask(&d.reset, &d.out, STREAM);
  assert_int_equal(our_request(&d, 1), OURS);
  answered(&d, 2, OURS, OH_SCTP_IN_PROGRESS); // the data is not there yet: the same request again (RFC 6525)
  assert_int_equal(our_request(&d, d.reset.resend_us), OURS);
  acknowledge(&d, OURS);
  answered(&d, 3, OURS, OH_SCTP_IN_PROGRESS); // it is, so this was said from memory
  assert_int_equal(our_request(&d, d.reset.resend_us), OURS + 1);
  answered(&d, 4, OURS + 1, OH_SCTP_PERFORMED);
  assert_int_equal(oh_reset_take(d.reset.done), STREAM);
  assert_int_equal(d.reset.resend_us, OH_NEVER);
  close_desk(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(asked_again_after_in_progress),
      cmocka_unit_test(told_in_progress),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
