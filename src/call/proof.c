// proof.c — see proof.h
#include "call/proof.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "call/seal.h"
#include <openssl/evp.h>
#include <openssl/sha.h>

#define PURPOSE "offhook proof of work, version 1"
#define CHALLENGE_BYTES 16
#define TICKET_BYTES (1 + 8 + CHALLENGE_BYTES + SHA256_DIGEST_LENGTH)

// One hash for all that a ticket is bound to.
static void bind(const struct oh_proof_of *of, uint8_t digest[SHA256_DIGEST_LENGTH]) {
  struct oh_text text;
  oh_text_init(&text, 4096);
  oh_text_addf(&text, "%s\n%s\n", of->site, of->origin);
  size_t len = of->address.family == OH_ADDR_V6 ? 8 : 4;
  oh_text_addc(&text, (char)of->address.family);
  oh_text_add(&text, (struct oh_str){(const char *)of->address.ip, len});
  SHA256((const uint8_t *)text.data, text.len, digest);
  if (text.failed) memset(digest, 0, SHA256_DIGEST_LENGTH);
  oh_text_fini(&text);
}

static void name_challenge(const uint8_t *bytes, char challenge[23]) {
  struct oh_text text;
  oh_text_init(&text, 64);
  oh_base64_write(&text, (struct oh_bytes){bytes, CHALLENGE_BYTES}, OH_BASE64_URL);
  OH_CHECK(text.len == 22);
  memcpy(challenge, text.data, 23);
  oh_text_fini(&text);
}

void oh_proof_set(const struct oh_proof_of *of, const struct oh_key *key, const struct oh_random *random,
                  int64_t unix_s, uint32_t bits, struct oh_puzzle *puzzle, struct oh_text *ticket) {
  uint8_t note[TICKET_BYTES];
  note[0] = (uint8_t)bits;
  uint64_t expires = (uint64_t)(unix_s + OH_PROOF_S);
  for (int i = 0; i < 8; i++)
    note[1 + i] = (uint8_t)(expires >> (56 - 8 * i));
  oh_random_fill(random, note + 9, CHALLENGE_BYTES);
  bind(of, note + 9 + CHALLENGE_BYTES);
  name_challenge(note + 9, puzzle->challenge);
  puzzle->bits = bits;
  struct oh_seal seal;
  oh_seal_init(&seal, key, PURPOSE);
  oh_seal_write(&seal, random, (struct oh_bytes){note, sizeof note}, ticket);
  oh_seal_fini(&seal);
}

uint32_t oh_proof_zero_bits(struct oh_str challenge, struct oh_str nonce) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  unsigned int len = sizeof digest;
  EVP_MD_CTX *hash = EVP_MD_CTX_new();
  OH_CHECK(hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) &&
           EVP_DigestUpdate(hash, challenge.data, challenge.len) &&
           EVP_DigestUpdate(hash, nonce.data, nonce.len) && EVP_DigestFinal_ex(hash, digest, &len));
  EVP_MD_CTX_free(hash);
  uint32_t bits = 0;
  while (bits < 8 * sizeof digest && !(digest[bits / 8] & 0x80 >> bits % 8))
    bits++;
  return bits;
}

bool oh_proof_is_good(const struct oh_proof_of *of, const struct oh_key *key, int64_t unix_s,
                      struct oh_str ticket, struct oh_str nonce, uint64_t *serial) {
  struct oh_seal seal;
  struct oh_text plain;
  if (ticket.len > 4 * TICKET_BYTES || nonce.len == 0 || nonce.len > OH_PROOF_NONCE_MAX) return false;
  oh_text_init(&plain, 2 * TICKET_BYTES);
  oh_seal_init(&seal, key, PURPOSE);
  bool ok = oh_seal_read(&seal, ticket, &plain) && plain.len == TICKET_BYTES;
  oh_seal_fini(&seal);
  if (ok) {
    struct oh_reader r = oh_reader(plain.data, plain.len);
    uint8_t bits = oh_read_u8(&r);
    int64_t left_s = (int64_t)oh_read_u64_be(&r) - unix_s;
    uint8_t bound[SHA256_DIGEST_LENGTH];
    char challenge[23];
    bind(of, bound);
    name_challenge(r.at, challenge);
    memcpy(serial, r.at, sizeof *serial);
    // One from the future is from before the clock was set back: "once" may have been forgotten.
    ok = left_s > 0 && left_s <= OH_PROOF_S && memcmp(r.at + CHALLENGE_BYTES, bound, sizeof bound) == 0 &&
         oh_proof_zero_bits(oh_str(challenge), nonce) >= bits;
  }
  oh_text_fini(&plain);
  return ok;
}
