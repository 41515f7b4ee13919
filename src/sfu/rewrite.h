// rewrite.h — the mapping of sequence numbers and timestamps from one timeline to another. Used twice: from
// the source's packets to the track's continuous timeline, and from there to each listener's (who may have
// switched off for a while).
//
// Within a mapping both offsets are constant: gaps stay gaps, late packets get the number they would have
// had. A new mapping begins with the first in-order packet after oh_rewrite_restart: sequence = last + 1,
// timestamp = where real time has brought it (facts/LIVEKIT.md 8.2). Sequence numbers are extended to 64
// bits.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define OH_REWRITE_FRAME 960             // 20 ms at 48 kHz
#define OH_REWRITE_DRIFT_MAX (2 * 48000) // a source's own clock is believed if it is within 2 s of ours

struct oh_rewrite {
  int64_t first;   // the incoming sequence number with which the present mapping began
  int64_t offset;  // outgoing = incoming + offset
  int64_t last;    // highest outgoing so far
  int64_t last_us; // when it went
  uint32_t ts_offset, last_ts;
  bool started, restart;
  bool new_source; // with restart: the incoming timestamps have nothing to do with the earlier ones
};

// 48 kHz ticks in a time span.
static inline uint32_t oh_ticks(int64_t span_us) {
  return (uint32_t)(span_us * 6 / 125);
}

void oh_rewrite_restart(struct oh_rewrite *r, bool new_source);
// Starts a mapping with this packet.
void oh_rewrite_begin(struct oh_rewrite *r, int64_t now_us, int64_t in, uint32_t in_ts);
// Makes up one packet of ours (silence) after the last one; the next incoming packet begins a new mapping.
void oh_rewrite_next(struct oh_rewrite *r, int64_t now_us, int64_t *out, uint32_t *out_ts);

// Maps one packet. `newest`: nothing later has come in. False: it belongs before the present mapping.
static inline bool oh_rewrite_map(struct oh_rewrite *r, int64_t now_us, int64_t in, uint32_t in_ts,
                                  bool newest, int64_t *out, uint32_t *out_ts) {
  if (__builtin_expect(!r->started || r->restart, 0)) {
    if (!newest) return false;
    oh_rewrite_begin(r, now_us, in, in_ts);
  }
  if (in < r->first) return false;
  *out = in + r->offset;
  *out_ts = in_ts + r->ts_offset;
  if (*out > r->last) {
    r->last = *out;
    r->last_ts = *out_ts;
    r->last_us = now_us;
  }
  return true;
}
