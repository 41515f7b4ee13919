// message.c — tests of unpacking hostile protobuf
#include "tests/unit/test.h"

#include "base/limits.h"
#include "livekit/message.h"
#include "packet.pb-c.h"
#include "room.pb-c.h"
#include "signal.pb-c.h"

static const ProtobufCMessageDescriptor *const roots[] = {
    &livekit__signal_request__descriptor,       &livekit__signal_response__descriptor,
    &livekit__data_packet__descriptor,          &livekit__join_request__descriptor,
    &livekit__wrapped_join_request__descriptor, &livekit__room_configuration__descriptor};

static unsigned depth_below(const ProtobufCMessageDescriptor *type, unsigned depth) {
  assert_true(depth < 16);
  unsigned deepest = depth;
  for (unsigned i = 0; i < type->n_fields; i++)
    if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
      unsigned below = depth_below(type->fields[i].descriptor, depth + 1);
      if (below > deepest) deepest = below;
    }
  return deepest;
}

// protobuf-c has no depth limit: our types must not contain themselves.
static void no_type_contains_itself(void **state) {
  (void)state;
  unsigned deepest = 0;
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
    unsigned depth = depth_below(roots[i], 1);
    if (depth > deepest) deepest = depth;
  }
  assert_in_range(deepest, 4, 8);
}

static void round_trip_keeps_unknown_fields(void **state) {
  (void)state;
  // MuteTrackRequest{sid "TR_x", muted true} and an unknown field 200
  static const uint8_t wire[] = {0x0A, 4, 'T', 'R', '_', 'x', 0x10, 1, 0xC2, 0x0C, 2, 'h', 'i'};
  Livekit__MuteTrackRequest *mute =
      (void *)oh_message_read(&livekit__mute_track_request__descriptor, wire, sizeof wire);
  assert_non_null(mute);
  assert_string_equal(mute->sid, "TR_x");
  assert_true(mute->muted);
  size_t len;
  uint8_t *packed = oh_message_write(&mute->base, &len);
  assert_int_equal(len, sizeof wire);
  assert_memory_equal(packed, wire, len);
  free(packed);
  oh_message_free(mute);
}

static void refuses_text_that_is_not_utf8(void **state) {
  (void)state;
  static const uint8_t name[] = {0x0A, 2, 0xC3, 0x28};
  assert_null(oh_message_read(&livekit__mute_track_request__descriptor, name, sizeof name));
  // in a map value, two messages deep: JoinRequest.participant_attributes{"k": surrogate}
  static const uint8_t map[] = {0x22, 8, 0x0A, 1, 'k', 0x12, 3, 0xED, 0xA0, 0x80};
  assert_null(oh_message_read(&livekit__join_request__descriptor, map, sizeof map));
  // in a repeated string: UpdateSubscription.track_sids
  static const uint8_t repeated[] = {0x0A, 1, 'a', 0x0A, 1, 0xFF};
  assert_null(oh_message_read(&livekit__update_subscription__descriptor, repeated, sizeof repeated));
  // in a oneof: UserPacket.topic
  static const uint8_t oneof[] = {0x22, 1, 0x80};
  assert_null(oh_message_read(&livekit__user_packet__descriptor, oneof, sizeof oneof));
}

// A few bytes on the wire must not become many in memory.
static void refuses_amplification(void **state) {
  (void)state;
  size_t len = 256 * 1024;
  uint8_t *wire = malloc(len);
  for (size_t i = 0; i < len; i += 2) { // JoinRequest.add_track_requests: empty ones
    wire[i] = 0x2A;
    wire[i + 1] = 0;
  }
  assert_null(oh_message_read(&livekit__join_request__descriptor, wire, len));
  ProtobufCMessage *few = oh_message_read(&livekit__join_request__descriptor, wire, 64);
  assert_non_null(few);
  oh_message_free(few);
  free(wire);
}

// Honest messages must fit the budget: 64 attributes with short keys and values.
static void takes_many_attributes(void **state) {
  (void)state;
  uint8_t wire[64 * 10], *at = wire;
  for (uint8_t i = 0; i < 64; i++) {
    static const uint8_t entry[] = {0x22, 7, 0x0A, 2, 'k', 'a', 0x12, 1, 'v'};
    memcpy(at, entry, sizeof entry);
    at[4] = (uint8_t)('0' + i % 10), at[5] = (uint8_t)('a' + i / 10);
    at += sizeof entry;
  }
  Livekit__JoinRequest *join =
      (void *)oh_message_read(&livekit__join_request__descriptor, wire, (size_t)(at - wire));
  assert_non_null(join);
  assert_int_equal(join->n_participant_attributes, 64);
  oh_message_free(join);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_type_contains_itself),       cmocka_unit_test(round_trip_keeps_unknown_fields),
      cmocka_unit_test(refuses_text_that_is_not_utf8), cmocka_unit_test(refuses_amplification),
      cmocka_unit_test(takes_many_attributes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
