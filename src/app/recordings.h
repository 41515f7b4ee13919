// recordings.h — what a native caller hears, kept as Ogg Opus files: one file for the conversation, or one
// per participant. Files are written page by page, each page with one write: they are playable whenever the
// program ends, however it ends.
#pragma once
#include "record/tape.h"
#include "wire/rtp.h"

#define OH_RECORDINGS_MAX 64                  // voices recorded at once; a directory is not a landfill
#define OH_RECORDINGS_SILENT_US (5 * 1000000) // one file: after that much silence another voice may have it

struct oh_recording {
  int fd;
  char participant[64]; // sid; of whom this is
  char path[512];
  int64_t heard_us;
  struct oh_tape tape;
};
struct oh_recordings {
  const char *file, *folder; // one of them, or neither (nothing is recorded); borrowed
  struct oh_recording *items[OH_RECORDINGS_MAX];
  size_t count;
};

// False: the file cannot be written (errno); a folder is made if it is not there.
bool oh_recordings_init(struct oh_recordings *recordings, const char *file, const char *folder);
// A packet. `name` becomes the title, and in a folder part of the file name (harmless characters only).
void oh_recordings_recv(struct oh_recordings *recordings, int64_t now_us, const char *participant,
                        const char *name, const struct oh_rtp_header *rtp, struct oh_bytes opus);
int64_t oh_recordings_deadline(const struct oh_recordings *recordings);
void oh_recordings_tick(struct oh_recordings *recordings, int64_t now_us);
// Ends all files. The numbers in `items` stay readable until fini.
void oh_recordings_end(struct oh_recordings *recordings);
void oh_recordings_fini(struct oh_recordings *recordings);
// File name of a voice: letters, digits, '-' and '_' of the name, the rest as '_', then the sid.
void oh_recordings_name(const char *name, const char *participant, char out[128]);
