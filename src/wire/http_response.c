// http_response.c — see http_response.h
#include "wire/http_response.h"
#include "wire/http.h"

enum { HEAD, BODY_LENGTH, BODY_UNTIL_CLOSE, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, DONE, BAD };

void oh_http_response_init(struct oh_http_response_reader *r, size_t body_max, bool is_head_request) {
  *r = (struct oh_http_response_reader){.state = HEAD, .head_request = is_head_request};
  oh_text_init(&r->head, OH_HTTP_LINE_MAX);
  oh_text_init(&r->body, body_max);
}

void oh_http_response_fini(struct oh_http_response_reader *r) {
  oh_text_fini(&r->head);
  oh_text_fini(&r->body);
}

struct oh_str oh_http_head_field(struct oh_str head, struct oh_str name) {
  while (head.len) {
    struct oh_str value = oh_str_cut(&head, '\n');
    if (value.len && value.data[value.len - 1] == '\r') value.len--;
    struct oh_str key = oh_str_cut(&value, ':');
    if (oh_str_eq_nocase(key, name)) return oh_str_trim(value);
  }
  return (struct oh_str){0};
}

struct oh_str oh_http_response_field(const struct oh_http_response_reader *r, struct oh_str name) {
  struct oh_str rest = oh_text_str(&r->head);
  oh_str_cut(&rest, '\n'); // the status line
  return oh_http_head_field(rest, name);
}

// The head is complete: what follows it?
static enum oh_http_response_read end_head(struct oh_http_response_reader *r) {
  struct oh_str head = oh_text_str(&r->head);
  uint64_t status = 0;
  bool is_http = oh_str_starts(head, OH_STR("HTTP/1.")) && head.len > 13 && head.data[8] == ' ';
  if (!is_http || !oh_str_to_u64((struct oh_str){head.data + 9, 3}, 999, &status) || status < 100)
    return OH_HTTP_RESPONSE_BAD;
  r->status = (int)status;
  if (status == 101) {
    r->state = DONE;
    return OH_HTTP_RESPONSE_SWITCHED;
  }
  if (status < 200) {
    oh_text_clear(&r->head);
    return OH_HTTP_RESPONSE_MORE;
  }
  struct oh_str length = oh_http_response_field(r, OH_STR("Content-Length"));
  struct oh_str coding = oh_http_response_field(r, OH_STR("Transfer-Encoding"));
  r->state = BODY_UNTIL_CLOSE;
  if (r->head_request || status == 204 || status == 304) {
    r->state = DONE;
  } else if (coding.data) {
    if (!oh_str_eq_nocase(coding, OH_STR("chunked"))) return OH_HTTP_RESPONSE_BAD;
    r->state = CHUNK_SIZE;
  } else if (length.data) {
    if (!oh_str_to_u64(length, UINT64_MAX, &r->left)) return OH_HTTP_RESPONSE_BAD;
    r->state = r->left ? BODY_LENGTH : DONE;
  }
  return r->state == DONE ? OH_HTTP_RESPONSE_DONE : OH_HTTP_RESPONSE_MORE;
}

static enum oh_http_response_read recv_head(struct oh_http_response_reader *r, char c) {
  oh_text_addc(&r->head, c);
  if (r->head.failed) return OH_HTTP_RESPONSE_BAD;
  size_t n = r->head.len;
  if (c != '\n' || n < 4 || memcmp(r->head.data + n - 4, "\r\n\r\n", 4) != 0) return OH_HTTP_RESPONSE_MORE;
  return end_head(r);
}

// A chunk-size line (RFC 9112 7.1; extensions are ignored), the line end after a chunk, or a trailer line.
static enum oh_http_response_read recv_line(struct oh_http_response_reader *r, char c) {
  if (c != '\n') {
    if (r->line_len < sizeof r->line) r->line[r->line_len] = c;
    return ++r->line_len > OH_HTTP_HEAD_MAX ? OH_HTTP_RESPONSE_BAD : OH_HTTP_RESPONSE_MORE;
  }
  size_t n = r->line_len < sizeof r->line ? r->line_len : sizeof r->line;
  r->line_len = 0;
  bool is_empty = n == 1 && r->line[0] == '\r';
  if (r->state == TRAILER) {
    if (is_empty) r->state = DONE;
    return is_empty ? OH_HTTP_RESPONSE_DONE : OH_HTTP_RESPONSE_MORE;
  }
  if (r->state == CHUNK_END) {
    r->state = CHUNK_SIZE;
    return is_empty ? OH_HTTP_RESPONSE_MORE : OH_HTTP_RESPONSE_BAD;
  }
  size_t digits = 0;
  r->left = 0;
  for (; digits < n; digits++) {
    char d = r->line[digits];
    int v = d >= '0' && d <= '9' ? d - '0' : (d | 32) >= 'a' && (d | 32) <= 'f' ? (d | 32) - 'a' + 10 : -1;
    if (v < 0) break;
    r->left = r->left << 4 | (uint64_t)v;
  }
  if (digits == 0 || digits > 8 || (digits < n && r->line[digits] != '\r' && r->line[digits] != ';'))
    return OH_HTTP_RESPONSE_BAD;
  r->state = r->left ? CHUNK_DATA : TRAILER;
  return OH_HTTP_RESPONSE_MORE;
}

static enum oh_http_response_read recv_body(struct oh_http_response_reader *r, const char *data, size_t len,
                                            size_t *taken) {
  size_t n = r->state == BODY_UNTIL_CLOSE || r->left > len ? len : (size_t)r->left;
  oh_text_add(&r->body, (struct oh_str){data, n});
  *taken = n;
  if (r->body.failed) return OH_HTTP_RESPONSE_BAD;
  if (r->state == BODY_UNTIL_CLOSE) return OH_HTTP_RESPONSE_MORE;
  r->left -= n;
  if (r->left) return OH_HTTP_RESPONSE_MORE;
  r->state = r->state == CHUNK_DATA ? CHUNK_END : DONE;
  return r->state == DONE ? OH_HTTP_RESPONSE_DONE : OH_HTTP_RESPONSE_MORE;
}

enum oh_http_response_read oh_http_response_recv(struct oh_http_response_reader *r, const char *data,
                                                 size_t len, size_t *used) {
  enum oh_http_response_read result = OH_HTTP_RESPONSE_MORE;
  size_t at = 0, taken;
  if (r->state == BAD) result = OH_HTTP_RESPONSE_BAD;
  if (r->state == DONE) result = OH_HTTP_RESPONSE_DONE;
  while (at < len && result == OH_HTTP_RESPONSE_MORE) {
    taken = 1;
    if (r->state == HEAD) {
      result = recv_head(r, data[at]);
    } else if (r->state == BODY_LENGTH || r->state == BODY_UNTIL_CLOSE || r->state == CHUNK_DATA) {
      result = recv_body(r, data + at, len - at, &taken);
    } else {
      result = recv_line(r, data[at]);
    }
    at += taken;
  }
  *used = at;
  if (result == OH_HTTP_RESPONSE_BAD) r->state = BAD;
  return result;
}

enum oh_http_response_read oh_http_response_end(struct oh_http_response_reader *r) {
  if (r->state == BODY_UNTIL_CLOSE) r->state = DONE;
  return r->state == DONE ? OH_HTTP_RESPONSE_DONE : OH_HTTP_RESPONSE_BAD;
}
