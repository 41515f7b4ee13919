// profile.c — see profile.h
#include "livekit/profile.h"
#include "base/check.h"
#include "base/limits.h"

enum { PROTOCOL_WITH_OK = 15 };

static size_t attribute_bytes(const struct oh_claims *claims) {
  size_t bytes = 0;
  for (size_t i = 0; i < 2 * claims->attribute_count; i++)
    bytes += strlen(claims->attributes[i]);
  return bytes;
}

static size_t find_attribute(const struct oh_claims *claims, const char *key) {
  size_t i = 0;
  while (i < claims->attribute_count && strcmp(claims->attributes[2 * i], key) != 0)
    i++;
  return i;
}

// An empty value deletes the key.
static void set_attribute(struct oh_claims *claims, const char *key, const char *value) {
  if (value[0]) return oh_claims_set_attribute(claims, oh_str(key), oh_str(value));
  size_t i = find_attribute(claims, key);
  if (i == claims->attribute_count) return;
  free(claims->attributes[2 * i]);
  free(claims->attributes[2 * i + 1]);
  claims->attribute_count--;
  memmove(&claims->attributes[2 * i], &claims->attributes[2 * i + 2],
          2 * (claims->attribute_count - i) * sizeof(char *));
}

// What the attributes would weigh with the update merged in.
static size_t merged_bytes(const struct oh_claims *claims, const Livekit__UpdateParticipantMetadata *update) {
  size_t bytes = attribute_bytes(claims);
  for (size_t i = 0; i < update->n_attributes; i++) {
    const char *key = update->attributes[i]->key, *value = update->attributes[i]->value;
    size_t at = find_attribute(claims, key);
    if (at < claims->attribute_count) bytes -= strlen(key) + strlen(claims->attributes[2 * at + 1]);
    if (value[0]) bytes += strlen(key) + strlen(value);
    if (bytes > SIZE_MAX / 2) return SIZE_MAX; // the same key twice took its weight off twice
  }
  return bytes;
}

static void respond(struct oh_house *house, const struct oh_participant *p,
                    const Livekit__UpdateParticipantMetadata *update, Livekit__RequestResponse__Reason reason,
                    const char *message) {
  if (reason == LIVEKIT__REQUEST_RESPONSE__REASON__OK && p->protocol < PROTOCOL_WITH_OK) return;
  Livekit__RequestResponse answer = LIVEKIT__REQUEST_RESPONSE__INIT;
  answer.request_id = update->request_id;
  answer.reason = reason;
  answer.message = (char *)message;
  answer.request_case = LIVEKIT__REQUEST_RESPONSE__REQUEST_UPDATE_METADATA;
  answer.update_metadata = (Livekit__UpdateParticipantMetadata *)update;
  oh_participant_answer(house, p, &answer);
}

const char *oh_profile_limit(const struct oh_participant *p,
                             const Livekit__UpdateParticipantMetadata *update) {
  if (update->n_attributes + p->claims.attribute_count > OH_ATTRIBUTE_COUNT_MAX ||
      merged_bytes(&p->claims, update) > OH_ATTRIBUTES_MAX)
    return "exceeds attributes size limit";
  if (strlen(update->metadata) > OH_METADATA_MAX) return "exceeds metadata size limit";
  return strlen(update->name) > OH_NAME_MAX ? "exceeds name length limit" : NULL;
}

bool oh_profile_apply(struct oh_participant *p, const Livekit__UpdateParticipantMetadata *update) {
  struct oh_claims *claims = &p->claims;
  if (update->name[0]) oh_replace_text(&claims->name, update->name);
  if (update->metadata[0]) oh_replace_text(&claims->metadata, update->metadata);
  for (size_t i = 0; i < update->n_attributes; i++)
    set_attribute(claims, update->attributes[i]->key, update->attributes[i]->value);
  return update->name[0] || update->metadata[0] || update->n_attributes;
}

void oh_profile_update(struct oh_house *house, struct oh_participant *p,
                       const Livekit__UpdateParticipantMetadata *update) {
  if (!p->claims.video.can_update_own_metadata)
    return respond(house, p, update, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED,
                   "does not have permission to update own metadata");
  const char *limit = oh_profile_limit(p, update);
  if (limit) return respond(house, p, update, LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED, limit);
  oh_profile_apply(p, update);
  respond(house, p, update, LIVEKIT__REQUEST_RESPONSE__REASON__OK, "");
  oh_participant_changed(house, p, OH_ALL);
}
