// stream.h — connected TCP sockets on a loop, plain or TLS: reading, a bounded write queue, one absolute
// deadline each, polite and rude ends, and the move to another loop. The doors (http_server, ice_tcp,
// ws_client) are built on it. One struct oh_streams per door holds its streams, their deadlines and limits.
#pragma once
#include "base/addr.h"
#include "base/bytes.h"
#include "io/tls.h"

struct uv_loop_s;
struct oh_streams;
struct oh_stream;

enum oh_stream_end {
  OH_STREAM_EOF,   // the peer has closed its side
  OH_STREAM_ERROR, // reset, unreachable, refused
  OH_STREAM_TLS,   // the handshake or a record failed
  OH_STREAM_SLOW,  // the write queue was full, or drained below OH_STREAM_PACE_BYTES per OH_HTTP_WRITE_US
};

// All optional but `closed`. They come only from the loop, never from inside a function of this file.
struct oh_stream_handler {
  void (*ready)(void *ctx, int64_t now_us); // connected and the TLS handshake is done (see oh_stream_ready)
  void (*data)(void *ctx, int64_t now_us, uint8_t *data, size_t len);
  void (*drained)(void *ctx, int64_t now_us);  // the write queue ran empty
  void (*deadline)(void *ctx, int64_t now_us); // the time set with oh_stream_set_deadline has come
  void (*closed)(void *ctx, int64_t now_us, enum oh_stream_end end); // the stream is dead, forget it
};

// Limits count until a stream has really gone, lingering ones too. v6 addresses count by /64.
struct oh_streams *oh_streams_open(struct uv_loop_s *loop, uint32_t max, uint32_t per_address_max,
                                   bool loopback_is_free);
void oh_streams_close(struct oh_streams *streams); // cuts all without callbacks; freed once the loop has run
uint32_t oh_streams_count(const struct oh_streams *streams);
// Is there room for one more from this address?
bool oh_streams_admit(const struct oh_streams *streams, const struct oh_addr *peer);

// Takes the connected (or, with `connecting`, still connecting) socket. `session` (NULL: plain) is owned, its
// handshake is done here if needed. Reading starts at once.
struct oh_stream *oh_stream_open(struct oh_streams *streams, int take_fd, struct ssl_st *take_session,
                                 const struct oh_addr *peer, bool connecting, size_t queue_max,
                                 const struct oh_stream_handler *handler, void *ctx);
bool oh_stream_ready(const struct oh_stream *stream); // nothing to wait for before data
bool oh_stream_is_tls(const struct oh_stream *stream);
struct oh_addr oh_stream_peer(const struct oh_stream *stream);
void oh_stream_set_deadline(struct oh_stream *stream, int64_t at_us); // OH_NEVER: none
// Stops or starts reading. While stopped, `watch` asks for `closed` as soon as the peer hangs up.
void oh_stream_set_reading(struct oh_stream *stream, bool reading, bool watch);

// Queues the parts as one and sends what goes at once. False: dead, or more than queue_max would wait; the
// stream is then closed as SLOW.
bool oh_stream_write(struct oh_stream *stream, const struct oh_bytes *parts, size_t count);
// Bytes that outlive the stream go out after the queue, uncopied and not limited by queue_max.
bool oh_stream_write_static(struct oh_stream *stream, struct oh_bytes bytes);
size_t oh_stream_waiting(const struct oh_stream *stream);

// Three ends without callback; the stream is not the caller's any more. close: now (a reset if bytes are
// unread). finish: sends what waits, then closes its side and discards input until the peer closes, too, or
// OH_HTTP_LINGER_US has passed.
void oh_stream_close(struct oh_stream *stream);
void oh_stream_finish(struct oh_stream *stream);
// detach: hands out socket and TLS session for another loop. False (and closed): bytes were still waiting.
bool oh_stream_detach(struct oh_stream *stream, int *fd, struct ssl_st **session);
