// json.c — proto3 JSON: the first byte chooses the message type. What is read and written reads back as the
// same.
#include "livekit/json.h"
#include "base/check.h"
#include "livekit/message.h"
#include "packet.pb-c.h"
#include "room.pb-c.h"
#include "signal.pb-c.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &livekit__signal_request__descriptor, &livekit__signal_response__descriptor,
    &livekit__data_packet__descriptor,    &livekit__join_request__descriptor,
    &livekit__room__descriptor,           &livekit__room_configuration__descriptor};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (!len) return 0;
  const ProtobufCMessageDescriptor *type = types[data[0] % (sizeof types / sizeof *types)];
  const char *why;
  ProtobufCMessage *message = oh_json_read(type, (struct oh_str){(const char *)data + 1, len - 1}, &why);
  if (!message) {
    OH_CHECK(*why);
    return 0;
  }
  OH_CHECK(oh_message_is_sound(message));
  struct oh_text first, second;
  oh_text_init(&first, 1 << 24);
  oh_text_init(&second, 1 << 24);
  oh_json_write(&first, message, OH_JSON_CAMEL);
  ProtobufCMessage *again = oh_json_read(type, oh_text_str(&first), &why);
  // blanks in the input bought it memory that the bare form has not
  OH_CHECK(again || !strcmp(why, "too large"));
  if (again) {
    oh_json_write(&second, again, OH_JSON_CAMEL);
    OH_CHECK(oh_str_eq(oh_text_str(&first), oh_text_str(&second)));
  }
  oh_text_fini(&first);
  oh_text_fini(&second);
  oh_message_free(again);
  oh_message_free(message);
  return 0;
}
