// tcp.c — see tcp.h
#include "io/tcp.h"
#include "base/check.h"
#include "io/address.h"
#include "io/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define TURN 16 // connections in a row
#define BACKLOG 1024
#define REST_MS 100

struct oh_tcp_listener {
  uv_poll_t poll;
  uv_timer_t rest;
  int fd, handles;
  void (*accepted)(void *ctx, int64_t now_us, int take_fd, const struct oh_addr *peer);
  void *ctx;
  bool closing;
};

static void prepare(int fd) {
  int on = 1, timeout_ms = 20000;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

int oh_tcp_listen(const struct oh_addr *addr, struct oh_addr *bound) {
  struct sockaddr_storage storage;
  socklen_t len = oh_addr_to_sockaddr(addr, &storage);
  int on = 1, fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (storage.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&storage, len) == 0 && listen(fd, BACKLOG) == 0) {
    len = sizeof storage;
    if (bound) OH_CHECK(getsockname(fd, (struct sockaddr *)&storage, &len) == 0);
    if (bound) OH_CHECK(oh_addr_from_sockaddr(&storage, bound));
    return fd;
  }
  int error = -errno;
  close(fd);
  return error;
}

int oh_tcp_connect(const struct oh_addr *to) {
  struct sockaddr_storage storage;
  socklen_t len = oh_addr_to_sockaddr(to, &storage);
  int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  prepare(fd);
  if (connect(fd, (struct sockaddr *)&storage, len) == 0 || errno == EINPROGRESS) return fd;
  int error = -errno;
  close(fd);
  return error;
}

static void on_accept(uv_poll_t *poll, int status, int events);

static void on_rested(uv_timer_t *timer) {
  struct oh_tcp_listener *l = timer->data;
  if (!l->closing) OH_CHECK(uv_poll_start(&l->poll, UV_READABLE, on_accept) == 0);
}

static void on_accept(uv_poll_t *poll, int status, int events) {
  struct oh_tcp_listener *l = poll->data;
  int64_t now_us = oh_clock_us();
  (void)events;
  for (int i = 0; i < TURN && !l->closing; i++) {
    struct sockaddr_storage storage;
    socklen_t len = sizeof storage;
    struct oh_addr peer;
    int fd = accept4(l->fd, (struct sockaddr *)&storage, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && status == 0) return;
    if (fd < 0) { // out of descriptors or memory: the socket stays readable, do not spin on it
      uv_poll_stop(&l->poll);
      uv_timer_start(&l->rest, on_rested, REST_MS, 0);
      return;
    }
    if (!oh_addr_from_sockaddr(&storage, &peer)) {
      close(fd);
      continue;
    }
    prepare(fd);
    l->accepted(l->ctx, now_us, fd, &peer);
  }
}

struct oh_tcp_listener *oh_tcp_listener_open(uv_loop_t *loop, int fd,
                                             void (*accepted)(void *ctx, int64_t now_us, int take_fd,
                                                              const struct oh_addr *peer),
                                             void *ctx) {
  struct oh_tcp_listener *l = calloc(1, sizeof *l);
  OH_CHECK(l);
  l->accepted = accepted;
  l->ctx = ctx;
  // Each loop polls its own duplicate: one may be closed without the others noticing.
  l->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  OH_CHECK(l->fd >= 0);
  OH_CHECK(uv_poll_init(loop, &l->poll, l->fd) == 0 && uv_timer_init(loop, &l->rest) == 0);
  l->poll.data = l->rest.data = l;
  l->handles = 2;
  OH_CHECK(uv_poll_start(&l->poll, UV_READABLE, on_accept) == 0);
  return l;
}

static void on_closed(uv_handle_t *handle) {
  struct oh_tcp_listener *l = handle->data;
  if (--l->handles == 0) free(l);
}

void oh_tcp_listener_close(struct oh_tcp_listener *l) {
  if (!l || l->closing) return;
  l->closing = true;
  uv_poll_stop(&l->poll);
  uv_close((uv_handle_t *)&l->poll, on_closed);
  uv_close((uv_handle_t *)&l->rest, on_closed);
  close(l->fd);
}
