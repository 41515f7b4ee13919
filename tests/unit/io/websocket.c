// websocket.c — the WebSocket half of the door: our own client against our own server over real sockets,
// plain and TLS; the move to another loop; rude and slow clients.
#include "io/clock.h"
#include "io/entropy.h"
#include "io/ws_client.h"
#include "tests/unit/io/certificate.h"
#include "tests/unit/io/house.h"
#include "tests/unit/test.h"
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

static char dir[] = "/tmp/offhook-io-XXXXXX";
static struct oh_world world;
static uint8_t pattern[OH_SIGNAL_MESSAGE_MAX + 1];

// Sends messages of every size in `sizes`, one after the other's echo, then says bye.
struct visitor {
  struct oh_ws_client *client;
  const size_t *sizes;
  size_t count, at;
  bool opened, done;
  int status;
  uint16_t code;
  char text[256];
};

static const size_t all_sizes[] = {0,     1,     125,    126,    127,
                                   1000,  4096,  16384,  16385,  65535,
                                   65536, 65537, 100000, 200000, OH_SIGNAL_MESSAGE_MAX};
static const size_t few_sizes[] = {0, 200, 70000};

static void send_next(struct visitor *v) {
  if (v->at == v->count) {
    assert_true(oh_ws_client_send(v->client, true, (struct oh_bytes){(const uint8_t *)"bye", 3}));
  } else {
    // Text and binary by turns: the pattern is ASCII.
    assert_true(oh_ws_client_send(v->client, v->at % 2, (struct oh_bytes){pattern, v->sizes[v->at]}));
  }
}

static void on_opened(void *ctx, int64_t now_us) {
  struct visitor *v = ctx;
  (void)now_us;
  v->opened = true;
  send_next(v);
}

static void on_message(void *ctx, int64_t now_us, bool is_text, struct oh_bytes data) {
  struct visitor *v = ctx;
  (void)now_us;
  assert_true(v->at < v->count);
  assert_int_equal(is_text, v->at % 2);
  assert_int_equal(data.len, v->sizes[v->at]);
  assert_memory_equal(data.data, pattern, data.len);
  v->at++;
  send_next(v);
}

static void on_closed(void *ctx, int64_t now_us, int status, uint16_t code, struct oh_str text) {
  struct visitor *v = ctx;
  (void)now_us;
  v->done = true;
  v->status = status;
  v->code = code;
  snprintf(v->text, sizeof v->text, "%.*s", OH_STR_ARG(text));
  oh_ws_client_close(v->client);
}

static const struct oh_ws_client_handler handler = {
    .opened = on_opened, .message = on_message, .closed = on_closed};

static void start(uv_loop_t *loop, struct visitor *v, const char *url, struct oh_tls *tls,
                  const size_t *sizes, size_t count) {
  *v = (struct visitor){.sizes = sizes, .count = count};
  struct oh_ws_client_config config = {.loop = loop,
                                       .world = &world,
                                       .url = oh_str(url),
                                       .fields = OH_STR("Authorization: Bearer x\r\n"),
                                       .tls = tls,
                                       .handler = &handler,
                                       .ctx = v};
  v->client = oh_ws_client_open(&config);
  assert_non_null(v->client);
}

// One visitor from start to end.
static struct visitor visit(const char *url, struct oh_tls *tls, const size_t *sizes, size_t count) {
  uv_loop_t loop;
  struct visitor v;
  assert_int_equal(uv_loop_init(&loop), 0);
  start(&loop, &v, url, tls, sizes, count);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  assert_true(v.done);
  return v;
}

static const char *url_of(const struct house *house, const char *scheme, const char *path) {
  static char url[128];
  snprintf(url, sizeof url, "%s://localhost:%u%s", scheme, house_port(house), path);
  return url;
}

static void wait_closed(const struct house *house, uint32_t count) {
  for (int i = 0; i < 3000 && house_closed(house) < count; i++)
    usleep(10000);
  assert_int_equal(house_closed(house), count);
}

#define ALL all_sizes, sizeof all_sizes / sizeof all_sizes[0]
#define FEW few_sizes, sizeof few_sizes / sizeof few_sizes[0]

static void echoes_all_sizes(void **state) {
  struct house *house = house_open(NULL, 0);
  (void)state;
  struct visitor v = visit(url_of(house, "ws", "/echo"), NULL, ALL);
  assert_int_equal(v.at, v.count);
  assert_int_equal(v.code, OH_WS_NORMAL);
  assert_string_equal(v.text, "as you wish");
  wait_closed(house, 1);
  assert_int_equal(house_last_code(house), OH_WS_NORMAL);
  house_close(house);
}

static struct oh_tls *server_tls(const char *name) {
  char chain[128], key[128], error[OH_TLS_ERROR_MAX] = "";
  snprintf(chain, sizeof chain, "%s/%s.crt", dir, name);
  snprintf(key, sizeof key, "%s/%s.key", dir, name);
  struct oh_tls *tls = oh_tls_open_server(chain, key, error);
  assert_string_equal(error, "");
  return tls;
}
static struct oh_tls *client_tls(const char *name) {
  char path[128], error[OH_TLS_ERROR_MAX] = "";
  snprintf(path, sizeof path, "%s/%s.crt", dir, name);
  struct oh_tls *tls = oh_tls_open_client(path, error);
  assert_string_equal(error, "");
  return tls;
}

static void echoes_all_sizes_over_tls_and_reloads(void **state) {
  struct oh_tls *one = server_tls("one"), *two = server_tls("two");
  struct oh_tls *trusts_one = client_tls("one"), *trusts_two = client_tls("two");
  struct house *house = house_open(one, 0);
  (void)state;
  struct visitor v = visit(url_of(house, "wss", "/echo"), trusts_one, ALL);
  assert_int_equal(v.at, v.count);
  assert_int_equal(v.code, OH_WS_NORMAL);
  // Who does not trust the certificate does not get in.
  v = visit(url_of(house, "wss", "/echo"), trusts_two, FEW);
  assert_false(v.opened);
  assert_non_null(strstr(v.text, "TLS failed"));
  // The other certificate, without a restart.
  house_set_tls(house, two);
  v = visit(url_of(house, "wss", "/echo"), trusts_two, FEW);
  assert_int_equal(v.at, v.count);
  // Not TLS at all, and a handshake that never comes: neither hurts the next one.
  int fd = caller_open(house), silent = caller_open(house);
  char answer[256];
  caller_sends(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  caller_recv_until_closed(fd, answer, sizeof answer);
  assert_null(strstr(answer, "200"));
  v = visit(url_of(house, "wss", "/echo"), trusts_two, FEW);
  assert_int_equal(v.at, v.count);
  assert_int_equal(caller_recv(silent, answer, 1), 0); // cut after 5 s
  assert_true(house_count(house, OH_COUNT_tls_failed) >= 1);
  assert_true(house_count(house, OH_COUNT_http_timeouts) >= 1);
  close(fd);
  close(silent);
  house_close(house);
  oh_tls_close(one);
  oh_tls_close(two);
  oh_tls_close(trusts_one);
  oh_tls_close(trusts_two);
}

static void moves_to_another_loop(void **state) {
  struct oh_tls *tls = server_tls("one"), *trust = client_tls("one");
  struct house *plain = house_open(NULL, 0), *secret = house_open(tls, 0);
  (void)state;
  for (int i = 0; i < 20; i++) {
    struct visitor v = visit(url_of(plain, "ws", "/move"), NULL, FEW);
    assert_int_equal(v.at, v.count);
    v = visit(url_of(secret, "wss", "/move"), trust, FEW);
    assert_int_equal(v.at, v.count);
    assert_int_equal(v.code, OH_WS_NORMAL);
  }
  assert_int_equal(house_moved(plain), 20);
  assert_int_equal(house_moved(secret), 20);
  wait_closed(plain, 20);
  wait_closed(secret, 20);
  house_close(plain);
  house_close(secret);
  oh_tls_close(tls);
  oh_tls_close(trust);
}

static void serves_100_at_once(void **state) {
  struct oh_tls *tls = server_tls("one"), *trust = client_tls("one");
  struct house *plain = house_open(NULL, 0), *secret = house_open(tls, 0);
  static struct visitor visitors[100];
  char plain_url[128], secret_url[128];
  uv_loop_t loop;
  (void)state;
  assert_int_equal(uv_loop_init(&loop), 0);
  strcpy(plain_url, url_of(plain, "ws", "/echo"));
  strcpy(secret_url, url_of(secret, "wss", "/move"));
  for (int i = 0; i < 100; i++)
    start(&loop, &visitors[i], i % 4 ? plain_url : secret_url, i % 4 ? NULL : trust, FEW);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(visitors[i].at, 3);
    assert_int_equal(visitors[i].code, OH_WS_NORMAL);
  }
  wait_closed(plain, 75);
  wait_closed(secret, 25);
  house_close(plain);
  house_close(secret);
  oh_tls_close(tls);
  oh_tls_close(trust);
}

static void tells_the_client_why(void **state) {
  struct house *house = house_open(NULL, 0);
  static const size_t too_big[] = {OH_SIGNAL_MESSAGE_MAX + 1};
  (void)state;
  struct visitor v = visit(url_of(house, "ws", "/nothing?here"), NULL, FEW);
  assert_false(v.opened);
  assert_int_equal(v.status, 200);
  assert_string_equal(v.text, "/nothing?here");
  v = visit(url_of(house, "ws", "/echo"), NULL, too_big, 1);
  assert_true(v.opened);
  assert_int_equal(v.code, OH_WS_TOO_BIG);
  wait_closed(house, 1);
  v = visit("ws://localhost:1/", NULL, FEW);
  assert_int_equal(v.code, OH_WS_ABNORMAL);
  assert_string_equal(v.text, "cannot connect");
  house_close(house);
}

static const char upgrade[] = "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\n"
                              "Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static int raw_open(struct house *house, const void *frames, size_t len) {
  char head[512] = {0};
  char request[1024];
  size_t n = sizeof upgrade - 1;
  int fd = caller_open(house);
  memcpy(request, upgrade, n); // frames may come in the same segment as the request
  memcpy(request + n, frames, len);
  caller_send(fd, request, n + len);
  for (size_t at = 0; at < sizeof head - 1 && !strstr(head, "\r\n\r\n"); at++)
    assert_int_equal(caller_recv(fd, head + at, 1), 1);
  assert_non_null(strstr(head, "101 Switching Protocols"));
  assert_non_null(strstr(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")); // RFC 6455 1.3
  return fd;
}

static void takes_frames_behind_the_request(void **state) {
  struct house *house = house_open(NULL, 0);
  uint8_t got[64];
  (void)state;
  // RFC 6455 5.7, the masked Hello; as fragments with a ping between; then a close
  static const uint8_t frames[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, //
                                   0x01, 0x83, 0,    0,    0,    0,    'H',  'e',  'l',              //
                                   0x89, 0x82, 0,    0,    0,    0,    'h',  'i',                    //
                                   0x80, 0x82, 0,    0,    0,    0,    'l',  'o',                    //
                                   0x88, 0x82, 0,    0,    0,    0,    0x03, 0xE8};
  static const uint8_t expected[] = {0x81, 5, 'H', 'e', 'l', 'l', 'o', 0x8A, 2, 'h',  'i', //
                                     0x81, 5, 'H', 'e', 'l', 'l', 'o', 0x88, 2, 0x03, 0xE8};
  int fd = raw_open(house, frames, sizeof frames);
  assert_int_equal(caller_recv(fd, got, sizeof got), sizeof expected);
  assert_memory_equal(got, expected, sizeof expected);
  close(fd);
  wait_closed(house, 1);
  assert_int_equal(house_last_code(house), 1000);
  house_close(house);
}

static void cuts_protocol_breakers(void **state) {
  struct house *house = house_open(NULL, 0);
  static const struct {
    uint16_t code;
    uint8_t len, frame[16];
  } cases[] = {
      {1002, 3, {0x81, 0x01, 'x'}},                                      // not masked
      {1002, 2, {0xC1, 0x80}},                                           // reserved bit
      {1002, 2, {0x83, 0x80}},                                           // reserved opcode
      {1002, 6, {0x80, 0x80, 0, 0, 0, 0}},                               // nothing to continue
      {1002, 6, {0x09, 0x80, 0, 0, 0, 0}},                               // fragmented ping
      {1002, 8, {0x89, 0xFE, 0, 126, 0, 0, 0, 0}},                       // long ping
      {1002, 14, {0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},   // 2^63
      {1009, 14, {0x82, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255}}, // 2^63 - 1
      {1009, 14, {0x82, 0xFF, 0, 0, 0, 0, 255, 255, 255, 255}},          // 2^32 - 1
      {1002, 14, {0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5}},                  // not minimal
      {1007, 8, {0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28}},                   // not UTF-8
      {1002, 7, {0x88, 0x81, 0, 0, 0, 0, 3}},                            // half a code
      {1002, 8, {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xEE}},                   // 1006 on the wire
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t got[64];
    int fd = raw_open(house, cases[i].frame, cases[i].len);
    assert_int_equal(caller_recv(fd, got, sizeof got), 4);
    assert_int_equal(got[0], 0x88);
    if ((got[2] << 8 | got[3]) != cases[i].code) fail_msg("case %zu: code %d", i, got[2] << 8 | got[3]);
    close(fd);
    wait_closed(house, (uint32_t)i + 1);
  }
  assert_int_equal(house_count(house, OH_COUNT_websocket_drop_malformed), sizeof cases / sizeof cases[0]);
  house_close(house);
}

static void cuts_and_aborts(void **state) {
  struct house *house = house_open(NULL, 0);
  static const uint8_t frame[] = {0x81, 0x85, 0, 0, 0, 0, 'a', 'b', 'o', 'r', 't'};
  uint8_t got[8];
  (void)state;
  int fd = raw_open(house, frame, sizeof frame);
  assert_int_equal(caller_recv(fd, got, sizeof got), 0);
  close(fd);
  wait_closed(house, 1);
  assert_int_equal(house_last_code(house), OH_WS_ABNORMAL);
  fd = raw_open(house, frame, 0); // and one that hangs up without a word
  close(fd);
  wait_closed(house, 2);
  // No answer to our close frame: cut after 2 s.
  static const uint8_t bye[] = {0x81, 0x83, 0, 0, 0, 0, 'b', 'y', 'e'};
  int64_t start_us = oh_clock_us();
  fd = raw_open(house, bye, sizeof bye);
  wait_closed(house, 3);
  assert_true(oh_clock_us() - start_us > 1500000);
  close(fd);
  house_close(house);
}

// A client that sends and never reads: what waits for it is bounded, then it is cut.
static void cuts_slow_readers(void **state) {
  struct house *house = house_open(NULL, 0);
  static uint8_t frame[8 + 60000] = {0x82, 0xFE, 60000 >> 8, 60000 & 255};
  int fd = raw_open(house, frame, 0);
  (void)state;
  for (int i = 0; i < 2000 && house_closed(house) == 0; i++) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (poll(&p, 1, 1000) != 1) break;
    if (send(fd, frame, sizeof frame, MSG_NOSIGNAL) < 0) break;
  }
  wait_closed(house, 1);
  assert_int_equal(house_count(house, OH_COUNT_signal_slow_reader), 1);
  close(fd);
  house_close(house);
}

static int prepare(void **state) {
  (void)state;
  world.random = oh_entropy();
  for (size_t i = 0; i < sizeof pattern; i++)
    pattern[i] = (uint8_t)(' ' + (i * 31 + i / 97) % 94);
  assert_non_null(mkdtemp(dir));
  certificate_write(dir, "one", "one");
  certificate_write(dir, "two", "two");
  return 0;
}
static int clean(void **state) {
  char path[128];
  (void)state;
  static const char *names[] = {"one.crt", "one.key", "two.crt", "two.key"};
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    unlink(path);
  }
  return rmdir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(echoes_all_sizes),       cmocka_unit_test(echoes_all_sizes_over_tls_and_reloads),
      cmocka_unit_test(moves_to_another_loop),  cmocka_unit_test(serves_100_at_once),
      cmocka_unit_test(tells_the_client_why),   cmocka_unit_test(takes_frames_behind_the_request),
      cmocka_unit_test(cuts_protocol_breakers), cmocka_unit_test(cuts_and_aborts),
      cmocka_unit_test(cuts_slow_readers),
  };
  return cmocka_run_group_tests(tests, prepare, clean);
}
