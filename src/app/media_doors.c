// media_doors.c — see media_doors.h
#include "app/media_doors.h"
#include "io/address.h"
#include "io/ice_tcp.h"
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

struct opening {
  struct oh_media_doors *doors;
  const struct oh_config *config;
  struct uv_loop_s *loop;
  struct oh_world *world;
  const struct oh_udp_handler *handler;
  void *ctx;
};

static int open_udp(const struct opening *o, const struct oh_addr *addr) {
  int status = 0;
  struct oh_udp *udp = oh_udp_open(o->loop, o->world, addr, o->handler, o->ctx, &status);
  if (!udp) return status ? status : -1;
  struct oh_addr bound = oh_udp_addr(udp);
  o->doors->udp[o->doors->udp_count++] = udp;
  add_candidates(o->doors, o->config, &bound, OH_UDP);
  return 0;
}

static int open_tcp(const struct opening *o, const struct oh_addr *addr) {
  int status = 0;
  struct oh_ice_tcp *tcp = oh_ice_tcp_open(o->loop, o->world, addr, o->handler, o->ctx, &status);
  if (!tcp) return status ? status : -1;
  struct oh_addr bound = oh_ice_tcp_addr(tcp);
  o->doors->tcp[o->doors->tcp_count++] = tcp;
  add_candidates(o->doors, o->config, &bound, OH_TCP);
  return 0;
}

static bool open_one(const struct opening *o, uint32_t index, const char *text, uint8_t proto,
                     char error[OH_CONFIG_ERROR_MAX]) {
  const struct oh_config *config = o->config;
  const char *key = proto == OH_UDP ? "rtc.udp_port" : "rtc.tcp_port";
  uint32_t port = proto == OH_UDP ? config->rtc.udp_port : config->rtc.tcp_port;
  if (port) port += index;
  struct oh_addr addr;
  if (port > 65535 ||
      !oh_addr_parse(oh_str(strcmp(text, "localhost") ? text : "127.0.0.1"), (uint16_t)port, &addr)) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "rtc.bind_addresses: \"%s\" port %u is not an address", text, port);
    return false;
  }
  int status = proto == OH_UDP ? open_udp(o, &addr) : open_tcp(o, &addr);
  if (status == UV_EADDRINUSE && !oh_config_was_set(config, key)) {
    addr.port = 0;
    status = proto == OH_UDP ? open_udp(o, &addr) : open_tcp(o, &addr);
  }
  // A machine without IPv6 is no mistake, unless somebody asked for it.
  bool optional = addr.family == OH_ADDR_V6 && !oh_config_was_set(config, "rtc.bind_addresses");
  if (status == 0 || (optional && (status == UV_EADDRNOTAVAIL || status == UV_EAFNOSUPPORT))) return true;
  snprintf(error, OH_CONFIG_ERROR_MAX, "cannot open %s port %u on %s: %s%s%s",
           proto == OH_UDP ? "UDP" : "TCP", port, text, uv_strerror(status),
           status == UV_EADDRINUSE ? "; choose another with " : "", status == UV_EADDRINUSE ? key : "");
  return false;
}

bool oh_media_doors_init(struct oh_media_doors *doors, const struct oh_config *config, uint32_t index,
                         struct uv_loop_s *loop, struct oh_world *world, const struct oh_udp_handler *handler,
                         void *ctx, char error[OH_CONFIG_ERROR_MAX]) {
  *doors = (struct oh_media_doors){0};
  if (config->livekit_host && *config->livekit_host) return true; // which may want these ports itself
  struct opening o = {doors, config, loop, world, handler, ctx};
  const struct oh_strings *addresses = &config->rtc.bind_addresses;
  for (uint8_t proto = OH_UDP; proto <= (config->rtc.allow_tcp_fallback ? OH_TCP : OH_UDP); proto++)
    for (size_t i = 0; i < addresses->count && i < OH_MEDIA_DOORS_MAX; i++)
      if (!open_one(&o, index, addresses->items[i], proto, error)) return false;
  if (doors->candidate_count > 0) return true;
  snprintf(error, OH_CONFIG_ERROR_MAX,
           "there is no address for media that browsers could be told; set rtc.node_ip");
  return false;
}

void oh_media_doors_fini(struct oh_media_doors *doors) {
  for (size_t i = 0; i < doors->udp_count; i++)
    oh_udp_close(doors->udp[i]);
  for (size_t i = 0; i < doors->tcp_count; i++)
    oh_ice_tcp_close(doors->tcp[i]);
  doors->udp_count = doors->tcp_count = 0;
}

void oh_media_doors_send(struct oh_media_doors *doors, const struct oh_outbox *outbox) {
  for (size_t i = 0; i < doors->udp_count; i++)
    oh_udp_send(doors->udp[i], outbox);
  for (size_t i = 0; i < doors->tcp_count; i++)
    oh_ice_tcp_send(doors->tcp[i], outbox);
}
