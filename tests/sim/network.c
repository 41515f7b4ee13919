// network.c — see network.h
#include "tests/sim/network.h"
#include "base/check.h"
#include "base/heap.h"
#include <string.h>

uint64_t sim_next(struct sim_random *r) { // splitmix64
  uint64_t z = (r->state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
uint32_t sim_below(struct sim_random *r, uint32_t n) {
  return (uint32_t)(sim_next(r) % n);
}
bool sim_chance(struct sim_random *r, uint32_t per_mille) {
  return sim_below(r, 1000) < per_mille;
}
void sim_fill(void *ctx, void *buffer, size_t len) {
  uint8_t *p = buffer;
  for (size_t i = 0; i < len; i++)
    p[i] = (uint8_t)sim_next(ctx);
}

void sim_network_init(struct sim_network *n, uint64_t seed) {
  *n = (struct sim_network){.random = {.state = seed ^ 0x6e6574776f726bu}};
}

void sim_network_fini(struct sim_network *n) {
  for (size_t i = 0; i < n->len; i++)
    free(n->parcels[i].data);
  free(n->parcels);
  *n = (struct sim_network){0};
}

static bool earlier(const struct sim_parcel *a, const struct sim_parcel *b) {
  return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void post(struct sim_network *n, struct sim_parcel parcel, const uint8_t *data, size_t len) {
  if (n->len == n->cap) {
    n->cap = n->cap ? n->cap * 2 : 256;
    n->parcels = realloc(n->parcels, n->cap * sizeof *n->parcels);
    OH_CHECK(n->parcels);
  }
  parcel.order = n->order++;
  parcel.len = len;
  parcel.data = malloc(len ? len : 1);
  OH_CHECK(parcel.data);
  if (len) memcpy(parcel.data, data, len);
  size_t i = n->len++;
  for (; i > 0 && earlier(&parcel, &n->parcels[(i - 1) / 2]); i = (i - 1) / 2)
    n->parcels[i] = n->parcels[(i - 1) / 2];
  n->parcels[i] = parcel;
}

static int64_t travel_us(struct sim_network *n, const struct sim_weather *w) {
  int64_t spread = w->delay_max_us - w->delay_min_us;
  return w->delay_min_us + (spread > 0 ? (int64_t)(sim_next(&n->random) % (uint64_t)spread) : 0);
}

void sim_network_datagram(struct sim_network *n, int64_t now_us, const struct sim_weather *weather,
                          bool to_server, uint32_t host, const struct oh_addr *from, const struct oh_addr *to,
                          const uint8_t *data, size_t len, int64_t *stream_clock_us) {
  struct sim_parcel parcel = {
      .kind = SIM_DATAGRAM, .to_server = to_server, .host = host, .from = *from, .to = *to};
  bool tcp = to->proto == OH_TCP;
  n->sent++;
  if (weather->down || (weather->udp_blocked && !tcp) || (!tcp && sim_chance(&n->random, weather->loss))) {
    n->lost++;
    return;
  }
  int copies = 1 + (!tcp && sim_chance(&n->random, weather->duplication));
  while (copies-- > 0) {
    parcel.at_us = now_us + travel_us(n, weather);
    if (tcp) {
      if (parcel.at_us < *stream_clock_us) parcel.at_us = *stream_clock_us;
      *stream_clock_us = parcel.at_us;
    }
    post(n, parcel, data, len);
  }
}

void sim_network_frame(struct sim_network *n, int64_t now_us, const struct sim_weather *weather,
                       bool to_server, uint32_t host, uint32_t line, enum sim_parcel_kind kind, bool text,
                       const uint8_t *data, size_t len, int64_t *clock_us) {
  struct sim_parcel parcel = {.kind = kind, .to_server = to_server, .host = host, .line = line, .text = text};
  parcel.at_us = now_us + travel_us(n, weather);
  if (weather->down)
    parcel.at_us += 200 * 1000; // TCP: retransmitted until the way is up again or the line is cut
  if (parcel.at_us < *clock_us) parcel.at_us = *clock_us;
  *clock_us = parcel.at_us;
  post(n, parcel, data, len);
}

int64_t sim_network_deadline(const struct sim_network *n) {
  return n->len ? n->parcels[0].at_us : OH_NEVER;
}

bool sim_network_take(struct sim_network *n, int64_t now_us, struct sim_parcel *parcel) {
  if (n->len == 0 || n->parcels[0].at_us > now_us) return false;
  *parcel = n->parcels[0];
  struct sim_parcel last = n->parcels[--n->len];
  size_t i = 0;
  for (;;) {
    size_t child = i * 2 + 1;
    if (child >= n->len) break;
    if (child + 1 < n->len && earlier(&n->parcels[child + 1], &n->parcels[child])) child++;
    if (!earlier(&n->parcels[child], &last)) break;
    n->parcels[i] = n->parcels[child];
    i = child;
  }
  if (n->len) n->parcels[i] = last;
  return true;
}
