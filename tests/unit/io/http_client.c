// http_client.c — requests that we make: answers, limits, TLS, an end in the middle; against our own server.
#include "io/http_client.h"
#include "base/limits.h"
#include "io/clock.h"
#include "tests/unit/io/certificate.h"
#include "tests/unit/io/house.h"
#include "tests/unit/test.h"
#include <unistd.h>
#include <uv.h>

struct scene {
  uv_loop_t loop;
  struct oh_world world;
  struct oh_http_client *client;
  struct house *house;
  int done, status;
  char trouble[256], body[256];
  size_t body_len;
};

static void quiet(void *ctx, enum oh_log_level level, const char *message, const char *fields) {
  (void)ctx, (void)level, (void)message, (void)fields;
}

static void open_scene(struct scene *scene, struct oh_tls *tls, const char *ca_file) {
  *scene = (struct scene){.world = {.log = {.level = OH_LOG_ERROR, .line = quiet}}};
  scene->house = house_open(tls, 0);
  assert_int_equal(uv_loop_init(&scene->loop), 0);
  scene->client = oh_http_client_open(&scene->loop, &scene->world, "offhook-test", ca_file);
}

static void close_scene(struct scene *scene) {
  oh_http_client_close(scene->client);
  uv_run(&scene->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&scene->loop), 0);
  house_close(scene->house);
}

static void on_done(void *ctx, int64_t now_us, const struct oh_http_fetched *answer) {
  struct scene *scene = ctx;
  assert_true(now_us > 0);
  scene->done++;
  scene->status = answer->status;
  scene->body_len = answer->body.len;
  snprintf(scene->trouble, sizeof scene->trouble, "%s", answer->trouble);
  snprintf(scene->body, sizeof scene->body, "%.*s", (int)answer->body.len, (const char *)answer->body.data);
}

static bool ask(struct scene *scene, const char *url, const char *body, size_t max, uint32_t timeout_ms) {
  static const char *const fields[] = {"X-Test: yes"};
  const struct oh_http_fetch fetch = {.url = url,
                                      .fields = fields,
                                      .field_count = 1,
                                      .body = {(const uint8_t *)body, body ? strlen(body) : 0},
                                      .answer_bytes_max = max,
                                      .timeout_ms = timeout_ms,
                                      .done = on_done,
                                      .ctx = scene};
  return oh_http_fetch(scene->client, &fetch);
}

static void wait_for(struct scene *scene, int done) {
  while (scene->done < done)
    uv_run(&scene->loop, UV_RUN_ONCE);
}

static const char *url_of(const struct scene *scene, const char *scheme, const char *host, const char *path) {
  static char url[256];
  snprintf(url, sizeof url, "%s://%s:%u%s", scheme, host, house_port(scene->house), path);
  return url;
}

static void answers_come_back(void **state) {
  (void)state;
  struct scene scene;
  open_scene(&scene, NULL, NULL);
  assert_true(ask(&scene, url_of(&scene, "http", "127.0.0.1", "/keys?a=b"), NULL, 1000, 8000));
  assert_int_equal(scene.done, 0); // never from inside
  wait_for(&scene, 1);
  assert_int_equal(scene.status, 200);
  assert_string_equal(scene.body, "/keys?a=b");
  assert_true(ask(&scene, url_of(&scene, "http", "127.0.0.1", "/body"), "hello there", 1000, 8000));
  wait_for(&scene, 2);
  assert_int_equal(scene.status, 200);
  assert_string_equal(scene.body, "hello there");
  for (int i = 0; i < 20; i++)
    assert_true(ask(&scene, url_of(&scene, "http", "127.0.0.1", "/later"), NULL, 1000, 8000));
  wait_for(&scene, 22);
  assert_int_equal(scene.status, 200);
  assert_int_equal(scene.world.counters.value[OH_COUNT_fetches_answered], 22);
  close_scene(&scene);
}

static void what_is_too_large_or_too_slow_is_no_answer(void **state) {
  (void)state;
  struct scene scene;
  open_scene(&scene, NULL, NULL);
  assert_true(ask(&scene, url_of(&scene, "http", "127.0.0.1", "/big"), NULL, 100000, 8000));
  wait_for(&scene, 1);
  assert_int_equal(scene.status, 0);
  assert_string_equal(scene.trouble, "the answer is too large");
  assert_int_equal(scene.body_len, 0);
  int64_t start_us = oh_clock_us();
  assert_true(ask(&scene, url_of(&scene, "http", "127.0.0.1", "/hold"), NULL, 1000, 200));
  wait_for(&scene, 2);
  assert_int_equal(scene.status, 0);
  assert_true(oh_clock_us() - start_us >= 150000);
  assert_true(strlen(scene.trouble) > 0);
  assert_true(ask(&scene, "http://127.0.0.1:1/", NULL, 1000, 2000)); // nobody listens there
  wait_for(&scene, 3);
  assert_int_equal(scene.status, 0);
  assert_int_equal(scene.world.counters.value[OH_COUNT_fetches_failed], 3);
  close_scene(&scene);
}

static void a_status_may_be_all_that_counts(void **state) {
  (void)state;
  struct scene scene;
  open_scene(&scene, NULL, NULL);
  struct oh_http_fetch fetch = {.url = url_of(&scene, "http", "127.0.0.1", "/big"),
                                .answer_bytes_max = 1000,
                                .timeout_ms = 8000,
                                .status_only = true,
                                .done = on_done,
                                .ctx = &scene};
  assert_true(oh_http_fetch(scene.client, &fetch));
  wait_for(&scene, 1);
  assert_int_equal(scene.status, 200);
  assert_int_equal(scene.body_len, 0);
  fetch.url = url_of(&scene, "http", "127.0.0.1", "/hold");
  fetch.timeout_ms = 200;
  assert_true(oh_http_fetch(scene.client, &fetch));
  wait_for(&scene, 2);
  assert_int_equal(scene.status, 0); // none came
  close_scene(&scene);
}

static void closing_ends_what_is_under_way(void **state) {
  (void)state;
  struct scene scene;
  open_scene(&scene, NULL, NULL);
  for (int i = 0; i < 3; i++)
    assert_true(ask(&scene, url_of(&scene, "http", "127.0.0.1", "/hold"), NULL, 1000, 60000));
  for (int i = 0; i < 10; i++)
    uv_run(&scene.loop, UV_RUN_NOWAIT);
  assert_int_equal(scene.done, 0);
  close_scene(&scene);
  assert_int_equal(scene.done, 3);
  assert_int_equal(scene.status, 0);
  assert_string_equal(scene.trouble, "the program ends");
}

static void no_more_than_the_limit_at_once(void **state) {
  (void)state;
  struct scene scene;
  open_scene(&scene, NULL, NULL);
  for (int i = 0; i < OH_FETCHES_MAX; i++)
    assert_true(ask(&scene, "http://127.0.0.1:1/", NULL, 1000, 2000));
  assert_false(ask(&scene, "http://127.0.0.1:1/", NULL, 1000, 2000));
  wait_for(&scene, OH_FETCHES_MAX);
  assert_true(ask(&scene, "http://127.0.0.1:1/", NULL, 1000, 2000));
  close_scene(&scene);
}

static void certificates_are_checked(void **state) {
  (void)state;
  char dir[] = "/tmp/offhook-fetch-XXXXXX", cert[64], key[64], other[64], error[OH_TLS_ERROR_MAX];
  assert_non_null(mkdtemp(dir));
  certificate_write(dir, "right", "localhost");
  certificate_write(dir, "other", "localhost");
  snprintf(cert, sizeof cert, "%s/right.crt", dir);
  snprintf(key, sizeof key, "%s/right.key", dir);
  snprintf(other, sizeof other, "%s/other.crt", dir);
  static const struct {
    const char *trusted, *host;
    int status;
  } cases[] = {{"right", "localhost", 200},
               {"right", "127.0.0.1", 200},
               {"right", "127.0.0.2", 0},
               {"other", "localhost", 0},
               {NULL, "localhost", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct scene scene;
    struct oh_tls *tls = oh_tls_open_server(cert, key, error);
    assert_non_null(tls);
    const char *ca = !cases[i].trusted ? NULL : strcmp(cases[i].trusted, "right") ? other : cert;
    open_scene(&scene, tls, ca);
    assert_true(ask(&scene, url_of(&scene, "https", cases[i].host, "/keys"), NULL, 1000, 8000));
    wait_for(&scene, 1);
    assert_int_equal(scene.status, cases[i].status);
    if (!cases[i].status) assert_true(strlen(scene.trouble) > 0);
    close_scene(&scene);
    oh_tls_close(tls);
  }
  const char *const files[] = {"right.crt", "right.key", "other.crt", "other.key"};
  for (int i = 0; i < 4; i++) {
    char path[64];
    snprintf(path, sizeof path, "%s/%s", dir, files[i]);
    unlink(path);
  }
  rmdir(dir);
}

static void only_safe_urls(void **state) {
  (void)state;
  static const char *const good[] = {"https://clerk.example.com/.well-known/jwks.json",
                                     "https://example.com:8443/a?b=c",
                                     "https://example.com",
                                     "https://[2001:db8::1]:8443/keys",
                                     "https://[2001:db8::1]",
                                     "http://localhost:3000/keys",
                                     "http://127.0.0.1/keys",
                                     "http://[::1]:80/keys"};
  static const char *const bad[] = {"",
                                    "https://",
                                    "https:///path",
                                    "example.com",
                                    "ftp://example.com/",
                                    "file:///etc/passwd",
                                    "gopher://localhost/",
                                    "HTTPS://example.com/",
                                    "http://example.com/keys",
                                    "http://127.0.0.1.example.com/",
                                    "http://localhost.example.com/",
                                    "http://localhost@example.com/",
                                    "http://127.0.0.1@example.com/",
                                    "https://user:pass@example.com/",
                                    "https://exa mple.com/",
                                    "https://example.com/\r\nX: y",
                                    "https://example.com/#x",
                                    "https://example.com\\@localhost/",
                                    "https://example.com:0/",
                                    "https://example.com:65536/",
                                    "https://example.com:/",
                                    "https://example.com:x/",
                                    "https://[::1/",
                                    "https://[::1]x/",
                                    "https://b\xc3\xbc\x63her.example/",
                                    "http://0/",
                                    "http://169.254.169.254/latest/meta-data"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(oh_http_url_is_safe(oh_str(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (oh_http_url_is_safe(oh_str(bad[i]))) fail_msg("taken for safe: %s", bad[i]);
  char longest[OH_FETCH_URL_MAX + 2] = "https://example.com/";
  memset(longest + 20, 'a', sizeof longest - 21);
  assert_false(oh_http_url_is_safe((struct oh_str){longest, OH_FETCH_URL_MAX + 1}));
  assert_true(oh_http_url_is_safe((struct oh_str){longest, OH_FETCH_URL_MAX}));
  struct scene scene;
  open_scene(&scene, NULL, NULL);
  assert_false(ask(&scene, "http://example.com/", NULL, 1000, 1000));
  // what the operator wrote may be plain, but is a URL nevertheless
  static const char *const refused[] = {"http://a@b.example/", "ftp://b.example/", "http://b.example/#x",
                                        "http:///x"};
  assert_true(oh_http_url_is_sound(OH_STR("http://b.example:8080/hook?x=y")));
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    assert_false(oh_http_url_is_sound(oh_str(refused[i])));
  const struct oh_http_fetch plain = {.url = "http://127.0.0.2:1/", // no name of loopback's that we know
                                      .answer_bytes_max = 10,
                                      .timeout_ms = 1000,
                                      .plain_anywhere = true,
                                      .done = on_done,
                                      .ctx = &scene};
  assert_false(ask(&scene, plain.url, NULL, 10, 1000));
  assert_true(oh_http_fetch(scene.client, &plain));
  wait_for(&scene, 1);
  close_scene(&scene);
}

// A proxy that somebody exported for other programs must not see our requests.
static void no_proxy_of_the_environment(void **state) {
  (void)state;
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  struct scene scene;
  open_scene(&scene, NULL, NULL);
  assert_true(ask(&scene, url_of(&scene, "http", "127.0.0.1", "/x"), NULL, 1000, 8000));
  wait_for(&scene, 1);
  assert_int_equal(scene.status, 200);
  close_scene(&scene);
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_come_back),
      cmocka_unit_test(what_is_too_large_or_too_slow_is_no_answer),
      cmocka_unit_test(a_status_may_be_all_that_counts),
      cmocka_unit_test(closing_ends_what_is_under_way),
      cmocka_unit_test(no_more_than_the_limit_at_once),
      cmocka_unit_test(certificates_are_checked),
      cmocka_unit_test(only_safe_urls),
      cmocka_unit_test(no_proxy_of_the_environment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
