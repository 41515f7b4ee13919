// simulate.h — SimulateScenario, which SDK test suites use (facts/LIVEKIT.md 3.16); video scenarios do
// nothing.
#pragma once
#include "livekit/participant.h"

void oh_simulate(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                 const Livekit__SimulateScenario *scenario);
// The simulated speaker falls silent.
void oh_simulate_tick(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
