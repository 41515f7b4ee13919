// transport.h — one peer connection of a participant as signalling sees it: its hub peer and the m= sections
// that have been negotiated on it. In single-connection mode only the publisher transport exists and carries
// both directions; in dual mode the client offers the publisher transport and we offer the subscriber's
// (facts/LIVEKIT.md 2.7).
#pragma once
#include "livekit/state.h"

enum oh_target { OH_PUBLISHER, OH_SUBSCRIBER, OH_TARGETS }; // values of livekit.SignalTarget

enum oh_section_kind { OH_SECTION_AUDIO, OH_SECTION_VIDEO, OH_SECTION_DATA, OH_SECTION_OTHER };
struct oh_section {
  char mid[16];
  enum oh_section_kind kind;
  oh_id track;        // what the client sends here
  oh_id subscription; // what we send here
  bool listens;       // single: the client is ready to receive here (recvonly, sendrecv)
  bool bound;         // subscription: the client knows it, media flows
};

struct oh_transport {
  oh_id peer; // 0: not made yet
  struct oh_section *sections;
  uint32_t section_count, section_cap;
  char remote_ufrag[260], remote_pwd[260];
  bool negotiated; // a first offer/answer round is done
  bool connected;  // ICE and DTLS were up at least once
  bool alive;      // … and are now
  bool restart;    // next offer of ours carries new credentials
  // subscriber transport: our offers
  uint32_t offer_id;
  bool outstanding, wanted;
  int64_t wanted_us, answer_by_us, offered_us;
};

// Makes the hub peer and tells sfu and house whose it is; false when the hub is full.
bool oh_transport_open(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                       struct oh_transport *transport);
void oh_transport_close(struct oh_house *house, int64_t now_us, struct oh_transport *transport);
struct oh_section *oh_transport_section(struct oh_transport *transport, const char *mid); // NULL if unknown
struct oh_section *oh_transport_add_section(struct oh_transport *transport); // zeroed, at the end
