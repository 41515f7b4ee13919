// stun.c — any datagram as a STUN message: what parses has its parts inside the datagram; nothing verifies.
#include "wire/stun.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct oh_stun s;
  if (!oh_stun_read(&s, data, len)) return 0;
  static const uint8_t key[] = "VOkJxbRl1RmTxUk/WvJxBt";
  struct oh_str receiver, sender;
  OH_CHECK(s.message.len == len && s.method < 0x1000 && s.class < 4);
  OH_CHECK(s.integrity_at == 0 || (size_t)s.integrity_at + 24 <= len);
  if (oh_stun_username(&s, &receiver, &sender)) OH_CHECK(receiver.len + 1 + sender.len == s.username.len);
  if (oh_stun_verify(&s, (struct oh_bytes){.data = key, .len = sizeof key - 1})) OH_CHECK(s.integrity_at);
  uint8_t out[OH_STUN_MESSAGE_MAX];
  if (s.has_mapped) {
    size_t n = oh_stun_write_success(s.transaction, &s.mapped, (struct oh_bytes){.data = key, .len = 22}, out,
                                     sizeof out);
    struct oh_stun again;
    OH_CHECK(oh_stun_read(&again, out, n) && oh_addr_eq(&again.mapped, &s.mapped));
  }
  return 0;
}
