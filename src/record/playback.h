// playback.h — the packets of an Ogg Opus file with how long each lasts. Pure: the file's bytes in, packets
// out.
#pragma once
#include "wire/ogg.h"

struct oh_playback {
  struct oh_ogg_reader reader;
  uint8_t scratch[OH_OGG_PAGE_MAX]; // for packets that span pages
};

// `file` is borrowed. False: this is no Ogg Opus file (mono or stereo, mapping family 0).
bool oh_playback_init(struct oh_playback *playback, struct oh_bytes file);
// The next packet (borrowed until the next call) and its samples at 48 kHz; malformed ones are skipped.
// False: the end.
bool oh_playback_next(struct oh_playback *playback, struct oh_bytes *opus, uint32_t *samples);
