// outbound.c — see outbound.h
#include "rtc/outbound.h"
#include "base/check.h"
#include <stdlib.h>

enum {
  PAYLOAD_MAX = (OH_SCTP_PACKET_MAX - OH_SCTP_HEADER - OH_SCTP_DATA_HEADER) & ~3,
  WINDOW_FIRST = 10 * OH_SCTP_PACKET_MAX, // as RFC 6928, and the browsers
  WINDOW_MAX = 4 * OH_SCTP_SEND_MAX,
  RING_FIRST = 16,
  MISSING_REPORTS = 3,
  FORWARD_STREAMS_MAX = 128, // in one FORWARD-TSN
  RTO_FIRST_US = 500000,     // as the browsers' (RFC: 1 s)
  RTO_MIN_US = 400000,       // … and above the peer's delay of acknowledgements
  RTO_MAX_US = 10000000,     // RFC: 60 s; ICE gives a path up after 15
};

struct oh_outbound_message {
  struct oh_outbound_message *next; // in its stream's queue
  struct oh_outbound_order order;
  uint32_t len, sent, chunks; // chunks: in the ring
  uint32_t first_tsn;
  uint16_t stream, sequence;
  bool queued, abandoned;
  uint8_t data[];
};
struct oh_outbound_chunk {
  struct oh_outbound_message *message;
  uint32_t offset;
  uint16_t len, sends;
  uint8_t flags, missing;
  bool in_flight, acked, resend, fast; // fast: was retransmitted early once
};

static bool after(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) > 0;
}
static uint32_t least(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}
static uint32_t most(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}
static struct oh_outbound_chunk *at(const struct oh_outbound *o, uint32_t tsn) {
  return &o->ring[tsn & (o->ring_cap - 1)];
}

void oh_outbound_init(struct oh_outbound *o, uint32_t first_tsn) {
  *o = (struct oh_outbound){.next_tsn = first_tsn,
                            .acked = first_tsn - 1,
                            .abandoned = first_tsn - 1,
                            .cwnd = WINDOW_FIRST,
                            .ssthresh = WINDOW_MAX,
                            .rto_us = RTO_FIRST_US,
                            .t3_us = OH_NEVER};
}

// ---- streams and messages ----

static size_t message_cost(uint32_t len) {
  return len + sizeof(struct oh_outbound_message) + OH_SCTP_FRAGMENT_COST;
}

static void drop_if_done(struct oh_outbound *o, struct oh_outbound_message *m) {
  if (m->queued || m->chunks) return;
  o->memory_bytes -= message_cost(m->len);
  free(m);
}

static struct oh_outbound_stream *find(const struct oh_outbound *o, uint16_t number) {
  for (uint32_t i = 0; i < o->stream_count; i++)
    if (o->streams[i].number == number) return &o->streams[i];
  return NULL;
}

static struct oh_outbound_stream *find_or_add(struct oh_outbound *o, uint16_t number) {
  struct oh_outbound_stream *stream = find(o, number);
  if (stream) return stream;
  if (o->stream_count == o->stream_cap) {
    o->stream_cap = o->stream_cap ? o->stream_cap * 2 : 4;
    o->streams = realloc(o->streams, o->stream_cap * sizeof *o->streams);
    OH_CHECK(o->streams);
  }
  stream = &o->streams[o->stream_count++];
  *stream = (struct oh_outbound_stream){.number = number};
  return stream;
}

// Takes the stream's first message out of its queue.
static void unqueue(struct oh_outbound *o, struct oh_outbound_stream *stream) {
  struct oh_outbound_message *m = stream->first;
  stream->first = m->next;
  if (!stream->first) stream->last = NULL;
  stream->queued_bytes -= m->len - m->sent;
  m->queued = false;
  drop_if_done(o, m);
}

void oh_outbound_fini(struct oh_outbound *o) {
  for (uint32_t i = 0; i < o->stream_count; i++)
    while (o->streams[i].first)
      unqueue(o, &o->streams[i]);
  for (uint32_t t = o->acked + 1; t != o->next_tsn; t++) {
    struct oh_outbound_message *m = at(o, t)->message;
    m->chunks--;
    drop_if_done(o, m);
  }
  free(o->streams);
  free(o->ring);
  oh_outbound_init(o, 0);
}

static bool may_be_lost(const struct oh_outbound_order *order) {
  return order->max_retransmits >= 0 || order->expires_us != OH_NEVER;
}

// Drops the oldest message of the stream that may be lost and has not been begun.
static bool drop_oldest(struct oh_outbound *o, struct oh_outbound_stream *stream) {
  struct oh_outbound_message *first = stream->first;
  bool begun = first && first->sent;
  struct oh_outbound_message *m = begun ? first->next : first;
  if (!m || !may_be_lost(&m->order)) return false;
  if (!begun) {
    unqueue(o, stream);
    return true;
  }
  first->next = m->next;
  if (stream->last == m) stream->last = first;
  stream->queued_bytes -= m->len;
  m->queued = false;
  drop_if_done(o, m);
  return true;
}

bool oh_outbound_add(struct oh_outbound *o, uint16_t number, const struct oh_outbound_order *order,
                     struct oh_bytes data) {
  OH_CHECK(data.len > 0 && data.len <= OH_CHANNEL_MESSAGE_MAX);
  struct oh_outbound_stream *stream = find_or_add(o, number);
  if (stream->closing) return false;
  size_t cost = message_cost((uint32_t)data.len);
  while (may_be_lost(order) && o->memory_bytes + cost > OH_SCTP_SEND_MAX && drop_oldest(o, stream))
    o->dropped++;
  if (o->memory_bytes + cost > OH_SCTP_SEND_MAX) return false;
  struct oh_outbound_message *m = malloc(sizeof *m + data.len);
  OH_CHECK(m);
  *m = (struct oh_outbound_message){
      .order = *order, .len = (uint32_t)data.len, .stream = number, .queued = true};
  memcpy(m->data, data.data, data.len);
  if (stream->last)
    stream->last->next = m;
  else
    stream->first = m;
  stream->last = m;
  stream->queued_bytes += data.len;
  o->memory_bytes += cost;
  return true;
}

size_t oh_outbound_queued(const struct oh_outbound *o, uint16_t number) {
  const struct oh_outbound_stream *stream = find(o, number);
  return stream ? stream->queued_bytes : 0;
}

void oh_outbound_end_stream(struct oh_outbound *o, uint16_t number) {
  find_or_add(o, number)->closing = true;
}

bool oh_outbound_drained(const struct oh_outbound *o, uint16_t number) {
  const struct oh_outbound_stream *stream = find(o, number);
  return !stream || !stream->first;
}

void oh_outbound_reset_stream(struct oh_outbound *o, uint16_t number) {
  struct oh_outbound_stream *stream = find(o, number);
  if (!stream) return;
  while (stream->first)
    unqueue(o, stream);
  uint32_t i = (uint32_t)(stream - o->streams);
  *stream = o->streams[--o->stream_count];
  if (o->turn == i) o->sending = false;
  if (o->turn == o->stream_count) o->turn = i; // the one that has moved here
}

bool oh_outbound_empty(const struct oh_outbound *o) {
  for (uint32_t i = 0; i < o->stream_count; i++)
    if (o->streams[i].first) return false;
  return oh_outbound_idle(o);
}

// ---- giving up (RFC 3758) ----

static struct oh_outbound_chunk *new_chunk(struct oh_outbound *o, struct oh_outbound_message *m) {
  uint32_t used = o->next_tsn - o->acked - 1;
  if (used == o->ring_cap) {
    uint32_t cap = o->ring_cap ? o->ring_cap * 2 : RING_FIRST;
    struct oh_outbound_chunk *ring = calloc(cap, sizeof *ring);
    OH_CHECK(ring);
    for (uint32_t t = o->acked + 1; t != o->next_tsn; t++)
      ring[t & (cap - 1)] = *at(o, t);
    free(o->ring);
    o->ring = ring;
    o->ring_cap = cap;
  }
  struct oh_outbound_chunk *chunk = at(o, o->next_tsn);
  if (m->sent == 0) m->first_tsn = o->next_tsn;
  *chunk = (struct oh_outbound_chunk){.message = m, .offset = m->sent};
  m->chunks++;
  o->next_tsn++;
  return chunk;
}

static void land(struct oh_outbound *o, struct oh_outbound_chunk *chunk) {
  if (chunk->in_flight) o->flight -= chunk->len;
  if (chunk->resend) o->resends--;
  chunk->in_flight = chunk->resend = false;
}

static void abandon(struct oh_outbound *o, struct oh_outbound_message *m) {
  if (m->abandoned) return;
  m->abandoned = true;
  o->dropped++;
  if (m->queued && m->sent) {
    // The peer may have all that was sent, and would wait for the rest: one more TSN, never sent, gives
    // FORWARD-TSN something to skip.
    new_chunk(o, m);
  }
  uint32_t first = after(m->first_tsn, o->acked) ? m->first_tsn : o->acked + 1;
  for (uint32_t t = first; m->chunks && t != o->next_tsn && at(o, t)->message == m; t++)
    land(o, at(o, t));
  if (!m->queued) return;
  struct oh_outbound_stream *stream = find(o, m->stream);
  OH_CHECK(stream && stream->first == m);
  if (m->sent) o->sending = false;
  unqueue(o, stream);
}

static bool expired(const struct oh_outbound *o, int64_t now_us, const struct oh_outbound_message *m) {
  return o->partial_reliability && now_us >= m->order.expires_us;
}

// Of one that has not been begun: whether that is too late now. What the peer has none of, it need not skip.
static bool is_late(int64_t now_us, const struct oh_outbound_message *m) {
  return m->order.begin_by_us && now_us >= m->order.begin_by_us;
}

// Moves the point up to which the peer may forget, over what was given up; not over what it has (RFC
// 3758 3.5, C2): that may wait for its turn there.
static void skip_abandoned(struct oh_outbound *o) {
  if (after(o->acked, o->abandoned)) o->abandoned = o->acked;
  while (o->abandoned + 1 != o->next_tsn && at(o, o->abandoned + 1)->message->abandoned)
    o->abandoned++;
}

static void mark_lost(struct oh_outbound *o, int64_t now_us, uint32_t tsn) {
  struct oh_outbound_chunk *chunk = at(o, tsn);
  struct oh_outbound_message *m = chunk->message;
  bool enough = m->order.max_retransmits >= 0 && chunk->sends > m->order.max_retransmits;
  if ((o->partial_reliability && enough) || expired(o, now_us, m)) {
    abandon(o, m);
    return;
  }
  land(o, chunk);
  chunk->resend = true;
  chunk->missing = 0;
  if (o->resends++ == 0 || after(o->resend_from, tsn)) o->resend_from = tsn;
}

void oh_outbound_write_forward(struct oh_outbound *o, int64_t now_us, struct oh_writer *w) {
  o->forward_due = false;
  struct {
    uint16_t stream, sequence;
  } skipped[FORWARD_STREAMS_MAX];
  uint32_t count = 0, end = o->abandoned;
  for (uint32_t t = o->acked + 1; !after(t, o->abandoned); t++) {
    const struct oh_outbound_message *m = at(o, t)->message;
    if (!m->abandoned || m->order.unordered) continue;
    uint32_t i = 0;
    while (i < count && skipped[i].stream != m->stream)
      i++;
    if (i == FORWARD_STREAMS_MAX) {
      end = m->first_tsn - 1; // the rest next time
      break;
    }
    skipped[i].stream = m->stream;
    skipped[i].sequence = m->sequence;
    if (i == count) count++;
  }
  uint8_t *chunk = oh_sctp_open_chunk(w, OH_SCTP_FORWARD_TSN, 0);
  oh_write_u32_be(w, end);
  for (uint32_t i = 0; i < count; i++) {
    oh_write_u16_be(w, skipped[i].stream);
    oh_write_u16_be(w, skipped[i].sequence);
  }
  oh_sctp_close_chunk(w, chunk);
  if (o->t3_us == OH_NEVER) o->t3_us = now_us + o->rto_us;
}

// ---- acknowledgements ----

static void settle_rto(struct oh_outbound *o) {
  int64_t rto_us = o->srtt_us + 4 * o->rttvar_us;
  o->rto_us = rto_us < RTO_MIN_US ? RTO_MIN_US : rto_us > RTO_MAX_US ? RTO_MAX_US : rto_us;
}

void oh_outbound_measure(struct oh_outbound *o, int64_t rtt_us) {
  if (!o->measured) {
    o->measured = true;
    o->srtt_us = rtt_us;
    o->rttvar_us = rtt_us / 2;
  } else {
    int64_t off_us = rtt_us > o->srtt_us ? rtt_us - o->srtt_us : o->srtt_us - rtt_us;
    o->rttvar_us += (off_us - o->rttvar_us) / 4;
    o->srtt_us += (rtt_us - o->srtt_us) / 8;
  }
  settle_rto(o);
}

struct ack { // what one SACK brought
  uint32_t bytes, highest;
  bool any, moved;
};

static void take_ack(struct oh_outbound *o, int64_t now_us, uint32_t tsn, struct ack *ack) {
  struct oh_outbound_chunk *chunk = at(o, tsn);
  if (o->timing && o->timed_tsn == tsn) {
    o->timing = false;
    if (chunk->sends == 1) oh_outbound_measure(o, now_us - o->timed_us);
  }
  if (chunk->acked) return;
  land(o, chunk);
  chunk->acked = true;
  if (chunk->message->abandoned) return;
  ack->bytes += chunk->len;
  ack->highest = tsn;
  ack->any = true;
}

static void take_gaps(struct oh_outbound *o, int64_t now_us, const struct oh_sctp_sack *sack, struct ack *ack,
                      uint32_t *highest_reported) {
  size_t gaps = sack->gaps.len / 4, i = 0;
  if (gaps == 0 && o->gap_acked == 0) return;
  uint32_t count = 0, last_end = 0;
  for (uint32_t t = o->acked + 1; t != o->next_tsn; t++) {
    uint32_t offset = t - o->acked;
    while (i < gaps && oh_sctp_gap(sack, i).end < offset)
      i++;
    if (i < gaps && oh_sctp_gap(sack, i).start <= offset && at(o, t)->sends) {
      take_ack(o, now_us, t, ack);
      last_end = t;
      *highest_reported = last_end;
      count++;
    } else if (at(o, t)->acked) { // the peer has thrown it away again
      at(o, t)->acked = false;
      if (!at(o, t)->message->abandoned) mark_lost(o, now_us, t);
    }
  }
  o->gap_acked = count;
}

// Chunks that three SACKs report missing are sent again without waiting for T3 (RFC 9260 7.2.4).
static void count_missing(struct oh_outbound *o, int64_t now_us, const struct ack *ack, uint32_t reported) {
  bool all = o->recovering && ack->moved;
  uint32_t limit = all ? reported : ack->highest;
  bool lost = false;
  for (uint32_t t = o->acked + 1; (ack->any || all) && after(limit, t); t++) {
    struct oh_outbound_chunk *chunk = at(o, t);
    if (!chunk->in_flight || chunk->fast || ++chunk->missing < MISSING_REPORTS) continue;
    chunk->fast = true;
    mark_lost(o, now_us, t);
    lost = true;
  }
  if (!lost || o->recovering) return;
  o->ssthresh = most(o->cwnd / 2, 4 * OH_SCTP_PACKET_MAX);
  o->cwnd = o->ssthresh;
  o->partial_acked = 0;
  o->recovering = o->burst = true;
  o->recovery_exit = o->next_tsn - 1;
}

static void grow_window(struct oh_outbound *o, const struct ack *ack, bool was_full) {
  if (!ack->moved || o->recovering) return;
  if (o->cwnd <= o->ssthresh) {
    if (was_full) o->cwnd += least(ack->bytes, OH_SCTP_PACKET_MAX);
  } else {
    o->partial_acked += ack->bytes;
    if (o->partial_acked >= o->cwnd && was_full) {
      o->partial_acked -= o->cwnd;
      o->cwnd += OH_SCTP_PACKET_MAX;
    }
  }
  o->cwnd = least(o->cwnd, WINDOW_MAX);
}

bool oh_outbound_sack(struct oh_outbound *o, int64_t now_us, const struct oh_sctp_sack *sack) {
  if (after(sack->tsn, o->next_tsn - 1)) return false;
  if (after(o->acked, sack->tsn)) return true; // an older one overtaken by a newer
  struct ack ack = {.highest = o->acked};
  bool was_full = o->flight + OH_SCTP_PACKET_MAX > o->cwnd;
  while (o->acked != sack->tsn) {
    struct oh_outbound_chunk *chunk = at(o, o->acked + 1);
    if (chunk->acked && o->gap_acked) o->gap_acked--;
    take_ack(o, now_us, o->acked + 1, &ack);
    struct oh_outbound_message *m = chunk->message;
    *chunk = (struct oh_outbound_chunk){0};
    o->acked++;
    ack.moved = true;
    m->chunks--;
    drop_if_done(o, m);
  }
  uint32_t reported = o->acked;
  take_gaps(o, now_us, sack, &ack, &reported);
  if (o->recovering && !after(o->recovery_exit, o->acked)) o->recovering = false;
  grow_window(o, &ack, was_full);
  count_missing(o, now_us, &ack, reported);
  o->window = sack->window > o->flight ? sack->window - o->flight : 0;
  // a peer without room that answers our probes is slow, not dead
  if (ack.moved || ack.any || sack->window == 0) o->errors = 0;
  if (oh_outbound_idle(o)) {
    o->t3_us = OH_NEVER;
    o->partial_acked = 0;
  } else if (ack.moved) {
    // as TCPs do: progress ends the back-off, else a line with 30 % loss waits ten seconds each time
    if (o->measured) settle_rto(o);
    o->t3_us = now_us + o->rto_us;
  }
  skip_abandoned(o);
  o->forward_due = after(o->abandoned, o->acked);
  return true;
}

void oh_outbound_back_off(struct oh_outbound *o) {
  o->rto_us = o->rto_us * 2 > RTO_MAX_US ? RTO_MAX_US : o->rto_us * 2;
}

void oh_outbound_timeout(struct oh_outbound *o, int64_t now_us) {
  o->t3_us = OH_NEVER;
  if (oh_outbound_idle(o)) return;
  o->errors++;
  o->timing = false;
  oh_outbound_back_off(o);
  bool lost = false;
  for (uint32_t t = o->acked + 1; t != o->next_tsn; t++) {
    if (!at(o, t)->in_flight) continue;
    mark_lost(o, now_us, t);
    lost = true;
  }
  if (lost) {
    o->ssthresh = most(o->cwnd / 2, 4 * OH_SCTP_PACKET_MAX);
    o->cwnd = OH_SCTP_PACKET_MAX;
    o->partial_acked = 0;
    o->recovering = false;
  }
  skip_abandoned(o);
  o->forward_due = after(o->abandoned, o->acked);
  o->t3_us = now_us + o->rto_us;
}

// ---- sending ----

static void write_chunk(struct oh_outbound *o, int64_t now_us, uint32_t tsn, struct oh_writer *w) {
  struct oh_outbound_chunk *chunk = at(o, tsn);
  const struct oh_outbound_message *m = chunk->message;
  oh_sctp_write_data(w, &(struct oh_sctp_data){.tsn = tsn,
                                               .ppid = m->order.ppid,
                                               .stream = m->stream,
                                               .sequence = m->sequence,
                                               .flags = chunk->flags,
                                               .payload = {m->data + chunk->offset, chunk->len}});
  OH_CHECK(!w->failed);
  chunk->in_flight = true;
  if (chunk->sends < UINT16_MAX) chunk->sends++;
  o->flight += chunk->len;
  o->window -= least(o->window, chunk->len);
  if (o->t3_us == OH_NEVER) o->t3_us = now_us + o->rto_us;
}

static size_t room(const struct oh_writer *w) {
  size_t left = oh_writer_left(w) & ~(size_t)3;
  return left > OH_SCTP_DATA_HEADER ? left - OH_SCTP_DATA_HEADER : 0;
}

static bool write_resends(struct oh_outbound *o, int64_t now_us, struct oh_writer *w) {
  bool any = false;
  if (!after(o->resend_from, o->acked)) o->resend_from = o->acked + 1;
  for (uint32_t t = o->resend_from; o->resends && t != o->next_tsn; t++) {
    struct oh_outbound_chunk *chunk = at(o, t);
    if (!chunk->resend) continue;
    o->resend_from = t;
    if (expired(o, now_us, chunk->message)) {
      abandon(o, chunk->message);
      continue;
    }
    if (o->flight && o->flight + chunk->len > o->cwnd && !o->burst) break;
    if (room(w) < chunk->len) break;
    chunk->resend = false;
    o->resends--;
    write_chunk(o, now_us, t, w);
    o->resent++;
    any = true;
    if (o->timing && o->timed_tsn == t) o->timing = false;
    // the earliest chunk is on its way again: T3 counts from now (RFC 9260 6.3.2 R3)
    if (t == o->acked + 1) o->t3_us = now_us + o->rto_us;
  }
  if (any) o->burst = false;
  return any;
}

// The message whose turn it is: one begun is finished first, then the streams take turns.
static struct oh_outbound_message *choose(struct oh_outbound *o, int64_t now_us) {
  for (uint32_t i = 0; !o->sending && i < o->stream_count; i++) {
    struct oh_outbound_stream *stream = &o->streams[(o->turn + 1 + i) % o->stream_count];
    while (stream->first && (expired(o, now_us, stream->first) || is_late(now_us, stream->first)))
      abandon(o, stream->first);
    if (!stream->first) continue;
    o->turn = (uint32_t)(stream - o->streams);
    return stream->first;
  }
  if (!o->sending) return NULL;
  struct oh_outbound_message *m = o->streams[o->turn].first;
  if (!expired(o, now_us, m)) return m;
  abandon(o, m);
  return choose(o, now_us); // nothing is begun now
}

bool oh_outbound_write(struct oh_outbound *o, int64_t now_us, struct oh_writer *w) {
  bool any = write_resends(o, now_us, w);
  while (!o->resends) {
    struct oh_outbound_message *m = choose(o, now_us);
    if (!m) break;
    uint32_t len = least(m->len - m->sent, PAYLOAD_MAX);
    // one chunk may always be on its way: it probes a window of zero
    if (o->flight && (o->flight + len > o->cwnd || len > o->window)) break;
    // the last slot is for the TSN that ends an abandoned message
    if (o->next_tsn - o->acked - 1 >= OH_SCTP_TSNS_MAX - 1 || room(w) < len) break;
    struct oh_outbound_stream *stream = &o->streams[o->turn];
    if (m->sent == 0 && !m->order.unordered) m->sequence = stream->next_sequence++;
    uint32_t tsn = o->next_tsn;
    struct oh_outbound_chunk *chunk = new_chunk(o, m);
    chunk->len = (uint16_t)len;
    chunk->flags = (uint8_t)((m->sent ? 0 : OH_SCTP_BEGIN) | (m->sent + len == m->len ? OH_SCTP_END : 0) |
                             (m->order.unordered ? OH_SCTP_UNORDERED : 0));
    m->sent += len;
    stream->queued_bytes -= len;
    o->sending = m->sent != m->len;
    write_chunk(o, now_us, tsn, w);
    if (!o->timing) {
      o->timing = true;
      o->timed_tsn = tsn;
      o->timed_us = now_us;
    }
    if (!o->sending) unqueue(o, stream);
    any = true;
  }
  uint32_t before = o->abandoned;
  skip_abandoned(o);
  if (o->abandoned != before && after(o->abandoned, o->acked)) o->forward_due = true;
  return any;
}
