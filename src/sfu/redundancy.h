// redundancy.h — turns a RED stream (RFC 2198) into plain Opus packets for listeners who do not take RED:
// the primary of each packet, and before it those lost packets that its redundant blocks bring back. Each
// sequence number comes out at most once (facts/LIVEKIT.md 8.4).
#pragma once
#include "sfu/packet.h"
#include "sfu/window.h"
#include "wire/red.h"

#define OH_REDUNDANCY_RECENT 8 // how far back a packet can be brought back

struct oh_redundancy {
  struct oh_window emitted;
  struct {
    int64_t sequence;
    uint32_t timestamp;
    bool used;
  } recent[OH_REDUNDANCY_RECENT]; // to see that a recovered timestamp fits between its neighbours'
};

// Plain packets that come out of one source packet, oldest first, the primary last.
struct oh_unpacked {
  struct oh_packet packets[OH_REDUNDANCY_RECENT];
  size_t count;
};

// Takes a packet in the source's numbering (`red` or plain). Payloads are borrowed from it. False if its RED
// is malformed. Nothing before `first` comes out.
bool oh_redundancy_unpack(struct oh_redundancy *r, const struct oh_packet *packet, int64_t first,
                          struct oh_unpacked *out);
void oh_redundancy_reset(struct oh_redundancy *r);
