// hub_attack.c — what strangers and dishonest participants try at the media door (facts/RELIABILITY.md
// N1–N14), and that nothing is allocated there: not for a flood, not for a voice packet.
#include "tests/unit/rtc/pair.h"
#include <openssl/crypto.h>

// ---- counting allocations: ours by the linker's --wrap, OpenSSL's by its own hooks
// ------------------------------

static uint64_t allocations;
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n) {
  allocations++;
  return __real_malloc(n);
}
void *__wrap_calloc(size_t n, size_t size) {
  allocations++;
  return __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t n) {
  allocations++;
  return __real_realloc(p, n);
}
static void *ssl_malloc(size_t n, const char *file, int line) {
  (void)file, (void)line;
  allocations++;
  return __real_malloc(n);
}
static void *ssl_realloc(void *p, size_t n, const char *file, int line) {
  (void)file, (void)line;
  allocations++;
  return __real_realloc(p, n);
}
static void ssl_free(void *p, const char *file, int line) {
  (void)file, (void)line;
  free(p);
}

static void nothing_leaves(void *ctx, struct oh_outbox *out) {
  uint64_t *bytes = ctx;
  for (uint32_t i = 0; i < out->used; i++)
    *bytes += out->slots[i].len;
}

// ---- helpers
// -------------------------------------------------------------------------------------------------

static void start(struct net *n, uint64_t seed) {
  net_open(n, seed);
  net_add(n, true);
  net_describe(n, 0, true, true);
  net_run(n, 1000000);
  assert_true(net_connected(n, 0));
}

static uint64_t counter(struct net *n, enum oh_counter which) {
  return n->server.world.counters.value[which];
}

// A check as client `c` could send it (it knows the password).
static size_t genuine_check(struct net *n, int c, bool nominate, uint8_t *out, size_t capacity) {
  oh_id peer = n->server_view[c].peer;
  const char *pwd = oh_hub_local_pwd(n->server.hub, peer);
  char username[128];
  int len = snprintf(username, sizeof username, "%s:%s", oh_hub_local_ufrag(n->server.hub, peer),
                     oh_hub_local_ufrag(n->clients[c].hub, n->clients[c].peer));
  struct oh_stun_check check = {
      .username = {username, (size_t)len}, .priority = 99, .controlling = true, .use_candidate = nominate};
  test_fill(&n->seed, check.transaction, sizeof check.transaction);
  return oh_stun_write_check(&check, (struct oh_bytes){(const uint8_t *)pwd, strlen(pwd)}, out, capacity);
}

static size_t client_hello(struct net *n, uint8_t *record, size_t body) { // well framed, senseless inside
  const uint8_t head[] = {22,
                          0xfe,
                          0xff,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          (uint8_t)((body + 12) >> 8),
                          (uint8_t)(body + 12),
                          1,
                          0,
                          (uint8_t)(body >> 8),
                          (uint8_t)body,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          (uint8_t)(body >> 8),
                          (uint8_t)body};
  memcpy(record, head, sizeof head);
  test_fill(&n->seed, record + sizeof head, body);
  return sizeof head + body;
}

static void expect_sound(struct net *n, int c, uint16_t sequence) {
  int up = n->server_view[c].rtp, down = n->clients[c].rtp;
  assert_true(net_send_rtp(n, false, c, sequence, "up"));
  assert_true(net_send_rtp(n, true, c, sequence, "down"));
  net_run(n, 200000);
  assert_int_equal(n->server_view[c].rtp, up + 1);
  assert_int_equal(n->clients[c].rtp, down + 1);
}

// ---- strangers
// -----------------------------------------------------------------------------------------------

// N1, N3: 100,000 datagrams of every kind from 10,000 sources: not a byte back, not an allocation.
static void flood_of_strangers(void **state) {
  (void)state;
  struct net n;
  start(&n, 1);
  uint64_t sent = 0;
  struct oh_outbox out;
  oh_outbox_init(&out, nothing_leaves, &sent);
  uint8_t known[256], hello[400], junk[1200];
  size_t known_len = genuine_check(&n, 0, true, known, sizeof known),
         hello_len = client_hello(&n, hello, 200);
  test_fill(&n.seed, junk, sizeof junk);
  uint64_t before = allocations;
  for (uint32_t i = 0; i < 100000; i++) {
    struct oh_addr from = {.ip = {127, (uint8_t)(i % 10000 >> 8), (uint8_t)(i % 10000), 1},
                           .port = (uint16_t)(1024 + i % 10000),
                           .family = OH_ADDR_V4};
    uint8_t data[1300];
    size_t len;
    switch (i % 6) {
    case 0: // the right name, the wrong password
      memcpy(data, known, len = known_len);
      data[20 + test_next(&n.seed) % (known_len - 20)] ^= 0x10;
      break;
    case 1: memcpy(data, hello, len = hello_len); break;
    case 2: // RTP
      memcpy(data, junk, len = 100);
      data[0] = 0x80, data[1] = 111;
      break;
    case 3: // RTCP
      memcpy(data, junk, len = 60);
      data[0] = 0x80, data[1] = 200;
      break;
    case 4: // STUN without anything
      memset(data, 0, len = 20);
      data[1] = 1, data[4] = 0x21, data[5] = 0x12, data[6] = 0xa4, data[7] = 0x42;
      break;
    default: // anything
      len = test_next(&n.seed) % sizeof junk;
      memcpy(data, junk, len);
      if (len) data[0] = (uint8_t)i;
    }
    oh_hub_recv(n.server.hub, n.now_us, &from, data, len, &out);
    struct oh_hub_event e;
    assert_false(oh_hub_next(n.server.hub, &e));
  }
  oh_outbox_flush(&out);
  assert_int_equal(sent, 0);
  assert_int_equal(allocations, before);
  oh_outbox_fini(&out);
  expect_sound(&n, 0, 1);
  net_close(&n);
}

// N4: ClientHellos from other addresses, and from the right one after the handshake, do not touch the call.
static void hostile_hellos(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    struct net n;
    net_open(&n, seed);
    net_add(&n, true);
    net_describe(&n, 0, true, true);
    uint8_t hello[400];
    for (int k = 0; k < 400; k++) {
      struct oh_addr from = net_addr(99, (uint16_t)(4000 + k % 7));
      size_t len = client_hello(&n, hello, 20 + test_next(&n.seed) % 200);
      net_inject(&n, -1, &from, hello, len);
      if (k > 200) net_inject(&n, -1, &n.nat[0], hello, len);
      if (k > 200) net_inject(&n, 0, &n.server_addr, hello, len);
      net_run(&n, 1000);
    }
    assert_true(net_connected(&n, 0));
    assert_int_equal(counter(&n, OH_COUNT_dtls_failed), 0);
    assert_int_equal(n.to_stranger_bytes, 0);
    expect_sound(&n, 0, 1);
    net_close(&n);
  }
}

// Even a hello from the very address of the browser, before its own, only costs a new attempt.
static void forged_hello_first(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 3);
  net_add(&n, true);
  net_describe(&n, 0, true, true);
  net_run(&n, 30000); // the check has come, the hello has not
  uint8_t hello[300];
  size_t len = client_hello(&n, hello, 150);
  net_inject(&n, -1, &n.nat[0], hello, len);
  net_run(&n, 3000000);
  assert_true(net_connected(&n, 0));
  assert_int_equal(counter(&n, OH_COUNT_dtls_failed), 1);
  expect_sound(&n, 0, 1);
  net_close(&n);
}

// N5: records no honest browser sends, at an established association, from the right address.
static void record_spray(void **state) {
  (void)state;
  struct net n;
  start(&n, 4);
  for (int k = 0; k < 20000; k++) {
    uint8_t record[200];
    size_t body = test_next(&n.seed) % 100;
    test_fill(&n.seed, record, sizeof record);
    record[0] = (uint8_t)(20 + test_next(&n.seed) % 5);
    record[1] = 0xfe, record[2] = test_next(&n.seed) % 2 ? 0xfd : 0xff;
    record[3] = 0, record[4] = (uint8_t)(test_next(&n.seed) % 4); // epoch
    record[5] = record[6] = record[7] = record[8] = 0;            // a plausible sequence number
    oh_store_u16_be(record + 11, (uint16_t)body);
    net_inject(&n, -1, &n.nat[0], record, 13 + body);
  }
  assert_true(counter(&n, OH_COUNT_dtls_drop_malformed) > 10000);
  assert_int_equal(n.server_view[0].data, 0);
  assert_int_equal(n.server_view[0].seen[OH_HUB_FAILED], 0);
  expect_sound(&n, 0, 1);
  struct oh_outbox out;
  struct net_door door = {&n, 0};
  oh_outbox_init(&out, net_flush, &door);
  assert_true(
      oh_hub_send_data(n.clients[0].hub, n.now_us, n.clients[0].peer, (const uint8_t *)"sctp", 4, &out));
  oh_outbox_flush(&out);
  oh_outbox_fini(&out);
  net_run(&n, 100000);
  assert_int_equal(n.server_view[0].data, 1);
  net_close(&n);
}

// N6, N7: forged media from the right address and from others: no event, no redirection, the call goes on.
static void forged_media(void **state) {
  (void)state;
  struct net n;
  start(&n, 5);
  for (int k = 0; k < 20000; k++) {
    uint8_t packet[120];
    struct oh_addr elsewhere = net_addr(77, 9);
    test_fill(&n.seed, packet, sizeof packet);
    packet[0] = 0x80, packet[1] = k % 3 ? 111 : 200;
    net_inject(&n, -1, k % 2 ? &n.nat[0] : &elsewhere, packet, 8 + test_next(&n.seed) % 112);
  }
  assert_int_equal(n.server_view[0].rtp + n.server_view[0].rtcp, 0);
  assert_true(counter(&n, OH_COUNT_rtp_drop_auth) > 1000 && counter(&n, OH_COUNT_rtcp_drop_auth) > 1000);
  assert_int_equal(n.to_stranger_bytes, 0);
  expect_sound(&n, 0, 1);
  net_close(&n);
}

// ---- dishonest participants
// ----------------------------------------------------------------------------------

// N14: a participant nominates the address of a victim. The victim gets an answer and a few questions, never
// more than three bytes for one, and no byte of media or DTLS.
static void voice_hammer(void **state) {
  (void)state;
  struct net n;
  start(&n, 6);
  struct oh_addr victim = net_addr(66, 6666);
  uint64_t check_bytes = 0;
  for (int k = 0; k < 200; k++) {
    uint8_t check[256];
    size_t len = genuine_check(&n, 0, true, check, sizeof check);
    net_inject(&n, -1, &victim, check, len);
    check_bytes += len;
    net_send_rtp(&n, true, 0, (uint16_t)k, "a lot of voice, a lot of voice, a lot of voice");
    net_run(&n, 50000);
  }
  assert_int_equal(n.stranger_media, 0);
  assert_in_range(n.to_stranger_bytes, 1, 3 * check_bytes);
  assert_int_equal(n.server_view[0].seen[OH_HUB_PATH_CHANGED], 0);
  assert_int_equal(n.clients[0].rtp, 200);
  net_close(&n);
}

// The same with the very first check, when there is no path yet: DTLS and media stay within the bound.
static void hammer_at_first(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 7);
  net_add(&n, true);
  net_describe(&n, 0, true, true);
  struct oh_addr victim = net_addr(66, 6666);
  uint8_t check[256], hello[300];
  size_t len = genuine_check(&n, 0, true, check, sizeof check), hello_len = client_hello(&n, hello, 150);
  net_inject(&n, -1, &victim, check, len);
  net_inject(&n, -1, &victim, hello, hello_len);
  net_run(&n, 3000000); // meanwhile the honest client connects and nominates its own path
  assert_in_range(n.to_stranger_bytes, 1, 3 * (len + hello_len));
  assert_true(net_connected(&n, 0));
  assert_int_equal(n.server_view[0].path.port, n.nat[0].port);
  expect_sound(&n, 0, 1);
  net_close(&n);
}

// A participant claims the address at which another one lives: it stays with its owner.
static void stolen_address(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 8);
  for (int c = 0; c < 2; c++) {
    net_add(&n, true);
    net_describe(&n, c, true, true);
  }
  net_run(&n, 1000000);
  uint8_t check[256];
  for (int k = 0; k < 20; k++) {
    size_t len = genuine_check(&n, 1, true, check, sizeof check);
    net_inject(&n, -1, &n.nat[0], check, len);
    net_run(&n, 500000);
  }
  expect_sound(&n, 0, 1);
  expect_sound(&n, 1, 1);
  assert_true(counter(&n, OH_COUNT_stun_drop_path_limit) >= 20);
  net_close(&n);
}

// Checks from hundreds of addresses: eight paths, and the call keeps its own.
static void path_limit(void **state) {
  (void)state;
  struct net n;
  start(&n, 9);
  uint8_t check[256];
  for (int k = 0; k < 500; k++) {
    struct oh_addr from = net_addr(55, (uint16_t)(1000 + k));
    size_t len = genuine_check(&n, 0, false, check, sizeof check);
    net_inject(&n, -1, &from, check, len);
  }
  assert_true(counter(&n, OH_COUNT_stun_drop_path_limit) >= 493);
  expect_sound(&n, 0, 1);
  net_run(&n, 5000000); // unproven ones make room again for an honest move
  n.nat[0].port = 61234;
  net_run(&n, 5000000);
  assert_int_equal(n.server_view[0].path.port, 61234);
  expect_sound(&n, 0, 2);
  net_close(&n);
}

// Genuine packets are heard from every path the peer is known at, selected or not, but from no other address.
static void media_from_another_path(void **state) {
  (void)state;
  struct net n;
  start(&n, 14);
  expect_sound(&n, 0, 1);
  uint64_t strangers = counter(&n, OH_COUNT_datagram_drop_stranger);
  struct oh_addr home = n.nat[0];
  n.nat[0].port = 60111; // nobody knows this address yet
  net_send_rtp(&n, false, 0, 2, "from nowhere");
  net_run(&n, 50000);
  assert_int_equal(n.server_view[0].rtp, 1);
  assert_int_equal(counter(&n, OH_COUNT_datagram_drop_stranger), strangers + 1);
  uint8_t check[256];
  size_t len = genuine_check(&n, 0, false, check, sizeof check);
  net_inject(&n, -1, &n.nat[0], check, len);
  net_send_rtp(&n, false, 0, 3, "from a path");
  net_run(&n, 50000);
  assert_int_equal(n.server_view[0].rtp, 2);
  assert_int_equal(n.server_view[0].seen[OH_HUB_PATH_CHANGED], 0); // it was not nominated
  n.nat[0] = home;
  expect_sound(&n, 0, 4);
  net_close(&n);
}

// Both proved and both nominating in turns: media moves at most once a second.
static void flapping(void **state) {
  (void)state;
  struct net n;
  start(&n, 10);
  struct oh_addr tcp = net_addr(2, 50000);
  tcp.proto = OH_TCP, tcp.stream = 1000;
  for (int k = 0; k < 100; k++) {
    uint8_t check[256];
    size_t len = genuine_check(&n, 0, true, check, sizeof check);
    net_inject(&n, -1, k % 2 ? &n.nat[0] : &tcp, check, len);
    net_run(&n, 50000);
  }
  assert_in_range(n.server_view[0].seen[OH_HUB_PATH_CHANGED], 1, 6); // in 5 s
  net_close(&n);
}

// RFC 8445 7.3.1.1: somebody who also believes to be controlled is told so, and gets no path.
static void role_conflict(void **state) {
  (void)state;
  struct net n;
  start(&n, 11);
  const char *pwd = oh_hub_local_pwd(n.server.hub, n.server_view[0].peer);
  char username[64];
  int len =
      snprintf(username, sizeof username, "%s:peer", oh_hub_local_ufrag(n.server.hub, n.server_view[0].peer));
  struct oh_stun_check check = {.username = {username, (size_t)len}, .priority = 5, .controlling = false};
  uint8_t stun[256];
  size_t stun_len =
      oh_stun_write_check(&check, (struct oh_bytes){(const uint8_t *)pwd, strlen(pwd)}, stun, sizeof stun);
  struct oh_addr from = net_addr(44, 4);
  net_inject(&n, -1, &from, stun, stun_len);
  assert_in_range(n.to_stranger_bytes, 20, stun_len);
  uint8_t rtp[40] = {0x80, 111};
  uint64_t before = counter(&n, OH_COUNT_datagram_drop_stranger);
  net_inject(&n, -1, &from, rtp, sizeof rtp);
  assert_int_equal(counter(&n, OH_COUNT_datagram_drop_stranger), before + 1);
  net_close(&n);
}

// Half-open handshakes are limited; those who wait get their turn when others are through.
static void handshake_limit(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 12);
  oh_hub_close(n.server.hub);
  n.server.hub =
      oh_hub_open(&n.server.world, n.identity, &(struct oh_hub_limits){.peers = 8, .handshakes = 1});
  for (int c = 0; c < 3; c++) {
    net_add(&n, true);
    net_describe(&n, c, true, true);
  }
  net_run(&n, 4000000);
  assert_true(counter(&n, OH_COUNT_dtls_drop_busy) > 0);
  for (int c = 0; c < 3; c++)
    assert_true(net_connected(&n, c));
  net_close(&n);
}

// ---- the packet path
// -----------------------------------------------------------------------------------------

static void no_allocation_for_media(void **state) {
  (void)state;
  struct net n;
  start(&n, 13);
  expect_sound(&n, 0, 1);
  struct oh_outbox up, down;
  uint64_t bytes = 0;
  oh_outbox_init(&up, nothing_leaves, &bytes);
  oh_outbox_init(&down, nothing_leaves, &bytes);
  struct oh_rtp_header h = {.payload_type = 111, .ssrc = 42};
  const uint8_t voice[80] = {1, 2, 3}, level[4] = {0x10, 0x85};
  const uint8_t rr[8] = {0x80, 201, 0, 1, 1, 2, 3, 4};
  struct oh_hub_event e;
  uint64_t before = 0;
  for (uint16_t k = 2; k < 3000; k++) {
    h.sequence = k;
    assert_true(oh_hub_send_rtp(n.clients[0].hub, n.now_us, n.clients[0].peer, &h, 0xbede,
                                (struct oh_bytes){level, 4}, voice, sizeof voice, &up));
    if (k % 50 == 0)
      assert_true(oh_hub_send_rtcp(n.clients[0].hub, n.now_us, n.clients[0].peer, rr, sizeof rr, &up));
    for (uint32_t i = 0; i < up.used; i++) {
      oh_hub_recv(n.server.hub, n.now_us, &n.nat[0], up.slots[i].data, up.slots[i].len, &down);
      assert_true(oh_hub_next(n.server.hub, &e));
      if (e.type == OH_HUB_RTP) {
        assert_int_equal(e.rtp.payload.len, sizeof voice);
        assert_memory_equal(e.rtp.extension.data, level, 4);
        assert_true(oh_hub_send_rtp(n.server.hub, n.now_us, e.peer, &e.rtp.header, e.rtp.extension_profile,
                                    e.rtp.extension, e.rtp.payload.data, e.rtp.payload.len, &down));
      }
    }
    up.used = 0;
    if (k == 100) before = allocations; // the streams are known
  }
  assert_int_equal(allocations, before);
  assert_true(bytes > 0);
  oh_outbox_fini(&up);
  oh_outbox_fini(&down);
  net_close(&n);
}

int main(void) {
  if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flood_of_strangers),
      cmocka_unit_test(hostile_hellos),
      cmocka_unit_test(forged_hello_first),
      cmocka_unit_test(record_spray),
      cmocka_unit_test(forged_media),
      cmocka_unit_test(voice_hammer),
      cmocka_unit_test(hammer_at_first),
      cmocka_unit_test(stolen_address),
      cmocka_unit_test(media_from_another_path),
      cmocka_unit_test(path_limit),
      cmocka_unit_test(flapping),
      cmocka_unit_test(role_conflict),
      cmocka_unit_test(handshake_limit),
      cmocka_unit_test(no_allocation_for_media),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
