// test.h — what every unit test includes: cmocka with its prerequisites, and a seeded random source.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

// splitmix64: small, seedable, good enough to make tests repeatable.
static inline uint64_t test_next(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
static inline void test_fill(void *ctx, void *buffer, size_t len) {
  uint8_t *p = buffer;
  for (size_t i = 0; i < len; i++)
    p[i] = (uint8_t)test_next(ctx);
}
static inline struct oh_random test_random(uint64_t *seed) {
  return (struct oh_random){.fill = test_fill, .ctx = seed};
}
