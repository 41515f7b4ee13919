// resend.h — answers one listener's NACKs from the track's history, within limits (RELIABILITY N9): a packet
// at most OH_RESENDS_MAX times and not twice within one round trip, and over time no more bytes than the
// stream itself has.
#pragma once
#include "base/limits.h"
#include "sfu/forward.h"

#define OH_RESEND_PACKETS 256 // ≥ OH_HISTORY_PACKETS: every packet that could be sent again has its place

struct oh_resend {
  uint64_t credit, counted; // bytes that may be sent again; octets of the listener already credited
  struct {
    int64_t sequence, sent_us;
    uint32_t count;
  } packets[OH_RESEND_PACKETS];
};

struct oh_resend *oh_resend_open(void);
void oh_resend_close(struct oh_resend *resend); // NULL is fine
// One NACKed sequence number.
void oh_resend_recv(struct oh_resend *resend, struct oh_world *world, struct oh_hub *hub, int64_t now_us,
                    int64_t rtt_us, const struct oh_listener *listener, const struct oh_history *history,
                    uint16_t sequence, struct oh_outbox *out);
