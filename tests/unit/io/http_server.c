// http_server.c — the HTTP half of the door against a real socket: answers, pipelining, hostile requests,
// limits and deadlines.
#include "io/clock.h"
#include "tests/unit/io/house.h"
#include "tests/unit/test.h"
#include "wire/http_response.h"
#include <sys/socket.h>
#include <unistd.h>

static char answer[1 << 20];

// Sends raw text on a fresh connection and returns everything until the server closes.
static const char *ask(struct house *house, const char *text) {
  int fd = caller_open(house);
  caller_sends(fd, text);
  caller_recv_until_closed(fd, answer, sizeof answer);
  close(fd);
  return answer;
}

static int status_of(const char *text) {
  return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : -1;
}

static void answers_and_keeps_alive(void **state) {
  struct house *house = *state;
  const char *text = ask(house, "GET //a/b?x=1 HTTP/1.1\r\nHost: h\r\n\r\n"
                                "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
                                "HEAD /body HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  assert_int_equal(status_of(text), 200);
  assert_non_null(strstr(text, "\r\n\r\n/a/b?x=1HTTP/1.1 200"));
  assert_non_null(strstr(text, "\r\n\r\nhelloHTTP/1.1 200"));
  assert_non_null(strstr(text, "Date: "));
  const char *last = strstr(text, "\r\n\r\nhello");
  assert_string_equal(strstr(last, "Connection: close"), "Connection: close\r\n\r\n");
}

static void answers_later_in_order(void **state) {
  struct house *house = *state;
  const char *text = ask(house, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"
                                "GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const char *first = strstr(text, "\r\n\r\nlater"), *second = strstr(text, "\r\n\r\n/now");
  assert_non_null(first);
  assert_non_null(second);
  assert_true(first < second);
}

static void sends_big_static_bodies(void **state) {
  struct house *house = *state;
  struct oh_http_response_reader reader;
  size_t used;
  int fd = caller_open(house);
  caller_sends(fd, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  oh_http_response_init(&reader, HOUSE_BIG, false);
  enum oh_http_response_read result = OH_HTTP_RESPONSE_MORE;
  while (result == OH_HTTP_RESPONSE_MORE) {
    ssize_t n = recv(fd, answer, sizeof answer, 0);
    assert_true(n > 0);
    result = oh_http_response_recv(&reader, answer, (size_t)n, &used);
  }
  assert_int_equal(result, OH_HTTP_RESPONSE_DONE);
  assert_int_equal(reader.body.len, HOUSE_BIG);
  for (size_t i = 0; i < HOUSE_BIG; i++)
    if ((uint8_t)reader.body.data[i] != (uint8_t)(i * 7 + i / 4096)) fail_msg("wrong byte at %zu", i);
  oh_http_response_fini(&reader);
  caller_sends(fd, "GET /after HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); // the connection lives on
  caller_recv_until_closed(fd, answer, sizeof answer);
  assert_non_null(strstr(answer, "\r\n\r\n/after"));
  close(fd);
}

static void takes_a_join_request_of_60_kb(void **state) {
  struct house *house = *state;
  char *text = malloc(70 * 1024);
  size_t at = (size_t)sprintf(text, "GET /rtc/v1?join_request=");
  memset(text + at, 'A', 60000);
  strcpy(text + at + 60000, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  assert_int_equal(status_of(ask(house, text)), 200);
  assert_true(strlen(answer) > 60000);
  memset(text, 'A', 70 * 1024 - 1);
  memcpy(text, "GET /", 5);
  text[70 * 1024 - 1] = 0;
  assert_int_equal(status_of(ask(house, text)), 414);
  free(text);
}

static void waits_for_continue(void **state) {
  struct house *house = *state;
  char got[64] = {0};
  int fd = caller_open(house);
  caller_sends(fd, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
                   "Connection: close\r\n\r\n");
  assert_int_equal(caller_recv(fd, got, 25), 25);
  assert_string_equal(got, "HTTP/1.1 100 Continue\r\n\r\n");
  caller_sends(fd, "abc");
  caller_recv_until_closed(fd, answer, sizeof answer);
  assert_non_null(strstr(answer, "\r\n\r\nabc"));
  close(fd);
}

static void refuses_with_the_right_status(void **state) {
  struct house *house = *state;
  static const struct {
    int status;
    const char *text;
  } cases[] = {
      // two servers could see two different requests in these
      {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"},
      {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
      {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc"},
      {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc"},
      {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\nabc"},
      {400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n"},
      {400, "GET / HTTP/1.1\nHost: h\n\n"},
      {400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\001b\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {400, "GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"},
      {400, "GET /\r\nHost: h\r\n\r\n"},
      {400, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {411, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {501, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
      {400, "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {413, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n"},
      {417, "POST / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n"},
      {501, "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {505, "GET / HTTP/3.0\r\nHost: h\r\n\r\n"},
      {426, "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"},
      {400, "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short==\r\n\r\n"},
      {405, "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint64_t before = house_count(house, OH_COUNT_http_drop_malformed);
    int status = status_of(ask(house, cases[i].text));
    if (i != 19 && status != cases[i].status)
      fail_msg("case %zu: %d instead of %d", i, status, cases[i].status);
    if (i == 19 && status != 400 && status != 505) fail_msg("HTTP/2 preface: %d", status);
    assert_non_null(strstr(answer, "Connection: close"));
    assert_int_equal(house_count(house, OH_COUNT_http_drop_malformed), before + 1);
  }
}

static void refuses_with_cors(void **state) {
  struct house *house = *state;
  ask(house,
      "POST / HTTP/1.1\r\nHost: h\r\nOrigin: https://shop.example\r\nTransfer-Encoding: chunked\r\n\r\n");
  assert_int_equal(status_of(answer), 411);
  assert_non_null(strstr(answer, "\r\nAccess-Control-Allow-Origin: https://shop.example\r\n"));
}

static void refuses_large_heads(void **state) {
  struct house *house = *state;
  char *text = malloc(64 * 1024);
  size_t at = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
  memset(text + at, 'a', 20000);
  strcpy(text + at + 20000, "\r\n\r\n");
  assert_int_equal(status_of(ask(house, text)), 431);
  at = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < OH_HTTP_FIELDS_MAX; i++)
    at += (size_t)sprintf(text + at, "X-%d: y\r\n", i);
  strcpy(text + at, "\r\n");
  assert_int_equal(status_of(ask(house, text)), 431);
  free(text);
}

// Nine connections drip one byte at a time, each in another state; all are gone after the deadline, and an
// honest one is served meanwhile.
static void reaps_slow_clients(void **state) {
  struct house *house = *state;
  int slow[9];
  int64_t start_us = oh_clock_us();
  uint64_t before = house_count(house, OH_COUNT_http_timeouts);
  for (int i = 0; i < 9; i++) {
    slow[i] = caller_open(house);
    if (i % 3 == 1) caller_sends(slow[i], "GET /slow HTTP/1.1\r\nX: ");
    if (i % 3 == 2) caller_sends(slow[i], "GET /slow HTTP/1.1\r\nHost: h\r\n");
  }
  for (int second = 0; second < 4; second++) {
    sleep(1);
    for (int i = 3; i < 9; i++)
      caller_sends(slow[i], "a");
  }
  assert_int_equal(status_of(ask(house, "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")), 200);
  for (int i = 0; i < 9; i++) {
    caller_recv_until_closed(slow[i], answer, sizeof answer);
    if (i % 3) assert_int_equal(status_of(answer), 408);
    close(slow[i]);
  }
  assert_true(oh_clock_us() - start_us < 9 * 1000000);
  assert_true(house_count(house, OH_COUNT_http_timeouts) >= before + 6);
}

// A body that never ends: refused after 10 s, with the page's right to read why.
static void reaps_slow_bodies(void **state) {
  struct house *house = *state;
  int64_t start_us = oh_clock_us();
  int fd = caller_open(house);
  caller_sends(
      fd, "POST /body HTTP/1.1\r\nHost: h\r\nOrigin: https://shop.example\r\nContent-Length: 900000\r\n\r\n");
  struct timeval timeout = {.tv_sec = 1};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  size_t got = 0;
  memset(answer, 'x', 100000);
  for (int i = 0; i < 14 && got == 0; i++) {
    caller_send(fd, answer + 1000, 50000 / (size_t)(i + 1)); // so that the input grows and moves
    got = caller_recv(fd, answer, 600);
  }
  answer[got] = 0;
  assert_int_equal(status_of(answer), 408);
  assert_non_null(strstr(answer, "\r\nAccess-Control-Allow-Origin: https://shop.example\r\n"));
  assert_true(oh_clock_us() - start_us > 9000000 && oh_clock_us() - start_us < 13000000);
  close(fd);
}

static void tells_of_clients_that_leave(void **state) {
  struct house *house = *state;
  uint32_t before = house_closed(house);
  int fd = caller_open(house);
  caller_sends(fd, "GET /hold HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  usleep(50000);
  assert_int_equal(house_closed(house), before);
  close(fd);
  for (int i = 0; i < 3000 && house_closed(house) == before; i++)
    usleep(10000);
  assert_int_equal(house_closed(house), before + 1);
  assert_int_equal(house_last_code(house), 0);
}

static void answers_after_half_close(void **state) {
  struct house *house = *state;
  int fd = caller_open(house);
  caller_sends(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  shutdown(fd, SHUT_WR);
  caller_recv_until_closed(fd, answer, sizeof answer);
  assert_non_null(strstr(answer, "\r\n\r\nlater"));
  close(fd);
}

static void limits_connections_of_one_address(void **state) {
  struct house *house = house_open(NULL, 4);
  int fds[6];
  (void)state;
  for (int i = 0; i < 6; i++)
    fds[i] = caller_open(house);
  for (int i = 4; i < 6; i++) {
    caller_recv_until_closed(fds[i], answer, sizeof answer);
    assert_int_equal(status_of(answer), 503);
  }
  for (int i = 0; i < 6; i++)
    close(fds[i]);
  assert_int_equal(house_count(house, OH_COUNT_http_connections_refused), 2);
  // When the four have gone there is room again.
  int status = 503;
  for (int i = 0; i < 3000 && status == 503; i++) {
    usleep(10000);
    status = status_of(ask(house, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  }
  assert_int_equal(status, 200);
  house_close(house);
}

static int open_house(void **state) {
  *state = house_open(NULL, 0);
  return 0;
}
static int close_house(void **state) {
  house_close(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_and_keeps_alive),
      cmocka_unit_test(answers_later_in_order),
      cmocka_unit_test(sends_big_static_bodies),
      cmocka_unit_test(takes_a_join_request_of_60_kb),
      cmocka_unit_test(waits_for_continue),
      cmocka_unit_test(refuses_with_the_right_status),
      cmocka_unit_test(refuses_with_cors),
      cmocka_unit_test(refuses_large_heads),
      cmocka_unit_test(reaps_slow_bodies),
      cmocka_unit_test(reaps_slow_clients),
      cmocka_unit_test(tells_of_clients_that_leave),
      cmocka_unit_test(answers_after_half_close),
      cmocka_unit_test(limits_connections_of_one_address),
  };
  return cmocka_run_group_tests(tests, open_house, close_house);
}
