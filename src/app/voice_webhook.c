// voice_webhook.c — POST /api/voice/livekit-webhook: what the LiveKit server that carries our calls
// (LIVEKIT_HOST) tells of them, signed by the key we share as LiveKit signs its webhooks
// (facts/LIVEKIT.md 9.7): a token whose `sha256` is the body's. 200 once it is noted; 401 makes the sender
// give up, 503 come again.
#include "app/far_desk.h"
#include "app/voice_api.h"
#include "base/base64.h"
#include "base/limits.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "livekit/token.h"
#include <openssl/sha.h>

static bool is_body_of(const struct oh_claims *claims, struct oh_bytes body) {
  uint8_t digest[SHA256_DIGEST_LENGTH], claimed[OH_WEBHOOK_DIGEST_MAX];
  size_t len;
  struct oh_str text = oh_str(claims->sha256);
  if (oh_base64_bytes_max(text.len) > sizeof claimed) return false;
  if (!oh_base64_read(text, OH_BASE64_ANY, claimed, &len) || len != sizeof digest) return false;
  SHA256(body.data, body.len, digest);
  return memcmp(digest, claimed, sizeof digest) == 0; // the token is signed: there is nothing to guess
}

static bool is_signed(const struct oh_voice_request *request) {
  const struct oh_config *config = request->web->config;
  struct oh_str token = oh_http_field(request->http, OH_STR("Authorization")), bearer = OH_STR("Bearer ");
  if (oh_str_starts(token, bearer)) token = (struct oh_str){token.data + bearer.len, token.len - bearer.len};
  struct oh_keys keys = {config->key_items, config->key_count};
  struct oh_claims claims;
  const char *detail;
  bool ok = oh_token_read(token, &keys, oh_unix_us(request->web->world, request->now_us), &claims, &detail) ==
                OH_TOKEN_OK &&
            is_body_of(&claims, request->http->body);
  oh_claims_fini(&claims);
  return ok;
}

static void refuse(const struct oh_voice_request *request, enum oh_problem problem) {
  oh_count(&request->web->world->counters, OH_COUNT_far_webhooks_refused);
  oh_voice_refuse(request, problem, 0);
}

static void take(const struct oh_voice_request *request, const Livekit__WebhookEvent *event) {
  struct oh_web *web = request->web;
  struct oh_far_news news;
  bool ok = true;
  oh_far_desk_hear(web->far);
  if (oh_far_news_read(event, &news)) {
    const struct oh_site *site = news.site ? oh_sites_find(&web->config->sites, oh_str(news.site)) : NULL;
    ok = oh_far_desk_post(web->far, web->clerk, web->config, &news, site);
  }
  if (!ok) {
    oh_voice_refuse(request, OH_PROBLEM_CAPACITY, 1);
    return;
  }
  oh_count(&web->world->counters, OH_COUNT_far_webhooks);
  oh_voice_respond(request, 200, NULL, OH_STR("{}"));
}

void oh_voice_webhook(const struct oh_voice_request *request) {
  const char *why;
  struct oh_bytes body = request->http->body;
  if (!request->web->far) {
    oh_voice_refuse(request, OH_PROBLEM_NOT_FOUND, 0);
    return;
  }
  if (!is_signed(request)) {
    refuse(request, OH_PROBLEM_AUTH_REQUIRED);
    return;
  }
  struct oh_str json = {(const char *)body.data, body.len};
  ProtobufCMessage *event = oh_json_read(&livekit__webhook_event__descriptor, json, &why);
  if (event)
    take(request, (const Livekit__WebhookEvent *)event);
  else
    refuse(request, OH_PROBLEM_REQUEST_INVALID);
  oh_message_free(event);
}
