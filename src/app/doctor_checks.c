// doctor_checks.c — see doctor_checks.h
#include "app/doctor_checks.h"
#include "call/diagnosis.h"
#include "io/address.h"
#include "io/http_client.h"
#include <errno.h>
#include <inttypes.h>

#define CLOCK_FAIL_S 60
#define CERT_WARN_S (14 * 86400)
#define FREE_WARN_BYTES (256LL * 1024 * 1024)
#define BUFFER_WARN_BYTES (1024 * 1024)

static bool is_set(const char *text) {
  return text && *text;
}

static bool is_https(const char *url) {
  return is_set(url) && strncmp(url, "https://", 8) == 0;
}

// What is a hint while somebody tries things out is a mistake where customers call.
static enum oh_verdict at_production(const struct oh_doctor_facts *f) {
  return f->production ? OH_VERDICT_FAIL : OH_VERDICT_WARN;
}

static void check_keys(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (f->config->development)
    oh_checkup_add(c, "keys", at_production(f), "Run `offhook keys generate` and set what it prints.",
                   "There is no API key: each start makes one up, and only this machine may connect.");
  else
    oh_checkup_add(c, "keys", OH_VERDICT_OK, NULL, "%zu API key%s; \"%s\" signs.", f->config->key_count,
                   f->config->key_count == 1 ? "" : "s", f->config->key_items[0].id);
}

static void check_secret(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  for (size_t i = 0; i < f->config->key_count; i++) {
    size_t letters = 0;
    bool seen[256] = {0};
    const char *secret = f->config->key_items[i].secret;
    for (const char *at = secret; *at; at++)
      letters += !seen[(uint8_t)*at], seen[(uint8_t)*at] = true;
    if (strlen(secret) >= 32 && letters >= 12) continue;
    oh_checkup_add(c, "secrets", OH_VERDICT_FAIL, "Use a secret that `offhook keys generate` prints.",
                   "The secret of \"%s\" can be guessed: tokens could be forged.",
                   f->config->key_items[i].id);
    return;
  }
  oh_checkup_add(c, "secrets", OH_VERDICT_OK, NULL, "Long enough to sign with.");
}

static void check_public_url(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  const char *url = is_set(f->config->public_url) ? f->config->public_url : f->url;
  bool has_tls = is_set(f->config->tls.cert);
  if (is_https(url) || (has_tls && !is_set(url)))
    oh_checkup_add(c, "https", OH_VERDICT_OK, NULL, "Visitors reach it by https.");
  else
    oh_checkup_add(
        c, "https", at_production(f),
        "Set public_url to the https address, and tls.cert with tls.key or a proxy in front.",
        "Nothing says that visitors come by https; browsers then give no microphone (except on localhost).");
}

static void check_origins(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  const struct oh_strings *origins = &f->config->sites.items[0].allowed_origins;
  bool everybody = false;
  for (size_t s = 0; s < f->config->sites.count; s++)
    for (size_t i = 0; i < f->config->sites.items[s].allowed_origins.count; i++)
      everybody |= strcmp(f->config->sites.items[s].allowed_origins.items[i], "*") == 0;
  if (everybody)
    oh_checkup_add(c, "allowed-origins", at_production(f), "Name the origins of your pages instead of \"*\".",
                   "Pages of anybody may start calls.");
  else if (origins->count == 0 && f->config->sites.count == 1)
    oh_checkup_add(c, "allowed-origins", at_production(f),
                   "Set voice.allowed_origins (OFFHOOK_ALLOWED_ORIGINS) to the origins of your pages.",
                   "Only this server's own pages may start calls.");
  else
    oh_checkup_add(c, "allowed-origins", OH_VERDICT_OK, NULL, "Pages that may start calls are named.");
}

static void check_callers(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  for (size_t i = 0; i < f->config->sites.count; i++) {
    const struct oh_site *site = &f->config->sites.items[i];
    bool limited = site->per_address_budget && (site->daily_budget || site->concurrent_calls);
    if (site->auth != OH_AUTH_ANONYMOUS || limited) continue;
    oh_checkup_add(
        c, "callers", at_production(f),
        "Set auth (clerk, oidc, signed), or daily_budget or concurrent_calls besides per_address_budget.",
        "Anybody may call site \"%s\", without a limit for all of them together.", site->id);
    return;
  }
  oh_checkup_add(c, "callers", OH_VERDICT_OK, NULL, "Every site has a sign-in or budgets.");
}

static void check_node_ip(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  struct oh_addr addrs[16];
  uint32_t count = 0, public = 0;
  bool is_given = f->config->rtc.node_ip.count > 0;
  if (is_set(f->config->livekit_host)) {
    oh_checkup_add(c, "node-ip", OH_VERDICT_OK, NULL, "Audio goes to %s.", f->config->livekit_host);
    return;
  }
  for (size_t i = 0; is_given && i < f->config->rtc.node_ip.count && count < 16; i++)
    count += oh_addr_parse(oh_str(f->config->rtc.node_ip.items[i]), 0, &addrs[count]);
  if (!is_given) count = oh_addr_local(addrs, 16);
  for (uint32_t i = 0; i < count; i++)
  public += !oh_diagnosis_is_private(&addrs[i]);
  if (public)
    oh_checkup_add(c, "node-ip", OH_VERDICT_OK, NULL, "Browsers are told a public address for audio.");
  else
    oh_checkup_add(c, "node-ip", at_production(f),
                   "Set rtc.node_ip (NODE_IP) to the public address of this machine.",
                   "Browsers are told private addresses only: nobody outside that network can be heard.");
}

static void check_tcp(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (f->config->rtc.allow_tcp_fallback || is_set(f->config->livekit_host))
    oh_checkup_add(c, "tcp-fallback", OH_VERDICT_OK, NULL, "Networks that block UDP can use TCP port %u.",
                   f->config->rtc.tcp_port);
  else
    oh_checkup_add(c, "tcp-fallback", at_production(f), "Set rtc.allow_tcp_fallback: true.",
                   "Visitors whose network blocks UDP cannot call.");
}

static void check_admin(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (oh_config_is_loopback(f->config->admin.bind))
    oh_checkup_add(c, "admin-port", OH_VERDICT_OK, NULL, "/metrics is for this machine only.");
  else
    oh_checkup_add(c, "admin-port", at_production(f),
                   "Set admin.bind to 127.0.0.1, or to an address of a private network.",
                   "/metrics listens on %s and asks nobody who they are.", f->config->admin.bind);
}

static void check_ports(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  for (uint32_t i = 0; i < f->port_count; i++) {
    const struct oh_doctor_port *port = &f->ports[i];
    if (port->is_ours)
      oh_checkup_add(c, "ports", OH_VERDICT_OK, NULL, "%s port %u: this server has it.", port->what,
                     port->port);
    else if (port->error == 0)
      oh_checkup_add(c, "ports", OH_VERDICT_OK, NULL, "%s port %u is free.", port->what, port->port);
    else if (port->error == EACCES)
      oh_checkup_add(c, "ports", OH_VERDICT_FAIL,
                     "Use a port above 1023, or give the program cap_net_bind_service.",
                     "%s port %u may not be opened by this user.", port->what, port->port);
    else
      oh_checkup_add(c, "ports", OH_VERDICT_FAIL, "Choose another port, or stop who has it (ss -lntup).",
                     "%s port %u: %s.", port->what, port->port, strerror(port->error));
  }
}

static void check_files(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  uint64_t needed = f->config->limit.connections + 1024ull;
  if (f->files_max >= needed)
    oh_checkup_add(c, "file-limit", OH_VERDICT_OK, NULL, "%" PRIu64 " open files are allowed.", f->files_max);
  else
    oh_checkup_add(c, "file-limit", at_production(f),
                   "LimitNOFILE=65536 in the systemd unit, or `ulimit -n 65536`.",
                   "%" PRIu64 " open files are allowed; limit.connections (%u) wants %" PRIu64 ".",
                   f->files_max, f->config->limit.connections, needed);
}

static void check_buffers(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (f->receive_buffer_max >= BUFFER_WARN_BYTES)
    oh_checkup_add(c, "udp-buffers", OH_VERDICT_OK, NULL, "net.core.rmem_max is %" PRIu64 ".",
                   f->receive_buffer_max);
  else
    oh_checkup_add(c, "udp-buffers", OH_VERDICT_WARN,
                   "sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304",
                   "net.core.rmem_max is %" PRIu64 ": bursts of many calls may be dropped by the kernel.",
                   f->receive_buffer_max);
}

static void check_data_dir(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  const char *dir = f->config->data_dir;
  if (!is_set(dir))
    oh_checkup_add(c, "data-dir", f->production ? OH_VERDICT_WARN : OH_VERDICT_OK,
                   "Set data_dir (OFFHOOK_DATA_DIR) if you want to know later how calls went.",
                   "Nothing is written to disk.");
  else if (f->data_dir_writable != OH_SEEN_YES)
    oh_checkup_add(c, "data-dir", OH_VERDICT_FAIL,
                   "Make the directory, and give it to the user that runs offhook.", "%s cannot be written.",
                   dir);
  else if (f->data_dir_free_bytes < FREE_WARN_BYTES)
    oh_checkup_add(c, "data-dir", OH_VERDICT_WARN, "Make room, or lower records.max_mb.",
                   "%s has %" PRId64 " MB free.", dir, f->data_dir_free_bytes / 1048576);
  else
    oh_checkup_add(c, "data-dir", OH_VERDICT_OK, NULL, "%s can be written and has %" PRId64 " MB free.", dir,
                   f->data_dir_free_bytes / 1048576);
}

static void check_jwks(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (*f->jwks_error)
    oh_checkup_add(
        c, "sign-in-keys", OH_VERDICT_FAIL,
        "Check issuer and jwks_url, and that this machine may reach it; clerk.jwt_key needs no network.",
        "%s", f->jwks_error);
  else if (f->jwks_count)
    oh_checkup_add(c, "sign-in-keys", OH_VERDICT_OK, NULL, "%u key set%s fetched.", f->jwks_count,
                   f->jwks_count == 1 ? "" : "s");
}

static void check_webhooks(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  const struct oh_strings *urls = &f->config->webhook.urls;
  for (size_t i = 0; i < urls->count; i++) {
    if (is_https(urls->items[i]) || oh_http_url_is_safe(oh_str(urls->items[i]))) continue;
    oh_checkup_add(c, "webhooks", at_production(f), "Use https, unless the receiver is in your own network.",
                   "Who is on the way to %.100s can read what happens in calls.", urls->items[i]);
    return;
  }
  if (urls->count && !is_set(f->config->data_dir))
    oh_checkup_add(c, "webhooks", at_production(f), "Set data_dir (OFFHOOK_DATA_DIR).",
                   "Webhooks that were not delivered are lost when the server ends.");
  else if (urls->count)
    oh_checkup_add(c, "webhooks", OH_VERDICT_OK, NULL, "%zu URL%s told, signed with \"%s\".", urls->count,
                   urls->count == 1 ? " is" : "s are", f->config->webhook_key->id);
}

static void check_turn_config(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  const struct oh_config *config = f->config;
  if (!config->turn.enabled) return;
  if (!config->turn.tls_port)
    oh_checkup_add(c, "turn-tls", OH_VERDICT_WARN,
                   "Set turn.domain, and a certificate for it: only TLS gets through strict firewalls.",
                   "TURN is there by UDP only.");
  else if (config->turn.external_tls)
    oh_checkup_add(
        c, "turn-tls", OH_VERDICT_OK, NULL,
        "A proxy has to end TLS for %s on port 443 and hand the bare stream, not HTTP, to TCP port %u.",
        config->turn.domain, config->turn.tls_port);
  else if (f->turn.cert_names_it == OH_SEEN_NO)
    oh_checkup_add(c, "turn-certificate", OH_VERDICT_FAIL,
                   "Get a certificate for turn.domain (turn.cert_file), or say its own name in turn.domain.",
                   "The certificate of TURN: %s.", f->turn.cert_error);
  else if (f->turn.cert_names_it == OH_SEEN_YES)
    oh_checkup_add(c, "turn-certificate", OH_VERDICT_OK, NULL, "The certificate of TURN is for %s.",
                   config->turn.domain);
}

// ---- of the running server

static void check_turn_answers(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  const struct oh_doctor_turn *turn = &f->turn;
  int64_t days = (turn->cert_until_unix_s - f->health.asked_unix_s) / 86400;
  if (turn->udp == OH_SEEN_YES)
    oh_checkup_add(c, "turn-udp", OH_VERDICT_OK, NULL, "TURN answers by UDP.");
  else if (turn->udp == OH_SEEN_NO)
    oh_checkup_add(c, "turn-udp", OH_VERDICT_WARN,
                   "Open UDP port turn.udp_port in the firewall. Behind NAT, ask from outside.",
                   "TURN does not answer by UDP port %u at %s.", f->config->turn.udp_port,
                   f->config->rtc.node_ip.items[0]);
  if (turn->tls_cert_bad)
    oh_checkup_add(c, "turn-reachable", OH_VERDICT_FAIL,
                   "Send the whole chain (fullchain.pem) for turn.domain; browsers refuse it otherwise.",
                   "The certificate at %s is not good: %s.", f->config->turn.domain, turn->tls_error);
  else if (turn->tls == OH_SEEN_YES && days < CERT_WARN_S / 86400)
    oh_checkup_add(c, "turn-reachable", OH_VERDICT_WARN, "Renew it, then send SIGHUP.",
                   "The certificate of TURN ends in %" PRId64 " days.", days);
  else if (turn->tls == OH_SEEN_YES)
    oh_checkup_add(c, "turn-reachable", OH_VERDICT_OK, NULL,
                   "TURN answers by TLS; its certificate is good for %" PRId64 " days.", days);
  else if (turn->tls == OH_SEEN_NO)
    oh_checkup_add(
        c, "turn-reachable", OH_VERDICT_FAIL,
        f->config->turn.external_tls
            ? "Let the proxy end TLS for turn.domain on port 443 and hand the stream to turn.tls_port."
            : "Open TCP port turn.tls_port in the firewall, and let turn.domain lead to this machine.",
        "There is no TLS at %s: %s.", f->config->turn.domain, turn->tls_error);
}

static void check_dns(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (f->dns_found == OH_SEEN_YES)
    oh_checkup_add(c, "dns", OH_VERDICT_OK, NULL, "Its name leads to %s.", f->dns);
  else if (f->dns_found == OH_SEEN_NO)
    oh_checkup_add(c, "dns", OH_VERDICT_FAIL, "Add an A or AAAA record for the host of public_url.",
                   "The name of %s leads nowhere.", f->url);
}

static void check_answer(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  const struct oh_doctor_page *page = &f->health;
  if (!page->asked) return;
  if (page->cert_bad)
    oh_checkup_add(c, "certificate", OH_VERDICT_FAIL,
                   "Send the whole chain (fullchain.pem) for this name; browsers refuse it otherwise.",
                   "The certificate of %s is not good: %s.", f->url, page->error);
  else if (page->cert_until_unix_s && page->cert_until_unix_s - page->asked_unix_s < CERT_WARN_S)
    oh_checkup_add(c, "certificate", OH_VERDICT_WARN, "Renew it, then send SIGHUP.",
                   "The certificate ends in %" PRId64 " days.",
                   (page->cert_until_unix_s - page->asked_unix_s) / 86400);
  else if (page->cert_until_unix_s)
    oh_checkup_add(c, "certificate", OH_VERDICT_OK, NULL, "Good for %" PRId64 " days.",
                   (page->cert_until_unix_s - page->asked_unix_s) / 86400);
  if (page->status == 200)
    oh_checkup_add(c, "reachable", OH_VERDICT_OK, NULL, "%s answers.", f->url);
  else if (page->status)
    oh_checkup_add(c, "reachable", OH_VERDICT_FAIL, "Let the proxy hand every path to offhook's port.",
                   "%s/healthz answers %d.", f->url, page->status);
  else
    oh_checkup_add(c, "reachable", OH_VERDICT_FAIL, "Start the server, and open its port in the firewall.",
                   "%s does not answer: %s.", f->url, page->error);
}

static void check_clock(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (!f->health.date_unix_s) return;
  int64_t apart_s = f->health.date_unix_s - f->health.asked_unix_s;
  if (apart_s > CLOCK_FAIL_S || apart_s < -CLOCK_FAIL_S)
    oh_checkup_add(c, "clock", OH_VERDICT_FAIL,
                   "Run an NTP client (systemd-timesyncd, chrony) on both machines.",
                   "The server's clock and this one are %" PRId64 " s apart: tokens may be refused.",
                   apart_s < 0 ? -apart_s : apart_s);
  else
    oh_checkup_add(c, "clock", OH_VERDICT_OK, NULL, "The server's clock agrees with this one.");
}

static void check_cors(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (!f->preflight.asked || !f->preflight.status) return;
  bool ok = f->preflight.status == 204 && *f->preflight.allow_origin &&
            strcasestr(f->preflight.allow_headers, "authorization");
  if (ok)
    oh_checkup_add(c, "cors", OH_VERDICT_OK, NULL, "Pages of %s may ask for tokens.",
                   f->preflight.allow_origin);
  else
    oh_checkup_add(
        c, "cors", OH_VERDICT_FAIL,
        "Add the page's origin to allowed_origins, and let the proxy pass OPTIONS and the CORS fields.",
        "A preflight for POST /api/voice/token got %d and no permission.", f->preflight.status);
}

static void add_call(const char *id, const char *way, const char *fix, const struct oh_doctor_call *call,
                     enum oh_verdict bad, struct oh_checkup *c) {
  if (call->joined == OH_SEEN_NOT) return;
  if (call->heard == OH_SEEN_YES)
    oh_checkup_add(c, id, OH_VERDICT_OK, NULL, "A call by %s was heard back; connected after %u ms.", way,
                   call->connected_ms);
  else
    oh_checkup_add(c, id, bad, fix, "A call by %s %s%s%s.", way,
                   call->joined != OH_SEEN_YES      ? "could not join"
                   : call->connected != OH_SEEN_YES ? "joined, but no audio got through"
                                                    : "connected, but was not heard back",
                   *call->error ? ": " : "", call->error);
}

static void check_calls(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  add_call("call-udp", "UDP",
           "Open the UDP media ports in the firewall, and set rtc.node_ip to the address that gets there.",
           &f->udp, OH_VERDICT_FAIL, c);
  add_call("call-tcp", "TCP", "Open the TCP media ports in the firewall, too.", &f->tcp, at_production(f), c);
}

static void check_page(const struct oh_doctor_facts *f, struct oh_checkup *c) {
  if (!f->page.asked) return;
  const char *missing = NULL;
  struct oh_str server = oh_str(f->url ? f->url : "");
  if (!f->page.status)
    oh_checkup_add(c, "page", OH_VERDICT_FAIL, "Check the address.", "%s does not answer: %s.", f->page_url,
                   f->page.error);
  else if (*f->page.csp && !oh_doctor_csp_allows(oh_str(f->page.csp), server, &missing))
    oh_checkup_add(c, "page-csp", OH_VERDICT_FAIL, "GET /api/voice/diagnostics prints the lines to paste.",
                   "The page's Content-Security-Policy has no place for us in %s.", missing);
  else
    oh_checkup_add(c, "page-csp", OH_VERDICT_OK, NULL, "The page's policy lets the button in.");
  if (f->page.status && strstr(f->page.permissions, "microphone=()"))
    oh_checkup_add(c, "page-permissions", OH_VERDICT_FAIL, "Send Permissions-Policy: microphone=(self).",
                   "The page's Permissions-Policy forbids the microphone.");
}

// ---- Content-Security-Policy

// The value of a directive, or of default-src for those that are absent. False: neither is there.
static bool find_directive(struct oh_str csp, const char *name, struct oh_str *value) {
  struct oh_str rest = csp;
  while (rest.len) {
    struct oh_str one = oh_str_trim(oh_str_cut(&rest, ';'));
    struct oh_str key = oh_str_cut(&one, ' ');
    if (!oh_str_eq_nocase(key, oh_str(name))) continue;
    *value = one;
    return true;
  }
  return strcmp(name, "default-src") != 0 && find_directive(csp, "default-src", value);
}

static bool source_allows(struct oh_str source, struct oh_str server) {
  if (oh_str_eq(source, OH_STR("*"))) return true;
  struct oh_str scheme = server;
  scheme = oh_str_cut(&scheme, ':');
  if (source.len == scheme.len + 1 && oh_str_starts(source, scheme) && source.data[scheme.len] == ':')
    return true;
  struct oh_str host = {server.data + scheme.len + 3, server.len - scheme.len - 3};
  if (oh_str_starts(source, scheme) && source.len > scheme.len + 3) {
    source.data += scheme.len + 3;
    source.len -= scheme.len + 3;
  }
  if (source.len && source.data[source.len - 1] == '/') source.len--;
  if (!oh_str_starts(source, OH_STR("*."))) return oh_str_eq_nocase(source, host);
  struct oh_str tail = {source.data + 1, source.len - 1};
  if (host.len <= tail.len) return false;
  return oh_str_eq_nocase((struct oh_str){host.data + host.len - tail.len, tail.len}, tail);
}

static bool directive_allows(struct oh_str csp, const char *name, struct oh_str server) {
  struct oh_str value;
  if (!find_directive(csp, name, &value)) return true; // no such rule: everything is allowed
  while (value.len) {
    struct oh_str source = oh_str_cut(&value, ' ');
    if (source.len && source_allows(source, server)) return true;
  }
  return false;
}

bool oh_doctor_csp_allows(struct oh_str csp, struct oh_str server, const char **missing) {
  char socket[512];
  struct oh_str host = server;
  bool secure = oh_str_starts(server, OH_STR("https://"));
  oh_str_cut(&host, ':');
  int len = snprintf(socket, sizeof socket, "ws%s:%.*s", secure ? "s" : "", OH_STR_ARG(host));
  if (len >= (int)sizeof socket) return *missing = "connect-src", false;
  if (!directive_allows(csp, "script-src", server)) return *missing = "script-src", false;
  if (!directive_allows(csp, "connect-src", server)) return *missing = "connect-src", false;
  return directive_allows(csp, "connect-src", oh_str(socket)) ||
         (*missing = "connect-src (WebSocket)", false);
}

void oh_doctor_check(const struct oh_doctor_facts *facts, struct oh_checkup *checkup) {
  static void (*const of_config[])(const struct oh_doctor_facts *, struct oh_checkup *) = {
      check_keys,    check_secret,   check_public_url, check_origins,  check_callers,
      check_node_ip, check_tcp,      check_admin,      check_ports,    check_files,
      check_buffers, check_data_dir, check_jwks,       check_webhooks, check_turn_config};
  static void (*const of_server[])(const struct oh_doctor_facts *, struct oh_checkup *) = {
      check_dns, check_answer, check_clock, check_cors, check_calls, check_page, check_turn_answers};
  checkup->count = 0;
  if (facts->config_error)
    oh_checkup_add(checkup, "configuration", OH_VERDICT_FAIL, "`offhook help config` lists all keys.", "%s",
                   facts->config_error);
  else
    oh_checkup_add(checkup, "configuration", OH_VERDICT_OK, NULL, "It can be read.");
  for (size_t i = 0; !facts->config_error && i < sizeof of_config / sizeof of_config[0]; i++)
    of_config[i](facts, checkup);
  if (!facts->url)
    oh_checkup_add(checkup, "server", at_production(facts),
                   "Start it, or say where it is: offhook doctor https://…",
                   "No server was looked at: none runs here, and no URL was given.");
  for (size_t i = 0; facts->url && i < sizeof of_server / sizeof of_server[0]; i++)
    of_server[i](facts, checkup);
}
