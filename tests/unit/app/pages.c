// pages.c — embedded files at their addresses, with a table of our own in place of the built one.
#include "app/pages.h"
#include "tests/unit/test.h"
#include <stdlib.h>

#define BODY(text)                                                                                           \
  { (const uint8_t *)(text), sizeof(text) - 1 }
const struct oh_page_file oh_page_files[] = {
    {.path = "/assets/a-ABCDEFGH.js",
     .type = "text/javascript",
     .etag = "a",
     .is_immutable = true,
     .identity = BODY("a")},
    {.path = "/call.html", .type = "text/html; charset=utf-8", .etag = "c", .identity = BODY("call")},
    {.path = "/designer.html", .type = "text/html; charset=utf-8", .etag = "d", .identity = BODY("designer")},
    {.path = "/embed.html",
     .type = "text/html; charset=utf-8",
     .etag = "e",
     .identity = BODY("embed"),
     .br = BODY("brotli")},
    {.path = "/index.html", .type = "text/html; charset=utf-8", .etag = "i", .identity = BODY("index")},
    {.path = "/offhook.js",
     .type = "text/javascript",
     .etag = "o",
     .is_shared = true,
     .identity = BODY("loader")},
    {.path = "/offhook/panel-ABCDEFGH.js",
     .type = "text/javascript",
     .etag = "p",
     .is_shared = true,
     .is_immutable = true,
     .identity = BODY("panel")},
    {.path = "/r/button.json",
     .type = "application/json",
     .etag = "r",
     .is_shared = true,
     .identity = BODY("{}")},
};
const size_t oh_page_file_count = sizeof oh_page_files / sizeof oh_page_files[0];

// What the HTTP door was given.
static int status;
static char fields[65536], body[64];
bool oh_http_respond(struct oh_http_server *server, oh_id conn, const struct oh_http_response *response) {
  (void)server, (void)conn;
  status = response->status;
  snprintf(fields, sizeof fields, "%.*s", OH_STR_ARG(response->fields));
  snprintf(body, sizeof body, "%.*s", (int)response->body.len, (const char *)response->body.data);
  return true;
}

static char *framers[] = {(char *)(uintptr_t) "https://*.garden.example",
                          (char *)(uintptr_t) "http://localhost:3000/",
                          (char *)(uintptr_t) "https://x.test; script-src *"};
static struct oh_site sites[] = {{.id = (char *)(uintptr_t) "default"},
                                 {.id = (char *)(uintptr_t) "garden", .allowed_origins = {framers, 3}}};
static struct oh_config config = {.sites = {sites, 2}};
static struct oh_web web = {.config = &config};

static bool get(const char *path, const char *name, const char *value) {
  struct oh_http_request request = {.method = OH_STR("GET"), .path = oh_str(path), .field_count = 2};
  request.fields[0] = (struct oh_http_field){OH_STR("Host"), OH_STR("call.test")};
  request.fields[1] = (struct oh_http_field){oh_str(name), oh_str(value)};
  status = 0;
  *fields = *body = 0;
  return oh_pages_answer(&web, 1, &request);
}

static bool has(const char *line) {
  return strstr(fields, line) != NULL;
}

static void any_page_may_load_the_button(void **state) {
  (void)state;
  assert_true(get("/offhook.js", "Origin", "https://any.test"));
  assert_string_equal(body, "loader");
  assert_true(has("Access-Control-Allow-Origin: *\r\n"));
  assert_true(has("Cross-Origin-Resource-Policy: cross-origin\r\n"));
  assert_true(has("Cache-Control: public, max-age=300"));
  assert_true(has("ETag: \"o\"\r\n"));
  assert_true(get("/offhook.js", "If-None-Match", "\"x\", W/\"o\""));
  assert_int_equal(status, 304);
  assert_true(get("/offhook/panel-ABCDEFGH.js", "X", ""));
  assert_true(has("immutable\r\n") && has("Access-Control-Allow-Origin: *\r\n"));
  assert_true(get("/r/button.json", "X", ""));
  assert_true(has("Access-Control-Allow-Origin: *\r\n"));
  assert_true(get("/assets/a-ABCDEFGH.js", "X", "")); // our own page's
  assert_true(has("immutable\r\n") && !has("Access-Control-Allow-Origin"));
}

static void test_P04_embed_is_framed_by_the_sites_own_pages_only(void **state) {
  (void)state;
  assert_true(get("/embed/garden", "Accept-Encoding", "gzip, br"));
  assert_string_equal(body, "brotli");
  assert_true(has("Content-Encoding: br\r\n"));
  assert_true(has("frame-ancestors 'self' https://*.garden.example http://localhost:3000; "));
  assert_false(has("script-src *")); // a rule that is none does not get through
  assert_true(has("Permissions-Policy: microphone=(self)"));
  assert_false(has("Cross-Origin-Opener-Policy"));
  assert_true(get("/embed/default", "X", ""));
  assert_true(has("frame-ancestors 'self'; "));
}

static void test_P05_the_call_link_is_a_page_of_its_own(void **state) {
  (void)state;
  assert_true(get("/c/garden", "X", ""));
  assert_string_equal(body, "call");
  assert_true(has("frame-ancestors 'none'; ") && has("script-src 'self'; "));
  assert_true(has("ws://call.test wss://call.test"));
  assert_true(get("/designer", "X", ""));
  assert_string_equal(body, "designer");
}

static void what_is_not_there_is_not_answered(void **state) {
  (void)state;
  const char *const paths[] = {"/embed/",
                               "/embed/nobody",
                               "/c/",
                               "/c/nobody",
                               "/embed",
                               "/c",
                               "/c/garden/x",
                               "/designer/",
                               "/embed.html",
                               "/call.html",
                               "/designer.html",
                               "/offhook",
                               "/offhook.j",
                               "/offhook.jss",
                               "/",
                               ""};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    if (get(paths[i], "X", "") || oh_pages_has(&web, oh_str(paths[i]))) fail_msg("%s was answered", paths[i]);
  }
  assert_true(oh_pages_has(&web, OH_STR("/c/garden")) && oh_pages_has(&web, OH_STR("/offhook.js")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_page_may_load_the_button),
      cmocka_unit_test(test_P04_embed_is_framed_by_the_sites_own_pages_only),
      cmocka_unit_test(test_P05_the_call_link_is_a_page_of_its_own),
      cmocka_unit_test(what_is_not_there_is_not_answered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
