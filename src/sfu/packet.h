// packet.h — one audio packet on its track's own timeline, on its way to the listeners.
#pragma once
#include "base/bytes.h"

struct oh_packet {
  int64_t sequence; // extended; the low 16 bits are what goes on the wire
  uint32_t timestamp;
  bool marker;
  bool newest; // nothing later has been forwarded
  bool red;    // the payload is RED (RFC 2198), otherwise one Opus packet (or something encrypted end to end)
  struct oh_bytes payload;
};
