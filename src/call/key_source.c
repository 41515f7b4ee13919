// key_source.c — see key_source.h
#include "call/key_source.h"
#include "base/heap.h"
#include "base/limits.h"

void oh_key_source_init(struct oh_key_source *source, int64_t now_us) {
  *source = (struct oh_key_source){.next_us = now_us, .ask_from_us = now_us};
}

bool oh_key_source_begin(struct oh_key_source *source, int64_t now_us, bool asked) {
  bool is_due = now_us >= source->next_us;
  if (source->is_busy || !(is_due || (asked && now_us >= source->ask_from_us))) return false;
  // What we fetch by ourselves does not count: a key changed right after it can still be asked for.
  if (!is_due) source->ask_from_us = now_us + OH_KEY_ASK_US;
  source->is_busy = true;
  return true;
}

void oh_key_source_done(struct oh_key_source *source, int64_t now_us, bool good) {
  source->is_busy = false;
  if (good) {
    source->failures = 0;
    source->has_keys = true;
    source->good_us = now_us;
    source->next_us = now_us + OH_KEY_REFRESH_US;
    return;
  }
  int64_t pause_us = OH_KEY_RETRY_US << (source->failures < 16 ? source->failures : 16);
  source->failures++;
  source->next_us = now_us + oh_earlier(pause_us, OH_KEY_ASK_US);
  if (source->ask_from_us < source->next_us) source->ask_from_us = source->next_us;
  if (source->has_keys && now_us - source->good_us >= OH_KEY_STALE_US) source->has_keys = false;
}
