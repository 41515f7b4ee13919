// offer.h — LiveKit's rules on top of SDP (facts/LIVEKIT.md 3.2–3.6, 4): what a description offers that
// concerns a voice server, and the offers and answers we write. Used by both ends: the server (`house`) and
// our own client (`caller`).
#pragma once
#include "base/addr.h"
#include "base/limits.h"
#include "base/text.h"
#include "wire/sdp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OH_PT_OPUS 111 // in the offers we write; in answers the offer's own numbers hold
#define OH_PT_RED 63

// One m-section of a description, in its order. Directions are seen from the side that wrote it.
struct oh_section {
  enum oh_sdp_kind kind;
  enum oh_sdp_direction direction; // INACTIVE also if rejected
  bool rejected;                   // port 0, or outside the BUNDLE group: must stay rejected in an answer
  char mid[OH_SDP_MID_MAX + 1];
  char stream_id[OH_SDP_ID_MAX + 1], track_id[OH_SDP_ID_MAX + 1]; // msid; empty if there is none
  char cname[OH_SDP_ID_MAX + 1];
  uint32_t ssrc; // 0: not announced, learned from MID

  // audio: payload types, 0 = not there
  uint8_t opus, red;
  bool red_first;                                  // the format list prefers RED: what the other side sends
  bool nack, transport_cc;                         // rtcp-fb of opus
  bool dtx, stereo;                                // opus fmtp: usedtx=1, stereo=1
  bool sprop_stereo;                               // opus fmtp: sprop-stereo=1
  uint8_t audio_level_id, mid_id, transport_cc_id; // header extensions, 0 = not there

  uint16_t sctp_port; // application
  uint32_t max_message_bytes;

  // for echoing what we do not speak: one video codec to accept (0: none), and the m= line's words
  uint8_t video;
  char video_codec[32], video_fmtp[OH_SDP_ID_MAX + 1]; // "VP8/90000"
  char media[16], protocol[32];
};

struct oh_description {
  char ufrag[OH_ICE_CREDENTIAL_MAX + 1], pwd[OH_ICE_CREDENTIAL_MAX + 1];
  uint8_t fingerprint[32];
  enum oh_sdp_setup setup;
  bool extmap_allow_mixed, ice_lite;
  struct oh_section sections[OH_SDP_SECTIONS_MAX];
  size_t section_count;
  struct oh_sdp_candidate candidates[OH_SDP_CANDIDATES_MAX];
  size_t candidate_count;
};

// Reads an offer or an answer. NULL if it can be used, else why not (static text). About 25 KB.
const char *oh_description_read(struct oh_description *description, struct oh_str sdp);
// The section with this mid, NULL if there is none.
const struct oh_section *oh_description_find(const struct oh_description *description, struct oh_str mid);

// Our side of a transport.
struct oh_local {
  const char *ufrag, *pwd, *fingerprint; // fingerprint as in a=fingerprint:sha-256 ("AB:CD:…")
  const struct oh_addr *candidates;      // UDP host and TCP passive, most preferred first; may be none
  size_t candidate_count;
  uint64_t session_id, version; // o= line: the same id for one connection, version + 1 with each description
  bool lite;                    // the server: a=ice-lite, setup:passive in answers; else active
  bool passive_offer;           // offers say setup:passive too, not actpass
};

// What we decided for one section of an offer.
struct oh_plan {
  bool reject; // port 0; never honoured for the first section (it carries the transport): it goes inactive
  // receiving (offered sendonly or sendrecv)
  bool receive;
  bool want_red; // RED first, if it was offered (LIVEKIT 4.4); otherwise it is left out
  bool dtx, stereo;
  // sending (offered recvonly or sendrecv); ssrc, stream and track name the stream
  bool send;
  bool send_stereo; // sprop-stereo=1
  uint32_t ssrc;
  const char *stream_id, *track_id;
};
// Writes the answer: one plan per offered section. Sections neither received nor sent are inactive; video is
// accepted inactive (3.3 choice 1); application sections are always accepted. False if it does not fit.
bool oh_answer_write(struct oh_text *out, const struct oh_description *offer, const struct oh_local *local,
                     const struct oh_plan *plans);

// One section of an offer of ours. Keep the order from offer to offer; unused ones stay, inactive.
struct oh_proposal {
  enum oh_sdp_kind kind; // audio or application
  const char *mid;
  enum oh_sdp_direction direction; // application: ignored
  bool red, red_first;             // audio: propose RED too, and in front of Opus
  bool dtx, stereo;                // what we would like to receive: usedtx=1, stereo=1
  bool send_stereo;                // sprop-stereo=1
  bool nack, transport_cc;
  bool audio_level; // propose the extensions a publisher uses: audio level and MID
  uint32_t ssrc;    // if we send
  const char *stream_id, *track_id;
};
// Writes an offer (setup:actpass, or passive): the server's to a subscriber, or our client's to a server.
bool oh_offer_write(struct oh_text *out, const struct oh_local *local, const struct oh_proposal *proposals,
                    size_t count);
