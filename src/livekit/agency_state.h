// agency_state.h — the inside of struct oh_agency, and the token that an assigned job carries.
#pragma once
#include "base/limits.h"
#include "base/map.h"
#include "livekit/agency.h"

struct oh_agent_worker {
  oh_id id;
  struct oh_sid sid;
  char *key_id, *key_secret;
  Livekit__RegisterWorkerRequest *registration; // NULL: not registered yet
  int64_t register_by_us;
  float load;
  bool full, json;
  bool closing;             // told to go, nothing more is read or sent
  uint32_t simulated;       // jobs that it has made up
  int64_t credit, heard_us; // messages that it may send, in millionths, as of then
};

enum oh_job_stage { OH_JOB_DELAYED, OH_JOB_WAITING, OH_JOB_ASKED, OH_JOB_RUNNING };
struct oh_agency_job {
  oh_id id, worker; // worker: asked, or running it; 0 while it waits
  Livekit__Job *job;
  enum oh_job_stage stage;
  bool waits, is_simulated; // simulated: for the worker that made it up, and nobody else
  struct oh_sid avoid;
  int64_t by_us;         // running: for its agent to join; OH_NEVER once it has
  int64_t wait_until_us; // for a worker to come
  oh_id tried[OH_AGENT_TRIES_MAX];
  uint32_t tried_count;
};

struct oh_agency_out {
  struct oh_agency_out *next;
  struct oh_agency_frame frame;
};
struct oh_agency_told {
  struct oh_agency_told *next;
  struct oh_job_news news;
};

struct oh_agency {
  struct oh_world *world;
  struct oh_agency_config config;
  struct oh_slab workers, jobs;
  struct oh_map jobs_by_id;
  int64_t first_us; // the earliest deadline, unless it is stale
  bool is_stale;
  struct oh_agency_out *frames, *last_frame;
  struct oh_agency_told *news, *last_news;
};

// The token of an assigned job, valid for an hour: the agent joins with it. malloc'd; NULL if what the worker
// wishes cannot stand in one.
char *oh_assignment_token(const struct oh_agent_worker *worker, const Livekit__Job *job,
                          const Livekit__AvailabilityResponse *wishes, const char *identity, int64_t unix_s);
