// websocket.c — a connection of http_server.h after its 101: messages, pings, the closing handshake.
#include "base/check.h"
#include "base/heap.h"
#include "io/clock.h"
#include "io/http_connection.h"

static bool send_frame(struct oh_http_connection *c, enum oh_ws_opcode opcode, struct oh_bytes payload) {
  uint8_t head[OH_WS_HEAD_MAX];
  size_t n = oh_ws_write_head(head, opcode, true, payload.len, NULL);
  struct oh_bytes parts[2] = {{head, n}, payload};
  return oh_stream_write(c->stream, parts, 2);
}

static void send_close(struct oh_http_connection *c, uint16_t code, struct oh_str reason) {
  uint8_t payload[125];
  size_t n = oh_ws_write_close(payload, code, reason);
  send_frame(c, OH_WS_CLOSE, (struct oh_bytes){payload, n});
}

static void end(struct oh_http_connection *c, int64_t now_us, uint16_t code) {
  oh_stream_finish(c->stream);
  oh_http_connection_tell_closed(c, now_us, code);
}

void oh_http_connection_begin_websocket(struct oh_http_connection *c, int64_t now_us) {
  c->state = OH_WS_OPEN;
  c->heard_us = now_us;
  oh_ws_reader_init(&c->ws, true, OH_SIGNAL_MESSAGE_MAX);
  c->again = c->in_len > 0; // frames that came right behind the request
  oh_stream_set_reading(c->stream, true, false);
  oh_stream_set_deadline(c->stream, c->again ? now_us : now_us + OH_WS_PING_US);
}

// Pings are work that the application never sees, and their answers wait for who does not read.
static bool answer_ping(struct oh_http_connection *c, int64_t now_us) {
  if (c->state != OH_WS_OPEN) return true;
  if (++c->pings > OH_WS_PINGS_MAX) {
    oh_count(&c->world->counters, OH_COUNT_websocket_drop_pings);
    send_close(c, OH_WS_POLICY, (struct oh_str){0});
    end(c, now_us, OH_WS_POLICY);
    return false;
  }
  send_frame(c, OH_WS_PONG, c->ws.payload);
  return true;
}

// One event of the reader. False: the connection has gone.
static bool take_event(struct oh_http_connection *c, int64_t now_us, enum oh_ws_read event) {
  struct oh_http_server *server = c->server;
  oh_id id = c->id;
  switch (event) {
  case OH_WS_READ_MORE:
  case OH_WS_READ_PONG: return true;
  case OH_WS_READ_TEXT:
  case OH_WS_READ_BINARY:
    if (c->state != OH_WS_OPEN) return true;
    c->handler->message(c->handler_ctx, now_us, id, event == OH_WS_READ_TEXT, c->ws.payload);
    return oh_http_connection_find(server, id) != NULL;
  case OH_WS_READ_PING: return answer_ping(c, now_us);
  case OH_WS_READ_CLOSE:
    if (c->state == OH_WS_OPEN) send_close(c, c->ws.code, (struct oh_str){0});
    end(c, now_us, c->ws.code);
    return false;
  case OH_WS_READ_BAD:
    oh_count(&c->world->counters, OH_COUNT_websocket_drop_malformed);
    if (c->state == OH_WS_OPEN) send_close(c, c->ws.code, (struct oh_str){0});
    end(c, now_us, c->ws.code);
    return false;
  }
  return true;
}

static bool feed(struct oh_http_connection *c, int64_t now_us, const uint8_t *data, size_t len) {
  while (len) {
    size_t used = 0;
    enum oh_ws_read event = oh_ws_recv(&c->ws, data, len, &used);
    if (!take_event(c, now_us, event)) return false;
    if (c->state == OH_HTTP_CUT) return false;
    data += used, len -= used;
  }
  return true;
}

static bool feed_kept(struct oh_http_connection *c, int64_t now_us) {
  char *kept = c->in;
  size_t len = c->in_len;
  c->in = NULL;
  c->in_len = c->in_cap = 0;
  bool alive = feed(c, now_us, (const uint8_t *)kept, len);
  free(kept);
  return alive;
}

void oh_http_connection_feed(struct oh_http_connection *c, int64_t now_us, const uint8_t *data, size_t len) {
  c->heard_us = now_us;
  if (c->in_len && !feed_kept(c, now_us)) return;
  feed(c, now_us, data, len);
}

void oh_http_connection_websocket_deadline(struct oh_http_connection *c, int64_t now_us, bool again) {
  if (c->state == OH_WS_CLOSING) { // no answer to our close frame
    end(c, now_us, OH_WS_ABNORMAL);
    return;
  }
  oh_stream_set_deadline(c->stream, now_us + OH_WS_PING_US);
  if (again) {
    if (c->in_len) feed_kept(c, now_us);
  } else if (now_us - c->heard_us >= OH_WS_SILENCE_US) {
    oh_count(&c->world->counters, OH_COUNT_websocket_timeouts);
    oh_stream_close(c->stream);
    oh_http_connection_tell_closed(c, now_us, OH_WS_ABNORMAL);
  } else {
    c->pings = 0;
    send_frame(c, OH_WS_PING, (struct oh_bytes){0});
  }
}

bool oh_ws_send(struct oh_http_server *server, oh_id conn, bool is_text, struct oh_bytes data) {
  struct oh_http_connection *c = oh_http_connection_find(server, conn);
  if (!c || c->state != OH_WS_OPEN) return false;
  size_t waiting = oh_stream_waiting(c->stream);
  if (data.len > OH_SIGNAL_QUEUE_MAX || waiting > OH_SIGNAL_QUEUE_MAX - data.len) {
    oh_count(&c->world->counters, OH_COUNT_signal_slow_reader);
    oh_http_abort(server, conn);
    return false;
  }
  return send_frame(c, is_text ? OH_WS_TEXT : OH_WS_BINARY, data);
}

void oh_ws_close(struct oh_http_server *server, oh_id conn, uint16_t code, struct oh_str reason) {
  struct oh_http_connection *c = oh_http_connection_find(server, conn);
  if (!c || c->state != OH_WS_OPEN) return;
  send_close(c, code, reason);
  c->state = OH_WS_CLOSING;
  oh_stream_set_deadline(c->stream, oh_clock_us() + OH_WS_CLOSE_US);
}
