// media_doors.h — a worker's media sockets: UDP and ICE-TCP on each configured address, and the candidates
// that browsers are told.
#pragma once
#include "app/config.h"
#include "base/addr.h"
#include "base/outbox.h"
#include "base/world.h"
#include "io/udp.h"

struct uv_loop_s;
struct oh_ice_tcp;

#define OH_MEDIA_DOORS_MAX 8 // addresses one may list in rtc.bind_addresses
#define OH_CANDIDATES_MAX 16 // a browser pairs each with all of its own: more only slows it down

struct oh_media_doors {
  struct oh_udp *udp[OH_MEDIA_DOORS_MAX];
  struct oh_ice_tcp *tcp[OH_MEDIA_DOORS_MAX];
  size_t udp_count, tcp_count;
  struct oh_addr candidates[OH_CANDIDATES_MAX];
  size_t candidate_count;
};

// Opens worker `index`'s doors; none when another server carries the calls (livekit_host). False: `error`
// says why (fini still applies). A port that nobody asked for by name and that is taken is replaced by a free
// one.
bool oh_media_doors_init(struct oh_media_doors *doors, const struct oh_config *config, uint32_t index,
                         struct uv_loop_s *loop, struct oh_world *world, const struct oh_udp_handler *handler,
                         void *ctx, char error[OH_CONFIG_ERROR_MAX]);
void oh_media_doors_fini(struct oh_media_doors *doors);
void oh_media_doors_send(struct oh_media_doors *doors, const struct oh_outbox *outbox);
