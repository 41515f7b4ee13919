// sctp.c — see sctp.h: the association's state, its handshakes and timers. Data is in inbound and outbound.
#include "rtc/sctp.h"
#include "base/check.h"
#include "base/heap.h"
#include "rtc/cookie.h"
#include "rtc/inbound.h"
#include "rtc/reset.h"
#include <stdlib.h>

enum state {
  CLOSED, // waits for INIT
  COOKIE_WAIT,
  COOKIE_ECHOED,
  ESTABLISHED,
  SHUTDOWN_PENDING,
  SHUTDOWN_SENT,
  SHUTDOWN_RECEIVED,
  SHUTDOWN_ACK_SENT,
  ENDED,
};
enum {
  SACK_ROOM = 16 + 16 * 4 + 64 * 4, // for a SACK worth sending: duplicates and 64 gaps
  SACK_EVERY = 2,                   // packets with data
  ACK_DELAY_US = 100000,            // RFC 9260 6.2: below 500 ms
  HEARTBEAT_US = 30000000,          // RFC 9260 16: HB.Interval
  INIT_TRIES = 8,                   // RFC 9260 16: Max.Init.Retransmits
  HEARTBEAT_INFO = 16,
  STREAMS_WANTED = 65535, // what we offer to send on: the peer's limit counts
  UNKNOWN_SKIP = 0x80,    // RFC 9260 3.2: what to do with a chunk nobody knows
  UNKNOWN_REPORT = 0x40,
};

struct oh_sctp {
  struct oh_world *world;
  struct oh_sctp_config config;
  enum state state;
  uint32_t tag, peer_tag, tsn, peer_tsn;
  uint8_t secret[32];
  bool peer_resets, unsummed; // the peer knows RE-CONFIG; we leave checksums out
  struct oh_inbound in;
  struct oh_outbound out;
  struct oh_reset reset;
  uint8_t *cookie; // to be echoed
  size_t cookie_len;
  int64_t handshake_us, ack_us, heartbeat_us; // T1 or T2, delayed SACK, next HEARTBEAT
  uint32_t tries, unacked, heartbeats;        // heartbeats: unanswered
  uint64_t nonce;
  bool up_due, restart_due, down_due, ack_now;
  struct oh_inbound_message *fetched; // lent to the owner
  uint64_t counted_window, counted_oversize;
};

struct packet { // under construction
  uint8_t bytes[OH_SCTP_PACKET_MAX];
  struct oh_writer w;
};

// ---- packets ----

static void start(const struct oh_sctp *s, struct packet *p, uint32_t tag) {
  p->w = oh_writer(p->bytes, sizeof p->bytes);
  oh_sctp_write(&p->w, s->config.port, s->config.port, tag);
}

static void flush(struct oh_sctp *s, int64_t now_us, struct packet *p) {
  size_t len = oh_writer_len(&p->w);
  OH_CHECK(!p->w.failed);
  if (len == OH_SCTP_HEADER) return;
  uint8_t first = p->bytes[OH_SCTP_HEADER];
  // RFC 9653 5.2: these may meet a peer that knows nothing of it
  bool must_sum = first == OH_SCTP_INIT || first == OH_SCTP_INIT_ACK || first == OH_SCTP_COOKIE_ECHO;
  if (!s->unsummed || must_sum) oh_sctp_sum(p->bytes, len);
  s->config.send(s->config.ctx, now_us, p->bytes, len);
  start(s, p, s->peer_tag);
}

static void make_room(struct oh_sctp *s, int64_t now_us, struct packet *p, size_t bytes) {
  if (oh_writer_left(&p->w) < bytes) flush(s, now_us, p);
}

static void add_empty(struct oh_sctp *s, int64_t now_us, struct packet *p, uint8_t type) {
  make_room(s, now_us, p, 4);
  oh_sctp_close_chunk(&p->w, oh_sctp_open_chunk(&p->w, type, 0));
}

// ---- life ----

struct oh_sctp *oh_sctp_open(struct oh_world *world, const struct oh_sctp_config *config) {
  struct oh_sctp *s = calloc(1, sizeof *s);
  OH_CHECK(s);
  s->world = world;
  s->config = *config;
  if (!s->config.port) s->config.port = OH_SCTP_PORT;
  s->handshake_us = s->ack_us = s->heartbeat_us = OH_NEVER;
  oh_outbound_init(&s->out, 0);
  oh_reset_init(&s->reset, 0, 0);
  oh_random_fill(&world->random, s->secret, sizeof s->secret);
  return s;
}

static void forget(struct oh_sctp *s) {
  oh_inbound_fini(&s->in);
  oh_outbound_fini(&s->out);
  oh_reset_init(&s->reset, 0, 0);
  free(s->cookie);
  s->cookie = NULL;
  s->counted_window = s->counted_oversize = 0;
}

void oh_sctp_close(struct oh_sctp *s) {
  if (!s) return;
  forget(s);
  free(s->fetched);
  free(s);
}

static void end(struct oh_sctp *s) {
  if (s->state == ENDED) return;
  s->state = ENDED;
  s->down_due = true;
  s->handshake_us = s->ack_us = s->heartbeat_us = OH_NEVER;
  // delivered messages stay until they are fetched; the rest goes
  oh_outbound_fini(&s->out);
  s->reset.resend_us = OH_NEVER;
}

static void fail(struct oh_sctp *s, int64_t now_us, enum oh_sctp_cause cause) {
  if (s->state == ENDED) return;
  oh_count(&s->world->counters, OH_COUNT_sctp_aborted);
  if (s->state > COOKIE_WAIT) {
    struct packet p;
    start(s, &p, s->peer_tag);
    uint8_t *chunk = oh_sctp_open_chunk(&p.w, OH_SCTP_ABORT, 0);
    oh_sctp_close_chunk(&p.w, oh_sctp_open_parameter(&p.w, (uint16_t)cause));
    oh_sctp_close_chunk(&p.w, chunk);
    flush(s, now_us, &p);
  }
  end(s);
}

static uint32_t fresh_tag(struct oh_sctp *s) {
  uint32_t tag = oh_random_u32(&s->world->random);
  return tag ? tag : 1;
}

static struct oh_sctp_init our_init(const struct oh_sctp *s, uint32_t tag, uint32_t tsn) {
  return (struct oh_sctp_init){.tag = tag,
                               .tsn = tsn,
                               .window = OH_SCTP_RECEIVE_MAX,
                               .streams_out = STREAMS_WANTED,
                               .streams_in = OH_SCTP_STREAMS_MAX,
                               .forward_tsn = true,
                               .reconfig = true,
                               .zero_checksum = s->config.zero_checksum};
}

// What the peer said of itself, from INIT ACK or cookie.
static void meet(struct oh_sctp *s, const struct oh_cookie *peer) {
  s->peer_tag = peer->peer_tag;
  s->peer_tsn = peer->peer_tsn;
  s->out.window = peer->peer_window;
  s->out.partial_reliability = peer->forward_tsn;
  s->peer_resets = peer->reconfig;
  s->unsummed = peer->zero_checksum && s->config.zero_checksum;
  oh_inbound_fini(&s->in);
  oh_inbound_init(&s->in, s->peer_tsn);
  oh_reset_init(&s->reset, s->tsn, s->peer_tsn);
}

static void establish(struct oh_sctp *s, int64_t now_us) {
  s->state = ESTABLISHED;
  s->up_due = true;
  s->handshake_us = OH_NEVER;
  s->tries = 0;
  free(s->cookie);
  s->cookie = NULL;
  s->heartbeat_us = now_us + HEARTBEAT_US + s->out.rto_us;
}

// ---- the four ways ----

static void send_init(struct oh_sctp *s, int64_t now_us) {
  struct packet p;
  start(s, &p, 0);
  struct oh_sctp_init init = our_init(s, s->tag, s->tsn);
  oh_sctp_write_init(&p.w, OH_SCTP_INIT, &init);
  flush(s, now_us, &p);
}

static void send_cookie_echo(struct oh_sctp *s, int64_t now_us) {
  struct packet p;
  start(s, &p, s->peer_tag);
  uint8_t *chunk = oh_sctp_open_chunk(&p.w, OH_SCTP_COOKIE_ECHO, 0);
  oh_write_bytes(&p.w, s->cookie, s->cookie_len);
  oh_sctp_close_chunk(&p.w, chunk);
  flush(s, now_us, &p);
}

void oh_sctp_connect(struct oh_sctp *s, int64_t now_us) {
  if (s->state != CLOSED) return;
  s->tag = fresh_tag(s);
  s->tsn = oh_random_u32(&s->world->random);
  oh_outbound_init(&s->out, s->tsn);
  s->state = COOKIE_WAIT;
  s->handshake_us = now_us + s->out.rto_us;
  send_init(s, now_us);
}

static void on_init(struct oh_sctp *s, int64_t now_us, struct oh_bytes value) {
  struct oh_sctp_init init;
  if (!oh_sctp_read_init(&init, value) || !init.tag || !init.streams_in || !init.streams_out) {
    oh_count(&s->world->counters, OH_COUNT_sctp_drop_malformed);
    return;
  }
  if (s->state == SHUTDOWN_ACK_SENT || s->state == ENDED) return;
  // while we connect ourselves, both INITs make one association; later the peer would begin anew
  bool crossing = s->state == COOKIE_WAIT || s->state == COOKIE_ECHOED;
  struct oh_cookie cookie = {.made_us = now_us,
                             .our_tag = crossing ? s->tag : fresh_tag(s),
                             .our_tsn = crossing ? s->tsn : oh_random_u32(&s->world->random),
                             .peer_tag = init.tag,
                             .peer_tsn = init.tsn,
                             .peer_window = init.window,
                             .our_tie = s->state == CLOSED ? 0 : s->tag,
                             .peer_tie = s->state == CLOSED ? 0 : s->peer_tag,
                             .forward_tsn = init.forward_tsn,
                             .reconfig = init.reconfig,
                             .zero_checksum = init.zero_checksum};
  uint8_t bytes[OH_COOKIE_BYTES];
  oh_cookie_write(&cookie, s->secret, bytes);
  struct oh_sctp_init ack = our_init(s, cookie.our_tag, cookie.our_tsn);
  ack.zero_checksum = ack.zero_checksum && init.zero_checksum;
  ack.cookie = (struct oh_bytes){bytes, sizeof bytes};
  memcpy(ack.unrecognized, init.unrecognized, sizeof ack.unrecognized);
  ack.unrecognized_count = init.unrecognized_count;
  struct packet p;
  start(s, &p, init.tag);
  oh_sctp_write_init(&p.w, OH_SCTP_INIT_ACK, &ack);
  flush(s, now_us, &p);
}

static void on_init_ack(struct oh_sctp *s, int64_t now_us, struct oh_bytes value) {
  struct oh_sctp_init init;
  if (s->state != COOKIE_WAIT) return;
  bool fine = oh_sctp_read_init(&init, value) && init.tag && init.streams_in && init.streams_out &&
              init.cookie.len && init.cookie.len <= OH_SCTP_PACKET_MAX - OH_SCTP_HEADER - 8;
  if (!fine) {
    oh_count(&s->world->counters, OH_COUNT_sctp_drop_malformed);
    return;
  }
  meet(s, &(struct oh_cookie){.peer_tag = init.tag,
                              .peer_tsn = init.tsn,
                              .peer_window = init.window,
                              .forward_tsn = init.forward_tsn,
                              .reconfig = init.reconfig,
                              .zero_checksum = init.zero_checksum});
  s->cookie = malloc(init.cookie.len);
  OH_CHECK(s->cookie);
  memcpy(s->cookie, init.cookie.data, init.cookie.len);
  s->cookie_len = init.cookie.len;
  s->state = COOKIE_ECHOED;
  s->tries = 0;
  s->handshake_us = now_us + s->out.rto_us;
  send_cookie_echo(s, now_us);
}

// RFC 9260 5.2.4, table 12. False if the cookie changes nothing and is not to be acknowledged.
static bool accept_cookie(struct oh_sctp *s, int64_t now_us, const struct oh_cookie *c) {
  bool ours = c->our_tag == s->tag, peers = c->peer_tag == s->peer_tag;
  bool restart = c->our_tie == s->tag && c->peer_tie == s->peer_tag && !ours && !peers;
  if (s->state == ENDED || s->state == SHUTDOWN_ACK_SENT) return false;
  if (s->state == CLOSED || (restart && s->state >= ESTABLISHED)) {
    s->restart_due = s->state != CLOSED;
    forget(s);
    s->tag = c->our_tag;
    s->tsn = c->our_tsn;
    oh_outbound_init(&s->out, s->tsn);
    s->ack_us = OH_NEVER;
    s->unacked = s->heartbeats = 0;
    s->ack_now = false;
    meet(s, c);
    establish(s, now_us);
    return true;
  }
  if (!ours) return false;
  if (s->state == COOKIE_WAIT || (s->state == COOKIE_ECHOED && !peers)) {
    meet(s, c); // both connected at once
    establish(s, now_us);
    return true;
  }
  if (peers && s->state == COOKIE_ECHOED) establish(s, now_us);
  return peers;
}

static bool on_cookie_echo(struct oh_sctp *s, int64_t now_us, uint32_t tag, struct oh_bytes value,
                           struct packet *p) {
  struct oh_cookie cookie;
  bool real = oh_cookie_read(&cookie, s->secret, value) && cookie.our_tag == tag;
  bool known = real && cookie.our_tag == s->tag && cookie.peer_tag == s->peer_tag;
  if (real && !known && now_us - cookie.made_us > OH_SCTP_COOKIE_US) {
    int64_t late_us = now_us - cookie.made_us - OH_SCTP_COOKIE_US;
    struct packet refusal;
    start(s, &refusal, cookie.peer_tag);
    uint8_t *chunk = oh_sctp_open_chunk(&refusal.w, OH_SCTP_ERROR, 0);
    uint8_t *cause = oh_sctp_open_parameter(&refusal.w, OH_SCTP_CAUSE_STALE_COOKIE);
    oh_write_u32_be(&refusal.w, late_us > UINT32_MAX ? UINT32_MAX : (uint32_t)late_us);
    oh_sctp_close_chunk(&refusal.w, cause);
    oh_sctp_close_chunk(&refusal.w, chunk);
    flush(s, now_us, &refusal);
    real = false;
  }
  if (!real || !accept_cookie(s, now_us, &cookie)) {
    oh_count(&s->world->counters, OH_COUNT_sctp_drop_cookie);
    return false;
  }
  start(s, p, s->peer_tag); // what stood in it was for a former life
  add_empty(s, now_us, p, OH_SCTP_COOKIE_ACK);
  return true;
}

// ---- data ----

static void take_result(struct oh_sctp *s, int64_t now_us, enum oh_inbound_result result, struct packet *p,
                        uint16_t stream) {
  oh_count_n(&s->world->counters, OH_COUNT_sctp_drop_window, s->in.dropped_window - s->counted_window);
  oh_count_n(&s->world->counters, OH_COUNT_sctp_drop_oversize, s->in.dropped_oversize - s->counted_oversize);
  s->counted_window = s->in.dropped_window;
  s->counted_oversize = s->in.dropped_oversize;
  if (result == OH_INBOUND_VIOLATION) return fail(s, now_us, OH_SCTP_CAUSE_VIOLATION);
  if (result != OH_INBOUND_TAKEN) s->ack_now = true;
  if (result != OH_INBOUND_NO_STREAM) return;
  make_room(s, now_us, p, 12);
  uint8_t *chunk = oh_sctp_open_chunk(&p->w, OH_SCTP_ERROR, 0);
  uint8_t *cause = oh_sctp_open_parameter(&p->w, OH_SCTP_CAUSE_INVALID_STREAM);
  oh_write_u16_be(&p->w, stream);
  oh_write_u16_be(&p->w, 0);
  oh_sctp_close_chunk(&p->w, cause);
  oh_sctp_close_chunk(&p->w, chunk);
}

static bool takes_data(const struct oh_sctp *s) {
  return s->state >= ESTABLISHED && s->state <= SHUTDOWN_SENT;
}

static bool sends_data(const struct oh_sctp *s) {
  return s->state == ESTABLISHED || s->state == SHUTDOWN_PENDING || s->state == SHUTDOWN_RECEIVED;
}

static void on_data(struct oh_sctp *s, int64_t now_us, const struct oh_sctp_chunk *chunk, struct packet *p) {
  struct oh_sctp_data data;
  if (!takes_data(s)) return;
  if (!oh_sctp_read_data(&data, chunk)) {
    oh_count(&s->world->counters, OH_COUNT_sctp_drop_malformed);
    return;
  }
  if (chunk->flags & OH_SCTP_IMMEDIATE) s->ack_now = true;
  if (s->unacked == 0) s->unacked = 1; // this packet brings data; more are counted in recv
  take_result(s, now_us, oh_inbound_recv(&s->in, &data), p, data.stream);
}

static void on_sack(struct oh_sctp *s, int64_t now_us, const struct oh_sctp_sack *sack) {
  if (s->state < ESTABLISHED || s->state == ENDED) return;
  if (!oh_outbound_sack(&s->out, now_us, sack)) fail(s, now_us, OH_SCTP_CAUSE_VIOLATION);
}

// ---- liveness and farewell ----

static void send_heartbeat(struct oh_sctp *s, int64_t now_us, struct packet *p) {
  oh_random_fill(&s->world->random, &s->nonce, sizeof s->nonce);
  make_room(s, now_us, p, 8 + HEARTBEAT_INFO);
  uint8_t *chunk = oh_sctp_open_chunk(&p->w, OH_SCTP_HEARTBEAT, 0);
  uint8_t *info = oh_sctp_open_parameter(&p->w, 1);
  oh_write_u64_be(&p->w, (uint64_t)now_us);
  oh_write_u64_be(&p->w, s->nonce);
  oh_sctp_close_chunk(&p->w, info);
  oh_sctp_close_chunk(&p->w, chunk);
  s->heartbeats++;
}

static void on_heartbeat(struct oh_sctp *s, int64_t now_us, struct oh_bytes value, struct packet *p) {
  if (s->state < ESTABLISHED || value.len > OH_SCTP_PACKET_MAX - OH_SCTP_HEADER - 8) return;
  make_room(s, now_us, p, value.len + 8);
  uint8_t *chunk = oh_sctp_open_chunk(&p->w, OH_SCTP_HEARTBEAT_ACK, 0);
  oh_write_bytes(&p->w, value.data, value.len);
  oh_sctp_close_chunk(&p->w, chunk);
}

static void on_heartbeat_ack(struct oh_sctp *s, int64_t now_us, struct oh_bytes value) {
  struct oh_reader r = oh_reader(value.data, value.len);
  oh_read_u32_be(&r);
  int64_t sent_us = (int64_t)oh_read_u64_be(&r);
  uint64_t nonce = oh_read_u64_be(&r);
  if (r.failed || nonce != s->nonce || !s->heartbeats || sent_us > now_us || sent_us < 0) return;
  s->heartbeats = 0;
  oh_outbound_measure(&s->out, now_us - sent_us);
}

static void send_shutdown(struct oh_sctp *s, int64_t now_us, struct packet *p) {
  make_room(s, now_us, p, 8);
  uint8_t *chunk = oh_sctp_open_chunk(&p->w, OH_SCTP_SHUTDOWN, 0);
  oh_write_u32_be(&p->w, s->in.tsn);
  oh_sctp_close_chunk(&p->w, chunk);
}

static void on_shutdown(struct oh_sctp *s, int64_t now_us, struct oh_bytes value, struct packet *p) {
  struct oh_reader r = oh_reader(value.data, value.len);
  const struct oh_sctp_sack sack = {.tsn = oh_read_u32_be(&r), .window = s->out.window + s->out.flight};
  if (r.failed || s->state < ESTABLISHED || s->state == SHUTDOWN_ACK_SENT) return;
  if (s->state == SHUTDOWN_SENT) { // both at once
    add_empty(s, now_us, p, OH_SCTP_SHUTDOWN_ACK);
    s->state = SHUTDOWN_ACK_SENT;
    s->tries = 0;
    return;
  }
  s->state = SHUTDOWN_RECEIVED;
  on_sack(s, now_us, &sack);
}

static void on_shutdown_ack(struct oh_sctp *s, int64_t now_us, struct packet *p) {
  if (s->state != SHUTDOWN_SENT && s->state != SHUTDOWN_ACK_SENT) return;
  add_empty(s, now_us, p, OH_SCTP_SHUTDOWN_COMPLETE);
  flush(s, now_us, p);
  end(s);
}

// After everything that may have emptied the queues.
static void go_on_closing(struct oh_sctp *s, int64_t now_us, struct packet *p) {
  if (s->state != SHUTDOWN_PENDING && s->state != SHUTDOWN_RECEIVED) return;
  if (!oh_outbound_empty(&s->out)) return;
  s->tries = 0;
  s->handshake_us = now_us + s->out.rto_us;
  if (s->state == SHUTDOWN_PENDING) {
    send_shutdown(s, now_us, p);
    s->state = SHUTDOWN_SENT;
  } else {
    add_empty(s, now_us, p, OH_SCTP_SHUTDOWN_ACK);
    s->state = SHUTDOWN_ACK_SENT;
  }
}

// ---- sending what is due ----

static bool ack_due(const struct oh_sctp *s, int64_t now_us) {
  return s->ack_now || s->unacked >= SACK_EVERY || now_us >= s->ack_us;
}

static void acked(struct oh_sctp *s) {
  s->ack_now = false;
  s->unacked = 0;
  s->ack_us = OH_NEVER;
}

// DATA, with a SACK that waits riding along if it fits.
static bool write_data(struct oh_sctp *s, int64_t now_us, struct packet *p) {
  if (s->unacked && oh_writer_len(&p->w) == OH_SCTP_HEADER) {
    uint8_t *before = p->w.at;
    oh_inbound_write_sack(&s->in, &p->w);
    bool any = oh_outbound_write(&s->out, now_us, &p->w);
    if (any) acked(s);
    if (any) return true;
    p->w.at = before; // no room beside it, or nothing to send: it waits for its time
  }
  return oh_outbound_write(&s->out, now_us, &p->w);
}

static void send_due(struct oh_sctp *s, int64_t now_us, struct packet *p) {
  if (takes_data(s) && ack_due(s, now_us)) {
    make_room(s, now_us, p, SACK_ROOM);
    oh_inbound_write_sack(&s->in, &p->w);
    acked(s);
  } else if (s->unacked && s->ack_us == OH_NEVER) {
    s->ack_us = now_us + ACK_DELAY_US;
  }
  if (sends_data(s)) {
    for (bool more = true; more;) {
      if (s->out.forward_due) {
        make_room(s, now_us, p, 8 + 4 * 128);
        oh_outbound_write_forward(&s->out, now_us, &p->w);
      }
      more = write_data(s, now_us, p);
      // nothing went into a packet that was begun: try a fresh one before giving up
      bool begun = oh_writer_len(&p->w) > OH_SCTP_HEADER;
      flush(s, now_us, p);
      more = more || begun || s->out.forward_due;
    }
    if (s->peer_resets && oh_reset_due(&s->reset, now_us, &s->out)) {
      make_room(s, now_us, p, 24 + 2 * OH_CHANNELS_MAX);
      oh_reset_write(&s->reset, now_us, &s->out, &p->w);
    }
  }
  go_on_closing(s, now_us, p);
  flush(s, now_us, p);
}

// ---- doors ----

// True if the packet's tag allows this chunk (RFC 9260 8.5).
static bool tag_fits(const struct oh_sctp *s, uint32_t tag, const struct oh_sctp_chunk *chunk) {
  bool reflected = chunk->flags & OH_SCTP_REFLECTED;
  switch (chunk->type) {
  case OH_SCTP_INIT: return tag == 0;
  case OH_SCTP_COOKIE_ECHO: return tag != 0; // the cookie says which
  case OH_SCTP_ABORT:
  case OH_SCTP_SHUTDOWN_COMPLETE:
    if (reflected) return s->peer_tag && tag == s->peer_tag;
    break;
  default: break;
  }
  return s->tag && tag == s->tag;
}

// False ends the reading of the packet.
static bool on_unknown(struct oh_sctp *s, int64_t now_us, const struct oh_sctp_chunk *chunk,
                       struct packet *p) {
  oh_count(&s->world->counters, OH_COUNT_sctp_drop_malformed);
  size_t len = chunk->value.len + 4;
  if (chunk->type & UNKNOWN_REPORT && len + 12 <= OH_SCTP_PACKET_MAX - OH_SCTP_HEADER) {
    make_room(s, now_us, p, len + 12);
    uint8_t *error = oh_sctp_open_chunk(&p->w, OH_SCTP_ERROR, 0);
    uint8_t *cause = oh_sctp_open_parameter(&p->w, OH_SCTP_CAUSE_UNRECOGNIZED_CHUNK);
    oh_write_bytes(&p->w, chunk->value.data - 4, len);
    oh_sctp_close_chunk(&p->w, cause);
    oh_sctp_close_chunk(&p->w, error);
  }
  return chunk->type & UNKNOWN_SKIP;
}

static bool on_chunk(struct oh_sctp *s, int64_t now_us, uint32_t tag, const struct oh_sctp_chunk *chunk,
                     struct packet *p) {
  struct oh_sctp_sack sack;
  switch (chunk->type) {
  case OH_SCTP_DATA: on_data(s, now_us, chunk, p); break;
  case OH_SCTP_INIT: on_init(s, now_us, chunk->value); return false; // it comes alone
  case OH_SCTP_INIT_ACK: on_init_ack(s, now_us, chunk->value); return false;
  case OH_SCTP_SACK:
    if (oh_sctp_read_sack(&sack, chunk->value)) on_sack(s, now_us, &sack);
    break;
  case OH_SCTP_HEARTBEAT: on_heartbeat(s, now_us, chunk->value, p); break;
  case OH_SCTP_HEARTBEAT_ACK: on_heartbeat_ack(s, now_us, chunk->value); break;
  case OH_SCTP_ABORT: end(s); break;
  case OH_SCTP_SHUTDOWN: on_shutdown(s, now_us, chunk->value, p); break;
  case OH_SCTP_SHUTDOWN_ACK: on_shutdown_ack(s, now_us, p); break;
  case OH_SCTP_ERROR: break; // says what of ours was not understood: nothing to do
  case OH_SCTP_COOKIE_ECHO: return on_cookie_echo(s, now_us, tag, chunk->value, p);
  case OH_SCTP_COOKIE_ACK:
    if (s->state == COOKIE_ECHOED) establish(s, now_us);
    break;
  case OH_SCTP_SHUTDOWN_COMPLETE:
    if (s->state == SHUTDOWN_ACK_SENT) end(s);
    break;
  case OH_SCTP_RECONFIG:
    if (s->state != ESTABLISHED) break;
    make_room(s, now_us, p, 64);
    oh_reset_recv(&s->reset, now_us, &s->in, &s->out, chunk->value, &p->w);
    break;
  case OH_SCTP_FORWARD_TSN:
    if (takes_data(s)) take_result(s, now_us, oh_inbound_forward(&s->in, chunk->value), p, 0);
    break;
  default: return on_unknown(s, now_us, chunk, p);
  }
  return true;
}

// RFC 9260 8.4: our last packet may be lost. Who still waits for it is told again, once for each packet;
// what itself ends an association is never answered.
static void last_word(struct oh_sctp *s, int64_t now_us, const struct oh_sctp_packet *packet) {
  struct oh_reader r = oh_reader(packet->chunks.data, packet->chunks.len);
  struct oh_sctp_chunk chunk;
  uint8_t answer = OH_SCTP_ABORT;
  if (packet->tag != s->tag || !s->peer_tag) return;
  while (oh_sctp_next_chunk(&r, &chunk)) {
    if (chunk.type == OH_SCTP_ABORT || chunk.type == OH_SCTP_SHUTDOWN_COMPLETE) return;
    if (chunk.type == OH_SCTP_SHUTDOWN_ACK) answer = OH_SCTP_SHUTDOWN_COMPLETE;
  }
  if (r.failed) return;
  struct packet p;
  start(s, &p, s->peer_tag);
  add_empty(s, now_us, &p, answer);
  flush(s, now_us, &p);
}

void oh_sctp_recv(struct oh_sctp *s, int64_t now_us, const uint8_t *data, size_t len) {
  struct oh_sctp_packet packet;
  bool readable = oh_sctp_read(&packet, data, len);
  if (!readable || !(packet.intact || (packet.unsummed && s->config.zero_checksum))) {
    oh_count(&s->world->counters, OH_COUNT_sctp_drop_malformed);
    return;
  }
  bool ports = packet.source_port == s->config.port && packet.destination_port == s->config.port;
  if (s->state == ENDED) {
    if (ports) last_word(s, now_us, &packet);
    return;
  }
  struct oh_reader r = oh_reader(packet.chunks.data, packet.chunks.len);
  struct oh_sctp_chunk chunk;
  struct packet answer;
  start(s, &answer, s->peer_tag);
  uint32_t unacked = s->unacked;
  s->unacked = 0;
  bool first = true;
  while (s->state != ENDED && oh_sctp_next_chunk(&r, &chunk)) {
    if (!ports || !tag_fits(s, packet.tag, &chunk)) {
      oh_count(&s->world->counters, OH_COUNT_sctp_drop_tag);
      break;
    }
    bool alone = chunk.type == OH_SCTP_INIT || chunk.type == OH_SCTP_INIT_ACK;
    if (alone && (!first || oh_reader_left(&r))) r.failed = true;
    if (r.failed || !on_chunk(s, now_us, packet.tag, &chunk, &answer)) break;
    first = false;
  }
  if (r.failed) oh_count(&s->world->counters, OH_COUNT_sctp_drop_malformed);
  if (s->state == ENDED) return;
  s->unacked += unacked; // packets with data, not chunks
  if (!first && s->state >= ESTABLISHED) {
    s->heartbeat_us = now_us + HEARTBEAT_US + s->out.rto_us;
    s->heartbeats = s->heartbeats ? 1 : 0; // it lives
  }
  send_due(s, now_us, &answer);
}

bool oh_sctp_send(struct oh_sctp *s, int64_t now_us, uint16_t stream, const struct oh_outbound_order *order,
                  struct oh_bytes data) {
  if (s->state != ESTABLISHED) return false;
  uint64_t dropped = s->out.dropped;
  bool queued = oh_outbound_add(&s->out, stream, order, data);
  oh_count_n(&s->world->counters, OH_COUNT_sctp_drop_unsent, s->out.dropped - dropped + !queued);
  struct packet p;
  start(s, &p, s->peer_tag);
  send_due(s, now_us, &p);
  return queued;
}

void oh_sctp_reset(struct oh_sctp *s, int64_t now_us, uint16_t stream) {
  if (s->state != ESTABLISHED) return;
  oh_reset_ask(&s->reset, &s->out, stream);
  struct packet p;
  start(s, &p, s->peer_tag);
  send_due(s, now_us, &p);
}

void oh_sctp_shutdown(struct oh_sctp *s, int64_t now_us) {
  if (s->state < ESTABLISHED) return end(s);
  if (s->state != ESTABLISHED) return;
  s->state = SHUTDOWN_PENDING;
  struct packet p;
  start(s, &p, s->peer_tag);
  send_due(s, now_us, &p);
}

void oh_sctp_abort(struct oh_sctp *s, int64_t now_us) {
  fail(s, now_us, OH_SCTP_CAUSE_USER_ABORT);
}

static bool lend(struct oh_sctp *s, struct oh_sctp_event *e) {
  s->fetched = oh_inbound_next(&s->in);
  if (!s->fetched) return false;
  *e = (struct oh_sctp_event){.type = OH_SCTP_MESSAGE,
                              .stream = s->fetched->stream,
                              .ppid = s->fetched->ppid,
                              .data = {s->fetched->data, s->fetched->len}};
  return true;
}

bool oh_sctp_next(struct oh_sctp *s, struct oh_sctp_event *e) {
  free(s->fetched);
  s->fetched = NULL;
  *e = (struct oh_sctp_event){0};
  int32_t stream;
  if (s->restart_due) {
    s->restart_due = false;
    e->type = OH_SCTP_RESTARTED;
  } else if (s->up_due) {
    s->up_due = false;
    e->type = OH_SCTP_UP;
  } else if (lend(s, e)) {
    return true;
  } else if ((stream = oh_reset_take(s->reset.ended)) >= 0) {
    *e = (struct oh_sctp_event){.type = OH_SCTP_STREAM_ENDED, .stream = (uint16_t)stream};
  } else if ((stream = oh_reset_take(s->reset.done)) >= 0) {
    *e = (struct oh_sctp_event){.type = OH_SCTP_STREAM_RESET, .stream = (uint16_t)stream};
  } else if (s->down_due) {
    s->down_due = false;
    e->type = OH_SCTP_DOWN;
  }
  return e->type != 0;
}

void oh_sctp_tell_window(struct oh_sctp *s, int64_t now_us) {
  bool was_small = s->in.told_window < OH_SCTP_RECEIVE_MAX / 4;
  if (!was_small || oh_inbound_window(&s->in) < OH_SCTP_RECEIVE_MAX / 2 || !takes_data(s)) return;
  s->ack_now = true;
  struct packet p;
  start(s, &p, s->peer_tag);
  send_due(s, now_us, &p);
}

int64_t oh_sctp_deadline(const struct oh_sctp *s) {
  int64_t data = s->out.t3_us; // the others do not matter any more once we are closing
  if (takes_data(s)) data = oh_earlier(data, s->ack_us);
  if (sends_data(s)) data = oh_earlier(data, s->reset.resend_us);
  return s->state == ENDED ? OH_NEVER : oh_earlier(data, oh_earlier(s->handshake_us, s->heartbeat_us));
}

static void tick_handshake(struct oh_sctp *s, int64_t now_us, struct packet *p) {
  bool opening = s->state == COOKIE_WAIT || s->state == COOKIE_ECHOED;
  if (++s->tries > (opening ? INIT_TRIES : OH_SCTP_ERRORS_MAX))
    return fail(s, now_us, OH_SCTP_CAUSE_USER_ABORT);
  oh_outbound_back_off(&s->out);
  s->handshake_us = now_us + s->out.rto_us;
  switch (s->state) {
  case COOKIE_WAIT: send_init(s, now_us); break;
  case COOKIE_ECHOED: send_cookie_echo(s, now_us); break;
  case SHUTDOWN_SENT: send_shutdown(s, now_us, p); break;
  case SHUTDOWN_ACK_SENT: add_empty(s, now_us, p, OH_SCTP_SHUTDOWN_ACK); break;
  default: s->handshake_us = OH_NEVER;
  }
}

void oh_sctp_tick(struct oh_sctp *s, int64_t now_us) {
  if (s->state == ENDED) return;
  struct packet p;
  start(s, &p, s->peer_tag);
  if (now_us >= s->handshake_us) tick_handshake(s, now_us, &p);
  if (now_us >= s->out.t3_us) oh_outbound_timeout(&s->out, now_us);
  if (now_us >= s->heartbeat_us) {
    send_heartbeat(s, now_us, &p);
    s->heartbeat_us = now_us + HEARTBEAT_US + s->out.rto_us;
  }
  uint32_t errors = s->out.errors + (s->heartbeats ? s->heartbeats - 1 : 0);
  if (errors > OH_SCTP_ERRORS_MAX || s->reset.tries > OH_SCTP_ERRORS_MAX)
    fail(s, now_us, OH_SCTP_CAUSE_USER_ABORT);
  if (s->state != ENDED) send_due(s, now_us, &p);
}

bool oh_sctp_up(const struct oh_sctp *s) {
  return s->state == ESTABLISHED;
}

void oh_sctp_read_stats(const struct oh_sctp *s, struct oh_sctp_stats *stats) {
  *stats = (struct oh_sctp_stats){.queued_bytes = s->out.memory_bytes,
                                  .receive_bytes = s->in.memory_bytes,
                                  .cwnd = s->out.cwnd,
                                  .flight = s->out.flight,
                                  .srtt_us = s->out.srtt_us,
                                  .resent = s->out.resent,
                                  .dropped = s->out.dropped,
                                  .zero_checksum = s->unsummed};
}

size_t oh_sctp_queued(const struct oh_sctp *s, uint16_t stream) {
  return oh_outbound_queued(&s->out, stream);
}
