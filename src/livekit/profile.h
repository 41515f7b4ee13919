// profile.h — a participant's own words about itself: metadata, name and attributes, their limits and the
// permission to change them (facts/LIVEKIT.md 6.3, 6.5).
#pragma once
#include "livekit/participant.h"

// What the update would exceed, in LiveKit's words; NULL: nothing.
const char *oh_profile_limit(const struct oh_participant *participant,
                             const Livekit__UpdateParticipantMetadata *update);
// Puts its words in place; empty ones change nothing, an attribute with an empty value goes. False: nothing
// was said.
bool oh_profile_apply(struct oh_participant *participant, const Livekit__UpdateParticipantMetadata *update);
// The participant's own message: needs the permission, and gets an answer.
void oh_profile_update(struct oh_house *house, struct oh_participant *participant,
                       const Livekit__UpdateParticipantMetadata *update);
