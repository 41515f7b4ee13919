// dtls_record.c — the record filter in front of OpenSSL: whatever it lets through is well framed and allowed
// at that moment. Input: one byte of flags (server, begun, done), then a datagram.
#include "base/check.h"
#include "rtc/dtls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > 2000) return 0;
  struct oh_dtls_gate gate = {.server = data[0] & 1, .begun = data[0] & 2, .done = (data[0] & 6) == 6};
  uint8_t *datagram = malloc(size); // exact size, so that the sanitizer sees every step too far
  OH_CHECK(datagram);
  size_t len = size - 1;
  memcpy(datagram, data + 1, len);
  uint32_t dropped = 0;
  size_t kept = oh_dtls_filter(&gate, datagram, len, &dropped);
  OH_CHECK(kept <= len && gate.early_count <= OH_DTLS_EARLY_MAX);
  for (size_t at = 0; at < kept;) {
    OH_CHECK(kept - at >= 13);
    const uint8_t *r = datagram + at;
    size_t body = oh_load_u16_be(r + 11);
    uint16_t epoch = oh_load_u16_be(r + 3);
    OH_CHECK(body > 0 && body <= kept - at - 13 && r[1] == 0xfe && r[0] >= 20 && r[0] <= 23 && epoch <= 1);
    if (gate.done) OH_CHECK(epoch == 1 && r[0] != 20 && body >= 25);
    if (!gate.done) OH_CHECK(r[0] != 21 && r[0] != 23); // no alert, no data before the keys
    if (!gate.begun) OH_CHECK(gate.server && r[0] == 22 && r[13] == 1);
    at += 13 + body;
  }
  free(datagram);
  return 0;
}
