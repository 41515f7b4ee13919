// track_packet.c — any message as a packet of a data track: extensions and payload lie inside and end where
// the message ends; a new handle is all that changes, and the packet can still be read.
#include "wire/track_packet.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_track_packet packet, again;
  if (!oh_track_packet_read(&packet, (struct oh_bytes){.data = data, .len = len})) return 0;
  size_t area = packet.extensions.len ? 2 + packet.extensions.len : 0;
  OH_CHECK(OH_TRACK_PACKET_HEADER + area + packet.payload.len == len && area % 4 == 0);
  OH_CHECK(packet.payload.data + packet.payload.len == data + len);
  static uint8_t copy[1 << 20];
  if (len > sizeof copy) return 0;
  memcpy(copy, data, len);
  uint16_t handle = (uint16_t)~packet.handle;
  oh_track_packet_set_handle(copy, handle);
  OH_CHECK(oh_track_packet_read(&again, (struct oh_bytes){.data = copy, .len = len}));
  OH_CHECK(again.handle == handle && again.payload.len == packet.payload.len);
  oh_track_packet_set_handle(copy, packet.handle);
  OH_CHECK(memcmp(copy, data, len) == 0);
  return 0;
}
