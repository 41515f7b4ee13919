// datachannel.c — data channels between a DTLS client and a server, over a line good and bad.
#include "rtc/datachannel.h"
#include "tests/unit/rtc/wire_pair.h"
#include <stdbool.h>

enum { SECOND = 1000000, EVENTS_MAX = 1024 };

struct seen {
  struct oh_channel_event event;
  char text[64]; // label or the message's beginning
  size_t len;
};
struct pair {
  struct line line;
  struct line_end doors[2];
  uint64_t random_seed;
  struct oh_world world;
  struct oh_channels *ends[2]; // 0: the DTLS client
  struct seen seen[2][EVENTS_MAX];
  uint32_t count[2];
};

static void end_recv(void *end, int64_t now_us, const uint8_t *packet, size_t len) {
  oh_channels_recv(end, now_us, packet, len);
}
static void end_tick(void *end, int64_t now_us) {
  oh_channels_tick(end, now_us);
}
static int64_t end_deadline(void *end) {
  return oh_channels_deadline(end);
}
static void fetch(struct line *line, int who) {
  struct pair *p = (struct pair *)line;
  struct oh_channel_event e;
  while (oh_channels_next(p->ends[who], line->now_us, &e)) {
    assert_true(p->count[who] < EVENTS_MAX);
    struct seen *seen = &p->seen[who][p->count[who]++];
    seen->event = e;
    bool opened = e.type == OH_CHANNEL_OPEN && !e.ours;
    seen->len = opened ? e.settings.label.len : e.data.len;
    const void *from = opened ? (const void *)e.settings.label.data : e.data.data;
    if (seen->len) memcpy(seen->text, from, seen->len < 63 ? seen->len : 63);
  }
}
static struct pair *connected(uint64_t seed) {
  struct pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  line_init(&p->line, seed);
  p->line.recv = end_recv;
  p->line.tick = end_tick;
  p->line.deadline = end_deadline;
  p->line.after = fetch;
  p->random_seed = seed;
  p->world.random = test_random(&p->random_seed);
  for (int i = 0; i < 2; i++) {
    p->doors[i] = (struct line_end){&p->line, i};
    p->ends[i] = oh_channels_open(
        &p->world,
        &(struct oh_channels_config){.send = line_send, .ctx = &p->doors[i], .dtls_client = i == 0});
    p->line.ends[i] = p->ends[i];
  }
  oh_channels_connect(p->ends[0], p->line.now_us);
  line_run(&p->line, SECOND);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(p->count[i], 1);
    assert_int_equal(p->seen[i][0].event.type, OH_CHANNELS_UP);
    p->count[i] = 0;
  }
  return p;
}
static void close_pair(struct pair *p) {
  oh_channels_close(p->ends[0]);
  oh_channels_close(p->ends[1]);
  line_fini(&p->line);
  free(p);
}
static struct oh_dcep_open named(const char *label) {
  return (struct oh_dcep_open){.max_retransmits = -1, .lifetime_ms = -1, .label = oh_str(label)};
}
static struct oh_bytes text(const char *s) {
  return (struct oh_bytes){(const uint8_t *)s, strlen(s)};
}

static void both_open_and_talk(void **state) {
  (void)state;
  struct pair *p = connected(1);
  struct oh_dcep_open reliable = named("_reliable"), lossy = named("_lossy");
  lossy.unordered = true;
  lossy.max_retransmits = 0;
  assert_int_equal(oh_channel_open(p->ends[0], p->line.now_us, &reliable), 0);
  assert_int_equal(oh_channel_open(p->ends[0], p->line.now_us, &lossy), 2);
  assert_int_equal(oh_channel_open(p->ends[1], p->line.now_us, &lossy), 1);
  assert_true(oh_channel_send(p->ends[0], p->line.now_us, 0, true, text("at once")));
  line_run(&p->line, SECOND);
  assert_int_equal(p->count[1], 4); // two opened, a message, and its own is confirmed
  const struct seen *seen = p->seen[1];
  assert_int_equal(seen[0].event.type, OH_CHANNEL_OPEN);
  assert_string_equal(seen[0].text, "_reliable");
  assert_false(seen[0].event.settings.unordered);
  assert_string_equal(seen[1].text, "_lossy");
  assert_true(seen[1].event.settings.unordered);
  assert_int_equal(seen[1].event.settings.max_retransmits, 0);
  assert_int_equal(seen[1].event.channel, 2);
  assert_int_equal(p->count[0], 3);
  p->count[0] = 0;
  assert_true(oh_channel_send(p->ends[1], p->line.now_us, 0, false, (struct oh_bytes){NULL, 0}));
  assert_true(oh_channel_send(p->ends[1], p->line.now_us, 1, true, text("hi")));
  line_run(&p->line, SECOND);
  assert_int_equal(p->count[0], 2);
  assert_int_equal(p->seen[0][0].len, 0);
  assert_false(p->seen[0][0].event.text);
  assert_int_equal(p->seen[0][1].event.channel, 1);
  assert_true(p->seen[0][1].event.text);
  close_pair(p);
}

static void closing_frees_the_number(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    struct pair *p = connected(seed);
    p->line.loss_percent = seed % 2 ? 0 : 20;
    struct oh_dcep_open settings = named("a");
    for (int round = 0; round < 3; round++) {
      p->count[0] = p->count[1] = 0;
      uint16_t n = (uint16_t)oh_channel_open(p->ends[0], p->line.now_us, &settings);
      assert_true(oh_channel_send(p->ends[0], p->line.now_us, n, true, text("last words")));
      oh_channel_close(p->ends[round == 1], p->line.now_us, n); // in round 1 before it has come: nothing
      line_run(&p->line, 30 * SECOND);
      if (round == 1) oh_channel_close(p->ends[1], p->line.now_us, n);
      line_run(&p->line, 30 * SECOND);
      assert_int_equal(p->seen[1][1].event.type, OH_CHANNEL_MESSAGE);
      for (int i = 0; i < 2; i++)
        assert_int_equal(p->seen[i][p->count[i] - 1].event.type, OH_CHANNEL_CLOSED);
      assert_false(oh_channel_send(p->ends[0], p->line.now_us, n, true, text("x")));
    }
    close_pair(p);
  }
}

static void the_65th_is_refused(void **state) {
  (void)state;
  struct pair *p = connected(3);
  struct oh_dcep_open settings = named("many");
  for (int i = 0; i < OH_CHANNELS_MAX; i++)
    assert_int_equal(oh_channel_open(p->ends[0], p->line.now_us, &settings), 2 * i);
  assert_int_equal(oh_channel_open(p->ends[0], p->line.now_us, &settings), -1);
  line_run(&p->line, SECOND);
  assert_int_equal(oh_channel_open(p->ends[1], p->line.now_us, &settings), -1);
  oh_channel_close(p->ends[0], p->line.now_us, 6);
  line_run(&p->line, 5 * SECOND);
  assert_true(oh_channel_open(p->ends[0], p->line.now_us, &settings) > 0);
  close_pair(p);
}

// A peer that opens our numbers, or with a label longer than we take, has that stream reset and nothing else.
static void a_bad_open_is_reset(void **state) {
  (void)state;
  struct pair *p = connected(4);
  struct oh_sctp *raw = (struct oh_sctp *)oh_channels_sctp(p->ends[0]);
  const struct oh_outbound_order order = {
      .ppid = OH_PPID_DCEP, .max_retransmits = -1, .expires_us = OH_NEVER};
  char label[OH_CHANNEL_LABEL_MAX + 2];
  memset(label, 'x', sizeof label);
  label[sizeof label - 1] = 0;
  struct oh_dcep_open bad[2] = {named("yours"), named(label)};
  for (uint16_t i = 0; i < 2; i++) {
    uint8_t bytes[400];
    struct oh_writer w = oh_writer(bytes, sizeof bytes);
    oh_dcep_write_open(&w, &bad[i]);
    uint16_t stream = i ? 8 : 9;
    assert_true(
        oh_sctp_send(raw, p->line.now_us, stream, &order, (struct oh_bytes){bytes, oh_writer_len(&w)}));
  }
  line_run(&p->line, 5 * SECOND);
  assert_int_equal(p->count[1], 0);
  assert_int_equal(p->world.counters.value[OH_COUNT_channel_refused], 2);
  struct oh_dcep_open good = named("good");
  assert_int_equal(oh_channel_open(p->ends[0], p->line.now_us, &good), 0);
  line_run(&p->line, SECOND);
  assert_string_equal(p->seen[1][0].text, "good");
  close_pair(p);
}

static void down_ends_all(void **state) {
  (void)state;
  struct pair *p = connected(5);
  struct oh_dcep_open settings = named("a");
  oh_channel_open(p->ends[0], p->line.now_us, &settings);
  line_run(&p->line, SECOND);
  oh_sctp_abort((struct oh_sctp *)oh_channels_sctp(p->ends[0]), p->line.now_us);
  line_run(&p->line, SECOND);
  assert_int_equal(p->seen[1][p->count[1] - 1].event.type, OH_CHANNELS_DOWN);
  assert_false(oh_channel_send(p->ends[1], p->line.now_us, 0, true, text("x")));
  close_pair(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_open_and_talk),  cmocka_unit_test(closing_frees_the_number),
      cmocka_unit_test(the_65th_is_refused), cmocka_unit_test(a_bad_open_is_reset),
      cmocka_unit_test(down_ends_all),
  };
  return cmocka_run_group_tests_name("datachannel", tests, NULL, NULL);
}
