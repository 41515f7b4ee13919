// flood.c — strangers' datagrams: many kinds from many loopback addresses through one socket, and what came
// back.
//   flood PORT COUNT SOURCES UFRAG…   (UFRAG: ones the server knows, for checks with a wrong password)
// Prints "sent N sources N replies N bytes N".
#include "base/bytes.h"
#include "wire/stun.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_MAX = 3000, PAUSE_EVERY = 500, PAUSE_US = 4000, SETTLE_MS = 1500 };

static uint64_t state = 88172645463325252u; // the same flood every time
static uint32_t draw(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 32);
}
static void fill(uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    data[i] = (uint8_t)draw();
}

static size_t stun_head(uint8_t *data, uint16_t type, uint16_t body) {
  oh_store_u16_be(data, type);
  oh_store_u16_be(data + 2, body);
  oh_store_u32_be(data + 4, 0x2112A442);
  fill(data + 8, 12);
  return 20;
}

// A check as a browser sends it (RFC 8445 7.1), for `ufrag`, under a password that is not the server's.
static size_t check(uint8_t *data, const char *ufrag) {
  char username[256];
  int n = snprintf(username, sizeof username, "%s:abcd", ufrag);
  struct oh_stun_check it = {
      .username = {username, (size_t)n}, .priority = draw(), .controlling = true, .use_candidate = true};
  fill(it.transaction, sizeof it.transaction);
  static const uint8_t guess[] = "0123456789abcdefghijklmn";
  return oh_stun_write_check(&it, (struct oh_bytes){guess, sizeof guess - 1}, data, PACKET_MAX);
}

// A DTLS 1.2 ClientHello with two suites and no extensions.
static size_t client_hello(uint8_t *data) {
  static const uint8_t head[] = {22, 0xfe, 0xfd, 0,  0, 0, 0, 0, 0, 0, 0, 0, 58,
                                 1,  0,    0,    46, 0, 0, 0, 0, 0, 0, 0, 46};
  size_t len = sizeof head;
  memcpy(data, head, len);
  oh_store_u16_be(data + len, 0xfefd);
  fill(data + len + 2, 32);
  len += 34;
  static const uint8_t tail[] = {0, 0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0, 0, 0};
  memcpy(data + len, tail, sizeof tail);
  return len + sizeof tail;
}

static size_t noise(uint8_t *data, size_t len, uint8_t first, uint8_t second) {
  fill(data, len);
  data[0] = first, data[1] = second;
  return len;
}

static size_t make(uint8_t *data, uint32_t number, char **ufrags, uint32_t ufrag_count) {
  switch (number % 12) {
  case 0: return check(data, "nobody");
  case 1: return ufrag_count ? check(data, ufrags[number / 12 % ufrag_count]) : check(data, "");
  case 2: return client_hello(data);
  case 3: return noise(data, 172, 0x80, 111);                        // RTP
  case 4: return noise(data, 60, 0x81, (uint8_t)(200 + draw() % 8)); // RTCP
  case 5: return noise(data, 2 + draw() % 1400, (uint8_t)draw(), 0); // anything
  case 6: return 0;                                                  // nothing
  case 7: return stun_head(data, 0x0001, 0);                         // a bare binding request
  case 8: return stun_head(data, 0x0003, 0);                         // TURN's Allocate
  case 9: return stun_head(data, 0x0101, (uint16_t)(draw() & 0xfc)); // an answer nobody asked for
  case 10: return noise(data, 200, 23, 0xfe);                        // DTLS application data
  default: return noise(data, PACKET_MAX, 0, 1);                     // larger than any we can use
  }
}

struct tally {
  uint64_t replies, bytes;
};
static void drain(int fd, struct tally *tally, int wait_ms) {
  uint8_t data[PACKET_MAX];
  struct pollfd one = {.fd = fd, .events = POLLIN};
  while (poll(&one, 1, wait_ms) > 0) {
    ssize_t n = recv(fd, data, sizeof data, MSG_DONTWAIT);
    if (n >= 0) tally->replies++, tally->bytes += (uint64_t)n;
  }
}

static bool send_from(int fd, uint32_t source, uint16_t port, const uint8_t *data, size_t len) {
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
  _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))] = {0};
  struct msghdr msg = {.msg_name = &to,
                       .msg_namelen = sizeof to,
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
  struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(0x7f010000u + source)};
  c->cmsg_level = IPPROTO_IP, c->cmsg_type = IP_PKTINFO, c->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(c), &info, sizeof info);
  return sendmsg(fd, &msg, 0) == (ssize_t)len;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  uint16_t port = (uint16_t)atoi(argv[1]);
  uint32_t count = (uint32_t)atoi(argv[2]), sources = (uint32_t)atoi(argv[3]);
  struct tally tally = {0};
  struct sockaddr_in any = {.sin_family = AF_INET};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any)) return perror("flood"), 1;
  static uint8_t data[PACKET_MAX];
  for (uint32_t i = 0; i < count; i++) {
    size_t len = make(data, i, argv + 4, (uint32_t)argc - 4);
    if (!send_from(fd, i % sources, port, data, len)) return perror("flood: send"), 1;
    if (i % PAUSE_EVERY) continue;
    struct timespec pause = {.tv_nsec = PAUSE_US * 1000};
    nanosleep(&pause, NULL);
    drain(fd, &tally, 0);
  }
  drain(fd, &tally, SETTLE_MS);
  printf("sent %u sources %u replies %llu bytes %llu\n", count, sources, (unsigned long long)tally.replies,
         (unsigned long long)tally.bytes);
  close(fd);
  return 0;
}
