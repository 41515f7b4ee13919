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

// Every reliable, ordered message arrives once, whole and in its stream's order, whatever the line does.
static void reliable_on_a_bad_line(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 16; seed++) {
    struct pair *p = connected(seed);
    make_bad(p, (int)(seed % 4) * 10);
    uint64_t sums[2][4][64];
    uint32_t counts[2][4] = {{0}};
    for (int round = 0; round < 30; round++) {
      for (int from = 0; from < 2; from++) {
        uint16_t stream = (uint16_t)(test_next(&p->line.seed) % 4);
        size_t len = 1 + test_next(&p->line.seed) % (round % 8 ? 500 : 9000);
        assert_true(send(p, from, stream, &reliable, len, &sums[from][stream][counts[from][stream]]));
        counts[from][stream]++;
      }
      line_run(&p->line, (int64_t)(test_next(&p->line.seed) % 50000));
    }
    line_run(&p->line, 120 * SECOND);
    for (int to = 0; to < 2; to++) {
      uint32_t seen[4] = {0};
      assert_int_equal(p->got[to].messages, 30);
      assert_int_equal(p->got[to].downs, 0);
      for (uint32_t i = 0; i < p->got[to].messages; i++) {
        uint16_t stream = p->got[to].kept[i].stream;
        assert_true(p->got[to].kept[i].sum == sums[!to][stream][seen[stream]++]);
      }
      assert_memory_equal(seen, counts[!to], sizeof seen);
    }
    close_pair(p);
  }
}

static void large_messages_on_a_bad_line(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    struct pair *p = connected(seed);
    make_bad(p, (int)(seed - 1) * 10);
    uint64_t sums[4];
    for (int i = 0; i < 3; i++)
      assert_true(send(p, 1, 3, &reliable, i == 1 ? OH_CHANNEL_MESSAGE_MAX : 200000, &sums[i]));
    assert_true(send(p, 1, 3, &reliable, 5, &sums[3]));
    line_run(&p->line, 600 * SECOND);
    assert_int_equal(p->got[0].messages, 4);
    for (int i = 0; i < 4; i++)
      assert_true(p->got[0].kept[i].sum == sums[i]);
    close_pair(p);
  }
}

// Unordered messages all arrive, and a lost one holds no other up.
static void unordered(void **state) {
  (void)state;
  struct pair *p = connected(5);
  struct oh_outbound_order order = reliable;
  order.unordered = true;
  uint64_t sum, total = 0, got = 0;
  p->line.loss_percent = 100; // exactly the first is lost
  assert_true(send(p, 0, 2, &order, 100, &sum));
  total += sum;
  p->line.loss_percent = 0;
  for (int i = 0; i < 3; i++) {
    assert_true(send(p, 0, 2, &order, 100, &sum));
    total += sum;
  }
  line_run(&p->line, 25000);
  assert_int_equal(p->got[1].messages, 3); // one way is 20 ms
  make_bad(p, 20);
  for (int i = 0; i < 300; i++) {
    assert_true(send(p, 0, 2, &order, 100, &sum));
    total += sum;
    line_run(&p->line, 3000);
  }
  line_run(&p->line, 60 * SECOND);
  assert_int_equal(p->got[1].messages, 304);
  for (int i = 0; i < 304; i++)
    got += p->got[1].kept[i].sum;
  assert_true(got == total);
  close_pair(p);
}

// Ordered streams do not wait for each other either.
static void a_loss_on_one_stream_holds_no_other_up(void **state) {
  (void)state;
  struct pair *p = connected(6);
  uint64_t sum;
  p->line.loss_percent = 100;
  assert_true(send(p, 0, 1, &reliable, 100, &sum));
  p->line.loss_percent = 0;
  assert_true(send(p, 0, 1, &reliable, 100, &sum));
  assert_true(send(p, 0, 2, &reliable, 2500, &sum));
  assert_true(send(p, 0, 2, &reliable, 100, &sum));
  line_run(&p->line, 25000);
  assert_int_equal(p->got[1].messages, 2);
  assert_int_equal(p->got[1].kept[0].stream, 2);
  assert_int_equal(p->got[1].kept[1].stream, 2);
  line_run(&p->line, 2 * SECOND);
  assert_int_equal(p->got[1].messages, 4);
  close_pair(p);
}

// maxRetransmits 0: what is lost stays lost, everything else arrives, and nothing gets stuck.
static void lossy(void **state) {
  (void)state;
  for (int ordered = 0; ordered < 2; ordered++) {
    struct pair *p = connected(9 + (uint64_t)ordered);
    const struct oh_outbound_order order = {
        .ppid = 53, .unordered = !ordered, .max_retransmits = 0, .expires_us = OH_NEVER};
    p->line.loss_percent = 10;
    uint64_t sums[1000];
    for (int i = 0; i < 1000; i++) {
      assert_true(send(p, 0, 2, &order, i % 10 ? 100 : 5000, &sums[i]));
      line_run(&p->line, 20000);
    }
    line_run(&p->line, 30 * SECOND);
    assert_true(p->got[1].messages > 750 && p->got[1].messages < 950);
    for (uint32_t i = 0, at = 0; ordered && i < p->got[1].messages; i++, at++) {
      while (at < 1000 && sums[at] != p->got[1].kept[i].sum)
        at++;
      assert_true(at < 1000); // in order
    }
    struct oh_sctp_stats stats;
    oh_sctp_read_stats(p->ends[0], &stats);
    assert_int_equal(stats.queued_bytes, 0);
    assert_int_equal(stats.resent, 0);
    p->line.loss_percent = 0;
    uint32_t before = p->got[1].messages;
    assert_true(send(p, 0, 2, &reliable, 70000, &sums[0]));
    line_run(&p->line, 5 * SECOND);
    assert_int_equal(p->got[1].messages, before + 1);
    assert_true(p->got[1].kept[before].sum == sums[0]);
    close_pair(p);
  }
}

// A lifetime: what cannot be delivered in time is given up, also if it has not been sent at all.
static void lifetime(void **state) {
  (void)state;
  struct pair *p = connected(12);
  uint64_t sum;
  p->line.loss_percent = 100;
  for (int i = 0; i < 200; i++) {
    const struct oh_outbound_order order = {
        .ppid = 53, .max_retransmits = -1, .expires_us = p->line.now_us + 100000};
    assert_true(send(p, 0, 2, &order, 1000, &sum));
  }
  line_run(&p->line, SECOND);
  p->line.loss_percent = 0;
  line_run(&p->line, 5 * SECOND);
  assert_int_equal(p->got[1].messages, 0);
  struct oh_sctp_stats stats;
  oh_sctp_read_stats(p->ends[0], &stats);
  assert_int_equal(stats.queued_bytes, 0);
  assert_true(send(p, 0, 2, &reliable, 1000, &sum));
  line_run(&p->line, 5 * SECOND);
  assert_int_equal(p->got[1].messages, 1);
  close_pair(p);
}

// What has been begun arrives, in spite of losses; what waited too long for its turn does not.
static void what_is_late_is_not_begun(void **state) {
  (void)state;
  struct pair *p = connected(14);
  uint64_t sum;
  p->line.loss_percent = 100;
  enum { MESSAGES = 200 };
  for (int i = 0; i < MESSAGES; i++) {
    struct oh_outbound_order order = reliable;
    order.begin_by_us = p->line.now_us + 100000;
    assert_true(send(p, 0, 2, &order, 1000, &sum));
  }
  line_run(&p->line, SECOND);
  p->line.loss_percent = 0;
  line_run(&p->line, 10 * SECOND);
  uint32_t begun = p->got[1].messages;
  struct oh_sctp_stats stats;
  oh_sctp_read_stats(p->ends[0], &stats);
  assert_in_range(begun, 1, MESSAGES / 10);
  assert_int_equal(stats.dropped, MESSAGES - begun);
  assert_int_equal(stats.queued_bytes, 0);
  struct oh_outbound_order order = reliable;
  order.begin_by_us = p->line.now_us + 100000;
  assert_true(send(p, 0, 2, &order, 1000, &sum));
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[1].messages, begun + 1);
  close_pair(p);
}

// The window opens with what is acknowledged, closes on loss; one loss is mended without waiting for T3.
static void congestion(void **state) {
  (void)state;
  struct pair *p = connected(13);
  struct oh_sctp_stats stats;
  uint64_t sums[4];
  oh_sctp_read_stats(p->ends[0], &stats);
  uint32_t first = stats.cwnd;
  assert_true(send(p, 0, 1, &reliable, 250000, &sums[0]));
  oh_sctp_read_stats(p->ends[0], &stats);
  assert_true(stats.flight > first / 2 && stats.flight <= first);
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[1].messages, 1);
  oh_sctp_read_stats(p->ends[0], &stats);
  assert_true(stats.cwnd > 4 * first);
  assert_true(stats.srtt_us > 39000 && stats.srtt_us < 160000);
  uint32_t wide = stats.cwnd;
  p->line.loss_percent = 100;
  assert_true(send(p, 0, 1, &reliable, 1000, &sums[1]));
  p->line.loss_percent = 0;
  int64_t sent_us = p->line.now_us;
  assert_true(send(p, 0, 1, &reliable, 20000, &sums[2]));
  while (p->got[1].messages < 3)
    assert_true(line_step(&p->line, OH_NEVER));
  assert_true(p->line.now_us - sent_us < 100000); // T3 is at least 400 ms
  line_run(&p->line, SECOND);
  oh_sctp_read_stats(p->ends[0], &stats);
  assert_int_equal(stats.resent, 1);
  assert_true(stats.cwnd <= wide / 2 + 2 * OH_SCTP_PACKET_MAX);
  p->line.loss_percent = 100; // and the whole flight
  assert_true(send(p, 0, 1, &reliable, 20000, &sums[3]));
  line_run(&p->line, SECOND);
  oh_sctp_read_stats(p->ends[0], &stats);
  assert_int_equal(stats.cwnd, OH_SCTP_PACKET_MAX);
  p->line.loss_percent = 0;
  line_run(&p->line, 5 * SECOND);
  assert_int_equal(p->got[1].messages, 4);
  assert_true(p->got[1].kept[3].sum == sums[3]);
  close_pair(p);
}

static void a_silent_peer_is_given_up(void **state) {
  (void)state;
  struct pair *p = connected(14);
  uint64_t sum;
  p->line.loss_percent = 100;
  assert_true(send(p, 0, 1, &reliable, 100, &sum));
  line_run(&p->line, 300 * SECOND);
  assert_int_equal(p->got[0].downs, 1);
  assert_true(oh_sctp_deadline(p->ends[0]) == OH_NEVER);
  assert_int_equal(p->world.counters.value[OH_COUNT_sctp_aborted], 1);
  line_run(&p->line, 1000 * SECOND); // and the other by its heartbeats
  assert_int_equal(p->got[1].downs, 1);
  close_pair(p);
}

// The sender's memory is full: a reliable message is refused, a lossy one pushes an older one out.
static void memory_is_bounded(void **state) {
  (void)state;
  struct pair *p = connected(15);
  uint64_t sum;
  const struct oh_outbound_order lossy_order = {.ppid = 53, .max_retransmits = 0, .expires_us = OH_NEVER};
  p->line.loss_percent = 100;
  int taken = 0;
  while (send(p, 0, 1, &lossy_order, 60000, &sum) && taken < 100)
    taken++;
  assert_int_equal(taken, 100);
  assert_false(send(p, 0, 2, &reliable, 60000, &sum));
  struct oh_sctp_stats stats;
  oh_sctp_read_stats(p->ends[0], &stats);
  assert_true(stats.queued_bytes <= OH_SCTP_SEND_MAX && stats.queued_bytes > OH_SCTP_SEND_MAX - 130000);
  close_pair(p);
}

static void stream_reset(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    struct pair *p = connected(seed + 40);
    make_bad(p, seed % 2 ? 0 : 20);
    uint64_t sums[20];
    for (int i = 0; i < 10; i++)
      assert_true(send(p, 0, 6, &reliable, 3000, &sums[i]));
    oh_sctp_reset(p->ends[0], p->line.now_us, 6);
    uint64_t sum;
    assert_false(send(p, 0, 6, &reliable, 10, &sum)); // it is closing
    line_run(&p->line, 60 * SECOND);
    assert_int_equal(p->got[1].messages, 10);
    assert_int_equal(p->got[1].ended, 1);
    assert_int_equal(p->got[0].reset, 1);
    for (int i = 10; i < 20; i++) // numbers start anew on both sides
      assert_true(send(p, 0, 6, &reliable, 3000, &sums[i]));
    line_run(&p->line, 60 * SECOND);
    assert_int_equal(p->got[1].messages, 20);
    for (int i = 0; i < 20; i++)
      assert_true(p->got[1].kept[i].sum == sums[i]);
    close_pair(p);
  }
}

// The peer's program was restarted: same line, new association.
static void restart(void **state) {
  (void)state;
  struct pair *p = connected(16);
  uint64_t sum;
  assert_true(send(p, 1, 1, &reliable, 100, &sum));
  line_run(&p->line, SECOND);
  oh_sctp_close(p->ends[0]);
  open_end(p, 0, false);
  oh_sctp_connect(p->ends[0], p->line.now_us);
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[0].ups, 2);
  assert_int_equal(p->got[1].restarts, 1);
  assert_int_equal(p->got[1].ups, 2);
  for (int from = 0; from < 2; from++)
    assert_true(send(p, from, 1, &reliable, 100, &sum));
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[0].messages, 2);
  assert_int_equal(p->got[1].messages, 1);
  close_pair(p);
}

static void shutdown_delivers_first(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 6; seed++) {
    struct pair *p = connected(seed + 60);
    make_bad(p, seed % 2 ? 0 : 20);
    uint64_t sum;
    assert_true(send(p, 0, 1, &reliable, 30000, &sum));
    oh_sctp_shutdown(p->ends[0], p->line.now_us);
    if (seed > 3) oh_sctp_shutdown(p->ends[1], p->line.now_us);
    line_run(&p->line, 120 * SECOND);
    for (int i = 0; i < 2; i++)
      assert_int_equal(p->got[i].downs, 1);
    assert_int_equal(p->got[1].messages, 1);
    close_pair(p);
  }
}

static void abort_ends_both(void **state) {
  (void)state;
  struct pair *p = connected(17);
  oh_sctp_abort(p->ends[0], p->line.now_us);
  fetch(&p->line, 0);
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[0].downs, 1);
  assert_int_equal(p->got[1].downs, 1);
  close_pair(p);
}

// RFC 9260 8.4: SHUTDOWN COMPLETE or ABORT is lost; who still waits is told again and does not try for a
// minute.
static void the_last_word_is_said_again(void **state) {
  (void)state;
  struct pair *p = connected(61);
  oh_sctp_shutdown(p->ends[0], p->line.now_us);
  while (!p->got[0].downs)
    assert_true(line_step(&p->line, OH_NEVER));
  assert_int_equal(p->got[1].downs, 0);
  p->line.count = 0; // SHUTDOWN COMPLETE is lost
  line_run(&p->line, 2 * SECOND);
  assert_int_equal(p->got[1].downs, 1);
  close_pair(p);
}

static void a_lost_abort_is_said_again(void **state) {
  (void)state;
  struct pair *p = connected(62);
  oh_sctp_abort(p->ends[0], p->line.now_us);
  p->line.count = 0;
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[1].downs, 0);
  uint64_t sum, sent = p->line.sent[0];
  assert_true(send(p, 1, 0, &reliable, 5, &sum));
  line_run(&p->line, SECOND);
  assert_int_equal(p->got[1].downs, 1);
  assert_int_equal(p->line.sent[0], sent + 1); // and what ends is not answered: no talk without end
  line_run(&p->line, 60 * SECOND);
  assert_int_equal(p->line.sent[0], sent + 1);
  close_pair(p);
}

static void zero_checksum(void **state) {
  (void)state;
  for (int both = 0; both < 2; both++) {
    struct pair *p = open_pair(18);
    for (int i = 0; i < 2; i++) {
      oh_sctp_close(p->ends[i]);
      open_end(p, i, i == 0 || both);
    }
    oh_sctp_connect(p->ends[0], p->line.now_us);
    line_run(&p->line, SECOND);
    uint64_t sum;
    assert_true(send(p, 0, 1, &reliable, 30000, &sum));
    line_run(&p->line, SECOND);
    assert_int_equal(p->got[1].messages, 1);
    struct oh_sctp_stats stats;
    for (int i = 0; i < 2; i++) {
      oh_sctp_read_stats(p->ends[i], &stats);
      assert_true(stats.zero_checksum == both);
    }
    close_pair(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connects_and_carries),
      cmocka_unit_test(both_connect_at_once),
      cmocka_unit_test(reliable_on_a_bad_line),
      cmocka_unit_test(large_messages_on_a_bad_line),
      cmocka_unit_test(unordered),
      cmocka_unit_test(a_loss_on_one_stream_holds_no_other_up),
      cmocka_unit_test(lossy),
      cmocka_unit_test(lifetime),
      cmocka_unit_test(what_is_late_is_not_begun),
      cmocka_unit_test(congestion),
      cmocka_unit_test(a_silent_peer_is_given_up),
      cmocka_unit_test(memory_is_bounded),
      cmocka_unit_test(stream_reset),
      cmocka_unit_test(restart),
      cmocka_unit_test(shutdown_delivers_first),
      cmocka_unit_test(abort_ends_both),
      cmocka_unit_test(the_last_word_is_said_again),
      cmocka_unit_test(a_lost_abort_is_said_again),
      cmocka_unit_test(zero_checksum),
  };
  return cmocka_run_group_tests_name("sctp", tests, NULL, NULL);
}
