// crowd.c — see crowd.h
#include "bench/crowd.h"
#include "base/check.h"
#include "base/heap.h"
#include "bench/lanes.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/ws_client.h"
#include "livekit/token.h"
#include "rtc/identity.h"
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define LOOP_US 300 // signalling is looked at that often while datagrams pour in
#define STAMP 9     // TOC and 8 bytes of time

struct body {
  struct oh_member public;
  struct oh_crowd *crowd;
  struct oh_caller *caller; // NULL: has left
  struct oh_ws_client *ws;
  uint32_t number, place;
  bool dial;
  int64_t gone_us; // has left: the connection is given that long
};

struct oh_crowd {
  uv_loop_t loop;
  struct oh_world world;
  struct oh_identity *identity;
  struct oh_lanes *lanes;
  const struct oh_server *server;
  struct body *bodies[OH_LANES_MAX];
  uint32_t count;
  struct oh_heap deadlines;
  struct oh_outbox out;
  uint32_t from[OH_OUTBOX_SLOTS]; // lane of each slot
  uint32_t current, marked;       // slots from `marked` on are of `current`
  int64_t loop_us;
  struct oh_crowd_count counted;
};

static void mark(struct oh_crowd *c) {
  while (c->marked < c->out.used)
    c->from[c->marked++] = c->current;
}

static void flush(void *ctx, struct oh_outbox *out) {
  struct oh_crowd *c = ctx;
  mark(c);
  oh_lanes_send(c->lanes, out, c->from);
  c->marked = 0;
}

static void after(struct body *b, int64_t now_us);

static void ws_opened(void *ctx, int64_t now_us) {
  struct body *b = ctx;
  b->crowd->current = b->number;
  oh_caller_signal_open(b->caller, now_us);
  after(b, now_us);
}

static void ws_message(void *ctx, int64_t now_us, bool is_text, struct oh_bytes data) {
  struct body *b = ctx;
  (void)is_text;
  b->crowd->current = b->number;
  oh_caller_recv(b->caller, now_us, data.data, data.len);
  after(b, now_us);
}

static void ws_closed(void *ctx, int64_t now_us, int status, uint16_t code, struct oh_str text) {
  struct body *b = ctx;
  (void)code, (void)text;
  oh_ws_client_close(b->ws);
  b->ws = NULL;
  b->crowd->current = b->number;
  oh_caller_signal_closed(b->caller, now_us, status);
  after(b, now_us);
}

static const struct oh_ws_client_handler WS = {
    .opened = ws_opened, .message = ws_message, .closed = ws_closed};

static void dial(struct body *b, int64_t now_us) {
  struct oh_crowd *c = b->crowd;
  struct oh_text url, fields;
  oh_ws_client_close(b->ws);
  oh_text_init(&url, 128 * 1024);
  oh_text_init(&fields, 16 * 1024);
  oh_text_addf(&url, "ws://127.0.0.1:%u%s", c->server->port, oh_caller_path(b->caller));
  oh_text_addf(&fields, "Authorization: Bearer %s\r\n", oh_caller_token(b->caller));
  b->ws = oh_ws_client_open(&(struct oh_ws_client_config){.loop = &c->loop,
                                                          .world = &c->world,
                                                          .url = oh_text_str(&url),
                                                          .fields = oh_text_str(&fields),
                                                          .handler = &WS,
                                                          .ctx = b});
  oh_text_fini(&url);
  oh_text_fini(&fields);
  if (!b->ws) oh_caller_signal_closed(b->caller, now_us, 0);
}

static void hear(struct body *b, int64_t now_us, const struct oh_caller_event *event) {
  b->public.received++;
  if (!b->public.audio_us) b->public.audio_us = now_us;
  if (event->opus.len < STAMP) return;
  int64_t sent_us;
  memcpy(&sent_us, event->opus.data + 1, sizeof sent_us);
  b->crowd->counted.received++;
  oh_histogram_add(&b->crowd->counted.latency, now_us - sent_us);
}

static void hear_data(void *ctx, int64_t now_us, bool lossy, struct oh_bytes payload) {
  struct oh_crowd *c = ((struct body *)ctx)->crowd;
  int64_t sent_us;
  (void)lossy;
  if (payload.len < sizeof sent_us) return;
  memcpy(&sent_us, payload.data, sizeof sent_us);
  c->counted.received++;
  oh_histogram_add(&c->counted.latency, now_us - sent_us);
}

static void drain(struct body *b, int64_t now_us) {
  struct oh_caller_event event;
  while (oh_caller_next(b->caller, &event)) {
    switch (event.type) {
    case OH_CALLER_DIAL: b->dial = true; break;
    case OH_CALLER_JOINED: b->public.joined_us = now_us; break;
    case OH_CALLER_CONNECTED:
      b->public.connected_us = now_us;
      b->public.state = OH_MEMBER_CONNECTED;
      break;
    case OH_CALLER_PUBLISHED: b->public.published = true; break;
    case OH_CALLER_DATA_OPEN: b->public.data_us = now_us; break;
    case OH_CALLER_AUDIO: hear(b, now_us, &event); break;
    case OH_CALLER_LEFT:
      b->public.state = event.reason < 0 ? OH_MEMBER_FAILED : OH_MEMBER_LEFT;
      b->gone_us = now_us + 2 * 1000 * 1000;
      break;
    default: break;
    }
  }
}

static void after(struct body *b, int64_t now_us) {
  struct oh_crowd *c = b->crowd;
  uint8_t *data;
  size_t len;
  drain(b, now_us);
  while (b->dial) {
    b->dial = false;
    dial(b, now_us);
    drain(b, now_us);
  }
  while (b->ws && oh_caller_next_frame(b->caller, &data, &len)) {
    oh_ws_client_send(b->ws, false, (struct oh_bytes){.data = data, .len = len});
    free(data);
  }
  mark(c);
  int64_t at_us = b->gone_us ? (b->ws ? b->gone_us : now_us) : oh_caller_deadline(b->caller);
  oh_heap_set(&c->deadlines, &b->place, b->number, at_us);
  if (b->gone_us && b->ws) oh_ws_client_finish(b->ws, OH_WS_NORMAL);
}

// Gives back what a member who has left holds; its times stay readable.
static void bury(struct body *b) {
  struct oh_crowd *c = b->crowd;
  oh_heap_set(&c->deadlines, &b->place, b->number, OH_NEVER);
  oh_ws_client_close(b->ws);
  b->ws = NULL;
  c->current = b->number;
  oh_caller_close(b->caller);
  mark(c);
  b->caller = NULL;
}

static void on_datagram(void *ctx, int64_t now_us, uint32_t lane, const struct oh_addr *from, uint8_t *data,
                        size_t len) {
  struct oh_crowd *c = ctx;
  struct body *b = lane < c->count ? c->bodies[lane] : NULL;
  if (!b || !b->caller) return;
  bool audio = len > 12 && data[0] >> 6 == 2 && !oh_rtp_is_rtcp(data, len);
  c->current = lane;
  oh_caller_datagram(b->caller, now_us, 0, from, data, len);
  if (audio) // changes no deadline and sends nothing
    drain(b, now_us);
  else
    after(b, now_us);
}

struct oh_crowd *oh_crowd_open(const struct oh_server *server) {
  struct oh_crowd *c = calloc(1, sizeof *c);
  OH_CHECK(c);
  c->server = server;
  c->world = (struct oh_world){.random = oh_entropy(), .unix_offset_us = oh_clock_unix_offset_us()};
  c->world.log.level = OH_LOG_ERROR + 1; // silent
  c->lanes = oh_lanes_open();
  c->identity = oh_identity_open();
  OH_CHECK(c->lanes && c->identity && uv_loop_init(&c->loop) == 0);
  oh_outbox_init(&c->out, flush, c);
  return c;
}

void oh_crowd_close(struct oh_crowd *c) {
  for (uint32_t i = 0; i < c->count; i++) {
    if (c->bodies[i]->caller) bury(c->bodies[i]);
    free(c->bodies[i]);
  }
  uv_run(&c->loop, UV_RUN_DEFAULT);
  OH_CHECK(uv_loop_close(&c->loop) == 0);
  oh_outbox_fini(&c->out);
  oh_heap_fini(&c->deadlines);
  oh_lanes_close(c->lanes);
  oh_identity_close(c->identity);
  free(c);
}

static char *make_token(struct oh_crowd *c, const struct oh_member_wish *wish, uint32_t number) {
  struct oh_claims claims;
  char identity[24];
  snprintf(identity, sizeof identity, "caller-%u", number);
  oh_claims_init(&claims);
  free(claims.identity);
  free(claims.video.room);
  claims.identity = oh_str_dup(oh_str(identity));
  claims.video.room = oh_str_dup(oh_str(wish->room));
  claims.has_video = claims.video.room_join = true;
  claims.video.can_publish = wish->publish;
  claims.video.can_subscribe = wish->subscribe;
  int64_t unix_us = oh_clock_us() + c->world.unix_offset_us;
  claims.expires_unix_s = unix_us / 1000000 + 3600;
  char *token = oh_token_write(&claims, &(struct oh_key){.id = c->server->key, .secret = c->server->secret});
  OH_CHECK(token);
  oh_claims_fini(&claims);
  return token;
}

uint32_t oh_crowd_add(struct oh_crowd *c, const struct oh_member_wish *wish) {
  OH_CHECK(c->count < OH_LANES_MAX);
  struct body *b = calloc(1, sizeof *b);
  OH_CHECK(b);
  b->crowd = c;
  b->number = c->count;
  c->bodies[c->count++] = b;
  char *token = make_token(c, wish, b->number);
  b->public.begun_us = oh_clock_us();
  c->current = b->number;
  b->caller = oh_caller_open(&c->world, c->identity, b->public.begun_us,
                             &(struct oh_caller_config){.token = token,
                                                        .publish = wish->publish,
                                                        .on_data = wish->data ? hear_data : NULL,
                                                        .data_ctx = b,
                                                        .out = {&c->out, &c->out}});
  after(b, b->public.begun_us);
  free(token);
  return b->number;
}

void oh_crowd_leave(struct oh_crowd *c, uint32_t number) {
  struct body *b = c->bodies[number];
  if (!b->caller || b->gone_us) return;
  c->current = number;
  oh_caller_leave(b->caller);
  after(b, oh_clock_us());
}

const struct oh_member *oh_crowd_member(const struct oh_crowd *c, uint32_t number) {
  return &c->bodies[number]->public;
}

void oh_crowd_turn(struct oh_crowd *c) {
  oh_outbox_flush(&c->out);
  unsigned got = oh_lanes_recv(c->lanes, on_datagram, c);
  int64_t now_us = oh_clock_us();
  uint64_t number;
  while (oh_heap_pop(&c->deadlines, now_us, &number)) {
    struct body *b = c->bodies[number];
    if (b->gone_us) {
      bury(b);
      continue;
    }
    c->current = b->number;
    oh_caller_tick(b->caller, now_us);
    after(b, now_us);
  }
  if (got < OH_OUTBOX_SLOTS || now_us - c->loop_us > LOOP_US) {
    c->loop_us = now_us;
    uv_run(&c->loop, UV_RUN_NOWAIT);
  }
  oh_outbox_flush(&c->out);
}

bool oh_crowd_speak(struct oh_crowd *c, uint32_t number, size_t len) {
  struct body *b = c->bodies[number];
  uint8_t opus[1200] = {15 << 3}; // hybrid, full band, 20 ms, mono
  OH_CHECK(len >= STAMP && len <= sizeof opus);
  if (!b->caller) return false;
  int64_t now_us = oh_clock_us();
  memcpy(opus + 1, &now_us, sizeof now_us);
  c->current = number;
  bool sent = oh_caller_send(b->caller, now_us, opus, len, 960, 20);
  mark(c);
  return sent;
}

bool oh_crowd_say(struct oh_crowd *c, uint32_t number, bool lossy, size_t len) {
  struct body *b = c->bodies[number];
  uint8_t bytes[OH_CALLER_DATA_MAX] = {0};
  int64_t now_us = oh_clock_us();
  OH_CHECK(len >= sizeof now_us && len <= sizeof bytes);
  if (!b->caller) return false;
  memcpy(bytes, &now_us, sizeof now_us);
  c->current = number;
  bool sent = oh_caller_send_data(b->caller, now_us, lossy, (struct oh_bytes){bytes, len});
  after(b, now_us);
  return sent;
}

struct oh_crowd_count *oh_crowd_counted(struct oh_crowd *c) {
  return &c->counted;
}

void oh_crowd_reset(struct oh_crowd *c) {
  memset(&c->counted, 0, sizeof c->counted);
}
