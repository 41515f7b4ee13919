// voice_events.c — POST /api/voice/events: what buttons report about themselves is counted and, with a
// data_dir, written down. The answer comes before that: nobody waits for a disk.
#include "app/records_desk.h"
#include "app/voice_api.h"
#include "base/limits.h"
#include "call/tally.h"

static void answer(const struct oh_voice_request *request, const struct oh_site *site,
                   const struct oh_event_batch *batch) {
  struct oh_web *web = request->web;
  struct oh_event_client client = oh_event_client_of(oh_http_field(request->http, OH_STR("User-Agent")));
  for (uint32_t i = 0; i < batch->count; i++)
    oh_tally_add(web->tally, &batch->events[i], client);
  oh_count_n(&web->world->counters, OH_COUNT_events_received, batch->count);
  oh_count_n(&web->world->counters, OH_COUNT_events_refused, batch->refused);
  int64_t unix_ms = oh_unix_us(web->world, request->now_us) / 1000;
  if (web->records && batch->count &&
      !oh_records_desk_post(web->records, web->clerk, unix_ms, site->id, client, batch))
    oh_count_n(&web->world->counters, OH_COUNT_records_lost, batch->count);
  struct oh_text json;
  oh_text_init(&json, 128);
  oh_text_addf(&json, "{\"accepted\":%u,\"refused\":%u}", batch->count, batch->refused);
  oh_voice_respond(request, 202, NULL, oh_text_str(&json));
  oh_text_fini(&json);
}

void oh_voice_events(const struct oh_voice_request *request) {
  struct oh_addr visitor = oh_voice_visitor(request);
  uint32_t retry_after_s;
  struct oh_event_batch batch;
  if (request->http->body.len > OH_EVENTS_BODY_MAX)
    oh_voice_refuse(request, OH_PROBLEM_REQUEST_TOO_LARGE, 0);
  else if (!oh_budget_take(request->web->report_budget, request->now_us, &visitor, OH_EVENTS_PER_MINUTE,
                           &retry_after_s))
    oh_voice_refuse(request, OH_PROBLEM_RATE_LIMITED, retry_after_s);
  else if (!oh_event_read(request->http->body, &batch))
    oh_voice_refuse(request, OH_PROBLEM_REQUEST_INVALID, 0);
  else {
    const struct oh_site *site = oh_voice_site(request, oh_str(batch.site));
    if (site) answer(request, site, &batch);
    oh_event_batch_fini(&batch);
  }
}
