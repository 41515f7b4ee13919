// doctor_checks.h — what `offhook doctor` thinks of what it saw: pure functions from a configuration and the
// results of probes (doctor_probes.h) to findings with remedies.
#pragma once
#include "app/config.h"
#include "call/checkup.h"

// A yes, a no, or not looked at.
enum oh_seen { OH_SEEN_NOT, OH_SEEN_NO, OH_SEEN_YES };

struct oh_doctor_port {
  const char *what; // "HTTP", "UDP media", …: static text
  uint32_t port;
  int error;    // errno of binding it; 0: it is free
  bool is_ours; // bound, and by an offhook that answers
};
struct oh_doctor_page { // what one HTTP exchange showed
  bool asked;
  int status; // 0: no answer, and `error` says why
  char error[256];
  bool cert_bad;             // the chain or the name does not verify
  int64_t cert_until_unix_s; // 0: no TLS
  int64_t date_unix_s;       // its Date; 0: none
  int64_t asked_unix_s;      // our clock at that moment
  char csp[2048], permissions[512], allow_origin[300], allow_headers[300];
};
struct oh_doctor_call { // an echo call through the server
  enum oh_seen joined, connected, heard;
  char error[256];
  uint32_t connected_ms;
};
struct oh_doctor_turn {       // the embedded TURN server
  enum oh_seen cert_names_it; // turn.domain stands in the certificate's file
  char cert_error[256];
  enum oh_seen udp, tls; // it answers at the first rtc.node_ip; the handshake went well at turn.domain
  bool tls_cert_bad;
  int64_t cert_until_unix_s; // as met in the handshake; 0: none was seen
  char tls_error[256];
};
struct oh_doctor_facts {
  const struct oh_config *config;
  const char *config_error; // it could not be read: nothing else of it is looked at
  bool production;
  const char *url; // the server to look at; NULL: only this machine
  struct oh_doctor_page health, preflight,
      page; // URL/healthz, OPTIONS of the token, the page given with --page
  const char *page_url;
  struct oh_doctor_call udp, tcp;
  struct oh_doctor_turn turn;
  struct oh_doctor_port ports[8];
  uint32_t port_count;
  char dns[512]; // the addresses of the URL's host, blanks between
  enum oh_seen dns_found;
  enum oh_seen data_dir_writable;
  int64_t data_dir_free_bytes;
  uint64_t files_max, receive_buffer_max;
  char jwks_error[256]; // of the first site whose keys cannot be fetched
  uint32_t jwks_count;
};

// Everything, as a table of checks in the order in which they are printed.
void oh_doctor_check(const struct oh_doctor_facts *facts, struct oh_checkup *checkup);

// Whether a Content-Security-Policy lets a page load and reach `server` ("https://call.example"). On false
// *missing names the first directive that does not.
bool oh_doctor_csp_allows(struct oh_str csp, struct oh_str server, const char **missing);
