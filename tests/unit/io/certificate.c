// certificate.c — see certificate.h
#include "tests/unit/io/certificate.h"
#include "tests/unit/test.h"
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

void certificate_write(const char *dir, const char *name, const char *common_name) {
  char path[256];
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = X509_new();
  assert_non_null(key);
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_NAME *subject = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
  X509_set_issuer_name(cert, subject);
  char names[] = "DNS:localhost,IP:127.0.0.1";
  X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
  assert_non_null(san);
  X509_add_ext(cert, san, -1);
  X509_EXTENSION_free(san);
  assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
  snprintf(path, sizeof path, "%s/%s.crt", dir, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(PEM_write_X509(file, cert), 1);
  fclose(file);
  snprintf(path, sizeof path, "%s/%s.key", dir, name);
  file = fopen(path, "w");
  assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
  fclose(file);
  X509_free(cert);
  EVP_PKEY_free(key);
}
