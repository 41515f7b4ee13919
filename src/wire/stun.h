// stun.h — STUN messages as ICE uses them (RFC 8489, RFC 8445): a strict zero-copy reader and writers of
// Binding messages. Stricter than the RFC where an honest ICE agent never goes: more than
// OH_STUN_ATTRIBUTES_MAX attributes, a second MESSAGE-INTEGRITY, anything but FINGERPRINT after it, and a
// wrong FINGERPRINT are refused. Reading proves nothing about the sender: call oh_stun_verify() before
// believing any of it.
#pragma once
#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"

#define OH_STUN_BINDING 0x001 // method
#define OH_STUN_HEADER_BYTES 20
#define OH_STUN_TRANSACTION_BYTES 12
#define OH_STUN_MESSAGE_MAX 768 // no message we write is longer (USERNAME ≤ 513 bytes, RFC 8489 14.3)

enum oh_stun_class { OH_STUN_REQUEST = 0, OH_STUN_INDICATION = 1, OH_STUN_SUCCESS = 2, OH_STUN_ERROR = 3 };
enum oh_stun_code { OH_STUN_BAD_REQUEST = 400, OH_STUN_UNAUTHENTICATED = 401, OH_STUN_ROLE_CONFLICT = 487 };

// A parsed message. Everything points into the bytes that were read.
struct oh_stun {
  struct oh_bytes message;    // header and attributes; exactly the length the header says
  const uint8_t *transaction; // OH_STUN_TRANSACTION_BYTES
  struct oh_str username;     // valid if has_username; for a check "ours:theirs" seen from the receiver
  uint64_t tie_breaker;       // of ICE-CONTROLLING or ICE-CONTROLLED
  uint32_t priority;
  uint16_t method;
  uint16_t error_code;       // 300…699, or 0 without ERROR-CODE
  uint16_t integrity_at;     // offset of the MESSAGE-INTEGRITY attribute, 0 = there is none
  uint16_t unknown_required; // first comprehension-required attribute that we do not know, 0 = none
  uint8_t class;             // enum oh_stun_class
  bool has_username, has_priority, use_candidate, controlling, controlled, has_fingerprint, has_mapped;
  struct oh_addr mapped; // XOR-MAPPED-ADDRESS (or MAPPED-ADDRESS of an old server); valid if has_mapped
};

// Whether a datagram looks like STUN (first two bits zero, magic cookie): RFC 7983 demultiplexing.
bool oh_stun_is(const uint8_t *data, size_t len);
// Whether the message parses by the rules above. `len` must be the whole datagram.
bool oh_stun_read(struct oh_stun *s, const uint8_t *data, size_t len);
// Whether MESSAGE-INTEGRITY is there and right under `key` (ICE: the password of the receiver of a request,
// the same one for its response). Constant-time compare.
bool oh_stun_verify(const struct oh_stun *s, struct oh_bytes key);
// Cuts USERNAME at the colon: the part of the receiver of the check and that of its sender.
bool oh_stun_username(const struct oh_stun *s, struct oh_str *receiver, struct oh_str *sender);

struct oh_stun_check {
  uint8_t transaction[OH_STUN_TRANSACTION_BYTES];
  struct oh_str username; // "theirs:ours"
  uint32_t priority;      // what a peer-reflexive candidate found by this check would have
  uint64_t tie_breaker;
  bool controlling, use_candidate;
};

// Writers: whole messages with MESSAGE-INTEGRITY under `key` and FINGERPRINT. They return the length, or 0 if
// `capacity` does not suffice. An empty key leaves MESSAGE-INTEGRITY out.
size_t oh_stun_write_check(const struct oh_stun_check *check, struct oh_bytes key, uint8_t *out,
                           size_t capacity);
size_t oh_stun_write_success(const uint8_t *transaction, const struct oh_addr *mapped, struct oh_bytes key,
                             uint8_t *out, size_t capacity);
size_t oh_stun_write_error(const uint8_t *transaction, enum oh_stun_code code, struct oh_bytes key,
                           uint8_t *out, size_t capacity);

// Of which the writers above are made, for TURN (wire/turn.h): a header, attributes, the end. A writer that
// failed stays so, and finish then returns 0.
struct oh_writer oh_stun_begin(uint16_t method, enum oh_stun_class class, const uint8_t *transaction,
                               uint8_t *out, size_t capacity);
void oh_stun_add(struct oh_writer *w, uint16_t type, const void *value, size_t len);
void oh_stun_add_address(struct oh_writer *w, uint16_t type, const struct oh_addr *addr); // XOR-…-ADDRESS
// MESSAGE-INTEGRITY unless `key` is empty, and FINGERPRINT if wanted.
size_t oh_stun_finish(struct oh_writer *w, struct oh_bytes key, bool fingerprint);
// The value of an XOR-…-ADDRESS attribute of the message that starts at `message`.
bool oh_stun_read_address(struct oh_addr *addr, struct oh_bytes value, const uint8_t *message);
