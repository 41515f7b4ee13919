// simulate.c — see simulate.h
#include "livekit/simulate.h"
#include "livekit/admission.h"
#include "livekit/departure.h"
#include "livekit/negotiation.h"
#include "livekit/subscribe.h"

enum { SECOND_US = 1000000, LONGEST_S = 3600, ARMED_US = 5 * SECOND_US, SILENT_CUTS = 3 };

static void tell_speaking(struct oh_house *house, struct oh_participant *speaker, float level) {
  Livekit__SpeakerInfo info = LIVEKIT__SPEAKER_INFO__INIT, *infos[1] = {&info};
  info.sid = speaker->sid.text;
  info.level = level;
  info.active = level > 0;
  Livekit__SpeakersChanged changed = LIVEKIT__SPEAKERS_CHANGED__INIT;
  changed.n_speakers = 1;
  changed.speakers = infos;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_SPEAKERS_CHANGED;
  response.speakers_changed = &changed;
  for (struct oh_participant *p = speaker->room->participants; p; p = p->next)
    if (p == speaker || oh_subscribe_hears(p, speaker)) oh_participant_send(house, p, &response);
}

static void arm_cut(struct oh_participant *p, int64_t now_us, bool silent) {
  p->cut_us = now_us + ARMED_US;
  p->cut_silent = silent;
  p->cuts = silent ? SILENT_CUTS : 1;
}

void oh_simulate(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                 const Livekit__SimulateScenario *scenario) {
  switch (scenario->scenario_case) {
  case LIVEKIT__SIMULATE_SCENARIO__SCENARIO_SPEAKER_UPDATE: {
    int64_t seconds = scenario->speaker_update < 0 ? 0 : scenario->speaker_update;
    p->simulate_us = now_us + (seconds > LONGEST_S ? LONGEST_S : seconds) * SECOND_US;
    tell_speaking(house, p, 0.9f);
    return;
  }
  case LIVEKIT__SIMULATE_SCENARIO__SCENARIO_NODE_FAILURE:
    return oh_departure_vanish(house, now_us, p, LIVEKIT__DISCONNECT_REASON__SERVER_SHUTDOWN);
  case LIVEKIT__SIMULATE_SCENARIO__SCENARIO_MIGRATION:
    return oh_departure_vanish(house, now_us, p, LIVEKIT__DISCONNECT_REASON__MIGRATION);
  case LIVEKIT__SIMULATE_SCENARIO__SCENARIO_SERVER_LEAVE:
    return oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__SERVER_SHUTDOWN,
                                LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT);
  case LIVEKIT__SIMULATE_SCENARIO__SCENARIO_SWITCH_CANDIDATE_PROTOCOL:
    p->ice =
        scenario->switch_candidate_protocol == LIVEKIT__CANDIDATE_PROTOCOL__UDP ? OH_ICE_ANY : OH_ICE_TCP;
    if (scenario->switch_candidate_protocol == LIVEKIT__CANDIDATE_PROTOCOL__TLS &&
        oh_admission_has_turns(house))
      p->ice = OH_ICE_TLS;
    return oh_negotiate_restart(house, now_us, p);
  case LIVEKIT__SIMULATE_SCENARIO__SCENARIO_DISCONNECT_SIGNAL_ON_RESUME: return arm_cut(p, now_us, false);
  case LIVEKIT__SIMULATE_SCENARIO__SCENARIO_DISCONNECT_SIGNAL_ON_RESUME_NO_MESSAGES:
    return arm_cut(p, now_us, true);
  case LIVEKIT__SIMULATE_SCENARIO__SCENARIO_LEAVE_REQUEST_FULL_RECONNECT:
    return oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__UNKNOWN_REASON,
                                LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  default: return;
  }
}

void oh_simulate_tick(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  if (now_us < p->simulate_us) return;
  p->simulate_us = OH_NEVER;
  tell_speaking(house, p, 0);
}
