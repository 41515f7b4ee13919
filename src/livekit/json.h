// json.h — proto3 JSON for any protobuf-c message, by its descriptor: text frames, RoomConfiguration in
// tokens, server API and webhooks. Rules: https://protobuf.dev/programming-guides/json/
#pragma once
#include "base/text.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

enum oh_json_names {
  OH_JSON_CAMEL, // lowerCamelCase: signalling, webhooks
  OH_JSON_PROTO, // the names of the .proto files
  OH_JSON_FULL,  // those, and fields at their defaults too, as LiveKit's server API answers: 0, "", [], {};
                 // null for a message that is not there; nothing for a oneof that is not set
};

// Appends the message as one JSON object. Defaults are omitted (unless OH_JSON_FULL), 64-bit integers are
// strings, enums names, bytes base64, maps objects. Strings must be UTF-8. Sets text->failed when it does not
// fit.
void oh_json_write(struct oh_text *text, const ProtobufCMessage *message, enum oh_json_names names);
void oh_json_write_string(struct oh_text *text, struct oh_str string); // with its quotes; UTF-8

// Reads a JSON object. Either kind of names; unknown ones are ignored, null means default; a key or a oneof
// given twice is refused, and so is nesting deeper than OH_JSON_DEPTH_MAX or what would take more memory than
// oh_message_read() would allow. NULL and *why (static text) if it is bad. Free with oh_message_free().
ProtobufCMessage *oh_json_read(const ProtobufCMessageDescriptor *type, struct oh_str json, const char **why);
