// mint.h — signs tokens for the tests of sign-in: key pairs made by OpenSSL, and JWS of any header and
// payload.
#pragma once
#include "call/jws.h"

struct mint {
  struct evp_pkey_st *pkey;
  enum oh_jws_alg alg;
  const char *secret; // HS256
};
struct mint mint_rsa(unsigned bits, unsigned exponent, enum oh_jws_alg alg);
struct mint mint_ec(const char *curve);
struct mint mint_ed25519(void);
struct mint mint_secret(const char *secret);
void mint_fini(struct mint *mint);
// All malloc'd. Header and payload are JSON texts, or anything else.
char *mint_sign(const struct mint *mint, const char *header, const char *payload);
char *mint_jwk(const struct mint *mint, const char *kid, const char *more); // {"kty", …, "kid"<more>}
char *mint_pem(const struct mint *mint);
