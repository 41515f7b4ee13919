// histogram.c — see histogram.h
#include "bench/histogram.h"

void oh_histogram_add(struct oh_histogram *h, int64_t value) {
  uint64_t v = value < 0 ? 0 : (uint64_t)value;
  if (v >> 41) v = (UINT64_C(1) << 41) - 1;
  uint64_t index = v;
  if (v >= 32) {
    unsigned exponent = 63u - (unsigned)__builtin_clzll(v);
    index = (exponent - 4) * 32 + (v >> (exponent - 5)) - 32;
  }
  h->buckets[index]++;
  h->count++;
  h->sum += v;
}

int64_t oh_histogram_at(const struct oh_histogram *h, uint32_t per_100k) {
  uint64_t rank = (h->count * per_100k + 99999) / 100000, seen = 0;
  if (rank == 0) rank = 1;
  for (uint64_t i = 0; i < OH_HISTOGRAM_BUCKETS; i++) {
    seen += h->buckets[i];
    if (seen < rank) continue;
    if (i < 32) return (int64_t)i;
    uint64_t shift = i / 32 - 1;
    return (int64_t)(((32 + i % 32 + 1) << shift) - 1);
  }
  return 0;
}
