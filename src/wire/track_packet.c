// track_packet.c — see track_packet.h
#include "wire/track_packet.h"

enum { VERSION_SHIFT = 5, STARTS = 0x10, ENDS = 0x08, EXTENDED = 0x04 }; // the first byte
enum { HANDLE_AT = 2, EXTENSION_HEAD = 2, WORD = 4 };

// Each extension lies inside; id 0 is the padding, and the end.
static bool are_extensions(struct oh_bytes area) {
  struct oh_reader r = oh_reader(area.data, area.len);
  while (oh_reader_left(&r)) {
    if (oh_read_u8(&r) == 0) return true;
    oh_read_bytes(&r, oh_read_u8(&r));
    if (r.failed) return false;
  }
  return true;
}

bool oh_track_packet_read(struct oh_track_packet *packet, struct oh_bytes data) {
  struct oh_reader r = oh_reader(data.data, data.len);
  uint8_t first = oh_read_u8(&r);
  oh_read_u8(&r); // reserved
  *packet = (struct oh_track_packet){
      .version = first >> VERSION_SHIFT, .starts = first & STARTS, .ends = first & ENDS};
  packet->handle = oh_read_u16_be(&r);
  packet->sequence = oh_read_u16_be(&r);
  packet->frame = oh_read_u16_be(&r);
  packet->timestamp = oh_read_u32_be(&r);
  if (first & EXTENDED) {
    // in 32-bit words, less one; this length itself counts among them
    size_t words = oh_read_u16_be(&r) + (size_t)1;
    packet->extensions = oh_read_bytes(&r, words * WORD - EXTENSION_HEAD);
    if (r.failed || !are_extensions(packet->extensions)) return false;
  }
  packet->payload = oh_read_bytes(&r, oh_reader_left(&r));
  return !r.failed;
}

void oh_track_packet_set_handle(uint8_t *data, uint16_t handle) {
  oh_store_u16_be(data + HANDLE_AT, handle);
}
