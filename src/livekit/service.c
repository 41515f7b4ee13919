// service.c — see service.h
#include "livekit/service.h"
#include "agent.pb-c.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/activity.h"
#include "livekit/message.h"
#include "livekit/revocation.h"
#include "livekit/service_agent.h"
#include "livekit/service_data.h"
#include "livekit/service_egress.h"
#include "livekit/service_room.h"
#include "livekit/state.h"
#include "service.pb-c.h"
#include <stdio.h>
#include <stdlib.h>

#define NO_SIP "offhook has no telephone lines: SIP is not served here"
#define NO_INGRESS "offhook takes in no streams: Ingress is not served here"
#define NO_PICTURES "this server carries voice only: there is no picture to lay out or to render"
#define NO_STREAMS "this server records into files only: there are no streams"
#define NO_MOVING "participants cannot be forwarded or moved to another room on this server"

#define METHOD(service, name, request, response, grant, room, handler)                                       \
  {                                                                                                          \
    service, name, &livekit__##request##__descriptor, &livekit__##response##__descriptor, OH_GRANT_##grant,  \
        room, handler, NULL                                                                                  \
  }
#define REFUSED(service, name, refusal)                                                                      \
  { service, name, NULL, NULL, OH_GRANT_ANY, NULL, NULL, refusal }
#define ROOM "livekit.RoomService"
#define EGRESS "livekit.Egress"
#define START(name, request)                                                                                 \
  METHOD(EGRESS, name, request, egress_info, RECORD, "room_name", oh_egress_serve_start)
#define AGENTS "livekit.AgentDispatchService"
#define SIP(name) REFUSED("livekit.SIP", name, NO_SIP)
#define INGRESS(name) REFUSED("livekit.Ingress", name, NO_INGRESS)

// clang-format off
static const struct oh_method methods[] = {
    METHOD(ROOM, "CreateRoom", create_room_request, room, CREATE, "name", oh_room_create),
    METHOD(ROOM, "ListRooms", list_rooms_request, list_rooms_response, LIST, NULL, oh_room_list),
    METHOD(ROOM, "DeleteRoom", delete_room_request, delete_room_response, CREATE, "room", oh_room_delete),
    METHOD(ROOM, "ListParticipants", list_participants_request, list_participants_response, ADMIN, "room",
           oh_room_list_participants),
    METHOD(ROOM, "GetParticipant", room_participant_identity, participant_info, ADMIN, "room",
           oh_room_get_participant),
    METHOD(ROOM, "RemoveParticipant", room_participant_identity, remove_participant_response, ADMIN, "room",
           oh_room_remove_participant),
    METHOD(ROOM, "MutePublishedTrack", mute_room_track_request, mute_room_track_response, ADMIN, "room",
           oh_room_mute_track),
    METHOD(ROOM, "UpdateParticipant", update_participant_request, participant_info, ADMIN, "room",
           oh_room_update_participant),
    METHOD(ROOM, "UpdateSubscriptions", update_subscriptions_request, update_subscriptions_response, ADMIN,
           "room", oh_room_update_subscriptions),
    METHOD(ROOM, "UpdateRoomMetadata", update_room_metadata_request, room, ADMIN, "room",
           oh_room_update_metadata),
    METHOD(ROOM, "SendData", send_data_request, send_data_response, ADMIN, "room", oh_room_send_data),
    METHOD(ROOM, "PerformRpc", perform_rpc_request, perform_rpc_response, ADMIN, "room", oh_room_perform_rpc),
    METHOD(AGENTS, "CreateDispatch", create_agent_dispatch_request, agent_dispatch, ADMIN, "room",
           oh_agent_create_dispatch),
    METHOD(AGENTS, "DeleteDispatch", delete_agent_dispatch_request, agent_dispatch, ADMIN, "room",
           oh_agent_delete_dispatch),
    METHOD(AGENTS, "ListDispatch", list_agent_dispatch_request, list_agent_dispatch_response, ADMIN, "room",
           oh_agent_list_dispatch),
    REFUSED(ROOM, "ForwardParticipant", NO_MOVING),
    REFUSED(ROOM, "MoveParticipant", NO_MOVING),
    START("StartRoomCompositeEgress", room_composite_egress_request),
    START("StartParticipantEgress", participant_egress_request),
    START("StartTrackCompositeEgress", track_composite_egress_request),
    START("StartTrackEgress", track_egress_request),
    START("StartEgress", start_egress_request),
    METHOD(EGRESS, "ListEgress", list_egress_request, list_egress_response, RECORD, NULL,
           oh_egress_serve_list),
    METHOD(EGRESS, "StopEgress", stop_egress_request, egress_info, RECORD, NULL, oh_egress_serve_stop),
    REFUSED(EGRESS, "StartWebEgress", NO_PICTURES),
    REFUSED(EGRESS, "UpdateLayout", NO_PICTURES),
    REFUSED(EGRESS, "UpdateStream", NO_STREAMS),
    INGRESS("CreateIngress"), INGRESS("UpdateIngress"), INGRESS("ListIngress"), INGRESS("DeleteIngress"),
    SIP("ListSIPTrunk"), SIP("DeleteSIPTrunk"),
    SIP("CreateSIPInboundTrunk"), SIP("UpdateSIPInboundTrunk"), SIP("GetSIPInboundTrunk"),
    SIP("ListSIPInboundTrunk"), SIP("CreateSIPOutboundTrunk"), SIP("UpdateSIPOutboundTrunk"),
    SIP("GetSIPOutboundTrunk"), SIP("ListSIPOutboundTrunk"),
    SIP("CreateSIPDispatchRule"), SIP("UpdateSIPDispatchRule"), SIP("ListSIPDispatchRule"),
    SIP("DeleteSIPDispatchRule"), SIP("CreateSIPParticipant"), SIP("TransferSIPParticipant"),
};
// clang-format on
#define METHOD_COUNT (sizeof methods / sizeof *methods)

const struct oh_method *oh_method_find(struct oh_str service, struct oh_str name) {
  for (size_t i = 0; i < METHOD_COUNT; i++)
    if (oh_str_eq(name, oh_str(methods[i].name)) && oh_str_eq(service, oh_str(methods[i].service)))
      return &methods[i];
  return NULL;
}

const struct oh_method *oh_method_next(const struct oh_method *method) {
  const struct oh_method *next = method ? method + 1 : methods;
  return next < methods + METHOD_COUNT ? next : NULL;
}

const char *oh_grant_name(enum oh_grant grant) {
  switch (grant) {
  case OH_GRANT_CREATE: return "roomCreate";
  case OH_GRANT_LIST: return "roomList";
  case OH_GRANT_RECORD: return "roomRecord";
  case OH_GRANT_ADMIN: return "roomAdmin of the room";
  case OH_GRANT_DESTINATION: return "roomAdmin of the room, and destinationRoom";
  case OH_GRANT_ANY: return "any token";
  }
  return "";
}

const char *oh_call_text(const struct oh_call *call, const char *name) {
  const ProtobufCFieldDescriptor *field =
      protobuf_c_message_descriptor_get_field_by_name(call->request->descriptor, name);
  if (!field || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED) return "";
  const char *text = *(char *const *)oh_message_at(call->request, field, 0);
  return text ? text : "";
}

static bool has_flag(const struct oh_claims *claims, enum oh_grant grant) {
  const struct oh_video_grant *video = &claims->video;
  switch (grant) {
  case OH_GRANT_CREATE: return claims->has_video && video->room_create;
  case OH_GRANT_LIST: return claims->has_video && video->room_list;
  case OH_GRANT_RECORD: return claims->has_video && video->room_record;
  case OH_GRANT_ADMIN:
  case OH_GRANT_DESTINATION: return claims->has_video && video->room_admin;
  case OH_GRANT_ANY: break;
  }
  return true;
}

bool oh_call_has_grant(struct oh_call *call) {
  bool has = has_flag(call->claims, call->method->grant);
  if (!has) oh_call_fail(call, OH_TWIRP_UNAUTHENTICATED, "permissions denied");
  return has;
}

bool oh_call_is_allowed(struct oh_call *call) {
  if (!oh_call_has_grant(call)) return false;
  const struct oh_video_grant *video = &call->claims->video;
  enum oh_grant grant = call->method->grant;
  bool allowed = true;
  if (grant == OH_GRANT_ADMIN || grant == OH_GRANT_DESTINATION)
    allowed = strcmp(oh_call_text(call, call->method->room), video->room) == 0;
  if (grant == OH_GRANT_DESTINATION)
    allowed = allowed && strcmp(oh_call_text(call, "destination_room"), video->destination_room) == 0;
  if (!allowed) oh_call_fail(call, OH_TWIRP_UNAUTHENTICATED, "permissions denied");
  return allowed;
}

void oh_call_answer(struct oh_call *call, const ProtobufCMessage *response) {
  OH_CHECK(response->descriptor == call->method->response);
  size_t more = protobuf_c_message_get_packed_size(response);
  call->too_large |= call->answer_len + more > OH_API_ANSWER_MAX;
  if (call->too_large)
    return oh_call_fail(call, OH_TWIRP_RESOURCE_EXHAUSTED, "the answer is too large: ask for less");
  call->error.code = OH_TWIRP_OK;
  call->answer = realloc(call->answer, call->answer_len + more + 1);
  OH_CHECK(call->answer);
  OH_CHECK(protobuf_c_message_pack(response, call->answer + call->answer_len) == more);
  call->answer_len += more;
}

void oh_call_fail(struct oh_call *call, enum oh_twirp_code code, const char *format, ...) {
  char msg[OH_TWIRP_TEXT_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(msg, sizeof msg, format, args);
  va_end(args);
  oh_twirp_fail(&call->error, code, "%s", msg);
}

void oh_call_finish(struct oh_call *call, int64_t now_us) {
  call->finished(call, now_us);
}

void oh_call_fini(struct oh_call *call) {
  free(call->answer);
  call->answer = NULL;
}

enum oh_call_state oh_house_serve(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  // A moderator who was removed, and his tokens taken back, has no more say in this room.
  bool is_own =
      call->method->room && strcmp(oh_call_text(call, call->method->room), call->claims->video.room) == 0;
  if (is_own && oh_revocation_covers(house, call->claims)) {
    oh_call_fail(call, OH_TWIRP_UNAUTHENTICATED, "the token has been revoked");
    return OH_CALL_DONE;
  }
  enum oh_call_state state = call->method->handle(house, now_us, call);
  oh_activity_drain(house, now_us);
  oh_scratch_clear(&house->scratch);
  return state;
}
