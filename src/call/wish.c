// wish.c — see wish.h
#include "call/wish.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include <jansson.h>
#include <stdlib.h>

#define DISPLAY_NAME_MAX 64 // bytes; a name, not a message

static const json_t *member(const json_t *root, const char *name, const char *other_name) {
  const json_t *value = json_object_get(root, name);
  if (!value && other_name) value = json_object_get(root, other_name);
  return value && !json_is_null(value) ? value : NULL;
}

// False: it is there, but no string.
static bool read_string(const json_t *root, const char *name, const char **out) {
  const json_t *value = member(root, name, NULL);
  *out = json_string_value(value);
  return !value || json_is_string(value);
}

static bool has_control(const char *text) {
  for (const char *p = text; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f) return true;
  return false;
}

// A short line of text without control characters; anything else counts as not given.
static const char *display_name(const json_t *root) {
  const char *name = json_string_value(member(root, "participant_name", "participantName"));
  return name && *name && strlen(name) <= DISPLAY_NAME_MAX && !has_control(name) ? name : NULL;
}

// At most `max` bytes of whole characters, control characters made blanks. NULL for NULL and "".
static char *cut(const char *text, size_t max) {
  if (!text || !*text) return NULL;
  size_t len = strlen(text);
  if (len > max)
    for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
      len--;
  char *copy = oh_str_dup((struct oh_str){text, len});
  for (char *p = copy; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' ';
  return copy;
}

// The page's address without its fragment: what is behind # is not told to servers elsewhere either.
static char *page_url(const char *url) {
  if (!url || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)) return NULL;
  char *copy = cut(url, OH_PAGE_URL_MAX);
  copy[strcspn(copy, "#")] = 0;
  return copy;
}

static bool read_page(const json_t *root, struct oh_wish *wish) {
  const json_t *page = member(root, "page", NULL);
  const char *url = json_string_value(page), *title = NULL, *locale;
  if (json_is_object(page) && (!read_string(page, "url", &url) || !read_string(page, "title", &title)))
    return false;
  if (page && !json_is_object(page) && !json_is_string(page)) return false;
  if (!read_string(root, "locale", &locale)) return false;
  wish->url = page_url(url);
  wish->title = cut(title, OH_PAGE_TITLE_MAX);
  wish->locale = cut(locale, OH_PAGE_LOCALE_MAX);
  wish->metadata =
      cut(json_string_value(member(root, "metadata", "participant_metadata")), OH_PAGE_VALUE_MAX);
  return true;
}

static bool is_key(const char *key) {
  size_t len = strlen(key);
  return len > 0 && len <= OH_PAGE_KEY_MAX &&
         strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

// The text of a plain value; NULL if it is none.
static char *plain_value(const json_t *value) {
  if (json_is_string(value)) return oh_str_dup(oh_str(json_string_value(value)));
  return json_is_number(value) || json_is_boolean(value) ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
}

static bool is_value(const char *value) {
  if (strlen(value) > OH_PAGE_VALUE_MAX) return false;
  for (const char *p = value; *p; p++)
    if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f) return false;
  return true;
}

static bool read_attributes(const json_t *root, struct oh_wish *wish) {
  json_t *object = (json_t *)(uintptr_t)member(root, "attributes", "participant_attributes");
  if (!object) return true;
  size_t bytes = 0;
  if (!json_is_object(object) || json_object_size(object) > OH_PAGE_ATTRIBUTES_MAX) return false;
  wish->attributes = calloc(json_object_size(object) + 1, sizeof *wish->attributes);
  OH_CHECK(wish->attributes);
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    if (json_is_null(value)) continue;
    char *text = plain_value(value);
    bool ok = text && is_key(key) && is_value(text);
    if (text) wish->attributes[wish->attribute_count++] = (struct oh_wish_attribute){key, text};
    if (!ok) return false;
    bytes += strlen(key) + strlen(text);
  }
  return bytes <= OH_PAGE_BYTES_MAX;
}

// The nonce as a string, or {"nonce": "…"}.
static bool read_proof(const json_t *root, struct oh_wish *wish) {
  const json_t *proof = member(root, "proof", NULL);
  if (json_is_object(proof)) return read_string(proof, "nonce", &wish->proof);
  return read_string(root, "proof", &wish->proof);
}

enum oh_problem oh_wish_read(struct oh_bytes body, struct oh_wish *wish) {
  *wish = (struct oh_wish){0};
  if (body.len > OH_WISH_BODY_MAX) return OH_PROBLEM_REQUEST_TOO_LARGE;
  json_error_t error;
  json_t *root = body.len ? json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error)
                          : json_object();
  wish->root = root;
  if (!json_is_object(root)) return OH_PROBLEM_REQUEST_INVALID;
  wish->name = display_name(root);
  wish->low_data = json_is_true(member(root, "lowData", NULL));
  const json_t *recording = member(root, "recording", NULL);
  if (json_is_boolean(recording))
    wish->recording = json_is_true(recording) ? OH_RECORDING_YES : OH_RECORDING_NO;
  bool ok = read_string(root, "site", &wish->site) && read_string(root, "invite", &wish->invite) &&
            read_string(root, "resume", &wish->resume) && read_string(root, "ticket", &wish->ticket) &&
            read_string(root, "identity", &wish->identity) && read_proof(root, wish) &&
            read_page(root, wish) && read_attributes(root, wish);
  return ok ? OH_PROBLEM_NONE : OH_PROBLEM_REQUEST_INVALID;
}

void oh_wish_fini(struct oh_wish *wish) {
  for (size_t i = 0; i < wish->attribute_count; i++)
    free(wish->attributes[i].value);
  free(wish->attributes);
  free(wish->url);
  free(wish->title);
  free(wish->locale);
  free(wish->metadata);
  json_decref(wish->root);
  *wish = (struct oh_wish){0};
}
