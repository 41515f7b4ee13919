// tcp.h — listening TCP sockets on a loop. Accepted sockets are non-blocking, close-on-exec, TCP_NODELAY and
// give up on a silent network after 20 s (TCP_USER_TIMEOUT).
#pragma once
#include "base/addr.h"

struct uv_loop_s;
struct oh_tcp_listener;

// Opens a listening socket. Several loops may accept on one; whoever opened it closes it at the end. Negative
// errno on failure. A v6 wildcard serves v6 only. *bound gets the address with the real port (may be NULL).
int oh_tcp_listen(const struct oh_addr *addr, struct oh_addr *bound);

// Accepts on fd (which stays the caller's). `accepted` owns each new socket. Out of descriptors: waits 100
// ms.
struct oh_tcp_listener *oh_tcp_listener_open(struct uv_loop_s *loop, int fd,
                                             void (*accepted)(void *ctx, int64_t now_us, int take_fd,
                                                              const struct oh_addr *peer),
                                             void *ctx);
void oh_tcp_listener_close(struct oh_tcp_listener *listener); // freed once the loop has run
// A non-blocking connecting socket, or a negative errno.
int oh_tcp_connect(const struct oh_addr *to);
