// proof.c — puzzles: who they are for, how long they last, what counts as solved; and what is sealed.
#include "call/proof.h"
#include "base/limits.h"
#include "call/seal.h"
#include "tests/unit/test.h"
#include <stdlib.h>

#define NOW_S 1790000000LL
static const struct oh_key key = {"APIkey", "0123456789abcdef0123456789abcdef"},
                           other_key = {"APIkey", "0123456789abcdef0123456789abcdeX"};
static uint64_t seed = 11;
static const struct oh_proof_of ann = {
    "shop", "https://a.test", {.family = OH_ADDR_V4, .ip = {192, 0, 2, 1}}};

static char *solve(const struct oh_puzzle *puzzle) {
  static char nonce[32];
  for (uint32_t i = 0;; i++) {
    snprintf(nonce, sizeof nonce, "%x", i);
    if (oh_proof_zero_bits(oh_str(puzzle->challenge), oh_str(nonce)) >= puzzle->bits) return nonce;
  }
}

static char *set_for(const struct oh_proof_of *of, uint32_t bits, struct oh_puzzle *puzzle) {
  struct oh_random random = test_random(&seed);
  struct oh_text ticket;
  oh_text_init(&ticket, 1024);
  oh_proof_set(of, &key, &random, NOW_S, bits, puzzle, &ticket);
  return oh_text_take(&ticket, NULL);
}

static bool is_good(const struct oh_proof_of *of, int64_t unix_s, const char *ticket, const char *nonce) {
  uint64_t serial;
  return oh_proof_is_good(of, &key, unix_s, oh_str(ticket), oh_str(nonce), &serial);
}

static void a_solved_puzzle_lets_in_whom_it_was_set_for(void **state) {
  (void)state;
  struct oh_puzzle puzzle;
  char *ticket = set_for(&ann, 12, &puzzle);
  const char *nonce = solve(&puzzle);
  assert_true(is_good(&ann, NOW_S, ticket, nonce));
  assert_true(is_good(&ann, NOW_S + OH_PROOF_S - 1, ticket, nonce));
  assert_false(is_good(&ann, NOW_S + OH_PROOF_S, ticket, nonce));
  assert_false(is_good(&ann, NOW_S - 1, ticket, nonce)); // the clock was set back: "once" may be forgotten
  struct oh_proof_of other = ann;
  other.site = "club";
  assert_false(is_good(&other, NOW_S, ticket, nonce));
  other = ann, other.origin = "https://evil.test";
  assert_false(is_good(&other, NOW_S, ticket, nonce));
  other = ann, other.address.ip[3] = 2;
  assert_false(is_good(&other, NOW_S, ticket, nonce));
  other = ann, other.address.port = 77; // a port is no network
  assert_true(is_good(&other, NOW_S, ticket, nonce));
  uint64_t serial;
  assert_false(oh_proof_is_good(&ann, &other_key, NOW_S, oh_str(ticket), oh_str(nonce), &serial));
  free(ticket);
}

static void ipv6_counts_by_its_network(void **state) {
  (void)state;
  struct oh_proof_of here = {"shop", "", {.family = OH_ADDR_V6, .ip = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9}}},
                     next = here;
  struct oh_puzzle puzzle;
  char *ticket = set_for(&here, 4, &puzzle);
  const char *nonce = solve(&puzzle);
  next.address.ip[15] = 1;
  assert_true(is_good(&next, NOW_S, ticket, nonce));
  next.address.ip[7] = 2;
  assert_false(is_good(&next, NOW_S, ticket, nonce));
  free(ticket);
}

static void a_nonce_that_solves_nothing_is_refused(void **state) {
  (void)state;
  struct oh_puzzle puzzle;
  char *ticket = set_for(&ann, 14, &puzzle), wrong[32];
  int refused = 0;
  for (int i = 0; i < 50; i++) {
    snprintf(wrong, sizeof wrong, "wrong %d", i);
    bool solves = oh_proof_zero_bits(oh_str(puzzle.challenge), oh_str(wrong)) >= 14;
    assert_int_equal(is_good(&ann, NOW_S, ticket, wrong), solves);
    refused += !solves;
  }
  assert_true(refused >= 49);
  char long_nonce[80];
  memset(long_nonce, 'x', 79);
  long_nonce[79] = 0;
  assert_false(is_good(&ann, NOW_S, ticket, long_nonce));
  assert_false(is_good(&ann, NOW_S, ticket, ""));
  const char *nonce = solve(&puzzle);
  for (size_t i = 0; ticket[i]; i++) { // nothing of it can be changed, its bits least of all
    char kept = ticket[i];
    ticket[i] = kept == 'A' ? 'B' : 'A';
    assert_false(is_good(&ann, NOW_S, ticket, nonce));
    ticket[i] = kept;
  }
  assert_true(is_good(&ann, NOW_S, ticket, nonce));
  free(ticket);
}

// printf 'abc' | sha256sum begins with ba78…, of 'hello' with 2cf2…
static void bits_are_counted_from_the_left(void **state) {
  (void)state;
  assert_int_equal(oh_proof_zero_bits(OH_STR("a"), OH_STR("bc")), 0);
  assert_int_equal(oh_proof_zero_bits(OH_STR("hel"), OH_STR("lo")), 2);
  assert_int_equal(oh_proof_zero_bits(OH_STR("hello"), OH_STR("")), 2);
}

static void a_seal_opens_for_its_own_purpose_only(void **state) {
  (void)state;
  struct oh_random random = test_random(&seed);
  struct oh_seal one, two;
  oh_seal_init(&one, &key, "one");
  oh_seal_init(&two, &key, "two");
  struct oh_text sealed, again, plain;
  oh_text_init(&sealed, 1024);
  oh_text_init(&again, 1024);
  oh_text_init(&plain, 1024);
  struct oh_bytes note = {(const uint8_t *)"note", 4};
  oh_seal_write(&one, &random, note, &sealed);
  oh_seal_write(&one, &random, note, &again);
  assert_string_not_equal(sealed.data, again.data);
  assert_null(strstr(sealed.data, "note"));
  assert_false(oh_seal_read(&two, oh_text_str(&sealed), &plain));
  assert_int_equal(plain.len, 0);
  assert_true(oh_seal_read(&one, oh_text_str(&sealed), &plain));
  assert_string_equal(plain.data, "note");
  for (size_t len = 0; len < sealed.len; len++)
    assert_false(oh_seal_read(&one, (struct oh_str){sealed.data, len}, &plain));
  oh_seal_fini(&one);
  oh_seal_fini(&two);
  oh_text_fini(&sealed);
  oh_text_fini(&again);
  oh_text_fini(&plain);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_solved_puzzle_lets_in_whom_it_was_set_for),
                                     cmocka_unit_test(ipv6_counts_by_its_network),
                                     cmocka_unit_test(a_nonce_that_solves_nothing_is_refused),
                                     cmocka_unit_test(bits_are_counted_from_the_left),
                                     cmocka_unit_test(a_seal_opens_for_its_own_purpose_only)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
