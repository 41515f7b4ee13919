// serve.c — `offhook serve`: opens everything, starts the workers, and on the main thread waits for signals.
//
//   running ──SIGTERM──→ draining ──empty, drain_timeout or another signal──→ leaving ──all workers ended──→
//   end
//      └──SIGINT, SIGTERM twice──────────────────────────────────────────────────↑
//   SIGHUP at any time: read the configuration again, apply what can be, say what cannot.
#include "app/clerk.h"
#include "app/command.h"
#include "app/config.h"
#include "app/far_desk.h"
#include "app/keyring.h"
#include "app/log_sink.h"
#include "app/media_doors.h"
#include "app/metrics.h"
#include "app/records_desk.h"
#include "app/scribe.h"
#include "app/turn_door.h"
#include "app/version.h"
#include "app/voice_gate.h"
#include "app/webhook_desk.h"
#include "app/worker.h"
#include "base/check.h"
#include "call/budget.h"
#include "call/tally.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/http_server.h"
#include "io/mail.h"
#include "io/tls.h"
#include "rtc/identity.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define LISTENERS_MAX 16
#define WORKERS_MAX 64 // as many as a ufrag tells apart (rtc/ice.h)

struct serve {
  struct oh_config config, *current; // current: the last one reloaded; older ones live until the end
  struct oh_config *reloaded[64];
  size_t reloaded_count;
  int arg_count;
  char **args;
  struct oh_log_sink sink;
  struct oh_world world;
  uv_loop_t loop;
  uv_signal_t signals[3];
  uv_timer_t poll;
  struct oh_crew crew;
  int listeners[LISTENERS_MAX];
  size_t listener_count;
  struct oh_addr bound[LISTENERS_MAX];
  struct oh_media_listeners media;
  struct oh_tls *tls;
  struct oh_metrics *metrics;
  struct oh_turn_door *turn; // NULL: none
  uint16_t admin_port;
  enum { RUNNING, DRAINING, LEAVING } phase;
  int64_t drain_until_us;
  uint32_t ended;
};

// ---- start

static bool open_listeners(struct serve *s, char error[OH_CONFIG_ERROR_MAX]) {
  const struct oh_strings *addresses = &s->config.bind_addresses;
  uint32_t port = s->config.port;
  for (size_t i = 0; i < addresses->count && i < LISTENERS_MAX; i++) {
    const char *text = strcmp(addresses->items[i], "localhost") ? addresses->items[i] : "127.0.0.1";
    struct oh_addr addr;
    if (!oh_addr_parse(oh_str(text), (uint16_t)port, &addr)) {
      snprintf(error, OH_CONFIG_ERROR_MAX, "bind_addresses: \"%s\" is not an IP address", text);
      return false;
    }
    int fd = oh_http_listen(&addr, &s->bound[s->listener_count]);
    bool optional = addr.family == OH_ADDR_V6 && !oh_config_was_set(&s->config, "bind_addresses");
    if (fd < 0 && optional && (fd == UV_EADDRNOTAVAIL || fd == UV_EAFNOSUPPORT)) continue;
    if (fd < 0) {
      snprintf(error, OH_CONFIG_ERROR_MAX, "cannot listen on %s port %u: %s%s", text, port, uv_strerror(fd),
               fd == UV_EADDRINUSE ? "; is another server running? Choose another with --port" : "");
      return false;
    }
    port = s->bound[s->listener_count].port; // with port 0, the same free one on all addresses
    s->listeners[s->listener_count++] = fd;
  }
  return s->listener_count > 0;
}

static bool open_tls(const struct oh_config *config, struct oh_tls **tls, char error[OH_CONFIG_ERROR_MAX]) {
  *tls = NULL;
  if (!config->tls.cert || !*config->tls.cert) return true;
  char why[OH_TLS_ERROR_MAX];
  *tls = oh_tls_open_server(config->tls.cert, config->tls.key, why);
  if (!*tls) snprintf(error, OH_CONFIG_ERROR_MAX, "tls: %s", why);
  return *tls != NULL;
}

static uint32_t worker_count(const struct oh_config *config) {
  uint32_t count = config->workers ? config->workers : uv_available_parallelism();
  return count > WORKERS_MAX ? WORKERS_MAX : count ? count : 1;
}

static struct oh_budget *new_budget(struct oh_world *world) {
  uint8_t secret[16];
  oh_random_fill(&world->random, secret, sizeof secret);
  struct oh_budget *budget = malloc(sizeof *budget);
  OH_CHECK(budget);
  oh_budget_init(budget, secret);
  return budget;
}

static void open_records(struct serve *s) {
  const struct oh_config *config = &s->config;
  if (!config->data_dir || !*config->data_dir) return;
  struct oh_records_desk_config records = {
      .data_dir = config->data_dir, .days = config->records.days, .max_mb = config->records.max_mb};
  s->crew.records = oh_records_desk_open(&records);
  oh_clerk_add_desk(s->crew.clerk, oh_records_desk_of(s->crew.records));
}

// Recordings go to a directory of theirs, or below data_dir; without either there are none.
static bool open_scribe(struct serve *s, char error[OH_CONFIG_ERROR_MAX]) {
  const struct oh_config *config = &s->config;
  bool own = config->egress.directory && *config->egress.directory;
  if (!own && (!config->data_dir || !*config->data_dir)) return true;
  char below[4096];
  snprintf(below, sizeof below, "%s/recordings", own ? "" : config->data_dir);
  if (!own) mkdir(config->data_dir, 0700); // as the records do; what is wrong with it shows at the next step
  const struct oh_scribe_config scribe = {.directory = own ? config->egress.directory : below,
                                          .reels_max = config->limit.recordings,
                                          .max_duration_s = config->egress.file_max_s};
  s->crew.scribe = oh_scribe_open(&scribe, error);
  return s->crew.scribe != NULL;
}

static void open_far(struct serve *s) {
  const char *host = s->config.livekit_host;
  if (!host || !*host) return;
  s->crew.far = oh_far_desk_open(&s->config, s->crew.gate, &s->world.random);
  oh_clerk_add_desk(s->crew.clerk, oh_far_desk_of(s->crew.far));
}

static bool open_crew(struct serve *s, char error[OH_CONFIG_ERROR_MAX]) {
  struct oh_crew *crew = &s->crew;
  uint8_t bytes[6];
  oh_random_fill(&s->world.random, crew->room_secret, sizeof crew->room_secret);
  oh_random_fill(&s->world.random, bytes, sizeof bytes);
  snprintf(crew->node_id, sizeof crew->node_id, "ND_%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
           bytes[3], bytes[4], bytes[5]);
  crew->identity = oh_identity_open();
  if (!crew->identity) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "OpenSSL could not make the DTLS certificate");
    return false;
  }
  crew->budget = new_budget(&s->world);
  crew->report_budget = new_budget(&s->world);
  crew->check_budget = new_budget(&s->world);
  crew->tally = oh_tally_open();
  crew->gate = oh_voice_gate_open(&s->world.random);
  struct oh_clerk_config clerk = {.json = s->config.logging.json,
                                  .log_level = s->config.logging.level,
                                  .ca_file = s->config.outbound.ca_file};
  crew->clerk = oh_clerk_open(&clerk);
  crew->keyring = oh_keyring_open(crew);
  oh_clerk_add_desk(crew->clerk, oh_keyring_desk(crew->keyring));
  open_records(s);
  crew->webhooks = oh_webhook_desk_open(s->config.data_dir);
  oh_clerk_add_desk(crew->clerk, oh_webhook_desk_of(crew->webhooks));
  if (!open_scribe(s, error)) return false;
  open_far(s);
  if (!oh_media_listeners_init(&s->media, &s->config, error)) return false;
  crew->media = &s->media;
  uint32_t count = worker_count(&s->config);
  crew->workers = calloc(count, sizeof *crew->workers);
  OH_CHECK(crew->workers);
  for (uint32_t i = 0; i < count; i++) {
    struct oh_worker_config config = {.crew = crew,
                                      .index = i,
                                      .config = &s->config,
                                      .listeners = s->listeners,
                                      .listener_count = s->listener_count,
                                      .tls = s->tls};
    crew->workers[i] = oh_worker_open(&config, error);
    if (!crew->workers[i]) return false;
    crew->count = i + 1;
  }
  return true;
}

static void announce(struct serve *s) {
  const struct oh_config *config = &s->config;
  for (uint32_t i = 0; i < s->crew.count; i++) {
    const struct oh_addr *candidates;
    size_t count = oh_worker_candidates(s->crew.workers[i], &candidates);
    for (size_t n = 0; n < count; n++) {
      char text[OH_ADDR_PORT_TEXT_MAX];
      oh_addr_text(&candidates[n], text);
      oh_log(&s->world.log, OH_LOG_INFO, "media address", "worker=%u proto=%s address=%s", i,
             candidates[n].proto == OH_TCP ? "tcp" : "udp", text);
    }
  }
  for (size_t i = 0; i < s->listener_count; i++) {
    char text[OH_ADDR_PORT_TEXT_MAX];
    oh_addr_text(&s->bound[i], text);
    oh_log(&s->world.log, OH_LOG_INFO, "listening", "address=%s tls=%s", text, s->tls ? "yes" : "no");
  }
  struct oh_strings urls = {0};
  const struct oh_addr *candidates;
  size_t candidate_count = oh_worker_candidates(s->crew.workers[0], &candidates);
  urls = oh_turn_urls(config, candidates, candidate_count);
  for (size_t i = 0; i < urls.count; i++)
    oh_log(&s->world.log, OH_LOG_INFO, "TURN", "url=%s", urls.items[i]);
  oh_turn_urls_fini(&urls);
  oh_log(&s->world.log, OH_LOG_INFO, "ready", "version=%s workers=%u metrics=http://%s:%u/metrics",
         OH_VERSION, s->crew.count, config->admin.bind, s->admin_port);
  // For the person at the terminal, on stdout: the log is for machines.
  if (config->development)
    printf("No API key is configured, so this one was made for development; only this machine can connect:\n"
           "  LIVEKIT_API_KEY=%s\n  LIVEKIT_API_SECRET=%s\n",
           config->key_items[0].id, config->key_items[0].secret);
  printf("offhook is ready: %s://localhost:%u/\n", s->tls ? "https" : "http", s->bound[0].port);
  fflush(stdout);
}

// ---- signals

static uint32_t participants(const struct serve *s) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < s->crew.count; i++) {
    struct oh_worker_stats stats;
    oh_worker_read_stats(s->crew.workers[i], &stats);
    sum += stats.participants;
  }
  return sum;
}

static void leave(struct serve *s, const char *why) {
  if (s->phase == LEAVING) return;
  s->phase = LEAVING;
  atomic_store(&s->crew.draining, true);
  oh_log(&s->world.log, OH_LOG_INFO, "stopping", "why=%s participants=%u", why, participants(s));
  for (uint32_t i = 0; i < s->crew.count; i++)
    oh_worker_stop(s->crew.workers[i]);
}

static void on_poll(uv_timer_t *timer) {
  struct serve *s = timer->data;
  if (s->phase != DRAINING) return;
  if (participants(s) == 0)
    leave(s, "empty");
  else if (oh_clock_us() >= s->drain_until_us)
    leave(s, "drain_timeout");
}

static void drain(struct serve *s) {
  if (s->phase != RUNNING) {
    leave(s, "second signal");
    return;
  }
  s->phase = DRAINING;
  s->drain_until_us = oh_clock_us() + (int64_t)s->current->drain_timeout_s * 1000000;
  atomic_store(&s->crew.draining, true);
  oh_log(&s->world.log, OH_LOG_INFO, "draining: no new rooms, waiting for calls to end",
         "participants=%u timeout_s=%u", participants(s), s->current->drain_timeout_s);
  for (uint32_t i = 0; i < s->crew.count; i++)
    oh_worker_drain(s->crew.workers[i]);
  // Snapshots are up to a second old: look only after the next one.
  uv_timer_start(&s->poll, on_poll, 1100, 200);
}

static bool same_signing_key(const struct oh_config *a, const struct oh_config *b) {
  return strcmp(a->key_items[0].id, b->key_items[0].id) == 0 &&
         strcmp(a->key_items[0].secret, b->key_items[0].secret) == 0;
}

// Takes what cannot change without a restart out of a freshly read configuration.
static bool accept_reload(struct serve *s, struct oh_config *fresh) {
  struct oh_text fixed;
  oh_text_init(&fixed, 4096);
  oh_config_fixed_changes(s->current, fresh, &fixed);
  if (fixed.len)
    oh_log(&s->world.log, OH_LOG_WARN, "these changes wait for a restart", "keys=%s", fixed.data);
  oh_text_fini(&fixed);
  if (fresh->development || s->current->development) {
    oh_log(&s->world.log, OH_LOG_WARN, "not reloaded: a development key lasts until the restart", "%s", "");
    return false;
  }
  if (!same_signing_key(s->current, fresh)) {
    oh_log(&s->world.log, OH_LOG_WARN,
           "not reloaded: the first API key signs for running calls and changes by a restart; add others "
           "after it",
           "%s", "");
    return false;
  }
  if ((s->tls != NULL) != (fresh->tls.cert && *fresh->tls.cert)) {
    oh_log(&s->world.log, OH_LOG_WARN, "not reloaded: TLS is switched on and off by a restart", "%s", "");
    return false;
  }
  return true;
}

static void reload(struct serve *s) {
  char error[OH_CONFIG_ERROR_MAX];
  struct oh_config *fresh = malloc(sizeof *fresh);
  struct oh_tls *tls = NULL;
  OH_CHECK(fresh);
  bool ok = oh_config_load(fresh, s->arg_count, s->args, environ, error);
  if (ok && s->reloaded_count == sizeof s->reloaded / sizeof s->reloaded[0]) {
    snprintf(error, sizeof error, "reloaded too often; restart");
    ok = false;
  }
  ok = ok && open_tls(fresh, &tls, error);
  if (!ok)
    oh_log(&s->world.log, OH_LOG_ERROR, "not reloaded, the old configuration stays", "why=%s", error);
  else
    ok = accept_reload(s, fresh);
  if (!ok) {
    oh_tls_close(tls);
    oh_config_fini(fresh);
    free(fresh);
    return;
  }
  s->reloaded[s->reloaded_count++] = s->current = fresh;
  s->world.log.level = oh_log_level_of(fresh->logging.level);
  for (uint32_t i = 0; i < s->crew.count; i++)
    oh_worker_reload(s->crew.workers[i], fresh, tls ? oh_tls_keep(tls) : NULL);
  oh_keyring_set_sites(s->crew.keyring, s->crew.clerk, fresh);
  oh_webhook_desk_set(s->crew.webhooks, s->crew.clerk, fresh);
  if (s->turn && !oh_turn_door_reload(s->turn, fresh, error))
    oh_log(&s->world.log, OH_LOG_ERROR, "the old certificate of TURN stays", "why=%s", error);
  if (tls) oh_tls_close(s->tls);
  if (tls) s->tls = tls;
  oh_log(&s->world.log, OH_LOG_INFO, "configuration reloaded", "%s", "");
}

static void on_signal(uv_signal_t *handle, int number) {
  struct serve *s = handle->data;
  if (number == SIGHUP)
    reload(s);
  else if (number == SIGINT)
    leave(s, "SIGINT");
  else
    drain(s);
}

// ---- end

static void close_main(struct serve *s) {
  for (int i = 0; i < 3; i++)
    uv_close((uv_handle_t *)&s->signals[i], NULL);
  uv_close((uv_handle_t *)&s->poll, NULL);
  oh_turn_door_close(s->turn);
  s->turn = NULL;
  oh_metrics_close(s->metrics);
  s->metrics = NULL;
  oh_mailbox_shut(s->crew.office);
}

static void on_worker_ended(void *ctx, int64_t now_us, void *message) {
  struct serve *s = ctx;
  (void)now_us;
  oh_worker_join(message);
  if (++s->ended < s->crew.count) return;
  if (s->crew.scribe) oh_scribe_stop(s->crew.scribe);
  oh_clerk_stop(s->crew.clerk); // its answers find nobody any more; what was to be written is
  close_main(s);
}

static void release(struct serve *s) {
  oh_clerk_close(s->crew.clerk);
  oh_keyring_close(s->crew.keyring);
  oh_scribe_close(s->crew.scribe);
  for (uint32_t i = 0; i < s->crew.count; i++)
    oh_worker_close(s->crew.workers[i]);
  free(s->crew.workers);
  for (size_t i = 0; i < s->listener_count; i++)
    close(s->listeners[i]);
  oh_media_listeners_fini(&s->media);
  if (s->crew.office) oh_mailbox_close(s->crew.office);
  oh_tls_close(s->tls);
  if (s->crew.identity) oh_identity_close(s->crew.identity);
  oh_records_desk_close(s->crew.records);
  oh_webhook_desk_close(s->crew.webhooks);
  oh_far_desk_close(s->crew.far);
  oh_tally_close(s->crew.tally);
  free(s->crew.budget);
  free(s->crew.report_budget);
  free(s->crew.check_budget);
  oh_voice_gate_close(s->crew.gate);
  for (size_t i = 0; i < s->reloaded_count; i++) {
    oh_config_fini(s->reloaded[i]);
    free(s->reloaded[i]);
  }
}

static bool start(struct serve *s, char error[OH_CONFIG_ERROR_MAX]) {
  if (!open_listeners(s, error) || !open_tls(&s->config, &s->tls, error) || !open_crew(s, error))
    return false;
  if (s->config.turn.enabled) {
    s->turn = oh_turn_door_open(&s->loop, &s->world, &s->crew, &s->config, error);
    if (!s->turn) return false;
  }
  s->metrics = oh_metrics_open(&s->loop, &s->world, &s->crew, &s->config, &s->admin_port, error);
  return s->metrics != NULL;
}

static int serve(struct serve *s) {
  static const int numbers[3] = {SIGTERM, SIGINT, SIGHUP};
  char error[OH_CONFIG_ERROR_MAX] = "";
  s->current = &s->config;
  s->sink = (struct oh_log_sink){.json = s->config.logging.json, .fd = STDERR_FILENO, .thread = "main"};
  s->world.random = oh_entropy();
  s->world.log = oh_log_sink(&s->sink, oh_log_level_of(s->config.logging.level));
  s->world.unix_offset_us = oh_clock_unix_offset_us();
  OH_CHECK(uv_loop_init(&s->loop) == 0);
  s->crew.office = oh_mailbox_open(&s->loop, WORKERS_MAX, on_worker_ended, s);
  for (int i = 0; i < 3; i++) {
    OH_CHECK(uv_signal_init(&s->loop, &s->signals[i]) == 0);
    s->signals[i].data = s;
    OH_CHECK(uv_signal_start(&s->signals[i], on_signal, numbers[i]) == 0);
  }
  OH_CHECK(uv_timer_init(&s->loop, &s->poll) == 0);
  s->poll.data = s;
  bool ok = start(s, error);
  if (ok) {
    oh_keyring_set_sites(s->crew.keyring, s->crew.clerk, &s->config);
    oh_webhook_desk_set(s->crew.webhooks, s->crew.clerk, &s->config);
    oh_clerk_start(s->crew.clerk);
    if (s->crew.scribe) oh_scribe_start(s->crew.scribe);
    for (uint32_t i = 0; i < s->crew.count; i++)
      oh_worker_start(s->crew.workers[i]);
    announce(s);
  } else {
    fprintf(stderr, "offhook: %s\n", error);
    close_main(s);
  }
  uv_run(&s->loop, UV_RUN_DEFAULT);
  release(s);
  OH_CHECK(uv_loop_close(&s->loop) == 0);
  if (ok) oh_log(&s->world.log, OH_LOG_INFO, "stopped", "%s", "");
  return ok ? 0 : 1;
}

int oh_serve_command(int count, char **args) {
  struct serve *s = calloc(1, sizeof *s);
  OH_CHECK(s);
  int kept = 0; // --check-config is not a key, so it is taken out first
  bool check_only = false;
  for (int i = 0; i < count; i++) {
    if (strcmp(args[i], "--check-config") == 0)
      check_only = true;
    else
      args[kept++] = args[i];
  }
  s->arg_count = kept;
  s->args = args;
  int status = 1;
  if (check_only) {
    free(s);
    return oh_check_config_command(kept, args);
  }
  signal(SIGPIPE, SIG_IGN);
  char error[OH_CONFIG_ERROR_MAX];
  if (oh_config_load(&s->config, kept, args, environ, error))
    status = serve(s);
  else
    fprintf(stderr, "offhook: %s\n", error);
  oh_config_fini(&s->config);
  free(s);
  return status;
}
