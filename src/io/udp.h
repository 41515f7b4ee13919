// udp.h — a media socket on a loop: datagrams arrive in batches (recvmmsg, ≤ 64), an outbox leaves with one
// sendmmsg. On a wildcard address it answers each peer from the local address that peer wrote to.
#pragma once
#include "base/outbox.h"
#include "base/world.h"

struct uv_loop_s;
struct oh_udp;

struct oh_udp_handler {
  // One datagram; `data` may be changed in place and is gone afterwards.
  void (*recv)(void *ctx, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len);
  // After the last datagram of a batch (flush the outbox here). May be NULL.
  void (*batch_done)(void *ctx, int64_t now_us);
  // ICE-TCP only: the stream that datagrams of this address came by has gone. May be NULL.
  void (*closed)(void *ctx, int64_t now_us, const struct oh_addr *from);
};

// Binds `bind_to` (family v4 or v6; a v6 wildcard serves v6 only; port 0: any). Counts datagrams_received,
// _sent, and udp_drop_* in world. NULL: *error is a negative errno (uv_strerror knows it).
struct oh_udp *oh_udp_open(struct uv_loop_s *loop, struct oh_world *world, const struct oh_addr *bind_to,
                           const struct oh_udp_handler *handler, void *ctx, int *error);
void oh_udp_close(struct oh_udp *udp);                // on the loop's thread; freed once the loop has run
struct oh_addr oh_udp_addr(const struct oh_udp *udp); // with the real port
// Sends the outbox's datagrams of protocol OH_UDP and of this socket's family, skips all others. What the
// kernel does not take at once is dropped and counted: media is never queued. Call it from outbox.flush.
void oh_udp_send(struct oh_udp *udp, const struct oh_outbox *outbox);
