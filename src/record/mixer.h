// mixer.h — several voices on one tape: Opus packets of many in, one mixed Ogg Opus stream out, a frame of
// 20 ms at a time. Sans-IO: time is what the caller says it is, pages go to a sink as whole pieces (tape.h).
//
// Timeline: the tape begins when the mixer was opened. Each voice stands where its packets came in, by its
// RTP timestamps; OH_MIXER_DELAY_US after a moment it is mixed, so that late and reordered packets still find
// their place. What is missing is concealed by libopus (in-band FEC where the next packet has it, then PLC
// for OH_MIXER_CONCEAL samples), then silent. A clock that runs away from ours is brought back by small
// jumps. Loudness: voices are added; a limiter with a short attack keeps the sum from clipping. Silence costs
// next to nothing: voices that say nothing are not decoded, and a mix without any voice is written as empty
// frames instead of being encoded.
#pragma once
#include "base/bytes.h"
#include "base/text.h"
#include "record/tape.h"

#define OH_MIXER_VOICES_MAX 32            // at the same time; more are not heard, and counted
#define OH_MIXER_DELAY_US (200 * 1000)    // how late a packet may be
#define OH_MIXER_SILENT_US (10 * 1000000) // a voice is forgotten after so long
#define OH_MIXER_CONCEAL (48 * 100)       // samples: 100 ms, then libopus has faded out
#define OH_MIXER_HELD 40                  // packets of one voice waiting: 200 ms of 5 ms packets

enum oh_mixer_side { OH_MIXER_BOTH, OH_MIXER_LEFT, OH_MIXER_RIGHT };

struct oh_mixer;
struct oh_mixer_form {
  uint8_t channels; // 1, or 2 for sides; both are 48 kHz
  int32_t bitrate;  // bit/s
  int64_t page_us;  // of the tape; audio that a crash may cost besides OH_MIXER_DELAY_US
  uint32_t serial;
  struct oh_str comment;
};
struct oh_mixer_tally {
  int64_t samples;                   // on the tape, the pages that have been handed over and the one to come
  uint64_t late, refused, concealed; // packets, packets of too many voices, samples made up
  bool failed;                       // the sink has refused a page
};

struct oh_mixer *oh_mixer_open(const struct oh_mixer_form *form, int64_t now_us,
                               bool (*page)(void *ctx, struct oh_bytes page), void *ctx);
void oh_mixer_close(struct oh_mixer *mixer);
// One packet of a voice. The voice's first packet decides its side. Malformed Opus is ignored.
void oh_mixer_recv(struct oh_mixer *mixer, int64_t now_us, uint32_t voice, enum oh_mixer_side side,
                   uint32_t timestamp, struct oh_bytes opus);
// Mixes what is due.
void oh_mixer_tick(struct oh_mixer *mixer, int64_t now_us);
// Mixes the rest, up to now, and ends the tape.
void oh_mixer_end(struct oh_mixer *mixer, int64_t now_us);
void oh_mixer_read_tally(const struct oh_mixer *mixer, struct oh_mixer_tally *tally);
