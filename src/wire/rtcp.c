// rtcp.c — see rtcp.h
#include "wire/rtcp.h"
#include "base/check.h"

#define REPORT_BYTES 24
#define NTP_EPOCH_S 2208988800u // seconds from 1900 to 1970

bool oh_rtcp_next(struct oh_reader *r, struct oh_rtcp *packet) {
  if (r->failed || oh_reader_left(r) == 0) return false;
  uint8_t first = oh_read_u8(r);
  packet->type = oh_read_u8(r);
  packet->count = first & 31;
  packet->body = oh_read_bytes(r, (size_t)oh_read_u16_be(r) * 4);
  if (first >> 6 != 2) r->failed = true;
  if (!r->failed && (first >> 5 & 1)) {
    // RFC 3550 6.4.1: only the last packet is padded, in multiples of four; the last byte counts itself.
    uint8_t padding = packet->body.len ? packet->body.data[packet->body.len - 1] : 0;
    if (padding == 0 || padding % 4 != 0 || padding > packet->body.len || oh_reader_left(r) > 0)
      r->failed = true;
    else
      packet->body.len -= padding;
  }
  return !r->failed;
}

bool oh_rtcp_valid(const uint8_t *data, size_t len) {
  struct oh_reader r = oh_reader(data, len);
  struct oh_rtcp packet;
  while (oh_rtcp_next(&r, &packet))
    if (packet.type < 192 || packet.type > 223) return false; // RFC 5761 section 4
  return len > 0 && !r.failed;
}

bool oh_rtcp_read_sr(const struct oh_rtcp *p, struct oh_rtcp_sr *sr) {
  struct oh_reader r = oh_reader(p->body.data, p->body.len);
  sr->ssrc = oh_read_u32_be(&r);
  sr->ntp = oh_read_u64_be(&r);
  sr->rtp_timestamp = oh_read_u32_be(&r);
  sr->packets = oh_read_u32_be(&r);
  sr->octets = oh_read_u32_be(&r);
  return p->type == OH_RTCP_SR && !r.failed;
}

bool oh_rtcp_read_rr(const struct oh_rtcp *p, uint32_t *ssrc) {
  if (p->type != OH_RTCP_RR || p->body.len < 4) return false;
  *ssrc = oh_load_u32_be(p->body.data);
  return true;
}

bool oh_rtcp_read_report(const struct oh_rtcp *p, size_t index, struct oh_rtcp_report *report) {
  size_t head = p->type == OH_RTCP_SR ? 24 : 4;
  if ((p->type != OH_RTCP_SR && p->type != OH_RTCP_RR) || index >= p->count) return false;
  struct oh_reader r = oh_reader(p->body.data, p->body.len);
  oh_read_bytes(&r, head + index * REPORT_BYTES);
  report->ssrc = oh_read_u32_be(&r);
  report->fraction_lost = oh_read_u8(&r);
  uint32_t lost = oh_read_u24_be(&r);
  report->lost = (int32_t)lost - (lost >> 23 ? 1 << 24 : 0);
  report->highest_sequence = oh_read_u32_be(&r);
  report->jitter = oh_read_u32_be(&r);
  report->last_sr = oh_read_u32_be(&r);
  report->delay_since_sr = oh_read_u32_be(&r);
  return !r.failed;
}

struct oh_rtcp_sdes_walk oh_rtcp_sdes_walk(const struct oh_rtcp *p) {
  return (struct oh_rtcp_sdes_walk){
      .in = oh_reader(p->body.data, p->body.len),
      .chunks_left = p->type == OH_RTCP_SDES ? p->count : 0,
  };
}

bool oh_rtcp_sdes_next(struct oh_rtcp_sdes_walk *walk, struct oh_rtcp_sdes *item) {
  struct oh_reader *r = &walk->in;
  while (!r->failed) {
    if (!walk->in_chunk) {
      if (walk->chunks_left == 0) return false;
      walk->chunks_left--;
      walk->ssrc = oh_read_u32_be(r);
      walk->in_chunk = true;
      continue;
    }
    uint8_t type = oh_read_u8(r);
    if (type == 0) {
      // The chunk ends with one or more zero bytes, up to the next multiple of four. Bodies start and end on
      // one, so what is left tells the alignment.
      oh_read_bytes(r, oh_reader_left(r) % 4);
      walk->in_chunk = false;
      continue;
    }
    struct oh_bytes text = oh_read_bytes(r, oh_read_u8(r));
    *item = (struct oh_rtcp_sdes){
        .ssrc = walk->ssrc, .type = type, .text = {.data = (const char *)text.data, .len = text.len}};
    return !r->failed;
  }
  return false;
}

bool oh_rtcp_read_bye(const struct oh_rtcp *p, size_t index, uint32_t *ssrc) {
  if (p->type != OH_RTCP_BYE || index >= p->count || p->body.len < (index + 1) * 4) return false;
  *ssrc = oh_load_u32_be(p->body.data + index * 4);
  return true;
}

bool oh_rtcp_read_nack(const struct oh_rtcp *p, struct oh_rtcp_nack *nack) {
  if (p->type != OH_RTCP_RTPFB || p->count != OH_RTCP_FMT_NACK || p->body.len < 12) return false;
  nack->sender_ssrc = oh_load_u32_be(p->body.data);
  nack->media_ssrc = oh_load_u32_be(p->body.data + 4);
  nack->entries = (struct oh_bytes){.data = p->body.data + 8, .len = p->body.len - 8};
  return true;
}

bool oh_rtcp_nack_next(const struct oh_rtcp_nack *nack, uint32_t *cursor, uint16_t *sequence) {
  // The cursor counts 17 places per pair: the packet id itself, then the sixteen after it.
  for (; *cursor / 17 < nack->entries.len / 4; (*cursor)++) {
    const uint8_t *entry = nack->entries.data + (size_t)(*cursor / 17) * 4;
    uint32_t place = *cursor % 17;
    if (place > 0 && !(oh_load_u16_be(entry + 2) >> (place - 1) & 1)) continue;
    *sequence = (uint16_t)(oh_load_u16_be(entry) + place);
    (*cursor)++;
    return true;
  }
  return false;
}

bool oh_rtcp_read_xr(const struct oh_rtcp *p, uint32_t *ssrc, struct oh_reader *blocks) {
  if (p->type != OH_RTCP_XR || p->body.len < 4) return false;
  *blocks = oh_reader(p->body.data, p->body.len);
  *ssrc = oh_read_u32_be(blocks);
  return true;
}

bool oh_rtcp_xr_next(struct oh_reader *blocks, struct oh_rtcp_xr_block *block) {
  if (blocks->failed || oh_reader_left(blocks) == 0) return false;
  block->type = oh_read_u8(blocks);
  oh_read_u8(blocks); // type-specific
  block->data = oh_read_bytes(blocks, (size_t)oh_read_u16_be(blocks) * 4);
  return !blocks->failed;
}

bool oh_rtcp_read_rrtr(const struct oh_rtcp_xr_block *b, uint64_t *ntp) {
  if (b->type != OH_RTCP_XR_RRTR || b->data.len != 8) return false;
  *ntp = (uint64_t)oh_load_u32_be(b->data.data) << 32 | oh_load_u32_be(b->data.data + 4);
  return true;
}

bool oh_rtcp_read_dlrr(const struct oh_rtcp_xr_block *b, size_t index, struct oh_rtcp_dlrr *dlrr) {
  if (b->type != OH_RTCP_XR_DLRR || index >= b->data.len / 12) return false;
  const uint8_t *at = b->data.data + index * 12;
  *dlrr = (struct oh_rtcp_dlrr){.ssrc = oh_load_u32_be(at),
                                .last_rr = oh_load_u32_be(at + 4),
                                .delay_since_rr = oh_load_u32_be(at + 8)};
  return true;
}

static void write_head(struct oh_writer *w, size_t count, enum oh_rtcp_type type, size_t body_bytes) {
  OH_CHECK(count <= 31 && body_bytes % 4 == 0);
  if (body_bytes / 4 > UINT16_MAX || body_bytes > oh_writer_left(w)) w->failed = true;
  oh_write_u8(w, (uint8_t)(2 << 6 | count));
  oh_write_u8(w, (uint8_t)type);
  oh_write_u16_be(w, (uint16_t)(body_bytes / 4));
}

static void write_reports(struct oh_writer *w, const struct oh_rtcp_report *reports, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int32_t lost = reports[i].lost; // clamped, not wrapped: RFC 3550 A.3
    lost = lost > 0x7FFFFF ? 0x7FFFFF : lost < -0x800000 ? -0x800000 : lost;
    oh_write_u32_be(w, reports[i].ssrc);
    oh_write_u8(w, reports[i].fraction_lost);
    oh_write_u24_be(w, (uint32_t)lost & 0xFFFFFF);
    oh_write_u32_be(w, reports[i].highest_sequence);
    oh_write_u32_be(w, reports[i].jitter);
    oh_write_u32_be(w, reports[i].last_sr);
    oh_write_u32_be(w, reports[i].delay_since_sr);
  }
}

void oh_rtcp_write_sr(struct oh_writer *w, const struct oh_rtcp_sr *sr, const struct oh_rtcp_report *reports,
                      size_t count) {
  write_head(w, count, OH_RTCP_SR, 24 + count * REPORT_BYTES);
  oh_write_u32_be(w, sr->ssrc);
  oh_write_u64_be(w, sr->ntp);
  oh_write_u32_be(w, sr->rtp_timestamp);
  oh_write_u32_be(w, sr->packets);
  oh_write_u32_be(w, sr->octets);
  write_reports(w, reports, count);
}

void oh_rtcp_write_rr(struct oh_writer *w, uint32_t ssrc, const struct oh_rtcp_report *reports,
                      size_t count) {
  write_head(w, count, OH_RTCP_RR, 4 + count * REPORT_BYTES);
  oh_write_u32_be(w, ssrc);
  write_reports(w, reports, count);
}

static void write_item(struct oh_writer *w, enum oh_rtcp_sdes_type type, struct oh_str text) {
  if (text.len > 255) w->failed = true;
  oh_write_u8(w, (uint8_t)type);
  oh_write_u8(w, (uint8_t)text.len);
  oh_write_bytes(w, text.data, text.len);
}

void oh_rtcp_write_sdes(struct oh_writer *w, uint32_t ssrc, struct oh_str cname, struct oh_str mid) {
  size_t items = 2 + cname.len + (mid.len ? 2 + mid.len : 0);
  size_t end = 4 - items % 4; // at least one zero byte ends the chunk
  write_head(w, 1, OH_RTCP_SDES, 4 + items + end);
  oh_write_u32_be(w, ssrc);
  write_item(w, OH_RTCP_CNAME, cname);
  if (mid.len) write_item(w, OH_RTCP_MID, mid);
  oh_write_bytes(w, "\0\0\0\0", end);
}

void oh_rtcp_write_bye(struct oh_writer *w, const uint32_t *ssrcs, size_t count) {
  write_head(w, count, OH_RTCP_BYE, count * 4);
  for (size_t i = 0; i < count; i++)
    oh_write_u32_be(w, ssrcs[i]);
}

void oh_rtcp_write_nack(struct oh_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
                        const uint16_t *sequences, size_t count) {
  uint8_t *head = oh_write_reserve(w, 4);
  oh_write_u32_be(w, sender_ssrc);
  oh_write_u32_be(w, media_ssrc);
  size_t pairs = 0;
  for (size_t i = 0; i < count; pairs++) {
    uint16_t first = sequences[i++], following = 0;
    for (; i < count; i++) {
      uint16_t distance = (uint16_t)(sequences[i] - first);
      if (distance > 16) break;
      if (distance > 0) following = (uint16_t)(following | 1u << (distance - 1));
    }
    oh_write_u16_be(w, first);
    oh_write_u16_be(w, following);
  }
  if (pairs > UINT16_MAX - 2) w->failed = true;
  if (w->failed) return;
  head[0] = 2 << 6 | OH_RTCP_FMT_NACK;
  head[1] = OH_RTCP_RTPFB;
  oh_store_u16_be(head + 2, (uint16_t)(2 + pairs));
}

void oh_rtcp_write_rrtr(struct oh_writer *w, uint32_t ssrc, uint64_t ntp) {
  write_head(w, 0, OH_RTCP_XR, 16);
  oh_write_u32_be(w, ssrc);
  oh_write_u8(w, OH_RTCP_XR_RRTR);
  oh_write_u8(w, 0);
  oh_write_u16_be(w, 2);
  oh_write_u64_be(w, ntp);
}

void oh_rtcp_write_dlrr(struct oh_writer *w, uint32_t ssrc, const struct oh_rtcp_dlrr *dlrr, size_t count) {
  OH_CHECK(count <= 31);
  write_head(w, 0, OH_RTCP_XR, 8 + count * 12);
  oh_write_u32_be(w, ssrc);
  oh_write_u8(w, OH_RTCP_XR_DLRR);
  oh_write_u8(w, 0);
  oh_write_u16_be(w, (uint16_t)(count * 3));
  for (size_t i = 0; i < count; i++) {
    oh_write_u32_be(w, dlrr[i].ssrc);
    oh_write_u32_be(w, dlrr[i].last_rr);
    oh_write_u32_be(w, dlrr[i].delay_since_rr);
  }
}

uint64_t oh_ntp_from_unix_us(int64_t unix_us) {
  int64_t seconds = unix_us / 1000000, rest = unix_us % 1000000;
  if (rest < 0) {
    rest += 1000000;
    seconds--;
  }
  return ((uint64_t)seconds + NTP_EPOCH_S) << 32 | ((uint64_t)rest << 32) / 1000000;
}
