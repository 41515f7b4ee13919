// address.h — struct oh_addr to and from text and sockaddr.
#pragma once
#include "base/addr.h"
#include "base/text.h"

struct sockaddr_storage;

// "192.0.2.1" or "2001:db8::1" (brackets allowed); "0.0.0.0" and "::" are wildcards. False: not an address.
bool oh_addr_parse(struct oh_str text, uint16_t port, struct oh_addr *addr);
// The IP alone, NUL-terminated; v4-mapped v6 addresses are written (and kept) as v4.
#define OH_ADDR_TEXT_MAX 46
void oh_addr_ip_text(const struct oh_addr *addr, char out[OH_ADDR_TEXT_MAX]);
// "ip:port" / "[ip]:port".
#define OH_ADDR_PORT_TEXT_MAX 56
void oh_addr_text(const struct oh_addr *addr, char out[OH_ADDR_PORT_TEXT_MAX]);
bool oh_addr_is_wildcard(const struct oh_addr *addr);
bool oh_addr_is_loopback(const struct oh_addr *addr);

uint32_t oh_addr_to_sockaddr(const struct oh_addr *addr, struct sockaddr_storage *out); // returns its length
bool oh_addr_from_sockaddr(const struct sockaddr_storage *from, struct oh_addr *addr);

// The addresses of this machine's running interfaces, at most `cap`, without loopback and link-local ones
// (loopback only if there is nothing else). Ports are 0. Returns how many.
uint32_t oh_addr_local(struct oh_addr *out, uint32_t cap);
