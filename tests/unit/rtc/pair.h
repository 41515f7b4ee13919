// pair.h — a server hub and client hubs on a network in virtual time: seeded delay, loss, duplication and
// reordering, and a NAT whose mapping of each client can be changed. Everything that happened is recorded.
#pragma once
#include "tests/unit/test.h"

#include "base/heap.h"
#include "base/limits.h"
#include "rtc/hub.h"
#include "rtc/identity.h"
#include "tests/sim/openssl_random.h"
#include "wire/stun.h"

#define NET_CLIENTS 4
#define NET_FLIGHT 4096

struct net_packet {
  int64_t at_us;
  bool to_server;
  int client;          // sender or receiver
  struct oh_addr from; // as the receiver sees it
  size_t len;
  uint8_t data[OH_DATAGRAM_MAX];
};

struct net_side { // what one hub saw
  struct oh_hub *hub;
  struct oh_world world;
  oh_id peer;
  int seen[16]; // events by type
  bool closed;
  int rtp, rtcp, data;
  uint16_t last_sequence;
  uint8_t last[OH_DATAGRAM_MAX];
  size_t last_len;
  struct oh_addr path;
};

struct net {
  uint64_t seed;
  int64_t now_us, delay_us, jitter_us;
  uint32_t loss, duplicate; // per cent
  struct oh_random openssl_random;
  struct oh_identity *identity, *other;
  struct net_side server;                   // one hub, a peer per client
  struct net_side clients[NET_CLIENTS];     // a hub each
  struct net_side server_view[NET_CLIENTS]; // what the server's hub saw of that client
  struct oh_addr server_addr, nat[NET_CLIENTS];
  bool dead[NET_CLIENTS], tcp_too, no_udp;
  int client_count;
  struct net_packet *flight[NET_FLIGHT];
  int in_flight;
  int drop_last_flights;      // so many of the server's ChangeCipherSpecs get lost
  uint64_t to_stranger_bytes; // from the server to an address that is no client's
  int stranger_media;         // of those, RTP or DTLS
  uint64_t server_bytes;
};

static struct oh_addr net_addr(uint8_t a, uint16_t port) {
  return (struct oh_addr){.ip = {10, 0, 0, a}, .port = port, .family = OH_ADDR_V4};
}

static int64_t net_random(struct net *n, int64_t below) {
  return below > 0 ? (int64_t)(test_next(&n->seed) % (uint64_t)below) : 0;
}

static void net_put(struct net *n, bool to_server, int client, const struct oh_addr *from,
                    const uint8_t *data, size_t len) {
  if (net_random(n, 100) < n->loss) return;
  int copies = net_random(n, 100) < n->duplicate ? 2 : 1;
  while (copies-- > 0) {
    if (n->in_flight == NET_FLIGHT) return;
    struct net_packet *p = malloc(sizeof *p);
    *p = (struct net_packet){.at_us = n->now_us + n->delay_us + net_random(n, n->jitter_us),
                             .to_server = to_server,
                             .client = client,
                             .from = *from,
                             .len = len};
    memcpy(p->data, data, len);
    n->flight[n->in_flight++] = p;
  }
}

struct net_door { // the ctx of an outbox
  struct net *net;
  int client; // -1: the server
};

static void net_flush(void *ctx, struct oh_outbox *out) {
  struct net_door *door = ctx;
  struct net *n = door->net;
  for (uint32_t i = 0; i < out->used; i++) {
    struct oh_datagram *d = &out->slots[i];
    if (door->client >= 0) {
      struct oh_addr from = n->nat[door->client];
      from.proto = d->to.proto;
      from.stream = d->to.proto == OH_TCP ? 1000 + (uint32_t)door->client : 0;
      if (!n->dead[door->client] && !(n->no_udp && d->to.proto == OH_UDP))
        net_put(n, true, door->client, &from, d->data, d->len);
      continue;
    }
    n->server_bytes += d->len;
    int found = -1;
    for (int c = 0; c < n->client_count; c++)
      if (d->to.port == n->nat[c].port && memcmp(d->to.ip, n->nat[c].ip, 16) == 0) found = c;
    if (found < 0) {
      n->to_stranger_bytes += d->len;
      if (d->data[0] >= 20) n->stranger_media++;
    } else if (d->data[0] == 20 && n->drop_last_flights > 0) {
      n->drop_last_flights--;
    } else if (!n->dead[found] && !(n->no_udp && d->to.proto == OH_UDP)) {
      struct oh_addr from = n->server_addr;
      from.proto = d->to.proto;
      from.stream = d->to.proto == OH_TCP ? 1 : 0;
      net_put(n, false, found, &from, d->data, d->len);
    }
  }
}

static void net_record(struct net_side *s, const struct oh_hub_event *e) {
  s->seen[e->type]++;
  if (e->type == OH_HUB_FAILED) s->closed = e->closed;
  if (e->type == OH_HUB_RTP) {
    s->rtp++;
    s->last_sequence = e->rtp.header.sequence;
    s->last_len = e->rtp.payload.len;
    memcpy(s->last, e->rtp.payload.data, e->rtp.payload.len);
  }
  if (e->type == OH_HUB_RTCP || e->type == OH_HUB_DATA) {
    *(e->type == OH_HUB_DATA ? &s->data : &s->rtcp) += 1;
    s->last_len = e->len;
    memcpy(s->last, e->data, e->len);
  }
  if (e->type == OH_HUB_CONNECTED || e->type == OH_HUB_PATH_CHANGED) s->path = e->path;
}

static void net_events(struct net *n, int client) {
  struct oh_hub_event e;
  struct net_side *side = client < 0 ? &n->server : &n->clients[client];
  while (oh_hub_next(side->hub, &e)) {
    if (client >= 0) {
      net_record(side, &e);
      continue;
    }
    for (int c = 0; c < n->client_count; c++)
      if (n->server_view[c].peer == e.peer) net_record(&n->server_view[c], &e);
  }
}

// One datagram into a hub right now.
static void net_inject(struct net *n, int client, const struct oh_addr *from, const void *data, size_t len) {
  uint8_t copy[OH_DATAGRAM_MAX];
  struct oh_outbox out;
  struct net_door door = {n, client};
  memcpy(copy, data, len);
  oh_outbox_init(&out, net_flush, &door);
  oh_hub_recv(client < 0 ? n->server.hub : n->clients[client].hub, n->now_us, from, copy, len, &out);
  net_events(n, client);
  oh_outbox_flush(&out);
  oh_outbox_fini(&out);
}

static void net_tick(struct net *n, int client) {
  struct oh_outbox out;
  struct net_door door = {n, client};
  oh_outbox_init(&out, net_flush, &door);
  oh_hub_tick(client < 0 ? n->server.hub : n->clients[client].hub, n->now_us, &out);
  net_events(n, client);
  oh_outbox_flush(&out);
  oh_outbox_fini(&out);
}

static int64_t net_next(struct net *n, int *packet, int *hub) {
  int64_t at = oh_hub_deadline(n->server.hub);
  *packet = -1, *hub = -1;
  for (int c = 0; c < n->client_count; c++)
    if (n->clients[c].hub && oh_hub_deadline(n->clients[c].hub) < at)
      at = oh_hub_deadline(n->clients[ *hub = c].hub);
  for (int i = 0; i < n->in_flight; i++)
    if (n->flight[i]->at_us < at) at = n->flight[i]->at_us, *packet = i;
  return at;
}

static void net_run(struct net *n, int64_t for_us) {
  int64_t until = n->now_us + for_us;
  int packet, hub;
  for (int64_t at; (at = net_next(n, &packet, &hub)) <= until;) {
    if (at > n->now_us) n->now_us = at;
    if (packet < 0) {
      net_tick(n, hub);
      continue;
    }
    struct net_packet *p = n->flight[packet];
    memmove(&n->flight[packet], &n->flight[packet + 1], sizeof p * (size_t)(--n->in_flight - packet));
    if (p->to_server)
      net_inject(n, -1, &p->from, p->data, p->len);
    else if (n->clients[p->client].hub)
      net_inject(n, p->client, &p->from, p->data, p->len);
    free(p);
  }
  n->now_us = until;
}

static void net_world(struct net *n, struct net_side *s) {
  s->world = (struct oh_world){.random = test_random(&n->seed)};
}

static void net_open(struct net *n, uint64_t seed) {
  *n = (struct net){.seed = seed, .now_us = 5000000, .delay_us = 20000, .server_addr = net_addr(1, 7882)};
  n->openssl_random = test_random(&n->seed);
  sim_openssl_random(&n->openssl_random);
  n->identity = oh_identity_open();
  n->other = oh_identity_open();
  net_world(n, &n->server);
  n->server.hub =
      oh_hub_open(&n->server.world, n->identity, &(struct oh_hub_limits){.peers = 8, .handshakes = 8});
}

// Adds a client; with `know` the descriptions are exchanged at once.
static int net_add(struct net *n, bool know) {
  int c = n->client_count++;
  struct net_side *side = &n->clients[c];
  n->nat[c] = net_addr(2, (uint16_t)(50000 + c));
  net_world(n, side);
  side->hub = oh_hub_open(&side->world, n->other, &(struct oh_hub_limits){.peers = 1, .handshakes = 1});
  side->peer = oh_hub_add(side->hub, n->now_us, OH_PEER_CLIENT);
  n->server_view[c].peer = oh_hub_add(n->server.hub, n->now_us, OH_PEER_SERVER);
  assert_true(side->peer && n->server_view[c].peer);
  if (!know) return c;
  struct oh_addr tcp = n->server_addr;
  tcp.proto = OH_TCP, tcp.stream = 1;
  oh_hub_add_candidate(side->hub, n->now_us, side->peer, &n->server_addr);
  if (n->tcp_too) oh_hub_add_candidate(side->hub, n->now_us, side->peer, &tcp);
  return c;
}

static void net_describe(struct net *n, int c, bool to_server, bool to_client) {
  struct net_side *side = &n->clients[c];
  struct oh_peer_remote client = {.ufrag = oh_hub_local_ufrag(side->hub, side->peer),
                                  .pwd = oh_hub_local_pwd(side->hub, side->peer)};
  struct oh_peer_remote server = {.ufrag = oh_hub_local_ufrag(n->server.hub, n->server_view[c].peer),
                                  .pwd = oh_hub_local_pwd(n->server.hub, n->server_view[c].peer)};
  memcpy(client.fingerprint, oh_identity_digest(n->other), 32);
  memcpy(server.fingerprint, oh_identity_digest(n->identity), 32);
  if (to_server) assert_true(oh_hub_set_remote(n->server.hub, n->now_us, n->server_view[c].peer, &client));
  if (to_client) assert_true(oh_hub_set_remote(side->hub, n->now_us, side->peer, &server));
}

static void net_close(struct net *n) {
  for (int i = 0; i < n->in_flight; i++)
    free(n->flight[i]);
  for (int c = 0; c < n->client_count; c++)
    oh_hub_close(n->clients[c].hub);
  oh_hub_close(n->server.hub);
  oh_identity_close(n->identity);
  oh_identity_close(n->other);
  sim_openssl_random(NULL);
}

static bool net_send_rtp(struct net *n, bool from_server, int c, uint16_t sequence, const char *text) {
  struct oh_outbox out;
  struct net_door door = {n, from_server ? -1 : c};
  struct net_side *side = from_server ? &n->server : &n->clients[c];
  oh_id peer = from_server ? n->server_view[c].peer : side->peer;
  struct oh_rtp_header h = {
      .payload_type = 111, .sequence = sequence, .timestamp = sequence * 960u, .ssrc = 42};
  oh_outbox_init(&out, net_flush, &door);
  bool ok = oh_hub_send_rtp(side->hub, n->now_us, peer, &h, 0, (struct oh_bytes){0}, (const uint8_t *)text,
                            strlen(text), &out);
  oh_outbox_flush(&out);
  oh_outbox_fini(&out);
  return ok;
}

static bool net_connected(const struct net *n, int c) {
  return n->clients[c].seen[OH_HUB_CONNECTED] == 1 && n->server_view[c].seen[OH_HUB_CONNECTED] == 1;
}
