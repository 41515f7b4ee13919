// voice_token.h — POST /api/voice/token and /api/voice/invite in two halves, because a sign-in may have to be
// asked about elsewhere in between:
//
//   oh_voice_token → admit: site, origin, budgets, proof ─┬ anonymous ───────────────→ finish: call, token
//                                                         └ sign_in (signin) ··· oh_voice_signed_in → finish
//
// sign_in in voice_token.c is the one place where sign-in is called.
#pragma once
#include "app/voice_api.h"
#include "call/user.h"

// The sign-in of a held request is decided: on success (OH_PROBLEM_NONE) `user` is who it is, borrowed. Does
// nothing if the client has gone.
void oh_voice_signed_in(struct oh_web *web, int64_t now_us, oh_id conn, enum oh_problem problem,
                        const struct oh_user *user);
