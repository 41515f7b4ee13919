// hub.h — all remote browsers ("peers") of one worker behind its media addresses: finds whom a datagram
// belongs to, and runs ICE, DTLS and SRTP for them. Sans-IO: datagrams and time in, datagrams (outbox) and
// events out.
//
// Rules at this door (RFC 8445, 7675, 5764, 7983; facts/RELIABILITY.md N1–N14):
//  * nothing before a STUN check with a verified MESSAGE-INTEGRITY for a known ufrag allocates, answers or
//    touches DTLS; an address becomes a path only by such a check (≤ OH_PEER_PATHS_MAX);
//  * media goes to the selected path only, and moves only to one that answered our own check (≤ 1 move/s);
//  * DTLS is read from paths that are selected, nominated or proved, through a record filter, and answered on
//    the selected one; a failed handshake never ends a peer whose ICE lives (3 more attempts);
//  * the certificate must match the SDP fingerprint before any SRTP or SCTP byte is accepted;
//  * no verified check for OH_ICE_SILENT_US: DISCONNECTED; for OH_ICE_FAILED_US: FAILED, and silence.
#pragma once
#include "base/addr.h"
#include "base/outbox.h"
#include "base/slab.h"
#include "base/world.h"
#include "wire/rtp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oh_hub;
struct oh_identity; // rtc/identity.h: the process's DTLS certificate

enum oh_peer_role {
  OH_PEER_SERVER, // ICE-lite controlled agent, DTLS server (we answer setup:passive)
  OH_PEER_CLIENT, // ICE controlling agent that checks given remote candidates, DTLS client: `offhook call`,
                  // tests, simulator
};

enum oh_hub_event_type {
  OH_HUB_CONNECTED = 1, // ICE + DTLS up for the first time: media may flow
  OH_HUB_DISCONNECTED,  // no consent for a while; may recover
  OH_HUB_RECOVERED,     // checks arrive again after DISCONNECTED
  OH_HUB_FAILED, // silent too long, handshake failed for good, or the remote said goodbye (event.closed);
                 // the owner removes the peer (after silence oh_hub_restart may revive it)
  OH_HUB_PATH_CHANGED, // media now goes to event.path
  OH_HUB_RTP,          // event.rtp: authenticated, decrypted in place, fresh (not replayed)
  OH_HUB_RTCP,         // event.data: authenticated, decrypted compound packet
  OH_HUB_DATA,         // event.data: one DTLS application record (an SCTP packet)
};

struct oh_hub_event {
  enum oh_hub_event_type type;
  oh_id peer;
  struct oh_rtp rtp;   // OH_HUB_RTP; borrowed from the datagram
  const uint8_t *data; // OH_HUB_RTCP, OH_HUB_DATA; borrowed until the next oh_hub_recv or oh_hub_tick
  size_t len;
  bool closed;         // OH_HUB_FAILED: by a DTLS close_notify
  struct oh_addr path; // OH_HUB_PATH_CHANGED, OH_HUB_CONNECTED
};

struct oh_hub_limits {
  uint32_t peers;      // at most this many
  uint32_t handshakes; // half-open DTLS handshakes at most (each costs ~60 KB)
  uint32_t shard;      // < OH_ICE_SHARDS: our ufrags begin with it (rtc/ice.h, oh_ice_shard)
};

// `world` and `identity` must outlive the hub.
struct oh_hub *oh_hub_open(struct oh_world *world, struct oh_identity *identity,
                           const struct oh_hub_limits *limits);
void oh_hub_close(struct oh_hub *hub);

// A new peer with fresh local ICE credentials; 0 when full. A hub has at most one peer of the client role
// (and then no other): all its datagrams come from the one address of the server, as with a browser's socket.
oh_id oh_hub_add(struct oh_hub *hub, int64_t now_us, enum oh_peer_role role);
// Forgets the peer; sends a DTLS close_notify if connected. Keys are zeroed.
void oh_hub_remove(struct oh_hub *hub, int64_t now_us, oh_id peer, struct oh_outbox *out);

// What goes into our SDP (NUL-terminated, owned by the peer, valid until an ICE restart or removal).
const char *oh_hub_local_ufrag(const struct oh_hub *hub, oh_id peer);
const char *oh_hub_local_pwd(const struct oh_hub *hub, oh_id peer);
// New local credentials (ICE restart, RFC 8445 9); the old ones stay valid until a check with the new ones
// arrives.
// Also revives a peer that FAILED by silence: it is DISCONNECTED then until a check arrives.
void oh_hub_restart(struct oh_hub *hub, int64_t now_us, oh_id peer);

struct oh_peer_remote {
  const char *ufrag, *pwd; // from the remote SDP
  uint8_t fingerprint[32]; // sha-256 of the remote certificate; only sha-256 is accepted
};
// The remote description. May be called again: changed credentials are a remote ICE restart; a changed
// fingerprint on a connected peer is refused (false). Checks and the DTLS handshake may come before it;
// nothing from the remote is believed before its fingerprint is known.
bool oh_hub_set_remote(struct oh_hub *hub, int64_t now_us, oh_id peer, const struct oh_peer_remote *remote);
// Client role: an address of the server to check; the first added that answers within 100 ms is nominated.
void oh_hub_add_candidate(struct oh_hub *hub, int64_t now_us, oh_id peer, const struct oh_addr *addr);

// One datagram. Changes `data` in place (decryption). What happened is fetched with oh_hub_next until it
// returns false, before the next call.
void oh_hub_recv(struct oh_hub *hub, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len,
                 struct oh_outbox *out);
// The TCP stream at this address has gone: its path is forgotten. Then oh_hub_next as after recv.
void oh_hub_stream_closed(struct oh_hub *hub, int64_t now_us, const struct oh_addr *addr);
bool oh_hub_next(struct oh_hub *hub, struct oh_hub_event *event);
int64_t oh_hub_deadline(const struct oh_hub *hub);                           // OH_NEVER if none
void oh_hub_tick(struct oh_hub *hub, int64_t now_us, struct oh_outbox *out); // then oh_hub_next as after recv

// Sending. False (and nothing sent) unless connected with consent. May be called while events are being
// fetched. RTP: header and extension (may be empty, see oh_rtp_write_header) are written and the payload
// encrypted straight into the outbox slot: one copy, no allocation. Sequence numbers of a new SSRC start
// below 2^15. Sending a sequence number again (NACK) is allowed only byte for byte: the GCM nonce is made of
// SSRC and sequence number, so a repeat with another extension would give the key away. Above
// OH_SRTP_SEND_SSRCS_MAX SSRCs: false.
bool oh_hub_send_rtp(struct oh_hub *hub, int64_t now_us, oh_id peer, const struct oh_rtp_header *header,
                     uint16_t extension_profile, struct oh_bytes extension, const uint8_t *payload,
                     size_t len, struct oh_outbox *out);
bool oh_hub_send_rtcp(struct oh_hub *hub, int64_t now_us, oh_id peer, const uint8_t *compound, size_t len,
                      struct oh_outbox *out);
bool oh_hub_send_data(struct oh_hub *hub, int64_t now_us, oh_id peer, const uint8_t *data, size_t len,
                      struct oh_outbox *out);

enum oh_peer_state { OH_PEER_NEW, OH_PEER_CHECKED, OH_PEER_CONNECTED, OH_PEER_DISCONNECTED, OH_PEER_FAILED };
enum oh_peer_state oh_hub_state(const struct oh_hub *hub, oh_id peer); // OH_PEER_FAILED for nobody
// Where media goes now; false if there is no path yet.
bool oh_hub_path(const struct oh_hub *hub, oh_id peer, struct oh_addr *path);
// An opaque value that the owner may keep per peer (0 at first).
void oh_hub_set_tag(struct oh_hub *hub, oh_id peer, uint64_t tag);
uint64_t oh_hub_tag(const struct oh_hub *hub, oh_id peer);
