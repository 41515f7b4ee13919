// doctor_call.c — a call to the echo of a server: the same way a visitor's browser takes, through firewall
// and proxy, with real packets. It asks for a network check's token, joins, speaks noise, and waits to hear
// it.
#include "app/doctor_probes.h"
#include "app/phone.h"
#include "base/check.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/exchange.h"
#include "io/tls.h"
#include "rtc/identity.h"
#include <jansson.h>
#include <stdlib.h>
#include <uv.h>

#define PATIENCE_US (8 * 1000000LL)
#define GOODBYE_US (200 * 1000LL)
#define FRAME_MS 20
#define FRAME_SAMPLES 960

// A wideband Opus frame of one 20 ms CELT packet by its first byte; the rest is never decoded by anybody.
static const uint8_t word[] = {0xb8, 'o', 'f', 'f', 'h', 'o', 'o', 'k', ' ', 'd', 'o', 'c', 't', 'o', 'r'};

struct test_call {
  uv_loop_t loop;
  uv_timer_t timer;
  struct oh_world world;
  struct oh_phone *phone;
  struct oh_doctor_call *seen;
  int64_t begun_us, end_us;
  bool leaving;
};

static void no_log(void *ctx, enum oh_log_level level, const char *message, const char *fields) {
  (void)ctx, (void)level, (void)message, (void)fields; // what matters ends up in the findings
}

static void leave(struct test_call *c, int64_t now_us) {
  if (c->leaving) return;
  c->leaving = true;
  c->end_us = now_us + GOODBYE_US;
  oh_phone_leave(c->phone);
}

static void on_event(void *ctx, int64_t now_us, const struct oh_caller_event *event) {
  struct test_call *c = ctx;
  switch (event->type) {
  case OH_CALLER_JOINED: c->seen->joined = OH_SEEN_YES; break;
  case OH_CALLER_CONNECTED:
    c->seen->connected = OH_SEEN_YES;
    c->seen->connected_ms = (uint32_t)((now_us - c->begun_us) / 1000);
    break;
  case OH_CALLER_AUDIO:
    if (event->opus.len != sizeof word || memcmp(event->opus.data, word, sizeof word) != 0) break;
    c->seen->heard = OH_SEEN_YES;
    leave(c, now_us);
    break;
  case OH_CALLER_LEFT: c->end_us = now_us; break;
  default: break;
  }
}

static void on_trouble(void *ctx, int status, struct oh_str text) {
  struct test_call *c = ctx;
  if (!*c->seen->error && !c->leaving)
    snprintf(c->seen->error, sizeof c->seen->error, "%.*s (%d)", OH_STR_ARG(text), status);
}

static void on_timer(uv_timer_t *timer) {
  struct test_call *c = timer->data;
  int64_t now_us = oh_clock_us();
  if (!c->leaving) oh_phone_send(c->phone, now_us, (struct oh_bytes){word, sizeof word}, FRAME_SAMPLES, 30);
  if (!c->leaving && now_us >= c->begun_us + PATIENCE_US) leave(c, now_us);
  if (now_us >= c->end_us) uv_stop(&c->loop);
}

static void talk(struct test_call *c, struct oh_phone_config *config) {
  const char *error = NULL;
  OH_CHECK(uv_loop_init(&c->loop) == 0);
  OH_CHECK(uv_timer_init(&c->loop, &c->timer) == 0);
  c->timer.data = c;
  config->loop = &c->loop;
  c->phone = oh_phone_open(config, &error);
  if (c->phone) {
    uv_timer_start(&c->timer, on_timer, FRAME_MS, FRAME_MS);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    oh_phone_close(c->phone);
  } else {
    snprintf(c->seen->error, sizeof c->seen->error, "%s", error);
  }
  uv_close((uv_handle_t *)&c->timer, NULL);
  uv_run(&c->loop, UV_RUN_DEFAULT);
  OH_CHECK(uv_loop_close(&c->loop) == 0);
}

// {"token", "serverUrl"} of the server's own network check. NULL: there is none, and `seen` says why.
static json_t *fetch_ticket(const char *url, const char *ca_file, struct oh_doctor_call *seen) {
  char address[600];
  snprintf(address, sizeof address, "%s/api/voice/preflight", url);
  struct oh_exchange wish = {.url = address, .body = "", .ca_file = ca_file, .timeout_ms = 8000};
  struct oh_exchanged got;
  oh_exchange(&wish, &got);
  json_t *ticket = got.status == 200 ? json_loadb(got.body.data, got.body.len, 0, NULL) : NULL;
  bool ok = json_string_value(json_object_get(ticket, "token")) &&
            json_string_value(json_object_get(ticket, "serverUrl"));
  if (!ok && got.status == 404)
    seen->joined = OH_SEEN_NOT; // the echo is switched off, or calls are carried elsewhere: nothing to test
  else if (!ok)
    snprintf(seen->error, sizeof seen->error, "no token (%d) %s", got.status, got.error);
  oh_exchanged_fini(&got);
  if (ok) return ticket;
  json_decref(ticket);
  return NULL;
}

void oh_doctor_call_echo(const char *url, const char *ca_file, bool tcp, struct oh_doctor_call *seen) {
  char error[OH_TLS_ERROR_MAX] = "";
  *seen = (struct oh_doctor_call){.joined = OH_SEEN_NO, .connected = OH_SEEN_NO, .heard = OH_SEEN_NO};
  json_t *ticket = fetch_ticket(url, ca_file, seen);
  if (!ticket) return;
  struct test_call *c = calloc(1, sizeof *c);
  OH_CHECK(c);
  c->seen = seen;
  c->world.random = oh_entropy();
  c->world.log = (struct oh_log){.level = OH_LOG_ERROR, .line = no_log};
  c->world.unix_offset_us = oh_clock_unix_offset_us();
  c->begun_us = oh_clock_us();
  c->end_us = c->begun_us + PATIENCE_US + GOODBYE_US;
  struct oh_identity *identity = oh_identity_open();
  struct oh_tls *tls = oh_tls_open_client(ca_file, error);
  struct oh_phone_config config = {.world = &c->world,
                                   .identity = identity,
                                   .tls = tls,
                                   .url = json_string_value(json_object_get(ticket, "serverUrl")),
                                   .token = json_string_value(json_object_get(ticket, "token")),
                                   .publish = true,
                                   .tcp = tcp,
                                   .event = on_event,
                                   .trouble = on_trouble,
                                   .ctx = c};
  if (identity && tls)
    talk(c, &config);
  else
    snprintf(seen->error, sizeof seen->error, "%s", error);
  oh_tls_close(tls);
  if (identity) oh_identity_close(identity);
  free(c);
  json_decref(ticket);
}
