// rewrite.c — see rewrite.h
#include "sfu/rewrite.h"

void oh_rewrite_restart(struct oh_rewrite *r, bool new_source) {
  if (!r->started) return;
  r->restart = true;
  r->new_source |= new_source;
}

static uint32_t elapsed_ticks(const struct oh_rewrite *r, int64_t now_us) {
  return now_us > r->last_us ? oh_ticks(now_us - r->last_us) : 0;
}

void oh_rewrite_begin(struct oh_rewrite *r, int64_t now_us, int64_t in, uint32_t in_ts) {
  if (!r->started) {
    int64_t out = in & 0x7fff;
    *r = (struct oh_rewrite){
        .first = in, .offset = out - in, .last = out, .last_ts = in_ts, .last_us = now_us, .started = true};
    return;
  }
  uint32_t elapsed = elapsed_ticks(r, now_us);
  if (r->new_source && elapsed < OH_REWRITE_FRAME) elapsed = OH_REWRITE_FRAME;
  uint32_t expected = r->last_ts + elapsed;
  uint32_t ts = in_ts + r->ts_offset; // what the source's own clock says
  int32_t drift = (int32_t)(ts - expected);
  if (r->new_source || drift > OH_REWRITE_DRIFT_MAX || drift < -OH_REWRITE_DRIFT_MAX) ts = expected;
  if ((int32_t)(ts - r->last_ts) <= 0) ts = r->last_ts + 1;
  r->first = in;
  r->offset = r->last + 1 - in;
  r->ts_offset = ts - in_ts;
  r->restart = r->new_source = false;
}

void oh_rewrite_next(struct oh_rewrite *r, int64_t now_us, int64_t *out, uint32_t *out_ts) {
  uint32_t elapsed = elapsed_ticks(r, now_us);
  if (elapsed < OH_REWRITE_FRAME) elapsed = OH_REWRITE_FRAME;
  r->last_ts += elapsed;
  r->last_us = now_us;
  *out = ++r->last;
  *out_ts = r->last_ts;
  r->restart = true;
}
