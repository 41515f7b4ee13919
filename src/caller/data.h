// data.h — a caller's data channels: `_reliable` and `_lossy` on its one peer connection, and user packets on
// them (facts/LIVEKIT.md 3.8). With two peer connections there are none.
#pragma once
#include "caller/state.h"

void oh_caller_data_begin(struct oh_caller *c, int64_t now_us); // the first leg is connected
void oh_caller_data_recv(struct oh_caller *c, int64_t now_us, struct oh_bytes packet);
int64_t oh_caller_data_deadline(const struct oh_caller *c); // OH_NEVER if none
void oh_caller_data_tick(struct oh_caller *c, int64_t now_us);
void oh_caller_data_end(struct oh_caller *c); // the leg has gone
