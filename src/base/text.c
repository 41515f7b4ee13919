// text.c — see text.h
#include "base/text.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool oh_str_eq_nocase(struct oh_str a, struct oh_str b) {
  if (a.len != b.len) return false;
  for (size_t i = 0; i < a.len; i++)
    if (lower(a.data[i]) != lower(b.data[i])) return false;
  return true;
}

bool oh_str_starts(struct oh_str s, struct oh_str prefix) {
  return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

struct oh_str oh_str_trim(struct oh_str s) {
  while (s.len && is_blank(s.data[0]))
    s.data++, s.len--;
  while (s.len && is_blank(s.data[s.len - 1]))
    s.len--;
  return s;
}

struct oh_str oh_str_cut(struct oh_str *s, char separator) {
  struct oh_str head = *s;
  if (!s->len) return head; // perhaps no pointer at all: not even + 0 is allowed on it
  const char *at = memchr(s->data, separator, s->len);
  if (!at) {
    *s = (struct oh_str){.data = s->data + s->len, .len = 0};
    return head;
  }
  head.len = (size_t)(at - s->data);
  *s = (struct oh_str){.data = at + 1, .len = s->len - head.len - 1};
  return head;
}

bool oh_str_to_u64(struct oh_str s, uint64_t max, uint64_t *value) {
  uint64_t v = 0;
  if (s.len == 0) return false;
  for (size_t i = 0; i < s.len; i++) {
    if (s.data[i] < '0' || s.data[i] > '9') return false;
    uint64_t digit = (uint64_t)(s.data[i] - '0');
    if (v > max / 10 || v * 10 > max - digit) return false;
    v = v * 10 + digit;
  }
  *value = v;
  return true;
}

// Length of the well-formed sequence at p (RFC 3629 table 3-7), or 0.
static size_t utf8_sequence(const uint8_t *p, size_t left) {
  uint8_t c = p[0];
  if (c == 0) return 0;
  if (c < 0x80) return 1;
  size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
  if (c < 0xC2 || c > 0xF4 || left < n) return 0;
  uint8_t low = 0x80, high = 0xBF;
  if (c == 0xE0) low = 0xA0;
  if (c == 0xED) high = 0x9F;
  if (c == 0xF0) low = 0x90;
  if (c == 0xF4) high = 0x8F;
  if (p[1] < low || p[1] > high) return 0;
  for (size_t i = 2; i < n; i++)
    if ((p[i] & 0xC0) != 0x80) return 0;
  return n;
}

bool oh_str_is_utf8(struct oh_str s) {
  for (size_t at = 0; at < s.len;) {
    size_t n = utf8_sequence((const uint8_t *)s.data + at, s.len - at);
    if (n == 0) return false;
    at += n;
  }
  return true;
}

char *oh_str_dup(struct oh_str s) {
  char *copy = malloc(s.len + 1);
  OH_CHECK(copy);
  if (s.len) memcpy(copy, s.data, s.len);
  copy[s.len] = 0;
  return copy;
}

void oh_text_init(struct oh_text *t, size_t max) {
  *t = (struct oh_text){.max = max};
}

void oh_text_fini(struct oh_text *t) {
  free(t->data);
  *t = (struct oh_text){0};
}

void oh_text_clear(struct oh_text *t) {
  t->len = 0;
  t->failed = false;
  if (t->data) t->data[0] = 0;
}

static bool make_room(struct oh_text *t, size_t more) {
  if (t->failed || more > t->max || t->len > t->max - more) {
    t->failed = true;
    return false;
  }
  size_t needed = t->len + more + 1;
  if (needed <= t->cap) return true;
  size_t cap = t->cap ? t->cap * 2 : 128;
  if (cap < needed) cap = needed;
  char *grown = realloc(t->data, cap);
  OH_CHECK(grown);
  t->data = grown;
  t->cap = cap;
  return true;
}

void oh_text_add(struct oh_text *t, struct oh_str s) {
  if (!make_room(t, s.len)) return;
  if (s.len) memcpy(t->data + t->len, s.data, s.len);
  t->len += s.len;
  t->data[t->len] = 0;
}

void oh_text_adds(struct oh_text *t, const char *cstr) {
  oh_text_add(t, oh_str(cstr));
}
void oh_text_addc(struct oh_text *t, char c) {
  oh_text_add(t, (struct oh_str){.data = &c, .len = 1});
}

void oh_text_addf(struct oh_text *t, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n >= 0 && make_room(t, (size_t)n)) {
    vsnprintf(t->data + t->len, (size_t)n + 1, format, again);
    t->len += (size_t)n;
  }
  va_end(again);
}

char *oh_text_take(struct oh_text *t, size_t *len) {
  if (t->failed) return NULL;
  if (!t->data && !make_room(t, 0)) return NULL;
  char *data = t->data;
  data[t->len] = 0;
  if (len) *len = t->len;
  size_t max = t->max;
  *t = (struct oh_text){.max = max};
  return data;
}
