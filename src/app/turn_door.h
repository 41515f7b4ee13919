// turn_door.h — the embedded TURN server's doors: a UDP port, a TLS (or plain, behind a proxy that ends TLS)
// port, and a local socket per allocation that talks to our media sockets only. It runs on the main thread's
// loop: workers see peers at local UDP addresses and know nothing of TURN.
//
//   client ── UDP 3478 ──┐               ┌ relay socket ── 127.0.0.1 or own address ── media socket
//   client ── TLS 5349 ──┴── rtc/turn.h ─┘
#pragma once
#include "app/config.h"
#include "app/worker.h"

struct uv_loop_s;
struct oh_turn_door;

// Opens what config says of turn.*; the crew's workers are open. NULL: `error` says why.
struct oh_turn_door *oh_turn_door_open(struct uv_loop_s *loop, struct oh_world *world,
                                       const struct oh_crew *crew, const struct oh_config *config,
                                       char error[OH_CONFIG_ERROR_MAX]);
void oh_turn_door_close(struct oh_turn_door *door); // freed once the loop has run; NULL is fine
// New API keys count from now on, a new certificate for new connections. False: the certificate cannot be
// read, `error` says why, and the old one stays.
bool oh_turn_door_reload(struct oh_turn_door *door, const struct oh_config *config,
                         char error[OH_CONFIG_ERROR_MAX]);

// The URLs that clients are told, malloc'd; `candidates` are a worker's. None if TURN is off.
struct oh_strings oh_turn_urls(const struct oh_config *config, const struct oh_addr *candidates,
                               size_t count);
void oh_turn_urls_fini(struct oh_strings *urls);
