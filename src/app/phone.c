// phone.c — see phone.h
#include "app/phone.h"
#include "app/phone_tcp.h"
#include "base/check.h"
#include "base/heap.h"
#include "io/clock.h"
#include "io/udp.h"
#include "io/ws_client.h"
#include <stdlib.h>
#include <uv.h>

struct leg {
  struct oh_phone *phone;
  unsigned number;
  struct oh_udp *udp[2];    // IPv4 and IPv6 (NULL where this machine has none), or …
  struct oh_phone_tcp *tcp; // … this
  struct oh_outbox out;
};

struct oh_phone {
  struct oh_phone_config config;
  struct oh_caller *caller;
  struct oh_ws_client *ws; // NULL: none
  uv_timer_t timer;
  struct leg legs[OH_CALLER_LEGS];
  bool closing, left;
  bool dial; // asked for by an event; done when the caller has been left
};

static void after(struct oh_phone *p, int64_t now_us);

static void flush_leg(void *ctx, struct oh_outbox *out) {
  struct leg *leg = ctx;
  for (int i = 0; i < 2; i++)
    if (leg->udp[i]) oh_udp_send(leg->udp[i], out);
  if (leg->tcp) oh_phone_tcp_send(leg->tcp, out);
}

static void on_datagram(void *ctx, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len) {
  struct leg *leg = ctx;
  struct oh_phone *p = leg->phone;
  if (p->closing) return;
  oh_caller_datagram(p->caller, now_us, leg->number, from, data, len);
  after(p, now_us);
}

static void ws_opened(void *ctx, int64_t now_us) {
  struct oh_phone *p = ctx;
  oh_caller_signal_open(p->caller, now_us);
  after(p, now_us);
}

static void ws_message(void *ctx, int64_t now_us, bool is_text, struct oh_bytes data) {
  struct oh_phone *p = ctx;
  if (is_text) return; // we asked for protobuf
  oh_caller_recv(p->caller, now_us, data.data, data.len);
  after(p, now_us);
}

static void ws_closed(void *ctx, int64_t now_us, int status, uint16_t code, struct oh_str text) {
  struct oh_phone *p = ctx;
  (void)code;
  if (p->config.trouble && !p->left && (status || text.len)) p->config.trouble(p->config.ctx, status, text);
  oh_ws_client_close(p->ws);
  p->ws = NULL;
  oh_caller_signal_closed(p->caller, now_us, status);
  after(p, now_us);
}

static const struct oh_ws_client_handler WS_HANDLER = {
    .opened = ws_opened, .message = ws_message, .closed = ws_closed};
static const struct oh_udp_handler UDP_HANDLER = {.recv = on_datagram};

static bool dial(struct oh_phone *p) {
  struct oh_text url, fields;
  oh_ws_client_close(p->ws);
  oh_text_init(&url, 128 * 1024);
  oh_text_init(&fields, 16 * 1024);
  oh_text_adds(&url, p->config.url);
  oh_text_adds(&url, oh_caller_path(p->caller));
  oh_text_addf(&fields, "Authorization: Bearer %s\r\n", oh_caller_token(p->caller));
  p->ws = oh_ws_client_open(&(struct oh_ws_client_config){.loop = p->config.loop,
                                                          .world = p->config.world,
                                                          .url = oh_text_str(&url),
                                                          .fields = oh_text_str(&fields),
                                                          .tls = p->config.tls,
                                                          .handler = &WS_HANDLER,
                                                          .ctx = p});
  oh_text_fini(&url);
  oh_text_fini(&fields);
  return p->ws != NULL;
}

static void on_timer(uv_timer_t *timer) {
  struct oh_phone *p = timer->data;
  int64_t now_us = oh_clock_us();
  oh_caller_tick(p->caller, now_us);
  after(p, now_us);
}

static void set_timer(struct oh_phone *p, int64_t now_us) {
  int64_t at_us = oh_caller_deadline(p->caller);
  if (at_us == OH_NEVER) {
    uv_timer_stop(&p->timer);
    return;
  }
  uint64_t ms = at_us > now_us ? (uint64_t)(at_us - now_us + 999) / 1000 : 0;
  uv_update_time(p->config.loop);
  uv_timer_start(&p->timer, on_timer, ms, 0);
}

// After every call into the caller: what it tells, what it wants to send, when it wants to be woken.
static void after(struct oh_phone *p, int64_t now_us) {
  struct oh_caller_event event;
  while (!p->closing && oh_caller_next(p->caller, &event)) {
    if (event.type == OH_CALLER_DIAL)
      p->dial = true;
    else if (!p->left)
      p->config.event(p->config.ctx, now_us, &event);
    if (event.type == OH_CALLER_LEFT) p->left = true;
  }
  if (p->closing) return;
  uint8_t *data;
  size_t len;
  if (p->dial) {
    p->dial = false;
    if (!dial(p)) oh_caller_signal_closed(p->caller, now_us, 0);
  }
  while (p->ws && oh_caller_next_frame(p->caller, &data, &len)) {
    oh_ws_client_send(p->ws, false, (struct oh_bytes){.data = data, .len = len});
    free(data);
  }
  if (p->left && p->ws) oh_ws_client_finish(p->ws, OH_WS_NORMAL);
  for (unsigned i = 0; i < OH_CALLER_LEGS; i++)
    if (p->legs[i].phone) oh_outbox_flush(&p->legs[i].out);
  set_timer(p, now_us);
}

static bool open_leg(struct oh_phone *p, unsigned i, const char **error) {
  struct leg *leg = &p->legs[i];
  *leg = (struct leg){.phone = p, .number = i};
  oh_outbox_init(&leg->out, flush_leg, leg);
  if (p->config.tcp) {
    leg->tcp = oh_phone_tcp_open(p->config.loop, p->config.world, on_datagram, leg);
    return true;
  }
  static const uint8_t families[2] = {OH_ADDR_V4, OH_ADDR_V6};
  int failed;
  for (int f = 0; f < 2; f++) {
    leg->udp[f] = oh_udp_open(p->config.loop, p->config.world, &(struct oh_addr){.family = families[f]},
                              &UDP_HANDLER, leg, &failed);
    if (!leg->udp[f]) *error = uv_strerror(failed);
  }
  return leg->udp[0] || leg->udp[1];
}

struct oh_phone *oh_phone_open(const struct oh_phone_config *config, const char **error) {
  struct oh_phone *p = calloc(1, sizeof *p);
  OH_CHECK(p);
  p->config = *config;
  p->timer.data = p;
  OH_CHECK(uv_timer_init(config->loop, &p->timer) == 0);
  struct oh_caller_config caller = {.token = config->token,
                                    .two_peer_connections = config->two_peer_connections,
                                    .publish = config->publish,
                                    .tcp = config->tcp};
  for (unsigned i = 0; i < (config->two_peer_connections ? 2u : 1u); i++) {
    if (!open_leg(p, i, error)) {
      oh_phone_close(p);
      return NULL;
    }
    caller.out[i] = &p->legs[i].out;
    caller.stream[i] = i + 1;
  }
  int64_t now_us = oh_clock_us();
  p->caller = oh_caller_open(config->world, config->identity, now_us, &caller);
  struct oh_caller_event event;
  while (oh_caller_next(p->caller, &event))
    p->dial |= event.type == OH_CALLER_DIAL;
  if (!dial(p)) {
    *error = "this is not an address like ws://host:7880 or wss://host";
    oh_phone_close(p);
    return NULL;
  }
  p->dial = false;
  set_timer(p, now_us);
  return p;
}

bool oh_phone_send(struct oh_phone *p, int64_t now_us, struct oh_bytes opus, uint32_t samples,
                   uint8_t level) {
  bool sent = oh_caller_send(p->caller, now_us, opus.data, opus.len, samples, level);
  after(p, now_us);
  return sent;
}

void oh_phone_leave(struct oh_phone *p) {
  oh_caller_leave(p->caller);
  after(p, oh_clock_us());
}

const struct oh_caller *oh_phone_caller(const struct oh_phone *p) {
  return p->caller;
}

bool oh_phone_is_quiet(const struct oh_phone *p) {
  return p->ws == NULL;
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
}

void oh_phone_close(struct oh_phone *p) {
  if (!p || p->closing) return;
  p->closing = true;
  oh_ws_client_close(p->ws);
  if (p->caller) oh_caller_close(p->caller);
  for (unsigned i = 0; i < OH_CALLER_LEGS; i++) {
    struct leg *leg = &p->legs[i];
    if (!leg->phone) continue;
    oh_outbox_flush(&leg->out); // close_notify
    oh_udp_close(leg->udp[0]);
    oh_udp_close(leg->udp[1]);
    oh_phone_tcp_close(leg->tcp);
    oh_outbox_fini(&leg->out);
  }
  uv_close((uv_handle_t *)&p->timer, on_closed);
}
