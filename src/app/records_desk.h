// records_desk.h — the clerk's desk for what is remembered on disk (store/records.h): workers hand in batches
// of events, it commits them once a second, deletes what is too old, and when the disk does not take them
// counts, says so once, and tries again later. Calls never wait for it.
#pragma once
#include "app/clerk.h"
#include "call/event.h"

struct oh_records_desk;

struct oh_records_desk_config {
  const char *data_dir; // made if its parent is there
  uint32_t days, max_mb;
};

struct oh_records_desk *oh_records_desk_open(const struct oh_records_desk_config *config);
void oh_records_desk_close(struct oh_records_desk *desk);         // after oh_clerk_close; NULL is fine
struct oh_desk *oh_records_desk_of(struct oh_records_desk *desk); // for oh_clerk_add_desk

// From any thread; copies the batch. False: the clerk is busy, the batch is lost.
bool oh_records_desk_post(struct oh_records_desk *desk, struct oh_clerk *clerk, int64_t unix_ms,
                          const char *site, struct oh_event_client client,
                          const struct oh_event_batch *batch);
