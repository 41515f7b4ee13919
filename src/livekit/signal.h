// signal.h — what clients say: one table, message kind → handler (facts/LIVEKIT.md 2.3).
#pragma once
#include "livekit/participant.h"

// A decoded message of a participant's session. The participant may be gone afterwards.
void oh_signal_recv(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                    const Livekit__SignalRequest *request);
