// permission.h — what a participant may do changes while it is there: tracks it may not publish any more are
// removed, what it hears ends or comes back, everybody is told, and it gets a token that says the same
// (facts/LIVEKIT.md 5).
#pragma once
#include "livekit/participant.h"

// False: it is as it was.
bool oh_permission_change(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                          const Livekit__ParticipantPermission *permission);
