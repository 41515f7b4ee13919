// peer.h — one remote browser: its ICE, DTLS and SRTP held together. Used by rtc/hub.c only, which finds the
// peer of a datagram and keeps the deadlines.
//
//   NEW ──first path──> CHECKED ──DTLS done, fingerprint right──> CONNECTED <──check── DISCONNECTED
//   ──silence──> FAILED
//                          │                                          └──── silence ────┘ ^ └── silence, or
//                          four handshakes failed ──────────────────────────────────────────────────┘
#pragma once
#include "rtc/dtls.h"
#include "rtc/hub.h"
#include "rtc/ice.h"
#include "rtc/srtp.h"

// What the peers of a hub share.
struct oh_peer_env {
  struct oh_world *world;
  const struct oh_identity *identity;
  struct oh_hub_event events[OH_HUB_EVENTS];
  uint32_t event_at, event_count;
  uint8_t scratch[16 * 1024 + 512]; // DTLS application data of one call
  size_t scratch_used;
  uint32_t half_open, half_open_limit; // handshakes under way
  uint32_t shard;
};

struct oh_peer {
  oh_id id;
  uint32_t heap_place;
  struct oh_peer_env *env;
  enum oh_peer_role role;
  enum oh_peer_state state;
  bool silent; // FAILED by silence: a restart may revive it
  struct oh_ice ice;
  struct oh_dtls *dtls; // NULL before the first flight and between attempts
  struct oh_dtls_gate gate;
  uint32_t attempts;        // handshakes that failed
  int64_t attempt_until_us; // OH_NEVER: none under way
  int64_t shake_until_us;   // for all attempts together
  int dtls_path;            // where the last handshake datagram came from
  bool has_remote;
  uint8_t remote_digest[32];
  struct oh_srtp *in, *out; // both or none
  struct oh_outbox *outbox; // of the call under way
  uint64_t tag;
};

struct oh_peer *oh_peer_open(struct oh_peer_env *env, enum oh_peer_role role);
void oh_peer_close(struct oh_peer *p, struct oh_outbox *out); // with out: says goodbye
bool oh_peer_set_remote(struct oh_peer *p, int64_t now_us, const struct oh_peer_remote *remote);
void oh_peer_restart(struct oh_peer *p, int64_t now_us, struct oh_ice_change *change);
void oh_peer_stun(struct oh_peer *p, int64_t now_us, const struct oh_addr *from, const struct oh_stun *stun,
                  bool may_add, struct oh_outbox *out, struct oh_ice_change *change);
void oh_peer_dtls(struct oh_peer *p, int64_t now_us, int path, uint8_t *data, size_t len,
                  struct oh_outbox *out);
void oh_peer_media(struct oh_peer *p, int64_t now_us, int path, uint8_t *data, size_t len,
                   struct oh_ice_change *change);
void oh_peer_drop_path(struct oh_peer *p, int64_t now_us, int path, struct oh_ice_change *change);
int64_t oh_peer_deadline(const struct oh_peer *p);
void oh_peer_tick(struct oh_peer *p, int64_t now_us, struct oh_outbox *out);
// What of ICE the hub has seen in `change` and the peer has to act upon; ends every call above that fills it.
void oh_peer_changed(struct oh_peer *p, int64_t now_us, const struct oh_ice_change *change);

bool oh_peer_send_rtp(struct oh_peer *p, const struct oh_rtp_header *header, uint16_t extension_profile,
                      struct oh_bytes extension, const uint8_t *payload, size_t len, struct oh_outbox *out);
bool oh_peer_send_rtcp(struct oh_peer *p, const uint8_t *compound, size_t len, struct oh_outbox *out);
bool oh_peer_send_data(struct oh_peer *p, const uint8_t *data, size_t len, struct oh_outbox *out);
