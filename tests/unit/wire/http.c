// http.c — the HTTP reader: framing rules, incremental reading, parameters; and the response reader.
#include "wire/http.h"
#include "tests/unit/test.h"
#include "wire/http_response.h"

static struct oh_http_request request;
static int status;

static enum oh_http_read read_all(const char *text) {
  struct oh_http_reader reader = {0};
  return oh_http_read_request(&reader, text, strlen(text), 1000, &request, &status);
}

static void assert_str(struct oh_str s, const char *expected) {
  assert_int_equal(s.len, strlen(expected));
  assert_memory_equal(s.data, expected, s.len);
}

static void reads_a_request(void **state) {
  (void)state;
  assert_int_equal(read_all("POST ///a//b?x=%20&y HTTP/1.1\r\nHost: example.org:80\r\nX-Empty:\r\n"
                            "CoNtEnT-lEnGtH: 0005 \r\nAccept:\t*/* \t\r\n\r\nhelloGET"),
                   OH_HTTP_WHOLE);
  assert_str(request.method, "POST");
  assert_str(request.path, "/a//b");
  assert_str(request.query, "x=%20&y");
  assert_str(oh_http_field(&request, OH_STR("accept")), "*/*");
  assert_str(oh_http_field(&request, OH_STR("x-empty")), "");
  assert_null(oh_http_field(&request, OH_STR("Cookie")).data);
  assert_int_equal(request.body.len, 5);
  assert_memory_equal(request.body.data, "hello", 5);
  assert_true(request.keep_alive);
  assert_false(request.upgrade);
}

static void reads_forms_of_the_target(void **state) {
  (void)state;
  assert_int_equal(read_all("GET http://example.org/p?q HTTP/1.1\r\nHost: example.org\r\n\r\n"),
                   OH_HTTP_WHOLE);
  assert_str(request.path, "/p");
  assert_str(request.query, "q");
  assert_int_equal(read_all("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), OH_HTTP_WHOLE);
  assert_str(request.path, "*");
  assert_int_equal(read_all("\r\nGET /? HTTP/1.0\r\n\r\n"), OH_HTTP_WHOLE);
  assert_str(request.path, "/");
  assert_false(request.keep_alive);
  assert_int_equal(read_all("GET * HTTP/1.1\r\nHost: h\r\n\r\n"), OH_HTTP_BAD);
  assert_int_equal(read_all("GET example.org HTTP/1.1\r\nHost: h\r\n\r\n"), OH_HTTP_BAD);
  assert_int_equal(read_all("GET http://example.org HTTP/1.1\r\nHost: h\r\n\r\n"), OH_HTTP_BAD);
}

static void understands_wishes(void **state) {
  (void)state;
  read_all("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n");
  assert_false(request.keep_alive);
  read_all("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: "
           "WEBSOCKET\r\n\r\n");
  assert_true(request.upgrade && request.keep_alive);
  read_all("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgraded\r\nUpgrade: websocket\r\n\r\n");
  assert_false(request.upgrade);
  read_all("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  assert_false(request.upgrade);
  assert_int_equal(read_all("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"),
                   OH_HTTP_HEAD);
  assert_true(request.expect_continue);
}

// However the bytes come, the result is the one of all at once, and never earlier or later.
static void is_incremental(void **state) {
  static const char *texts[] = {"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "\r\nGET / HTTP/1.0\r\n\r\n",
                                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789",
                                "GET / HTTP/1.1\r\nHost h\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n"};
  (void)state;
  for (size_t t = 0; t < 5; t++) {
    size_t len = strlen(texts[t]), body_at = (size_t)(strstr(texts[t], "0123") - texts[t]);
    struct oh_http_reader reader = {0};
    int expected_status = 0;
    enum oh_http_read expected = read_all(texts[t]), result = OH_HTTP_MORE;
    expected_status = status;
    for (size_t n = 1; n <= len && result != OH_HTTP_BAD; n++) {
      char *exact = malloc(n); // so that ASan sees a byte too far
      memcpy(exact, texts[t], n);
      result = oh_http_read_request(&reader, exact, n, 1000, &request, &status);
      if (expected == OH_HTTP_WHOLE && n < len)
        assert_int_equal(result, t == 2 && n >= body_at ? OH_HTTP_HEAD : OH_HTTP_MORE);
      free(exact);
    }
    assert_int_equal(result, expected);
    assert_int_equal(status, expected_status);
  }
}

static void keeps_limits_at_the_byte(void **state) {
  char *text = malloc(OH_HTTP_LINE_MAX + OH_HTTP_HEAD_MAX + 4096);
  static const struct {
    size_t line, fields;
    int status; // 0: fine
  } cases[] = {{OH_HTTP_LINE_MAX, 100, 0},
               {OH_HTTP_LINE_MAX + 1, 100, 414},
               {100, OH_HTTP_HEAD_MAX, 0},
               {100, OH_HTTP_HEAD_MAX + 1, 431}};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    size_t n = (size_t)sprintf(text, "GET /");
    memset(text + n, 'a', cases[i].line);
    n = cases[i].line - 9;
    n += (size_t)sprintf(text + n, " HTTP/1.1\r\n");
    size_t fields = n + (size_t)sprintf(text + n, "Host: h\r\nX: ");
    memset(text + fields, 'b', cases[i].fields);
    sprintf(text + n + cases[i].fields - 4, "\r\n\r\n");
    enum oh_http_read result = read_all(text);
    assert_int_equal(result, cases[i].status ? OH_HTTP_BAD : OH_HTTP_WHOLE);
    if (cases[i].status) assert_int_equal(status, cases[i].status);
  }
  // without an end in sight the refusal comes as early
  memset(text, 'a', OH_HTTP_LINE_MAX + 3);
  text[OH_HTTP_LINE_MAX + 3] = 0;
  assert_int_equal(read_all(text), OH_HTTP_BAD);
  assert_int_equal(status, 414);
  free(text);
  assert_int_equal(read_all("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"), OH_HTTP_HEAD);
  assert_int_equal(read_all("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n"), OH_HTTP_BAD);
  assert_int_equal(status, 413);
}

static void decodes_parameters(void **state) {
  struct oh_str query = OH_STR("&a=1&b=x%2By+z&=v&c&%61a=2&a=3&bad=%4&long=abcdef");
  char out[5];
  size_t len, count = 0;
  struct oh_str rest = query, name, value;
  (void)state;
  assert_int_equal(oh_http_param(query, OH_STR("a"), out, sizeof out, &len), OH_HTTP_PARAM_OK);
  assert_str((struct oh_str){out, len}, "1");
  assert_int_equal(oh_http_param(query, OH_STR("b"), out, sizeof out, &len), OH_HTTP_PARAM_OK);
  assert_str((struct oh_str){out, len}, "x+y z");
  assert_int_equal(oh_http_param(query, OH_STR("aa"), out, sizeof out, &len), OH_HTTP_PARAM_OK);
  assert_int_equal(oh_http_param(query, OH_STR("c"), out, sizeof out, &len), OH_HTTP_PARAM_OK);
  assert_int_equal(len, 0);
  assert_int_equal(oh_http_param(query, OH_STR("bad"), out, sizeof out, &len), OH_HTTP_PARAM_BAD);
  assert_int_equal(oh_http_param(query, OH_STR("long"), out, sizeof out, &len), OH_HTTP_PARAM_BAD);
  assert_int_equal(oh_http_param(query, OH_STR("d"), out, sizeof out, &len), OH_HTTP_PARAM_NONE);
  while (oh_http_next_param(&rest, &name, &value))
    count++;
  assert_int_equal(count, 8);
}

static void writes_heads(void **state) {
  struct oh_text out;
  (void)state;
  oh_text_init(&out, 1000);
  oh_http_write_head(&out, 404, OH_STR("X: y\r\n"), 3, true);
  assert_str(oh_text_str(&out),
             "HTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
  oh_text_fini(&out);
  assert_true(oh_http_is_field_value(OH_STR("a\tb \xff")));
  assert_false(oh_http_is_field_value(OH_STR("a\r\nSet-Cookie: x")));
}

// A response in pieces of every size.
static void expect_response(const char *text, enum oh_http_response_read expected, const char *body,
                            size_t rest) {
  size_t len = strlen(text);
  for (size_t piece = 1; piece <= len; piece++) {
    struct oh_http_response_reader reader;
    enum oh_http_response_read result = OH_HTTP_RESPONSE_MORE;
    size_t at = 0, used;
    oh_http_response_init(&reader, 100, false);
    while (at < len && result == OH_HTTP_RESPONSE_MORE) {
      size_t n = piece < len - at ? piece : len - at;
      result = oh_http_response_recv(&reader, text + at, n, &used);
      at += used;
    }
    if (result == OH_HTTP_RESPONSE_MORE) result = oh_http_response_end(&reader);
    assert_int_equal(result, expected);
    if (expected != OH_HTTP_RESPONSE_BAD) {
      assert_str(oh_text_str(&reader.body), body);
      assert_int_equal(len - at, rest);
    }
    oh_http_response_fini(&reader);
  }
}

static void reads_responses(void **state) {
  (void)state;
  expect_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloXX", OH_HTTP_RESPONSE_DONE, "hello", 2);
  expect_response("HTTP/1.1 200 OK\r\n\r\nuntil the end", OH_HTTP_RESPONSE_DONE, "until the end", 0);
  expect_response(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n00a\r\n, world!!!\r\n"
      "0\r\nTrailer: x\r\n\r\nX",
      OH_HTTP_RESPONSE_DONE, "hello, world!!!", 1);
  expect_response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", OH_HTTP_RESPONSE_DONE, "",
                  0);
  expect_response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01x",
                  OH_HTTP_RESPONSE_SWITCHED, "", 3);
  expect_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", OH_HTTP_RESPONSE_BAD, "", 0);
  expect_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", OH_HTTP_RESPONSE_BAD,
                  "", 0);
  expect_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", OH_HTTP_RESPONSE_BAD,
                  "", 0);
  expect_response("SSH-2.0-OpenSSH_9.2\r\n\r\n", OH_HTTP_RESPONSE_BAD, "", 0);
  char big[300] = "HTTP/1.1 200 OK\r\n\r\n";
  memset(big + strlen(big), 'x', 200); // the body may have 100 bytes
  expect_response(big, OH_HTTP_RESPONSE_BAD, "", 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_a_request),
      cmocka_unit_test(reads_forms_of_the_target),
      cmocka_unit_test(understands_wishes),
      cmocka_unit_test(is_incremental),
      cmocka_unit_test(keeps_limits_at_the_byte),
      cmocka_unit_test(decodes_parameters),
      cmocka_unit_test(writes_heads),
      cmocka_unit_test(reads_responses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
