// jws.h — signed tokens of others: compact JWS (RFC 7515) whose payload is a JSON object, checked with a set
// of keys that the operator configured. The algorithm belongs to the key; the token cannot choose one, and
// its key id only chooses among the keys there are (RFC 8725). Access tokens of our own are
// livekit/token.h's.
#pragma once
#include "base/text.h"
#include <stdbool.h>

struct json_t;
struct evp_pkey_st;

enum oh_jws_alg { OH_JWS_HS256, OH_JWS_RS256, OH_JWS_RS384, OH_JWS_RS512, OH_JWS_ES256, OH_JWS_EDDSA };
#define OH_JWS_ALG_COUNT 6

struct oh_jws_key {
  enum oh_jws_alg alg;
  char *kid;                // owned; NULL: it has no name and fits tokens of any key id
  struct evp_pkey_st *pkey; // owned; public; NULL for HS256
  char *secret;             // owned; HS256
};
struct oh_jws_keys { // one thread's
  struct oh_jws_key *items;
  size_t count;
};

enum oh_jws_error {
  OH_JWS_OK,
  OH_JWS_MALFORMED,   // no JWS, or one that asks for what we do not do (crit, b64, zip, enc, another typ)
  OH_JWS_ALGORITHM,   // not the key's, or none that we know
  OH_JWS_UNKNOWN_KEY, // no key of that id (yet)
  OH_JWS_SIGNATURE
};
// *payload is a new object (json_decref it) on OH_JWS_OK, and on OH_JWS_UNKNOWN_KEY, where it is not to be
// believed: it only helps to see whether fetching keys is worth while. NULL otherwise.
enum oh_jws_error oh_jws_read(struct oh_str jws, const struct oh_jws_keys *keys, struct json_t **payload);

const char *oh_jws_alg_name(enum oh_jws_alg alg); // "RS256"
bool oh_jws_alg_find(const char *name, enum oh_jws_alg *alg);
// Adds a key with an HS256 secret.
void oh_jws_add_secret(struct oh_jws_keys *keys, const char *secret);
// The next key, zeroed, to be filled in.
struct oh_jws_key *oh_jws_add(struct oh_jws_keys *keys);
void oh_jws_keys_fini(struct oh_jws_keys *keys); // secrets are zeroed
