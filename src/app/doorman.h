// doorman.h — asks callers who they are: signin.h with the keys that this worker holds. When a token names a
// key that is not there, the request is held while the clerk looks for it (keyring.h); the worker goes on
// meanwhile. One per worker.
#pragma once
#include "app/keyring.h"
#include "app/voice_api.h"
#include "call/user.h"

struct oh_doorman;

struct oh_doorman *oh_doorman_open(struct oh_web *web);
void oh_doorman_close(struct oh_doorman *doorman); // NULL is fine

enum oh_doorman_answer {
  OH_DOORMAN_LETS_IN, // `user` is filled in (oh_user_fini); its subject is NULL for an anonymous visitor
  OH_DOORMAN_REFUSES, // *problem, *retry_after_s
  OH_DOORMAN_WAITS    // the request is held; oh_voice_sign_in_again follows
};
// `identity`: as the body has it, may be NULL. `is_last`: it has waited already, and must not again.
enum oh_doorman_answer oh_doorman_ask(struct oh_doorman *doorman, const struct oh_voice_request *request,
                                      const struct oh_site *site, const char *identity, bool is_last,
                                      struct oh_user *user, enum oh_problem *problem,
                                      uint32_t *retry_after_s);
// Whether a request that brings this `identity` (or none) is asked at all.
bool oh_doorman_is_needed(const struct oh_site *site, const char *identity);

void oh_doorman_hear(struct oh_doorman *doorman, int64_t now_us, struct oh_key_news *take_news);
void oh_doorman_tick(struct oh_doorman *doorman, int64_t now_us); // once a second: who has waited too long
void oh_doorman_reload(struct oh_doorman *doorman);               // the configuration is another one
