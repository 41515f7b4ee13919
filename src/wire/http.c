// http.c — see http.h
#include "wire/http.h"
#include "base/check.h"

// RFC 9110 5.6.2 tchar
static bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct oh_str s) {
  for (size_t i = 0; i < s.len; i++)
    if (!is_token_char(s.data[i])) return false;
  return s.len > 0;
}

bool oh_http_is_field_value(struct oh_str value) {
  for (size_t i = 0; i < value.len; i++) {
    unsigned char c = (unsigned char)value.data[i];
    if ((c < 0x20 && c != '\t') || c == 0x7F) return false;
  }
  return true;
}

struct oh_str oh_http_field(const struct oh_http_request *request, struct oh_str name) {
  for (uint32_t i = 0; i < request->field_count; i++)
    if (oh_str_eq_nocase(request->fields[i].name, name)) return request->fields[i].value;
  return (struct oh_str){0};
}

bool oh_http_has_token(struct oh_str list, struct oh_str token) {
  while (list.len) {
    struct oh_str item = oh_str_trim(oh_str_cut(&list, ','));
    if (oh_str_eq_nocase(item, token)) return true;
  }
  return false;
}

// Visible ASCII only: anything else has to be percent-encoded (RFC 3986), and '#' never goes on the wire.
static bool is_target(struct oh_str s) {
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.data[i];
    if (c <= 0x20 || c >= 0x7F || c == '#') return false;
  }
  return s.len > 0;
}

static int read_target(struct oh_str target, struct oh_http_request *request) {
  if (!is_target(target)) return 400;
  if (oh_str_eq(target, OH_STR("*"))) {
    request->path = target;
    return oh_str_eq(request->method, OH_STR("OPTIONS")) ? 0 : 400;
  }
  // RFC 9112 3.2.2: a server must take the absolute form; the authority in it is not used.
  struct oh_str schemes[] = {OH_STR("http://"), OH_STR("https://")};
  for (size_t i = 0; i < 2; i++) {
    size_t n = schemes[i].len;
    if (target.len <= n || !oh_str_eq_nocase((struct oh_str){target.data, n}, schemes[i])) continue;
    while (n < target.len && target.data[n] != '/' && target.data[n] != '?')
      n++;
    if (n == target.len || target.data[n] == '?') return 400;
    target.data += n, target.len -= n;
    break;
  }
  if (target.data[0] != '/') return 400;
  request->query = target;
  request->path = oh_str_cut(&request->query, '?');
  while (request->path.len > 1 && request->path.data[1] == '/')
    request->path.data++, request->path.len--;
  return 0;
}

static int read_line(struct oh_str line, struct oh_http_request *request) {
  if (line.len > OH_HTTP_LINE_MAX) return 414;
  request->method = oh_str_cut(&line, ' ');
  struct oh_str target = oh_str_cut(&line, ' ');
  if (!is_token(request->method) || request->method.len > 32) return 400;
  if (line.len != 8 || memcmp(line.data, "HTTP/", 5) != 0) return 400;
  if (line.data[5] < '0' || line.data[5] > '9' || line.data[6] != '.') return 400;
  if (line.data[7] < '0' || line.data[7] > '9') return 400;
  if (line.data[5] != '1' || line.data[7] > '1') return 505;
  request->minor = (uint8_t)(line.data[7] - '0');
  if (oh_str_eq(request->method, OH_STR("CONNECT"))) return 501;
  return read_target(target, request);
}

// Splits the block of field lines; each ends with \r\n.
static int read_fields(const char *at, const char *end, struct oh_http_request *request) {
  while (at < end) {
    const char *cr = memchr(at, '\r', (size_t)(end - at));
    if (!cr || cr + 1 >= end || cr[1] != '\n') return 400;
    struct oh_str value = {at, (size_t)(cr - at)};
    at = cr + 2;
    if (!memchr(value.data, ':', value.len)) return 400;
    struct oh_str name = oh_str_cut(&value, ':'); // a folded line begins with a blank: not a token
    if (!is_token(name) || !oh_http_is_field_value(value)) return 400;
    if (request->field_count == OH_HTTP_FIELDS_MAX) return 431;
    request->fields[request->field_count++] = (struct oh_http_field){name, oh_str_trim(value)};
  }
  return 0;
}

static uint32_t count_fields(const struct oh_http_request *request, struct oh_str name, struct oh_str *last) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < request->field_count; i++)
    if (oh_str_eq_nocase(request->fields[i].name, name)) {
      *last = request->fields[i].value;
      count++;
    }
  return count;
}

static int check_host(const struct oh_http_request *request) {
  struct oh_str host = {0};
  uint32_t count = count_fields(request, OH_STR("Host"), &host);
  if (count > 1 || (count == 0 && request->minor > 0)) return 400;
  for (size_t i = 0; i < host.len; i++)
    if (host.data[i] < 0x21 || host.data[i] > 0x7E || strchr("/@?#,\\\"<>", host.data[i])) return 400;
  return 0;
}

static int check_framing(struct oh_http_request *request, size_t body_max) {
  struct oh_str length = {0}, coding = {0};
  uint32_t lengths = count_fields(request, OH_STR("Content-Length"), &length);
  uint32_t codings = count_fields(request, OH_STR("Transfer-Encoding"), &coding);
  if (lengths > 1 || (lengths && codings) || codings > 1) return 400;
  if (codings) {
    if (request->minor == 0) return 400;
    return oh_str_eq_nocase(coding, OH_STR("chunked")) ? 411 : 501;
  }
  uint64_t value = 0;
  if (lengths) {
    if (length.len > 19 || !oh_str_to_u64(length, UINT64_MAX, &value)) return 400;
    if (value > body_max) return 413;
  }
  request->body.len = (size_t)value;
  return 0;
}

static bool list_has(const struct oh_http_request *request, struct oh_str name, struct oh_str token) {
  for (uint32_t i = 0; i < request->field_count; i++)
    if (oh_str_eq_nocase(request->fields[i].name, name) && oh_http_has_token(request->fields[i].value, token))
      return true;
  return false;
}

static int check_wishes(struct oh_http_request *request) {
  bool close = list_has(request, OH_STR("Connection"), OH_STR("close"));
  bool keep = list_has(request, OH_STR("Connection"), OH_STR("keep-alive"));
  request->keep_alive = request->minor ? !close : keep && !close;
  request->upgrade = request->minor && list_has(request, OH_STR("Connection"), OH_STR("upgrade")) &&
                     list_has(request, OH_STR("Upgrade"), OH_STR("websocket"));
  struct oh_str expect = {0};
  if (request->minor && count_fields(request, OH_STR("Expect"), &expect)) {
    if (!oh_str_eq_nocase(expect, OH_STR("100-continue"))) return 417;
    request->expect_continue = true;
  }
  return 0;
}

// Finds the end of the head; returns a status to refuse with, 0 to go on. *head_len stays 0 until it is
// there.
static int find_head(struct oh_http_reader *r, const char *data, size_t len, size_t skip, size_t *head_len) {
  if (r->scanned < skip) r->scanned = skip;
  while (r->scanned < len) {
    const char *lf = memchr(data + r->scanned, '\n', len - r->scanned);
    if (!lf) break;
    size_t at = (size_t)(lf - data);
    if (at == skip || data[at - 1] != '\r') return 400;
    if (r->line_len == 0) {
      r->line_len = at + 1;
    } else if (at >= 3 && data[at - 2] == '\n') {
      *head_len = at + 1;
    }
    r->scanned = at + 1;
    if (*head_len) break;
  }
  size_t seen = *head_len ? *head_len : len;
  if (!*head_len) r->scanned = len;
  if ((r->line_len ? r->line_len : seen) - skip > OH_HTTP_LINE_MAX + 2) return 414;
  if (r->line_len && seen - r->line_len > OH_HTTP_HEAD_MAX) return 431;
  return 0;
}

enum oh_http_read oh_http_read_request(struct oh_http_reader *r, const char *data, size_t len,
                                       size_t body_max, struct oh_http_request *request, int *status) {
  // RFC 9112 2.2: one empty line in front of a request is to be ignored.
  size_t skip = len >= 2 && data[0] == '\r' && data[1] == '\n' ? 2 : 0, head_len = 0;
  request->field_count = 0;
  request->method = request->path = request->query = (struct oh_str){0};
  if (len == 0 || (len == 1 && data[0] == '\r')) return OH_HTTP_MORE;
  if ((*status = find_head(r, data, len, skip, &head_len)) != 0) return OH_HTTP_BAD;
  if (head_len == 0) return OH_HTTP_MORE;
  r->scanned = head_len - 1; // a second call finds the same end again
  request->minor = 0;
  request->keep_alive = request->expect_continue = request->upgrade = false;
  request->head_len = head_len;
  request->body = (struct oh_bytes){.data = (const uint8_t *)data + head_len, .len = 0};
  // Fields first: a refusal of the request line may then still be answered with CORS fields.
  int bad_fields = read_fields(data + r->line_len, data + head_len - 2, request);
  *status = read_line((struct oh_str){data + skip, r->line_len - skip - 2}, request);
  if (*status == 0) *status = bad_fields;
  if (*status == 0) *status = check_host(request);
  if (*status == 0) *status = check_framing(request, body_max);
  if (*status == 0) *status = check_wishes(request);
  if (*status) return OH_HTTP_BAD;
  return len - head_len >= request->body.len ? OH_HTTP_WHOLE : OH_HTTP_HEAD;
}

bool oh_http_next_param(struct oh_str *query, struct oh_str *name, struct oh_str *value) {
  while (query->len) {
    struct oh_str pair = oh_str_cut(query, '&');
    if (pair.len == 0) continue;
    *value = pair;
    *name = oh_str_cut(value, '=');
    return true;
  }
  return false;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool oh_http_decode(struct oh_str raw, char *out, size_t cap, size_t *len) {
  size_t n = 0;
  for (size_t i = 0; i < raw.len; i++) {
    char c = raw.data[i];
    if (n == cap) return false;
    if (c == '%') {
      if (raw.len - i < 3) return false;
      int high = hex_digit(raw.data[i + 1]), low = hex_digit(raw.data[i + 2]);
      if (high < 0 || low < 0) return false;
      c = (char)(high << 4 | low);
      i += 2;
    } else if (c == '+') {
      c = ' ';
    }
    out[n++] = c;
  }
  *len = n;
  return true;
}

enum oh_http_param oh_http_param(struct oh_str query, struct oh_str name, char *out, size_t cap,
                                 size_t *len) {
  struct oh_str raw_name, raw_value;
  char decoded[128];
  size_t decoded_len;
  OH_CHECK(name.len <= sizeof decoded);
  while (oh_http_next_param(&query, &raw_name, &raw_value)) {
    if (!oh_http_decode(raw_name, decoded, sizeof decoded, &decoded_len)) continue;
    if (!oh_str_eq((struct oh_str){decoded, decoded_len}, name)) continue;
    return oh_http_decode(raw_value, out, cap, len) ? OH_HTTP_PARAM_OK : OH_HTTP_PARAM_BAD;
  }
  return OH_HTTP_PARAM_NONE;
}

const char *oh_http_reason(int status) {
  static const struct {
    int status;
    const char *reason;
  } known[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (known[i].status == status) return known[i].reason;
  return "Status"; // the phrase has no meaning (RFC 9112 4)
}

void oh_http_write_head(struct oh_text *out, int status, struct oh_str fields, int64_t content_len,
                        bool close) {
  oh_text_addf(out, "HTTP/1.1 %d %s\r\n", status, oh_http_reason(status));
  oh_text_add(out, fields);
  if (content_len >= 0) oh_text_addf(out, "Content-Length: %lld\r\n", (long long)content_len);
  oh_text_adds(out, close ? "Connection: close\r\n\r\n" : "\r\n");
}
