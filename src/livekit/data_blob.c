// data_blob.c — see data_blob.h
#include "livekit/data_blob.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/message.h"

struct oh_data_blob {
  struct oh_data_blob *next;
  uint8_t *key; // packed: equal keys are equal bytes
  size_t key_len, bytes;
  Livekit__DataBlob *blob;
};

static void refuse(struct oh_house *house, const struct oh_participant *p, uint32_t request_id,
                   Livekit__RequestResponse__Reason reason, const char *message) {
  oh_count(&house->world->counters, OH_COUNT_data_blob_refused);
  Livekit__RequestResponse answer = LIVEKIT__REQUEST_RESPONSE__INIT;
  answer.request_id = request_id;
  answer.reason = reason;
  answer.message = (char *)message;
  oh_participant_answer(house, p, &answer);
}

static bool is_key_good(const Livekit__DataBlobKey *key) {
  if (!key || protobuf_c_message_get_packed_size(&key->base) > OH_DATA_BLOB_KEY_MAX) return false;
  if (key->key_case == LIVEKIT__DATA_BLOB_KEY__KEY_GENERIC) return *key->generic;
  return key->key_case == LIVEKIT__DATA_BLOB_KEY__KEY_SCHEMA_ID && *key->schema_id->name;
}

static struct oh_data_blob **find(struct oh_participant *p, const uint8_t *key, size_t len) {
  struct oh_data_blob **at = &p->blobs;
  while (*at && ((*at)->key_len != len || memcmp((*at)->key, key, len) != 0))
    at = &(*at)->next;
  return at;
}

static void drop(struct oh_data_blob **at) {
  struct oh_data_blob *blob = *at;
  *at = blob->next;
  free(blob->key);
  oh_message_free(blob->blob);
  free(blob);
}

// Room for so many bytes more under this key, whose old value goes?
static bool has_room(struct oh_participant *p, const uint8_t *key, size_t len, size_t bytes) {
  size_t count = 1;
  for (const struct oh_data_blob *other = p->blobs; other; other = other->next) {
    if (other->key_len == len && memcmp(other->key, key, len) == 0) continue;
    bytes += other->bytes;
    count++;
  }
  return bytes <= OH_DATA_BLOBS_BYTES && count <= OH_DATA_BLOBS_MAX;
}

static const char *why_not(const struct oh_house *house, const struct oh_participant *p,
                           const Livekit__DataBlob *blob, Livekit__RequestResponse__Reason *reason) {
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED;
  if (!house->config.data_blobs) return "data blob not enabled";
  if (!p->claims.video.can_publish_data) return "no permission to publish data";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST;
  if (!blob || !is_key_good(blob->key)) return "data blob is invalid";
  return blob->contents.len ? NULL : "data blob is empty";
}

void oh_data_blob_store(struct oh_house *house, struct oh_participant *p,
                        const Livekit__StoreDataBlobRequest *request) {
  Livekit__RequestResponse__Reason reason;
  const char *why = why_not(house, p, request->blob, &reason);
  if (why) return refuse(house, p, request->request_id, reason, why);
  size_t len;
  uint8_t *key = oh_message_write(&request->blob->key->base, &len);
  size_t bytes = len + request->blob->contents.len;
  if (!has_room(p, key, len, bytes)) {
    free(key);
    return refuse(house, p, request->request_id, LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED,
                  "data blobs exceed the limit");
  }
  struct oh_data_blob **at = find(p, key, len), *blob = calloc(1, sizeof *blob);
  OH_CHECK(blob);
  if (*at) drop(at);
  *blob = (struct oh_data_blob){.next = p->blobs, .key = key, .key_len = len, .bytes = bytes};
  blob->blob = (Livekit__DataBlob *)oh_message_copy(&request->blob->base);
  p->blobs = blob;
  Livekit__StoreDataBlobResponse answer = LIVEKIT__STORE_DATA_BLOB_RESPONSE__INIT;
  answer.request_id = request->request_id;
  answer.key = request->blob->key;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_STORE_DATA_BLOB_RESPONSE;
  response.store_data_blob_response = &answer;
  oh_participant_send(house, p, &response);
}

void oh_data_blob_get(struct oh_house *house, const struct oh_participant *p,
                      const Livekit__GetDataBlobRequest *request) {
  if (!is_key_good(request->key))
    return refuse(house, p, request->request_id, LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST,
                  "data blob key is required");
  struct oh_participant *owner = oh_participant_by_identity(p->room, request->participant_identity);
  if (!owner || (owner != p && owner->claims.video.hidden))
    return refuse(house, p, request->request_id, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND,
                  "participant not found");
  size_t len;
  uint8_t *key = oh_message_write(&request->key->base, &len);
  const struct oh_data_blob *blob = *find(owner, key, len);
  free(key);
  if (!blob)
    return refuse(house, p, request->request_id, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND,
                  "data blob not found");
  Livekit__GetDataBlobResponse answer = LIVEKIT__GET_DATA_BLOB_RESPONSE__INIT;
  answer.request_id = request->request_id;
  answer.blob = blob->blob;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_GET_DATA_BLOB_RESPONSE;
  response.get_data_blob_response = &answer;
  oh_participant_send(house, p, &response);
}

void oh_data_blob_forget(struct oh_participant *p) {
  while (p->blobs)
    drop(&p->blobs);
}
