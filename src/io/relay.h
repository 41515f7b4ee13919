// relay.h — a small UDP socket for one TURN allocation: single datagrams, no batches and no buffers of its
// own, since there may be thousands of them with fifty packets a second each.
#pragma once
#include "base/addr.h"
#include "base/world.h"

struct uv_loop_s;
struct oh_relay;

// Binds a free port of `bind_to`'s address; `recv` gets what comes. NULL: *error is a negative errno.
struct oh_relay *oh_relay_open(struct uv_loop_s *loop, const struct oh_addr *bind_to,
                               void (*recv)(void *ctx, int64_t now_us, const struct oh_addr *from,
                                            const uint8_t *data, size_t len),
                               void *ctx, int *error);
void oh_relay_close(struct oh_relay *relay); // freed once the loop has run
struct oh_addr oh_relay_addr(const struct oh_relay *relay);
bool oh_relay_send(struct oh_relay *relay, const struct oh_addr *to, const uint8_t *data, size_t len);
