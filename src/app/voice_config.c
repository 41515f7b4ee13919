// voice_config.c — GET /api/voice/config?site=: what a site tells its button (call/notice.h).
#include "app/pages.h"
#include "app/voice_api.h"
#include "base/limits.h"
#include "call/notice.h"
#include "call/origin.h"

#define NOTICE_MAX (256 * 1024) // with texts of 4 KB in every language

// The host that a URL names, without its port.
static void add_host(struct oh_text *out, const char *url) {
  struct oh_str rest = oh_str(strstr(url, "://") + 3);
  oh_text_add(out, oh_str_cut(&rest, '/'));
}

static void add_own_host(const struct oh_voice_request *request, struct oh_text *out) {
  const struct oh_config *config = request->web->config;
  const char *elsewhere = config->livekit_host, *public_url = config->public_url;
  struct oh_str host = oh_http_field(request->http, OH_STR("Host"));
  if (elsewhere && *elsewhere)
    add_host(out, elsewhere);
  else if (public_url && *public_url)
    add_host(out, public_url);
  else if (oh_host_is_valid(host))
    oh_text_add(out, host);
}

// The version in the text, which ends in ,"version":"0123456789abcdef"}
static void add_etag(const struct oh_text *json, struct oh_text *out) {
  oh_text_addf(out, "\"%.16s\"", json->data + json->len - 18);
}

void oh_voice_config(const struct oh_voice_request *request) {
  const struct oh_site *site = oh_voice_site(request, oh_voice_query(request, "site"));
  if (!site) return;
  const struct oh_config *config = request->web->config;
  struct oh_text host, json, etag, fields;
  oh_text_init(&host, 512);
  oh_text_init(&json, NOTICE_MAX);
  oh_text_init(&etag, 32);
  oh_text_init(&fields, 256);
  add_own_host(request, &host);
  struct oh_notice_facts facts = {.host = host.failed ? NULL : host.data,
                                  .stun = (const char *const *)config->rtc.stun_servers.items,
                                  .stun_count = config->rtc.stun_servers.count,
                                  .event_days = request->web->records ? config->records.days : 0};
  oh_notice_write(site, &facts, &json);
  if (json.failed) {
    oh_voice_refuse(request, OH_PROBLEM_INTERNAL, 0);
  } else {
    add_etag(&json, &etag);
    oh_text_addf(&fields, "ETag: %s\r\nCache-Control: max-age=60\r\n", etag.data);
    bool known =
        oh_pages_lists_etag(oh_http_field(request->http, OH_STR("If-None-Match")), oh_text_str(&etag));
    oh_voice_respond(request, known ? 304 : 200, fields.data,
                     known ? (struct oh_str){0} : oh_text_str(&json));
  }
  oh_text_fini(&host);
  oh_text_fini(&json);
  oh_text_fini(&etag);
  oh_text_fini(&fields);
}
