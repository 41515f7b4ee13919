// return.c — see return.h
#include "call/return.h"
#include "base/check.h"
#include "call/seal.h"
#include <jansson.h>
#include <stdlib.h>

#define PURPOSE "offhook resume ticket, version 1"

void oh_return_write(const struct oh_return *back, const struct oh_key *key, const struct oh_random *random,
                     struct oh_text *ticket) {
  if (strlen(back->origin) > OH_RETURN_ORIGIN_MAX || strlen(back->subject) > OH_RETURN_SUBJECT_MAX) return;
  json_t *note = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:I,s:I}", "site", back->site, "name", back->name,
                           "origin", back->origin, "subject", back->subject, "room", back->room, "identity",
                           back->identity, "invited", back->invited, "started",
                           (json_int_t)back->started_unix_s, "expires", (json_int_t)back->expires_unix_s);
  if (!note) return; // an origin that is not UTF-8: no browser's
  char *text = json_dumps(note, JSON_COMPACT);
  OH_CHECK(text);
  struct oh_seal seal;
  oh_seal_init(&seal, key, PURPOSE);
  oh_seal_write(&seal, random, (struct oh_bytes){(const uint8_t *)text, strlen(text)}, ticket);
  oh_seal_fini(&seal);
  free(text);
  json_decref(note);
}

static bool read_name(const json_t *note, const char *key, char *out, size_t size) {
  const char *text = json_string_value(json_object_get(note, key));
  return text && *text && snprintf(out, size, "%s", text) < (int)size;
}

static bool is_same(const json_t *note, const char *key, const char *expected) {
  const char *text = json_string_value(json_object_get(note, key));
  return text && strcmp(text, expected) == 0;
}

enum oh_problem oh_return_read(struct oh_str ticket, const struct oh_key *key, int64_t unix_s,
                               struct oh_return *back) {
  if (ticket.len > OH_RETURN_MAX) return OH_PROBLEM_TOKEN_INVALID;
  struct oh_seal seal;
  struct oh_text plain;
  oh_text_init(&plain, OH_RETURN_MAX);
  oh_seal_init(&seal, key, PURPOSE);
  json_t *note = oh_seal_read(&seal, ticket, &plain) ? json_loadb(plain.data, plain.len, 0, NULL) : NULL;
  oh_seal_fini(&seal);
  oh_text_fini(&plain);
  bool ok = note && is_same(note, "site", back->site) && is_same(note, "origin", back->origin) &&
            is_same(note, "subject", back->subject) &&
            read_name(note, "room", back->room, sizeof back->room) &&
            read_name(note, "identity", back->identity, sizeof back->identity);
  if (!read_name(note, "name", back->name, sizeof back->name)) back->name[0] = 0;
  back->invited = json_is_true(json_object_get(note, "invited"));
  back->started_unix_s = json_integer_value(json_object_get(note, "started"));
  back->expires_unix_s = json_integer_value(json_object_get(note, "expires"));
  json_decref(note);
  if (!ok) return OH_PROBLEM_TOKEN_INVALID;
  return unix_s < back->expires_unix_s ? OH_PROBLEM_NONE : OH_PROBLEM_TOKEN_EXPIRED;
}
