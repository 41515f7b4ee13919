// event.c — what buttons report: which events are taken, how they are counted and written.
#include "base/limits.h"
#include "call/tally.h"
#include "tests/unit/test.h"

static bool read_text(const char *json, struct oh_event_batch *batch) {
  return oh_event_read((struct oh_bytes){(const uint8_t *)json, strlen(json)}, batch);
}

static void a_batch_is_read(void **state) {
  (void)state;
  struct oh_event_batch batch;
  assert_true(
      read_text("{\"site\":\"shop\",\"call\":\"CA_1\",\"events\":["
                "{\"name\":\"error\",\"ageMs\":1500,\"code\":\"MIC_DENIED\",\"phase\":\"requesting-mic\"},"
                "{\"name\":\"connected\",\"totalMs\":812.5,\"route\":\"udp\",\"tokenMs\":-1}]}",
                &batch));
  assert_string_equal(batch.site, "shop");
  assert_string_equal(batch.call, "CA_1");
  assert_int_equal(batch.count, 2);
  assert_int_equal(batch.refused, 0);
  assert_string_equal(batch.events[0].kind->name, "error");
  assert_int_equal(batch.events[0].age_ms, 1500);
  struct oh_text json;
  oh_text_init(&json, 1000);
  oh_event_write(&batch.events[0], &json);
  oh_event_write(&batch.events[1], &json); // a number out of its range is left out
  assert_string_equal(
      json.data,
      "{\"code\":\"MIC_DENIED\",\"phase\":\"requesting-mic\"}{\"route\":\"udp\",\"totalMs\":812.5}");
  oh_text_fini(&json);
  oh_event_batch_fini(&batch);
}

static void what_is_not_in_the_table_is_not_taken(void **state) {
  (void)state;
  struct oh_event_batch batch;
  assert_true(read_text(
      "{\"events\":[{\"name\":\"keystroke\"},{\"name\":\"error\"},{\"name\":\"error\",\"code\":\"X\"},"
      "5,null,{\"name\":7},{\"name\":\"open\",\"email\":\"a@b.test\",\"ageMs\":1e300}]}",
      &batch));
  assert_int_equal(batch.count, 1);
  assert_int_equal(batch.refused, 6);
  assert_int_equal(batch.events[0].age_ms, 0);
  struct oh_text json;
  oh_text_init(&json, 1000);
  oh_event_write(&batch.events[0], &json);
  assert_string_equal(json.data, "{}"); // no word of a person
  oh_text_fini(&json);
  oh_event_batch_fini(&batch);
}

static void bad_bodies_are_refused(void **state) {
  (void)state;
  const char *const bad[] = {"",
                             "x",
                             "[]",
                             "{}",
                             "{\"events\":{}}",
                             "{\"site\":\"a b\",\"events\":[]}",
                             "{\"site\":7,\"events\":[]}",
                             "{\"site\":\"../etc\",\"events\":[]}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct oh_event_batch batch;
    if (read_text(bad[i], &batch)) fail_msg("%s was taken", bad[i]);
  }
  struct oh_text many;
  oh_text_init(&many, 65536);
  oh_text_adds(&many, "{\"events\":[{\"name\":\"open\"}");
  for (int i = 1; i < OH_EVENTS_MAX; i++)
    oh_text_adds(&many, ",{\"name\":\"open\"}");
  size_t most = many.len;
  struct oh_event_batch batch;
  oh_text_adds(&many, "]}");
  assert_true(read_text(many.data, &batch));
  assert_int_equal(batch.count, OH_EVENTS_MAX);
  oh_event_batch_fini(&batch);
  many.len = most;
  oh_text_adds(&many, ",{\"name\":\"open\"}]}");
  assert_false(read_text(many.data, &batch));
  oh_text_fini(&many);
}

static void browsers_are_families(void **state) {
  (void)state;
  static const struct {
    const char *agent, *browser, *os, *device;
  } cases[] = {
      {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "firefox", "linux",
       "desktop"},
      {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
       "Safari/537.36 Edg/120.0.0.0",
       "edge", "windows", "desktop"},
      {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
       "Version/17.0 Mobile/15E148 Safari/604.1",
       "safari", "ios", "mobile"},
      {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile "
       "Safari/537.36",
       "chrome", "android", "mobile"},
      {"", "other", "other", "desktop"},
      {"curl/8", "other", "other", "desktop"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct oh_event_client client = oh_event_client_of(oh_str(cases[i].agent));
    assert_string_equal(client.browser, cases[i].browser);
    assert_string_equal(client.os, cases[i].os);
    assert_string_equal(client.device, cases[i].device);
  }
}

static void has(const struct oh_text *metrics, const char *line) {
  if (!strstr(metrics->data, line)) fail_msg("no %s in\n%s", line, metrics->data);
}

static void events_count_in_metrics(void **state) {
  (void)state;
  struct oh_tally *tally = oh_tally_open();
  struct oh_event_client client = oh_event_client_of(oh_str("Firefox/128 (X11; Linux x86_64)"));
  struct oh_event_batch batch;
  assert_true(
      read_text("{\"events\":[{\"name\":\"error\",\"code\":\"MIC_DENIED\",\"phase\":\"requesting-mic\"},"
                "{\"name\":\"error\",\"code\":\"MIC_DENIED\"},{\"name\":\"start\",\"variant\":\"inline\"},"
                "{\"name\":\"connected\",\"route\":\"tcp\",\"totalMs\":900,\"signalMs\":40},"
                "{\"name\":\"quality\",\"lossPct\":2,\"rttMs\":30000}]}",
                &batch));
  for (uint32_t i = 0; i < batch.count; i++)
    oh_tally_add(tally, &batch.events[i], client);
  struct oh_text out;
  oh_text_init(&out, 1 << 18);
  oh_tally_write(tally, &out);
  has(&out, "\noffhook_call_failures_total{code=\"MIC_DENIED\",phase=\"requesting-mic\"} 1\n");
  has(&out, "\noffhook_call_failures_total{code=\"MIC_DENIED\"} 1\n");
  has(&out, "\noffhook_call_starts_total{variant=\"inline\"} 1\n");
  has(&out, "\noffhook_call_connected_total{route=\"tcp\"} 1\n");
  has(&out, "\noffhook_call_setup_seconds_bucket{phase=\"total\",le=\"0.8\"} 0\n");
  has(&out, "\noffhook_call_setup_seconds_bucket{phase=\"total\",le=\"1.2\"} 1\n");
  has(&out, "\noffhook_call_setup_seconds_sum{phase=\"total\"} 0.9\n");
  has(&out, "\noffhook_call_setup_seconds_count{phase=\"token\"} 0\n");
  has(&out, "\noffhook_packet_loss_ratio_bucket{le=\"0.02\"} 1\n");
  has(&out, "\noffhook_rtt_seconds_bucket{le=\"2\"} 0\n");
  has(&out, "\noffhook_rtt_seconds_bucket{le=\"+Inf\"} 1\n");
  has(&out, "\noffhook_client_total{browser=\"firefox\",os=\"linux\",device=\"desktop\"} 1\n");
  // one head per metric, however many phases it has
  const char *head = strstr(out.data, "# TYPE offhook_call_setup_seconds histogram");
  assert_non_null(head);
  assert_null(strstr(head + 1, "# TYPE offhook_call_setup_seconds histogram"));
  oh_text_fini(&out);
  oh_event_batch_fini(&batch);
  oh_tally_close(tally);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_batch_is_read),         cmocka_unit_test(what_is_not_in_the_table_is_not_taken),
      cmocka_unit_test(bad_bodies_are_refused),  cmocka_unit_test(browsers_are_families),
      cmocka_unit_test(events_count_in_metrics),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
