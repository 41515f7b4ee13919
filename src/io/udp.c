// udp.c — see udp.h
#include "io/udp.h"
#include "base/check.h"
#include "base/map.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/entropy.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define BATCH OH_OUTBOX_SLOTS
#define TURN 4                          // batches in a row, then timers and others get theirs
#define RECV_MAX 2048                   // larger datagrams are cut by the kernel, and dropped by us
#define SOCKET_BUFFER (4 * 1024 * 1024) // a 100 ms pause at 150 000 packets/s of 200 bytes
#define ROUTES 4096                     // power of two; see struct route
#define ROUTE_KEPT_US (30 * INT64_C(1000000))
#define CONTROL CMSG_SPACE(sizeof(struct in6_pktinfo))

// The local address a peer wrote to (wildcard sockets only): the answer must come from there, or the peer's
// NAT and its ICE drop it. A direct-mapped cache. Who has been answered lately keeps his place: strangers,
// who never are, cannot push him out; two peers of one place share it, and the second gets the kernel's
// choice.
struct route {
  struct oh_addr peer;
  uint8_t local[16];
  int64_t answered_us; // 0: not yet
};

struct oh_udp {
  uv_poll_t poll;
  struct oh_world *world;
  const struct oh_udp_handler *handler;
  void *ctx;
  struct oh_addr addr;
  int fd;
  bool closing;
  int64_t now_us;       // of the batch being handled
  struct route *routes; // NULL: bound to one address
  uint8_t secret[16];
  struct sockaddr_storage names[BATCH];
  struct mmsghdr headers[BATCH];
  struct iovec iov[BATCH];
  uint8_t control[BATCH][CONTROL] __attribute__((aligned(8)));
  // Sending has its own: the handler flushes the outbox in the middle of a received batch.
  struct sockaddr_storage out_names[BATCH];
  struct mmsghdr out_headers[BATCH];
  struct iovec out_iov[BATCH];
  uint8_t out_control[BATCH][CONTROL] __attribute__((aligned(8)));
  uint8_t data[BATCH][RECV_MAX];
};

static struct route *route_of(const struct oh_udp *u, const struct oh_addr *peer) {
  return &u->routes[oh_siphash(u->secret, peer, sizeof *peer) & (ROUTES - 1)];
}

static void learn_route(struct oh_udp *u, const struct oh_addr *peer, struct msghdr *msg) {
  struct route *route = route_of(u, peer);
  if (!oh_addr_eq(&route->peer, peer)) {
    if (route->answered_us && u->now_us - route->answered_us < ROUTE_KEPT_US) return;
    route->answered_us = 0;
  }
  for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      route->peer = *peer;
      memcpy(route->local, &info.ipi_addr, 4);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      route->peer = *peer;
      memcpy(route->local, &info.ipi6_addr, 16);
    }
  }
}

static void use_route(struct oh_udp *u, const struct oh_addr *peer, struct msghdr *msg, uint8_t *control) {
  struct route *route = route_of(u, peer);
  msg->msg_control = NULL;
  msg->msg_controllen = 0;
  if (!oh_addr_eq(&route->peer, peer)) return;
  route->answered_us = u->now_us;
  memset(control, 0, CONTROL);
  msg->msg_control = control;
  msg->msg_controllen = CONTROL;
  struct cmsghdr *c = CMSG_FIRSTHDR(msg);
  if (peer->family == OH_ADDR_V4) {
    struct in_pktinfo info = {0};
    memcpy(&info.ipi_spec_dst, route->local, 4);
    c->cmsg_level = IPPROTO_IP, c->cmsg_type = IP_PKTINFO, c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    msg->msg_controllen = CMSG_SPACE(sizeof info);
  } else {
    struct in6_pktinfo info = {0};
    memcpy(&info.ipi6_addr, route->local, 16);
    c->cmsg_level = IPPROTO_IPV6, c->cmsg_type = IPV6_PKTINFO, c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    msg->msg_controllen = CMSG_SPACE(sizeof info);
  }
}

// One batch. Returns how many came.
static int receive_batch(struct oh_udp *u) {
  for (int i = 0; i < BATCH; i++) {
    struct msghdr *msg = &u->headers[i].msg_hdr;
    msg->msg_namelen = sizeof u->names[i];
    msg->msg_controllen = u->routes ? CONTROL : 0;
    msg->msg_flags = 0;
  }
  int n = recvmmsg(u->fd, u->headers, BATCH, MSG_DONTWAIT, NULL);
  int64_t now_us = u->now_us = oh_clock_us();
  struct oh_addr from;
  for (int i = 0; i < n && !u->closing; i++) {
    struct msghdr *msg = &u->headers[i].msg_hdr;
    if (msg->msg_flags & MSG_TRUNC) {
      oh_count(&u->world->counters, OH_COUNT_udp_drop_oversize);
      continue;
    }
    if (!oh_addr_from_sockaddr(&u->names[i], &from)) continue;
    oh_count(&u->world->counters, OH_COUNT_datagrams_received);
    if (u->routes) learn_route(u, &from, msg);
    u->handler->recv(u->ctx, now_us, &from, u->data[i], u->headers[i].msg_len);
  }
  if (n > 0 && !u->closing && u->handler->batch_done) u->handler->batch_done(u->ctx, now_us);
  return n;
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  struct oh_udp *u = poll->data;
  (void)events;
  for (int i = 0; i < TURN && !u->closing; i++) {
    // An error is one peer's ICMP message: reading takes it off the socket, the others are not concerned.
    if (receive_batch(u) < BATCH) break;
  }
  // libuv stops polling on EPOLLERR.
  if (status < 0 && !u->closing) OH_CHECK(uv_poll_start(&u->poll, UV_READABLE, on_readable) == 0);
}

static void set_options(struct oh_udp *u, int domain) {
  int on = 1, size = SOCKET_BUFFER;
  // FORCE passes net.core.rmem_max where we may; else the kernel gives what it allows.
  if (setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
    setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (setsockopt(u->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
    setsockopt(u->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (domain == AF_INET6) {
    // Our packets fit every path that carries WebRTC; a forged ICMP must not talk us into fragments.
    int probe = IPV6_PMTUDISC_PROBE;
    setsockopt(u->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof probe);
    if (u->routes) setsockopt(u->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  } else {
    int probe = IP_PMTUDISC_PROBE;
    setsockopt(u->fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
    if (u->routes) setsockopt(u->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  }
}

static void set_headers(struct oh_udp *u) {
  for (int i = 0; i < BATCH; i++) {
    u->iov[i] = (struct iovec){.iov_base = u->data[i], .iov_len = RECV_MAX};
    u->headers[i].msg_hdr = (struct msghdr){.msg_name = &u->names[i],
                                            .msg_iov = &u->iov[i],
                                            .msg_iovlen = 1,
                                            .msg_control = u->routes ? u->control[i] : NULL};
    u->out_headers[i].msg_hdr =
        (struct msghdr){.msg_name = &u->out_names[i], .msg_iov = &u->out_iov[i], .msg_iovlen = 1};
  }
}

// A bound socket, or a negative errno. V6ONLY comes before bind: 0.0.0.0 and :: may share a port.
static int open_socket(const struct sockaddr_storage *name, socklen_t len) {
  int on = 1, fd = socket(name->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (name->ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, (const struct sockaddr *)name, len) == 0) return fd;
  int error = -errno;
  close(fd);
  return error;
}

struct oh_udp *oh_udp_open(uv_loop_t *loop, struct oh_world *world, const struct oh_addr *bind_to,
                           const struct oh_udp_handler *handler, void *ctx, int *error) {
  struct sockaddr_storage name;
  socklen_t len = oh_addr_to_sockaddr(bind_to, &name);
  struct oh_udp *u = calloc(1, sizeof *u);
  struct oh_random random = oh_entropy();
  OH_CHECK(u);
  u->world = world, u->handler = handler, u->ctx = ctx;
  u->fd = open_socket(&name, len);
  if (u->fd < 0) {
    *error = u->fd;
    free(u);
    return NULL;
  }
  len = sizeof name;
  OH_CHECK(getsockname(u->fd, (struct sockaddr *)&name, &len) == 0 && oh_addr_from_sockaddr(&name, &u->addr));
  if (oh_addr_is_wildcard(bind_to)) {
    u->routes = calloc(ROUTES, sizeof *u->routes);
    OH_CHECK(u->routes);
  }
  oh_random_fill(&random, u->secret, sizeof u->secret);
  set_options(u, name.ss_family);
  set_headers(u);
  OH_CHECK(uv_poll_init(loop, &u->poll, u->fd) == 0);
  u->poll.data = u;
  OH_CHECK(uv_poll_start(&u->poll, UV_READABLE, on_readable) == 0);
  return u;
}

static void on_closed(uv_handle_t *handle) {
  struct oh_udp *u = handle->data;
  free(u->routes);
  free(u);
}

void oh_udp_close(struct oh_udp *u) {
  if (!u || u->closing) return;
  u->closing = true;
  uv_poll_stop(&u->poll);
  uv_close((uv_handle_t *)&u->poll, on_closed);
  close(u->fd);
}

struct oh_addr oh_udp_addr(const struct oh_udp *u) {
  return u->addr;
}

// Sends what was prepared. A datagram that fails (no route, refused, too big) is dropped alone; a full socket
// buffer drops the rest.
static void send_prepared(struct oh_udp *u, unsigned int count) {
  unsigned int at = 0;
  uint64_t sent = 0;
  while (at < count) {
    int n = sendmmsg(u->fd, u->out_headers + at, count - at, MSG_DONTWAIT);
    if (n > 0) {
      at += (unsigned int)n;
      sent += (unsigned int)n;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) break;
    // ECONNREFUSED and its like may report an earlier datagram: this one gets no second try either way,
    // media is repaired by its own means.
    at++;
  }
  oh_count_n(&u->world->counters, OH_COUNT_datagrams_sent, sent);
  oh_count_n(&u->world->counters, OH_COUNT_udp_drop_send, count - sent);
}

void oh_udp_send(struct oh_udp *u, const struct oh_outbox *outbox) {
  unsigned int count = 0;
  if (u->closing) return;
  for (uint32_t i = 0; i < outbox->used; i++) {
    const struct oh_datagram *d = &outbox->slots[i];
    if (d->to.proto != OH_UDP || d->to.family != u->addr.family) continue;
    struct msghdr *msg = &u->out_headers[count].msg_hdr;
    msg->msg_namelen = oh_addr_to_sockaddr(&d->to, &u->out_names[count]);
    u->out_iov[count] = (struct iovec){.iov_base = (void *)(uintptr_t)d->data, .iov_len = d->len};
    if (u->routes) use_route(u, &d->to, msg, u->out_control[count]);
    count++;
  }
  if (count) send_prepared(u, count);
}
