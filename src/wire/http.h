// http.h — a strict HTTP/1.1 request reader (RFC 9112) and the response head writer. Pure: the caller keeps
// the bytes, everything in struct oh_http_request borrows from them. What other parsers could read
// differently is refused: bare LF, obs-fold, blanks before a colon, two lengths, both framings, control
// characters. Request bodies need a Content-Length; a chunked one is answered with 411.
#pragma once
#include "base/bytes.h"
#include "base/limits.h"
#include "base/text.h"

struct oh_http_field {
  struct oh_str name, value; // value without blanks at its ends
};

struct oh_http_request {
  struct oh_str method; // as sent; methods are case-sensitive
  struct oh_str path;   // undecoded, begins with one '/' (leading "//" collapsed), or is "*"
  struct oh_str query;  // after '?', undecoded; empty if none
  struct oh_http_field fields[OH_HTTP_FIELDS_MAX];
  uint32_t field_count;
  uint8_t minor;        // HTTP/1.minor
  bool keep_alive;      // what the client wants
  bool expect_continue; // it waits for "100 Continue" before it sends the body
  bool upgrade;         // it asks for "Upgrade: websocket" (not yet checked, see oh_ws_check_upgrade)
  size_t head_len;      // bytes of the head, with the empty line
  struct oh_bytes body; // len is the Content-Length; data is only valid once head_len + body.len bytes came
};

struct oh_http_reader {
  size_t scanned; // how far the end of the head was searched; start (and restart) with zero
  size_t line_len;
};

enum oh_http_read {
  OH_HTTP_MORE,  // give more bytes (append, call again with all bytes from the start of the request)
  OH_HTTP_HEAD,  // the head is complete and valid, the body is not: `request` is filled
  OH_HTTP_WHOLE, // head and body are there
  OH_HTTP_BAD,   // answer with *status and close
};

// Reads the request at the start of `data`. *status: 400 malformed, 411 chunked, 413 body over `body_max`,
// 414 request line over OH_HTTP_LINE_MAX, 417 unknown Expect, 431 head over OH_HTTP_HEAD_MAX or too many
// fields, 501 unknown Transfer-Encoding or CONNECT, 505 other version. Linear in the bytes given.
enum oh_http_read oh_http_read_request(struct oh_http_reader *r, const char *data, size_t len,
                                       size_t body_max, struct oh_http_request *request, int *status);

// The first field of that name (any case), or an empty string with data == NULL.
struct oh_str oh_http_field(const struct oh_http_request *request, struct oh_str name);
bool oh_http_has_token(struct oh_str list, struct oh_str token); // in a comma-separated list, any case

// Walks a query (or urlencoded form): names and values still encoded. Start with a copy of it; false at the
// end.
bool oh_http_next_param(struct oh_str *query, struct oh_str *name, struct oh_str *value);
// Percent-decodes, '+' is a blank. False: bad escape or does not fit. Decoding never makes text longer.
bool oh_http_decode(struct oh_str raw, char *out, size_t cap, size_t *len);
enum oh_http_param { OH_HTTP_PARAM_NONE, OH_HTTP_PARAM_OK, OH_HTTP_PARAM_BAD };
// The first parameter whose decoded name is `name`, decoded into out[cap].
enum oh_http_param oh_http_param(struct oh_str query, struct oh_str name, char *out, size_t cap, size_t *len);

const char *oh_http_reason(int status); // "Not Found"
// True if text may stand in a field value (no CR, LF or other control character).
bool oh_http_is_field_value(struct oh_str value);
// "HTTP/1.1 <status> <reason>\r\n", then `fields` (lines ending in \r\n, may be empty) and, unless negative,
// Content-Length; then "Connection: close" if asked, and the empty line.
void oh_http_write_head(struct oh_text *out, int status, struct oh_str fields, int64_t content_len,
                        bool close);
