// turn_guard.c — see turn_guard.h
#include "rtc/turn_guard.h"
#include "base/check.h"
#include "base/endian.h"
#include "base/limits.h"
#include "base/limits_api.h"
#include "base/map.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

// A bucket of answers, in millionths of one. Two addresses may share a place; then they share the answers.
struct bucket {
  int64_t filled_us;
  int64_t micros;
};

struct oh_turn_guard {
  uint8_t secret[16];
  struct bucket all, places[OH_TURN_STRANGERS];
};

struct oh_turn_guard *oh_turn_guard_open(const struct oh_random *random) {
  struct oh_turn_guard *g = calloc(1, sizeof *g);
  OH_CHECK(g);
  oh_random_fill(random, g->secret, sizeof g->secret);
  g->all.filled_us = INT64_MIN / 2;
  for (size_t i = 0; i < OH_TURN_STRANGERS; i++)
    g->places[i].filled_us = INT64_MIN / 2;
  return g;
}

void oh_turn_guard_close(struct oh_turn_guard *g) {
  free(g);
}

static bool take(struct bucket *b, int64_t now_us, int64_t per_s, int64_t burst) {
  int64_t passed_us = now_us - b->filled_us;
  int64_t full = burst * 1000000;
  if (passed_us > full / per_s)
    b->micros = full;
  else if (passed_us > 0 && (b->micros += passed_us * per_s) > full)
    b->micros = full;
  b->filled_us = now_us;
  if (b->micros < 1000000) return false;
  b->micros -= 1000000;
  return true;
}

bool oh_turn_guard_allows(struct oh_turn_guard *g, int64_t now_us, const struct oh_addr *from) {
  uint64_t hash = oh_siphash(g->secret, from->ip, from->family == OH_ADDR_V6 ? 8 : 4);
  return take(&g->places[hash % OH_TURN_STRANGERS], now_us, OH_TURN_STRANGER_PER_S, OH_TURN_STRANGER_BURST) &&
         take(&g->all, now_us, OH_TURN_STRANGERS_PER_S, OH_TURN_STRANGERS_PER_S);
}

static void write_nonce(const struct oh_turn_guard *g, uint32_t time_s, const struct oh_addr *client,
                        char out[OH_TURN_NONCE_CHARS + 1]) {
  uint8_t said[sizeof *client + 4];
  memcpy(said, client, sizeof *client);
  oh_store_u32_be(said + sizeof *client, time_s);
  snprintf(out, OH_TURN_NONCE_CHARS + 1, "%08x%016llx", (unsigned)time_s,
           (unsigned long long)oh_siphash(g->secret, said, sizeof said));
}

void oh_turn_guard_nonce(const struct oh_turn_guard *g, int64_t unix_s, const struct oh_addr *client,
                         char nonce[OH_TURN_NONCE_CHARS]) {
  char text[OH_TURN_NONCE_CHARS + 1];
  write_nonce(g, (uint32_t)unix_s, client, text);
  memcpy(nonce, text, OH_TURN_NONCE_CHARS);
}

bool oh_turn_guard_knows(const struct oh_turn_guard *g, int64_t unix_s, const struct oh_addr *client,
                         struct oh_str nonce) {
  char time[9] = {0}, text[OH_TURN_NONCE_CHARS + 1];
  if (nonce.len != OH_TURN_NONCE_CHARS) return false;
  memcpy(time, nonce.data, 8);
  uint32_t given_s = (uint32_t)strtoul(time, NULL, 16);
  write_nonce(g, given_s, client, text);
  uint32_t age_s = (uint32_t)unix_s - given_s;
  return CRYPTO_memcmp(text, nonce.data, OH_TURN_NONCE_CHARS) == 0 && age_s < OH_TURN_NONCE_S;
}
