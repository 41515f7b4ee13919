// report.h — RTCP of the media plane: sender reports and SDES to listeners about every 3 s, receiver reports
// (with DLRR, RFC 3611) to publishers about every second, NACKs and congestion feedback when due; and what
// comes back. BYE changes nothing: signalling decides who is there (RELIABILITY N9).
#pragma once
#include "base/outbox.h"
#include "wire/rtcp.h"
#include <stdbool.h>
#include <stdint.h>

#define OH_REPORT_RR_US 1000000
#define OH_REPORT_SR_US 3000000

// Which timestamp of a track belongs to a moment: anchored at the packet that came with the least delay, and
// anew every 10 s to follow the source's clock.
struct oh_clock {
  bool set, better;
  uint32_t ts, better_ts;
  int64_t us, better_us, window_us;
};
void oh_clock_recv(struct oh_clock *c, int64_t now_us, uint32_t timestamp);
uint32_t oh_clock_at(const struct oh_clock *c, int64_t now_us);

// What one listener's receiver reports have said.
struct oh_reported {
  bool any;
  uint32_t highest; // of the last report
  int32_t lost;
  int64_t last_us, rtt_us;
  // since the last quality scoring
  int64_t score_packets, score_lost;
  uint32_t score_jitter; // ticks
  int64_t score_rtt_us;
  int64_t score_gaps;  // lost before they reached us, as of the last scoring
  uint64_t score_sent; // the listener's packets then
};
void oh_reported_recv(struct oh_reported *r, int64_t now_us, uint32_t ntp_middle,
                      const struct oh_rtcp_report *report);

struct oh_sfu;
struct oh_sfu_transport;
void oh_report_recv(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_transport *transport,
                    const uint8_t *data, size_t len, struct oh_outbox *out);
// Sends what is due on a transport and sets its timer.
void oh_report_tick(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_transport *transport,
                    struct oh_outbox *out);
void oh_report_arm(struct oh_sfu *sfu, struct oh_sfu_transport *transport);
