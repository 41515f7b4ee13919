// track_packet.h — one packet of a LiveKit data track, as it travels on the channel `_data_track`
// (facts/LIVEKIT.md 3.8.8): twelve bytes of header, extensions, payload. A frame is one or more packets with
// the same frame number and sequence numbers in a row.
#pragma once
#include "base/bytes.h"

enum { OH_TRACK_PACKET_HEADER = 12 }; // without extensions

struct oh_track_packet {
  uint8_t version;   // 0 today
  bool starts, ends; // the first, the last packet of its frame
  uint16_t handle;   // the publisher's or, towards a subscriber, the subscriber's name for the track
  uint16_t sequence, frame;
  uint32_t timestamp;         // of 90 kHz
  struct oh_bytes extensions; // {id, length, data} …, then zeroes up to a 32-bit boundary; borrowed
  struct oh_bytes payload;    // borrowed
};

// False if the packet is cut short, or an extension does not lie inside the area for extensions.
bool oh_track_packet_read(struct oh_track_packet *packet, struct oh_bytes data);
// In a packet that can be read; all else stays as it is.
void oh_track_packet_set_handle(uint8_t *data, uint16_t handle);
