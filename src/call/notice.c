// notice.c — see notice.h
#include "call/notice.h"
#include "base/check.h"
#include <jansson.h>
#include <openssl/sha.h>
#include <stdlib.h>

static void set(json_t *object, const char *name, const char *text) {
  if (text && *text) OH_CHECK(json_object_set_new(object, name, json_string(text)) == 0);
}

static json_t *list_of(char *const *items, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(list, json_string(items[i]));
  return list;
}

static json_t *consent(const struct oh_site *site) {
  json_t *object = json_object();
  set(object, "mode", site->consent);
  set(object, "version", site->consent_version);
  set(object, "text", site->consent_text);
  return object;
}

static json_t *theme(const struct oh_site *site) {
  json_t *object = json_object();
  set(object, "accent", site->theme_accent);
  set(object, "radius", site->theme_radius);
  set(object, "logo", site->theme_logo);
  return object;
}

static json_t *presets(const struct oh_site *site) {
  json_t *all = json_object();
  for (size_t i = 0; i < site->presets.count; i++) {
    struct oh_str language, field, text;
    if (!oh_site_read_preset(site->presets.items[i], &language, &field, &text)) continue;
    char tag[36], name[16];
    snprintf(tag, sizeof tag, "%.*s", OH_STR_ARG(language));
    snprintf(name, sizeof name, "%.*s", OH_STR_ARG(field));
    json_t *one = json_object_get(all, tag);
    if (!one) json_object_set_new(all, tag, one = json_object());
    json_object_set_new(one, name, json_stringn(text.data, text.len));
  }
  return all;
}

// N33: facts, not words; the button says them in the visitor's language.
static json_t *privacy(const struct oh_site *site, const struct oh_notice_facts *facts) {
  json_t *object = json_object(), *sends = json_array();
  static const char *const always[] = {"audio",      "address",     "browser",        "page.url",
                                       "page.title", "page.locale", "page.attributes"};
  for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
    json_array_append_new(sends, json_string(always[i]));
  if (site->auth != OH_AUTH_ANONYMOUS) json_array_append_new(sends, json_string("user"));
  set(object, "host", facts->host);
  json_object_set_new(object, "sends", sends);
  json_object_set_new(object, "signIn", json_string(oh_auth_name(site->auth)));
  json_object_set_new(object, "recording", json_boolean(strcmp(site->consent, "off") != 0));
  json_object_set_new(object, "thirdParties",
                      list_of((char *const *)(uintptr_t)facts->stun, facts->stun_count));
  json_object_set_new(object, "cookies", json_false());
  json_object_set_new(object, "eventDays", json_integer(facts->event_days));
  json_object_set_new(object, "tokenSeconds", json_integer(site->token_ttl_s));
  // In memory only, as a hash, for the budgets: an address is forgotten after the longest of them.
  bool budgets = site->per_address_budget || site->per_address_daily;
  json_object_set_new(object, "addressSeconds",
                      json_integer(!budgets                  ? 0
                                   : site->per_address_daily ? 86400
                                                             : 60));
  return object;
}

static json_t *describe(const struct oh_site *site, const struct oh_notice_facts *facts) {
  json_t *object = json_object();
  bool is_default = strcmp(site->id, OH_SITE_DEFAULT) == 0;
  set(object, "site", site->id);
  json_object_set_new(object, "name", json_string(site->name ? site->name : is_default ? "" : site->id));
  set(object, "auth", oh_auth_name(site->auth));
  if (site->auth == OH_AUTH_CLERK) set(object, "clerkPublishableKey", site->clerk.publishable_key);
  json_object_set_new(object, "paused", json_boolean(site->paused));
  set(object, "tel", site->tel);
  json_object_set_new(object, "consent", consent(site));
  json_object_set_new(object, "ringTimeout", json_integer(site->ring_timeout_s));
  json_object_set_new(object, "maxDuration", json_integer(site->max_duration_s));
  set(object, "greeting", site->greeting);
  json_object_set_new(object, "presets", presets(site));
  if (site->languages.count)
    json_object_set_new(object, "languages", list_of(site->languages.items, site->languages.count));
  json_object_set_new(object, "theme", theme(site));
  set(object, "placement", site->placement);
  set(object, "label", site->label);
  json_object_set_new(object, "echo", json_boolean(site->echo));
  json_object_set_new(object, "privacy", privacy(site, facts));
  return object;
}

void oh_notice_write(const struct oh_site *site, const struct oh_notice_facts *facts, struct oh_text *json) {
  json_t *object = describe(site, facts);
  char *text = json_dumps(object, JSON_COMPACT);
  OH_CHECK(text);
  uint8_t digest[SHA256_DIGEST_LENGTH];
  char version[17];
  SHA256((const uint8_t *)text, strlen(text), digest);
  for (size_t i = 0; i < 8; i++)
    snprintf(version + 2 * i, 3, "%02x", digest[i]);
  free(text);
  json_object_set_new(object, "version", json_string(version));
  text = json_dumps(object, JSON_COMPACT);
  OH_CHECK(text);
  oh_text_adds(json, text);
  free(text);
  json_decref(object);
}
