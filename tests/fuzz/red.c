// red.c — any payload as RED: blocks lie inside and do not overlap; what was read writes back byte for byte.
#include "wire/red.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_red red;
  if (!oh_red_read(&red, (struct oh_bytes){.data = data, .len = len})) return 0;
  OH_CHECK(red.count >= 1 && red.count <= OH_RED_BLOCKS_MAX);
  static uint8_t out[1 << 20];
  if (len > sizeof out) return 0;
  struct oh_writer w = oh_writer(out, len);
  oh_red_write(&w, red.blocks, red.count);
  OH_CHECK(!w.failed && oh_writer_len(&w) == len && memcmp(out, data, len) == 0);
  return 0;
}
