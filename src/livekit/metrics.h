// metrics.h — what clients measure and tell those who may see it (canSubscribeMetrics): the times in it are
// of each client's own monotonic clock, and are translated into ours (LiveKit's pkg/metric: "normalized").
#pragma once
#include "packet.pb-c.h"
#include <stdbool.h>

// How far a client's clock is from unix time, from the batches it has sent; all 0 at first.
struct oh_metrics_clock {
  int64_t offset_us; // unix time less the client's, network delay included
  bool known;
};

// A batch that has just come, at this unix time: learns from it and fills in all `normalized…` fields,
// whatever the client put there. The batch must have been read by oh_message_read.
void oh_metrics_normalise(struct oh_metrics_clock *clock, int64_t unix_us, Livekit__MetricsBatch *batch);
