// sctp.h — SCTP packets and chunks on the wire, as far as data channels use them: RFC 9260, RFC 3758
// (FORWARD-TSN), RFC 6525 (RE-CONFIG), RFC 9653 (zero checksum). Readers borrow from the packet.
#pragma once
#include "base/bytes.h"

#define OH_SCTP_HEADER 12      // bytes of the common header
#define OH_SCTP_DATA_HEADER 16 // bytes of a DATA chunk before its payload

enum oh_sctp_chunk_type {
  OH_SCTP_DATA = 0,
  OH_SCTP_INIT = 1,
  OH_SCTP_INIT_ACK = 2,
  OH_SCTP_SACK = 3,
  OH_SCTP_HEARTBEAT = 4,
  OH_SCTP_HEARTBEAT_ACK = 5,
  OH_SCTP_ABORT = 6,
  OH_SCTP_SHUTDOWN = 7,
  OH_SCTP_SHUTDOWN_ACK = 8,
  OH_SCTP_ERROR = 9,
  OH_SCTP_COOKIE_ECHO = 10,
  OH_SCTP_COOKIE_ACK = 11,
  OH_SCTP_SHUTDOWN_COMPLETE = 14,
  OH_SCTP_RECONFIG = 130,
  OH_SCTP_FORWARD_TSN = 192,
};
enum { // flags of DATA …
  OH_SCTP_END = 1,
  OH_SCTP_BEGIN = 2,
  OH_SCTP_UNORDERED = 4,
  OH_SCTP_IMMEDIATE = 8,
  OH_SCTP_REFLECTED = 1, // … and of ABORT and SHUTDOWN COMPLETE: the tag is the receiver's peer's
};
enum oh_sctp_cause { // RFC 9260 3.3.10
  OH_SCTP_CAUSE_INVALID_STREAM = 1,
  OH_SCTP_CAUSE_STALE_COOKIE = 3,
  OH_SCTP_CAUSE_OUT_OF_RESOURCE = 4,
  OH_SCTP_CAUSE_UNRECOGNIZED_CHUNK = 6,
  OH_SCTP_CAUSE_INVALID_PARAMETER = 7,
  OH_SCTP_CAUSE_NO_USER_DATA = 9,
  OH_SCTP_CAUSE_USER_ABORT = 12,
  OH_SCTP_CAUSE_VIOLATION = 13,
};

struct oh_sctp_packet {
  uint16_t source_port, destination_port;
  uint32_t tag;
  bool unsummed;          // the checksum field is zero (RFC 9653)
  bool intact;            // the checksum fits
  struct oh_bytes chunks; // all of them
};
// False when it is not even a header.
bool oh_sctp_read(struct oh_sctp_packet *p, const void *data, size_t len);
// Starts a packet; its checksum is left zero.
void oh_sctp_write(struct oh_writer *w, uint16_t source_port, uint16_t destination_port, uint32_t tag);
void oh_sctp_sum(uint8_t *packet, size_t len); // fills the checksum in

struct oh_sctp_chunk { // also a parameter or an error cause: those have 16 bits of type and no flags
  uint16_t type;
  uint8_t flags;
  struct oh_bytes value;
};
// The next one; false at the end and, with r->failed, when a length is impossible.
bool oh_sctp_next_chunk(struct oh_reader *r, struct oh_sctp_chunk *chunk);
bool oh_sctp_next_parameter(struct oh_reader *r, struct oh_sctp_chunk *parameter);
// Opens a chunk or parameter: write the value, then close what open returned: length and padding follow.
uint8_t *oh_sctp_open_chunk(struct oh_writer *w, uint8_t type, uint8_t flags);
uint8_t *oh_sctp_open_parameter(struct oh_writer *w, uint16_t type);
void oh_sctp_close_chunk(struct oh_writer *w, uint8_t *opened);

struct oh_sctp_init { // INIT and INIT ACK
  uint32_t tag, window, tsn;
  uint16_t streams_out, streams_in;
  bool forward_tsn, reconfig, zero_checksum;
  struct oh_bytes cookie;          // INIT ACK
  struct oh_bytes unrecognized[4]; // whole parameters to report, RFC 9260 3.2.1; more are forgotten
  uint32_t unrecognized_count;
};
bool oh_sctp_read_init(struct oh_sctp_init *init, struct oh_bytes value);
void oh_sctp_write_init(struct oh_writer *w, enum oh_sctp_chunk_type type, const struct oh_sctp_init *init);

struct oh_sctp_data {
  uint32_t tsn, ppid;
  uint16_t stream, sequence;
  uint8_t flags;
  struct oh_bytes payload;
};
bool oh_sctp_read_data(struct oh_sctp_data *data, const struct oh_sctp_chunk *chunk);
void oh_sctp_write_data(struct oh_writer *w, const struct oh_sctp_data *data);

struct oh_sctp_sack {
  uint32_t tsn, window; // cumulative
  struct oh_bytes gaps; // 4 bytes each, see oh_sctp_gap
};
struct oh_sctp_gap {
  uint16_t start, end; // offsets from the cumulative TSN
};
bool oh_sctp_read_sack(struct oh_sctp_sack *sack, struct oh_bytes value);
static inline struct oh_sctp_gap oh_sctp_gap(const struct oh_sctp_sack *sack, size_t i) {
  return (struct oh_sctp_gap){oh_load_u16_be(sack->gaps.data + 4 * i),
                              oh_load_u16_be(sack->gaps.data + 4 * i + 2)};
}

enum { // parameters of RE-CONFIG
  OH_SCTP_RESET_OUTGOING = 13,
  OH_SCTP_RESET_INCOMING = 14,
  OH_SCTP_RESET_ALL = 15,
  OH_SCTP_RESET_RESPONSE = 16,
  OH_SCTP_ADD_OUTGOING = 17,
  OH_SCTP_ADD_INCOMING = 18,
};
enum oh_sctp_result {
  OH_SCTP_NOTHING_TO_DO = 0,
  OH_SCTP_PERFORMED = 1,
  OH_SCTP_DENIED = 2,
  OH_SCTP_BAD_SEQUENCE = 5,
  OH_SCTP_IN_PROGRESS = 6,
};
