// origin.h — which web pages may ask for tokens. A browser names the page's origin (RFC 6454) in a field the
// page cannot forge; programs send none and have nothing to steal from a visitor.
#pragma once
#include "base/text.h"
#include <stdbool.h>

// `origin`: the Origin field; `host`: the Host field of the same request. The server's own pages always may.
// Rules: "https://example.org", "https://example.org:8443", "https://*.example.org" (any depth, not the name
// itself), "*" (everybody). "null" (a sandboxed page or a file) only by "*".
bool oh_origin_allowed(struct oh_str origin, struct oh_str host, const char *const *rules, size_t rule_count);
// Whether a rule is one that can match; it may then stand in a Content-Security-Policy as it is.
bool oh_origin_is_rule(struct oh_str rule);
bool oh_origin_is_same(struct oh_str origin, struct oh_str host);
// Only the letters that a Host field can have (RFC 9110 7.2): safe to put into a URL or a field of ours.
bool oh_host_is_valid(struct oh_str host);
