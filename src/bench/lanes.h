// lanes.h — one UDP socket on loopback that acts for thousands: each lane has an address of its own in
// 127.0.0.0/8, so that a server sees thousands of different callers, while datagrams still come and go in
// batches (recvmmsg, sendmmsg). IP_PKTINFO tells and sets the lane.
#pragma once
#include "base/outbox.h"

#define OH_LANES_MAX 16384

struct oh_lanes;

struct oh_lanes *oh_lanes_open(void); // NULL: errno
void oh_lanes_close(struct oh_lanes *lanes);
struct oh_addr oh_lanes_addr(const struct oh_lanes *lanes, uint32_t lane);
// One batch of what waits (≤ 64). Returns how many datagrams came.
unsigned oh_lanes_recv(struct oh_lanes *lanes,
                       void (*recv)(void *ctx, int64_t now_us, uint32_t lane, const struct oh_addr *from,
                                    uint8_t *data, size_t len),
                       void *ctx);
// Sends the outbox's datagrams, each from the lane in `from`.
void oh_lanes_send(struct oh_lanes *lanes, const struct oh_outbox *outbox, const uint32_t *from);
