// stun.c — STUN against the vectors of RFC 5769, our own round trips, and what must be refused.
#include "wire/stun.h"
#include "base/limits.h"
#include "tests/unit/test.h"
#include <openssl/evp.h>
#include <zlib.h>

// 2.1: a request under the short-term password
static const uint8_t request_vector[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};
// 2.2: a response with an IPv4 address
static const uint8_t response_v4_vector[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};
// 2.3: a response with an IPv6 address
static const uint8_t response_v6_vector[] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14,
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75,
    0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c};
// 2.4: a request under long-term credentials
static const uint8_t long_term_vector[] = {
    0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29,
    0xda, 0x41, 0x2e, 0x00, 0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88, 0xe3, 0x83, 0xaa, 0xe3,
    0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3, 0x82, 0xb9, 0x00, 0x00, 0x00, 0x15, 0x00, 0x1c, 0x66, 0x2f, 0x2f,
    0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36, 0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46,
    0x53, 0x54, 0x76, 0x79, 0x36, 0x34, 0x73, 0x41, 0x00, 0x14, 0x00, 0x0b, 0x65, 0x78, 0x61, 0x6d, 0x70,
    0x6c, 0x65, 0x2e, 0x6f, 0x72, 0x67, 0x00, 0x00, 0x08, 0x00, 0x14, 0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6,
    0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66};

static const struct oh_bytes password = {.data = (const uint8_t *)"VOkJxbRl1RmTxUk/WvJxBt", .len = 22};
static const uint8_t transaction[OH_STUN_TRANSACTION_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void reads_request_vector(void **state) {
  (void)state;
  struct oh_stun s;
  assert_true(oh_stun_read(&s, request_vector, sizeof request_vector));
  assert_int_equal(s.method, OH_STUN_BINDING);
  assert_int_equal(s.class, OH_STUN_REQUEST);
  assert_true(oh_str_eq(s.username, OH_STR("evtj:h6vY")));
  assert_true(s.has_priority && s.priority == 0x6e0001ff);
  assert_true(s.controlled && !s.controlling && s.tie_breaker == 0x932ff9b151263b36);
  assert_false(s.use_candidate);
  assert_true(s.has_fingerprint);
  assert_int_equal(s.unknown_required, 0);
  assert_true(oh_stun_verify(&s, password));
  assert_false(oh_stun_verify(&s, (struct oh_bytes){.data = password.data, .len = 21}));
  assert_false(oh_stun_verify(&s, (struct oh_bytes){.data = password.data, .len = 0}));
  struct oh_str ours, theirs;
  assert_true(oh_stun_username(&s, &ours, &theirs));
  assert_true(oh_str_eq(ours, OH_STR("evtj")) && oh_str_eq(theirs, OH_STR("h6vY")));
}

static void reads_response_vectors(void **state) {
  (void)state;
  struct oh_stun s;
  assert_true(oh_stun_read(&s, response_v4_vector, sizeof response_v4_vector));
  assert_int_equal(s.class, OH_STUN_SUCCESS);
  assert_true(oh_stun_verify(&s, password));
  struct oh_addr v4 = {.ip = {192, 0, 2, 1}, .port = 32853, .family = OH_ADDR_V4};
  assert_true(s.has_mapped && oh_addr_eq(&s.mapped, &v4));

  assert_true(oh_stun_read(&s, response_v6_vector, sizeof response_v6_vector));
  assert_true(oh_stun_verify(&s, password));
  struct oh_addr v6 = {
      .ip = {0x20, 1, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77},
      .port = 32853,
      .family = OH_ADDR_V6};
  assert_true(s.has_mapped && oh_addr_eq(&s.mapped, &v6));
}

static void reads_long_term_vector(void **state) {
  (void)state;
  struct oh_stun s;
  assert_true(oh_stun_read(&s, long_term_vector, sizeof long_term_vector));
  assert_false(s.has_fingerprint);
  static const char secret[] = "マトリックス:example.org:TheMatrIX";
  uint8_t key[16];
  assert_true(EVP_Digest(secret, sizeof secret - 1, key, NULL, EVP_md5(), NULL));
  assert_true(oh_stun_verify(&s, (struct oh_bytes){.data = key, .len = sizeof key}));
}

static void any_flipped_bit_is_noticed(void **state) {
  (void)state;
  for (size_t bit = 0; bit < sizeof request_vector * 8; bit++) {
    uint8_t copy[sizeof request_vector];
    memcpy(copy, request_vector, sizeof copy);
    copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1 << bit % 8);
    struct oh_stun s;
    // FINGERPRINT sees nearly all; one makes USERNAME swallow it together with MESSAGE-INTEGRITY
    assert_false(oh_stun_read(&s, copy, sizeof copy) && oh_stun_verify(&s, password));
  }
}

static void every_cut_is_refused(void **state) {
  (void)state;
  struct oh_stun s;
  for (size_t len = 0; len < sizeof request_vector; len++)
    assert_false(oh_stun_read(&s, request_vector, len));
}

static void writes_what_it_reads(void **state) {
  (void)state;
  uint8_t out[OH_STUN_MESSAGE_MAX];
  struct oh_stun s;
  struct oh_stun_check check = {.username = OH_STR("them:us"),
                                .priority = 1845501695,
                                .tie_breaker = 0x0123456789abcdef,
                                .controlling = true,
                                .use_candidate = true};
  memcpy(check.transaction, transaction, sizeof transaction);
  size_t request_len = oh_stun_write_check(&check, password, out, sizeof out);
  assert_true(oh_stun_read(&s, out, request_len) && oh_stun_verify(&s, password));
  assert_int_equal(s.class, OH_STUN_REQUEST);
  assert_memory_equal(s.transaction, transaction, sizeof transaction);
  assert_true(oh_str_eq(s.username, check.username) && s.priority == check.priority);
  assert_true(s.controlling && s.tie_breaker == check.tie_breaker && s.use_candidate && s.has_fingerprint);
  for (size_t capacity = 0; capacity < request_len; capacity++)
    assert_int_equal(oh_stun_write_check(&check, password, out, capacity), 0);

  struct oh_addr mapped = {.ip = {203, 0, 113, 9}, .port = 50000, .family = OH_ADDR_V4};
  size_t len = oh_stun_write_success(transaction, &mapped, password, out, sizeof out);
  assert_true(len <= request_len); // never an amplifier
  assert_true(oh_stun_read(&s, out, len) && oh_stun_verify(&s, password) && s.class == OH_STUN_SUCCESS);
  assert_true(s.has_mapped && oh_addr_eq(&s.mapped, &mapped));
  memset(mapped.ip, 0xfe, sizeof mapped.ip);
  mapped.family = OH_ADDR_V6;
  len = oh_stun_write_success(transaction, &mapped, password, out, sizeof out);
  assert_true(oh_stun_read(&s, out, len) && oh_addr_eq(&s.mapped, &mapped));

  len = oh_stun_write_error(transaction, OH_STUN_ROLE_CONFLICT, password, out, sizeof out);
  assert_true(oh_stun_read(&s, out, len) && oh_stun_verify(&s, password));
  assert_true(s.class == OH_STUN_ERROR && s.error_code == 487);
  len = oh_stun_write_error(transaction, OH_STUN_BAD_REQUEST, (struct oh_bytes){0}, out, sizeof out);
  assert_true(oh_stun_read(&s, out, len) && s.error_code == 400 && s.integrity_at == 0);
}

// A message of raw attributes: header with the right length, then `attributes`.
static size_t message(uint8_t *out, const void *attributes, size_t len) {
  memcpy(out, request_vector, OH_STUN_HEADER_BYTES);
  memcpy(out + OH_STUN_HEADER_BYTES, attributes, len);
  oh_store_u16_be(out + 2, (uint16_t)len);
  return OH_STUN_HEADER_BYTES + len;
}
#define ZERO_MI                                                                                              \
  "\x00\x08\x00\x14"                                                                                         \
  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define PRIO "\x00\x24\x00\x04\x01\x02\x03\x04"

static bool reads(const void *attributes, size_t len, struct oh_stun *s) {
  static uint8_t out[1500];
  return oh_stun_read(s, out, message(out, attributes, len));
}
#define READS(literal) reads(literal, sizeof(literal) - 1, &s)

static void refuses_dishonest_messages(void **state) {
  (void)state;
  struct oh_stun s;
  assert_true(READS(ZERO_MI));
  assert_false(READS(ZERO_MI ZERO_MI));
  assert_false(READS(ZERO_MI PRIO));
  assert_false(READS("\x80\x28\x00\x04\0\0\0\0"));                         // wrong fingerprint
  assert_false(READS("\x00\x24\x00\x03\x01\x02\x03\x04"));                 // short PRIORITY
  assert_false(READS("\x00\x25\x00\x04\x01\x02\x03\x04"));                 // USE-CANDIDATE with a value
  assert_false(READS("\x00\x08\x00\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")); // short MESSAGE-INTEGRITY
  assert_false(READS("\x00\x20\x00\x08\x00\x03\0\0\0\0\0\0"));             // unknown address family
  assert_false(READS("\x00\x09\x00\x04\0\0\x07\x00"));                     // error class 7
  assert_false(READS("\x80\x29\x00\x08\0\0\0\0\0\0\0\1\x80\x2a\x00\x08\0\0\0\0\0\0\0\1")); // both roles
  assert_false(READS("\x80\x22\x00\x09"
                     "abcdefgh")); // runs over the end
  assert_true(READS("\x7f\x01\x00\x00" PRIO "\xc0\x57\x00\x04\0\0\0\0"));
  assert_int_equal(s.unknown_required, 0x7f01);
  assert_true(s.has_priority);
}

static void fingerprint_is_the_end(void **state) {
  (void)state;
  uint8_t out[64];
  struct oh_stun s;
  size_t len = message(out, "\x80\x28\x00\x04\0\0\0\0" PRIO, 16);
  oh_store_u32_be(out + 24, (uint32_t)crc32(0, out, OH_STUN_HEADER_BYTES) ^ 0x5354554e);
  assert_false(oh_stun_read(&s, out, len)); // right by its own, but something follows
  oh_store_u16_be(out + 2, 8);
  oh_store_u32_be(out + 24, (uint32_t)crc32(0, out, OH_STUN_HEADER_BYTES) ^ 0x5354554e);
  assert_true(oh_stun_read(&s, out, len - 8) && s.has_fingerprint);
}

static void limits_the_number_of_attributes(void **state) {
  (void)state;
  struct oh_stun s;
  uint8_t many[(OH_STUN_ATTRIBUTES_MAX + 1) * 8];
  for (size_t i = 0; i < OH_STUN_ATTRIBUTES_MAX + 1; i++)
    memcpy(many + i * 8, PRIO, 8);
  assert_true(reads(many, OH_STUN_ATTRIBUTES_MAX * 8, &s));
  assert_false(reads(many, sizeof many, &s));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_request_vector),       cmocka_unit_test(reads_response_vectors),
      cmocka_unit_test(reads_long_term_vector),     cmocka_unit_test(any_flipped_bit_is_noticed),
      cmocka_unit_test(every_cut_is_refused),       cmocka_unit_test(writes_what_it_reads),
      cmocka_unit_test(refuses_dishonest_messages), cmocka_unit_test(limits_the_number_of_attributes),
      cmocka_unit_test(fingerprint_is_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
