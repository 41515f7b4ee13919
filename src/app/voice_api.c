// voice_api.c — see voice_api.h
#include "app/voice_api.h"
#include "io/address.h"

struct route {
  const char *path, *method, *who;
  void (*answer)(const struct oh_voice_request *request);
};
#define PAGES "pages of the site"
#define CALLERS "pages of the site, for whom the site lets in"
static const struct route routes[] = {
    {"/api/voice/token", "POST", CALLERS, oh_voice_token},
    {"/api/voice/invite", "POST", CALLERS, oh_voice_invite},
    {"/api/voice/config", "GET", PAGES, oh_voice_config},
    {"/api/voice/events", "POST", PAGES, oh_voice_events},
    {"/api/voice/preflight", "GET", PAGES, oh_voice_preflight_facts},
    {"/api/voice/preflight", "POST", PAGES, oh_voice_preflight},
    {"/api/voice/diagnostics", "GET", "anyone", oh_voice_diagnostics},
    {"/api/voice/livekit-webhook", "POST", "the server under LIVEKIT_HOST, by our key", oh_voice_webhook},
};
#define ROUTE_COUNT (sizeof routes / sizeof routes[0])

bool oh_voice_next_route(size_t *cursor, const char **method, const char **path, const char **who) {
  if (*cursor == ROUTE_COUNT) return false;
  const struct route *route = &routes[(*cursor)++];
  *method = route->method;
  *path = route->path;
  *who = route->who;
  return true;
}

static bool is_trusted_proxy(const struct oh_web *web, const struct oh_addr *addr) {
  if (oh_addr_is_loopback(addr)) return true;
  const struct oh_strings *proxies = &web->config->trusted_proxies;
  for (size_t i = 0; i < proxies->count; i++) {
    struct oh_addr proxy;
    if (oh_addr_parse(oh_str(proxies->items[i]), 0, &proxy) && proxy.family == addr->family &&
        memcmp(proxy.ip, addr->ip, sizeof proxy.ip) == 0)
      return true;
  }
  return false;
}

// What the proxies that we trust say, from the right (RFC 7239 8.1: what is further left may be the visitor's
// own invention).
struct oh_addr oh_voice_visitor(const struct oh_voice_request *request) {
  const struct oh_web *web = request->web;
  struct oh_addr addr = oh_http_peer(web->server, request->conn);
  struct oh_str list = oh_http_field(request->http, OH_STR("X-Forwarded-For"));
  while (list.len && is_trusted_proxy(web, &addr)) {
    size_t start = list.len;
    while (start > 0 && list.data[start - 1] != ',')
      start--;
    struct oh_addr next;
    if (!oh_addr_parse(oh_str_trim((struct oh_str){list.data + start, list.len - start}), 0, &next)) break;
    addr = next;
    list.len = start ? start - 1 : 0;
  }
  return addr;
}

struct oh_str oh_voice_query(const struct oh_voice_request *request, const char *name) {
  struct oh_str rest = request->http->query;
  while (rest.len) {
    struct oh_str value = oh_str_cut(&rest, '&'), key = oh_str_cut(&value, '=');
    if (!oh_str_eq(key, oh_str(name))) continue;
    return memchr(value.data, '%', value.len) || memchr(value.data, '+', value.len) ? (struct oh_str){0}
                                                                                    : value;
  }
  return (struct oh_str){0};
}

void oh_voice_respond(const struct oh_voice_request *request, int status, const char *more,
                      struct oh_str json) {
  struct oh_text fields;
  oh_text_init(&fields, 4096);
  oh_text_add(&fields, request->cors);
  if (more) oh_text_adds(&fields, more);
  if (!more || !strstr(more, "Cache-Control:")) oh_text_adds(&fields, "Cache-Control: no-store\r\n");
  oh_text_adds(&fields, "X-Content-Type-Options: nosniff\r\n");
  struct oh_http_response response = {.status = status,
                                      .type = json.len ? OH_STR("application/json") : (struct oh_str){0},
                                      .fields = oh_text_str(&fields),
                                      .body = {(const uint8_t *)json.data, json.len}};
  oh_http_respond(request->web->server, request->conn, &response);
  oh_text_fini(&fields);
}

static enum oh_counter counter_of(enum oh_problem problem) {
  switch (problem) {
  case OH_PROBLEM_ORIGIN_DENIED: return OH_COUNT_voice_refused_origin;
  case OH_PROBLEM_SITE_UNKNOWN: return OH_COUNT_voice_refused_site;
  case OH_PROBLEM_SITE_PAUSED: return OH_COUNT_voice_refused_paused;
  case OH_PROBLEM_RATE_LIMITED: return OH_COUNT_voice_refused_rate;
  case OH_PROBLEM_BUDGET_EXCEEDED: return OH_COUNT_voice_refused_budget;
  case OH_PROBLEM_CAPACITY: return OH_COUNT_voice_refused_capacity;
  case OH_PROBLEM_PROOF_REQUIRED: return OH_COUNT_voice_refused_proof;
  case OH_PROBLEM_AUTH_REQUIRED:
  case OH_PROBLEM_AUTH_FORBIDDEN: return OH_COUNT_voice_refused_sign_in;
  case OH_PROBLEM_TOKEN_INVALID:
  case OH_PROBLEM_TOKEN_EXPIRED:
  case OH_PROBLEM_ROOM_CLOSED: return OH_COUNT_voice_refused_ticket;
  case OH_PROBLEM_SERVER_DRAINING:
  case OH_PROBLEM_INTERNAL: return OH_COUNT_voice_refused_server;
  default: return OH_COUNT_voice_refused_request;
  }
}

void oh_voice_refuse_with(const struct oh_voice_request *request, enum oh_problem problem,
                          uint32_t retry_after_s, struct oh_str members) {
  oh_count(&request->web->world->counters, counter_of(problem));
  oh_log(&request->web->world->log, OH_LOG_DEBUG, "voice request refused", "path=%.*s code=%s",
         OH_STR_ARG(request->http->path), oh_problem_code(problem));
  struct oh_text fields;
  oh_text_init(&fields, 4096);
  oh_text_add(&fields, request->cors);
  if (problem == OH_PROBLEM_AUTH_REQUIRED) { // RFC 6750 3: what to bring, and whether what came was wrong
    bool came = oh_http_field(request->http, OH_STR("Authorization")).len > 0;
    oh_text_addf(&fields, "WWW-Authenticate: Bearer realm=\"offhook\"%s\r\n",
                 came ? ", error=\"invalid_token\"" : "");
  }
  // A page that may not call here gets no CORS line either: it learns nothing but "no".
  bool is_denied = problem == OH_PROBLEM_ORIGIN_DENIED;
  oh_web_respond_problem_with(request->web, request->conn, problem, retry_after_s,
                              is_denied ? (struct oh_str){0} : oh_text_str(&fields), members);
  oh_text_fini(&fields);
}

void oh_voice_refuse(const struct oh_voice_request *request, enum oh_problem problem,
                     uint32_t retry_after_s) {
  oh_voice_refuse_with(request, problem, retry_after_s, (struct oh_str){0});
}

const struct oh_site *oh_voice_site(const struct oh_voice_request *request, struct oh_str id) {
  const struct oh_site *site = oh_sites_find(&request->web->config->sites, id);
  if (!site) {
    oh_voice_refuse(request, OH_PROBLEM_SITE_UNKNOWN, 0);
    return NULL;
  }
  struct oh_str origin = oh_http_field(request->http, OH_STR("Origin"));
  if (oh_site_allows_origin(site, origin, oh_http_field(request->http, OH_STR("Host")))) return site;
  oh_voice_refuse(request, OH_PROBLEM_ORIGIN_DENIED, 0);
  return NULL;
}

// "GET, HEAD, POST, OPTIONS" of a path; empty: there is no such path.
static void methods_of(struct oh_str path, struct oh_text *methods) {
  for (size_t i = 0; i < ROUTE_COUNT; i++) {
    if (!oh_str_eq(path, oh_str(routes[i].path))) continue;
    bool is_get = strcmp(routes[i].method, "GET") == 0;
    oh_text_addf(methods, "%s%s, ", routes[i].method, is_get ? ", HEAD" : "");
  }
  if (methods->len) oh_text_adds(methods, "OPTIONS");
}

static const struct route *find(const struct oh_http_request *http) {
  bool is_head = oh_str_eq(http->method, OH_STR("HEAD"));
  struct oh_str method = is_head ? OH_STR("GET") : http->method;
  for (size_t i = 0; i < ROUTE_COUNT; i++)
    if (oh_str_eq(http->path, oh_str(routes[i].path)) && oh_str_eq(method, oh_str(routes[i].method)))
      return &routes[i];
  return NULL;
}

static bool lets_in(const struct oh_web *web, const struct oh_http_request *http) {
  // A page that is not allowed has the most to ask there.
  if (oh_str_eq(http->path, OH_STR("/api/voice/diagnostics"))) return true;
  return oh_sites_allow_origin(&web->config->sites, oh_http_field(http, OH_STR("Origin")),
                               oh_http_field(http, OH_STR("Host")));
}

static void answer_preflight(const struct oh_voice_request *request, const char *methods) {
  struct oh_text fields;
  oh_text_init(&fields, 4096);
  oh_text_add(&fields, request->cors);
  oh_text_addf(&fields,
               "Access-Control-Allow-Methods: %s\r\n"
               "Access-Control-Allow-Headers: Content-Type, Authorization\r\n"
               "Access-Control-Max-Age: 86400\r\n",
               methods);
  struct oh_http_response response = {.status = 204, .fields = oh_text_str(&fields)};
  oh_http_respond(request->web->server, request->conn, &response);
  oh_text_fini(&fields);
}

static void add_cors(struct oh_str origin, struct oh_text *fields) {
  oh_text_adds(fields, "Vary: Origin\r\n");
  if (origin.len == 0 || !oh_http_is_field_value(origin)) return;
  oh_text_addf(fields,
               "Access-Control-Allow-Origin: %.*s\r\n"
               "Access-Control-Expose-Headers: Retry-After, ETag, WWW-Authenticate\r\n",
               OH_STR_ARG(origin));
}

static void answer(const struct oh_voice_request *request, void *ctx) {
  (void)ctx;
  const struct oh_web *web = request->web;
  const struct oh_http_request *http = request->http;
  struct oh_text methods;
  oh_text_init(&methods, 256);
  methods_of(http->path, &methods);
  const struct route *route = find(http);
  if (methods.len == 0 || !web->config->voice.token_api)
    oh_voice_refuse(request, OH_PROBLEM_NOT_FOUND, 0);
  else if (!lets_in(web, http))
    oh_voice_refuse(request, OH_PROBLEM_ORIGIN_DENIED, 0);
  else if (oh_str_eq(http->method, OH_STR("OPTIONS")))
    answer_preflight(request, methods.data);
  else if (route)
    route->answer(request);
  else {
    struct oh_text fields;
    oh_text_init(&fields, 4096);
    oh_text_add(&fields, request->cors);
    oh_text_addf(&fields, "Allow: %s\r\n", methods.data);
    oh_count(&web->world->counters, OH_COUNT_voice_refused_request);
    oh_web_respond_problem(request->web, request->conn, OH_PROBLEM_METHOD_NOT_ALLOWED, 0,
                           oh_text_str(&fields));
    oh_text_fini(&fields);
  }
  oh_text_fini(&methods);
}

static void with_request(struct oh_web *web, int64_t now_us, oh_id conn, const struct oh_http_request *http,
                         void (*then)(const struct oh_voice_request *request, void *ctx), void *ctx) {
  struct oh_str origin = oh_http_field(http, OH_STR("Origin"));
  struct oh_text cors;
  oh_text_init(&cors, 4096);
  if (lets_in(web, http)) add_cors(origin, &cors);
  struct oh_voice_request request = {
      .web = web, .now_us = now_us, .conn = conn, .http = http, .cors = oh_text_str(&cors)};
  then(&request, ctx);
  oh_text_fini(&cors);
}

void oh_voice_api_request(struct oh_web *web, int64_t now_us, oh_id conn,
                          const struct oh_http_request *http) {
  with_request(web, now_us, conn, http, answer, NULL);
}

void oh_voice_again(struct oh_web *web, int64_t now_us, oh_id conn,
                    void (*then)(const struct oh_voice_request *request, void *ctx), void *ctx) {
  const struct oh_http_request *http = oh_http_held(web->server, conn);
  if (http) with_request(web, now_us, conn, http, then, ctx);
}
