// ogg.c — any file as Ogg Opus: packets lie in the file or in the scratch; the walk ends.
#include "wire/ogg.h"
#include "base/check.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static uint8_t scratch[1000];
  struct oh_ogg_reader r;
  struct oh_ogg_packet p;
  struct oh_opus_head head;
  oh_ogg_reader_init(&r, (struct oh_bytes){.data = data, .len = len}, scratch, sizeof scratch);
  for (size_t count = 0; oh_ogg_read(&r, &p); count++) {
    bool in_file = p.data.data >= data && p.data.data + p.data.len <= data + len;
    bool in_scratch = p.data.data == scratch && p.data.len <= sizeof scratch;
    OH_CHECK(in_file || in_scratch);
    OH_CHECK(count <= len);
    oh_opus_head_read(&head, p.data);
  }
  OH_CHECK(r.damaged <= len + OH_OGG_DAMAGED_MAX);
  return 0;
}
