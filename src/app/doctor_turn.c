// doctor_turn.c — what `offhook doctor` looks at of the embedded TURN server: whether its certificate has the
// name that browsers are told, and whether it answers from here, by UDP and by TLS (see doctor_probes.h).
#include "app/doctor_probes.h"
#include "io/entropy.h"
#include "io/exchange.h"
#include "io/tls.h"
#include "wire/turn.h"
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 3, TRY_MS = 1000, TLS_MS = 8000 };

static bool is_set(const char *text) {
  return text && *text;
}

// turn.domain may name a port, which a proxy listens on.
static struct oh_str host_of(const char *domain) {
  const char *colon = strrchr(domain, ':');
  bool is_port = colon && !strchr(colon, ']') && (domain[0] == '[' || strchr(domain, ':') == colon);
  struct oh_str host = {domain, is_port ? (size_t)(colon - domain) : strlen(domain)};
  if (host.len > 1 && host.data[0] == '[' && host.data[host.len - 1] == ']') host.data++, host.len -= 2;
  return host;
}

// An Allocate without credentials: whoever is a TURN server says what it wants to have.
static enum oh_seen ask_udp(const char *host, uint32_t port) {
  struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list = NULL;
  char service[12];
  snprintf(service, sizeof service, "%u", port);
  if (getaddrinfo(host, service, &hints, &list) != 0 || !list) return OH_SEEN_NO;
  uint8_t transaction[OH_STUN_TRANSACTION_BYTES], out[OH_STUN_MESSAGE_MAX], in[OH_DATAGRAM_MAX];
  struct oh_random random = oh_entropy();
  oh_random_fill(&random, transaction, sizeof transaction);
  struct oh_writer w = oh_stun_begin(OH_TURN_ALLOCATE, OH_STUN_REQUEST, transaction, out, sizeof out);
  oh_stun_add(&w, OH_TURN_TRANSPORT, (uint8_t[4]){17}, 4);
  size_t len = oh_stun_finish(&w, (struct oh_bytes){0}, true);
  enum oh_seen seen = OH_SEEN_NO;
  int fd = socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) == 0)
    for (int i = 0; i < TRIES && seen == OH_SEEN_NO; i++) {
      struct pollfd wait = {.fd = fd, .events = POLLIN};
      struct oh_turn_message m;
      if (send(fd, out, len, 0) < 0 || poll(&wait, 1, TRY_MS) != 1) continue;
      ssize_t n = recv(fd, in, sizeof in, MSG_DONTWAIT);
      if (n > 0 && oh_turn_read(&m, in, (size_t)n) && m.stun.method == OH_TURN_ALLOCATE &&
          memcmp(m.stun.transaction, transaction, sizeof transaction) == 0)
        seen = OH_SEEN_YES;
    }
  if (fd >= 0) close(fd);
  freeaddrinfo(list);
  return seen;
}

void oh_doctor_look_at_turn_file(struct oh_doctor_facts *f) {
  const struct oh_config *config = f->config;
  struct oh_doctor_turn *turn = &f->turn;
  if (!config->turn.enabled || !config->turn.tls_port || config->turn.external_tls) return;
  const char *file = is_set(config->turn.cert_file) ? config->turn.cert_file : config->tls.cert;
  struct oh_str host = host_of(config->turn.domain);
  char name[256];
  snprintf(name, sizeof name, "%.*s", OH_STR_ARG(host));
  turn->cert_names_it = oh_tls_names(file, name, turn->cert_error) ? OH_SEEN_YES : OH_SEEN_NO;
}

void oh_doctor_ask_turn(const struct oh_doctor_wish *wish, struct oh_doctor_facts *f) {
  const struct oh_config *config = f->config;
  struct oh_doctor_turn *turn = &f->turn;
  if (f->config_error || !config->turn.enabled) return;
  if (config->turn.udp_port && config->rtc.node_ip.count)
    turn->udp = ask_udp(config->rtc.node_ip.items[0], config->turn.udp_port);
  if (!config->turn.tls_port) return;
  char url[600];
  uint32_t port = config->turn.external_tls ? 443 : config->turn.tls_port;
  struct oh_str host = host_of(config->turn.domain);
  bool has_port = strlen(config->turn.domain) > host.len && config->turn.domain[host.len] == ':';
  if (has_port)
    snprintf(url, sizeof url, "https://%s/", config->turn.domain);
  else
    snprintf(url, sizeof url, "https://%s:%u/", config->turn.domain, port);
  // It is no web server and hangs up on the request; the handshake before it shows all there is to see.
  struct oh_exchanged got;
  struct oh_exchange exchange = {.url = url, .ca_file = wish->ca_file, .timeout_ms = TLS_MS};
  oh_exchange(&exchange, &got);
  turn->tls = got.cert_until_unix_s && !got.cert_bad ? OH_SEEN_YES : OH_SEEN_NO;
  turn->tls_cert_bad = got.cert_bad;
  turn->cert_until_unix_s = got.cert_until_unix_s;
  snprintf(turn->tls_error, sizeof turn->tls_error, "%s", got.error);
  oh_exchanged_fini(&got);
}
