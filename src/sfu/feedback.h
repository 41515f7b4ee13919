// feedback.h — transport-wide congestion feedback to one publisher (wire/twcc.h): remembers when each
// numbered packet came and reports it every OH_FEEDBACK_US, from which the browser adapts its bitrate.
#pragma once
#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

#define OH_FEEDBACK_US 100000   // as libwebrtc's usual interval
#define OH_FEEDBACK_PACKETS 512 // unreported at most: 100 ms of the largest rates

struct oh_feedback {
  int64_t *arrival_us;   // ring by sequence number; NULL until negotiated; owned
  int64_t next, highest; // extended: first unreported, newest seen
  int64_t due_us;        // OH_NEVER when there is nothing to report
  uint8_t count;
  bool started;
};

void oh_feedback_init(struct oh_feedback *f);
void oh_feedback_fini(struct oh_feedback *f);
void oh_feedback_want(struct oh_feedback *f); // takes the memory; may be called again
void oh_feedback_recv(struct oh_feedback *f, int64_t now_us, uint16_t sequence);
// Appends the next feedback packet to `w`; false when all is told (or `w` is full: w->failed).
bool oh_feedback_write(struct oh_feedback *f, uint32_t sender_ssrc, uint32_t media_ssrc, struct oh_writer *w);
