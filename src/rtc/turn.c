// turn.c — see turn.h
#include "rtc/turn.h"
#include "base/check.h"
#include "base/map.h"
#include "base/text.h"
#include "rtc/turn_guard.h"
#include <openssl/evp.h>
#include <stdlib.h>

enum { KEY_BYTES = 16, PROTOCOL_UDP = 17, FAMILY_V4 = 1, FAMILY_V6 = 2 };

enum code {
  NOTHING_WRONG = 0,
  BAD_REQUEST = 400,
  UNAUTHENTICATED = 401,
  FORBIDDEN = 403,
  UNKNOWN_ATTRIBUTE = 420,
  ALLOCATION_MISMATCH = 437,
  STALE_NONCE = 438,
  FAMILY_NOT_SUPPORTED = 440,
  WRONG_CREDENTIALS = 441,
  TRANSPORT_NOT_SUPPORTED = 442,
  FAMILY_MISMATCH = 443,
  QUOTA_REACHED = 486,
  NO_CAPACITY = 508,
};

struct channel {
  int64_t until_us;
  uint32_t peer;
  uint16_t number; // 0: free
};

struct allocation {
  struct oh_addr client, relayed;
  oh_id id;
  int64_t until_us;
  uint64_t user; // hash of the user name
  uint8_t key[KEY_BYTES];
  uint8_t transaction[OH_STUN_TRANSACTION_BYTES]; // of the Allocate, which may come again
  int64_t permitted_until_us[OH_TURN_IPS_MAX];
  struct channel channels[OH_TURN_CHANNELS_MAX];
};

struct peer {
  struct oh_addr addr;
  uint32_t ip; // its number among the different addresses
};

struct oh_turn {
  struct oh_world *world;
  struct oh_turn_config config;
  struct peer *peers;
  struct oh_slab slab;
  struct oh_map by_client;          // address → allocation
  struct oh_map per_user, per_host; // hash of the user name, IP → how many allocations
  struct oh_turn_guard *guard;
  uint8_t secret[16];
};

// A request under way, and what is known of its sender.
struct request {
  struct oh_turn *turn;
  int64_t now_us;
  struct oh_addr from;
  struct oh_turn_message m;
  struct allocation *allocation; // of this client; or NULL
  uint64_t user;
  uint8_t key[KEY_BYTES];
  bool proven; // the answer is authenticated
};

// ---- lifetime

static uint32_t ip_number(struct oh_turn *t, size_t count, const struct oh_addr *addr) {
  uint32_t next = 0;
  for (size_t i = 0; i < count; i++) {
    if (memcmp(t->peers[i].addr.ip, addr->ip, sizeof addr->ip) == 0) return t->peers[i].ip;
    if (t->peers[i].ip >= next) next = t->peers[i].ip + 1;
  }
  return next;
}

struct oh_turn *oh_turn_open(struct oh_world *world, const struct oh_turn_config *config) {
  struct oh_turn *t = calloc(1, sizeof *t);
  OH_CHECK(t && config->peer_count > 0);
  t->world = world;
  t->config = *config;
  t->peers = calloc(config->peer_count, sizeof *t->peers);
  OH_CHECK(t->peers);
  for (size_t i = 0; i < config->peer_count; i++) {
    uint32_t ip = ip_number(t, i, &config->peers[i]);
    OH_CHECK(ip < OH_TURN_IPS_MAX);
    t->peers[i] = (struct peer){config->peers[i], ip};
  }
  t->config.peers = NULL;
  oh_random_fill(&world->random, t->secret, sizeof t->secret);
  oh_slab_init(&t->slab, sizeof(struct allocation), OH_TURN_ALLOCATIONS_MAX);
  oh_map_init(&t->by_client, t->secret);
  oh_map_init(&t->per_user, t->secret);
  oh_map_init(&t->per_host, t->secret);
  t->guard = oh_turn_guard_open(&world->random);
  return t;
}

static void add_to(struct oh_map *map, const void *key, size_t len, int step) {
  uint64_t count = 0;
  oh_map_get(map, key, len, &count);
  count = step > 0 ? count + 1 : count - 1;
  if (count)
    oh_map_put(map, key, len, count);
  else
    oh_map_remove(map, key, len);
}

static void end(struct oh_turn *t, struct allocation *a) {
  oh_id id = a->id;
  add_to(&t->per_user, &a->user, sizeof a->user, -1);
  add_to(&t->per_host, a->client.ip, sizeof a->client.ip, -1);
  oh_map_remove(&t->by_client, &a->client, sizeof a->client);
  oh_slab_remove(&t->slab, id);
  t->config.close(t->config.ctx, id);
}

void oh_turn_close(struct oh_turn *t) {
  if (!t) return;
  for (oh_id id = 0; (id = oh_slab_next(&t->slab, id)) != 0;)
    end(t, oh_slab_find(&t->slab, id));
  oh_slab_fini(&t->slab);
  oh_map_fini(&t->by_client);
  oh_map_fini(&t->per_user);
  oh_map_fini(&t->per_host);
  oh_turn_guard_close(t->guard);
  free(t->peers);
  free(t);
}

static struct allocation *find(const struct oh_turn *t, const struct oh_addr *client) {
  uint64_t id;
  return oh_map_get(&t->by_client, client, sizeof *client, &id) ? oh_slab_find(&t->slab, (oh_id)id) : NULL;
}

// ---- answers

static struct oh_writer begin(struct request *q, enum oh_stun_class class, uint8_t out[OH_STUN_MESSAGE_MAX]) {
  return oh_stun_begin(q->m.stun.method, class, q->m.stun.transaction, out, OH_STUN_MESSAGE_MAX);
}

static void finish(struct request *q, struct oh_writer *w) {
  struct oh_bytes key = {q->key, q->proven ? sizeof q->key : 0};
  size_t len = oh_stun_finish(w, key, q->proven);
  OH_CHECK(len > 0);
  q->turn->config.send(q->turn->config.ctx, &q->from, w->start, len);
}

// A datagram's sender address may be somebody else's: those answers are rationed. A stream's is its own.
static bool may_answer_stranger(struct request *q) {
  if (q->proven || q->from.proto == OH_TCP) return true;
  if (oh_turn_guard_allows(q->turn->guard, q->now_us, &q->from)) return true;
  oh_count(&q->turn->world->counters, OH_COUNT_turn_drop_stranger);
  return false;
}

// Reason phrases are left out: nobody reads them, and strangers shall get little.
static void refuse(struct request *q, enum code code) {
  if (!may_answer_stranger(q)) return;
  struct oh_turn *t = q->turn;
  uint8_t out[OH_STUN_MESSAGE_MAX];
  struct oh_writer w = begin(q, OH_STUN_ERROR, out);
  const uint8_t value[4] = {0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
  oh_stun_add(&w, OH_TURN_ERROR_CODE, value, sizeof value);
  if (code == UNKNOWN_ATTRIBUTE) {
    uint8_t type[2];
    oh_store_u16_be(type, q->m.unknown);
    oh_stun_add(&w, OH_TURN_UNKNOWN_ATTRIBUTES, type, sizeof type);
  }
  if (code == UNAUTHENTICATED || code == STALE_NONCE) {
    char nonce[OH_TURN_NONCE_CHARS];
    oh_turn_guard_nonce(t->guard, oh_unix_us(t->world, q->now_us) / 1000000, &q->from, nonce);
    oh_stun_add(&w, OH_TURN_REALM, t->config.realm, strlen(t->config.realm));
    oh_stun_add(&w, OH_TURN_NONCE, nonce, sizeof nonce);
  }
  finish(q, &w);
}

static void answer_empty(struct request *q) {
  uint8_t out[OH_STUN_MESSAGE_MAX];
  struct oh_writer w = begin(q, OH_STUN_SUCCESS, out);
  finish(q, &w);
}

// ---- who asks

// RFC 8489 9.2.2: MD5 of user:realm:password.
static void make_key(struct oh_str user, const char *realm, const char *password, uint8_t key[KEY_BYTES]) {
  struct oh_text text;
  oh_text_init(&text, 1024);
  oh_text_add(&text, user);
  oh_text_addf(&text, ":%s:%s", realm, password);
  OH_CHECK(!text.failed);
  OH_CHECK(EVP_Digest(text.data, text.len, key, NULL, EVP_md5(), NULL) == 1);
  oh_text_fini(&text);
}

// 0, or what to refuse with. Fills in user and key.
static enum code authenticate(struct request *q) {
  struct oh_turn *t = q->turn;
  const struct oh_stun *s = &q->m.stun;
  int64_t unix_s = oh_unix_us(t->world, q->now_us) / 1000000;
  char password[OH_TURN_PASSWORD_MAX];
  if (!s->integrity_at) return UNAUTHENTICATED;
  if (!s->has_username || !q->m.has_realm || !q->m.has_nonce) return BAD_REQUEST;
  if (!oh_turn_guard_knows(t->guard, unix_s, &q->from, q->m.nonce)) return STALE_NONCE;
  q->user = oh_siphash(t->secret, s->username.data, s->username.len);
  if (q->allocation) {
    if (q->user != q->allocation->user) return WRONG_CREDENTIALS;
    memcpy(q->key, q->allocation->key, sizeof q->key);
  } else {
    bool to_allocate = s->method == OH_TURN_ALLOCATE;
    if (!t->config.password(t->config.ctx, s->username, to_allocate, unix_s, password))
      return UNAUTHENTICATED;
    make_key(s->username, t->config.realm, password, q->key);
  }
  if (!oh_stun_verify(s, (struct oh_bytes){q->key, sizeof q->key})) return UNAUTHENTICATED;
  q->proven = true;
  return q->m.unknown ? UNKNOWN_ATTRIBUTE : NOTHING_WRONG;
}

// ---- allocations

static uint8_t family_of(const struct request *q) {
  if (!q->m.has_family) return OH_ADDR_V4;
  return q->m.family == FAMILY_V4 ? OH_ADDR_V4 : q->m.family == FAMILY_V6 ? OH_ADDR_V6 : OH_ADDR_NONE;
}

static bool has_peer_of(const struct oh_turn *t, uint8_t family) {
  for (size_t i = 0; i < t->config.peer_count; i++)
    if (t->peers[i].addr.family == family) return true;
  return false;
}

static uint32_t lifetime_s(const struct request *q) {
  uint32_t asked = q->m.has_lifetime ? q->m.lifetime_s : 0;
  if (asked < OH_TURN_LIFETIME_S) return OH_TURN_LIFETIME_S;
  return asked < OH_TURN_LIFETIME_MAX_S ? asked : OH_TURN_LIFETIME_MAX_S;
}

static void write_lifetime(struct oh_writer *w, uint32_t seconds) {
  uint8_t value[4];
  oh_store_u32_be(value, seconds);
  oh_stun_add(w, OH_TURN_LIFETIME, value, sizeof value);
}

static void answer_allocated(struct request *q) {
  const struct allocation *a = q->allocation;
  uint8_t out[OH_STUN_MESSAGE_MAX];
  struct oh_writer w = begin(q, OH_STUN_SUCCESS, out);
  oh_stun_add_address(&w, OH_TURN_XOR_RELAYED, &a->relayed);
  oh_stun_add_address(&w, OH_TURN_XOR_MAPPED, &q->from);
  write_lifetime(&w, (uint32_t)((a->until_us - q->now_us) / 1000000));
  finish(q, &w);
}

static enum code check_quota(struct request *q) {
  struct oh_turn *t = q->turn;
  uint64_t of_user = 0, of_host = 0;
  oh_map_get(&t->per_user, &q->user, sizeof q->user, &of_user);
  oh_map_get(&t->per_host, q->from.ip, sizeof q->from.ip, &of_host);
  if (of_user >= OH_TURN_PER_CREDENTIAL_MAX || of_host >= OH_TURN_PER_ADDRESS_MAX) return QUOTA_REACHED;
  return t->slab.used >= t->slab.limit ? NO_CAPACITY : NOTHING_WRONG;
}

static enum code check_allocate(struct request *q) {
  if (q->allocation) return ALLOCATION_MISMATCH;
  if (!q->m.has_transport) return BAD_REQUEST;
  if (q->m.transport != PROTOCOL_UDP) return TRANSPORT_NOT_SUPPORTED;
  if (!has_peer_of(q->turn, family_of(q))) return FAMILY_NOT_SUPPORTED;
  enum code full = check_quota(q);
  if (full) oh_count(&q->turn->world->counters, OH_COUNT_turn_refused);
  return full;
}

static void allocate(struct request *q) {
  struct oh_turn *t = q->turn;
  const uint8_t *transaction = q->m.stun.transaction;
  if (q->allocation && memcmp(q->allocation->transaction, transaction, OH_STUN_TRANSACTION_BYTES) == 0)
    return answer_allocated(q); // our answer was lost
  enum code wrong = check_allocate(q);
  if (wrong) return refuse(q, wrong);
  oh_id id = 0;
  struct allocation *a = oh_slab_add(&t->slab, &id);
  OH_CHECK(a);
  if (!t->config.open(t->config.ctx, id, family_of(q), &a->relayed)) {
    oh_slab_remove(&t->slab, id);
    oh_count(&t->world->counters, OH_COUNT_turn_refused);
    return refuse(q, NO_CAPACITY);
  }
  a->id = id;
  a->client = q->from;
  a->user = q->user;
  a->until_us = q->now_us + lifetime_s(q) * INT64_C(1000000);
  memcpy(a->key, q->key, sizeof a->key);
  memcpy(a->transaction, transaction, sizeof a->transaction);
  oh_map_put(&t->by_client, &a->client, sizeof a->client, id);
  add_to(&t->per_user, &a->user, sizeof a->user, 1);
  add_to(&t->per_host, a->client.ip, sizeof a->client.ip, 1);
  oh_count(&t->world->counters, OH_COUNT_turn_allocations);
  q->allocation = a;
  answer_allocated(q);
}

static void refresh(struct request *q) {
  struct allocation *a = q->allocation;
  if (q->m.has_family && family_of(q) != a->relayed.family) return refuse(q, FAMILY_MISMATCH);
  uint32_t seconds = q->m.has_lifetime && q->m.lifetime_s == 0 ? 0 : lifetime_s(q);
  if (seconds == 0)
    end(q->turn, a);
  else
    a->until_us = q->now_us + seconds * INT64_C(1000000);
  uint8_t out[OH_STUN_MESSAGE_MAX];
  struct oh_writer w = begin(q, OH_STUN_SUCCESS, out);
  write_lifetime(&w, seconds);
  finish(q, &w);
}

// ---- permissions and channels

// The number of the first of our media addresses with this IP, and port if that matters; -1: it is none.
static int64_t peer_number(const struct oh_turn *t, const struct oh_addr *addr, bool with_port) {
  for (size_t i = 0; i < t->config.peer_count; i++) {
    const struct oh_addr *ours = &t->peers[i].addr;
    if (ours->family == addr->family && memcmp(ours->ip, addr->ip, sizeof ours->ip) == 0 &&
        (!with_port || ours->port == addr->port))
      return (int64_t)i;
  }
  return -1;
}

static enum code check_peer(struct request *q, const struct oh_addr *addr, bool with_port) {
  if (addr->family != q->allocation->relayed.family) return FAMILY_MISMATCH;
  if (peer_number(q->turn, addr, with_port) >= 0) return NOTHING_WRONG;
  oh_count(&q->turn->world->counters, OH_COUNT_turn_forbidden);
  return FORBIDDEN;
}

static void permit(struct request *q, size_t peer) {
  q->allocation->permitted_until_us[q->turn->peers[peer].ip] = q->now_us + OH_TURN_PERMISSION_US;
}

static bool is_permitted(const struct oh_turn *t, const struct allocation *a, size_t peer, int64_t now_us) {
  return a->permitted_until_us[t->peers[peer].ip] > now_us;
}

static void create_permission(struct request *q) {
  if (q->m.peer_count == 0) return refuse(q, BAD_REQUEST);
  for (size_t i = 0; i < q->m.peer_count; i++) { // all or none
    enum code wrong = check_peer(q, &q->m.peers[i], false);
    if (wrong) return refuse(q, wrong);
  }
  for (size_t i = 0; i < q->m.peer_count; i++)
    permit(q, (size_t)peer_number(q->turn, &q->m.peers[i], false));
  answer_empty(q);
}

// The place for a channel between number and peer. NULL: one of them is bound to another, or all are taken.
static struct channel *channel_for(struct request *q, uint32_t peer, enum code *wrong) {
  struct channel *place = NULL;
  for (size_t i = 0; i < OH_TURN_CHANNELS_MAX; i++) {
    struct channel *c = &q->allocation->channels[i];
    if (c->number && c->until_us <= q->now_us) *c = (struct channel){0};
    if (c->number && (c->number == q->m.channel) != (c->peer == peer)) return *wrong = BAD_REQUEST, NULL;
    if (c->number == q->m.channel) return c;
    if (!c->number && !place) place = c;
  }
  *wrong = NO_CAPACITY;
  return place;
}

static bool is_channel_number(uint16_t number) {
  return number >= OH_TURN_CHANNEL_FIRST && number <= OH_TURN_CHANNEL_LAST;
}

static void channel_bind(struct request *q) {
  if (!q->m.has_channel || !is_channel_number(q->m.channel) || q->m.peer_count != 1)
    return refuse(q, BAD_REQUEST);
  enum code wrong = check_peer(q, &q->m.peers[0], true);
  if (wrong) return refuse(q, wrong);
  uint32_t peer = (uint32_t)peer_number(q->turn, &q->m.peers[0], true);
  struct channel *c = channel_for(q, peer, &wrong);
  if (!c) return refuse(q, wrong);
  *c = (struct channel){.until_us = q->now_us + OH_TURN_CHANNEL_US, .peer = peer, .number = q->m.channel};
  permit(q, peer);
  answer_empty(q);
}

// ---- data

static void relay(struct oh_turn *t, struct allocation *a, size_t peer, struct oh_bytes data) {
  oh_count(&t->world->counters, OH_COUNT_turn_relayed_in);
  t->config.relay(t->config.ctx, a->id, peer, data.data, data.len);
}

static void recv_indication(struct request *q) {
  struct oh_turn *t = q->turn;
  const struct oh_turn_message *m = &q->m;
  int64_t peer = m->stun.method == OH_TURN_SEND && m->has_data && m->peer_count == 1 && !m->unknown
                     ? peer_number(t, &m->peers[0], true)
                     : -1;
  if (peer < 0 || !q->allocation || !is_permitted(t, q->allocation, (size_t)peer, q->now_us))
    oh_count(&t->world->counters, OH_COUNT_turn_drop_permission);
  else
    relay(t, q->allocation, (size_t)peer, m->data);
}

static void recv_channel_data(struct oh_turn *t, int64_t now_us, const struct oh_addr *from,
                              const uint8_t *data, size_t len) {
  uint16_t number;
  struct oh_bytes payload;
  if (!oh_turn_read_channel_data(data, len, &number, &payload)) {
    oh_count(&t->world->counters, OH_COUNT_turn_drop_malformed);
    return;
  }
  struct allocation *a = find(t, from);
  for (size_t i = 0; a && i < OH_TURN_CHANNELS_MAX; i++)
    if (a->channels[i].number == number && number && a->channels[i].until_us > now_us)
      return relay(t, a, a->channels[i].peer, payload);
  oh_count(&t->world->counters, OH_COUNT_turn_drop_permission);
}

static const struct channel *channel_of(const struct allocation *a, size_t peer, int64_t now_us) {
  for (size_t i = 0; i < OH_TURN_CHANNELS_MAX; i++)
    if (a->channels[i].number && a->channels[i].peer == peer && a->channels[i].until_us > now_us)
      return &a->channels[i];
  return NULL;
}

static size_t write_data(struct oh_turn *t, const struct oh_addr *peer, struct oh_bytes data,
                         uint8_t out[OH_TURN_FRAME_MAX]) {
  uint8_t transaction[OH_STUN_TRANSACTION_BYTES];
  oh_random_fill(&t->world->random, transaction, sizeof transaction);
  struct oh_writer w = oh_stun_begin(OH_TURN_DATA, OH_STUN_INDICATION, transaction, out, OH_TURN_FRAME_MAX);
  oh_stun_add_address(&w, OH_TURN_XOR_PEER, peer);
  oh_stun_add(&w, OH_TURN_DATA_BYTES, data.data, data.len);
  return oh_stun_finish(&w, (struct oh_bytes){0}, false);
}

static size_t write_channel_data(const struct channel *c, bool padded, struct oh_bytes data,
                                 uint8_t out[OH_TURN_FRAME_MAX]) {
  struct oh_writer w = oh_writer(out, OH_TURN_FRAME_MAX);
  oh_write_u16_be(&w, c->number);
  oh_write_u16_be(&w, (uint16_t)data.len);
  oh_write_bytes(&w, data.data, data.len);
  if (padded) oh_write_bytes(&w, "\0\0\0", (4 - data.len % 4) % 4); // RFC 8656 12.5
  return w.failed ? 0 : oh_writer_len(&w);
}

void oh_turn_relayed(struct oh_turn *t, int64_t now_us, oh_id allocation, size_t peer, const uint8_t *data,
                     size_t len) {
  OH_CHECK(peer < t->config.peer_count);
  struct allocation *a = oh_slab_find(&t->slab, allocation);
  uint8_t out[OH_TURN_FRAME_MAX];
  struct oh_bytes bytes = {data, len};
  if (!a || !is_permitted(t, a, peer, now_us)) {
    oh_count(&t->world->counters, OH_COUNT_turn_drop_permission);
    return;
  }
  const struct channel *c = channel_of(a, peer, now_us);
  size_t n = len > OH_DATAGRAM_MAX ? 0
             : c                   ? write_channel_data(c, a->client.proto == OH_TCP, bytes, out)
                                   : write_data(t, &t->peers[peer].addr, bytes, out);
  if (n == 0) return;
  oh_count(&t->world->counters, OH_COUNT_turn_relayed_out);
  t->config.send(t->config.ctx, &a->client, out, n);
}

// ---- what comes in

// Where our NAT sees the client; browsers ask their TURN server that, too.
static void answer_binding(struct request *q) {
  if (!may_answer_stranger(q)) return;
  uint8_t out[OH_STUN_MESSAGE_MAX];
  struct oh_writer w = begin(q, OH_STUN_SUCCESS, out);
  oh_stun_add_address(&w, OH_TURN_XOR_MAPPED, &q->from);
  finish(q, &w);
}

static void recv_request(struct request *q) {
  static void (*const of_method[])(struct request *) = {[OH_TURN_ALLOCATE] = allocate,
                                                        [OH_TURN_REFRESH] = refresh,
                                                        [OH_TURN_CREATE_PERMISSION] = create_permission,
                                                        [OH_TURN_CHANNEL_BIND] = channel_bind};
  uint16_t method = q->m.stun.method;
  if (method == OH_STUN_BINDING) return answer_binding(q);
  if (method >= sizeof of_method / sizeof *of_method || !of_method[method]) {
    oh_count(&q->turn->world->counters, OH_COUNT_turn_drop_malformed);
    return;
  }
  enum code wrong = authenticate(q);
  if (q->m.stun.integrity_at && !q->proven) oh_count(&q->turn->world->counters, OH_COUNT_turn_unauthorized);
  if (!wrong && !q->allocation && method != OH_TURN_ALLOCATE) wrong = ALLOCATION_MISMATCH;
  if (wrong) return refuse(q, wrong);
  of_method[method](q);
}

void oh_turn_recv(struct oh_turn *t, int64_t now_us, const struct oh_addr *from, const uint8_t *data,
                  size_t len) {
  if (oh_turn_is_channel_data(data, len)) return recv_channel_data(t, now_us, from, data, len);
  struct request q = {.turn = t, .now_us = now_us, .from = *from};
  if (!oh_turn_read(&q.m, data, len)) {
    oh_count(&t->world->counters, OH_COUNT_turn_drop_malformed);
    return;
  }
  q.allocation = find(t, from);
  if (q.allocation && q.allocation->until_us <= now_us) {
    end(t, q.allocation);
    q.allocation = NULL;
  }
  if (q.m.stun.class == OH_STUN_REQUEST)
    recv_request(&q);
  else if (q.m.stun.class == OH_STUN_INDICATION)
    recv_indication(&q);
  else
    oh_count(&t->world->counters, OH_COUNT_turn_drop_malformed);
}

void oh_turn_stream_closed(struct oh_turn *t, const struct oh_addr *from) {
  struct allocation *a = find(t, from);
  if (a) end(t, a);
}

bool oh_turn_has_allocation(const struct oh_turn *t, const struct oh_addr *from) {
  return find(t, from) != NULL;
}

void oh_turn_tick(struct oh_turn *t, int64_t now_us) {
  for (oh_id id = 0; (id = oh_slab_next(&t->slab, id)) != 0;) {
    struct allocation *a = oh_slab_find(&t->slab, id);
    if (a->until_us <= now_us) end(t, a);
  }
}

uint32_t oh_turn_allocations(const struct oh_turn *t) {
  return t->slab.used;
}
