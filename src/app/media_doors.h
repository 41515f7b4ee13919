// media_doors.h — a worker's media sockets: UDP on each configured address, a port for each worker; ICE-TCP
// on one port for all of them; and the candidates that browsers are told.
#pragma once
#include "app/config.h"
#include "base/addr.h"
#include "base/outbox.h"
#include "base/world.h"
#include "io/udp.h"

struct uv_loop_s;
struct oh_ice_tcp;
struct oh_ice_tcp_config;

#define OH_MEDIA_DOORS_MAX 8 // addresses one may list in rtc.bind_addresses
#define OH_CANDIDATES_MAX 16 // a browser pairs each with all of its own: more only slows it down

// The ICE-TCP sockets that all workers accept on.
struct oh_media_listeners {
  int fds[OH_MEDIA_DOORS_MAX];
  struct oh_addr bound[OH_MEDIA_DOORS_MAX];
  size_t count;
};

struct oh_media_doors {
  struct oh_udp *udp[OH_MEDIA_DOORS_MAX];
  size_t udp_count;
  struct oh_ice_tcp *tcp; // NULL: none
  struct oh_addr candidates[OH_CANDIDATES_MAX];
  size_t candidate_count;
};

// Both open nothing when another server carries the calls (livekit_host). False: `error` says why (fini still
// applies). A port that nobody asked for by name and that is taken is replaced by a free one.
bool oh_media_listeners_init(struct oh_media_listeners *listeners, const struct oh_config *config,
                             char error[OH_CONFIG_ERROR_MAX]);
void oh_media_listeners_fini(struct oh_media_listeners *listeners);

// Worker `index`'s doors. `tcp` says what ICE-TCP needs; its loop, world, handler and ctx are those of UDP.
bool oh_media_doors_init(struct oh_media_doors *doors, const struct oh_config *config, uint32_t index,
                         const struct oh_media_listeners *listeners, const struct oh_ice_tcp_config *tcp,
                         char error[OH_CONFIG_ERROR_MAX]);
void oh_media_doors_fini(struct oh_media_doors *doors);
void oh_media_doors_send(struct oh_media_doors *doors, const struct oh_outbox *outbox);
