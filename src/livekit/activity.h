// activity.h — what the media plane reports, told to those it concerns: connected, lost, speaking, quality
// (facts/LIVEKIT.md 3.0, 7.2, 7.3).
#pragma once
#include "livekit/participant.h"

// Drains the hub's events into the sfu and the house, and the sfu's events into signalling.
void oh_activity_drain(struct oh_house *house, int64_t now_us);
// A listener begins to hear a publisher: the publisher's present speaking level and quality.
void oh_activity_introduce(struct oh_house *house, const struct oh_participant *listener,
                           const struct oh_participant *publisher);
