// quirk.h — what single SDKs cannot do, told by the name that they give themselves in ClientInfo
// (facts/LIVEKIT.md 3.1).
#pragma once
#include "livekit/participant.h"

// Go: pion, where an ICE-lite side offers the choice, is the DTLS server whatever it answers, and so are we.
// And it knows no ICE-TCP (server-sdk-go 2.9).
bool oh_quirk_is_pion(const struct oh_participant *participant);

// Everything built on LiveKit's Rust core (Node, Python, C++, Unity, agents): told to publish fast, it may
// take the answer to its first offer for the answer to the second one when it is connected within a few
// milliseconds, and then waits for itself for ever (bindings 0.12.73). Without, it collects for 150 ms what
// it has to negotiate.
bool oh_quirk_publishes_too_fast(const struct oh_participant *participant);
