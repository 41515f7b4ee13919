// random.h — where random bytes come from: getrandom() in the program, a seeded generator in tests and the
// simulator.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct oh_random {
  void (*fill)(void *ctx, void *buffer, size_t len);
  void *ctx;
};

static inline void oh_random_fill(const struct oh_random *r, void *buffer, size_t len) {
  r->fill(r->ctx, buffer, len);
}
static inline uint32_t oh_random_u32(const struct oh_random *r) {
  uint32_t v;
  oh_random_fill(r, &v, sizeof v);
  return v;
}
