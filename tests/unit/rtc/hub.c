// hub.c — a server hub and client hubs talk in virtual time: ICE, DTLS, SRTP both ways, and everything that
// may go wrong on an honest way. Attacks are in hub_attack.c.
#include "rtc/ice.h"
#include "tests/unit/rtc/pair.h"

static void start(struct net *n, uint64_t seed) {
  net_open(n, seed);
  net_add(n, true);
  net_describe(n, 0, true, true);
  net_run(n, 1000000);
  assert_true(net_connected(n, 0));
}

static void expect_sound(struct net *n, int c, uint16_t sequence) {
  int up = n->server_view[c].rtp, down = n->clients[c].rtp;
  assert_true(net_send_rtp(n, false, c, sequence, "up"));
  assert_true(net_send_rtp(n, true, c, sequence, "down"));
  net_run(n, 200000);
  assert_int_equal(n->server_view[c].rtp, up + 1);
  assert_int_equal(n->clients[c].rtp, down + 1);
  assert_memory_equal(n->server_view[c].last, "up", 2);
  assert_memory_equal(n->clients[c].last, "down", 4);
}

static void call_both_ways(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 1);
  int c = net_add(&n, true);
  net_describe(&n, c, true, true);
  assert_false(net_send_rtp(&n, true, c, 1, "too early"));
  // check, DTLS two round trips: three round trips of 40 ms, and none more
  net_run(&n, 3 * 40000);
  assert_true(net_connected(&n, c));
  expect_sound(&n, c, 7);
  assert_int_equal(n.server_view[c].last_sequence, 7);
  assert_true(n.server_view[c].path.port == n.nat[c].port);
  net_run(&n, 120000000);
  assert_int_equal(oh_hub_state(n.server.hub, n.server_view[c].peer), OH_PEER_CONNECTED);
  assert_int_equal(n.server_view[c].seen[OH_HUB_DISCONNECTED], 0);
  assert_int_equal(n.clients[c].seen[OH_HUB_DISCONNECTED], 0);
  expect_sound(&n, c, 8);
  net_close(&n);
}

static bool send_other(struct net *n, bool from_server, bool rtcp, const void *data, size_t len) {
  struct oh_outbox out;
  struct net_door door = {n, from_server ? -1 : 0};
  struct oh_hub *hub = from_server ? n->server.hub : n->clients[0].hub;
  oh_id peer = from_server ? n->server_view[0].peer : n->clients[0].peer;
  oh_outbox_init(&out, net_flush, &door);
  bool ok = rtcp ? oh_hub_send_rtcp(hub, n->now_us, peer, data, len, &out)
                 : oh_hub_send_data(hub, n->now_us, peer, data, len, &out);
  oh_outbox_flush(&out);
  oh_outbox_fini(&out);
  return ok;
}

static void rtcp_and_data(void **state) {
  (void)state;
  struct net n;
  start(&n, 2);
  const uint8_t rr[8] = {0x80, 201, 0, 1, 1, 2, 3, 4};
  for (int way = 0; way < 2; way++) {
    struct net_side *to = way ? &n.clients[0] : &n.server_view[0];
    assert_true(send_other(&n, way, true, rr, sizeof rr));
    net_run(&n, 100000);
    assert_int_equal(to->rtcp, 1);
    assert_int_equal(to->last_len, 8);
    assert_memory_equal(to->last, rr, 8);
    uint8_t packet[1180];
    memset(packet, 0x5a, sizeof packet);
    assert_true(send_other(&n, way, false, packet, sizeof packet));
    net_run(&n, 100000);
    assert_int_equal(to->data, 1);
    assert_int_equal(to->last_len, sizeof packet);
    assert_memory_equal(to->last, packet, sizeof packet);
  }
  assert_false(send_other(&n, true, false, rr, 1201)); // SCTP has to keep to the MTU
  net_close(&n);
}

// 200 seeds of a bad network: everybody gets through, and within the handshake's time.
static void lossy_networks(void **state) {
  (void)state;
  int64_t slowest = 0;
  for (uint64_t seed = 1; seed <= 200; seed++) {
    struct net n;
    net_open(&n, seed);
    n.loss = 30, n.duplicate = 10, n.jitter_us = 60000;
    net_add(&n, true);
    net_describe(&n, 0, true, true);
    int64_t began = n.now_us;
    while (!net_connected(&n, 0) && n.now_us - began < 12000000)
      net_run(&n, 10000);
    if (!net_connected(&n, 0)) fail_msg("seed %d does not connect", (int)seed);
    if (n.now_us - began > slowest) slowest = n.now_us - began;
    n.loss = 0, n.duplicate = 0;
    net_run(&n, 2000000);
    expect_sound(&n, 0, 5);
    net_close(&n);
  }
  assert_in_range(slowest, 1, 9000000); // measured: 0.7 s in the middle, 5.5 s at worst
}

// The server is through, but its last flight is lost again and again: it must answer the client's
// repetitions.
static void lost_last_flight(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 21);
  n.drop_last_flights = 4;
  net_add(&n, true);
  net_describe(&n, 0, true, true);
  net_run(&n, 500000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_CONNECTED], 1);
  assert_int_equal(n.clients[0].seen[OH_HUB_CONNECTED], 0);
  net_run(&n, 2000000);
  assert_int_equal(n.drop_last_flights, 0);
  assert_true(net_connected(&n, 0));
  expect_sound(&n, 0, 1);
  net_close(&n);
}

// Two clients through one hub; each hears only its own.
static void two_clients(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 3);
  for (int c = 0; c < 2; c++) {
    net_add(&n, true);
    net_describe(&n, c, true, true);
  }
  net_run(&n, 1000000);
  assert_true(net_connected(&n, 0) && net_connected(&n, 1));
  expect_sound(&n, 0, 1);
  expect_sound(&n, 1, 1);
  assert_int_equal(n.server_view[0].rtp, 1);
  net_close(&n);
}

// The answer (remote description) reaches the server after the browser began: it waits with belief, not with
// work.
static void checks_before_the_answer(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 4);
  net_add(&n, true);
  net_describe(&n, 0, false, true);
  net_run(&n, 1000000);
  assert_int_equal(n.clients[0].seen[OH_HUB_CONNECTED], 1);
  assert_int_equal(n.server_view[0].seen[OH_HUB_CONNECTED], 0);
  net_send_rtp(&n, false, 0, 1, "not believed yet");
  net_run(&n, 100000);
  assert_int_equal(n.server_view[0].rtp, 0);
  net_describe(&n, 0, true, false);
  net_run(&n, 100000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_CONNECTED], 1);
  expect_sound(&n, 0, 2);
  net_close(&n);
}

static void wrong_fingerprint(void **state) {
  (void)state;
  for (int way = 0; way < 2; way++) {
    struct net n;
    net_open(&n, 5);
    net_add(&n, true);
    net_describe(&n, 0, way == 1, way == 0);
    struct net_side *liar = way == 0 ? &n.clients[0] : &n.server;
    oh_id liar_peer = way == 0 ? n.clients[0].peer : n.server_view[0].peer;
    struct oh_peer_remote r = {.ufrag = oh_hub_local_ufrag(liar->hub, liar_peer),
                               .pwd = oh_hub_local_pwd(liar->hub, liar_peer)};
    memset(r.fingerprint, 7, 32);
    struct net_side *judge = way == 0 ? &n.server_view[0] : &n.clients[0];
    struct oh_hub *hub = way == 0 ? n.server.hub : n.clients[0].hub;
    assert_true(oh_hub_set_remote(hub, n.now_us, judge->peer, &r));
    for (int k = 0; k < 50; k++) {
      net_run(&n, 1000000);
      net_send_rtp(&n, way != 0, 0, (uint16_t)k, "lies");
    }
    assert_int_equal(judge->seen[OH_HUB_CONNECTED], 0);
    assert_int_equal(judge->rtp, 0);
    assert_int_equal(judge->data, 0);
    assert_int_equal(judge->seen[OH_HUB_FAILED], 1);
    struct oh_world *w = way == 0 ? &n.server.world : &n.clients[0].world;
    assert_true(w->counters.value[OH_COUNT_dtls_fingerprint_mismatch] >= 1);
    net_close(&n);
  }
}

// A changed fingerprint on a connected peer is refused, the same one is not.
static void fingerprint_is_fixed(void **state) {
  (void)state;
  struct net n;
  start(&n, 6);
  net_describe(&n, 0, true, true);
  struct oh_peer_remote r = {.ufrag = "abcd", .pwd = "abcdefghijklmnopqrstuv"};
  assert_false(oh_hub_set_remote(n.server.hub, n.now_us, n.server_view[0].peer, &r));
  memcpy(r.fingerprint, oh_identity_digest(n.other), 32);
  r.pwd = "too short";
  assert_false(oh_hub_set_remote(n.server.hub, n.now_us, n.server_view[0].peer, &r));
  expect_sound(&n, 0, 2);
  net_close(&n);
}

static void nat_rebinding(void **state) {
  (void)state;
  struct net n;
  start(&n, 7);
  expect_sound(&n, 0, 1);
  n.nat[0].port = 61000; // the NAT forgot; the next check comes from here
  int64_t began = n.now_us;
  uint16_t sequence = 100;
  while (n.server_view[0].seen[OH_HUB_PATH_CHANGED] == 0 && n.now_us - began < 8000000) {
    net_send_rtp(&n, false, 0, sequence++, "up");
    net_run(&n, 20000);
  }
  assert_int_equal(n.server_view[0].seen[OH_HUB_PATH_CHANGED], 1);
  assert_int_equal(n.server_view[0].path.port, 61000);
  // checks come every 2 to 3 s; lost ones once more; the probe costs one round trip
  assert_in_range(n.now_us - began, 1, 3600000 + 60000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_CONNECTED], 1); // DTLS and SRTP went on
  expect_sound(&n, 0, sequence);
  assert_int_equal(n.server_view[0].seen[OH_HUB_DISCONNECTED], 0);
  net_close(&n);
}

static void consent_expires(void **state) {
  (void)state;
  struct net n;
  start(&n, 8);
  n.dead[0] = true;
  net_run(&n, 9000000 - 3000000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_DISCONNECTED], 0);
  net_run(&n, 4100000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_DISCONNECTED], 1);
  assert_true(net_send_rtp(&n, true, 0, 1, "maybe it hears us"));
  net_run(&n, 5100000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_FAILED], 1);
  assert_false(n.server_view[0].closed);
  assert_false(net_send_rtp(&n, true, 0, 2, "no more"));
  uint64_t sent = n.server_bytes;
  net_run(&n, 60000000);
  assert_int_equal(n.server_bytes, sent);
  assert_int_equal(n.clients[0].seen[OH_HUB_FAILED], 1);
  net_close(&n);
}

static void silence_and_recovery(void **state) {
  (void)state;
  struct net n;
  start(&n, 9);
  n.dead[0] = true;
  net_run(&n, 11500000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_DISCONNECTED], 1);
  assert_int_equal(n.clients[0].seen[OH_HUB_DISCONNECTED], 1);
  n.dead[0] = false;
  net_run(&n, 2000000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_RECOVERED], 1);
  assert_int_equal(n.clients[0].seen[OH_HUB_RECOVERED], 1);
  assert_int_equal(n.server_view[0].seen[OH_HUB_FAILED], 0);
  expect_sound(&n, 0, 3);
  net_close(&n);
}

// Both sides change their credentials (the way of a LiveKit resume); keys and sound stay.
static void ice_restart(void **state) {
  (void)state;
  struct net n;
  start(&n, 10);
  char old_ufrag[32];
  snprintf(old_ufrag, sizeof old_ufrag, "%s", oh_hub_local_ufrag(n.server.hub, n.server_view[0].peer));
  oh_hub_restart(n.server.hub, n.now_us, n.server_view[0].peer);
  assert_string_not_equal(old_ufrag, oh_hub_local_ufrag(n.server.hub, n.server_view[0].peer));
  net_run(&n, 6000000); // the offer is still under way: checks with the old credentials count
  assert_int_equal(n.server_view[0].seen[OH_HUB_DISCONNECTED], 0);
  expect_sound(&n, 0, 1);
  oh_hub_restart(n.clients[0].hub, n.now_us, n.clients[0].peer);
  n.nat[0].port = 62000;
  net_describe(&n, 0, true, true);
  net_run(&n, 500000);
  assert_int_equal(n.server_view[0].path.port, 62000);
  expect_sound(&n, 0, 2);
  assert_int_equal(n.server_view[0].seen[OH_HUB_CONNECTED], 1);
  // the old credentials are gone now
  struct oh_stun_check check = {.username = {0}, .priority = 1, .controlling = true};
  char username[64];
  int len = snprintf(username, sizeof username, "%s:x", old_ufrag);
  check.username = (struct oh_str){username, (size_t)len};
  uint8_t stun[256];
  size_t stun_len =
      oh_stun_write_check(&check, (struct oh_bytes){(const uint8_t *)"pwd", 3}, stun, sizeof stun);
  uint64_t before = n.server.world.counters.value[OH_COUNT_stun_drop_unknown_ufrag];
  net_inject(&n, -1, &n.nat[0], stun, stun_len);
  assert_int_equal(n.server.world.counters.value[OH_COUNT_stun_drop_unknown_ufrag], before + 1);
  net_close(&n);
}

// A resume after the peer had been given up for silence.
static void restart_after_failure(void **state) {
  (void)state;
  struct net n;
  start(&n, 11);
  n.dead[0] = true;
  net_run(&n, 20000000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_FAILED], 1);
  n.dead[0] = false;
  oh_hub_restart(n.server.hub, n.now_us, n.server_view[0].peer);
  oh_hub_restart(n.clients[0].hub, n.now_us, n.clients[0].peer);
  net_describe(&n, 0, true, true);
  net_run(&n, 1000000);
  assert_int_equal(n.server_view[0].seen[OH_HUB_RECOVERED], 1);
  expect_sound(&n, 0, 5);
  net_close(&n);
}

static void tcp_when_udp_is_blocked(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 12);
  n.tcp_too = n.no_udp = true;
  net_add(&n, true);
  net_describe(&n, 0, true, true);
  net_run(&n, 2000000);
  assert_true(net_connected(&n, 0));
  assert_int_equal(n.server_view[0].path.proto, OH_TCP);
  expect_sound(&n, 0, 1);
  // the stream goes and nothing else is known: nothing can be sent, but the peer waits for the client
  struct oh_addr path;
  assert_true(oh_hub_path(n.server.hub, n.server_view[0].peer, &path));
  oh_hub_stream_closed(n.server.hub, n.now_us, &path);
  assert_false(net_send_rtp(&n, true, 0, 2, "no path"));
  assert_false(oh_hub_path(n.server.hub, n.server_view[0].peer, &path));
  net_run(&n, 4000000); // the client's next check makes it anew
  assert_true(oh_hub_path(n.server.hub, n.server_view[0].peer, &path));
  expect_sound(&n, 0, 3);
  net_close(&n);
}

// UDP dies during the call: the client goes over to TCP and the server follows it.
static void udp_dies(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 13);
  n.tcp_too = true;
  net_add(&n, true);
  net_describe(&n, 0, true, true);
  net_run(&n, 2000000);
  assert_int_equal(n.server_view[0].path.proto, OH_UDP); // the first candidate wins
  n.no_udp = true;
  net_run(&n, 8000000);
  assert_int_equal(n.server_view[0].path.proto, OH_TCP);
  assert_int_equal(n.clients[0].path.proto, OH_TCP);
  assert_int_equal(n.server_view[0].seen[OH_HUB_DISCONNECTED], 0);
  expect_sound(&n, 0, 1);
  net_close(&n);
}

static void goodbye(void **state) {
  (void)state;
  for (int way = 0; way < 2; way++) {
    struct net n;
    start(&n, 14);
    struct oh_outbox out;
    struct net_door door = {&n, way ? -1 : 0};
    oh_outbox_init(&out, net_flush, &door);
    if (way)
      oh_hub_remove(n.server.hub, n.now_us, n.server_view[0].peer, &out);
    else
      oh_hub_remove(n.clients[0].hub, n.now_us, n.clients[0].peer, &out);
    oh_outbox_flush(&out);
    oh_outbox_fini(&out);
    net_run(&n, 100000);
    struct net_side *left = way ? &n.clients[0] : &n.server_view[0];
    assert_int_equal(left->seen[OH_HUB_FAILED], 1);
    assert_true(left->closed);
    assert_false(net_send_rtp(&n, way == 0, 0, 1, "nobody"));
    net_close(&n);
  }
}

static void limits(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 15);
  for (int k = 0; k < 8; k++)
    assert_true(oh_hub_add(n.server.hub, n.now_us, OH_PEER_SERVER) != 0);
  assert_int_equal(oh_hub_add(n.server.hub, n.now_us, OH_PEER_SERVER), 0);
  assert_int_equal(oh_hub_add(n.server.hub, n.now_us, OH_PEER_CLIENT), 0);
  assert_int_equal(oh_hub_state(n.server.hub, 12345), OH_PEER_FAILED);
  assert_null(oh_hub_local_ufrag(n.server.hub, 12345));
  net_close(&n);
}

// The first character of a ufrag says whose a check is, before and after a restart.
static void checks_name_their_shard(void **state) {
  struct net n;
  uint8_t check[OH_STUN_MESSAGE_MAX];
  (void)state;
  net_open(&n, 77);
  for (uint32_t wanted = 0; wanted < OH_ICE_SHARDS; wanted += 21) {
    const struct oh_hub_limits limits = {.peers = 1, .handshakes = 1, .shard = wanted};
    struct oh_hub *hub = oh_hub_open(&n.server.world, n.identity, &limits);
    oh_id peer = oh_hub_add(hub, 0, OH_PEER_SERVER);
    for (int restart = 0; restart < 2; restart++) {
      char username[64];
      int len = snprintf(username, sizeof username, "%s:them", oh_hub_local_ufrag(hub, peer));
      const struct oh_stun_check request = {.username = {username, (size_t)len}, .controlling = true};
      size_t size =
          oh_stun_write_check(&request, (struct oh_bytes){(const uint8_t *)"key", 3}, check, sizeof check);
      uint32_t shard = 99;
      assert_true(size > 0 && oh_ice_shard(check, size, &shard));
      assert_int_equal(shard, wanted);
      assert_false(oh_ice_shard(check, size - 1, &shard));
      oh_hub_restart(hub, 1, peer);
    }
    oh_hub_close(hub);
  }
  // Only a check for a ufrag of our length is anybody's.
  static const char *const strangers[] = {"x:y", "ABCDEFGHIJKLM:y", "-BCDEFGHIJKL:y", "ABCDEFGHIJKL"};
  for (size_t i = 0; i < 4; i++) {
    const struct oh_stun_check request = {.username = oh_str(strangers[i])};
    uint32_t shard = 99;
    size_t size =
        oh_stun_write_check(&request, (struct oh_bytes){(const uint8_t *)"key", 3}, check, sizeof check);
    assert_true(size > 0);
    assert_false(oh_ice_shard(check, size, &shard));
  }
  uint32_t shard;
  assert_false(oh_ice_shard((const uint8_t *)"\x16\xfe\xfd", 3, &shard));
  net_close(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(call_both_ways),
      cmocka_unit_test(rtcp_and_data),
      cmocka_unit_test(lossy_networks),
      cmocka_unit_test(lost_last_flight),
      cmocka_unit_test(two_clients),
      cmocka_unit_test(checks_before_the_answer),
      cmocka_unit_test(wrong_fingerprint),
      cmocka_unit_test(fingerprint_is_fixed),
      cmocka_unit_test(nat_rebinding),
      cmocka_unit_test(consent_expires),
      cmocka_unit_test(silence_and_recovery),
      cmocka_unit_test(ice_restart),
      cmocka_unit_test(restart_after_failure),
      cmocka_unit_test(tcp_when_udp_is_blocked),
      cmocka_unit_test(udp_dies),
      cmocka_unit_test(goodbye),
      cmocka_unit_test(limits),
      cmocka_unit_test(checks_name_their_shard),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
