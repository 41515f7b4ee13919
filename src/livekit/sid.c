// sid.c — see sid.h
#include "livekit/sid.h"
#include "base/check.h"
#include <string.h>

enum { RANDOM_CHARACTERS = 12 };

struct oh_sid oh_sid_new(const struct oh_random *random, const char *prefix) {
  static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  enum { LETTERS = sizeof alphabet - 1, FAIR = 256 / LETTERS * LETTERS };
  struct oh_sid sid = {0};
  size_t len = strlen(prefix);
  OH_CHECK(len + RANDOM_CHARACTERS < sizeof sid.text);
  memcpy(sid.text, prefix, len);
  for (int i = 0; i < RANDOM_CHARACTERS;) {
    uint8_t byte;
    oh_random_fill(random, &byte, 1);
    if (byte >= FAIR) continue; // every letter equally likely
    sid.text[len + (size_t)i++] = alphabet[byte % LETTERS];
  }
  return sid;
}
