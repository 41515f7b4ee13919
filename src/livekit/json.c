// json.c — proto3 JSON for any protobuf-c message, by its descriptor
#include "livekit/json.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/message.h"
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_LEN 64 // of a field; ours are shorter (checked by the unit test through round trips)

// protobuf-c has no mark for maps: they are repeated messages named …Entry with the fields key = 1, value =
// 2, and no message of ours is called that otherwise.
static bool is_map(const ProtobufCFieldDescriptor *field) {
  if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE) return false;
  const ProtobufCMessageDescriptor *type = field->descriptor;
  size_t len = strlen(type->short_name);
  return type->n_fields == 2 && len > 5 && !strcmp(type->short_name + len - 5, "Entry") &&
         !strcmp(type->fields[0].name, "key") && !strcmp(type->fields[1].name, "value");
}

// "mid_to_track_id" → "midToTrackId"
static void camel(const char *name, char out[NAME_MAX_LEN]) {
  size_t n = 0;
  bool upper = false;
  for (; *name && n < NAME_MAX_LEN - 1; name++) {
    if (*name == '_') {
      upper = true;
      continue;
    }
    bool is_lower = *name >= 'a' && *name <= 'z';
    out[n++] = upper && is_lower ? (char)(*name - 32) : *name;
    upper = false;
  }
  out[n] = 0;
}

// ---- writing

void oh_json_write_string(struct oh_text *text, struct oh_str s) {
  oh_text_addc(text, '"');
  size_t from = 0;
  for (size_t i = 0; i < s.len; i++) {
    uint8_t c = (uint8_t)s.data[i];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    oh_text_add(text, (struct oh_str){s.data + from, i - from});
    from = i + 1;
    if (c == '"' || c == '\\')
      oh_text_addf(text, "\\%c", c);
    else
      oh_text_addf(text, "\\u%04x", c);
  }
  oh_text_add(text, (struct oh_str){s.data + from, s.len - from});
  oh_text_addc(text, '"');
}

// The shortest decimal that reads back as the same number.
static void write_real(struct oh_text *text, double value, bool single) {
  if (isnan(value)) {
    oh_text_adds(text, "\"NaN\"");
  } else if (isinf(value)) {
    oh_text_adds(text, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  } else {
    char digits[40];
    for (int precision = single ? 6 : 15; precision <= 17; precision++) {
      snprintf(digits, sizeof digits, "%.*g", precision, value);
      if (single ? strtof(digits, NULL) == (float)value : strtod(digits, NULL) == value) break;
    }
    oh_text_adds(text, digits);
  }
}

static void write_enum(struct oh_text *text, const ProtobufCEnumDescriptor *type, int32_t value) {
  const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
  if (known)
    oh_json_write_string(text, oh_str(known->name));
  else
    oh_text_addf(text, "%" PRId32, value);
}

static void write_value(struct oh_text *text, const ProtobufCFieldDescriptor *field, const void *at,
                        enum oh_json_names names) {
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT32:
  case PROTOBUF_C_TYPE_SINT32:
  case PROTOBUF_C_TYPE_SFIXED32: oh_text_addf(text, "%" PRId32, *(const int32_t *)at); break;
  case PROTOBUF_C_TYPE_UINT32:
  case PROTOBUF_C_TYPE_FIXED32: oh_text_addf(text, "%" PRIu32, *(const uint32_t *)at); break;
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64: oh_text_addf(text, "\"%" PRId64 "\"", *(const int64_t *)at); break;
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64: oh_text_addf(text, "\"%" PRIu64 "\"", *(const uint64_t *)at); break;
  case PROTOBUF_C_TYPE_FLOAT: write_real(text, (double)*(const float *)at, true); break;
  case PROTOBUF_C_TYPE_DOUBLE: write_real(text, *(const double *)at, false); break;
  case PROTOBUF_C_TYPE_BOOL: oh_text_adds(text, *(const protobuf_c_boolean *)at ? "true" : "false"); break;
  case PROTOBUF_C_TYPE_ENUM: write_enum(text, field->descriptor, *(const int32_t *)at); break;
  case PROTOBUF_C_TYPE_STRING: {
    const char *string = *(char *const *)at;
    oh_json_write_string(text, oh_str(string ? string : ""));
    break;
  }
  case PROTOBUF_C_TYPE_BYTES: {
    const ProtobufCBinaryData *bytes = at;
    oh_text_addc(text, '"');
    oh_base64_write(text, (struct oh_bytes){bytes->data, bytes->len}, OH_BASE64_STANDARD);
    oh_text_addc(text, '"');
    break;
  }
  case PROTOBUF_C_TYPE_MESSAGE: oh_json_write(text, *(ProtobufCMessage *const *)at, names); break;
  }
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *at) {
  static const uint8_t zero[8];
  if (field->type == PROTOBUF_C_TYPE_STRING) {
    const char *string = *(char *const *)at;
    return !string || !*string;
  }
  if (field->type == PROTOBUF_C_TYPE_BYTES) return ((const ProtobufCBinaryData *)at)->len == 0;
  return field->type != PROTOBUF_C_TYPE_MESSAGE && memcmp(at, zero, oh_message_value_bytes(field->type)) == 0;
}

static void write_map(struct oh_text *text, const ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field, size_t count, enum oh_json_names names) {
  if (!count) oh_text_addc(text, '{');
  for (size_t i = 0; i < count; i++) {
    const ProtobufCMessage *entry = *(ProtobufCMessage *const *)oh_message_at(message, field, i);
    const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0],
                                   *value = &entry->descriptor->fields[1];
    const void *key_at = oh_message_at(entry, key, 0);
    oh_text_adds(text, i ? "," : "{");
    // Keys are always strings; 64-bit ones are already.
    bool quoted = key->type == PROTOBUF_C_TYPE_STRING || oh_message_value_bytes(key->type) == 8;
    if (!quoted) oh_text_addc(text, '"');
    write_value(text, key, key_at, names);
    oh_text_adds(text, quoted ? ":" : "\":");
    if (oh_message_count(entry, value))
      write_value(text, value, oh_message_at(entry, value, 0), names);
    else
      oh_text_adds(text, "{}"); // a message that was left out
  }
  oh_text_addc(text, '}');
}

static void write_field(struct oh_text *text, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field, size_t count, enum oh_json_names names) {
  if (is_map(field)) {
    write_map(text, message, field, count, names);
    return;
  }
  bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
  if (repeated) oh_text_addc(text, '[');
  for (size_t i = 0; i < count; i++) {
    if (i) oh_text_addc(text, ',');
    write_value(text, field, oh_message_at(message, field, i), names);
  }
  if (repeated) oh_text_addc(text, ']');
}

static bool is_written(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t count,
                       enum oh_json_names names) {
  bool in_oneof = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
  if (names == OH_JSON_FULL) return count || !in_oneof;
  if (!count) return false;
  bool explicit_presence = field->label == PROTOBUF_C_LABEL_REPEATED || in_oneof;
  return explicit_presence || !is_default(field, oh_message_at(message, field, 0));
}

void oh_json_write(struct oh_text *text, const ProtobufCMessage *message, enum oh_json_names names) {
  bool first = true;
  oh_text_addc(text, '{');
  for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
    size_t count = oh_message_count(message, field);
    if (!is_written(message, field, count, names)) continue;
    char name[NAME_MAX_LEN];
    camel(field->name, name);
    if (!first) oh_text_addc(text, ',');
    first = false;
    oh_text_addf(text, "\"%s\":", names == OH_JSON_CAMEL ? name : field->name);
    if (!count && field->label != PROTOBUF_C_LABEL_REPEATED)
      oh_text_adds(text, "null");
    else
      write_field(text, message, field, count, names);
  }
  oh_text_addc(text, '}');
}

// ---- reading

struct builder {
  size_t left; // bytes that may still be allocated
  const char *why;
};

static bool fail(struct builder *b, const char *why) {
  if (!b->why) b->why = why;
  return false;
}

// NULL when the budget is used up.
static void *take(struct builder *b, size_t size) {
  if (size > b->left || b->left - size < 16) {
    fail(b, "too large");
    return NULL;
  }
  b->left -= size + 16;
  void *memory = calloc(1, size ? size : 1);
  OH_CHECK(memory);
  return memory;
}

static bool read_object(struct builder *b, const ProtobufCMessageDescriptor *type, json_t *object,
                        ProtobufCMessage **message);

// An integer as JSON number (also 1.0) or as string.
static bool read_int(struct builder *b, const json_t *json, int64_t min, uint64_t max, uint64_t *value) {
  if (json_is_integer(json)) {
    int64_t n = json_integer_value(json);
    *value = (uint64_t)n;
    return (n >= min && (n < 0 || (uint64_t)n <= max)) || fail(b, "a number out of range");
  }
  if (json_is_real(json)) {
    double real = json_real_value(json);
    if (real != floor(real) || fabs(real) > 9007199254740992.) return fail(b, "not an integer");
    *value = (uint64_t)(int64_t)real;
    return (real >= (double)min && real <= (double)max) || fail(b, "a number out of range");
  }
  if (!json_is_string(json)) return fail(b, "a number was expected");
  struct oh_str digits = oh_str(json_string_value(json));
  bool negative = digits.len && digits.data[0] == '-';
  if (negative) digits.data++, digits.len--;
  // −min without overflow
  uint64_t limit = negative ? (min < 0 ? (uint64_t)(-(min + 1)) + 1 : 0) : max;
  if (!oh_str_to_u64(digits, limit, value)) return fail(b, "a bad number");
  if (negative) *value = 0 - *value;
  return true;
}

static bool read_real(struct builder *b, const json_t *json, double *value) {
  *value = json_number_value(json);
  if (json_is_number(json)) return true;
  const char *text = json_string_value(json);
  if (!text) return fail(b, "a number was expected");
  if (!strcmp(text, "NaN"))
    *value = (double)NAN;
  else if (!strcmp(text, "Infinity"))
    *value = (double)INFINITY;
  else if (!strcmp(text, "-Infinity"))
    *value = (double)-INFINITY;
  else {
    char *end;
    *value = strtod(text, &end);
    bool begins_well = *text == '-' || (*text >= '0' && *text <= '9');
    if (!begins_well || *end || !isfinite(*value)) return fail(b, "a bad number");
  }
  return true;
}

static bool read_enum(struct builder *b, const ProtobufCEnumDescriptor *type, const json_t *json,
                      int32_t *value) {
  if (json_is_string(json)) {
    const ProtobufCEnumValue *known =
        protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(json));
    if (!known) return fail(b, "an unknown enum name");
    *value = known->value;
    return true;
  }
  uint64_t number;
  if (!json_is_integer(json) || !read_int(b, json, INT32_MIN, INT32_MAX, &number))
    return fail(b, "a bad enum value");
  *value = (int32_t)number;
  return true;
}

static bool read_string(struct builder *b, const json_t *json, char **value) {
  if (!json_is_string(json)) return fail(b, "a string was expected");
  size_t len = json_string_length(json);
  char *copy = take(b, len + 1);
  if (!copy) return false;
  memcpy(copy, json_string_value(json), len);
  *value = copy;
  return true;
}

static bool read_bytes(struct builder *b, const json_t *json, ProtobufCBinaryData *value) {
  if (!json_is_string(json)) return fail(b, "base64 was expected");
  struct oh_str text = {.data = json_string_value(json), .len = json_string_length(json)};
  uint8_t *data = take(b, oh_base64_bytes_max(text.len));
  if (!data) return false;
  size_t len;
  if (!oh_base64_read(text, OH_BASE64_ANY, data, &len)) {
    free(data);
    return fail(b, "bad base64");
  }
  *value = (ProtobufCBinaryData){.len = len, .data = data};
  return true;
}

// Reads one value into `at` (of oh_message_value_bytes). On failure nothing is left there to free.
static bool read_value(struct builder *b, const ProtobufCFieldDescriptor *field, json_t *json, void *at) {
  uint64_t number;
  double real;
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT32:
  case PROTOBUF_C_TYPE_SINT32:
  case PROTOBUF_C_TYPE_SFIXED32:
    if (!read_int(b, json, INT32_MIN, INT32_MAX, &number)) return false;
    *(int32_t *)at = (int32_t)number;
    return true;
  case PROTOBUF_C_TYPE_UINT32:
  case PROTOBUF_C_TYPE_FIXED32:
    if (!read_int(b, json, 0, UINT32_MAX, &number)) return false;
    *(uint32_t *)at = (uint32_t)number;
    return true;
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64: return read_int(b, json, INT64_MIN, INT64_MAX, at);
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64: return read_int(b, json, 0, UINT64_MAX, at);
  case PROTOBUF_C_TYPE_FLOAT:
    if (!read_real(b, json, &real)) return false;
    if (isfinite(real) && fabs(real) > (double)3.4028235677973366e38) return fail(b, "a number out of range");
    *(float *)at = (float)real;
    return true;
  case PROTOBUF_C_TYPE_DOUBLE: return read_real(b, json, at);
  case PROTOBUF_C_TYPE_BOOL:
    if (!json_is_boolean(json)) return fail(b, "true or false was expected");
    *(protobuf_c_boolean *)at = json_is_true(json);
    return true;
  case PROTOBUF_C_TYPE_ENUM: return read_enum(b, field->descriptor, json, at);
  case PROTOBUF_C_TYPE_STRING: return read_string(b, json, at);
  case PROTOBUF_C_TYPE_BYTES: return read_bytes(b, json, at);
  case PROTOBUF_C_TYPE_MESSAGE: return read_object(b, field->descriptor, json, at);
  }
  return false;
}

// A map's key arrives as a string, whatever its type.
static bool read_key(struct builder *b, const ProtobufCFieldDescriptor *field, const char *key, void *at) {
  json_t *json = field->type == PROTOBUF_C_TYPE_BOOL && !strcmp(key, "true")    ? json_true()
                 : field->type == PROTOBUF_C_TYPE_BOOL && !strcmp(key, "false") ? json_false()
                                                                                : json_string(key);
  bool good = json && read_value(b, field, json, at);
  json_decref(json);
  return good;
}

static bool read_entry(struct builder *b, const ProtobufCMessageDescriptor *type, const char *key,
                       json_t *value, ProtobufCMessage **message) {
  ProtobufCMessage *entry = take(b, type->sizeof_message);
  if (!entry) return false;
  protobuf_c_message_init(type, entry);
  uint8_t *base = (uint8_t *)entry;
  if (read_key(b, &type->fields[0], key, base + type->fields[0].offset) &&
      read_value(b, &type->fields[1], value, base + type->fields[1].offset)) {
    *message = entry;
    return true;
  }
  oh_message_free(entry);
  return false;
}

static bool read_repeated(struct builder *b, const ProtobufCFieldDescriptor *field, json_t *json,
                          ProtobufCMessage *message) {
  bool map = is_map(field);
  if (map ? !json_is_object(json) : !json_is_array(json))
    return fail(b, map ? "an object was expected" : "an array was expected");
  size_t count = map ? json_object_size(json) : json_array_size(json);
  if (!count) return true;
  size_t width = oh_message_value_bytes(field->type);
  uint8_t *array = take(b, count * width);
  if (!array) return false;
  uint8_t *base = (uint8_t *)message;
  size_t *filled = (size_t *)(void *)(base + field->quantifier_offset);
  *(uint8_t **)(void *)(base + field->offset) = array;
  if (map) {
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value) {
      void *at = array + *filled * width;
      if (!read_entry(b, field->descriptor, key, value, at)) return false;
      ++*filled;
    }
  } else {
    for (size_t i = 0; i < count; i++) {
      if (!read_value(b, field, json_array_get(json, i), array + i * width)) return false;
      ++*filled;
    }
  }
  return true;
}

static bool read_field(struct builder *b, const ProtobufCFieldDescriptor *field, json_t *json,
                       ProtobufCMessage *message) {
  uint8_t *base = (uint8_t *)message;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    if (*(size_t *)(void *)(base + field->quantifier_offset)) return fail(b, "a field given twice");
    return read_repeated(b, field, json, message);
  }
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    uint32_t *which = (uint32_t *)(void *)(base + field->quantifier_offset);
    if (*which) return fail(b, "a oneof given twice");
    if (!read_value(b, field, json, base + field->offset)) return false;
    *which = field->id; // only now: an error path frees what the case says
    return true;
  }
  return read_value(b, field, json, base + field->offset);
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type, const char *key,
                                                  unsigned *index) {
  for (*index = 0; *index < type->n_fields; ++*index) {
    char name[NAME_MAX_LEN];
    camel(type->fields[*index].name, name);
    if (!strcmp(key, name) || !strcmp(key, type->fields[*index].name)) return &type->fields[*index];
  }
  return NULL;
}

static bool read_object(struct builder *b, const ProtobufCMessageDescriptor *type, json_t *object,
                        ProtobufCMessage **message) {
  if (!json_is_object(object)) return fail(b, "an object was expected");
  ProtobufCMessage *made = take(b, type->sizeof_message);
  if (!made) return false;
  protobuf_c_message_init(type, made);
  uint64_t seen = 0; // both spellings of one field are a field given twice
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    unsigned index;
    const ProtobufCFieldDescriptor *field = find_field(type, key, &index);
    if (!field || json_is_null(value)) continue;
    OH_CHECK(index < 64);
    bool twice = seen >> index & 1;
    seen |= UINT64_C(1) << index;
    if (twice) fail(b, "a field given twice");
    if (twice || !read_field(b, field, value, made)) {
      oh_message_free(made);
      return false;
    }
  }
  *message = made;
  return true;
}

static bool is_shallow(struct oh_str json) {
  unsigned depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.len; i++) {
    char c = json.data[i];
    if (in_string) {
      if (c == '\\') i++;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > OH_JSON_DEPTH_MAX) return false;
    } else if ((c == '}' || c == ']') && depth) {
      depth--;
    }
  }
  return true;
}

ProtobufCMessage *oh_json_read(const ProtobufCMessageDescriptor *type, struct oh_str json, const char **why) {
  *why = "nested too deep";
  if (!is_shallow(json)) return NULL;
  *why = "not JSON";
  json_t *object = json_loadb(json.len ? json.data : "", json.len, JSON_REJECT_DUPLICATES, NULL);
  if (!object) return NULL;
  struct builder b = {.left = OH_MESSAGE_BASE_BYTES + OH_MESSAGE_FACTOR * json.len};
  ProtobufCMessage *message = NULL;
  if (!read_object(&b, type, object, &message)) *why = b.why;
  json_decref(object);
  return message;
}
