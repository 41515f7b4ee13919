// feedback.c — see feedback.h
#include "sfu/feedback.h"
#include "base/check.h"
#include "base/heap.h"
#include "wire/twcc.h"
#include <stdlib.h>

void oh_feedback_init(struct oh_feedback *f) {
  *f = (struct oh_feedback){.due_us = OH_NEVER};
}

void oh_feedback_fini(struct oh_feedback *f) {
  free(f->arrival_us);
  oh_feedback_init(f);
}

void oh_feedback_want(struct oh_feedback *f) {
  if (f->arrival_us) return;
  f->arrival_us = malloc(OH_FEEDBACK_PACKETS * sizeof *f->arrival_us);
  OH_CHECK(f->arrival_us);
}

static int64_t *slot(const struct oh_feedback *f, int64_t sequence) {
  return &f->arrival_us[(uint64_t)sequence % OH_FEEDBACK_PACKETS];
}

void oh_feedback_recv(struct oh_feedback *f, int64_t now_us, uint16_t sequence) {
  if (!f->arrival_us) return;
  if (!f->started) {
    f->started = true;
    f->next = 0x10000 + (int64_t)sequence;
    f->highest = f->next - 1;
  }
  int64_t at = f->highest + (int16_t)(uint16_t)(sequence - (uint16_t)f->highest);
  if (at < f->next) return;                  // already reported as lost
  if (at - f->next >= OH_FEEDBACK_PACKETS) { // a jump, or nobody ticks: what lies before is given up
    f->next = at;
    f->highest = at - 1;
  }
  for (; f->highest < at; f->highest++)
    *slot(f, f->highest + 1) = OH_TWCC_LOST;
  if (*slot(f, at) == OH_TWCC_LOST) *slot(f, at) = now_us;
  if (f->due_us == OH_NEVER) f->due_us = now_us + OH_FEEDBACK_US;
}

bool oh_feedback_write(struct oh_feedback *f, uint32_t sender_ssrc, uint32_t media_ssrc,
                       struct oh_writer *w) {
  f->due_us = OH_NEVER;
  if (!f->started || f->next > f->highest) return false;
  int64_t arrival_us[OH_FEEDBACK_PACKETS];
  size_t count = (size_t)(f->highest - f->next + 1);
  for (size_t i = 0; i < count; i++)
    arrival_us[i] = *slot(f, f->next + (int64_t)i);
  struct oh_twcc feedback = {.sender_ssrc = sender_ssrc,
                             .media_ssrc = media_ssrc,
                             .base_sequence = (uint16_t)f->next,
                             .feedback_count = f->count};
  size_t told = oh_twcc_write(w, &feedback, arrival_us, count);
  if (told == 0) {
    f->next = f->highest + 1; // nothing sensible to say about them
    return false;
  }
  f->count++;
  f->next += (int64_t)told;
  return true;
}
