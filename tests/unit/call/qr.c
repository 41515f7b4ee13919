// qr.c — call links as QR codes (that cameras read them, tests/conformance/doors.test.mjs proves).
#include "call/qr.h"
#include "tests/unit/test.h"

static void it_is_one_safe_svg(void **state) {
  (void)state;
  struct oh_text svg;
  oh_text_init(&svg, 1 << 20);
  assert_true(oh_qr_write_svg(OH_STR("https://call.test/c/shop"), "A & B <script>\x01", &svg));
  assert_non_null(strstr(svg.data, "<title>A &amp; B &lt;script&gt; </title>"));
  assert_int_equal(strncmp(svg.data, "<svg xmlns=", 11), 0);
  assert_null(strstr(svg.data, "<script"));
  assert_null(strstr(svg.data, "style="));
  oh_text_fini(&svg);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  struct oh_text svg;
  oh_text_init(&svg, 1 << 20);
  char text[OH_QR_TEXT_MAX + 1];
  memset(text, 'x', sizeof text);
  assert_false(oh_qr_write_svg(OH_STR(""), "", &svg));
  assert_false(oh_qr_write_svg((struct oh_str){text, sizeof text}, "", &svg));
  assert_false(oh_qr_write_svg((struct oh_str){"a\0b", 3}, "", &svg));
  assert_int_equal(svg.len, 0);
  assert_true(oh_qr_write_svg((struct oh_str){text, OH_QR_TEXT_MAX}, "", &svg));
  assert_false(svg.failed);
  oh_text_fini(&svg);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_one_safe_svg),
                                     cmocka_unit_test(what_does_not_fit_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
