// history.h — the last packets of one track as they were forwarded, shared by all listeners who got the same
// bytes (plain or RED), for answering their NACKs (RFC 4585). A resend must equal the first sending byte for
// byte (rtc/hub.h), so what was forwarded is kept, not what came in. Made when the first such listener is
// bound.
#pragma once
#include "sfu/packet.h"

struct oh_history;
struct oh_history *oh_history_open(void);
void oh_history_close(struct oh_history *history);                               // NULL is fine
void oh_history_add(struct oh_history *history, const struct oh_packet *packet); // copies the payload
// The packet with this number on the track's timeline; payload borrowed until the next add.
bool oh_history_find(const struct oh_history *history, int64_t sequence, struct oh_packet *packet);
