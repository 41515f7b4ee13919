// rtcp.c — any datagram as an RTCP compound: every view of every packet stays inside; loops end.
#include "wire/rtcp.h"
#include "base/check.h"

static volatile uint64_t sink; // reads every byte that a view points to

static void touch(const void *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    sink += ((const uint8_t *)data)[i];
}

static void walk_items(const struct oh_rtcp *p) {
  struct oh_rtcp_sdes_walk walk = oh_rtcp_sdes_walk(p);
  struct oh_rtcp_sdes item;
  while (oh_rtcp_sdes_next(&walk, &item))
    touch(item.text.data, item.text.len);
}

static void walk_xr(const struct oh_rtcp *p) {
  struct oh_reader blocks;
  struct oh_rtcp_xr_block block;
  struct oh_rtcp_dlrr dlrr;
  uint32_t ssrc;
  uint64_t ntp;
  if (!oh_rtcp_read_xr(p, &ssrc, &blocks)) return;
  while (oh_rtcp_xr_next(&blocks, &block)) {
    touch(block.data.data, block.data.len);
    if (oh_rtcp_read_rrtr(&block, &ntp)) sink += ntp;
    for (size_t i = 0; oh_rtcp_read_dlrr(&block, i, &dlrr); i++)
      sink += dlrr.last_rr;
  }
}

static void walk_nack(const struct oh_rtcp *p) {
  struct oh_rtcp_nack nack;
  if (!oh_rtcp_read_nack(p, &nack)) return;
  uint32_t cursor = 0;
  uint16_t sequence;
  size_t count = 0;
  while (oh_rtcp_nack_next(&nack, &cursor, &sequence))
    count++;
  OH_CHECK(count >= nack.entries.len / 4 && count <= nack.entries.len / 4 * 17);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_reader r = oh_reader(data, len);
  struct oh_rtcp p;
  bool valid = oh_rtcp_valid(data, len);
  while (oh_rtcp_next(&r, &p)) {
    touch(p.body.data, p.body.len);
    struct oh_rtcp_sr sr;
    struct oh_rtcp_report report;
    uint32_t ssrc;
    if (oh_rtcp_read_sr(&p, &sr)) sink += sr.ntp;
    if (oh_rtcp_read_rr(&p, &ssrc)) sink += ssrc;
    for (size_t i = 0; oh_rtcp_read_report(&p, i, &report); i++)
      OH_CHECK(i < 31 && report.lost >= -0x800000 && report.lost <= 0x7FFFFF);
    for (size_t i = 0; oh_rtcp_read_bye(&p, i, &ssrc); i++)
      OH_CHECK(i < 31);
    walk_items(&p);
    walk_nack(&p);
    walk_xr(&p);
  }
  OH_CHECK(!valid || (!r.failed && r.at == data + len));
  return 0;
}
