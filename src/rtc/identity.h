// identity.h — the process's DTLS identity: one self-signed ECDSA P-256 certificate, made at start, and the
// SSL contexts for both roles (DTLS 1.2; X25519, P-256; SRTP_AEAD_AES_128_GCM first, then
// SRTP_AES128_CM_SHA1_80).
#pragma once
#include <stddef.h>
#include <stdint.h>

struct oh_identity;
struct oh_identity *oh_identity_open(void); // NULL if OpenSSL refuses
void oh_identity_close(struct oh_identity *identity);
// "AB:CD:…" upper-case hex of the certificate's SHA-256, as in a=fingerprint:sha-256 (RFC 8122).
const char *oh_identity_fingerprint(const struct oh_identity *identity);
const uint8_t *oh_identity_digest(const struct oh_identity *identity); // the 32 bytes
