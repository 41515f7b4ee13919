// webhook_desk.c — see webhook_desk.h
#include "app/webhook_desk.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "io/http_client.h"
#include "livekit/postman.h"
#include "livekit/webhook.h"
#include "store/backlog.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_NAME "webhooks.db"
#define EXPIRE_US (60 * 1000000LL)

// One URL. It stays until the end, also when it has left the configuration: an answer may be on its way.
struct receiver {
  struct oh_webhook_desk *desk;
  char *url;
  struct oh_postman *postman;
  bool is_wanted;
  bool is_troubled; // said so
  int64_t quiet_until_us, refused_quiet_until_us;
};

struct oh_webhook_desk {
  struct oh_desk desk;
  const char *data_dir; // NULL: memory
  char path[4096];
  struct oh_clerk *clerk;
  struct oh_world *world; // the clerk's
  struct oh_backlog *backlog;
  struct receiver **receivers;
  size_t receiver_count;
  const struct oh_key *key; // of the configuration that holds now
  int64_t expire_us, lost_quiet_until_us;
  bool is_ending;
  _Atomic uint64_t waiting;
};

// A request under way.
struct flight {
  struct receiver *receiver;
  oh_id lane;
  int64_t number; // in the backlog
  char *room;
};

static void publish_waiting(struct oh_webhook_desk *d) {
  atomic_store_explicit(&d->waiting, d->backlog ? oh_backlog_waiting(d->backlog) : 0, memory_order_relaxed);
}

static void lose(struct oh_webhook_desk *d, int64_t now_us, uint64_t count, const char *why) {
  oh_count_n(&d->world->counters, OH_COUNT_webhooks_lost, count);
  if (now_us < d->lost_quiet_until_us) return;
  d->lost_quiet_until_us = now_us + OH_WEBHOOK_QUIET_US;
  oh_log(&d->world->log, OH_LOG_ERROR, "webhooks are lost; calls go on", "why=\"%s\" waiting=%llu", why,
         (unsigned long long)oh_backlog_waiting(d->backlog));
}

// ---- answers

static void say_trouble(struct receiver *r, int64_t now_us, const char *why) {
  if (r->is_troubled || now_us < r->quiet_until_us || r->desk->is_ending) return;
  r->is_troubled = true;
  r->quiet_until_us = now_us + OH_WEBHOOK_QUIET_US;
  struct oh_str name = oh_webhook_url_name(r->url);
  oh_log(&r->desk->world->log, OH_LOG_WARN, "webhooks are not taken; they are kept and tried again",
         "url=%.*s why=\"%s\"", OH_STR_ARG(name), why);
}

static void say_taken(struct receiver *r) {
  if (!r->is_troubled) return;
  r->is_troubled = false;
  struct oh_str name = oh_webhook_url_name(r->url);
  oh_log(&r->desk->world->log, OH_LOG_INFO, "webhooks are taken again", "url=%.*s", OH_STR_ARG(name));
}

static void say_refused(struct receiver *r, int64_t now_us, int status) {
  if (now_us < r->refused_quiet_until_us) return;
  r->refused_quiet_until_us = now_us + OH_WEBHOOK_QUIET_US;
  struct oh_str name = oh_webhook_url_name(r->url);
  oh_log(&r->desk->world->log, OH_LOG_WARN, "webhooks are refused; these are not sent again",
         "url=%.*s status=%d", OH_STR_ARG(name), status);
}

static void pump(struct receiver *r, int64_t now_us);

static void on_answer(void *ctx, int64_t now_us, const struct oh_http_fetched *answer) {
  struct flight *flight = ctx;
  struct receiver *r = flight->receiver;
  struct oh_webhook_desk *d = r->desk;
  enum oh_post_result result = oh_post_judge(answer->status);
  char why[32];
  snprintf(why, sizeof why, "status %d", answer->status);
  if (result == OH_POST_FAILED || result == OH_POST_SILENT) {
    oh_count(&d->world->counters, OH_COUNT_webhooks_failed);
    say_trouble(r, now_us, answer->status ? why : answer->trouble);
  } else if (result == OH_POST_REFUSED) {
    oh_count(&d->world->counters, OH_COUNT_webhooks_refused);
    say_refused(r, now_us, answer->status);
  } else {
    oh_count(&d->world->counters, OH_COUNT_webhooks_delivered);
    say_taken(r);
  }
  bool is_done = result == OH_POST_TAKEN || result == OH_POST_REFUSED;
  // One that cannot be taken out would be sent again at once: later, then, and at least once is kept.
  if (is_done && !oh_backlog_remove(d->backlog, flight->number)) result = OH_POST_FAILED;
  struct oh_backlog_item next;
  bool more = is_done && oh_backlog_first(d->backlog, r->url, flight->room, &next);
  oh_postman_result(r->postman, now_us, flight->lane, result, more);
  free(flight->room);
  free(flight);
  publish_waiting(d);
  pump(r, now_us);
}

// ---- sending

static bool send_item(struct receiver *r, int64_t now_us, struct flight *flight,
                      const struct oh_backlog_item *item) {
  struct oh_webhook_desk *d = r->desk;
  char *token = oh_webhook_sign(item->body, d->key, oh_unix_us(d->world, now_us));
  if (!token) return false;
  struct oh_text authorization;
  oh_text_init(&authorization, OH_TOKEN_MAX + 32);
  oh_text_addf(&authorization, "Authorization: %s", token);
  free(token);
  const char *fields[] = {OH_WEBHOOK_TYPE_FIELD, OH_WEBHOOK_AGENT_FIELD, authorization.data,
                          "Expect:"}; // no 100-continue: small receivers do not know it
  const struct oh_http_fetch wish = {.url = r->url,
                                     .method = "POST",
                                     .fields = fields,
                                     .field_count = sizeof fields / sizeof *fields,
                                     .body = item->body,
                                     .answer_bytes_max = OH_WEBHOOK_ANSWER_MAX,
                                     .timeout_ms = OH_WEBHOOK_TRY_MS,
                                     .plain_anywhere = true,
                                     .status_only = true,
                                     .done = on_answer,
                                     .ctx = flight};
  bool sent = oh_http_fetch(oh_clerk_http(d->clerk), &wish);
  oh_text_fini(&authorization);
  return sent;
}

static void send_round(struct receiver *r, int64_t now_us, const struct oh_round *round) {
  struct oh_backlog_item item;
  if (!oh_backlog_first(r->desk->backlog, r->url, round->room, &item)) // it became too old
    return oh_postman_result(r->postman, now_us, round->lane, OH_POST_TAKEN, false);
  struct flight *flight = calloc(1, sizeof *flight);
  OH_CHECK(flight);
  *flight = (struct flight){
      .receiver = r, .lane = round->lane, .number = item.number, .room = oh_str_dup(oh_str(round->room))};
  if (send_item(r, now_us, flight, &item)) return;
  oh_postman_result(r->postman, now_us, round->lane, OH_POST_FAILED, false);
  free(flight->room);
  free(flight);
}

static void pump(struct receiver *r, int64_t now_us) {
  struct oh_round round;
  while (r->is_wanted && r->desk->backlog && oh_postman_next(r->postman, now_us, &round))
    send_round(r, now_us, &round);
}

// ---- jobs

struct batch_job {
  struct oh_job job;
  struct oh_webhook_desk *desk;
  struct oh_happening *items;
  size_t count;
};

static void free_batch(struct oh_job *take_job) {
  struct batch_job *batch = (struct batch_job *)take_job;
  for (size_t i = 0; i < batch->count; i++)
    oh_happening_fini(&batch->items[i]);
  free(batch->items);
  free(batch);
}

static void keep(struct oh_webhook_desk *d, int64_t now_us, const struct oh_happening *happening) {
  struct oh_text body;
  oh_text_init(&body, OH_WEBHOOK_BODY_MAX);
  if (!oh_webhook_write((struct oh_bytes){happening->event, happening->len}, &body)) {
    lose(d, now_us, 1, "an event is too large");
    oh_text_fini(&body);
    return;
  }
  for (size_t i = 0; i < d->receiver_count; i++) {
    const struct receiver *r = d->receivers[i];
    if (!r->is_wanted) continue;
    const struct oh_backlog_item item = {.url = r->url,
                                         .room = happening->room,
                                         .unix_ms = oh_unix_us(d->world, now_us) / 1000,
                                         .body = {(const uint8_t *)body.data, body.len}};
    uint32_t others = oh_backlog_uncommitted(d->backlog);
    switch (oh_backlog_add(d->backlog, &item)) {
    case OH_BACKLOG_ADDED: oh_count(&d->world->counters, OH_COUNT_webhooks_queued); break;
    case OH_BACKLOG_FULL: lose(d, now_us, 1, "too many wait for one URL"); break;
    case OH_BACKLOG_FAILED: lose(d, now_us, others + 1, oh_backlog_error(d->backlog)); break;
    }
  }
  oh_text_fini(&body);
}

static void run_batch(struct oh_job *take_job, void *place, int64_t now_us) {
  struct batch_job *batch = (struct batch_job *)take_job;
  struct oh_webhook_desk *d = batch->desk;
  (void)place;
  if (!d->backlog) return free_batch(take_job); // nobody listens any more
  for (size_t i = 0; i < batch->count; i++)
    keep(d, now_us, &batch->items[i]);
  uint32_t count = oh_backlog_uncommitted(d->backlog);
  if (!oh_backlog_commit(d->backlog)) lose(d, now_us, count, oh_backlog_error(d->backlog));
  for (size_t i = 0; i < d->receiver_count; i++) {
    struct receiver *r = d->receivers[i];
    if (!r->is_wanted) continue;
    for (size_t n = 0; n < batch->count; n++)
      oh_postman_add(r->postman, now_us, oh_str(batch->items[n].room));
    pump(r, now_us);
  }
  publish_waiting(d);
  free_batch(take_job);
}

bool oh_webhook_desk_post(struct oh_webhook_desk *d, struct oh_clerk *clerk, struct oh_happening *take_batch,
                          size_t count) {
  struct batch_job *batch = calloc(1, sizeof *batch);
  OH_CHECK(batch);
  *batch = (struct batch_job){{run_batch, free_batch}, d, take_batch, count};
  return oh_clerk_post(clerk, &batch->job);
}

struct set_job {
  struct oh_job job;
  struct oh_webhook_desk *desk;
  const struct oh_config *config;
};

static void open_backlog(struct oh_webhook_desk *d) {
  const struct oh_log *log = &d->world->log;
  char error[OH_BACKLOG_ERROR_MAX];
  if (d->data_dir) {
    mkdir(d->data_dir, 0700); // if that fails, opening says why
    d->backlog = oh_backlog_open(d->path, OH_WEBHOOKS_WAITING_MAX, OH_WEBHOOKS_BYTES_MAX, error);
    if (!d->backlog)
      oh_log(log, OH_LOG_ERROR, "webhooks are kept in memory only", "file=%s why=\"%s\"", d->path, error);
    else if (oh_backlog_was_set_aside(d->backlog))
      oh_log(log, OH_LOG_ERROR, "the webhooks to be sent were corrupt; begun anew, the old file is beside it",
             "file=%s kept=%s.corrupt", d->path, d->path);
  } else {
    oh_log(log, OH_LOG_WARN, "webhooks are kept in memory only; set data_dir to keep them over a restart",
           "%s", "");
  }
  if (!d->backlog)
    d->backlog = oh_backlog_open(NULL, OH_WEBHOOKS_WAITING_MAX, OH_WEBHOOKS_MEMORY_BYTES_MAX, error);
  OH_CHECK(d->backlog);
}

struct loading {
  struct receiver *receiver;
  int64_t now_us;
};
static void load_room(void *ctx, const char *room) {
  const struct loading *loading = ctx;
  oh_postman_add(loading->receiver->postman, loading->now_us, oh_str(room));
}

static void want(struct oh_webhook_desk *d, const char *url, int64_t now_us) {
  struct receiver *r = NULL;
  for (size_t i = 0; i < d->receiver_count && !r; i++)
    if (strcmp(d->receivers[i]->url, url) == 0) r = d->receivers[i];
  if (!r) {
    r = calloc(1, sizeof *r);
    d->receivers = reallocarray(d->receivers, d->receiver_count + 1, sizeof *d->receivers);
    OH_CHECK(r && d->receivers);
    *r = (struct receiver){
        .desk = d, .url = oh_str_dup(oh_str(url)), .postman = oh_postman_open(&d->world->random)};
    d->receivers[d->receiver_count++] = r;
    struct loading loading = {r, now_us};
    oh_backlog_rooms(d->backlog, url, load_room, &loading);
  }
  r->is_wanted = true;
}

static void drop_set(struct oh_job *take_job) {
  free(take_job);
}

static void run_set(struct oh_job *take_job, void *place, int64_t now_us) {
  struct set_job *job = (struct set_job *)take_job;
  struct oh_webhook_desk *d = job->desk;
  const struct oh_strings *urls = &job->config->webhook.urls;
  (void)place;
  d->key = job->config->webhook_key;
  if (urls->count && !d->backlog) open_backlog(d);
  for (size_t i = 0; i < d->receiver_count; i++)
    d->receivers[i]->is_wanted = false;
  for (size_t i = 0; i < urls->count; i++)
    want(d, urls->items[i], now_us);
  if (urls->count)
    oh_log(&d->world->log, OH_LOG_INFO, "webhooks are sent", "urls=%zu key=%s waiting=%llu", urls->count,
           d->key->id, (unsigned long long)oh_backlog_waiting(d->backlog));
  for (size_t i = 0; i < d->receiver_count; i++)
    pump(d->receivers[i], now_us);
  publish_waiting(d);
  free(job);
}

void oh_webhook_desk_set(struct oh_webhook_desk *d, struct oh_clerk *clerk, const struct oh_config *config) {
  struct set_job *job = calloc(1, sizeof *job);
  OH_CHECK(job);
  *job = (struct set_job){{run_set, drop_set}, d, config};
  oh_clerk_post(clerk, &job->job);
}

// ---- the desk

static void on_open(struct oh_desk *desk, struct oh_clerk *clerk, int64_t now_us) {
  struct oh_webhook_desk *d = (struct oh_webhook_desk *)desk;
  d->clerk = clerk;
  d->world = oh_clerk_world(clerk);
  d->expire_us = now_us;
}

static void expire(struct oh_webhook_desk *d, int64_t now_us) {
  uint32_t deleted = 0;
  int64_t before_ms = oh_unix_us(d->world, now_us) / 1000 - OH_WEBHOOK_KEEP_MS;
  oh_backlog_expire(d->backlog, before_ms, &deleted); // if it fails, the next minute is soon enough
  d->expire_us = now_us + (deleted ? 0 : EXPIRE_US);  // there may be more
  oh_count_n(&d->world->counters, OH_COUNT_webhooks_expired, deleted);
  if (deleted)
    oh_log(&d->world->log, OH_LOG_WARN, "webhooks were given up after three days", "count=%u", deleted);
}

static void on_tick(struct oh_desk *desk, int64_t now_us) {
  struct oh_webhook_desk *d = (struct oh_webhook_desk *)desk;
  if (!d->backlog) return;
  if (now_us >= d->expire_us) expire(d, now_us);
  for (size_t i = 0; i < d->receiver_count; i++)
    pump(d->receivers[i], now_us);
  publish_waiting(d);
}

// The last words of the rooms are worth a moment; what has failed before waits for the next start.
static bool on_linger(struct oh_desk *desk) {
  struct oh_webhook_desk *d = (struct oh_webhook_desk *)desk;
  d->is_ending = true;
  bool busy = false;
  for (size_t i = 0; i < d->receiver_count; i++)
    busy |= oh_postman_busy(d->receivers[i]->postman) > 0 && !oh_postman_is_down(d->receivers[i]->postman);
  return busy;
}

static void on_close(struct oh_desk *desk, int64_t now_us) {
  struct oh_webhook_desk *d = (struct oh_webhook_desk *)desk;
  (void)now_us;
  uint64_t waiting = d->backlog ? oh_backlog_waiting(d->backlog) : 0;
  if (waiting)
    oh_log(&d->world->log, OH_LOG_INFO, "webhooks wait for the next start", "count=%llu kept_on=%s",
           (unsigned long long)waiting, d->data_dir ? "disk" : "nothing");
  oh_backlog_close(d->backlog);
  d->backlog = NULL;
}

struct oh_webhook_desk *oh_webhook_desk_open(const char *data_dir) {
  struct oh_webhook_desk *d = calloc(1, sizeof *d);
  OH_CHECK(d);
  d->desk = (struct oh_desk){.open = on_open, .tick = on_tick, .linger = on_linger, .close = on_close};
  d->data_dir = data_dir && *data_dir ? data_dir : NULL;
  if (d->data_dir) snprintf(d->path, sizeof d->path, "%s/" FILE_NAME, data_dir);
  return d;
}

void oh_webhook_desk_close(struct oh_webhook_desk *d) {
  if (!d) return;
  for (size_t i = 0; i < d->receiver_count; i++) {
    oh_postman_close(d->receivers[i]->postman);
    free(d->receivers[i]->url);
    free(d->receivers[i]);
  }
  free(d->receivers);
  free(d);
}

struct oh_desk *oh_webhook_desk_of(struct oh_webhook_desk *d) {
  return &d->desk;
}

uint64_t oh_webhook_desk_waiting(const struct oh_webhook_desk *d) {
  return atomic_load_explicit(&d->waiting, memory_order_relaxed);
}
