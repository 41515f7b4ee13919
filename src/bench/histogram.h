// histogram.h — how durations are spread: buckets of at most 3.2 % width, so that a million of them cost
// nothing to keep and any percentile can be asked afterwards. Pure.
#pragma once
#include <stdint.h>

#define OH_HISTOGRAM_BUCKETS (32 + 36 * 32) // exact below 32, then 32 per power of two up to 2^41

struct oh_histogram {
  uint64_t count, sum;
  uint64_t buckets[OH_HISTOGRAM_BUCKETS];
};

void oh_histogram_add(struct oh_histogram *h, int64_t value); // negative counts as 0
// The least value that at least `per_100k` of 100,000 values do not exceed, rounded up to its bucket's end; 0
// if there are none. 50000 is the median, 99900 is p99.9.
int64_t oh_histogram_at(const struct oh_histogram *h, uint32_t per_100k);
