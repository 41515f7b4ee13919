// origin.c — which pages may ask for tokens.
#include "call/origin.h"
#include "tests/unit/test.h"

static const char *const rules[] = {"https://shop.example", "https://*.example.org", "http://dev.test:3000",
                                    "https://slash.example/"};

static bool allowed(const char *origin, const char *host) {
  return oh_origin_allowed(oh_str(origin), oh_str(host), rules, 4);
}

static void own_pages_may(void **state) {
  (void)state;
  assert_true(allowed("http://localhost:7880", "localhost:7880"));
  assert_true(allowed("https://call.test", "call.test"));
  assert_true(allowed("https://call.test", "call.test:443"));
  assert_true(allowed("http://CALL.test", "call.TEST:80"));
  assert_true(allowed("http://[::1]:7880", "[::1]:7880"));
  assert_true(allowed("", "call.test")); // a program, not a page
  assert_false(allowed("http://localhost:7881", "localhost:7880"));
  assert_false(allowed("http://localhost", "localhost:7880"));
  assert_false(allowed("ftp://localhost:7880", "localhost:7880"));
  assert_false(allowed("http://localhost:7880", ""));
  assert_false(allowed("http://localhost:7880@evil.test", "localhost:7880"));
}

static void listed_pages_may(void **state) {
  (void)state;
  assert_true(allowed("https://shop.example", "call.test"));
  assert_true(allowed("https://SHOP.example:443", "call.test"));
  assert_true(allowed("https://slash.example", "call.test"));
  assert_true(allowed("https://a.example.org", "call.test"));
  assert_true(allowed("https://a.b.example.org", "call.test"));
  assert_true(allowed("http://dev.test:3000", "call.test"));
}

static void look_alikes_may_not(void **state) {
  (void)state;
  const char *const bad[] = {"http://shop.example",
                             "https://shop.example:8443",
                             "https://shop.example.evil",
                             "https://evilshop.example",
                             "https://example.org",
                             "https://evilexample.org",
                             "https://.example.org.evil",
                             "https://x.example.org.evil.test",
                             "http://dev.test",
                             "null",
                             "https://",
                             "https://shop.example/path",
                             "https://evil.test/.example.org",
                             "shop.example"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (allowed(bad[i], "call.test")) fail_msg("%s was allowed", bad[i]);
}

static void rules_fit_a_content_security_policy(void **state) {
  (void)state;
  const char *const good[] = {"*", "https://shop.example", "https://*.example.org", "http://dev.test:3000",
                              "http://[::1]:8080"};
  const char *const bad[] = {"",
                             "shop.example",
                             "https://",
                             "https://a.test; script-src *",
                             "https://a b.test",
                             "https://a.test:x",
                             "https://a.test/path",
                             "f;p://a.test",
                             "https://*",
                             "null",
                             "https://a.test:99999",
                             "https://a.test\r\nX: y",
                             "https://a.*.test"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    if (!oh_origin_is_rule(oh_str(good[i]))) fail_msg("%s was refused", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (oh_origin_is_rule(oh_str(bad[i]))) fail_msg("%s was taken", bad[i]);
}

static void a_star_lets_everybody(void **state) {
  (void)state;
  const char *const all[] = {"*"};
  assert_true(oh_origin_allowed(oh_str("https://any.test"), oh_str("call.test"), all, 1));
  assert_true(oh_origin_allowed(oh_str("null"), oh_str("call.test"), all, 1));
}

static void hosts_hold_only_host_letters(void **state) {
  (void)state;
  assert_true(oh_host_is_valid(oh_str("a-b_c.test:80")));
  assert_true(oh_host_is_valid(oh_str("[2001:db8::1]:7880")));
  const char *const bad[] = {"", "a b", "a/b", "a\"b", "a;b", "a@b", "a?b", "a%41", "\xc3\xa4.test"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(oh_host_is_valid(oh_str(bad[i])));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_pages_may),         cmocka_unit_test(listed_pages_may),
      cmocka_unit_test(look_alikes_may_not),   cmocka_unit_test(rules_fit_a_content_security_policy),
      cmocka_unit_test(a_star_lets_everybody), cmocka_unit_test(hosts_hold_only_host_letters)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
