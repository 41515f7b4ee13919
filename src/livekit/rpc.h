// rpc.h — remote procedure calls that the server makes for a back end (RoomService.PerformRpc,
// facts/LIVEKIT.md 9.2): a request to one participant, which must be acknowledged soon and answered in time.
// The caller's identity is the call's own random id; so answers are known by it, and nobody else can give
// them, for only what the callee itself sends is looked at.
#pragma once
#include "livekit/participant.h"
#include "livekit/service.h"
#include "packet.pb-c.h"

// Sends the request; the call is answered or failed, and finished, later (OH_CALL_LATER) — or at once when
// there are too many or the payload is too large (OH_CALL_DONE).
enum oh_call_state oh_rpc_perform(struct oh_house *house, int64_t now_us, struct oh_participant *callee,
                                  struct oh_call *call);
// True: an acknowledgement or answer to one of ours, which goes no further.
bool oh_rpc_recv(int64_t now_us, struct oh_participant *from, const Livekit__DataPacket *packet);
int64_t oh_rpc_deadline(const struct oh_participant *callee); // OH_NEVER if none
void oh_rpc_tick(int64_t now_us, struct oh_participant *callee);
void oh_rpc_forget(int64_t now_us, struct oh_participant *callee); // it leaves: its callers are told
