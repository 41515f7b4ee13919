// data.h — what travels on data channels (facts/LIVEKIT.md 3.8): each transport's association, its channels
// `_reliable` and `_lossy`, and the way of a DataPacket from one participant to the others, stamped with who
// sent it. What comes on `_data_track` is data_track.h's; what comes on a channel of another name is sent on
// as the payload of a user packet.
#pragma once
#include "livekit/participant.h"
#include "packet.pb-c.h"
#include "service.pb-c.h"

#define OH_DATA_NONCE_BYTES 16

// An SCTP packet from the participant's transport; the association is made by the first one.
void oh_data_recv(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                  enum oh_target target, struct oh_bytes packet);
int64_t oh_data_deadline(const struct oh_participant *participant); // OH_NEVER if none
void oh_data_tick(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
void oh_data_forget(struct oh_participant *participant); // frees what waits for its channel

// So many copies of so many bytes of its data went out. Each is paid for in time: who has spent more than a
// second of it is not read until it is paid (limit.data_packets_per_sec).
void oh_data_charge(const struct oh_house *house, int64_t now_us, struct oh_participant *from,
                    uint32_t copies, size_t len);

// The connection on which data goes to the participant.
const struct oh_transport *oh_data_transport(const struct oh_participant *participant);

// A back end's packet to those it names, or to all: it has no sender and no sequence. One that repeats an
// earlier one's nonce is taken and not sent again. False: too large for any client.
bool oh_data_send(struct oh_house *house, int64_t now_us, struct oh_room *room,
                  const Livekit__SendDataRequest *request);
// A reliable packet of the server's own to one participant.
void oh_data_send_one(struct oh_house *house, int64_t now_us, struct oh_participant *to,
                      const Livekit__DataPacket *packet);
