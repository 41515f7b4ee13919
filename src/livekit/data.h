// data.h — what travels on data channels (facts/LIVEKIT.md 3.8): each transport's association, its channels
// `_reliable` and `_lossy`, and the way of a DataPacket from one participant to the others, stamped with who
// sent it. `_data_track` and channels of other names are accepted, and what comes on them is dropped.
#pragma once
#include "livekit/participant.h"

// An SCTP packet from the participant's transport; the association is made by the first one.
void oh_data_recv(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                  enum oh_target target, struct oh_bytes packet);
int64_t oh_data_deadline(const struct oh_participant *participant); // OH_NEVER if none
void oh_data_tick(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
void oh_data_forget(struct oh_participant *participant); // frees what waits for its channel
