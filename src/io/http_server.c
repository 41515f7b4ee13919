// http_server.c — see http_server.h. HTTP lives here, what comes after the 101 in websocket.c.
#include "io/http_server.h"
#include "base/check.h"
#include "base/heap.h"
#include "io/clock.h"
#include "io/http_connection.h"
#include "io/stream.h"
#include "io/tcp.h"
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTENERS_MAX 16
// Answers with a copied body: everything the server API lists. More is a 500.
#define RESPONSE_MAX (64 * 1024 * 1024)

struct listener {
  struct oh_http_server *server;
  struct oh_tcp_listener *tcp;
  bool is_tls;
};

struct oh_http_server {
  struct oh_http_server_config config;
  struct oh_slab connections;
  struct oh_streams *streams;
  struct oh_tls *tls;
  struct listener listeners[LISTENERS_MAX];
  uint32_t listener_count;
  bool stopping;
  char date[40]; // the Date field of `date_s`
  int64_t date_s;
};

struct oh_http_parcel {
  int fd;
  struct ssl_st *session;
  struct oh_addr peer;
  char *in;
  size_t in_len;
};

static const struct oh_stream_handler stream_handler;

struct oh_http_connection *oh_http_connection_find(const struct oh_http_server *server, oh_id id) {
  return oh_slab_find(&server->connections, id);
}

static void count(struct oh_http_connection *c, enum oh_counter which) {
  oh_count(&c->server->config.world->counters, which);
}

// Forgets the connection; its stream was closed, finished or detached.
void oh_http_connection_remove(struct oh_http_connection *c) {
  free(c->request);
  free(c->in);
  oh_ws_reader_fini(&c->ws);
  oh_slab_remove(&c->server->connections, c->id);
}

void oh_http_connection_tell_closed(struct oh_http_connection *c, int64_t now_us, uint16_t code) {
  struct oh_http_server *server = c->server;
  oh_id id = c->id;
  oh_http_connection_remove(c);
  server->config.handler->closed(server->config.ctx, now_us, id, code);
}

// RFC 9110 6.6.1: an origin server with a clock sends Date. Formatted once a second.
static struct oh_str date_line(struct oh_http_server *server) {
  int64_t unix_s = oh_unix_us(server->config.world, oh_clock_us()) / 1000000;
  static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (unix_s != server->date_s) {
    time_t t = (time_t)unix_s;
    struct tm tm;
    gmtime_r(&t, &tm);
    snprintf(server->date, sizeof server->date, "Date: %.3s, %02u %.3s %04u %02u:%02u:%02u GMT\r\n",
             days + 3 * tm.tm_wday, (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
             (unsigned)tm.tm_sec % 100);
    server->date_s = unix_s;
  }
  return oh_str(server->date);
}

// Writes an answer. False: the stream is gone or doomed.
static bool write_response(struct oh_http_connection *c, const struct oh_http_response *r, bool close,
                           bool with_body) {
  struct oh_text fields, head;
  oh_text_init(&fields, 2 * OH_HTTP_HEAD_MAX);
  oh_text_init(&head, 3 * OH_HTTP_HEAD_MAX);
  if (r->type.len) oh_text_addf(&fields, "Content-Type: %.*s\r\n", OH_STR_ARG(r->type));
  oh_text_add(&fields, date_line(c->server));
  oh_text_add(&fields, r->fields);
  bool has_length = r->status != 204 && r->status != 304;
  oh_http_write_head(&head, r->status, oh_text_str(&fields), has_length ? (int64_t)r->body.len : -1, close);
  OH_CHECK(!fields.failed && !head.failed);
  struct oh_bytes parts[2] = {{(const uint8_t *)head.data, head.len}, {NULL, 0}};
  if (with_body && has_length && !r->body_is_static) parts[1] = r->body;
  bool ok = oh_stream_write(c->stream, parts, 2);
  if (ok && with_body && has_length && r->body_is_static && r->body.len)
    ok = oh_stream_write_static(c->stream, r->body);
  oh_text_fini(&fields);
  oh_text_fini(&head);
  return ok;
}

// Answers a request that the application never sees, and closes.
static void refuse(struct oh_http_connection *c, int status) {
  const struct oh_http_handler *handler = c->server->config.handler;
  struct oh_text fields;
  char body[64];
  oh_text_init(&fields, OH_HTTP_HEAD_MAX);
  if (status == 426) oh_text_adds(&fields, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  if (status == 405) oh_text_adds(&fields, "Allow: GET\r\n");
  if (handler->refusal_fields) {
    struct oh_str origin = c->request ? oh_http_field(c->request, OH_STR("Origin")) : (struct oh_str){0};
    handler->refusal_fields(c->server->config.ctx, origin, &fields);
  }
  snprintf(body, sizeof body, "%s\n", oh_http_reason(status));
  struct oh_http_response response = {
      .status = status,
      .type = OH_STR("text/plain; charset=utf-8"),
      .fields = oh_text_str(&fields),
      .body = {(const uint8_t *)body, strlen(body)},
  };
  bool is_head = c->request && oh_str_eq(c->request->method, OH_STR("HEAD"));
  write_response(c, &response, true, !is_head);
  oh_text_fini(&fields);
  oh_stream_finish(c->stream);
  oh_http_connection_remove(c);
}

static void begin_hold(struct oh_http_connection *c) {
  c->state = OH_HTTP_HELD;
  oh_stream_set_deadline(c->stream, OH_NEVER);
  // Who waits for an upgrade and hangs up must not be joined; an ordinary client may close its side early.
  oh_stream_set_reading(c->stream, false, c->request->upgrade);
}

// Looks at what came so far.
static void process(struct oh_http_connection *c, int64_t now_us) {
  struct oh_http_server *server = c->server;
  struct oh_str key;
  int status = 0;
  if (c->state == OH_HTTP_BODY && c->in_len < c->request->head_len + c->request->body.len) return;
  if (!c->request) c->request = malloc(sizeof *c->request);
  OH_CHECK(c->request);
  switch (oh_http_read_request(&c->reader, c->in, c->in_len, server->config.body_max, c->request, &status)) {
  case OH_HTTP_MORE: return;
  case OH_HTTP_BAD:
    count(c, OH_COUNT_http_drop_malformed);
    refuse(c, status);
    return;
  case OH_HTTP_HEAD:
    c->state = OH_HTTP_BODY;
    oh_stream_set_deadline(c->stream, now_us + OH_HTTP_BODY_US);
    if (c->request->expect_continue && c->in_len == c->request->head_len) {
      struct oh_str go_on = OH_STR("HTTP/1.1 100 Continue\r\n\r\n");
      oh_stream_write(c->stream, &(struct oh_bytes){(const uint8_t *)go_on.data, go_on.len}, 1);
    }
    return;
  case OH_HTTP_WHOLE: break;
  }
  count(c, OH_COUNT_http_requests);
  if (c->request->upgrade && (status = oh_ws_check_upgrade(c->request, &key)) != 101) {
    count(c, OH_COUNT_http_drop_malformed);
    refuse(c, status);
    return;
  }
  begin_hold(c);
  server->config.handler->request(server->config.ctx, now_us, c->id, c->request);
}

static void append(struct oh_http_connection *c, const uint8_t *data, size_t len) {
  if (c->in_len + len > c->in_cap) {
    size_t cap = c->in_cap ? c->in_cap * 2 : 1024;
    while (cap < c->in_len + len)
      cap *= 2;
    c->in = realloc(c->in, cap);
    OH_CHECK(c->in);
    c->in_cap = cap;
  }
  memcpy(c->in + c->in_len, data, len);
  c->in_len += len;
}

// Takes the request's bytes out of the input and keeps what came after them.
static void consume(struct oh_http_connection *c) {
  size_t used = c->request->head_len + c->request->body.len;
  OH_CHECK(used <= c->in_len);
  c->in_len -= used;
  memmove(c->in, c->in + used, c->in_len);
  c->reader = (struct oh_http_reader){0};
  free(c->request);
  c->request = NULL;
  if (c->in_len) return;
  free(c->in);
  c->in = NULL;
  c->in_cap = 0;
}

// The answer is out: the next request, from the loop (see on_deadline) if it is here already.
static void begin_next(struct oh_http_connection *c, int64_t now_us) {
  c->state = OH_HTTP_HEAD_WAIT;
  c->again = c->in_len > 0;
  oh_stream_set_reading(c->stream, true, false);
  oh_stream_set_deadline(c->stream, c->again ? now_us : now_us + OH_HTTP_IDLE_US);
}

bool oh_http_respond(struct oh_http_server *server, oh_id conn, const struct oh_http_response *response) {
  struct oh_http_connection *c = oh_http_connection_find(server, conn);
  if (!c || c->state != OH_HTTP_HELD) return false;
  OH_CHECK(response->status >= 200 && response->status <= 599);
  struct oh_http_response r = *response;
  if (!r.body_is_static && r.body.len > RESPONSE_MAX - OH_HTTP_HEAD_MAX * 3)
    r = (struct oh_http_response){.status = 500, .close = true};
  bool close = r.close || server->stopping || !c->request->keep_alive || c->request->minor == 0;
  bool is_head = oh_str_eq(c->request->method, OH_STR("HEAD"));
  bool ok = write_response(c, &r, close, !is_head);
  consume(c);
  if (!ok || close) {
    oh_stream_finish(c->stream);
    oh_http_connection_remove(c);
    return ok;
  }
  c->state = OH_HTTP_SENDING;
  if (!oh_stream_waiting(c->stream)) begin_next(c, oh_clock_us());
  return true;
}

bool oh_http_upgrade(struct oh_http_server *server, oh_id conn, struct oh_str fields) {
  struct oh_http_connection *c = oh_http_connection_find(server, conn);
  struct oh_text all, head;
  struct oh_str key;
  char accept[OH_WS_ACCEPT_LEN];
  if (!c || c->state != OH_HTTP_HELD) return false;
  OH_CHECK(oh_ws_check_upgrade(c->request, &key) == 101);
  oh_ws_accept_key(key, accept);
  oh_text_init(&all, OH_HTTP_HEAD_MAX);
  oh_text_init(&head, 2 * OH_HTTP_HEAD_MAX);
  oh_text_addf(&all, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n",
               OH_WS_ACCEPT_LEN, accept);
  oh_text_add(&all, fields);
  oh_http_write_head(&head, 101, oh_text_str(&all), -1, false);
  OH_CHECK(!all.failed && !head.failed);
  struct oh_bytes part = {(const uint8_t *)head.data, head.len};
  oh_stream_write(c->stream, &part, 1); // a failure comes as closed()
  oh_text_fini(&all);
  oh_text_fini(&head);
  consume(c);
  oh_http_connection_begin_websocket(c, oh_clock_us());
  return true;
}

void oh_http_abort(struct oh_http_server *server, oh_id conn) {
  struct oh_http_connection *c = oh_http_connection_find(server, conn);
  if (!c || c->state == OH_HTTP_CUT) return;
  c->was_websocket = c->state == OH_WS_OPEN || c->state == OH_WS_CLOSING;
  if (!c->was_websocket && c->state != OH_HTTP_HELD) return;
  c->state = OH_HTTP_CUT;
  oh_stream_set_reading(c->stream, false, false);
  oh_stream_set_deadline(c->stream, 0);
}

const struct oh_http_request *oh_http_held(const struct oh_http_server *server, oh_id conn) {
  const struct oh_http_connection *c = oh_http_connection_find(server, conn);
  return c && c->state == OH_HTTP_HELD ? c->request : NULL;
}

struct oh_addr oh_http_peer(const struct oh_http_server *server, oh_id conn) {
  const struct oh_http_connection *c = oh_http_connection_find(server, conn);
  return c ? oh_stream_peer(c->stream) : (struct oh_addr){0};
}

bool oh_http_is_tls(const struct oh_http_server *server, oh_id conn) {
  const struct oh_http_connection *c = oh_http_connection_find(server, conn);
  return c && oh_stream_is_tls(c->stream);
}

// ---- what the stream tells -------------------------------------------------------------------------------

static void on_ready(void *ctx, int64_t now_us) {
  struct oh_http_connection *c = ctx;
  c->state = OH_HTTP_HEAD_WAIT;
  oh_stream_set_deadline(c->stream, now_us + OH_HTTP_HEAD_US);
}

static void on_data(void *ctx, int64_t now_us, uint8_t *data, size_t len) {
  struct oh_http_connection *c = ctx;
  if (c->state == OH_WS_OPEN || c->state == OH_WS_CLOSING) {
    oh_http_connection_feed(c, now_us, data, len);
    return;
  }
  OH_CHECK(c->state == OH_HTTP_HEAD_WAIT || c->state == OH_HTTP_BODY);
  if (c->in_len == 0) oh_stream_set_deadline(c->stream, now_us + OH_HTTP_HEAD_US);
  append(c, data, len);
  if (!c->again) process(c, now_us);
}

static void on_drained(void *ctx, int64_t now_us) {
  struct oh_http_connection *c = ctx;
  if (c->state == OH_HTTP_SENDING) begin_next(c, now_us);
}

static void on_deadline(void *ctx, int64_t now_us) {
  struct oh_http_connection *c = ctx;
  bool again = c->again;
  c->again = false;
  switch (c->state) {
  case OH_HTTP_HANDSHAKE:
    count(c, OH_COUNT_http_timeouts);
    oh_stream_close(c->stream);
    oh_http_connection_remove(c);
    return;
  case OH_HTTP_HEAD_WAIT:
    if (again) {
      oh_stream_set_deadline(c->stream, now_us + OH_HTTP_HEAD_US);
      process(c, now_us);
    } else if (c->in_len) {
      count(c, OH_COUNT_http_timeouts);
      refuse(c, 408);
    } else { // idle, or a browser's connection in reserve
      oh_stream_finish(c->stream);
      oh_http_connection_remove(c);
    }
    return;
  case OH_HTTP_BODY: {
    int unused;
    // The input may have moved since the head was read; the refusal looks at its Origin.
    oh_http_read_request(&c->reader, c->in, c->in_len, SIZE_MAX, c->request, &unused);
    count(c, OH_COUNT_http_timeouts);
    refuse(c, 408);
    return;
  }
  case OH_WS_OPEN:
  case OH_WS_CLOSING: oh_http_connection_websocket_deadline(c, now_us, again); return;
  case OH_HTTP_CUT:
    oh_stream_close(c->stream);
    oh_http_connection_tell_closed(c, now_us, c->was_websocket ? OH_WS_ABNORMAL : 0);
    return;
  case OH_HTTP_HELD:
  case OH_HTTP_SENDING: return;
  }
}

static void on_closed(void *ctx, int64_t now_us, enum oh_stream_end end) {
  struct oh_http_connection *c = ctx;
  bool is_websocket =
      c->state == OH_WS_OPEN || c->state == OH_WS_CLOSING || (c->state == OH_HTTP_CUT && c->was_websocket);
  if (end == OH_STREAM_TLS) count(c, OH_COUNT_tls_failed);
  if (end == OH_STREAM_SLOW) count(c, is_websocket ? OH_COUNT_signal_slow_reader : OH_COUNT_http_timeouts);
  if (is_websocket) {
    oh_http_connection_tell_closed(c, now_us, OH_WS_ABNORMAL);
  } else if (c->state == OH_HTTP_HELD || c->state == OH_HTTP_CUT) {
    oh_http_connection_tell_closed(c, now_us, 0);
  } else {
    oh_http_connection_remove(c);
  }
}

static const struct oh_stream_handler stream_handler = {
    .ready = on_ready,
    .data = on_data,
    .drained = on_drained,
    .deadline = on_deadline,
    .closed = on_closed,
};

// ---- connections come, move and go -----------------------------------------------------------------------

static struct oh_http_connection *add(struct oh_http_server *server, int fd, struct ssl_st *session,
                                      const struct oh_addr *peer) {
  oh_id id;
  struct oh_http_connection *c = oh_slab_add(&server->connections, &id);
  if (!c) return NULL;
  c->server = server;
  c->handler = server->config.handler;
  c->handler_ctx = server->config.ctx;
  c->world = server->config.world;
  c->id = id;
  c->stream = oh_stream_open(server->streams, fd, session, peer, false, RESPONSE_MAX, &stream_handler, c);
  return c;
}

// We are full. A plain client may get to read it; for TLS it would cost what we do not have.
static void turn_away(struct oh_http_server *server, int fd, struct ssl_st *session) {
  static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
                               "Access-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n";
  size_t sent;
  oh_count(&server->config.world->counters, OH_COUNT_http_connections_refused);
  if (session) {
    if (oh_tls_is_done(session)) oh_tls_write(session, answer, sizeof answer - 1, &sent);
    oh_tls_session_close(session);
  } else { // cleartext to a TLS client is noise that its handshake refuses
    (void)!send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  close(fd);
}

static void on_accepted(void *ctx, int64_t now_us, int fd, const struct oh_addr *peer) {
  struct listener *listener = ctx;
  struct oh_http_server *server = listener->server;
  struct oh_http_connection *c = NULL;
  struct ssl_st *session = NULL;
  if (oh_streams_admit(server->streams, peer)) {
    if (listener->is_tls) session = oh_tls_session(server->tls, fd, NULL);
    c = add(server, fd, session, peer);
  }
  if (!c) {
    turn_away(server, fd, session);
    return;
  }
  oh_count(&server->config.world->counters, OH_COUNT_http_connections_accepted);
  c->state = listener->is_tls ? OH_HTTP_HANDSHAKE : OH_HTTP_HEAD_WAIT;
  oh_stream_set_deadline(c->stream, now_us + (listener->is_tls ? OH_HTTP_TLS_US : OH_HTTP_HEAD_US));
}

struct oh_http_parcel *oh_http_detach(struct oh_http_server *server, oh_id conn) {
  struct oh_http_connection *c = oh_http_connection_find(server, conn);
  struct oh_http_parcel *parcel = calloc(1, sizeof *parcel);
  OH_CHECK(parcel);
  if (!c || c->state != OH_HTTP_HELD) {
    free(parcel);
    return NULL;
  }
  parcel->peer = oh_stream_peer(c->stream);
  if (!oh_stream_detach(c->stream, &parcel->fd, &parcel->session)) {
    free(parcel);
    parcel = NULL;
  } else {
    parcel->in = c->in;
    parcel->in_len = c->in_len;
    c->in = NULL;
  }
  oh_http_connection_remove(c);
  return parcel;
}

void oh_http_parcel_free(void *taken) {
  struct oh_http_parcel *parcel = taken;
  if (!parcel) return;
  if (parcel->fd >= 0) {
    oh_tls_session_close(parcel->session);
    close(parcel->fd);
  }
  free(parcel->in);
  free(parcel);
}

oh_id oh_http_adopt(struct oh_http_server *server, struct oh_http_parcel *parcel) {
  struct oh_http_connection *c = NULL;
  int status = 0;
  if (oh_streams_admit(server->streams, &parcel->peer))
    c = add(server, parcel->fd, parcel->session, &parcel->peer);
  if (!c) turn_away(server, parcel->fd, parcel->session);
  parcel->fd = -1;
  parcel->session = NULL;
  if (c) {
    c->in = parcel->in;
    c->in_len = c->in_cap = parcel->in_len;
    parcel->in = NULL;
    c->request = malloc(sizeof *c->request);
    OH_CHECK(c->request);
    // It was read once: the same bytes give the same request.
    OH_CHECK(oh_http_read_request(&c->reader, c->in, c->in_len, SIZE_MAX, c->request, &status) ==
             OH_HTTP_WHOLE);
    begin_hold(c);
  }
  oh_http_parcel_free(parcel);
  return c ? c->id : 0;
}

// ---- the server ------------------------------------------------------------------------------------------

int oh_http_listen(const struct oh_addr *addr, struct oh_addr *bound) {
  return oh_tcp_listen(addr, bound);
}

struct oh_http_server *oh_http_server_open(const struct oh_http_server_config *config) {
  struct oh_http_server *server = calloc(1, sizeof *server);
  OH_CHECK(server && config->handler && config->handler->request && config->handler->closed);
  server->config = *config;
  struct oh_http_server_config *own = &server->config;
  bool default_limit = own->connections_per_address_max == 0;
  if (default_limit) own->connections_per_address_max = OH_HTTP_PER_ADDRESS_MAX;
  if (!own->connections_max) own->connections_max = OH_HTTP_CONNECTIONS_MAX;
  if (!own->body_max) own->body_max = OH_HTTP_BODY_MAX;
  oh_slab_init(&server->connections, sizeof(struct oh_http_connection), own->connections_max);
  server->streams =
      oh_streams_open(own->loop, own->connections_max, own->connections_per_address_max, default_limit);
  return server;
}

void oh_http_server_stop_listening(struct oh_http_server *server) {
  server->stopping = true;
  for (uint32_t i = 0; i < server->listener_count; i++)
    oh_tcp_listener_close(server->listeners[i].tcp);
  server->listener_count = 0;
}

void oh_http_server_close(struct oh_http_server *server) {
  if (!server) return;
  oh_http_server_stop_listening(server);
  oh_streams_close(server->streams);
  for (oh_id id = 0; (id = oh_slab_next(&server->connections, id)) != 0;)
    oh_http_connection_remove(oh_http_connection_find(server, id));
  oh_slab_fini(&server->connections);
  oh_tls_close(server->tls);
  free(server);
}

void oh_http_server_set_tls(struct oh_http_server *server, struct oh_tls *tls) {
  oh_tls_keep(tls);
  oh_tls_close(server->tls);
  server->tls = tls;
}

void oh_http_server_add_listener(struct oh_http_server *server, int fd, struct oh_tls *tls) {
  OH_CHECK(server->listener_count < LISTENERS_MAX && !server->stopping);
  struct listener *listener = &server->listeners[server->listener_count++];
  listener->server = server;
  listener->is_tls = tls != NULL;
  if (tls) oh_http_server_set_tls(server, tls);
  listener->tcp = oh_tcp_listener_open(server->config.loop, fd, on_accepted, listener);
}

uint32_t oh_http_server_connections(const struct oh_http_server *server) {
  return server->connections.used;
}
