// dcep.h — the two messages that open a data channel on an SCTP stream (RFC 8832), and the numbers that tell
// what an SCTP message on it is (RFC 8831 8).
#pragma once
#include "base/bytes.h"
#include "base/text.h"

enum oh_dcep_ppid {
  OH_PPID_DCEP = 50,
  OH_PPID_TEXT = 51,
  OH_PPID_BINARY = 53,
  OH_PPID_EMPTY_TEXT = 56, // SCTP has no empty messages: one byte that means none
  OH_PPID_EMPTY_BINARY = 57,
};
enum oh_dcep_type { OH_DCEP_ACK = 2, OH_DCEP_OPEN = 3 };

struct oh_dcep_open {
  bool unordered;
  int32_t max_retransmits; // at most one of these two …
  int32_t lifetime_ms;     // … is ≥ 0
  uint16_t priority;       // 256 is normal
  struct oh_str label, protocol;
};
// An OPEN message; false if it is none or malformed. Limits above INT32_MAX are cut to it.
bool oh_dcep_read_open(struct oh_dcep_open *open, const void *data, size_t len);
void oh_dcep_write_open(struct oh_writer *w, const struct oh_dcep_open *open);
