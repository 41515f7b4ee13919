// jws.c — signatures and keys of others: the RFCs' vectors, every algorithm, and everything hostile that we
// know.
#include "call/jws.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/jwks.h"
#include "tests/unit/call/mint.h"
#include "tests/unit/test.h"
#include <jansson.h>

#define BODY "{\"sub\":\"ann\"}"

static struct mint rsa, rsa_other, ec, ed;

static int make_keys(void **state) {
  (void)state;
  rsa = mint_rsa(2048, 65537, OH_JWS_RS256);
  rsa_other = mint_rsa(2048, 65537, OH_JWS_RS256);
  ec = mint_ec("P-256");
  ed = mint_ed25519();
  return 0;
}
static int free_keys(void **state) {
  (void)state;
  mint_fini(&rsa), mint_fini(&rsa_other), mint_fini(&ec), mint_fini(&ed);
  return 0;
}

static bool read_set(const char *json, struct oh_jws_keys *keys) {
  return oh_jwks_read((struct oh_bytes){(const uint8_t *)json, strlen(json)}, keys);
}

// A set of one key; count is 0 if it was not taken.
static struct oh_jws_keys set_of(const char *take_jwk) {
  struct oh_jws_keys keys = {0};
  struct oh_text json;
  oh_text_init(&json, 64 * 1024);
  oh_text_addf(&json, "{\"keys\":[%s]}", take_jwk);
  bool any = read_set(json.data, &keys);
  assert_int_equal(any, keys.count > 0);
  oh_text_fini(&json);
  free((char *)(uintptr_t)take_jwk);
  return keys;
}

static enum oh_jws_error read_text(const char *jws, const struct oh_jws_keys *keys) {
  json_t *payload;
  enum oh_jws_error error = oh_jws_read(oh_str(jws), keys, &payload);
  assert_int_equal(payload != NULL, error == OH_JWS_OK || error == OH_JWS_UNKNOWN_KEY);
  json_decref(payload);
  return error;
}
static enum oh_jws_error read_taken(char *take_jws, const struct oh_jws_keys *keys) {
  enum oh_jws_error error = read_text(take_jws, keys);
  free(take_jws);
  return error;
}

// RFC 7515 A.2 and A.3, with the keys as RFC 7517 has them; the payload is A.1's.
#define RFC_BODY                                                                                             \
  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
static void vectors_of_rfc7515(void **state) {
  (void)state;
  static const char rsa_set[] =
      "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0"
      "l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo"
      "9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qC"
      "o5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}]}";
  static const char rsa_jws[] =
      "eyJhbGciOiJSUzI1NiJ9." RFC_BODY
      ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
      "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
      "eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt"
      "5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
  static const char ec_set[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                               "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                               "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
  static const char ec_jws[] =
      "eyJhbGciOiJFUzI1NiJ9." RFC_BODY
      ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"
      "Kg6NU1Q";
  struct oh_jws_keys keys = {0};
  assert_true(read_set(rsa_set, &keys));
  assert_int_equal(read_text(rsa_jws, &keys), OH_JWS_OK);
  assert_int_equal(read_text(ec_jws, &keys), OH_JWS_ALGORITHM);
  oh_jws_keys_fini(&keys);
  assert_true(read_set(ec_set, &keys));
  assert_int_equal(read_text(ec_jws, &keys), OH_JWS_OK);
  json_t *payload;
  assert_int_equal(oh_jws_read(oh_str(ec_jws), &keys, &payload), OH_JWS_OK);
  assert_string_equal(json_string_value(json_object_get(payload, "iss")), "joe");
  json_decref(payload);
  oh_jws_keys_fini(&keys);
}

static void every_algorithm_by_its_own_key_only(void **state) {
  (void)state;
  struct mint rsa384 = rsa, rsa512 = rsa;
  rsa384.alg = OH_JWS_RS384;
  rsa512.alg = OH_JWS_RS512;
  const struct {
    const struct mint *mint;
    const char *jwk_alg;
  } kinds[] = {{&rsa, ",\"alg\":\"RS256\""},
               {&rsa384, ",\"alg\":\"RS384\""},
               {&rsa512, ",\"alg\":\"RS512\""},
               {&ec, ",\"alg\":\"ES256\",\"use\":\"sig\""},
               {&ed, ",\"alg\":\"EdDSA\",\"key_ops\":[\"verify\"]"}};
  for (size_t k = 0; k < 5; k++) {
    struct oh_jws_keys keys = set_of(mint_jwk(kinds[k].mint, "a", kinds[k].jwk_alg));
    assert_int_equal(keys.count, 1);
    for (size_t t = 0; t < 5; t++) {
      char header[64];
      snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"a\"}", oh_jws_alg_name(kinds[t].mint->alg));
      enum oh_jws_error error = read_taken(mint_sign(kinds[t].mint, header, BODY), &keys);
      assert_int_equal(error, k == t ? OH_JWS_OK : OH_JWS_ALGORITHM);
      // The right name in the header, another algorithm's signature.
      snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"a\"}", oh_jws_alg_name(kinds[k].mint->alg));
      error = read_taken(mint_sign(kinds[t].mint, header, BODY), &keys);
      assert_int_equal(error, k == t ? OH_JWS_OK : OH_JWS_SIGNATURE);
    }
    oh_jws_keys_fini(&keys);
  }
}

static void a_key_id_only_chooses_among_the_keys(void **state) {
  (void)state;
  struct oh_jws_keys keys = {0};
  struct oh_text json;
  char *a = mint_jwk(&rsa, "a", ""), *b = mint_jwk(&rsa_other, "b", ""), *c = mint_jwk(&ec, "b", "");
  oh_text_init(&json, 64 * 1024);
  oh_text_addf(&json, "{\"keys\":[%s,%s,%s,%s]}", a, b, c, a);
  free(a), free(b), free(c);
  assert_true(read_set(json.data, &keys));
  oh_text_fini(&json);
  assert_int_equal(keys.count, 3); // the second "a" is the first one again
  const struct {
    const struct mint *mint;
    const char *header;
    enum oh_jws_error error;
  } cases[] = {{&rsa, "{\"alg\":\"RS256\",\"kid\":\"a\"}", OH_JWS_OK},
               {&rsa_other, "{\"alg\":\"RS256\",\"kid\":\"b\"}", OH_JWS_OK},
               {&ec, "{\"alg\":\"ES256\",\"kid\":\"b\"}", OH_JWS_OK},
               {&rsa, "{\"alg\":\"RS256\",\"kid\":\"b\"}", OH_JWS_SIGNATURE},
               {&rsa, "{\"alg\":\"RS256\",\"kid\":\"A\"}", OH_JWS_UNKNOWN_KEY},
               {&rsa, "{\"alg\":\"RS256\",\"kid\":\"../../dev/null\"}", OH_JWS_UNKNOWN_KEY},
               {&rsa, "{\"alg\":\"RS256\",\"kid\":\"a' OR '1'='1\"}", OH_JWS_UNKNOWN_KEY},
               {&rsa, "{\"alg\":\"RS256\"}", OH_JWS_UNKNOWN_KEY}, // which of three?
               {&rsa, "{\"alg\":\"RS256\",\"kid\":\"\"}", OH_JWS_MALFORMED},
               {&rsa, "{\"alg\":\"RS256\",\"kid\":7}", OH_JWS_MALFORMED},
               {&rsa, "{\"alg\":\"RS256\",\"kid\":null}", OH_JWS_MALFORMED},
               {&rsa, "{\"alg\":\"RS256\",\"kid\":[\"a\"]}", OH_JWS_MALFORMED}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (read_taken(mint_sign(cases[i].mint, cases[i].header, BODY), &keys) != cases[i].error)
      fail_msg("%s", cases[i].header);
  char header[OH_KID_MAX + 64];
  snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"kid\":\"%0*d\"}", OH_KID_MAX + 1, 0);
  assert_int_equal(read_taken(mint_sign(&rsa, header, BODY), &keys), OH_JWS_MALFORMED);
  oh_jws_keys_fini(&keys);
}

static void headers_that_ask_for_more_are_refused(void **state) {
  (void)state;
  struct oh_jws_keys keys = set_of(mint_jwk(&rsa, "a", ""));
  char *own = mint_jwk(&rsa_other, "a", "");
  struct oh_text injected;
  oh_text_init(&injected, 4096);
  oh_text_addf(&injected, "{\"alg\":\"RS256\",\"kid\":\"a\",\"jwk\":%s}", own);
  free(own);
  const struct {
    const struct mint *mint;
    const char *header;
    enum oh_jws_error error;
  } cases[] = {
      {&rsa, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", OH_JWS_OK},
      {&rsa, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}", OH_JWS_OK},
      {&rsa, "{\"alg\":\"RS256\",\"typ\":\"application/AT+JWT\"}", OH_JWS_OK},
      {&rsa, "{\"alg\":\"RS256\",\"cat\":\"cl_B7d4PD111AAA\",\"kid\":\"a\",\"typ\":\"JWT\"}", OH_JWS_OK},
      {&rsa, "{\"alg\":\"RS256\",\"x5t\":\"abc\",\"jku\":\"https://evil.test/keys\"}",
       OH_JWS_OK},                                   // read over
      {&rsa_other, injected.data, OH_JWS_SIGNATURE}, // signed by a key that it brings along
      {&rsa, "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\",\"crit\":[]}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\",\"b64\":false}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\",\"zip\":\"DEF\"}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\",\"enc\":\"A128GCM\"}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\",\"typ\":\"logout+jwt\"}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\",\"typ\":\"dpop+jwt\"}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\",\"typ\":7}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"none\",\"alg\":\"RS256\"}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\",\"alg\":\"RS256\"}", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"none\"}", OH_JWS_ALGORITHM},
      {&rsa, "{\"alg\":\"None\"}", OH_JWS_ALGORITHM},
      {&rsa, "{\"alg\":\"rs256\"}", OH_JWS_ALGORITHM},
      {&rsa, "{\"alg\":\"PS256\"}", OH_JWS_ALGORITHM},
      {&rsa, "{\"alg\":\"HS256\"}", OH_JWS_ALGORITHM},
      {&rsa, "{\"alg\":\"HS256\",\"kid\":\"other\"}", OH_JWS_ALGORITHM}, // not worth a fetch
      {&rsa, "{\"alg\":[\"RS256\"]}", OH_JWS_ALGORITHM},
      {&rsa, "{}", OH_JWS_ALGORITHM},
      {&rsa, "[]", OH_JWS_MALFORMED},
      {&rsa, "\"RS256\"", OH_JWS_MALFORMED},
      {&rsa, "{\"alg\":\"RS256\"", OH_JWS_MALFORMED},
      {&rsa, "", OH_JWS_MALFORMED}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (read_taken(mint_sign(cases[i].mint, cases[i].header, BODY), &keys) != cases[i].error)
      fail_msg("%s", cases[i].header);
  oh_text_fini(&injected);
  static const char *const bodies[] = {
      "[]", "7", "", "{", "{\"sub\":\"a\",\"sub\":\"b\"}", "{\"a\":\"\xff\"}"};
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    assert_int_equal(read_taken(mint_sign(&rsa, "{\"alg\":\"RS256\"}", bodies[i]), &keys), OH_JWS_MALFORMED);
  oh_jws_keys_fini(&keys);
}

// The oldest trick: the public key, which everybody has, as the secret of an HMAC.
static void a_public_key_is_no_secret(void **state) {
  (void)state;
  char *pem = mint_pem(&rsa), *jwk = mint_jwk(&rsa, "a", "");
  struct mint forger = mint_secret(pem), other = mint_secret(jwk);
  struct oh_jws_keys keys = {0};
  assert_true(oh_jwks_read_pem(oh_str(pem), &keys));
  assert_int_equal(read_taken(mint_sign(&forger, "{\"alg\":\"HS256\"}", BODY), &keys), OH_JWS_ALGORITHM);
  assert_int_equal(read_taken(mint_sign(&other, "{\"alg\":\"HS256\"}", BODY), &keys), OH_JWS_ALGORITHM);
  assert_int_equal(read_taken(mint_sign(&forger, "{\"alg\":\"RS256\"}", BODY), &keys), OH_JWS_SIGNATURE);
  assert_int_equal(read_taken(mint_sign(&rsa, "{\"alg\":\"RS256\",\"kid\":\"any\"}", BODY), &keys),
                   OH_JWS_OK);
  oh_jws_keys_fini(&keys);
  oh_jws_add_secret(&keys, "0123456789abcdef0123456789abcdef");
  struct mint secret = mint_secret("0123456789abcdef0123456789abcdef");
  assert_int_equal(read_taken(mint_sign(&secret, "{\"alg\":\"HS256\"}", BODY), &keys), OH_JWS_OK);
  assert_int_equal(read_taken(mint_sign(&forger, "{\"alg\":\"HS256\"}", BODY), &keys), OH_JWS_SIGNATURE);
  assert_int_equal(read_taken(mint_sign(&rsa, "{\"alg\":\"RS256\"}", BODY), &keys), OH_JWS_ALGORITHM);
  oh_jws_keys_fini(&keys);
  free(pem), free(jwk);
}

static char last_bits(char c) { // the next letter of base64url: other unused bits at the end
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return letters[(strchr(letters, c) - letters + 1) % 64];
}

static void a_token_has_one_spelling(void **state) {
  (void)state;
  struct oh_jws_keys keys = set_of(mint_jwk(&rsa, "a", ""));
  char *good = mint_sign(&rsa, "{\"alg\":\"RS256\"}", BODY);
  size_t len = strlen(good);
  assert_int_equal(read_text(good, &keys), OH_JWS_OK);
  struct oh_text text;
  oh_text_init(&text, 4 * OH_TOKEN_MAX);
  static const char *const tails[] = {"=", "==", ".", ".x", "\n", " ", "A", "+", "/"};
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
    oh_text_clear(&text);
    oh_text_addf(&text, "%s%s", good, tails[i]);
    assert_int_not_equal(read_text(text.data, &keys), OH_JWS_OK);
    oh_text_clear(&text);
    oh_text_addf(&text, "%s%s", tails[i], good);
    assert_int_not_equal(read_text(text.data, &keys), OH_JWS_OK);
  }
  const char *signature = strrchr(good, '.') + 1; // two signatures, one after the other and as a fourth part
  oh_text_clear(&text);
  oh_text_addf(&text, "%s.%s", good, signature);
  assert_int_equal(read_text(text.data, &keys), OH_JWS_MALFORMED);
  oh_text_clear(&text);
  oh_text_addf(&text, "%s%s", good, signature);
  assert_int_equal(read_text(text.data, &keys), OH_JWS_SIGNATURE);
  char last = good[len - 1];
  good[len - 1] = last_bits(last);
  assert_int_equal(read_text(good, &keys), OH_JWS_SIGNATURE);
  good[len - 1] = last;
  for (size_t i = 0; i < len; i++) { // shorter, and changed at every place
    char was = good[i];
    good[i] = 0;
    assert_int_not_equal(read_text(good, &keys), OH_JWS_OK);
    good[i] = was == 'A' ? 'B' : 'A';
    assert_int_not_equal(read_text(good, &keys), OH_JWS_OK);
    good[i] = was;
  }
  static const char *const none[] = {"", ".", "..", "...", "a.b.c", "e30.e30.", "e30.e30"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_int_not_equal(read_text(none[i], &keys), OH_JWS_OK);
  free(good);
  char *large = malloc(OH_TOKEN_MAX + 1), *body;
  OH_CHECK(large);
  memset(large, 'a', OH_TOKEN_MAX);
  large[OH_TOKEN_MAX] = 0;
  memcpy(large, "{\"a\":\"", 6);
  memcpy(large + OH_TOKEN_MAX - 2, "\"}", 2);
  body = mint_sign(&rsa, "{\"alg\":\"RS256\"}", large);
  assert_int_equal(read_taken(body, &keys), OH_JWS_MALFORMED); // too long
  free(large);
  oh_text_fini(&text);
  oh_jws_keys_fini(&keys);
}

static void weak_and_odd_keys_are_left_out(void **state) {
  (void)state;
  struct mint small = mint_rsa(1024, 65537, OH_JWS_RS256), three = mint_rsa(2048, 3, OH_JWS_RS256),
              p384 = mint_ec("P-384");
  char *none[] = {
      mint_jwk(&small, "a", ""),
      mint_jwk(&three, "a", ""),
      mint_jwk(&p384, "a", ""), // its coordinates under the name of P-256
      mint_jwk(&rsa, "a", ",\"use\":\"enc\""),
      mint_jwk(&rsa, "a", ",\"use\":7"),
      mint_jwk(&rsa, "a", ",\"key_ops\":[\"encrypt\"]"),
      mint_jwk(&rsa, "a", ",\"key_ops\":[]"),
      mint_jwk(&rsa, "a", ",\"alg\":\"HS256\""),
      mint_jwk(&rsa, "a", ",\"alg\":\"ES256\""),
      mint_jwk(&rsa, "a", ",\"alg\":\"PS256\""),
      mint_jwk(&rsa, "a", ",\"alg\":\"none\""),
      mint_jwk(&rsa, "a", ",\"alg\":7"),
      mint_jwk(&rsa, "a", ",\"d\":\"AQAB\""),
      mint_jwk(&ec, "a", ",\"alg\":\"RS256\""),
      mint_jwk(&ed, "a", ",\"alg\":\"ES256\""),
      mint_jwk(&rsa, "", ""),
      oh_str_dup(OH_STR("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"kid\":\"a\"}")),
      oh_str_dup(
          OH_STR("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                 "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"}")), // another bit: not canonical
      oh_str_dup(
          OH_STR("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                 "\"y\":\"y_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}")), // not on the curve
      oh_str_dup(
          OH_STR("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
                 "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}")),
      oh_str_dup(OH_STR("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}")),
      oh_str_dup(OH_STR("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":"
                        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}")),
      oh_str_dup(OH_STR("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}")),
      oh_str_dup(OH_STR("{\"kty\":\"RSA\",\"e\":\"AQAB\"}")),
      oh_str_dup(OH_STR("{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\"}")),
      oh_str_dup(OH_STR("7")),
      oh_str_dup(OH_STR("null")),
  };
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    char *jwk = oh_str_dup(oh_str(none[i]));
    struct oh_jws_keys keys = set_of(none[i]);
    if (keys.count) fail_msg("taken: %s", jwk);
    free(jwk);
    oh_jws_keys_fini(&keys);
  }
  // e = 1 would verify whatever has the right padding.
  char *jwk = mint_jwk(&rsa, "a", ""), *e = strstr(jwk, "\"e\":\"AQAB\"");
  assert_non_null(e);
  memcpy(e, "\"e\":\"AQ\"  ", 10);
  struct oh_jws_keys keys = set_of(jwk);
  assert_int_equal(keys.count, 0);
  mint_fini(&small), mint_fini(&three), mint_fini(&p384);
}

static void sets_are_bounded(void **state) {
  (void)state;
  struct oh_text json;
  struct oh_jws_keys keys = {0};
  oh_text_init(&json, 2 * OH_JWKS_MAX);
  oh_text_adds(&json, "{\"keys\":[");
  for (int i = 0; i < OH_JWKS_KEYS_MAX + 10; i++) {
    char kid[16];
    snprintf(kid, sizeof kid, "k%d", i);
    char *jwk = mint_jwk(&ec, kid, "");
    oh_text_addf(&json, "%s%s", i ? "," : "", jwk);
    free(jwk);
  }
  oh_text_adds(&json, "]}");
  assert_true(read_set(json.data, &keys));
  assert_int_equal(keys.count, OH_JWKS_KEYS_MAX);
  oh_jws_keys_fini(&keys);
  while (json.len <= OH_JWKS_MAX)
    oh_text_adds(&json, "                                                                ");
  assert_false(read_set(json.data, &keys));
  static const char *const none[] = {
      "", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":null}", "x", "{\"keys\":[],\"keys\":[]}"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_false(read_set(none[i], &keys));
  assert_int_equal(keys.count, 0);
  oh_text_fini(&json);
}

static void pem_as_people_paste_it(void **state) {
  (void)state;
  char *pem = mint_pem(&rsa);
  for (int form = 0; form < 5; form++) {
    struct oh_text text;
    oh_text_init(&text, 8192);
    if (form == 3) oh_text_adds(&text, "  \n# a comment\n");
    for (const char *p = pem; *p; p++)
      if (*p == '\n')
        oh_text_adds(&text, form == 1 ? "\\n" : form == 2 ? " " : form == 4 ? "\\r\\n" : "\r\n");
      else
        oh_text_addc(&text, *p);
    struct oh_jws_keys keys = {0};
    assert_true(oh_jwks_read_pem(oh_text_str(&text), &keys));
    assert_int_equal(read_taken(mint_sign(&rsa, "{\"alg\":\"RS256\"}", BODY), &keys), OH_JWS_OK);
    assert_int_equal(read_taken(mint_sign(&rsa_other, "{\"alg\":\"RS256\"}", BODY), &keys), OH_JWS_SIGNATURE);
    oh_jws_keys_fini(&keys);
    oh_text_fini(&text);
  }
  struct oh_jws_keys keys = {0};
  for (size_t cut = 1; cut < strlen(pem) - 1; cut += 7)
    assert_false(oh_jwks_read_pem((struct oh_str){pem, cut}, &keys));
  free(pem);
  struct mint small = mint_rsa(1024, 65537, OH_JWS_RS256), p384 = mint_ec("P-384");
  const struct {
    const struct mint *mint;
    bool taken;
  } others[] = {{&ec, true}, {&ed, true}, {&small, false}, {&p384, false}};
  for (size_t i = 0; i < 4; i++) {
    pem = mint_pem(others[i].mint);
    assert_int_equal(oh_jwks_read_pem(oh_str(pem), &keys), others[i].taken);
    free(pem);
  }
  assert_int_equal(keys.count, 2);
  assert_int_equal(keys.items[0].alg, OH_JWS_ES256);
  assert_int_equal(keys.items[1].alg, OH_JWS_EDDSA);
  oh_jws_keys_fini(&keys);
  mint_fini(&small), mint_fini(&p384);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vectors_of_rfc7515),
      cmocka_unit_test(every_algorithm_by_its_own_key_only),
      cmocka_unit_test(a_key_id_only_chooses_among_the_keys),
      cmocka_unit_test(headers_that_ask_for_more_are_refused),
      cmocka_unit_test(a_public_key_is_no_secret),
      cmocka_unit_test(a_token_has_one_spelling),
      cmocka_unit_test(weak_and_odd_keys_are_left_out),
      cmocka_unit_test(sets_are_bounded),
      cmocka_unit_test(pem_as_people_paste_it),
  };
  return cmocka_run_group_tests(tests, make_keys, free_keys);
}
