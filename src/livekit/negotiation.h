// negotiation.h — offers and answers (facts/LIVEKIT.md 3.1–3.4, 4). The client offers the publisher
// transport, in single-connection mode for both directions; we offer the subscriber transport in dual mode:
// one offer outstanding, needs collected for 10 ms (150 ms when one was sent lately), 15 s without an answer
// → Leave.
//
//   subscriber:  idle ──want──> waiting 10/150 ms ──offer──> outstanding ──answer──> idle (or waiting again)
//   single:      want ──> MediaSectionsRequirement ──client's offer──> answer with everything that fits
#pragma once
#include "livekit/subscribe.h"

void oh_negotiate_offer(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                        const Livekit__SessionDescription *offer);
void oh_negotiate_answer(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                         const Livekit__SessionDescription *answer);
// An AddTrack came after the offer that carries its section.
void oh_negotiate_adopt(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
// What we send to this participant has changed. `forced`: without waiting (resume, first offer).
void oh_negotiate_want(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                       bool forced);
// Resume of a dual client: the next offer restarts ICE.
void oh_negotiate_restart(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
// Signalling is gone: nothing is outstanding any more, needs wait for the resume.
void oh_negotiate_pause(struct oh_participant *participant);
// A subscription ends: its section is free again.
void oh_negotiate_release(struct oh_subscription *subscription);
int64_t oh_negotiate_deadline(const struct oh_participant *participant);
void oh_negotiate_tick(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
