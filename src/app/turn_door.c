// turn_door.c — see turn_door.h
#include "app/turn_door.h"
#include "base/check.h"
#include "base/map.h"
#include "base/slab.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/relay.h"
#include "io/stream.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "livekit/turn_credential.h"
#include "rtc/turn.h"
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#define DOORS_MAX 8       // addresses of rtc.bind_addresses
#define PEERS_MAX 1024    // media addresses of all workers
#define INTERFACES_MAX 64 // addresses of this machine
#define SECOND_MS 1000

// One of our media addresses: as clients are told it, and as it is reached from here.
struct reach {
  struct oh_addr told, local;
};

struct turn_stream {
  struct oh_turn_door *door;
  struct oh_stream *stream;
  struct oh_addr addr; // what the machine knows it by
  oh_id id;
  size_t have;
  uint8_t frame[OH_TURN_FRAME_MAX]; // a message in pieces
};

struct allocation {
  struct oh_turn_door *door;
  struct oh_relay *relay;
  oh_id id;
  size_t last_peer; // of several with one local address, the one spoken to
};

struct oh_turn_door {
  uv_loop_t *loop;
  uv_timer_t second;
  struct oh_world *world;
  const struct oh_config *config;
  struct oh_turn *turn;
  struct reach reach[PEERS_MAX];
  size_t reach_count;
  struct oh_udp *udp[DOORS_MAX];
  struct oh_tcp_listener *listeners[DOORS_MAX];
  int fds[DOORS_MAX];
  size_t udp_count, tcp_count;
  struct oh_outbox outbox;
  struct oh_streams *streams;
  struct oh_slab stream_slab;
  struct oh_tls *tls;   // NULL: a proxy ends TLS
  struct oh_map relays; // allocation id → struct allocation *
};

// ---- between the machine and its peers

static struct allocation *allocation_of(struct oh_turn_door *door, oh_id id) {
  uint64_t value;
  return oh_map_get(&door->relays, &id, sizeof id, &value) ? (struct allocation *)(uintptr_t)value : NULL;
}

// Only a media socket of ours is listened to, whoever else on this machine may find the port.
static void on_relayed(void *ctx, int64_t now_us, const struct oh_addr *from, const uint8_t *data,
                       size_t len) {
  struct allocation *a = ctx;
  struct oh_turn_door *door = a->door;
  size_t peer = a->last_peer;
  if (!oh_addr_eq(&door->reach[peer].local, from))
    for (peer = 0; peer < door->reach_count && !oh_addr_eq(&door->reach[peer].local, from);)
      peer++;
  if (peer == door->reach_count) return;
  oh_turn_relayed(door->turn, now_us, a->id, peer, data, len);
  oh_outbox_flush(&door->outbox);
}

static bool open_relay(void *ctx, oh_id id, uint8_t family, struct oh_addr *relayed) {
  struct oh_turn_door *door = ctx;
  size_t first = 0;
  while (first < door->reach_count && door->reach[first].told.family != family)
    first++;
  if (first == door->reach_count) return false;
  struct allocation *a = calloc(1, sizeof *a);
  OH_CHECK(a);
  *a = (struct allocation){.door = door, .id = id, .last_peer = first};
  struct oh_addr bind_to = door->reach[first].local;
  bind_to.port = 0;
  int error = 0;
  a->relay = oh_relay_open(door->loop, &bind_to, on_relayed, a, &error);
  if (!a->relay) {
    oh_log(&door->world->log, OH_LOG_WARN, "no socket for a TURN allocation", "why=%s", uv_strerror(error));
    free(a);
    return false;
  }
  oh_map_put(&door->relays, &id, sizeof id, (uintptr_t)a);
  *relayed = door->reach[first].told;
  relayed->port = oh_relay_addr(a->relay).port;
  return true;
}

static void close_relay(void *ctx, oh_id id) {
  struct oh_turn_door *door = ctx;
  struct allocation *a = allocation_of(door, id);
  OH_CHECK(a);
  oh_map_remove(&door->relays, &id, sizeof id);
  oh_relay_close(a->relay);
  free(a);
}

static void relay_to_peer(void *ctx, oh_id id, size_t peer, const uint8_t *data, size_t len) {
  struct oh_turn_door *door = ctx;
  struct allocation *a = allocation_of(door, id);
  OH_CHECK(a && peer < door->reach_count);
  a->last_peer = peer;
  if (!oh_relay_send(a->relay, &door->reach[peer].local, data, len))
    oh_count(&door->world->counters, OH_COUNT_udp_drop_send);
}

static bool password_of(void *ctx, struct oh_str user, bool to_allocate, int64_t unix_s,
                        char password[OH_TURN_PASSWORD_MAX]) {
  const struct oh_turn_door *door = ctx;
  const struct oh_keys keys = {door->config->key_items, door->config->key_count};
  return oh_turn_credential_password(user, &keys, to_allocate, unix_s, password);
}

// ---- between the machine and its clients

static void send_to_client(void *ctx, const struct oh_addr *client, const uint8_t *data, size_t len) {
  struct oh_turn_door *door = ctx;
  if (client->proto == OH_UDP) {
    if (len > OH_DATAGRAM_MAX) return;
    memcpy(oh_outbox_reserve(&door->outbox), data, len);
    oh_outbox_commit(&door->outbox, client, len);
    return;
  }
  struct turn_stream *s = oh_slab_find(&door->stream_slab, client->stream);
  if (!s) return;
  // A stream that does not drain loses this packet, as UDP would.
  if (oh_stream_waiting(s->stream) + len > OH_TURN_QUEUE_MAX) {
    oh_count(&door->world->counters, OH_COUNT_turn_drop_slow);
    return;
  }
  struct oh_bytes part = {data, len};
  oh_stream_write(s->stream, &part, 1);
}

static void on_datagram(void *ctx, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len) {
  struct oh_turn_door *door = ctx;
  oh_turn_recv(door->turn, now_us, from, data, len);
}

static void on_batch_done(void *ctx, int64_t now_us) {
  struct oh_turn_door *door = ctx;
  (void)now_us;
  oh_outbox_flush(&door->outbox);
}

static const struct oh_udp_handler udp_handler = {.recv = on_datagram, .batch_done = on_batch_done};

static void flush_outbox(void *ctx, struct oh_outbox *outbox) {
  struct oh_turn_door *door = ctx;
  // Told apart by family only: with two addresses of one family the kernel picks the way, as for any socket.
  for (size_t i = 0; i < door->udp_count; i++)
    oh_udp_send(door->udp[i], outbox);
}

static void forget(struct turn_stream *s) {
  struct oh_turn_door *door = s->door;
  struct oh_addr addr = s->addr;
  oh_slab_remove(&door->stream_slab, s->id);
  oh_turn_stream_closed(door->turn, &addr);
}

// Messages follow each other without more framing than their own lengths (RFC 8656 2.1, 12.5).
static bool take_bytes(struct turn_stream *s, int64_t now_us, const uint8_t *data, size_t len) {
  while (len > 0) {
    size_t want = s->have < OH_TURN_CHANNEL_BYTES ? OH_TURN_CHANNEL_BYTES : oh_turn_frame(s->frame);
    if (want == 0) return false;
    size_t n = want - s->have < len ? want - s->have : len;
    memcpy(s->frame + s->have, data, n);
    s->have += n, data += n, len -= n;
    if (s->have < OH_TURN_CHANNEL_BYTES) return true;
    want = oh_turn_frame(s->frame);
    if (want == 0) return false;
    if (s->have < want) continue;
    s->have = 0;
    oh_turn_recv(s->door->turn, now_us, &s->addr, s->frame, want);
  }
  return true;
}

static void on_stream_data(void *ctx, int64_t now_us, uint8_t *data, size_t len) {
  struct turn_stream *s = ctx;
  if (take_bytes(s, now_us, data, len)) return;
  oh_count(&s->door->world->counters, OH_COUNT_turn_drop_malformed);
  oh_stream_close(s->stream);
  forget(s);
}

// Who has allocated stays as long as the allocation does; others had their time.
static void on_stream_deadline(void *ctx, int64_t now_us) {
  struct turn_stream *s = ctx;
  if (oh_turn_has_allocation(s->door->turn, &s->addr)) {
    oh_stream_set_deadline(s->stream, now_us + OH_TURN_FIRST_US);
    return;
  }
  oh_count(&s->door->world->counters, OH_COUNT_turn_streams_closed_idle);
  oh_stream_close(s->stream);
  forget(s);
}

static void on_stream_closed(void *ctx, int64_t now_us, enum oh_stream_end why) {
  struct turn_stream *s = ctx;
  (void)now_us;
  if (why == OH_STREAM_TLS) oh_count(&s->door->world->counters, OH_COUNT_tls_failed);
  forget(s);
}

static const struct oh_stream_handler stream_handler = {
    .data = on_stream_data, .deadline = on_stream_deadline, .closed = on_stream_closed};

static void on_accepted(void *ctx, int64_t now_us, int fd, const struct oh_addr *peer) {
  struct oh_turn_door *door = ctx;
  oh_id id = 0;
  struct turn_stream *s = oh_streams_admit(door->streams, peer) ? oh_slab_add(&door->stream_slab, &id) : NULL;
  if (!s) {
    oh_count(&door->world->counters, OH_COUNT_turn_streams_refused);
    close(fd);
    return;
  }
  s->door = door;
  s->id = id;
  s->addr = *peer;
  s->addr.proto = OH_TCP;
  s->addr.stream = id;
  struct ssl_st *session = door->tls ? oh_tls_session(door->tls, fd, NULL) : NULL;
  s->stream =
      oh_stream_open(door->streams, fd, session, peer, false, 2 * OH_TURN_QUEUE_MAX, &stream_handler, s);
  oh_stream_set_deadline(s->stream, now_us + OH_TURN_FIRST_US);
}

static void on_second(uv_timer_t *timer) {
  struct oh_turn_door *door = timer->data;
  oh_turn_tick(door->turn, oh_clock_us());
}

// ---- lifetime

static bool is_local(const struct oh_addr *addr) {
  struct oh_addr local[INTERFACES_MAX];
  if (oh_addr_is_loopback(addr)) return true;
  uint32_t count = oh_addr_local(local, INTERFACES_MAX);
  for (uint32_t i = 0; i < count; i++)
    if (local[i].family == addr->family && memcmp(local[i].ip, addr->ip, sizeof addr->ip) == 0) return true;
  return false;
}

// Where a media address is reached from this machine. Behind 1:1 NAT what browsers are told is not ours to
// send to: then it is the socket's own address, or loopback if it has all.
static struct oh_addr local_of(const struct oh_config *config, const struct oh_addr *told) {
  struct oh_addr bound, first = {0};
  for (size_t i = 0; i < config->rtc.bind_addresses.count; i++) {
    const char *text = config->rtc.bind_addresses.items[i];
    if (!oh_addr_parse(oh_str(strcmp(text, "localhost") ? text : "127.0.0.1"), told->port, &bound) ||
        bound.family != told->family)
      continue;
    bool is_all = oh_addr_is_wildcard(&bound);
    if (is_all ? is_local(told) : oh_addr_eq(&bound, told)) return *told;
    if (first.family) continue;
    first = bound;
    if (is_all)
      oh_addr_parse(told->family == OH_ADDR_V4 ? OH_STR("127.0.0.1") : OH_STR("::1"), told->port, &first);
  }
  return first;
}

static void collect_peers(struct oh_turn_door *door, const struct oh_crew *crew) {
  for (uint32_t w = 0; w < crew->count; w++) {
    const struct oh_addr *candidates;
    size_t count = oh_worker_candidates(crew->workers[w], &candidates);
    for (size_t i = 0; i < count && door->reach_count < PEERS_MAX; i++)
      if (candidates[i].proto == OH_UDP)
        door->reach[door->reach_count++] =
            (struct reach){candidates[i], local_of(door->config, &candidates[i])};
  }
}

static bool open_tls(const struct oh_config *config, struct oh_tls **tls, char error[OH_CONFIG_ERROR_MAX]) {
  char why[OH_TLS_ERROR_MAX];
  bool own = config->turn.cert_file && *config->turn.cert_file;
  *tls = oh_tls_open_server(own ? config->turn.cert_file : config->tls.cert,
                            own ? config->turn.key_file : config->tls.key, why);
  if (!*tls) snprintf(error, OH_CONFIG_ERROR_MAX, "turn: %s", why);
  return *tls != NULL;
}

static int open_one(struct oh_turn_door *door, bool stream, const struct oh_addr *addr) {
  int status = 0;
  if (!stream) {
    struct oh_udp *udp = oh_udp_open(door->loop, door->world, addr, &udp_handler, door, &status);
    if (udp) door->udp[door->udp_count++] = udp;
    return udp ? 0 : status;
  }
  int fd = oh_tcp_listen(addr, NULL);
  if (fd < 0) return fd;
  door->fds[door->tcp_count] = fd;
  door->listeners[door->tcp_count++] = oh_tcp_listener_open(door->loop, fd, on_accepted, door);
  return 0;
}

static bool open_ports(struct oh_turn_door *door, bool stream, char error[OH_CONFIG_ERROR_MAX]) {
  const struct oh_config *config = door->config;
  const char *key = stream ? "turn.tls_port" : "turn.udp_port";
  uint32_t port = stream ? config->turn.tls_port : config->turn.udp_port;
  for (size_t i = 0; i < config->rtc.bind_addresses.count && i < DOORS_MAX; i++) {
    const char *text = config->rtc.bind_addresses.items[i];
    struct oh_addr addr;
    if (!oh_addr_parse(oh_str(strcmp(text, "localhost") ? text : "127.0.0.1"), (uint16_t)port, &addr))
      continue;
    int status = open_one(door, stream, &addr);
    bool optional = addr.family == OH_ADDR_V6 && !oh_config_was_set(config, "rtc.bind_addresses");
    if (status == 0 || (optional && (status == UV_EADDRNOTAVAIL || status == UV_EAFNOSUPPORT))) continue;
    snprintf(error, OH_CONFIG_ERROR_MAX, "cannot open %s port %u on %s for TURN: %s; %s says which",
             stream ? "TCP" : "UDP", port, text, uv_strerror(status), key);
    return false;
  }
  return true;
}

static struct oh_turn *open_machine(struct oh_turn_door *door) {
  struct oh_addr told[PEERS_MAX];
  for (size_t i = 0; i < door->reach_count; i++)
    told[i] = door->reach[i].told;
  const struct oh_turn_config config = {.realm = OH_TURN_REALM_NAME,
                                        .peers = told,
                                        .peer_count = door->reach_count,
                                        .password = password_of,
                                        .open = open_relay,
                                        .close = close_relay,
                                        .relay = relay_to_peer,
                                        .send = send_to_client,
                                        .ctx = door};
  return oh_turn_open(door->world, &config);
}

struct oh_turn_door *oh_turn_door_open(uv_loop_t *loop, struct oh_world *world, const struct oh_crew *crew,
                                       const struct oh_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  struct oh_turn_door *door = calloc(1, sizeof *door);
  uint8_t secret[16];
  OH_CHECK(door);
  door->loop = loop, door->world = world, door->config = config;
  oh_random_fill(&world->random, secret, sizeof secret);
  oh_map_init(&door->relays, secret);
  oh_outbox_init(&door->outbox, flush_outbox, door);
  oh_slab_init(&door->stream_slab, sizeof(struct turn_stream), OH_TURN_STREAMS_MAX);
  door->streams = oh_streams_open(loop, OH_TURN_STREAMS_MAX, OH_TURN_STREAMS_PER_ADDRESS, false);
  OH_CHECK(uv_timer_init(loop, &door->second) == 0);
  door->second.data = door;
  uv_timer_start(&door->second, on_second, SECOND_MS, SECOND_MS);
  collect_peers(door, crew);
  if (door->reach_count == 0) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "turn.enabled: there is no UDP media address to relay to");
    oh_turn_door_close(door);
    return NULL;
  }
  door->turn = open_machine(door);
  bool ok = !config->turn.udp_port || open_ports(door, false, error);
  if (ok && config->turn.tls_port) {
    if (!config->turn.external_tls) ok = open_tls(config, &door->tls, error);
    ok = ok && open_ports(door, true, error);
  }
  if (ok) return door;
  oh_turn_door_close(door);
  return NULL;
}

static void on_timer_closed(uv_handle_t *handle) {
  free(handle->data);
}

void oh_turn_door_close(struct oh_turn_door *door) {
  if (!door) return;
  for (size_t i = 0; i < door->udp_count; i++)
    oh_udp_close(door->udp[i]);
  for (size_t i = 0; i < door->tcp_count; i++) {
    oh_tcp_listener_close(door->listeners[i]);
    close(door->fds[i]);
  }
  oh_streams_close(door->streams);
  oh_turn_close(door->turn);
  oh_slab_fini(&door->stream_slab);
  oh_map_fini(&door->relays);
  oh_outbox_fini(&door->outbox);
  oh_tls_close(door->tls);
  uv_close((uv_handle_t *)&door->second, on_timer_closed);
}

bool oh_turn_door_reload(struct oh_turn_door *door, const struct oh_config *config,
                         char error[OH_CONFIG_ERROR_MAX]) {
  struct oh_tls *tls = NULL;
  door->config = config;
  if (!door->tls) return true;
  if (!open_tls(config, &tls, error)) return false;
  oh_tls_close(door->tls);
  door->tls = tls;
  return true;
}

// ---- what clients are told

#define URLS_MAX 8

static void add_url(struct oh_strings *urls, const char *scheme, const char *host, uint32_t port,
                    const char *transport) {
  char text[400];
  if (port)
    snprintf(text, sizeof text, "%s:%s:%u?transport=%s", scheme, host, port, transport);
  else
    snprintf(text, sizeof text, "%s:%s?transport=%s", scheme, host, transport);
  for (size_t i = 0; i < urls->count; i++)
    if (strcmp(urls->items[i], text) == 0) return;
  if (urls->count < URLS_MAX) urls->items[urls->count++] = oh_str_dup(oh_str(text));
}

struct oh_strings oh_turn_urls(const struct oh_config *config, const struct oh_addr *candidates,
                               size_t count) {
  struct oh_strings urls = {0};
  if (!config->turn.enabled) return urls;
  urls.items = calloc(URLS_MAX, sizeof *urls.items);
  OH_CHECK(urls.items);
  const char *domain = config->turn.domain;
  if (config->turn.tls_port) { // first: there is room for it, however many addresses there are
    bool has_port = strchr(domain, ':') != NULL;
    add_url(&urls, "turns", domain,
            has_port                    ? 0
            : config->turn.external_tls ? 443
                                        : config->turn.tls_port,
            "tcp");
  }
  for (size_t i = 0; i < count && config->turn.udp_port; i++) {
    char ip[OH_ADDR_TEXT_MAX], host[OH_ADDR_TEXT_MAX + 2];
    if (candidates[i].proto != OH_UDP) continue;
    oh_addr_ip_text(&candidates[i], ip);
    snprintf(host, sizeof host, candidates[i].family == OH_ADDR_V6 ? "[%s]" : "%s", ip);
    add_url(&urls, "turn", host, config->turn.udp_port, "udp");
  }
  return urls;
}

void oh_turn_urls_fini(struct oh_strings *urls) {
  for (size_t i = 0; i < urls->count; i++)
    free(urls->items[i]);
  free(urls->items);
  *urls = (struct oh_strings){0};
}
