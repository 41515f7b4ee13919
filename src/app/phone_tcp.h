// phone_tcp.h — the active side of ICE-TCP (RFC 6544) with RFC 4571 framing: datagrams to an
// oh_addr{proto = OH_TCP} go over a stream that is connected when first needed, and again (at most twice a
// second) when it broke.
#pragma once
#include "base/outbox.h"
#include "base/world.h"

struct uv_loop_s;
struct oh_phone_tcp;

struct oh_phone_tcp *oh_phone_tcp_open(struct uv_loop_s *loop, struct oh_world *world,
                                       void (*recv)(void *ctx, int64_t now_us, const struct oh_addr *from,
                                                    uint8_t *data, size_t len),
                                       void *ctx);
void oh_phone_tcp_close(struct oh_phone_tcp *tcp); // freed once the loop has run; NULL is fine
// Sends the outbox's datagrams of protocol OH_TCP, skips all others. Call it from outbox.flush.
void oh_phone_tcp_send(struct oh_phone_tcp *tcp, const struct oh_outbox *outbox);
