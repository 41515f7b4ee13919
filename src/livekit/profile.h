// profile.h — a participant's own words about itself: metadata, name and attributes, their limits and the
// permission to change them (facts/LIVEKIT.md 6.3, 6.5).
#pragma once
#include "livekit/participant.h"

void oh_profile_update(struct oh_house *house, struct oh_participant *participant,
                       const Livekit__UpdateParticipantMetadata *update);
