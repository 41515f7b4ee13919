// signin.c — fuzz target: whatever arrives as a bearer token or an identity, and whatever a site's secret was
// made to sign: no crash, and nobody is let in without a signature.
#include "call/signin.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define TEXT(s) ((char *)(uintptr_t)(s))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char *list[] = {TEXT("https://shop.example"), TEXT("voice")};
static const struct oh_site sites[] = {
    {.id = TEXT("a"),
     .auth = OH_AUTH_CLERK,
     .clerk.issuer = TEXT("https://clerk.example"),
     .allowed_origins = {list, 1}},
    {.id = TEXT("b"),
     .auth = OH_AUTH_OIDC,
     .oidc = {.issuer = TEXT("https://id.example"), .audience = {list + 1, 1}}},
    {.id = TEXT("c"), .auth = OH_AUTH_SIGNED, .signed_secret = TEXT(SECRET)},
    {.id = TEXT("d"), .auth = OH_AUTH_ANONYMOUS, .signed_secret = TEXT(SECRET)},
};

static void check_user(struct oh_user *user, enum oh_signin signin) {
  OH_CHECK(signin == OH_SIGNIN_OK || (!user->subject && !user->name && !user->attribute_count));
  if (user->subject) OH_CHECK(*user->subject && strlen(user->subject) <= OH_SUBJECT_MAX);
  if (user->name)
    OH_CHECK(*user->name && strlen(user->name) <= OH_USER_NAME_MAX && oh_str_is_utf8(oh_str(user->name)));
  size_t bytes = 0;
  for (size_t i = 0; i < 2 * user->attribute_count; i++)
    bytes += strlen(user->attributes[i]);
  OH_CHECK(bytes <= OH_USER_BYTES_MAX && user->attribute_count <= OH_USER_ATTRIBUTES_MAX);
  oh_user_fini(user);
}

static void read_token(struct oh_str token, const struct oh_jws_keys *keys) {
  for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
    struct oh_user user;
    const char *why;
    struct oh_text field;
    oh_text_init(&field, 1 << 20);
    oh_text_adds(&field, "Bearer ");
    oh_text_add(&field, token);
    struct oh_signin_request request = {.site = &sites[i],
                                        .authorization = oh_text_str(&field),
                                        .identity = token,
                                        .host = OH_STR("call.example"),
                                        .keys = sites[i].signed_secret ? keys : NULL,
                                        .unix_s = 1800000000};
    enum oh_signin signin = oh_signin_read(&request, &user, &why);
    // A seed that is rightly signed may get in by its own bytes, but never where there are no keys.
    if (!sites[i].signed_secret) OH_CHECK(signin != OH_SIGNIN_OK && signin != OH_SIGNIN_FORBIDDEN);
    check_user(&user, signin);
    oh_text_fini(&field);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_jws_keys keys = {0};
  oh_jws_add_secret(&keys, SECRET);
  read_token((struct oh_str){(const char *)data, len}, &keys);
  if (len < OH_TOKEN_MAX) { // and the same bytes as claims that somebody who knows the secret has signed
    struct oh_text jws;
    uint8_t mac[32];
    unsigned mac_len = 0;
    oh_text_init(&jws, 1 << 20);
    oh_text_adds(&jws, "eyJhbGciOiJIUzI1NiJ9.");
    oh_base64_write(&jws, (struct oh_bytes){data, len}, OH_BASE64_URL);
    OH_CHECK(
        HMAC(EVP_sha256(), SECRET, sizeof SECRET - 1, (const uint8_t *)jws.data, jws.len, mac, &mac_len));
    oh_text_addc(&jws, '.');
    oh_base64_write(&jws, (struct oh_bytes){mac, mac_len}, OH_BASE64_URL);
    read_token(oh_text_str(&jws), &keys);
    oh_text_fini(&jws);
  }
  oh_jws_keys_fini(&keys);
  return 0;
}
