// caller.h — the client half: one caller who joins a room over LiveKit's protocol, publishes one microphone
// track and hears everybody else. Sans-IO, like the server: `offhook call`, the load generator and the
// simulator drive it.
//
// The owner opens a WebSocket to oh_caller_path() whenever OH_CALLER_DIAL says so, carries frames and
// datagrams, and calls tick at the deadline. A lost connection is resumed, or rebuilt when the server asks
// for it, as LiveKit's own clients do (facts/LIVEKIT.md 3.12, 3.13).
#pragma once
#include "base/addr.h"
#include "base/outbox.h"
#include "base/text.h"
#include "base/world.h"
#include "wire/rtp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oh_caller;
struct oh_identity;

#define OH_CALLER_LEGS 2 // transports: 0 = publisher (or the only one), 1 = subscriber

struct oh_caller_config {
  const char *token;         // access token; replaced by refreshed ones
  bool two_peer_connections; // /rtc with two transports, else /rtc/v1 with one
  bool publish;              // a microphone track
  bool tcp;                  // use the server's ICE-TCP candidates only
  uint32_t max_attempts;     // reconnects in a row before giving up; 0 = 10, as LiveKit's JS client
  // Data channels (one peer connection only): what users of the room say on them. NULL: none are opened.
  void (*on_data)(void *ctx, int64_t now_us, bool lossy, struct oh_bytes payload); // within calls below
  void *data_ctx;
  struct oh_outbox *out[OH_CALLER_LEGS]; // each leg has its own socket, as in a browser
  uint32_t stream[OH_CALLER_LEGS];       // tcp: the door's stream number of that leg
};

enum oh_caller_event_type {
  OH_CALLER_DIAL = 1,  // open a WebSocket to oh_caller_path() (close an old one first)
  OH_CALLER_JOINED,    // in the room (also after a rebuilt session)
  OH_CALLER_CONNECTED, // media flows (first leg)
  OH_CALLER_PUBLISHED, // our track is known: event.track
  OH_CALLER_AUDIO,     // a packet of somebody else: participant, track, rtp, opus
  OH_CALLER_DATA_OPEN, // both data channels stand
  OH_CALLER_RECONNECTING,
  OH_CALLER_RESUMED, // signalling is back, the session went on
  OH_CALLER_LEFT,    // it is over: event.reason (livekit.DisconnectReason, or -1: could not join), event.text
};

struct oh_caller_event {
  enum oh_caller_event_type type;
  const char *participant, *track; // sids; borrowed until the next call
  struct oh_rtp_header rtp;
  struct oh_bytes opus; // borrowed from the datagram
  int reason;
  const char *text;
};

struct oh_caller *oh_caller_open(struct oh_world *world, struct oh_identity *identity, int64_t now_us,
                                 const struct oh_caller_config *config);
void oh_caller_close(struct oh_caller *caller);

const char *oh_caller_path(struct oh_caller *caller);        // "/rtc/v1?join_request=…", without the token
const char *oh_caller_token(const struct oh_caller *caller); // for the Authorization header: "Bearer " + this
void oh_caller_signal_open(struct oh_caller *caller, int64_t now_us);
// The upgrade was refused with an HTTP status (0: no connection), or the socket closed.
void oh_caller_signal_closed(struct oh_caller *caller, int64_t now_us, int http_status);
void oh_caller_recv(struct oh_caller *caller, int64_t now_us, const uint8_t *data,
                    size_t len); // a binary message
// The next binary message to send; malloc'd, the owner free()s it.
bool oh_caller_next_frame(struct oh_caller *caller, uint8_t **data, size_t *len);

void oh_caller_datagram(struct oh_caller *caller, int64_t now_us, unsigned leg, const struct oh_addr *from,
                        uint8_t *data, size_t len);
int64_t oh_caller_deadline(const struct oh_caller *caller);
void oh_caller_tick(struct oh_caller *caller, int64_t now_us);
bool oh_caller_next(struct oh_caller *caller, struct oh_caller_event *event); // drain after each call above

// Sends one Opus packet that lasts `samples` at 48 kHz; level in -dBov. False until published and connected;
// the timestamp advances all the same.
bool oh_caller_send(struct oh_caller *caller, int64_t now_us, const uint8_t *opus, size_t len,
                    uint32_t samples, uint8_t level);
// A user packet to everybody in the room. False until OH_CALLER_DATA_OPEN, above OH_CALLER_DATA_MAX, or when
// too much waits already.
#define OH_CALLER_DATA_MAX 1200
bool oh_caller_send_data(struct oh_caller *caller, int64_t now_us, bool lossy, struct oh_bytes payload);
void oh_caller_mute(struct oh_caller *caller, bool muted);
void oh_caller_leave(struct oh_caller *caller); // says goodbye; then OH_CALLER_LEFT with CLIENT_INITIATED
const char *oh_caller_sid(const struct oh_caller *caller); // our participant sid, "" before joining
uint32_t oh_caller_others(const struct oh_caller *caller); // how many other participants are in the room
// The display name of another participant (its identity if it has none), "" if unknown; borrowed.
const char *oh_caller_name(const struct oh_caller *caller, const char *participant_sid);
