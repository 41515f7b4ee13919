// hub.c — a server hub and client hubs talk in virtual time: ICE, DTLS, SRTP both ways, and what goes wrong
// on the way.
#include "tests/unit/rtc/pair.h"

static void call_both_ways(void **state) {
  (void)state;
  struct net n;
  net_open(&n, 1);
  int c = net_add(&n, true);
  net_describe(&n, c, true, true);
  assert_false(net_send_rtp(&n, true, c, 1, "too early"));
  int64_t before = n.now_us;
  net_run(&n, 1000000);
  assert_true(net_connected(&n, c));
  (void)before;
  assert_true(net_send_rtp(&n, false, c, 7, "hello server"));
  assert_true(net_send_rtp(&n, true, c, 9, "hello client"));
  net_run(&n, 100000);
  assert_int_equal(n.server_view[c].rtp, 1);
  assert_int_equal(n.clients[c].rtp, 1);
  assert_int_equal(n.server_view[c].last_sequence, 7);
  assert_memory_equal(n.server_view[c].last, "hello server", 12);
  assert_memory_equal(n.clients[c].last, "hello client", 12);
  net_run(&n, 60000000);
  assert_int_equal(oh_hub_state(n.server.hub, n.server_view[c].peer), OH_PEER_CONNECTED);
  assert_int_equal(n.server_view[c].seen[OH_HUB_DISCONNECTED], 0);
  net_close(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(call_both_ways),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
