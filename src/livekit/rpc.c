// rpc.c — see rpc.h
#include "livekit/rpc.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/data.h"
#include "livekit/message.h"
#include "service.pb-c.h"

enum {
  VERSION = 1, // of the request: 2 means a compressed payload
  UUID_CHARS = 36,
  DEFAULT_TIMEOUT_MS = 10000,
  PAYLOAD_MAX = 15360,
};
#define ACK_US 2000000 // LiveKit's DataChannelRpcMaxRoundTripLatency

struct oh_rpc {
  struct oh_rpc *next;
  struct oh_call *call;
  int64_t ack_by_us, answer_by_us; // ack_by_us: OH_NEVER once acknowledged
  char id[UUID_CHARS + 1];
};

// ---- errors, as LiveKit numbers them and its server API tells them

static const struct {
  uint32_t code;
  enum oh_twirp_code twirp;
  const char *message;
} errors[] = {
    {1400, OH_TWIRP_INVALID_ARGUMENT, "Method not supported at destination"},
    {1401, OH_TWIRP_NOT_FOUND, "Recipient not found"},
    {1402, OH_TWIRP_MALFORMED, "Request payload too large"},
    {1403, OH_TWIRP_UNIMPLEMENTED, "RPC not supported by server"},
    {1404, OH_TWIRP_UNIMPLEMENTED, "Unsupported RPC version"},
    {1501, OH_TWIRP_CANCELED, "Connection timeout"},
    {1502, OH_TWIRP_CANCELED, "Response timeout"},
    {1503, OH_TWIRP_UNAVAILABLE, "Recipient disconnected"},
};
enum { REQUEST_TOO_LARGE = 1402, NO_ACK = 1501, NO_ANSWER = 1502, GONE = 1503 };

// An error of the callee's own, or of the table above.
static void fail(struct oh_call *call, uint32_t code, const char *message, const char *data) {
  enum oh_twirp_code twirp = OH_TWIRP_INTERNAL;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    if (errors[i].code != code) continue;
    twirp = errors[i].twirp;
    if (!message) message = errors[i].message;
  }
  oh_call_fail(call, twirp, "RpcError %u: %s%s%s", code, message ? message : "", data && *data ? ": " : "",
               data ? data : "");
}

// ---- the list of a callee

static struct oh_rpc **find(struct oh_participant *callee, const char *id) {
  struct oh_rpc **rpc = &callee->rpcs;
  while (*rpc && strcmp((*rpc)->id, id) != 0)
    rpc = &(*rpc)->next;
  return rpc;
}

static void finish(int64_t now_us, struct oh_participant *callee, struct oh_rpc **place) {
  struct oh_rpc *rpc = *place;
  *place = rpc->next;
  callee->rpc_count--;
  oh_call_finish(rpc->call, now_us);
  free(rpc);
}

// RFC 9562 5.4
static void make_uuid(struct oh_random *random, char out[UUID_CHARS + 1]) {
  uint8_t b[16];
  oh_random_fill(random, b, sizeof b);
  b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
  b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
  snprintf(out, UUID_CHARS + 1, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
           b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static void send_request(struct oh_house *house, int64_t now_us, struct oh_participant *callee,
                         const struct oh_rpc *rpc, const Livekit__PerformRpcRequest *asked,
                         uint32_t timeout_ms) {
  Livekit__RpcRequest request = LIVEKIT__RPC_REQUEST__INIT;
  request.id = (char *)rpc->id;
  request.method = asked->method;
  request.payload = asked->payload;
  request.response_timeout_ms = timeout_ms;
  request.version = VERSION;
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.kind = LIVEKIT__DATA_PACKET__KIND__RELIABLE;
  packet.participant_identity = (char *)rpc->id;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_RPC_REQUEST;
  packet.rpc_request = &request;
  oh_data_send_one(house, now_us, callee, &packet);
}

enum oh_call_state oh_rpc_perform(struct oh_house *house, int64_t now_us, struct oh_participant *callee,
                                  struct oh_call *call) {
  const Livekit__PerformRpcRequest *asked = (const Livekit__PerformRpcRequest *)call->request;
  if (strlen(asked->payload) > PAYLOAD_MAX) {
    fail(call, REQUEST_TOO_LARGE, NULL, NULL);
    return OH_CALL_DONE;
  }
  if (callee->rpc_count >= OH_RPCS_MAX) {
    oh_call_fail(call, OH_TWIRP_RESOURCE_EXHAUSTED, "too many calls to this participant are under way");
    return OH_CALL_DONE;
  }
  uint32_t timeout_ms = asked->response_timeout_ms ? asked->response_timeout_ms : DEFAULT_TIMEOUT_MS;
  if (timeout_ms > OH_RPC_TIMEOUT_MAX_MS) timeout_ms = OH_RPC_TIMEOUT_MAX_MS;
  struct oh_rpc *rpc = calloc(1, sizeof *rpc);
  OH_CHECK(rpc);
  rpc->call = call;
  rpc->ack_by_us = now_us + ACK_US;
  rpc->answer_by_us = now_us + timeout_ms * 1000LL;
  make_uuid(&house->world->random, rpc->id);
  rpc->next = callee->rpcs;
  callee->rpcs = rpc;
  callee->rpc_count++;
  send_request(house, now_us, callee, rpc, asked, timeout_ms);
  oh_participant_schedule(house, callee);
  return OH_CALL_LATER;
}

static void take_answer(struct oh_call *call, const Livekit__RpcResponse *response) {
  if (response->value_case == LIVEKIT__RPC_RESPONSE__VALUE_PAYLOAD) {
    Livekit__PerformRpcResponse answer = LIVEKIT__PERFORM_RPC_RESPONSE__INIT;
    answer.payload = response->payload;
    oh_call_answer(call, &answer.base);
  } else if (response->value_case == LIVEKIT__RPC_RESPONSE__VALUE_ERROR) {
    fail(call, response->error->code, response->error->message, response->error->data);
  } else {
    oh_call_fail(call, OH_TWIRP_INTERNAL, "the answer is in a form that was not asked for");
  }
}

bool oh_rpc_recv(int64_t now_us, struct oh_participant *from, const Livekit__DataPacket *packet) {
  if (!from->rpcs) return false;
  bool ack = packet->value_case == LIVEKIT__DATA_PACKET__VALUE_RPC_ACK;
  if (!ack && packet->value_case != LIVEKIT__DATA_PACKET__VALUE_RPC_RESPONSE) return false;
  struct oh_rpc **place = find(from, ack ? packet->rpc_ack->request_id : packet->rpc_response->request_id);
  if (!*place) return false;
  (*place)->ack_by_us = OH_NEVER;
  if (!ack) {
    take_answer((*place)->call, packet->rpc_response);
    finish(now_us, from, place);
  }
  return true;
}

int64_t oh_rpc_deadline(const struct oh_participant *callee) {
  int64_t first_us = OH_NEVER;
  for (const struct oh_rpc *rpc = callee->rpcs; rpc; rpc = rpc->next)
    first_us = oh_earlier(first_us, oh_earlier(rpc->ack_by_us, rpc->answer_by_us));
  return first_us;
}

void oh_rpc_tick(int64_t now_us, struct oh_participant *callee) {
  struct oh_rpc **place = &callee->rpcs;
  while (*place) {
    bool no_ack = (*place)->ack_by_us <= now_us;
    if (!no_ack && (*place)->answer_by_us > now_us) {
      place = &(*place)->next;
      continue;
    }
    fail((*place)->call, no_ack ? NO_ACK : NO_ANSWER, NULL, NULL);
    finish(now_us, callee, place);
  }
}

void oh_rpc_forget(int64_t now_us, struct oh_participant *callee) {
  while (callee->rpcs) {
    fail(callee->rpcs->call, GONE, NULL, NULL);
    finish(now_us, callee, &callee->rpcs);
  }
}
