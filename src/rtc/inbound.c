// inbound.c — see inbound.h
#include "rtc/inbound.h"
#include "base/check.h"
#include <stdlib.h>

enum { RING_FIRST = 16, STREAMS_FIRST = 8 };

static bool after(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) > 0;
}

void oh_inbound_init(struct oh_inbound *in, uint32_t first_tsn) {
  *in = (struct oh_inbound){.tsn = first_tsn - 1, .highest = first_tsn - 1};
}

void oh_inbound_fini(struct oh_inbound *in) {
  for (uint32_t i = 0; i < in->ring_cap; i++)
    free(in->ring[i].data);
  for (struct oh_inbound_message *m; (m = oh_inbound_next(in));)
    free(m);
  free(in->ring);
  free(in->streams);
  free(in->partial.data);
  *in = (struct oh_inbound){0};
}

static struct oh_inbound_fragment *at(const struct oh_inbound *in, uint32_t tsn) {
  return &in->ring[tsn & (in->ring_cap - 1)];
}

// Makes the ring hold everything up to `tsn`.
static void reach(struct oh_inbound *in, uint32_t tsn) {
  uint32_t needed = tsn - in->tsn;
  if (needed < in->ring_cap) return;
  uint32_t cap = in->ring_cap ? in->ring_cap : RING_FIRST;
  while (cap <= needed)
    cap *= 2;
  struct oh_inbound_fragment *ring = calloc(cap, sizeof *ring);
  OH_CHECK(ring);
  for (uint32_t t = in->tsn + 1; in->ring_cap && !after(t, in->highest); t++)
    ring[t & (cap - 1)] = *at(in, t);
  free(in->ring);
  in->ring = ring;
  in->ring_cap = cap;
}

static struct oh_inbound_stream *stream_of(struct oh_inbound *in, uint16_t number) {
  if (number >= in->stream_cap) {
    uint32_t cap = in->stream_cap ? in->stream_cap : STREAMS_FIRST;
    while (cap <= number)
      cap *= 2;
    in->streams = realloc(in->streams, cap * sizeof *in->streams);
    OH_CHECK(in->streams);
    memset(in->streams + in->stream_cap, 0, (cap - in->stream_cap) * sizeof *in->streams);
    in->stream_cap = cap;
  }
  return &in->streams[number];
}

// ---- delivery ----

static size_t message_cost(uint32_t len) {
  return len + OH_SCTP_FRAGMENT_COST;
}

static struct oh_inbound_message *new_message(struct oh_inbound *in, uint16_t stream, uint32_t ppid,
                                              uint32_t len) {
  struct oh_inbound_message *m = malloc(sizeof *m + len);
  OH_CHECK(m);
  *m = (struct oh_inbound_message){.stream = stream, .ppid = ppid, .len = len};
  if (in->last)
    in->last->next = m;
  else
    in->first = m;
  in->last = m;
  in->memory_bytes += message_cost(len);
  return m;
}

struct oh_inbound_message *oh_inbound_next(struct oh_inbound *in) {
  struct oh_inbound_message *m = in->first;
  if (!m) return NULL;
  in->first = m->next;
  if (!in->first) in->last = NULL;
  in->memory_bytes -= message_cost(m->len);
  return m;
}

// ---- below the gap: chunks come in the order of their TSNs ----

static void drop_partial(struct oh_inbound *in) {
  if (in->partial.open) in->memory_bytes -= message_cost(in->partial.len);
  free(in->partial.data);
  memset(&in->partial, 0, sizeof in->partial);
}

static void append(struct oh_inbound *in, struct oh_bytes bytes) {
  uint32_t len = in->partial.len + (uint32_t)bytes.len;
  if (in->partial.oversize) return;
  if (len > OH_CHANNEL_MESSAGE_MAX) {
    in->memory_bytes -= in->partial.len;
    in->partial.len = 0;
    in->partial.oversize = true;
    in->dropped_oversize++;
    return;
  }
  if (len > in->partial.cap) {
    uint32_t cap = in->partial.cap ? in->partial.cap * 2 : 4096;
    in->partial.cap = cap > len ? cap : len;
    in->partial.data = realloc(in->partial.data, in->partial.cap);
    OH_CHECK(in->partial.data);
  }
  if (bytes.len) memcpy(in->partial.data + in->partial.len, bytes.data, bytes.len);
  in->partial.len = len;
  in->memory_bytes += bytes.len;
}

static bool finish(struct oh_inbound *in) {
  bool ordered = !(in->partial.flags & OH_SCTP_UNORDERED);
  struct oh_inbound_stream *stream = stream_of(in, in->partial.stream);
  // below the gap nothing can be missing any more that this message would have to wait for
  if (ordered && in->partial.sequence != stream->next_sequence) return false;
  if (ordered) stream->next_sequence++;
  if (!in->partial.oversize) {
    struct oh_inbound_message *m = new_message(in, in->partial.stream, in->partial.ppid, in->partial.len);
    if (m->len) memcpy(m->data, in->partial.data, m->len);
  }
  drop_partial(in);
  return true;
}

// The chunk after in->tsn. False if it does not go on where the last one stopped.
static bool continue_with(struct oh_inbound *in, const struct oh_sctp_data *d) {
  bool begins = d->flags & OH_SCTP_BEGIN, ends = d->flags & OH_SCTP_END;
  if (begins) in->skipping = false;
  if (in->skipping) return true; // the rest of a message whose beginning was given up
  if (begins == in->partial.open) return false;
  if (begins) {
    in->partial.open = true;
    in->partial.stream = d->stream;
    in->partial.sequence = d->sequence;
    in->partial.ppid = d->ppid;
    in->partial.flags = d->flags;
    in->memory_bytes += message_cost(0);
  } else if (d->stream != in->partial.stream ||
             (d->flags & OH_SCTP_UNORDERED) != (in->partial.flags & OH_SCTP_UNORDERED)) {
    return false;
  }
  append(in, d->payload);
  return !ends || finish(in);
}

// ---- above the gap ----

static void release(struct oh_inbound *in, struct oh_inbound_fragment *f) {
  if (f->state == OH_FRAGMENT_KEPT) {
    in->memory_bytes -= message_cost(f->len);
    stream_of(in, f->stream)->kept--;
  }
  free(f->data);
  f->data = NULL;
  f->state = OH_FRAGMENT_DONE;
}

static void keep(struct oh_inbound *in, const struct oh_sctp_data *d) {
  reach(in, d->tsn);
  if (after(d->tsn, in->highest)) in->highest = d->tsn;
  struct oh_inbound_fragment *f = at(in, d->tsn);
  *f = (struct oh_inbound_fragment){.state = OH_FRAGMENT_KEPT,
                                    .data = malloc(d->payload.len + 1),
                                    .len = (uint16_t)d->payload.len,
                                    .ppid = d->ppid,
                                    .stream = d->stream,
                                    .sequence = d->sequence,
                                    .flags = d->flags};
  OH_CHECK(f->data);
  if (f->len) memcpy(f->data, d->payload.data, f->len);
  in->memory_bytes += message_cost(f->len);
  stream_of(in, f->stream)->kept++;
}

static bool kept(const struct oh_inbound *in, uint32_t tsn) {
  return after(tsn, in->tsn) && !after(tsn, in->highest) && at(in, tsn)->state == OH_FRAGMENT_KEPT;
}

// Delivers the message that the fragment at `tsn` is a part of, if it is whole and its turn.
static bool deliver_around(struct oh_inbound *in, uint32_t tsn) {
  uint32_t first = tsn, last = tsn;
  while (!(at(in, first)->flags & OH_SCTP_BEGIN))
    if (!kept(in, --first)) return false;
  // no further than the next message's beginning: whoever looks at all beginnings passes each chunk once
  while (!(at(in, last)->flags & OH_SCTP_END))
    if (!kept(in, ++last) || at(in, last)->flags & OH_SCTP_BEGIN) return false;
  const struct oh_inbound_fragment *head = at(in, first);
  struct oh_inbound_stream *stream = stream_of(in, head->stream);
  bool ordered = !(head->flags & OH_SCTP_UNORDERED);
  if (ordered && head->sequence != stream->next_sequence) return false;
  uint32_t len = 0;
  for (uint32_t t = first; t != last + 1; t++) {
    const struct oh_inbound_fragment *f = at(in, t);
    // a message inside a message: left to wait until the TSN order shows the violation
    if (f->stream != head->stream) return false;
    len += f->len;
  }
  if (ordered) stream->next_sequence++;
  bool fits = len <= OH_CHANNEL_MESSAGE_MAX;
  struct oh_inbound_message *m = fits ? new_message(in, head->stream, head->ppid, len) : NULL;
  if (!fits) in->dropped_oversize++;
  len = 0;
  for (uint32_t t = first; t != last + 1; t++) {
    struct oh_inbound_fragment *f = at(in, t);
    if (m && f->len) memcpy(m->data + len, f->data, f->len);
    len += f->len;
    release(in, f);
  }
  return true;
}

// After an ordered message was delivered or the gap moved, those kept behind it may have their turn. One pass
// is enough: the messages of a stream have their TSNs in their order.
static void deliver_waiting(struct oh_inbound *in) {
  for (uint32_t t = in->tsn + 1; !after(t, in->highest); t++) {
    const struct oh_inbound_fragment *f = at(in, t);
    if (f->state == OH_FRAGMENT_KEPT && f->flags & OH_SCTP_BEGIN) deliver_around(in, t);
  }
}

// Moves the cumulative TSN over everything that has arrived.
static bool advance(struct oh_inbound *in) {
  while (in->tsn != in->highest && at(in, in->tsn + 1)->state != OH_FRAGMENT_MISSING) {
    struct oh_inbound_fragment *f = at(in, in->tsn + 1);
    bool fine = true;
    if (f->state == OH_FRAGMENT_KEPT) {
      const struct oh_sctp_data d = {.flags = f->flags,
                                     .stream = f->stream,
                                     .sequence = f->sequence,
                                     .ppid = f->ppid,
                                     .payload = {f->data, f->len}};
      fine = continue_with(in, &d);
      release(in, f);
    } else {
      fine = !in->partial.open; // a message delivered early inside another one
    }
    f->state = OH_FRAGMENT_MISSING;
    in->tsn++;
    if (!fine) return false;
  }
  return true;
}

// ---- from the association ----

static enum oh_inbound_result duplicate(struct oh_inbound *in, uint32_t tsn) {
  if (in->duplicate_count < sizeof in->duplicates / sizeof in->duplicates[0])
    in->duplicates[in->duplicate_count++] = tsn;
  return OH_INBOUND_NOW;
}

enum oh_inbound_result oh_inbound_recv(struct oh_inbound *in, const struct oh_sctp_data *data) {
  uint32_t ahead = data->tsn - in->tsn;
  if (!after(data->tsn, in->tsn)) return duplicate(in, data->tsn);
  if (!after(data->tsn, in->highest) && at(in, data->tsn)->state != OH_FRAGMENT_MISSING)
    return duplicate(in, data->tsn);
  if (data->payload.len == 0) return OH_INBOUND_VIOLATION;
  size_t memory_bytes = in->memory_bytes + message_cost((uint32_t)data->payload.len);
  bool no_room = memory_bytes > OH_SCTP_RECEIVE_MAX;
  // The next chunk is taken all the same: it can only make room, and a message has its own limit. But not for
  // ever from a peer that heeds no window while the owner leaves messages lying.
  bool flooded = in->first && memory_bytes > 2 * OH_SCTP_RECEIVE_MAX;
  if (ahead > OH_SCTP_TSNS_MAX - 1 || (ahead > 1 && no_room) || flooded) {
    in->dropped_window++;
    return OH_INBOUND_NOW;
  }
  bool gap = oh_inbound_gap(in), foreign = data->stream >= OH_SCTP_STREAMS_MAX;
  if (ahead == 1 && !gap) {
    in->highest = ++in->tsn;
    if (foreign) return OH_INBOUND_NO_STREAM;
    return continue_with(in, data) ? OH_INBOUND_TAKEN : OH_INBOUND_VIOLATION;
  }
  struct oh_sctp_data here = *data;
  if (foreign) here.stream = 0;
  keep(in, &here);
  if (foreign)
    release(in, at(in, data->tsn));
  else if (deliver_around(in, data->tsn) && stream_of(in, data->stream)->kept)
    deliver_waiting(in);
  uint32_t before = in->tsn;
  if (!advance(in)) return OH_INBOUND_VIOLATION;
  // a filled gap may have ended a message that others wait for: those lie above the next gap
  if (in->tsn != before) deliver_waiting(in);
  return foreign ? OH_INBOUND_NO_STREAM : OH_INBOUND_NOW;
}

// FORWARD-TSN says for each stream with which ordered message the gap ends: the whole ones up to there that
// waited for their turn have it now (RFC 3758 3.6). Read three times, so that what is kept is passed over
// once.
static void skip_messages(struct oh_inbound *in, struct oh_bytes entries) {
  struct oh_reader r = oh_reader(entries.data, entries.len);
  while (oh_reader_left(&r)) {
    uint16_t number = oh_read_u16_be(&r), sequence = oh_read_u16_be(&r);
    if (number >= OH_SCTP_STREAMS_MAX) continue;
    struct oh_inbound_stream *stream = stream_of(in, number);
    if ((int16_t)(sequence - stream->next_sequence) < 0) continue;
    stream->skips = true;
    stream->skip_to = sequence;
  }
  for (uint32_t t = in->tsn + 1; !after(t, in->highest); t++) {
    const struct oh_inbound_fragment *f = at(in, t);
    if (f->state != OH_FRAGMENT_KEPT || !(f->flags & OH_SCTP_BEGIN) || f->flags & OH_SCTP_UNORDERED) continue;
    struct oh_inbound_stream *stream = stream_of(in, f->stream);
    uint16_t expected = stream->next_sequence;
    if (!stream->skips || (int16_t)(f->sequence - expected) < 0) continue;
    if ((int16_t)(stream->skip_to - f->sequence) < 0) continue;
    stream->next_sequence = f->sequence;
    if (!deliver_around(in, t)) stream->next_sequence = expected;
  }
  r = oh_reader(entries.data, entries.len);
  while (oh_reader_left(&r)) {
    uint16_t number = oh_read_u16_be(&r);
    oh_read_u16_be(&r);
    if (number >= OH_SCTP_STREAMS_MAX) continue;
    struct oh_inbound_stream *stream = stream_of(in, number);
    if (stream->skips && (int16_t)(stream->skip_to - stream->next_sequence) >= 0)
      stream->next_sequence = (uint16_t)(stream->skip_to + 1);
    stream->skips = false;
  }
}

enum oh_inbound_result oh_inbound_forward(struct oh_inbound *in, struct oh_bytes value) {
  struct oh_reader r = oh_reader(value.data, value.len);
  uint32_t tsn = oh_read_u32_be(&r);
  if (r.failed || oh_reader_left(&r) % 4) return OH_INBOUND_VIOLATION;
  if (!after(tsn, in->tsn)) return OH_INBOUND_NOW;
  drop_partial(in);
  in->skipping = true;
  skip_messages(in, oh_read_bytes(&r, oh_reader_left(&r)));
  deliver_waiting(in); // what is not of those streams, before its fragments are forgotten
  uint32_t seen = after(tsn, in->highest) ? in->highest : tsn;
  while (in->tsn != seen) {
    in->tsn++;
    release(in, at(in, in->tsn));
    at(in, in->tsn)->state = OH_FRAGMENT_MISSING;
  }
  // beyond that nothing is kept: small messages that were all lost may be more than we would have kept
  if (after(tsn, in->highest)) in->tsn = in->highest = tsn;
  if (!advance(in)) return OH_INBOUND_VIOLATION;
  deliver_waiting(in);
  return OH_INBOUND_NOW;
}

void oh_inbound_reset(struct oh_inbound *in, uint16_t stream) {
  if (stream < in->stream_cap) in->streams[stream].next_sequence = 0;
}

uint32_t oh_inbound_window(const struct oh_inbound *in) {
  return in->memory_bytes < OH_SCTP_RECEIVE_MAX ? (uint32_t)(OH_SCTP_RECEIVE_MAX - in->memory_bytes) : 0;
}

void oh_inbound_write_sack(struct oh_inbound *in, struct oh_writer *w) {
  uint8_t *chunk = oh_sctp_open_chunk(w, OH_SCTP_SACK, 0);
  oh_write_u32_be(w, in->tsn);
  in->told_window = oh_inbound_window(in);
  oh_write_u32_be(w, in->told_window);
  uint8_t *counts = oh_write_reserve(w, 4);
  uint16_t gaps = 0;
  size_t duplicates = in->duplicate_count;
  for (uint32_t t = in->tsn + 1; !after(t, in->highest); t++) {
    if (at(in, t)->state == OH_FRAGMENT_MISSING) continue;
    if (oh_writer_left(w) < 4 * (duplicates + 1) || w->failed) break;
    uint32_t from = t - in->tsn;
    while (!after(t, in->highest) && at(in, t)->state != OH_FRAGMENT_MISSING)
      t++;
    oh_write_u16_be(w, (uint16_t)from);
    oh_write_u16_be(w, (uint16_t)(t - 1 - in->tsn));
    gaps++;
  }
  for (size_t i = 0; i < duplicates; i++)
    oh_write_u32_be(w, in->duplicates[i]);
  in->duplicate_count = 0;
  if (w->failed) return;
  oh_store_u16_be(counts, gaps);
  oh_store_u16_be(counts + 2, (uint16_t)duplicates);
  oh_sctp_close_chunk(w, chunk);
}
