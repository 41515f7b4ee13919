// openssl_random.h — feeds OpenSSL's randomness (keys, hello randoms, ECDSA nonces, certificate serials) from
// a seeded source, so that a run with real DTLS handshakes repeats exactly. For tests and the simulator only:
// linking this into the program would be a disaster. One thread. The DTLS timers need no help: rtc/dtls.c
// lets them follow now_us.
#pragma once
#include "base/random.h"

// `random` must outlive its use; NULL gives OpenSSL its own source back. Call it before oh_identity_open.
void sim_openssl_random(const struct oh_random *random);
