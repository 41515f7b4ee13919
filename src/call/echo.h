// echo.h — the built-in echo partner: somebody to talk to when nobody else is there. A room whose token asks
// for the agent "offhook-echo" gets a participant "Echo partner" who greets with two soft notes and then says
// everything back a second later. It only moves Opus packets: nothing is decoded, nothing is kept for longer
// than the delay, and nothing is allocated per packet.
//
//   waiting ──somebody ACTIVE──> greeting (0.8 s) ──> listening: packet ─1 s─> packet   (muted: forgets at
//   once)
#pragma once
#include "livekit/resident.h"

#define OH_ECHO_AGENT_NAME "offhook-echo"
// The same for a network check before a call: no greeting, no second of delay, and its room ends by itself.
#define OH_ECHO_CHECK_NAME "offhook-check"

struct oh_echo; // the greeting, encoded once, and how many partners there may be

// Encodes the greeting with libopus; NULL if that fails. `partners_max`: rooms with an echo at the same time,
// 100 KB each.
struct oh_echo *oh_echo_open(uint32_t partners_max);
void oh_echo_close(struct oh_echo *echo); // after the houses that use it
// What goes into oh_house_config.residents; `echo` must outlive the house.
struct oh_resident_ops oh_echo_ops(struct oh_echo *echo);
struct oh_resident_ops oh_echo_check_ops(struct oh_echo *echo);
