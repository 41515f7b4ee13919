// twirp.h — Twirp 7, the manners of LiveKit's server API: which method a path names, protobuf or JSON by the
// request's Content-Type, answers and errors in bytes (https://twitchtv.github.io/twirp/docs/spec_v7.html;
// facts/LIVEKIT.md 9.1). Pure: no room, no socket.
#pragma once
#include "base/bytes.h"
#include "base/text.h"
#include <protobuf-c/protobuf-c.h>

enum oh_twirp_code {
  OH_TWIRP_OK,
  OH_TWIRP_CANCELED,
  OH_TWIRP_UNKNOWN,
  OH_TWIRP_INVALID_ARGUMENT,
  OH_TWIRP_MALFORMED,
  OH_TWIRP_DEADLINE_EXCEEDED,
  OH_TWIRP_NOT_FOUND,
  OH_TWIRP_BAD_ROUTE,
  OH_TWIRP_ALREADY_EXISTS,
  OH_TWIRP_PERMISSION_DENIED,
  OH_TWIRP_UNAUTHENTICATED,
  OH_TWIRP_RESOURCE_EXHAUSTED,
  OH_TWIRP_FAILED_PRECONDITION,
  OH_TWIRP_ABORTED,
  OH_TWIRP_OUT_OF_RANGE,
  OH_TWIRP_UNIMPLEMENTED,
  OH_TWIRP_INTERNAL,
  OH_TWIRP_UNAVAILABLE,
  OH_TWIRP_DATA_LOSS,
};
const char *oh_twirp_code_name(enum oh_twirp_code code); // "not_found"
int oh_twirp_code_status(enum oh_twirp_code code);       // 404

#define OH_TWIRP_TEXT_MAX 512
struct oh_twirp_error {
  enum oh_twirp_code code;      // OH_TWIRP_OK: no error
  char msg[OH_TWIRP_TEXT_MAX];  // UTF-8; cut at its end if longer
  const char *meta_key;         // static; NULL: no meta
  char meta[OH_TWIRP_TEXT_MAX]; // its value
};
__attribute__((format(printf, 3, 4))) void oh_twirp_fail(struct oh_twirp_error *error,
                                                         enum oh_twirp_code code, const char *format, ...);
// bad_route, with the meta that Twirp gives it.
__attribute__((format(printf, 4, 5))) void oh_twirp_fail_route(struct oh_twirp_error *error,
                                                               struct oh_str http_method, struct oh_str path,
                                                               const char *format, ...);
// Appends the error as the JSON object that is the body of its answer (of type OH_TWIRP_JSON_TYPE exactly).
void oh_twirp_write_error(const struct oh_twirp_error *error, struct oh_text *json);

#define OH_TWIRP_PREFIX "/twirp/"
// "/twirp/livekit.RoomService/ListRooms" → "livekit.RoomService", "ListRooms". False: not of that form.
bool oh_twirp_route(struct oh_str path, struct oh_str *service, struct oh_str *method);

enum oh_twirp_format { OH_TWIRP_JSON, OH_TWIRP_PROTOBUF };
#define OH_TWIRP_JSON_TYPE "application/json"
#define OH_TWIRP_PROTOBUF_TYPE "application/protobuf"
// By Content-Type; parameters are ignored. False: neither.
bool oh_twirp_format_read(struct oh_str content_type, enum oh_twirp_format *format);
// NULL and the error (malformed) if the body is not such a message. Free with oh_message_free().
ProtobufCMessage *oh_twirp_read(const ProtobufCMessageDescriptor *type, enum oh_twirp_format format,
                                struct oh_bytes body, struct oh_twirp_error *error);
// Turns an answer in protobuf into what the caller asked for; `packed` is ours and sound. The JSON has
// original names and fields at their defaults, as LiveKit's. False: it does not fit.
bool oh_twirp_write_json(const ProtobufCMessageDescriptor *type, struct oh_bytes packed,
                         struct oh_text *json);
