// clerk.c — see clerk.h
#include "app/clerk.h"
#include "app/log_sink.h"
#include "app/version.h"
#include "base/check.h"
#include "base/limits.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/http_client.h"
#include "io/mail.h"
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#define SECOND_MS 1000
#define LINGER_LOOK_MS 20

struct oh_clerk {
  struct oh_log_sink sink;
  struct oh_world world;
  uv_loop_t loop;
  uv_timer_t second;
  uv_async_t stop;
  struct oh_mailbox *mailbox;
  struct oh_http_client *http;
  struct oh_desk *desks[OH_DESKS_MAX];
  size_t desk_count;
  bool is_closed; // its handles are
  int64_t stop_by_us;
  uv_thread_t thread;
};

static void drop_job(void *message) {
  struct oh_job *job = message;
  job->drop(job);
}

static void on_job(void *ctx, int64_t now_us, void *message) {
  struct oh_job *job = message;
  job->run(job, ctx, now_us);
}

static void on_second(uv_timer_t *timer) {
  struct oh_clerk *clerk = timer->data;
  int64_t now_us = oh_clock_us();
  clerk->world.unix_offset_us = oh_clock_unix_offset_us();
  for (size_t i = 0; i < clerk->desk_count; i++)
    if (clerk->desks[i]->tick) clerk->desks[i]->tick(clerk->desks[i], now_us);
}

static void close_handles(struct oh_clerk *clerk) {
  if (clerk->is_closed) return;
  clerk->is_closed = true;
  oh_http_client_close(clerk->http);
  clerk->http = NULL;
  oh_mailbox_shut(clerk->mailbox);
  uv_close((uv_handle_t *)&clerk->second, NULL);
  uv_close((uv_handle_t *)&clerk->stop, NULL);
}

static bool lingers(const struct oh_clerk *clerk) {
  bool any = false;
  for (size_t i = 0; i < clerk->desk_count; i++)
    any |= clerk->desks[i]->linger && clerk->desks[i]->linger(clerk->desks[i]);
  return any && oh_clock_us() < clerk->stop_by_us;
}

static void end(struct oh_clerk *clerk) {
  if (lingers(clerk)) return;
  close_handles(clerk);
  for (size_t i = 0; i < clerk->desk_count; i++)
    if (clerk->desks[i]->close) clerk->desks[i]->close(clerk->desks[i], oh_clock_us());
}

static void on_linger(uv_timer_t *timer) {
  end(timer->data);
}

static void on_stop(uv_async_t *async) {
  struct oh_clerk *clerk = async->data;
  oh_mailbox_empty(clerk->mailbox, oh_clock_us());
  clerk->stop_by_us = oh_clock_us() + OH_CLERK_LINGER_US;
  uv_timer_start(&clerk->second, on_linger, LINGER_LOOK_MS, LINGER_LOOK_MS);
  end(clerk);
}

struct oh_clerk *oh_clerk_open(const struct oh_clerk_config *config) {
  struct oh_clerk *clerk = calloc(1, sizeof *clerk);
  OH_CHECK(clerk);
  clerk->sink = (struct oh_log_sink){.json = config->json, .fd = STDERR_FILENO, .thread = "clerk"};
  clerk->world.random = oh_entropy();
  clerk->world.log = oh_log_sink(&clerk->sink, oh_log_level_of(config->log_level));
  clerk->world.unix_offset_us = oh_clock_unix_offset_us();
  OH_CHECK(uv_loop_init(&clerk->loop) == 0);
  OH_CHECK(uv_timer_init(&clerk->loop, &clerk->second) == 0);
  OH_CHECK(uv_async_init(&clerk->loop, &clerk->stop, on_stop) == 0);
  clerk->second.data = clerk->stop.data = clerk;
  clerk->mailbox = oh_mailbox_open(&clerk->loop, OH_CLERK_JOBS_MAX, on_job, clerk);
  clerk->http = oh_http_client_open(&clerk->loop, &clerk->world, "offhook/" OH_VERSION, config->ca_file);
  return clerk;
}

void oh_clerk_add_desk(struct oh_clerk *clerk, struct oh_desk *desk) {
  OH_CHECK(clerk->desk_count < OH_DESKS_MAX);
  clerk->desks[clerk->desk_count++] = desk;
}

static void run(void *arg) {
  struct oh_clerk *clerk = arg;
  for (size_t i = 0; i < clerk->desk_count; i++)
    if (clerk->desks[i]->open) clerk->desks[i]->open(clerk->desks[i], clerk, oh_clock_us());
  uv_timer_start(&clerk->second, on_second, SECOND_MS, SECOND_MS);
  uv_run(&clerk->loop, UV_RUN_DEFAULT);
}

void oh_clerk_start(struct oh_clerk *clerk) {
  OH_CHECK(uv_thread_create(&clerk->thread, run, clerk) == 0);
}

void oh_clerk_stop(struct oh_clerk *clerk) {
  OH_CHECK(uv_async_send(&clerk->stop) == 0);
  OH_CHECK(uv_thread_join(&clerk->thread) == 0);
}

void oh_clerk_close(struct oh_clerk *clerk) {
  if (!clerk) return;
  close_handles(clerk);
  uv_run(&clerk->loop, UV_RUN_DEFAULT);
  oh_mailbox_close(clerk->mailbox);
  OH_CHECK(uv_loop_close(&clerk->loop) == 0);
  free(clerk);
}

bool oh_clerk_post(struct oh_clerk *clerk, struct oh_job *take_job) {
  bool posted = oh_mail_post(clerk->mailbox, take_job, drop_job);
  if (!posted) take_job->drop(take_job);
  return posted;
}

uint64_t oh_clerk_counter(const struct oh_clerk *clerk, enum oh_counter which) {
  return __atomic_load_n(&clerk->world.counters.value[which], __ATOMIC_RELAXED);
}

struct uv_loop_s *oh_clerk_loop(struct oh_clerk *clerk) {
  return &clerk->loop;
}

struct oh_world *oh_clerk_world(struct oh_clerk *clerk) {
  return &clerk->world;
}

struct oh_http_client *oh_clerk_http(struct oh_clerk *clerk) {
  return clerk->http;
}
