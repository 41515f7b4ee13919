// sctp.c — two associations against each other in virtual time, over lines good and bad.
#include "rtc/sctp.h"
#include "tests/unit/rtc/wire_pair.h"
#include <stdbool.h>

enum { KEPT_MAX = 4096, SECOND = 1000000 };

struct got { // what one end was told
  uint32_t ups, downs, restarts, messages, ended, reset;
  struct {
    uint16_t stream;
    uint32_t ppid, len;
    uint64_t sum;
  } kept[KEPT_MAX];
};
struct pair {
  struct line line;
  struct line_end doors[2];
  uint64_t random_seed;
  struct oh_world world;
  struct oh_sctp *ends[2];
  struct got *got;
};

static uint64_t sum_of(const uint8_t *data, size_t len) {
  uint64_t sum = 14695981039346656037u;
  for (size_t i = 0; i < len; i++)
    sum = (sum ^ data[i]) * 1099511628211u;
  return sum;
}

static void end_recv(void *end, int64_t now_us, const uint8_t *packet, size_t len) {
  oh_sctp_recv(end, now_us, packet, len);
}
static void end_tick(void *end, int64_t now_us) {
  oh_sctp_tick(end, now_us);
}
static int64_t end_deadline(void *end) {
  return oh_sctp_deadline(end);
}
static void fetch(struct line *line, int who) {
  struct pair *p = (struct pair *)line;
  struct got *got = &p->got[who];
  struct oh_sctp_event e;
  while (oh_sctp_next(p->ends[who], &e)) {
    if (e.type == OH_SCTP_UP) got->ups++;
    if (e.type == OH_SCTP_DOWN) got->downs++;
    if (e.type == OH_SCTP_RESTARTED) got->restarts++;
    if (e.type == OH_SCTP_STREAM_ENDED) got->ended++;
    if (e.type == OH_SCTP_STREAM_RESET) got->reset++;
    if (e.type != OH_SCTP_MESSAGE) continue;
    assert_true(got->messages < KEPT_MAX);
    got->kept[got->messages].stream = e.stream;
    got->kept[got->messages].ppid = e.ppid;
    got->kept[got->messages].len = (uint32_t)e.data.len;
    got->kept[got->messages++].sum = sum_of(e.data.data, e.data.len);
  }
  struct oh_sctp_stats stats;
  oh_sctp_read_stats(p->ends[who], &stats);
  assert_true(stats.queued_bytes <= OH_SCTP_SEND_MAX);
  assert_true(stats.receive_bytes <= OH_SCTP_RECEIVE_MAX + OH_SCTP_PACKET_MAX + OH_CHANNEL_MESSAGE_MAX);
}

static void open_end(struct pair *p, int i, bool zero_checksum) {
  p->ends[i] = oh_sctp_open(
      &p->world,
      &(struct oh_sctp_config){.send = line_send, .ctx = &p->doors[i], .zero_checksum = zero_checksum});
  p->line.ends[i] = p->ends[i];
}

static struct pair *open_pair(uint64_t seed) {
  struct pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  line_init(&p->line, seed);
  p->line.recv = end_recv;
  p->line.tick = end_tick;
  p->line.deadline = end_deadline;
  p->line.after = fetch;
  p->random_seed = seed ^ 77;
  p->world.random = test_random(&p->random_seed);
  p->got = calloc(2, sizeof *p->got);
  assert_non_null(p->got);
  for (int i = 0; i < 2; i++) {
    p->doors[i] = (struct line_end){&p->line, i};
    open_end(p, i, false);
  }
  return p;
}
static void close_pair(struct pair *p) {
  oh_sctp_close(p->ends[0]);
  oh_sctp_close(p->ends[1]);
  line_fini(&p->line);
  free(p->got);
  free(p);
}
static struct pair *connected(uint64_t seed) {
  struct pair *p = open_pair(seed);
  oh_sctp_connect(p->ends[0], p->line.now_us);
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[0].ups, 1);
  assert_int_equal(p->got[1].ups, 1);
  return p;
}
static void make_bad(struct pair *p, int loss_percent) {
  p->line.loss_percent = loss_percent;
  p->line.double_percent = 5;
  p->line.late_percent = 20;
}

static const struct oh_outbound_order reliable = {.ppid = 53, .max_retransmits = -1, .expires_us = OH_NEVER};

static bool send(struct pair *p, int from, uint16_t stream, const struct oh_outbound_order *order, size_t len,
                 uint64_t *sum) {
  uint8_t *data = malloc(len);
  assert_non_null(data);
  for (size_t i = 0; i < len; i++)
    data[i] = (uint8_t)test_next(&p->line.seed);
  *sum = sum_of(data, len);
  bool sent = oh_sctp_send(p->ends[from], p->line.now_us, stream, order, (struct oh_bytes){data, len});
  free(data);
  return sent;
}

static void connects_and_carries(void **state) {
  (void)state;
  struct pair *p = connected(1);
  uint64_t sum;
  assert_true(send(p, 0, 0, &reliable, 5, &sum));
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[1].messages, 1);
  assert_int_equal(p->got[1].kept[0].len, 5);
  assert_true(p->got[1].kept[0].sum == sum);
  assert_true(send(p, 1, 7, &reliable, 200000, &sum));
  line_run(&p->line, 5 * SECOND);
  assert_int_equal(p->got[0].messages, 1);
  assert_int_equal(p->got[0].kept[0].stream, 7);
  assert_true(p->got[0].kept[0].sum == sum);
  assert_true(p->line.biggest <= OH_SCTP_PACKET_MAX);
  close_pair(p);
}

static void both_connect_at_once(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    struct pair *p = open_pair(seed);
    make_bad(p, seed % 2 ? 0 : 20);
    oh_sctp_connect(p->ends[0], p->line.now_us);
    oh_sctp_connect(p->ends[1], p->line.now_us);
    line_run(&p->line, 20 * SECOND);
    uint64_t sums[2];
    for (int i = 0; i < 2; i++) {
      assert_int_equal(p->got[i].ups, 1);
      assert_true(send(p, i, 1, &reliable, 3000, &sums[!i]));
    }
    line_run(&p->line, 20 * SECOND);
    for (int i = 0; i < 2; i++) {
      assert_int_equal(p->got[i].messages, 1);
      assert_true(p->got[i].kept[0].sum == sums[i]);
    }
    close_pair(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connects_and_carries),
      cmocka_unit_test(both_connect_at_once),
  };
  return cmocka_run_group_tests_name("sctp", tests, NULL, NULL);
}
