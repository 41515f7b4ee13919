// gate.h — how much of a site may be used, for the whole process: how hard it is pressed (and so whether
// strangers must solve a puzzle), calls of today, calls at a time, puzzles already spent. One for all
// workers: the caller locks it. All of it is memory of bounded size; a restart begins anew.
#pragma once
#include "base/addr.h"
#include "call/budget.h"
#include "call/lease.h"
#include "call/problem.h"
#include "call/site.h"
#include <stdbool.h>
#include <stdint.h>

struct oh_gate;

struct oh_gate *oh_gate_open(const uint8_t secret[16]);
void oh_gate_close(struct oh_gate *gate); // NULL is fine

// One token request of a stranger: how many bits of proof it needs now, 0 for none.
uint32_t oh_gate_press(struct oh_gate *gate, int64_t now_us, const struct oh_site *site);
// Spends a solved puzzle. False: it was spent before, or too many were in the last minutes.
bool oh_gate_spend(struct oh_gate *gate, int64_t now_us, uint64_t serial);

// A new call: takes from the budgets of the day and a place among the calls at a time. BUDGET_EXCEEDED or
// CAPACITY: nothing of the site's was taken, *retry_after_s says when to come back.
enum oh_problem oh_gate_begin(struct oh_gate *gate, int64_t now_us, int64_t unix_us,
                              const struct oh_site *site, const struct oh_addr *visitor, struct oh_str room,
                              uint32_t *retry_after_s);
// Somebody joins with a token that may be old: whether there is a place.
bool oh_gate_join(struct oh_gate *gate, int64_t now_us, const struct oh_site *site, struct oh_str room);
// Once a second, from the worker that has the room. `site` may be NULL when nobody is left in it.
void oh_gate_saw(struct oh_gate *gate, int64_t now_us, const struct oh_site *site, struct oh_str room,
                 bool occupied);
// The room is gone, as the server that had it says.
void oh_gate_over(struct oh_gate *gate, struct oh_str room);
bool oh_gate_is_alive(struct oh_gate *gate, int64_t now_us, struct oh_str room);
void oh_gate_tick(struct oh_gate *gate, int64_t now_us);
uint32_t oh_gate_calls(struct oh_gate *gate, int64_t now_us, const struct oh_site *site); // active now
