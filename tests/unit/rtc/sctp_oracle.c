// sctp_oracle.c — our association against Debian's usrsctp, in memory, over a line that loses, doubles and
// reorders: reliable and partially reliable messages, streams that are reset and used again. usrsctp reads
// the wall clock, so this runs in real time.
#include "rtc/sctp.h"
#include "tests/unit/test.h"
#include <stdbool.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <usrsctp.h>

enum { QUEUE_MAX = 4096, MESSAGES = 250, MORE = 40, BIG = 200000, OUR_RESET = 2, THEIR_RESET = 1 };

struct late { // a packet on its way
  int64_t at_us;
  bool to_us;
  size_t len;
  uint8_t bytes[1600];
};
struct stage {
  struct oh_world world;
  uint64_t seed;
  struct oh_sctp *ours;
  struct socket *theirs;
  struct late *queue;
  uint32_t queued;
  int loss_percent;
  bool partial; // two of three messages may be lost
  bool up, theirs_up, ended, theirs_ended, down, our_end, our_reset;
  uint32_t got_ours, got_theirs, bad, lost;  // got: those that may not be lost
  uint32_t expect_ours[4], expect_theirs[4]; // next number per stream
  uint8_t *whole;                            // usrsctp hands large messages over in parts
  size_t whole_len;
};

static int64_t clock_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void put(struct stage *s, bool to_us, const void *data, size_t len) {
  int copies = test_next(&s->seed) % 20 == 0 ? 2 : 1;
  if ((int)(test_next(&s->seed) % 100) < s->loss_percent) return;
  for (int i = 0; i < copies && s->queued < QUEUE_MAX; i++) {
    struct late *l = &s->queue[s->queued++];
    int64_t more_us = test_next(&s->seed) % 10 ? 0 : 6000;
    *l = (struct late){.at_us = clock_us() + 3000 + more_us, .to_us = to_us, .len = len};
    assert_true(len <= sizeof l->bytes);
    memcpy(l->bytes, data, len);
  }
}

static void our_packet(void *ctx, int64_t now_us, const uint8_t *packet, size_t len) {
  (void)now_us;
  put(ctx, false, packet, len);
}
static int their_packet(void *ctx, void *buffer, size_t len, uint8_t tos, uint8_t set_df) {
  (void)tos;
  (void)set_df;
  put(ctx, true, buffer, len);
  return 0;
}

// A message: [number, 4][length, 4][bytes that follow from the number].
static void make(uint8_t *data, uint32_t number, uint32_t len) {
  oh_store_u32_be(data, number);
  oh_store_u32_be(data + 4, len);
  for (uint32_t i = 8; i < len; i++)
    data[i] = (uint8_t)(number * 7 + i);
}
static uint32_t length_of(uint32_t number) {
  return number == 100 ? BIG : 8 + number * 37 % 3000;
}
static bool may_be_lost(const struct stage *s, uint32_t number) {
  return s->partial && number < MESSAGES && number % 3 != 0;
}
static uint32_t due(const struct stage *s, uint32_t count) { // of the first `count`
  uint32_t all = 0;
  for (uint32_t i = 0; i < count; i++)
    all += !may_be_lost(s, i);
  return all;
}
// 1 for a message that had to come.
static uint32_t judge(struct stage *s, uint32_t *expect, uint16_t stream, const uint8_t *data, size_t len) {
  static uint8_t right[BIG];
  uint32_t number = len >= 8 ? oh_load_u32_be(data) : UINT32_MAX;
  for (; stream < 4 && expect[stream] < number && may_be_lost(s, expect[stream]); expect[stream] += 4)
    s->lost++;
  if (stream > 3 || number % 4 != stream || number != expect[stream] || len != length_of(number)) {
    s->bad++;
    return 0;
  }
  make(right, number, (uint32_t)len);
  if (memcmp(right, data, len) != 0) s->bad++;
  expect[stream] += 4;
  return !may_be_lost(s, number);
}

static int their_event(struct socket *socket, union sctp_sockstore addr, void *data, size_t len,
                       struct sctp_rcvinfo info, int flags, void *ctx) {
  (void)socket;
  (void)addr;
  struct stage *s = ctx;
  if (!data) return 1;
  if (flags & MSG_NOTIFICATION) {
    const union sctp_notification *n = data;
    if (n->sn_header.sn_type == SCTP_ASSOC_CHANGE && n->sn_assoc_change.sac_state == SCTP_COMM_UP)
      s->theirs_up = true;
    if (n->sn_header.sn_type == SCTP_ASSOC_CHANGE && n->sn_assoc_change.sac_state != SCTP_COMM_UP)
      s->theirs_ended = true;
    if (n->sn_header.sn_type == SCTP_STREAM_RESET_EVENT &&
        n->sn_strreset_event.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN)
      s->ended = true;
  } else {
    assert_true(s->whole_len + len <= BIG);
    memcpy(s->whole + s->whole_len, data, len);
    s->whole_len += len;
    if (flags & MSG_EOR) {
      s->got_theirs += judge(s, s->expect_theirs, info.rcv_sid, s->whole, s->whole_len);
      s->whole_len = 0;
    }
  }
  free(data);
  return 1;
}

static void fetch(struct stage *s) {
  struct oh_sctp_event e;
  while (oh_sctp_next(s->ours, &e)) {
    if (e.type == OH_SCTP_UP) s->up = true;
    if (e.type == OH_SCTP_DOWN) s->down = true;
    if (e.type == OH_SCTP_STREAM_ENDED && e.stream == THEIR_RESET) s->our_end = true;
    if (e.type == OH_SCTP_STREAM_RESET && e.stream == OUR_RESET) s->our_reset = true;
    if (e.type == OH_SCTP_MESSAGE) s->got_ours += judge(s, s->expect_ours, e.stream, e.data.data, e.data.len);
  }
}

static void pump(struct stage *s, int64_t *ticked_us) {
  int64_t now_us = clock_us();
  for (uint32_t i = 0; i < s->queued;) {
    if (s->queue[i].at_us > now_us) {
      i++;
      continue;
    }
    struct late l = s->queue[i];
    s->queued--;
    memmove(&s->queue[i], &s->queue[i + 1], (s->queued - i) * sizeof l);
    if (l.to_us)
      oh_sctp_recv(s->ours, now_us, l.bytes, l.len);
    else
      usrsctp_conninput(s, l.bytes, l.len, 0);
    fetch(s);
  }
  if (oh_sctp_deadline(s->ours) <= now_us) oh_sctp_tick(s->ours, now_us);
  fetch(s);
  if (now_us - *ticked_us >= 10000) {
    usrsctp_handle_timers((uint32_t)((now_us - *ticked_us) / 1000));
    *ticked_us = now_us;
  }
  usleep(500);
}

static void set(struct socket *socket, int name, const void *value, size_t len) {
  assert_int_equal(usrsctp_setsockopt(socket, IPPROTO_SCTP, name, value, (socklen_t)len), 0);
}

static void open_theirs(struct stage *s) {
  s->theirs = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, their_event, NULL, 0, s);
  assert_non_null(s->theirs);
  usrsctp_set_non_blocking(s->theirs, 1);
  int on = 1, size = 1 << 20, point = 1 << 20;
  usrsctp_setsockopt(s->theirs, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  usrsctp_setsockopt(s->theirs, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  set(s->theirs, SCTP_NODELAY, &on, sizeof on);
  set(s->theirs, SCTP_PARTIAL_DELIVERY_POINT, &point, sizeof point); // its ordering fault shows without
  struct sctp_assoc_value reset = {.assoc_id = SCTP_ALL_ASSOC, .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ};
  set(s->theirs, SCTP_ENABLE_STREAM_RESET, &reset, sizeof reset);
  static const uint16_t wanted[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT};
  for (size_t i = 0; i < 2; i++) {
    struct sctp_event event = {.se_assoc_id = SCTP_ALL_ASSOC, .se_type = wanted[i], .se_on = 1};
    set(s->theirs, SCTP_EVENT, &event, sizeof event);
  }
  struct sctp_initmsg init = {.sinit_num_ostreams = 16, .sinit_max_instreams = 16};
  set(s->theirs, SCTP_INITMSG, &init, sizeof init);
  struct sockaddr_conn here = {.sconn_family = AF_CONN, .sconn_port = htons(5000), .sconn_addr = s};
  assert_int_equal(usrsctp_bind(s->theirs, (struct sockaddr *)&here, sizeof here), 0);
}

static struct stage *open_stage(uint64_t seed, int loss_percent) {
  struct stage *s = calloc(1, sizeof *s);
  assert_non_null(s);
  s->seed = seed;
  s->loss_percent = loss_percent;
  s->world.random = test_random(&s->seed);
  s->queue = malloc(QUEUE_MAX * sizeof *s->queue);
  s->whole = malloc(BIG);
  assert_true(s->queue && s->whole);
  for (uint32_t i = 0; i < 4; i++)
    s->expect_ours[i] = s->expect_theirs[i] = i;
  usrsctp_register_address(s);
  s->ours = oh_sctp_open(&s->world, &(struct oh_sctp_config){.send = our_packet, .ctx = s});
  open_theirs(s);
  return s;
}

static void close_stage(struct stage *s) {
  usrsctp_close(s->theirs);
  usrsctp_deregister_address(s);
  oh_sctp_close(s->ours);
  free(s->queue);
  free(s->whole);
  free(s);
}

static bool their_send(struct stage *s, uint32_t number) {
  static uint8_t data[BIG];
  make(data, number, length_of(number));
  struct sctp_sendv_spa how = {.sendv_flags = SCTP_SEND_SNDINFO_VALID,
                               .sendv_sndinfo = {.snd_sid = (uint16_t)(number % 4), .snd_ppid = htonl(53)}};
  if (may_be_lost(s, number)) {
    how.sendv_flags |= SCTP_SEND_PRINFO_VALID;
    how.sendv_prinfo.pr_policy = SCTP_PR_SCTP_RTX; // pr_value 0: never sent again
  }
  return usrsctp_sendv(s->theirs, data, length_of(number), NULL, 0, &how, sizeof how, SCTP_SENDV_SPA, 0) ==
         (ssize_t)length_of(number);
}

static bool our_send(struct stage *s, uint32_t number) {
  static uint8_t data[BIG];
  make(data, number, length_of(number));
  const struct oh_outbound_order order = {
      .ppid = 53, .max_retransmits = may_be_lost(s, number) ? 0 : -1, .expires_us = OH_NEVER};
  return oh_sctp_send(s->ours, clock_us(), (uint16_t)(number % 4), &order,
                      (struct oh_bytes){data, length_of(number)});
}

enum opening { WE_CONNECT, THEY_CONNECT, BOTH_CONNECT };

static void meet(struct stage *s, enum opening opening, struct socket **listener, int64_t *ticked_us,
                 int64_t until_us) {
  struct sockaddr_conn there = {.sconn_family = AF_CONN, .sconn_port = htons(5000), .sconn_addr = s};
  if (opening == WE_CONNECT)
    assert_int_equal(usrsctp_listen(s->theirs, 1), 0);
  else
    usrsctp_connect(s->theirs, (struct sockaddr *)&there, sizeof there);
  if (opening != THEY_CONNECT) oh_sctp_connect(s->ours, clock_us());
  for (; clock_us() < until_us && !(s->up && (s->theirs_up || opening == WE_CONNECT)); pump(s, ticked_us))
    ;
  assert_true(s->up);
  if (opening != WE_CONNECT) return;
  struct socket *accepted = NULL;
  for (; clock_us() < until_us && !(accepted = usrsctp_accept(s->theirs, NULL, NULL)); pump(s, ticked_us))
    ;
  assert_non_null(accepted);
  usrsctp_set_non_blocking(accepted, 1);
  usrsctp_set_ulpinfo(accepted, s);
  *listener = s->theirs;
  s->theirs = accepted;
}

// Both send those numbers, and all that may not be lost arrive.
static void exchange(struct stage *s, uint32_t first, uint32_t end, int64_t *ticked_us, int64_t until_us) {
  uint32_t ours = first, theirs = first, wanted = due(s, end);
  while (clock_us() < until_us && (s->got_ours < wanted || s->got_theirs < wanted)) {
    for (int i = 0; i < 8 && ours < end && our_send(s, ours); i++)
      ours++;
    for (int i = 0; i < 8 && theirs < end && their_send(s, theirs); i++)
      theirs++;
    pump(s, ticked_us);
  }
  assert_int_equal(s->got_ours, wanted);
  assert_int_equal(s->got_theirs, wanted);
  assert_int_equal(s->bad, 0);
}

static void reset_streams(struct stage *s, int64_t *ticked_us, int64_t until_us) {
  oh_sctp_reset(s->ours, clock_us(), OUR_RESET);
  union { // the structure ends with an array of no length
    struct sctp_reset_streams head;
    uint8_t bytes[sizeof(struct sctp_reset_streams) + sizeof(uint16_t)];
  } theirs = {.head = {.srs_flags = SCTP_STREAM_RESET_OUTGOING, .srs_number_streams = 1}};
  theirs.head.srs_stream_list[0] = THEIR_RESET;
  set(s->theirs, SCTP_RESET_STREAMS, &theirs, sizeof theirs.bytes);
  for (; clock_us() < until_us && !(s->ended && s->our_end && s->our_reset); pump(s, ticked_us))
    ;
  assert_true(s->ended && s->our_end && s->our_reset);
}

static void talk(uint64_t seed, int loss_percent, enum opening opening, bool partial) {
  struct stage *s = open_stage(seed, loss_percent);
  int64_t ticked_us = clock_us(), until_us = ticked_us + 60 * 1000000LL;
  struct socket *listener = NULL;
  s->partial = partial;
  meet(s, opening, &listener, &ticked_us, until_us);
  exchange(s, 0, MESSAGES, &ticked_us, until_us);
  assert_int_equal(s->lost > 0, partial);
  reset_streams(s, &ticked_us, until_us);
  exchange(s, MESSAGES, MESSAGES + MORE, &ticked_us, until_us); // their numbers of sequence start anew
  oh_sctp_shutdown(s->ours, clock_us());
  for (; clock_us() < until_us && !(s->down && s->theirs_ended); pump(s, &ticked_us))
    ;
  assert_true(s->down && s->theirs_ended);
  if (listener) usrsctp_close(listener);
  close_stage(s);
}

static void they_connect(void **state) {
  (void)state;
  talk(1, 0, THEY_CONNECT, false);
}
static void they_connect_on_a_bad_line(void **state) {
  (void)state;
  talk(2, 5, THEY_CONNECT, false);
}
static void both_connect(void **state) {
  (void)state;
  talk(3, 0, BOTH_CONNECT, false);
}
static void we_connect_on_a_bad_line(void **state) {
  (void)state;
  talk(4, 3, WE_CONNECT, false);
}

static void some_may_be_lost(void **state) {
  (void)state;
  talk(5, 8, THEY_CONNECT, true);
}

int main(void) {
  usrsctp_init_nothreads(0, their_packet, NULL);
  usrsctp_sysctl_set_sctp_ecn_enable(0);
  usrsctp_sysctl_set_sctp_auth_enable(0);
  usrsctp_sysctl_set_sctp_asconf_enable(0);
  usrsctp_sysctl_set_sctp_blackhole(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_connect),     cmocka_unit_test(they_connect_on_a_bad_line),
      cmocka_unit_test(both_connect),     cmocka_unit_test(we_connect_on_a_bad_line),
      cmocka_unit_test(some_may_be_lost),
  };
  return cmocka_run_group_tests_name("sctp_oracle", tests, NULL, NULL);
}
