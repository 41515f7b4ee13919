// lanes.c — see lanes.h
#include "bench/lanes.h"
#include "base/bytes.h"
#include "base/check.h"
#include "io/address.h"
#include "io/clock.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH OH_OUTBOX_SLOTS
#define BUFFER (64 * 1024 * 1024)  // nothing may be lost here: it would be counted against the server
#define FIRST UINT32_C(0x7F010000) // lane 0 is 127.1.0.0
#define CONTROL CMSG_SPACE(sizeof(struct in_pktinfo))

struct oh_lanes {
  int fd;
  uint16_t port;
  struct sockaddr_in names[BATCH], out_names[BATCH];
  struct mmsghdr headers[BATCH], out_headers[BATCH];
  struct iovec iov[BATCH], out_iov[BATCH];
  _Alignas(8) uint8_t control[BATCH][CONTROL], out_control[BATCH][CONTROL];
  uint8_t data[BATCH][2048];
};

struct oh_lanes *oh_lanes_open(void) {
  struct oh_lanes *l = calloc(1, sizeof *l);
  OH_CHECK(l);
  int on = 1, size = BUFFER;
  struct sockaddr_in name = {.sin_family = AF_INET};
  socklen_t len = sizeof name;
  l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&name, len) ||
      getsockname(l->fd, (struct sockaddr *)&name, &len) ||
      setsockopt(l->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on)) {
    if (l->fd >= 0) close(l->fd);
    free(l);
    return NULL;
  }
  l->port = ntohs(name.sin_port);
  if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
    setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (setsockopt(l->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
    setsockopt(l->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  for (unsigned i = 0; i < BATCH; i++) {
    l->iov[i] = (struct iovec){.iov_base = l->data[i], .iov_len = sizeof l->data[i]};
    l->headers[i].msg_hdr = (struct msghdr){
        .msg_name = &l->names[i], .msg_iov = &l->iov[i], .msg_iovlen = 1, .msg_control = l->control[i]};
    struct msghdr *out = &l->out_headers[i].msg_hdr;
    *out = (struct msghdr){.msg_name = &l->out_names[i],
                           .msg_namelen = sizeof l->out_names[i],
                           .msg_iov = &l->out_iov[i],
                           .msg_iovlen = 1,
                           .msg_control = l->out_control[i],
                           .msg_controllen = CONTROL};
    l->out_names[i].sin_family = AF_INET;
    struct cmsghdr *c = CMSG_FIRSTHDR(out);
    c->cmsg_level = IPPROTO_IP, c->cmsg_type = IP_PKTINFO, c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
  }
  return l;
}

void oh_lanes_close(struct oh_lanes *l) {
  if (!l) return;
  close(l->fd);
  free(l);
}

struct oh_addr oh_lanes_addr(const struct oh_lanes *l, uint32_t lane) {
  struct oh_addr addr = {.family = OH_ADDR_V4, .port = l->port};
  oh_store_u32_be(addr.ip, FIRST + lane);
  return addr;
}

unsigned oh_lanes_recv(struct oh_lanes *l,
                       void (*recv)(void *ctx, int64_t now_us, uint32_t lane, const struct oh_addr *from,
                                    uint8_t *data, size_t len),
                       void *ctx) {
  for (unsigned i = 0; i < BATCH; i++) {
    l->headers[i].msg_hdr.msg_namelen = sizeof l->names[i];
    l->headers[i].msg_hdr.msg_controllen = CONTROL;
  }
  int n = recvmmsg(l->fd, l->headers, BATCH, MSG_DONTWAIT, NULL);
  int64_t now_us = oh_clock_us();
  for (int i = 0; i < n; i++) {
    struct cmsghdr *c = CMSG_FIRSTHDR(&l->headers[i].msg_hdr);
    if (!c || c->cmsg_type != IP_PKTINFO) continue;
    struct in_pktinfo info;
    memcpy(&info, CMSG_DATA(c), sizeof info);
    uint32_t lane = ntohl(info.ipi_addr.s_addr) - FIRST;
    struct oh_addr from = {.family = OH_ADDR_V4, .port = ntohs(l->names[i].sin_port)};
    memcpy(from.ip, &l->names[i].sin_addr, 4);
    if (lane < OH_LANES_MAX) recv(ctx, now_us, lane, &from, l->data[i], l->headers[i].msg_len);
  }
  return n > 0 ? (unsigned)n : 0;
}

void oh_lanes_send(struct oh_lanes *l, const struct oh_outbox *out, const uint32_t *from) {
  unsigned count = 0;
  for (uint32_t i = 0; i < out->used; i++) {
    const struct oh_datagram *d = &out->slots[i];
    if (d->to.family != OH_ADDR_V4 || d->to.proto != OH_UDP) continue;
    struct in_pktinfo info = {.ipi_spec_dst = {htonl(FIRST + from[i])}};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&l->out_headers[count].msg_hdr)), &info, sizeof info);
    memcpy(&l->out_names[count].sin_addr, d->to.ip, 4);
    l->out_names[count].sin_port = htons(d->to.port);
    l->out_iov[count++] = (struct iovec){.iov_base = (void *)(uintptr_t)d->data, .iov_len = d->len};
  }
  for (unsigned at = 0; at < count;) {
    int n = sendmmsg(l->fd, l->out_headers + at, count - at, MSG_DONTWAIT);
    at += n > 0 ? (unsigned)n : 1; // a refused one is lost, as on any network
  }
}
