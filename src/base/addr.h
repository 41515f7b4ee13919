// addr.h — where a datagram comes from or goes to. TCP media streams (RFC 4571) look like datagrams too: they
// carry the door's stream number, so that code below io/ never sees a socket. Comparable with memcmp (no
// padding).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum oh_addr_family { OH_ADDR_NONE = 0, OH_ADDR_V4 = 4, OH_ADDR_V6 = 6 };
enum oh_addr_proto { OH_UDP = 0, OH_TCP = 1 };

struct oh_addr {
  uint8_t ip[16];  // v4 in the first four bytes, the rest zero
  uint32_t stream; // TCP: the door's number of the accepted stream; UDP: 0
  uint16_t port;   // host order
  uint8_t family;  // enum oh_addr_family
  uint8_t proto;   // enum oh_addr_proto
};

static inline bool oh_addr_eq(const struct oh_addr *a, const struct oh_addr *b) {
  return memcmp(a, b, sizeof *a) == 0;
}
