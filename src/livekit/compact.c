// compact.c — see compact.h
#include "livekit/compact.h"
#include "base/base64.h"
#include "base/limits.h"

static json_t *read_part(struct oh_str part) {
  uint8_t plain[OH_TOKEN_MAX + 3];
  size_t len;
  if (!part.len || !oh_base64_read(part, OH_BASE64_URL, plain, &len)) return NULL;
  json_t *object = json_loadb((const char *)plain, len, JSON_REJECT_DUPLICATES, NULL);
  if (object && json_is_object(object)) return object;
  json_decref(object);
  return NULL;
}

bool oh_compact_read(struct oh_str jws, struct oh_compact *compact) {
  *compact = (struct oh_compact){0};
  if (jws.len > OH_TOKEN_MAX) return false;
  struct oh_str rest = jws;
  struct oh_str head = oh_str_cut(&rest, '.');
  struct oh_str body = oh_str_cut(&rest, '.');
  compact->text = (struct oh_str){.data = jws.data, .len = head.len + 1 + body.len};
  compact->signature = rest;
  if (compact->text.len >= jws.len || memchr(rest.data, '.', rest.len)) return false;
  compact->header = read_part(head);
  compact->payload = read_part(body);
  return compact->header && compact->payload;
}

void oh_compact_fini(struct oh_compact *compact) {
  json_decref(compact->header);
  json_decref(compact->payload);
  *compact = (struct oh_compact){0};
}
