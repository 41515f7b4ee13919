// clerk.h — the one thread for everything slow: HTTP requests that we make (an identity provider's keys,
// webhooks) and the disk (SQLite). A worker posts a job (job.h), goes on at once, and gets the answer by
// mail.
//
//   worker ── oh_clerk_post ──> clerk: jobs in order, desks, HTTP client ── oh_worker_post ──> worker
//
// A desk is a part of the program that lives on this thread: opened before the thread starts, reached by
// jobs, told the time once a second, and closed after the last job.
#pragma once
#include "app/job.h"
#include "base/world.h"
#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;
struct oh_clerk;
struct oh_http_client;

// The first member of a desk's own struct; all callbacks come on the clerk's thread.
struct oh_desk {
  void (*open)(struct oh_desk *desk, struct oh_clerk *clerk,
               int64_t now_us);                       // before the first job; may be NULL
  void (*tick)(struct oh_desk *desk, int64_t now_us); // once a second; may be NULL
  // After the last job: whether it has something under way that is worth a moment. Asked again and again
  // until it says no, or OH_CLERK_LINGER_US have passed. May be NULL.
  bool (*linger)(struct oh_desk *desk);
  // After the last job, and after the HTTP client was closed: write what is left, close what is open on the
  // loop. The desk's memory is freed by who made it, after oh_clerk_close. May be NULL.
  void (*close)(struct oh_desk *desk, int64_t now_us);
};

struct oh_clerk_config {
  bool json;             // of the log
  const char *log_level; // "info"
  const char
      *ca_file; // PEM certificates that outgoing TLS trusts instead of the system's; NULL: the system's
};

struct oh_clerk *oh_clerk_open(const struct oh_clerk_config *config);
void oh_clerk_add_desk(struct oh_clerk *clerk, struct oh_desk *desk); // before start; at most OH_DESKS_MAX
void oh_clerk_start(struct oh_clerk *clerk);
// Runs what was posted before, lets desks linger, ends requests that are under way, closes the desks, and
// waits for the end of the thread. From the thread that opened it, when no worker runs any more.
void oh_clerk_stop(struct oh_clerk *clerk);
void oh_clerk_close(struct oh_clerk *clerk); // not running (any more); NULL is fine

// From any thread. False: the clerk is busy (OH_CLERK_JOBS_MAX are waiting) or has ended; the job was
// dropped.
bool oh_clerk_post(struct oh_clerk *clerk, struct oh_job *take_job);
uint64_t oh_clerk_counter(const struct oh_clerk *clerk, enum oh_counter which); // from any thread

// On the clerk's own thread only.
struct uv_loop_s *oh_clerk_loop(struct oh_clerk *clerk);
struct oh_world *oh_clerk_world(struct oh_clerk *clerk);
struct oh_http_client *oh_clerk_http(struct oh_clerk *clerk);
