// metrics.c — see metrics.h
#include "app/metrics.h"
#include "app/clerk.h"
#include "app/version.h"
#include "app/webhook_desk.h"
#include "base/check.h"
#include "call/tally.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/http_server.h"
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#define METRICS_MAX (256 * 1024)
#define ADMIN_CONNECTIONS 64

struct oh_metrics {
  struct oh_http_server *server;
  const struct oh_crew *crew;
  const struct oh_world *world;
  int64_t started_us;
  int listener;
};

static void add_head(struct oh_text *out, const char *name, const char *type, const char *help) {
  oh_text_addf(out, "# HELP offhook_%s %s\n# TYPE offhook_%s %s\n", name, help, name, type);
}

static void add_gauge(struct oh_text *out, const char *name, const char *help, double value) {
  add_head(out, name, "gauge", help);
  oh_text_addf(out, "offhook_%s %.15g\n", name, value);
}

static void add_counters(const struct oh_crew *crew, const struct oh_world *world, struct oh_text *out) {
#define COUNTER_ROW(name, help) {#name, help},
  static const struct { const char *name, *help; } rows[] = {OH_COUNTERS(COUNTER_ROW)};
  for (int i = 0; i < OH_COUNTER_MAX; i++) {
    uint64_t sum = __atomic_load_n(&world->counters.value[i], __ATOMIC_RELAXED);
    if (crew->clerk) sum += oh_clerk_counter(crew->clerk, (enum oh_counter)i);
    for (uint32_t n = 0; n < crew->count; n++)
      sum += oh_worker_counter(crew->workers[n], (enum oh_counter)i);
    char name[80];
    snprintf(name, sizeof name, "%s_total", rows[i].name);
    add_head(out, name, "counter", rows[i].help);
    oh_text_addf(out, "offhook_%s %llu\n", name, (unsigned long long)sum);
  }
}

static void add_process(struct oh_text *out, int64_t now_us, int64_t started_us) {
  size_t len;
  char *statm = oh_file_read("/proc/self/statm", 4096, &len);
  unsigned long long pages = 0;
  if (statm) {
    struct oh_str rest = {statm, len};
    oh_str_cut(&rest, ' ');
    uint64_t resident;
    if (oh_str_to_u64(oh_str_cut(&rest, ' '), UINT64_MAX, &resident)) pages = resident;
  }
  free(statm);
  add_gauge(out, "process_resident_memory_bytes", "memory of the process in RAM",
            (double)pages * (double)sysconf(_SC_PAGESIZE));
  add_gauge(out, "uptime_seconds", "since the start", (double)(now_us - started_us) / 1e6);
}

void oh_metrics_write(const struct oh_crew *crew, const struct oh_world *world, int64_t now_us,
                      int64_t started_us, struct oh_text *out) {
  static const char *const names[] = {"rooms", "participants", "tracks", "subscriptions", "connections"};
  static const char *const helps[] = {"open rooms", "participants in rooms", "published tracks",
                                      "tracks being listened to", "open HTTP and WebSocket connections"};
  add_head(out, "build_info", "gauge", "which build this is");
  oh_text_adds(out, "offhook_build_info{version=\"" OH_VERSION "\"} 1\n");
  add_gauge(out, "workers", "worker threads", crew->count);
  add_gauge(out, "draining", "1 once SIGTERM came", atomic_load(&crew->draining) ? 1 : 0);
  for (int i = 0; i < 5; i++) {
    add_head(out, names[i], "gauge", helps[i]);
    for (uint32_t n = 0; n < crew->count; n++) {
      struct oh_worker_stats stats;
      oh_worker_read_stats(crew->workers[n], &stats);
      const uint32_t values[] = {stats.rooms, stats.participants, stats.tracks, stats.subscriptions,
                                 stats.connections};
      oh_text_addf(out, "offhook_%s{worker=\"%u\"} %u\n", names[i], n, values[i]);
    }
  }
  if (crew->webhooks)
    add_gauge(out, "webhooks_waiting", "webhook events not delivered yet",
              (double)oh_webhook_desk_waiting(crew->webhooks));
  add_process(out, now_us, started_us);
  add_counters(crew, world, out);
  oh_tally_write(crew->tally, out);
}

static void respond(struct oh_metrics *m, oh_id conn, int status, const char *type,
                    const struct oh_text *body) {
  struct oh_http_response response = {.status = status,
                                      .type = oh_str(type),
                                      .fields = OH_STR("Cache-Control: no-store\r\n"),
                                      .body = {(const uint8_t *)body->data, body->len}};
  oh_http_respond(m->server, conn, &response);
}

static void answer_metrics(struct oh_metrics *m, int64_t now_us, oh_id conn, struct oh_text *body) {
  oh_metrics_write(m->crew, m->world, now_us, m->started_us, body);
  OH_CHECK(!body->failed);
  respond(m, conn, 200, "text/plain; version=0.0.4; charset=utf-8", body);
}

static void answer_health(struct oh_metrics *m, int64_t now_us, oh_id conn, struct oh_text *body) {
  (void)now_us;
  oh_text_adds(body, "OK");
  respond(m, conn, 200, "text/plain", body);
}

static const struct place {
  const char *path;
  void (*answer)(struct oh_metrics *m, int64_t now_us, oh_id conn, struct oh_text *body);
} places[] = {{"/metrics", answer_metrics}, {"/healthz", answer_health}};
#define PLACE_COUNT (sizeof places / sizeof *places)

bool oh_metrics_next_route(size_t *cursor, const char **path) {
  if (*cursor == PLACE_COUNT) return false;
  *path = places[(*cursor)++].path;
  return true;
}

static const struct place *find_place(struct oh_str path) {
  for (size_t i = 0; i < PLACE_COUNT; i++)
    if (oh_str_eq(path, oh_str(places[i].path))) return &places[i];
  return NULL;
}

static void on_request(void *ctx, int64_t now_us, oh_id conn, const struct oh_http_request *request) {
  struct oh_metrics *m = ctx;
  struct oh_text body;
  oh_text_init(&body, METRICS_MAX);
  bool get = oh_str_eq(request->method, OH_STR("GET")) || oh_str_eq(request->method, OH_STR("HEAD"));
  const struct place *place = find_place(request->path);
  if (!get)
    respond(m, conn, 405, "text/plain", &body);
  else if (place)
    place->answer(m, now_us, conn, &body);
  else {
    oh_text_adds(&body, "metrics are at /metrics\n");
    respond(m, conn, 404, "text/plain", &body);
  }
  oh_text_fini(&body);
}

static void on_message(void *ctx, int64_t now_us, oh_id conn, bool is_text, struct oh_bytes data) {
  (void)ctx, (void)now_us, (void)conn, (void)is_text, (void)data; // nothing is ever upgraded here
}
static void on_closed(void *ctx, int64_t now_us, oh_id conn, uint16_t code) {
  (void)ctx, (void)now_us, (void)conn, (void)code;
}
static const struct oh_http_handler handler = {
    .request = on_request, .message = on_message, .closed = on_closed};

struct oh_metrics *oh_metrics_open(struct uv_loop_s *loop, struct oh_world *world, const struct oh_crew *crew,
                                   const struct oh_config *config, uint16_t *bound_port,
                                   char error[OH_CONFIG_ERROR_MAX]) {
  struct oh_addr addr, bound;
  if (!oh_addr_parse(oh_str(config->admin.bind), (uint16_t)config->admin.port, &addr)) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "admin.bind: \"%s\" is not an address", config->admin.bind);
    return NULL;
  }
  int listener = oh_http_listen(&addr, &bound);
  if (listener == UV_EADDRINUSE && !oh_config_was_set(config, "admin.port")) {
    addr.port = 0; // a second server on this machine
    listener = oh_http_listen(&addr, &bound);
  }
  if (listener < 0) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "admin.port %u on %s: %s", config->admin.port, config->admin.bind,
             uv_strerror(listener));
    return NULL;
  }
  struct oh_metrics *m = calloc(1, sizeof *m);
  OH_CHECK(m);
  *m = (struct oh_metrics){.crew = crew, .world = world, .started_us = oh_clock_us(), .listener = listener};
  struct oh_http_server_config http = {.loop = loop,
                                       .world = world,
                                       .handler = &handler,
                                       .ctx = m,
                                       .connections_max = ADMIN_CONNECTIONS,
                                       .connections_per_address_max = ADMIN_CONNECTIONS,
                                       .body_max = 1};
  m->server = oh_http_server_open(&http);
  oh_http_server_add_listener(m->server, listener, NULL);
  *bound_port = bound.port;
  return m;
}

void oh_metrics_close(struct oh_metrics *m) {
  if (!m) return;
  oh_http_server_close(m->server);
  close(m->listener);
  free(m);
}
