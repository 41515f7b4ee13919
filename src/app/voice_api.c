// voice_api.c — POST /api/voice/token and /api/voice/invite: who may ask (origin, budget), then
// call/ticket.h.
#include "app/web.h"
#include "call/origin.h"
#include "call/ticket.h"
#include "io/address.h"

#define DRAIN_RETRY_S 5

static void add_cors(struct oh_str origin, struct oh_text *fields) {
  if (origin.len == 0 || !oh_http_is_field_value(origin)) return;
  oh_text_addf(fields,
               "Access-Control-Allow-Origin: %.*s\r\nVary: Origin\r\n"
               "Access-Control-Expose-Headers: Retry-After\r\n",
               OH_STR_ARG(origin));
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

// The visitor's address: the peer's, or what the proxies that we trust say, from the right (RFC 7239 8.1:
// what is further left may be the visitor's own invention).
static struct oh_addr visitor_address(const struct oh_web *web, oh_id conn,
                                      const struct oh_http_request *request) {
  struct oh_addr addr = oh_http_peer(web->server, conn);
  struct oh_str list = oh_http_field(request, OH_STR("X-Forwarded-For"));
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

// wss:// for https:// and so on, without slashes at the end.
static void add_url(struct oh_text *out, const char *url, bool websocket) {
  struct oh_str rest = oh_str(url);
  bool secure = oh_str_starts(rest, OH_STR("wss://")) || oh_str_starts(rest, OH_STR("https://"));
  const char *name = strstr(url, "://") + 3;
  rest = oh_str(name);
  while (rest.len && rest.data[rest.len - 1] == '/')
    rest.len--;
  oh_text_addf(out, "%s%s://%.*s", websocket ? "ws" : "http", secure ? "s" : "", OH_STR_ARG(rest));
}

static bool is_set(const char *text) {
  return text && *text;
}

static enum oh_problem make_answer(struct oh_web *web, int64_t now_us, oh_id conn,
                                   const struct oh_http_request *request, bool invite,
                                   struct oh_text *answer) {
  const struct oh_config *config = web->config;
  struct oh_text server_url, page_url;
  oh_text_init(&server_url, 1024);
  oh_text_init(&page_url, 1024);
  bool ok = true;
  if (is_set(config->livekit_host))
    add_url(&server_url, config->livekit_host, true);
  else if (is_set(config->public_url))
    add_url(&server_url, config->public_url, true);
  else
    ok = oh_web_own_url(web, conn, request, true, &server_url);
  if (is_set(config->public_url))
    add_url(&page_url, config->public_url, false);
  else
    ok = oh_web_own_url(web, conn, request, false, &page_url) && ok;
  enum oh_problem problem = OH_PROBLEM_REQUEST_INVALID;
  if (ok && !server_url.failed && !page_url.failed) {
    struct oh_ticket_site site = {.key = config->key_items[0],
                                  .token_ttl_s = config->voice.token_ttl_s,
                                  .invite_ttl_s = config->voice.invite_ttl_s,
                                  .echo = config->voice.echo,
                                  .server_url = server_url.data,
                                  .page_url = page_url.data};
    int64_t unix_us = oh_unix_us(web->world, now_us);
    const struct oh_random *random = &web->world->random;
    problem = invite ? oh_ticket_invite(&site, random, unix_us, request->body, answer)
                     : oh_ticket_issue(&site, random, unix_us, request->body, answer);
  }
  oh_text_fini(&server_url);
  oh_text_fini(&page_url);
  return problem;
}

static void answer_preflight(struct oh_web *web, oh_id conn, struct oh_str cors) {
  struct oh_text fields;
  oh_text_init(&fields, 4096);
  oh_text_add(&fields, cors);
  oh_text_adds(&fields, "Access-Control-Allow-Methods: POST\r\n"
                        "Access-Control-Allow-Headers: Content-Type, Authorization\r\n"
                        "Access-Control-Max-Age: 86400\r\n");
  struct oh_http_response response = {.status = 204, .fields = oh_text_str(&fields)};
  oh_http_respond(web->server, conn, &response);
  oh_text_fini(&fields);
}

static enum oh_problem admit(struct oh_web *web, int64_t now_us, oh_id conn,
                             const struct oh_http_request *request, uint32_t *retry_after_s) {
  if (request->body.len > OH_TICKET_BODY_MAX) return OH_PROBLEM_REQUEST_TOO_LARGE;
  if (atomic_load_explicit(web->draining, memory_order_relaxed)) {
    *retry_after_s = DRAIN_RETRY_S;
    return OH_PROBLEM_SERVER_DRAINING;
  }
  struct oh_addr visitor = visitor_address(web, conn, request);
  if (!oh_budget_take(web->budget, now_us, &visitor, web->config->voice.per_address_budget, retry_after_s))
    return OH_PROBLEM_RATE_LIMITED;
  return OH_PROBLEM_NONE;
}

static void refuse(struct oh_web *web, oh_id conn, enum oh_problem problem, uint32_t retry_after_s,
                   struct oh_str fields) {
  oh_count(&web->world->counters, OH_COUNT_tokens_refused);
  oh_log(&web->world->log, OH_LOG_DEBUG, "token request refused", "code=%s", oh_problem_code(problem));
  oh_web_respond_problem(web, conn, problem, retry_after_s, fields);
}

static void answer_post(struct oh_web *web, int64_t now_us, oh_id conn, const struct oh_http_request *request,
                        bool invite, struct oh_str cors) {
  uint32_t retry_after_s = 0;
  struct oh_text answer;
  oh_text_init(&answer, 4 * OH_TOKEN_MAX);
  enum oh_problem problem = admit(web, now_us, conn, request, &retry_after_s);
  if (problem == OH_PROBLEM_NONE) problem = make_answer(web, now_us, conn, request, invite, &answer);
  if (problem == OH_PROBLEM_NONE && answer.failed) problem = OH_PROBLEM_INTERNAL;
  if (problem != OH_PROBLEM_NONE) {
    refuse(web, conn, problem, retry_after_s, cors);
  } else {
    oh_count(&web->world->counters, OH_COUNT_tokens_issued);
    struct oh_text fields;
    oh_text_init(&fields, 4096);
    oh_text_add(&fields, cors);
    oh_text_adds(&fields, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    struct oh_http_response response = {.status = 200,
                                        .type = OH_STR("application/json"),
                                        .fields = oh_text_str(&fields),
                                        .body = {(const uint8_t *)answer.data, answer.len}};
    oh_http_respond(web->server, conn, &response);
    oh_text_fini(&fields);
  }
  oh_text_fini(&answer);
}

void oh_voice_api_request(struct oh_web *web, int64_t now_us, oh_id conn,
                          const struct oh_http_request *request) {
  bool token = oh_str_eq(request->path, OH_STR("/api/voice/token"));
  bool invite = oh_str_eq(request->path, OH_STR("/api/voice/invite"));
  struct oh_str origin = oh_http_field(request, OH_STR("Origin")),
                host = oh_http_field(request, OH_STR("Host"));
  const struct oh_strings *rules = &web->config->voice.allowed_origins;
  struct oh_text cors;
  oh_text_init(&cors, 4096);
  bool allowed = oh_origin_allowed(origin, host, (const char *const *)rules->items, rules->count);
  if (allowed) add_cors(origin, &cors);
  if (!(token || invite) || !web->config->voice.token_api)
    oh_web_respond_problem(web, conn, OH_PROBLEM_NOT_FOUND, 0, oh_text_str(&cors));
  else if (!allowed)
    refuse(web, conn, OH_PROBLEM_ORIGIN_DENIED, 0, (struct oh_str){0});
  else if (oh_str_eq(request->method, OH_STR("OPTIONS")))
    answer_preflight(web, conn, oh_text_str(&cors));
  else if (oh_str_eq(request->method, OH_STR("POST")))
    answer_post(web, now_us, conn, request, invite, oh_text_str(&cors));
  else {
    oh_text_adds(&cors, "Allow: POST, OPTIONS\r\n");
    oh_web_respond_problem(web, conn, OH_PROBLEM_METHOD_NOT_ALLOWED, 0, oh_text_str(&cors));
  }
  oh_text_fini(&cors);
}
