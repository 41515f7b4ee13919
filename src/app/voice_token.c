// voice_token.c — POST /api/voice/token and /api/voice/invite: who may ask (site, origin, budget), then
// call/ticket.h.
#include "app/voice_api.h"
#include "call/ticket.h"

#define DRAIN_RETRY_S 5

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

static enum oh_problem make_answer(const struct oh_voice_request *request, const struct oh_site *site,
                                   bool invite, struct oh_text *answer) {
  struct oh_web *web = request->web;
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
    ok = oh_web_own_url(web, request->conn, request->http, true, &server_url);
  if (is_set(config->public_url))
    add_url(&page_url, config->public_url, false);
  else
    ok = oh_web_own_url(web, request->conn, request->http, false, &page_url) && ok;
  enum oh_problem problem = OH_PROBLEM_REQUEST_INVALID;
  if (ok && !server_url.failed && !page_url.failed) {
    struct oh_ticket_site ticket = {.key = config->key_items[0],
                                    .token_ttl_s = site->token_ttl_s,
                                    .invite_ttl_s = site->invite_ttl_s,
                                    .echo = site->echo,
                                    .server_url = server_url.data,
                                    .page_url = page_url.data};
    int64_t unix_us = oh_unix_us(web->world, request->now_us);
    const struct oh_random *random = &web->world->random;
    problem = invite ? oh_ticket_invite(&ticket, random, unix_us, request->http->body, answer)
                     : oh_ticket_issue(&ticket, random, unix_us, request->http->body, answer);
  }
  oh_text_fini(&server_url);
  oh_text_fini(&page_url);
  return problem;
}

static enum oh_problem admit(const struct oh_voice_request *request, const struct oh_site *site,
                             uint32_t *retry_after_s) {
  struct oh_web *web = request->web;
  if (request->http->body.len > OH_TICKET_BODY_MAX) return OH_PROBLEM_REQUEST_TOO_LARGE;
  if (atomic_load_explicit(web->draining, memory_order_relaxed)) {
    *retry_after_s = DRAIN_RETRY_S;
    return OH_PROBLEM_SERVER_DRAINING;
  }
  struct oh_addr visitor = oh_voice_visitor(request);
  if (!oh_budget_take(web->budget, request->now_us, &visitor, site->per_address_budget, retry_after_s))
    return OH_PROBLEM_RATE_LIMITED;
  return OH_PROBLEM_NONE;
}

static void answer_post(const struct oh_voice_request *request, bool invite) {
  const struct oh_site *site = oh_voice_site(request, (struct oh_str){0});
  if (!site) {
    oh_count(&request->web->world->counters, OH_COUNT_tokens_refused);
    return;
  }
  uint32_t retry_after_s = 0;
  struct oh_text answer;
  oh_text_init(&answer, 4 * OH_TOKEN_MAX);
  enum oh_problem problem = admit(request, site, &retry_after_s);
  if (problem == OH_PROBLEM_NONE) problem = make_answer(request, site, invite, &answer);
  if (problem == OH_PROBLEM_NONE && answer.failed) problem = OH_PROBLEM_INTERNAL;
  oh_count(&request->web->world->counters,
           problem == OH_PROBLEM_NONE ? OH_COUNT_tokens_issued : OH_COUNT_tokens_refused);
  if (problem == OH_PROBLEM_NONE)
    oh_voice_respond(request, 200, NULL, oh_text_str(&answer));
  else
    oh_voice_refuse(request, problem, retry_after_s);
  oh_text_fini(&answer);
}

void oh_voice_token(const struct oh_voice_request *request) {
  answer_post(request, false);
}

void oh_voice_invite(const struct oh_voice_request *request) {
  answer_post(request, true);
}
