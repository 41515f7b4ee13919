// join.c — requests for /rtc, /rtc/v1 and …/validate turned into joins, or into refusals
#include "livekit/join.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/message.h"
#include "signal.pb-c.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

// The query parameters we look at (LIVEKIT 1.4); everything else is skipped.
enum parameter {
  ACCESS_TOKEN,
  PROTOCOL,
  CLIENT_PROTOCOL,
  SDK,
  VERSION,
  OS,
  DEVICE_MODEL,
  BROWSER,
  CAPABILITIES,
  AUTO_SUBSCRIBE,
  AUTO_SUBSCRIBE_DATA_TRACK,
  RECONNECT,
  RECONNECT_REASON,
  SID,
  PUBLISH,
  ATTRIBUTES,
  JOIN_REQUEST,
  PARAMETERS
};
static const char *const parameter_names[PARAMETERS] = {
    "access_token",
    "protocol",
    "client_protocol",
    "sdk",
    "version",
    "os",
    "device_model",
    "browser",
    "capabilities",
    "auto_subscribe",
    "auto_subscribe_data_track",
    "reconnect",
    "reconnect_reason",
    "sid",
    "publish",
    "attributes",
    "join_request",
};

struct parameters {
  char *memory;                     // decoded values; as long as the query at most
  struct oh_str values[PARAMETERS]; // empty if absent
};

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Undoes percent-encoding and '+'. False if a '%' is not followed by two hex digits.
static bool decode(struct oh_str in, char *out, size_t *len) {
  *len = 0;
  for (size_t i = 0; i < in.len; i++) {
    char c = in.data[i];
    if (c == '+') c = ' ';
    if (c == '%') {
      if (in.len - i < 3) return false;
      int high = hex_value(in.data[i + 1]), low = hex_value(in.data[i + 2]);
      if (high < 0 || low < 0) return false;
      c = (char)(high << 4 | low);
      i += 2;
    }
    out[(*len)++] = c;
  }
  return true;
}

// The first of several equal names counts; empty pairs ("&&", from the Go SDK) and broken ones are skipped.
static void read_parameters(struct oh_str query, struct parameters *p) {
  *p = (struct parameters){.memory = malloc(query.len + 1)};
  OH_CHECK(p->memory);
  char *at = p->memory;
  while (query.len) {
    struct oh_str value = oh_str_cut(&query, '&');
    struct oh_str name = oh_str_cut(&value, '=');
    for (int i = 0; i < PARAMETERS; i++) {
      size_t len;
      if (p->values[i].data || !oh_str_eq(name, oh_str(parameter_names[i]))) continue;
      if (!decode(value, at, &len)) break;
      p->values[i] = (struct oh_str){.data = at, .len = len};
      at += len;
    }
  }
}

static bool is_true(struct oh_str value) {
  return oh_str_eq(value, OH_STR("1")) || oh_str_eq(value, OH_STR("true"));
}
static int to_int(struct oh_str value) {
  uint64_t number = 0;
  return oh_str_to_u64(value, INT32_MAX, &number) ? (int)number : 0;
}

// Copies text into a field, cut at a character to its size; what is not UTF-8 is left out.
static void put(char *into, size_t size, struct oh_str text) {
  into[0] = 0;
  if (!oh_str_is_utf8(text)) return;
  size_t len = text.len < size ? text.len : size - 1;
  while (len < text.len && len && ((uint8_t)text.data[len] & 0xC0) == 0x80)
    len--;
  memcpy(into, text.data ? text.data : "", len);
  into[len] = 0;
}
#define PUT(field, text) put(field, sizeof(field), text)

static int refuse(char refusal[256], int status, const char *body) {
  snprintf(refusal, 256, "%s", body);
  return status;
}

// Inflates one gzip member into *out (free it). 0, or a status.
static int gunzip(struct oh_bytes in, uint8_t **out, size_t *len, char refusal[256]) {
  z_stream z = {.next_in = (Bytef *)(uintptr_t)in.data, .avail_in = (uInt)in.len};
  OH_CHECK(inflateInit2(&z, 16 + MAX_WBITS) == Z_OK);
  // Bounded by what deflate can do at best (1032 : 1), so that short requests get short buffers.
  size_t cap = in.len * 1032 < OH_JOIN_REQUEST_MAX ? in.len * 1032 + 1 : OH_JOIN_REQUEST_MAX + 1;
  *out = malloc(cap);
  OH_CHECK(*out);
  z.next_out = *out;
  z.avail_out = (uInt)cap;
  int result = inflate(&z, Z_FINISH);
  *len = z.total_out;
  bool whole = result == Z_STREAM_END && z.avail_in == 0;
  inflateEnd(&z);
  if (*len > OH_JOIN_REQUEST_MAX) return refuse(refusal, 400, "join request too large");
  if (!whole) return refuse(refusal, 400, "cannot read decompressed join request");
  return 0;
}

static int read_inner(const Livekit__WrappedJoinRequest *wrapped, struct oh_join *join, char refusal[256]) {
  struct oh_bytes inner = {.data = wrapped->join_request.data, .len = wrapped->join_request.len};
  uint8_t *inflated = NULL;
  int status = 0;
  if (wrapped->compression == LIVEKIT__WRAPPED_JOIN_REQUEST__COMPRESSION__GZIP) {
    status = gunzip(inner, &inflated, &inner.len, refusal);
    inner.data = inflated;
  }
  if (!status) {
    join->request = (struct Livekit__JoinRequest *)oh_message_read(&livekit__join_request__descriptor,
                                                                   inner.data, inner.len);
    if (!join->request) status = refuse(refusal, 400, "cannot unmarshal join request");
  }
  free(inflated);
  return status;
}

static int read_join_request(struct oh_str text, struct oh_join *join, char refusal[256]) {
  uint8_t *packed = malloc(oh_base64_bytes_max(text.len));
  OH_CHECK(packed);
  size_t len;
  int status = 0;
  if (!oh_base64_read(text, OH_BASE64_ANY, packed, &len)) {
    status = refuse(refusal, 400, "cannot base64 decode wrapped join request");
  } else if (len > OH_JOIN_REQUEST_MAX) {
    status = refuse(refusal, 400, "join request too large");
  } else {
    Livekit__WrappedJoinRequest *wrapped = (Livekit__WrappedJoinRequest *)oh_message_read(
        &livekit__wrapped_join_request__descriptor, packed, len);
    status = wrapped ? read_inner(wrapped, join, refusal)
                     : refuse(refusal, 400, "cannot unmarshal wrapped join request");
    oh_message_free(wrapped);
  }
  free(packed);
  return status;
}

// Bits of a comma list of Capability names.
static uint32_t capability_bits(struct oh_str list) {
  uint32_t bits = 0;
  while (list.len) {
    struct oh_str name = oh_str_trim(oh_str_cut(&list, ','));
    const ProtobufCEnumDescriptor *type = &livekit__client_info__capability__descriptor;
    for (unsigned i = 0; i < type->n_values; i++)
      if (oh_str_eq(name, oh_str(type->values[i].name)) && type->values[i].value < 32)
        bits |= 1u << type->values[i].value;
  }
  return bits;
}

static void use_parameters(const struct parameters *p, struct oh_join *join) {
  const struct oh_str *v = p->values;
  join->protocol = to_int(v[PROTOCOL]);
  join->client_protocol = to_int(v[CLIENT_PROTOCOL]);
  join->capabilities = capability_bits(v[CAPABILITIES]);
  PUT(join->sdk, v[SDK]);
  PUT(join->version, v[VERSION]);
  PUT(join->browser, v[BROWSER]);
  PUT(join->os, v[OS]);
  PUT(join->device_model, v[DEVICE_MODEL]);
  join->auto_subscribe = v[AUTO_SUBSCRIBE].len == 0 || is_true(v[AUTO_SUBSCRIBE]);
  join->auto_subscribe_data_track = is_true(v[AUTO_SUBSCRIBE_DATA_TRACK]);
  join->reconnect = is_true(v[RECONNECT]);
  join->reconnect_reason = to_int(v[RECONNECT_REASON]);
  if (join->reconnect) PUT(join->participant_sid, v[SID]);
}

static void use_client_info(const Livekit__ClientInfo *info, struct oh_join *join) {
  join->protocol = info->protocol;
  join->client_protocol = info->client_protocol;
  for (size_t i = 0; i < info->n_capabilities; i++)
    if ((unsigned)info->capabilities[i] < 32) join->capabilities |= 1u << info->capabilities[i];
  const ProtobufCEnumValue *sdk =
      protobuf_c_enum_descriptor_get_value(&livekit__client_info__sdk__descriptor, (int)info->sdk);
  if (sdk) PUT(join->sdk, oh_str(sdk->name));
  for (char *c = join->sdk; *c; c++)
    if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
  PUT(join->version, oh_str(info->version));
  PUT(join->browser, oh_str(info->browser));
  PUT(join->os, oh_str(info->os));
  PUT(join->device_model, oh_str(info->device_model));
}

static void use_request(struct oh_join *join) {
  const Livekit__JoinRequest *request = join->request;
  join->single_peer_connection = true;
  if (request->client_info) use_client_info(request->client_info, join);
  const Livekit__ConnectionSettings *settings = request->connection_settings;
  join->auto_subscribe = settings && settings->auto_subscribe;
  join->auto_subscribe_data_track =
      settings &&
      settings->_auto_subscribe_data_track_case ==
          LIVEKIT__CONNECTION_SETTINGS___AUTO_SUBSCRIBE_DATA_TRACK_AUTO_SUBSCRIBE_DATA_TRACK &&
      settings->auto_subscribe_data_track;
  join->reconnect = request->reconnect;
  join->reconnect_reason = (int)request->reconnect_reason;
  if (join->reconnect) PUT(join->participant_sid, oh_str(request->participant_sid));
}

// What the client wants to say about itself: checked against its grant, then merged into the claims.
struct wishes {
  const char *metadata;
  json_t *attributes; // object of strings, NULL if there are none
};

static bool read_attributes_parameter(struct oh_str text, json_t **attributes) {
  uint8_t *plain = malloc(oh_base64_bytes_max(text.len));
  OH_CHECK(plain);
  size_t len;
  json_t *object = NULL;
  if (oh_base64_read(text, OH_BASE64_ANY, plain, &len))
    object = json_loadb((const char *)plain, len, JSON_REJECT_DUPLICATES, NULL);
  free(plain);
  bool good = json_is_object(object);
  const char *key;
  json_t *value;
  if (good) json_object_foreach(object, key, value) good &= json_is_string(value);
  if (good)
    *attributes = object;
  else
    json_decref(object);
  return good;
}

static json_t *request_attributes(const Livekit__JoinRequest *request) {
  json_t *object = json_object();
  for (size_t i = 0; i < request->n_participant_attributes; i++) {
    json_t *value = json_string(request->participant_attributes[i]->value);
    OH_CHECK(json_object_set_new(object, request->participant_attributes[i]->key, value) == 0);
  }
  return object;
}

static int apply_wishes(const struct wishes *wishes, struct oh_join *join, char refusal[256]) {
  size_t count = 0, bytes = 0;
  const char *key;
  json_t *value;
  json_object_foreach(wishes->attributes, key, value) {
    if (!json_string_length(value)) continue; // empty values are dropped at join
    count++;
    bytes += strlen(key) + json_string_length(value);
  }
  bool metadata = wishes->metadata && *wishes->metadata;
  if (!metadata && !count) return 0;
  if (!join->claims.video.can_update_own_metadata)
    return refuse(refusal, 401, "no permissions to access the room");
  if (metadata && strlen(wishes->metadata) > OH_METADATA_MAX)
    return refuse(refusal, 400, "metadata exceeds limits");
  if (bytes > OH_ATTRIBUTES_MAX || count > OH_ATTRIBUTE_COUNT_MAX)
    return refuse(refusal, 400, "attribute size exceeds limits");
  if (metadata) {
    free(join->claims.metadata);
    join->claims.metadata = oh_str_dup(oh_str(wishes->metadata));
  }
  json_object_foreach(wishes->attributes, key, value) {
    if (json_string_length(value))
      oh_claims_set_attribute(&join->claims, oh_str(key), oh_str(json_string_value(value)));
  }
  return 0;
}

// Rows 7 to 10 of LIVEKIT 1.3.
static int check_grant(struct oh_join *join, struct oh_str publish, char refusal[256]) {
  struct oh_claims *claims = &join->claims;
  if (!claims->video.room_join) return refuse(refusal, 401, "permissions denied");
  if (!*claims->identity) return refuse(refusal, 400, "identity cannot be empty");
  if (strlen(claims->identity) > OH_IDENTITY_MAX)
    return refuse(refusal, 400, "participant identity length exceeds limits: max length 256");
  if (!*claims->video.room) return refuse(refusal, 400, "no room name");
  if (strlen(claims->video.room) > OH_ROOM_NAME_MAX)
    return refuse(refusal, 400, "room name length exceeds limits: max length 256");
  if (strlen(claims->name) > OH_NAME_MAX)
    return refuse(refusal, 400, "participant name length exceeds limits: max length 256");
  if (!publish.len) return 0;
  if (!claims->video.can_publish) return refuse(refusal, 401, "no permissions to access the room");
  if (!oh_str_is_utf8(publish) || strlen(claims->identity) + 1 + publish.len > OH_IDENTITY_MAX)
    return refuse(refusal, 400, "participant identity length exceeds limits: max length 256");
  struct oh_text identity;
  oh_text_init(&identity, OH_IDENTITY_MAX);
  oh_text_addf(&identity, "%s#%.*s", claims->identity, OH_STR_ARG(publish));
  free(claims->identity);
  claims->identity = oh_text_take(&identity, NULL);
  claims->video.can_subscribe = false;
  return 0;
}

static int read_all(const struct oh_join_query *query, const struct parameters *p, const struct oh_keys *keys,
                    int64_t unix_us, struct oh_join *join, struct wishes *wishes, char refusal[256]) {
  oh_claims_fini(&join->claims);
  int status = oh_token_authenticate(query->authorization, p->values[ACCESS_TOKEN], keys, unix_us,
                                     &join->claims, refusal);
  if (status) return status;
  bool v1 = oh_str_starts(query->path, OH_STR("/rtc/v1"));
  join->validate =
      oh_str_eq(query->path, OH_STR("/rtc/validate")) || oh_str_eq(query->path, OH_STR("/rtc/v1/validate"));
  if (!join->validate && !query->upgrade) return refuse(refusal, 404, "");
  if (!join->claims.has_video) return refuse(refusal, 401, "no permissions to access the room");

  struct oh_str join_request = p->values[JOIN_REQUEST];
  if (v1 && !join_request.len) return refuse(refusal, 400, "join_request is required");
  if (join_request.len) {
    status = read_join_request(join_request, join, refusal);
    if (status) return status;
    use_request(join);
    wishes->metadata = join->request->metadata;
    wishes->attributes = request_attributes(join->request);
  } else {
    use_parameters(p, join);
    struct oh_str attributes = p->values[ATTRIBUTES];
    if (attributes.len && !read_attributes_parameter(attributes, &wishes->attributes) && join->validate)
      return refuse(refusal, 400, "cannot decode attributes");
  }
  status = check_grant(join, p->values[PUBLISH], refusal);
  return status ? status : apply_wishes(wishes, join, refusal);
}

int oh_join_read(const struct oh_join_query *query, const struct oh_keys *keys, int64_t unix_us,
                 struct oh_join *join, char refusal[256]) {
  *join = (struct oh_join){0};
  oh_claims_init(&join->claims);
  struct parameters parameters;
  read_parameters(query->query, &parameters);
  struct wishes wishes = {0};
  int status = read_all(query, &parameters, keys, unix_us, join, &wishes, refusal);
  json_decref(wishes.attributes);
  free(parameters.memory);
  if (status) oh_join_fini(join);
  return status;
}

void oh_join_fini(struct oh_join *join) {
  oh_claims_fini(&join->claims);
  oh_message_free(join->request);
  *join = (struct oh_join){0};
}
