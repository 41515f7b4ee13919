// voice_gate.h — the gate (call/gate.h) that all workers share, with its lock: held for a few lookups at a
// time, for each token and once a second by each worker.
#pragma once
#include "app/voice_api.h"
#include "call/wish.h"

struct oh_voice_gate;
struct oh_claims;
struct oh_house;

struct oh_voice_gate *oh_voice_gate_open(const struct oh_random *random);
void oh_voice_gate_close(struct oh_voice_gate *gate); // NULL is fine

// Counts the request as pressure on the site. False: a puzzle was set, and the request is answered.
bool oh_voice_gate_prove(const struct oh_voice_request *request, const struct oh_site *site,
                         const struct oh_wish *wish);
// A new call, or one that is resumed.
enum oh_problem oh_voice_gate_begin(const struct oh_voice_request *request, const struct oh_site *site,
                                    const char *room, bool resumed, uint32_t *retry_after_s);

// From a worker. Whether who has this token may join now.
bool oh_voice_gate_join(struct oh_voice_gate *gate, const struct oh_config *config, int64_t now_us,
                        const struct oh_claims *claims);
// From the clerk, once a second for each call that another server carries. `site` is not NULL.
void oh_voice_gate_saw(struct oh_voice_gate *gate, int64_t now_us, const struct oh_site *site,
                       struct oh_str room, bool occupied);
void oh_voice_gate_over(struct oh_voice_gate *gate, struct oh_str room); // and when it is gone
// Once a second: tells the gate which calls there are, and ends those that are too long.
void oh_voice_gate_watch(struct oh_voice_gate *gate, const struct oh_config *config, struct oh_world *world,
                         int64_t now_us, struct oh_house *house);
