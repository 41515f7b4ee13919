// token.c — LiveKit access tokens: JWT, HS256 only
#include "livekit/token.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/compact.h"
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

#define LEEWAY_S 60            // LiveKit's
#define MAC_BYTES 32           // HMAC-SHA-256
#define KID_MAX 64             // a key id is ignored, but not an essay
#define TIME_MAX 253402300799. // year 9999: keeps sums with the leeway far from overflow

// livekit.TrackSource, by number
static const char *const source_names[] = {"unknown", "camera", "microphone", "screen_share",
                                           "screen_share_audio"};
#define SOURCE_COUNT (sizeof source_names / sizeof *source_names)

// The boolean grants, for reading and writing alike.
static const struct {
  const char *name;
  size_t at;
  bool always; // written even if false, because absent means true (or follows another)
} flags[] = {
#define FLAG(name, member, always)                                                                           \
  { name, offsetof(struct oh_video_grant, member), always }
    FLAG("roomCreate", room_create, false),
    FLAG("roomList", room_list, false),
    FLAG("roomRecord", room_record, false),
    FLAG("roomAdmin", room_admin, false),
    FLAG("roomJoin", room_join, false),
    FLAG("canPublish", can_publish, true),
    FLAG("canSubscribe", can_subscribe, true),
    FLAG("canPublishData", can_publish_data, true),
    FLAG("canUpdateOwnMetadata", can_update_own_metadata, false),
    FLAG("hidden", hidden, false),
    FLAG("recorder", recorder, false),
    FLAG("agent", agent, false),
    FLAG("canSubscribeMetrics", can_subscribe_metrics, false),
    FLAG("canManageAgentSession", can_manage_agent_session, false),
    FLAG("ingressAdmin", ingress_admin, false),
#undef FLAG
};
#define FLAG_COUNT (sizeof flags / sizeof *flags)

static bool *flag_of(struct oh_video_grant *video, size_t i) {
  return (bool *)((char *)video + flags[i].at);
}

static char *empty(void) {
  return oh_str_dup(OH_STR(""));
}
static void replace(char **string, const char *value) {
  free(*string);
  *string = oh_str_dup(oh_str(value));
}

void oh_claims_init(struct oh_claims *claims) {
  *claims =
      (struct oh_claims){.video = {.can_publish = true, .can_subscribe = true, .can_publish_data = true}};
  char **const strings[] = {
      &claims->issuer, &claims->identity, &claims->name,       &claims->metadata,
      &claims->kind,   &claims->sha256,   &claims->video.room, &claims->video.destination_room};
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
    *strings[i] = empty();
}

void oh_claims_fini(struct oh_claims *claims) {
  free(claims->issuer);
  free(claims->identity);
  free(claims->name);
  free(claims->metadata);
  free(claims->kind);
  free(claims->sha256);
  free(claims->video.room);
  free(claims->video.destination_room);
  free(claims->room_config);
  for (size_t i = 0; i < 2 * claims->attribute_count; i++)
    free(claims->attributes[i]);
  free(claims->attributes);
  *claims = (struct oh_claims){0};
}

void oh_claims_set_attribute(struct oh_claims *claims, struct oh_str key, struct oh_str value) {
  for (size_t i = 0; i < claims->attribute_count; i++)
    if (oh_str_eq(oh_str(claims->attributes[2 * i]), key)) {
      free(claims->attributes[2 * i + 1]);
      claims->attributes[2 * i + 1] = oh_str_dup(value);
      return;
    }
  size_t n = claims->attribute_count++;
  claims->attributes = realloc(claims->attributes, (2 * n + 2) * sizeof *claims->attributes);
  OH_CHECK(claims->attributes);
  claims->attributes[2 * n] = oh_str_dup(key);
  claims->attributes[2 * n + 1] = oh_str_dup(value);
}

// A claim that may be absent or null but must not be of another type.
static bool read_string(const json_t *object, const char *name, char **into) {
  const json_t *value = json_object_get(object, name);
  if (!value || json_is_null(value)) return true;
  if (!json_is_string(value)) return false;
  replace(into, json_string_value(value));
  return true;
}
// The same for a NumericDate (RFC 7519 2): seconds, perhaps with a fraction.
static bool read_time(const json_t *object, const char *name, bool *has, int64_t *seconds) {
  const json_t *value = json_object_get(object, name);
  *has = false;
  if (!value || json_is_null(value)) return true;
  if (!json_is_number(value)) return false;
  double number = json_number_value(value);
  if (!(number >= 0 && number <= TIME_MAX)) return false;
  *seconds = (int64_t)number;
  *has = true;
  return true;
}

static bool read_sources(const json_t *list, uint32_t *sources) {
  *sources = OH_SOURCES_ALL;
  if (!list || json_is_null(list)) return true;
  if (!json_is_array(list)) return false;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *name = json_array_get(list, i);
    if (!json_is_string(name)) return false;
    *sources |= OH_SOURCES_LISTED;
    for (uint32_t s = 0; s < SOURCE_COUNT; s++)
      if (oh_str_eq_nocase(oh_str(json_string_value(name)), oh_str(source_names[s]))) *sources |= 1u << s;
  }
  return true;
}

static bool read_video(const json_t *object, struct oh_claims *claims) {
  const json_t *grant = json_object_get(object, "video");
  if (!grant || json_is_null(grant)) return true;
  if (!json_is_object(grant)) return false;
  claims->has_video = true;
  bool data_given = false;
  for (size_t i = 0; i < FLAG_COUNT; i++) {
    bool *flag = flag_of(&claims->video, i);
    const json_t *value = json_object_get(grant, flags[i].name);
    if (!value || json_is_null(value)) continue;
    if (!json_is_boolean(value)) return false;
    *flag = json_is_true(value);
    if (flag == &claims->video.can_publish_data) data_given = true;
  }
  // Without a word about data, who may publish may send data.
  if (!data_given) claims->video.can_publish_data = claims->video.can_publish;
  return read_string(grant, "room", &claims->video.room) &&
         read_string(grant, "destinationRoom", &claims->video.destination_room) &&
         read_sources(json_object_get(grant, "canPublishSources"), &claims->video.can_publish_sources);
}

static bool read_attributes(json_t *object, struct oh_claims *claims) {
  json_t *attributes = json_object_get(object, "attributes");
  if (!attributes || json_is_null(attributes)) return true;
  if (!json_is_object(attributes)) return false;
  const char *key;
  json_t *value;
  json_object_foreach(attributes, key, value) {
    if (!json_is_string(value)) return false;
    oh_claims_set_attribute(claims, oh_str(key), oh_str(json_string_value(value)));
  }
  return true;
}

static bool read_room_config(const json_t *object, struct oh_claims *claims) {
  const json_t *config = json_object_get(object, "roomConfig");
  if (!config || json_is_null(config)) return true;
  if (!json_is_object(config)) return false;
  claims->room_config = json_dumps(config, JSON_COMPACT);
  OH_CHECK(claims->room_config);
  return true;
}

static bool read_identity(const json_t *object, struct oh_claims *claims) {
  char *subject = empty(), *id = empty();
  bool good = read_string(object, "sub", &subject) && read_string(object, "jti", &id) &&
              read_string(object, "identity", &claims->identity);
  if (*subject)
    replace(&claims->identity, subject);
  else if (*id)
    replace(&claims->identity, id);
  free(subject);
  free(id);
  return good;
}

static bool read_claims(json_t *object, struct oh_claims *claims) {
  return read_identity(object, claims) && read_string(object, "iss", &claims->issuer) &&
         read_string(object, "name", &claims->name) && read_string(object, "metadata", &claims->metadata) &&
         read_string(object, "kind", &claims->kind) && read_string(object, "sha256", &claims->sha256) &&
         read_attributes(object, claims) && read_room_config(object, claims) && read_video(object, claims);
}

static enum oh_token_error check_times(const json_t *object, int64_t now_s, struct oh_claims *claims,
                                       const char **detail) {
  bool has_exp, has_nbf, has_iat;
  int64_t exp = 0, nbf = 0, iat = 0;
  if (!read_time(object, "exp", &has_exp, &exp) || !read_time(object, "nbf", &has_nbf, &nbf) ||
      !read_time(object, "iat", &has_iat, &iat))
    return OH_TOKEN_MALFORMED;
  const char *objection = NULL;
  if (!has_exp)
    objection = "token has no expiry (exp)";
  else if (now_s > exp + LEEWAY_S)
    objection = "token is expired (exp)";
  else if (has_nbf && now_s + LEEWAY_S < nbf)
    objection = "token not valid yet (nbf)";
  else if (has_iat && now_s + LEEWAY_S < iat)
    objection = "token issued in the future (iat)";
  if (objection) {
    *detail = objection;
    return OH_TOKEN_INVALID;
  }
  claims->expires_unix_s = exp;
  claims->not_before_unix_s = nbf;
  claims->issued_unix_s = iat;
  return OH_TOKEN_OK;
}

// The header may say HS256 and name a key; anything more (crit, jwk, x5u, zip …) asks for what we do not do.
static const char *check_header(json_t *header) {
  const char *name;
  json_t *value;
  bool has_alg = false;
  json_object_foreach(header, name, value) {
    const char *text = json_string_value(value);
    if (!strcmp(name, "alg")) {
      has_alg = true;
      if (!text || strcmp(text, "HS256") != 0) return "unexpected signature algorithm";
    } else if (!strcmp(name, "typ")) {
      if (!text || !oh_str_eq_nocase(oh_str(text), OH_STR("JWT"))) return "unexpected token type";
    } else if (!strcmp(name, "kid")) {
      if (!text || strlen(text) > KID_MAX) return "unexpected key id";
    } else {
      return "unexpected header parameter";
    }
  }
  return has_alg ? NULL : "no signature algorithm";
}

static void compute_mac(const char *secret, struct oh_str signed_part, uint8_t mac[MAC_BYTES]) {
  unsigned len = 0;
  OH_CHECK(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const uint8_t *)signed_part.data, signed_part.len,
                mac, &len));
  OH_CHECK(len == MAC_BYTES);
}

static const struct oh_key *find_key(const json_t *payload, const struct oh_keys *keys) {
  const char *issuer = json_string_value(json_object_get(payload, "iss"));
  for (size_t i = 0; issuer && i < keys->count; i++)
    if (!strcmp(keys->items[i].id, issuer) && *keys->items[i].secret) return &keys->items[i];
  return NULL;
}

static bool signature_is_right(struct oh_str signed_part, struct oh_str signature, const struct oh_key *key) {
  uint8_t given[OH_TOKEN_MAX], mac[MAC_BYTES];
  size_t len;
  if (!oh_base64_read(signature, OH_BASE64_URL, given, &len) || len != MAC_BYTES) return false;
  compute_mac(key->secret, signed_part, mac);
  return CRYPTO_memcmp(given, mac, MAC_BYTES) == 0;
}

static enum oh_token_error read_payload(json_t *payload, struct oh_str signed_part, struct oh_str signature,
                                        const struct oh_keys *keys, int64_t unix_us, struct oh_claims *claims,
                                        const char **detail) {
  const struct oh_key *key = find_key(payload, keys);
  if (!key) return OH_TOKEN_UNKNOWN_KEY;
  if (!signature_is_right(signed_part, signature, key)) {
    *detail = "signature is wrong";
    return OH_TOKEN_INVALID;
  }
  enum oh_token_error error = check_times(payload, unix_us / 1000000, claims, detail);
  if (error == OH_TOKEN_OK && !read_claims(payload, claims)) error = OH_TOKEN_MALFORMED;
  return error;
}

enum oh_token_error oh_token_read(struct oh_str jwt, const struct oh_keys *keys, int64_t unix_us,
                                  struct oh_claims *claims, const char **detail) {
  *detail = "";
  oh_claims_init(claims);
  struct oh_compact compact;
  enum oh_token_error error = OH_TOKEN_MALFORMED;
  if (oh_compact_read(jwt, &compact)) {
    const char *objection = check_header(compact.header);
    error = OH_TOKEN_INVALID;
    if (objection)
      *detail = objection;
    else
      error = read_payload(compact.payload, compact.text, compact.signature, keys, unix_us, claims, detail);
  }
  oh_compact_fini(&compact);
  if (error != OH_TOKEN_OK) {
    oh_claims_fini(claims);
    oh_claims_init(claims);
  }
  return error;
}

int oh_token_authenticate(struct oh_str authorization, struct oh_str access_token, const struct oh_keys *keys,
                          int64_t unix_us, struct oh_claims *claims, char refusal[256]) {
  struct oh_str token = access_token, bearer = OH_STR("Bearer ");
  const char *words = "invalid authorization token", *detail = "";
  if (authorization.len && !oh_str_starts(authorization, bearer)) {
    oh_claims_init(claims);
    snprintf(refusal, 256, "invalid authorization header. Must start with Bearer ");
    return 401;
  }
  if (authorization.len)
    token = (struct oh_str){authorization.data + bearer.len, authorization.len - bearer.len};
  if (!token.len) {
    oh_claims_init(claims);
    return 0;
  }
  switch (oh_token_read(token, keys, unix_us, claims, &detail)) {
  case OH_TOKEN_OK: return 0;
  case OH_TOKEN_UNKNOWN_KEY: words = "invalid API key"; break;
  case OH_TOKEN_INVALID:
  case OH_TOKEN_MALFORMED: break;
  }
  snprintf(refusal, 256, "%s%s%s", words, *detail ? ": " : "", detail);
  return 401;
}

static void set_string(json_t *object, const char *name, const char *value) {
  if (value && *value) OH_CHECK(json_object_set_new(object, name, json_string(value)) == 0);
}

static json_t *video_json(const struct oh_claims *claims) {
  struct oh_video_grant video = claims->video;
  json_t *grant = json_object();
  for (size_t i = 0; i < FLAG_COUNT; i++) {
    bool on = *flag_of(&video, i);
    if (on || flags[i].always) json_object_set_new(grant, flags[i].name, json_boolean(on));
  }
  set_string(grant, "room", video.room);
  set_string(grant, "destinationRoom", video.destination_room);
  if (video.can_publish_sources != OH_SOURCES_ALL) {
    json_t *list = json_array();
    for (uint32_t s = 0; s < SOURCE_COUNT; s++)
      if (video.can_publish_sources & 1u << s) json_array_append_new(list, json_string(source_names[s]));
    // An empty list would allow everything.
    if (!json_array_size(list)) json_array_append_new(list, json_string("none"));
    json_object_set_new(grant, "canPublishSources", list);
  }
  return grant;
}

static json_t *claims_json(const struct oh_claims *claims, const struct oh_key *key) {
  json_t *object = json_object();
  set_string(object, "iss", key->id);
  set_string(object, "sub", claims->identity);
  // Neither is made up here: a wall clock that is set back would lock out those on a call. Those of the token
  // that somebody joined with go on into his fresh ones: taking back old tokens goes by them.
  if (claims->issued_unix_s) json_object_set_new(object, "iat", json_integer(claims->issued_unix_s));
  if (claims->not_before_unix_s) json_object_set_new(object, "nbf", json_integer(claims->not_before_unix_s));
  json_object_set_new(object, "exp", json_integer(claims->expires_unix_s));
  set_string(object, "name", claims->name);
  set_string(object, "kind", claims->kind);
  set_string(object, "metadata", claims->metadata);
  set_string(object, "sha256", claims->sha256);
  if (claims->attribute_count) {
    json_t *attributes = json_object();
    for (size_t i = 0; i < claims->attribute_count; i++) {
      json_t *value = json_string(claims->attributes[2 * i + 1]);
      OH_CHECK(json_object_set_new(attributes, claims->attributes[2 * i], value) == 0);
    }
    json_object_set_new(object, "attributes", attributes);
  }
  if (claims->room_config) {
    json_t *config = json_loads(claims->room_config, JSON_REJECT_DUPLICATES, NULL);
    OH_CHECK(json_is_object(config));
    json_object_set_new(object, "roomConfig", config);
  }
  if (claims->has_video) json_object_set_new(object, "video", video_json(claims));
  return object;
}

// jansson takes nothing but UTF-8.
static bool is_writable(const struct oh_claims *claims, const struct oh_key *key) {
  const char *const strings[] = {
      key->id,      claims->identity, claims->name,       claims->metadata,
      claims->kind, claims->sha256,   claims->video.room, claims->video.destination_room};
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
    if (!oh_str_is_utf8(oh_str(strings[i]))) return false;
  for (size_t i = 0; i < 2 * claims->attribute_count; i++)
    if (!oh_str_is_utf8(oh_str(claims->attributes[i]))) return false;
  return true;
}

char *oh_token_write(const struct oh_claims *claims, const struct oh_key *key) {
  static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
  if (!is_writable(claims, key)) return NULL;
  json_t *object = claims_json(claims, key);
  char *payload = json_dumps(object, JSON_COMPACT);
  json_decref(object);
  OH_CHECK(payload);
  struct oh_text jwt;
  oh_text_init(&jwt, OH_TOKEN_MAX);
  oh_base64_write(&jwt, (struct oh_bytes){(const uint8_t *)header, sizeof header - 1}, OH_BASE64_URL);
  oh_text_addc(&jwt, '.');
  oh_base64_write(&jwt, (struct oh_bytes){(const uint8_t *)payload, strlen(payload)}, OH_BASE64_URL);
  free(payload);
  uint8_t mac[MAC_BYTES];
  if (!jwt.failed) compute_mac(key->secret, oh_text_str(&jwt), mac);
  oh_text_addc(&jwt, '.');
  oh_base64_write(&jwt, (struct oh_bytes){mac, MAC_BYTES}, OH_BASE64_URL);
  char *taken = oh_text_take(&jwt, NULL);
  oh_text_fini(&jwt);
  return taken;
}
