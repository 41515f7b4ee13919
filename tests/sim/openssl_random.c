// openssl_random.c — see openssl_random.h
// RAND_set_rand_method is deprecated in favour of providers, but it is still the one switch through which
// RAND_bytes and RAND_priv_bytes of every library context go.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/sim/openssl_random.h"
#include <openssl/rand.h>

static const struct oh_random *source;

static int give(unsigned char *buffer, int len) {
  oh_random_fill(source, buffer, (size_t)len);
  return 1;
}
static int ready(void) {
  return 1;
}
static const RAND_METHOD seeded = {.bytes = give, .pseudorand = give, .status = ready};

void sim_openssl_random(const struct oh_random *random) {
  source = random;
  RAND_set_rand_method(random ? &seeded : NULL);
}
