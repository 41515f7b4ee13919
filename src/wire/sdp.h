// sdp.h — a bounded reader of session descriptions (RFC 8866, with the attributes of RFC 8829). Zero copy:
// all strings point into the text that was read. It checks the form and the limits and keeps what a voice
// server can use; what it does not know it skips. One pass, linear in the length of the text.
#pragma once
#include "base/addr.h"
#include "base/limits.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum oh_sdp_kind { OH_SDP_AUDIO, OH_SDP_VIDEO, OH_SDP_APPLICATION, OH_SDP_OTHER };
// Bit 0: the describing side sends; bit 1: it receives.
enum oh_sdp_direction { OH_SDP_INACTIVE = 0, OH_SDP_SENDONLY = 1, OH_SDP_RECVONLY = 2, OH_SDP_SENDRECV = 3 };
enum oh_sdp_setup { OH_SDP_NO_SETUP, OH_SDP_ACTPASS, OH_SDP_ACTIVE, OH_SDP_PASSIVE, OH_SDP_HOLDCONN };

struct oh_sdp_codec {
  struct oh_str name; // of rtpmap ("opus"), empty if only the format list names this payload type
  struct oh_str fmtp; // the parameters, without the payload type
  uint32_t clock_hz;
  uint8_t payload_type, channels; // channels 1 if rtpmap does not say
  bool nack, transport_cc;        // rtcp-fb "nack" (generic), "transport-cc"; also by a wildcard line
};

struct oh_sdp_extension {
  struct oh_str uri;
  uint8_t id; // 1…255
};

struct oh_sdp_ssrc {
  uint32_t ssrc;
  struct oh_str cname, stream, track; // stream and track of an msid given by a=ssrc
};

// What ICE and DTLS need; a section's own lines override the session's.
struct oh_sdp_transport {
  struct oh_str ufrag, pwd;
  uint8_t fingerprint[32]; // sha-256
  bool has_fingerprint;
  enum oh_sdp_setup setup;
};

struct oh_sdp_candidate {
  struct oh_addr addr; // stream is 0
  uint32_t priority;
  bool tcp_passive; // TCP candidate that can be connected to
};

struct oh_sdp_section {
  enum oh_sdp_kind kind;
  enum oh_sdp_direction direction;
  uint16_t port;
  struct oh_str media, protocol, formats; // of the m= line, as written
  struct oh_str mid;
  struct oh_str msid_stream, msid_track;         // of the first a=msid; stream may be "-"
  struct oh_sdp_transport transport;             // with the session's values filled in
  bool rtcp_mux, bundle_only, in_bundle;         // in_bundle: its mid is in the BUNDLE group
  uint16_t sctp_port;                            // application: 0 if not said
  uint32_t max_message_bytes;                    // application: 65536 if not said (RFC 8841)
  struct oh_sdp_codec codecs[OH_SDP_CODECS_MAX]; // in the order of the format list
  size_t codec_count;
  struct oh_sdp_extension extensions[OH_SDP_EXTENSIONS_MAX];
  size_t extension_count;
  struct oh_sdp_ssrc ssrcs[OH_SDP_SSRCS_MAX]; // further ones are skipped
  size_t ssrc_count;
};

struct oh_sdp {
  struct oh_sdp_transport session;
  struct oh_str bundle; // mids of the BUNDLE group, separated by blanks; empty if there is none
  bool ice_lite, extmap_allow_mixed;
  struct oh_sdp_section sections[OH_SDP_SECTIONS_MAX];
  size_t section_count;
  struct oh_sdp_candidate candidates[OH_SDP_CANDIDATES_MAX]; // UDP and TCP with IP addresses, of all sections
  size_t candidate_count;
};

// Reads `text` (at most OH_SDP_MAX bytes). NULL if it is good, else why not (static text). `sdp` is large
// (about 150 KB): allocate it, do not put it on a stack.
const char *oh_sdp_read(struct oh_sdp *sdp, struct oh_str text);

// Reads the value of one candidate line ("candidate:…", with or without "a="), as trickled by clients.
// False for malformed ones, for names in place of addresses (mDNS) and for component 2.
bool oh_sdp_read_candidate(struct oh_sdp_candidate *candidate, struct oh_str line);

// Finds a parameter in an fmtp value ("minptime=10;useinbandfec=1"). False if it is not there.
bool oh_sdp_parameter(struct oh_str fmtp, struct oh_str name, struct oh_str *value);
