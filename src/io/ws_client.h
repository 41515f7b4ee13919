// ws_client.h — a WebSocket client on a loop (`offhook call`, tests): resolves, connects, TLS, upgrade,
// messages. One attempt; who wants to retry opens another. Callbacks come only from the loop.
#pragma once
#include "base/text.h"
#include "base/world.h"
#include "io/tls.h"
#include "wire/ws.h"

struct uv_loop_s;
struct oh_ws_client;

struct oh_ws_client_handler {
  void (*opened)(void *ctx, int64_t now_us);
  void (*message)(void *ctx, int64_t now_us, bool is_text, struct oh_bytes data);
  // The end, exactly once unless closed by oh_ws_client_close. `status` is the HTTP status if the server
  // answered something other than 101 (`text` is then its body), else 0; `code` the WebSocket code; `text`
  // otherwise says in a sentence what went wrong (empty after a normal close).
  void (*closed)(void *ctx, int64_t now_us, int status, uint16_t code, struct oh_str text);
};

struct oh_ws_client_config {
  struct uv_loop_s *loop;
  struct oh_world *world;
  struct oh_str url;    // ws://host[:port]/path?query, wss:// (http/https are taken as such)
  struct oh_str fields; // more request lines, each "Name: value\r\n" (Authorization …)
  struct oh_tls *tls;   // needed for wss, see oh_tls_open_client; kept
  const struct oh_ws_client_handler *handler;
  void *ctx;
  int64_t timeout_us; // for everything until 101; 0: 10 s
};

// NULL: the URL is malformed, or wss without tls.
struct oh_ws_client *oh_ws_client_open(const struct oh_ws_client_config *config);
// False: not open, or too much is waiting.
bool oh_ws_client_send(struct oh_ws_client *client, bool is_text, struct oh_bytes data);
void oh_ws_client_finish(struct oh_ws_client *client, uint16_t code); // close frame; closed() follows
void oh_ws_client_close(struct oh_ws_client *client); // at once; freed once the loop has run; NULL is fine
