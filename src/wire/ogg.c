// ogg.c — see ogg.h
#include "wire/ogg.h"
#include "base/limits.h"

#define HEADER_BYTES 27

// RFC 3533 6: CRC-32 of polynomial 04C11DB7, most significant bit first, starting from 0 and not inverted;
// four bits at a time.
static uint32_t crc_add(uint32_t crc, const uint8_t *data, size_t len) {
  static const uint32_t table[16] = {0x00000000, 0x04C11DB7, 0x09823B6E, 0x0D4326D9, 0x130476DC, 0x17C56B6B,
                                     0x1A864DB2, 0x1E475005, 0x2608EDB8, 0x22C9F00F, 0x2F8AD6D6, 0x2B4BCB61,
                                     0x350C9B64, 0x31CD86D3, 0x3C8EA00A, 0x384FBDBD};
  for (size_t i = 0; i < len; i++) {
    crc = crc << 4 ^ table[crc >> 28 ^ data[i] >> 4];
    crc = crc << 4 ^ table[crc >> 28 ^ (data[i] & 15)];
  }
  return crc;
}

// Ogg and OpusHead are little-endian.
static void write_le(struct oh_writer *w, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; i++)
    oh_write_u8(w, (uint8_t)(value >> (8 * i)));
}
static uint64_t read_le(struct oh_reader *r, size_t width) {
  uint64_t value = 0;
  for (size_t i = 0; i < width; i++)
    value |= (uint64_t)oh_read_u8(r) << (8 * i);
  return value;
}

void oh_ogg_write_page(struct oh_writer *w, const struct oh_ogg_page *page, const struct oh_bytes *packets,
                       size_t count) {
  size_t segments = 0;
  for (size_t i = 0; i < count; i++)
    segments += oh_ogg_segments(packets[i].len);
  if (segments > OH_OGG_SEGMENTS_MAX) w->failed = true;
  uint8_t *start = w->at;
  oh_write_bytes(w, "OggS", 5); // with the version, 0
  oh_write_u8(w, page->flags);
  write_le(w, (uint64_t)page->granule, 8);
  write_le(w, page->serial, 4);
  write_le(w, page->sequence, 4);
  uint8_t *crc_at = oh_write_reserve(w, 4);
  oh_write_u8(w, (uint8_t)segments);
  for (size_t i = 0; i < count && !w->failed; i++) {
    for (size_t left = packets[i].len / 255; left > 0; left--)
      oh_write_u8(w, 255);
    oh_write_u8(w, (uint8_t)(packets[i].len % 255));
  }
  for (size_t i = 0; i < count; i++)
    oh_write_bytes(w, packets[i].data, packets[i].len);
  if (w->failed) return;
  memset(crc_at, 0, 4);
  uint32_t crc = crc_add(0, start, (size_t)(w->at - start));
  struct oh_writer field = {.start = crc_at, .at = crc_at, .end = w->end};
  write_le(&field, crc, 4);
}

void oh_opus_head_write(struct oh_writer *w, const struct oh_opus_head *head) {
  oh_write_bytes(w, "OpusHead\1", 9);
  oh_write_u8(w, head->channels);
  write_le(w, head->pre_skip, 2);
  write_le(w, head->input_rate, 4);
  write_le(w, (uint16_t)head->gain, 2);
  oh_write_u8(w, 0); // mapping family 0: mono or stereo
}

bool oh_opus_head_read(struct oh_opus_head *head, struct oh_bytes packet) {
  struct oh_reader r = oh_reader(packet.data, packet.len);
  struct oh_bytes magic = oh_read_bytes(&r, 8);
  uint8_t version = oh_read_u8(&r);
  head->channels = oh_read_u8(&r);
  head->pre_skip = (uint16_t)read_le(&r, 2);
  head->input_rate = (uint32_t)read_le(&r, 4);
  head->gain = (int16_t)(uint16_t)read_le(&r, 2);
  uint8_t family = oh_read_u8(&r);
  return !r.failed && memcmp(magic.data, "OpusHead", 8) == 0 && version >> 4 == 0 && family == 0 &&
         (head->channels == 1 || head->channels == 2);
}

void oh_opus_tags_write(struct oh_writer *w, struct oh_str vendor, const struct oh_str *comments,
                        size_t count) {
  oh_write_bytes(w, "OpusTags", 8);
  write_le(w, vendor.len, 4);
  oh_write_bytes(w, vendor.data, vendor.len);
  write_le(w, count, 4);
  for (size_t i = 0; i < count; i++) {
    write_le(w, comments[i].len, 4);
    oh_write_bytes(w, comments[i].data, comments[i].len);
  }
}

void oh_ogg_reader_init(struct oh_ogg_reader *r, struct oh_bytes file, uint8_t *scratch,
                        size_t scratch_bytes) {
  *r = (struct oh_ogg_reader){
      .in = oh_reader(file.data, file.len),
      .scratch = oh_writer(scratch, scratch_bytes),
  };
}

// Takes a page off r->in, which stands on a capture pattern; false if it is cut, of another version or
// damaged.
static bool read_page(struct oh_reader *in, struct oh_ogg_page *page, struct oh_bytes *lacing,
                      struct oh_bytes *body) {
  struct oh_reader r = *in;
  oh_read_bytes(&r, 4);
  uint8_t version = oh_read_u8(&r);
  page->flags = oh_read_u8(&r);
  page->granule = (int64_t)read_le(&r, 8);
  page->serial = (uint32_t)read_le(&r, 4);
  page->sequence = (uint32_t)read_le(&r, 4);
  uint32_t expected = (uint32_t)read_le(&r, 4);
  *lacing = oh_read_bytes(&r, oh_read_u8(&r));
  size_t body_len = 0;
  for (size_t i = 0; i < lacing->len; i++)
    body_len += lacing->data[i];
  *body = oh_read_bytes(&r, body_len);
  if (r.failed || version != 0) return false;
  uint32_t crc = crc_add(0, in->at, 22);
  crc = crc_add(crc, (const uint8_t[4]){0}, 4); // the field itself counts as zero
  crc = crc_add(crc, in->at + 26, (size_t)(r.at - in->at) - 26);
  if (crc != expected) return false;
  *in = r;
  return true;
}

static bool is_opus_start(const struct oh_ogg_page *page, struct oh_bytes body) {
  return (page->flags & OH_OGG_FIRST) && body.len >= 8 && memcmp(body.data, "OpusHead", 8) == 0;
}

// Makes the next page of our stream the current one.
static bool next_page(struct oh_ogg_reader *r) {
  struct oh_ogg_page page;
  struct oh_bytes lacing, body;
  for (;;) {
    const uint8_t *found = r->in.at ? memmem(r->in.at, oh_reader_left(&r->in), "OggS", 4) : NULL;
    if (!found || r->damaged >= OH_OGG_DAMAGED_MAX) return false;
    r->in.at = found;
    if (!read_page(&r->in, &page, &lacing, &body)) {
      r->damaged++;
      r->in.at = found + 1;
    } else if (r->started ? page.serial == r->page.serial : is_opus_start(&page, body)) {
      break;
    }
  }
  if (r->started && page.sequence != r->page.sequence + 1) {
    r->damaged++;
    r->partial = r->skipping = false;
  }
  if (!(page.flags & OH_OGG_CONTINUED)) {
    r->damaged += r->partial; // it should have gone on here
    r->partial = r->skipping = false;
  } else if (!r->partial) {
    r->skipping = true; // the end of a packet whose beginning we did not see
  }
  r->started = true;
  r->page = page;
  r->lacing = lacing;
  r->body = body;
  return true;
}

// Takes the next piece of a packet off the current page; *whole: the packet ends with it.
static struct oh_bytes next_piece(struct oh_ogg_reader *r, bool *whole) {
  struct oh_bytes piece = {.data = r->body.data, .len = 0};
  *whole = false;
  while (r->lacing.len > 0 && !*whole) {
    piece.len += r->lacing.data[0];
    *whole = r->lacing.data[0] < 255;
    r->lacing.data++;
    r->lacing.len--;
  }
  r->body.data += piece.len;
  r->body.len -= piece.len;
  return piece;
}

static void collect(struct oh_ogg_reader *r, struct oh_bytes piece) {
  if (!r->partial) r->scratch = oh_writer(r->scratch.start, (size_t)(r->scratch.end - r->scratch.start));
  r->partial = true;
  oh_write_bytes(&r->scratch, piece.data, piece.len);
  if (!r->scratch.failed) return;
  r->damaged++;
  r->partial = false;
  r->skipping = true;
}

bool oh_ogg_read(struct oh_ogg_reader *r, struct oh_ogg_packet *packet) {
  for (;;) {
    if (r->lacing.len == 0) {
      if (!next_page(r)) return false;
      continue;
    }
    bool whole;
    struct oh_bytes piece = next_piece(r, &whole);
    if (!r->skipping && (r->partial || !whole)) collect(r, piece);
    if (!whole) continue;
    if (r->skipping) { // its end: the next one is good again
      r->skipping = false;
      continue;
    }
    if (r->partial) piece = (struct oh_bytes){.data = r->scratch.start, .len = oh_writer_len(&r->scratch)};
    r->partial = false;
    bool another_ends_here = false;
    for (size_t i = 0; i < r->lacing.len; i++)
      another_ends_here |= r->lacing.data[i] < 255;
    *packet = (struct oh_ogg_packet){.data = piece,
                                     .granule = another_ends_here ? OH_OGG_NO_GRANULE : r->page.granule,
                                     .last = !another_ends_here && (r->page.flags & OH_OGG_LAST)};
    return true;
  }
}
