// turn.c — the TURN server in whole dialogues: what a client may, and that nothing but our own media
// addresses is ever relayed to.
#include "rtc/turn.h"
#include "tests/unit/test.h"
#include <openssl/evp.h>

#define S 1000000LL
static const char user[] = "somebody", realm[] = "livekit", secret_word[] = "password";

static struct bench {
  struct oh_world world;
  struct oh_turn *turn;
  int64_t now_us;
  uint8_t answer[OH_TURN_FRAME_MAX];
  size_t answer_len;
  uint32_t answers, opened, closed, relayed;
  size_t relayed_peer;
  uint8_t relayed_data[64];
  size_t relayed_len;
  oh_id allocation;
  bool is_full;
  char nonce[64];
  uint8_t key[16];
  uint8_t transaction;
} b;
static uint64_t seed;

static struct oh_addr v4(uint8_t x, uint8_t y, uint8_t z, uint8_t w, uint16_t port) {
  return (struct oh_addr){.family = OH_ADDR_V4, .ip = {x, y, z, w}, .port = port};
}

static bool password_of(void *ctx, struct oh_str name, bool to_allocate, int64_t unix_s,
                        char password[OH_TURN_PASSWORD_MAX]) {
  (void)ctx, (void)unix_s;
  if (oh_str_eq(name, OH_STR("expired")) && to_allocate) return false;
  if (!oh_str_eq(name, oh_str(user)) && !oh_str_eq(name, OH_STR("expired"))) return false;
  snprintf(password, OH_TURN_PASSWORD_MAX, "%s", secret_word);
  return true;
}
static bool open_relay(void *ctx, oh_id id, uint8_t family, struct oh_addr *relayed) {
  (void)ctx;
  assert_int_equal(family, OH_ADDR_V4);
  if (b.is_full) return false;
  b.opened++;
  b.allocation = id;
  *relayed = v4(192, 0, 2, 1, 40000);
  return true;
}
static void close_relay(void *ctx, oh_id id) {
  (void)ctx, (void)id;
  b.closed++;
}
static void relay(void *ctx, oh_id id, size_t peer, const uint8_t *data, size_t len) {
  (void)ctx;
  assert_int_equal(id, b.allocation);
  b.relayed++;
  b.relayed_peer = peer;
  b.relayed_len = len < sizeof b.relayed_data ? len : sizeof b.relayed_data;
  memcpy(b.relayed_data, data, b.relayed_len);
}
static void send_back(void *ctx, const struct oh_addr *client, const uint8_t *data, size_t len) {
  (void)ctx, (void)client;
  b.answers++;
  memcpy(b.answer, data, len);
  b.answer_len = len;
}

static int setup(void **state) {
  (void)state;
  seed = 1;
  b = (struct bench){.world = {.random = test_random(&seed), .unix_offset_us = 1700000000 * S},
                     .now_us = 100 * S};
  const struct oh_addr peers[] = {v4(192, 0, 2, 1, 7882), v4(192, 0, 2, 1, 7883), v4(198, 51, 100, 7, 7882)};
  const struct oh_turn_config config = {.realm = realm,
                                        .peers = peers,
                                        .peer_count = 3,
                                        .password = password_of,
                                        .open = open_relay,
                                        .close = close_relay,
                                        .relay = relay,
                                        .send = send_back};
  b.turn = oh_turn_open(&b.world, &config);
  char text[100];
  int len = snprintf(text, sizeof text, "%s:%s:%s", user, realm, secret_word);
  EVP_Digest(text, (size_t)len, b.key, NULL, EVP_md5(), NULL);
  return 0;
}
static int teardown(void **state) {
  (void)state;
  oh_turn_close(b.turn);
  assert_int_equal(b.opened, b.closed);
  return 0;
}

// ---- a client

struct ask {
  uint16_t method, channel;
  const char *name; // NULL: no credentials
  const char *nonce;
  struct oh_addr peer;
  bool with_peer, wrong_key, odd, repeat;
  int64_t lifetime_s; // 0: none, -1: zero
  uint8_t transport;
};

static const struct oh_addr *client(void) {
  static struct oh_addr addr;
  addr = v4(203, 0, 113, 5, 5000);
  return &addr;
}

// Sends it from `from`; the code of the error answered, 0 for success, -1 for silence.
static int ask_from(const struct oh_addr *from, const struct ask *a) {
  uint8_t out[OH_STUN_MESSAGE_MAX], number[4] = {0}, transaction[OH_STUN_TRANSACTION_BYTES] = {0};
  transaction[0] = a->repeat ? b.transaction : ++b.transaction;
  struct oh_writer w = oh_stun_begin(a->method, OH_STUN_REQUEST, transaction, out, sizeof out);
  if (a->transport) oh_stun_add(&w, OH_TURN_TRANSPORT, (uint8_t[4]){a->transport}, 4);
  if (a->channel)
    oh_stun_add(&w, OH_TURN_CHANNEL_NUMBER, (uint8_t[4]){(uint8_t)(a->channel >> 8), (uint8_t)a->channel}, 4);
  if (a->with_peer) oh_stun_add_address(&w, OH_TURN_XOR_PEER, &a->peer);
  if (a->odd) oh_stun_add(&w, 0x0018, number, 1); // EVEN-PORT
  oh_store_u32_be(number, a->lifetime_s > 0 ? (uint32_t)a->lifetime_s : 0);
  if (a->lifetime_s) oh_stun_add(&w, OH_TURN_LIFETIME, number, 4);
  if (a->name) {
    const char *nonce = a->nonce ? a->nonce : b.nonce;
    oh_stun_add(&w, 0x0006, a->name, strlen(a->name));
    oh_stun_add(&w, OH_TURN_REALM, realm, strlen(realm));
    oh_stun_add(&w, OH_TURN_NONCE, nonce, strlen(nonce));
  }
  uint8_t key[16];
  memcpy(key, b.key, sizeof key);
  key[0] ^= a->wrong_key;
  size_t len = oh_stun_finish(&w, (struct oh_bytes){key, a->name ? sizeof key : 0}, true);
  uint32_t answers = b.answers;
  oh_turn_recv(b.turn, b.now_us, from, out, len);
  if (b.answers == answers) return -1;
  struct oh_turn_message m;
  assert_true(oh_turn_read(&m, b.answer, b.answer_len));
  assert_memory_equal(m.stun.transaction, transaction, sizeof transaction);
  if (m.has_nonce) snprintf(b.nonce, sizeof b.nonce, "%.*s", OH_STR_ARG(m.nonce));
  bool proven = a->name && m.stun.error_code != 401 && m.stun.error_code != 438 && m.stun.error_code != 441;
  if (proven) assert_true(oh_stun_verify(&m.stun, (struct oh_bytes){b.key, sizeof b.key}));
  return m.stun.class == OH_STUN_SUCCESS ? 0 : m.stun.error_code;
}
static int ask(struct ask a) {
  return ask_from(client(), &a);
}
static int allocate_from(const struct oh_addr *from) {
  struct ask a = {.method = OH_TURN_ALLOCATE, .transport = 17};
  int first = ask_from(from, &a);
  if (first != 401) return first;
  a.name = user;
  return ask_from(from, &a);
}
static int permit(struct oh_addr peer) {
  return ask(
      (struct ask){.method = OH_TURN_CREATE_PERMISSION, .name = user, .peer = peer, .with_peer = true});
}
static int bind_channel(uint16_t channel, struct oh_addr peer) {
  return ask((struct ask){
      .method = OH_TURN_CHANNEL_BIND, .name = user, .channel = channel, .peer = peer, .with_peer = true});
}
static void send_indication(struct oh_addr peer) {
  uint8_t out[OH_STUN_MESSAGE_MAX], transaction[OH_STUN_TRANSACTION_BYTES] = {7};
  struct oh_writer w = oh_stun_begin(OH_TURN_SEND, OH_STUN_INDICATION, transaction, out, sizeof out);
  oh_stun_add_address(&w, OH_TURN_XOR_PEER, &peer);
  oh_stun_add(&w, OH_TURN_DATA_BYTES, "hello", 5);
  oh_turn_recv(b.turn, b.now_us, client(), out, oh_stun_finish(&w, (struct oh_bytes){0}, false));
}

// ---- tests

static void allocates_after_a_challenge(void **state) {
  (void)state;
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17}), 401);
  assert_true(b.answer_len <= 72); // a stranger gets little
  assert_int_equal(allocate_from(client()), 0);
  struct oh_turn_message m;
  assert_true(oh_turn_read(&m, b.answer, b.answer_len));
  assert_int_equal(m.lifetime_s, 600);
  struct oh_addr mapped = *client();
  assert_true(m.stun.has_mapped && oh_addr_eq(&m.stun.mapped, &mapped));
  // Our answer was lost: the same again, and no second allocation.
  assert_int_equal(
      ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17, .name = user, .repeat = true}), 0);
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17, .name = user}), 437);
  assert_int_equal(b.opened, 1);
}

static void refuses_who_is_not_known(void **state) {
  (void)state;
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17}), 401);
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17, .name = "nobody"}), 401);
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17, .name = "expired"}), 401);
  assert_int_equal(
      ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17, .name = user, .wrong_key = true}), 401);
  assert_int_equal(ask((struct ask){.method = OH_TURN_REFRESH, .name = user}), 437);
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 6, .name = user}),
                   442); // TCP relay
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .name = user}), 400);
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17, .odd = true, .name = user}),
                   420);
  assert_int_equal(b.opened, 0);
  assert_int_equal(b.world.counters.value[OH_COUNT_turn_unauthorized], 3);
}

static void nonces_are_bound_to_address_and_time(void **state) {
  (void)state;
  assert_int_equal(ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17}), 401);
  char kept[64];
  snprintf(kept, sizeof kept, "%s", b.nonce);
  struct oh_addr other = v4(203, 0, 113, 6, 5000);
  struct ask replay = {.method = OH_TURN_ALLOCATE, .transport = 17, .name = user, .nonce = kept};
  assert_int_equal(ask_from(&other, &replay), 438);
  assert_int_equal(
      ask((struct ask){.method = OH_TURN_ALLOCATE, .transport = 17, .name = user, .nonce = "made-up"}), 438);
  b.now_us += (OH_TURN_NONCE_S + 1) * S;
  assert_int_equal(ask_from(client(), &replay), 438);
  assert_int_equal(allocate_from(client()), 0);
}

static void reaches_nobody_but_us(void **state) {
  (void)state;
  assert_int_equal(allocate_from(client()), 0);
  struct oh_addr mapped = {.family = OH_ADDR_V6,
                           .ip = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1},
                           .port = 7882};
  const struct oh_addr forbidden[] = {
      v4(127, 0, 0, 1, 22),       v4(127, 0, 0, 1, 7882),       v4(0, 0, 0, 0, 7882),   v4(10, 0, 0, 1, 80),
      v4(169, 254, 169, 254, 80), v4(255, 255, 255, 255, 7882), v4(224, 0, 0, 1, 7882), v4(8, 8, 8, 8, 53),
      v4(192, 0, 2, 2, 7882),     v4(203, 0, 113, 5, 5000)};
  for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
    assert_int_equal(permit(forbidden[i]), 403);
    assert_int_equal(bind_channel(0x4000, forbidden[i]), 403);
    send_indication(forbidden[i]);
  }
  assert_int_equal(permit(mapped), 443);
  assert_int_equal(bind_channel(0x4000, mapped), 443);
  // Another port of our own address, as that of the HTTP door: the permission is for the address, data is
  // not.
  assert_int_equal(permit(v4(192, 0, 2, 1, 7880)), 0);
  assert_int_equal(bind_channel(0x4000, v4(192, 0, 2, 1, 7880)), 403);
  send_indication(v4(192, 0, 2, 1, 7880));
  assert_int_equal(b.relayed, 0);
  send_indication(v4(192, 0, 2, 1, 7883));
  assert_int_equal(b.relayed, 1);
  assert_int_equal(b.relayed_peer, 1);
  assert_memory_equal(b.relayed_data, "hello", 5);
  send_indication(v4(198, 51, 100, 7, 7882)); // ours, but not permitted
  assert_int_equal(b.relayed, 1);
}

static void relays_both_ways_on_a_channel(void **state) {
  (void)state;
  static const uint8_t in[] = {0x40, 0x01, 0, 3, 'a', 'b', 'c', 0};
  assert_int_equal(allocate_from(client()), 0);
  oh_turn_recv(b.turn, b.now_us, client(), in, sizeof in);
  assert_int_equal(b.relayed, 0);
  assert_int_equal(bind_channel(0x4001, v4(198, 51, 100, 7, 7882)), 0);
  assert_int_equal(bind_channel(0x4001, v4(192, 0, 2, 1, 7882)), 400); // bound to another
  assert_int_equal(bind_channel(0x4002, v4(198, 51, 100, 7, 7882)), 400);
  assert_int_equal(bind_channel(0x3FFF, v4(192, 0, 2, 1, 7882)), 400);
  assert_int_equal(bind_channel(0x7FFF, v4(192, 0, 2, 1, 7882)), 400);
  assert_int_equal(bind_channel(0x8000, v4(192, 0, 2, 1, 7882)), 400);
  oh_turn_recv(b.turn, b.now_us, client(), in, sizeof in);
  assert_int_equal(b.relayed, 1);
  assert_int_equal(b.relayed_peer, 2);
  assert_int_equal(b.relayed_len, 3);
  oh_turn_relayed(b.turn, b.now_us, b.allocation, 2, (const uint8_t *)"xyz", 3);
  assert_int_equal(b.answer_len, 7);
  assert_memory_equal(b.answer, "\x40\x01\0\3xyz", 7);
  uint32_t answers = b.answers;
  oh_turn_relayed(b.turn, b.now_us, b.allocation, 0, (const uint8_t *)"xyz", 3); // no permission
  assert_int_equal(b.answers, answers);
  assert_int_equal(permit(v4(192, 0, 2, 1, 7882)), 0);
  oh_turn_relayed(b.turn, b.now_us, b.allocation, 0, (const uint8_t *)"xyz", 3); // as an indication
  struct oh_turn_message m;
  assert_true(oh_turn_read(&m, b.answer, b.answer_len));
  assert_int_equal(m.stun.method, OH_TURN_DATA);
  assert_memory_equal(m.data.data, "xyz", 3);
  b.now_us += OH_TURN_CHANNEL_US;
  oh_turn_recv(b.turn, b.now_us, client(), in, sizeof in); // the channel has lapsed
  assert_int_equal(b.relayed, 1);
}

// RFC 5766 gave four times as many numbers as RFC 8656; its clients are served.
static void older_channel_numbers_are_taken(void **state) {
  (void)state;
  const uint16_t numbers[] = {0x4000, 0x4FFF, 0x5000, 0x7FFE};
  const struct oh_addr peers[] = {v4(192, 0, 2, 1, 7882), v4(192, 0, 2, 1, 7883), v4(198, 51, 100, 7, 7882)};
  for (uint32_t i = 0; i < 4; i++) {
    const uint8_t data[] = {(uint8_t)(numbers[i] >> 8), (uint8_t)numbers[i], 0, 3, 'a', 'b', 'c', 0};
    if (i % 3 == 0) {
      oh_turn_stream_closed(b.turn, client()); // which ends the allocation before
      assert_int_equal(allocate_from(client()), 0);
    }
    assert_int_equal(bind_channel(numbers[i], peers[i % 3]), 0);
    assert_int_equal(oh_turn_frame(data), sizeof data);
    oh_turn_recv(b.turn, b.now_us, client(), data, sizeof data);
    assert_int_equal(b.relayed, i + 1);
    assert_int_equal(b.relayed_peer, i % 3);
    assert_int_equal(b.relayed_len, 3);
    oh_turn_relayed(b.turn, b.now_us, b.allocation, i % 3, (const uint8_t *)"xyz", 3);
    assert_memory_equal(b.answer, data, 2);
  }
  const uint8_t beyond[] = {0x80, 0, 0, 4};
  assert_int_equal(oh_turn_frame(beyond), 0);
}

static void permissions_and_allocations_end(void **state) {
  (void)state;
  assert_int_equal(allocate_from(client()), 0);
  assert_int_equal(permit(v4(192, 0, 2, 1, 1)), 0);
  b.now_us += OH_TURN_PERMISSION_US;
  send_indication(v4(192, 0, 2, 1, 7882));
  assert_int_equal(b.relayed, 0);
  assert_int_equal(ask((struct ask){.method = OH_TURN_REFRESH, .name = user, .lifetime_s = 100000}), 0);
  b.now_us += OH_TURN_LIFETIME_MAX_S * S - 1;
  oh_turn_tick(b.turn, b.now_us);
  assert_int_equal(oh_turn_allocations(b.turn), 1);
  b.now_us += 1;
  oh_turn_tick(b.turn, b.now_us);
  assert_int_equal(oh_turn_allocations(b.turn), 0);
  assert_int_equal(allocate_from(client()), 0);
  assert_int_equal(ask((struct ask){.method = OH_TURN_REFRESH, .name = "expired"}), 441);
  assert_int_equal(ask((struct ask){.method = OH_TURN_REFRESH, .name = user, .lifetime_s = -1}), 0);
  assert_int_equal(b.closed, 2);
}

static void quotas_hold(void **state) {
  (void)state;
  for (uint16_t i = 0; i < OH_TURN_PER_CREDENTIAL_MAX; i++) {
    struct oh_addr from = v4(203, 0, 113, (uint8_t)i, 6000);
    assert_int_equal(allocate_from(&from), 0);
  }
  assert_int_equal(allocate_from(client()), 486);
  struct oh_addr gone = v4(203, 0, 113, 0, 6000);
  oh_turn_stream_closed(b.turn, &gone);
  b.is_full = true;
  assert_int_equal(allocate_from(client()), 508);
  b.is_full = false;
  assert_int_equal(allocate_from(client()), 0);
  assert_int_equal(b.world.counters.value[OH_COUNT_turn_refused], 2);
}

// N1, N2: strangers get few answers in all, however many addresses they forge, and leave nothing behind.
static void strangers_are_rationed(void **state) {
  (void)state;
  struct ask a = {.method = OH_TURN_ALLOCATE, .transport = 17};
  for (int i = 0; i < 1000; i++)
    ask_from(client(), &a);
  assert_int_equal(b.answers, OH_TURN_STRANGER_BURST);
  for (uint32_t i = 0; i < 20000; i++) {
    struct oh_addr from = v4(198, 18, (uint8_t)(i >> 8), (uint8_t)i, 1000);
    ask_from(&from, &a);
  }
  assert_int_equal(b.answers, OH_TURN_STRANGERS_PER_S);
  assert_int_equal(oh_turn_allocations(b.turn), 0);
  b.now_us += S;
  assert_int_equal(allocate_from(client()), 0);
  struct oh_addr stream = v4(203, 0, 113, 9, 1);
  stream.proto = OH_TCP, stream.stream = 5; // has proven its address
  for (int i = 0; i < 100; i++)
    assert_int_equal(ask_from(&stream, &a), 401);
}

static void frames_are_cut_as_they_say(void **state) {
  (void)state;
  assert_int_equal(oh_turn_frame((const uint8_t *)"\0\1\0\x08"), 28);
  assert_int_equal(oh_turn_frame((const uint8_t *)"\0\1\0\x07"), 0);
  assert_int_equal(oh_turn_frame((const uint8_t *)"\x40\1\0\x05"), 12);
  assert_int_equal(oh_turn_frame((const uint8_t *)"\x40\1\xff\xff"), 0);
  assert_int_equal(oh_turn_frame((const uint8_t *)"GET "), 0);
  assert_int_equal(oh_turn_frame((const uint8_t *)"\x16\3\1\0"), 0); // TLS in TLS
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(allocates_after_a_challenge),
      T(refuses_who_is_not_known),
      T(nonces_are_bound_to_address_and_time),
      T(reaches_nobody_but_us),
      T(relays_both_ways_on_a_channel),
      T(older_channel_numbers_are_taken),
      T(permissions_and_allocations_end),
      T(quotas_hold),
      T(strangers_are_rationed),
      T(frames_are_cut_as_they_say),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
