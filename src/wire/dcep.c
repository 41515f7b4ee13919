// dcep.c — see dcep.h
#include "wire/dcep.h"

enum { RELIABLE = 0, RETRANSMITS = 1, TIMED = 2, UNORDERED = 0x80 };

bool oh_dcep_read_open(struct oh_dcep_open *open, const void *data, size_t len) {
  struct oh_reader r = oh_reader(data, len);
  if (oh_read_u8(&r) != OH_DCEP_OPEN) return false;
  uint8_t type = oh_read_u8(&r);
  open->priority = oh_read_u16_be(&r);
  uint32_t limit = oh_read_u32_be(&r);
  size_t label = oh_read_u16_be(&r), protocol = oh_read_u16_be(&r);
  struct oh_bytes name = oh_read_bytes(&r, label), kind = oh_read_bytes(&r, protocol);
  uint8_t reliability = type & 0x7F;
  if (r.failed || oh_reader_left(&r) || reliability > TIMED) return false;
  int32_t bound = limit > INT32_MAX ? INT32_MAX : (int32_t)limit;
  open->unordered = type & UNORDERED;
  open->max_retransmits = reliability == RETRANSMITS ? bound : -1;
  open->lifetime_ms = reliability == TIMED ? bound : -1;
  open->label = (struct oh_str){(const char *)name.data, name.len};
  open->protocol = (struct oh_str){(const char *)kind.data, kind.len};
  return true;
}

void oh_dcep_write_open(struct oh_writer *w, const struct oh_dcep_open *open) {
  uint8_t type = open->max_retransmits >= 0 ? RETRANSMITS : open->lifetime_ms >= 0 ? TIMED : RELIABLE;
  int32_t limit = type == RETRANSMITS ? open->max_retransmits : type == TIMED ? open->lifetime_ms : 0;
  oh_write_u8(w, OH_DCEP_OPEN);
  oh_write_u8(w, (uint8_t)(type | (open->unordered ? UNORDERED : 0)));
  oh_write_u16_be(w, open->priority);
  oh_write_u32_be(w, (uint32_t)limit);
  oh_write_u16_be(w, (uint16_t)open->label.len);
  oh_write_u16_be(w, (uint16_t)open->protocol.len);
  oh_write_bytes(w, open->label.data, open->label.len);
  oh_write_bytes(w, open->protocol.data, open->protocol.len);
}
