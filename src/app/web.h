// web.h — the HTTP routes that need no room: the page, health, version, tokens, and the CORS manners that
// LiveKit's clients rely on (facts/LIVEKIT.md 1.1). One per worker; /rtc… is the worker's own.
#pragma once
#include "app/config.h"
#include "base/world.h"
#include "call/budget.h"
#include "call/problem.h"
#include "io/http_server.h"
#include <stdatomic.h>

struct oh_voice_gate;

// What all workers read. The pointers are replaced by mail at SIGHUP, never changed in place.
struct oh_clerk;
struct oh_far_desk;
struct oh_records_desk;
struct oh_tally;
struct oh_worker;
struct oh_keyring;
struct oh_doorman;
struct oh_twirp_door;
struct oh_agents_door;
struct oh_house;
struct oh_web {
  struct oh_http_server *server;
  struct oh_world *world;
  const struct oh_config *config;
  // Shared by all workers:
  struct oh_budget *budget, *report_budget, *check_budget; // calls; events; network checks
  struct oh_voice_gate *gate;                              // how much of a site may be used
  struct oh_tally *tally;
  struct oh_records_desk *records; // NULL: nothing is written down
  struct oh_far_desk *far;         // NULL: calls are carried here
  const atomic_bool *draining;     // SIGTERM came
  struct oh_clerk *clerk;          // does what is slow
  struct oh_keyring *keyring;      // identity providers' keys, at the clerk
  // This worker's own:
  struct oh_doorman *doorman;    // who is calling
  struct oh_twirp_door *twirp;   // the server API
  struct oh_agents_door *agents; // agents' workers
  struct oh_worker *worker;      // whose this is: the clerk's answers are posted to it
  struct oh_house *house;        // its rooms
};

enum oh_web_route { OH_WEB_ANSWERED, OH_WEB_RTC, OH_WEB_AGENT };
// Answers the held request, or says that it is one for signalling or for agents' workers.
enum oh_web_route oh_web_request(struct oh_web *web, int64_t now_us, oh_id conn,
                                 const struct oh_http_request *request);
// Walks the addresses that are neither the voice API's nor the server API's (`offhook help routes`): start
// with *cursor = 0; false at the end. All are asked with GET.
bool oh_web_next_route(size_t *cursor, const char **path, const char **who);
// Everything under /api/voice/ (voice_api.h).
void oh_voice_api_request(struct oh_web *web, int64_t now_us, oh_id conn,
                          const struct oh_http_request *request);

// The CORS lines of a LiveKit path: any origin is echoed. `always`: "*" where there is none (…/validate).
void oh_web_cors(struct oh_str origin, bool always, struct oh_text *fields);
// Plain text with the CORS lines of a LiveKit path.
void oh_web_respond_text(struct oh_web *web, oh_id conn, int status, const char *text);
void oh_web_respond_problem(struct oh_web *web, oh_id conn, enum oh_problem problem, uint32_t retry_after_s,
                            struct oh_str fields);
// With further members of the JSON object, each beginning with a comma.
void oh_web_respond_problem_with(struct oh_web *web, oh_id conn, enum oh_problem problem,
                                 uint32_t retry_after_s, struct oh_str fields, struct oh_str members);
// ws(s):// (or http(s)://) and the server as the visitor's browser reached it. False: no usable Host.
bool oh_web_own_url(const struct oh_web *web, oh_id conn, const struct oh_http_request *request,
                    bool websocket, struct oh_text *url);
