// service_room.h — RoomService of the server API: back ends make rooms and end them, look who is there, and
// act on participants (facts/LIVEKIT.md 9.2). Handlers as service.h says.
#pragma once
#include "livekit/service.h"

enum oh_call_state oh_room_create(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_list(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_delete(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_list_participants(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_get_participant(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_remove_participant(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_mute_track(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_update_participant(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_update_subscriptions(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_room_update_metadata(struct oh_house *house, int64_t now_us, struct oh_call *call);
