// receive.h — one incoming audio stream: which of its packets are new, late or duplicates, loss and jitter
// for receiver reports (RFC 3550 6.4, A.1, A.3, A.8), and which lost packets to ask the publisher for (RFC
// 4585).
#pragma once
#include "sfu/sfu.h"
#include "sfu/window.h"
#include "wire/rtcp.h"

enum oh_received { OH_RECEIVED, OH_RECEIVED_DUPLICATE, OH_RECEIVED_LATE };

struct oh_missing {
  int64_t sequence, due_us, wait_us;
  uint32_t tries;
};
#define OH_STREAM_SKIPS 8

struct oh_stream {
  uint32_t ssrc; // of the source now; 0: not known yet
  bool started, nack;
  bool restarted;        // set when sequence numbers began anew; the owner clears it
  int32_t probe;         // after a wild jump: the sequence number that would prove it real, else -1
  int64_t base, highest; // extended sequence numbers; the first has 1 in its high bits
  int64_t received;
  struct oh_window seen;
  uint32_t transit, jitter_q4; // RFC 3550 A.8, jitter in 1/16 ticks
  int64_t expected_prior, received_prior;
  uint32_t sr_middle; // NTP of the last sender report, 0 = none
  int64_t sr_us, last_us;
  // Packets without payload whose numbers are closed up, so that listeners do not miss them.
  int64_t skips[OH_STREAM_SKIPS], skipped;
  struct oh_missing *missing; // OH_MISSING_MAX of them if `nack`; owned
  uint32_t missing_count;
  // since the last quality scoring
  int64_t score_expected, score_received;
  uint32_t score_jitter;
};

void oh_stream_init(struct oh_stream *s);
void oh_stream_fini(struct oh_stream *s);
void oh_stream_want_nack(struct oh_stream *s, bool nack);
// A new source on the same stream: all history is forgotten.
void oh_stream_reset(struct oh_stream *s, uint32_t ssrc);

// Takes a packet into account and extends its sequence number. Only OH_RECEIVED is to be forwarded.
enum oh_received oh_stream_recv(struct oh_stream *s, int64_t now_us, int64_t rtt_us, uint16_t sequence,
                                uint32_t timestamp, int64_t *extended);
// A packet just received has no payload: closes its number up if it is the newest.
void oh_stream_skip(struct oh_stream *s, int64_t extended);
// The sequence number with skipped ones closed up.
int64_t oh_stream_closed_up(const struct oh_stream *s, int64_t extended);

static inline int64_t oh_stream_expected(const struct oh_stream *s) {
  return s->started ? s->highest - s->base + 1 : 0;
}
void oh_stream_sender_report(struct oh_stream *s, int64_t now_us, const struct oh_rtcp_sr *sr);
// The next report block about it; false if nothing was ever received.
bool oh_stream_report(struct oh_stream *s, int64_t now_us, struct oh_rtcp_report *report);
// Packets to ask for now, in sending order, at most `max`; each is asked for OH_MISSING_TRIES times.
size_t oh_stream_missing(struct oh_stream *s, int64_t now_us, uint16_t *sequences, size_t max);
int64_t oh_stream_missing_deadline(const struct oh_stream *s); // OH_NEVER if none
