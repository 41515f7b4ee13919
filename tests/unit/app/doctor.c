// doctor.c — what doctor thinks of what it saw.
#include "app/doctor_checks.h"
#include "tests/unit/test.h"
#include <errno.h>
#include <string.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static char *origins[] = {TEXT("https://shop.example")}, *everybody[] = {TEXT("*")},
            *node[] = {TEXT("203.0.113.9")}, *inside[] = {TEXT("192.168.1.2")},
            *hooks[] = {TEXT("https://hooks.example/")}, *plain_hooks[] = {TEXT("http://hooks.example/")};
static struct oh_site site;
static struct oh_key key;
static struct oh_config config;
static struct oh_doctor_facts facts;

// A machine with which nothing is wrong.
static int make_good(void **state) {
  (void)state;
  site = (struct oh_site){
      .id = TEXT("default"), .allowed_origins = {origins, 1}, .per_address_budget = 60, .daily_budget = 1000};
  key = (struct oh_key){.id = TEXT("APIgood"), .secret = TEXT("k3vJ9sQz7LmX2pRt5WnB8cYd4GhF6aEu1TqS")};
  config = (struct oh_config){.public_url = TEXT("https://call.example"),
                              .sites = {&site, 1},
                              .key_items = &key,
                              .key_count = 1,
                              .port = 7880,
                              .data_dir = TEXT("/var/lib/offhook")};
  config.webhook.urls = (struct oh_strings){hooks, 1};
  config.webhook_key = &key;
  config.rtc.node_ip = (struct oh_strings){node, 1};
  config.rtc.allow_tcp_fallback = true;
  config.rtc.tcp_port = 7882;
  config.turn.enabled = true, config.turn.external_tls = false;
  config.turn.domain = TEXT("turn.call.example"), config.turn.udp_port = 3478, config.turn.tls_port = 5349;
  config.admin.bind = TEXT("127.0.0.1");
  config.limit.connections = 20000;
  memset(&facts, 0, sizeof facts);
  facts.config = &config;
  facts.production = true;
  facts.url = "https://call.example";
  facts.health = (struct oh_doctor_page){.asked = true,
                                         .status = 200,
                                         .cert_until_unix_s = 1800000000,
                                         .date_unix_s = 1790000001,
                                         .asked_unix_s = 1790000000};
  facts.preflight = (struct oh_doctor_page){.asked = true,
                                            .status = 204,
                                            .allow_origin = "https://shop.example",
                                            .allow_headers = "Content-Type, Authorization"};
  facts.page = (struct oh_doctor_page){.asked = true, .status = 200};
  facts.page_url = "https://shop.example/";
  facts.udp = facts.tcp = (struct oh_doctor_call){OH_SEEN_YES, OH_SEEN_YES, OH_SEEN_YES, "", 80};
  facts.turn = (struct oh_doctor_turn){
      .cert_names_it = OH_SEEN_YES, .udp = OH_SEEN_YES, .tls = OH_SEEN_YES, .cert_until_unix_s = 1800000000};
  facts.ports[0] =
      (struct oh_doctor_port){.what = "HTTP", .port = 7880, .error = EADDRINUSE, .is_ours = true};
  facts.port_count = 1;
  facts.dns_found = facts.data_dir_writable = OH_SEEN_YES;
  facts.data_dir_free_bytes = 1LL << 40;
  facts.files_max = 65536;
  facts.receive_buffer_max = 4194304;
  facts.jwks_count = 1;
  return 0;
}

static void expect(const char *id, enum oh_verdict verdict, const char *seen) {
  struct oh_checkup checkup;
  oh_doctor_check(&facts, &checkup);
  for (uint32_t i = 0; i < checkup.count; i++) {
    const struct oh_finding *finding = &checkup.findings[i];
    if (strcmp(finding->id, id) != 0) continue;
    if (finding->verdict != verdict || !strstr(finding->seen, seen))
      fail_msg("%s is %s: %s", id, oh_verdict_name(finding->verdict), finding->seen);
    assert_int_equal(finding->fix != NULL, verdict != OH_VERDICT_OK); // each trouble has its remedy
    make_good(NULL);
    return;
  }
  fail_msg("nothing about %s", id);
}

static void test_S88_a_good_deployment_passes_as_a_whole(void **state) {
  (void)state;
  struct oh_checkup checkup;
  oh_doctor_check(&facts, &checkup);
  for (uint32_t i = 0; i < checkup.count; i++)
    if (checkup.findings[i].verdict != OH_VERDICT_OK)
      fail_msg("%s: %s", checkup.findings[i].id, checkup.findings[i].seen);
  assert_true(checkup.count >= 23);
}

static void test_S88_each_line_of_the_deployment_checklist_can_fail(void **state) {
  (void)state;
  const enum oh_verdict warn = OH_VERDICT_WARN, fail = OH_VERDICT_FAIL;
  config.development = true, expect("keys", fail, "no API key");
  key.secret = TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), expect("secrets", fail, "guessed");
  key.secret = TEXT("short"), expect("secrets", fail, "guessed");
  config.public_url = TEXT("http://call.example"), expect("https", fail, "https");
  site.allowed_origins = (struct oh_strings){everybody, 1}, expect("allowed-origins", fail, "anybody");
  site.allowed_origins.count = 0, expect("allowed-origins", fail, "own pages");
  site.daily_budget = 0, expect("callers", fail, "default");
  config.rtc.node_ip.items = inside, expect("node-ip", fail, "private");
  config.rtc.allow_tcp_fallback = false, expect("tcp-fallback", fail, "blocks UDP");
  config.admin.bind = TEXT("0.0.0.0"), expect("admin-port", fail, "0.0.0.0");
  facts.files_max = 1024, expect("file-limit", fail, "1024");
  facts.receive_buffer_max = 212992, expect("udp-buffers", warn, "212992");
  config.data_dir = NULL, expect("data-dir", warn, "Nothing");
  facts.data_dir_writable = OH_SEEN_NO, expect("data-dir", fail, "cannot be written");
  facts.data_dir_free_bytes = 1, expect("data-dir", warn, "0 MB");
  snprintf(facts.jwks_error, sizeof facts.jwks_error, "Keys cannot"),
      expect("sign-in-keys", fail, "Keys cannot");
  facts.url = NULL, expect("server", fail, "No server");
  config.webhook.urls.items = plain_hooks, expect("webhooks", fail, "http://hooks.example");
  config.data_dir = NULL, expect("webhooks", fail, "lost");
  config.turn.tls_port = 0, expect("turn-tls", warn, "UDP only");
  facts.turn.cert_names_it = OH_SEEN_NO, snprintf(facts.turn.cert_error, 100, "it is not for turn.example"),
  expect("turn-certificate", fail, "not for turn.example");
  config.turn.external_tls = true, expect("turn-tls", OH_VERDICT_OK, "port 5349");
}

static void test_S86_troubles_of_a_running_server(void **state) {
  (void)state;
  const enum oh_verdict warn = OH_VERDICT_WARN, fail = OH_VERDICT_FAIL;
  facts.ports[0].is_ours = false, expect("ports", fail, "in use");
  facts.ports[0] = (struct oh_doctor_port){.what = "HTTP", .port = 80, .error = EACCES},
  expect("ports", fail, "may not");
  facts.dns_found = OH_SEEN_NO, expect("dns", fail, "nowhere");
  facts.health.cert_bad = true, expect("certificate", fail, "not good");
  facts.health.cert_until_unix_s = 1790000000 + 3 * 86400, expect("certificate", warn, "3 days");
  facts.health.status = 0, expect("reachable", fail, "does not answer");
  facts.health.status = 502, expect("reachable", fail, "502");
  facts.health.date_unix_s -= 300, expect("clock", fail, "299 s");
  *facts.preflight.allow_origin = 0, expect("cors", fail, "preflight");
  *facts.preflight.allow_headers = 0, expect("cors", fail, "preflight");
  facts.udp.heard = OH_SEEN_NO, expect("call-udp", fail, "not heard");
  facts.udp.heard = facts.udp.connected = OH_SEEN_NO, expect("call-udp", fail, "no audio");
  facts.tcp.heard = facts.tcp.connected = OH_SEEN_NO, expect("call-tcp", fail, "by TCP");
  facts.turn.udp = OH_SEEN_NO, expect("turn-udp", warn, "3478");
  facts.turn.tls_cert_bad = true, facts.turn.tls = OH_SEEN_NO, expect("turn-reachable", fail, "not good");
  facts.turn.tls = OH_SEEN_NO, expect("turn-reachable", fail, "no TLS at turn.call.example");
  facts.turn.cert_until_unix_s = 1790000000 + 3 * 86400, expect("turn-reachable", warn, "3 days");
  snprintf(facts.page.csp, sizeof facts.page.csp, "script-src 'self'"),
      expect("page-csp", fail, "script-src");
  snprintf(facts.page.permissions, sizeof facts.page.permissions, "microphone=()"),
      expect("page-permissions", fail, "forbids");
  facts.config_error = "port: \"x\" is no number", expect("configuration", fail, "no number");
}

static void what_is_only_tried_out_gets_hints(void **state) {
  (void)state;
  facts.production = false;
  config.development = true;
  facts.url = NULL;
  config.data_dir = NULL;
  struct oh_checkup checkup;
  oh_doctor_check(&facts, &checkup);
  assert_int_equal(oh_checkup_worst(&checkup), OH_VERDICT_WARN);
}

static void policies_are_read_as_browsers_do(void **state) {
  (void)state;
  static const struct {
    const char *csp;
    bool allows;
  } cases[] = {
      {"default-src 'none'", false},
      {"default-src *; connect-src * wss:", true},
      {"default-src 'self'; script-src https://call.example; connect-src https://call.example "
       "wss://call.example",
       true},
      {"script-src https://call.example; connect-src 'self' https://call.example", false}, // no WebSocket
      {"script-src 'self' https://*.example; connect-src https: wss:", true},
      {"script-src https://*.call.example", false},
      {"SCRIPT-SRC  https://call.example ;; connect-src  https://CALL.example/ wss://call.example", true},
      {"img-src 'self'", true},
      {"script-src https://call.example.evil; connect-src *", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *missing = NULL;
    bool allows = oh_doctor_csp_allows(oh_str(cases[i].csp), OH_STR("https://call.example"), &missing);
    if (allows != cases[i].allows) fail_msg("%s: %d", cases[i].csp, allows);
    assert_int_equal(missing != NULL, !allows);
  }
}

#define TEST(name) cmocka_unit_test_setup(name, make_good)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_S88_a_good_deployment_passes_as_a_whole),
      TEST(test_S88_each_line_of_the_deployment_checklist_can_fail),
      TEST(test_S86_troubles_of_a_running_server),
      TEST(what_is_only_tried_out_gets_hints),
      TEST(policies_are_read_as_browsers_do),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
