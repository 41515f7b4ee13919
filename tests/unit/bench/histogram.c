// histogram.c — percentiles against sorting.
#include "bench/histogram.h"
#include "tests/unit/test.h"

static struct oh_histogram h;

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

static void small_values_are_exact(void **state) {
  (void)state;
  h = (struct oh_histogram){0};
  assert_int_equal(oh_histogram_at(&h, 50000), 0);
  for (int64_t v = 1; v <= 20; v++)
    oh_histogram_add(&h, v);
  assert_int_equal(oh_histogram_at(&h, 0), 1);
  assert_int_equal(oh_histogram_at(&h, 50000), 10);
  assert_int_equal(oh_histogram_at(&h, 50001), 11);
  assert_int_equal(oh_histogram_at(&h, 95000), 19);
  assert_int_equal(oh_histogram_at(&h, 100000), 20);
  assert_int_equal(h.sum, 210);
}

static void large_values_within_a_bucket(void **state) {
  (void)state;
  static int64_t values[20000];
  uint64_t seed = 3;
  for (unsigned max = 6; max < 41; max += 5) {
    h = (struct oh_histogram){0};
    for (size_t i = 0; i < 20000; i++) {
      values[i] = (int64_t)(test_next(&seed) >> (64 - 1 - test_next(&seed) % max));
      oh_histogram_add(&h, values[i]);
    }
    qsort(values, 20000, sizeof values[0], compare);
    static const uint32_t asked[] = {1000, 50000, 90000, 99000, 99900, 100000};
    for (size_t i = 0; i < 6; i++) {
      int64_t exact = values[(uint64_t)asked[i] * 20000 / 100000 - 1], got = oh_histogram_at(&h, asked[i]);
      assert_in_range(got, exact, exact + exact / 31);
    }
  }
}

static void ends_of_the_scale(void **state) {
  (void)state;
  h = (struct oh_histogram){0};
  oh_histogram_add(&h, -5);
  oh_histogram_add(&h, INT64_MAX);
  assert_int_equal(oh_histogram_at(&h, 50000), 0);
  assert_int_equal(oh_histogram_at(&h, 100000), (INT64_C(1) << 41) - 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_values_are_exact),
      cmocka_unit_test(large_values_within_a_bucket),
      cmocka_unit_test(ends_of_the_scale),
  };
  return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
