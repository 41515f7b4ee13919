// doctor_probes.c — see doctor_probes.h
#include "app/doctor_probes.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/exchange.h"
#include "io/file.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TIMEOUT_MS 8000

static bool is_set(const char *text) {
  return text && *text;
}

static void copy(char *out, size_t cap, struct oh_str text) {
  snprintf(out, cap, "%.*s", (int)(text.len < cap ? text.len : cap - 1), text.data ? text.data : "");
}

// ---- this machine

// errno of binding the port on all addresses, 0 if that went well.
static int try_port(int type, uint32_t port) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;
  if (fd < 0) return errno;
  if (type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  int status = bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0 ? 0 : errno;
  if (status == 0 && type == SOCK_STREAM && listen(fd, 1) != 0) status = errno;
  close(fd);
  return status;
}

static bool is_offhook(const char *url, const char *ca_file) {
  char version[600];
  struct oh_exchanged got;
  snprintf(version, sizeof version, "%s/version", url);
  struct oh_exchange wish = {.url = version, .ca_file = ca_file, .timeout_ms = TIMEOUT_MS};
  bool ours =
      oh_exchange(&wish, &got) && got.status == 200 && got.body.len && strstr(got.body.data, "\"offhook\"");
  oh_exchanged_fini(&got);
  return ours;
}

static void look_at_ports(const struct oh_doctor_wish *wish, struct oh_doctor_facts *f, char own_url[512]) {
  const struct oh_config *config = f->config;
  const struct {
    const char *what;
    uint32_t port;
    int type;
    bool wanted;
  } ports[] = {
      {"HTTP", config->port, SOCK_STREAM, true},
      {"UDP media", config->rtc.udp_port, SOCK_DGRAM, !is_set(config->livekit_host)},
      {"TCP media", config->rtc.tcp_port, SOCK_STREAM,
       !is_set(config->livekit_host) && config->rtc.allow_tcp_fallback},
      {"TURN UDP", config->turn.udp_port, SOCK_DGRAM, config->turn.enabled},
      {"TURN TLS", config->turn.tls_port, SOCK_STREAM, config->turn.enabled},
      {"metrics", config->admin.port, SOCK_STREAM, true},
  };
  snprintf(own_url, 512, "%s://localhost:%u", is_set(config->tls.cert) ? "https" : "http", config->port);
  bool is_running = config->port && is_offhook(own_url, wish->ca_file);
  for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
    if (!ports[i].wanted || !ports[i].port) continue;
    int error = try_port(ports[i].type, ports[i].port);
    f->ports[f->port_count++] = (struct oh_doctor_port){.what = ports[i].what,
                                                        .port = ports[i].port,
                                                        .error = error,
                                                        .is_ours = is_running && error == EADDRINUSE};
  }
  if (!is_running) *own_url = 0;
}

static void look_at_system(struct oh_doctor_facts *f) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) f->files_max = limit.rlim_cur;
  size_t len;
  char *text = oh_file_read("/proc/sys/net/core/rmem_max", 64, &len);
  uint64_t bytes;
  if (text && oh_str_to_u64(oh_str_trim((struct oh_str){text, len ? len - 1 : 0}), UINT64_MAX, &bytes))
    f->receive_buffer_max = bytes;
  free(text);
  const char *dir = f->config->data_dir;
  struct statvfs disk;
  if (!is_set(dir)) return;
  f->data_dir_writable = access(dir, W_OK | X_OK) == 0 ? OH_SEEN_YES : OH_SEEN_NO;
  if (statvfs(dir, &disk) == 0) f->data_dir_free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

// ---- identity providers

static void look_at_keys(const struct oh_doctor_wish *wish, struct oh_doctor_facts *f) {
  for (size_t i = 0; i < f->config->sites.count; i++) {
    const struct oh_site *site = &f->config->sites.items[i];
    char url[600] = "";
    if (site->auth == OH_AUTH_CLERK && !is_set(site->clerk.jwt_key))
      snprintf(url, sizeof url, "%s%s",
               is_set(site->clerk.jwks_url) ? site->clerk.jwks_url
               : is_set(site->clerk.issuer) ? site->clerk.issuer
                                            : "",
               is_set(site->clerk.jwks_url) || !is_set(site->clerk.issuer) ? "" : "/.well-known/jwks.json");
    else if (site->auth == OH_AUTH_OIDC)
      snprintf(url, sizeof url, "%s%s", is_set(site->oidc.jwks_url) ? site->oidc.jwks_url : site->oidc.issuer,
               is_set(site->oidc.jwks_url) ? "" : "/.well-known/openid-configuration");
    if (!*url) continue;
    struct oh_exchanged got;
    struct oh_exchange exchange = {.url = url, .ca_file = wish->ca_file, .timeout_ms = TIMEOUT_MS};
    bool ok = oh_exchange(&exchange, &got) && got.status == 200 && got.body.len &&
              (strstr(got.body.data, "\"keys\"") || strstr(got.body.data, "\"jwks_uri\""));
    f->jwks_count += ok;
    if (!ok && !*f->jwks_error)
      snprintf(f->jwks_error, sizeof f->jwks_error, "Keys of site \"%s\" cannot be fetched: %s %d.", site->id,
               got.error, got.status);
    oh_exchanged_fini(&got);
  }
}

// ---- the server at the URL

static void look_up_name(struct oh_doctor_facts *f) {
  const char *mark = strstr(f->url, "://");
  struct oh_str rest = oh_str(mark ? mark + 3 : f->url), host = oh_str_cut(&rest, '/');
  if (host.len && host.data[0] != '[') host = oh_str_cut(&host, ':');
  char name[256];
  if (host.len == 0 || host.len >= sizeof name || host.data[0] == '[') return;
  copy(name, sizeof name, host);
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
  f->dns_found = getaddrinfo(name, NULL, &hints, &list) == 0 && list ? OH_SEEN_YES : OH_SEEN_NO;
  size_t used = 0;
  for (const struct addrinfo *at = list; at && used + 50 < sizeof f->dns; at = at->ai_next) {
    char text[INET6_ADDRSTRLEN];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
      used += (size_t)snprintf(f->dns + used, sizeof f->dns - used, "%s%s", used ? " " : "", text);
  }
  if (list) freeaddrinfo(list);
}

static void ask(const struct oh_doctor_wish *wish, const char *base, const char *path, const char *method,
                const char *const *fields, size_t field_count, struct oh_doctor_page *page) {
  char url[1024];
  struct oh_exchanged got;
  snprintf(url, sizeof url, "%s%s", base, path);
  struct oh_exchange exchange = {.url = url,
                                 .method = method,
                                 .fields = fields,
                                 .field_count = field_count,
                                 .ca_file = wish->ca_file,
                                 .timeout_ms = TIMEOUT_MS};
  page->asked = true;
  page->asked_unix_s = (oh_clock_us() + oh_clock_unix_offset_us()) / 1000000;
  oh_exchange(&exchange, &got);
  page->status = got.status;
  page->cert_bad = got.cert_bad;
  page->cert_until_unix_s = got.cert_until_unix_s;
  page->date_unix_s = oh_exchange_read_date(oh_exchanged_field(&got, OH_STR("Date")));
  snprintf(page->error, sizeof page->error, "%s", got.error);
  copy(page->csp, sizeof page->csp, oh_exchanged_field(&got, OH_STR("Content-Security-Policy")));
  copy(page->permissions, sizeof page->permissions, oh_exchanged_field(&got, OH_STR("Permissions-Policy")));
  copy(page->allow_origin, sizeof page->allow_origin,
       oh_exchanged_field(&got, OH_STR("Access-Control-Allow-Origin")));
  copy(page->allow_headers, sizeof page->allow_headers,
       oh_exchanged_field(&got, OH_STR("Access-Control-Allow-Headers")));
  oh_exchanged_fini(&got);
}

// The origin of a URL: without path.
static void origin_of(const char *url, char out[300]) {
  const char *mark = strstr(url, "://");
  size_t len = mark ? (size_t)(mark + 3 - url) + strcspn(mark + 3, "/?#") : strlen(url);
  copy(out, 300, (struct oh_str){url, len});
}

static void choose_origin(const struct oh_doctor_wish *wish, const struct oh_doctor_facts *f, char out[300]) {
  const struct oh_strings *allowed = f->config_error ? NULL : &f->config->sites.items[0].allowed_origins;
  if (wish->origin)
    copy(out, 300, oh_str(wish->origin));
  else if (wish->page_url)
    origin_of(wish->page_url, out);
  else if (allowed && allowed->count && !strchr(allowed->items[0], '*'))
    copy(out, 300, oh_str(allowed->items[0]));
  else
    origin_of(f->url, out);
}

static void look_at_server(const struct oh_doctor_wish *wish, struct oh_doctor_facts *f) {
  char origin[300], origin_field[320];
  look_up_name(f);
  ask(wish, f->url, "/healthz", NULL, NULL, 0, &f->health);
  if (f->health.status != 200) return;
  choose_origin(wish, f, origin);
  snprintf(origin_field, sizeof origin_field, "Origin: %s", origin);
  const char *const fields[] = {origin_field, "Access-Control-Request-Method: POST",
                                "Access-Control-Request-Headers: authorization,content-type"};
  ask(wish, f->url, "/api/voice/token", "OPTIONS", fields, 3, &f->preflight);
  oh_doctor_call_echo(f->url, wish->ca_file, false, &f->udp);
  if (f->udp.joined == OH_SEEN_YES) oh_doctor_call_echo(f->url, wish->ca_file, true, &f->tcp);
  oh_doctor_ask_turn(wish, f);
}

void oh_doctor_probe(const struct oh_doctor_wish *wish, struct oh_doctor_facts *f, char url[512]) {
  char own_url[512] = "";
  if (!f->config_error) {
    look_at_ports(wish, f, own_url);
    look_at_system(f);
    look_at_keys(wish, f);
    oh_doctor_look_at_turn_file(f);
  }
  const char *public_url = f->config_error ? NULL : f->config->public_url;
  snprintf(url, 512, "%s", wish->url ? wish->url : is_set(public_url) ? public_url : own_url);
  for (size_t len = strlen(url); len && url[len - 1] == '/';)
    url[--len] = 0;
  f->url = *url ? url : NULL;
  f->page_url = wish->page_url;
  if (f->url) look_at_server(wish, f);
  if (f->url && wish->page_url) ask(wish, wish->page_url, "", NULL, NULL, 0, &f->page);
}
