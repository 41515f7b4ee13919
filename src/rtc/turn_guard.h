// turn_guard.h — how a TURN server stays small for strangers: nonces that are checked without having been
// kept, and a ration of answers by UDP, so that it is no amplifier towards addresses that others forge.
#pragma once
#include "base/addr.h"
#include "base/random.h"
#include "base/text.h"

#define OH_TURN_NONCE_CHARS 24 // 8 hex digits of time, 16 of a keyed hash over it and the client's address

struct oh_turn_guard;

struct oh_turn_guard *oh_turn_guard_open(const struct oh_random *random);
void oh_turn_guard_close(struct oh_turn_guard *guard);
// Whether a stranger's datagram may be answered now; takes one of the answers of its address (v6: /64).
bool oh_turn_guard_allows(struct oh_turn_guard *guard, int64_t now_us, const struct oh_addr *from);
void oh_turn_guard_nonce(const struct oh_turn_guard *guard, int64_t unix_s, const struct oh_addr *client,
                         char nonce[OH_TURN_NONCE_CHARS]);
// Whether we gave this nonce to this client less than OH_TURN_NONCE_S ago.
bool oh_turn_guard_knows(const struct oh_turn_guard *guard, int64_t unix_s, const struct oh_addr *client,
                         struct oh_str nonce);
