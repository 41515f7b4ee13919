// proof.h — proof of work for strangers while a site is under attack (N27): a ticket that says which puzzle
// was set for whom, sealed, so that we need not remember it. The puzzle: a nonce so that
// SHA-256(challenge ‖ nonce), both as text, begins with `bits` zero bits. A ticket is bound to site, page
// origin and network (IPv6: /64), lasts OH_PROOF_S and is taken once (gate.h).
#pragma once
#include "base/addr.h"
#include "base/random.h"
#include "base/text.h"
#include "livekit/token.h"
#include <stdbool.h>
#include <stdint.h>

struct oh_proof_of { // for whom
  const char *site, *origin;
  struct oh_addr address;
};

struct oh_puzzle {
  char challenge[23]; // base64url of 16 random bytes
  uint32_t bits;
};

// Appends the ticket for a puzzle of so many bits, and tells the challenge.
void oh_proof_set(const struct oh_proof_of *of, const struct oh_key *key, const struct oh_random *random,
                  int64_t unix_s, uint32_t bits, struct oh_puzzle *puzzle, struct oh_text *ticket);
// Whether it is ours, for them, in time and solved; `serial` then names it, for "once".
bool oh_proof_is_good(const struct oh_proof_of *of, const struct oh_key *key, int64_t unix_s,
                      struct oh_str ticket, struct oh_str nonce, uint64_t *serial);
uint32_t oh_proof_zero_bits(struct oh_str challenge, struct oh_str nonce); // of the hash
