// reset.h — stream reset (RFC 6525 as RFC 8831 6.7 uses it): ends one direction of streams so that their
// numbers can be used again. One request of ours is open at a time; the peer's are answered at once and once.
#pragma once
#include "rtc/inbound.h"
#include "rtc/outbound.h"

#define OH_RESET_WORDS (OH_SCTP_STREAMS_MAX / 64)

struct oh_reset {
  uint32_t next_request;           // our next request's number
  uint32_t expected, answered;     // the peer's next one, and its last one as we say it in ours
  uint8_t result;                  // of `expected - 1`, should it come again
  bool waits;                      // `expected` was answered with "in progress" and will be asked again
  uint64_t wanted[OH_RESET_WORDS]; // streams that wait for their turn or until they are drained
  uint16_t asked[OH_CHANNELS_MAX]; // streams of the open request
  uint32_t asked_count, last_tsn, tries;
  int64_t resend_us;                                    // OH_NEVER: none open
  uint64_t ended[OH_RESET_WORDS], done[OH_RESET_WORDS]; // for the owner: the peer's end, our own
};

void oh_reset_init(struct oh_reset *r, uint32_t our_first_tsn, uint32_t peer_first_tsn);
void oh_reset_ask(struct oh_reset *r, struct oh_outbound *out, uint16_t stream);
// A RE-CONFIG chunk: answers are written to `w`, which has room for two of them.
void oh_reset_recv(struct oh_reset *r, int64_t now_us, struct oh_inbound *in, struct oh_outbound *out,
                   struct oh_bytes value, struct oh_writer *w);
// A new request may be sent, or the open one again.
bool oh_reset_due(const struct oh_reset *r, int64_t now_us, const struct oh_outbound *out);
void oh_reset_write(struct oh_reset *r, int64_t now_us, struct oh_outbound *out, struct oh_writer *w);
// Takes one stream out of a set; -1 if it is empty.
int32_t oh_reset_take(uint64_t set[OH_RESET_WORDS]);
