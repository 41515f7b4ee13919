// message.h — LiveKit's protobuf messages from hostile bytes: unpacked within a memory budget, every string
// checked to be UTF-8 (protobuf-c does not check, and one bad name makes Go and JavaScript peers drop the
// whole message it is re-sent in).
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Unpacks `len` bytes. NULL if they are not such a message, if a string is not UTF-8, or if it would take
// more than OH_MESSAGE_BASE_BYTES + OH_MESSAGE_FACTOR × len bytes of memory. Free with oh_message_free().
// Unknown fields are kept.
ProtobufCMessage *oh_message_read(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len);
ProtobufCMessage *oh_message_copy(const ProtobufCMessage *message); // malloc'd, as if it had been read
// A copy of `text` in place of a string field's value, in a message that was read or copied.
void oh_message_set_text(char **field, const char *text);
void oh_message_free(void *message); // may be NULL
// Packs; malloc'd, never NULL (an empty message has *len 0).
uint8_t *oh_message_write(const ProtobufCMessage *message, size_t *len);
// Whether others can read what we would pass on: all strings are UTF-8, and no unknown field has number 0
// (protobuf-c would write one that no reader takes).
bool oh_message_is_sound(const ProtobufCMessage *message);

// Where the pieces of a field lie, by its descriptor; shared with json.c. The number of values: 0 or 1 for
// singular fields (0: absent — an unset oneof member or message — or, for plain scalars, always 1).
size_t oh_message_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
// The address of value `i`: char **, ProtobufCMessage **, ProtobufCBinaryData *, int32_t *, …
const void *oh_message_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i);
size_t oh_message_value_bytes(ProtobufCType type); // size of one value in an array
