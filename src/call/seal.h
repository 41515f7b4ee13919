// seal.h — notes to ourselves that strangers carry: AES-256-GCM (NIST SP 800-38D), base64url. Whoever carries
// one can neither read nor change it. Each purpose has a key of its own, so none passes as another.
#pragma once
#include "base/bytes.h"
#include "base/random.h"
#include "base/text.h"
#include "livekit/token.h"
#include <stdbool.h>
#include <stdint.h>

struct oh_seal {
  uint8_t key[32];
};

// HMAC-SHA256(API secret, purpose).
void oh_seal_init(struct oh_seal *seal, const struct oh_key *key, const char *purpose);
void oh_seal_fini(struct oh_seal *seal); // zeroes it
// Appends the sealed text: 28 bytes more than the plain one, in base64url.
void oh_seal_write(const struct oh_seal *seal, const struct oh_random *random, struct oh_bytes plain,
                   struct oh_text *out);
// Appends the plain bytes. False: not sealed by us for this purpose.
bool oh_seal_read(const struct oh_seal *seal, struct oh_str sealed, struct oh_text *plain);
