// relay.c — see relay.h
#include "io/relay.h"
#include "base/check.h"
#include "base/outbox.h"
#include "io/address.h"
#include "io/clock.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define IN_A_ROW 16 // datagrams, then others get their turn

struct oh_relay {
  uv_poll_t poll;
  struct oh_addr addr;
  void (*recv)(void *ctx, int64_t now_us, const struct oh_addr *from, const uint8_t *data, size_t len);
  void *ctx;
  int fd;
  bool closing;
};

static void on_readable(uv_poll_t *poll, int status, int events) {
  struct oh_relay *r = poll->data;
  (void)status, (void)events;
  for (int i = 0; i < IN_A_ROW && !r->closing; i++) {
    uint8_t data[OH_DATAGRAM_MAX + 1]; // one more: longer ones are cut, and known by that
    struct sockaddr_storage name;
    socklen_t name_len = sizeof name;
    struct oh_addr from;
    ssize_t n = recvfrom(r->fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&name, &name_len);
    if (n < 0) return; // nothing more, or the echo of a port that was closed
    if ((size_t)n > OH_DATAGRAM_MAX || !oh_addr_from_sockaddr(&name, &from)) continue;
    r->recv(r->ctx, oh_clock_us(), &from, data, (size_t)n);
  }
}

static int open_socket(const struct oh_addr *bind_to, struct oh_addr *bound) {
  struct sockaddr_storage name;
  socklen_t len = oh_addr_to_sockaddr(bind_to, &name);
  int fd = socket(bind_to->family == OH_ADDR_V6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  socklen_t bound_len = sizeof name;
  if (bind(fd, (struct sockaddr *)&name, len) == 0 &&
      getsockname(fd, (struct sockaddr *)&name, &bound_len) == 0 && oh_addr_from_sockaddr(&name, bound))
    return fd;
  int error = errno;
  close(fd);
  return -error;
}

struct oh_relay *oh_relay_open(uv_loop_t *loop, const struct oh_addr *bind_to,
                               void (*recv)(void *ctx, int64_t now_us, const struct oh_addr *from,
                                            const uint8_t *data, size_t len),
                               void *ctx, int *error) {
  struct oh_addr bound;
  int fd = open_socket(bind_to, &bound);
  if (fd < 0) return *error = fd, NULL;
  struct oh_relay *r = calloc(1, sizeof *r);
  OH_CHECK(r);
  *r = (struct oh_relay){.addr = bound, .recv = recv, .ctx = ctx, .fd = fd};
  OH_CHECK(uv_poll_init(loop, &r->poll, fd) == 0);
  r->poll.data = r;
  OH_CHECK(uv_poll_start(&r->poll, UV_READABLE, on_readable) == 0);
  return r;
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
}

void oh_relay_close(struct oh_relay *r) {
  if (!r) return;
  r->closing = true;
  uv_poll_stop(&r->poll);
  uv_close((uv_handle_t *)&r->poll, on_closed);
  close(r->fd);
}

struct oh_addr oh_relay_addr(const struct oh_relay *r) {
  return r->addr;
}

bool oh_relay_send(struct oh_relay *r, const struct oh_addr *to, const uint8_t *data, size_t len) {
  struct sockaddr_storage name;
  socklen_t name_len = oh_addr_to_sockaddr(to, &name);
  return sendto(r->fd, data, len, MSG_DONTWAIT, (struct sockaddr *)&name, name_len) == (ssize_t)len;
}
