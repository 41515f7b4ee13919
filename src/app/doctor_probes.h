// doctor_probes.h — what `offhook doctor` looks at: ports, files, names, HTTP exchanges, and a call to the
// echo. Each fills its part of the facts; none judges.
#pragma once
#include "app/doctor_checks.h"

struct oh_doctor_wish {
  const char *url;      // NULL: public_url, or this machine's own server if it runs
  const char *page_url; // a page that has the button; NULL: none
  const char *origin;   // of the preflight; NULL: the page's, or the first that is allowed
  const char *ca_file;
};

// Everything that the wish and the configuration in `facts` ask for. `url` holds facts->url afterwards.
void oh_doctor_probe(const struct oh_doctor_wish *wish, struct oh_doctor_facts *facts, char url[512]);
// The parts of oh_doctor_probe that are about TURN (doctor_turn.c): the certificate's file; and asking it.
void oh_doctor_look_at_turn_file(struct oh_doctor_facts *facts);
void oh_doctor_ask_turn(const struct oh_doctor_wish *wish, struct oh_doctor_facts *facts);
// A call to the echo (doctor_call.c): joins with the server's own network check, speaks, and listens.
void oh_doctor_call_echo(const char *url, const char *ca_file, bool tcp, struct oh_doctor_call *call);
