// window.h — which of the last OH_WINDOW_PACKETS sequence numbers (extended to 64 bits, so they never wrap)
// have been seen: keeps a packet from being forwarded twice.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define OH_WINDOW_PACKETS 256 // 5 s of 20 ms packets: later ones are worth nothing to a listener

struct oh_window {
  uint64_t bits[OH_WINDOW_PACKETS / 64];
  int64_t highest; // the newest marked
  bool started;
};

static inline void oh_window_put(struct oh_window *w, int64_t sequence, bool value) {
  uint64_t bit = 1ull << (sequence & 63);
  uint64_t *word = &w->bits[(uint64_t)sequence / 64 % (OH_WINDOW_PACKETS / 64)];
  *word = value ? *word | bit : *word & ~bit;
}
static inline bool oh_window_too_old(const struct oh_window *w, int64_t sequence) {
  return w->started && sequence <= w->highest - OH_WINDOW_PACKETS;
}
static inline bool oh_window_has(const struct oh_window *w, int64_t sequence) {
  if (!w->started || sequence > w->highest || oh_window_too_old(w, sequence)) return false;
  return w->bits[(uint64_t)sequence / 64 % (OH_WINDOW_PACKETS / 64)] >> (sequence & 63) & 1;
}
// Marks a sequence number that is not too old.
static inline void oh_window_add(struct oh_window *w, int64_t sequence) {
  if (!w->started || sequence - w->highest >= OH_WINDOW_PACKETS) {
    memset(w->bits, 0, sizeof w->bits);
    w->highest = sequence;
    w->started = true;
  }
  for (; w->highest < sequence; w->highest++)
    oh_window_put(w, w->highest + 1, false);
  oh_window_put(w, sequence, true);
}
