// tls.h — TLS 1.2+ contexts (OpenSSL). A context may be shared by threads and replaced while connections
// made with it live on: whoever needs it keeps its own reference. Opening one makes the process ignore
// SIGPIPE.
#pragma once
#include "base/text.h"
#include <stdbool.h>

struct oh_tls;

#define OH_TLS_ERROR_MAX 256
// Server: PEM chain and key; ALPN offers http/1.1 only. To reload a certificate open a new context and give
// it to the doors. NULL: `error` says why, in a sentence.
struct oh_tls *oh_tls_open_server(const char *chain_path, const char *key_path, char error[OH_TLS_ERROR_MAX]);
// Client: verifies the chain against ca_path (PEM; NULL: the system's) and the host name.
struct oh_tls *oh_tls_open_client(const char *ca_path, char error[OH_TLS_ERROR_MAX]);
struct oh_tls *oh_tls_keep(struct oh_tls *tls); // one more reference
void oh_tls_close(struct oh_tls *tls);          // gives one reference back; NULL is fine
// Whether a certificate's file (PEM, the first one in it) is for `host`, a name or an address, and still
// valid. False: `error` says what it is for.
bool oh_tls_names(const char *chain_path, const char *host, char error[OH_TLS_ERROR_MAX]);

// Used by io/stream.c only.
struct ssl_st;
struct ssl_st *oh_tls_session(struct oh_tls *tls, int fd, const char *server_name); // NULL name: server
void oh_tls_session_close(struct ssl_st *session);

enum oh_tls_result { OH_TLS_OK, OH_TLS_WANT_READ, OH_TLS_WANT_WRITE, OH_TLS_END, OH_TLS_FAILED };
// Each leaves this thread's OpenSSL error queue empty, so one connection's failure never shows in another.
bool oh_tls_is_done(const struct ssl_st *session); // the handshake is behind it
enum oh_tls_result oh_tls_handshake(struct ssl_st *session);
enum oh_tls_result oh_tls_read(struct ssl_st *session, void *buffer, size_t cap, size_t *len);
enum oh_tls_result oh_tls_write(struct ssl_st *session, const void *data, size_t len, size_t *sent);
bool oh_tls_pending(const struct ssl_st *session); // decrypted bytes wait, the socket will not tell
void oh_tls_end(struct ssl_st *session);           // sends close_notify if it can
