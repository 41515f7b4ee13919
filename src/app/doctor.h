// doctor.h — `offhook doctor`: looks at the configuration, this machine and a running server, and says how to
// mend what is wrong.
#pragma once

// args: what follows "doctor". 0: nothing has to be mended; 1: something has; 2: usage.
int oh_doctor_command(int count, char **args);

#define OH_DOCTOR_USAGE                                                                                      \
  "offhook doctor [--production] [--json] [URL] [--page URL] [--origin ORIGIN] [--ca FILE.pem]\n"            \
  "                      [any flag of serve]\n"                                                              \
  "Reads the configuration as serve would, looks at this machine, and at the server at URL (default:\n"      \
  "public_url, or the one that runs here): DNS, certificate, clock, CORS, and a call to its echo by UDP\n"   \
  "and by TCP. --page looks at the policies of a page that has the button. --production judges as the\n"     \
  "deployment checklist does. Ends with 1 if something has to be mended.\n"
