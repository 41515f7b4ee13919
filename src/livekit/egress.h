// egress.h — recordings of a house's rooms: LiveKit's egress, for sound into files. One hidden participant
// of kind EGRESS per recording sits in the room and hears (resident.h); what it hears goes to the scribe, who
// mixes and writes on a thread of its own and tells how it went. A recording never harms its call: when the
// disk or the scribe fails, the recording fails.
//
//   STARTING ─the file is there─> ACTIVE ─stop, room or track ends, limit─> ENDING ─file closed─> COMPLETE
//       └──────────────── disk ─────┴──────> FAILED                                     or LIMIT_REACHED
//
// The room says active_recording as long as one runs, so that everybody in it can see it.
#pragma once
#include "base/bytes.h"
#include "egress.pb-c.h"
#include "livekit/twirp.h"

struct oh_house;
struct oh_room;
struct oh_participant;
struct oh_track;
struct oh_egress;

// An attribute of a participant: "no", and no recording has this voice.
#define OH_RECORDING_ATTRIBUTE "offhook.recording"

enum oh_reel_side { OH_REEL_BOTH, OH_REEL_LEFT, OH_REEL_RIGHT };
struct oh_reel_order { // borrowed
  const char *path;    // below the recordings' directory; oh_egress_path
  const char *title;
  uint8_t channels;     // of the mix; 0: one voice as it comes
  uint32_t bitrate;     // of the mix; 0: the scribe's choice
  const char *id;       // for the scribe's logbook, with
  struct oh_bytes info; // the packed EgressInfo
};
// The scribe as a house sees it. None of these waits for the disk.
struct oh_scribe_ops {
  void *ctx;
  uint32_t max_duration_s; // of a recording; 0: no limit
  // The number of the new reel, or 0: there are as many as there may be.
  uint64_t (*open)(void *ctx, int64_t now_us, const struct oh_reel_order *order);
  // Must not allocate per packet.
  void (*packet)(void *ctx, int64_t now_us, uint64_t reel, uint32_t voice, enum oh_reel_side side,
                 uint32_t timestamp, struct oh_bytes opus);
  void (*close)(void *ctx, int64_t now_us, uint64_t reel);
  // A recording has its end, `info` is the packed EgressInfo: to be listed after a restart.
  void (*ended)(void *ctx, int64_t now_us, const char *id, struct oh_bytes info);
};
// What the scribe tells; borrowed.
struct oh_reel_news {
  uint64_t reel;
  enum { OH_REEL_OPEN, OH_REEL_FAILED, OH_REEL_CLOSED } what;
  const char *path, *error; // the name it got in the end; of FAILED
  uint64_t bytes, lost;     // packets
  int64_t duration_us;      // of the sound
};
void oh_house_reel_news(struct oh_house *house, int64_t now_us, const struct oh_reel_news *news);
// A recording that a crash has cut off, from the scribe's logbook: it is listed as ABORTED, and told.
struct oh_reel_remnant { // borrowed
  const char *path;
  struct oh_bytes info; // what its order had
  uint64_t bytes;
  int64_t ended_unix_us;
};
// False: nothing can be made of it (of another version, or damaged).
bool oh_house_reel_remnant(struct oh_house *house, int64_t now_us, const struct oh_reel_remnant *remnant);
// One that had its end before the restart, as scribe.ended got it: it is listed, nothing is told.
void oh_house_reel_recall(struct oh_house *house, struct oh_bytes info);
// Recordings whose files are not closed yet.
bool oh_house_is_recording(const struct oh_house *house);

struct oh_egresses {       // in struct oh_house
  struct oh_egress *first; // newest first
  uint32_t count;
  bool due; // recorders have to leave
};

// For livekit/ itself.
// `request`: one of the Start…Request messages; copied. NULL: the error.
struct oh_egress *oh_egress_start(struct oh_house *house, int64_t now_us, struct oh_room *room,
                                  const ProtobufCMessage *request, struct oh_twirp_error *error);
struct oh_egress *oh_egress_find(struct oh_house *house, const char *id);
struct oh_egress *oh_egress_next(struct oh_house *house, struct oh_egress *after); // NULL: the first
const char *oh_egress_room(const struct oh_egress *egress);
bool oh_egress_is_active(const struct oh_egress *egress); // STARTING, ACTIVE, ENDING
// False: it has ended, or is about to.
bool oh_egress_stop(struct oh_house *house, int64_t now_us, struct oh_egress *egress);
Livekit__EgressInfo *oh_egress_describe(struct oh_house *house, const struct oh_egress *e); // in scratch

// Whether what a room asks for by itself could be done; NULL is fine. False: the error.
bool oh_egress_check_auto(const struct oh_house *house, const Livekit__RoomEgress *egress,
                          struct oh_twirp_error *error);
// What happens in a room: begins what it asked for, ends what has lost its subject.
void oh_egress_room_opened(struct oh_house *house, int64_t now_us, struct oh_room *room);
void oh_egress_participant_active(struct oh_house *house, int64_t now_us, struct oh_participant *participant);
void oh_egress_participant_gone(struct oh_house *house, int64_t now_us,
                                const struct oh_participant *participant);
void oh_egress_track_published(struct oh_house *house, int64_t now_us, const struct oh_track *track);
void oh_egress_track_gone(struct oh_house *house, int64_t now_us, const struct oh_track *track);

int64_t oh_egress_deadline(const struct oh_house *house);
void oh_egress_tick(struct oh_house *house, int64_t now_us);
void oh_egress_fini(struct oh_house *house);
