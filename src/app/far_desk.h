// far_desk.h — the clerk's desk for calls that another LiveKit server carries (LIVEKIT_HOST): workers hand in
// what its webhooks tell (voice_webhook.c), the desk says to the gate once a second which calls there are,
// ends those that are too long by that server's RoomService, and asks it for calls of which nothing is heard.
#pragma once
#include "app/clerk.h"
#include "call/far_call.h"

struct oh_config;
struct oh_far_desk;
struct oh_voice_gate;

struct oh_far_desk *oh_far_desk_open(const struct oh_config *config, struct oh_voice_gate *gate,
                                     const struct oh_random *random);
void oh_far_desk_close(struct oh_far_desk *desk);         // after oh_clerk_close; NULL is fine
struct oh_desk *oh_far_desk_of(struct oh_far_desk *desk); // for oh_clerk_add_desk

// From any thread; copies. `site` and `config` (that of now: its key signs) must live as long as the clerk.
// False: the clerk is busy, the sender is to come again.
bool oh_far_desk_post(struct oh_far_desk *desk, struct oh_clerk *clerk, const struct oh_config *config,
                      const struct oh_far_news *news, const struct oh_site *site);
// From any thread: that server told us something; whether it ever did, so that we know which calls are alive.
void oh_far_desk_hear(struct oh_far_desk *desk);
bool oh_far_desk_hears(const struct oh_far_desk *desk);
