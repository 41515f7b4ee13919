// config.c — where a value comes from, what is refused, and what the refusal says.
#include "app/config.h"
#include "app/config_keys.h"
#include "tests/unit/test.h"
#include <sys/stat.h>
#include <unistd.h>

#define STRONG "0123456789abcdef0123456789ABCDEF"

static char error[OH_CONFIG_ERROR_MAX];

static bool load(struct oh_config *config, const char *const *args, const char *const *environment) {
  int count = 0;
  while (args && args[count])
    count++;
  error[0] = 0;
  return oh_config_load(config, count, (char *const *)(uintptr_t)args, (char *const *)(uintptr_t)environment,
                        error);
}

static char *write_file(const char *text, mode_t mode) {
  static char path[] = "/tmp/offhook-config-XXXXXX";
  memcpy(path + sizeof path - 7, "XXXXXX", 6);
  int fd = mkstemp(path);
  assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0);
  close(fd);
  return path;
}

static void later_sources_win(void **state) {
  (void)state;
  const char *path =
      write_file("port: 1001\nrtc:\n  udp_port: 2001\n  tcp_port: 2002\nroom:\n  empty_timeout: 5m\n", 0600);
  const char *const args[] = {"--config", path, "--port", "1003", "--log-json", "--voice-echo=off", NULL};
  const char *const environment[] = {"UDP_PORT=2003", "OFFHOOK_PORT=1002", "OFFHOOK_RTC_UDP_PORT=2004", NULL};
  struct oh_config config;
  if (!load(&config, args, environment)) fail_msg("%s", error);
  assert_int_equal(config.port, 1003);
  assert_int_equal(config.rtc.udp_port, 2004);
  assert_int_equal(config.rtc.tcp_port, 2002);
  assert_int_equal(config.room.empty_timeout_s, 300);
  assert_int_equal(config.room.departure_timeout_s, 20); // the default
  assert_true(config.logging.json);
  assert_false(config.sites.items[0].echo);
  assert_true(oh_config_was_set(&config, "port"));
  assert_false(oh_config_was_set(&config, "room.departure_timeout"));
  oh_config_fini(&config);
  unlink(path);
}

// Every key can be set by its variable and its flag, and is understood in the file it prints.
static void every_key_has_all_its_names(void **state) {
  (void)state;
  for (size_t i = 0; i < oh_config_key_count; i++) {
    const struct oh_config_key *key = &oh_config_keys[i];
    char choice[32] = "";
    if (key->choices) snprintf(choice, sizeof choice, "%.*s", (int)strcspn(key->choices, "|"), key->choices);
    const char *value = key->type == OH_CONFIG_BOOL     ? "true"
                        : key->type == OH_CONFIG_NUMBER ? "60"
                        : key->choices                  ? choice
                                                        : "some: thing";
    char env[80], flag[80], variable[200];
    oh_config_env_name(key, env);
    oh_config_flag_name(key, flag);
    snprintf(variable, sizeof variable, "%s=%s", env, value);
    struct oh_config config;
    oh_config_init(&config);
    char *const environment[] = {variable, NULL};
    if (!oh_config_read_environment(&config, environment, error)) fail_msg("%s: %s", key->path, error);
    assert_true(oh_config_was_set(&config, key->path));
    oh_config_fini(&config);
    oh_config_init(&config);
    char *args[] = {flag, (char *)(uintptr_t)value};
    bool taken = oh_config_read_flags(&config, 2, args, error);
    if (taken == key->secret) fail_msg("%s: a secret has no flag, all others have", key->path);
    oh_config_fini(&config);
  }
}

static void the_printed_configuration_reads_back(void **state) {
  (void)state;
  const char *const environment[] = {"LIVEKIT_API_KEY=mykey", "LIVEKIT_API_SECRET=" STRONG,
                                     "OFFHOOK_ALLOWED_ORIGINS=https://a.test, https://*.b.test",
                                     "OFFHOOK_PUBLIC_URL=https://x.test/?a=\"b\\", NULL};
  struct oh_config config, again;
  if (!load(&config, NULL, environment)) fail_msg("%s", error);
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);
  oh_config_print(&config, out);
  fclose(out);
  assert_null(strstr(text, STRONG));
  assert_non_null(strstr(text, "mykey: \"(redacted)\""));
  assert_non_null(strstr(text, "# OFFHOOK_ALLOWED_ORIGINS"));
  oh_config_init(&again);
  if (!oh_config_read_yaml(&again, "printed", text, len, error)) fail_msg("%s\n%s", error, text);
  assert_int_equal(again.sites.items[0].allowed_origins.count, 2);
  assert_string_equal(again.sites.items[0].allowed_origins.items[1], "https://*.b.test");
  assert_string_equal(again.public_url, "https://x.test/?a=\"b\\");
  oh_config_fini(&again);
  oh_config_fini(&config);
  free(text);
}

static void refuses_yaml(const char *text, const char *expected) {
  struct oh_config config;
  oh_config_init(&config);
  error[0] = 0;
  if (oh_config_read_yaml(&config, "f.yaml", text, strlen(text), error)) fail_msg("accepted: %s", text);
  if (!strstr(error, expected)) fail_msg("\"%s\" does not say \"%s\"", error, expected);
  oh_config_fini(&config);
}

static void yaml_mistakes_are_named(void **state) {
  (void)state;
  refuses_yaml("port: 1\nprot: 7880\n", "f.yaml:2: unknown key \"prot\"; did you mean \"port\"?");
  refuses_yaml("rtc:\n  udp_prot: 1\n",
               "f.yaml:2: unknown key \"rtc.udp_prot\"; did you mean \"rtc.udp_port\"?");
  refuses_yaml("udp_port: 1\n", "did you mean \"rtc.udp_port\"?");
  refuses_yaml("zzzzzzzzzzzzzzzzzzzz: 1\n", "unknown key");
  refuses_yaml("redis:\n  address: x\n", "\"redis\" is a key of LiveKit that offhook does not have");
  refuses_yaml("rtc:\n  port_range_start: 50000\n", "rtc.udp_port");
  refuses_yaml("port: http\n", "f.yaml:1: port is a number from 0 to 65535");
  refuses_yaml("port: 70000\n", "port is a number");
  refuses_yaml("port: -1\n", "port is a number");
  refuses_yaml("port: [1]\n", "port takes one value");
  refuses_yaml("rtc: 5\n", "has keys of its own");
  refuses_yaml("rtc: [5]\n", "has keys of its own");
  refuses_yaml("room:\n  auto_create: maybe\n", "true or false");
  refuses_yaml("logging:\n  level: loud\n", "debug|info|warn|error");
  refuses_yaml("port: 1\nport: 2\n", "given twice");
  refuses_yaml("a: &x 1\n", "unknown key");
  refuses_yaml("port: &x 1\n", "anchors and aliases");
  refuses_yaml("bind_addresses: [*x]\n", "anchors and aliases");
  refuses_yaml("bind_addresses: [[a]]\n", "plain values");
  refuses_yaml("keys:\n  a: [b]\n", "name: value");
  refuses_yaml("- port\n", "key: value");
  refuses_yaml("port\n", "key: value");
  refuses_yaml("port: 1\n---\nport: 2\n", "more than one document");
  refuses_yaml("port: \"1\n", "not valid YAML");
  refuses_yaml("rtc: {rtc: {rtc: {rtc: {rtc: {rtc: 1}}}}}\n", "unknown key");
}

static void yaml_lists_and_keys(void **state) {
  (void)state;
  static const char text[] =
      "# sample\nport: 7000\nrtc:\nbind_addresses: [127.0.0.1, \"::1\"]\nkeys:\n  one: " STRONG
      "\n  two: " STRONG "x\nvoice:\n  allowed_origins:\n    - https://a.test\n";
  struct oh_config config;
  oh_config_init(&config);
  if (!oh_config_read_yaml(&config, "f", text, sizeof text - 1, error)) fail_msg("%s", error);
  if (!oh_config_finish(&config, error)) fail_msg("%s", error);
  assert_int_equal(config.bind_addresses.count, 2);
  assert_int_equal(config.key_count, 2);
  assert_string_equal(config.key_items[0].id, "one");
  assert_string_equal(config.key_items[1].secret, STRONG "x");
  assert_int_equal(config.sites.items[0].allowed_origins.count, 1);
  oh_config_fini(&config);
}

static void no_key_means_this_machine_only(void **state) {
  (void)state;
  struct oh_config config, other;
  assert_true(load(&config, NULL, NULL));
  assert_true(load(&other, NULL, NULL));
  assert_true(config.development);
  assert_int_equal(config.bind_addresses.count, 2);
  assert_string_equal(config.bind_addresses.items[0], "127.0.0.1");
  assert_string_equal(config.rtc.bind_addresses.items[0], "0.0.0.0");
  assert_true(strlen(config.key_items[0].secret) >= 32);
  assert_string_not_equal(config.key_items[0].secret, other.key_items[0].secret);
  oh_config_fini(&config);
  oh_config_fini(&other);
  const char *const args[] = {"--bind", "0.0.0.0", NULL};
  assert_false(load(&config, args, NULL));
  assert_non_null(strstr(error, "offhook keys generate"));
  oh_config_fini(&config);
}

static void weak_keys_stay_at_home(void **state) {
  (void)state;
  const char *const weak[] = {"LIVEKIT_API_SECRET=secret",
                              "LIVEKIT_API_SECRET=0123456789012345678901234567890",
                              "LIVEKIT_API_SECRET=apiSecretExtendTo32BytesAsThatIsMinimum",
                              "LIVEKIT_API_SECRET=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
  for (size_t i = 0; i < 4; i++) {
    const char *const environment[] = {"LIVEKIT_API_KEY=devkey", weak[i], NULL};
    const char *const local[] = {"--bind", "127.0.0.1,::1", NULL};
    struct oh_config config;
    assert_false(load(&config, NULL, environment));
    assert_non_null(strstr(error, "devkey"));
    assert_non_null(strstr(error, "offhook keys generate"));
    if (i > 0) assert_null(strstr(error, weak[i] + 19)); // not "secret", which is a word of the sentence
    oh_config_fini(&config);
    if (!load(&config, local, environment)) fail_msg("%s", error);
    assert_false(config.development);
    oh_config_fini(&config);
  }
}

static void secrets_come_from_files(void **state) {
  (void)state;
  char *path = write_file(STRONG "\n", 0600), variable[100];
  snprintf(variable, sizeof variable, "LIVEKIT_API_SECRET_FILE=%s", path);
  const char *const environment[] = {"LIVEKIT_API_KEY=k", variable, NULL};
  struct oh_config config;
  if (!load(&config, NULL, environment)) fail_msg("%s", error);
  assert_string_equal(config.key_items[0].secret, STRONG);
  oh_config_fini(&config);
  unlink(path);
  assert_false(load(&config, NULL, environment));
  assert_non_null(strstr(error, "cannot read"));
  oh_config_fini(&config);
}

static void a_key_file_is_private(void **state) {
  (void)state;
  char *path = write_file("# ours\nk1: " STRONG "\n\nk2: " STRONG "\r\n", 0644);
  const char *const args[] = {"--key-file", path, NULL};
  struct oh_config config;
  assert_false(load(&config, args, NULL));
  assert_non_null(strstr(error, "chmod 600"));
  oh_config_fini(&config);
  assert_int_equal(chmod(path, 0600), 0);
  if (!load(&config, args, NULL)) fail_msg("%s", error);
  assert_int_equal(config.key_count, 2);
  assert_string_equal(config.key_items[1].secret, STRONG);
  oh_config_fini(&config);
  unlink(path);
}

static void halves_are_refused(void **state) {
  (void)state;
  const struct {
    const char *environment[2], *expected;
  } cases[] = {
      {{"LIVEKIT_API_KEY=k"}, "LIVEKIT_API_SECRET is not"},
      {{"LIVEKIT_API_SECRET=" STRONG}, "LIVEKIT_API_KEY is not"},
      {{"OFFHOOK_TLS_CERT=/x"}, "tls.key is missing"},
      {{"LIVEKIT_HOST=call.test"}, "begins with wss://"},
      {{"LIVEKIT_KEYS=nonsense"}, "id: secret"},
      {{"LIVEKIT_CONFIG=prot: 1"}, "LIVEKIT_CONFIG:1: unknown key"},
      {{"LIVEKIT_CONFIG=/nonexistent"}, "cannot read"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct oh_config config;
    assert_false(load(&config, NULL, cases[i].environment));
    if (!strstr(error, cases[i].expected)) fail_msg("\"%s\" does not say \"%s\"", error, cases[i].expected);
    oh_config_fini(&config);
  }
}

static void flag_mistakes_are_named(void **state) {
  (void)state;
  const struct {
    const char *args[3], *expected;
  } cases[] = {{{"--prot", "1"}, "did you mean --port?"},
               {{"--port"}, "needs a value"},
               {{"serve"}, "unexpected argument"},
               {{"--api-secret", "x"}, "secrets have no flag"},
               {{"--port", "x"}, "--port: port is a number"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct oh_config config;
    assert_false(load(&config, cases[i].args, NULL));
    if (!strstr(error, cases[i].expected)) fail_msg("\"%s\" does not say \"%s\"", error, cases[i].expected);
    oh_config_fini(&config);
  }
}

static const char two_sites[] =
    "voice:\n"
    "  name: Us\n"
    "  paused: true\n"
    "  presets: {de: {greeting: \"Guten \\\"Tag\\\"\", terms: AGB}, en: {terms: T}}\n"
    "  sites:\n"
    "    shop:\n"
    "      name: Shop\n"
    "      allowed_origins: [\"https://*.shop.test\"]\n"
    "      daily_budget: 50\n"
    "      max_duration: 10m\n"
    "      signed:\n"
    "        secret: " STRONG "\n"
    "      presets:\n"
    "        de:\n"
    "          greeting: Hallo\n"
    "    help-desk: {}\n"
    "    empty:\n";

static void check_two_sites(const struct oh_config *config, const char *secret) {
  assert_int_equal(config->sites.count, 4);
  const struct oh_site *ours = oh_sites_find(&config->sites, OH_STR("default")),
                       *shop = oh_sites_find(&config->sites, OH_STR("shop")),
                       *desk = oh_sites_find(&config->sites, OH_STR("help-desk"));
  assert_ptr_equal(ours, &config->sites.items[0]);
  assert_ptr_equal(oh_sites_find(&config->sites, OH_STR("")), ours);
  assert_null(oh_sites_find(&config->sites, OH_STR("shopp")));
  assert_string_equal(ours->name, "Us");
  assert_true(ours->paused);
  assert_string_equal(ours->presets.items[0], "de.greeting: Guten \"Tag\"");
  assert_int_equal(ours->presets.count, 3);
  assert_string_equal(shop->name, "Shop");
  assert_false(shop->paused); // nothing is inherited
  assert_int_equal(shop->max_duration_s, 600);
  assert_int_equal(shop->daily_budget, 50);
  assert_int_equal(shop->per_address_budget, 60);
  assert_string_equal(shop->allowed_origins.items[0], "https://*.shop.test");
  assert_string_equal(shop->signed_secret, secret);
  assert_string_equal(shop->presets.items[0], "de.greeting: Hallo");
  assert_null(desk->name);
  assert_int_equal(desk->token_ttl_s, 3600);
}

static void each_site_stands_for_itself(void **state) {
  (void)state;
  struct oh_config config, again;
  oh_config_init(&config);
  if (!oh_config_read_yaml(&config, "f", two_sites, sizeof two_sites - 1, error)) fail_msg("%s", error);
  if (!oh_config_finish(&config, error)) fail_msg("%s", error);
  check_two_sites(&config, STRONG);
  // Sign-in keys alone close a site.
  assert_int_equal(oh_sites_find(&config.sites, OH_STR("shop"))->auth, OH_AUTH_SIGNED);
  assert_int_equal(config.sites.items[0].auth, OH_AUTH_ANONYMOUS);
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);
  oh_config_print(&config, out);
  fclose(out);
  assert_null(strstr(text, STRONG));
  oh_config_init(&again);
  if (!oh_config_read_yaml(&again, "printed", text, len, error)) fail_msg("%s\n%s", error, text);
  // "help-desk" and "empty" have nothing set and are printed empty
  check_two_sites(&again, "(redacted)");
  free(text);
  oh_config_fini(&again);
  oh_config_fini(&config);
}

static void site_mistakes_are_named(void **state) {
  (void)state;
#define SITE "voice: {sites: {shop: "
  refuses_yaml(SITE "{puased: true}}}", "unknown key \"voice.sites.shop.puased\"; did you mean "
                                        "\"voice.sites.shop.paused\"?");
  refuses_yaml(SITE "{token_api: true}}}", "unknown key \"voice.sites.shop.token_api\"");
  refuses_yaml(SITE "{sites: {x: {}}}}}", "unknown key \"voice.sites.shop.sites\"");
  refuses_yaml(SITE "{clerk: {isuer: x}}}}", "did you mean \"voice.sites.shop.clerk.issuer\"?");
  refuses_yaml(SITE "{paused: 1, paused: 1}}}", "given twice");
  refuses_yaml(SITE "{}, shop: {}}}", "there already");
  refuses_yaml(SITE "{}, default: {}}}", "there already");
  refuses_yaml(SITE "{}, \"a b\": {}}}", "no name for a site");
  refuses_yaml(SITE "x}}", "keys of its own");
  refuses_yaml(SITE "[x]}}", "keys of its own");
  refuses_yaml("voice: {sites: x}", "voice.sites");
  refuses_yaml("voice: {sites: [x]}", "voice.sites");
  refuses_yaml("voice: {presets: {de: {greeting: {x: y}}}}", "name: value");
  refuses_yaml("keys: {a: {b: c}}", "name: value");
#undef SITE
}

static void contradictions_of_sites_are_refused(void **state) {
  (void)state;
  const struct {
    const char *yaml, *expected;
  } cases[] = {
      {"voice: {auth: clerk}", "voice.auth is clerk, which needs"},
      {"voice: {sites: {a: {auth: oidc}}}", "voice.sites.a.auth is oidc, which needs oidc.issuer"},
      {"voice: {auth: signed, signed: {secret: short}}", "at least 32"},
      {"voice: {oidc: {issuer: \"https://a.test\"}}", "voice.auth is oidc, which needs oidc.audience"},
      {"voice: {clerk: {jwt_key: PEM}}", "voice.clerk.jwt_key (CLERK_JWT_KEY) is not a PEM"},
      {"voice: {clerk: {publishable_key: pk_test_a}}", "voice.clerk.publishable_key is not one"},
      {"voice: {oidc: {issuer: accounts.test}}", "voice.oidc.issuer begins with https://"},
      {"voice: {allowed_origins: [example.org]}", "voice.allowed_origins has origins such as"},
      {"voice: {allowed_origins: [\"https://a b\"]}", "voice.allowed_origins has origins such as"},
      {"voice: {tel: \"javascript:alert(1)\"}", "voice.tel is a telephone number"},
      {"voice: {theme: {accent: red}}", "voice.theme.accent is a colour"},
      {"voice: {theme: {radius: \"1;x\"}}", "voice.theme.radius is a length"},
      {"voice: {theme: {logo: \"javascript:1\"}}", "voice.theme.logo is a URL"},
      {"voice: {languages: [\"de<\"]}", "voice.languages has tags"},
      {"voice: {presets: {de: {hello: x}}}", "voice.presets has for each language"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct oh_config config;
    oh_config_init(&config);
    error[0] = 0;
    if (!oh_config_read_yaml(&config, "f", cases[i].yaml, strlen(cases[i].yaml), error))
      fail_msg("%s: %s", cases[i].yaml, error);
    assert_false(oh_config_finish(&config, error));
    if (!strstr(error, cases[i].expected)) fail_msg("\"%s\" does not say \"%s\"", error, cases[i].expected);
    oh_config_fini(&config);
  }
}

static void clerk_s_own_variables_are_read(void **state) {
  (void)state;
  // As environment files have it: one line, the line feeds written as two characters.
  static const char pem[] = "CLERK_JWT_KEY=-----BEGIN PUBLIC KEY-----\\n"
                            "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnXKcVe8Y4K8gmMOf2bjR\\n"
                            "dMHsyn6aXbZxSUGLIjN8LH7gNQ4WEqsqn36XiMHh5aQ8IBAaSi1BnPwkTshIAT9O\\n"
                            "WyeZfSUUxeU6rt4q8r4IcmknYgLQXzteVRUbLxUV5xXRCI1sI7TKWmVBYoSu6w2+\\n"
                            "5eO6TnRYoUMcdJA5W+8iTsl+0B/qKM0QsjqAA0cSEbeU5ZR0NNZ38pI9f91wLfYF\\n"
                            "Rjz9RQoqcQBRmaosI5xcWkjJSE36EKPleVYFghOftOHq3HBMkk4BI+uZlDEf2Bgy\\n"
                            "nYFC10BtzD6HZghlvOqWQLgJCE6YVPHZJtWV+RTdPZ+gGw9LwLPxP7ReuRKTw5FW\\n"
                            "sQIDAQAB\\n"
                            "-----END PUBLIC KEY-----";
  const char *const environment[] = {"NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
                                     pem, "CLERK_AUTHORIZED_PARTIES=https://a.test,https://b.test", NULL};
  struct oh_config config;
  if (!load(&config, NULL, environment)) fail_msg("%s", error);
  const struct oh_site *site = &config.sites.items[0];
  assert_int_equal(site->auth, OH_AUTH_CLERK);
  assert_string_equal(site->clerk.publishable_key, "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k");
  assert_int_equal(site->clerk.authorized_parties.count, 2);
  oh_config_fini(&config);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(later_sources_win),
      cmocka_unit_test(every_key_has_all_its_names),
      cmocka_unit_test(the_printed_configuration_reads_back),
      cmocka_unit_test(yaml_mistakes_are_named),
      cmocka_unit_test(yaml_lists_and_keys),
      cmocka_unit_test(no_key_means_this_machine_only),
      cmocka_unit_test(weak_keys_stay_at_home),
      cmocka_unit_test(secrets_come_from_files),
      cmocka_unit_test(a_key_file_is_private),
      cmocka_unit_test(halves_are_refused),
      cmocka_unit_test(flag_mistakes_are_named),
      cmocka_unit_test(each_site_stands_for_itself),
      cmocka_unit_test(site_mistakes_are_named),
      cmocka_unit_test(contradictions_of_sites_are_refused),
      cmocka_unit_test(clerk_s_own_variables_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
