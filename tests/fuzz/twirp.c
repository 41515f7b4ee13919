// twirp.c — a request of the server API: path, content type and body from the input, worked off by a house in
// which two people are. Whatever comes: an error that is JSON, or an answer that can be written in both
// forms.
//
// Input: path '\n' content type '\n' body.
#include "base/check.h"
#include "base/limits.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "livekit/service.h"
#include "tests/fuzz/repeatable.h"
#include "tests/unit/livekit/doubles.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SECOND_US = 1000000 };

static void take(void *ctx, struct oh_outbox *outbox) {
  (void)ctx, (void)outbox;
}

static void drain(struct oh_house *house) {
  struct oh_frame frame;
  while (oh_house_next_frame(house, &frame))
    free(frame.data);
}

static void join(struct oh_house *house, const char *identity) {
  struct oh_join join = {.protocol = 17, .auto_subscribe = true, .single_peer_connection = true};
  oh_claims_init(&join.claims);
  join.claims.has_video = join.claims.video.room_join = true;
  free(join.claims.identity);
  free(join.claims.video.room);
  join.claims.identity = oh_str_dup(oh_str(identity));
  join.claims.video.room = oh_str_dup(OH_STR("r"));
  struct oh_admission admission;
  oh_house_join(house, 0, &join, &admission);
  OH_CHECK(admission.status == 101);
  oh_join_fini(&join);
  drain(house);
}

static void look_at_error(const struct oh_twirp_error *error) {
  struct oh_text json;
  oh_text_init(&json, 1 << 16);
  oh_twirp_write_error(error, &json);
  OH_CHECK(!json.failed && oh_str_is_utf8(oh_text_str(&json)));
  OH_CHECK(error->code != OH_TWIRP_OK && oh_twirp_code_status(error->code) >= 400);
  oh_text_fini(&json);
}

static void look_at_answer(const struct oh_call *call) {
  struct oh_bytes packed = {call->answer, call->answer_len};
  ProtobufCMessage *message = oh_message_read(call->method->response, packed.data, packed.len);
  OH_CHECK(message); // others can read it
  oh_message_free(message);
  struct oh_text json;
  oh_text_init(&json, 1 << 24);
  OH_CHECK(oh_twirp_write_json(call->method->response, packed, &json));
  OH_CHECK(oh_str_is_utf8(oh_text_str(&json)));
  oh_text_fini(&json);
}

static void finished(struct oh_call *call, int64_t now_us) {
  OH_CHECK(call->finished == finished && now_us > 0);
  call->finished = NULL; // once
}

static void serve(struct oh_house *house, struct oh_call *call) {
  call->finished = finished;
  enum oh_call_state state = oh_house_serve(house, SECOND_US, call);
  drain(house);
  // RPC waits, here in vain: nobody has a data channel.
  if (state == OH_CALL_LATER) oh_house_tick(house, 100 * SECOND_US);
  OH_CHECK(!call->finished == (state == OH_CALL_LATER));
  if (call->error.code != OH_TWIRP_OK)
    look_at_error(&call->error);
  else
    look_at_answer(call);
}

static void work_off(struct oh_house *house, struct oh_str path, struct oh_str type, struct oh_bytes body) {
  struct oh_claims claims;
  oh_claims_init(&claims);
  claims.has_video = claims.video.room_create = claims.video.room_list = claims.video.room_record = true;
  struct oh_call call = {.claims = &claims};
  struct oh_str service, name;
  enum oh_twirp_format format;
  ProtobufCMessage *request = NULL;
  if (oh_twirp_route(path, &service, &name)) call.method = oh_method_find(service, name);
  if (!call.method || !call.method->handle)
    oh_twirp_fail_route(&call.error, OH_STR("POST"), path, "no handler for path \"%.*s\"", OH_STR_ARG(path));
  else if (!oh_twirp_format_read(type, &format))
    oh_twirp_fail_route(&call.error, OH_STR("POST"), path, "unexpected Content-Type: \"%.*s\"",
                        OH_STR_ARG(type));
  else
    request = oh_twirp_read(call.method->request, format, body, &call.error);
  call.request = request;
  size_t len = request && call.method->room ? strlen(oh_call_text(&call, call.method->room)) : 1;
  if (!request)
    look_at_error(&call.error);
  else if (len > 0 && len <= OH_ROOM_NAME_MAX) {
    (void)oh_call_is_allowed(&call);
    serve(house, &call);
  }
  oh_call_fini(&call);
  oh_message_free(request);
  oh_claims_fini(&claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  doubles_reset();
  uint64_t seed = 1;
  struct oh_world world = {.random = {.fill = fill, .ctx = &seed}};
  struct oh_outbox out;
  oh_outbox_init(&out, take, NULL);
  struct oh_house_config config = {.server_version = "1.13.5",
                                   .node_id = "n",
                                   .api_key = "k",
                                   .api_secret = "s",
                                   .empty_timeout_s = 300,
                                   .departure_timeout_s = 20,
                                   .auto_create = true,
                                   .rooms = 4,
                                   .participants = 8};
  struct oh_house *house = oh_house_open(&world, NULL, &config, &out);
  join(house, "a");
  join(house, "b");
  struct oh_str rest = {(const char *)data, size};
  struct oh_str path = oh_str_cut(&rest, '\n'), type = oh_str_cut(&rest, '\n');
  work_off(house, path, type, (struct oh_bytes){(const uint8_t *)rest.data, rest.len});
  oh_house_tick(house, 101 * SECOND_US);
  drain(house);
  oh_house_close(house);
  oh_outbox_fini(&out);
  return 0;
}
