// bare.h — the limit to compare with: a loop in a process of its own that does what no forwarder can leave
// out (receive a batch, open SRTP, then for each listener write a header, seal with that listener's key, send
// with sendmmsg) and nothing else: no rooms, ICE, statistics, retransmission, signalling.
#pragma once
#include "bench/traffic.h"

struct oh_bare;

// Forks the loop, pinned to `cpu`. NULL: said why.
struct oh_bare *oh_bare_open(unsigned cpu, uint32_t speakers, uint32_t listeners);
void oh_bare_close(struct oh_bare *bare);
struct oh_path oh_bare_path(struct oh_bare *bare);
