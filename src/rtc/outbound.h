// outbound.h — the sending half of an SCTP association: queues messages per stream, cuts them into DATA
// chunks, keeps those in flight until they are acknowledged, and decides when to send: peer's window, slow
// start and congestion avoidance, fast retransmit, T3 (RFC 9260 6.1–6.3, 7.2), and what to give up (RFC
// 3758).
#pragma once
#include "base/heap.h"
#include "base/limits.h"
#include "wire/sctp.h"

struct oh_outbound_message;
struct oh_outbound_chunk;

struct oh_outbound_stream {
  uint16_t number, next_sequence;
  bool closing; // takes nothing more: it will be reset
  struct oh_outbound_message *first, *last;
  size_t queued_bytes;
};

struct oh_outbound {
  uint32_t next_tsn, acked; // acked: cumulative
  uint32_t abandoned;       // everything up to here is acknowledged or given up (Advanced.Peer.Ack.Point)
  bool forward_due;         // FORWARD-TSN is to be sent
  bool partial_reliability; // the peer understands it
  struct oh_outbound_chunk *ring; // (acked, next_tsn), by TSN; power of two
  uint32_t ring_cap, gap_acked, resends, resend_from;
  struct oh_outbound_stream *streams;
  uint32_t stream_count, stream_cap, turn; // turn: whose message is (or was last) being sent
  bool sending;                            // … is: messages are never mixed
  uint32_t window, flight;                 // bytes: the peer's free room, ours on the way
  uint32_t cwnd, ssthresh, partial_acked, recovery_exit;
  bool recovering, burst; // burst: the first packet of a fast retransmit ignores cwnd
  int64_t srtt_us, rttvar_us, rto_us, timed_us, t3_us;
  uint32_t timed_tsn;
  bool timing, measured;
  uint32_t errors; // timeouts in a row
  size_t memory_bytes;
  uint64_t resent, dropped; // chunks sent again, messages given up
};

struct oh_outbound_order { // how a message is to be sent
  uint32_t ppid;
  bool unordered;
  int32_t max_retransmits; // -1: no such limit
  int64_t expires_us;      // OH_NEVER: no such limit
  int64_t begin_by_us;     // dropped if nothing of it has been sent by then; 0: no such limit
};

void oh_outbound_init(struct oh_outbound *o, uint32_t first_tsn);
void oh_outbound_fini(struct oh_outbound *o); // empty, as after init

// Queues a copy. False when there is no room (nothing is queued) or the stream is closing. A message that may
// be lost pushes older ones of its kind off its stream instead.
bool oh_outbound_add(struct oh_outbound *o, uint16_t stream, const struct oh_outbound_order *order,
                     struct oh_bytes data);
size_t oh_outbound_queued(const struct oh_outbound *o, uint16_t stream); // bytes not sent once yet
// The stream takes no more messages; it is drained when all it had was sent at least once.
void oh_outbound_end_stream(struct oh_outbound *o, uint16_t stream);
bool oh_outbound_drained(const struct oh_outbound *o, uint16_t stream);
void oh_outbound_reset_stream(struct oh_outbound *o, uint16_t stream); // forgets it: numbers start anew

// False if the peer acknowledges what was never sent.
bool oh_outbound_sack(struct oh_outbound *o, int64_t now_us, const struct oh_sctp_sack *sack);
// Appends the DATA chunks that may be sent now and fit; true if any.
bool oh_outbound_write(struct oh_outbound *o, int64_t now_us, struct oh_writer *w);
void oh_outbound_write_forward(struct oh_outbound *o, int64_t now_us, struct oh_writer *w);
void oh_outbound_timeout(struct oh_outbound *o, int64_t now_us); // T3 has run out
void oh_outbound_back_off(struct oh_outbound *o);                // doubles the RTO
void oh_outbound_measure(struct oh_outbound *o, int64_t rtt_us);
static inline bool oh_outbound_idle(const struct oh_outbound *o) { // all is acknowledged
  return o->acked + 1 == o->next_tsn;
}
bool oh_outbound_empty(const struct oh_outbound *o); // … and nothing waits
