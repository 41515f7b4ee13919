// srtp.c — unprotecting hostile SRTP and SRTCP, and sealing and opening the input as a payload. First byte:
// bit 0 the profile, bit 1 the engine, bit 2 RTCP.
#include "rtc/srtp.h"
#include "base/check.h"
#include "wire/rtp.h"

static void open_hostile(struct oh_srtp *s, bool rtcp, const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len + 1);
  OH_CHECK(copy);
  memcpy(copy, data, len);
  struct oh_rtp rtp;
  size_t n = len;
  if (rtcp)
    OH_CHECK(oh_srtp_unprotect_rtcp(s, copy, &n) != OH_SRTP_OK);
  else if (oh_rtp_read_header(&rtp, copy, len))
    OH_CHECK(oh_srtp_unprotect_rtp(s, copy, &n, rtp.header_len) != OH_SRTP_OK);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > 1400) return 0;
  enum oh_srtp_profile profile = data[0] & 1 ? OH_SRTP_AEAD_AES_128_GCM : OH_SRTP_AES128_CM_SHA1_80;
  enum oh_cipher_engine engine = data[0] & 2 ? OH_CIPHER_OPENSSL : OH_CIPHER_BEST;
  static const uint8_t key[16] = "0123456789abcde", salt[14] = "fuzzing salts";
  struct oh_srtp *in = oh_srtp_open(profile, engine, key, salt, 4);
  struct oh_srtp *out = oh_srtp_open(profile, engine, key, salt, 4);
  bool rtcp = data[0] & 4;
  open_hostile(in, rtcp, data + 1, size - 1);
  uint8_t buffer[1500];
  size_t n = 0;
  if (rtcp && size > 8) {
    n = oh_srtp_protect_rtcp(out, data + 1, size - 1, buffer, sizeof buffer);
    OH_CHECK(n > 0 && oh_srtp_unprotect_rtcp(in, buffer, &n) == OH_SRTP_OK && n == size - 1);
    OH_CHECK(memcmp(buffer, data + 1, n) == 0);
  } else if (!rtcp) {
    const uint8_t header[12] = {0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9};
    memcpy(buffer, header, sizeof header);
    n = oh_srtp_protect_rtp(out, buffer, 12, data + 1, size - 1, sizeof buffer);
    OH_CHECK(n > 0 && oh_srtp_unprotect_rtp(in, buffer, &n, 12) == OH_SRTP_OK && n == 12 + size - 1);
    OH_CHECK(memcmp(buffer + 12, data + 1, size - 1) == 0);
  }
  oh_srtp_close(in);
  oh_srtp_close(out);
  return 0;
}
