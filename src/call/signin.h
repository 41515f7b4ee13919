// signin.h — who is calling, as far as a site wants it proved: a Clerk session, a token of another OpenID
// provider, or an identity that the site's own back end signs. Pure: policy, token, keys and time in, a user
// or a refusal out. Keys come from app/keyring.h.
//
//   clerk   Authorization: Bearer <session token>   iss, exp, nbf, azp, sts, sid   keys: PEM, or the JWKS of
//   the
//                                                                                 publishable key's host
//   oidc    Authorization: Bearer <id or access token>   iss, aud, exp, nbf, iat    keys: JWKS, by discovery
//   if need be signed  "identity" in the body, or Bearer            HS256, exp within a day, aud if there:
//   the site's id
#pragma once
#include "call/jws.h"
#include "call/site.h"
#include "call/user.h"
#include <stdint.h>

void oh_user_fini(struct oh_user *user);

enum oh_signin {
  OH_SIGNIN_OK,        // `user` is filled in; for a site open to everybody it may be nobody
  OH_SIGNIN_REQUIRED,  // nobody, or a token that proves nothing (any more): sign in (again)
  OH_SIGNIN_FORBIDDEN, // somebody, but not for this site
  OH_SIGNIN_NEEDS_KEYS // would do if it is signed with a key that we do not have (yet)
};
struct oh_signin_request {
  const struct oh_site *site;
  struct oh_str authorization;    // the field
  struct oh_str identity;         // what the body calls identity; empty: none
  struct oh_str host;             // the Host field: a session of our own pages is fine
  const struct oh_jws_keys *keys; // those of oh_key_origin_read; NULL: none yet
  int64_t unix_s;
};
// *why: a static text for the log and for WWW-Authenticate, "" if there was no token at all.
enum oh_signin oh_signin_read(const struct oh_signin_request *request, struct oh_user *user,
                              const char **why);

// Where a site's keys come from.
enum oh_key_kind {
  OH_KEYS_NONE,      // nobody is asked to prove anything
  OH_KEYS_SECRET,    // `text` is an HS256 secret
  OH_KEYS_PEM,       // `text` is a public key
  OH_KEYS_JWKS,      // `text` is the URL of a key set
  OH_KEYS_DISCOVERY, // `text` is the URL of an OpenID provider's configuration, which names its key set
};
struct oh_key_origin {
  enum oh_key_kind kind;
  struct oh_text text, bearer; // bearer: for the request's Authorization, if not empty
};
void oh_key_origin_read(const struct oh_site *site, struct oh_key_origin *origin); // initialises it
void oh_key_origin_fini(struct oh_key_origin *origin);
// An OpenID provider's configuration → the URL of its key set, if the document is of the issuer that `url`
// was made of. False: it is not.
bool oh_discovery_read(struct oh_str json, struct oh_str url, struct oh_text *keys_url);

// The host in Clerk's publishable key (pk_test_… or pk_live_…). False: it is none.
bool oh_clerk_host(struct oh_str publishable_key, struct oh_text *host);
// What a site's configuration lacks to sign anybody in. False: `why` is a sentence that begins with the key's
// name.
bool oh_signin_check(const struct oh_site *site, struct oh_text *why);
