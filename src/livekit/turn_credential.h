// turn_credential.h — what a participant shows to a TURN server (facts/LIVEKIT.md 10.1). To ours: user =
// base62("<api key>|<participant sid>|<unix expiry>"), password = base62(SHA-256("<api secret>|<sid>|<expiry>
// ")), so that it needs to remember nobody. To others: those of the TURN REST API that coturn has
// (use-auth-secret): user = "<expiry>:<sid>", password = base64(HMAC-SHA1(secret, user)).
#pragma once
#include "base/bytes.h"
#include "base/text.h"
#include "livekit/token.h"

#define OH_TURN_REALM_NAME "livekit"
#define OH_TURN_USER_MAX 400 // characters of a user name; API keys are short

struct oh_turn_credential {
  char user[OH_TURN_USER_MAX + 1], password[96];
};

// False: the API key is too long for it.
bool oh_turn_credential_make(struct oh_turn_credential *credential, const struct oh_key *key, const char *sid,
                             int64_t expires_unix_s);
// The password of a user name made by the above with one of `keys`. False: it was not, or it has expired and
// that matters.
bool oh_turn_credential_password(struct oh_str user, const struct oh_keys *keys, bool must_be_fresh,
                                 int64_t unix_s, char password[96]);
void oh_turn_credential_rest(struct oh_turn_credential *credential, const char *secret, const char *sid,
                             int64_t expires_unix_s);

// A TURN server of somebody else's.
struct oh_turn_server {
  char *url;    // turn: or turns:
  char *secret; // for credentials of the REST API; NULL: the fixed ones
  char *username, *credential;
  uint32_t ttl_s;
};

// Base 62 as a stream of six bits a character, five for those that would be characters 62 and 63 (and their
// neighbours 30 and 31, so that one can tell): any bytes, no big numbers.
void oh_base62_write(struct oh_text *text, struct oh_bytes bytes);
bool oh_base62_read(struct oh_str text, uint8_t *out, size_t cap, size_t *len); // False: not of that form
