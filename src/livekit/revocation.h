// revocation.h — tokens that a back end has taken back: of one identity in one room, all that were issued
// before a moment (revoke_token_ts of RemoveParticipant). Kept for OH_REVOCATION_S, longer than honest tokens
// live, and over the room's end; not over a restart.
#pragma once
#include "base/map.h"
#include "livekit/state.h"
#include "livekit/token.h"

// False: too many are remembered already; nothing has changed.
bool oh_revocation_add(struct oh_house *house, int64_t now_us, const char *room, const char *identity,
                       int64_t before_unix_s);
// A token that does not say when it was issued (iat or nbf) counts as an old one.
bool oh_revocation_covers(const struct oh_house *house, const struct oh_claims *claims);
