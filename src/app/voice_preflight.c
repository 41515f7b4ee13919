// voice_preflight.c — GET /api/voice/preflight: what a network check has to know; POST: a token for an echo
// room of its own (call/check_ticket.h). Checks have a budget of their own and need no sign-in: they reach
// nobody.
#include "app/voice_token.h"
#include "app/worker.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/check_ticket.h"
#include "io/address.h"
#include <jansson.h>
#include <stdlib.h>

#define DRAIN_RETRY_S 5

static bool has_echo(const struct oh_web *web, const struct oh_site *site) {
  const char *elsewhere = web->config->livekit_host;
  return site->echo && !(elsewhere && *elsewhere);
}

static json_t *list_media(const struct oh_web *web, uint8_t proto) {
  json_t *list = json_array();
  const struct oh_addr *candidates;
  size_t count = oh_worker_candidates(web->worker, &candidates);
  for (size_t i = 0; i < count; i++) {
    char text[OH_ADDR_PORT_TEXT_MAX];
    if (candidates[i].proto != proto) continue;
    oh_addr_text(&candidates[i], text);
    json_array_append_new(list, json_string(text));
  }
  return list;
}

static json_t *list_stun(const struct oh_config *config) {
  json_t *list = json_array();
  for (size_t i = 0; i < config->rtc.stun_servers.count; i++)
    json_array_append_new(list, json_string(config->rtc.stun_servers.items[i]));
  return list;
}

void oh_voice_preflight_facts(const struct oh_voice_request *request) {
  const struct oh_site *site = oh_voice_site(request, oh_voice_query(request, "site"));
  if (!site) return;
  const struct oh_web *web = request->web;
  struct oh_text server_url, page_url, answer;
  oh_text_init(&server_url, 1024);
  oh_text_init(&page_url, 1024);
  oh_text_init(&answer, 16384);
  if (oh_voice_urls(request, &server_url, &page_url)) {
    json_t *json = json_pack("{s:s,s:s,s:b,s:o,s:o,s:o,s:I}", "site", site->id, "serverUrl", server_url.data,
                             "echo", (int)has_echo(web, site), "udp", list_media(web, OH_UDP), "tcp",
                             list_media(web, OH_TCP), "stun", list_stun(web->config), "unixMs",
                             (json_int_t)(oh_unix_us(web->world, request->now_us) / 1000));
    OH_CHECK(json);
    char *text = json_dumps(json, JSON_COMPACT);
    OH_CHECK(text);
    oh_text_adds(&answer, text);
    free(text);
    json_decref(json);
    oh_voice_respond(request, 200, NULL, oh_text_str(&answer));
  } else {
    oh_voice_refuse(request, OH_PROBLEM_REQUEST_INVALID, 0);
  }
  oh_text_fini(&server_url);
  oh_text_fini(&page_url);
  oh_text_fini(&answer);
}

static enum oh_problem admit(const struct oh_voice_request *request, const struct oh_site *site,
                             uint32_t *retry_after_s) {
  struct oh_web *web = request->web;
  if (site->paused) return OH_PROBLEM_SITE_PAUSED;
  if (!has_echo(web, site)) return OH_PROBLEM_NOT_FOUND;
  *retry_after_s = DRAIN_RETRY_S;
  if (atomic_load_explicit(web->draining, memory_order_relaxed)) return OH_PROBLEM_SERVER_DRAINING;
  struct oh_addr visitor = oh_voice_visitor(request);
  bool granted =
      oh_budget_take(web->check_budget, request->now_us, &visitor, OH_CHECKS_PER_MINUTE, retry_after_s);
  return granted ? OH_PROBLEM_NONE : OH_PROBLEM_RATE_LIMITED;
}

// The site of a body like {"site": "shop"}; "" without one. False: the body is something else.
static bool read_site(struct oh_bytes body, char site[OH_SITE_ID_MAX + 1]) {
  *site = 0;
  if (body.len == 0) return true;
  json_t *root = body.len <= 4096 ? json_loadb((const char *)body.data, body.len, 0, NULL) : NULL;
  const json_t *value = json_object_get(root, "site");
  struct oh_str id = {json_string_value(value), json_string_length(value)};
  bool ok = json_is_object(root) && (!value || (id.data && (id.len == 0 || oh_site_id_is_valid(id))));
  if (ok && id.len) snprintf(site, OH_SITE_ID_MAX + 1, "%.*s", OH_STR_ARG(id));
  json_decref(root);
  return ok;
}

static void issue(const struct oh_voice_request *request) {
  struct oh_text server_url, page_url, answer;
  oh_text_init(&server_url, 1024);
  oh_text_init(&page_url, 1024);
  oh_text_init(&answer, 4 * OH_TOKEN_MAX);
  if (oh_voice_urls(request, &server_url, &page_url)) {
    struct oh_check_office office = {.key = request->web->config->key_items[0],
                                     .server_url = server_url.data,
                                     .random = &request->web->world->random,
                                     .unix_us = oh_unix_us(request->web->world, request->now_us)};
    oh_check_ticket_issue(&office, &answer);
    oh_count(&request->web->world->counters, OH_COUNT_checks_issued);
    oh_voice_respond(request, 200, NULL, oh_text_str(&answer));
  } else {
    oh_voice_refuse(request, OH_PROBLEM_REQUEST_INVALID, 0);
  }
  oh_text_fini(&server_url);
  oh_text_fini(&page_url);
  oh_text_fini(&answer);
}

void oh_voice_preflight(const struct oh_voice_request *request) {
  char id[OH_SITE_ID_MAX + 1];
  uint32_t retry_after_s = 0;
  if (!read_site(request->http->body, id)) {
    oh_voice_refuse(request, OH_PROBLEM_REQUEST_INVALID, 0);
    return;
  }
  const struct oh_site *site = oh_voice_site(request, oh_str(id));
  if (!site) return;
  enum oh_problem problem = admit(request, site, &retry_after_s);
  bool later = problem == OH_PROBLEM_RATE_LIMITED || problem == OH_PROBLEM_SERVER_DRAINING;
  if (problem == OH_PROBLEM_NONE)
    issue(request);
  else
    oh_voice_refuse(request, problem, later ? retry_after_s : 0);
}
