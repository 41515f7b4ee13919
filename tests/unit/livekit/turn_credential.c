// turn_credential.c — what participants show to TURN servers: made, checked, expired, forged.
#include "livekit/turn_credential.h"
#include "tests/unit/test.h"

static const struct oh_key pair[] = {{"APIone", "secret-one"}, {"APItwo", "secret-two"}};
static const struct oh_keys keys = {pair, 2};

static void base62_gives_back_any_bytes(void **state) {
  (void)state;
  uint64_t seed = 3;
  for (size_t len = 0; len < 200; len++) {
    uint8_t bytes[200], back[200];
    size_t back_len;
    struct oh_text text;
    test_fill(&seed, bytes, sizeof bytes);
    if (len % 3 == 0) memset(bytes, 0xFF, len); // the special characters
    if (len % 3 == 1) memset(bytes, 0, len);
    oh_text_init(&text, 1000);
    oh_base62_write(&text, (struct oh_bytes){bytes, len});
    for (size_t i = 0; i < text.len; i++)
      assert_true((text.data[i] >= '0' && text.data[i] <= '9') ||
                  ((text.data[i] | 32) >= 'a' && (text.data[i] | 32) <= 'z'));
    assert_true(oh_base62_read(oh_text_str(&text), back, sizeof back, &back_len));
    assert_int_equal(back_len, len);
    if (len) assert_memory_equal(back, bytes, len);
    oh_text_fini(&text);
  }
  uint8_t back[8];
  size_t back_len;
  assert_false(oh_base62_read(OH_STR("ab-c"), back, sizeof back, &back_len));
  assert_false(oh_base62_read(OH_STR("aaaaaaaaaaaaaaaaaaaaaaaa"), back, sizeof back, &back_len));
}

static void own_credentials_are_known_until_they_expire(void **state) {
  (void)state;
  struct oh_turn_credential made, other;
  char password[96];
  assert_true(oh_turn_credential_make(&made, &pair[1], "PA_abc", 1000));
  assert_true(oh_turn_credential_password(oh_str(made.user), &keys, true, 1000, password));
  assert_string_equal(password, made.password);
  assert_false(oh_turn_credential_password(oh_str(made.user), &keys, true, 1001, password));
  assert_true(oh_turn_credential_password(oh_str(made.user), &keys, false, 9999, password)); // to go on with
  assert_true(oh_turn_credential_make(&other, &pair[1], "PA_abd", 1000));
  assert_string_not_equal(other.password, made.password);
  const struct oh_key foreign = {"APIthree", "secret-three"};
  assert_true(oh_turn_credential_make(&other, &foreign, "PA_abc", 1000));
  assert_false(oh_turn_credential_password(oh_str(other.user), &keys, true, 1, password));
  assert_false(oh_turn_credential_password(OH_STR(""), &keys, true, 1, password));
  assert_false(oh_turn_credential_password(OH_STR("Zm9v"), &keys, true, 1, password));
  char long_id[300];
  memset(long_id, 'k', sizeof long_id - 1);
  long_id[sizeof long_id - 1] = 0;
  const struct oh_key endless = {long_id, "s"};
  assert_false(oh_turn_credential_make(&other, &endless, "PA_abc", 1000));
}

// `printf '1700000000:PA_abc' | openssl dgst -sha1 -hmac north -binary | base64`
static void rest_credentials_are_those_of_coturn(void **state) {
  (void)state;
  struct oh_turn_credential made;
  oh_turn_credential_rest(&made, "north", "PA_abc", 1700000000);
  assert_string_equal(made.user, "1700000000:PA_abc");
  assert_string_equal(made.password, "v+ujoJQ+qb/unSYeJevFvoX1aqU=");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(base62_gives_back_any_bytes),
                                     cmocka_unit_test(own_credentials_are_known_until_they_expire),
                                     cmocka_unit_test(rest_credentials_are_those_of_coturn)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
