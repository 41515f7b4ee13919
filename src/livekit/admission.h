// admission.h — the door of a room: checks a join, makes room and participant, says the first words
// (facts/LIVEKIT.md 1.3, 2.5, 3.1, 3.2, 3.10).
#pragma once
#include "livekit/participant.h"

// Status and text of the refusal, or 200.
void oh_admission_check(struct oh_house *house, const struct oh_join *join, struct oh_admission *admission);
void oh_admission_join(struct oh_house *house, int64_t now_us, const struct oh_join *join,
                       struct oh_admission *admission);
// Whether any TURN server, our own or another, is there by TLS.
bool oh_admission_has_turns(const struct oh_house *house);
// What ReconnectResponse repeats of JoinResponse; in scratch.
Livekit__ServerInfo *oh_admission_server_info(struct oh_house *house);
Livekit__ClientConfiguration *oh_admission_client_configuration(struct oh_house *house,
                                                                const struct oh_participant *participant);
Livekit__ICEServer **oh_admission_ice_servers(struct oh_house *house, int64_t now_us,
                                              const struct oh_participant *p, size_t *count);
