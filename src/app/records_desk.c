// records_desk.c — see records_desk.h
#include "app/records_desk.h"
#include "base/check.h"
#include "base/limits.h"
#include "store/records.h"
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_NAME "offhook.db"
#define RETRY_US (60 * 1000000LL)
#define PRUNE_US (60 * 1000000LL)
#define DAY_MS 86400000LL
#define EVENT_JSON_MAX 1024

struct oh_records_desk {
  struct oh_desk desk;
  struct oh_records_desk_config config;
  char path[4096];
  struct oh_world *world; // the clerk's
  struct oh_records *records;
  int64_t retry_us, prune_us;
  bool is_failing; // said so already
};

struct batch_job {
  struct oh_job job;
  struct oh_records_desk *desk;
  int64_t unix_ms;
  char site[64], call[OH_EVENT_CALL_MAX + 1];
  struct oh_event_client client;
  uint32_t count;
  struct oh_event events[];
};

static void complain(struct oh_records_desk *d, const char *why) {
  if (!d->is_failing)
    oh_log(&d->world->log, OH_LOG_ERROR, "records are not written; calls go on", "file=%s why=%s", d->path,
           why);
  d->is_failing = true;
}

static void recover(struct oh_records_desk *d) {
  if (d->is_failing) oh_log(&d->world->log, OH_LOG_INFO, "records are written again", "file=%s", d->path);
  d->is_failing = false;
}

static void open_records(struct oh_records_desk *d, int64_t now_us) {
  char error[OH_RECORDS_ERROR_MAX];
  d->retry_us = now_us + RETRY_US;
  mkdir(d->config.data_dir, 0700); // if that fails, opening says why
  d->records = oh_records_open(d->path, (int64_t)d->config.max_mb * 1024 * 1024, error);
  if (!d->records) {
    complain(d, error);
    return;
  }
  if (oh_records_was_set_aside(d->records))
    oh_log(&d->world->log, OH_LOG_ERROR, "the records were corrupt; begun anew, the old file is beside it",
           "file=%s kept=%s.corrupt", d->path, d->path);
  d->prune_us = now_us;
}

static void prune(struct oh_records_desk *d, int64_t now_us) {
  uint32_t deleted = 0;
  int64_t before_ms = oh_unix_us(d->world, now_us) / 1000 - (int64_t)d->config.days * DAY_MS;
  if (!oh_records_prune(d->records, before_ms, &deleted)) complain(d, oh_records_error(d->records));
  oh_count_n(&d->world->counters, OH_COUNT_records_deleted, deleted);
  d->prune_us = now_us + (deleted ? 0 : PRUNE_US); // there may be more to delete
}

static void commit(struct oh_records_desk *d, int64_t now_us) {
  uint32_t waiting = oh_records_waiting(d->records);
  if (!waiting) return;
  if (oh_records_commit(d->records)) {
    oh_count_n(&d->world->counters, OH_COUNT_records_written, waiting);
    recover(d);
    return;
  }
  oh_count_n(&d->world->counters, OH_COUNT_records_lost, waiting);
  complain(d, oh_records_error(d->records));
  if (oh_records_is_full(d->records)) prune(d, now_us);
}

static void run_batch(struct oh_job *take_job, void *place, int64_t now_us) {
  (void)place;
  struct batch_job *batch = (struct batch_job *)take_job;
  struct oh_records_desk *d = batch->desk;
  struct oh_text data;
  oh_text_init(&data, EVENT_JSON_MAX);
  for (uint32_t i = 0; i < batch->count; i++) {
    const struct oh_event *event = &batch->events[i];
    oh_text_clear(&data);
    oh_event_write(event, &data);
    struct oh_records_event row = {.unix_ms = batch->unix_ms - event->age_ms,
                                   .site = batch->site,
                                   .name = event->kind->name,
                                   .call = batch->call,
                                   .browser = batch->client.browser,
                                   .os = batch->client.os,
                                   .device = batch->client.device,
                                   .data = data.data};
    uint32_t waiting = d->records ? oh_records_waiting(d->records) : 0;
    if (d->records && oh_records_add(d->records, &row)) continue;
    oh_count_n(&d->world->counters, OH_COUNT_records_lost, waiting + 1);
    if (d->records) complain(d, oh_records_error(d->records));
    if (d->records && oh_records_is_full(d->records)) prune(d, now_us);
  }
  if (d->records && oh_records_waiting(d->records) >= OH_RECORDS_WAITING_MAX) commit(d, now_us);
  oh_text_fini(&data);
  free(batch);
}

static void drop_batch(struct oh_job *take_job) {
  free(take_job);
}

static void on_open(struct oh_desk *desk, struct oh_clerk *clerk, int64_t now_us) {
  struct oh_records_desk *d = (struct oh_records_desk *)desk;
  d->world = oh_clerk_world(clerk);
  open_records(d, now_us);
}

static void on_tick(struct oh_desk *desk, int64_t now_us) {
  struct oh_records_desk *d = (struct oh_records_desk *)desk;
  if (!d->records && now_us >= d->retry_us) open_records(d, now_us);
  if (!d->records) return;
  commit(d, now_us);
  if (now_us >= d->prune_us) prune(d, now_us);
}

static void on_close(struct oh_desk *desk, int64_t now_us) {
  struct oh_records_desk *d = (struct oh_records_desk *)desk;
  if (d->records) commit(d, now_us);
  oh_records_close(d->records);
  d->records = NULL;
}

struct oh_records_desk *oh_records_desk_open(const struct oh_records_desk_config *config) {
  struct oh_records_desk *d = calloc(1, sizeof *d);
  OH_CHECK(d);
  d->config = *config;
  d->desk = (struct oh_desk){.open = on_open, .tick = on_tick, .close = on_close};
  snprintf(d->path, sizeof d->path, "%s/" FILE_NAME, config->data_dir);
  return d;
}

void oh_records_desk_close(struct oh_records_desk *d) {
  free(d);
}

struct oh_desk *oh_records_desk_of(struct oh_records_desk *d) {
  return &d->desk;
}

bool oh_records_desk_post(struct oh_records_desk *d, struct oh_clerk *clerk, int64_t unix_ms,
                          const char *site, struct oh_event_client client,
                          const struct oh_event_batch *batch) {
  struct batch_job *job = calloc(1, sizeof *job + batch->count * sizeof job->events[0]);
  OH_CHECK(job);
  job->job = (struct oh_job){.run = run_batch, .drop = drop_batch};
  job->desk = d;
  job->unix_ms = unix_ms;
  snprintf(job->site, sizeof job->site, "%s", site);
  snprintf(job->call, sizeof job->call, "%s", batch->call);
  job->client = client;
  job->count = batch->count;
  memcpy(job->events, batch->events, batch->count * sizeof job->events[0]);
  return oh_clerk_post(clerk, &job->job);
}
