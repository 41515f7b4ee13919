// text.h — borrowed strings (oh_str) and a growing, bounded string builder (oh_text).
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A borrowed piece of text; not NUL-terminated.
struct oh_str {
  const char *data;
  size_t len;
};
#define OH_STR(literal) ((struct oh_str){.data = (literal), .len = sizeof(literal) - 1})
// For printf: "%.*s", OH_STR_ARG(s)
#define OH_STR_ARG(s) (int)(s).len, (s).data

static inline struct oh_str oh_str(const char *cstr) {
  return (struct oh_str){.data = cstr, .len = cstr ? strlen(cstr) : 0};
}
static inline bool oh_str_eq(struct oh_str a, struct oh_str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
bool oh_str_eq_nocase(struct oh_str a, struct oh_str b); // ASCII only
bool oh_str_starts(struct oh_str s, struct oh_str prefix);
struct oh_str oh_str_trim(struct oh_str s); // spaces and tabs at both ends
// Cuts s at the first `separator`: returns what is before it and leaves the rest in *s. Without one, takes
// all.
struct oh_str oh_str_cut(struct oh_str *s, char separator);
bool oh_str_to_u64(struct oh_str s, uint64_t max, uint64_t *value); // digits only, no sign, no blanks
bool oh_str_is_utf8(struct oh_str s);                               // RFC 3629; NUL refused
char *oh_str_dup(struct oh_str s);                                  // malloc'd, NUL-terminated

// A string under construction. Grows up to `max` bytes; what does not fit sets `failed` and is left out
// whole.
struct oh_text {
  char *data; // NUL-terminated when len > 0; owned
  size_t len, cap, max;
  bool failed;
};
void oh_text_init(struct oh_text *t, size_t max);
void oh_text_fini(struct oh_text *t);
void oh_text_clear(struct oh_text *t); // keeps the memory
void oh_text_add(struct oh_text *t, struct oh_str s);
void oh_text_adds(struct oh_text *t, const char *cstr);
void oh_text_addc(struct oh_text *t, char c);
__attribute__((format(printf, 2, 3))) void oh_text_addf(struct oh_text *t, const char *format, ...);
// Hands the buffer to the caller (free() it); the builder is empty afterwards. NULL if failed.
char *oh_text_take(struct oh_text *t, size_t *len);
static inline struct oh_str oh_text_str(const struct oh_text *t) {
  return (struct oh_str){.data = t->data, .len = t->len};
}
