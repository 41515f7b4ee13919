// voice_token.c — see voice_token.h
#include "app/voice_token.h"
#include "app/doorman.h"
#include "app/far_desk.h"
#include "app/voice_gate.h"
#include "call/signin.h"
#include "call/ticket.h"
#include <stdlib.h>

#define DRAIN_RETRY_S 5
#define MINUTE_US 60000000

static const char invite_path[] = "/api/voice/invite";

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

bool oh_voice_urls(const struct oh_voice_request *request, struct oh_text *server_url,
                   struct oh_text *page_url) {
  const struct oh_config *config = request->web->config;
  bool ok = true;
  if (is_set(config->livekit_host))
    add_url(server_url, config->livekit_host, true);
  else if (is_set(config->public_url))
    add_url(server_url, config->public_url, true);
  else
    ok = oh_web_own_url(request->web, request->conn, request->http, true, server_url);
  if (is_set(config->public_url))
    add_url(page_url, config->public_url, false);
  else
    ok = oh_web_own_url(request->web, request->conn, request->http, false, page_url) && ok;
  return ok && !server_url->failed && !page_url->failed;
}

static void refuse(const struct oh_voice_request *request, enum oh_problem problem, uint32_t retry_after_s) {
  oh_count(&request->web->world->counters, OH_COUNT_tokens_refused);
  oh_voice_refuse(request, problem, retry_after_s);
}

// The second half: everything about who asks is known.
static enum oh_problem issue(const struct oh_voice_request *request, const struct oh_site *site,
                             const struct oh_wish *wish, const struct oh_user *user, struct oh_text *answer,
                             uint32_t *retry_after_s) {
  struct oh_web *web = request->web;
  struct oh_str origin = oh_http_field(request->http, OH_STR("Origin"));
  char *origin_text = oh_str_dup(origin);
  struct oh_text server_url, page_url;
  oh_text_init(&server_url, 1024);
  oh_text_init(&page_url, 1024);
  enum oh_problem problem = OH_PROBLEM_REQUEST_INVALID;
  struct oh_ticket_call call;
  if (oh_voice_urls(request, &server_url, &page_url)) {
    struct oh_ticket_office office = {.site = site,
                                      .key = web->config->key_items[0],
                                      .server_url = server_url.data,
                                      .page_url = page_url.data,
                                      .origin = origin_text,
                                      .resumes = !web->far || oh_far_desk_hears(web->far),
                                      .random = &web->world->random,
                                      .unix_us = oh_unix_us(web->world, request->now_us)};
    bool invite = oh_str_eq(request->http->path, oh_str(invite_path));
    problem = invite ? OH_PROBLEM_NONE : oh_ticket_call(&office, wish, user, &call);
    if (problem == OH_PROBLEM_NONE && !invite)
      problem = oh_voice_gate_begin(request, site, call.room, call.resumed, retry_after_s);
    if (invite)
      oh_ticket_invite(&office, answer);
    else if (problem == OH_PROBLEM_NONE)
      problem = oh_ticket_issue(&office, wish, user, &call, answer);
  }
  oh_text_fini(&server_url);
  oh_text_fini(&page_url);
  free(origin_text);
  return answer->failed ? OH_PROBLEM_INTERNAL : problem;
}

static void finish(const struct oh_voice_request *request, const struct oh_site *site,
                   const struct oh_wish *wish, const struct oh_user *user) {
  struct oh_text answer;
  oh_text_init(&answer, 4 * OH_TOKEN_MAX);
  uint32_t retry_after_s = 0;
  enum oh_problem problem = issue(request, site, wish, user, &answer, &retry_after_s);
  if (problem == OH_PROBLEM_NONE) {
    oh_count(&request->web->world->counters, OH_COUNT_tokens_issued);
    oh_voice_respond(request, 200, NULL, oh_text_str(&answer));
  } else {
    refuse(request, problem, retry_after_s);
  }
  oh_text_fini(&answer);
}

// The one place where sign-in is called. A request that has to wait comes back by oh_voice_sign_in_again.
static void sign_in(const struct oh_voice_request *request, const struct oh_site *site,
                    const struct oh_wish *wish, bool is_last) {
  struct oh_user user = {0};
  enum oh_problem problem;
  uint32_t retry_after_s;
  switch (oh_doorman_ask(request->web->doorman, request, site, wish->identity, is_last, &user, &problem,
                         &retry_after_s)) {
  case OH_DOORMAN_LETS_IN: finish(request, site, wish, user.subject ? &user : NULL); break;
  case OH_DOORMAN_REFUSES: refuse(request, problem, retry_after_s); break;
  case OH_DOORMAN_WAITS: break;
  }
  oh_user_fini(&user);
}

static enum oh_problem admit(const struct oh_voice_request *request, const struct oh_site *site,
                             uint32_t *retry_after_s) {
  struct oh_web *web = request->web;
  if (site->paused) return OH_PROBLEM_SITE_PAUSED;
  if (atomic_load_explicit(web->draining, memory_order_relaxed)) {
    *retry_after_s = DRAIN_RETRY_S;
    return OH_PROBLEM_SERVER_DRAINING;
  }
  struct oh_addr visitor = oh_voice_visitor(request);
  if (!oh_budget_take_of(web->budget, request->now_us, oh_str(site->id), &visitor, site->per_address_budget,
                         MINUTE_US, retry_after_s))
    return OH_PROBLEM_RATE_LIMITED;
  return OH_PROBLEM_NONE;
}

// Strangers only: a sign-in costs more than a puzzle, and so does having been on a call.
static bool is_proved(const struct oh_voice_request *request, const struct oh_site *site,
                      const struct oh_wish *wish) {
  if (site->auth != OH_AUTH_ANONYMOUS || wish->resume) return true;
  if (oh_voice_gate_prove(request, site, wish)) return true;
  oh_count(&request->web->world->counters, OH_COUNT_tokens_refused);
  return false;
}

static void begin(const struct oh_voice_request *request, const struct oh_wish *wish) {
  const struct oh_site *site = oh_voice_site(request, oh_str(wish->site));
  uint32_t retry_after_s = 0;
  if (!site) {
    oh_count(&request->web->world->counters, OH_COUNT_tokens_refused);
    return;
  }
  enum oh_problem problem = admit(request, site, &retry_after_s);
  if (problem != OH_PROBLEM_NONE)
    refuse(request, problem, retry_after_s);
  else if (!is_proved(request, site, wish))
    return;
  else if (oh_doorman_is_needed(site, wish->identity))
    sign_in(request, site, wish, false);
  else
    finish(request, site, wish, NULL);
}

static void answer_post(const struct oh_voice_request *request) {
  struct oh_wish wish;
  enum oh_problem problem = oh_wish_read(request->http->body, &wish);
  if (problem == OH_PROBLEM_NONE)
    begin(request, &wish);
  else
    refuse(request, problem, 0);
  oh_wish_fini(&wish);
}

void oh_voice_token(const struct oh_voice_request *request) {
  answer_post(request);
}

void oh_voice_invite(const struct oh_voice_request *request) {
  answer_post(request);
}

static void sign_in_last(const struct oh_voice_request *request, void *ctx) {
  struct oh_wish wish;
  (void)ctx;
  enum oh_problem problem = oh_wish_read(request->http->body, &wish);
  // A reload may have taken the site away in the meantime.
  const struct oh_site *site = problem == OH_PROBLEM_NONE ? oh_voice_site(request, oh_str(wish.site)) : NULL;
  if (site)
    sign_in(request, site, &wish, true);
  else if (problem != OH_PROBLEM_NONE)
    refuse(request, problem, 0);
  oh_wish_fini(&wish);
}

void oh_voice_sign_in_again(struct oh_web *web, int64_t now_us, oh_id conn) {
  oh_voice_again(web, now_us, conn, sign_in_last, NULL);
}
