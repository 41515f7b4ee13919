// service_data.h — what back ends send into rooms (RoomService.SendData, PerformRpc; facts/LIVEKIT.md 9.2).
// Handlers as service.h says.
#pragma once
#include "livekit/service.h"

enum oh_call_state oh_room_send_data(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_perform_rpc(struct oh_house *house, int64_t now_us, struct oh_call *call);
