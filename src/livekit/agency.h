// agency.h — the agents' workers: who has registered on /agent, which of them gets a job, and what becomes of
// it (facts/LIVEKIT.md 9.6). One sans-IO machine per process: connections, their messages, orders from rooms
// and time in; messages to workers and news about jobs out. Rooms live elsewhere (livekit/dispatch.h); both
// sides know a job by its id only.
//
//   oh_agency_order ─> asked: availability ─ yes ─> running ─ update_job, or its worker is lost ─> over
//                        ^   └ no, or 10 s ─> the next worker                        (oh_agency_next_news)
//                        └─ waiting: there is no worker free of that name yet, or it is too early
//
// A running job whose agent does not join its room (oh_agency_joined) in OH_AGENT_JOIN_US is over, too. Text
// frames are JSON, and are answered in JSON, as in LiveKit.
#pragma once
#include "agent.pb-c.h"
#include "base/slab.h"
#include "base/world.h"
#include "livekit/sid.h"
#include "livekit/token.h"

struct oh_agency;
struct oh_agency_config { // borrowed
  const char *server_version, *node_id, *region;
};
struct oh_agency *oh_agency_open(struct oh_world *world, const struct oh_agency_config *config);
void oh_agency_close(struct oh_agency *agency);

// A connection whose token grants `agent`; jobs it gets are signed with `key` (copied). 0: too many.
oh_id oh_agency_connect(struct oh_agency *agency, int64_t now_us, const struct oh_key *key);
void oh_agency_recv(struct oh_agency *agency, int64_t now_us, oh_id worker, bool text, const uint8_t *data,
                    size_t len);
void oh_agency_disconnected(struct oh_agency *agency, int64_t now_us, oh_id worker);

struct oh_job_terms {
  bool waits;          // for a worker to come; else it is forgotten when there is none
  int64_t delay_us;    // nobody is asked before
  struct oh_sid avoid; // a worker that has failed at it, if there is another; empty: none
};
// A job that a room wants done, as a packed livekit.Job: id, type, room, participant, agent_name, ….
void oh_agency_order(struct oh_agency *agency, int64_t now_us, const uint8_t *job, size_t len,
                     const struct oh_job_terms *terms);
// Its agent is in the room.
void oh_agency_joined(struct oh_agency *agency, const char *job_id);
// The room does not want it any more; its worker is told.
void oh_agency_cancel(struct oh_agency *agency, int64_t now_us, const char *job_id);
// Bit n: some worker without a name does jobs of livekit.JobType n, for any room.
unsigned oh_agency_automatic(const struct oh_agency *agency);

struct oh_agency_frame {
  oh_id worker;
  bool close; // instead of a message: with code 1000, 1002 for one that broke the protocol, 1008, 1009
  bool text;  // JSON
  uint16_t code;
  uint8_t *data; // malloc'd: the caller free()s
  size_t len;
};
bool oh_agency_next_frame(struct oh_agency *agency, struct oh_agency_frame *frame);

// What became of a job; for the room that ordered it. Status PENDING never comes.
struct oh_job_news {
  char *room, *job_id;
  uint8_t *state; // packed livekit.JobState
  size_t len;
  bool worker_lost; // FAILED because its worker has gone; its agent may still be in the room
  bool unserved;    // FAILED at once: nobody does jobs of its type under this name
};
bool oh_agency_next_news(struct oh_agency *agency, struct oh_job_news *news);
void oh_job_news_fini(struct oh_job_news *news);

int64_t oh_agency_deadline(struct oh_agency *agency);
void oh_agency_tick(struct oh_agency *agency, int64_t now_us);

struct oh_agency_stats {
  uint32_t workers, jobs, waiting;
};
struct oh_agency_stats oh_agency_stats(const struct oh_agency *agency);
