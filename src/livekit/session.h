// session.h — one signalling connection: frames in protobuf or proto3 JSON (facts/LIVEKIT.md 2.1), the
// message rate it may have, and the queue of frames for the door. Knows no handler.
#pragma once
#include "livekit/state.h"
#include "signal.pb-c.h"

struct oh_session {
  oh_id id, participant; // participant 0: refused or left; only a close may follow
  bool json;             // the client's last frame was text: it is answered in JSON
  bool closing;          // a close frame is queued: nothing more is sent or read
  bool join_sent;        // JoinResponse or ReconnectResponse is out: updates may follow
  int64_t rate_at_us;    // token bucket of messages (OH_SIGNAL_RATE, OH_SIGNAL_BURST)
  uint32_t rate_tokens;
  int64_t last_recv_us;
  int64_t resumed_us;
};

struct oh_session *oh_session_open(struct oh_house *house, int64_t now_us); // NULL when full
void oh_session_remove(struct oh_house *house, struct oh_session *session);
struct oh_session *oh_session_find(struct oh_house *house, oh_id session);
// False when the client sends faster than its bucket refills.
bool oh_session_take_turn(struct oh_session *session, int64_t now_us);

// Queues one SignalResponse. Nothing happens for a session that is NULL, closing, or has no JoinResponse yet
// (except the first message itself).
void oh_session_send(struct oh_house *house, struct oh_session *session,
                     const Livekit__SignalResponse *response);
// Queues a close frame; the session takes nothing afterwards and is gone with oh_house_signal_closed.
void oh_session_close(struct oh_house *house, struct oh_session *session, uint16_t code);
void oh_session_abort(struct oh_house *house, struct oh_session *session);
bool oh_session_next_frame(struct oh_house *house, struct oh_frame *frame);
void oh_session_fini(struct oh_house *house); // frees what is still queued
