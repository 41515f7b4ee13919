// doubles.c — see doubles.h
#include "tests/unit/livekit/doubles.h"
#include "base/heap.h"
#include <stdio.h>
#include <string.h>

struct doubles doubles;

void doubles_reset(void) {
  doubles = (struct doubles){0};
}
void doubles_raise(enum oh_hub_event_type type, oh_id peer) {
  doubles.events[doubles.event_count++] = (struct oh_hub_event){.type = type, .peer = peer};
}
void doubles_raise_data(oh_id peer, struct oh_bytes packet) {
  doubles.events[doubles.event_count++] =
      (struct oh_hub_event){.type = OH_HUB_DATA, .peer = peer, .data = packet.data, .len = packet.len};
}
#define FIND(table, wanted)                                                                                  \
  for (size_t i = 0; i < DOUBLE_MAX; i++)                                                                    \
    if (doubles.table[i].id == (wanted)) return &doubles.table[i];                                           \
  return NULL
static struct double_peer *find_peer(oh_id id) {
  FIND(peers, id);
}
static struct double_track *find_track(oh_id id) {
  FIND(tracks, id);
}
static struct double_subscription *find_subscription(oh_id id) {
  FIND(subscriptions, id);
}
struct double_track *doubles_track(oh_id id) {
  return id ? find_track(id) : NULL;
}
struct double_subscription *doubles_subscription(oh_id id) {
  return id ? find_subscription(id) : NULL;
}
#define COUNT(table)                                                                                         \
  uint32_t count = 0;                                                                                        \
  for (size_t i = 0; i < DOUBLE_MAX; i++)                                                                    \
    count += doubles.table[i].id != 0;                                                                       \
  return count
uint32_t doubles_peer_count(void) {
  COUNT(peers);
}
uint32_t doubles_track_count(void) {
  COUNT(tracks);
}
uint32_t doubles_subscription_count(void) {
  COUNT(subscriptions);
}
struct double_peer *doubles_peer(uint32_t index) {
  for (size_t i = 0; i < DOUBLE_MAX; i++)
    if (doubles.peers[i].id && index-- == 0) return &doubles.peers[i];
  return NULL;
}

// ---- identity ----

const char *oh_identity_fingerprint(const struct oh_identity *identity) {
  (void)identity;
  return "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
}

// ---- hub ----

struct oh_hub *oh_hub_open(struct oh_world *world, struct oh_identity *identity,
                           const struct oh_hub_limits *limits) {
  (void)world, (void)identity, (void)limits;
  return (struct oh_hub *)&doubles;
}
void oh_hub_close(struct oh_hub *hub) {
  (void)hub;
}
static void new_credentials(struct double_peer *peer) {
  snprintf(peer->ufrag, sizeof peer->ufrag, "ufrag%uv%u", peer->id, peer->restarts);
  snprintf(peer->pwd, sizeof peer->pwd, "passwordpasswordpassword%u", peer->id);
}
oh_id oh_hub_add(struct oh_hub *hub, int64_t now_us, enum oh_peer_role role) {
  (void)hub, (void)now_us, (void)role;
  struct double_peer *peer = find_peer(0);
  if (!peer) return 0;
  *peer = (struct double_peer){.id = ++doubles.last_id};
  new_credentials(peer);
  return peer->id;
}
void oh_hub_remove(struct oh_hub *hub, int64_t now_us, oh_id peer, struct oh_outbox *out) {
  (void)hub, (void)now_us, (void)out;
  *find_peer(peer) = (struct double_peer){0};
}
const char *oh_hub_local_ufrag(const struct oh_hub *hub, oh_id peer) {
  (void)hub;
  return find_peer(peer)->ufrag;
}
const char *oh_hub_local_pwd(const struct oh_hub *hub, oh_id peer) {
  (void)hub;
  return find_peer(peer)->pwd;
}
void oh_hub_restart(struct oh_hub *hub, int64_t now_us, oh_id peer) {
  (void)hub, (void)now_us;
  find_peer(peer)->restarts++;
  new_credentials(find_peer(peer));
}
bool oh_hub_set_remote(struct oh_hub *hub, int64_t now_us, oh_id peer, const struct oh_peer_remote *remote) {
  (void)hub, (void)now_us;
  struct double_peer *p = find_peer(peer);
  p->remotes++;
  snprintf(p->remote_ufrag, sizeof p->remote_ufrag, "%.60s", remote->ufrag);
  return true;
}
void oh_hub_recv(struct oh_hub *hub, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len,
                 struct oh_outbox *out) {
  (void)hub, (void)now_us, (void)from, (void)data, (void)len, (void)out;
}
void oh_hub_stream_closed(struct oh_hub *hub, int64_t now_us, const struct oh_addr *addr) {
  (void)hub, (void)now_us, (void)addr;
}
bool oh_hub_next(struct oh_hub *hub, struct oh_hub_event *event) {
  (void)hub;
  if (!doubles.event_count) return false;
  *event = doubles.events[0];
  memmove(doubles.events, doubles.events + 1, --doubles.event_count * sizeof *doubles.events);
  return true;
}
int64_t oh_hub_deadline(const struct oh_hub *hub) {
  (void)hub;
  return OH_NEVER;
}
void oh_hub_tick(struct oh_hub *hub, int64_t now_us, struct oh_outbox *out) {
  (void)hub, (void)now_us, (void)out;
}
bool oh_hub_send_data(struct oh_hub *hub, int64_t now_us, oh_id peer, const uint8_t *data, size_t len,
                      struct oh_outbox *out) {
  (void)hub, (void)now_us, (void)out;
  if (!peer || !find_peer(peer)) return false;
  if (doubles.on_data) doubles.on_data(doubles.on_data_ctx, peer, (struct oh_bytes){data, len});
  return true;
}

// ---- sfu ----

struct oh_sfu *oh_sfu_open(struct oh_world *world, struct oh_hub *hub, const struct oh_sfu_config *config) {
  (void)world, (void)hub, (void)config;
  return (struct oh_sfu *)&doubles;
}
void oh_sfu_close(struct oh_sfu *sfu) {
  (void)sfu;
}
oh_id oh_sfu_add_room(struct oh_sfu *sfu, int64_t now_us, uint64_t tag) {
  (void)sfu, (void)now_us, (void)tag;
  doubles.rooms++;
  return ++doubles.last_id;
}
void oh_sfu_remove_room(struct oh_sfu *sfu, oh_id room) {
  (void)sfu, (void)room;
  doubles.rooms--;
}
oh_id oh_sfu_add_member(struct oh_sfu *sfu, oh_id room, uint64_t tag) {
  (void)sfu, (void)room;
  doubles.members[++doubles.last_id % DOUBLE_MAX] = tag;
  return doubles.last_id;
}
void oh_sfu_remove_member(struct oh_sfu *sfu, oh_id member) {
  (void)sfu, (void)member;
}
uint64_t oh_sfu_member_tag(const struct oh_sfu *sfu, oh_id member) {
  (void)sfu;
  return doubles.members[member % DOUBLE_MAX];
}
bool oh_sfu_speaking(const struct oh_sfu *sfu, oh_id member, float *level) {
  (void)sfu, (void)member;
  *level = 0;
  return false;
}
enum oh_sfu_quality oh_sfu_member_quality(const struct oh_sfu *sfu, oh_id member, float *score) {
  (void)sfu, (void)member;
  *score = 4.5f;
  return OH_QUALITY_EXCELLENT;
}
bool oh_sfu_add_transport(struct oh_sfu *sfu, oh_id member, oh_id peer) {
  (void)sfu, (void)member, (void)peer;
  return true;
}
void oh_sfu_remove_transport(struct oh_sfu *sfu, oh_id peer) {
  (void)sfu, (void)peer;
}
oh_id oh_sfu_add_track(struct oh_sfu *sfu, oh_id member, const struct oh_sfu_track_config *config) {
  (void)sfu;
  struct double_track *track = find_track(0);
  if (!track) return 0;
  *track = (struct double_track){
      .id = ++doubles.last_id, .member = member, .muted = config->muted, .microphone = config->microphone};
  return track->id;
}
void oh_sfu_remove_track(struct oh_sfu *sfu, oh_id track) {
  (void)sfu;
  *find_track(track) = (struct double_track){0};
}
void oh_sfu_mute_track(struct oh_sfu *sfu, int64_t now_us, oh_id track, bool muted) {
  (void)sfu, (void)now_us;
  find_track(track)->muted = muted;
}
bool oh_sfu_bind_track(struct oh_sfu *sfu, oh_id track, oh_id peer, const struct oh_sfu_receive *receive) {
  (void)sfu;
  find_track(track)->peer = peer;
  find_track(track)->receive = *receive;
  return true;
}
static struct double_subscription *add_subscription(oh_id track, oh_id member) {
  struct double_subscription *s = find_subscription(0);
  if (s) *s = (struct double_subscription){.id = ++doubles.last_id, .track = track, .member = member};
  return s;
}
oh_id oh_sfu_subscribe(struct oh_sfu *sfu, oh_id track, oh_id member) {
  (void)sfu;
  struct double_subscription *s = add_subscription(track, member);
  return s ? s->id : 0;
}
bool oh_sfu_bind_subscription(struct oh_sfu *sfu, int64_t now_us, oh_id subscription, oh_id peer,
                              const struct oh_sfu_send *send) {
  (void)sfu, (void)now_us;
  find_subscription(subscription)->peer = peer;
  find_subscription(subscription)->send = *send;
  return true;
}
void oh_sfu_disable_subscription(struct oh_sfu *sfu, int64_t now_us, oh_id subscription, bool disabled) {
  (void)sfu, (void)now_us;
  find_subscription(subscription)->disabled = disabled;
}
void oh_sfu_unsubscribe(struct oh_sfu *sfu, oh_id subscription) {
  (void)sfu;
  *find_subscription(subscription) = (struct double_subscription){0};
}
uint32_t oh_sfu_new_ssrc(struct oh_sfu *sfu) {
  (void)sfu;
  return 1000 + ++doubles.last_id;
}
oh_id oh_sfu_tap(struct oh_sfu *sfu, oh_id track, oh_id member, struct oh_sfu_tap tap) {
  (void)sfu;
  struct double_subscription *s = add_subscription(track, member);
  if (!s) return 0;
  s->tap = tap;
  return s->id;
}
void oh_sfu_inject(struct oh_sfu *sfu, int64_t now_us, oh_id track, const struct oh_rtp_header *rtp,
                   uint8_t audio_level, const uint8_t *opus, size_t len, struct oh_outbox *out) {
  (void)sfu, (void)track, (void)len, (void)out;
  if (doubles.injected_count == 256) return;
  doubles.injected_us[doubles.injected_count] = now_us;
  doubles.injected_level[doubles.injected_count] = audio_level;
  doubles.injected_first_byte[doubles.injected_count] = opus[0];
  doubles.injected[doubles.injected_count++] = *rtp;
}
void oh_sfu_recv(struct oh_sfu *sfu, int64_t now_us, const struct oh_hub_event *event,
                 struct oh_outbox *out) {
  (void)sfu, (void)now_us, (void)event, (void)out;
}
bool oh_sfu_next(struct oh_sfu *sfu, struct oh_sfu_event *event) {
  (void)sfu;
  if (!doubles.sfu_event_count) return false;
  *event = doubles.sfu_events[0];
  memmove(doubles.sfu_events, doubles.sfu_events + 1, --doubles.sfu_event_count * sizeof *doubles.sfu_events);
  return true;
}
int64_t oh_sfu_deadline(const struct oh_sfu *sfu) {
  (void)sfu;
  return OH_NEVER;
}
void oh_sfu_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_outbox *out) {
  (void)sfu, (void)now_us, (void)out;
}
