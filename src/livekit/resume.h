// resume.h — a client whose socket broke comes back to its participant: ReconnectResponse first, then
// everybody's state, then ICE restarts (facts/LIVEKIT.md 3.12).
#pragma once
#include "livekit/participant.h"

// `session` takes the participant over from its old one, which is closed.
void oh_resume(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
               struct oh_session *session);
void oh_resume_sync(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                    const Livekit__SyncState *state);
