// base64.h — base64 (RFC 4648) in the three forms that LiveKit's world uses.
#pragma once
#include "base/bytes.h"
#include "base/text.h"

enum oh_base64 {
  OH_BASE64_URL,      // "-_", no padding, unused bits zero: JSON Web Tokens (RFC 7515 2)
  OH_BASE64_STANDARD, // "+/", padded, unused bits zero
  OH_BASE64_ANY, // reading only: either alphabet, padded or not; a blank counts as '+' (a form-decoded query)
};

// Bytes that `len` characters give at most.
static inline size_t oh_base64_bytes_max(size_t len) {
  return len / 4 * 3 + 3;
}
// Reads into `out` (oh_base64_bytes_max(text.len) bytes). False if the text is not of that form.
bool oh_base64_read(struct oh_str text, enum oh_base64 form, uint8_t *out, size_t *len);
// Appends; `form` is URL or STANDARD.
void oh_base64_write(struct oh_text *text, struct oh_bytes bytes, enum oh_base64 form);
