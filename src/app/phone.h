// phone.h — a native telephone: one oh_caller with real sockets on a libuv loop. A WebSocket for signalling,
// a UDP socket (or an ICE-TCP stream) per leg. `offhook call` is a phone with a file at each end.
#pragma once
#include "caller/caller.h"

struct uv_loop_s;
struct oh_phone;
struct oh_tls;
struct oh_identity;

struct oh_phone_config {
  struct uv_loop_s *loop;
  struct oh_world *world;
  struct oh_identity *identity;
  struct oh_tls *tls; // for wss; NULL: ws only
  const char *url;    // ws[s]://host[:port], without a path; borrowed
  const char *token;  // borrowed
  bool two_peer_connections, publish, tcp;
  // What the caller tells, DIAL excepted. Never after OH_CALLER_LEFT.
  void (*event)(void *ctx, int64_t now_us, const struct oh_caller_event *event);
  // A line for people why signalling did not come about or ended; may be NULL.
  void (*trouble)(void *ctx, int status, struct oh_str text);
  void *ctx;
};

// Dials at once. NULL: no UDP socket can be opened, or the URL is not one (*error says which).
struct oh_phone *oh_phone_open(const struct oh_phone_config *config, const char **error);
bool oh_phone_send(struct oh_phone *phone, int64_t now_us, struct oh_bytes opus, uint32_t samples,
                   uint8_t level);
void oh_phone_leave(struct oh_phone *phone); // OH_CALLER_LEFT follows; the goodbye is on its way
const struct oh_caller *oh_phone_caller(const struct oh_phone *phone);
bool oh_phone_is_quiet(const struct oh_phone *phone); // no connection for signalling is open (any more)
void oh_phone_close(struct oh_phone *phone);          // freed once the loop has run
