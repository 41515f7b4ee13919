// ticket.c — tokens for visitors: fresh names, least grants, invitations that are no tokens and the reverse.
#include "call/ticket.h"
#include "tests/unit/test.h"
#include <jansson.h>

#define NOW_S 1790000000LL
static const struct oh_key key = {"APIkey", "0123456789abcdef0123456789abcdef"};
static uint64_t seed = 7;

static struct oh_ticket_site site(void) {
  return (struct oh_ticket_site){.key = key,
                                 .token_ttl_s = 3600,
                                 .invite_ttl_s = 900,
                                 .echo = true,
                                 .server_url = "wss://call.test",
                                 .page_url = "https://call.test"};
}

static enum oh_problem ask(bool invite, int64_t unix_s, const char *body, json_t **answer) {
  struct oh_ticket_site s = site();
  struct oh_random random = test_random(&seed);
  struct oh_text text;
  oh_text_init(&text, 65536);
  struct oh_bytes bytes = {(const uint8_t *)body, strlen(body)};
  enum oh_problem problem = invite ? oh_ticket_invite(&s, &random, unix_s * 1000000, bytes, &text)
                                   : oh_ticket_issue(&s, &random, unix_s * 1000000, bytes, &text);
  *answer = problem == OH_PROBLEM_NONE ? json_loads(text.data, 0, NULL) : NULL;
  if (problem == OH_PROBLEM_NONE) assert_true(json_is_object(*answer));
  if (problem != OH_PROBLEM_NONE) assert_int_equal(text.len, 0);
  oh_text_fini(&text);
  return problem;
}

static const char *field(const json_t *answer, const char *name) {
  const char *text = json_string_value(json_object_get(answer, name));
  if (!text) fail_msg("%s is missing", name);
  return text;
}

static enum oh_token_error verify(const char *jwt, int64_t unix_s, struct oh_claims *claims) {
  const struct oh_keys keys = {&key, 1};
  const char *detail;
  return oh_token_read(oh_str(jwt), &keys, unix_s * 1000000, claims, &detail);
}

static void a_visitor_gets_the_least(void **state) {
  (void)state;
  json_t *answer;
  struct oh_claims claims;
  assert_int_equal(ask(false, NOW_S, "", &answer), OH_PROBLEM_NONE);
  assert_string_equal(field(answer, "livekitHost"), "wss://call.test");
  assert_string_equal(field(answer, "serverUrl"), "wss://call.test");
  assert_string_equal(field(answer, "token"), field(answer, "participantToken"));
  assert_string_equal(field(answer, "expiresAt"), "2026-09-21T15:13:20Z");
  assert_int_equal(strlen(field(answer, "callId")), 32);
  assert_int_equal(verify(field(answer, "token"), NOW_S, &claims), OH_TOKEN_OK);
  assert_string_equal(claims.video.room, field(answer, "roomName"));
  assert_int_equal(strncmp(claims.video.room, "call-", 5), 0);
  assert_int_equal(strlen(claims.video.room), 5 + 32);
  assert_string_equal(claims.identity, field(answer, "participantName"));
  assert_int_equal(strncmp(claims.identity, "visitor-", 8), 0);
  assert_int_equal(claims.expires_unix_s, NOW_S + 3600);
  assert_true(claims.video.room_join && claims.video.can_publish && claims.video.can_subscribe);
  assert_true(claims.video.can_publish_data);
  assert_int_equal(claims.video.can_publish_sources, OH_SOURCES_LISTED | 1u << 2);
  assert_false(claims.video.room_admin || claims.video.room_create || claims.video.room_list ||
               claims.video.room_record || claims.video.hidden || claims.video.recorder ||
               claims.video.agent || claims.video.ingress_admin || claims.video.can_update_own_metadata ||
               claims.video.can_subscribe_metrics);
  assert_non_null(strstr(claims.room_config, "offhook-echo"));
  oh_claims_fini(&claims);
  json_decref(answer);
}

static void names_are_fresh_and_requests_are_not_orders(void **state) {
  (void)state;
  static const char wish[] =
      "{\"room_name\":\"boardroom\",\"roomName\":\"boardroom\",\"participant_identity\":\"ceo\","
      "\"participant_name\":\"Ann\",\"room_config\":{\"agents\":[{\"agentName\":\"spy\"}]},"
      "\"participant_attributes\":{\"role\":\"admin\"},\"video\":{\"roomAdmin\":true},\"ttl\":\"99h\"}";
  json_t *first, *second;
  struct oh_claims claims;
  assert_int_equal(ask(false, NOW_S, wish, &first), OH_PROBLEM_NONE);
  assert_int_equal(ask(false, NOW_S, wish, &second), OH_PROBLEM_NONE);
  assert_string_not_equal(field(first, "roomName"), field(second, "roomName"));
  assert_string_not_equal(field(first, "participantName"), field(second, "participantName"));
  assert_int_equal(verify(field(first, "token"), NOW_S, &claims), OH_TOKEN_OK);
  assert_string_equal(claims.name, "Ann");
  assert_null(strstr(claims.video.room, "boardroom"));
  assert_null(strstr(claims.room_config, "spy"));
  assert_int_equal(claims.attribute_count, 0);
  assert_false(claims.video.room_admin);
  assert_int_equal(claims.expires_unix_s, NOW_S + 3600);
  oh_claims_fini(&claims);
  json_decref(first);
  json_decref(second);
}

static void harmful_display_names_count_as_none(void **state) {
  (void)state;
  char long_name[200] = "{\"participant_name\":\"";
  memset(long_name + strlen(long_name), 'x', 65);
  strncat(long_name, "\"}", 3);
  const char *const wishes[] = {"{\"participant_name\":\"a\\nb\"}", "{\"participant_name\":7}", long_name,
                                "{\"participant_name\":\"\"}"};
  for (size_t i = 0; i < 4; i++) {
    json_t *answer;
    struct oh_claims claims;
    assert_int_equal(ask(false, NOW_S, wishes[i], &answer), OH_PROBLEM_NONE);
    assert_int_equal(verify(field(answer, "token"), NOW_S, &claims), OH_TOKEN_OK);
    assert_string_equal(claims.name, "");
    oh_claims_fini(&claims);
    json_decref(answer);
  }
}

static void bad_bodies_are_refused(void **state) {
  (void)state;
  const char *const bodies[] = {"[]",  "7", "{", "null", "{\"a\":1,\"a\":2}", "\xff", "{\"invite\":7}",
                                "{} x"};
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    json_t *answer;
    assert_int_equal(ask(false, NOW_S, bodies[i], &answer), OH_PROBLEM_REQUEST_INVALID);
  }
}

static void an_invitation_brings_two_into_one_room(void **state) {
  (void)state;
  json_t *invite, *first, *second;
  struct oh_claims claims;
  assert_int_equal(ask(true, NOW_S, "{}", &invite), OH_PROBLEM_NONE);
  assert_int_equal(strncmp(field(invite, "url"), "https://call.test/?invite=eyJ", 29), 0);
  assert_string_equal(field(invite, "expiresAt"), "2026-09-21T14:28:20Z");
  json_t *body = json_pack("{s:s}", "invite", field(invite, "invite"));
  char *text = json_dumps(body, 0);
  assert_int_equal(ask(false, NOW_S + 900, text, &first), OH_PROBLEM_NONE);
  assert_int_equal(ask(false, NOW_S + 900, text, &second), OH_PROBLEM_NONE);
  assert_string_equal(field(first, "roomName"), field(second, "roomName"));
  assert_string_not_equal(field(first, "participantName"), field(second, "participantName"));
  assert_int_equal(verify(field(first, "token"), NOW_S + 900, &claims), OH_TOKEN_OK);
  assert_null(strstr(claims.room_config, "offhook-echo"));
  assert_non_null(strstr(claims.room_config, "\"maxParticipants\":2"));
  oh_claims_fini(&claims);
  json_decref(first);
  json_decref(second);
  assert_int_equal(ask(false, NOW_S + 900 + 61, text, &first), OH_PROBLEM_TOKEN_EXPIRED);
  text[strlen(text) / 2] ^= 1;
  assert_int_equal(ask(false, NOW_S, text, &first), OH_PROBLEM_TOKEN_INVALID);
  free(text);
  json_decref(body);
  json_decref(invite);
}

static void invitations_and_tokens_never_pass_for_each_other(void **state) {
  (void)state;
  json_t *invite, *visitor, *answer;
  struct oh_claims claims;
  assert_int_equal(ask(true, NOW_S, "", &invite), OH_PROBLEM_NONE);
  assert_int_equal(verify(field(invite, "invite"), NOW_S, &claims), OH_TOKEN_UNKNOWN_KEY);
  oh_claims_fini(&claims);
  assert_int_equal(ask(false, NOW_S, "", &visitor), OH_PROBLEM_NONE);
  json_t *body = json_pack("{s:s}", "invite", field(visitor, "token"));
  char *text = json_dumps(body, 0);
  assert_int_equal(ask(false, NOW_S, text, &answer), OH_PROBLEM_TOKEN_INVALID);
  // Nor with the issuer of invitations but the API secret itself.
  const struct oh_key forged_key = {"offhook-invite", key.secret};
  struct oh_claims forged;
  oh_claims_init(&forged);
  forged.has_video = true;
  free(forged.video.room);
  forged.video.room = strdup("call-1");
  forged.expires_unix_s = NOW_S + 100;
  char *jwt = oh_token_write(&forged, &forged_key);
  oh_claims_fini(&forged);
  json_t *forged_body = json_pack("{s:s}", "invite", jwt);
  char *forged_text = json_dumps(forged_body, 0);
  assert_int_equal(ask(false, NOW_S, forged_text, &answer), OH_PROBLEM_TOKEN_INVALID);
  free(jwt);
  free(forged_text);
  free(text);
  json_decref(forged_body);
  json_decref(body);
  json_decref(invite);
  json_decref(visitor);
}

static void problems_are_json(void **state) {
  (void)state;
  for (int p = 0; p < OH_PROBLEM_COUNT; p++) {
    struct oh_text text;
    oh_text_init(&text, 4096);
    oh_problem_write((enum oh_problem)p, 7, &text);
    json_t *json = json_loads(text.data, 0, NULL);
    assert_string_equal(field(json, "code"), oh_problem_code((enum oh_problem)p));
    assert_int_equal(json_integer_value(json_object_get(json, "status")),
                     oh_problem_status((enum oh_problem)p));
    assert_int_equal(json_integer_value(json_object_get(json, "retryAfter")), 7);
    json_decref(json);
    oh_text_fini(&text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_visitor_gets_the_least),
      cmocka_unit_test(names_are_fresh_and_requests_are_not_orders),
      cmocka_unit_test(harmful_display_names_count_as_none),
      cmocka_unit_test(bad_bodies_are_refused),
      cmocka_unit_test(an_invitation_brings_two_into_one_room),
      cmocka_unit_test(invitations_and_tokens_never_pass_for_each_other),
      cmocka_unit_test(problems_are_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
