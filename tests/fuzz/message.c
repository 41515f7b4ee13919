// message.c — protobuf from the wire: the first byte chooses the message type. What is taken has only UTF-8
// in it, can be written as JSON, and packs to bytes that read and pack the same again.
#include "livekit/message.h"
#include "base/check.h"
#include "livekit/json.h"
#include "packet.pb-c.h"
#include "signal.pb-c.h"
#include <stdlib.h>

static const ProtobufCMessageDescriptor *const types[] = {
    &livekit__signal_request__descriptor, &livekit__data_packet__descriptor,
    &livekit__join_request__descriptor, &livekit__wrapped_join_request__descriptor,
    &livekit__signal_response__descriptor};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (!len) return 0;
  const ProtobufCMessageDescriptor *type = types[data[0] % (sizeof types / sizeof *types)];
  ProtobufCMessage *message = oh_message_read(type, data + 1, len - 1);
  if (!message) return 0;
  struct oh_text json;
  oh_text_init(&json, 1 << 24);
  oh_json_write(&json, message, OH_JSON_PROTO);
  OH_CHECK(oh_str_is_utf8(oh_text_str(&json)));
  oh_text_fini(&json);
  size_t first_len, second_len;
  uint8_t *first = oh_message_write(message, &first_len);
  ProtobufCMessage *again = oh_message_read(type, first, first_len);
  if (again) { // else shorter and therefore over budget
    uint8_t *second = oh_message_write(again, &second_len);
    OH_CHECK(second_len == first_len && !memcmp(first, second, first_len));
    free(second);
  }
  free(first);
  oh_message_free(again);
  oh_message_free(message);
  return 0;
}
