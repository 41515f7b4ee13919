// srtp.c — nanoseconds per SRTP packet: profiles, engines, sizes. Prints a table; asserts nothing.
#include "rtc/srtp.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(enum oh_srtp_profile profile, enum oh_cipher_engine engine, size_t len) {
  enum { ROUNDS = 200000 };
  static const uint8_t key[16] = "benchmark key ..", salt[14] = "benchmark salt";
  struct oh_srtp *out = oh_srtp_open(profile, engine, key, salt, 8);
  struct oh_srtp *in = oh_srtp_open(profile, engine, key, salt, 8);
  uint8_t payload[1200] = {1, 2, 3}, packet[1500] = {0x80, 111};
  double sealing = 0, both = 0;
  for (int pass = 0; pass < 2; pass++) { // seal only, then seal and open
    double began = now_ns();
    for (uint32_t k = 0; k < ROUNDS; k++) {
      oh_store_u16_be(packet + 2, (uint16_t)k);
      oh_store_u32_be(packet + 8, 7u + (uint32_t)pass);
      size_t n = oh_srtp_protect_rtp(out, packet, 12, payload, len, sizeof packet);
      if (pass && oh_srtp_unprotect_rtp(in, packet, &n, 12) != OH_SRTP_OK) abort();
    }
    *(pass ? &both : &sealing) = (now_ns() - began) / ROUNDS;
  }
  struct oh_cipher *c = oh_cipher_open(profile, engine, key, key);
  printf("%-20s %-9s %5zu bytes   seal %6.0f ns   open %6.0f ns\n",
         profile == OH_SRTP_AEAD_AES_128_GCM ? "AEAD_AES_128_GCM" : "AES128_CM_SHA1_80",
         oh_cipher_engine_name(c), len, sealing, both - sealing);
  oh_cipher_close(c);
  oh_srtp_close(out);
  oh_srtp_close(in);
}

int main(void) {
  static const size_t sizes[] = {80, 160, 1100};
  for (size_t i = 0; i < 3; i++) {
    measure(OH_SRTP_AEAD_AES_128_GCM, OH_CIPHER_BEST, sizes[i]);
    measure(OH_SRTP_AEAD_AES_128_GCM, OH_CIPHER_OPENSSL, sizes[i]);
    measure(OH_SRTP_AES128_CM_SHA1_80, OH_CIPHER_OPENSSL, sizes[i]);
  }
  return 0;
}
