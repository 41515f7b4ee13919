// reset.c — see reset.h
#include "rtc/reset.h"
#include "base/check.h"

static void put(uint64_t *set, uint16_t stream) {
  set[stream / 64] |= 1ull << (stream % 64);
}

int32_t oh_reset_take(uint64_t set[OH_RESET_WORDS]) {
  for (int32_t i = 0; i < OH_RESET_WORDS; i++) {
    if (!set[i]) continue;
    int32_t bit = __builtin_ctzll(set[i]);
    set[i] &= set[i] - 1;
    return i * 64 + bit;
  }
  return -1;
}

void oh_reset_init(struct oh_reset *r, uint32_t our_first_tsn, uint32_t peer_first_tsn) {
  *r = (struct oh_reset){.next_request = our_first_tsn,
                         .expected = peer_first_tsn,
                         .answered = peer_first_tsn - 1,
                         .resend_us = OH_NEVER};
}

void oh_reset_ask(struct oh_reset *r, struct oh_outbound *out, uint16_t stream) {
  oh_outbound_end_stream(out, stream);
  put(r->wanted, stream);
}

static void write_result(struct oh_writer *w, uint32_t request, uint32_t result) {
  uint8_t *parameter = oh_sctp_open_parameter(w, OH_SCTP_RESET_RESPONSE);
  oh_write_u32_be(w, request);
  oh_write_u32_be(w, result);
  oh_sctp_close_chunk(w, parameter);
}

// The peer's streams end here; none named means all.
static void end_streams(struct oh_reset *r, struct oh_inbound *in, struct oh_reader *streams) {
  bool all = oh_reader_left(streams) == 0;
  for (uint32_t i = 0; all && i < in->stream_cap; i++) {
    oh_inbound_reset(in, (uint16_t)i);
    put(r->ended, (uint16_t)i);
  }
  while (oh_reader_left(streams) >= 2) {
    uint16_t stream = oh_read_u16_be(streams);
    if (stream >= OH_SCTP_STREAMS_MAX) continue;
    oh_inbound_reset(in, stream);
    put(r->ended, stream);
  }
}

static uint8_t outgoing_request(struct oh_reset *r, struct oh_inbound *in, struct oh_reader *p) {
  oh_read_u32_be(p); // which request of ours it answers: its own response says so too
  uint32_t last_tsn = oh_read_u32_be(p);
  if (p->failed) return OH_SCTP_DENIED;
  if ((int32_t)(last_tsn - in->tsn) > 0) return OH_SCTP_IN_PROGRESS; // it will ask again
  end_streams(r, in, p);
  return OH_SCTP_PERFORMED;
}

// The peer asks us to end ours: the owner is told as if the peer had ended its own, and so ends the channel.
static uint8_t incoming_request(struct oh_reset *r, struct oh_outbound *out, struct oh_reader *p) {
  bool any = false;
  while (oh_reader_left(p) >= 2) {
    uint16_t stream = oh_read_u16_be(p);
    for (uint32_t i = 0; i < out->stream_count; i++) {
      if (out->streams[i].number != stream || out->streams[i].closing) continue;
      put(r->ended, stream);
      any = true;
    }
  }
  return any ? OH_SCTP_PERFORMED : OH_SCTP_NOTHING_TO_DO;
}

static void take_request(struct oh_reset *r, struct oh_inbound *in, struct oh_outbound *out, uint16_t type,
                         struct oh_reader *p, struct oh_writer *w) {
  uint32_t request = oh_read_u32_be(p);
  if (p->failed) return;
  // After "in progress" some ask again under the same number, and dcsctp (Chromium) under the next one.
  if (r->waits && request == r->expected + 1) {
    r->result = OH_SCTP_IN_PROGRESS;
    r->answered = r->expected++;
  }
  if (request == r->expected - 1) return write_result(w, request, r->result);
  if (request != r->expected) return write_result(w, request, OH_SCTP_BAD_SEQUENCE);
  uint8_t result = type == OH_SCTP_RESET_OUTGOING   ? outgoing_request(r, in, p)
                   : type == OH_SCTP_RESET_INCOMING ? incoming_request(r, out, p)
                                                    : OH_SCTP_DENIED; // more streams, new TSNs: not needed
  r->waits = result == OH_SCTP_IN_PROGRESS;
  if (!r->waits) {
    r->result = result;
    r->answered = request;
    r->expected++;
  }
  write_result(w, request, result);
}

static void take_response(struct oh_reset *r, int64_t now_us, struct oh_outbound *out, struct oh_reader *p) {
  uint32_t request = oh_read_u32_be(p), result = oh_read_u32_be(p);
  if (p->failed || r->resend_us == OH_NEVER || request != r->next_request) return;
  if (result == OH_SCTP_IN_PROGRESS) {
    r->tries = 0;
    r->resend_us = now_us + out->rto_us;
    // who has all of it and still says so repeats its first answer (dcsctp): only a new number is looked at
    if ((int32_t)(r->last_tsn - out->acked) <= 0) r->next_request++;
    return;
  }
  // refused or not, nothing more can be done: the owner's channel is closed
  for (uint32_t i = 0; i < r->asked_count; i++) {
    oh_outbound_reset_stream(out, r->asked[i]);
    put(r->done, r->asked[i]);
  }
  r->asked_count = 0;
  r->resend_us = OH_NEVER;
  r->next_request++;
}

void oh_reset_recv(struct oh_reset *r, int64_t now_us, struct oh_inbound *in, struct oh_outbound *out,
                   struct oh_bytes value, struct oh_writer *w) {
  struct oh_reader parameters = oh_reader(value.data, value.len);
  struct oh_sctp_chunk parameter;
  uint8_t *chunk = oh_sctp_open_chunk(w, OH_SCTP_RECONFIG, 0);
  uint8_t *empty = w->at;
  for (int i = 0; i < 2 && oh_sctp_next_parameter(&parameters, &parameter); i++) { // RFC 6525 3.1
    struct oh_reader p = oh_reader(parameter.value.data, parameter.value.len);
    if (parameter.type == OH_SCTP_RESET_RESPONSE)
      take_response(r, now_us, out, &p);
    else if (parameter.type >= OH_SCTP_RESET_OUTGOING && parameter.type <= OH_SCTP_ADD_INCOMING)
      take_request(r, in, out, parameter.type, &p, w);
  }
  if (w->at == empty)
    w->at = chunk;
  else
    oh_sctp_close_chunk(w, chunk);
}

static bool may_ask(const struct oh_reset *r, const struct oh_outbound *out) {
  for (uint32_t i = 0; i < OH_RESET_WORDS; i++)
    for (uint64_t word = r->wanted[i]; word; word &= word - 1)
      if (oh_outbound_drained(out, (uint16_t)(i * 64 + (uint32_t)__builtin_ctzll(word)))) return true;
  return false;
}

bool oh_reset_due(const struct oh_reset *r, int64_t now_us, const struct oh_outbound *out) {
  return r->resend_us == OH_NEVER ? may_ask(r, out) : now_us >= r->resend_us;
}

void oh_reset_write(struct oh_reset *r, int64_t now_us, struct oh_outbound *out, struct oh_writer *w) {
  if (r->resend_us == OH_NEVER) {
    r->tries = 0;
    r->last_tsn = out->next_tsn - 1;
    for (uint32_t i = 0; i < OH_SCTP_STREAMS_MAX && r->asked_count < OH_CHANNELS_MAX; i++) {
      if (!(r->wanted[i / 64] >> (i % 64) & 1) || !oh_outbound_drained(out, (uint16_t)i)) continue;
      r->wanted[i / 64] &= ~(1ull << (i % 64));
      r->asked[r->asked_count++] = (uint16_t)i;
    }
  } else {
    r->tries++;
  }
  r->resend_us = now_us + (out->rto_us << (r->tries > 4 ? 4 : r->tries));
  uint8_t *chunk = oh_sctp_open_chunk(w, OH_SCTP_RECONFIG, 0);
  uint8_t *parameter = oh_sctp_open_parameter(w, OH_SCTP_RESET_OUTGOING);
  oh_write_u32_be(w, r->next_request);
  oh_write_u32_be(w, r->answered);
  oh_write_u32_be(w, r->last_tsn);
  for (uint32_t i = 0; i < r->asked_count; i++)
    oh_write_u16_be(w, r->asked[i]);
  oh_sctp_close_chunk(w, parameter);
  oh_sctp_close_chunk(w, chunk);
}
