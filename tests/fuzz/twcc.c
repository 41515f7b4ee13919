// twcc.c — any RTCP packet as transport-wide feedback; what it says, written again, reads the same.
#include "wire/twcc.h"
#include "base/check.h"

static int64_t first[OH_TWCC_PACKETS_MAX], second[OH_TWCC_PACKETS_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_reader r = oh_reader(data, len);
  struct oh_rtcp p;
  struct oh_twcc feedback, again;
  static uint8_t out[8192];
  while (oh_rtcp_next(&r, &p)) {
    size_t count = oh_twcc_read(&p, &feedback, first);
    OH_CHECK(count <= OH_TWCC_PACKETS_MAX);
    struct oh_writer w = oh_writer(out, sizeof out);
    size_t covered = oh_twcc_write(&w, &feedback, first, count);
    if (w.failed) continue; // nothing arrived
    struct oh_reader written = oh_reader(out, oh_writer_len(&w));
    struct oh_rtcp q;
    OH_CHECK(oh_rtcp_valid(out, oh_writer_len(&w)) && oh_rtcp_next(&written, &q));
    OH_CHECK(covered <= count && oh_twcc_read(&q, &again, second) == covered);
    int64_t shift = OH_TWCC_LOST;
    for (size_t i = 0; i < covered; i++) {
      OH_CHECK((first[i] == OH_TWCC_LOST) == (second[i] == OH_TWCC_LOST));
      if (first[i] == OH_TWCC_LOST) continue;
      if (shift == OH_TWCC_LOST) shift = first[i] - second[i]; // the reference wraps
      OH_CHECK(first[i] - second[i] == shift);
    }
  }
  return 0;
}
