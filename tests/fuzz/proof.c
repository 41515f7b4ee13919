// proof.c — a puzzle's ticket and its solution as strangers send them: first line the ticket, then the nonce.
#include "call/proof.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fill(void *ctx, void *buffer, size_t len) {
  (void)ctx;
  memset(buffer, 0x5a, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static const struct oh_key key = {"k", "0123456789abcdef0123456789abcdef"};
  static const struct oh_proof_of of = {
      "shop", "https://a.test", {.family = OH_ADDR_V4, .ip = {10, 0, 0, 1}}};
  struct oh_random random = {.fill = fill};
  struct oh_str nonce = {(const char *)data, len}, ticket = oh_str_cut(&nonce, '\n');
  struct oh_puzzle puzzle;
  struct oh_text ours;
  uint64_t serial;
  oh_text_init(&ours, 1024);
  oh_proof_set(&of, &key, &random, 1790000000, 6, &puzzle, &ours);
  // Only our own ticket is good, and only with a nonce that solves it.
  bool is_ours = oh_str_eq(ticket, oh_text_str(&ours));
  bool solves = oh_proof_zero_bits(oh_str(puzzle.challenge), nonce) >= 6;
  bool good = oh_proof_is_good(&of, &key, 1790000000, ticket, nonce, &serial);
  OH_CHECK(good == (is_ours && solves && nonce.len > 0 && nonce.len <= 64));
  oh_text_fini(&ours);
  return 0;
}
