// ice_tcp.h — passive ICE-TCP (RFC 6544) with RFC 4571 framing: accepted streams look like datagrams from
// oh_addr{proto = OH_TCP, stream = n}. A stream must earn its first answer within 5 s, and is closed
// when 60 s passed without another one; what a slow one cannot take is dropped, never queued without bound.
#pragma once
#include "base/outbox.h"
#include "base/world.h"
#include "io/udp.h"

struct oh_ice_tcp;

// Listens on `bind_to`. The handler is the same as that of the UDP socket. NULL: *error is a negative errno.
struct oh_ice_tcp *oh_ice_tcp_open(struct uv_loop_s *loop, struct oh_world *world,
                                   const struct oh_addr *bind_to, const struct oh_udp_handler *handler,
                                   void *ctx, int *error);
// Not from inside a callback of this door.
void oh_ice_tcp_close(struct oh_ice_tcp *door);
struct oh_addr oh_ice_tcp_addr(const struct oh_ice_tcp *door);
// Sends the outbox's datagrams of protocol OH_TCP, skips all others. Call it from outbox.flush.
void oh_ice_tcp_send(struct oh_ice_tcp *door, const struct oh_outbox *outbox);
// Nobody needs this stream any more (its peer has gone or chose another path).
void oh_ice_tcp_drop(struct oh_ice_tcp *door, const struct oh_addr *addr);
