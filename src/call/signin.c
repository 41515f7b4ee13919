// signin.c — see signin.h
#include "call/signin.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/jwks.h"
#include "call/origin.h"
#include <jansson.h>
#include <stdlib.h>

#define TIME_MAX 253402300799. // year 9999: keeps sums with the leeway far from overflow
#define URL_MAX OH_FETCH_URL_MAX
#define DISCOVERY_PATH "/.well-known/openid-configuration"
#define CLERK_JWKS_PATH "/.well-known/jwks.json"
#define CLERK_API_JWKS "https://api.clerk.com/v1/jwks"

void oh_user_fini(struct oh_user *user) {
  free(user->subject);
  free(user->name);
  for (size_t i = 0; i < 2 * user->attribute_count; i++)
    free(user->attributes[i]);
  free(user->attributes);
  *user = (struct oh_user){0};
}

static bool is_set(const char *text) {
  return text && *text;
}

// ---- claims

static bool is_plain_text(struct oh_str text, size_t max) {
  if (!text.len || text.len > max || !oh_str_is_utf8(text)) return false;
  for (size_t i = 0; i < text.len; i++)
    if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f) return false;
  return true;
}

static struct oh_str string_of(const json_t *claims, const char *name) {
  const json_t *value = json_object_get(claims, name);
  return (struct oh_str){json_string_value(value), json_is_string(value) ? json_string_length(value) : 0};
}

static void add_attribute(struct oh_user *user, struct oh_str key, struct oh_str value) {
  size_t n = user->attribute_count++;
  user->attributes = realloc(user->attributes, (2 * n + 2) * sizeof *user->attributes);
  OH_CHECK(user->attributes);
  user->attributes[2 * n] = oh_str_dup(key);
  user->attributes[2 * n + 1] = oh_str_dup(value);
}

static void add_claim(struct oh_user *user, const json_t *claims, const char *claim, const char *key) {
  struct oh_str value = string_of(claims, claim);
  if (is_plain_text(value, OH_USER_VALUE_MAX)) add_attribute(user, oh_str(key), value);
}

// A name that is too long is cut between characters; one with control characters counts as not given.
static void set_name(struct oh_user *user, struct oh_str name) {
  if (user->name || !is_plain_text(name, OH_TOKEN_MAX)) return;
  if (name.len > OH_USER_NAME_MAX) {
    name.len = OH_USER_NAME_MAX;
    while (name.len && !oh_str_is_utf8(name))
      name.len--;
  }
  user->name = oh_str_dup(name);
}

// The three times of RFC 7519 4.1; a refusal, or NULL.
static const char *check_times(const json_t *claims, int64_t now_s, int64_t *expires_s) {
  static const char *const names[3] = {"exp", "nbf", "iat"};
  int64_t times[3] = {0};
  for (int i = 0; i < 3; i++) {
    const json_t *value = json_object_get(claims, names[i]);
    if (!value && i > 0) continue;
    if (!value) return "token has no expiry";
    double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 0 && number <= TIME_MAX)) return "token has a malformed time";
    times[i] = (int64_t)number;
  }
  *expires_s = times[0];
  if (now_s >= times[0] + OH_SIGNIN_LEEWAY_S) return "token is expired";
  if (now_s + OH_SIGNIN_LEEWAY_S < times[1]) return "token is not valid yet";
  if (now_s + OH_SIGNIN_LEEWAY_S < times[2]) return "token was issued in the future";
  return NULL;
}

// URLs that differ in a slash at the end name the same issuer in many a configuration.
static struct oh_str without_slash(struct oh_str url) {
  while (url.len && url.data[url.len - 1] == '/')
    url.len--;
  return url;
}

static bool is_issuer(const json_t *claims, struct oh_str issuer) {
  return oh_str_eq(without_slash(string_of(claims, "iss")), without_slash(issuer));
}

static bool has_audience(const json_t *claims, const struct oh_strings *accepted) {
  const json_t *given = json_object_get(claims, "aud");
  size_t count = json_is_array(given) ? json_array_size(given) : 1;
  for (size_t i = 0; i < count; i++) {
    const char *one = json_string_value(json_is_array(given) ? json_array_get(given, i) : given);
    for (size_t k = 0; one && k < accepted->count; k++)
      if (strcmp(one, accepted->items[k]) == 0) return true;
  }
  return false;
}

// ---- the three kinds; each checks the claims of a token, and names the user once it is signed

struct verdict {
  enum oh_signin signin;
  const char *why;
};
static const struct verdict fine = {OH_SIGNIN_OK, ""};
static struct verdict required(const char *why) {
  return (struct verdict){OH_SIGNIN_REQUIRED, why};
}
static struct verdict forbidden(const char *why) {
  return (struct verdict){OH_SIGNIN_FORBIDDEN, why};
}

static bool clerk_issuer(const struct oh_site *site, struct oh_text *issuer) {
  if (is_set(site->clerk.issuer)) {
    oh_text_adds(issuer, site->clerk.issuer);
    return true;
  }
  if (!is_set(site->clerk.publishable_key)) return false;
  oh_text_adds(issuer, "https://");
  return oh_clerk_host(oh_str(site->clerk.publishable_key), issuer);
}

// Whose page made the session (RFC: OpenID's azp, in Clerk's tokens an origin): without this a page on a
// neighbour's subdomain could use a session that it got hold of.
static bool is_party(const struct oh_signin_request *request, struct oh_str azp) {
  const struct oh_strings *parties = &request->site->clerk.authorized_parties;
  if (!parties->count) return !azp.len || oh_site_allows_origin(request->site, azp, request->host);
  for (size_t i = 0; i < parties->count; i++)
    if (oh_str_eq(without_slash(oh_str(parties->items[i])), azp)) return true;
  return false;
}

static struct verdict check_clerk(const struct oh_signin_request *request, const json_t *claims) {
  struct oh_text issuer;
  oh_text_init(&issuer, URL_MAX);
  bool issuer_known = clerk_issuer(request->site, &issuer);
  bool issuer_right = !issuer_known || is_issuer(claims, oh_text_str(&issuer));
  oh_text_fini(&issuer);
  struct oh_str status = string_of(claims, "sts");
  if (!issuer_right) return required("token is of another issuer");
  if (!string_of(claims, "sid").len) return required("token is not a session's");
  if (json_object_get(claims, "azp") && !string_of(claims, "azp").len) return required("azp is malformed");
  if (!is_party(request, string_of(claims, "azp"))) return forbidden("session belongs to another site");
  if (json_object_get(claims, "sts") && !oh_str_eq(status, OH_STR("active")))
    return forbidden("session is not complete");
  return fine;
}

static void name_clerk(const json_t *claims, struct oh_user *user) {
  add_claim(user, claims, "email", "email"); // both only if the operator added them to the session token
  set_name(user, string_of(claims, "name"));
}

static struct verdict check_oidc(const struct oh_signin_request *request, const json_t *claims) {
  const struct oh_site_oidc *oidc = &request->site->oidc;
  if (!is_issuer(claims, oh_str(oidc->issuer))) return required("token is of another issuer");
  if (!has_audience(claims, &oidc->audience)) return forbidden("token is for another audience");
  return fine;
}

static void name_oidc(const json_t *claims, struct oh_user *user) {
  if (json_is_true(json_object_get(claims, "email_verified"))) add_claim(user, claims, "email", "email");
  set_name(user, string_of(claims, "name"));
  set_name(user, string_of(claims, "preferred_username"));
}

static struct verdict check_signed(const struct oh_signin_request *request, const json_t *claims,
                                   int64_t expires_s) {
  if (expires_s > request->unix_s + OH_SIGNED_LIFE_MAX_S + OH_SIGNIN_LEEWAY_S)
    return required("identity is valid for more than 24 hours");
  struct oh_strings site = {.items = &(char *){request->site->id}, .count = 1};
  if (json_object_get(claims, "aud") && !has_audience(claims, &site))
    return forbidden("identity is for another site");
  json_t *attributes = json_object_get(claims, "attributes"), *value;
  const char *key;
  if (attributes && !json_is_object(attributes)) return required("attributes are malformed");
  if (json_object_size(attributes) > OH_USER_ATTRIBUTES_MAX) return required("there are too many attributes");
  size_t bytes = 0;
  json_object_foreach(attributes, key, value) {
    if (!is_plain_text(oh_str(key), OH_USER_KEY_MAX) || !json_is_string(value) ||
        json_string_length(value) > OH_USER_VALUE_MAX)
      return required("attributes are malformed");
    bytes += strlen(key) + json_string_length(value);
  }
  return bytes <= OH_USER_BYTES_MAX ? fine : required("attributes are too long");
}

static void name_signed(json_t *claims, struct oh_user *user) {
  const char *key;
  json_t *value;
  set_name(user, string_of(claims, "name"));
  json_object_foreach(json_object_get(claims, "attributes"), key, value) {
    add_attribute(user, oh_str(key), oh_str(json_string_value(value)));
  }
}

// ---- reading

static struct verdict check_claims(const struct oh_signin_request *request, const json_t *claims,
                                   enum oh_auth auth) {
  int64_t expires_s = 0;
  const char *objection = check_times(claims, request->unix_s, &expires_s);
  if (objection) return required(objection);
  if (!is_plain_text(string_of(claims, "sub"), OH_SUBJECT_MAX)) return required("token has no subject");
  switch (auth) {
  case OH_AUTH_CLERK: return check_clerk(request, claims);
  case OH_AUTH_OIDC: return check_oidc(request, claims);
  default: return check_signed(request, claims, expires_s);
  }
}

static void name_user(json_t *claims, enum oh_auth auth, struct oh_user *user) {
  user->subject = oh_str_dup(string_of(claims, "sub"));
  switch (auth) {
  case OH_AUTH_CLERK: name_clerk(claims, user); break;
  case OH_AUTH_OIDC: name_oidc(claims, user); break;
  default: name_signed(claims, user);
  }
}

static struct verdict read_token(const struct oh_signin_request *request, struct oh_str token,
                                 enum oh_auth auth, struct oh_user *user) {
  static const struct oh_jws_keys none = {0};
  json_t *claims;
  enum oh_jws_error error = oh_jws_read(token, request->keys ? request->keys : &none, &claims);
  switch (error) {
  case OH_JWS_OK:
  case OH_JWS_UNKNOWN_KEY: break;
  case OH_JWS_MALFORMED: return required("token is malformed");
  case OH_JWS_ALGORITHM: return required("token is signed in another way than the key's");
  case OH_JWS_SIGNATURE: return required("signature is wrong");
  }
  // A token that would be refused anyway is not worth a fetch.
  struct verdict verdict = check_claims(request, claims, auth);
  if (verdict.signin == OH_SIGNIN_OK && error == OH_JWS_UNKNOWN_KEY)
    verdict = (struct verdict){OH_SIGNIN_NEEDS_KEYS, "token is signed with an unknown key"};
  else if (error == OH_JWS_UNKNOWN_KEY)
    verdict.signin = OH_SIGNIN_REQUIRED; // not proved: it says nothing about anybody
  else if (verdict.signin == OH_SIGNIN_OK)
    name_user(claims, auth, user);
  json_decref(claims);
  return verdict;
}

static struct oh_str bearer_of(struct oh_str authorization) {
  struct oh_str rest = oh_str_trim(authorization), scheme = oh_str_cut(&rest, ' ');
  return oh_str_eq_nocase(scheme, OH_STR("Bearer")) ? oh_str_trim(rest) : (struct oh_str){0};
}

enum oh_signin oh_signin_read(const struct oh_signin_request *request, struct oh_user *user,
                              const char **why) {
  *user = (struct oh_user){0};
  *why = "";
  enum oh_auth auth = request->site->auth;
  struct oh_str token = bearer_of(request->authorization);
  if (auth == OH_AUTH_SIGNED && request->identity.len) token = request->identity;
  if (auth == OH_AUTH_ANONYMOUS) {
    // An identity is welcome where the site can sign one, and then it has to be right.
    token = is_set(request->site->signed_secret) ? request->identity : (struct oh_str){0};
    auth = OH_AUTH_SIGNED;
    if (!token.len) return OH_SIGNIN_OK;
  }
  if (!token.len) return OH_SIGNIN_REQUIRED;
  struct verdict verdict = read_token(request, token, auth, user);
  *why = verdict.why;
  return verdict.signin;
}

// ---- where keys come from

bool oh_clerk_host(struct oh_str key, struct oh_text *host) {
  static const struct oh_str kinds[] = {{"pk_test_", 8}, {"pk_live_", 8}};
  uint8_t plain[256];
  size_t len;
  if (!oh_str_starts(key, kinds[0]) && !oh_str_starts(key, kinds[1])) return false;
  struct oh_str rest = {key.data + kinds[0].len, key.len - kinds[0].len};
  if (oh_base64_bytes_max(rest.len) > sizeof plain || !oh_base64_read(rest, OH_BASE64_ANY, plain, &len))
    return false;
  if (len < 2 || plain[len - 1] != '$') return false;
  struct oh_str name = {(const char *)plain, len - 1};
  if (!oh_host_is_valid(name)) return false;
  oh_text_add(host, name);
  return true;
}

static void read_clerk_origin(const struct oh_site *site, struct oh_key_origin *origin) {
  const struct oh_site_clerk *clerk = &site->clerk;
  if (is_set(clerk->jwt_key)) {
    origin->kind = OH_KEYS_PEM;
    oh_text_adds(&origin->text, clerk->jwt_key);
    return;
  }
  origin->kind = OH_KEYS_JWKS;
  if (is_set(clerk->jwks_url)) {
    oh_text_adds(&origin->text, clerk->jwks_url);
  } else if (clerk_issuer(site, &origin->text)) {
    while (origin->text.len && origin->text.data[origin->text.len - 1] == '/')
      origin->text.data[--origin->text.len] = 0;
    oh_text_adds(&origin->text, CLERK_JWKS_PATH);
  } else {
    oh_text_clear(&origin->text);
    oh_text_adds(&origin->text, CLERK_API_JWKS);
    oh_text_adds(&origin->bearer, clerk->secret_key ? clerk->secret_key : "");
  }
}

static void read_oidc_origin(const struct oh_site_oidc *oidc, struct oh_key_origin *origin) {
  bool given = is_set(oidc->jwks_url);
  origin->kind = given ? OH_KEYS_JWKS : OH_KEYS_DISCOVERY;
  oh_text_add(&origin->text, given ? oh_str(oidc->jwks_url) : without_slash(oh_str(oidc->issuer)));
  if (!given) oh_text_adds(&origin->text, DISCOVERY_PATH);
}

void oh_key_origin_read(const struct oh_site *site, struct oh_key_origin *origin) {
  *origin = (struct oh_key_origin){.kind = OH_KEYS_NONE};
  oh_text_init(&origin->text, 8192);
  oh_text_init(&origin->bearer, 512);
  if (site->auth == OH_AUTH_CLERK) {
    read_clerk_origin(site, origin);
  } else if (site->auth == OH_AUTH_OIDC) {
    read_oidc_origin(&site->oidc, origin);
  } else if (is_set(site->signed_secret)) {
    origin->kind = OH_KEYS_SECRET;
    oh_text_adds(&origin->text, site->signed_secret);
  }
}

void oh_key_origin_fini(struct oh_key_origin *origin) {
  oh_text_fini(&origin->text);
  oh_text_fini(&origin->bearer);
}

bool oh_discovery_read(struct oh_str json, struct oh_str url, struct oh_text *keys_url) {
  struct oh_str path = OH_STR(DISCOVERY_PATH);
  if (json.len > OH_JWKS_MAX || url.len <= path.len) return false;
  json_t *root = json_loadb(json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
  struct oh_str issuer = without_slash(string_of(root, "issuer")), keys = string_of(root, "jwks_uri");
  bool good = oh_str_eq(issuer, (struct oh_str){url.data, url.len - path.len}) && keys.len;
  if (good) oh_text_add(keys_url, keys);
  json_decref(root);
  return good && !keys_url->failed;
}

bool oh_signin_check(const struct oh_site *site, struct oh_text *why) {
  const struct oh_site_clerk *clerk = &site->clerk;
  struct oh_jws_keys keys = {0};
  struct oh_text host;
  oh_text_init(&host, URL_MAX);
  if (site->auth == OH_AUTH_CLERK && is_set(clerk->jwt_key) &&
      (!oh_jwks_read_pem(oh_str(clerk->jwt_key), &keys) || keys.items[0].alg != OH_JWS_RS256))
    oh_text_adds(why, "clerk.jwt_key (CLERK_JWT_KEY) is not a PEM public key of RSA with 2048 to 4096 bits");
  else if (site->auth == OH_AUTH_CLERK && is_set(clerk->publishable_key) &&
           !oh_clerk_host(oh_str(clerk->publishable_key), &host))
    oh_text_adds(why, "clerk.publishable_key is not one of Clerk's (pk_test_… or pk_live_…)");
  else if (site->auth == OH_AUTH_OIDC && site->oidc.audience.count == 0)
    oh_text_adds(why,
                 "auth is oidc, which needs oidc.audience (OIDC_AUDIENCE): without it a token for any other "
                 "application of the same provider would do");
  oh_text_fini(&host);
  oh_jws_keys_fini(&keys);
  return why->len == 0;
}
