// entropy.c — see entropy.h
#include "io/entropy.h"
#include "base/check.h"
#include <errno.h>
#include <sys/random.h>

static void fill(void *ctx, void *buffer, size_t len) {
  uint8_t *at = buffer;
  (void)ctx;
  while (len) {
    ssize_t n = getrandom(at, len, 0);
    if (n < 0 && errno == EINTR) continue;
    OH_CHECK(n > 0);
    at += n;
    len -= (size_t)n;
  }
}

struct oh_random oh_entropy(void) {
  return (struct oh_random){.fill = fill};
}
