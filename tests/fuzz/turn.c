// turn.c — the TURN server as a machine: the input is messages of a client whose requests are signed for it,
// so that what is behind the credentials is reached, too. Nothing is relayed but to peers there are; what is
// answered can be read.
#include "rtc/turn.h"
#include "base/check.h"
#include <openssl/evp.h>

static uint32_t opened;

static void fill(void *ctx, void *buffer, size_t len) {
  (void)ctx;
  memset(buffer, 0x5A, len);
}
static bool password_of(void *ctx, struct oh_str user, bool to_allocate, int64_t unix_s,
                        char password[OH_TURN_PASSWORD_MAX]) {
  (void)ctx, (void)to_allocate, (void)unix_s;
  strcpy(password, "p");
  return user.len < 100;
}
static bool open_relay(void *ctx, oh_id id, uint8_t family, struct oh_addr *relayed) {
  (void)ctx, (void)id;
  opened++;
  *relayed = (struct oh_addr){.family = family, .port = 1};
  return true;
}
static void close_relay(void *ctx, oh_id id) {
  (void)ctx, (void)id;
  opened--;
}
static void relay(void *ctx, oh_id id, size_t peer, const uint8_t *data, size_t len) {
  OH_CHECK(peer < 2 && id && len <= OH_TURN_FRAME_MAX && (len == 0 || data));
  oh_turn_relayed(*(struct oh_turn **)ctx, 1000000, id, peer, data, len);
}
static void answer(void *ctx, const struct oh_addr *client, const uint8_t *data, size_t len) {
  struct oh_turn_message m;
  (void)ctx, (void)client;
  OH_CHECK(oh_turn_is_channel_data(data, len) || oh_turn_read(&m, data, len));
}

// A request with the attributes of the input, a nonce that counts and a signature that is right.
static void send_signed(struct oh_turn *turn, const struct oh_addr *from, struct oh_str nonce,
                        const uint8_t *data, size_t len) {
  uint8_t out[OH_STUN_MESSAGE_MAX], key[16];
  struct oh_writer w =
      oh_stun_begin(data[0] & 15, OH_STUN_REQUEST, (const uint8_t *)"transaction.", out, sizeof out);
  oh_stun_add(&w, 0x0006, "u", 1);
  oh_stun_add(&w, OH_TURN_REALM, "livekit", 7);
  oh_stun_add(&w, OH_TURN_NONCE, nonce.data, nonce.len);
  oh_write_bytes(&w, data + 1, (len - 1) / 4 * 4);
  OH_CHECK(EVP_Digest("u:livekit:p", 11, key, NULL, EVP_md5(), NULL));
  size_t n = oh_stun_finish(&w, (struct oh_bytes){key, sizeof key}, true);
  if (n) oh_turn_recv(turn, 1000000, from, out, n);
}

static char nonce[64];
static void keep_nonce(void *ctx, const struct oh_addr *client, const uint8_t *data, size_t len) {
  struct oh_turn_message m;
  answer(ctx, client, data, len);
  if (!*nonce && oh_turn_read(&m, data, len) && m.has_nonce) memcpy(nonce, m.nonce.data, m.nonce.len);
}

// The input: a byte (odd: to be signed), a byte of length, a message; and so on.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static struct oh_world world;
  world = (struct oh_world){.random = {.fill = fill}};
  const struct oh_addr peers[] = {{.family = OH_ADDR_V4, .ip = {192, 0, 2, 1}, .port = 7882},
                                  {.family = OH_ADDR_V6, .ip = {0x20, 1, 0xd, 0xb8}, .port = 7882}};
  struct oh_turn *turn = NULL;
  const struct oh_turn_config config = {.realm = "livekit",
                                        .peers = peers,
                                        .peer_count = 2,
                                        .password = password_of,
                                        .open = open_relay,
                                        .close = close_relay,
                                        .relay = relay,
                                        .send = keep_nonce,
                                        .ctx = &turn};
  const struct oh_addr from = {
      .family = OH_ADDR_V4, .ip = {203, 0, 113, 5}, .port = 5000, .proto = OH_TCP, .stream = 1};
  turn = oh_turn_open(&world, &config);
  *nonce = 0;
  uint8_t out[64];
  struct oh_writer w =
      oh_stun_begin(OH_TURN_ALLOCATE, OH_STUN_REQUEST, (const uint8_t *)"transaction.", out, sizeof out);
  oh_turn_recv(turn, 1000000, &from, out, oh_stun_finish(&w, (struct oh_bytes){0}, false));
  OH_CHECK(*nonce);
  send_signed(turn, &from, oh_str(nonce), (const uint8_t *)"\x03\0\x19\0\4\x11\0\0\0", 9);
  struct oh_reader r = oh_reader(data, len);
  while (oh_reader_left(&r) > 3) {
    bool sign = oh_read_u8(&r) & 1;
    struct oh_bytes message = oh_read_bytes(&r, oh_read_u8(&r));
    if (r.failed || message.len == 0) break;
    if (sign)
      send_signed(turn, &from, oh_str(nonce), message.data, message.len);
    else
      oh_turn_recv(turn, 1000000, &from, message.data, message.len);
    oh_turn_frame(message.len < 4 ? (const uint8_t *)"...." : message.data);
  }
  oh_turn_close(turn);
  OH_CHECK(opened == 0);
  return 0;
}
