// log_sink.c — what a log line looks like, and that no secret gets into one.
#include "app/log_sink.h"
#include "tests/unit/test.h"
#include <unistd.h>

static struct oh_text line;

static const char *format(bool json, const char *message, const char *fields) {
  oh_text_fini(&line);
  oh_text_init(&line, 8192);
  oh_log_format(json, 1790000000123456, OH_LOG_INFO, "main", message, fields, 0, &line);
  return line.data;
}

static void text_and_json(void **state) {
  (void)state;
  assert_string_equal(format(false, "joined", "room=r name=Ann Lee n=3"),
                      "2026-09-21T14:13:20.123Z info  joined room=r name=\"Ann Lee\" n=3\n");
  assert_string_equal(format(true, "joined", "room=r name=A\"n"),
                      "{\"time\":\"2026-09-21T14:13:20.123Z\",\"level\":\"info\",\"thread\":\"main\","
                      "\"message\":\"joined\",\"room\":\"r\",\"name\":\"A\\\"n\"}\n");
  assert_string_equal(format(false, "x", ""), "2026-09-21T14:13:20.123Z info  x\n");
}

static void secrets_are_left_out(void **state) {
  (void)state;
  const char *const hiding[] = {
      "url=/rtc?access_token=eyJhbGciOi.eyJpc3Mi.SECRETsig&protocol=9",
      "url=/rtc/v1?join_request=SECRET&x=1",
      "authorization=Bearer SECRET",
      "text=see eyJhbGciOiJIUzI1NiJ9.SECRET.SECRET here",
      "url=/?invite=SECRET",
  };
  for (size_t i = 0; i < sizeof hiding / sizeof hiding[0]; i++)
    for (int json = 0; json < 2; json++) {
      const char *text = format(json, "request", hiding[i]);
      if (strstr(text, "SECRET") || !strstr(text, "(redacted)")) fail_msg("%s", text);
    }
  assert_non_null(strstr(format(false, "request", hiding[0]), "protocol=9"));
}

static void control_characters_are_replaced(void **state) {
  (void)state;
  assert_null(strchr(format(true, "a\nb\x1b", ""), '\x1b'));
  const char *text = format(false, "a\nb", "k=v\r\nx");
  assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void repeats_are_bounded(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  struct oh_log_sink sink = {.fd = ends[1], .thread = "t"};
  struct oh_log log = oh_log_sink(&sink, OH_LOG_INFO);
  for (int i = 0; i < 200; i++)
    oh_log(&log, OH_LOG_INFO, "again", "n=%d", i);
  oh_log(&log, OH_LOG_DEBUG, "below the level", "n=%d", 1);
  close(ends[1]);
  static char text[65536];
  ssize_t len = read(ends[0], text, sizeof text - 1);
  assert_true(len > 0);
  text[len] = 0;
  int lines = 0;
  for (const char *p = text; *p; p++)
    lines += *p == '\n';
  assert_in_range(lines, OH_LOG_PER_SECOND, 2 * OH_LOG_PER_SECOND + 2); // a second may turn meanwhile
  assert_null(strstr(text, "below the level"));
  close(ends[0]);
}

static int tidy(void **state) {
  (void)state;
  oh_text_fini(&line);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(text_and_json), cmocka_unit_test(secrets_are_left_out),
                                     cmocka_unit_test(control_characters_are_replaced),
                                     cmocka_unit_test(repeats_are_bounded)};
  return cmocka_run_group_tests(tests, NULL, tidy);
}
