// http_client.h — HTTP requests that we make, on one loop, by libcurl: https, or http to this machine's own
// loopback (to others only where the operator wrote such a URL); certificates are checked, redirects are not
// followed, proxies of the environment are not asked, nothing is larger or takes longer than said. Everything
// runs on the loop's thread.
#pragma once
#include "base/bytes.h"
#include "base/text.h"
#include "base/world.h"

struct uv_loop_s;
struct oh_http_client;

// https://host[:port]/…, or http:// to localhost, 127.0.0.1 or [::1]; no user, no fragment, printable ASCII.
bool oh_http_url_is_safe(struct oh_str url);
// The same form, but http:// to any host.
bool oh_http_url_is_sound(struct oh_str url);

// `agent` is the User-Agent. `ca_file`: PEM certificates to trust instead of the system's; NULL: the
// system's.
struct oh_http_client *oh_http_client_open(struct uv_loop_s *loop, struct oh_world *world, const char *agent,
                                           const char *ca_file);
// Ends what is under way (done() with status 0); its memory goes once the loop has run. NULL is fine.
void oh_http_client_close(struct oh_http_client *client);

struct oh_http_fetched {
  int status;           // 0: there is no answer, and `trouble` says why
  const char *trouble;  // for the log; "" if there was an answer
  struct oh_str type;   // Content-Type
  struct oh_bytes body; // gone after done()
};
struct oh_http_fetch {
  const char *url, *method;  // method NULL: GET, or POST with a body
  const char *const *fields; // "Name: value" each
  size_t field_count;
  struct oh_bytes body;    // copied
  size_t answer_bytes_max; // a larger one is no answer
  bool plain_anywhere;     // http:// to any host: the operator configured this URL
  bool status_only;        // the status is the answer, however large or slow what follows it
  uint32_t timeout_ms;     // for all of it
  // Once, from the loop, never from inside oh_http_fetch.
  void (*done)(void *ctx, int64_t now_us, const struct oh_http_fetched *answer);
  void *ctx;
};
// False: the URL is not a safe one, or OH_FETCHES_MAX are under way; done() is not called.
bool oh_http_fetch(struct oh_http_client *client, const struct oh_http_fetch *fetch);
