// tls.c — see tls.h
#include "io/tls.h"
#include "base/check.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

// struct oh_tls is an SSL_CTX under our name: OpenSSL counts its references atomically.
static SSL_CTX *context_of(struct oh_tls *tls) {
  return (SSL_CTX *)tls;
}

static void explain(char error[OH_TLS_ERROR_MAX], const char *what, const char *path) {
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  snprintf(error, OH_TLS_ERROR_MAX, "%s %s: %s", what, path, reason ? reason : "cannot be read");
  ERR_clear_error();
}

static SSL_CTX *make_context(const SSL_METHOD *method) {
  ERR_clear_error();
  signal(SIGPIPE, SIG_IGN); // OpenSSL's socket BIO writes without MSG_NOSIGNAL
  SSL_CTX *ctx = SSL_CTX_new(method);
  OH_CHECK(ctx);
  OH_CHECK(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
  // RELEASE_BUFFERS: an idle connection costs about half. The write buffer moves as our queue grows.
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  // Browsers and proxies close without close_notify; HTTP and WebSocket mark their ends themselves.
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_max_cert_list(ctx, 16 * 1024);
  return ctx;
}

// Clients that offer only h2 get no ALPN answer and an HTTP/1.1 server: never h2.
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                       unsigned int in_len, void *arg) {
  static const unsigned char ours[] = "\x08http/1.1";
  unsigned char *chosen;
  (void)ssl, (void)arg;
  if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

struct oh_tls *oh_tls_open_server(const char *chain_path, const char *key_path,
                                  char error[OH_TLS_ERROR_MAX]) {
  SSL_CTX *ctx = make_context(TLS_server_method());
  SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); // tickets do it without memory here
  if (SSL_CTX_use_certificate_chain_file(ctx, chain_path) != 1) {
    explain(error, "the certificate chain", chain_path);
  } else if (SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) != 1) {
    explain(error, "the private key", key_path);
  } else if (SSL_CTX_check_private_key(ctx) != 1) {
    explain(error, "the private key does not belong to the certificate,", key_path);
  } else {
    return (struct oh_tls *)ctx;
  }
  SSL_CTX_free(ctx);
  return NULL;
}

struct oh_tls *oh_tls_open_client(const char *ca_path, char error[OH_TLS_ERROR_MAX]) {
  SSL_CTX *ctx = make_context(TLS_client_method());
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
  int ok = ca_path ? SSL_CTX_load_verify_file(ctx, ca_path) : SSL_CTX_set_default_verify_paths(ctx);
  if (ok == 1 && SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\x08http/1.1", 9) == 0)
    return (struct oh_tls *)ctx;
  explain(error, "the trusted certificates", ca_path ? ca_path : "of the system");
  SSL_CTX_free(ctx);
  return NULL;
}

struct oh_tls *oh_tls_keep(struct oh_tls *tls) {
  if (tls) OH_CHECK(SSL_CTX_up_ref(context_of(tls)) == 1);
  return tls;
}

bool oh_tls_names(const char *chain_path, const char *host, char error[OH_TLS_ERROR_MAX]) {
  FILE *file = fopen(chain_path, "re");
  X509 *cert = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
  bool ok = false;
  char subject[128] = "nobody";
  if (file) fclose(file);
  ERR_clear_error();
  if (!cert) {
    snprintf(error, OH_TLS_ERROR_MAX, "%.180s cannot be read", chain_path);
    return false;
  }
  X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, subject, sizeof subject);
  if (X509_check_ip_asc(cert, host, 0) != 1 &&
      X509_check_host(cert, host, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) != 1)
    snprintf(error, OH_TLS_ERROR_MAX, "it is not for %.80s but for %.80s", host, subject);
  else if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
    snprintf(error, OH_TLS_ERROR_MAX, "it has ended");
  else
    ok = true;
  X509_free(cert);
  return ok;
}

void oh_tls_close(struct oh_tls *tls) {
  SSL_CTX_free(context_of(tls));
}

struct ssl_st *oh_tls_session(struct oh_tls *tls, int fd, const char *server_name) {
  SSL *ssl = SSL_new(context_of(tls));
  OH_CHECK(ssl && SSL_set_fd(ssl, fd) == 1);
  if (!server_name) {
    SSL_set_accept_state(ssl);
    return ssl;
  }
  SSL_set_connect_state(ssl);
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // An address is checked against the certificate's addresses and is never sent as SNI (RFC 6066 3).
  X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(param, server_name) != 1) {
    ERR_clear_error();
    OH_CHECK(SSL_set1_host(ssl, server_name) == 1 && SSL_set_tlsext_host_name(ssl, server_name) == 1);
  }
  return ssl;
}

void oh_tls_session_close(struct ssl_st *session) {
  SSL_free(session);
  ERR_clear_error();
}

bool oh_tls_is_done(const struct ssl_st *session) {
  return SSL_is_init_finished(session) == 1;
}

static enum oh_tls_result judge(struct ssl_st *session, int returned) {
  if (returned == 1) return OH_TLS_OK;
  int error = SSL_get_error(session, returned);
  ERR_clear_error();
  switch (error) {
  case SSL_ERROR_WANT_READ: return OH_TLS_WANT_READ;
  case SSL_ERROR_WANT_WRITE: return OH_TLS_WANT_WRITE;
  case SSL_ERROR_ZERO_RETURN: return OH_TLS_END;
  default: return OH_TLS_FAILED;
  }
}

enum oh_tls_result oh_tls_handshake(struct ssl_st *session) {
  ERR_clear_error();
  return judge(session, SSL_do_handshake(session));
}

enum oh_tls_result oh_tls_read(struct ssl_st *session, void *buffer, size_t cap, size_t *len) {
  ERR_clear_error();
  return judge(session, SSL_read_ex(session, buffer, cap, len));
}

enum oh_tls_result oh_tls_write(struct ssl_st *session, const void *data, size_t len, size_t *sent) {
  ERR_clear_error();
  return judge(session, SSL_write_ex(session, data, len, sent));
}

bool oh_tls_pending(const struct ssl_st *session) {
  return SSL_has_pending(session) == 1;
}

void oh_tls_end(struct ssl_st *session) {
  ERR_clear_error();
  SSL_shutdown(session);
  ERR_clear_error();
}
