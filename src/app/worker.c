// worker.c — see worker.h
#include "app/worker.h"
#include "app/agents_door.h"
#include "app/doorman.h"
#include "app/log_sink.h"
#include "app/media_doors.h"
#include "app/scribe.h"
#include "app/turn_door.h"
#include "app/twirp_door.h"
#include "app/voice_gate.h"
#include "app/web.h"
#include "app/webhook_desk.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/map.h"
#include "call/echo.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/ice_tcp.h"
#include "io/mail.h"
#include "rtc/ice.h"
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#define MAILBOX_LETTERS 4096
#define SECOND_MS 1000
#define GOODBYE_US 1500000 // for the Leave and the close frames to reach everybody at a stop
// Towards clients: LiveKit's SDKs want a semantic version ≥ 1.8.0 (facts/LIVEKIT.md 0.13).
#define LIVEKIT_VERSION "1.13.5"

enum letter_kind { LETTER_JOIN, LETTER_STREAM, LETTER_JOB, LETTER_RELOAD, LETTER_DRAIN, LETTER_STOP };
struct letter {
  enum letter_kind kind;
  struct oh_http_parcel *parcel; // LETTER_JOIN: the connection, and its checked join
  struct oh_join join;
  struct oh_ice_tcp_parcel *stream; // LETTER_STREAM
  struct oh_job *job;               // LETTER_JOB: the clerk's answer
  const struct oh_config *config;   // LETTER_RELOAD
  struct oh_tls *tls;
};

struct oh_worker {
  struct oh_crew *crew;
  uint32_t index;
  const struct oh_config *config;
  char name[16];
  struct oh_log_sink sink;
  struct oh_world world;
  uv_loop_t loop;
  uv_timer_t deadline, second;
  int64_t armed_us;
  bool timers_open, is_stopping;
  int64_t stop_us; // when the last connections are cut
  struct oh_web web;
  struct oh_media_doors doors;
  struct oh_strings turn_urls; // as clients are told them
  struct oh_mailbox *mailbox;
  struct oh_outbox outbox;
  struct oh_echo *echo;
  struct oh_resident_ops residents[2]; // the house borrows them
  struct oh_satchel *satchel;          // for the scribe
  struct oh_house *house;
  struct oh_map session_of, conn_of; // connection ↔ signalling session
  uv_thread_t thread;
  _Atomic uint32_t stats[5];
};

static void settle(struct oh_worker *w, int64_t now_us);

static void free_letter(void *message) {
  struct letter *letter = message;
  if (letter->parcel) oh_http_parcel_free(letter->parcel);
  oh_join_fini(&letter->join);
  if (letter->stream) oh_ice_tcp_parcel_free(letter->stream);
  if (letter->job) letter->job->drop(letter->job);
  oh_tls_close(letter->tls); // the letter's own reference; the door keeps one of its own
  free(letter);
}

static struct letter *new_letter(enum letter_kind kind) {
  struct letter *letter = calloc(1, sizeof *letter);
  OH_CHECK(letter);
  letter->kind = kind;
  return letter;
}

struct oh_worker *oh_worker_at(const struct oh_worker *w, uint32_t index) {
  return index < w->crew->count ? w->crew->workers[index] : NULL;
}

uint32_t oh_worker_of_room(const struct oh_worker *w, struct oh_str room) {
  return (uint32_t)(oh_siphash(w->crew->room_secret, room.data, room.len) % w->crew->count);
}

static void forget(struct oh_worker *w, oh_id conn, oh_id session) {
  oh_map_remove(&w->session_of, &conn, sizeof conn);
  oh_map_remove(&w->conn_of, &session, sizeof session);
}

// ---- joins

static void refuse_full_site(struct oh_worker *w, struct oh_admission *admission) {
  oh_count(&w->world.counters, OH_COUNT_joins_refused);
  *admission = (struct oh_admission){.status = 503, .body = "the site has as many calls as it may"};
}

static void admit(struct oh_worker *w, int64_t now_us, oh_id conn, const struct oh_join *join) {
  struct oh_admission admission = {0};
  if (join->validate)
    oh_house_validate(w->house, now_us, join, &admission);
  else if (!join->reconnect && !oh_voice_gate_join(w->crew->gate, w->config, now_us, &join->claims))
    refuse_full_site(w, &admission);
  else
    oh_house_join(w->house, now_us, join, &admission);
  if (join->validate || admission.status != 101) {
    oh_web_respond_text(&w->web, conn, admission.status, admission.body);
    return;
  }
  struct oh_text fields;
  oh_text_init(&fields, 4096);
  const struct oh_http_request *request = oh_http_held(w->web.server, conn);
  if (request) oh_web_cors(oh_http_field(request, OH_STR("Origin")), false, &fields);
  oh_map_put(&w->session_of, &conn, sizeof conn, admission.session);
  oh_map_put(&w->conn_of, &admission.session, sizeof admission.session, conn);
  if (!oh_http_upgrade(w->web.server, conn, oh_text_str(&fields))) {
    forget(w, conn, admission.session);
    oh_house_signal_closed(w->house, now_us, admission.session);
  }
  oh_text_fini(&fields);
}

// Hands the connection to the worker that owns the room; takes the join.
static void move_join(struct oh_worker *w, oh_id conn, struct oh_join *take_join, uint32_t owner) {
  struct letter *letter = new_letter(LETTER_JOIN);
  letter->join = *take_join;
  letter->parcel = oh_http_detach(w->web.server, conn);
  if (!letter->parcel) { // the client has gone
    free_letter(letter);
    return;
  }
  if (oh_mail_post(w->crew->workers[owner]->mailbox, letter, free_letter)) return;
  oh_count(&w->world.counters, OH_COUNT_mail_refused);
  conn = oh_http_adopt(w->web.server, letter->parcel);
  letter->parcel = NULL;
  if (conn) oh_web_respond_text(&w->web, conn, 503, "node has exceeded its configured limit");
  free_letter(letter);
}

static void receive_join(struct oh_worker *w, int64_t now_us, oh_id conn,
                         const struct oh_http_request *request) {
  struct oh_join_query query = {.path = request->path,
                                .query = request->query,
                                .authorization = oh_http_field(request, OH_STR("Authorization")),
                                .upgrade = request->upgrade};
  struct oh_keys keys = {.items = w->config->key_items, .count = w->config->key_count};
  struct oh_join join;
  char refusal[256] = "";
  int status = oh_join_read(&query, &keys, oh_unix_us(&w->world, now_us), &join, refusal);
  if (status) {
    oh_count(&w->world.counters, OH_COUNT_joins_refused);
    oh_web_respond_text(&w->web, conn, status, refusal);
    return;
  }
  uint32_t owner = oh_worker_of_room(w, oh_str(join.claims.video.room));
  if (owner == w->index) {
    admit(w, now_us, conn, &join);
    oh_join_fini(&join);
  } else {
    move_join(w, conn, &join, owner);
  }
}

// ---- the HTTP door

static void on_request(void *ctx, int64_t now_us, oh_id conn, const struct oh_http_request *request) {
  struct oh_worker *w = ctx;
  switch (oh_web_request(&w->web, now_us, conn, request)) {
  case OH_WEB_ANSWERED: break;
  case OH_WEB_RTC: receive_join(w, now_us, conn, request); break;
  case OH_WEB_AGENT: oh_agents_door_request(&w->web, now_us, conn, request); break;
  }
  settle(w, now_us);
}

static void on_message(void *ctx, int64_t now_us, oh_id conn, bool is_text, struct oh_bytes data) {
  struct oh_worker *w = ctx;
  uint64_t session;
  if (oh_map_get(&w->session_of, &conn, sizeof conn, &session))
    oh_house_recv(w->house, now_us, (oh_id)session, is_text, data.data, data.len);
  else
    oh_agents_door_message(&w->web, now_us, conn, is_text, data);
  settle(w, now_us);
}

static void on_closed(void *ctx, int64_t now_us, oh_id conn, uint16_t code) {
  struct oh_worker *w = ctx;
  (void)code;
  uint64_t session;
  if (oh_map_get(&w->session_of, &conn, sizeof conn, &session)) {
    forget(w, conn, (oh_id)session);
    oh_house_signal_closed(w->house, now_us, (oh_id)session);
  } else if (!oh_agents_door_closed(&w->web, now_us, conn)) {
    return;
  }
  settle(w, now_us);
}

static void on_refusal(void *ctx, struct oh_str origin, struct oh_text *fields) {
  (void)ctx;
  oh_web_cors(origin, false, fields);
}

static const struct oh_http_handler http_handler = {
    .request = on_request, .message = on_message, .closed = on_closed, .refusal_fields = on_refusal};

// ---- the media doors

static void on_datagram(void *ctx, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len) {
  struct oh_worker *w = ctx;
  oh_house_datagram(w->house, now_us, from, data, len);
}

static void on_batch_done(void *ctx, int64_t now_us) {
  settle(ctx, now_us);
}

static void on_stream_closed(void *ctx, int64_t now_us, const struct oh_addr *from) {
  struct oh_worker *w = ctx;
  oh_house_stream_closed(w->house, now_us, from);
  settle(w, now_us);
}

static const struct oh_udp_handler udp_handler = {
    .recv = on_datagram, .batch_done = on_batch_done, .closed = on_stream_closed};

static bool is_foreign(void *ctx, const uint8_t *frame, size_t len, uint32_t *owner) {
  const struct oh_worker *w = ctx;
  return oh_ice_shard(frame, len, owner) && *owner != w->index && *owner < w->crew->count;
}

static void move_stream(void *ctx, uint32_t owner, struct oh_ice_tcp_parcel *take_parcel) {
  struct oh_worker *w = ctx;
  struct letter *letter = new_letter(LETTER_STREAM);
  letter->stream = take_parcel;
  if (oh_mail_post(w->crew->workers[owner]->mailbox, letter, free_letter)) return;
  oh_count(&w->world.counters, OH_COUNT_mail_refused);
  free_letter(letter);
}

static void flush_outbox(void *ctx, struct oh_outbox *outbox) {
  struct oh_worker *w = ctx;
  oh_media_doors_send(&w->doors, outbox);
}

// ---- after each batch: what the house has to say, what is due, when to wake up

static void send_frames(struct oh_worker *w) {
  struct oh_frame frame;
  while (oh_house_next_frame(w->house, &frame)) {
    uint64_t conn;
    if (oh_map_get(&w->conn_of, &frame.session, sizeof frame.session, &conn)) {
      oh_id id = (oh_id)conn;
      if (frame.kind == OH_FRAME_CLOSE)
        oh_ws_close(w->web.server, id, frame.close_code,
                    (struct oh_str){(const char *)frame.data, frame.len});
      else if (frame.kind == OH_FRAME_ABORT)
        oh_http_abort(w->web.server, id);
      else // a slow reader is cut there, and closed() tells the house
        oh_ws_send(w->web.server, id, frame.kind == OH_FRAME_TEXT, (struct oh_bytes){frame.data, frame.len});
    }
    free(frame.data);
  }
}

static void post_happenings(struct oh_worker *w) {
  struct oh_happening *batch = NULL, next;
  size_t count = 0, cap = 0;
  while (oh_house_next_happening(w->house, &next)) {
    if (count == cap) {
      cap = cap ? 2 * cap : 4;
      batch = reallocarray(batch, cap, sizeof *batch);
      OH_CHECK(batch);
    }
    batch[count++] = next;
  }
  if (count && !oh_webhook_desk_post(w->crew->webhooks, w->crew->clerk, batch, count))
    oh_count_n(&w->world.counters, OH_COUNT_webhooks_lost, count);
}

static void on_deadline(uv_timer_t *timer) {
  settle(timer->data, oh_clock_us());
}

static void settle(struct oh_worker *w, int64_t now_us) {
  if (oh_house_deadline(w->house) <= now_us) oh_house_tick(w->house, now_us);
  oh_agents_door_settle(&w->web, now_us);
  send_frames(w);
  oh_outbox_flush(&w->outbox);
  post_happenings(w);
  oh_satchel_tick(w->satchel, now_us);
  int64_t next_us = oh_earlier(oh_house_deadline(w->house), oh_satchel_deadline(w->satchel));
  next_us = oh_earlier(next_us, oh_agents_door_deadline(&w->web));
  if (next_us == w->armed_us || w->is_stopping) return;
  w->armed_us = next_us;
  if (next_us == INT64_MAX) {
    uv_timer_stop(&w->deadline);
    return;
  }
  int64_t wait_us = next_us > now_us ? next_us - now_us : 0;
  uv_update_time(&w->loop);
  uv_timer_start(&w->deadline, on_deadline, (uint64_t)(wait_us + 999) / 1000, 0);
}

static void publish_stats(struct oh_worker *w) {
  struct oh_house_stats stats;
  oh_house_read_stats(w->house, &stats);
  uint32_t values[5] = {stats.rooms, stats.participants, stats.tracks, stats.subscriptions,
                        oh_http_server_connections(w->web.server)};
  for (int i = 0; i < 5; i++)
    atomic_store_explicit(&w->stats[i], values[i], memory_order_relaxed);
}

// ---- the end

static void close_doors(struct oh_worker *w) {
  if (w->web.server) oh_http_server_close(w->web.server);
  w->web.server = NULL;
  oh_media_doors_fini(&w->doors);
  if (w->mailbox) oh_mailbox_shut(w->mailbox);
  if (w->timers_open) {
    uv_close((uv_handle_t *)&w->deadline, NULL);
    uv_close((uv_handle_t *)&w->second, NULL);
    w->timers_open = false;
  }
}

static void on_second(uv_timer_t *timer) {
  struct oh_worker *w = timer->data;
  int64_t now_us = oh_clock_us();
  w->world.unix_offset_us = oh_clock_unix_offset_us();
  if (!w->is_stopping) {
    oh_doorman_tick(w->web.doorman, now_us);
    oh_twirp_door_tick(&w->web, now_us);
    oh_voice_gate_watch(w->crew->gate, w->config, &w->world, now_us, w->house);
    publish_stats(w);
    settle(w, now_us);
    return;
  }
  settle(w, now_us);
  bool idle = w->conn_of.used == 0 && !oh_house_is_recording(w->house);
  if (idle || now_us >= w->stop_us) close_doors(w);
}

static void begin_stop(struct oh_worker *w, int64_t now_us) {
  if (w->is_stopping) return;
  oh_http_server_stop_listening(w->web.server);
  oh_house_drain(w->house, now_us, true);
  settle(w, now_us);
  w->is_stopping = true;
  w->stop_us = now_us + GOODBYE_US;
  uv_timer_stop(&w->deadline);
  uv_timer_start(&w->second, on_second, 0, 20); // look often now: most clients close at once
}

static void reload(struct oh_worker *w, const struct letter *letter) {
  w->config = w->web.config = letter->config;
  oh_doorman_reload(w->web.doorman);
  oh_house_tell(w->house, letter->config->webhook.urls.count > 0);
  w->world.log.level = oh_log_level_of(letter->config->logging.level);
  if (letter->tls) oh_http_server_set_tls(w->web.server, letter->tls);
}

static void on_letter(void *ctx, int64_t now_us, void *message) {
  struct oh_worker *w = ctx;
  struct letter *letter = message;
  switch (letter->kind) {
  case LETTER_JOIN: {
    oh_id conn = w->is_stopping ? 0 : oh_http_adopt(w->web.server, letter->parcel);
    if (!w->is_stopping) letter->parcel = NULL;
    if (conn) admit(w, now_us, conn, &letter->join);
    break;
  }
  case LETTER_STREAM:
    if (w->is_stopping || !w->doors.tcp) break;
    oh_ice_tcp_adopt(w->doors.tcp, now_us, letter->stream);
    letter->stream = NULL;
    break;
  case LETTER_JOB: {
    struct oh_job *job = letter->job;
    letter->job = NULL;
    if (w->web.server)
      job->run(job, &w->web, now_us);
    else
      job->drop(job);
    break;
  }
  case LETTER_RELOAD: reload(w, letter); break;
  case LETTER_DRAIN: oh_house_drain(w->house, now_us, false); break;
  case LETTER_STOP: begin_stop(w, now_us); break;
  }
  free_letter(letter);
  if (w->web.server) settle(w, now_us);
}

// ---- lifetime

static struct oh_house *open_house(struct oh_worker *w) {
  const struct oh_config *config = w->config;
  w->echo = oh_echo_open(config->limit.echo_partners);
  if (!w->echo) return NULL;
  w->residents[0] = oh_echo_ops(w->echo);
  w->residents[1] = oh_echo_check_ops(w->echo);
  w->satchel = oh_satchel_open(w->crew->scribe, w, &w->world);
  w->turn_urls = oh_turn_urls(config, w->doors.candidates, w->doors.candidate_count);
  const struct oh_house_config house = {
      .server_version = LIVEKIT_VERSION,
      .node_id = w->crew->node_id,
      .region = config->region ? config->region : "",
      .api_key = config->key_items[0].id,
      .api_secret = config->key_items[0].secret,
      .candidates = w->doors.candidates,
      .candidate_count = w->doors.candidate_count,
      .stun_urls = (const char *const *)config->rtc.stun_servers.items,
      .stun_url_count = config->rtc.stun_servers.count,
      .turn_urls = (const char *const *)w->turn_urls.items,
      .turn_url_count = w->turn_urls.count,
      .turn_servers = config->turn_items,
      .turn_server_count = config->turn_count,
      .empty_timeout_s = config->room.empty_timeout_s,
      .departure_timeout_s = config->room.departure_timeout_s,
      .auto_create = config->room.auto_create,
      .max_participants = config->room.max_participants,
      .active_level = config->audio.active_level,
      .min_percentile = config->audio.min_percentile,
      .update_interval_ms = config->audio.update_interval_ms,
      .smooth_intervals = config->audio.smooth_intervals,
      .shard = w->index,
      .rooms = config->limit.rooms,
      .participants = config->limit.participants,
      .enable_remote_unmute = config->room.enable_remote_unmute,
      .no_data_tracks = !config->enable_data_tracks,
      .data_blobs = config->data_blobs,
      .data_packets_per_s = config->limit.data_packets_per_s,
      .residents = w->residents,
      .resident_count = 2,
      .scribe = oh_satchel_ops(w->satchel),
  };
  return oh_house_open(&w->world, w->crew->identity, &house, &w->outbox);
}

static void init_world(struct oh_worker *w) {
  snprintf(w->name, sizeof w->name, "worker-%u", w->index);
  w->sink = (struct oh_log_sink){.json = w->config->logging.json, .fd = STDERR_FILENO, .thread = w->name};
  w->world.random = oh_entropy();
  w->world.log = oh_log_sink(&w->sink, oh_log_level_of(w->config->logging.level));
  w->world.unix_offset_us = oh_clock_unix_offset_us();
  uint8_t secret[16];
  oh_random_fill(&w->world.random, secret, sizeof secret);
  oh_map_init(&w->session_of, secret);
  oh_map_init(&w->conn_of, secret);
}

static void open_http(struct oh_worker *w, const struct oh_worker_config *config) {
  struct oh_http_server_config http = {
      .loop = &w->loop,
      .world = &w->world,
      .handler = &http_handler,
      .ctx = w,
      .connections_max = w->config->limit.connections,
      .connections_per_address_max = w->config->limit.connections_per_address,
  };
  w->web = (struct oh_web){.server = oh_http_server_open(&http),
                           .world = &w->world,
                           .config = w->config,
                           .budget = w->crew->budget,
                           .report_budget = w->crew->report_budget,
                           .check_budget = w->crew->check_budget,
                           .tally = w->crew->tally,
                           .records = w->crew->records,
                           .gate = w->crew->gate,
                           .far = w->crew->far,
                           .draining = &w->crew->draining,
                           .clerk = w->crew->clerk,
                           .keyring = w->crew->keyring,
                           .house = w->house,
                           .worker = w};
  w->web.doorman = oh_doorman_open(&w->web);
  w->web.twirp = oh_twirp_door_open();
  w->web.agents = oh_agents_door_open(&w->web, w->index == 0, LIVEKIT_VERSION, w->crew->node_id);
  for (size_t i = 0; i < config->listener_count; i++)
    oh_http_server_add_listener(w->web.server, config->listeners[i], config->tls);
}

struct oh_worker *oh_worker_open(const struct oh_worker_config *config, char error[OH_CONFIG_ERROR_MAX]) {
  struct oh_worker *w = calloc(1, sizeof *w);
  OH_CHECK(w);
  w->crew = config->crew;
  w->index = config->index;
  w->config = config->config;
  w->armed_us = INT64_MAX;
  init_world(w);
  OH_CHECK(uv_loop_init(&w->loop) == 0);
  OH_CHECK(uv_timer_init(&w->loop, &w->deadline) == 0 && uv_timer_init(&w->loop, &w->second) == 0);
  w->deadline.data = w->second.data = w;
  w->timers_open = true;
  oh_outbox_init(&w->outbox, flush_outbox, w);
  w->mailbox = oh_mailbox_open(&w->loop, MAILBOX_LETTERS, on_letter, w);
  const struct oh_ice_tcp_config tcp = {.loop = &w->loop,
                                        .world = &w->world,
                                        .handler = &udp_handler,
                                        .is_foreign = is_foreign,
                                        .move = move_stream,
                                        .ctx = w};
  if (!oh_media_doors_init(&w->doors, w->config, w->index, w->crew->media, &tcp, error)) {
    oh_worker_close(w);
    return NULL;
  }
  w->house = open_house(w);
  if (!w->house) {
    snprintf(error, OH_CONFIG_ERROR_MAX, "the house of %s could not be opened", w->name);
    oh_worker_close(w);
    return NULL;
  }
  oh_house_tell(w->house, w->config->webhook.urls.count > 0);
  if (w->index == 0 && w->crew->scribe) oh_scribe_recall(w->crew->scribe, w->house, &w->world, oh_clock_us());
  open_http(w, config);
  return w;
}

static void run(void *arg) {
  struct oh_worker *w = arg;
  uv_timer_start(&w->second, on_second, SECOND_MS, SECOND_MS);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  // The main thread waits for as many letters as there are workers; its box holds them all.
  OH_CHECK(oh_mail_post(w->crew->office, w, NULL));
}

void oh_worker_start(struct oh_worker *w) {
  OH_CHECK(uv_thread_create(&w->thread, run, w) == 0);
}

void oh_worker_join(struct oh_worker *w) {
  OH_CHECK(uv_thread_join(&w->thread) == 0);
}

void oh_worker_close(struct oh_worker *w) {
  close_doors(w);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  if (w->mailbox) oh_mailbox_close(w->mailbox);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  if (w->house) oh_house_close(w->house);
  oh_satchel_close(w->satchel);
  if (w->echo) oh_echo_close(w->echo);
  oh_doorman_close(w->web.doorman);
  oh_twirp_door_close(w->web.twirp);
  oh_agents_door_close(w->web.agents);
  oh_outbox_fini(&w->outbox);
  oh_map_fini(&w->session_of);
  oh_map_fini(&w->conn_of);
  oh_turn_urls_fini(&w->turn_urls);
  OH_CHECK(uv_loop_close(&w->loop) == 0);
  free(w);
}

static void post(struct oh_worker *w, struct letter *letter) {
  if (!oh_mail_post(w->mailbox, letter, free_letter)) free_letter(letter); // full or ended: nothing to tell
}

void oh_worker_reload(struct oh_worker *w, const struct oh_config *config, struct oh_tls *tls) {
  struct letter *letter = new_letter(LETTER_RELOAD);
  letter->config = config;
  letter->tls = tls;
  post(w, letter);
}

bool oh_worker_post(struct oh_worker *w, struct oh_job *take_job) {
  struct letter *letter = new_letter(LETTER_JOB);
  letter->job = take_job;
  if (oh_mail_post(w->mailbox, letter, free_letter)) return true;
  free_letter(letter);
  return false;
}

void oh_worker_drain(struct oh_worker *w) {
  post(w, new_letter(LETTER_DRAIN));
}

void oh_worker_stop(struct oh_worker *w) {
  post(w, new_letter(LETTER_STOP));
}

void oh_worker_read_stats(const struct oh_worker *w, struct oh_worker_stats *stats) {
  uint32_t *values[5] = {&stats->rooms, &stats->participants, &stats->tracks, &stats->subscriptions,
                         &stats->connections};
  for (int i = 0; i < 5; i++)
    *values[i] = atomic_load_explicit(&w->stats[i], memory_order_relaxed);
}

uint64_t oh_worker_counter(const struct oh_worker *w, enum oh_counter which) {
  return __atomic_load_n(&w->world.counters.value[which], __ATOMIC_RELAXED);
}

size_t oh_worker_candidates(const struct oh_worker *w, const struct oh_addr **candidates) {
  *candidates = w->doors.candidates;
  return w->doors.candidate_count;
}
