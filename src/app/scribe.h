// scribe.h — the one thread that writes recordings: it mixes (record/mixer.h) and keeps the files. Workers
// never wait for it: what their recorders hear goes into a satchel, which is posted whole every
// OH_SATCHEL_US, with the worker's own time on it; mixes follow that time and no clock of the scribe's.
//
//   worker: house ── oh_scribe_ops ──> satchel ──mail──> scribe: reel ── mixer or tape ── write(), page by
//   page
//           house <── oh_house_reel_news ────────job──────┘                 fdatasync() at most once a second
//
// A logbook on disk says which are under way: after a crash the next start lists and tells them as ABORTED.
// An archive (store/archive.h) has the latest that have ended, so that they are listed after a restart.
// A file is playable at any moment: each page is one write, and one that does not fit (disk full) is taken
// back. A crash of the program costs OH_SCRIBE_PAGE_US, for a mix OH_MIXER_DELAY_US more, and the satchel.
// Files are new ones, below the directory, never through a symbolic link, for our own user only.
#pragma once
#include "app/config.h"
#include "app/job.h"
#include "livekit/egress.h"

struct oh_scribe;
struct oh_satchel;
struct oh_worker;
struct oh_world;

struct oh_scribe_config {
  const char *directory; // made if its parent is there
  uint32_t reels_max;
  uint32_t max_duration_s;
};

// NULL: `error` says why the directory cannot be used.
struct oh_scribe *oh_scribe_open(const struct oh_scribe_config *config, char error[OH_CONFIG_ERROR_MAX]);
void oh_scribe_start(struct oh_scribe *scribe);
void oh_scribe_stop(struct oh_scribe *scribe);  // ends all files; when no worker runs any more
void oh_scribe_close(struct oh_scribe *scribe); // NULL is fine

// Tells a house what has ended before, and what a crash has cut off; before the workers start.
void oh_scribe_recall(struct oh_scribe *scribe, struct oh_house *house, const struct oh_world *world,
                      int64_t now_us);

// One per worker, on its thread. `scribe` NULL: there are no recordings, and ops.open is NULL.
struct oh_satchel *oh_satchel_open(struct oh_scribe *scribe, struct oh_worker *worker,
                                   struct oh_world *world);
void oh_satchel_close(struct oh_satchel *satchel);
struct oh_scribe_ops oh_satchel_ops(struct oh_satchel *satchel);
// Posts what is due; OH_NEVER when nothing will be.
void oh_satchel_tick(struct oh_satchel *satchel, int64_t now_us);
int64_t oh_satchel_deadline(const struct oh_satchel *satchel);
