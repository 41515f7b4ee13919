// turn.h — a TURN server (RFC 8656, long-term credentials of RFC 8489 9.2) that is no relay to anywhere: the
// only peers are our own media addresses, given at the start. A permission or channel for anything else is
// refused (403), and what is relayed names its peer by a number in that list, so that no address a client
// wrote is ever sent to. One sans-IO machine; strangers cost no memory, and by UDP get few answers.
#pragma once
#include "base/addr.h"
#include "base/slab.h"
#include "base/world.h"
#include "wire/turn.h"

#define OH_TURN_PASSWORD_MAX 128

struct oh_turn;

struct oh_turn_config {
  const char *realm;
  const struct oh_addr *peers; // our media addresses (UDP), as clients are told them; copied
  size_t peer_count;
  // The password of a user name, NUL-terminated. False: there is none, or it is too old to allocate with.
  bool (*password)(void *ctx, struct oh_str user, bool to_allocate, int64_t unix_s,
                   char password[OH_TURN_PASSWORD_MAX]);
  // Opens an allocation's way to the peers; *relayed is what peers see. False: it cannot be had now.
  bool (*open)(void *ctx, oh_id allocation, uint8_t family, struct oh_addr *relayed);
  void (*close)(void *ctx, oh_id allocation);
  void (*relay)(void *ctx, oh_id allocation, size_t peer, const uint8_t *data, size_t len);
  void (*send)(void *ctx, const struct oh_addr *client, const uint8_t *data, size_t len); // a whole message
  void *ctx;
};

struct oh_turn *oh_turn_open(struct oh_world *world, const struct oh_turn_config *config);
void oh_turn_close(struct oh_turn *turn); // calls config.close for what is open
// One whole message of a client (on streams cut by oh_turn_frame()).
void oh_turn_recv(struct oh_turn *turn, int64_t now_us, const struct oh_addr *from, const uint8_t *data,
                  size_t len);
// A datagram that a peer sent to the allocation. `peer` is its number; whoever is none must not get here.
void oh_turn_relayed(struct oh_turn *turn, int64_t now_us, oh_id allocation, size_t peer, const uint8_t *data,
                     size_t len);
void oh_turn_stream_closed(struct oh_turn *turn, const struct oh_addr *from); // its allocation goes with it
bool oh_turn_has_allocation(const struct oh_turn *turn, const struct oh_addr *from);
void oh_turn_tick(struct oh_turn *turn, int64_t now_us); // about once a second
uint32_t oh_turn_allocations(const struct oh_turn *turn);
