// identity.h — the process's DTLS identity: one self-signed ECDSA P-256 certificate, made at start, and the
// SSL contexts for both roles (DTLS 1.2; X25519, P-256; SRTP_AEAD_AES_128_GCM first, then
// SRTP_AES128_CM_SHA1_80).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oh_identity;
struct ssl_ctx_st;    // OpenSSL's SSL_CTX
struct bio_method_st; // OpenSSL's BIO_METHOD

// Key, serial number and all later handshakes take their randomness from OpenSSL (see tests/sim for how the
// simulator seeds it). The certificate has no expiry to watch: browsers believe the fingerprint, not the
// dates.
struct oh_identity *oh_identity_open(void); // NULL if OpenSSL refuses
void oh_identity_close(struct oh_identity *identity);
// "AB:CD:…" upper-case hex of the certificate's SHA-256, as in a=fingerprint:sha-256 (RFC 8122).
const char *oh_identity_fingerprint(const struct oh_identity *identity);
const uint8_t *oh_identity_digest(const struct oh_identity *identity); // the 32 bytes
// For rtc/dtls.c.
struct ssl_ctx_st *oh_identity_context(const struct oh_identity *identity, bool client);
struct bio_method_st *oh_identity_bio(const struct oh_identity *identity);
