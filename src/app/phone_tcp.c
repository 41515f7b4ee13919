// phone_tcp.c — see phone_tcp.h
#include "app/phone_tcp.h"
#include "base/check.h"
#include "base/limits.h"
#include "io/clock.h"
#include "io/stream.h"
#include "io/tcp.h"
#include <stdlib.h>

#define AGAIN_US (500 * 1000)
#define FRAME_MAX 65535 // RFC 4571: 16 bits of length

struct oh_phone_tcp {
  struct oh_streams *streams;
  struct oh_stream *stream; // NULL: none
  struct oh_addr to;
  struct oh_world *world;
  void (*recv)(void *ctx, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len);
  void *ctx;
  int64_t tried_us; // the last connect
  size_t got;
  uint8_t frame[2 + FRAME_MAX];
};

static void on_data(void *ctx, int64_t now_us, uint8_t *data, size_t len) {
  struct oh_phone_tcp *t = ctx;
  struct oh_stream *stream = t->stream;
  while (len > 0) {
    size_t need = t->got < 2 ? 2 : 2 + (size_t)oh_load_u16_be(t->frame);
    size_t n = need - t->got < len ? need - t->got : len;
    memcpy(t->frame + t->got, data, n);
    t->got += n, data += n, len -= n;
    if (t->got < 2 || t->got < 2 + (size_t)oh_load_u16_be(t->frame)) continue;
    size_t whole = t->got - 2;
    t->got = 0;
    oh_count(&t->world->counters, OH_COUNT_datagrams_received);
    t->recv(t->ctx, now_us, &t->to, t->frame + 2, whole);
    if (t->stream != stream) return; // what was said in it made us hang up
  }
}

static void on_closed(void *ctx, int64_t now_us, enum oh_stream_end end) {
  struct oh_phone_tcp *t = ctx;
  (void)now_us, (void)end;
  t->stream = NULL;
}

static const struct oh_stream_handler HANDLER = {.data = on_data, .closed = on_closed};

struct oh_phone_tcp *oh_phone_tcp_open(struct uv_loop_s *loop, struct oh_world *world,
                                       void (*recv)(void *ctx, int64_t now_us, const struct oh_addr *from,
                                                    uint8_t *data, size_t len),
                                       void *ctx) {
  struct oh_phone_tcp *t = calloc(1, sizeof *t);
  OH_CHECK(t);
  t->world = world, t->recv = recv, t->ctx = ctx;
  t->streams = oh_streams_open(loop, 2, 2, true);
  t->tried_us = INT64_MIN / 2;
  return t;
}

void oh_phone_tcp_close(struct oh_phone_tcp *t) {
  if (!t) return;
  if (t->stream) oh_stream_finish(t->stream);
  oh_streams_close(t->streams);
  free(t);
}

static bool connected_to(struct oh_phone_tcp *t, const struct oh_addr *to) {
  if (t->stream && oh_addr_eq(&t->to, to)) return true;
  int64_t now_us = oh_clock_us();
  if (oh_addr_eq(&t->to, to) && now_us - t->tried_us < AGAIN_US) return false;
  if (t->stream) oh_stream_close(t->stream);
  t->stream = NULL;
  t->tried_us = now_us;
  t->to = *to;
  t->got = 0;
  int fd = oh_tcp_connect(to);
  if (fd < 0) return false;
  t->stream = oh_stream_open(t->streams, fd, NULL, to, true, OH_ICE_TCP_QUEUE_MAX, &HANDLER, t);
  return true;
}

void oh_phone_tcp_send(struct oh_phone_tcp *t, const struct oh_outbox *outbox) {
  for (uint32_t i = 0; i < outbox->used; i++) {
    const struct oh_datagram *d = &outbox->slots[i];
    if (d->to.proto != OH_TCP || !connected_to(t, &d->to)) continue;
    if (oh_stream_waiting(t->stream) + 2 + d->len > OH_ICE_TCP_QUEUE_MAX) {
      oh_count(&t->world->counters, OH_COUNT_ice_tcp_drop_slow);
      continue;
    }
    uint8_t head[2];
    oh_store_u16_be(head, (uint16_t)d->len);
    struct oh_bytes parts[2] = {{head, 2}, {d->data, d->len}};
    if (oh_stream_write(t->stream, parts, 2)) oh_count(&t->world->counters, OH_COUNT_datagrams_sent);
  }
}
