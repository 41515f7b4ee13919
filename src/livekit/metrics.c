// metrics.c — see metrics.h
#include "livekit/metrics.h"
#include "base/check.h"
#include <stdlib.h>

enum {
  MS_US = 1000,
  S_US = 1000000,
  US_NS = 1000,
  SLOWER = 16,
  // livekit_metrics.proto
  NORMALIZED = 2,
  NORMALIZED_START = 6,
  NORMALIZED_END = 7,
  SECONDS_TAG = 1 << 3, // varints
  NANOS_TAG = 2 << 3,
  TIMESTAMP_BYTES = 1 + 1 + 10 + 1 + 5,
};
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

static size_t put_varint(uint8_t *at, uint64_t value) {
  size_t n = 0;
  for (; value > 0x7f; value >>= 7)
    at[n++] = (uint8_t)(value | 0x80);
  at[n++] = (uint8_t)value;
  return n;
}

// google.protobuf.Timestamp, with its length before it.
static size_t put_timestamp(uint8_t *at, int64_t us) {
  int64_t s = us / S_US - (us % S_US < 0);
  size_t n = 1;
  at[n++] = SECONDS_TAG;
  n += put_varint(at + n, (uint64_t)s);
  at[n++] = NANOS_TAG;
  n += put_varint(at + n, (uint64_t)((us - s * S_US) * US_NS));
  at[0] = (uint8_t)(n - 1);
  return n;
}

// Our subset of the messages does not have these fields (nothing else here reads them): they are written to
// what is unknown of a message, in place of what the client said there.
static void stamp(ProtobufCMessage *message, uint32_t tag, const struct oh_metrics_clock *clock, int64_t ms) {
  unsigned kept = 0;
  for (unsigned i = 0; i < message->n_unknown_fields; i++) {
    if (message->unknown_fields[i].tag == tag)
      free(message->unknown_fields[i].data);
    else
      message->unknown_fields[kept++] = message->unknown_fields[i];
  }
  message->unknown_fields = realloc(message->unknown_fields, (kept + 1) * sizeof *message->unknown_fields);
  uint8_t *data = malloc(TIMESTAMP_BYTES);
  OH_CHECK(message->unknown_fields && data);
  size_t len = put_timestamp(data, to_us(ms) + clock->offset_us);
  message->unknown_fields[kept] = (ProtobufCMessageUnknownField){
      .tag = tag, .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, .len = len, .data = data};
  message->n_unknown_fields = kept + 1;
}

void oh_metrics_normalise(struct oh_metrics_clock *clock, int64_t unix_us, Livekit__MetricsBatch *batch) {
  if (batch->timestamp_ms) learn(clock, unix_us - to_us(batch->timestamp_ms));
  stamp(&batch->base, NORMALIZED, clock, batch->timestamp_ms);
  for (size_t i = 0; i < batch->n_time_series; i++)
    for (size_t j = 0; j < batch->time_series[i]->n_samples; j++) {
      Livekit__MetricSample *sample = batch->time_series[i]->samples[j];
      stamp(&sample->base, NORMALIZED, clock, sample->timestamp_ms);
    }
  for (size_t i = 0; i < batch->n_events; i++) {
    Livekit__EventMetric *event = batch->events[i];
    stamp(&event->base, NORMALIZED_START, clock, event->start_timestamp_ms);
    if (event->_end_timestamp_ms_case == LIVEKIT__EVENT_METRIC___END_TIMESTAMP_MS_END_TIMESTAMP_MS)
      stamp(&event->base, NORMALIZED_END, clock, event->end_timestamp_ms);
  }
}
