// inbound.h — the receiving half of an SCTP association (RFC 9260 6.2, 6.6, 6.9; RFC 3758 3.6): puts chunks
// back into messages and messages of a stream back into order, keeps what must wait within
// OH_SCTP_RECEIVE_MAX, and knows what to acknowledge. Messages above a gap are delivered as soon as order
// allows it: a loss on one stream holds no other up.
#pragma once
#include "base/limits.h"
#include "wire/sctp.h"

struct oh_inbound_fragment { // one TSN above the cumulative one
  uint8_t *data;             // owned
  uint32_t ppid;
  uint16_t len, stream, sequence;
  uint8_t flags;
  enum { OH_FRAGMENT_MISSING, OH_FRAGMENT_KEPT, OH_FRAGMENT_DONE } state;
};
struct oh_inbound_stream {
  uint16_t next_sequence;
  uint16_t kept;    // fragments above the gap
  uint16_t skip_to; // while FORWARD-TSN is read: ordered messages up to here are skipped
  bool skips;
};
struct oh_inbound_message {
  struct oh_inbound_message *next;
  uint32_t ppid;
  uint32_t len;
  uint16_t stream;
  uint8_t data[];
};

struct oh_inbound {
  uint32_t tsn;                     // cumulative: everything up to here has arrived or was given up
  uint32_t highest;                 // the highest seen
  struct oh_inbound_fragment *ring; // by TSN; power of two, grows to OH_SCTP_TSNS_MAX
  uint32_t ring_cap;
  struct oh_inbound_stream *streams; // by number; grows to OH_SCTP_STREAMS_MAX
  uint32_t stream_cap;
  struct { // the message that ends beyond `tsn`
    uint8_t *data;
    uint32_t len, cap, ppid;
    uint16_t stream, sequence;
    uint8_t flags;
    bool open, oversize;
  } partial;
  bool skipping; // FORWARD-TSN may have cut a message: fragments up to the next beginning are its rest
  struct oh_inbound_message *first, *last; // delivered, not fetched
  uint32_t duplicates[16];
  uint32_t duplicate_count;
  size_t memory_bytes;                       // all of the above that strangers can fill
  uint32_t told_window;                      // in the latest SACK
  uint64_t dropped_window, dropped_oversize; // for the owner's counters
};

enum oh_inbound_result {
  OH_INBOUND_TAKEN,
  OH_INBOUND_NOW,       // taken, and to be acknowledged at once: a gap, a duplicate, or no room
  OH_INBOUND_NO_STREAM, // taken and thrown away: its stream number is not ours
  OH_INBOUND_VIOLATION, // the association must end
};

void oh_inbound_init(struct oh_inbound *in, uint32_t first_tsn);
void oh_inbound_fini(struct oh_inbound *in);
enum oh_inbound_result oh_inbound_recv(struct oh_inbound *in, const struct oh_sctp_data *data);
// FORWARD-TSN: the value of the chunk.
enum oh_inbound_result oh_inbound_forward(struct oh_inbound *in, struct oh_bytes value);
// The peer starts a stream's sequence numbers anew.
void oh_inbound_reset(struct oh_inbound *in, uint16_t stream);
// The next message, now the caller's to free(); NULL if there is none.
struct oh_inbound_message *oh_inbound_next(struct oh_inbound *in);
uint32_t oh_inbound_window(const struct oh_inbound *in); // bytes we still take
static inline bool oh_inbound_gap(const struct oh_inbound *in) {
  return in->highest != in->tsn;
}
// Writes the SACK chunk, with as many gaps as fit.
void oh_inbound_write_sack(struct oh_inbound *in, struct oh_writer *w);
