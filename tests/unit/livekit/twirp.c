// twirp.c — the server API's manners: codes, routes, content types, errors as JSON, requests and answers
#include "livekit/twirp.h"
#include "livekit/message.h"
#include "service.pb-c.h"
#include "tests/unit/test.h"

static void test_P58_codes_have_their_statuses(void **state) {
  (void)state;
  static const struct {
    enum oh_twirp_code code;
    const char *name;
    int status;
  } table[] = {
      {OH_TWIRP_CANCELED, "canceled", 408},
      {OH_TWIRP_UNKNOWN, "unknown", 500},
      {OH_TWIRP_INVALID_ARGUMENT, "invalid_argument", 400},
      {OH_TWIRP_MALFORMED, "malformed", 400},
      {OH_TWIRP_DEADLINE_EXCEEDED, "deadline_exceeded", 408},
      {OH_TWIRP_NOT_FOUND, "not_found", 404},
      {OH_TWIRP_BAD_ROUTE, "bad_route", 404},
      {OH_TWIRP_ALREADY_EXISTS, "already_exists", 409},
      {OH_TWIRP_PERMISSION_DENIED, "permission_denied", 403},
      {OH_TWIRP_UNAUTHENTICATED, "unauthenticated", 401},
      {OH_TWIRP_RESOURCE_EXHAUSTED, "resource_exhausted", 429},
      {OH_TWIRP_FAILED_PRECONDITION, "failed_precondition", 412},
      {OH_TWIRP_ABORTED, "aborted", 409},
      {OH_TWIRP_OUT_OF_RANGE, "out_of_range", 400},
      {OH_TWIRP_UNIMPLEMENTED, "unimplemented", 501},
      {OH_TWIRP_INTERNAL, "internal", 500},
      {OH_TWIRP_UNAVAILABLE, "unavailable", 503},
      {OH_TWIRP_DATA_LOSS, "data_loss", 500},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    assert_string_equal(oh_twirp_code_name(table[i].code), table[i].name);
    assert_int_equal(oh_twirp_code_status(table[i].code), table[i].status);
  }
}

static void routes_are_read(void **state) {
  (void)state;
  struct oh_str service, method;
  assert_true(oh_twirp_route(OH_STR("/twirp/livekit.RoomService/ListRooms"), &service, &method));
  assert_true(oh_str_eq(service, OH_STR("livekit.RoomService")) && oh_str_eq(method, OH_STR("ListRooms")));
  static const char *const bad[] = {"/twirp/",     "/twirp/a",      "/twirp/a/",     "/twirp//b",
                                    "/twirp/a/b/", "/twirp/a/b/c",  "/twirps/a/b",   "/prefix/twirp/a/b",
                                    "/Twirp/a/b",  "/twirp/a/b//c", "/twirp/../a//", ""};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(oh_twirp_route(oh_str(bad[i]), &service, &method));
}

static void content_types_are_read(void **state) {
  (void)state;
  enum oh_twirp_format format = OH_TWIRP_PROTOBUF;
  assert_true(oh_twirp_format_read(OH_STR("application/json;charset=UTF-8"), &format));
  assert_int_equal(format, OH_TWIRP_JSON);
  assert_true(oh_twirp_format_read(OH_STR(" Application/Protobuf ; x"), &format));
  assert_int_equal(format, OH_TWIRP_PROTOBUF);
  static const char *const bad[] = {"", ";", "text/json", "application/x-protobuf", "application/json, a/b"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(oh_twirp_format_read(oh_str(bad[i]), &format));
}

static void assert_error(const struct oh_twirp_error *error, const char *expected) {
  struct oh_text json;
  oh_text_init(&json, 16384);
  oh_twirp_write_error(error, &json);
  assert_false(json.failed);
  assert_true(oh_str_is_utf8(oh_text_str(&json)));
  if (expected) assert_string_equal(json.data, expected);
  oh_text_fini(&json);
}

static void errors_are_json_whatever_is_in_them(void **state) {
  (void)state;
  struct oh_twirp_error error;
  oh_twirp_fail(&error, OH_TWIRP_NOT_FOUND, "no \"%s\"\n", "x");
  assert_error(&error, "{\"code\":\"not_found\",\"msg\":\"no \\\"x\\\"\\u000a\"}");
  oh_twirp_fail_route(&error, OH_STR("GET"), OH_STR("/twirp/x"), "no handler");
  assert_error(&error, "{\"code\":\"bad_route\",\"msg\":\"no handler\","
                       "\"meta\":{\"twirp_invalid_route\":\"GET /twirp/x\"}}");
  // Too long, with a character across the end, and not UTF-8 at all.
  char text[2 * OH_TWIRP_TEXT_MAX];
  for (size_t shift = 0; shift < 4; shift++) {
    memset(text, 'a', sizeof text);
    for (size_t i = shift; i + 3 < sizeof text; i += 3)
      memcpy(text + i, "€", 3);
    text[sizeof text - 1] = 0;
    oh_twirp_fail(&error, OH_TWIRP_INTERNAL, "%s", text);
    assert_in_range(strlen(error.msg), OH_TWIRP_TEXT_MAX - 4, OH_TWIRP_TEXT_MAX - 1);
    assert_error(&error, NULL);
    assert_null(strchr(error.msg, '?'));
  }
  oh_twirp_fail_route(&error, OH_STR("G\xffT"), OH_STR("/twirp/\xc3"), "\xed\xa0\x80");
  assert_error(
      &error, "{\"code\":\"bad_route\",\"msg\":\"???\",\"meta\":{\"twirp_invalid_route\":\"G?T /twirp/?\"}}");
}

static void requests_are_read_in_both_forms(void **state) {
  (void)state;
  struct oh_twirp_error error = {0};
  const ProtobufCMessageDescriptor *type = &livekit__list_rooms_request__descriptor;
  static const char json[] = "{\"names\":[\"a\",\"b\"],\"later\":1}";
  static const uint8_t packed[] = {0x0a, 1, 'a', 0x0a, 1, 'b'};
  for (int form = 0; form < 2; form++) {
    struct oh_bytes body = form ? (struct oh_bytes){packed, sizeof packed}
                                : (struct oh_bytes){(const uint8_t *)json, sizeof json - 1};
    Livekit__ListRoomsRequest *request = (Livekit__ListRoomsRequest *)oh_twirp_read(
        type, form ? OH_TWIRP_PROTOBUF : OH_TWIRP_JSON, body, &error);
    assert_non_null(request);
    assert_int_equal(request->n_names, 2);
    assert_string_equal(request->names[1], "b");
    oh_message_free(request);
  }
  ProtobufCMessage *nothing = oh_twirp_read(type, OH_TWIRP_PROTOBUF, (struct oh_bytes){NULL, 0}, &error);
  assert_non_null(nothing);
  oh_message_free(nothing);
  assert_null(oh_twirp_read(type, OH_TWIRP_JSON, (struct oh_bytes){NULL, 0}, &error));
  assert_int_equal(error.code, OH_TWIRP_MALFORMED);
  assert_error(&error, "{\"code\":\"malformed\",\"msg\":\"the json request could not be decoded\","
                       "\"meta\":{\"cause\":\"not JSON\"}}");
  assert_null(oh_twirp_read(type, OH_TWIRP_PROTOBUF, (struct oh_bytes){packed, 5}, &error));
  assert_error(&error, "{\"code\":\"malformed\",\"msg\":\"the protobuf request could not be decoded\"}");
}

static void answers_in_json_leave_nothing_out(void **state) {
  (void)state;
  Livekit__ParticipantInfo info = LIVEKIT__PARTICIPANT_INFO__INIT;
  Livekit__ParticipantInfo *infos[] = {&info};
  Livekit__ListParticipantsResponse response = LIVEKIT__LIST_PARTICIPANTS_RESPONSE__INIT;
  response.n_participants = 1;
  response.participants = infos;
  info.sid = (char *)"PA_x";
  size_t len;
  uint8_t *packed = oh_message_write(&response.base, &len);
  struct oh_text json;
  oh_text_init(&json, 4096);
  assert_true(oh_twirp_write_json(response.base.descriptor, (struct oh_bytes){packed, len}, &json));
  static const char *const parts[] = {
      "{\"participants\":[{\"sid\":\"PA_x\",\"identity\":\"\",\"state\":\"JOINING\",\"tracks\":[],",
      "\"joined_at\":\"0\"", "\"permission\":null", "\"attributes\":{}", "\"is_publisher\":false"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    assert_non_null(strstr(json.data, parts[i]));
  oh_text_fini(&json);
  oh_text_init(&json, 20);
  assert_false(oh_twirp_write_json(response.base.descriptor, (struct oh_bytes){packed, len}, &json));
  oh_text_fini(&json);
  free(packed);
  // What a oneof might have held is not there.
  Livekit__SendDataRequest data = LIVEKIT__SEND_DATA_REQUEST__INIT;
  packed = oh_message_write(&data.base, &len);
  oh_text_init(&json, 4096);
  assert_true(oh_twirp_write_json(data.base.descriptor, (struct oh_bytes){packed, len}, &json));
  assert_null(strstr(json.data, "topic"));
  assert_non_null(strstr(json.data, "\"destination_sids\":[]"));
  oh_text_fini(&json);
  free(packed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_P58_codes_have_their_statuses),
      cmocka_unit_test(routes_are_read),
      cmocka_unit_test(content_types_are_read),
      cmocka_unit_test(errors_are_json_whatever_is_in_them),
      cmocka_unit_test(requests_are_read_in_both_forms),
      cmocka_unit_test(answers_in_json_leave_nothing_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
