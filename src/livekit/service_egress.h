// service_egress.h — Egress of the server API: back ends start recordings, look at them and stop them
// (facts/LIVEKIT.md 9.4). Handlers as service.h says.
#pragma once
#include "livekit/service.h"

enum oh_call_state oh_egress_serve_start(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_egress_serve_list(struct oh_house *house, int64_t now_us, struct oh_call *call);
enum oh_call_state oh_egress_serve_stop(struct oh_house *house, int64_t now_us, struct oh_call *call);
