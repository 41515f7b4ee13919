// http_response.h — reads an HTTP/1.1 response (RFC 9112) for our own clients: `offhook call`, doctor, tests.
// Incremental and bounded; body by Content-Length, chunked, or until the connection closes.
#pragma once
#include "base/limits.h"
#include "base/text.h"

struct oh_http_response_reader {
  struct oh_text head; // status line and fields as received; owned
  struct oh_text body; // owned, bounded by body_max
  int status;          // valid from the end of the head
  int state;           // private from here
  uint64_t left;
  uint32_t line_len;
  char line[20];
  bool head_request;
};

enum oh_http_response_read {
  OH_HTTP_RESPONSE_MORE,
  OH_HTTP_RESPONSE_SWITCHED, // 101: what follows the head is not HTTP (see *used)
  OH_HTTP_RESPONSE_DONE,
  OH_HTTP_RESPONSE_BAD,
};

void oh_http_response_init(struct oh_http_response_reader *r, size_t body_max, bool is_head_request);
void oh_http_response_fini(struct oh_http_response_reader *r);
// Takes bytes; *used is how many belonged to this response. 1xx other than 101 are skipped.
enum oh_http_response_read oh_http_response_recv(struct oh_http_response_reader *r, const char *data,
                                                 size_t len, size_t *used);
// The connection has ended: DONE if that is a valid end of the body, else BAD.
enum oh_http_response_read oh_http_response_end(struct oh_http_response_reader *r);
// First field of that name among lines `Name: value` (any case, CRLF or LF); data == NULL if absent.
struct oh_str oh_http_head_field(struct oh_str head, struct oh_str name);
// First field of that name in the head (any case), data == NULL if absent.
struct oh_str oh_http_response_field(const struct oh_http_response_reader *r, struct oh_str name);
