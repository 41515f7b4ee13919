// sdp.c — session descriptions: everything that was read lies inside the text and within the limits.
#include "wire/sdp.h"
#include "base/check.h"

static struct oh_sdp sdp;

static void inside(struct oh_str s, const uint8_t *data, size_t len) {
  const char *start = (const char *)data;
  OH_CHECK(!s.len || (s.data >= start && s.data + s.len <= start + len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_str text = {.data = (const char *)data, .len = len};
  struct oh_sdp_candidate candidate;
  oh_sdp_read_candidate(&candidate, text);
  if (oh_sdp_read(&sdp, text)) return 0;
  OH_CHECK(sdp.section_count <= OH_SDP_SECTIONS_MAX && sdp.candidate_count <= OH_SDP_CANDIDATES_MAX);
  inside(sdp.bundle, data, len);
  for (size_t i = 0; i < sdp.section_count; i++) {
    const struct oh_sdp_section *s = &sdp.sections[i];
    inside(s->mid, data, len);
    inside(s->formats, data, len);
    inside(s->msid_track, data, len);
    inside(s->transport.pwd, data, len);
    OH_CHECK(s->codec_count <= OH_SDP_CODECS_MAX && s->ssrc_count <= OH_SDP_SSRCS_MAX);
    OH_CHECK(s->extension_count <= OH_SDP_EXTENSIONS_MAX && s->mid.len <= OH_SDP_MID_MAX);
    for (size_t k = 0; k < s->codec_count; k++) {
      struct oh_str value;
      inside(s->codecs[k].name, data, len);
      if (oh_sdp_parameter(s->codecs[k].fmtp, OH_STR("usedtx"), &value)) inside(value, data, len);
    }
  }
  return 0;
}
