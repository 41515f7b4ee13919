// repeatable.h — random bytes that are the same in every run, for a target's struct oh_random: ctx is a
// uint64_t, the seed at first.
#pragma once
#include <stddef.h>
#include <stdint.h>

static void fill(void *ctx, void *buffer, size_t len) {
  uint64_t *state = ctx;
  uint8_t *bytes = buffer;
  for (size_t i = 0; i < len; i++) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (uint8_t)(*state >> 56);
  }
}
