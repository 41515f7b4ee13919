// base64.c — base64 in the three forms that LiveKit's world uses
#include "base/base64.h"
#include "base/check.h"

static int value_of(char c, enum oh_base64 form) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (form != OH_BASE64_STANDARD && c == '-') return 62;
  if (form != OH_BASE64_STANDARD && c == '_') return 63;
  if (form != OH_BASE64_URL && c == '+') return 62;
  if (form != OH_BASE64_URL && c == '/') return 63;
  if (form == OH_BASE64_ANY && c == ' ') return 62;
  return -1;
}

// Takes the padding off. False if it is wrong for the form.
static bool strip_padding(struct oh_str *text, enum oh_base64 form) {
  size_t padding = 0;
  while (padding < 2 && text->len > padding && text->data[text->len - 1 - padding] == '=')
    padding++;
  if (form == OH_BASE64_URL && padding) return false;
  if (form == OH_BASE64_STANDARD && text->len % 4) return false;
  if (padding && text->len % 4) return false;
  text->len -= padding;
  return true;
}

bool oh_base64_read(struct oh_str text, enum oh_base64 form, uint8_t *out, size_t *len) {
  *len = 0;
  if (!strip_padding(&text, form) || text.len % 4 == 1) return false;
  uint32_t bits = 0;
  unsigned held = 0;
  for (size_t i = 0; i < text.len; i++) {
    int value = value_of(text.data[i], form);
    if (value < 0) return false;
    bits = (bits << 6 | (uint32_t)value) & 0xFFFF;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[(*len)++] = (uint8_t)(bits >> held);
    }
  }
  // Two texts for the same bytes would give a token a second spelling.
  return form == OH_BASE64_ANY || (bits & ((1u << held) - 1)) == 0;
}

void oh_base64_write(struct oh_text *text, struct oh_bytes bytes, enum oh_base64 form) {
  OH_CHECK(form != OH_BASE64_ANY);
  static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const char *last = form == OH_BASE64_URL ? "-_" : "+/";
  for (size_t i = 0; i < bytes.len; i += 3) {
    size_t left = bytes.len - i;
    uint32_t group = (uint32_t)bytes.data[i] << 16;
    if (left > 1) group |= (uint32_t)bytes.data[i + 1] << 8;
    if (left > 2) group |= bytes.data[i + 2];
    char quad[4] = "====";
    size_t used = left > 2 ? 4 : left + 1;
    for (size_t k = 0; k < used; k++) {
      uint32_t value = group >> (18 - 6 * k) & 63;
      quad[k] = value < 62 ? common[value] : last[value - 62];
    }
    oh_text_add(text, (struct oh_str){.data = quad, .len = form == OH_BASE64_URL ? used : 4});
  }
}
