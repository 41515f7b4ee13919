// map.c — open addressing with linear probing and backward-shift deletion; keys ≤ 24 bytes live in the entry.
#include "base/map.h"
#include "base/check.h"
#include <string.h>

enum { INLINE_KEY = 24, KEY_MAX = 512 };

struct oh_map_entry {
  uint64_t value;
  uint32_t hash; // 0 = empty
  uint16_t len;
  union {
    uint8_t bytes[INLINE_KEY];
    uint8_t *heap;
  } key;
};

static uint64_t rotate(uint64_t v, int bits) {
  return v << bits | v >> (64 - bits);
}
static uint64_t load_le(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v : __builtin_bswap64(v);
}

static void sip_rounds(uint64_t v[4], int rounds) {
  while (rounds-- > 0) {
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
  }
}

// SipHash-2-4, Aumasson and Bernstein, 2012.
uint64_t oh_siphash(const uint8_t secret[16], const void *data, size_t len) {
  const uint8_t *p = data;
  uint64_t k0 = load_le(secret), k1 = load_le(secret + 8);
  uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                   k1 ^ 0x7465646279746573u};
  uint64_t last = (uint64_t)len << 56;
  for (; len >= 8; p += 8, len -= 8) {
    uint64_t m = load_le(p);
    v[3] ^= m;
    sip_rounds(v, 2);
    v[0] ^= m;
  }
  for (size_t i = 0; i < len; i++)
    last |= (uint64_t)p[i] << (8 * i);
  v[3] ^= last;
  sip_rounds(v, 2);
  v[0] ^= last;
  v[2] ^= 0xff;
  sip_rounds(v, 4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint32_t hash_of(const struct oh_map *m, const void *key, size_t len) {
  uint32_t hash = (uint32_t)oh_siphash(m->secret, key, len);
  return hash ? hash : 1;
}
static const uint8_t *key_of(const struct oh_map_entry *e) {
  return e->len <= INLINE_KEY ? e->key.bytes : e->key.heap;
}

void oh_map_init(struct oh_map *m, const uint8_t secret[16]) {
  *m = (struct oh_map){0};
  memcpy(m->secret, secret, 16);
}

void oh_map_fini(struct oh_map *m) {
  for (uint32_t i = 0; i < m->cap; i++)
    if (m->entries[i].hash && m->entries[i].len > INLINE_KEY) free(m->entries[i].key.heap);
  free(m->entries);
  m->entries = NULL;
  m->cap = m->used = 0;
}

static struct oh_map_entry *find(const struct oh_map *m, uint32_t hash, const void *key, size_t len) {
  if (m->cap == 0) return NULL;
  for (uint32_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
    struct oh_map_entry *e = &m->entries[i];
    if (!e->hash) return NULL;
    if (e->hash == hash && e->len == len && memcmp(key_of(e), key, len) == 0) return e;
  }
}

static void place(struct oh_map *m, struct oh_map_entry entry) {
  uint32_t i = entry.hash & (m->cap - 1);
  while (m->entries[i].hash)
    i = (i + 1) & (m->cap - 1);
  m->entries[i] = entry;
}

static void grow(struct oh_map *m) {
  struct oh_map_entry *old = m->entries;
  uint32_t old_cap = m->cap;
  m->cap = old_cap ? old_cap * 2 : 16;
  m->entries = calloc(m->cap, sizeof *m->entries);
  OH_CHECK(m->entries);
  for (uint32_t i = 0; i < old_cap; i++)
    if (old[i].hash) place(m, old[i]);
  free(old);
}

void oh_map_put(struct oh_map *m, const void *key, size_t len, uint64_t value) {
  OH_CHECK(len <= KEY_MAX);
  uint32_t hash = hash_of(m, key, len);
  struct oh_map_entry *found = find(m, hash, key, len);
  if (found) {
    found->value = value;
    return;
  }
  if (m->used + 1 > m->cap / 4 * 3) grow(m);
  struct oh_map_entry entry = {.value = value, .hash = hash, .len = (uint16_t)len};
  uint8_t *target = entry.key.bytes;
  if (len > INLINE_KEY) {
    target = malloc(len);
    OH_CHECK(target);
    entry.key.heap = target;
  }
  if (len) memcpy(target, key, len);
  place(m, entry);
  m->used++;
}

bool oh_map_get(const struct oh_map *m, const void *key, size_t len, uint64_t *value) {
  struct oh_map_entry *e = find(m, hash_of(m, key, len), key, len);
  if (e && value) *value = e->value;
  return e != NULL;
}

bool oh_map_remove(struct oh_map *m, const void *key, size_t len) {
  struct oh_map_entry *e = find(m, hash_of(m, key, len), key, len);
  if (!e) return false;
  if (e->len > INLINE_KEY) free(e->key.heap);
  uint32_t mask = m->cap - 1, hole = (uint32_t)(e - m->entries);
  for (uint32_t i = (hole + 1) & mask; m->entries[i].hash; i = (i + 1) & mask) {
    uint32_t home = m->entries[i].hash & mask;
    // may the entry at i move back into the hole? only if its home is not between the hole (exclusive) and i
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      m->entries[hole] = m->entries[i];
      hole = i;
    }
  }
  m->entries[hole] = (struct oh_map_entry){0};
  m->used--;
  return true;
}

bool oh_map_next(const struct oh_map *m, uint32_t *cursor, const void **key, size_t *len, uint64_t *value) {
  for (; *cursor < m->cap; (*cursor)++) {
    struct oh_map_entry *e = &m->entries[*cursor];
    if (!e->hash) continue;
    *key = key_of(e);
    *len = e->len;
    if (value) *value = e->value;
    (*cursor)++;
    return true;
  }
  return false;
}
