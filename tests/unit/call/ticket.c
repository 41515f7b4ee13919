// ticket.c — tokens for visitors: fresh names, least grants, invitations that are no tokens and the reverse.
#include "call/ticket.h"
#include "livekit/egress.h"
#include "tests/unit/test.h"
#include <jansson.h>

#define NOW_S 1790000000LL
static const struct oh_key key = {"APIkey", "0123456789abcdef0123456789abcdef"};
static uint64_t seed = 7;

static struct oh_site ours = {.id = "default", .token_ttl_s = 3600, .invite_ttl_s = 900, .echo = true};

static enum oh_problem ask_as(const struct oh_user *user, const char *origin, bool invite, int64_t unix_s,
                              const char *body, json_t **answer) {
  struct oh_random random = test_random(&seed);
  struct oh_ticket_office office = {.site = &ours,
                                    .key = key,
                                    .server_url = "wss://call.test",
                                    .page_url = "https://call.test",
                                    .origin = origin,
                                    .resumes = true,
                                    .random = &random,
                                    .unix_us = unix_s * 1000000};
  struct oh_text text;
  oh_text_init(&text, 65536);
  struct oh_wish wish;
  struct oh_ticket_call call;
  enum oh_problem problem = oh_wish_read((struct oh_bytes){(const uint8_t *)body, strlen(body)}, &wish);
  if (problem == OH_PROBLEM_NONE && invite)
    oh_ticket_invite(&office, &text);
  else if (problem == OH_PROBLEM_NONE)
    problem = oh_ticket_call(&office, &wish, user, &call);
  if (problem == OH_PROBLEM_NONE && !invite) problem = oh_ticket_issue(&office, &wish, user, &call, &text);
  oh_wish_fini(&wish);
  *answer = problem == OH_PROBLEM_NONE ? json_loads(text.data, 0, NULL) : NULL;
  if (problem == OH_PROBLEM_NONE) assert_true(json_is_object(*answer));
  if (problem != OH_PROBLEM_NONE) assert_int_equal(text.len, 0);
  oh_text_fini(&text);
  return problem;
}

static enum oh_problem ask(bool invite, int64_t unix_s, const char *body, json_t **answer) {
  return ask_as(NULL, "", invite, unix_s, body, answer);
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

static const char *attribute(const struct oh_claims *claims, const char *which) {
  for (size_t i = 0; i < claims->attribute_count; i++)
    if (strcmp(claims->attributes[2 * i], which) == 0) return claims->attributes[2 * i + 1];
  return "";
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
  assert_int_equal(claims.attribute_count, 2); // the page's word is marked as such
  assert_string_equal(attribute(&claims, "page.role"), "admin");
  assert_string_equal(attribute(&claims, "offhook.site"), "default");
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

// P33: what the page claims and what a sign-in proved never look alike.
static void p33_claims_of_the_page_and_facts_are_kept_apart(void **state) {
  (void)state;
  static const char wish[] =
      "{\"attributes\":{\"plan\":\"gold\",\"user.subject\":\"admin\",\"url\":\"forged\",\"n\":7,\"yes\":true,"
      "\"none\":null},\"page\":{\"url\":\"https://shop.test/a?b=1#secret\",\"title\":\"A\\nB\"},"
      "\"locale\":\"pt-BR\",\"metadata\":\"m\",\"lowData\":true}";
  char *facts[] = {(char *)(uintptr_t) "plan", (char *)(uintptr_t) "free"};
  const struct oh_user user = {.subject = (char *)(uintptr_t) "user_1",
                               .name = (char *)(uintptr_t) "Ann",
                               .attributes = facts,
                               .attribute_count = 1};
  json_t *answer;
  struct oh_claims claims;
  assert_int_equal(ask_as(&user, "https://shop.test", false, NOW_S, wish, &answer), OH_PROBLEM_NONE);
  assert_int_equal(verify(field(answer, "token"), NOW_S, &claims), OH_TOKEN_OK);
  const char *const expected[][2] = {{"page.plan", "gold"},
                                     {"page.user.subject", "admin"},
                                     {"page.url", "https://shop.test/a?b=1"},
                                     {"page.title", "A B"},
                                     {"page.locale", "pt-BR"},
                                     {"page.metadata", "m"},
                                     {"page.lowData", "true"},
                                     {"page.n", "7"},
                                     {"page.yes", "true"},
                                     {"user.plan", "free"},
                                     {"user.subject", "user_1"},
                                     {"offhook.site", "default"}};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
    assert_string_equal(attribute(&claims, expected[i][0]), expected[i][1]);
  assert_int_equal(claims.attribute_count, sizeof expected / sizeof expected[0]);
  assert_string_equal(claims.name, "Ann");
  assert_false(claims.video.can_update_own_metadata);
  oh_claims_fini(&claims);
  json_decref(answer);
}

// Where the site asks visitors, only a yes is a yes; elsewhere only a no says anything.
static void test_whether_to_be_recorded_is_the_visitors_choice(void **state) {
  (void)state;
  static const char *const wishes[] = {"{}", "{\"recording\":true}", "{\"recording\":false}",
                                       "{\"recording\":\"yes\"}"};
  static const struct {
    char *consent;
    const char *said[4];
  } sites[] = {{NULL, {"", "", "no", ""}},
               {(char *)(uintptr_t) "notice", {"", "", "no", ""}},
               {(char *)(uintptr_t) "choice", {"no", "yes", "no", "no"}},
               {(char *)(uintptr_t) "required", {"no", "yes", "no", "no"}}};
  for (size_t s = 0; s < sizeof sites / sizeof *sites; s++)
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
      json_t *answer;
      struct oh_claims claims;
      ours.consent = sites[s].consent;
      assert_int_equal(ask(false, NOW_S, wishes[i], &answer), OH_PROBLEM_NONE);
      assert_int_equal(verify(field(answer, "token"), NOW_S, &claims), OH_TOKEN_OK);
      assert_string_equal(attribute(&claims, OH_RECORDING_ATTRIBUTE), sites[s].said[i]);
      oh_claims_fini(&claims);
      json_decref(answer);
    }
  ours.consent = NULL;
}

static enum oh_problem ask_with_attributes(int count, int key_len, int value_len, json_t **answer) {
  json_t *body = json_object(), *attributes = json_object();
  char label[200], value[2000];
  memset(value, 'v', sizeof value);
  value[value_len] = 0;
  for (int i = 0; i < count; i++) {
    snprintf(label, sizeof label, "%0*d", key_len, i);
    json_object_set_new(attributes, label, json_string(value));
  }
  json_object_set_new(body, "attributes", attributes);
  char *text = json_dumps(body, 0);
  enum oh_problem problem = ask(false, NOW_S, text, answer);
  free(text);
  json_decref(body);
  return problem;
}

static void attributes_have_limits(void **state) {
  (void)state;
  json_t *answer;
  const struct {
    int count, key_len, value_len;
    bool ok;
  } cases[] = {{32, 2, 62, true},  {33, 2, 1, false},   {1, 64, 512, true},
               {1, 65, 1, false},  {1, 2, 513, false},  {4, 2, 510, true},
               {5, 2, 512, false}, {32, 10, 60, false}, {1, 1, 0, true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    enum oh_problem problem =
        ask_with_attributes(cases[i].count, cases[i].key_len, cases[i].value_len, &answer);
    if ((problem == OH_PROBLEM_NONE) != cases[i].ok) fail_msg("case %zu", i);
    if (cases[i].ok) json_decref(answer);
  }
  const char *const bad[] = {"{\"attributes\":[]}",
                             "{\"attributes\":{\"a b\":\"x\"}}",
                             "{\"attributes\":{\"\":\"x\"}}",
                             "{\"attributes\":{\"a\":{}}}",
                             "{\"attributes\":{\"a\":\"\\u0007\"}}",
                             "{\"attributes\":{\"a\":\"\\u0000\"}}",
                             "{\"attributes\":{\"a\":\"\\ud800\"}}",
                             "{\"page\":7}",
                             "{\"page\":{\"url\":7}}",
                             "{\"locale\":7}",
                             "{\"site\":7}",
                             "{\"resume\":{}}",
                             "{\"proof\":7}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (ask(false, NOW_S, bad[i], &answer) != OH_PROBLEM_REQUEST_INVALID) fail_msg("%s", bad[i]);
}

static void what_is_too_long_is_cut_at_a_character(void **state) {
  (void)state;
  char body[2000] = "{\"page\":{\"title\":\"x";
  for (int i = 0; i < 100; i++)
    strncat(body, "\u00e4", 3);
  strncat(body, "\",\"url\":\"javascript:alert(1)\"}}", 100);
  json_t *answer;
  struct oh_claims claims;
  assert_int_equal(ask(false, NOW_S, body, &answer), OH_PROBLEM_NONE);
  assert_int_equal(verify(field(answer, "token"), NOW_S, &claims), OH_TOKEN_OK);
  const char *title = attribute(&claims, "page.title");
  assert_int_equal(strlen(title), 127);
  assert_true(oh_str_is_utf8(oh_str(title)));
  assert_string_equal(attribute(&claims, "page.url"), "");
  oh_claims_fini(&claims);
  json_decref(answer);
}

static char *resume_body(const json_t *answer) {
  json_t *body = json_pack("{s:s}", "resume", field(answer, "resume"));
  char *text = json_dumps(body, 0);
  json_decref(body);
  return text;
}

static void a_resume_ticket_keeps_room_and_identity(void **state) {
  (void)state;
  const struct oh_user ann = {.subject = (char *)(uintptr_t) "ann"},
                       bob = {.subject = (char *)(uintptr_t) "bob"};
  json_t *first, *again, *third;
  const char *page = "https://shop.test";
  assert_int_equal(ask_as(&ann, page, false, NOW_S, "{\"participantName\":\"Ann\"}", &first),
                   OH_PROBLEM_NONE);
  char *body = resume_body(first);
  assert_int_equal(ask_as(&ann, page, false, NOW_S + 3599, body, &again), OH_PROBLEM_NONE);
  assert_string_equal(field(again, "roomName"), field(first, "roomName"));
  assert_string_equal(field(again, "participantName"), field(first, "participantName"));
  struct oh_claims claims;
  assert_int_equal(verify(field(again, "token"), NOW_S + 3599, &claims), OH_TOKEN_OK);
  assert_string_equal(claims.name, "Ann");
  assert_non_null(strstr(claims.room_config, "offhook-echo"));
  oh_claims_fini(&claims);
  // of another page, another user, nobody, another site, too late
  assert_int_equal(ask_as(&ann, "https://evil.test", false, NOW_S, body, &third), OH_PROBLEM_TOKEN_INVALID);
  assert_int_equal(ask_as(&ann, "", false, NOW_S, body, &third), OH_PROBLEM_TOKEN_INVALID);
  assert_int_equal(ask_as(&bob, page, false, NOW_S, body, &third), OH_PROBLEM_TOKEN_INVALID);
  assert_int_equal(ask_as(NULL, page, false, NOW_S, body, &third), OH_PROBLEM_TOKEN_INVALID);
  ours.id = (char *)(uintptr_t) "shop";
  assert_int_equal(ask_as(&ann, page, false, NOW_S, body, &third), OH_PROBLEM_TOKEN_INVALID);
  ours.id = (char *)(uintptr_t) "default";
  assert_int_equal(ask_as(&ann, page, false, NOW_S + 3600, body, &third), OH_PROBLEM_TOKEN_EXPIRED);
  for (size_t at = 12; at + 2 < strlen(body); at += 7) { // every part of it is sealed
    body[at] ^= 1;
    assert_int_not_equal(ask_as(&ann, page, false, NOW_S, body, &third), OH_PROBLEM_NONE);
    body[at] ^= 1;
  }
  free(body);
  json_decref(first);
  json_decref(again);
}

static void a_resume_ticket_ends_with_the_call(void **state) {
  (void)state;
  json_t *first, *again, *third;
  ours.max_duration_s = 600;
  assert_int_equal(ask(false, NOW_S, "", &first), OH_PROBLEM_NONE);
  assert_int_equal(json_integer_value(json_object_get(first, "maxDuration")), 600);
  char *body = resume_body(first);
  assert_int_equal(ask(false, NOW_S + 500, body, &again), OH_PROBLEM_NONE);
  char *second_body = resume_body(again); // a new ticket, but not a new call
  assert_int_equal(ask(false, NOW_S + 600, body, &third), OH_PROBLEM_TOKEN_EXPIRED);
  assert_int_equal(ask(false, NOW_S + 600, second_body, &third), OH_PROBLEM_TOKEN_EXPIRED);
  ours.max_duration_s = 0;
  free(body);
  free(second_body);
  json_decref(first);
  json_decref(again);
}

// None of the three kinds of paper is one of the others.
static void papers_do_not_pass_for_each_other(void **state) {
  (void)state;
  json_t *first, *answer, *invite;
  assert_int_equal(ask(false, NOW_S, "", &first), OH_PROBLEM_NONE);
  assert_int_equal(ask(true, NOW_S, "", &invite), OH_PROBLEM_NONE);
  const char *const papers[] = {field(first, "token"), field(invite, "invite"), field(first, "resume")};
  const char *const doors[] = {"resume", "invite"};
  for (size_t p = 0; p < 3; p++)
    for (size_t d = 0; d < 2; d++) {
      if ((p == 2 && d == 0) || (p == 1 && d == 1)) continue;
      json_t *body = json_pack("{s:s}", doors[d], papers[p]);
      char *text = json_dumps(body, 0);
      assert_int_equal(ask(false, NOW_S, text, &answer), OH_PROBLEM_TOKEN_INVALID);
      free(text);
      json_decref(body);
    }
  json_decref(first);
  json_decref(invite);
}

static void problems_are_json(void **state) {
  (void)state;
  for (int p = 0; p < OH_PROBLEM_COUNT; p++) {
    struct oh_text text;
    oh_text_init(&text, 4096);
    oh_problem_write((enum oh_problem)p, 7, OH_STR(",\"more\":{\"a\":1}"), &text);
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
      cmocka_unit_test(test_whether_to_be_recorded_is_the_visitors_choice),
      cmocka_unit_test(p33_claims_of_the_page_and_facts_are_kept_apart),
      cmocka_unit_test(attributes_have_limits),
      cmocka_unit_test(what_is_too_long_is_cut_at_a_character),
      cmocka_unit_test(a_resume_ticket_keeps_room_and_identity),
      cmocka_unit_test(a_resume_ticket_ends_with_the_call),
      cmocka_unit_test(papers_do_not_pass_for_each_other),
      cmocka_unit_test(problems_are_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
