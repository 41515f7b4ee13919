// house.h — for the tests of io/: two loops on threads of their own with an HTTP server each, and a blocking
// client on the test's thread. The server answers by path:
//   /echo (upgrade): echoes messages; text "bye" closes with 1000, "abort" cuts
//   /move (upgrade): the same, but moves to the second loop first
//   /later: answers 50 ms later · /body: returns the body · /big: 4 MB static · /hold: never answers
//   everything else: 200 with "path?query"
#pragma once
#include "base/addr.h"
#include "base/world.h"
#include "io/http_server.h"
#include <stdatomic.h>

struct house;

struct house *house_open(struct oh_tls *tls, uint32_t per_address_max);
void house_close(struct house *house); // fails the test if a loop is still busy
uint16_t house_port(const struct house *house);
void house_set_tls(struct house *house, struct oh_tls *tls);            // returns when it holds
uint64_t house_count(const struct house *house, enum oh_counter which); // both loops together
uint32_t house_closed(const struct house *house);                       // closed() calls
uint16_t house_last_code(const struct house *house);
uint32_t house_moved(const struct house *house);
#define HOUSE_BIG (4 * 1024 * 1024)

// A blocking connection to the house; reads give up after 8 s.
int caller_open(const struct house *house);
void caller_send(int fd, const void *data, size_t len);
void caller_sends(int fd, const char *text);
size_t caller_recv(int fd, void *buffer, size_t len);              // exactly len, or fewer at the end
size_t caller_recv_until_closed(int fd, char *buffer, size_t cap); // NUL-terminated
