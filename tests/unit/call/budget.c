// budget.c — token buckets: the sum over time is exact, addresses do not share, memory does not grow.
#include "call/budget.h"
#include "tests/unit/test.h"

static const uint8_t secret[16] = "0123456789abcdef";

static struct oh_addr v4(uint32_t n) {
  return (struct oh_addr){.family = OH_ADDR_V4,
                          .ip = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static struct oh_budget *new_budget(void) {
  struct oh_budget *budget = malloc(sizeof *budget);
  assert_non_null(budget);
  oh_budget_init(budget, secret);
  return budget;
}

static void grants_a_full_bucket_then_refills_evenly(void **state) {
  (void)state;
  struct oh_budget *budget = new_budget();
  struct oh_addr a = v4(1);
  uint32_t retry_s;
  int64_t now_us = 5000000;
  for (int i = 0; i < 60; i++)
    assert_true(oh_budget_take(budget, now_us, &a, 60, &retry_s));
  assert_false(oh_budget_take(budget, now_us, &a, 60, &retry_s));
  assert_int_equal(retry_s, 1);
  assert_false(oh_budget_take(budget, now_us + 999999, &a, 60, &retry_s));
  assert_true(oh_budget_take(budget, now_us + 1000000, &a, 60, &retry_s));
  assert_false(oh_budget_take(budget, now_us + 1000000, &a, 60, &retry_s));
  free(budget);
}

static void grants_exactly_the_budget_over_an_hour(void **state) {
  (void)state;
  struct oh_budget *budget = new_budget();
  struct oh_addr a = v4(1);
  uint32_t retry_s;
  int granted = 0;
  for (int64_t now_us = 0; now_us < 3600LL * 1000000; now_us += 50000)
    granted += oh_budget_take(budget, now_us, &a, 30, &retry_s);
  assert_int_equal(granted, 30 + 3600 / 2 - 1); // a bucketful, then one each 2 s
  free(budget);
}

static void keeps_addresses_apart(void **state) {
  (void)state;
  struct oh_budget *budget = new_budget();
  uint32_t retry_s;
  for (uint32_t n = 0; n < 1000; n++) {
    struct oh_addr a = v4(n);
    assert_true(oh_budget_take(budget, 1, &a, 1, &retry_s));
  }
  int refused = 0;
  for (uint32_t n = 0; n < 1000; n++) {
    struct oh_addr a = v4(n);
    refused += !oh_budget_take(budget, 2, &a, 1, &retry_s);
  }
  assert_int_equal(refused, 1000);
  assert_int_equal(retry_s, 60);
  free(budget);
}

static void counts_an_ipv6_network_as_one(void **state) {
  (void)state;
  struct oh_budget *budget = new_budget();
  uint32_t retry_s;
  struct oh_addr a = {.family = OH_ADDR_V6, .ip = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1}};
  struct oh_addr b = a, other = a;
  b.ip[15] = 77, other.ip[7] = 2;
  assert_true(oh_budget_take(budget, 1, &a, 1, &retry_s));
  assert_false(oh_budget_take(budget, 1, &b, 1, &retry_s));
  assert_true(oh_budget_take(budget, 1, &other, 1, &retry_s));
  free(budget);
}

static void zero_is_no_limit(void **state) {
  (void)state;
  struct oh_budget *budget = new_budget();
  struct oh_addr a = v4(1);
  uint32_t retry_s;
  for (int i = 0; i < 10000; i++)
    assert_true(oh_budget_take(budget, 1, &a, 0, &retry_s));
  free(budget);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(grants_a_full_bucket_then_refills_evenly),
      cmocka_unit_test(grants_exactly_the_budget_over_an_hour), cmocka_unit_test(keeps_addresses_apart),
      cmocka_unit_test(counts_an_ipv6_network_as_one), cmocka_unit_test(zero_is_no_limit)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
