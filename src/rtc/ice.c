// ice.c — see ice.h
#include "rtc/ice.h"
#include "base/check.h"
#include "base/heap.h"
#include <openssl/crypto.h>
#include <stdio.h>

enum {
  PROBE_TRIES = 6, // server: 0, 100, 300, 700, 1500, 3100 ms
  FIRST_WAIT_US = 100 * 1000,
  CHECK_MAX_US = 500 * 1000,         // client: between checks that are not answered
  NOMINATE_AFTER_US = 100 * 1000,    // client: how long better candidates may be late
  CONSENT_US = 2 * 1000 * 1000,      // client: plus up to
  CONSENT_SPREAD_US = 1000 * 1000,   // this, so that a crowd does not check in step (RFC 7675 5.1)
  CLIENT_STALE_US = 3 * 1000 * 1000, // client: then the other candidates are checked again
  PRIORITY_PEER_REFLEXIVE = (110 << 24) | (0xffff << 8) | 255, // RFC 8445 5.1.2
};

// ---- credentials
// ---------------------------------------------------------------------------------------------

static const char alphabet[OH_ICE_SHARDS + 1] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; // ice-char

static void random_text(struct oh_world *world, char *text, size_t chars) {
  uint8_t bytes[OH_ICE_PWD_CHARS];
  oh_random_fill(&world->random, bytes, chars);
  for (size_t i = 0; i < chars; i++)
    text[i] = alphabet[bytes[i] & 63];
  text[chars] = 0;
  OPENSSL_cleanse(bytes, sizeof bytes);
}

static void make_credentials(struct oh_ice *ice, struct oh_world *world) {
  random_text(world, ice->current.ufrag, OH_ICE_UFRAG_CHARS);
  random_text(world, ice->current.pwd, OH_ICE_PWD_CHARS);
  ice->current.ufrag[0] = alphabet[ice->shard];
}

bool oh_ice_shard(const uint8_t *data, size_t len, uint32_t *shard) {
  struct oh_stun stun;
  struct oh_str receiver, sender;
  if (!oh_stun_is(data, len) || !oh_stun_read(&stun, data, len) || stun.class != OH_STUN_REQUEST ||
      !oh_stun_username(&stun, &receiver, &sender) || receiver.len != OH_ICE_UFRAG_CHARS)
    return false;
  const char *at = memchr(alphabet, receiver.data[0], OH_ICE_SHARDS);
  if (at) *shard = (uint32_t)(at - alphabet);
  return at != NULL;
}

void oh_ice_init(struct oh_ice *ice, struct oh_world *world, bool client, uint32_t shard) {
  OH_CHECK(shard < OH_ICE_SHARDS);
  *ice = (struct oh_ice){.client = client, .shard = (uint8_t)shard, .selected = -1, .started_us = OH_NEVER};
  make_credentials(ice, world);
  oh_random_fill(&world->random, &ice->tie_breaker, sizeof ice->tie_breaker);
}

void oh_ice_fini(struct oh_ice *ice) {
  OPENSSL_cleanse(ice, sizeof *ice);
  ice->selected = -1;
}

static void retire_old(struct oh_ice *ice, struct oh_ice_change *change) {
  if (!ice->old.ufrag[0]) return;
  change->old_retired = true;
  memcpy(change->old_ufrag, ice->old.ufrag, sizeof change->old_ufrag);
  OPENSSL_cleanse(&ice->old, sizeof ice->old);
}

void oh_ice_restart(struct oh_ice *ice, struct oh_world *world, struct oh_ice_change *change) {
  if (!ice->current_used &&
      ice->old.ufrag[0]) { // the remote never got to use the current ones: keep the older
    struct oh_ice_credentials unused = ice->current;
    change->old_retired = true;
    memcpy(change->old_ufrag, unused.ufrag, sizeof change->old_ufrag);
    OPENSSL_cleanse(&unused, sizeof unused);
  } else {
    retire_old(ice, change);
    ice->old = ice->current;
  }
  make_credentials(ice, world);
  ice->current_used = false;
}

static bool is_credential(const char *text, size_t least) {
  size_t len = text ? strnlen(text, OH_ICE_CREDENTIAL_MAX + 1) : 0;
  return len >= least && len <= OH_ICE_CREDENTIAL_MAX;
}

bool oh_ice_set_remote(struct oh_ice *ice, int64_t now_us, const char *ufrag, const char *pwd) {
  if (!is_credential(ufrag, 4) || !is_credential(pwd, 22)) return false; // RFC 8839 5.4
  if (strcmp(ufrag, ice->remote_ufrag) == 0 && strcmp(pwd, ice->remote_pwd) == 0) return true;
  snprintf(ice->remote_ufrag, sizeof ice->remote_ufrag, "%s", ufrag);
  snprintf(ice->remote_pwd, sizeof ice->remote_pwd, "%s", pwd);
  ice->started_us = now_us;
  if (ice->client && ice->selected < 0) ice->consent_us = now_us;
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++) {
    struct oh_path *path = &ice->paths[i];
    if (path->addr.family == OH_ADDR_NONE) continue;
    path->tries = 0;
    if (ice->client || !path->validated || path->wanted) path->check_at_us = now_us;
  }
  return true;
}

// ---- paths
// ---------------------------------------------------------------------------------------------------

int oh_ice_find(const struct oh_ice *ice, const struct oh_addr *addr) {
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++)
    if (ice->paths[i].addr.port == addr->port && oh_addr_eq(&ice->paths[i].addr, addr)) return i;
  return -1;
}

static int free_path(const struct oh_ice *ice) {
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++)
    if (ice->paths[i].addr.family == OH_ADDR_NONE) return i;
  return -1;
}

static void use_path(struct oh_ice *ice, int64_t now_us, int index, const struct oh_addr *addr) {
  // A TCP stream exists because its handshake went both ways: nothing to prove.
  ice->paths[index] = (struct oh_path){.addr = *addr,
                                       .heard_us = now_us,
                                       .check_at_us = OH_NEVER,
                                       .validated = ice->client || addr->proto == OH_TCP};
}

// Full: the longest silent path that is neither selected nor alive makes room, first of those that never
// proved themselves. None: -1.
static int path_to_evict(const struct oh_ice *ice, int64_t now_us) {
  int worst = -1;
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++) {
    const struct oh_path *p = &ice->paths[i];
    if (i == ice->selected || now_us - p->heard_us < (p->validated ? OH_ICE_SILENT_US : OH_PATH_SWITCH_US))
      continue;
    const struct oh_path *w = worst < 0 ? NULL : &ice->paths[worst];
    if (!w || p->validated < w->validated || (p->validated == w->validated && p->heard_us < w->heard_us))
      worst = i;
  }
  return worst;
}

static int add_path(struct oh_ice *ice, int64_t now_us, const struct oh_addr *addr,
                    struct oh_ice_change *change) {
  int index = free_path(ice);
  if (index < 0) {
    index = path_to_evict(ice, now_us);
    if (index < 0) return -1;
    change->removed = true;
    change->removed_addr = ice->paths[index].addr;
  }
  use_path(ice, now_us, index, addr);
  change->added = true;
  change->added_addr = *addr;
  return index;
}

static void move_to(struct oh_ice *ice, int64_t now_us, int index, struct oh_ice_change *change) {
  ice->paths[index].wanted = false;
  if (ice->selected == index) return;
  ice->selected = index;
  ice->switched_us = now_us;
  change->selected = true;
}

bool oh_ice_add_candidate(struct oh_ice *ice, int64_t now_us, const struct oh_addr *addr) {
  int index = free_path(ice);
  if (index < 0 || oh_ice_find(ice, addr) >= 0) return false;
  use_path(ice, now_us, index, addr);
  ice->paths[index].check_at_us = now_us;
  if (ice->started_us == OH_NEVER || ice->selected < 0) ice->started_us = ice->consent_us = now_us;
  return true;
}

void oh_ice_remove_path(struct oh_ice *ice, int64_t now_us, int index, struct oh_ice_change *change) {
  change->removed = true;
  change->removed_addr = ice->paths[index].addr;
  ice->paths[index] = (struct oh_path){.check_at_us = OH_NEVER};
  if (ice->selected != index) return;
  ice->selected = -1; // until the next check, unless another path is known to work
  int best = -1;
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++) {
    const struct oh_path *p = &ice->paths[i];
    if (p->addr.family == OH_ADDR_NONE || !p->validated || now_us - p->heard_us > OH_ICE_SILENT_US) continue;
    if (ice->client && p->answered_us == 0) continue;
    if (best < 0 || p->heard_us > ice->paths[best].heard_us) best = i;
  }
  if (best >= 0) move_to(ice, now_us, best, change);
  for (int i = 0; ice->client && i < OH_PEER_PATHS_MAX; i++)
    if (ice->paths[i].addr.family != OH_ADDR_NONE) ice->paths[i].check_at_us = now_us;
}

void oh_ice_count_in(struct oh_ice *ice, int path, size_t len) {
  if (!ice->paths[path].validated) ice->paths[path].in_bytes += len;
}

void oh_ice_validate(struct oh_ice *ice, int path) {
  ice->paths[path].validated = true;
}

bool oh_ice_spend(struct oh_ice *ice, struct oh_world *world, int path, size_t len) {
  struct oh_path *p = &ice->paths[path];
  if (p->validated) return true;
  if (p->out_bytes + len > OH_PATH_AMPLIFY * p->in_bytes) {
    oh_count(&world->counters, OH_COUNT_datagram_drop_amplification);
    return false;
  }
  p->out_bytes += len;
  return true;
}

// Server: whether media should go to this path if it works.
static bool is_better(const struct oh_ice *ice, int64_t now_us, int index, bool nominated) {
  if (ice->selected < 0) return true;
  if (index == ice->selected) return false;
  return nominated || now_us - ice->paths[ice->selected].heard_us > OH_PATH_STALE_US;
}

// Server: media moves if the address has answered us lately; otherwise we ask it first (N14).
static void consider(struct oh_ice *ice, int64_t now_us, int index, bool nominated,
                     struct oh_ice_change *change) {
  struct oh_path *path = &ice->paths[index];
  if (!is_better(ice, now_us, index, nominated)) return;
  bool proved = path->addr.proto == OH_TCP ||
                (path->answered_us != 0 && now_us - path->answered_us <= OH_PATH_ANSWER_US);
  if (ice->selected < 0) {
    move_to(ice, now_us, index, change);
  } else if (proved) {
    // The first nomination may come right after the first path, and an address that never proved itself (a
    // forged first check) is left at once; later moves are rare.
    const struct oh_path *now = &ice->paths[ice->selected];
    if (!now->nominated || !now->validated || now_us - ice->switched_us >= OH_PATH_SWITCH_US)
      move_to(ice, now_us, index, change);
  } else {
    path->wanted = true;
    if (path->check_at_us == OH_NEVER) path->tries = 0, path->check_at_us = now_us;
  }
}

void oh_ice_heard(struct oh_ice *ice, int64_t now_us, int path, struct oh_ice_change *change) {
  ice->paths[path].heard_us = now_us;
  if (!ice->client && path != ice->selected) consider(ice, now_us, path, false, change);
}

// ---- messages from the remote
// --------------------------------------------------------------------------------

static struct oh_bytes key_of(const char *pwd) {
  return (struct oh_bytes){.data = (const uint8_t *)pwd, .len = strlen(pwd)};
}

static void answer(struct oh_ice *ice, struct oh_world *world, int path, const struct oh_addr *to,
                   const struct oh_stun *stun, const char *pwd, bool conflict, struct oh_outbox *out) {
  uint8_t *slot = oh_outbox_reserve(out);
  size_t len = conflict ? oh_stun_write_error(stun->transaction, OH_STUN_ROLE_CONFLICT, key_of(pwd), slot,
                                              OH_DATAGRAM_MAX)
                        : oh_stun_write_success(stun->transaction, to, key_of(pwd), slot, OH_DATAGRAM_MAX);
  if (len > 0 && len <= stun->message.len && (path < 0 || oh_ice_spend(ice, world, path, len)))
    oh_outbox_commit(out, to, len);
}

static const struct oh_ice_credentials *credentials_for(const struct oh_ice *ice,
                                                        const struct oh_stun *stun) {
  struct oh_str receiver, sender;
  if (!oh_stun_username(stun, &receiver, &sender)) return NULL;
  if (oh_str_eq(receiver, oh_str(ice->current.ufrag))) return &ice->current;
  if (ice->old.ufrag[0] && oh_str_eq(receiver, oh_str(ice->old.ufrag))) return &ice->old;
  return NULL;
}

static void tick_server(struct oh_ice *ice, struct oh_world *world, int64_t now_us, int index,
                        struct oh_outbox *out);

static bool recv_check(struct oh_ice *ice, struct oh_world *world, int64_t now_us, const struct oh_addr *from,
                       const struct oh_stun *stun, bool may_add, struct oh_outbox *out,
                       struct oh_ice_change *change) {
  const struct oh_ice_credentials *credentials = credentials_for(ice, stun);
  if (!credentials) {
    oh_count(&world->counters, OH_COUNT_stun_drop_unknown_ufrag);
    return false;
  }
  if (!oh_stun_verify(stun, key_of(credentials->pwd))) {
    oh_count(&world->counters, OH_COUNT_stun_drop_integrity);
    return false;
  }
  if (stun->unknown_required || !stun->has_priority || (stun->controlling && stun->controlled)) {
    oh_count(&world->counters, OH_COUNT_stun_drop_malformed);
    return false;
  }
  int path = oh_ice_find(ice, from);
  if (ice->client ? stun->controlling : stun->controlled) { // we never change roles: the other side has to
    if (path >= 0) oh_ice_count_in(ice, path, stun->message.len);
    answer(ice, world, path, from, stun, credentials->pwd, true, out);
    return false;
  }
  if (path < 0 && may_add && !ice->client) path = add_path(ice, now_us, from, change);
  if (path < 0) {
    oh_count(&world->counters, OH_COUNT_stun_drop_path_limit);
    return false;
  }
  oh_ice_count_in(ice, path, stun->message.len);
  ice->paths[path].heard_us = now_us;
  // We ask before we answer: the remote's answer is here then before its ClientHello, and our first flight is
  // not held back by the limit of bytes.
  if (!ice->client && !ice->paths[path].validated && ice->paths[path].tries == 0 && ice->remote_pwd[0])
    tick_server(ice, world, now_us, path, out);
  answer(ice, world, path, from, stun, credentials->pwd, false, out);
  if (credentials == &ice->current) {
    ice->current_used = true;
    retire_old(ice, change);
  }
  if (ice->client) return true; // consent is what the server answers, not what it asks
  ice->consent_us = now_us;
  change->consented = true;
  consider(ice, now_us, path, stun->use_candidate, change);
  if (stun->use_candidate) ice->paths[path].nominated = true;
  return true;
}

static void client_answered(struct oh_ice *ice, int64_t now_us, int index, struct oh_ice_change *change) {
  struct oh_path *path = &ice->paths[index];
  uint32_t spread = (uint32_t)path->transaction[0] << 12; // 0 … 1.04 s
  path->check_at_us = now_us + CONSENT_US + (spread < CONSENT_SPREAD_US ? spread : CONSENT_SPREAD_US);
  bool selected_lives = ice->selected >= 0 && now_us - ice->paths[ice->selected].heard_us <= CLIENT_STALE_US;
  if (path->nominating) {
    path->nominated = true;
    if (!selected_lives || index < ice->selected) move_to(ice, now_us, index, change);
  } else if (!selected_lives && now_us - ice->started_us >= NOMINATE_AFTER_US) {
    path->nominating = true;
    path->check_at_us = now_us;
  } else if (!selected_lives) {
    path->check_at_us = ice->started_us + NOMINATE_AFTER_US;
  }
  if (selected_lives && index != ice->selected) path->check_at_us = OH_NEVER;
  if (ice->selected != index) return;
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++) // the others rest until this one is silent
    if (i != index && ice->paths[i].addr.family != OH_ADDR_NONE) ice->paths[i].check_at_us = OH_NEVER;
}

static bool recv_answer(struct oh_ice *ice, struct oh_world *world, int64_t now_us,
                        const struct oh_addr *from, const struct oh_stun *stun,
                        struct oh_ice_change *change) {
  int index = oh_ice_find(ice, from);
  struct oh_path *path = index < 0 ? NULL : &ice->paths[index];
  if (!path || path->tries == 0 ||
      memcmp(path->transaction, stun->transaction, sizeof path->transaction) != 0 || !ice->remote_pwd[0] ||
      !oh_stun_verify(stun, key_of(ice->remote_pwd))) {
    oh_count(&world->counters, OH_COUNT_stun_drop_integrity);
    return false;
  }
  if (stun->class != OH_STUN_SUCCESS) return false; // 487 and the like: nothing that we could do better
  path->tries = 0;
  path->check_at_us = OH_NEVER;
  path->heard_us = path->answered_us = now_us;
  path->validated = true;
  if (ice->client) {
    ice->consent_us = now_us;
    change->consented = true;
    client_answered(ice, now_us, index, change);
  } else if (path->wanted) {
    path->wanted = false;
    consider(ice, now_us, index, true, change);
  }
  return true;
}

bool oh_ice_recv(struct oh_ice *ice, struct oh_world *world, int64_t now_us, const struct oh_addr *from,
                 const struct oh_stun *stun, bool may_add, struct oh_outbox *out,
                 struct oh_ice_change *change) {
  if (stun->method != OH_STUN_BINDING || stun->class == OH_STUN_INDICATION)
    return false; // keep-alive: no proof
  if (stun->class == OH_STUN_REQUEST) return recv_check(ice, world, now_us, from, stun, may_add, out, change);
  return recv_answer(ice, world, now_us, from, stun, change);
}

// ---- our own checks
// ------------------------------------------------------------------------------------------

static void send_check(struct oh_ice *ice, struct oh_world *world, int index, bool nominate,
                       struct oh_outbox *out) {
  struct oh_path *path = &ice->paths[index];
  char username[2 * OH_ICE_CREDENTIAL_MAX + 2];
  int n = snprintf(username, sizeof username, "%s:%s", ice->remote_ufrag, ice->current.ufrag);
  if (path->tries == 0) oh_random_fill(&world->random, path->transaction, sizeof path->transaction);
  struct oh_stun_check check = {.username = {.data = username, .len = (size_t)n},
                                .priority = PRIORITY_PEER_REFLEXIVE,
                                .tie_breaker = ice->tie_breaker,
                                .controlling = ice->client,
                                .use_candidate = nominate};
  memcpy(check.transaction, path->transaction, sizeof check.transaction);
  uint8_t *slot = oh_outbox_reserve(out);
  size_t len = oh_stun_write_check(&check, key_of(ice->remote_pwd), slot, OH_DATAGRAM_MAX);
  if (len > 0 && oh_ice_spend(ice, world, index, len)) oh_outbox_commit(out, &path->addr, len);
}

static int64_t backoff(uint8_t tries, int64_t most_us) {
  int64_t wait = (int64_t)FIRST_WAIT_US << (tries > 6 ? 6 : tries);
  return wait < most_us ? wait : most_us;
}

static void tick_server(struct oh_ice *ice, struct oh_world *world, int64_t now_us, int index,
                        struct oh_outbox *out) {
  struct oh_path *path = &ice->paths[index];
  path->check_at_us = OH_NEVER;
  if (path->tries >= PROBE_TRIES) { // it does not answer; a later check may ask for another round
    path->tries = 0;
    path->wanted = false;
    return;
  }
  send_check(ice, world, index, false, out);
  path->check_at_us = now_us + backoff(path->tries, INT64_MAX);
  path->tries++;
}

static void tick_client(struct oh_ice *ice, struct oh_world *world, int64_t now_us, int index,
                        struct oh_outbox *out) {
  struct oh_path *path = &ice->paths[index];
  // The first candidate is nominated by its first check (one round trip less); the selected one by every
  // check, so that a server that lost track finds it again.
  bool nominate = index == ice->selected || (ice->selected < 0 && index == 0) || path->nominating;
  if (nominate != path->nominating) path->tries = 0; // another message: another transaction
  path->nominating = nominate;
  send_check(ice, world, index, nominate, out);
  path->check_at_us = now_us + backoff(path->tries, CHECK_MAX_US);
  if (path->tries < UINT8_MAX) path->tries++;
  if (index != ice->selected || now_us - path->heard_us <= CLIENT_STALE_US) return;
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++) // silent: wake the others
    if (ice->paths[i].addr.family != OH_ADDR_NONE && ice->paths[i].check_at_us == OH_NEVER) {
      ice->paths[i].tries = 0;
      ice->paths[i].nominating = false;
      ice->paths[i].check_at_us = now_us;
    }
}

int64_t oh_ice_deadline(const struct oh_ice *ice) {
  int64_t at = OH_NEVER;
  if (!ice->remote_pwd[0]) return at; // without the remote's password we cannot ask
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++)
    if (ice->paths[i].addr.family != OH_ADDR_NONE && ice->paths[i].check_at_us < at)
      at = ice->paths[i].check_at_us;
  return at;
}

void oh_ice_tick(struct oh_ice *ice, struct oh_world *world, int64_t now_us, struct oh_outbox *out) {
  if (!ice->remote_pwd[0]) return;
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++) {
    if (ice->paths[i].addr.family == OH_ADDR_NONE || ice->paths[i].check_at_us > now_us) continue;
    if (ice->client)
      tick_client(ice, world, now_us, i, out);
    else
      tick_server(ice, world, now_us, i, out);
  }
}
