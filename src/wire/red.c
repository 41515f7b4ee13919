// red.c — see red.h
#include "wire/red.h"
#include "base/check.h"

bool oh_red_read(struct oh_red *red, struct oh_bytes payload) {
  struct oh_reader r = oh_reader(payload.data, payload.len);
  size_t lengths[OH_RED_BLOCKS_MAX] = {0};
  red->count = 0;
  for (bool more = true; more && !r.failed; red->count++) {
    if (red->count == OH_RED_BLOCKS_MAX) return false;
    struct oh_red_block *block = &red->blocks[red->count];
    uint8_t head = oh_read_u8(&r);
    more = head >> 7;
    uint32_t rest = more ? oh_read_u24_be(&r) : 0; // 14 bits of offset, 10 of length
    *block = (struct oh_red_block){.payload_type = head & 127, .timestamp_offset = (uint16_t)(rest >> 10)};
    lengths[red->count] = rest & OH_RED_LENGTH_MAX;
  }
  if (r.failed) return false;
  for (size_t i = 0; i + 1 < red->count; i++)
    red->blocks[i].data = oh_read_bytes(&r, lengths[i]);
  if (r.failed) return false;
  red->blocks[red->count - 1].data = oh_read_bytes(&r, oh_reader_left(&r)); // the primary: what is left
  return true;
}

void oh_red_write(struct oh_writer *w, const struct oh_red_block *blocks, size_t count) {
  OH_CHECK(count >= 1 && count <= OH_RED_BLOCKS_MAX);
  for (size_t i = 0; i + 1 < count; i++) {
    const struct oh_red_block *b = &blocks[i];
    if (b->timestamp_offset > OH_RED_OFFSET_MAX || b->data.len > OH_RED_LENGTH_MAX) w->failed = true;
    oh_write_u8(w, (uint8_t)(0x80 | b->payload_type));
    oh_write_u24_be(w, (uint32_t)b->timestamp_offset << 10 | (uint32_t)(b->data.len & OH_RED_LENGTH_MAX));
  }
  oh_write_u8(w, blocks[count - 1].payload_type & 127);
  for (size_t i = 0; i < count; i++)
    oh_write_bytes(w, blocks[i].data.data, blocks[i].data.len);
}
