// diagnosis.c — why a button does not work, from the facts of one request.
#include "call/diagnosis.h"
#include "tests/unit/test.h"

static char *origins[] = {(char *)(uintptr_t) "https://shop.example"};
static struct oh_site shop = {
    .id = (char *)(uintptr_t) "shop", .allowed_origins = {origins, 1}, .auth = OH_AUTH_ANONYMOUS};
static const struct oh_addr media[] = {
    {.ip = {203, 0, 113, 5}, .family = OH_ADDR_V4, .port = 7882, .proto = OH_UDP},
    {.ip = {203, 0, 113, 5}, .family = OH_ADDR_V4, .port = 7882, .proto = OH_TCP}};

static struct oh_diagnosis_facts good(void) {
  return (struct oh_diagnosis_facts){.version = "1.0.0",
                                     .site = &shop,
                                     .origin = OH_STR("https://shop.example"),
                                     .host = OH_STR("call.example"),
                                     .own_url = "https://call.example",
                                     .media = media,
                                     .media_count = 2,
                                     .page_ms = 1790000000000,
                                     .unix_ms = 1790000000500};
}

static const struct oh_finding *find(const struct oh_checkup *checkup, const char *id) {
  for (uint32_t i = 0; i < checkup->count; i++)
    if (strcmp(checkup->findings[i].id, id) == 0) return &checkup->findings[i];
  fail_msg("no finding %s", id);
  return NULL;
}

static void expect(const struct oh_diagnosis_facts *facts, const char *id, enum oh_verdict verdict,
                   const char *seen) {
  struct oh_checkup checkup;
  oh_diagnosis_make(facts, &checkup);
  const struct oh_finding *finding = find(&checkup, id);
  assert_int_equal(finding->verdict, verdict);
  if (!strstr(finding->seen, seen)) fail_msg("%s: %s", id, finding->seen);
  assert_int_equal(finding->fix != NULL, verdict != OH_VERDICT_OK); // nothing wrong without a remedy
}

static void nothing_is_wrong_with_a_good_page(void **state) {
  (void)state;
  struct oh_diagnosis_facts facts = good();
  struct oh_checkup checkup;
  oh_diagnosis_make(&facts, &checkup);
  for (uint32_t i = 0; i < checkup.count; i++)
    if (checkup.findings[i].verdict != OH_VERDICT_OK)
      fail_msg("%s: %s", checkup.findings[i].id, checkup.findings[i].seen);
  assert_true(checkup.count >= 8);
}

static void test_S86_each_trouble_has_its_name_and_remedy(void **state) {
  (void)state;
  struct oh_diagnosis_facts facts = good();
  facts.site = NULL;
  expect(&facts, "site", OH_VERDICT_FAIL, "SITE_UNKNOWN");
  facts = good();
  struct oh_site paused = shop;
  paused.paused = true;
  facts.site = &paused;
  expect(&facts, "site", OH_VERDICT_FAIL, "SITE_PAUSED");
  facts = good();
  facts.origin = OH_STR("https://evil.example");
  expect(&facts, "origin", OH_VERDICT_FAIL, "https://evil.example");
  facts.origin = OH_STR("");
  expect(&facts, "origin", OH_VERDICT_WARN, "No Origin");
  facts.origin = OH_STR("http://shop.example");
  expect(&facts, "secure-context", OH_VERDICT_FAIL, "INSECURE_CONTEXT");
  facts.origin = OH_STR("http://localhost:3000");
  expect(&facts, "secure-context", OH_VERDICT_OK, "microphone");
  facts = good();
  facts.own_url = "http://call.example";
  expect(&facts, "tls", OH_VERDICT_FAIL, "mixed content");
  facts = good();
  struct oh_site members = shop;
  members.auth = OH_AUTH_CLERK;
  facts.site = &members;
  expect(&facts, "sign-in", OH_VERDICT_WARN, "AUTH_REQUIRED");
  facts.has_sign_in = true;
  expect(&facts, "sign-in", OH_VERDICT_OK, "clerk");
  facts = good();
  struct oh_addr inside[] = {{.ip = {192, 168, 1, 2}, .family = OH_ADDR_V4, .port = 7882, .proto = OH_UDP}};
  facts.media = inside;
  facts.media_count = 1;
  expect(&facts, "media", OH_VERDICT_WARN, "private");
  expect(&facts, "tcp-fallback", OH_VERDICT_WARN, "NET_UDP_BLOCKED");
  facts.own_url = "http://localhost:7880";
  expect(&facts, "media", OH_VERDICT_OK, "1 UDP");
  facts.media_count = 0;
  expect(&facts, "media", OH_VERDICT_FAIL, "0 UDP");
  facts.livekit_host = "wss://live.example";
  expect(&facts, "media", OH_VERDICT_OK, "live.example");
  facts = good();
  facts.page_ms += 120000;
  expect(&facts, "clock", OH_VERDICT_WARN, "119 s ahead");
  facts = good();
  facts.draining = true;
  expect(&facts, "server", OH_VERDICT_WARN, "SERVER_DRAINING");
}

static void private_addresses_are_known(void **state) {
  (void)state;
  static const struct {
    uint8_t ip[16];
    uint8_t family;
    bool is_private;
  } cases[] = {{{10, 1, 2, 3}, OH_ADDR_V4, true},
               {{172, 16, 0, 1}, OH_ADDR_V4, true},
               {{172, 32, 0, 1}, OH_ADDR_V4, false},
               {{192, 168, 0, 1}, OH_ADDR_V4, true},
               {{100, 64, 0, 1}, OH_ADDR_V4, true},
               {{100, 128, 0, 1}, OH_ADDR_V4, false},
               {{127, 0, 0, 1}, OH_ADDR_V4, true},
               {{8, 8, 8, 8}, OH_ADDR_V4, false},
               {{0xfd, 1}, OH_ADDR_V6, true},
               {{0xfe, 0x80}, OH_ADDR_V6, true},
               {{0x20, 0x01, 0xd, 0xb8}, OH_ADDR_V6, false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct oh_addr addr = {.family = cases[i].family};
    memcpy(addr.ip, cases[i].ip, sizeof addr.ip);
    if (oh_diagnosis_is_private(&addr) != cases[i].is_private) fail_msg("case %zu", i);
  }
}

static void lines_to_paste(void **state) {
  (void)state;
  struct oh_diagnosis_facts facts = good();
  struct oh_text text;
  oh_text_init(&text, 4096);
  oh_diagnosis_write_policy(&facts, &text);
  assert_string_equal(text.data,
                      "script-src 'self' https://call.example; connect-src 'self' https://call.example "
                      "wss://call.example; style-src 'self' https://call.example; img-src 'self' data: "
                      "https://call.example; media-src 'self' blob:; frame-src https://call.example");
  oh_text_clear(&text);
  oh_diagnosis_write_permissions(&facts, &text);
  assert_string_equal(
      text.data,
      "microphone=(self \"https://call.example\"), speaker-selection=(self \"https://call.example\")");
  facts.livekit_host = "wss://live.example/";
  oh_text_clear(&text);
  oh_diagnosis_write_policy(&facts, &text);
  assert_non_null(
      strstr(text.data, "connect-src 'self' https://call.example wss://live.example https://live.example;"));
  oh_text_fini(&text);
}

static void what_a_stranger_writes_stays_text(void **state) {
  (void)state;
  struct oh_checkup checkup = {0};
  struct oh_text json;
  oh_text_init(&json, 4096);
  oh_checkup_add(&checkup, "x", OH_VERDICT_FAIL, "Mend \"it\".", "a\"b\\c\n%s", "\xff");
  oh_checkup_write_json(&checkup, &json);
  assert_string_equal(
      json.data,
      "[{\"id\":\"x\",\"verdict\":\"fail\",\"seen\":\"a\\\"b\\\\c??\",\"fix\":\"Mend \\\"it\\\".\"}]");
  oh_text_clear(&json);
  oh_checkup_write_text(&checkup, &json);
  assert_non_null(strstr(json.data, "fail  x"));
  assert_non_null(strstr(json.data, "0 ok, 0 to look at, 1 to mend"));
  oh_text_fini(&json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_wrong_with_a_good_page),
      cmocka_unit_test(test_S86_each_trouble_has_its_name_and_remedy),
      cmocka_unit_test(private_addresses_are_known),
      cmocka_unit_test(lines_to_paste),
      cmocka_unit_test(what_a_stranger_writes_stays_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
