// offer.c — offers: whatever is taken can be answered or is refused as a whole, and the answer is a
// description that we can read, with the same sections, mids and payload types. The last byte says what we
// plan.
#include "livekit/offer.h"
#include "base/check.h"

static struct oh_description offer, answer;

static const struct oh_addr address = {.ip = {192, 0, 2, 9}, .port = 7882, .family = OH_ADDR_V4};
static const struct oh_local local = {.ufrag = "serv",
                                      .pwd = "serverserverserverserver",
                                      .fingerprint = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                                                     "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
                                      .candidates = &address,
                                      .candidate_count = 1,
                                      .lite = true};

static void check_section(const struct oh_section *theirs, const struct oh_section *ours) {
  OH_CHECK(!strcmp(theirs->mid, ours->mid) && theirs->kind == ours->kind);
  if (theirs->rejected) OH_CHECK(ours->rejected);
  if (ours->rejected || ours->kind != OH_SDP_AUDIO) return;
  OH_CHECK(ours->opus == theirs->opus && (!ours->red || ours->red == theirs->red));
  // we send only where they receive, and the other way round
  OH_CHECK(!(ours->direction & OH_SDP_SENDONLY) || (theirs->direction & OH_SDP_RECVONLY));
  OH_CHECK(!(ours->direction & OH_SDP_RECVONLY) || (theirs->direction & OH_SDP_SENDONLY));
  OH_CHECK(!ours->nack || theirs->nack);
  OH_CHECK(!ours->audio_level_id || ours->audio_level_id == theirs->audio_level_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (!len || oh_description_read(&offer, (struct oh_str){(const char *)data, len})) return 0;
  uint8_t wish = data[len - 1];
  struct oh_plan plans[OH_SDP_SECTIONS_MAX] = {0};
  for (size_t i = 0; i < offer.section_count; i++)
    plans[i] = (struct oh_plan){.receive = true,
                                .want_red = wish & 1,
                                .dtx = wish & 2,
                                .stereo = wish & 4,
                                .reject = (wish & 8) && i % 2 == 0,
                                .send = true,
                                .ssrc = (uint32_t)i + 1,
                                .stream_id = "PA_a|TR_b",
                                .track_id = "TR_b"};
  struct oh_text text;
  oh_text_init(&text, OH_SDP_MAX);
  if (oh_answer_write(&text, &offer, &local, plans)) {
    OH_CHECK(oh_description_read(&answer, oh_text_str(&text)) == NULL);
    OH_CHECK(answer.section_count == offer.section_count && answer.ice_lite &&
             answer.setup == OH_SDP_PASSIVE);
    for (size_t i = 0; i < offer.section_count; i++)
      check_section(&offer.sections[i], &answer.sections[i]);
  }
  oh_text_fini(&text);
  return 0;
}
