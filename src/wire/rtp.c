// rtp.c — see rtp.h
#include "wire/rtp.h"
#include "base/check.h"

bool oh_rtp_read_header(struct oh_rtp *p, const uint8_t *data, size_t len) {
  if (len < OH_RTP_HEADER_BYTES || data[0] >> 6 != 2) return false;
  size_t csrcs_len = (size_t)(data[0] & 15) * 4;
  struct oh_reader r = oh_reader(data + OH_RTP_HEADER_BYTES, len - OH_RTP_HEADER_BYTES);
  *p = (struct oh_rtp){
      .header = {.marker = data[1] >> 7,
                 .payload_type = data[1] & 127,
                 .sequence = oh_load_u16_be(data + 2),
                 .timestamp = oh_load_u32_be(data + 4),
                 .ssrc = oh_load_u32_be(data + 8)},
      .has_padding = data[0] >> 5 & 1,
      .has_extension = data[0] >> 4 & 1,
      .csrcs = oh_read_bytes(&r, csrcs_len),
      .extension = {.data = data, .len = 0},
  };
  if (p->has_extension) {
    p->extension_profile = oh_read_u16_be(&r);
    p->extension = oh_read_bytes(&r, (size_t)oh_read_u16_be(&r) * 4);
  }
  if (r.failed) return false;
  p->payload = (struct oh_bytes){.data = r.at, .len = oh_reader_left(&r)};
  p->header_len = (size_t)(r.at - data);
  return true;
}

bool oh_rtp_read_payload(struct oh_rtp *p, const uint8_t *data, size_t len) {
  p->payload = (struct oh_bytes){.data = data + p->header_len, .len = len};
  if (!p->has_padding) return true;
  // RFC 3550 5.1: the last byte counts the padding, itself included.
  uint8_t padding = len ? p->payload.data[len - 1] : 0;
  if (padding == 0 || padding > len) return false;
  p->payload.len -= padding;
  return true;
}

bool oh_rtp_read(struct oh_rtp *p, const uint8_t *data, size_t len) {
  return oh_rtp_read_header(p, data, len) && oh_rtp_read_payload(p, data, len - p->header_len);
}

size_t oh_rtp_write_header(const struct oh_rtp_header *h, uint16_t extension_profile,
                           struct oh_bytes extension, uint8_t *out, size_t capacity) {
  OH_CHECK(h->payload_type < 128);
  struct oh_writer w = oh_writer(out, capacity);
  oh_write_u8(&w, (uint8_t)(2 << 6 | (extension.len > 0) << 4));
  oh_write_u8(&w, (uint8_t)(h->marker << 7 | h->payload_type));
  oh_write_u16_be(&w, h->sequence);
  oh_write_u32_be(&w, h->timestamp);
  oh_write_u32_be(&w, h->ssrc);
  if (extension.len > 0) {
    size_t words = (extension.len + 3) / 4;
    if (words > UINT16_MAX) return 0;
    oh_write_u16_be(&w, extension_profile);
    oh_write_u16_be(&w, (uint16_t)words);
    oh_write_bytes(&w, extension.data, extension.len);
    oh_write_bytes(&w, "\0\0\0", words * 4 - extension.len);
  }
  return w.failed ? 0 : oh_writer_len(&w);
}
