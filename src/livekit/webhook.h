// webhook.h — one webhook as LiveKit sends it (facts/LIVEKIT.md 9.7): the event as proto3 JSON, and the token
// that signs exactly these bytes. Pure.
#pragma once
#include "base/bytes.h"
#include "base/text.h"
#include "livekit/token.h"

// The header fields besides Authorization, whose value is the token itself, without "Bearer". Receivers have
// rules for LiveKit's User-Agent in their firewalls, so it is kept as it is.
#define OH_WEBHOOK_TYPE_FIELD "Content-Type: application/webhook+json"
#define OH_WEBHOOK_AGENT_FIELD "User-Agent: LiveKit"

// A packed livekit.WebhookEvent as JSON into `body` (of at most OH_WEBHOOK_BODY_MAX). False: it is none, or
// is too large.
bool oh_webhook_write(struct oh_bytes event, struct oh_text *body);
// Signs the body: malloc'd token of OH_WEBHOOK_TOKEN_S, or NULL if the key's id is no text.
char *oh_webhook_sign(struct oh_bytes body, const struct oh_key *key, int64_t unix_us);
// How a log names a URL: without query, which may hold a secret.
struct oh_str oh_webhook_url_name(const char *url);
