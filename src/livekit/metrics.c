// metrics.c — see metrics.h
#include "livekit/metrics.h"
#include "base/check.h"
#include <stdlib.h>

enum { MS_US = 1000, S_US = 1000000, US_NS = 1000, SLOWER = 16 };
#define TIME_MAX_MS (INT64_MAX / MS_US / 4) // what is beyond is nobody's clock

static int64_t to_us(int64_t ms) {
  return (ms > TIME_MAX_MS ? TIME_MAX_MS : ms < -TIME_MAX_MS ? -TIME_MAX_MS : ms) * MS_US;
}

// The shortest way is the truest: down at once, up by and by, because clocks drift.
static void learn(struct oh_metrics_clock *clock, int64_t offset_us) {
  if (!clock->known || offset_us < clock->offset_us)
    clock->offset_us = offset_us;
  else
    clock->offset_us += (offset_us - clock->offset_us) / SLOWER;
  clock->known = true;
}

static void stamp(Livekit__MetricsTimestamp **field, const struct oh_metrics_clock *clock, int64_t ms) {
  if (!*field) {
    *field = malloc(sizeof **field);
    OH_CHECK(*field);
    livekit__metrics_timestamp__init(*field);
  }
  int64_t us = to_us(ms) + clock->offset_us, s = us / S_US - (us % S_US < 0);
  (*field)->seconds = s;
  (*field)->nanos = (int32_t)((us - s * S_US) * US_NS);
}

void oh_metrics_normalise(struct oh_metrics_clock *clock, int64_t unix_us, Livekit__MetricsBatch *batch) {
  if (batch->timestamp_ms) learn(clock, unix_us - to_us(batch->timestamp_ms));
  stamp(&batch->normalized_timestamp, clock, batch->timestamp_ms);
  for (size_t i = 0; i < batch->n_time_series; i++)
    for (size_t j = 0; j < batch->time_series[i]->n_samples; j++) {
      Livekit__MetricSample *sample = batch->time_series[i]->samples[j];
      stamp(&sample->normalized_timestamp, clock, sample->timestamp_ms);
    }
  for (size_t i = 0; i < batch->n_events; i++) {
    Livekit__EventMetric *event = batch->events[i];
    stamp(&event->normalized_start_timestamp, clock, event->start_timestamp_ms);
    if (event->_end_timestamp_ms_case == LIVEKIT__EVENT_METRIC___END_TIMESTAMP_MS_END_TIMESTAMP_MS)
      stamp(&event->normalized_end_timestamp, clock, event->end_timestamp_ms);
  }
}
