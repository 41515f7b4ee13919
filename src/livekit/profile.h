// profile.h — a participant's own words about itself: metadata, name and attributes, their limits and the
// permission to change them (facts/LIVEKIT.md 6.3, 6.5).
#pragma once
#include "livekit/participant.h"

void oh_profile_update(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                       const Livekit__UpdateParticipantMetadata *update);
// Merges one attribute into the claims; an empty value deletes it.
void oh_profile_set_attribute(struct oh_claims *claims, const char *key, const char *value);
size_t oh_profile_attribute_bytes(const struct oh_claims *claims);
