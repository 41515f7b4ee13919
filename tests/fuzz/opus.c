// opus.c — any bytes as an Opus packet: the duration is that of whole frames and within 120 ms.
#include "wire/opus.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_bytes packet = {.data = data, .len = len};
  unsigned frames = oh_opus_frames(packet), duration = oh_opus_duration(packet);
  OH_CHECK(frames <= OH_OPUS_FRAMES_MAX && duration <= OH_OPUS_DURATION_MAX);
  OH_CHECK((frames == 0) == (duration == 0));
  if (frames) OH_CHECK(duration == frames * oh_opus_frame_samples(data[0]));
  return 0;
}
