// ice_tcp.h — passive ICE-TCP (RFC 6544) with RFC 4571 framing: accepted streams look like datagrams from
// oh_addr{proto = OH_TCP, stream = n}. A stream must earn its first answer within 5 s, and is closed
// when 60 s passed without another one; what a slow one cannot take is dropped, never queued without bound.
// The doors of several threads may accept on one socket: the first frame of a stream says whose it is, and it
// moves there once, with what it has brought.
#pragma once
#include "base/outbox.h"
#include "base/world.h"
#include "io/udp.h"

struct oh_ice_tcp;
struct oh_ice_tcp_parcel; // a stream on its way to another door

struct oh_ice_tcp_config {
  struct uv_loop_s *loop;
  struct oh_world *world;
  const struct oh_udp_handler *handler; // the same as that of the UDP socket
  // The first frame of a stream. True: it belongs to the door of `owner`, and `move` takes it there. NULL:
  // every stream stays.
  bool (*is_foreign)(void *ctx, const uint8_t *frame, size_t len, uint32_t *owner);
  void (*move)(void *ctx, uint32_t owner, struct oh_ice_tcp_parcel *take_parcel);
  void *ctx;
};

struct oh_ice_tcp *oh_ice_tcp_open(const struct oh_ice_tcp_config *config);
// Not from inside a callback of this door.
void oh_ice_tcp_close(struct oh_ice_tcp *door);
// Accepts on a socket of oh_tcp_listen too; it stays the caller's. At most OH_ICE_TCP_LISTENERS_MAX.
void oh_ice_tcp_add_listener(struct oh_ice_tcp *door, int fd);
// On the new owner's thread; takes the parcel. Or nobody can take it: the stream is closed.
void oh_ice_tcp_adopt(struct oh_ice_tcp *door, int64_t now_us, struct oh_ice_tcp_parcel *take_parcel);
void oh_ice_tcp_parcel_free(struct oh_ice_tcp_parcel *parcel);
// Sends the outbox's datagrams of protocol OH_TCP, skips all others. Call it from outbox.flush.
void oh_ice_tcp_send(struct oh_ice_tcp *door, const struct oh_outbox *outbox);
// Nobody needs this stream any more (its peer has gone or chose another path).
void oh_ice_tcp_drop(struct oh_ice_tcp *door, const struct oh_addr *addr);
