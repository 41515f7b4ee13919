// address.c — see address.h
#include "io/address.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};

static void set_v4(struct oh_addr *a, const void *ip) {
  a->family = OH_ADDR_V4;
  memset(a->ip, 0, sizeof a->ip);
  memcpy(a->ip, ip, 4);
}

// A v4 peer on a v6 socket is the same peer, and must meet the same rules.
static void set_v6(struct oh_addr *a, const uint8_t ip[16]) {
  if (memcmp(ip, mapped, sizeof mapped) == 0) {
    set_v4(a, ip + 12);
    return;
  }
  a->family = OH_ADDR_V6;
  memcpy(a->ip, ip, 16);
}

bool oh_addr_parse(struct oh_str text, uint16_t port, struct oh_addr *addr) {
  char buffer[INET6_ADDRSTRLEN];
  uint8_t ip[16];
  if (text.len >= 2 && text.data[0] == '[' && text.data[text.len - 1] == ']')
    text = (struct oh_str){text.data + 1, text.len - 2};
  if (text.len == 0 || text.len >= sizeof buffer) return false;
  memcpy(buffer, text.data, text.len);
  buffer[text.len] = 0;
  if (strlen(buffer) != text.len) return false;
  *addr = (struct oh_addr){.port = port};
  if (inet_pton(AF_INET, buffer, ip) == 1) {
    set_v4(addr, ip);
  } else if (inet_pton(AF_INET6, buffer, ip) == 1) {
    set_v6(addr, ip);
  } else {
    return false;
  }
  return true;
}

void oh_addr_ip_text(const struct oh_addr *a, char out[OH_ADDR_TEXT_MAX]) {
  out[0] = 0;
  if (a->family == OH_ADDR_V4) inet_ntop(AF_INET, a->ip, out, OH_ADDR_TEXT_MAX);
  if (a->family == OH_ADDR_V6) inet_ntop(AF_INET6, a->ip, out, OH_ADDR_TEXT_MAX);
}

void oh_addr_text(const struct oh_addr *a, char out[OH_ADDR_PORT_TEXT_MAX]) {
  char ip[OH_ADDR_TEXT_MAX];
  oh_addr_ip_text(a, ip);
  snprintf(out, OH_ADDR_PORT_TEXT_MAX, a->family == OH_ADDR_V6 ? "[%s]:%u" : "%s:%u", ip, a->port);
}

bool oh_addr_is_wildcard(const struct oh_addr *a) {
  static const uint8_t zero[16];
  return memcmp(a->ip, zero, 16) == 0;
}

bool oh_addr_is_loopback(const struct oh_addr *a) {
  static const uint8_t one[16] = {[15] = 1};
  return a->family == OH_ADDR_V4 ? a->ip[0] == 127 : a->family == OH_ADDR_V6 && memcmp(a->ip, one, 16) == 0;
}

uint32_t oh_addr_to_sockaddr(const struct oh_addr *a, struct sockaddr_storage *out) {
  memset(out, 0, sizeof *out);
  if (a->family == OH_ADDR_V6) {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(a->port);
    memcpy(&v6->sin6_addr, a->ip, 16);
    return sizeof *v6;
  }
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  v4->sin_family = AF_INET;
  v4->sin_port = htons(a->port);
  memcpy(&v4->sin_addr, a->ip, 4);
  return sizeof *v4;
}

bool oh_addr_from_sockaddr(const struct sockaddr_storage *from, struct oh_addr *addr) {
  *addr = (struct oh_addr){0};
  if (from->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    set_v4(addr, &v4->sin_addr);
    addr->port = ntohs(v4->sin_port);
    return true;
  }
  if (from->ss_family != AF_INET6) return false;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
  set_v6(addr, v6->sin6_addr.s6_addr);
  addr->port = ntohs(v6->sin6_port);
  return true;
}

static bool is_link_local(const struct oh_addr *a) {
  if (a->family == OH_ADDR_V4) return a->ip[0] == 169 && a->ip[1] == 254;
  return a->ip[0] == 0xFE && (a->ip[1] & 0xC0) == 0x80;
}

static uint32_t collect(const struct ifaddrs *list, bool loopback, struct oh_addr *out, uint32_t cap) {
  uint32_t count = 0;
  for (const struct ifaddrs *i = list; i && count < cap; i = i->ifa_next) {
    struct sockaddr_storage storage = {0};
    struct oh_addr addr;
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP)) continue;
    if (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6) continue;
    size_t size =
        i->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    memcpy(&storage, i->ifa_addr, size);
    if (!oh_addr_from_sockaddr(&storage, &addr)) continue;
    if (oh_addr_is_loopback(&addr) != loopback || is_link_local(&addr)) continue;
    addr.port = 0;
    out[count++] = addr;
  }
  return count;
}

uint32_t oh_addr_local(struct oh_addr *out, uint32_t cap) {
  struct ifaddrs *list;
  if (getifaddrs(&list) != 0) return 0;
  uint32_t count = collect(list, false, out, cap);
  if (count == 0) count = collect(list, true, out, cap);
  freeifaddrs(list);
  return count;
}
