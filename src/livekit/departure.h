// departure.h — how participants go: Leave with the right reason and action, signalling lost, media lost
// (facts/LIVEKIT.md 3.10, 3.11, 3.13).
#pragma once
#include "livekit/participant.h"

// Leave to the client (protocol ≤ 12 understands only can_reconnect), then close its socket.
void oh_departure_leave(struct oh_house *house, struct oh_session *session, int protocol,
                        Livekit__DisconnectReason reason, Livekit__LeaveRequest__Action action);
// Leave{action}, close the socket, and remove the participant.
void oh_departure_dismiss(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                          Livekit__DisconnectReason reason, Livekit__LeaveRequest__Action action);
// Its socket is dropped and the participant removed without a word to it (simulated failures).
void oh_departure_vanish(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                         Livekit__DisconnectReason reason);
// The client said Leave.
void oh_departure_left(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                       const Livekit__LeaveRequest *leave);
void oh_departure_signal_lost(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
void oh_departure_media_failed(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
// The way that it is to try after the present one has failed.
enum oh_ice_preference oh_departure_next_ice(const struct oh_house *house,
                                             const struct oh_participant *participant);
