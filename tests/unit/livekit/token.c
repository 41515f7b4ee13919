// token.c — tests of access tokens: good ones, our own, and every kind of hostile one we know
#include "tests/unit/test.h"

#include "base/base64.h"
#include "base/limits.h"
#include "livekit/token.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define NOW_S 1800000000
#define NOW_US (NOW_S * INT64_C(1000000))
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define EXP "\"exp\":1800000600"

static const struct oh_key key_items[] = {{.id = "APIone", .secret = "first secret of thirty-two bytes!"},
                                          {.id = "APItwo", .secret = "second secret of thirty-two bytes"},
                                          {.id = "APIempty", .secret = ""}};
static const struct oh_keys keys = {.items = key_items, .count = 3};

static void add_mac(struct oh_text *jwt, const EVP_MD *digest, const char *secret) {
  uint8_t mac[EVP_MAX_MD_SIZE];
  unsigned len;
  HMAC(digest, secret, (int)strlen(secret), (const uint8_t *)jwt->data, jwt->len, mac, &len);
  oh_text_addc(jwt, '.');
  oh_base64_write(jwt, (struct oh_bytes){mac, len}, OH_BASE64_URL);
}
static struct oh_bytes raw(const char *text) {
  return (struct oh_bytes){(const uint8_t *)text, strlen(text)};
}
// A token of any header and payload, signed with HMAC-SHA-256.
static struct oh_text forge(const char *header, const char *payload, const char *secret) {
  struct oh_text jwt;
  oh_text_init(&jwt, 1 << 20);
  oh_base64_write(&jwt, raw(header), OH_BASE64_URL);
  oh_text_addc(&jwt, '.');
  oh_base64_write(&jwt, raw(payload), OH_BASE64_URL);
  add_mac(&jwt, EVP_sha256(), secret);
  return jwt;
}

static enum oh_token_error try_text(struct oh_str jwt) {
  struct oh_claims claims;
  const char *detail;
  enum oh_token_error error = oh_token_read(jwt, &keys, NOW_US, &claims, &detail);
  if (error != OH_TOKEN_OK) { // nothing of a refused token may be left
    assert_string_equal(claims.identity, "");
    assert_false(claims.has_video);
    assert_int_equal(claims.attribute_count, 0);
  }
  assert_true((error == OH_TOKEN_INVALID) == (*detail != 0));
  oh_claims_fini(&claims);
  return error;
}
static enum oh_token_error try(const char *header, const char *payload) {
  struct oh_text jwt = forge(header, payload, key_items[0].secret);
  enum oh_token_error error = try_text(oh_text_str(&jwt));
  oh_text_fini(&jwt);
  return error;
}
static void read_payload(const char *payload, struct oh_claims *claims) {
  struct oh_text jwt = forge(HEADER, payload, key_items[0].secret);
  const char *detail;
  assert_int_equal(oh_token_read(oh_text_str(&jwt), &keys, NOW_US, claims, &detail), OH_TOKEN_OK);
  oh_text_fini(&jwt);
}

// RFC 7515 A.1: the secret is not text, so only the MAC over the vector's bytes is checked here, by its
// parts.
static void rfc7515_a1(void **state) {
  (void)state;
  static const char jwt[] =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp"
      "0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  uint8_t secret[128];
  size_t len;
  assert_true(
      oh_base64_read(OH_STR("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwj"
                            "AzZr1Z9CAow"),
                     OH_BASE64_URL, secret, &len));
  assert_int_equal(len, 64);
  secret[len] = 0;
  assert_int_equal(strlen((char *)secret), 64); // no NUL inside: it can be one of our secrets after all
  struct oh_key joe = {.id = "joe", .secret = (char *)secret};
  struct oh_keys one = {.items = &joe, .count = 1};
  struct oh_claims claims;
  const char *detail;
  int64_t then_us = INT64_C(1300819380) * 1000000;
  assert_int_equal(oh_token_read(oh_str(jwt), &one, then_us, &claims, &detail), OH_TOKEN_OK);
  assert_string_equal(claims.issuer, "joe");
  assert_int_equal(claims.expires_unix_s, 1300819380);
  assert_false(claims.has_video);
  oh_claims_fini(&claims);
  // a minute of leeway, and not a second more
  assert_int_equal(oh_token_read(oh_str(jwt), &one, then_us + 60 * 1000000, &claims, &detail), OH_TOKEN_OK);
  oh_claims_fini(&claims);
  assert_int_equal(oh_token_read(oh_str(jwt), &one, then_us + 61 * 1000000, &claims, &detail),
                   OH_TOKEN_INVALID);
  assert_string_equal(detail, "token is expired (exp)");
  oh_claims_fini(&claims);
}

static void livekits_defaults(void **state) {
  (void)state;
  struct oh_claims c;
  read_payload("{\"iss\":\"APIone\"," EXP ",\"sub\":\"ann\",\"video\":{\"roomJoin\":true,\"room\":\"r\"}}",
               &c);
  assert_string_equal(c.identity, "ann");
  assert_string_equal(c.video.room, "r");
  assert_true(c.has_video && c.video.room_join && c.video.can_publish && c.video.can_subscribe &&
              c.video.can_publish_data);
  assert_false(c.video.can_update_own_metadata || c.video.hidden || c.video.room_admin);
  assert_int_equal(c.video.can_publish_sources, OH_SOURCES_ALL);
  assert_string_equal(c.name, "");
  assert_null(c.room_config);
  oh_claims_fini(&c);

  read_payload("{\"iss\":\"APIone\"," EXP ",\"video\":{\"canPublish\":false}}", &c);
  assert_false(c.video.can_publish || c.video.can_publish_data); // data follows publish
  oh_claims_fini(&c);
  read_payload("{\"iss\":\"APIone\"," EXP ",\"video\":{\"canPublish\":false,\"canPublishData\":true}}", &c);
  assert_true(!c.video.can_publish && c.video.can_publish_data); // unless it is said otherwise
  oh_claims_fini(&c);
  read_payload("{\"iss\":\"APIone\"," EXP ",\"video\":{\"canPublishSources\":[\"microphone\",\"lidar\"]}}",
               &c);
  assert_int_equal(c.video.can_publish_sources, OH_SOURCES_LISTED | 1u << 2);
  oh_claims_fini(&c);
  read_payload("{\"iss\":\"APIone\"," EXP ",\"video\":{\"canPublishSources\":[\"lidar\"]}}", &c);
  assert_int_equal(c.video.can_publish_sources, OH_SOURCES_LISTED); // nothing, not everything
  oh_claims_fini(&c);
}

static void identity_rules(void **state) {
  (void)state;
  struct oh_claims c;
  read_payload("{\"iss\":\"APIone\"," EXP ",\"sub\":\"s\",\"jti\":\"j\",\"identity\":\"i\"}", &c);
  assert_string_equal(c.identity, "s");
  oh_claims_fini(&c);
  read_payload("{\"iss\":\"APIone\"," EXP ",\"sub\":\"\",\"jti\":\"j\",\"identity\":\"i\"}", &c);
  assert_string_equal(c.identity, "j");
  oh_claims_fini(&c);
  read_payload("{\"iss\":\"APIone\"," EXP ",\"identity\":\"i\"}", &c);
  assert_string_equal(c.identity, "i");
  oh_claims_fini(&c);
}

static void second_key_and_nulls(void **state) {
  (void)state;
  struct oh_text jwt =
      forge("{\"alg\":\"HS256\"}", "{\"iss\":\"APItwo\"," EXP ",\"nbf\":null,\"video\":null,\"name\":null}",
            key_items[1].secret);
  assert_int_equal(try_text(oh_text_str(&jwt)), OH_TOKEN_OK);
  oh_text_fini(&jwt);
}

static void our_own_tokens(void **state) {
  (void)state;
  struct oh_claims c;
  oh_claims_init(&c);
  free(c.identity);
  c.identity = oh_str_dup(OH_STR("caller"));
  free(c.kind);
  c.kind = oh_str_dup(OH_STR("agent"));
  free(c.metadata);
  c.metadata = oh_str_dup(OH_STR("{\"q\":\"\xC3\xA9\"}"));
  free(c.video.room);
  c.video.room = oh_str_dup(OH_STR("room 1"));
  c.room_config = oh_str_dup(OH_STR("{\"agents\":[{\"agentName\":\"a\"}]}"));
  oh_claims_set_attribute(&c, OH_STR("k"), OH_STR("old"));
  oh_claims_set_attribute(&c, OH_STR("k"), OH_STR("v"));
  oh_claims_set_attribute(&c, OH_STR("l"), OH_STR("w"));
  c.has_video = c.video.room_join = c.video.hidden = true;
  c.video.can_subscribe = false;
  c.video.can_publish_sources = OH_SOURCES_LISTED;
  c.expires_unix_s = NOW_S + 3600;
  char *jwt = oh_token_write(&c, &key_items[0]);
  assert_non_null(jwt);

  struct oh_claims r;
  const char *detail;
  assert_int_equal(oh_token_read(oh_str(jwt), &keys, NOW_US, &r, &detail), OH_TOKEN_OK);
  assert_string_equal(r.identity, "caller");
  assert_string_equal(r.issuer, "APIone");
  assert_string_equal(r.kind, "agent");
  assert_string_equal(r.metadata, c.metadata);
  assert_string_equal(r.video.room, "room 1");
  assert_string_equal(r.room_config, c.room_config);
  assert_int_equal(r.attribute_count, 2);
  assert_string_equal(r.attributes[1], "v");
  assert_true(r.video.room_join && r.video.hidden && r.video.can_publish && !r.video.can_subscribe);
  assert_int_equal(r.video.can_publish_sources, OH_SOURCES_LISTED); // still nothing
  assert_int_equal(r.expires_unix_s, NOW_S + 3600);
  assert_int_equal(r.not_before_unix_s, 0);
  oh_claims_fini(&r);

  // one changed bit anywhere is noticed
  for (size_t i = 0; i < strlen(jwt); i++) {
    jwt[i] ^= 1;
    assert_int_not_equal(try_text(oh_str(jwt)), OH_TOKEN_OK);
    jwt[i] ^= 1;
  }
  // and so is every cut
  for (size_t i = 0; i < strlen(jwt); i++)
    assert_int_not_equal(try_text((struct oh_str){jwt, i}), OH_TOKEN_OK);
  free(jwt);

  char *big = malloc(OH_TOKEN_MAX + 1);
  memset(big, 'x', OH_TOKEN_MAX);
  big[OH_TOKEN_MAX] = 0;
  free(c.metadata);
  c.metadata = big;
  assert_null(oh_token_write(&c, &key_items[0]));
  memcpy(big, "\xFF", 2);
  assert_null(oh_token_write(&c, &key_items[0]));
  oh_claims_fini(&c);
}

#define BASE "\"iss\":\"APIone\"," EXP
#define BAD OH_TOKEN_MALFORMED
#define INV OH_TOKEN_INVALID
#define KEY OH_TOKEN_UNKNOWN_KEY

// Headers under which a token, though its MAC is right, must not be taken.
static const struct {
  const char *header;
  enum oh_token_error error;
} bad_headers[] = {
    {"{\"alg\":\"none\"}", INV},
    {"{\"alg\":\"None\"}", INV},
    {"{\"alg\":\"NONE\"}", INV},
    {"{\"alg\":\"\"}", INV},
    {"{\"alg\":\"hs256\"}", INV},
    {"{\"alg\":\"HS256 \"}", INV},
    {"{\"alg\":\" HS256\"}", INV},
    {"{\"alg\":\"HS384\"}", INV},
    {"{\"alg\":\"HS512\"}", INV},
    {"{\"alg\":\"RS256\"}", INV},
    {"{\"alg\":\"ES256\"}", INV},
    {"{\"alg\":\"PS256\"}", INV},
    {"{\"alg\":\"EdDSA\"}", INV},
    {"{\"alg\":\"dir\"}", INV},
    {"{\"alg\":null}", INV},
    {"{\"alg\":256}", INV},
    {"{\"alg\":true}", INV},
    {"{\"alg\":[\"HS256\"]}", INV},
    {"{\"alg\":{\"HS256\":1}}", INV},
    {"{}", INV},
    {"{\"typ\":\"JWT\"}", INV},
    {"{\"ALG\":\"HS256\"}", INV},
    {"{\"Alg\":\"HS256\"}", INV},
    {"{\"alg\":\"HS256\",\"Alg\":\"none\"}", INV},
    {"{\"alg\":\"HS256\",\"typ\":\"JWE\"}", INV},
    {"{\"alg\":\"HS256\",\"typ\":\"\"}", INV},
    {"{\"alg\":\"HS256\",\"typ\":1}", INV},
    {"{\"alg\":\"HS256\",\"typ\":null}", INV},
    {"{\"alg\":\"HS256\",\"crit\":[]}", INV},
    {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", INV},
    {"{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", INV},
    {"{\"alg\":\"HS256\",\"b64\":false}", INV},
    {"{\"alg\":\"HS256\",\"zip\":\"DEF\"}", INV},
    {"{\"alg\":\"HS256\",\"enc\":\"A128GCM\"}", INV},
    {"{\"alg\":\"HS256\",\"cty\":\"JWT\"}", INV},
    {"{\"alg\":\"HS256\",\"jku\":\"https://evil.example/keys\"}", INV},
    {"{\"alg\":\"HS256\",\"x5u\":\"https://evil.example/cert\"}", INV},
    {"{\"alg\":\"HS256\",\"x5c\":[\"AAAA\"]}", INV},
    {"{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}", INV},
    {"{\"alg\":\"HS256\",\"kid\":1}", INV},
    {"{\"alg\":\"HS256\",\"kid\":null}", INV},
    {"{\"alg\":\"HS256\",\"kid\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
     INV},
    {"{\"alg\":\"none\",\"alg\":\"HS256\"}", BAD},
    {"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", BAD},
    {"{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", BAD},
    {"[\"alg\",\"HS256\"]", BAD},
    {"\"HS256\"", BAD},
    {"null", BAD},
    {"", BAD},
    {" ", BAD},
    {"{\"alg\":\"HS256\"", BAD},
    {"{\"alg\":\"HS256\"}}", BAD},
    {"{\"alg\":\"HS256\"} x", BAD},
    {"{'alg':'HS256'}", BAD},
    {"{\"alg\":\"HS256\",}", BAD},
    {"{\"alg\":\"HS256\"/**/}", BAD},
    {"{\"alg\":\"HS256\\u0000\"}", BAD},
    {"\xEF\xBB\xBF{\"alg\":\"HS256\"}", BAD},
    {"{\"alg\":\"\xFF\"}", BAD},
};

// Payloads that must not be taken, though signed with the right key.
static const struct {
  const char *payload;
  enum oh_token_error error;
} bad_payloads[] = {
    {"{\"iss\":\"APIone\"}", INV}, // no exp
    {"{\"iss\":\"APIone\",\"exp\":null}", INV},
    {"{\"iss\":\"APIone\",\"exp\":0}", INV},
    {"{\"iss\":\"APIone\",\"exp\":1799999939}", INV},
    {"{\"iss\":\"APIone\",\"exp\":1799999939.999}", INV},
    {"{\"iss\":\"APIone\",\"exp\":1}", INV},
    {"{\"iss\":\"APIone\",\"exp\":-1}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":\"1800000600\"}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":true}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":[1800000600]}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":{}}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":1e300}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":9223372036854775807}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":9223372036854775808}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":NaN}", BAD},
    {"{\"iss\":\"APIone\",\"exp\":Infinity}", BAD},
    {"{\"iss\":\"APIone\",\"Exp\":1800000600}", INV},
    {"{\"iss\":\"APIone\",\"exp\":1,\"exp\":1800000600}", BAD},
    {"{" BASE ",\"nbf\":1800000061}", INV},
    {"{" BASE ",\"nbf\":253402300799}", INV},
    {"{" BASE ",\"nbf\":\"0\"}", BAD},
    {"{" BASE ",\"nbf\":-5}", BAD},
    {"{" BASE ",\"iat\":1800000061}", INV},
    {"{" BASE ",\"iat\":\"now\"}", BAD},
    {"{" EXP "}", KEY}, // no iss
    {"{\"iss\":\"\"," EXP "}", KEY},
    {"{\"iss\":\"APIthree\"," EXP "}", KEY},
    {"{\"iss\":\"apione\"," EXP "}", KEY},
    {"{\"iss\":\"APIone \"," EXP "}", KEY},
    {"{\"iss\":\"APIon\"," EXP "}", KEY},
    {"{\"iss\":null," EXP "}", KEY},
    {"{\"iss\":1," EXP "}", KEY},
    {"{\"iss\":[\"APIone\"]," EXP "}", KEY},
    {"{\"iss\":\"APIempty\"," EXP "}", KEY}, // a key without a secret is no key
    {"{\"iss\":\"APItwo\"," EXP "}", INV},   // signed with another key's secret
    {"{\"iss\":\"APItwo\",\"iss\":\"APIone\"," EXP "}", BAD},
    {"{\"iss\":\"APIone\\u0000\"," EXP "}", BAD},
    {"{" BASE ",\"sub\":1}", BAD},
    {"{" BASE ",\"sub\":[\"a\"]}", BAD},
    {"{" BASE ",\"sub\":\"a\",\"sub\":\"b\"}", BAD},
    {"{" BASE ",\"sub\":\"a\\u0000b\"}", BAD},
    {"{" BASE ",\"sub\":\"\\ud800\"}", BAD},
    {"{" BASE ",\"sub\":\"\xC3\x28\"}", BAD},
    {"{" BASE ",\"sub\":\"\xED\xA0\x80\"}", BAD},
    {"{" BASE ",\"jti\":{}}", BAD},
    {"{" BASE ",\"identity\":7}", BAD},
    {"{" BASE ",\"name\":false}", BAD},
    {"{" BASE ",\"metadata\":{\"a\":1}}", BAD},
    {"{" BASE ",\"kind\":4}", BAD},
    {"{" BASE ",\"sha256\":[]}", BAD},
    {"{" BASE ",\"attributes\":[]}", BAD},
    {"{" BASE ",\"attributes\":\"a\"}", BAD},
    {"{" BASE ",\"attributes\":{\"a\":1}}", BAD},
    {"{" BASE ",\"attributes\":{\"a\":null}}", BAD},
    {"{" BASE ",\"attributes\":{\"a\":\"x\",\"a\":\"y\"}}", BAD},
    {"{" BASE ",\"roomConfig\":\"{}\"}", BAD},
    {"{" BASE ",\"roomConfig\":[]}", BAD},
    {"{" BASE ",\"video\":true}", BAD},
    {"{" BASE ",\"video\":\"roomJoin\"}", BAD},
    {"{" BASE ",\"video\":[]}", BAD},
    {"{" BASE ",\"video\":{\"roomJoin\":1}}", BAD},
    {"{" BASE ",\"video\":{\"roomJoin\":\"true\"}}", BAD},
    {"{" BASE ",\"video\":{\"room\":5}}", BAD},
    {"{" BASE ",\"video\":{\"room\":\"a\",\"room\":\"b\"}}", BAD},
    {"{" BASE ",\"video\":{},\"video\":{\"roomAdmin\":true}}", BAD},
    {"{" BASE ",\"video\":{\"canPublish\":\"no\"}}", BAD},
    {"{" BASE ",\"video\":{\"canPublishSources\":\"microphone\"}}", BAD},
    {"{" BASE ",\"video\":{\"canPublishSources\":[2]}}", BAD},
    {"[]", BAD},
    {"\"x\"", BAD},
    {"1", BAD},
    {"null", BAD},
    {"", BAD},
    {"{", BAD},
    {"{" BASE "}{}", BAD},
    {"{" BASE ",}", BAD},
    {"{" BASE ",\"x\":01}", BAD},
    {"{iss:\"APIone\"," EXP "}", BAD},
};

static void hostile_headers_and_payloads(void **state) {
  (void)state;
  assert_int_equal(try(HEADER, "{" BASE "}"), OH_TOKEN_OK); // the method itself makes good tokens
  for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
    enum oh_token_error error = try(bad_headers[i].header, "{" BASE "}");
    if (error != bad_headers[i].error) print_error("header %s\n", bad_headers[i].header);
    assert_int_equal(error, bad_headers[i].error);
  }
  for (size_t i = 0; i < sizeof bad_payloads / sizeof *bad_payloads; i++) {
    enum oh_token_error error = try(HEADER, bad_payloads[i].payload);
    if (error != bad_payloads[i].error) print_error("payload %s\n", bad_payloads[i].payload);
    assert_int_equal(error, bad_payloads[i].error);
  }
  assert_true(sizeof bad_headers / sizeof *bad_headers + sizeof bad_payloads / sizeof *bad_payloads >= 130);
}

static void hostile_framing(void **state) {
  (void)state;
  struct oh_text good = forge(HEADER, "{" BASE "}", key_items[0].secret);
  assert_int_equal(try_text(oh_text_str(&good)), OH_TOKEN_OK);
  char buffer[1024];
  static const char *const around[][2] = {
      {"", "."},  {".", ""},  {"", "=="}, {"", "="},    {" ", ""},  {"", " "}, {"", "\n"},   {"\t", ""},
      {"", ".x"}, {"x.", ""}, {"", "\r"}, {"\"", "\""}, {"", ".."}, {"", "A"}, {"", "AAAA"}, {"Bearer ", ""},
  };
  for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
    snprintf(buffer, sizeof buffer, "%s%s%s", around[i][0], good.data, around[i][1]);
    assert_int_not_equal(try_text(oh_str(buffer)), OH_TOKEN_OK);
  }
  // NUL inside
  snprintf(buffer, sizeof buffer, "%s", good.data);
  assert_int_not_equal(try_text((struct oh_str){buffer, good.len + 1}), OH_TOKEN_OK);

  static const char *const texts[] = {"",    ".",     "..",      "...",       "a",
                                      "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "=.=.="};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(try_text(oh_str(texts[i])), OH_TOKEN_MALFORMED);

  // signature taken away, cut, in the other alphabet's spelling, or with unused bits set
  char *dot = strrchr(good.data, '.');
  assert_int_not_equal(try_text((struct oh_str){good.data, (size_t)(dot - good.data)}), OH_TOKEN_OK);
  assert_int_equal(try_text((struct oh_str){good.data, (size_t)(dot + 1 - good.data)}), OH_TOKEN_INVALID);
  char *last = &good.data[good.len - 1];
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const char *place = strchr(alphabet, *last);
  *last = alphabet[(place - alphabet) ^ 1];
  assert_int_equal(try_text(oh_text_str(&good)), OH_TOKEN_INVALID);
  oh_text_fini(&good);
}

static void hostile_keys(void **state) {
  (void)state;
  static const char *const secrets[] = {"", "wrong", "first secret of thirty-two bytes", "APIone", "none"};
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
    struct oh_text jwt = forge(HEADER, "{" BASE "}", secrets[i]);
    assert_int_equal(try_text(oh_text_str(&jwt)), OH_TOKEN_INVALID);
    oh_text_fini(&jwt);
  }
  // other digests under the same secret, header claiming HS256
  const EVP_MD *digests[] = {EVP_sha1(), EVP_sha384(), EVP_sha512(), EVP_md5()};
  for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
    struct oh_text jwt = forge(HEADER, "{" BASE "}", "x");
    *strrchr(jwt.data, '.') = 0;
    jwt.len = strlen(jwt.data);
    add_mac(&jwt, digests[i], key_items[0].secret);
    assert_int_equal(try_text(oh_text_str(&jwt)), OH_TOKEN_INVALID);
    oh_text_fini(&jwt);
  }
}

static void huge_and_deep(void **state) {
  (void)state;
  struct oh_text payload;
  oh_text_init(&payload, 1 << 20);
  oh_text_adds(&payload, "{" BASE ",\"name\":\"");
  for (int i = 0; i < 8000; i++)
    oh_text_addc(&payload, 'n');
  oh_text_adds(&payload, "\"}");
  assert_int_equal(try(HEADER, payload.data), OH_TOKEN_MALFORMED); // longer than OH_TOKEN_MAX
  oh_text_clear(&payload);
  oh_text_adds(&payload, "{" BASE ",\"x\":");
  for (int i = 0; i < 2800; i++)
    oh_text_addc(&payload, '[');
  for (int i = 0; i < 2800; i++)
    oh_text_addc(&payload, ']');
  oh_text_addc(&payload, '}');
  assert_int_equal(try(HEADER, payload.data), OH_TOKEN_MALFORMED);
  oh_text_fini(&payload);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rfc7515_a1),      cmocka_unit_test(livekits_defaults),
      cmocka_unit_test(identity_rules),  cmocka_unit_test(second_key_and_nulls),
      cmocka_unit_test(our_own_tokens),  cmocka_unit_test(hostile_headers_and_payloads),
      cmocka_unit_test(hostile_framing), cmocka_unit_test(hostile_keys),
      cmocka_unit_test(huge_and_deep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
