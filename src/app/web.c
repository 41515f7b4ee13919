// web.c — see web.h
#include "app/web.h"
#include "app/call_link.h"
#include "app/pages.h"
#include "app/twirp_door.h"
#include "app/version.h"
#include "call/origin.h"

#define FIELDS_MAX 4096
#define PREFLIGHT_AGE "86400" // seconds, as LiveKit

void oh_web_cors(struct oh_str origin, bool always, struct oh_text *fields) {
  if (origin.len && oh_http_is_field_value(origin))
    oh_text_addf(fields, "Access-Control-Allow-Origin: %.*s\r\nVary: Origin\r\n", OH_STR_ARG(origin));
  else if (always)
    oh_text_adds(fields, "Access-Control-Allow-Origin: *\r\n");
  else
    return;
  oh_text_adds(fields, "Access-Control-Expose-Headers: *\r\n");
}

static struct oh_str origin_of(const struct oh_http_request *request) {
  return request ? oh_http_field(request, OH_STR("Origin")) : (struct oh_str){0};
}

static bool is_validate(struct oh_str path) {
  return oh_str_eq(path, OH_STR("/rtc/validate")) || oh_str_eq(path, OH_STR("/rtc/v1/validate"));
}

static struct oh_bytes bytes_of(const struct oh_text *text) {
  return (struct oh_bytes){(const uint8_t *)text->data, text->len};
}

void oh_web_respond_text(struct oh_web *web, oh_id conn, int status, const char *text) {
  const struct oh_http_request *request = oh_http_held(web->server, conn);
  struct oh_text fields;
  oh_text_init(&fields, FIELDS_MAX);
  oh_web_cors(origin_of(request), request && is_validate(request->path), &fields);
  oh_text_adds(&fields, "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n");
  struct oh_http_response response = {.status = status,
                                      .type = OH_STR("text/plain; charset=utf-8"),
                                      .fields = oh_text_str(&fields),
                                      .body = {(const uint8_t *)text, strlen(text)}};
  oh_http_respond(web->server, conn, &response);
  oh_text_fini(&fields);
}

void oh_web_respond_problem(struct oh_web *web, oh_id conn, enum oh_problem problem, uint32_t retry_after_s,
                            struct oh_str more) {
  oh_web_respond_problem_with(web, conn, problem, retry_after_s, more, (struct oh_str){0});
}

void oh_web_respond_problem_with(struct oh_web *web, oh_id conn, enum oh_problem problem,
                                 uint32_t retry_after_s, struct oh_str more, struct oh_str members) {
  struct oh_text fields, json;
  oh_text_init(&fields, FIELDS_MAX);
  oh_text_init(&json, 2048);
  oh_text_add(&fields, more);
  oh_text_adds(&fields, "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n");
  if (retry_after_s) oh_text_addf(&fields, "Retry-After: %u\r\n", retry_after_s);
  oh_problem_write(problem, retry_after_s, members, &json);
  struct oh_http_response response = {.status = oh_problem_status(problem),
                                      .type = OH_STR("application/problem+json"),
                                      .fields = oh_text_str(&fields),
                                      .body = bytes_of(&json)};
  oh_http_respond(web->server, conn, &response);
  oh_text_fini(&fields);
  oh_text_fini(&json);
}

static void add_allow(struct oh_text *fields, const char *methods) {
  oh_text_addf(fields, "Allow: %s\r\n", methods);
}

// A preflight for a LiveKit path: everything is allowed, what protects a room is the token.
static void answer_preflight(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  struct oh_text fields;
  oh_text_init(&fields, FIELDS_MAX * 2);
  oh_web_cors(origin_of(request), is_validate(request->path), &fields);
  oh_text_adds(&fields, "Access-Control-Allow-Methods: OPTIONS, HEAD, GET, POST, PATCH, DELETE\r\n");
  struct oh_str asked = oh_http_field(request, OH_STR("Access-Control-Request-Headers"));
  if (asked.len && asked.len < FIELDS_MAX && oh_http_is_field_value(asked))
    oh_text_addf(&fields, "Access-Control-Allow-Headers: %.*s\r\n", OH_STR_ARG(asked));
  oh_text_adds(&fields, "Access-Control-Max-Age: " PREFLIGHT_AGE "\r\n");
  struct oh_http_response response = {.status = 204, .fields = oh_text_str(&fields)};
  oh_http_respond(web->server, conn, &response);
  oh_text_fini(&fields);
}

bool oh_web_own_url(const struct oh_web *web, oh_id conn, const struct oh_http_request *request,
                    bool websocket, struct oh_text *url) {
  struct oh_str host = oh_http_field(request, OH_STR("Host")), origin = origin_of(request);
  if (!oh_host_is_valid(host)) return false;
  // A proxy in front ends TLS and says so; and a page that came by https cannot use anything less.
  bool secure = oh_http_is_tls(web->server, conn) ||
                oh_str_eq_nocase(oh_http_field(request, OH_STR("X-Forwarded-Proto")), OH_STR("https")) ||
                (oh_str_starts(origin, OH_STR("https://")) && oh_origin_is_same(origin, host));
  oh_text_addf(url, "%s%s://%.*s", websocket ? "ws" : "http", secure ? "s" : "", OH_STR_ARG(host));
  return true;
}

static bool wants_html(const struct oh_http_request *request) {
  struct oh_str accept = oh_http_field(request, OH_STR("Accept"));
  while (accept.len) {
    struct oh_str item = oh_str_cut(&accept, ',');
    if (oh_str_eq_nocase(oh_str_trim(oh_str_cut(&item, ';')), OH_STR("text/html"))) return true;
  }
  return false;
}

// A browser gets the page, a health check (and LiveKit's prepareConnection) the two letters it expects.
static void answer_root(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  if (!wants_html(request)) {
    oh_web_respond_text(web, conn, 200, "OK");
    return;
  }
  if (!oh_pages_answer_index(web, conn, request))
    oh_web_respond_text(
        web, conn, 200,
        "offhook is running, but this binary was built without its page; ./run builds both.\n");
}

static void answer_version(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  (void)request;
  static const char json[] = "{\"name\":\"offhook\",\"version\":\"" OH_VERSION "\",\"protocol\":17}";
  struct oh_http_response response = {.status = 200,
                                      .type = OH_STR("application/json"),
                                      .fields = OH_STR("Cache-Control: no-store\r\n"
                                                       "X-Content-Type-Options: nosniff\r\n"),
                                      .body = {(const uint8_t *)json, sizeof json - 1}};
  oh_http_respond(web->server, conn, &response);
}

static void refuse_method(struct oh_web *web, oh_id conn, const struct oh_http_request *request,
                          const char *methods) {
  struct oh_text fields;
  oh_text_init(&fields, FIELDS_MAX);
  add_allow(&fields, methods);
  oh_web_cors(origin_of(request), is_validate(request->path), &fields);
  oh_web_respond_problem(web, conn, OH_PROBLEM_METHOD_NOT_ALLOWED, 0, oh_text_str(&fields));
  oh_text_fini(&fields);
}

static void answer_health(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  (void)request;
  oh_web_respond_text(web, conn, 200, "OK");
}

static void answer_ready(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  (void)request;
  bool draining = atomic_load_explicit(web->draining, memory_order_relaxed);
  oh_web_respond_text(web, conn, draining ? 503 : 200, draining ? "draining" : "OK");
}

// Every address that is not a file of the page, of the voice API or of the server API. All are asked with
// GET.
static const struct place {
  const char *path, *who;
  enum oh_web_route route;
  void (*answer)(struct oh_web *web, oh_id conn, const struct oh_http_request *request);
} places[] = {
    {"/", "anyone", OH_WEB_ANSWERED, answer_root},
    {"/healthz", "anyone", OH_WEB_ANSWERED, answer_health},
    {"/readyz", "anyone", OH_WEB_ANSWERED, answer_ready},
    {"/version", "anyone", OH_WEB_ANSWERED, answer_version},
    {"/rtc", "roomJoin", OH_WEB_RTC, NULL},
    {"/rtc/v1", "roomJoin", OH_WEB_RTC, NULL},
    {"/rtc/validate", "roomJoin", OH_WEB_RTC, NULL},
    {"/rtc/v1/validate", "roomJoin", OH_WEB_RTC, NULL},
    {"/agent", "agent", OH_WEB_AGENT, NULL},
};
#define PLACE_COUNT (sizeof places / sizeof *places)

bool oh_web_next_route(size_t *cursor, const char **path, const char **who) {
  if (*cursor == PLACE_COUNT) return false;
  *path = places[*cursor].path;
  *who = places[(*cursor)++].who;
  return true;
}

static const struct place *find_place(struct oh_str path) {
  for (size_t i = 0; i < PLACE_COUNT; i++)
    if (oh_str_eq(path, oh_str(places[i].path))) return &places[i];
  return NULL;
}

static void answer_unknown(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  struct oh_text fields;
  oh_text_init(&fields, FIELDS_MAX);
  oh_web_cors(origin_of(request), false, &fields);
  oh_web_respond_problem(web, conn, OH_PROBLEM_NOT_FOUND, 0, oh_text_str(&fields));
  oh_text_fini(&fields);
}

// What signalling and the server API are for is done by another server (livekit_host).
static bool is_elsewhere(const struct oh_web *web) {
  return web->config->livekit_host && *web->config->livekit_host;
}

static enum oh_web_route go_to(struct oh_web *web, oh_id conn, const struct oh_http_request *request,
                               const struct place *place) {
  bool get = oh_str_eq(request->method, OH_STR("GET")) || oh_str_eq(request->method, OH_STR("HEAD"));
  if (place->route != OH_WEB_ANSWERED && is_elsewhere(web))
    oh_web_respond_text(web, conn, 404, "calls are carried by another server");
  else if (!get)
    refuse_method(web, conn, request, "GET, HEAD, OPTIONS");
  else if (place->route != OH_WEB_ANSWERED)
    return place->route;
  else
    place->answer(web, conn, request);
  return OH_WEB_ANSWERED;
}

static void answer_file(struct oh_web *web, oh_id conn, const struct oh_http_request *request) {
  bool get = oh_str_eq(request->method, OH_STR("GET")) || oh_str_eq(request->method, OH_STR("HEAD"));
  if (!get && oh_pages_has(web, request->path))
    refuse_method(web, conn, request, "GET, HEAD, OPTIONS");
  else if (!get)
    oh_web_respond_problem(web, conn, OH_PROBLEM_NOT_FOUND, 0, (struct oh_str){0});
  else if (!oh_pages_answer(web, conn, request) && !oh_call_link_answer(web, conn, request))
    answer_unknown(web, conn, request);
}

enum oh_web_route oh_web_request(struct oh_web *web, int64_t now_us, oh_id conn,
                                 const struct oh_http_request *request) {
  const struct place *place = find_place(request->path);
  if (oh_str_starts(request->path, OH_STR("/api/voice/")))
    oh_voice_api_request(web, now_us, conn, request);
  else if (oh_str_eq(request->method, OH_STR("OPTIONS")))
    answer_preflight(web, conn, request);
  else if (place)
    return go_to(web, conn, request, place);
  else if (!oh_str_starts(request->path, OH_STR("/twirp/")))
    answer_file(web, conn, request);
  else if (is_elsewhere(web))
    oh_web_respond_text(web, conn, 404, "calls are carried by another server");
  else
    oh_twirp_door_request(web, now_us, conn, request);
  return OH_WEB_ANSWERED;
}
