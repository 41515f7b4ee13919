// json.c — tests of proto3 JSON without the official package (that comparison is in tests/conformance)
#include "tests/unit/test.h"

#include "base/limits.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "room.pb-c.h"
#include "signal.pb-c.h"

static const char *why;

static void write_is(const void *message, enum oh_json_names names, const char *expected) {
  struct oh_text text;
  oh_text_init(&text, 4096);
  oh_json_write(&text, message, names);
  assert_string_equal(text.data, expected);
  oh_text_fini(&text);
}

static void names_and_values(void **state) {
  (void)state;
  static const char json[] =
      "{\"name\":\"a\\\"\\\\\\u0001\\u00e9\",\"emptyTimeout\":300,\"departureTimeout\":0,"
      "\"agents\":[{\"agentName\":\"x\",\"attributes\":{\"k\":\"v\"}},{}],"
      "\"tags\":{\"t\":\"\"}}";
  Livekit__RoomConfiguration *config =
      (void *)oh_json_read(&livekit__room_configuration__descriptor, oh_str(json), &why);
  assert_non_null(config);
  assert_string_equal(config->name, "a\"\\\x01\xC3\xA9");
  assert_int_equal(config->empty_timeout, 300);
  assert_int_equal(config->n_agents, 2);
  assert_string_equal(config->agents[0]->attributes[0]->value, "v");
  write_is(config, OH_JSON_CAMEL,
           "{\"name\":\"a\\\"\\\\\\u0001\xC3\xA9\",\"emptyTimeout\":300,\"agents\":[{\"agentName\":\"x\","
           "\"attributes\":{\"k\":\"v\"}},{}],\"tags\":{\"t\":\"\"}}");
  write_is(config, OH_JSON_PROTO,
           "{\"name\":\"a\\\"\\\\\\u0001\xC3\xA9\",\"empty_timeout\":300,\"agents\":[{\"agent_name\":\"x\","
           "\"attributes\":{\"k\":\"v\"}},{}],\"tags\":{\"t\":\"\"}}");
  oh_message_free(config);
}

static void numbers(void **state) {
  (void)state;
  Livekit__SpeakerInfo speaker = LIVEKIT__SPEAKER_INFO__INIT;
  speaker.level = 0.1f;
  write_is(&speaker, OH_JSON_CAMEL, "{\"level\":0.1}");
  speaker.level = 16777216.f;
  write_is(&speaker, OH_JSON_CAMEL, "{\"level\":16777216}");
  Livekit__Room room = LIVEKIT__ROOM__INIT;
  room.creation_time = INT64_MIN;
  write_is(&room, OH_JSON_CAMEL, "{\"creationTime\":\"-9223372036854775808\"}");
  Livekit__TrackInfo track = LIVEKIT__TRACK_INFO__INIT;
  track.source = (Livekit__TrackSource)77;
  write_is(&track, OH_JSON_CAMEL, "{\"source\":77}"); // an enum value of the future
}

static void oneof_zero_is_said(void **state) {
  (void)state;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  write_is(&request, OH_JSON_CAMEL, "{}");
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_PING;
  write_is(&request, OH_JSON_CAMEL, "{\"ping\":\"0\"}");
}

// A few characters must not become many bytes of memory.
static void refuses_amplification(void **state) {
  (void)state;
  struct oh_text json;
  oh_text_init(&json, 1 << 20);
  oh_text_adds(&json, "{\"addTrackRequests\":[{}");
  while (json.len < 300000)
    oh_text_adds(&json, ",{}");
  oh_text_adds(&json, "]}");
  assert_null(oh_json_read(&livekit__join_request__descriptor, oh_text_str(&json), &why));
  assert_string_equal(why, "too large");
  oh_text_fini(&json);
}

static void depth(void **state) {
  (void)state;
  for (int extra = 0; extra < 2; extra++) {
    struct oh_text json;
    oh_text_init(&json, 4096);
    oh_text_adds(&json, "{\"unknown \\\"[[[\":");
    for (int i = 1; i < OH_JSON_DEPTH_MAX + extra; i++)
      oh_text_addc(&json, '[');
    for (int i = 1; i < OH_JSON_DEPTH_MAX + extra; i++)
      oh_text_addc(&json, ']');
    oh_text_addc(&json, '}');
    ProtobufCMessage *room = oh_json_read(&livekit__room__descriptor, oh_text_str(&json), &why);
    assert_int_equal(room == NULL, extra);
    oh_message_free(room);
    oh_text_fini(&json);
  }
}

// Every error path frees what was built so far (the sanitizer build counts).
static void half_read_messages(void **state) {
  (void)state;
  static const char json[] =
      "{\"participant\":{\"sid\":\"PA\",\"tracks\":[{\"sid\":\"TR\",\"layers\":[{},{}]}],"
      "\"attributes\":{\"a\":\"b\",\"c\":\"d\"},\"capabilities\":[1,2]},"
      "\"sifTrailer\":\"AAAA\",\"iceServers\":[{\"urls\":[\"stun:a\",\"stun:b\"]}]}";
  ProtobufCMessage *good = oh_json_read(&livekit__join_response__descriptor, oh_str(json), &why);
  assert_non_null(good);
  oh_message_free(good);
  char broken[sizeof json];
  for (size_t i = 0; i < sizeof json - 1; i++) {
    static const char replacements[] = "1\"{[}]tn,:";
    for (size_t k = 0; k < sizeof replacements - 1; k++) {
      memcpy(broken, json, sizeof json);
      broken[i] = replacements[k];
      ProtobufCMessage *message = oh_json_read(&livekit__join_response__descriptor, oh_str(broken), &why);
      assert_true(message || *why);
      oh_message_free(message);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_values),
      cmocka_unit_test(numbers),
      cmocka_unit_test(oneof_zero_is_said),
      cmocka_unit_test(refuses_amplification),
      cmocka_unit_test(depth),
      cmocka_unit_test(half_read_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
