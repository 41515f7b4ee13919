// ice_tcp.c — see ice_tcp.h
#include "io/ice_tcp.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "base/slab.h"
#include "io/clock.h"
#include "io/stream.h"
#include "io/tcp.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

// One accepted stream. RFC 4571: 16 bits of length, then the packet.
struct tcp_stream {
  struct oh_ice_tcp *door;
  struct oh_stream *stream;
  struct oh_addr addr; // what the machines know it by
  oh_id id;
  int64_t first_until_us; // by when it must have earned an answer
  int64_t answered_us;    // when we last sent something to it; 0: never
  uint32_t have;          // bytes of the frame so far, with its length
  bool is_at_home;        // its first frame has been looked at, or it has moved: it stays
  bool brought_one;
  uint8_t *frame; // a frame in pieces; NULL between frames
};

struct oh_ice_tcp_parcel {
  int fd;
  struct oh_addr peer;
  int64_t first_until_us;
  size_t len;
  uint8_t data[]; // what it has brought
};

struct oh_ice_tcp {
  struct oh_ice_tcp_config config;
  struct oh_world *world;
  const struct oh_udp_handler *handler;
  void *ctx;
  struct oh_streams *streams;
  struct oh_tcp_listener *listeners[OH_ICE_TCP_LISTENERS_MAX];
  size_t listener_count;
  struct oh_slab slab;
};

#define FRAME_MAX (2 + OH_DATAGRAM_MAX)

static void forget(struct tcp_stream *s) {
  free(s->frame);
  oh_slab_remove(&s->door->slab, s->id);
}

// The stream ended by itself, or we ended it for a reason of our own: the peer's path over it has gone.
static void end(struct tcp_stream *s, int64_t now_us) {
  struct oh_ice_tcp *door = s->door;
  struct oh_addr addr = s->addr;
  bool was_used = s->brought_one;
  forget(s);
  if (was_used && door->handler->closed) door->handler->closed(door->ctx, now_us, &addr);
}

static void drop(struct tcp_stream *s, int64_t now_us, enum oh_counter why) {
  oh_count(&s->door->world->counters, why);
  oh_stream_close(s->stream);
  end(s, now_us);
}

static void deliver(struct tcp_stream *s, int64_t now_us, uint8_t *data, size_t len) {
  struct oh_ice_tcp *door = s->door;
  s->brought_one = true;
  if (len == 0) return; // an empty frame is nothing
  oh_count(&door->world->counters, OH_COUNT_datagrams_received);
  door->handler->recv(door->ctx, now_us, &s->addr, data, len);
}

// Adds bytes to the frame in pieces. Returns how many were taken.
static size_t collect(struct tcp_stream *s, const uint8_t *data, size_t len) {
  size_t want = 2;
  if (s->have >= 2) want = 2 + (size_t)oh_load_u16_be(s->frame);
  size_t n = want - s->have < len ? want - s->have : len;
  if (!s->frame) {
    s->frame = malloc(FRAME_MAX);
    OH_CHECK(s->frame);
  }
  memcpy(s->frame + s->have, data, n);
  s->have += (uint32_t)n;
  return n;
}

// Its first frame is there, in one piece or two, with what may follow. True: it has gone to another door.
static bool move_away(struct tcp_stream *s, struct oh_bytes first, struct oh_bytes rest) {
  struct oh_ice_tcp *door = s->door;
  uint32_t owner = 0;
  bool was_at_home = s->is_at_home;
  s->is_at_home = true;
  size_t len = oh_load_u16_be(first.data);
  if (was_at_home || !door->config.is_foreign || first.len < 2 + len ||
      !door->config.is_foreign(door->ctx, first.data + 2, len, &owner))
    return false;
  struct oh_ice_tcp_parcel *parcel = malloc(sizeof *parcel + first.len + rest.len);
  OH_CHECK(parcel);
  *parcel = (struct oh_ice_tcp_parcel){.fd = -1,
                                       .peer = oh_stream_peer(s->stream),
                                       .first_until_us = s->first_until_us,
                                       .len = first.len + rest.len};
  memcpy(parcel->data, first.data, first.len);
  if (rest.len) memcpy(parcel->data + first.len, rest.data, rest.len);
  struct ssl_st *session = NULL;
  bool is_whole = oh_stream_detach(s->stream, &parcel->fd, &session);
  OH_CHECK(!session); // they are plain
  forget(s);
  if (is_whole) {
    oh_count(&door->world->counters, OH_COUNT_ice_tcp_moved);
    door->config.move(door->ctx, owner, parcel);
  } else {
    oh_ice_tcp_parcel_free(parcel);
  }
  return true;
}

static bool take_frames(struct tcp_stream *s, int64_t now_us, uint8_t *data, size_t len) {
  struct oh_ice_tcp *door = s->door;
  oh_id id = s->id;
  while (len) {
    if (!s->frame && len >= 2) { // whole frames are handed out where they are
      size_t n = oh_load_u16_be(data);
      if (n > OH_DATAGRAM_MAX) return false;
      if (len >= 2 + n) {
        if (!s->is_at_home && move_away(s, (struct oh_bytes){data, len}, (struct oh_bytes){0})) return true;
        deliver(s, now_us, data + 2, n);
        if (!oh_slab_find(&door->slab, id)) return true; // the handler dropped it
        data += 2 + n, len -= 2 + n;
        continue;
      }
    }
    size_t n = collect(s, data, len);
    data += n, len -= n;
    if (s->have < 2) continue;
    size_t size = oh_load_u16_be(s->frame);
    if (size > OH_DATAGRAM_MAX) return false;
    if (s->have < 2 + size) continue;
    if (!s->is_at_home && move_away(s, (struct oh_bytes){s->frame, s->have}, (struct oh_bytes){data, len}))
      return true;
    uint8_t *frame = s->frame;
    s->frame = NULL;
    s->have = 0;
    deliver(s, now_us, frame + 2, size);
    free(frame);
    if (!oh_slab_find(&door->slab, id)) return true;
  }
  return true;
}

static void on_data(void *ctx, int64_t now_us, uint8_t *data, size_t len) {
  struct tcp_stream *s = ctx;
  struct oh_ice_tcp *door = s->door;
  if (!take_frames(s, now_us, data, len)) drop(s, now_us, OH_COUNT_ice_tcp_drop_malformed);
  if (door->handler->batch_done) door->handler->batch_done(door->ctx, now_us);
}

// Frames alone are no sign of life, anybody can make them: strangers get no answers, who is on a call gets
// one for every ICE check.
static void on_deadline(void *ctx, int64_t now_us) {
  struct tcp_stream *s = ctx;
  if (s->answered_us && now_us - s->answered_us < OH_ICE_TCP_IDLE_US) {
    oh_stream_set_deadline(s->stream, s->answered_us + OH_ICE_TCP_IDLE_US);
  } else {
    drop(s, now_us, OH_COUNT_ice_tcp_closed_idle);
  }
}

static void on_closed(void *ctx, int64_t now_us, enum oh_stream_end why) {
  (void)why;
  end(ctx, now_us);
}

static const struct oh_stream_handler stream_handler = {
    .data = on_data,
    .deadline = on_deadline,
    .closed = on_closed,
};

static struct tcp_stream *admit(struct oh_ice_tcp *door, int fd, const struct oh_addr *peer,
                                int64_t first_until_us) {
  oh_id id = 0;
  struct tcp_stream *s = oh_streams_admit(door->streams, peer) ? oh_slab_add(&door->slab, &id) : NULL;
  if (!s) {
    oh_count(&door->world->counters, OH_COUNT_ice_tcp_refused);
    close(fd);
    return NULL;
  }
  s->door = door;
  s->id = id;
  s->addr = *peer;
  s->addr.proto = OH_TCP;
  s->addr.stream = id;
  s->stream = oh_stream_open(door->streams, fd, NULL, peer, false, OH_ICE_TCP_QUEUE_MAX, &stream_handler, s);
  s->first_until_us = first_until_us;
  oh_stream_set_deadline(s->stream, first_until_us);
  return s;
}

static void on_accepted(void *ctx, int64_t now_us, int fd, const struct oh_addr *peer) {
  admit(ctx, fd, peer, now_us + OH_ICE_TCP_FIRST_US);
}

void oh_ice_tcp_adopt(struct oh_ice_tcp *door, int64_t now_us, struct oh_ice_tcp_parcel *parcel) {
  struct tcp_stream *s = admit(door, parcel->fd, &parcel->peer, parcel->first_until_us);
  if (s) {
    s->is_at_home = true;
    on_data(s, now_us, parcel->data, parcel->len);
  }
  free(parcel);
}

void oh_ice_tcp_parcel_free(struct oh_ice_tcp_parcel *parcel) {
  if (parcel->fd >= 0) close(parcel->fd);
  free(parcel);
}

struct oh_ice_tcp *oh_ice_tcp_open(const struct oh_ice_tcp_config *config) {
  struct oh_ice_tcp *door = calloc(1, sizeof *door);
  OH_CHECK(door);
  door->config = *config;
  door->world = config->world, door->handler = config->handler, door->ctx = config->ctx;
  oh_slab_init(&door->slab, sizeof(struct tcp_stream), OH_ICE_TCP_STREAMS_MAX);
  door->streams = oh_streams_open(config->loop, OH_ICE_TCP_STREAMS_MAX, OH_ICE_TCP_PER_ADDRESS_MAX, false);
  return door;
}

void oh_ice_tcp_add_listener(struct oh_ice_tcp *door, int fd) {
  OH_CHECK(door->listener_count < OH_ICE_TCP_LISTENERS_MAX);
  door->listeners[door->listener_count++] = oh_tcp_listener_open(door->config.loop, fd, on_accepted, door);
}

void oh_ice_tcp_close(struct oh_ice_tcp *door) {
  if (!door) return;
  for (size_t i = 0; i < door->listener_count; i++)
    oh_tcp_listener_close(door->listeners[i]);
  oh_streams_close(door->streams);
  for (oh_id id = 0; (id = oh_slab_next(&door->slab, id)) != 0;)
    forget(oh_slab_find(&door->slab, id));
  oh_slab_fini(&door->slab);
  free(door);
}

static struct tcp_stream *find(const struct oh_ice_tcp *door, const struct oh_addr *addr) {
  struct tcp_stream *s = addr->proto == OH_TCP ? oh_slab_find(&door->slab, addr->stream) : NULL;
  return s && oh_addr_eq(&s->addr, addr) ? s : NULL;
}

void oh_ice_tcp_send(struct oh_ice_tcp *door, const struct oh_outbox *outbox) {
  struct oh_counters *counters = &door->world->counters;
  int64_t now_us = oh_clock_us();
  for (uint32_t i = 0; i < outbox->used; i++) {
    const struct oh_datagram *d = &outbox->slots[i];
    struct tcp_stream *s = find(door, &d->to);
    if (!s) continue;
    // A stream that does not drain loses this packet, as UDP would; the write queue is never overrun.
    if (oh_stream_waiting(s->stream) + 2 + d->len > OH_ICE_TCP_QUEUE_MAX) {
      oh_count(counters, OH_COUNT_ice_tcp_drop_slow);
      continue;
    }
    uint8_t head[2];
    oh_store_u16_be(head, (uint16_t)d->len);
    struct oh_bytes parts[2] = {{head, 2}, {d->data, d->len}};
    if (!oh_stream_write(s->stream, parts, 2)) continue;
    oh_count(counters, OH_COUNT_datagrams_sent);
    s->answered_us = now_us;
  }
}

void oh_ice_tcp_drop(struct oh_ice_tcp *door, const struct oh_addr *addr) {
  struct tcp_stream *s = find(door, addr);
  if (!s) return;
  oh_stream_finish(s->stream);
  forget(s);
}
