// service_agent.h — AgentDispatchService of the server API (facts/LIVEKIT.md 9.3). Handlers as service.h
// says.
#pragma once
#include "livekit/service.h"

enum oh_call_state oh_agent_create_dispatch(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_agent_delete_dispatch(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_agent_list_dispatch(struct oh_house *house, int64_t now_us, struct oh_call *call);
