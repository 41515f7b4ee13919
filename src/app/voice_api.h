// voice_api.h — the routes under /api/voice/. Each has a handler in a file of its own (voice_token.c,
// voice_config.c …); who wants another adds a line to the table in voice_api.c. Before a handler runs, the
// method is known to be right and the page's origin to be allowed by some site; which site it is, the handler
// says (oh_voice_site).
#pragma once
#include "app/web.h"
#include "call/site.h"

struct oh_voice_request {
  struct oh_web *web;
  int64_t now_us;
  oh_id conn;
  const struct oh_http_request *http;
  struct oh_str cors; // lines of the answer that let the page read it
};

// The site of this id (empty: default), or NULL when the request has been answered: there is none, or it does
// not let this page in.
const struct oh_site *oh_voice_site(const struct oh_voice_request *request, struct oh_str id);
// The visitor's address: the peer's, or what trusted proxies say.
struct oh_addr oh_voice_visitor(const struct oh_voice_request *request);
// The value of ?name=… if it is of letters that need no escape, else empty.
struct oh_str oh_voice_query(const struct oh_voice_request *request, const char *name);

// `more`: further header lines, each ending in CRLF; Cache-Control: no-store is there unless they have one.
void oh_voice_respond(const struct oh_voice_request *request, int status, const char *more,
                      struct oh_str json);
void oh_voice_refuse(const struct oh_voice_request *request, enum oh_problem problem, uint32_t retry_after_s);
// With further members of the JSON object, each beginning with a comma.
void oh_voice_refuse_with(const struct oh_voice_request *request, enum oh_problem problem,
                          uint32_t retry_after_s, struct oh_str members);

// Builds the request of a held connection again, for handlers that had to wait for something. Does nothing if
// the client has gone.
void oh_voice_again(struct oh_web *web, int64_t now_us, oh_id conn,
                    void (*then)(const struct oh_voice_request *request, void *ctx), void *ctx);

// Walks the routes (`offhook help routes`): start with *cursor = 0; false at the end.
bool oh_voice_next_route(size_t *cursor, const char **method, const char **path, const char **who);

// The handlers.
void oh_voice_token(const struct oh_voice_request *request);
void oh_voice_invite(const struct oh_voice_request *request);
void oh_voice_config(const struct oh_voice_request *request);
void oh_voice_events(const struct oh_voice_request *request);
void oh_voice_preflight_facts(const struct oh_voice_request *request);
void oh_voice_preflight(const struct oh_voice_request *request);
void oh_voice_diagnostics(const struct oh_voice_request *request);
void oh_voice_webhook(const struct oh_voice_request *request);
