// rtpext.h — RTP header extension elements, one-byte and two-byte form (RFC 8285), and the three that voice
// uses: audio level (RFC 6464), MID (RFC 8843 14), transport-wide sequence number
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
#pragma once
#include "wire/rtp.h"

#define OH_RTPEXT_ONE_BYTE 0xBEDE // extension profile; ids 1…14, 1…16 bytes each
#define OH_RTPEXT_TWO_BYTE 0x1000 // extension profile (low 4 bits free); ids 1…255, 0…255 bytes each

#define OH_RTPEXT_URI_AUDIO_LEVEL "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define OH_RTPEXT_URI_MID "urn:ietf:params:rtp-hdrext:sdes:mid"
#define OH_RTPEXT_URI_TRANSPORT_SEQUENCE                                                                     \
  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

struct oh_rtpext {
  uint8_t id;
  struct oh_bytes data;
};
struct oh_rtpext_walk {
  struct oh_reader in;
  bool two_byte;
};
// Walks the elements of a packet; none if it has no extension or one of another profile. A broken element
// ends the walk (what came before it was good).
struct oh_rtpext_walk oh_rtpext_walk(const struct oh_rtp *p);
bool oh_rtpext_next(struct oh_rtpext_walk *walk, struct oh_rtpext *element);
// The first element with this id. Ids come from the SDP (a=extmap); id 0 is never found.
bool oh_rtpext_find(const struct oh_rtp *p, uint8_t id, struct oh_bytes *data);

// Appends one element; hand the writer's bytes to oh_rtp_write_header with the same profile. Sets w->failed
// if id or length do not fit the form.
void oh_rtpext_write(struct oh_writer *w, uint16_t profile, uint8_t id, const void *data, size_t len);

struct oh_audio_level {
  bool voice;    // the sender's voice activity flag
  uint8_t level; // -dBov: 0 is loudest, 127 is silence
};
bool oh_rtpext_audio_level(const struct oh_rtp *p, uint8_t id, struct oh_audio_level *level);
bool oh_rtpext_mid(const struct oh_rtp *p, uint8_t id, struct oh_bytes *mid); // 1…16 bytes of SDP token
bool oh_rtpext_transport_sequence(const struct oh_rtp *p, uint8_t id, uint16_t *sequence);
void oh_rtpext_write_audio_level(struct oh_writer *w, uint16_t profile, uint8_t id,
                                 struct oh_audio_level level);
void oh_rtpext_write_transport_sequence(struct oh_writer *w, uint16_t profile, uint8_t id, uint16_t sequence);
