// diagnosis.h — why does the button not work on this page? What a server can tell from one request of that
// page, as findings with remedies, and the header lines the page's own server should send. Pure. It says
// nothing that a stranger could not find out by trying.
#pragma once
#include "base/addr.h"
#include "call/checkup.h"
#include "call/site.h"

struct oh_diagnosis_facts {
  const char *version;
  const struct oh_site *site;  // NULL: there is no such site
  struct oh_str origin, host;  // fields of the request
  const char *own_url;         // http(s)://… as the page reaches us
  const char *livekit_host;    // another server that carries the calls, or NULL
  const struct oh_addr *media; // where we take audio
  size_t media_count;
  bool has_sign_in, draining;
  int64_t page_ms, unix_ms; // the page's clock (0: it did not say) and ours
};

void oh_diagnosis_make(const struct oh_diagnosis_facts *facts, struct oh_checkup *checkup);
// The lines to paste, without a line break: "script-src …; connect-src …" and "microphone=(self …)".
void oh_diagnosis_write_policy(const struct oh_diagnosis_facts *facts, struct oh_text *csp);
void oh_diagnosis_write_permissions(const struct oh_diagnosis_facts *facts, struct oh_text *permissions);

// Addresses that only their own network can reach (RFC 1918, RFC 6598, loopback, link-local, RFC 4193).
bool oh_diagnosis_is_private(const struct oh_addr *addr);
bool oh_diagnosis_is_local_page(struct oh_str origin); // http://localhost and its like: secure to browsers
