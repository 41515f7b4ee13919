// exchange.h — one HTTP exchange that the caller waits for, by libcurl: for commands, never for the server.
// Certificates are checked; redirects are followed as browsers do, at most five.
#pragma once
#include "base/text.h"
#include <stdint.h>

#define OH_EXCHANGE_BYTES_MAX (256 * 1024)

struct oh_exchange {
  const char *url, *method;  // NULL: GET, or POST with a body
  const char *const *fields; // "Name: value" each
  size_t field_count;
  const char *body;    // NULL: none
  const char *ca_file; // PEM to trust instead of the system's; NULL: the system's
  uint32_t timeout_ms;
};
struct oh_exchanged {
  int status; // 0: no answer, `error` says why
  char error[160];
  bool cert_bad;             // … because of the certificate
  int64_t cert_until_unix_s; // of the server's certificate; 0: no TLS
  struct oh_text head, body; // of the last answer; bounded, what is beyond is left out
};
// True: there was an answer. Fini in any case.
bool oh_exchange(const struct oh_exchange *wish, struct oh_exchanged *got);
void oh_exchanged_fini(struct oh_exchanged *got);
// The first field of that name (any case), data == NULL if absent.
struct oh_str oh_exchanged_field(const struct oh_exchanged *got, struct oh_str name);
int64_t oh_exchange_read_date(struct oh_str date); // of a Date field or a certificate; Unix seconds, 0: none
