// transport.h — one peer connection of a participant as signalling sees it: its hub peer and the m= sections
// that have been negotiated on it. In single-connection mode only the publisher transport exists and carries
// both directions; in dual mode the client offers the publisher transport and we offer the subscriber's
// (facts/LIVEKIT.md 2.7).
#pragma once
#include "livekit/offer.h"
#include "livekit/state.h"
#include "rtc/datachannel.h"

enum oh_target { OH_PUBLISHER, OH_SUBSCRIBER, OH_TARGETS }; // values of livekit.SignalTarget

struct oh_slot { // what became of one m= section
  char mid[OH_SDP_MID_MAX + 1];
  enum oh_sdp_kind kind;
  oh_id track;        // what the client sends here
  oh_id subscription; // what we send here
  bool listens;       // single: the client is ready to receive Opus here (recvonly, sendrecv)
  bool orphan;        // the client sends here, and no AddTrack has said what
  // what was sent here has ended: not used again before the client has accepted a description without it
  enum { OH_SLOT_FRESH, OH_SLOT_STALE, OH_SLOT_STALE_TOLD } wear;
  char sender[OH_SDP_ID_MAX + 1]; // the client's msid track id
  struct oh_sfu_receive receive;  // how the client sends
  bool red;                       // … and whether it prefers RED
};

struct oh_transport {
  oh_id peer;            // 0: not made yet
  struct oh_slot *slots; // in the order of the sections
  uint32_t slot_count, slot_cap;
  char remote_ufrag[OH_ICE_CREDENTIAL_MAX + 1], remote_pwd[OH_ICE_CREDENTIAL_MAX + 1];
  uint64_t session_id, version; // of our o= line
  bool negotiated;              // a first offer/answer round is done
  bool connected;               // ICE and DTLS were up at least once
  bool alive;                   // … and are now
  bool restart;                 // next offer of ours carries new credentials
  // our needs: subscriber transport (offers), or publisher transport in single mode (section requirements)
  uint32_t offer_id;
  bool outstanding, wanted;
  int64_t wanted_us, answer_by_us, offered_us;
  struct oh_channels *channels; // data: NULL until the first packet of it (livekit/data.h)
  struct oh_house *house;       // … for what it sends
  int32_t reliable, lossy;      // … its channels of those names, -1 while there is none
  int32_t data_track;           // … likewise
  int64_t behind_since_us;      // … has more waiting for it than it takes in time; 0: it has not
  uint64_t behind_bytes;        // … so much waited then
  int64_t held_until_us;        // … what it said is left lying, at most until then; 0: it is not
};

// Makes the hub peer and tells sfu and house whose it is; false when the hub is full.
bool oh_transport_open(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                       struct oh_transport *transport);
void oh_transport_close(struct oh_house *house, int64_t now_us, struct oh_transport *transport);
struct oh_slot *oh_transport_slot(struct oh_transport *transport, const char *mid); // NULL if unknown
struct oh_slot *oh_transport_add_slot(struct oh_transport *transport);              // zeroed, at the end
