// ws.c — WebSocket framing: the examples of RFC 6455, both roles against each other, hostile frames.
#include "wire/ws.h"
#include "tests/unit/test.h"

// The events of a byte stream as text, read in pieces of `piece` bytes: "T5 P2 C1000 X1002 …".
static const char *events(bool is_server, size_t max, const uint8_t *data, size_t len, size_t piece) {
  static char out[1024];
  struct oh_ws_reader r;
  size_t at = 0, written = 0;
  out[0] = 0;
  oh_ws_reader_init(&r, is_server, max);
  while (at < len) {
    size_t n = piece < len - at ? piece : len - at, used = 0;
    uint8_t *exact = malloc(n); // so that ASan sees a byte too far
    memcpy(exact, data + at, n);
    enum oh_ws_read event = oh_ws_recv(&r, exact, n, &used);
    free(exact);
    assert_true(used <= n && (used > 0 || event != OH_WS_READ_MORE));
    at += used;
    if (event == OH_WS_READ_MORE) continue;
    bool is_end = event == OH_WS_READ_CLOSE || event == OH_WS_READ_BAD;
    written += (size_t)snprintf(out + written, sizeof out - written, "%c%u ", "-TBPOCX"[event],
                                is_end ? r.code : (unsigned)r.payload.len);
  }
  oh_ws_reader_fini(&r);
  return out;
}

#define EVENTS(server, max, ...)                                                                             \
  expect_events(server, max, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), expected)

static void expect_events(bool is_server, size_t max, const uint8_t *data, size_t len, const char *expected) {
  for (size_t piece = 1; piece <= len; piece++)
    assert_string_equal(events(is_server, max, data, len, piece), expected);
}

static void reads_the_examples_of_the_rfc(void **state) {
  // RFC 6455 5.7
  const char *expected = "T5 ";
  (void)state;
  EVENTS(false, 1000, 0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f);
  EVENTS(true, 1000, 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
  EVENTS(false, 1000, 0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f);
  expected = "P5 ";
  EVENTS(false, 1000, 0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f);
  expected = "O5 ";
  EVENTS(true, 1000, 0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
  uint8_t binary[65536 + 10] = {0x82, 0x7E, 0x01, 0x00};
  assert_string_equal(events(false, 70000, binary, 260, 100), "B256 ");
  memcpy(binary, (const uint8_t[]){0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0}, 10);
  assert_string_equal(events(false, 70000, binary, sizeof binary, 999), "B65536 ");
  char accept[OH_WS_ACCEPT_LEN];
  oh_ws_accept_key(OH_STR("dGhlIHNhbXBsZSBub25jZQ=="), accept);
  assert_memory_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", OH_WS_ACCEPT_LEN);
}

static void takes_control_frames_between_fragments(void **state) {
  const char *expected = "P0 O1 T4 P0 C1000 ";
  (void)state;
  EVENTS(false, 10, 0x01, 2, 'a', 'b', 0x89, 0, 0x00, 0, 0x8A, 1, 'x', 0x80, 2, 'c', 'd', 0x89, 0, //
         0x88, 2, 0x03, 0xE8, 0x81, 1, 'n'); // nothing counts after a close
  expected = "C1005 ";
  EVENTS(false, 10, 0x88, 0);
  expected = "C4000 ";
  EVENTS(false, 10, 0x88, 4, 0x0F, 0xA0, 'o', 'k');
  expected = "T3 "; // U+0000 is text; a character may be cut by a fragment
  EVENTS(false, 10, 0x01, 2, 0, 0xC3, 0x80, 1, 0xA4);
}

static void refuses_what_the_rfc_forbids(void **state) {
  const char *expected = "X1002 ";
  (void)state;
  EVENTS(true, 100, 0x81, 0x01, 'x');              // not masked
  EVENTS(false, 100, 0x81, 0x81, 0, 0, 0, 0, 'x'); // masked by a server
  EVENTS(false, 100, 0x91, 0x00);                  // reserved bits
  EVENTS(false, 100, 0xC1, 0x00);
  EVENTS(false, 100, 0x83, 0x00); // reserved opcodes
  EVENTS(false, 100, 0x8B, 0x00);
  EVENTS(false, 100, 0x80, 0x00);             // nothing to continue
  EVENTS(false, 100, 0x01, 0x00, 0x01, 0x00); // a message inside a message
  EVENTS(false, 100, 0x09, 0x00);             // fragmented ping
  EVENTS(false, 100, 0x89, 126, 0, 126);      // ping of 126
  EVENTS(false, 100, 0x82, 126, 0, 125);      // not minimal
  EVENTS(false, 1 << 20, 0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF);
  EVENTS(false, 100, 0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0); // 2^63
  EVENTS(false, 100, 0x88, 1, 3);                           // half a code
  EVENTS(false, 100, 0x88, 2, 0x03, 0xED);                  // 1005
  EVENTS(false, 100, 0x88, 2, 0x03, 0xE7);                  // 999
  EVENTS(false, 100, 0x88, 2, 0x0B, 0xB7);                  // 2999
  expected = "X1007 ";
  EVENTS(false, 100, 0x81, 2, 0xC0, 0x80);       // overlong
  EVENTS(false, 100, 0x81, 3, 0xED, 0xA0, 0x80); // surrogate
  EVENTS(false, 100, 0x88, 3, 0x03, 0xE8, 0xFF);
  expected = "X1009 ";
  EVENTS(false, 100, 0x82, 101);
  EVENTS(false, 100, 0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF);
  EVENTS(true, 100, 0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4);
  EVENTS(false, 3, 0x02, 2, 1, 2, 0x80, 2, 3, 4); // the sum counts
}

// Random messages of a writer come out of a reader unchanged, in both roles.
static void reads_what_it_writes(void **state) {
  uint64_t seed = 6455;
  (void)state;
  for (int round = 0; round < 2000; round++) {
    static uint8_t sent[70000], wire[70000 + 64];
    bool is_server = round & 1;
    size_t len = (size_t)(test_next(&seed) % (round % 50 ? 300 : sizeof sent)), at = 0, total = 0, used;
    size_t first = len ? (size_t)(test_next(&seed) % len) : 0;
    uint8_t mask[4];
    test_fill(&seed, mask, 4);
    test_fill(&seed, sent, len);
    for (int part = 0; part < 2; part++) { // two fragments
      size_t n = part ? len - first : first;
      total += oh_ws_write_head(wire + total, part ? OH_WS_CONTINUATION : OH_WS_BINARY, part == 1, n,
                                is_server ? mask : NULL);
      memcpy(wire + total, sent + at, n);
      if (is_server) oh_ws_mask(wire + total, n, mask, 0);
      at += n, total += n;
    }
    struct oh_ws_reader r;
    oh_ws_reader_init(&r, is_server, len);
    enum oh_ws_read event = OH_WS_READ_MORE;
    for (at = 0; at < total && event == OH_WS_READ_MORE; at += used) {
      size_t piece = 1 + (size_t)(test_next(&seed) % 5000);
      event = oh_ws_recv(&r, wire + at, piece < total - at ? piece : total - at, &used);
    }
    assert_int_equal(event, OH_WS_READ_BINARY);
    assert_int_equal(at, total);
    assert_int_equal(r.payload.len, len);
    if (len) assert_memory_equal(r.payload.data, sent, len);
    oh_ws_reader_fini(&r);
  }
}

// A promise of 256 KiB costs nothing until the bytes come.
static void keeps_only_what_came(void **state) {
  struct oh_ws_reader r;
  size_t used;
  (void)state;
  oh_ws_reader_init(&r, false, 256 * 1024);
  const uint8_t head[] = {0x82, 127, 0, 0, 0, 0, 0, 4, 0, 0, 'x'};
  assert_int_equal(oh_ws_recv(&r, head, sizeof head, &used), OH_WS_READ_MORE);
  assert_true(r.message_cap <= 1024);
  oh_ws_reader_fini(&r);
}

static void cuts_close_reasons_at_a_character(void **state) {
  uint8_t payload[125];
  char reason[200];
  (void)state;
  for (int i = 0; i < 200; i += 2)
    memcpy(reason + i, "\xC3\xA4", 2);
  assert_int_equal(oh_ws_write_close(payload, 1000, (struct oh_str){reason, 200}), 124);
  assert_true(oh_str_is_utf8((struct oh_str){(char *)payload + 2, 122}));
  assert_int_equal(oh_ws_write_close(payload, OH_WS_NO_CODE, OH_STR("x")), 0);
  assert_int_equal(oh_ws_write_close(payload, 1001, OH_STR("")), 2);
}

static int check_upgrade(const char *method, const char *version, const char *key) {
  char text[512];
  struct oh_http_reader reader = {0};
  struct oh_http_request request;
  struct oh_str found;
  int status;
  size_t n = (size_t)snprintf(text, sizeof text,
                              "%s /rtc HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                              "Sec-WebSocket-Version: %s\r\nSec-WebSocket-Key: %s\r\n\r\n",
                              method, version, key);
  assert_int_equal(oh_http_read_request(&reader, text, n, 0, &request, &status), OH_HTTP_WHOLE);
  return oh_ws_check_upgrade(&request, &found);
}

static void checks_upgrades(void **state) {
  (void)state;
  assert_int_equal(check_upgrade("GET", "13", "dGhlIHNhbXBsZSBub25jZQ=="), 101);
  assert_int_equal(check_upgrade("POST", "13", "dGhlIHNhbXBsZSBub25jZQ=="), 405);
  assert_int_equal(check_upgrade("GET", "8", "dGhlIHNhbXBsZSBub25jZQ=="), 426);
  assert_int_equal(check_upgrade("GET", "13", "dGhlIHNhbXBsZSBub25jZQ="), 400);
  assert_int_equal(check_upgrade("GET", "13", "dGhlIHNhbXBsZSBub25jZ===="), 400);
  assert_int_equal(check_upgrade("GET", "13", ""), 400);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_examples_of_the_rfc),
      cmocka_unit_test(takes_control_frames_between_fragments),
      cmocka_unit_test(refuses_what_the_rfc_forbids),
      cmocka_unit_test(reads_what_it_writes),
      cmocka_unit_test(keeps_only_what_came),
      cmocka_unit_test(cuts_close_reasons_at_a_character),
      cmocka_unit_test(checks_upgrades),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
