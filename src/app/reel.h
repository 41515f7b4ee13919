// reel.h — one recording at the scribe's: a new file below a directory, and the mixer or tape that fills it.
// On the scribe's thread; blocking.
#pragma once
#include "livekit/egress.h"
#include "record/mixer.h"

#define OH_SCRIBE_PAGE_US (200 * 1000)

struct oh_satchel;
struct oh_reel {
  uint64_t number;
  struct oh_satchel *from; // who is told
  int fd;
  char id[32];            // for the logbook
  char path[1100];        // below the directory, as it is in the end
  const char *error;      // static text; NULL: all is well
  uint64_t bytes, lost;   // on disk; packets
  int64_t last_us;        // the worker's time
  bool dirty;             // something was written since the last sync
  struct oh_mixer *mixer; // or
  struct oh_tape *tape;
};

// NULL: *error says why (static text).
struct oh_reel *oh_reel_open(int directory, int64_t now_us, const struct oh_reel_order *order,
                             const char **error);
void oh_reel_packet(struct oh_reel *reel, int64_t now_us, uint32_t voice, enum oh_reel_side side,
                    uint32_t timestamp, struct oh_bytes opus);
void oh_reel_tick(struct oh_reel *reel, int64_t now_us);
void oh_reel_sync(struct oh_reel *reel); // to the disk
int64_t oh_reel_duration_us(const struct oh_reel *reel);
// Ends and closes the file; the numbers stay readable until oh_reel_free.
void oh_reel_end(struct oh_reel *reel, int64_t now_us);
void oh_reel_free(struct oh_reel *reel);
