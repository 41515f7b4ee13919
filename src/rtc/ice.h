// ice.h — ICE of one remote (RFC 8445, RFC 7675): credentials, paths, which one media uses, and our own
// checks. Both halves are here: the lite, controlled server and the controlling client. Sans-IO.
//
//   server: verified check from X ──> path X ──(first one)──────────────> selected at once, ≤ 3 bytes out per
//   byte in
//                                       │                                until X answers our check
//                                       └─ USE-CANDIDATE, or the selected path is silent ──> our check
//                                       ──answer──> selected
//   client: candidate ── check ──answer──> the first in order is nominated (USE-CANDIDATE) ──answer──>
//   selected,
//           checked every 2 to 3 s; silent: all candidates are checked again
#pragma once
#include "base/addr.h"
#include "base/limits.h"
#include "base/outbox.h"
#include "base/world.h"
#include "wire/stun.h"

#define OH_ICE_UFRAG_CHARS 12 // the shard, and 66 bits: never guessed, never the same twice
#define OH_ICE_SHARDS 64      // owners that one character tells apart
#define OH_ICE_PWD_CHARS 32   // 192 bits; RFC 8445 asks for 128

struct oh_path {
  struct oh_addr addr;          // family OH_ADDR_NONE: not in use
  int64_t heard_us;             // last verified check, answer or authenticated packet from there
  int64_t answered_us;          // last answer to a check of ours
  int64_t check_at_us;          // our next check; OH_NEVER
  uint64_t in_bytes, out_bytes; // counted until validated
  uint8_t transaction[OH_STUN_TRANSACTION_BYTES]; // of our check under way
  uint8_t tries;                                  // of the check under way, 0 = none
  bool validated;                                 // the address has proved that it receives what we send
  bool nominated;                                 // the remote (server) or we (client) chose it
  bool wanted;                                    // server: becomes selected when it answers
  bool nominating;                                // client: our check under way carries USE-CANDIDATE
};

struct oh_ice_credentials {
  char ufrag[OH_ICE_UFRAG_CHARS + 1], pwd[OH_ICE_PWD_CHARS + 1];
};

struct oh_ice {
  bool client, current_used;              // a check came with the current credentials
  uint8_t shard;                          // the first character of our ufrags
  struct oh_ice_credentials current, old; // old.ufrag[0] == 0: none
  char remote_ufrag[OH_ICE_CREDENTIAL_MAX + 1], remote_pwd[OH_ICE_CREDENTIAL_MAX + 1]; // empty: not known yet
  uint64_t tie_breaker;
  struct oh_path paths[OH_PEER_PATHS_MAX];
  int selected;        // index, or -1
  int64_t consent_us;  // last verified check (server) or answer (client)
  int64_t switched_us; // when media last moved
  int64_t started_us;  // client: when checks (last) began; OH_NEVER before
};

// What a call changed; the hub keeps its maps by it. Start with zeroes.
struct oh_ice_change {
  bool selected, added, removed, old_retired, consented;
  struct oh_addr added_addr, removed_addr;
  char old_ufrag[OH_ICE_UFRAG_CHARS + 1]; // if old_retired
};

void oh_ice_init(struct oh_ice *ice, struct oh_world *world, bool client, uint32_t shard);
// Whose a check is, by the ufrag it is addressed to; nothing of it is verified. False: not a check for
// anybody.
bool oh_ice_shard(const uint8_t *data, size_t len, uint32_t *shard);
void oh_ice_fini(struct oh_ice *ice); // zeroes
// New credentials. Those in use stay valid until a check with the new ones; older ones are retired.
void oh_ice_restart(struct oh_ice *ice, struct oh_world *world, struct oh_ice_change *change);
// True if acceptable. Changed ones are a remote restart: what was proved stays, checks start again.
bool oh_ice_set_remote(struct oh_ice *ice, int64_t now_us, const char *ufrag, const char *pwd);
// Client: false if there is no room or it is known already.
bool oh_ice_add_candidate(struct oh_ice *ice, int64_t now_us, const struct oh_addr *addr);

// A STUN message for us: verified here. `may_add`: a new path may be made of its source. True if it was
// genuine.
bool oh_ice_recv(struct oh_ice *ice, struct oh_world *world, int64_t now_us, const struct oh_addr *from,
                 const struct oh_stun *stun, bool may_add, struct oh_outbox *out,
                 struct oh_ice_change *change);
int oh_ice_find(const struct oh_ice *ice, const struct oh_addr *addr); // path index, or -1
// Bytes of any kind arrived on a path / something authenticated (not STUN) did.
void oh_ice_count_in(struct oh_ice *ice, int path, size_t len);
void oh_ice_heard(struct oh_ice *ice, int64_t now_us, int path, struct oh_ice_change *change);
// The remote has proved that it receives on this path (a finished DTLS handshake).
void oh_ice_validate(struct oh_ice *ice, int path);
// Whether `len` bytes may go to the path now (anti-amplification); accounts for them.
bool oh_ice_spend(struct oh_ice *ice, struct oh_world *world, int path, size_t len);
void oh_ice_remove_path(struct oh_ice *ice, int64_t now_us, int path, struct oh_ice_change *change);

int64_t oh_ice_deadline(const struct oh_ice *ice);
void oh_ice_tick(struct oh_ice *ice, struct oh_world *world, int64_t now_us, struct oh_outbox *out);
