// refresh.h — fresh tokens for clients: after the join, every five minutes and when claims change, so that a
// later reconnect still has a valid one (facts/LIVEKIT.md 3.14).
#pragma once
#include "livekit/participant.h"

void oh_refresh_send(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
