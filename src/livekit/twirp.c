// twirp.c — see twirp.h
#include "livekit/twirp.h"
#include "base/check.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include <stdio.h>

static const struct {
  const char *name;
  int status;
} codes[] = {
    [OH_TWIRP_OK] = {"", 200},
    [OH_TWIRP_CANCELED] = {"canceled", 408},
    [OH_TWIRP_UNKNOWN] = {"unknown", 500},
    [OH_TWIRP_INVALID_ARGUMENT] = {"invalid_argument", 400},
    [OH_TWIRP_MALFORMED] = {"malformed", 400},
    [OH_TWIRP_DEADLINE_EXCEEDED] = {"deadline_exceeded", 408},
    [OH_TWIRP_NOT_FOUND] = {"not_found", 404},
    [OH_TWIRP_BAD_ROUTE] = {"bad_route", 404},
    [OH_TWIRP_ALREADY_EXISTS] = {"already_exists", 409},
    [OH_TWIRP_PERMISSION_DENIED] = {"permission_denied", 403},
    [OH_TWIRP_UNAUTHENTICATED] = {"unauthenticated", 401},
    [OH_TWIRP_RESOURCE_EXHAUSTED] = {"resource_exhausted", 429},
    [OH_TWIRP_FAILED_PRECONDITION] = {"failed_precondition", 412},
    [OH_TWIRP_ABORTED] = {"aborted", 409},
    [OH_TWIRP_OUT_OF_RANGE] = {"out_of_range", 400},
    [OH_TWIRP_UNIMPLEMENTED] = {"unimplemented", 501},
    [OH_TWIRP_INTERNAL] = {"internal", 500},
    [OH_TWIRP_UNAVAILABLE] = {"unavailable", 503},
    [OH_TWIRP_DATA_LOSS] = {"data_loss", 500},
};

const char *oh_twirp_code_name(enum oh_twirp_code code) {
  return codes[code].name;
}

int oh_twirp_code_status(enum oh_twirp_code code) {
  return codes[code].status;
}

// Copies as much as fits and is whole characters; what is not UTF-8 becomes "?".
static void put(char out[OH_TWIRP_TEXT_MAX], const char *text, size_t len) {
  size_t n = len < OH_TWIRP_TEXT_MAX ? len : OH_TWIRP_TEXT_MAX - 1;
  while (n < len && n && ((uint8_t)text[n] & 0xC0) == 0x80)
    n--;
  memmove(out, text, n);
  out[n] = 0;
  if (oh_str_is_utf8((struct oh_str){out, n})) return;
  for (size_t i = 0; i < n; i++)
    if ((uint8_t)out[i] >= 0x80) out[i] = '?';
}

__attribute__((format(printf, 2, 0))) static void put_format(char out[OH_TWIRP_TEXT_MAX], const char *format,
                                                             va_list args) {
  char text[OH_TWIRP_TEXT_MAX + 4]; // a cut character still shows that it is cut
  int len = vsnprintf(text, sizeof text, format, args);
  if (len < 0) len = 0;
  put(out, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
}

void oh_twirp_fail(struct oh_twirp_error *error, enum oh_twirp_code code, const char *format, ...) {
  *error = (struct oh_twirp_error){.code = code};
  va_list args;
  va_start(args, format);
  put_format(error->msg, format, args);
  va_end(args);
}

void oh_twirp_fail_route(struct oh_twirp_error *error, struct oh_str http_method, struct oh_str path,
                         const char *format, ...) {
  *error = (struct oh_twirp_error){.code = OH_TWIRP_BAD_ROUTE, .meta_key = "twirp_invalid_route"};
  va_list args;
  va_start(args, format);
  put_format(error->msg, format, args);
  va_end(args);
  char route[OH_TWIRP_TEXT_MAX + 4];
  int len = snprintf(route, sizeof route, "%.*s %.*s", OH_STR_ARG(http_method), OH_STR_ARG(path));
  if (len > 0) put(error->meta, route, (size_t)len < sizeof route ? (size_t)len : sizeof route - 1);
}

void oh_twirp_write_error(const struct oh_twirp_error *error, struct oh_text *json) {
  oh_text_addf(json, "{\"code\":\"%s\",\"msg\":", codes[error->code].name);
  oh_json_write_string(json, oh_str(error->msg));
  if (error->meta_key) {
    oh_text_addf(json, ",\"meta\":{\"%s\":", error->meta_key);
    oh_json_write_string(json, oh_str(error->meta));
    oh_text_addc(json, '}');
  }
  oh_text_addc(json, '}');
}

bool oh_twirp_route(struct oh_str path, struct oh_str *service, struct oh_str *method) {
  struct oh_str prefix = OH_STR(OH_TWIRP_PREFIX);
  if (!oh_str_starts(path, prefix)) return false;
  struct oh_str rest = {path.data + prefix.len, path.len - prefix.len};
  size_t left = rest.len;
  *service = oh_str_cut(&rest, '/');
  *method = rest;
  return service->len && service->len < left && method->len && !memchr(method->data, '/', method->len);
}

bool oh_twirp_format_read(struct oh_str content_type, enum oh_twirp_format *format) {
  struct oh_str type = oh_str_trim(oh_str_cut(&content_type, ';'));
  if (oh_str_eq_nocase(type, OH_STR(OH_TWIRP_JSON_TYPE)))
    *format = OH_TWIRP_JSON;
  else if (oh_str_eq_nocase(type, OH_STR(OH_TWIRP_PROTOBUF_TYPE)))
    *format = OH_TWIRP_PROTOBUF;
  else
    return false;
  return true;
}

ProtobufCMessage *oh_twirp_read(const ProtobufCMessageDescriptor *type, enum oh_twirp_format format,
                                struct oh_bytes body, struct oh_twirp_error *error) {
  ProtobufCMessage *message;
  if (format == OH_TWIRP_PROTOBUF) {
    message = oh_message_read(type, body.data, body.len);
    if (!message) oh_twirp_fail(error, OH_TWIRP_MALFORMED, "the protobuf request could not be decoded");
    return message;
  }
  const char *why;
  message = oh_json_read(type, (struct oh_str){(const char *)body.data, body.len}, &why);
  if (message) return message;
  oh_twirp_fail(error, OH_TWIRP_MALFORMED, "the json request could not be decoded");
  error->meta_key = "cause";
  put(error->meta, why, strlen(why));
  return NULL;
}

bool oh_twirp_write_json(const ProtobufCMessageDescriptor *type, struct oh_bytes packed,
                         struct oh_text *json) {
  ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, packed.len, packed.data);
  OH_CHECK(message);
  oh_json_write(json, message, OH_JSON_FULL);
  oh_message_free(message);
  return !json->failed;
}
