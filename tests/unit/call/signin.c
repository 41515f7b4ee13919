// signin.c — who is calling: policy, claims and times without a network; where keys come from; when they are
// fetched.
#include "call/signin.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/jwks.h"
#include "call/key_source.h"
#include "tests/unit/call/mint.h"
#include "tests/unit/test.h"

#define NOW 1800000000
#define SECRET "0123456789abcdef0123456789abcdef"
static struct mint rsa;
static struct oh_jws_keys keys; // the provider's, kid "a"

static int make_keys(void **state) {
  (void)state;
  rsa = mint_rsa(2048, 65537, OH_JWS_RS256);
  char *jwk = mint_jwk(&rsa, "a", "");
  struct oh_text json;
  oh_text_init(&json, 4096);
  oh_text_addf(&json, "{\"keys\":[%s]}", jwk);
  assert_true(oh_jwks_read((struct oh_bytes){(const uint8_t *)json.data, json.len}, &keys));
  oh_text_fini(&json);
  free(jwk);
  return 0;
}
static int free_keys(void **state) {
  (void)state;
  mint_fini(&rsa);
  oh_jws_keys_fini(&keys);
  return 0;
}

#define TEXT(s) ((char *)(uintptr_t)(s))
static char *list[] = {TEXT("https://shop.example"), TEXT("voice"), TEXT("https://app.example/")};
static struct oh_site site_of(enum oh_auth auth) {
  return (struct oh_site){.id = TEXT("shop"),
                          .auth = auth,
                          .clerk.issuer = TEXT("https://clerk.example"),
                          .oidc = {.issuer = TEXT("https://id.example/"), .audience = {list + 1, 1}},
                          .signed_secret = auth == OH_AUTH_SIGNED ? TEXT(SECRET) : NULL,
                          .allowed_origins = {list, 1}};
}

// Signs `claims`, with "iat":NOW before them, as kid `kid`, and reads the result.
static enum oh_signin read_as(const struct oh_site *site, const struct mint *mint, const char *kid,
                              const char *claims, struct oh_user *user) {
  struct oh_text header, payload, field;
  oh_text_init(&header, 256), oh_text_init(&payload, 16384), oh_text_init(&field, 32768);
  oh_text_addf(&header, "{\"alg\":\"%s\",\"kid\":\"%s\"}", oh_jws_alg_name(mint->alg), kid);
  oh_text_addf(&payload, "{\"iat\":%d%s}", NOW, claims);
  char *token = mint_sign(mint, header.data, payload.data);
  oh_text_addf(&field, "Bearer %s", token);
  struct oh_jws_keys own = {0};
  if (site->signed_secret) oh_jws_add_secret(&own, site->signed_secret);
  const struct oh_signin_request request = {.site = site,
                                            .authorization = oh_text_str(&field),
                                            .host = OH_STR("call.example"),
                                            .keys = site->signed_secret ? &own : &keys,
                                            .unix_s = NOW};
  const char *why;
  enum oh_signin signin = oh_signin_read(&request, user, &why);
  assert_int_equal(user->subject != NULL, signin == OH_SIGNIN_OK);
  assert_int_equal(*why == 0, signin == OH_SIGNIN_OK);
  free(token);
  oh_jws_keys_fini(&own);
  oh_text_fini(&header), oh_text_fini(&payload), oh_text_fini(&field);
  return signin;
}

struct claim_case {
  const char *claims;
  enum oh_signin signin;
};
static void check_cases(const struct oh_site *site, const struct mint *mint, const struct claim_case *cases,
                        size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct oh_user user;
    enum oh_signin signin = read_as(site, mint, "a", cases[i].claims, &user);
    if (signin != cases[i].signin) fail_msg("%d: %s", signin, cases[i].claims);
    oh_user_fini(&user);
    // Under a key that is not there yet only what would do is worth a fetch.
    if (mint->alg == OH_JWS_HS256) continue;
    enum oh_signin expected = cases[i].signin == OH_SIGNIN_OK ? OH_SIGNIN_NEEDS_KEYS : OH_SIGNIN_REQUIRED;
    signin = read_as(site, mint, "new", cases[i].claims, &user);
    if (signin != expected) fail_msg("%d with a new key: %s", signin, cases[i].claims);
    oh_user_fini(&user);
  }
}
#define OK OH_SIGNIN_OK
#define REQUIRED OH_SIGNIN_REQUIRED
#define FORBIDDEN OH_SIGNIN_FORBIDDEN

#define CLERK ",\"iss\":\"https://clerk.example\",\"sid\":\"s\",\"sub\":\"u\""
#define EXP ",\"exp\":1800000060"
static void clerk_sessions(void **state) {
  (void)state;
  static const struct claim_case cases[] = {
      {CLERK EXP, OK},
      {CLERK EXP ",\"azp\":\"https://shop.example\",\"sts\":\"active\",\"v\":2,\"o\":{\"id\":\"org_1\"}", OK},
      {CLERK EXP ",\"azp\":\"https://call.example\"", OK}, // our own page
      {CLERK EXP ",\"azp\":\"https://evil.example\"", FORBIDDEN},
      {CLERK EXP ",\"azp\":\"https://shop.example.evil.example\"", FORBIDDEN},
      {CLERK EXP ",\"azp\":\"\"", REQUIRED},
      {CLERK EXP ",\"azp\":7", REQUIRED},
      {CLERK EXP ",\"sts\":\"pending\"", FORBIDDEN},
      {CLERK EXP ",\"sts\":7", FORBIDDEN},
      {CLERK, REQUIRED},
      {CLERK ",\"exp\":null", REQUIRED},
      {CLERK ",\"exp\":\"1800000060\"", REQUIRED},
      {CLERK ",\"exp\":1e300", REQUIRED},
      {CLERK ",\"exp\":-1", REQUIRED},
      {CLERK ",\"exp\":1799999991", OK}, // within the leeway of 10 s
      {CLERK ",\"exp\":1799999990", REQUIRED},
      {CLERK EXP ",\"nbf\":1800000010", OK},
      {CLERK EXP ",\"nbf\":1800000011", REQUIRED},
      {CLERK EXP ",\"nbf\":1800000000.5", OK},
      {EXP ",\"iss\":\"https://clerk.example/\",\"sid\":\"s\",\"sub\":\"u\"", OK},
      {EXP ",\"iss\":\"https://clerk.example.evil\",\"sid\":\"s\",\"sub\":\"u\"", REQUIRED},
      {EXP ",\"iss\":[\"https://clerk.example\"],\"sid\":\"s\",\"sub\":\"u\"", REQUIRED},
      {EXP ",\"sid\":\"s\",\"sub\":\"u\"", REQUIRED},
      {EXP ",\"iss\":\"https://clerk.example\",\"sub\":\"u\"", REQUIRED},
      {EXP ",\"iss\":\"https://clerk.example\",\"sid\":\"s\"", REQUIRED},
      {EXP ",\"iss\":\"https://clerk.example\",\"sid\":\"s\",\"sub\":\"\"", REQUIRED},
      {EXP ",\"iss\":\"https://clerk.example\",\"sid\":\"s\",\"sub\":\"a\\nb\"", REQUIRED},
  };
  struct oh_site site = site_of(OH_AUTH_CLERK);
  check_cases(&site, &rsa, cases, sizeof cases / sizeof *cases);
  static const struct claim_case parties[] = {{CLERK EXP ",\"azp\":\"https://app.example\"", OK},
                                              {CLERK EXP ",\"azp\":\"https://shop.example\"", FORBIDDEN},
                                              {CLERK EXP, FORBIDDEN}};
  site.clerk.authorized_parties = (struct oh_strings){list + 2, 1};
  check_cases(&site, &rsa, parties, sizeof parties / sizeof *parties);
}

#define OIDC EXP ",\"iss\":\"https://id.example\",\"sub\":\"u\""
static void openid_tokens(void **state) {
  (void)state;
  static const struct claim_case cases[] = {
      {OIDC ",\"aud\":\"voice\"", OK},
      {OIDC ",\"aud\":[\"x\",\"voice\"],\"azp\":\"client\"", OK},
      {OIDC ",\"aud\":\"voice2\"", FORBIDDEN},
      {OIDC ",\"aud\":[]", FORBIDDEN},
      {OIDC ",\"aud\":[7,null]", FORBIDDEN},
      {OIDC ",\"aud\":{\"voice\":1}", FORBIDDEN},
      {OIDC, FORBIDDEN},
      {EXP ",\"iss\":\"https://other.example\",\"sub\":\"u\",\"aud\":\"voice\"", REQUIRED}};
  struct oh_site site = site_of(OH_AUTH_OIDC);
  check_cases(&site, &rsa, cases, sizeof cases / sizeof *cases);
}

static void signed_identities(void **state) {
  (void)state;
  static const struct claim_case cases[] = {
      {EXP ",\"sub\":\"u\"", OK},
      {EXP ",\"sub\":\"u\",\"aud\":\"shop\"", OK},
      {EXP ",\"sub\":\"u\",\"aud\":\"default\"", FORBIDDEN},
      {",\"exp\":1800086410,\"sub\":\"u\"", OK},
      {",\"exp\":1800086411,\"sub\":\"u\"", REQUIRED}, // more than a day
      {EXP ",\"sub\":\"u\",\"attributes\":{\"a\":\"b\",\"c\":\"\"}", OK},
      {EXP ",\"sub\":\"u\",\"attributes\":[]", REQUIRED},
      {EXP ",\"sub\":\"u\",\"attributes\":{\"a\":null}", REQUIRED},
      {EXP ",\"sub\":\"u\",\"attributes\":{\"\":\"b\"}", REQUIRED},
      {EXP ",\"sub\":\"u\",\"attributes\":{\"a\\u0001\":\"b\"}", REQUIRED}};
  struct oh_site site = site_of(OH_AUTH_SIGNED);
  struct mint secret = mint_secret(SECRET), other = mint_secret("another secret, which is as long");
  check_cases(&site, &secret, cases, sizeof cases / sizeof *cases);
  struct oh_user user;
  assert_int_equal(read_as(&site, &other, "a", EXP ",\"sub\":\"u\"", &user), REQUIRED);
  assert_int_equal(read_as(&site, &rsa, "a", EXP ",\"sub\":\"u\"", &user), REQUIRED);
  struct oh_text many;
  oh_text_init(&many, 16384);
  for (int count = OH_USER_ATTRIBUTES_MAX; count <= OH_USER_ATTRIBUTES_MAX + 1; count++) {
    oh_text_clear(&many);
    oh_text_adds(&many, EXP ",\"sub\":\"u\",\"attributes\":{");
    for (int i = 0; i < count; i++)
      oh_text_addf(&many, "%s\"k%d\":\"v\"", i ? "," : "", i);
    oh_text_addc(&many, '}');
    bool fits = count <= OH_USER_ATTRIBUTES_MAX;
    assert_int_equal(read_as(&site, &secret, "a", many.data, &user), fits ? OK : REQUIRED);
    assert_int_equal(user.attribute_count, fits ? count : 0);
    oh_user_fini(&user);
  }
  oh_text_clear(&many);
  oh_text_addf(
      &many,
      EXP
      ",\"sub\":\"u\",\"attributes\":{\"a\":\"%0512d\",\"b\":\"%0512d\",\"c\":\"%0512d\",\"d\":\"%0512d\"}",
      0, 0, 0, 0);
  assert_int_equal(read_as(&site, &secret, "a", many.data, &user), REQUIRED); // 2052 bytes
  oh_text_fini(&many);
}

static const char *attribute(const struct oh_user *user, const char *key) {
  for (size_t i = 0; i < user->attribute_count; i++)
    if (strcmp(user->attributes[2 * i], key) == 0) return user->attributes[2 * i + 1];
  return NULL;
}

static void what_a_user_is_called(void **state) {
  (void)state;
  struct oh_user user;
  struct oh_site clerk = site_of(OH_AUTH_CLERK), oidc = site_of(OH_AUTH_OIDC);
  assert_int_equal(read_as(&clerk, &rsa, "a", CLERK EXP ",\"name\":\"Ann\",\"email\":\"a@b.example\"", &user),
                   OK);
  assert_string_equal(user.subject, "u");
  assert_string_equal(user.name, "Ann");
  assert_string_equal(attribute(&user, "email"), "a@b.example");
  assert_null(attribute(&user, "sid"));
  oh_user_fini(&user);
  assert_int_equal(read_as(&clerk, &rsa, "a", CLERK EXP ",\"name\":\"A\\u0007nn\",\"email\":7", &user), OK);
  assert_null(user.name);
  assert_null(attribute(&user, "email"));
  oh_user_fini(&user);
  // 63 letters and an umlaut: cut before it, not through it
  static const char longer[] =
      CLERK EXP ",\"name\":\"0123456789012345678901234567890123456789012345678901234567890"
                "12\xc3\xbc\xc3\xbc\"";
  assert_int_equal(read_as(&clerk, &rsa, "a", longer, &user), OK);
  assert_int_equal(strlen(user.name), 63);
  oh_user_fini(&user);
  assert_int_equal(read_as(&oidc, &rsa, "a",
                           OIDC ",\"aud\":\"voice\",\"preferred_username\":\"ann\",\"email\":\"a@b\"", &user),
                   OK);
  assert_string_equal(user.name, "ann");
  assert_null(attribute(&user, "email")); // not verified by anybody
  oh_user_fini(&user);
}

static void sites_open_to_everybody(void **state) {
  (void)state;
  struct oh_site site = site_of(OH_AUTH_ANONYMOUS);
  struct oh_user user;
  const char *why;
  struct oh_signin_request request = {
      .site = &site, .authorization = OH_STR("Bearer x"), .identity = OH_STR("x"), .unix_s = NOW};
  assert_int_equal(oh_signin_read(&request, &user, &why), OK); // nobody can check it: not looked at
  assert_null(user.subject);
  site.signed_secret = TEXT(SECRET);
  assert_int_equal(oh_signin_read(&request, &user, &why), REQUIRED); // a forged one is no anonymous visitor
  request.identity = OH_STR("");
  assert_int_equal(oh_signin_read(&request, &user, &why), OK);
  assert_null(user.subject);
}

static void where_keys_come_from(void **state) {
  (void)state;
  struct oh_key_origin origin;
  struct oh_site site = site_of(OH_AUTH_CLERK);
  oh_key_origin_read(&site, &origin);
  assert_int_equal(origin.kind, OH_KEYS_JWKS);
  assert_string_equal(origin.text.data, "https://clerk.example/.well-known/jwks.json");
  oh_key_origin_fini(&origin);
  site.clerk.issuer = NULL;
  site.clerk.publishable_key = TEXT("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k");
  oh_key_origin_read(&site, &origin);
  assert_string_equal(origin.text.data, "https://clerk.example.com/.well-known/jwks.json");
  assert_int_equal(origin.bearer.len, 0);
  oh_key_origin_fini(&origin);
  site.clerk.publishable_key = NULL;
  site.clerk.secret_key = TEXT("sk_test_abc");
  oh_key_origin_read(&site, &origin);
  assert_string_equal(origin.text.data, "https://api.clerk.com/v1/jwks");
  assert_string_equal(origin.bearer.data, "sk_test_abc");
  oh_key_origin_fini(&origin);
  site.clerk.jwks_url = TEXT("https://keys.example/set");
  oh_key_origin_read(&site, &origin);
  assert_string_equal(origin.text.data, "https://keys.example/set");
  assert_int_equal(origin.bearer.len, 0); // the secret goes to Clerk only
  oh_key_origin_fini(&origin);
  site = site_of(OH_AUTH_OIDC);
  oh_key_origin_read(&site, &origin);
  assert_int_equal(origin.kind, OH_KEYS_DISCOVERY);
  assert_string_equal(origin.text.data, "https://id.example/.well-known/openid-configuration");
  struct oh_text url;
  oh_text_init(&url, 1024);
  static const char *const bad[] = {
      "{}",
      "[]",
      "",
      "{\"issuer\":\"https://id.example\"}",
      "{\"issuer\":\"https://evil.example\",\"jwks_uri\":\"https://evil.example/k\"}",
      "{\"issuer\":\"https://id.example\",\"jwks_uri\":7}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(oh_discovery_read(oh_str(bad[i]), oh_text_str(&origin.text), &url));
  assert_true(
      oh_discovery_read(OH_STR("{\"issuer\":\"https://id.example/\",\"jwks_uri\":\"https://id.example/k\"}"),
                        oh_text_str(&origin.text), &url));
  assert_string_equal(url.data, "https://id.example/k");
  oh_text_fini(&url);
  oh_key_origin_fini(&origin);
}

static void publishable_keys(void **state) {
  (void)state;
  struct oh_text host;
  oh_text_init(&host, 256);
  static const char *const bad[] = {"",
                                    "pk_test_",
                                    "pk_test_a",
                                    "sk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
                                    "pk_test_Y2xlcmsuZXhhbXBsZS5jb20=", // no $
                                    "pk_test_JA==",                     // "$"
                                    "pk_test_ZXZpbC5leGFtcGxlL3g/JA==", // evil.example/x?$
                                    "pk_test_YUBldmlsLmV4YW1wbGUk",     // a@evil.example$
                                    "pk_other_Y2xlcmsuZXhhbXBsZS5jb20k"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (oh_clerk_host(oh_str(bad[i]), &host)) fail_msg("%s: %s", bad[i], host.data);
  assert_true(oh_clerk_host(OH_STR("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"), &host));
  assert_string_equal(host.data, "clerk.example.com");
  oh_text_fini(&host);
}

#define SECOND 1000000LL
static void when_keys_are_fetched(void **state) {
  (void)state;
  struct oh_key_source source;
  int64_t t = 5 * SECOND;
  oh_key_source_init(&source, t);
  assert_true(oh_key_source_begin(&source, t, false));
  assert_false(oh_key_source_begin(&source, t, true)); // under way
  int64_t pause = SECOND;
  for (int i = 0; i < 10; i++) { // 1 s, 2 s, 4 s … a minute; asking does not hasten it
    oh_key_source_done(&source, t, false);
    assert_false(source.has_keys);
    assert_false(oh_key_source_begin(&source, t + pause - 1, true));
    t += pause;
    assert_true(oh_key_source_begin(&source, t, false));
    pause = pause * 2 < 60 * SECOND ? pause * 2 : 60 * SECOND;
  }
  oh_key_source_done(&source, t, true);
  assert_true(source.has_keys);
  assert_false(oh_key_source_begin(&source, t + 3600 * SECOND - 1, false));
  t += 60 * SECOND;
  assert_true(oh_key_source_begin(&source, t, true)); // an unknown key id: at once, but then not for a minute
  oh_key_source_done(&source, t, true);
  assert_false(oh_key_source_begin(&source, t + 60 * SECOND - 1, true));
  assert_true(oh_key_source_begin(&source, t + 60 * SECOND, true));
  t += 60 * SECOND;
  oh_key_source_done(&source, t, true);
  int64_t good = t;
  t += 3600 * SECOND;
  assert_true(oh_key_source_begin(&source, t, false)); // every hour
  int fetches = 0;
  while (source.has_keys) { // then it is down: the keys are kept for a day, and we ask once a minute at most
    oh_key_source_done(&source, t, false);
    assert_int_equal(source.has_keys, t - good < 24 * 3600 * SECOND);
    t = source.next_us;
    assert_true(oh_key_source_begin(&source, t, false));
    fetches++;
  }
  assert_true(fetches > 1000 && fetches < 24 * 60);
  oh_key_source_done(&source, t, true);
  assert_true(source.has_keys);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(clerk_sessions),          cmocka_unit_test(openid_tokens),
      cmocka_unit_test(signed_identities),       cmocka_unit_test(what_a_user_is_called),
      cmocka_unit_test(sites_open_to_everybody), cmocka_unit_test(where_keys_come_from),
      cmocka_unit_test(publishable_keys),        cmocka_unit_test(when_keys_are_fetched),
  };
  return cmocka_run_group_tests(tests, make_keys, free_keys);
}
