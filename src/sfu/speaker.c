// speaker.c — see speaker.h
#include "sfu/speaker.h"
#include "sfu/table.h"
#include <math.h>

// A packet cannot stand for more time than this, whatever its timestamp says (Opus DTX gaps are 400 ms).
enum { DURATION_MAX_MS = 1000, SILENT = 127 };

void oh_loudness_init(struct oh_loudness *l) {
  *l = (struct oh_loudness){.loudest = SILENT};
}

static void finish_interval(struct oh_loudness *l, const struct oh_sfu_config *c) {
  double smoothing = c->smooth_intervals > 0 ? 2.0 / (c->smooth_intervals + 1) : 1.0;
  if ((uint64_t)l->active_ms * 100 >= (uint64_t)c->min_percentile * c->update_interval_ms &&
      l->active_ms > 0) {
    double adjusted = l->loudest - 20 * log10((double)l->active_ms / c->update_interval_ms);
    l->smoothed += (pow(10, -adjusted / 20) - l->smoothed) * smoothing;
  } else {
    l->smoothed = 0;
  }
  l->active_ms = l->observed_ms = 0;
  l->loudest = SILENT;
}

void oh_loudness_recv(struct oh_loudness *l, int64_t now_us, const struct oh_sfu_config *c,
                      uint32_t timestamp, uint8_t level) {
  if (!l->started) {
    l->started = true;
    l->highest_ts = timestamp;
  }
  if ((int32_t)(timestamp - l->highest_ts) < 0) return;
  uint32_t duration = (timestamp - l->highest_ts) / 48;
  if (duration > DURATION_MAX_MS) duration = DURATION_MAX_MS;
  l->highest_ts = timestamp;
  l->observed_us = now_us;
  l->observed_ms += duration;
  if (level <= c->active_level) {
    l->active_ms += duration;
    if (level < l->loudest) l->loudest = level;
  }
  if (l->observed_ms >= c->update_interval_ms) finish_interval(l, c);
}

bool oh_loudness_active(struct oh_loudness *l, int64_t now_us, const struct oh_sfu_config *c, double *level) {
  if (now_us - l->observed_us >= 2000 * (int64_t)c->update_interval_ms) l->smoothed = 0;
  *level = l->smoothed;
  return l->smoothed >= pow(10, -(double)c->active_level / 20);
}

float oh_loudness_quantize(double level) {
  double eighths = ceil(level * 8) / 8;
  return (float)(eighths > 1 ? 1 : eighths);
}

void oh_speaker_round(struct oh_sfu *sfu, int64_t now_us, struct oh_sfu_room *room) {
  for (uint32_t i = 0; i < room->members.len; i++) {
    struct oh_sfu_member *m = oh_slab_find(&sfu->members, room->members.items[i]);
    double loudest = 0;
    bool active = false;
    for (uint32_t t = 0; t < m->tracks.len; t++) {
      struct oh_sfu_track *track = oh_slab_find(&sfu->tracks, m->tracks.items[t]);
      double level;
      if (!track->microphone || !oh_loudness_active(&track->loudness, now_us, &sfu->config, &level)) continue;
      active = true;
      if (level > loudest) loudest = level;
    }
    float quantized = active ? oh_loudness_quantize(loudest) : 0;
    if (quantized == m->level) continue; // both are eighths: exact
    m->level = quantized;
    oh_sfu_push(
        sfu,
        &(struct oh_sfu_event){
            .type = OH_SFU_SPEAKER, .room = room->id, .member = m->id, .level = quantized, .active = active});
  }
}
