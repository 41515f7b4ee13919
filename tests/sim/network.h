// network.h — a network in virtual time: datagrams and ordered byte messages travel between numbered hosts
// with delay, loss, duplication, reordering and NATs, all drawn from one seed.
#pragma once
#include "base/addr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
  uint64_t state;
};
uint64_t sim_next(struct sim_random *r);
uint32_t sim_below(struct sim_random *r, uint32_t n);      // 0 … n-1
bool sim_chance(struct sim_random *r, uint32_t per_mille); // true in n of 1000 cases
void sim_fill(void *ctx, void *buffer, size_t len);        // for struct oh_random; ctx = struct sim_random

// How bad the way between a caller and the server is.
struct sim_weather {
  int64_t delay_min_us, delay_max_us; // per packet; the spread reorders
  uint32_t loss, duplication;         // per mille
  bool udp_blocked;
  bool down; // nothing passes at all
};

enum sim_parcel_kind {
  SIM_DATAGRAM,
  SIM_DIAL,    // to the server: a WebSocket upgrade; data = path, NUL, token
  SIM_OPEN,    // to the caller: 101
  SIM_REFUSED, // to the caller: data = the HTTP status, two bytes
  SIM_FRAME,   // a WebSocket message
  SIM_HANGUP,  // the connection has gone
};
struct sim_parcel {
  int64_t at_us;
  uint64_t order; // ties keep their order
  enum sim_parcel_kind kind;
  bool to_server;
  uint32_t host;           // the caller at the other end
  uint32_t line;           // frames and hang-ups: which connection of that caller
  struct oh_addr from, to; // datagrams
  bool text;
  uint8_t *data; // owned
  size_t len;
};

struct sim_network {
  struct sim_random random;
  struct sim_parcel *parcels; // a binary heap by (at_us, order)
  size_t len, cap;
  uint64_t order;
  uint64_t sent, lost;
};

void sim_network_init(struct sim_network *n, uint64_t seed);
void sim_network_fini(struct sim_network *n);
// Puts a datagram on the way; the weather decides whether, when and how often it arrives. TCP addresses are
// not lost or reordered.
void sim_network_datagram(struct sim_network *n, int64_t now_us, const struct sim_weather *weather,
                          bool to_server, uint32_t host, const struct oh_addr *from, const struct oh_addr *to,
                          const uint8_t *data, size_t len, int64_t *stream_clock_us);
// A message on a reliable, ordered connection: *clock_us is when its previous one arrives.
void sim_network_frame(struct sim_network *n, int64_t now_us, const struct sim_weather *weather,
                       bool to_server, uint32_t host, uint32_t line, enum sim_parcel_kind kind, bool text,
                       const uint8_t *data, size_t len, int64_t *clock_us);
int64_t sim_network_deadline(const struct sim_network *n);
// Takes the next parcel that has arrived by now_us; the caller frees parcel->data.
bool sim_network_take(struct sim_network *n, int64_t now_us, struct sim_parcel *parcel);
