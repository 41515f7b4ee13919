// http_connection.h — private to http_server.c and websocket.c: one accepted connection.
//
//   HANDSHAKE → HEAD_WAIT → BODY → HELD → SENDING → HEAD_WAIT …
//                                   └→ WS_OPEN → WS_CLOSING       (any of HELD, WS_*) → CUT
#pragma once
#include "io/http_server.h"
#include "io/stream.h"

enum oh_http_state {
  OH_HTTP_HANDSHAKE, // TLS
  OH_HTTP_HEAD_WAIT, // idle, or a head is coming
  OH_HTTP_BODY,
  OH_HTTP_HELD,    // the application has the request
  OH_HTTP_SENDING, // its answer is on the way
  OH_WS_OPEN,
  OH_WS_CLOSING, // our close frame is out
  OH_HTTP_CUT,   // aborted, closed() is due
};

struct oh_http_connection {
  struct oh_http_server *server;
  const struct oh_http_handler *handler;
  void *handler_ctx;
  struct oh_world *world;
  struct oh_stream *stream;
  oh_id id;
  enum oh_http_state state;
  bool again;         // bytes that came already are to be looked at by the next deadline
  bool was_websocket; // before CUT
  // The bytes of the request being read or held, and what came after it.
  char *in;
  size_t in_len, in_cap;
  struct oh_http_reader reader;
  struct oh_http_request *request; // while one is read or held
  struct oh_ws_reader ws;
  int64_t heard_us; // WebSocket: when the last byte came
  uint32_t pings;   // WebSocket: from the peer since our last one
};

void oh_http_connection_remove(struct oh_http_connection *c);
void oh_http_connection_tell_closed(struct oh_http_connection *c, int64_t now_us, uint16_t code);
struct oh_http_connection *oh_http_connection_find(const struct oh_http_server *server, oh_id id);

// websocket.c
void oh_http_connection_begin_websocket(struct oh_http_connection *c, int64_t now_us);
void oh_http_connection_feed(struct oh_http_connection *c, int64_t now_us, const uint8_t *data, size_t len);
void oh_http_connection_websocket_deadline(struct oh_http_connection *c, int64_t now_us, bool again);
