// service_data.c — see service_data.h
#include "livekit/service_data.h"
#include "livekit/data.h"
#include "livekit/rpc.h"
#include "service.pb-c.h"

static enum oh_call_state refuse(struct oh_call *call, enum oh_twirp_code code, const char *why) {
  oh_call_fail(call, code, "%s", why);
  return OH_CALL_DONE;
}

enum oh_call_state oh_room_send_data(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__SendDataRequest *request = (const Livekit__SendDataRequest *)call->request;
  if (request->nonce.len != 0 && request->nonce.len != OH_DATA_NONCE_BYTES) {
    oh_call_fail(call, OH_TWIRP_INVALID_ARGUMENT, "nonce should be 16-bytes or not present, got: %zu bytes",
                 request->nonce.len);
    return OH_CALL_DONE;
  }
  struct oh_room *room = oh_room_find(house, oh_str(request->room));
  if (!room) return refuse(call, OH_TWIRP_NOT_FOUND, "requested room does not exist");
  if (!oh_data_send(house, now_us, room, request))
    return refuse(call, OH_TWIRP_INVALID_ARGUMENT, "the data is too large for one message");
  Livekit__SendDataResponse answer = LIVEKIT__SEND_DATA_RESPONSE__INIT;
  oh_call_answer(call, &answer.base);
  return OH_CALL_DONE;
}

enum oh_call_state oh_room_perform_rpc(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__PerformRpcRequest *request = (const Livekit__PerformRpcRequest *)call->request;
  if (!*request->destination_identity)
    return refuse(call, OH_TWIRP_INVALID_ARGUMENT, "destination identity is required");
  struct oh_room *room = oh_room_find(house, oh_str(request->room));
  struct oh_participant *callee =
      room ? oh_participant_by_identity(room, request->destination_identity) : NULL;
  if (!callee || callee->resident) return refuse(call, OH_TWIRP_NOT_FOUND, "participant does not exist");
  return oh_rpc_perform(house, now_us, callee, call);
}
