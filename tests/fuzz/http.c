// http.c — any bytes as an HTTP request: read at once and byte by byte the verdict is the same, and what is
// accepted could not be read as another request by a laxer parser. The same bytes as a response.
#include "wire/http.h"
#include "base/check.h"
#include "wire/http_response.h"
#include "wire/ws.h"

static void check_accepted(const struct oh_http_request *r, const char *data, size_t len) {
  size_t lengths = 0;
  OH_CHECK(r->head_len <= len && memcmp(data + r->head_len - 4, "\r\n\r\n", 4) == 0);
  OH_CHECK(r->path.len && (r->path.data[0] == '/' || oh_str_eq(r->path, OH_STR("*"))));
  OH_CHECK(r->path.len < 2 || r->path.data[1] != '/');
  for (uint32_t i = 0; i < r->field_count; i++) {
    const struct oh_http_field *f = &r->fields[i];
    OH_CHECK(f->name.len && f->name.data > data && f->value.data + f->value.len <= data + r->head_len);
    OH_CHECK(oh_http_is_field_value(f->value) && !memchr(f->name.data, ' ', f->name.len));
    OH_CHECK(!oh_str_eq_nocase(f->name, OH_STR("Transfer-Encoding")));
    lengths += oh_str_eq_nocase(f->name, OH_STR("Content-Length"));
  }
  OH_CHECK(lengths <= 1 && (lengths || r->body.len == 0));
}

static void read_params(struct oh_str query) {
  static char out[4096];
  size_t n;
  struct oh_str name, value;
  oh_http_param(query, OH_STR("access_token"), out, sizeof out, &n);
  while (oh_http_next_param(&query, &name, &value))
    if (oh_http_decode(value, out, sizeof out, &n)) OH_CHECK(n <= value.len);
}

static void read_response(const char *data, size_t len, size_t piece) {
  struct oh_http_response_reader r;
  enum oh_http_response_read result = OH_HTTP_RESPONSE_MORE;
  size_t used;
  oh_http_response_init(&r, 4096, piece & 1);
  for (size_t at = 0; at < len && result == OH_HTTP_RESPONSE_MORE; at += used) {
    size_t n = piece < len - at ? piece : len - at;
    result = oh_http_response_recv(&r, data + at, n, &used);
    OH_CHECK(used <= n && r.body.len <= 4096);
  }
  if (result == OH_HTTP_RESPONSE_MORE) oh_http_response_end(&r);
  oh_http_response_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  const char *data = (const char *)bytes;
  static struct oh_http_request whole, grown;
  struct oh_http_reader once = {0}, slowly = {0};
  struct oh_str key;
  int status = 0, slow_status = 0;
  enum oh_http_read result = oh_http_read_request(&once, data, len, 4096, &whole, &status),
                    slow = OH_HTTP_MORE;
  for (size_t n = 1; n <= len && (slow == OH_HTTP_MORE || slow == OH_HTTP_HEAD); n++)
    slow = oh_http_read_request(&slowly, data, n, 4096, &grown, &slow_status);
  OH_CHECK(slow == result);
  if (result == OH_HTTP_BAD) OH_CHECK(status >= 400 && status <= 505);
  if (result == OH_HTTP_WHOLE || result == OH_HTTP_HEAD) {
    OH_CHECK(grown.head_len == whole.head_len && grown.body.len == whole.body.len);
    check_accepted(&whole, data, len);
    if (whole.upgrade) oh_ws_check_upgrade(&whole, &key);
  }
  read_params((struct oh_str){data, len});
  read_response(data, len, 1);
  read_response(data, len, 4096);
  return 0;
}
