// map.h — a hash map from short byte keys to 64-bit values; keys are copied. SipHash-2-4 under a secret key,
// so that names and addresses chosen by strangers cannot be made to collide.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oh_map_entry;
struct oh_map {
  struct oh_map_entry *entries;
  uint32_t cap, used; // cap is 0 or a power of two
  uint8_t secret[16];
};

uint64_t oh_siphash(const uint8_t secret[16], const void *data, size_t len);

void oh_map_init(struct oh_map *m, const uint8_t secret[16]);
void oh_map_fini(struct oh_map *m);
// Adds or replaces. Keys up to 512 bytes.
void oh_map_put(struct oh_map *m, const void *key, size_t len, uint64_t value);
bool oh_map_get(const struct oh_map *m, const void *key, size_t len, uint64_t *value);
bool oh_map_remove(struct oh_map *m, const void *key, size_t len);
// Walks all entries: start with *cursor = 0; false at the end. Do not change the map while walking.
bool oh_map_next(const struct oh_map *m, uint32_t *cursor, const void **key, size_t *len, uint64_t *value);
