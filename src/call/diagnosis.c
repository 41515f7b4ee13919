// diagnosis.c — see diagnosis.h
#include "call/diagnosis.h"
#include "call/origin.h"
#include <inttypes.h>

#define CLOCK_WARN_MS 60000

bool oh_diagnosis_is_private(const struct oh_addr *addr) {
  const uint8_t *ip = addr->ip;
  if (addr->family == OH_ADDR_V6)
    return (ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) ||
           (memcmp(ip, (uint8_t[15]){0}, 15) == 0 && ip[15] <= 1);
  return ip[0] == 10 || ip[0] == 127 || ip[0] == 0 || (ip[0] == 192 && ip[1] == 168) ||
         (ip[0] == 172 && (ip[1] & 0xf0) == 16) || (ip[0] == 169 && ip[1] == 254) ||
         (ip[0] == 100 && (ip[1] & 0xc0) == 64);
}

static struct oh_str host_of(struct oh_str url) {
  const char *mark = url.len ? memmem(url.data, url.len, "://", 3) : NULL;
  if (!mark) return (struct oh_str){0};
  struct oh_str rest = {mark + 3, url.len - (size_t)(mark + 3 - url.data)};
  return oh_str_cut(&rest, '/');
}

bool oh_diagnosis_is_local_page(struct oh_str origin) {
  struct oh_str host = host_of(origin);
  if (host.len == 0) return false;
  if (host.data[0] == '[') return oh_str_starts(host, OH_STR("[::1]"));
  host = oh_str_cut(&host, ':');
  struct oh_str end = {host.data + host.len - (host.len < 10 ? 0 : 10), host.len < 10 ? 0 : 10};
  return oh_str_eq_nocase(host, OH_STR("localhost")) || oh_str_eq_nocase(end, OH_STR(".localhost")) ||
         oh_str_starts(host, OH_STR("127."));
}

static void check_site(const struct oh_diagnosis_facts *f, struct oh_checkup *c) {
  static const char unknown[] =
      "Write data-site (or the site property) as it stands under voice.sites in the server's configuration.";
  if (!f->site)
    oh_checkup_add(c, "site", OH_VERDICT_FAIL, unknown, "There is no site of this name (SITE_UNKNOWN).");
  else if (f->site->paused)
    oh_checkup_add(c, "site", OH_VERDICT_FAIL, "Take `paused` out of its configuration and send SIGHUP.",
                   "The site \"%s\" is paused (SITE_PAUSED).", f->site->id);
  else
    oh_checkup_add(c, "site", OH_VERDICT_OK, NULL, "The site \"%s\" takes calls.", f->site->id);
}

static void check_origin(const struct oh_diagnosis_facts *f, struct oh_checkup *c) {
  if (!f->origin.len)
    oh_checkup_add(c, "origin", OH_VERDICT_WARN, "Ask by fetch() from the page that has the button.",
                   "No Origin came with this request, so nothing can be said about your page.");
  else if (f->site && oh_site_allows_origin(f->site, f->origin, f->host))
    oh_checkup_add(c, "origin", OH_VERDICT_OK, NULL, "%.*s may start calls.", OH_STR_ARG(f->origin));
  else
    oh_checkup_add(c, "origin", OH_VERDICT_FAIL,
                   "Add exactly this origin to allowed_origins of the site and send SIGHUP.",
                   "%.*s may not start calls (ORIGIN_DENIED).", OH_STR_ARG(f->origin));
}

static void check_secure(const struct oh_diagnosis_facts *f, struct oh_checkup *c) {
  bool secure_page = oh_str_starts(f->origin, OH_STR("https://"));
  bool secure_server = oh_str_starts(oh_str(f->own_url), OH_STR("https://"));
  if (f->origin.len && !secure_page && !oh_diagnosis_is_local_page(f->origin))
    oh_checkup_add(c, "secure-context", OH_VERDICT_FAIL,
                   "Serve the page by https; localhost is fine without.",
                   "Browsers give no microphone to %.*s (INSECURE_CONTEXT).", OH_STR_ARG(f->origin));
  else
    oh_checkup_add(c, "secure-context", OH_VERDICT_OK, NULL, "The page may ask for a microphone.");
  if (secure_page && !secure_server)
    oh_checkup_add(c, "tls", OH_VERDICT_FAIL,
                   "Set public_url to the https address, or let the proxy send X-Forwarded-Proto: https.",
                   "This server believes it is %s; a page on https cannot use that (mixed content).",
                   f->own_url);
  else
    oh_checkup_add(c, "tls", OH_VERDICT_OK, NULL, "This server is reached as %s.", f->own_url);
}

static void check_sign_in(const struct oh_diagnosis_facts *f, struct oh_checkup *c) {
  if (!f->site) return;
  const char *mode = oh_auth_name(f->site->auth);
  if (f->site->auth == OH_AUTH_ANONYMOUS)
    oh_checkup_add(c, "sign-in", OH_VERDICT_OK, NULL, "Anybody may call.");
  else if (f->has_sign_in)
    oh_checkup_add(c, "sign-in", OH_VERDICT_OK, NULL,
                   "Sign-in is by %s, and one came along; POST /api/voice/token says whether it is good.",
                   mode);
  else
    oh_checkup_add(
        c, "sign-in", OH_VERDICT_WARN,
        "Call while signed in: getAuthToken in React, window.offhook.setAuth() with the script tag.",
        "Sign-in is by %s, and none came along; calls get AUTH_REQUIRED.", mode);
}

static void check_media(const struct oh_diagnosis_facts *f, struct oh_checkup *c) {
  if (f->livekit_host && *f->livekit_host) {
    oh_checkup_add(c, "media", OH_VERDICT_OK, NULL, "Calls are carried by %s.", f->livekit_host);
    return;
  }
  size_t udp = 0, tcp = 0, public = 0;
  for (size_t i = 0; i < f->media_count; i++) {
    if (f->media[i].proto == OH_TCP)
      tcp++;
    else
      udp++;
    public += !oh_diagnosis_is_private(&f->media[i]);
  }
  bool local = oh_diagnosis_is_local_page(f->origin) || oh_diagnosis_is_local_page(oh_str(f->own_url));
  if (udp && !public && !local)
    oh_checkup_add(
        c, "media", OH_VERDICT_WARN,
        "Set rtc.node_ip (NODE_IP) to the address that visitors reach, and open the media ports.",
        "Only private addresses are told to browsers: calls work inside that network only (ICE_FAILED).");
  else
    oh_checkup_add(c, "media", udp ? OH_VERDICT_OK : OH_VERDICT_FAIL,
                   "Look at the log of the server's start.", "%zu UDP and %zu TCP addresses for audio.", udp,
                   tcp);
  if (tcp)
    oh_checkup_add(c, "tcp-fallback", OH_VERDICT_OK, NULL, "Networks that block UDP can use TCP.");
  else
    oh_checkup_add(c, "tcp-fallback", OH_VERDICT_WARN, "Set rtc.allow_tcp_fallback to true.",
                   "Visitors whose network blocks UDP cannot call (NET_UDP_BLOCKED).");
}

static void check_clock(const struct oh_diagnosis_facts *f, struct oh_checkup *c) {
  int64_t apart_ms = f->page_ms - f->unix_ms;
  if (!f->page_ms)
    oh_checkup_add(c, "clock", OH_VERDICT_OK, NULL, "Not compared; add ?now=<Date.now()>.");
  else if (apart_ms > CLOCK_WARN_MS || apart_ms < -CLOCK_WARN_MS)
    oh_checkup_add(c, "clock", OH_VERDICT_WARN, "Set the clock of the device, or of the server, by NTP.",
                   "The page's clock is %" PRId64 " s %s ours; signed identities may be refused.",
                   (apart_ms < 0 ? -apart_ms : apart_ms) / 1000, apart_ms < 0 ? "behind" : "ahead of");
  else
    oh_checkup_add(c, "clock", OH_VERDICT_OK, NULL, "The page's clock agrees with ours.");
}

void oh_diagnosis_make(const struct oh_diagnosis_facts *f, struct oh_checkup *c) {
  c->count = 0;
  if (f->draining)
    oh_checkup_add(c, "server", OH_VERDICT_WARN, "Wait for the restart.",
                   "offhook %s is about to restart (SERVER_DRAINING).", f->version);
  else
    oh_checkup_add(c, "server", OH_VERDICT_OK, NULL, "offhook %s answers.", f->version);
  check_site(f, c);
  check_origin(f, c);
  check_secure(f, c);
  check_sign_in(f, c);
  check_media(f, c);
  check_clock(f, c);
}

// The server whose WebSocket the page opens.
static struct oh_str signalling_host(const struct oh_diagnosis_facts *f) {
  bool elsewhere = f->livekit_host && *f->livekit_host;
  return host_of(oh_str(elsewhere ? f->livekit_host : f->own_url));
}

static struct oh_str own_origin(const struct oh_diagnosis_facts *f) {
  struct oh_str host = host_of(oh_str(f->own_url));
  return (struct oh_str){f->own_url, (size_t)(host.data + host.len - f->own_url)};
}

void oh_diagnosis_write_policy(const struct oh_diagnosis_facts *f, struct oh_text *csp) {
  struct oh_str own = own_origin(f), host = signalling_host(f);
  bool secure = oh_str_starts(own, OH_STR("https://"));
  bool elsewhere = f->livekit_host && *f->livekit_host;
  if (elsewhere)
    secure = strncmp(f->livekit_host, "wss:", 4) == 0 || strncmp(f->livekit_host, "https:", 6) == 0;
  oh_text_addf(csp, "script-src 'self' %.*s; connect-src 'self' %.*s ws%s://%.*s", OH_STR_ARG(own),
               OH_STR_ARG(own), secure ? "s" : "", OH_STR_ARG(host));
  if (elsewhere) oh_text_addf(csp, " http%s://%.*s", secure ? "s" : "", OH_STR_ARG(host));
  oh_text_addf(csp,
               "; style-src 'self' %.*s; img-src 'self' data: %.*s; media-src 'self' blob:; frame-src %.*s",
               OH_STR_ARG(own), OH_STR_ARG(own), OH_STR_ARG(own));
}

void oh_diagnosis_write_permissions(const struct oh_diagnosis_facts *f, struct oh_text *permissions) {
  struct oh_str own = own_origin(f);
  oh_text_addf(permissions, "microphone=(self \"%.*s\"), speaker-selection=(self \"%.*s\")", OH_STR_ARG(own),
               OH_STR_ARG(own));
}
