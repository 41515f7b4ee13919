// departure.c — see departure.h
#include "livekit/departure.h"
#include "base/limits.h"
#include "livekit/admission.h"
#include "livekit/dispatch.h"
#include "livekit/negotiation.h"
#include "livekit/quirk.h"

enum {
  NORMAL_CLOSURE = 1000, // RFC 6455 7.4.1
  PROTOCOL_WITH_ACTIONS = 13,
  SHORT_LIVED_US = 90 * 1000000,
  FAILURE_WINDOW_US = 60 * 1000000
};

void oh_departure_leave(struct oh_house *house, struct oh_session *session, int protocol,
                        Livekit__DisconnectReason reason, Livekit__LeaveRequest__Action action) {
  Livekit__LeaveRequest leave = LIVEKIT__LEAVE_REQUEST__INIT;
  leave.reason = reason;
  if (protocol >= PROTOCOL_WITH_ACTIONS)
    leave.action = action;
  else
    leave.can_reconnect = action != LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_LEAVE;
  response.leave = &leave;
  oh_session_send(house, session, &response);
  oh_session_close(house, session, NORMAL_CLOSURE);
  if (session) session->participant = 0;
}

void oh_departure_dismiss(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                          Livekit__DisconnectReason reason, Livekit__LeaveRequest__Action action) {
  oh_departure_leave(house, oh_participant_session(house, participant), participant->protocol, reason,
                     action);
  oh_participant_close(house, now_us, participant, reason);
}

void oh_departure_vanish(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                         Livekit__DisconnectReason reason) {
  struct oh_session *session = oh_participant_session(house, participant);
  oh_session_abort(house, session);
  if (session) session->participant = 0;
  oh_participant_close(house, now_us, participant, reason);
}

void oh_departure_left(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                       const Livekit__LeaveRequest *leave) {
  Livekit__DisconnectReason reason = leave->reason;
  if (reason != LIVEKIT__DISCONNECT_REASON__USER_UNAVAILABLE &&
      reason != LIVEKIT__DISCONNECT_REASON__USER_REJECTED &&
      reason != LIVEKIT__DISCONNECT_REASON__AGENT_ERROR)
    reason = LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED;
  struct oh_session *session = oh_participant_session(house, participant);
  oh_session_close(house, session, NORMAL_CLOSURE);
  if (session) session->participant = 0;
  oh_participant_close(house, now_us, participant, reason);
}

static bool media_lives(const struct oh_participant *participant) {
  return participant->transports[OH_PUBLISHER].alive || participant->transports[OH_SUBSCRIBER].alive;
}

void oh_departure_signal_lost(struct oh_house *house, int64_t now_us, struct oh_participant *participant) {
  participant->session = 0;
  participant->signal_lost_us = now_us;
  oh_negotiate_pause(participant);
  bool failed = participant->resume_by_us != OH_NEVER; // in the grace after a media failure
  if (oh_dispatch_is_lost(participant)) // an agent whose worker has gone too: nobody comes back for it
    return oh_participant_close(house, now_us, participant, LIVEKIT__DISCONNECT_REASON__AGENT_ERROR);
  if (media_lives(participant) || failed) return;
  oh_participant_close(house, now_us, participant, LIVEKIT__DISCONNECT_REASON__SIGNAL_CLOSE);
}

// From UDP to TCP, from there to TURN by TLS, and then everything again. TCP alone would leave those out who
// need TURN by UDP, so where there is only that, TCP is followed by everything, too.
enum oh_ice_preference oh_departure_next_ice(const struct oh_house *house,
                                             const struct oh_participant *participant) {
  const struct oh_house_config *config = &house->config;
  bool has_turns = oh_admission_has_turns(house);
  bool has_turn = config->turn_url_count + config->turn_server_count > 0;
  switch (participant->ice) {
  case OH_ICE_ANY: return !oh_quirk_is_pion(participant) ? OH_ICE_TCP : has_turns ? OH_ICE_TLS : OH_ICE_ANY;
  case OH_ICE_TCP: return has_turns ? OH_ICE_TLS : has_turn ? OH_ICE_ANY : OH_ICE_TCP;
  case OH_ICE_TLS: break;
  }
  return OH_ICE_ANY;
}

// At once when the connection was short, else at the second failure within a minute (facts/LIVEKIT.md 10.4).
static void reconsider_ice(const struct oh_house *house, struct oh_participant *participant, int64_t now_us) {
  bool short_lived =
      !participant->first_connected_us || now_us - participant->first_connected_us < SHORT_LIVED_US;
  bool again = participant->failed_us && now_us - participant->failed_us < FAILURE_WINDOW_US;
  participant->failed_us = now_us;
  if ((short_lived || again) && participant->session)
    participant->ice = oh_departure_next_ice(house, participant);
}

void oh_departure_media_failed(struct oh_house *house, int64_t now_us, struct oh_participant *participant) {
  reconsider_ice(house, participant, now_us);
  struct oh_session *session = oh_participant_session(house, participant);
  if (!session) // nobody came back for it
    return oh_participant_close(house, now_us, participant, LIVEKIT__DISCONNECT_REASON__SIGNAL_CLOSE);
  if (participant->protocol < PROTOCOL_WITH_ACTIONS)
    return oh_departure_dismiss(house, now_us, participant, LIVEKIT__DISCONNECT_REASON__CONNECTION_TIMEOUT,
                                LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  oh_departure_leave(house, session, participant->protocol, LIVEKIT__DISCONNECT_REASON__CONNECTION_TIMEOUT,
                     LIVEKIT__LEAVE_REQUEST__ACTION__RESUME);
  participant->session = 0;
  participant->signal_lost_us = now_us;
  oh_negotiate_pause(participant);
  participant->resume_by_us = now_us + OH_RESUME_GRACE_US;
}
