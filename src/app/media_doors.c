// media_doors.c — see media_doors.h
#include "app/media_doors.h"
#include "io/address.h"
#include "io/ice_tcp.h"
#include "io/tcp.h"
#include <unistd.h>
#include <uv.h>

static void add_candidate(struct oh_media_doors *doors, struct oh_addr addr, uint16_t port, uint8_t proto) {
  addr.port = port;
  addr.proto = proto;
  for (size_t i = 0; i < doors->candidate_count; i++)
    if (oh_addr_eq(&doors->candidates[i], &addr)) return;
  if (doors->candidate_count < OH_CANDIDATES_MAX) doors->candidates[doors->candidate_count++] = addr;
}

// What browsers are told of a socket bound to `bound`.
static void add_candidates(struct oh_media_doors *doors, const struct oh_config *config,
                           const struct oh_addr *bound, uint8_t proto) {
  const struct oh_strings *node_ip = &config->rtc.node_ip;
  for (size_t i = 0; i < node_ip->count; i++) {
    struct oh_addr addr;
    if (oh_addr_parse(oh_str(node_ip->items[i]), 0, &addr) && addr.family == bound->family)
      add_candidate(doors, addr, bound->port, proto);
  }
  if (node_ip->count == 0 && !oh_addr_is_wildcard(bound)) add_candidate(doors, *bound, bound->port, proto);
  if (node_ip->count == 0 && oh_addr_is_wildcard(bound)) {
    struct oh_addr local[OH_CANDIDATES_MAX];
    uint32_t count = oh_addr_local(local, OH_CANDIDATES_MAX);
    for (uint32_t i = 0; i < count; i++)
      if (local[i].family == bound->family) add_candidate(doors, local[i], bound->port, proto);
  }
  struct oh_addr loopback;
  if (config->rtc.enable_loopback_candidate && oh_addr_is_wildcard(bound) &&
      oh_addr_parse(bound->family == OH_ADDR_V4 ? OH_STR("127.0.0.1") : OH_STR("::1"), 0, &loopback))
    add_candidate(doors, loopback, bound->port, proto);
}

static bool is_elsewhere(const struct oh_config *config) { // which may want these ports itself
  return config->livekit_host && *config->livekit_host;
}

// A machine without IPv6 is no mistake, unless somebody asked for it.
static bool is_optional(const struct oh_config *config, const struct oh_addr *addr, int status) {
  return addr->family == OH_ADDR_V6 && !oh_config_was_set(config, "rtc.bind_addresses") &&
         (status == UV_EADDRNOTAVAIL || status == UV_EAFNOSUPPORT);
}

static bool parse(const char *text, uint32_t port, struct oh_addr *addr, char error[OH_CONFIG_ERROR_MAX]) {
  if (port <= 65535 &&
      oh_addr_parse(oh_str(strcmp(text, "localhost") ? text : "127.0.0.1"), (uint16_t)port, addr))
    return true;
  snprintf(error, OH_CONFIG_ERROR_MAX, "rtc.bind_addresses: \"%s\" port %u is not an address", text, port);
  return false;
}

static bool say_taken(const char *what, const char *key, uint32_t port, const char *text, int status,
                      char error[OH_CONFIG_ERROR_MAX]) {
  bool is_taken = status == UV_EADDRINUSE;
  snprintf(error, OH_CONFIG_ERROR_MAX, "cannot open %s port %u on %s: %s%s%s", what, port, text,
           uv_strerror(status), is_taken ? "; choose another with " : "", is_taken ? key : "");
  return false;
}

// ---- ICE-TCP: one port

bool oh_media_listeners_init(struct oh_media_listeners *listeners, const struct oh_config *config,
                             char error[OH_CONFIG_ERROR_MAX]) {
  *listeners = (struct oh_media_listeners){0};
  if (is_elsewhere(config) || !config->rtc.allow_tcp_fallback) return true;
  const struct oh_strings *addresses = &config->rtc.bind_addresses;
  uint32_t port = config->rtc.tcp_port;
  for (size_t i = 0; i < addresses->count && i < OH_MEDIA_DOORS_MAX; i++) {
    const char *text = addresses->items[i];
    struct oh_addr addr, *bound = &listeners->bound[listeners->count];
    if (!parse(text, port, &addr, error)) return false;
    int fd = oh_tcp_listen(&addr, bound);
    if (fd == UV_EADDRINUSE && !oh_config_was_set(config, "rtc.tcp_port")) {
      addr.port = 0;
      fd = oh_tcp_listen(&addr, bound);
    }
    if (fd < 0 && is_optional(config, &addr, fd)) continue;
    if (fd < 0) return say_taken("TCP", "rtc.tcp_port", port, text, fd, error);
    port = bound->port; // when free ones are taken, the same on all addresses
    listeners->fds[listeners->count++] = fd;
  }
  return true;
}

void oh_media_listeners_fini(struct oh_media_listeners *listeners) {
  for (size_t i = 0; i < listeners->count; i++)
    close(listeners->fds[i]);
  listeners->count = 0;
}

// ---- a worker's doors

static bool open_udp(struct oh_media_doors *doors, const struct oh_config *config, uint32_t index,
                     const struct oh_ice_tcp_config *tcp, const char *text, char error[OH_CONFIG_ERROR_MAX]) {
  uint32_t port = config->rtc.udp_port ? config->rtc.udp_port + index : 0;
  struct oh_addr addr;
  int status = 0;
  if (!parse(text, port, &addr, error)) return false;
  struct oh_udp *udp = oh_udp_open(tcp->loop, tcp->world, &addr, tcp->handler, tcp->ctx, &status);
  if (!udp && status == UV_EADDRINUSE && !oh_config_was_set(config, "rtc.udp_port")) {
    addr.port = 0;
    udp = oh_udp_open(tcp->loop, tcp->world, &addr, tcp->handler, tcp->ctx, &status);
  }
  if (!udp)
    return is_optional(config, &addr, status) || say_taken("UDP", "rtc.udp_port", port, text, status, error);
  struct oh_addr bound = oh_udp_addr(udp);
  doors->udp[doors->udp_count++] = udp;
  add_candidates(doors, config, &bound, OH_UDP);
  return true;
}

bool oh_media_doors_init(struct oh_media_doors *doors, const struct oh_config *config, uint32_t index,
                         const struct oh_media_listeners *listeners, const struct oh_ice_tcp_config *tcp,
                         char error[OH_CONFIG_ERROR_MAX]) {
  *doors = (struct oh_media_doors){0};
  if (is_elsewhere(config)) return true;
  const struct oh_strings *addresses = &config->rtc.bind_addresses;
  for (size_t i = 0; i < addresses->count && i < OH_MEDIA_DOORS_MAX; i++)
    if (!open_udp(doors, config, index, tcp, addresses->items[i], error)) return false;
  if (listeners->count) doors->tcp = oh_ice_tcp_open(tcp);
  for (size_t i = 0; i < listeners->count; i++) {
    oh_ice_tcp_add_listener(doors->tcp, listeners->fds[i]);
    add_candidates(doors, config, &listeners->bound[i], OH_TCP);
  }
  if (doors->candidate_count > 0) return true;
  snprintf(error, OH_CONFIG_ERROR_MAX,
           "there is no address for media that browsers could be told; set rtc.node_ip");
  return false;
}

void oh_media_doors_fini(struct oh_media_doors *doors) {
  for (size_t i = 0; i < doors->udp_count; i++)
    oh_udp_close(doors->udp[i]);
  oh_ice_tcp_close(doors->tcp);
  doors->udp_count = 0;
  doors->tcp = NULL;
}

void oh_media_doors_send(struct oh_media_doors *doors, const struct oh_outbox *outbox) {
  for (size_t i = 0; i < doors->udp_count; i++)
    oh_udp_send(doors->udp[i], outbox);
  if (doors->tcp) oh_ice_tcp_send(doors->tcp, outbox);
}
