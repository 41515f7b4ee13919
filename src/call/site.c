// site.c — see site.h
#include "call/site.h"
#include "base/limits.h"
#include "call/origin.h"
#include "call/signin.h"

static const char *const auth_names[] = {"anonymous", "clerk", "oidc", "signed"};

const char *oh_auth_name(enum oh_auth auth) {
  return auth_names[auth];
}

const struct oh_site *oh_sites_find(const struct oh_sites *sites, struct oh_str id) {
  if (id.len == 0) return &sites->items[0];
  for (size_t i = 0; i < sites->count; i++)
    if (oh_str_eq(oh_str(sites->items[i].id), id)) return &sites->items[i];
  return NULL;
}

bool oh_site_allows_origin(const struct oh_site *site, struct oh_str origin, struct oh_str host) {
  const struct oh_strings *rules = &site->allowed_origins;
  return oh_origin_allowed(origin, host, (const char *const *)rules->items, rules->count);
}

bool oh_sites_allow_origin(const struct oh_sites *sites, struct oh_str origin, struct oh_str host) {
  for (size_t i = 0; i < sites->count; i++)
    if (oh_site_allows_origin(&sites->items[i], origin, host)) return true;
  return false;
}

static bool is_of(struct oh_str text, const char *letters) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && (c == 0 || !strchr(letters, c))) return false;
  }
  return true;
}

bool oh_site_id_is_valid(struct oh_str id) {
  return id.len > 0 && id.len <= OH_SITE_ID_MAX && is_of(id, "-_");
}

static bool is_set(const char *text) {
  return text && *text;
}

static bool is_web_url(const char *url) {
  return oh_str_starts(oh_str(url), OH_STR("https://")) || oh_str_starts(oh_str(url), OH_STR("http://"));
}

static enum oh_auth auth_of(const struct oh_site *site) {
  if (is_set(site->auth_name)) {
    for (size_t i = 0; i < sizeof auth_names / sizeof auth_names[0]; i++)
      if (strcmp(site->auth_name, auth_names[i]) == 0) return (enum oh_auth)i;
  }
  // Who gives a site sign-in keys wants sign-in: forgetting one more line must not open it to everybody.
  const struct oh_site_clerk *clerk = &site->clerk;
  if (is_set(clerk->jwt_key) || is_set(clerk->jwks_url) || is_set(clerk->issuer) ||
      is_set(clerk->secret_key) || is_set(clerk->publishable_key))
    return OH_AUTH_CLERK;
  if (is_set(site->oidc.issuer) || is_set(site->oidc.jwks_url)) return OH_AUTH_OIDC;
  return is_set(site->signed_secret) ? OH_AUTH_SIGNED : OH_AUTH_ANONYMOUS;
}

static bool check_auth(const struct oh_site *site, struct oh_text *why) {
  const struct oh_site_clerk *clerk = &site->clerk;
  if (site->auth == OH_AUTH_CLERK && !is_set(clerk->jwt_key) && !is_set(clerk->jwks_url) &&
      !is_set(clerk->issuer) && !is_set(clerk->secret_key) && !is_set(clerk->publishable_key))
    oh_text_adds(why, "auth is clerk, which needs one of clerk.jwt_key (CLERK_JWT_KEY), "
                      "clerk.publishable_key, clerk.issuer or clerk.jwks_url");
  else if (site->auth == OH_AUTH_OIDC && !is_set(site->oidc.issuer))
    oh_text_adds(why, "auth is oidc, which needs oidc.issuer (OIDC_ISSUER)");
  else if (site->auth == OH_AUTH_SIGNED && (!site->signed_secret || strlen(site->signed_secret) < 32))
    oh_text_adds(why, "auth is signed, which needs signed.secret with at least 32 characters");
  const struct {
    const char *key, *url;
  } urls[] = {{"clerk.jwks_url", clerk->jwks_url},
              {"clerk.issuer", clerk->issuer},
              {"oidc.issuer", site->oidc.issuer},
              {"oidc.jwks_url", site->oidc.jwks_url}};
  for (size_t i = 0; i < sizeof urls / sizeof urls[0] && why->len == 0; i++)
    if (is_set(urls[i].url) && !is_web_url(urls[i].url))
      oh_text_addf(why, "%s begins with https://, not \"%s\"", urls[i].key, urls[i].url);
  return why->len == 0;
}

static bool is_radius(const char *text) {
  size_t digits = strspn(text, "0123456789.");
  static const char *const units[] = {"", "px", "rem", "em", "%"};
  for (size_t i = 0; digits && digits < 8 && i < sizeof units / sizeof units[0]; i++)
    if (strcmp(text + digits, units[i]) == 0) return true;
  return false;
}

static bool is_colour(const char *text) {
  size_t len = strlen(text);
  return *text == '#' && (len == 4 || len == 7) && strspn(text + 1, "0123456789abcdefABCDEF") == len - 1;
}

static bool check_looks(const struct oh_site *site, struct oh_text *why) {
  if (is_set(site->theme_accent) && !is_colour(site->theme_accent))
    oh_text_addf(why, "theme.accent is a colour such as #1a6b4f, not \"%s\"", site->theme_accent);
  else if (is_set(site->theme_radius) && !is_radius(site->theme_radius))
    oh_text_addf(why, "theme.radius is a length such as 12px, not \"%s\"", site->theme_radius);
  else if (is_set(site->theme_logo) && !is_web_url(site->theme_logo) && *site->theme_logo != '/')
    oh_text_addf(why, "theme.logo is a URL or begins with /, not \"%s\"", site->theme_logo);
  else if (is_set(site->tel) && (strlen(site->tel) > 32 || !is_of(oh_str(site->tel), "+ -().#*")))
    oh_text_addf(why, "tel is a telephone number such as +49 30 123456, not \"%s\"", site->tel);
  for (size_t i = 0; i < site->languages.count && why->len == 0; i++) {
    struct oh_str tag = oh_str(site->languages.items[i]);
    if (tag.len == 0 || tag.len > 35 || !is_of(tag, "-"))
      oh_text_addf(why, "languages has tags such as de or pt-BR, not \"%s\"", tag.data);
  }
  for (size_t i = 0; i < site->presets.count && why->len == 0; i++) {
    struct oh_str language, field, text;
    if (!oh_site_read_preset(site->presets.items[i], &language, &field, &text))
      oh_text_addf(why, "presets has for each language a greeting and terms, not \"%s\"",
                   site->presets.items[i]);
  }
  return why->len == 0;
}

static bool check_texts(const struct oh_site *site, struct oh_text *why) {
  const struct {
    const char *key, *text;
  } texts[] = {{"name", site->name},
               {"label", site->label},
               {"greeting", site->greeting},
               {"consent_text", site->consent_text},
               {"consent_version", site->consent_version},
               {"theme.logo", site->theme_logo},
               {"clerk.publishable_key", site->clerk.publishable_key}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct oh_str text = oh_str(texts[i].text);
    if (text.len && !oh_str_is_utf8(text)) oh_text_addf(why, "%s is not UTF-8", texts[i].key);
    if (text.len > OH_SITE_TEXT_MAX)
      oh_text_addf(why, "%s is longer than %d bytes", texts[i].key, OH_SITE_TEXT_MAX);
    if (why->len) return false;
  }
  return true;
}

bool oh_site_finish(struct oh_site *site, struct oh_text *why) {
  site->auth = auth_of(site);
  for (size_t i = 0; i < site->allowed_origins.count; i++) {
    if (oh_origin_is_rule(oh_str(site->allowed_origins.items[i]))) continue;
    oh_text_addf(why,
                 "allowed_origins has origins such as https://example.org or https://*.example.org, or *, "
                 "not \"%s\"",
                 site->allowed_origins.items[i]);
    return false;
  }
  return check_auth(site, why) && oh_signin_check(site, why) && check_looks(site, why) &&
         check_texts(site, why);
}

bool oh_site_read_preset(const char *line, struct oh_str *language, struct oh_str *field,
                         struct oh_str *text) {
  struct oh_str rest = oh_str(line);
  struct oh_str path = oh_str_cut(&rest, ':');
  *text = oh_str_trim(rest);
  *language = oh_str_cut(&path, '.');
  *field = path;
  return language->len > 0 && language->len <= 35 && is_of(*language, "-") && text->len <= OH_SITE_TEXT_MAX &&
         oh_str_is_utf8(*text) && (oh_str_eq(path, OH_STR("greeting")) || oh_str_eq(path, OH_STR("terms")));
}
