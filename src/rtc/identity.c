// identity.c — see identity.h
#include "rtc/identity.h"
#include "base/check.h"
#include "base/limits.h"
#include "rtc/dtls.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

struct oh_identity {
  SSL_CTX *server, *client;
  BIO_METHOD *bio;
  uint8_t digest[32];
  char fingerprint[32 * 3];
};

// Dates are fixed, so that no clock is needed: RFC 5280 4.1.2.5 gives 99991231235959Z the meaning "none".
static X509 *make_certificate(EVP_PKEY *key) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  X509 *x = X509_new();
  if (!x || !X509_set_pubkey(x, key) || !X509_pubkey_digest(x, EVP_sha256(), digest, NULL)) goto failed;
  uint64_t number = 0; // the serial: as unique as the key
  for (size_t i = 0; i < 8; i++)
    number = number << 8 | digest[i];
  number = number >> 1 | 1;
  X509_NAME *name = X509_get_subject_name(x);
  if (!X509_set_version(x, 2) || !ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), number) ||
      !ASN1_TIME_set_string(X509_getm_notBefore(x), "20200101000000Z") ||
      !ASN1_TIME_set_string(X509_getm_notAfter(x), "99991231235959Z") ||
      !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"offhook", -1, -1, 0) ||
      !X509_set_issuer_name(x, name) || !X509_sign(x, key, EVP_sha256()))
    goto failed;
  return x;
failed:
  X509_free(x);
  return NULL;
}

// The certificate is believed by its fingerprint in the SDP (rtc/peer.c), not by chain or dates.
static int any_certificate(X509_STORE_CTX *store, void *arg) {
  (void)store, (void)arg;
  return 1;
}

static SSL_CTX *make_context(const SSL_METHOD *method, X509 *certificate, EVP_PKEY *key) {
  SSL_CTX *ctx = SSL_CTX_new(method);
  if (!ctx) return NULL;
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                               SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_cert_verify_callback(ctx, any_certificate, NULL);
  SSL_CTX_set_max_cert_list(ctx, OH_DTLS_MESSAGE_MAX);
  SSL_CTX_set_max_send_fragment(ctx, 1400); // smaller write buffers
  // Only AEAD suites with explicit nonces: the record filter's least lengths rely on it.
  if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384") != 1 ||
      SSL_CTX_set1_groups_list(ctx, "X25519:P-256") != 1 ||
      SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") != 0 ||
      SSL_CTX_use_certificate(ctx, certificate) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1) {
    SSL_CTX_free(ctx);
    return NULL;
  }
  return ctx;
}

struct oh_identity *oh_identity_open(void) {
  struct oh_identity *identity = calloc(1, sizeof *identity);
  OH_CHECK(identity);
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = key ? make_certificate(key) : NULL;
  unsigned int len = sizeof identity->digest;
  bool ok = certificate && X509_digest(certificate, EVP_sha256(), identity->digest, &len) == 1;
  if (ok) {
    identity->server = make_context(DTLS_server_method(), certificate, key);
    identity->client = make_context(DTLS_client_method(), certificate, key);
    identity->bio = oh_dtls_bio_method();
    ok = identity->server && identity->client && identity->bio;
    for (size_t i = 0; i < sizeof identity->digest; i++)
      snprintf(identity->fingerprint + 3 * i, 4 - (i == 31), i == 31 ? "%02X" : "%02X:", identity->digest[i]);
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
  ERR_clear_error();
  if (ok) return identity;
  oh_identity_close(identity);
  return NULL;
}

void oh_identity_close(struct oh_identity *identity) {
  if (!identity) return;
  SSL_CTX_free(identity->server);
  SSL_CTX_free(identity->client);
  BIO_meth_free(identity->bio);
  free(identity);
}

const char *oh_identity_fingerprint(const struct oh_identity *identity) {
  return identity->fingerprint;
}
const uint8_t *oh_identity_digest(const struct oh_identity *identity) {
  return identity->digest;
}
struct ssl_ctx_st *oh_identity_context(const struct oh_identity *identity, bool client) {
  return client ? identity->client : identity->server;
}
struct bio_method_st *oh_identity_bio(const struct oh_identity *identity) {
  return identity->bio;
}
