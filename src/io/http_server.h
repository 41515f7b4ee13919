// http_server.h — HTTP/1.1 and WebSocket server on one loop: TLS, keep-alive, deadlines, limits, upgrade.
// Everything runs on the loop's thread; a connection is known by its id, and an id that has gone is ignored
// (functions return false). Callbacks come only from the loop, never from inside one of these functions.
//
//   accept → [TLS 5 s] → head 5 s → body 10 s → request() ──respond──→ next request (idle 30 s) or close
//                                                   ├──upgrade──→ message()* → closed()
//                                                   └──detach───→ parcel, by mail → adopt on another loop
//
// Malformed and late requests are answered here (400, 408, 411, 413, 414, 426, 431, 501, 505) and counted.
#pragma once
#include "base/addr.h"
#include "base/slab.h"
#include "base/world.h"
#include "io/tls.h"
#include "wire/http.h"
#include "wire/ws.h"

struct uv_loop_s;
struct oh_http_server;
struct oh_http_parcel;

struct oh_http_handler {
  // A whole request with its body. Answer now or later, exactly once: oh_http_respond, oh_http_upgrade or
  // oh_http_detach. `request` stays valid until then (also by oh_http_held). No deadline runs meanwhile.
  void (*request)(void *ctx, int64_t now_us, oh_id conn, const struct oh_http_request *request);
  // A whole WebSocket message. `data` is gone afterwards.
  void (*message)(void *ctx, int64_t now_us, oh_id conn, bool is_text, struct oh_bytes data);
  // Once per upgraded connection, whoever ended it: the code received, the code we sent to a peer that broke
  // the protocol (1002, 1007, 1009), or OH_WS_ABNORMAL. And once per held request whose client went away
  // (code 0; told at once only for upgrade requests, others may close their side early and still read). The
  // id is dead. Not called for connections closed by oh_http_server_close.
  void (*closed)(void *ctx, int64_t now_us, oh_id conn, uint16_t code);
  // Adds field lines ("Name: value\r\n") to an answer that the server itself gives to a bad request, such as
  // CORS; `origin` is the Origin field if it could be read, else empty. May be NULL.
  void (*refusal_fields)(void *ctx, struct oh_str origin, struct oh_text *fields);
};

struct oh_http_server_config {
  struct uv_loop_s *loop;
  struct oh_world *world;
  const struct oh_http_handler *handler; // must outlive the server
  void *ctx;
  uint32_t connections_max;             // 0: OH_HTTP_CONNECTIONS_MAX
  uint32_t connections_per_address_max; // 0: OH_HTTP_PER_ADDRESS_MAX; v6 counts by /64
  size_t body_max;                      // 0: OH_HTTP_BODY_MAX
};

struct oh_http_server *oh_http_server_open(const struct oh_http_server_config *config);
// Stops listening, cuts all connections; its handles are freed once the loop has run. Not from inside a
// callback of this server. NULL is fine.
void oh_http_server_close(struct oh_http_server *server);

// Opens a listening socket (non-blocking) that any number of servers may add; its opener closes it after
// them. Negative errno on failure. *bound is the address with the real port (may be NULL).
int oh_http_listen(const struct oh_addr *addr, struct oh_addr *bound);
// Accepts on fd from now on; with `tls` (NULL: plain) for TLS connections. The fd stays the caller's.
void oh_http_server_add_listener(struct oh_http_server *server, int fd, struct oh_tls *tls);
void oh_http_server_set_tls(struct oh_http_server *server, struct oh_tls *tls); // for new TLS connections
void oh_http_server_stop_listening(struct oh_http_server *server);              // connections live on
uint32_t oh_http_server_connections(const struct oh_http_server *server);

struct oh_http_response {
  int status;
  struct oh_str type;   // Content-Type; empty: none
  struct oh_str fields; // more lines, each "Name: value\r\n"
  struct oh_bytes body; // copied, unless body_is_static
  bool body_is_static;  // the body outlives the connection (embedded files): sent without a copy
  bool close;           // close the connection after it
};
// Answers the held request. HEAD gets the fields and length without the body. False: the client has gone.
bool oh_http_respond(struct oh_http_server *server, oh_id conn, const struct oh_http_response *response);
// The held request, or NULL. Its peer, and whether it came over TLS.
const struct oh_http_request *oh_http_held(const struct oh_http_server *server, oh_id conn);
struct oh_addr oh_http_peer(const struct oh_http_server *server, oh_id conn);
bool oh_http_is_tls(const struct oh_http_server *server, oh_id conn);

// Answers a held upgrade request (request->upgrade) with 101 and `fields`; messages flow from now on.
// Pings go out every 10 s; a peer silent for 30 s is closed.
bool oh_http_upgrade(struct oh_http_server *server, oh_id conn, struct oh_str fields);
// Queues a message. False: gone, or the client does not read: more than OH_SIGNAL_QUEUE_MAX bytes would wait;
// it is then cut (signal_slow_reader, closed() follows).
bool oh_ws_send(struct oh_http_server *server, oh_id conn, bool is_text, struct oh_bytes data);
// Sends a close frame after what is queued and waits up to 2 s for the answer; closed() follows. No message()
// comes after this.
void oh_ws_close(struct oh_http_server *server, oh_id conn, uint16_t code, struct oh_str reason);
void oh_http_abort(struct oh_http_server *server, oh_id conn); // cuts it at once; closed() follows

// Moves a connection with a held request to another thread: the socket, its TLS state, the request and the
// unread bytes go into the parcel, the id is dead without closed(). NULL: the client has gone. Adopt it on
// the other server (same rules as after request()), or free it (which closes the connection). adopt returns
// 0 when that server is full; the client was then answered 503.
struct oh_http_parcel *oh_http_detach(struct oh_http_server *server, oh_id conn);
oh_id oh_http_adopt(struct oh_http_server *server, struct oh_http_parcel *take_parcel);
void oh_http_parcel_free(void *parcel);
