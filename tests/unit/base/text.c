// text.c — strings, the builder, UTF-8 and byte cursors.
#include "base/text.h"
#include "base/bytes.h"
#include "tests/unit/test.h"

static void cut_and_trim(void **state) {
  (void)state;
  struct oh_str rest = OH_STR("a, b,c");
  assert_true(oh_str_eq(oh_str_cut(&rest, ','), OH_STR("a")));
  assert_true(oh_str_eq(oh_str_trim(oh_str_cut(&rest, ',')), OH_STR("b")));
  assert_true(oh_str_eq(oh_str_cut(&rest, ','), OH_STR("c")));
  assert_int_equal(rest.len, 0);
  assert_true(oh_str_eq_nocase(OH_STR("Content-Length"), OH_STR("content-length")));
}

static void numbers_refuse_overflow(void **state) {
  (void)state;
  uint64_t v;
  assert_true(oh_str_to_u64(OH_STR("18446744073709551615"), UINT64_MAX, &v) && v == UINT64_MAX);
  assert_false(oh_str_to_u64(OH_STR("18446744073709551616"), UINT64_MAX, &v));
  assert_false(oh_str_to_u64(OH_STR("65536"), 65535, &v));
  assert_false(oh_str_to_u64(OH_STR("-1"), 10, &v));
  assert_false(oh_str_to_u64(OH_STR(""), 10, &v));
}

static void utf8_is_strict(void **state) {
  (void)state;
  assert_true(oh_str_is_utf8(OH_STR("Grüße 😀")));
  assert_false(oh_str_is_utf8(OH_STR("\xC0\x80")));         // overlong NUL
  assert_false(oh_str_is_utf8(OH_STR("\xED\xA0\x80")));     // surrogate
  assert_false(oh_str_is_utf8(OH_STR("\xF4\x90\x80\x80"))); // above U+10FFFF
  assert_false(oh_str_is_utf8(OH_STR("\xE2\x82")));         // cut short
  assert_false(oh_str_is_utf8(OH_STR("a\0b")));
}

static void builder_is_bounded(void **state) {
  (void)state;
  struct oh_text t;
  oh_text_init(&t, 8);
  oh_text_addf(&t, "%d-%s", 12, "abc");
  assert_true(oh_str_eq(oh_text_str(&t), OH_STR("12-abc")));
  oh_text_adds(&t, "xyz"); // does not fit: left out whole
  assert_true(t.failed);
  assert_true(oh_str_eq(oh_text_str(&t), OH_STR("12-abc")));
  assert_null(oh_text_take(&t, NULL));
  oh_text_fini(&t);
}

static void cursors_stop_at_the_end(void **state) {
  (void)state;
  uint8_t buffer[8];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  oh_write_u16_be(&w, 0x1234);
  oh_write_u32_be(&w, 0xdeadbeef);
  oh_write_u32_be(&w, 1);
  assert_true(w.failed);
  assert_int_equal(oh_writer_len(&w), 6);
  struct oh_reader r = oh_reader(buffer, 6);
  assert_int_equal(oh_read_u16_be(&r), 0x1234);
  assert_int_equal(oh_read_u32_be(&r), 0xdeadbeef);
  assert_false(r.failed);
  assert_int_equal(oh_read_u8(&r), 0);
  assert_true(r.failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cut_and_trim),
      cmocka_unit_test(numbers_refuse_overflow),
      cmocka_unit_test(utf8_is_strict),
      cmocka_unit_test(builder_is_bounded),
      cmocka_unit_test(cursors_stop_at_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
