// dtls.h — one DTLS 1.2 association on OpenSSL (RFC 6347, RFC 5764), without sockets and clocks: datagrams
// in, datagrams out through a callback, retransmission by our own deadline. Every datagram has to pass
// oh_dtls_filter first: OpenSSL only sees records an honest browser could have sent at that moment.
#pragma once
#include "base/bytes.h"
#include "base/limits.h"
#include "rtc/cipher.h"
#include "rtc/identity.h"
#include <stdbool.h>

#define OH_DTLS_MESSAGE_MAX 16384 // bytes of one handshake message; a client's certificate is about 400

// ---- the record filter (RELIABILITY N4, N5), which needs no OpenSSL
struct oh_dtls_gate {
  bool server;          // we are the server
  bool begun;           // an association exists
  bool done;            // its handshake is finished
  uint32_t early_count; // encrypted handshake records let through before that
};
// Keeps the acceptable records of the datagram (moved together, in place) and returns their total length;
// *dropped is increased by the number of records left out (broken framing drops the rest as one).
//  * before an association exists, on a server: ClientHello fragments only; on a client: nothing
//  * during the handshake: epoch 0 handshake and ChangeCipherSpec, and at most OH_DTLS_EARLY_MAX handshake
//  records
//    of epoch 1; never a plain alert, which anybody may have sent
//  * afterwards: epoch 1 only, long enough for its nonce, tag and one byte
size_t oh_dtls_filter(struct oh_dtls_gate *gate, uint8_t *data, size_t len, uint32_t *dropped);
// Whether data starts with a record (RFC 7983: first byte 20…63).
static inline bool oh_dtls_is(const uint8_t *data, size_t len) {
  return len >= 13 && data[0] >= 20 && data[0] <= 63;
}

// ---- the association
enum oh_dtls_state {
  OH_DTLS_SHAKING,
  OH_DTLS_DONE,   // handshake finished: keys and the remote's certificate are known (but not yet believed)
  OH_DTLS_CLOSED, // the remote sent close_notify
  OH_DTLS_FAILED,
};
struct oh_dtls;
typedef void oh_dtls_send(void *ctx, const uint8_t *data, size_t len); // one datagram; must not call back

struct oh_dtls *oh_dtls_open(const struct oh_identity *identity, bool client, oh_dtls_send *send, void *ctx);
void oh_dtls_close(struct oh_dtls *d); // sends nothing; NULL is fine
// The client's first flight. A server starts with the first oh_dtls_recv.
enum oh_dtls_state oh_dtls_start(struct oh_dtls *d, int64_t now_us);
// One filtered datagram. Also to be called after the handshake: lost last flights are answered here.
enum oh_dtls_state oh_dtls_recv(struct oh_dtls *d, int64_t now_us, const uint8_t *data, size_t len);
// The next application record that arrived, up to `capacity` bytes; 0 if there is none. After it, ask the
// state.
size_t oh_dtls_read(struct oh_dtls *d, uint8_t *buffer, size_t capacity);
enum oh_dtls_state oh_dtls_state(const struct oh_dtls *d);
int64_t oh_dtls_deadline(const struct oh_dtls *d); // next retransmission; OH_NEVER outside the handshake
enum oh_dtls_state oh_dtls_tick(struct oh_dtls *d, int64_t now_us);

bool oh_dtls_write(struct oh_dtls *d, const uint8_t *data, size_t len); // one application record
void oh_dtls_goodbye(struct oh_dtls *d);                                // close_notify

// After the handshake: SHA-256 of the remote certificate; false if there is none.
bool oh_dtls_remote_digest(const struct oh_dtls *d, uint8_t digest[32]);
struct oh_dtls_keys { // RFC 5764 4.2; zero it after use
  enum oh_srtp_profile profile;
  uint8_t local_key[16], remote_key[16];
  uint8_t local_salt[14], remote_salt[14];
};
bool oh_dtls_export(const struct oh_dtls *d, struct oh_dtls_keys *keys); // false without an SRTP profile

// For identity.c: the BIO that all associations share.
struct bio_method_st *oh_dtls_bio_method(void);
