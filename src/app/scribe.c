// scribe.c — see scribe.h
#include "app/scribe.h"
#include "app/logbook.h"
#include "app/reel.h"
#include "app/web.h"
#include "app/worker.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "io/clock.h"
#include "io/mail.h"
#include "store/archive.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define ARCHIVE ".ended.db" // no request can name it (livekit/egress_path.h)
enum { SECOND_MS = 1000, BATCH_FIRST = 4096 };

// What happened at a worker since its last batch, in order. Each entry is followed by its bytes.
enum entry_kind { ENTRY_OPEN, ENTRY_PACKET, ENTRY_CLOSE, ENTRY_ENDED };
struct entry {
  uint64_t reel;
  int64_t at_us;
  uint32_t kind, len;
  uint32_t voice, side, timestamp; // of a packet
  uint32_t channels, bitrate;      // of an order; its bytes: path, title, id, each with its NUL; info
                                   // of an end: id with its NUL; info
  uint64_t lost;                   // of a close
};
struct batch {
  struct oh_satchel *from;
  int64_t now_us;
  size_t used, cap;
  uint8_t bytes[];
};

struct oh_scribe {
  struct oh_scribe_config config;
  int directory;
  struct oh_archive *archive; // NULL: it cannot be used, and
  char archive_error[OH_ARCHIVE_ERROR_MAX];
  atomic_uint reel_count; // ordered and not yet closed
  uv_loop_t loop;
  uv_timer_t second;
  uv_async_t stop;
  struct oh_mailbox *mailbox;
  struct oh_reel **reels;
  size_t count, cap;
  bool is_closed, is_running;
  uv_thread_t thread;
};

struct open_reel {
  uint64_t id, lost;
};
struct oh_satchel {
  struct oh_scribe *scribe;
  struct oh_worker *worker;
  struct oh_world *world;
  struct batch *batch; // NULL: empty
  bool urgent;         // has an order
  int64_t posted_us;
  uint64_t next_reel;
  struct open_reel *reels;
  size_t count;
};

// ---- news, to the worker

struct news {
  struct oh_job job;
  struct oh_satchel *satchel; // of the worker it goes to
  struct oh_reel_news told;
  char path[sizeof((struct oh_reel *)0)->path];
};

static void drop_news(struct oh_job *job) {
  free(job);
}

static void forget_reel(struct oh_satchel *s, uint64_t reel) {
  for (size_t i = 0; i < s->count; i++)
    if (s->reels[i].id == reel) s->reels[i--] = s->reels[--s->count];
}

static void hear_news(struct oh_job *job, void *place, int64_t now_us) {
  struct news *news = (struct news *)job;
  struct oh_web *web = place;
  if (news->told.what != OH_REEL_OPEN) forget_reel(news->satchel, news->told.reel);
  oh_house_reel_news(web->house, now_us, &news->told);
  free(news);
}

static void tell(const struct oh_reel *r, struct oh_satchel *to, int what, const char *error) {
  struct news *news = calloc(1, sizeof *news);
  OH_CHECK(news);
  news->job = (struct oh_job){.run = hear_news, .drop = drop_news};
  news->satchel = to;
  snprintf(news->path, sizeof news->path, "%s", r->path);
  news->told = (struct oh_reel_news){.reel = r->number, .path = news->path, .error = error};
  news->told.what = what == OH_REEL_OPEN     ? OH_REEL_OPEN
                    : what == OH_REEL_CLOSED ? OH_REEL_CLOSED
                                             : OH_REEL_FAILED;
  news->told.bytes = r->bytes;
  news->told.lost = r->lost;
  if (what != OH_REEL_OPEN && (r->mixer || r->tape)) news->told.duration_us = oh_reel_duration_us(r);
  oh_worker_post(to->worker, &news->job);
}

// ---- the scribe's thread

static size_t find_reel(const struct oh_scribe *s, uint64_t id) {
  size_t i = 0;
  while (i < s->count && s->reels[i]->number != id)
    i++;
  return i;
}

static void finish(struct oh_scribe *s, size_t at, int64_t now_us) {
  struct oh_reel *r = s->reels[at];
  s->reels[at] = s->reels[--s->count];
  oh_reel_end(r, now_us);
  tell(r, r->from, r->error ? OH_REEL_FAILED : OH_REEL_CLOSED, r->error);
  oh_reel_free(r);
  atomic_fetch_sub(&s->reel_count, 1);
}

static void open_reel(struct oh_scribe *s, struct oh_satchel *from, const struct entry *e, const char *text) {
  const char *title = text + strlen(text) + 1, *id = title + strlen(title) + 1, *info = id + strlen(id) + 1;
  const struct oh_reel_order order = {
      .path = text, .title = title, .channels = (uint8_t)e->channels, .bitrate = e->bitrate};
  const char *error;
  struct oh_reel *r = oh_reel_open(s->directory, e->at_us, &order, &error);
  if (!r) {
    struct oh_reel none = {.number = e->reel};
    snprintf(none.path, sizeof none.path, "%s", order.path);
    tell(&none, from, OH_REEL_FAILED, error);
    atomic_fetch_sub(&s->reel_count, 1);
    return;
  }
  r->number = e->reel;
  r->from = from;
  snprintf(r->id, sizeof r->id, "%s", id);
  oh_logbook_enter(s->directory, r->id, r->path,
                   (struct oh_bytes){.data = (const uint8_t *)info, .len = e->len - (size_t)(info - text)});
  if (s->count == s->cap) {
    s->cap = s->cap ? 2 * s->cap : 16;
    s->reels = reallocarray(s->reels, s->cap, sizeof *s->reels);
    OH_CHECK(s->reels);
  }
  s->reels[s->count++] = r;
  tell(r, from, OH_REEL_OPEN, NULL);
}

// From now on it is listed after a restart; what cannot be kept is not told again either.
static void keep(struct oh_scribe *s, const char *text, size_t len) {
  size_t id = strlen(text) + 1;
  const struct oh_bytes info = {.data = (const uint8_t *)text + id, .len = len - id};
  if (s->archive) oh_archive_keep(s->archive, text, info);
  oh_logbook_strike(s->directory, text);
}

static void work_off(struct oh_scribe *s, struct oh_satchel *from, const struct entry *e,
                     const uint8_t *bytes) {
  if (e->kind == ENTRY_OPEN) return open_reel(s, from, e, (const char *)bytes);
  if (e->kind == ENTRY_ENDED) return keep(s, (const char *)bytes, e->len);
  size_t at = find_reel(s, e->reel);
  if (at == s->count) return; // has failed
  if (e->kind == ENTRY_CLOSE) {
    s->reels[at]->lost = e->lost;
    return finish(s, at, e->at_us);
  }
  oh_reel_packet(s->reels[at], e->at_us, e->voice, (enum oh_reel_side)e->side, e->timestamp,
                 (struct oh_bytes){.data = bytes, .len = e->len});
}

static void on_batch(void *ctx, int64_t now_us, void *message) {
  struct oh_scribe *s = ctx;
  struct batch *batch = message;
  (void)now_us; // the worker's time counts
  for (size_t at = 0; at < batch->used;) {
    struct entry e;
    memcpy(&e, batch->bytes + at, sizeof e);
    work_off(s, batch->from, &e, batch->bytes + at + sizeof e);
    at += sizeof e + e.len;
  }
  for (size_t i = s->count; i-- > 0;) {
    if (s->reels[i]->from != batch->from) continue;
    oh_reel_tick(s->reels[i], batch->now_us);
    if (s->reels[i]->error) finish(s, i, batch->now_us);
  }
  free(batch);
}

static void on_second(uv_timer_t *timer) {
  struct oh_scribe *s = timer->data;
  for (size_t i = s->count; i-- > 0;) {
    oh_reel_sync(s->reels[i]);
    if (s->reels[i]->error) finish(s, i, s->reels[i]->last_us);
  }
}

static void close_handles(struct oh_scribe *s) {
  if (s->is_closed) return;
  s->is_closed = true;
  oh_mailbox_shut(s->mailbox);
  uv_close((uv_handle_t *)&s->second, NULL);
  uv_close((uv_handle_t *)&s->stop, NULL);
}

static void on_stop(uv_async_t *async) {
  struct oh_scribe *s = async->data;
  oh_mailbox_empty(s->mailbox, oh_clock_us());
  while (s->count)
    finish(s, s->count - 1, s->reels[s->count - 1]->last_us);
  close_handles(s);
}

// ---- lifetime

static int open_directory(const char *path) {
  if (mkdir(path, 0700) < 0 && errno != EEXIST) return -1;
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || faccessat(fd, ".", W_OK | X_OK, 0) == 0) return fd;
  int failed = errno;
  close(fd);
  errno = failed;
  return -1;
}

struct oh_scribe *oh_scribe_open(const struct oh_scribe_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  int directory = open_directory(config->directory);
  if (directory < 0) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "recordings cannot be written to %s: %s", config->directory,
             strerror(errno));
    return NULL;
  }
  struct oh_scribe *s = calloc(1, sizeof *s);
  OH_CHECK(s);
  s->config = *config;
  s->directory = directory;
  OH_CHECK(uv_loop_init(&s->loop) == 0 && uv_timer_init(&s->loop, &s->second) == 0 &&
           uv_async_init(&s->loop, &s->stop, on_stop) == 0);
  s->second.data = s->stop.data = s;
  s->mailbox = oh_mailbox_open(&s->loop, OH_SCRIBE_BATCHES_MAX, on_batch, s);
  char path[4096 + sizeof ARCHIVE];
  snprintf(path, sizeof path, "%s/" ARCHIVE, config->directory);
  s->archive = oh_archive_open(path, s->archive_error);
  return s;
}

struct listener {
  struct oh_house *house;
  int64_t now_us;
};

static bool hear_remnant(void *ctx, const struct oh_logbook_entry *entry) {
  const struct listener *listener = ctx;
  const struct oh_reel_remnant remnant = {
      .path = entry->path, .info = entry->info, .bytes = entry->bytes, .ended_unix_us = entry->ended_unix_us};
  return oh_house_reel_remnant(listener->house, listener->now_us, &remnant);
}

static void hear_ended(void *ctx, struct oh_bytes info) {
  const struct listener *listener = ctx;
  oh_house_reel_recall(listener->house, info);
}

void oh_scribe_recall(struct oh_scribe *s, struct oh_house *house, const struct oh_world *world,
                      int64_t now_us) {
  struct listener listener = {.house = house, .now_us = now_us};
  if (!s->archive || !oh_archive_read(s->archive, hear_ended, &listener))
    oh_log(&world->log, OH_LOG_WARN, "recordings that ended before are not listed", "error=%s",
           s->archive ? oh_archive_error(s->archive) : s->archive_error);
  oh_logbook_read(s->directory, hear_remnant, &listener);
}

static void run(void *arg) {
  struct oh_scribe *s = arg;
  uv_timer_start(&s->second, on_second, SECOND_MS, SECOND_MS);
  uv_run(&s->loop, UV_RUN_DEFAULT);
}

void oh_scribe_start(struct oh_scribe *s) {
  OH_CHECK(uv_thread_create(&s->thread, run, s) == 0);
}

void oh_scribe_stop(struct oh_scribe *s) {
  OH_CHECK(uv_async_send(&s->stop) == 0 && uv_thread_join(&s->thread) == 0);
}

void oh_scribe_close(struct oh_scribe *s) {
  if (!s) return;
  close_handles(s);
  uv_run(&s->loop, UV_RUN_DEFAULT);
  oh_mailbox_close(s->mailbox);
  OH_CHECK(uv_loop_close(&s->loop) == 0);
  oh_archive_close(s->archive);
  close(s->directory);
  free(s->reels);
  free(s);
}

// ---- the satchel, on its worker's thread

struct oh_satchel *oh_satchel_open(struct oh_scribe *scribe, struct oh_worker *worker,
                                   struct oh_world *world) {
  struct oh_satchel *s = calloc(1, sizeof *s);
  OH_CHECK(s);
  *s = (struct oh_satchel){.scribe = scribe, .worker = worker, .world = world};
  return s;
}

void oh_satchel_close(struct oh_satchel *s) {
  if (!s) return;
  free(s->batch);
  free(s->reels);
  free(s);
}

static void post(struct oh_satchel *s, int64_t now_us) {
  if (!s->batch) { // nothing but the time
    s->batch = calloc(1, sizeof *s->batch);
    OH_CHECK(s->batch);
  }
  s->posted_us = now_us;
  s->batch->from = s;
  s->batch->now_us = now_us;
  if (!oh_mail_post(s->scribe->mailbox, s->batch, free)) return; // kept, for the next time
  s->batch = NULL;
  s->urgent = false;
}

// Orders always fit; packets up to OH_SATCHEL_BYTES_MAX.
static void add(struct oh_satchel *s, const struct entry *e, const void *bytes) {
  struct batch *batch = s->batch;
  size_t used = batch ? batch->used : 0, more = sizeof *e + e->len;
  if (!batch || batch->cap < used + more) {
    size_t cap = batch && batch->cap ? 2 * batch->cap : BATCH_FIRST;
    while (cap < used + more)
      cap *= 2;
    batch = realloc(batch, sizeof *batch + cap);
    OH_CHECK(batch);
    *batch = (struct batch){.used = used, .cap = cap};
    s->batch = batch;
  }
  memcpy(batch->bytes + used, e, sizeof *e);
  if (e->len) memcpy(batch->bytes + used + sizeof *e, bytes, e->len);
  batch->used += more;
}

static uint64_t open_one(void *ctx, int64_t now_us, const struct oh_reel_order *order) {
  struct oh_satchel *s = ctx;
  if (atomic_fetch_add(&s->scribe->reel_count, 1) >= s->scribe->config.reels_max) {
    atomic_fetch_sub(&s->scribe->reel_count, 1);
    return 0;
  }
  if (!s->count) s->posted_us = now_us;
  s->reels = reallocarray(s->reels, s->count + 1, sizeof *s->reels);
  OH_CHECK(s->reels);
  s->reels[s->count++] = (struct open_reel){.id = ++s->next_reel};
  struct oh_text text;
  oh_text_init(&text, SIZE_MAX);
  for (int i = 0; i < 3; i++) {
    oh_text_adds(&text, (const char *[]){order->path, order->title, order->id}[i]);
    oh_text_addc(&text, 0);
  }
  oh_text_add(&text, (struct oh_str){(const char *)order->info.data, order->info.len});
  const struct entry e = {.reel = s->next_reel,
                          .at_us = now_us,
                          .kind = ENTRY_OPEN,
                          .len = (uint32_t)text.len,
                          .channels = order->channels,
                          .bitrate = order->bitrate};
  add(s, &e, text.data);
  oh_text_fini(&text);
  s->urgent = true;
  return s->next_reel;
}

static void lose(struct oh_satchel *s, uint64_t reel) {
  oh_count(&s->world->counters, OH_COUNT_recordings_lost);
  for (size_t i = 0; i < s->count; i++)
    if (s->reels[i].id == reel) s->reels[i].lost++;
}

static void hand_packet(void *ctx, int64_t now_us, uint64_t reel, uint32_t voice, enum oh_reel_side side,
                        uint32_t timestamp, struct oh_bytes opus) {
  struct oh_satchel *s = ctx;
  if (s->batch && s->batch->used > OH_SATCHEL_BYTES_MAX) return lose(s, reel);
  const struct entry e = {.reel = reel,
                          .at_us = now_us,
                          .kind = ENTRY_PACKET,
                          .len = (uint32_t)opus.len,
                          .voice = voice,
                          .side = (uint32_t)side,
                          .timestamp = timestamp};
  add(s, &e, opus.data);
}

static void close_one(void *ctx, int64_t now_us, uint64_t reel) {
  struct oh_satchel *s = ctx;
  struct entry e = {.reel = reel, .at_us = now_us, .kind = ENTRY_CLOSE};
  for (size_t i = 0; i < s->count; i++)
    if (s->reels[i].id == reel) e.lost = s->reels[i].lost;
  add(s, &e, NULL);
  s->urgent = true;
}

static void hand_end(void *ctx, int64_t now_us, const char *id, struct oh_bytes info) {
  struct oh_satchel *s = ctx;
  struct oh_text text;
  oh_text_init(&text, SIZE_MAX);
  oh_text_adds(&text, id);
  oh_text_addc(&text, 0);
  oh_text_add(&text, (struct oh_str){(const char *)info.data, info.len});
  const struct entry e = {.at_us = now_us, .kind = ENTRY_ENDED, .len = (uint32_t)text.len};
  add(s, &e, text.data);
  oh_text_fini(&text);
  s->urgent = true;
}

struct oh_scribe_ops oh_satchel_ops(struct oh_satchel *s) {
  if (!s->scribe) return (struct oh_scribe_ops){0};
  return (struct oh_scribe_ops){.ctx = s,
                                .max_duration_s = s->scribe->config.max_duration_s,
                                .open = open_one,
                                .packet = hand_packet,
                                .close = close_one,
                                .ended = hand_end};
}

int64_t oh_satchel_deadline(const struct oh_satchel *s) {
  if (!s->batch && !s->count) return OH_NEVER;
  return s->posted_us + OH_SATCHEL_US;
}

void oh_satchel_tick(struct oh_satchel *s, int64_t now_us) {
  if (s->urgent || oh_satchel_deadline(s) <= now_us) post(s, now_us);
}
