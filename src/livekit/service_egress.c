// service_egress.c — see service_egress.h
#include "livekit/service_egress.h"
#include "livekit/egress.h"
#include "livekit/room.h"

static const char *status_name(Livekit__EgressStatus status) {
  const ProtobufCEnumValue *value =
      protobuf_c_enum_descriptor_get_value(&livekit__egress_status__descriptor, (int)status);
  return value ? value->name : "";
}

enum oh_call_state oh_egress_serve_start(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  struct oh_room *room = oh_room_find(house, oh_str(oh_call_text(call, "room_name")));
  if (!room) {
    oh_call_fail(call, OH_TWIRP_NOT_FOUND, "requested room does not exist");
    return OH_CALL_DONE;
  }
  struct oh_egress *egress = oh_egress_start(house, now_us, room, call->request, &call->error);
  if (egress) oh_call_answer(call, &oh_egress_describe(house, egress)->base);
  return OH_CALL_DONE;
}

enum oh_call_state oh_egress_serve_list(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  (void)now_us;
  const Livekit__ListEgressRequest *request = (const Livekit__ListEgressRequest *)call->request;
  Livekit__ListEgressResponse response = LIVEKIT__LIST_EGRESS_RESPONSE__INIT;
  response.items = oh_scratch_take(&house->scratch, (house->egresses.count + 1) * sizeof *response.items);
  for (struct oh_egress *e = oh_egress_next(house, NULL); e; e = oh_egress_next(house, e)) {
    Livekit__EgressInfo *info = oh_egress_describe(house, e);
    bool wanted = (!*request->room_name || strcmp(request->room_name, info->room_name) == 0) &&
                  (!*request->egress_id || strcmp(request->egress_id, info->egress_id) == 0) &&
                  (!request->active || oh_egress_is_active(e));
    if (wanted) response.items[response.n_items++] = info;
  }
  oh_call_answer(call, &response.base);
  return OH_CALL_NEXT;
}

enum oh_call_state oh_egress_serve_stop(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__StopEgressRequest *request = (const Livekit__StopEgressRequest *)call->request;
  struct oh_egress *egress = oh_egress_find(house, request->egress_id);
  if (!egress) {
    oh_call_fail(call, OH_TWIRP_NOT_FOUND, "egress does not exist");
    return OH_CALL_NEXT;
  }
  if (oh_egress_stop(house, now_us, egress))
    oh_call_answer(call, &oh_egress_describe(house, egress)->base);
  else
    oh_call_fail(call, OH_TWIRP_FAILED_PRECONDITION, "egress with status %s cannot be stopped",
                 status_name(oh_egress_describe(house, egress)->status));
  return OH_CALL_DONE;
}
