// voice_diagnostics.c — GET /api/voice/diagnostics?site=: why the button does not work, for who builds the
// page (call/diagnosis.h). Pages of any origin may ask: those that are not allowed most of all.
#include "app/version.h"
#include "app/voice_token.h"
#include "app/worker.h"
#include "base/check.h"
#include "call/diagnosis.h"
#include <inttypes.h>

static void write_answer(const struct oh_diagnosis_facts *facts, struct oh_str asked, struct oh_text *json) {
  struct oh_checkup *checkup = &(struct oh_checkup){0};
  struct oh_text line;
  oh_text_init(&line, 4096);
  oh_diagnosis_make(facts, checkup);
  oh_text_addf(json, "{\"version\":\"%s\",\"site\":", facts->version);
  oh_checkup_quote(asked.len ? asked : OH_STR(OH_SITE_DEFAULT), json);
  oh_text_adds(json, ",\"origin\":");
  oh_checkup_quote(facts->origin, json);
  oh_text_addf(json, ",\"ok\":%s,\"unixMs\":%" PRId64 ",\"checks\":",
               oh_checkup_worst(checkup) < OH_VERDICT_FAIL ? "true" : "false", facts->unix_ms);
  oh_checkup_write_json(checkup, json);
  oh_text_adds(json, ",\"headers\":{\"Content-Security-Policy\":");
  oh_diagnosis_write_policy(facts, &line);
  oh_checkup_quote(oh_text_str(&line), json);
  oh_text_clear(&line);
  oh_diagnosis_write_permissions(facts, &line);
  oh_text_adds(json, ",\"Permissions-Policy\":");
  oh_checkup_quote(oh_text_str(&line), json);
  oh_text_adds(json, "}}");
  oh_text_fini(&line);
}

void oh_voice_diagnostics(const struct oh_voice_request *request) {
  const struct oh_web *web = request->web;
  struct oh_str asked = oh_voice_query(request, "site"),
                origin = oh_http_field(request->http, OH_STR("Origin"));
  struct oh_text server_url, page_url, json;
  oh_text_init(&server_url, 1024);
  oh_text_init(&page_url, 1024);
  oh_text_init(&json, 64 * 1024);
  uint64_t page_ms = 0;
  oh_str_to_u64(oh_voice_query(request, "now"), INT64_MAX, &page_ms);
  if (!oh_voice_urls(request, &server_url, &page_url) || origin.len > 300) {
    oh_voice_refuse(request, OH_PROBLEM_REQUEST_INVALID, 0);
  } else {
    struct oh_diagnosis_facts facts = {
        .version = OH_VERSION,
        .site = oh_sites_find(&web->config->sites, asked),
        .origin = origin,
        .host = oh_http_field(request->http, OH_STR("Host")),
        .own_url = page_url.data,
        .livekit_host = web->config->livekit_host,
        .has_sign_in = oh_http_field(request->http, OH_STR("Authorization")).len > 0,
        .draining = atomic_load_explicit(web->draining, memory_order_relaxed),
        .page_ms = (int64_t)page_ms,
        .unix_ms = oh_unix_us(web->world, request->now_us) / 1000,
    };
    facts.media_count = oh_worker_candidates(web->worker, &facts.media);
    write_answer(&facts, asked, &json);
    OH_CHECK(!json.failed);
    oh_voice_respond(request, 200, NULL, oh_text_str(&json));
  }
  oh_text_fini(&server_url);
  oh_text_fini(&page_url);
  oh_text_fini(&json);
}
