// voice_token.h — POST /api/voice/token and /api/voice/invite in two halves, because a sign-in may have to be
// asked about elsewhere in between:
//
//   oh_voice_token → admit: site, origin, budgets, proof ─┬ anonymous ──────────────────→ finish: call, token
//                                                         └ sign_in (doorman.h) ─known─→ finish
//                                                              ↑└ waits for keys
//                                                              └─ oh_voice_sign_in_again
//
// sign_in in voice_token.c is the one place where sign-in is called.
#pragma once
#include "app/voice_api.h"

// Where clients connect (ws, wss), and where our pages are (http, https). False: the request's Host is no
// host.
bool oh_voice_urls(const struct oh_voice_request *request, struct oh_text *server_url,
                   struct oh_text *page_url);

// There is news about the keys that this held request waits for, or it has waited long enough. Does nothing
// if the client has gone.
void oh_voice_sign_in_again(struct oh_web *web, int64_t now_us, oh_id conn);
