// message.c — LiveKit's protobuf messages from hostile bytes
#include "livekit/message.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include <stdlib.h>

// Counts what unpacking allocates: two bytes on the wire can become a message of 250 bytes in memory. The
// memory itself is malloc's, so that anybody can free a message without knowing where it came from.
#define ALLOCATION_OVERHEAD 16 // malloc's own bytes per piece

static void *budget_alloc(void *data, size_t size) {
  size_t *left = data;
  if (size > *left || *left - size < ALLOCATION_OVERHEAD) return NULL;
  *left -= size + ALLOCATION_OVERHEAD;
  void *memory = malloc(size);
  OH_CHECK(memory);
  return memory;
}
static void budget_free(void *data, void *memory) {
  (void)data;
  free(memory);
}

ProtobufCMessage *oh_message_read(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len) {
  size_t left = OH_MESSAGE_BASE_BYTES + OH_MESSAGE_FACTOR * len;
  ProtobufCAllocator allocator = {.alloc = budget_alloc, .free = budget_free, .allocator_data = &left};
  ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, len, data);
  if (message && !oh_message_is_sound(message)) {
    oh_message_free(message);
    return NULL;
  }
  return message;
}

ProtobufCMessage *oh_message_copy(const ProtobufCMessage *message) {
  size_t len;
  uint8_t *packed = oh_message_write(message, &len);
  ProtobufCMessage *copy = protobuf_c_message_unpack(message->descriptor, NULL, len, packed);
  OH_CHECK(copy);
  free(packed);
  return copy;
}

void oh_message_free(void *message) {
  if (message) protobuf_c_message_free_unpacked(message, NULL);
}

void oh_message_set_text(char **field, const char *text) {
  if (*field != protobuf_c_empty_string) free(*field);
  *field = oh_str_dup(oh_str(text));
}

uint8_t *oh_message_write(const ProtobufCMessage *message, size_t *len) {
  size_t size = protobuf_c_message_get_packed_size(message);
  uint8_t *packed = malloc(size ? size : 1);
  OH_CHECK(packed);
  *len = protobuf_c_message_pack(message, packed);
  OH_CHECK(*len == size);
  return packed;
}

size_t oh_message_value_bytes(ProtobufCType type) {
  switch (type) {
  case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_DOUBLE: return 8;
  case PROTOBUF_C_TYPE_STRING: return sizeof(char *);
  case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
  case PROTOBUF_C_TYPE_MESSAGE: return sizeof(ProtobufCMessage *);
  default: return 4; // 32-bit numbers and enums
  }
}

size_t oh_message_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  const uint8_t *base = (const uint8_t *)message;
  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    return *(const size_t *)(const void *)(base + field->quantifier_offset);
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
    return *(const uint32_t *)(const void *)(base + field->quantifier_offset) == field->id;
  if (field->type == PROTOBUF_C_TYPE_MESSAGE)
    return *(ProtobufCMessage *const *)(const void *)(base + field->offset) != NULL;
  return 1;
}

const void *oh_message_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i) {
  const uint8_t *at = (const uint8_t *)message + field->offset;
  if (field->label != PROTOBUF_C_LABEL_REPEATED) return at;
  const uint8_t *array = *(const uint8_t *const *)(const void *)at;
  return array + i * oh_message_value_bytes(field->type);
}

bool oh_message_is_sound(const ProtobufCMessage *message) {
  // The recursion follows our own message types, none of which contains itself
  // (tests/unit/livekit/message.c).
  // Field 0 does not exist. protobuf-c takes it where its tag is written long (80 00), and we would pass it
  // on short, which every reader refuses.
  for (unsigned i = 0; i < message->n_unknown_fields; i++)
    if (message->unknown_fields[i].tag == 0) return false;
  for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
    size_t count = oh_message_count(message, field);
    for (size_t i = 0; i < count; i++) {
      const void *at = oh_message_at(message, field, i);
      if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (!oh_message_is_sound(*(ProtobufCMessage *const *)at)) return false;
      } else {
        const char *string = *(char *const *)at;
        if (string && !oh_str_is_utf8(oh_str(string))) return false;
      }
    }
  }
  return true;
}
