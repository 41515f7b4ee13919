// revocation.c — see revocation.h
#include "livekit/revocation.h"
#include "base/check.h"
#include "base/limits.h"
#include <openssl/evp.h>

enum { KEY_BYTES = 32, SWEEP = 256 };

// Names of 256 bytes each are longer than a map's key may be.
static void key_of(const char *room, const char *identity, uint8_t key[KEY_BYTES]) {
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  OH_CHECK(digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL));
  OH_CHECK(EVP_DigestUpdate(digest, room, strlen(room) + 1)); // its NUL parts the two
  OH_CHECK(EVP_DigestUpdate(digest, identity, strlen(identity)));
  OH_CHECK(EVP_DigestFinal_ex(digest, key, NULL));
  EVP_MD_CTX_free(digest);
}

static void sweep(struct oh_map *revoked, int64_t unix_s) {
  uint8_t old[SWEEP][KEY_BYTES];
  size_t count = 0, len;
  uint32_t cursor = 0;
  const void *key;
  uint64_t before;
  while (count < SWEEP && oh_map_next(revoked, &cursor, &key, &len, &before))
    if ((int64_t)before + OH_REVOCATION_S < unix_s) memcpy(old[count++], key, KEY_BYTES);
  for (size_t i = 0; i < count; i++)
    oh_map_remove(revoked, old[i], KEY_BYTES);
}

bool oh_revocation_add(struct oh_house *house, int64_t now_us, const char *room, const char *identity,
                       int64_t before_unix_s) {
  struct oh_map *revoked = &house->revoked;
  uint8_t key[KEY_BYTES];
  uint64_t known;
  key_of(room, identity, key);
  bool is_known = oh_map_get(revoked, key, sizeof key, &known);
  if (is_known && (int64_t)known >= before_unix_s) return true;
  if (!is_known && revoked->used >= OH_REVOCATIONS_MAX)
    sweep(revoked, oh_unix_us(house->world, now_us) / 1000000);
  if (!is_known && revoked->used >= OH_REVOCATIONS_MAX) return false;
  oh_map_put(revoked, key, sizeof key, (uint64_t)before_unix_s);
  return true;
}

bool oh_revocation_covers(const struct oh_house *house, const struct oh_claims *claims) {
  if (house->revoked.used == 0) return false;
  uint8_t key[KEY_BYTES];
  uint64_t before;
  key_of(claims->video.room, claims->identity, key);
  if (!oh_map_get(&house->revoked, key, sizeof key, &before)) return false;
  int64_t issued =
      claims->issued_unix_s > claims->not_before_unix_s ? claims->issued_unix_s : claims->not_before_unix_s;
  return issued < (int64_t)before;
}
