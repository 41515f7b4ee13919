// srtp.c — SRTP against the RFCs' vectors and against libsrtp2, both ways; replay, cycles, limits, forgeries.
#include "tests/unit/test.h"

#include "base/bytes.h"
#include "rtc/srtp.h"
#include <srtp2/srtp.h>

static size_t unhex(const char *hex, uint8_t *out) {
  size_t n = 0;
  for (const char *p = hex; *p; p++) {
    if (*p == ' ') continue;
    unsigned byte = 0;
    assert_int_equal(sscanf(p, "%2x", &byte), 1);
    out[n++] = (uint8_t)byte;
    p++;
  }
  return n;
}

static const enum oh_srtp_profile profiles[] = {OH_SRTP_AES128_CM_SHA1_80, OH_SRTP_AEAD_AES_128_GCM};
static const enum oh_cipher_engine engines[] = {OH_CIPHER_BEST, OH_CIPHER_OPENSSL};
static const uint8_t master_key[16] = "sixteen key byte", master_salt[14] = "fourteen salts";

static void key_derivation_rfc3711_b3(void **state) {
  (void)state;
  uint8_t key[16], salt[14], want[64], got[20];
  unhex("E1F97A0D3E018BE0D64FA32C06DE4139", key);
  unhex("0EC675AD498AFEEBB6960B3AABE6", salt);
  unhex("C61E7A93744F39EE10734AFE3FF7A087", want);
  oh_srtp_derive(key, salt, 0, got, 16);
  assert_memory_equal(got, want, 16);
  unhex("30CBBC08863D8C85D49DB34A9AE1", want);
  oh_srtp_derive(key, salt, 2, got, 14);
  assert_memory_equal(got, want, 14);
  unhex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4", want);
  oh_srtp_derive(key, salt, 1, got, 20);
  assert_memory_equal(got, want, 20);
}

static void counter_mode_rfc3711_b2(void **state) {
  (void)state;
  uint8_t key[16], iv[16], want[48], got[48] = {0}, auth[20] = {0};
  unhex("2B7E151628AED2A6ABF7158809CF4F3C", key);
  unhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", iv);
  unhex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0",
        want);
  struct oh_cipher *c = oh_cipher_open(OH_SRTP_AES128_CM_SHA1_80, OH_CIPHER_BEST, key, auth);
  oh_cipher_stream(c, iv, got, sizeof got, got);
  assert_memory_equal(got, want, sizeof got);
  oh_cipher_close(c);
}

// RFC 2202 3, test case 1: the one with a 20-byte key that is not cut.
static void hmac_rfc2202(void **state) {
  (void)state;
  uint8_t auth[20], want[20], got[20], key[16] = {0};
  memset(auth, 0x0b, sizeof auth);
  unhex("b617318655057264e28bc0b6fb378c8ef146be00", want);
  struct oh_cipher *c = oh_cipher_open(OH_SRTP_AES128_CM_SHA1_80, OH_CIPHER_BEST, key, auth);
  oh_cipher_authenticate(c, (struct oh_bytes){(const uint8_t *)"Hi ", 3},
                         (struct oh_bytes){(const uint8_t *)"There", 5}, got);
  assert_memory_equal(got, want, 20);
  oh_cipher_close(c);
}

static void gcm_rfc7714(void **state) {
  (void)state;
  uint8_t key[16], iv[12], plain[64], want[80], got[80], aad[12];
  unhex("000102030405060708090a0b0c0d0e0f", key);
  for (size_t e = 0; e < 2; e++) {
    struct oh_cipher *c = oh_cipher_open(OH_SRTP_AEAD_AES_128_GCM, engines[e], key, NULL);
    unhex("51753c6580c2726f20718414", iv); // 16.1.1
    unhex("8040f17b8041f8d35501a0b2", aad);
    size_t n = unhex("47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573", plain);
    size_t all = unhex("f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
                       "899d7f27beb16a9152cf765ee4390cce",
                       want);
    oh_cipher_seal(c, iv, (struct oh_bytes){aad, 12}, plain, n, got, got + n);
    assert_memory_equal(got, want, all);
    assert_true(oh_cipher_unseal(c, iv, (struct oh_bytes){aad, 12}, got, n, want + n));
    assert_memory_equal(got, plain, n);
    unhex("517524055203726f207170bb", iv); // 17.1
    unhex("81c8000d4d617273800005d4", aad);
    n = unhex("4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
              plain);
    all = unhex("63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
                "c84aa45896cf4d2fc5abf87245d9eade",
                want);
    oh_cipher_seal(c, iv, (struct oh_bytes){aad, 12}, plain, n, got, got + n);
    assert_memory_equal(got, want, all);
    oh_cipher_close(c);
  }
}

// ---- libsrtp2 as oracle
// --------------------------------------------------------------------------------------

static srtp_t oracle(enum oh_srtp_profile profile, bool outbound) {
  static uint8_t key[30];
  memcpy(key, master_key, 16);
  memcpy(key + 16, master_salt, 14);
  srtp_policy_t policy;
  memset(&policy, 0, sizeof policy);
  if (profile == OH_SRTP_AEAD_AES_128_GCM) {
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
  } else {
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
  }
  policy.ssrc.type = outbound ? ssrc_any_outbound : ssrc_any_inbound;
  policy.key = key;
  policy.window_size = OH_SRTP_WINDOW;
  srtp_t s;
  assert_int_equal(srtp_create(&s, &policy), srtp_err_status_ok);
  return s;
}

static size_t make_rtp(uint8_t *p, uint64_t *seed, uint16_t sequence, uint32_t ssrc, size_t *header_len) {
  size_t payload = test_next(seed) % 300;
  bool extension = test_next(seed) % 2;
  test_fill(seed, p, 24 + payload);
  p[0] = extension ? 0x90 : 0x80, p[1] = 111;
  oh_store_u16_be(p + 2, sequence);
  oh_store_u32_be(p + 8, ssrc);
  *header_len = 12;
  if (extension) {
    oh_store_u16_be(p + 12, 0xbede);
    oh_store_u16_be(p + 14, 1);
    *header_len = 20;
  }
  return *header_len + payload;
}

static void same_as_libsrtp_rtp(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (size_t i = 0; i < 2; i++)
    for (size_t e = 0; e < 2; e++) {
      struct oh_srtp *out = oh_srtp_open(profiles[i], engines[e], master_key, master_salt, 32);
      struct oh_srtp *in = oh_srtp_open(profiles[i], engines[e], master_key, master_salt, 32);
      srtp_t their_out = oracle(profiles[i], true), their_in = oracle(profiles[i], false);
      uint16_t sequence = 65000 - 32768; // crosses 65535 → 0, and cycles
      for (int k = 0; k < 3000; k++, sequence = (uint16_t)(sequence + 1 + test_next(&seed) % 60)) {
        uint8_t plain[512], ours[512], theirs[512];
        size_t header_len, len = make_rtp(plain, &seed, sequence, (uint32_t)(k % 5 + 77), &header_len);
        memcpy(ours, plain, header_len);
        size_t n =
            oh_srtp_protect_rtp(out, ours, header_len, plain + header_len, len - header_len, sizeof ours);
        memcpy(theirs, plain, len);
        int m = (int)len;
        assert_int_equal(srtp_protect(their_out, theirs, &m), srtp_err_status_ok);
        assert_int_equal(n, m);
        assert_memory_equal(ours, theirs, n);
        int back = (int)n;
        memcpy(theirs, ours, n);
        assert_int_equal(srtp_unprotect(their_in, theirs, &back), srtp_err_status_ok);
        assert_int_equal(oh_srtp_unprotect_rtp(in, ours, &n, header_len), OH_SRTP_OK);
        assert_int_equal(n, len);
        assert_memory_equal(ours, plain, len);
      }
      oh_srtp_close(out), oh_srtp_close(in);
      srtp_dealloc(their_out), srtp_dealloc(their_in);
    }
}

static void same_as_libsrtp_rtcp(void **state) {
  (void)state;
  uint64_t seed = 12;
  for (size_t i = 0; i < 2; i++) {
    struct oh_srtp *out = oh_srtp_open(profiles[i], OH_CIPHER_BEST, master_key, master_salt, 32);
    struct oh_srtp *in = oh_srtp_open(profiles[i], OH_CIPHER_BEST, master_key, master_salt, 32);
    srtp_t their_out = oracle(profiles[i], true), their_in = oracle(profiles[i], false);
    for (int k = 0; k < 500; k++) {
      uint8_t plain[256], ours[300], theirs[300];
      size_t len = 8 + 4 * (test_next(&seed) % 40);
      test_fill(&seed, plain, len);
      plain[0] = 0x80, plain[1] = 200;
      oh_store_u32_be(plain + 4, (uint32_t)(k % 3 + 5));
      size_t n = oh_srtp_protect_rtcp(out, plain, len, ours, sizeof ours);
      memcpy(theirs, plain, len);
      int m = (int)len;
      assert_int_equal(srtp_protect_rtcp(their_out, theirs, &m), srtp_err_status_ok);
      assert_int_equal(n, m);
      assert_memory_equal(ours, theirs, n);
      int back = (int)n;
      assert_int_equal(srtp_unprotect_rtcp(their_in, theirs, &back), srtp_err_status_ok);
      size_t again = n;
      uint8_t copy[300];
      memcpy(copy, ours, n);
      assert_int_equal(oh_srtp_unprotect_rtcp(in, ours, &n), OH_SRTP_OK);
      assert_int_equal(n, len);
      assert_memory_equal(ours, plain, len);
      assert_int_equal(oh_srtp_unprotect_rtcp(in, copy, &again), OH_SRTP_REPLAYED);
    }
    oh_srtp_close(out), oh_srtp_close(in);
    srtp_dealloc(their_out), srtp_dealloc(their_in);
  }
}

// ---- behaviour
// -----------------------------------------------------------------------------------------------

static size_t sealed(struct oh_srtp *out, uint8_t *p, uint16_t sequence, uint32_t ssrc) {
  memset(p, 0, 12);
  p[0] = 0x80;
  oh_store_u16_be(p + 2, sequence);
  oh_store_u32_be(p + 8, ssrc);
  return oh_srtp_protect_rtp(out, p, 12, (const uint8_t *)"voice", 5, 64);
}

static void replay_window(void **state) {
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct oh_srtp *out = oh_srtp_open(profiles[i], OH_CIPHER_BEST, master_key, master_salt, 32);
    struct oh_srtp *in = oh_srtp_open(profiles[i], OH_CIPHER_BEST, master_key, master_salt, 32);
    uint8_t packets[400][64], copy[64];
    size_t lens[400], n;
    for (int k = 0; k < 400; k++)
      lens[k] = sealed(out, packets[k], (uint16_t)(1000 + k), 9);
#define OPEN(k) (memcpy(copy, packets[k], 64), n = lens[k], oh_srtp_unprotect_rtp(in, copy, &n, 12))
    assert_int_equal(OPEN(200), OH_SRTP_OK);
    assert_int_equal(OPEN(200), OH_SRTP_REPLAYED);
    assert_int_equal(OPEN(200 - 127), OH_SRTP_OK); // the oldest in the window
    assert_int_equal(OPEN(200 - 127), OH_SRTP_REPLAYED);
    assert_int_equal(OPEN(200 - 128), OH_SRTP_REPLAYED); // too old, though never seen
    assert_int_equal(OPEN(199), OH_SRTP_OK);
    assert_int_equal(OPEN(264), OH_SRTP_OK); // 64 ahead: the window's halves move
    assert_int_equal(OPEN(200), OH_SRTP_REPLAYED);
    assert_int_equal(OPEN(199), OH_SRTP_REPLAYED);
    assert_int_equal(OPEN(198), OH_SRTP_OK);
    assert_int_equal(OPEN(399), OH_SRTP_OK); // beyond the window: it starts afresh
    assert_int_equal(OPEN(272), OH_SRTP_OK);
    assert_int_equal(OPEN(271), OH_SRTP_REPLAYED);
#undef OPEN
    // A forgery moves nothing, even with a new sequence number.
    size_t len = sealed(out, copy, 1400, 9);
    copy[14] ^= 1;
    n = len;
    assert_int_equal(oh_srtp_unprotect_rtp(in, copy, &n, 12), OH_SRTP_FORGED);
    n = sealed(out, copy, 1400, 9);
    assert_int_equal(oh_srtp_unprotect_rtp(in, copy, &n, 12), OH_SRTP_OK);
    for (n = 12; n < 12 + (profiles[i] == OH_SRTP_AEAD_AES_128_GCM ? 16u : 10u); n++) {
      size_t cut = n;
      assert_int_equal(oh_srtp_unprotect_rtp(in, copy, &cut, 12), OH_SRTP_MALFORMED);
    }
    oh_srtp_close(out), oh_srtp_close(in);
  }
}

static void cycle_guess(void **state) {
  (void)state;
  assert_int_equal(oh_srtp_guess(0x0000ffff, 0), 0x10000);
  assert_int_equal(oh_srtp_guess(0x00010000, 0xffff), 0xffff);
  assert_int_equal(oh_srtp_guess(0x00000005, 0xffff), 0xffff); // there is no cycle before the first
  assert_int_equal(oh_srtp_guess(0x00057fff, 0xffff), 0x5ffff);
  assert_int_equal(oh_srtp_guess(0x00057ffe, 0xffff), 0x4ffff);
  assert_int_equal(oh_srtp_guess(0x00058000, 0), 0x50000);
  assert_int_equal(oh_srtp_guess(0x00058001, 0), 0x60000);
  // Late packets of the last cycle and the first of the next, through real packets.
  struct oh_srtp *out = oh_srtp_open(OH_SRTP_AEAD_AES_128_GCM, OH_CIPHER_BEST, master_key, master_salt, 32);
  struct oh_srtp *in = oh_srtp_open(OH_SRTP_AEAD_AES_128_GCM, OH_CIPHER_BEST, master_key, master_salt, 32);
  uint8_t late[64], p[64];
  size_t n, late_len;
  for (uint32_t k = 0; k < 5 * 65536u; k += 1000) {
    late_len = sealed(out, late, (uint16_t)k, 3);
    n = sealed(out, p, (uint16_t)(k + 60), 3);
    assert_int_equal(oh_srtp_unprotect_rtp(in, p, &n, 12), OH_SRTP_OK);
    assert_int_equal(oh_srtp_unprotect_rtp(in, late, &late_len, 12), OH_SRTP_OK);
  }
  oh_srtp_close(out), oh_srtp_close(in);
}

static void stream_limit(void **state) {
  (void)state;
  struct oh_srtp *out = oh_srtp_open(OH_SRTP_AES128_CM_SHA1_80, OH_CIPHER_BEST, master_key, master_salt, 100);
  struct oh_srtp *in = oh_srtp_open(OH_SRTP_AES128_CM_SHA1_80, OH_CIPHER_BEST, master_key, master_salt, 32);
  uint8_t p[64];
  for (uint32_t k = 0; k < 100; k++) {
    size_t n = sealed(out, p, 1, k * 0x01010101u);
    assert_int_equal(n, 12 + 5 + 10);
    assert_int_equal(oh_srtp_unprotect_rtp(in, p, &n, 12), k < 32 ? OH_SRTP_OK : OH_SRTP_FULL);
  }
  assert_int_equal(sealed(out, p, 1, 0xdeadbeef), 0); // the sender refuses, it never forgets a nonce
  assert_int_equal(sealed(out, p, 2, 99 * 0x01010101u), 27);
  assert_int_equal(oh_srtp_protect_rtp(out, p, 12, (const uint8_t *)"voice", 5, 26), 0); // does not fit
  oh_srtp_close(out), oh_srtp_close(in);
}

int main(void) {
  srtp_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(key_derivation_rfc3711_b3),
      cmocka_unit_test(counter_mode_rfc3711_b2),
      cmocka_unit_test(hmac_rfc2202),
      cmocka_unit_test(gcm_rfc7714),
      cmocka_unit_test(same_as_libsrtp_rtp),
      cmocka_unit_test(same_as_libsrtp_rtcp),
      cmocka_unit_test(replay_window),
      cmocka_unit_test(cycle_guess),
      cmocka_unit_test(stream_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
