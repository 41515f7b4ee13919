// hub.c — see hub.h
#include "rtc/hub.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "base/map.h"
#include "rtc/peer.h"

struct entry { // what the slab holds: peers are large, and a client's hub has only one
  struct oh_peer *peer;
};

struct oh_hub {
  struct oh_peer_env env;
  struct oh_slab peers; // struct entry
  struct oh_map ufrags; // local ufrag → peer
  struct oh_map addrs;  // struct oh_addr → peer; exactly the paths of all peers
  struct oh_heap heap;
  bool has_client;
};

struct oh_hub *oh_hub_open(struct oh_world *world, struct oh_identity *identity,
                           const struct oh_hub_limits *limits) {
  struct oh_hub *hub = calloc(1, sizeof *hub);
  OH_CHECK(hub);
  hub->env.world = world;
  hub->env.identity = identity;
  hub->env.half_open_limit = limits->handshakes;
  hub->env.shard = limits->shard;
  oh_slab_init(&hub->peers, sizeof(struct entry), limits->peers);
  uint8_t secret[16];
  oh_random_fill(&world->random, secret, sizeof secret);
  oh_map_init(&hub->ufrags, secret);
  oh_map_init(&hub->addrs, secret);
  return hub;
}

void oh_hub_close(struct oh_hub *hub) {
  if (!hub) return;
  for (oh_id id = oh_slab_next(&hub->peers, 0); id; id = oh_slab_next(&hub->peers, id))
    oh_peer_close(((struct entry *)oh_slab_find(&hub->peers, id))->peer, NULL);
  oh_slab_fini(&hub->peers);
  oh_map_fini(&hub->ufrags);
  oh_map_fini(&hub->addrs);
  oh_heap_fini(&hub->heap);
  free(hub);
}

static struct oh_peer *peer_of(const struct oh_hub *hub, oh_id id) {
  const struct entry *entry = oh_slab_find(&hub->peers, id);
  return entry ? entry->peer : NULL;
}

static struct oh_peer *peer_at(const struct oh_hub *hub, const struct oh_addr *addr) {
  uint64_t id;
  return oh_map_get(&hub->addrs, addr, sizeof *addr, &id) ? peer_of(hub, (oh_id)id) : NULL;
}

static void plan(struct oh_hub *hub, struct oh_peer *p) {
  oh_heap_set(&hub->heap, &p->heap_place, p->id, oh_peer_deadline(p));
}

// ---- maps
// ----------------------------------------------------------------------------------------------------

static void map_path(struct oh_hub *hub, const struct oh_addr *addr, oh_id id) {
  oh_map_put(&hub->addrs, addr, sizeof *addr, id);
}

static void unmap_path(struct oh_hub *hub, const struct oh_addr *addr, oh_id id) {
  uint64_t owner;
  if (!oh_map_get(&hub->addrs, addr, sizeof *addr, &owner) || owner != id) return;
  oh_map_remove(&hub->addrs, addr, sizeof *addr);
}

static void apply(struct oh_hub *hub, struct oh_peer *p, const struct oh_ice_change *change) {
  if (change->removed) unmap_path(hub, &change->removed_addr, p->id);
  if (change->added) map_path(hub, &change->added_addr, p->id);
  if (change->old_retired) oh_map_remove(&hub->ufrags, change->old_ufrag, strlen(change->old_ufrag));
}

// ---- peers
// ---------------------------------------------------------------------------------------------------

oh_id oh_hub_add(struct oh_hub *hub, int64_t now_us, enum oh_peer_role role) {
  (void)now_us;
  if (hub->has_client || (role == OH_PEER_CLIENT && hub->peers.used > 0)) return 0;
  oh_id id = 0;
  struct entry *entry = oh_slab_add(&hub->peers, &id);
  if (!entry) return 0;
  struct oh_peer *p = entry->peer = oh_peer_open(&hub->env, role);
  p->id = id;
  hub->has_client = role == OH_PEER_CLIENT;
  oh_map_put(&hub->ufrags, p->ice.current.ufrag, OH_ICE_UFRAG_CHARS, id);
  return id;
}

void oh_hub_remove(struct oh_hub *hub, int64_t now_us, oh_id id, struct oh_outbox *out) {
  (void)now_us;
  struct oh_peer *p = peer_of(hub, id);
  if (!p) return;
  for (int i = 0; i < OH_PEER_PATHS_MAX; i++)
    if (p->ice.paths[i].addr.family != OH_ADDR_NONE) unmap_path(hub, &p->ice.paths[i].addr, id);
  oh_map_remove(&hub->ufrags, p->ice.current.ufrag, OH_ICE_UFRAG_CHARS);
  if (p->ice.old.ufrag[0]) oh_map_remove(&hub->ufrags, p->ice.old.ufrag, OH_ICE_UFRAG_CHARS);
  oh_heap_set(&hub->heap, &p->heap_place, id, OH_NEVER);
  if (p->role == OH_PEER_CLIENT) hub->has_client = false;
  oh_peer_close(p, out);
  oh_slab_remove(&hub->peers, id);
}

const char *oh_hub_local_ufrag(const struct oh_hub *hub, oh_id id) {
  const struct oh_peer *p = peer_of(hub, id);
  return p ? p->ice.current.ufrag : NULL;
}
const char *oh_hub_local_pwd(const struct oh_hub *hub, oh_id id) {
  const struct oh_peer *p = peer_of(hub, id);
  return p ? p->ice.current.pwd : NULL;
}

void oh_hub_restart(struct oh_hub *hub, int64_t now_us, oh_id id) {
  struct oh_peer *p = peer_of(hub, id);
  if (!p) return;
  struct oh_ice_change change = {0};
  oh_peer_restart(p, now_us, &change);
  apply(hub, p, &change);
  oh_map_put(&hub->ufrags, p->ice.current.ufrag, OH_ICE_UFRAG_CHARS, id);
  plan(hub, p);
}

bool oh_hub_set_remote(struct oh_hub *hub, int64_t now_us, oh_id id, const struct oh_peer_remote *remote) {
  struct oh_peer *p = peer_of(hub, id);
  if (!p || !oh_peer_set_remote(p, now_us, remote)) return false;
  plan(hub, p);
  return true;
}

void oh_hub_add_candidate(struct oh_hub *hub, int64_t now_us, oh_id id, const struct oh_addr *addr) {
  struct oh_peer *p = peer_of(hub, id);
  if (!p || p->role != OH_PEER_CLIENT || !oh_ice_add_candidate(&p->ice, now_us, addr)) return;
  map_path(hub, addr, id);
  plan(hub, p);
}

enum oh_peer_state oh_hub_state(const struct oh_hub *hub, oh_id id) {
  const struct oh_peer *p = peer_of(hub, id);
  return p ? p->state : OH_PEER_FAILED;
}

bool oh_hub_path(const struct oh_hub *hub, oh_id id, struct oh_addr *path) {
  const struct oh_peer *p = peer_of(hub, id);
  if (!p || p->ice.selected < 0) return false;
  *path = p->ice.paths[p->ice.selected].addr;
  return true;
}

void oh_hub_set_tag(struct oh_hub *hub, oh_id id, uint64_t tag) {
  struct oh_peer *p = peer_of(hub, id);
  if (p) p->tag = tag;
}
uint64_t oh_hub_tag(const struct oh_hub *hub, oh_id id) {
  const struct oh_peer *p = peer_of(hub, id);
  return p ? p->tag : 0;
}

// ---- datagrams
// -----------------------------------------------------------------------------------------------

// Whether a check from `from` may make it a path of `p`: an address that another peer lives at is not taken
// from it, because the check's source may be forged (then the victim would lose its media).
static bool may_take(struct oh_hub *hub, const struct oh_peer *p, int64_t now_us,
                     const struct oh_addr *from) {
  struct oh_peer *owner = peer_at(hub, from);
  if (!owner || owner == p) return true;
  int path = oh_ice_find(&owner->ice, from);
  return path < 0 || owner->state == OH_PEER_FAILED ||
         now_us - owner->ice.paths[path].heard_us >= OH_ICE_SILENT_US;
}

// The new owner is known by a verified check: the old one, silent for long, loses the path.
static void take_over(struct oh_hub *hub, struct oh_peer *p, int64_t now_us, const struct oh_addr *from) {
  struct oh_peer *owner = peer_at(hub, from);
  if (!owner || owner == p) return;
  int path = oh_ice_find(&owner->ice, from);
  if (path < 0) return;
  struct oh_ice_change change = {0};
  oh_peer_drop_path(owner, now_us, path, &change);
  apply(hub, owner, &change);
  plan(hub, owner);
}

static void recv_stun(struct oh_hub *hub, int64_t now_us, const struct oh_addr *from, const uint8_t *data,
                      size_t len, struct oh_outbox *out) {
  struct oh_counters *counters = &hub->env.world->counters;
  struct oh_stun stun;
  if (!oh_stun_read(&stun, data, len)) {
    oh_count(counters, OH_COUNT_stun_drop_malformed);
    return;
  }
  struct oh_peer *p = NULL;
  bool may_add = true;
  if (stun.class == OH_STUN_REQUEST) {
    struct oh_str receiver, sender;
    uint64_t id = 0;
    if (oh_stun_username(&stun, &receiver, &sender) && receiver.len == OH_ICE_UFRAG_CHARS &&
        oh_map_get(&hub->ufrags, receiver.data, receiver.len, &id))
      p = peer_of(hub, (oh_id)id);
    if (p) may_add = may_take(hub, p, now_us, from);
  } else {
    p = peer_at(hub, from);
  }
  if (!p) {
    oh_count(counters, stun.class == OH_STUN_REQUEST ? OH_COUNT_stun_drop_unknown_ufrag
                                                     : OH_COUNT_datagram_drop_stranger);
    return;
  }
  struct oh_ice_change change = {0};
  oh_peer_stun(p, now_us, from, &stun, may_add, out, &change);
  if (change.added) take_over(hub, p, now_us, from);
  apply(hub, p, &change);
  plan(hub, p);
}

static void begin(struct oh_hub *hub) {
  hub->env.event_at = hub->env.event_count = 0;
  hub->env.scratch_used = 0;
}

void oh_hub_recv(struct oh_hub *hub, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len,
                 struct oh_outbox *out) {
  struct oh_counters *counters = &hub->env.world->counters;
  begin(hub);
  oh_count(counters, OH_COUNT_datagrams_received);
  bool media = len >= 2 && (data[0] & 0xc0) == 0x80; // RFC 7983
  if (!media && oh_stun_is(data, len)) {
    recv_stun(hub, now_us, from, data, len, out);
    return;
  }
  if (!media && !oh_dtls_is(data, len)) {
    oh_count(counters, OH_COUNT_datagram_drop_unknown_kind);
    return;
  }
  struct oh_peer *p = peer_at(hub, from);
  int path = p ? oh_ice_find(&p->ice, from) : -1;
  if (path < 0) {
    oh_count(counters, OH_COUNT_datagram_drop_stranger);
    return;
  }
  if (media) {
    struct oh_ice_change change = {0};
    oh_peer_media(p, now_us, path, data, len, &change);
    if (path != p->ice.selected || change.selected) plan(hub, p); // it may have asked for a check
  } else {
    oh_peer_dtls(p, now_us, path, data, len, out);
    plan(hub, p);
  }
}

void oh_hub_stream_closed(struct oh_hub *hub, int64_t now_us, const struct oh_addr *addr) {
  begin(hub);
  struct oh_peer *p = peer_at(hub, addr);
  int path = p ? oh_ice_find(&p->ice, addr) : -1;
  if (path < 0) return;
  struct oh_ice_change change = {0};
  oh_peer_drop_path(p, now_us, path, &change);
  apply(hub, p, &change);
  plan(hub, p);
}

bool oh_hub_next(struct oh_hub *hub, struct oh_hub_event *event) {
  if (hub->env.event_at == hub->env.event_count) return false;
  *event = hub->env.events[hub->env.event_at++];
  return true;
}

// ---- time
// ----------------------------------------------------------------------------------------------------

int64_t oh_hub_deadline(const struct oh_hub *hub) {
  return oh_heap_first(&hub->heap);
}

void oh_hub_tick(struct oh_hub *hub, int64_t now_us, struct oh_outbox *out) {
  begin(hub);
  uint64_t id;
  // Leaves what does not fit for the next call: its deadline stays due.
  while (hub->env.event_count + OH_HUB_EVENTS / 2 <= OH_HUB_EVENTS && oh_heap_pop(&hub->heap, now_us, &id)) {
    struct oh_peer *p = peer_of(hub, (oh_id)id);
    OH_CHECK(p);
    oh_peer_tick(p, now_us, out);
    plan(hub, p);
    if (oh_heap_first(&hub->heap) <= now_us && p->heap_place && oh_peer_deadline(p) <= now_us)
      break; // no spinning
  }
}

// ---- sending
// -------------------------------------------------------------------------------------------------

bool oh_hub_send_rtp(struct oh_hub *hub, int64_t now_us, oh_id id, const struct oh_rtp_header *header,
                     uint16_t extension_profile, struct oh_bytes extension, const uint8_t *payload,
                     size_t len, struct oh_outbox *out) {
  (void)now_us;
  struct oh_peer *p = peer_of(hub, id);
  return p && oh_peer_send_rtp(p, header, extension_profile, extension, payload, len, out);
}

bool oh_hub_send_rtcp(struct oh_hub *hub, int64_t now_us, oh_id id, const uint8_t *compound, size_t len,
                      struct oh_outbox *out) {
  (void)now_us;
  struct oh_peer *p = peer_of(hub, id);
  return p && oh_peer_send_rtcp(p, compound, len, out);
}

bool oh_hub_send_data(struct oh_hub *hub, int64_t now_us, oh_id id, const uint8_t *data, size_t len,
                      struct oh_outbox *out) {
  (void)now_us;
  struct oh_peer *p = peer_of(hub, id);
  return p && oh_peer_send_data(p, data, len, out);
}
