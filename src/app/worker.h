// worker.h — one core's complete server: a thread with its loop, HTTP door, media doors and house. A room
// lives on exactly one worker (siphash of its name); a join that arrives at another moves there once, with
// its connection, before the 101; an ICE-TCP stream moves by the ufrag of its first check. Everything enters
// on the worker's own thread; others write to it by mail.
//
//   HTTP ──┬ web.h (page, tokens, health)                  datagram ── house ── outbox ── doors
//          └ /rtc… ── join.h ── whose room? ── house        timer ──── house
//                                  └ mail ── other worker
#pragma once
#include "app/config.h"
#include "app/job.h"
#include "base/counter.h"
#include "livekit/house.h"
#include <stdatomic.h>

struct oh_worker;
struct oh_identity;
struct oh_budget;
struct oh_voice_gate;
struct oh_tls;
struct oh_mailbox;
struct oh_media_listeners;
struct oh_clerk;
struct oh_keyring;
struct oh_far_desk;
struct oh_records_desk;
struct oh_tally;
struct oh_webhook_desk;
struct oh_scribe;

// What the workers of one process share; all of it outlives them.
struct oh_crew {
  struct oh_worker **workers;
  uint32_t count;
  uint8_t room_secret[16]; // which worker owns a room
  struct oh_identity *identity;
  const struct oh_media_listeners *media;                  // the ICE-TCP port, shared by all workers
  struct oh_budget *budget, *report_budget, *check_budget; // calls; events; network checks
  struct oh_tally *tally;                                  // what buttons reported
  struct oh_records_desk *records;                         // the clerk's; NULL without data_dir
  struct oh_webhook_desk *webhooks;                        // the clerk's
  struct oh_scribe *scribe;                                // NULL: nothing is recorded
  struct oh_far_desk *far;                                 // the clerk's; NULL: calls are carried here
  struct oh_keyring *keyring;
  struct oh_voice_gate *gate;
  struct oh_clerk *clerk;    // for what is slow; ends after the workers
  struct oh_mailbox *office; // of the main thread: a worker posts itself there when it has ended
  char node_id[24];
  atomic_bool draining;
};

struct oh_worker_config {
  struct oh_crew *crew;
  uint32_t index;
  const struct oh_config *config; // see oh_worker_reload
  const int *listeners;           // sockets of oh_http_listen, shared by all workers
  size_t listener_count;
  struct oh_tls *tls; // NULL: plain
};

// Opens all doors (in the caller's thread); nothing is served before start. NULL: `error` says why.
struct oh_worker *oh_worker_open(const struct oh_worker_config *config, char error[OH_CONFIG_ERROR_MAX]);
void oh_worker_start(struct oh_worker *worker);
void oh_worker_join(struct oh_worker *worker);  // waits for the end of its thread, after oh_worker_stop
void oh_worker_close(struct oh_worker *worker); // not running (any more)

// From any thread; by mail. `config` and `tls` must live until the workers have ended.
void oh_worker_reload(struct oh_worker *worker, const struct oh_config *config, struct oh_tls *tls);
// An answer: job->run gets the worker's struct oh_web. False: the worker has ended; the job was dropped.
bool oh_worker_post(struct oh_worker *worker, struct oh_job *take_job);
// Worker number `index` of the same crew, NULL behind the last; and the number of the one that owns a room.
struct oh_worker *oh_worker_at(const struct oh_worker *worker, uint32_t index);
uint32_t oh_worker_of_room(const struct oh_worker *worker, struct oh_str room);
void oh_worker_drain(struct oh_worker *worker); // no new rooms
void oh_worker_stop(struct oh_worker *worker);  // Leave to everybody, then the thread ends

struct oh_worker_stats {
  uint32_t rooms, participants, tracks, subscriptions, connections;
};
// From any thread: a snapshot at most a second old; counters are exact.
void oh_worker_read_stats(const struct oh_worker *worker, struct oh_worker_stats *stats);
uint64_t oh_worker_counter(const struct oh_worker *worker, enum oh_counter which);
// The media addresses told to browsers, for the log line at the start.
size_t oh_worker_candidates(const struct oh_worker *worker, const struct oh_addr **candidates);
