// dtls.c — see dtls.h
//
// Time: OpenSSL's DTLS timer reads the wall clock. Up to 3.1 it tells the BIO where it keeps the next timeout
// (BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT), and zero there means "not armed": we keep that pointer, put the far
// future there, so that no read retransmits by itself, and the past when our own deadline has come. The
// machine then depends on now_us alone, and clock steps do not matter. Later OpenSSLs hide the timer: there
// we only choose the durations (DTLS_set_timer_cb) and call in at the same times.
#include "rtc/dtls.h"
#include "base/check.h"
#include "base/heap.h"
#include "rtc/srtp.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/time.h>

#define OWN_TIMER (OPENSSL_VERSION_NUMBER < 0x30200000L)
enum {
  RECORD_HEADER = 13,
  CHANGE_CIPHER_SPEC = 20,
  ALERT = 21,
  HANDSHAKE = 22,
  APPLICATION = 23,
  CLIENT_HELLO = 1,
  HANDSHAKE_HEADER = 12,
  GCM_OVERHEAD = 8 + 16, // explicit nonce and tag
  RETRANSMIT_FIRST_US =
      100 * 1000, // as LiveKit's clients; RFC 6347 allows less than a second where RTTs are known
  // OpenSSL gives up after 12 retransmissions without progress: 8 s
  RETRANSMIT_MAX_US = 800 * 1000,
};

struct oh_dtls {
  SSL *ssl;
  oh_dtls_send *send;
  void *ctx;
  uint8_t batch[OH_DTLS_MTU]; // records of this call on their way out
  size_t batch_len;
  const uint8_t *in; // the datagram being read, NULL once taken
  size_t in_len;
  struct timeval *timer; // inside `ssl`; NULL while not armed
  int64_t retransmit_at_us, wait_us;
  enum oh_dtls_state state;
};

// ---- filter
// --------------------------------------------------------------------------------------------------

static bool is_handshake_start(const uint8_t *body, size_t len, uint8_t only_type) {
  if (len < HANDSHAKE_HEADER) return false;
  uint32_t total = (uint32_t)body[1] << 16 | (uint32_t)body[2] << 8 | body[3];
  return total <= OH_DTLS_MESSAGE_MAX && (only_type == 0 || body[0] == only_type);
}

static bool acceptable(struct oh_dtls_gate *gate, const uint8_t *record, size_t body_len) {
  uint8_t type = record[0];
  uint16_t epoch = oh_load_u16_be(record + 3);
  const uint8_t *body = record + RECORD_HEADER;
  if (gate->done)
    return epoch == 1 && type >= ALERT && type <= APPLICATION && body_len >= GCM_OVERHEAD + 1 &&
           (type != ALERT || body_len == GCM_OVERHEAD + 2);
  if (!gate->begun)
    return gate->server && epoch == 0 && type == HANDSHAKE &&
           is_handshake_start(body, body_len, CLIENT_HELLO);
  if (epoch == 0) {
    if (type == CHANGE_CIPHER_SPEC) return body_len == 1 && body[0] == 1;
    return type == HANDSHAKE && is_handshake_start(body, body_len, 0);
  }
  if (epoch != 1 || type != HANDSHAKE || body_len < GCM_OVERHEAD + HANDSHAKE_HEADER) return false;
  if (gate->early_count == OH_DTLS_EARLY_MAX) return false;
  gate->early_count++;
  return true;
}

size_t oh_dtls_filter(struct oh_dtls_gate *gate, uint8_t *data, size_t len, uint32_t *dropped) {
  size_t kept = 0, at = 0;
  while (at < len) {
    if (len - at < RECORD_HEADER) {
      ++*dropped;
      break;
    }
    const uint8_t *record = data + at;
    size_t body_len = oh_load_u16_be(record + 11), whole = RECORD_HEADER + body_len;
    uint16_t version = oh_load_u16_be(record + 1);
    if (body_len == 0 || whole > len - at || (version != 0xfefd && version != 0xfeff)) {
      ++*dropped; // the length cannot be trusted: leave the rest
      break;
    }
    if (acceptable(gate, record, body_len)) {
      memmove(data + kept, record, whole);
      kept += whole;
    } else {
      ++*dropped;
    }
    at += whole;
  }
  return kept;
}

// ---- BIO: a datagram in, datagrams out
// -----------------------------------------------------------------------

static int bio_read(BIO *bio, char *buffer, int size) {
  struct oh_dtls *d = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (!d->in || size < 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  size_t n = d->in_len < (size_t)size ? d->in_len : (size_t)size;
  memcpy(buffer, d->in, n);
  d->in = NULL;
  return (int)n;
}

// OpenSSL repeats a flight record by record. Sent like that, each record is lost or overtaken on its own (and
// a ChangeCipherSpec that comes too early is thrown away); together in few datagrams they arrive as they were
// sent.
static void flush(struct oh_dtls *d) {
  if (d->batch_len > 0) d->send(d->ctx, d->batch, d->batch_len);
  d->batch_len = 0;
}

static int bio_write(BIO *bio, const char *data, int len) {
  struct oh_dtls *d = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (len <= 0) return len;
  size_t n = (size_t)len;
  if (d->batch_len + n > sizeof d->batch) flush(d);
  if (n > sizeof d->batch) {
    d->send(d->ctx, (const uint8_t *)data, n);
  } else {
    memcpy(d->batch + d->batch_len, data, n);
    d->batch_len += n;
  }
  return len;
}

static void arm(struct oh_dtls *d, struct timeval *timer) {
#if OWN_TIMER
  if (timer->tv_sec == 0 && timer->tv_usec == 0) {
    d->timer = NULL; // stopped: the flight was answered, the next one starts with the short wait
    d->retransmit_at_us = OH_NEVER;
    d->wait_us = RETRANSMIT_FIRST_US;
    return;
  }
  d->timer = timer;
  *timer = (struct timeval){.tv_sec = INT32_MAX};
#else
  (void)d, (void)timer;
#endif
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer) {
  (void)number;
  switch (command) {
  case BIO_CTRL_FLUSH: return 1;
  case BIO_CTRL_DGRAM_QUERY_MTU:
  case BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return OH_DTLS_MTU;
  case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD: return 28;
  case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: arm(BIO_get_data(bio), pointer); return 1;
  default: return 0;
  }
}

static int bio_create(BIO *bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD *oh_dtls_bio_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "offhook datagrams");
  if (!method) return NULL;
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_ctrl(method, bio_ctrl);
  BIO_meth_set_create(method, bio_create);
  return method;
}

// ---- association
// ---------------------------------------------------------------------------------------------

static unsigned int next_wait(SSL *ssl, unsigned int last_us) {
  struct oh_dtls *d = SSL_get_app_data(ssl);
  (void)last_us;
  return (unsigned int)d->wait_us;
}

struct oh_dtls *oh_dtls_open(const struct oh_identity *identity, bool client, oh_dtls_send *send, void *ctx) {
  struct oh_dtls *d = calloc(1, sizeof *d);
  OH_CHECK(d);
  *d = (struct oh_dtls){
      .send = send, .ctx = ctx, .retransmit_at_us = OH_NEVER, .wait_us = RETRANSMIT_FIRST_US};
  d->ssl = SSL_new(oh_identity_context(identity, client));
  BIO *bio = BIO_new(oh_identity_bio(identity));
  OH_CHECK(d->ssl && bio);
  BIO_set_data(bio, d);
  SSL_set_bio(d->ssl, bio, bio);
  SSL_set_app_data(d->ssl, d);
  SSL_set_mtu(d->ssl, OH_DTLS_MTU);
  DTLS_set_timer_cb(d->ssl, next_wait);
  if (client)
    SSL_set_connect_state(d->ssl);
  else
    SSL_set_accept_state(d->ssl);
  return d;
}

void oh_dtls_close(struct oh_dtls *d) {
  if (!d) return;
  SSL_free(d->ssl);
  free(d);
}

// After anything that may have sent a flight: plans its retransmission. A new flight (`progress`) starts
// again with the short wait.
static void plan(struct oh_dtls *d, int64_t now_us) {
  if (d->state != OH_DTLS_SHAKING) {
    d->retransmit_at_us = OH_NEVER;
    return;
  }
#if OWN_TIMER
  bool armed = d->timer != NULL;
#else
  struct timeval left;
  bool armed = DTLSv1_get_timeout(d->ssl, &left) == 1;
#endif
  if (!armed) {
    d->retransmit_at_us = OH_NEVER;
    d->wait_us = RETRANSMIT_FIRST_US;
  } else if (d->retransmit_at_us == OH_NEVER) {
    d->retransmit_at_us = now_us + d->wait_us;
  }
}

static enum oh_dtls_state shake(struct oh_dtls *d, int64_t now_us) {
  if (d->state == OH_DTLS_SHAKING) {
    ERR_clear_error();
    int result = SSL_do_handshake(d->ssl);
    if (result == 1) {
      d->state = OH_DTLS_DONE;
    } else {
      int error = SSL_get_error(d->ssl, result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) d->state = OH_DTLS_FAILED;
    }
    ERR_clear_error();
  }
  flush(d);
  plan(d, now_us);
  return d->state;
}

enum oh_dtls_state oh_dtls_start(struct oh_dtls *d, int64_t now_us) {
  return shake(d, now_us);
}

enum oh_dtls_state oh_dtls_recv(struct oh_dtls *d, int64_t now_us, const uint8_t *data, size_t len) {
  if (d->state == OH_DTLS_FAILED || d->state == OH_DTLS_CLOSED) return d->state;
  d->in = data;
  d->in_len = len;
  if (d->state == OH_DTLS_SHAKING) shake(d, now_us);
  return d->state; // after the handshake the datagram is taken by oh_dtls_read
}

size_t oh_dtls_read(struct oh_dtls *d, uint8_t *buffer, size_t capacity) {
  if (d->state != OH_DTLS_DONE) {
    d->in = NULL;
    return 0;
  }
  ERR_clear_error();
  int n = SSL_read(d->ssl, buffer, (int)capacity);
  if (n <= 0) {
    // A record that OpenSSL does not like is never the end of an association whose ICE lives; only an
    // authenticated goodbye is. (A fatal alert under the session keys leaves SSL_RECEIVED_SHUTDOWN, too.)
    if (SSL_get_shutdown(d->ssl) & SSL_RECEIVED_SHUTDOWN) d->state = OH_DTLS_CLOSED;
    d->in = NULL;
  }
  ERR_clear_error();
  flush(d);
  return n > 0 ? (size_t)n : 0;
}

enum oh_dtls_state oh_dtls_state(const struct oh_dtls *d) {
  return d->state;
}

int64_t oh_dtls_deadline(const struct oh_dtls *d) {
  return d->retransmit_at_us;
}

enum oh_dtls_state oh_dtls_tick(struct oh_dtls *d, int64_t now_us) {
  if (d->state != OH_DTLS_SHAKING || now_us < d->retransmit_at_us) return d->state;
  d->wait_us = d->wait_us * 2 < RETRANSMIT_MAX_US ? d->wait_us * 2 : RETRANSMIT_MAX_US;
  d->retransmit_at_us = OH_NEVER;
  d->in = NULL;
#if OWN_TIMER
  if (d->timer) *d->timer = (struct timeval){.tv_sec = 1}; // 1970: due
#endif
  ERR_clear_error();
  if (DTLSv1_handle_timeout(d->ssl) < 0) d->state = OH_DTLS_FAILED;
  ERR_clear_error();
  flush(d);
  plan(d, now_us);
  return d->state;
}

bool oh_dtls_write(struct oh_dtls *d, const uint8_t *data, size_t len) {
  if (d->state != OH_DTLS_DONE || len == 0 || len > OH_DTLS_MTU) return false;
  ERR_clear_error();
  bool ok = SSL_write(d->ssl, data, (int)len) == (int)len;
  ERR_clear_error();
  flush(d);
  return ok;
}

void oh_dtls_goodbye(struct oh_dtls *d) {
  if (d->state != OH_DTLS_DONE) return;
  ERR_clear_error();
  SSL_shutdown(d->ssl);
  ERR_clear_error();
  flush(d);
}

bool oh_dtls_remote_digest(const struct oh_dtls *d, uint8_t digest[32]) {
  X509 *certificate = SSL_get0_peer_certificate(d->ssl);
  unsigned int len = 32;
  return certificate && X509_digest(certificate, EVP_sha256(), digest, &len) == 1;
}

bool oh_dtls_export(const struct oh_dtls *d, struct oh_dtls_keys *keys) {
  const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(d->ssl);
  if (!profile) return false;
  *keys = (struct oh_dtls_keys){.profile = (enum oh_srtp_profile)profile->id};
  size_t salt = oh_srtp_salt_bytes(keys->profile);
  uint8_t material[2 * (16 + OH_SRTP_MASTER_SALT_MAX)];
  static const char label[] = "EXTRACTOR-dtls_srtp";
  bool ok =
      SSL_export_keying_material(d->ssl, material, 2 * (16 + salt), label, sizeof label - 1, NULL, 0, 0) == 1;
  if (ok) { // client key, server key, client salt, server salt
    bool server = SSL_is_server(d->ssl);
    memcpy(server ? keys->remote_key : keys->local_key, material, 16);
    memcpy(server ? keys->local_key : keys->remote_key, material + 16, 16);
    memcpy(server ? keys->remote_salt : keys->local_salt, material + 32, salt);
    memcpy(server ? keys->local_salt : keys->remote_salt, material + 32 + salt, salt);
  }
  OPENSSL_cleanse(material, sizeof material);
  return ok;
}
