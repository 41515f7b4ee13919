// jwks.h — public keys as identity providers publish them: a JSON Web Key Set (RFC 7517; RSA, EC P-256 and
// Ed25519 of RFC 7518 and 8037) or PEM. Keys that we do not use are left out, as RFC 7517 5 asks; symmetric,
// private, short and odd ones too.
#pragma once
#include "base/bytes.h"
#include "call/jws.h"

// Adds the set's usable keys to `keys`, at most OH_JWKS_KEYS_MAX. False: it is no key set, or none is usable.
bool oh_jwks_read(struct oh_bytes json, struct oh_jws_keys *keys);
// Adds a PEM public key (RSA: RS256, P-256: ES256, Ed25519: EdDSA) without a key id. "\n" may be written as
// the two characters that environment files make of it, or as blanks. False: it is none, or not one that we
// use.
bool oh_jwks_read_pem(struct oh_str pem, struct oh_jws_keys *keys);
