// origin.c — see origin.h
#include "call/origin.h"

struct parts {
  struct oh_str scheme, host, port;
};

static bool split(struct oh_str origin, struct parts *parts) {
  struct oh_str rest = origin;
  const char *mark = origin.len > 3 ? memmem(origin.data, origin.len, "://", 3) : NULL;
  if (!mark) return false;
  parts->scheme = (struct oh_str){origin.data, (size_t)(mark - origin.data)};
  rest.data = mark + 3;
  rest.len = origin.len - parts->scheme.len - 3;
  if (rest.len && rest.data[rest.len - 1] == '/') rest.len--; // people write it so into configuration files
  parts->host = rest;
  parts->port = oh_str_eq_nocase(parts->scheme, OH_STR("https")) ? OH_STR("443") : OH_STR("80");
  for (size_t i = rest.len; i > 0 && rest.data[i - 1] != ']'; i--) {
    if (rest.data[i - 1] != ':') continue;
    parts->host.len = i - 1;
    parts->port = (struct oh_str){rest.data + i, rest.len - i};
    break;
  }
  return parts->host.len > 0 && parts->port.len > 0 && !memchr(parts->host.data, '/', parts->host.len);
}

bool oh_host_is_valid(struct oh_str host) {
  if (host.len == 0 || host.len > 255) return false;
  for (size_t i = 0; i < host.len; i++) {
    char c = host.data[i];
    bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              memchr("-._:[]", c, 6) != NULL;
    if (!ok) return false;
  }
  return true;
}

// A proxy that ends TLS leaves Host as it was, so the scheme cannot be compared; a missing port stands for
// that of the origin's scheme.
bool oh_origin_is_same(struct oh_str origin, struct oh_str host) {
  struct parts page;
  if (!split(origin, &page) || !oh_host_is_valid(host)) return false;
  if (!oh_str_eq_nocase(page.scheme, OH_STR("http")) && !oh_str_eq_nocase(page.scheme, OH_STR("https")))
    return false;
  struct oh_str name = host, port = page.scheme.len == 5 ? OH_STR("443") : OH_STR("80");
  for (size_t i = host.len; i > 0 && host.data[i - 1] != ']'; i--) {
    if (host.data[i - 1] != ':') continue;
    name.len = i - 1;
    port = (struct oh_str){host.data + i, host.len - i};
    break;
  }
  return oh_str_eq_nocase(page.host, name) && oh_str_eq(page.port, port);
}

static bool matches(const struct parts *page, struct oh_str rule_text) {
  struct parts rule;
  if (!split(rule_text, &rule)) return false;
  if (!oh_str_eq_nocase(rule.scheme, page->scheme) || !oh_str_eq(rule.port, page->port)) return false;
  if (!oh_str_starts(rule.host, OH_STR("*."))) return oh_str_eq_nocase(rule.host, page->host);
  struct oh_str tail = {rule.host.data + 1, rule.host.len - 1};
  if (page->host.len <= tail.len) return false;
  struct oh_str end = {page->host.data + page->host.len - tail.len, tail.len};
  return oh_str_eq_nocase(end, tail);
}

bool oh_origin_is_rule(struct oh_str rule) {
  struct parts parts;
  uint64_t port;
  if (oh_str_eq(rule, OH_STR("*"))) return true;
  if (!split(rule, &parts) || parts.scheme.len == 0) return false;
  for (size_t i = 0; i < parts.scheme.len; i++) { // "capacitor" and "chrome-extension" are fine, too
    char c = parts.scheme.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-')) return false;
  }
  if (oh_str_starts(parts.host, OH_STR("*."))) parts.host.data += 2, parts.host.len -= 2;
  return oh_str_to_u64(parts.port, 65535, &port) && oh_host_is_valid(parts.host);
}

bool oh_origin_allowed(struct oh_str origin, struct oh_str host, const char *const *rules,
                       size_t rule_count) {
  if (origin.len == 0 || oh_origin_is_same(origin, host)) return true;
  struct parts page;
  bool readable = split(origin, &page);
  for (size_t i = 0; i < rule_count; i++) {
    struct oh_str rule = oh_str(rules[i]);
    if (oh_str_eq(rule, OH_STR("*")) || (readable && matches(&page, rule))) return true;
  }
  return false;
}
