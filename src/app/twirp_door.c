// twirp_door.c — see twirp_door.h
#include "app/twirp_door.h"
#include "app/errand.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/message.h"
#include "livekit/service.h"
#include <stdlib.h>

#define JSON_FACTOR 3 // 48 MB of JSON at most: what the HTTP server takes

struct pending { // a request that waits for its errand
  uint64_t serial;
  oh_id conn;
  int64_t until_us;
};
struct oh_twirp_door {
  struct pending pending[OH_API_CALLS_MAX];
  uint32_t pending_count;
  uint64_t serial;
};

struct visit { // one call, on its way
  struct oh_errand errand;
  struct oh_call call;
  struct oh_claims claims;
  ProtobufCMessage *request;
  enum oh_twirp_format format;
  uint64_t serial;
};

struct oh_twirp_door *oh_twirp_door_open(void) {
  struct oh_twirp_door *door = calloc(1, sizeof *door);
  OH_CHECK(door);
  return door;
}

void oh_twirp_door_close(struct oh_twirp_door *door) {
  free(door);
}

static void respond(struct oh_web *web, oh_id conn, int status, const char *type, struct oh_bytes body,
                    bool close) {
  const struct oh_http_request *request = oh_http_held(web->server, conn);
  if (!request) return;
  struct oh_text fields;
  oh_text_init(&fields, 4096);
  oh_web_cors(oh_http_field(request, OH_STR("Origin")), false, &fields);
  oh_text_adds(&fields, "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n");
  struct oh_http_response response = {
      .status = status, .type = oh_str(type), .fields = oh_text_str(&fields), .body = body, .close = close};
  oh_http_respond(web->server, conn, &response);
  oh_text_fini(&fields);
}

static void respond_error(struct oh_web *web, oh_id conn, const struct oh_twirp_error *error, bool close) {
  oh_count(&web->world->counters, OH_COUNT_api_refused);
  struct oh_text json;
  oh_text_init(&json, 8 * OH_TWIRP_TEXT_MAX);
  oh_twirp_write_error(error, &json);
  respond(web, conn, oh_twirp_code_status(error->code), OH_TWIRP_JSON_TYPE,
          (struct oh_bytes){(const uint8_t *)json.data, json.len}, close);
  oh_text_fini(&json);
}

static void respond_answer(struct oh_web *web, oh_id conn, const struct oh_call *call,
                           enum oh_twirp_format format) {
  struct oh_bytes packed = {call->answer, call->answer_len};
  if (format == OH_TWIRP_PROTOBUF) return respond(web, conn, 200, OH_TWIRP_PROTOBUF_TYPE, packed, false);
  struct oh_text json;
  oh_text_init(&json, JSON_FACTOR * (size_t)OH_API_ANSWER_MAX);
  if (oh_twirp_write_json(call->method->response, packed, &json)) {
    respond(web, conn, 200, OH_TWIRP_JSON_TYPE, (struct oh_bytes){(const uint8_t *)json.data, json.len},
            false);
  } else {
    struct oh_twirp_error error;
    oh_twirp_fail(&error, OH_TWIRP_RESOURCE_EXHAUSTED, "the answer is too large: ask for less");
    respond_error(web, conn, &error, false);
  }
  oh_text_fini(&json);
}

// ---- the errand

static void free_visit(struct visit *visit) {
  oh_call_fini(&visit->call);
  oh_claims_fini(&visit->claims);
  oh_message_free(visit->request);
  free(visit);
}

static void drop(struct oh_errand *errand) {
  free_visit((struct visit *)errand);
}

static enum oh_errand_step serve(struct oh_errand *errand, struct oh_web *there, int64_t now_us) {
  struct visit *visit = (struct visit *)errand;
  switch (oh_house_serve(there->house, now_us, &visit->call)) {
  case OH_CALL_DONE: return OH_ERRAND_HOME;
  case OH_CALL_NEXT: return OH_ERRAND_ON;
  case OH_CALL_LATER: break;
  }
  return OH_ERRAND_KEPT;
}

static void finished(struct oh_call *call, int64_t now_us) {
  struct visit *visit = (struct visit *)((char *)call - offsetof(struct visit, call));
  oh_errand_return(&visit->errand, now_us);
}

static void back(struct oh_errand *errand, struct oh_web *home, int64_t now_us, bool lost) {
  (void)now_us;
  struct visit *visit = (struct visit *)errand;
  struct oh_twirp_door *door = home->twirp;
  uint32_t i = 0;
  while (i < door->pending_count && door->pending[i].serial != visit->serial)
    i++;
  if (i < door->pending_count) { // else it took too long, and has been answered
    oh_id conn = door->pending[i].conn;
    door->pending[i] = door->pending[--door->pending_count];
    oh_log(&home->world->log, OH_LOG_DEBUG, "server API call", "method=%s code=%s", visit->call.method->name,
           lost ? "lost" : oh_twirp_code_name(visit->call.error.code));
    if (lost) oh_call_fail(&visit->call, OH_TWIRP_UNAVAILABLE, "the server is too busy");
    if (visit->call.error.code == OH_TWIRP_OK)
      respond_answer(home, conn, &visit->call, visit->format);
    else
      respond_error(home, conn, &visit->call.error, false);
  }
  free_visit(visit);
}

void oh_twirp_door_tick(struct oh_web *web, int64_t now_us) {
  struct oh_twirp_door *door = web->twirp;
  for (uint32_t i = 0; i < door->pending_count;) {
    if (now_us < door->pending[i].until_us) {
      i++;
      continue;
    }
    struct oh_twirp_error error;
    oh_twirp_fail(&error, OH_TWIRP_DEADLINE_EXCEEDED, "the call took too long");
    respond_error(web, door->pending[i].conn, &error, true);
    door->pending[i] = door->pending[--door->pending_count];
  }
}

// ---- the request

// NULL: the error says why.
static const struct oh_method *find_method(const struct oh_http_request *request,
                                           struct oh_twirp_error *error) {
  struct oh_str service, name;
  if (!oh_str_eq(request->method, OH_STR("POST"))) {
    oh_twirp_fail_route(error, request->method, request->path,
                        "unsupported method \"%.*s\" (only POST is allowed)", OH_STR_ARG(request->method));
    return NULL;
  }
  bool has_form = oh_twirp_route(request->path, &service, &name);
  const struct oh_method *method = has_form ? oh_method_find(service, name) : NULL;
  if (!method)
    oh_twirp_fail_route(error, request->method, request->path, "no handler for path \"%.*s\"",
                        OH_STR_ARG(request->path));
  return method;
}

static bool read_visit(struct visit *visit, const struct oh_http_request *request) {
  struct oh_call *call = &visit->call;
  struct oh_str type = oh_http_field(request, OH_STR("Content-Type"));
  call->method = find_method(request, &call->error);
  if (!call->method) return false;
  if (!*visit->claims.issuer) // no token: nothing is read for strangers
    return oh_call_fail(call, OH_TWIRP_UNAUTHENTICATED, "permissions denied"), false;
  if (!call->method->handle)
    return oh_call_fail(call, OH_TWIRP_UNIMPLEMENTED, "%s", call->method->refusal), false;
  if (!oh_twirp_format_read(type, &visit->format)) {
    oh_twirp_fail_route(&call->error, request->method, request->path, "unexpected Content-Type: \"%.*s\"",
                        OH_STR_ARG(type));
    return false;
  }
  if (!oh_call_has_grant(call)) return false; // nor for those whom nothing would be done for
  visit->request = oh_twirp_read(call->method->request, visit->format, request->body, &call->error);
  if (!visit->request) return false;
  call->request = visit->request;
  if (!oh_call_is_allowed(call)) return false;
  if (!call->method->room) return true;
  size_t len = strlen(oh_call_text(call, call->method->room));
  if (len == 0) return oh_call_fail(call, OH_TWIRP_INVALID_ARGUMENT, "no room name"), false;
  if (len > OH_ROOM_NAME_MAX)
    return oh_call_fail(call, OH_TWIRP_INVALID_ARGUMENT, "room name length exceeds limits: max length %d",
                        OH_ROOM_NAME_MAX),
           false;
  return true;
}

static void send(struct oh_web *web, int64_t now_us, oh_id conn, struct visit *visit) {
  struct oh_twirp_door *door = web->twirp;
  visit->serial = ++door->serial;
  door->pending[door->pending_count++] = (struct pending){visit->serial, conn, now_us + OH_API_CALL_US};
  oh_count(&web->world->counters, OH_COUNT_api_calls);
  if (visit->call.method->room)
    oh_errand_to_room(web, oh_str(oh_call_text(&visit->call, visit->call.method->room)), &visit->errand,
                      now_us);
  else
    oh_errand_to_all(web, &visit->errand, now_us);
}

static int authenticate(struct oh_web *web, int64_t now_us, const struct oh_http_request *request,
                        struct oh_claims *claims, char refusal[256]) {
  char token[OH_TOKEN_MAX];
  size_t len = 0;
  if (oh_http_param(request->query, OH_STR("access_token"), token, sizeof token, &len) != OH_HTTP_PARAM_OK)
    len = 0;
  struct oh_keys keys = {.items = web->config->key_items, .count = web->config->key_count};
  return oh_token_authenticate(oh_http_field(request, OH_STR("Authorization")), (struct oh_str){token, len},
                               &keys, oh_unix_us(web->world, now_us), claims, refusal);
}

void oh_twirp_door_request(struct oh_web *web, int64_t now_us, oh_id conn,
                           const struct oh_http_request *request) {
  struct visit *visit = calloc(1, sizeof *visit);
  OH_CHECK(visit);
  visit->errand = (struct oh_errand){.act = serve, .back = back, .drop = drop};
  visit->call.claims = &visit->claims;
  visit->call.finished = finished;
  char refusal[256] = "";
  int status = authenticate(web, now_us, request, &visit->claims, refusal);
  if (status) {
    oh_count(&web->world->counters, OH_COUNT_api_refused);
    oh_web_respond_text(web, conn, status, refusal);
    return free_visit(visit);
  }
  bool ready = read_visit(visit, request);
  if (ready && web->twirp->pending_count == OH_API_CALLS_MAX) {
    oh_call_fail(&visit->call, OH_TWIRP_RESOURCE_EXHAUSTED, "too many calls at a time");
    ready = false;
  }
  if (ready) return send(web, now_us, conn, visit);
  respond_error(web, conn, &visit->call.error, false);
  free_visit(visit);
}
