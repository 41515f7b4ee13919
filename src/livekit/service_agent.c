// service_agent.c — see service_agent.h
#include "livekit/service_agent.h"
#include "base/limits.h"
#include "livekit/dispatch.h"

#define DEPLOYMENT_MAX 64

static enum oh_call_state refuse(struct oh_call *call, enum oh_twirp_code code, const char *why) {
  oh_call_fail(call, code, "%s", why);
  return OH_CALL_DONE;
}

static const char *wrong_with(const Livekit__CreateAgentDispatchRequest *request) {
  size_t bytes = 0;
  for (size_t i = 0; i < request->n_attributes; i++)
    bytes += strlen(request->attributes[i]->key) + strlen(request->attributes[i]->value);
  if (bytes > OH_ATTRIBUTES_MAX) return "attribute size exceeds limits";
  if (strlen(request->metadata) > OH_METADATA_MAX) return "metadata size exceeds limits";
  if (strlen(request->agent_name) > OH_NAME_MAX) return "agent name length exceeds limits";
  if (strlen(request->deployment) > DEPLOYMENT_MAX) return "deployment is longer than 64 bytes";
  if (strpbrk(request->deployment, "_ \t\r\n")) return "deployment must not contain _ or white space";
  return NULL;
}

static struct oh_room *room_for(struct oh_house *house, int64_t now_us, const char *name) {
  struct oh_room *room = oh_room_find(house, oh_str(name));
  if (room || house->draining) return room;
  struct oh_room_settings settings;
  oh_room_settings_init(&settings, &house->config);
  room = oh_room_open(house, now_us, oh_str(name), &settings);
  oh_room_settings_fini(&settings);
  return room;
}

enum oh_call_state oh_agent_create_dispatch(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__CreateAgentDispatchRequest *request =
      (const Livekit__CreateAgentDispatchRequest *)call->request;
  const char *wrong = wrong_with(request);
  if (wrong) return refuse(call, OH_TWIRP_INVALID_ARGUMENT, wrong);
  struct oh_room *room = room_for(house, now_us, request->room);
  if (!room) return refuse(call, OH_TWIRP_RESOURCE_EXHAUSTED, "node has exceeded its configured limit");
  Livekit__RoomAgentDispatch wish = LIVEKIT__ROOM_AGENT_DISPATCH__INIT;
  wish.agent_name = request->agent_name;
  wish.metadata = request->metadata;
  wish.restart_policy = request->restart_policy;
  wish.deployment = request->deployment;
  wish.n_attributes = request->n_attributes;
  wish.attributes = oh_scratch_take(&house->scratch, (wish.n_attributes + 1) * sizeof *wish.attributes);
  for (size_t i = 0; i < wish.n_attributes; i++) {
    wish.attributes[i] = oh_scratch_take(&house->scratch, sizeof **wish.attributes);
    livekit__room_agent_dispatch__attributes_entry__init(wish.attributes[i]);
    wish.attributes[i]->key = request->attributes[i]->key;
    wish.attributes[i]->value = request->attributes[i]->value;
  }
  struct oh_dispatch *dispatch = oh_dispatch_add(house, now_us, room, &wish);
  if (!dispatch)
    return refuse(call, OH_TWIRP_RESOURCE_EXHAUSTED, "the room has as many dispatches as it may");
  oh_call_answer(call, &oh_dispatch_describe(house, room, dispatch, 0)->base);
  return OH_CALL_DONE;
}

enum oh_call_state oh_agent_delete_dispatch(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  const Livekit__DeleteAgentDispatchRequest *request =
      (const Livekit__DeleteAgentDispatchRequest *)call->request;
  struct oh_room *room = oh_room_find(house, oh_str(request->room));
  if (!room) return refuse(call, OH_TWIRP_NOT_FOUND, "requested room does not exist");
  struct oh_dispatch *dispatch = oh_dispatch_find(room, request->dispatch_id);
  if (!dispatch) return refuse(call, OH_TWIRP_NOT_FOUND, "dispatch does not exist");
  int64_t deleted_us = oh_unix_us(house->world, now_us);
  const Livekit__AgentDispatch *last = oh_dispatch_describe(house, room, dispatch, deleted_us);
  oh_dispatch_remove(house, room, dispatch);
  oh_call_answer(call, &last->base);
  return OH_CALL_DONE;
}

enum oh_call_state oh_agent_list_dispatch(struct oh_house *house, int64_t now_us, struct oh_call *call) {
  (void)now_us;
  const Livekit__ListAgentDispatchRequest *request = (const Livekit__ListAgentDispatchRequest *)call->request;
  struct oh_room *room = oh_room_find(house, oh_str(request->room));
  Livekit__ListAgentDispatchResponse answer = LIVEKIT__LIST_AGENT_DISPATCH_RESPONSE__INIT;
  answer.agent_dispatches =
      oh_scratch_take(&house->scratch, (OH_ROOM_AGENTS_MAX + 1) * sizeof *answer.agent_dispatches);
  for (const struct oh_dispatch *d = room ? room->dispatches : NULL; d; d = d->next)
    if (!*request->dispatch_id || strcmp(request->dispatch_id, d->id.text) == 0)
      answer.agent_dispatches[answer.n_agent_dispatches++] = oh_dispatch_describe(house, room, d, 0);
  oh_call_answer(call, &answer.base);
  return OH_CALL_DONE;
}
