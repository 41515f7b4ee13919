// rtp.c — any datagram as an RTP packet: header, extension elements, payload stay inside; what we write reads
// back.
#include "base/check.h"
#include "wire/rtpext.h"

static bool inside(struct oh_bytes part, const uint8_t *data, size_t len) {
  return part.data >= data && part.len <= len && part.data + part.len <= data + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_rtp p;
  if (!oh_rtp_read_header(&p, data, len)) return 0;
  OH_CHECK(p.header_len + p.payload.len == len && inside(p.extension, data, len) &&
           inside(p.csrcs, data, len));
  struct oh_rtpext_walk walk = oh_rtpext_walk(&p);
  struct oh_rtpext element;
  size_t total = 0;
  while (oh_rtpext_next(&walk, &element)) {
    OH_CHECK(inside(element.data, data, len) && element.id != 0);
    total += element.data.len;
    struct oh_bytes found;
    OH_CHECK(oh_rtpext_find(&p, element.id, &found));
  }
  OH_CHECK(total <= p.extension.len);
  struct oh_audio_level level;
  struct oh_bytes mid;
  uint16_t sequence;
  for (uint8_t id = 0; id < 16; id++) {
    oh_rtpext_audio_level(&p, id, &level);
    oh_rtpext_mid(&p, id, &mid);
    oh_rtpext_transport_sequence(&p, id, &sequence);
  }
  if (oh_rtp_read(&p, data, len)) {
    OH_CHECK(inside(p.payload, data, len));
    uint8_t out[2048];
    size_t n = oh_rtp_write_header(&p.header, p.extension_profile, p.extension, out, sizeof out);
    struct oh_rtp again;
    if (n) OH_CHECK(oh_rtp_read(&again, out, n) && again.header.ssrc == p.header.ssrc);
  }
  return 0;
}
