// doubles.h — stand-ins for the hub, the sfu and the DTLS identity, linked instead of the real ones, so that
// the house is tested at signalling level: tests raise hub events and look at what the house asked of the
// media plane.
#pragma once
#include "rtc/hub.h"
#include "rtc/identity.h"
#include "sfu/sfu.h"

enum { DOUBLE_MAX = 64 };

struct double_peer {
  oh_id id; // 0: free
  uint32_t restarts, remotes;
  char ufrag[32], pwd[40], remote_ufrag[64];
};
struct double_track {
  oh_id id, member, peer; // peer: bound to
  bool muted, microphone;
  struct oh_sfu_receive receive;
};
struct double_subscription {
  oh_id id, track, member, peer;
  bool disabled;
  struct oh_sfu_send send;
  struct oh_sfu_tap tap;
};
struct doubles {
  struct double_peer peers[DOUBLE_MAX];
  struct double_track tracks[DOUBLE_MAX];
  struct double_subscription subscriptions[DOUBLE_MAX];
  uint64_t members[DOUBLE_MAX]; // tags by id
  oh_id last_id;
  struct oh_hub_event events[DOUBLE_MAX];
  uint32_t event_count;
  struct oh_sfu_event sfu_events[DOUBLE_MAX];
  uint32_t sfu_event_count;
  struct oh_rtp_header injected[256];
  uint8_t injected_level[256], injected_first_byte[256];
  int64_t injected_us[256];
  uint32_t injected_count;
  uint32_t rooms;
  // what the house sends on data channels; NULL: nobody looks
  void (*on_data)(void *ctx, oh_id peer, struct oh_bytes packet);
  void *on_data_ctx;
};
extern struct doubles doubles;

void doubles_reset(void);
void doubles_raise(enum oh_hub_event_type type, oh_id peer);
void doubles_raise_data(oh_id peer, struct oh_bytes packet); // borrowed until the house has fetched it
struct double_track *doubles_track(oh_id id);                // NULL if gone
struct double_subscription *doubles_subscription(oh_id id);  // NULL if gone
struct double_peer *doubles_peer(uint32_t index);            // the nth living peer, NULL if fewer
uint32_t doubles_peer_count(void), doubles_track_count(void), doubles_subscription_count(void);
