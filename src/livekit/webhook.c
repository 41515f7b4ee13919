// webhook.c — see webhook.h
#include "livekit/webhook.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "webhook.pb-c.h"
#include <openssl/sha.h>

bool oh_webhook_write(struct oh_bytes event, struct oh_text *body) {
  ProtobufCMessage *message = oh_message_read(&livekit__webhook_event__descriptor, event.data, event.len);
  if (!message) return false;
  oh_json_write(body, message, OH_JSON_CAMEL);
  oh_message_free(message);
  return !body->failed;
}

char *oh_webhook_sign(struct oh_bytes body, const struct oh_key *key, int64_t unix_us) {
  uint8_t hash[SHA256_DIGEST_LENGTH];
  SHA256(body.data, body.len, hash);
  struct oh_text base64;
  oh_text_init(&base64, 64);
  oh_base64_write(&base64, (struct oh_bytes){hash, sizeof hash}, OH_BASE64_STANDARD);
  struct oh_claims claims;
  oh_claims_init(&claims);
  free(claims.sha256);
  claims.sha256 = oh_text_take(&base64, NULL);
  claims.expires_unix_s = unix_us / 1000000 + OH_WEBHOOK_TOKEN_S;
  char *token = oh_token_write(&claims, key);
  oh_claims_fini(&claims);
  oh_text_fini(&base64);
  return token;
}

struct oh_str oh_webhook_url_name(const char *url) {
  return (struct oh_str){url, strcspn(url, "?#")};
}
