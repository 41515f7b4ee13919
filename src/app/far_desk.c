// far_desk.c — see far_desk.h
#include "app/far_desk.h"
#include "app/config.h"
#include "app/voice_gate.h"
#include "base/check.h"
#include "base/limits.h"
#include "io/http_client.h"
#include "livekit/message.h"
#include "livekit/token.h"
#include "service.pb-c.h"
#include <stdatomic.h>
#include <stdlib.h>

#define TOKEN_S 60

struct oh_far_desk {
  struct oh_desk desk;
  struct oh_clerk *clerk;         // once it runs
  const struct oh_config *config; // whose key signs
  struct oh_voice_gate *gate;
  struct oh_far_calls *calls;
  atomic_bool hears;
  bool is_asking, is_failing; // failing: said so already
};

struct news_job {
  struct oh_job job;
  struct oh_far_desk *desk;
  const struct oh_config *config;
  const struct oh_site *site;
  enum oh_far_kind kind;
  int64_t age_us;
  char room[OH_ROOM_NAME_MAX + 1], sid[OH_FAR_SID_MAX + 1];
};

static const struct oh_log *log_of(const struct oh_far_desk *d) {
  return &oh_clerk_world(d->clerk)->log;
}

// ---- requests to that server

struct request {
  struct oh_far_desk *desk;
  int64_t asked_us;
  char **rooms;
  size_t room_count;
};

static void free_request(struct request *request) {
  for (size_t i = 0; i < request->room_count; i++)
    free(request->rooms[i]);
  free(request->rooms);
  free(request);
}

static struct request *new_request(struct oh_far_desk *d, int64_t now_us) {
  struct request *request = calloc(1, sizeof *request);
  OH_CHECK(request);
  *request = (struct request){.desk = d, .asked_us = now_us, .rooms = calloc(OH_FAR_ASK_MAX, sizeof(char *))};
  OH_CHECK(request->rooms);
  return request;
}

static void add_room(struct request *request, const char *room) {
  request->rooms[request->room_count++] = oh_str_dup(oh_str(room));
}

static char *sign(const struct oh_far_desk *d, int64_t now_us) {
  struct oh_claims claims;
  oh_claims_init(&claims);
  claims.has_video = true;
  claims.video.room_create = claims.video.room_list = true;
  claims.expires_unix_s = oh_unix_us(oh_clerk_world(d->clerk), now_us) / 1000000 + TOKEN_S;
  char *token = oh_token_write(&claims, &d->config->key_items[0]);
  oh_claims_fini(&claims);
  return token;
}

static bool is_websocket(struct oh_str url) {
  return oh_str_starts(url, OH_STR("ws://")) || oh_str_starts(url, OH_STR("wss://"));
}

// Takes the request; done() gets it.
static bool call(struct request *request, int64_t now_us, const char *method, const ProtobufCMessage *message,
                 void (*done)(void *ctx, int64_t now_us, const struct oh_http_fetched *answer)) {
  struct oh_far_desk *d = request->desk;
  struct oh_text url, bearer;
  oh_text_init(&url, OH_FETCH_URL_MAX);
  oh_text_init(&bearer, OH_TOKEN_MAX + 64);
  struct oh_str host = oh_str(d->config->livekit_host);
  while (host.len && host.data[host.len - 1] == '/')
    host.len--;
  if (is_websocket(host)) { // wss:// is https://, ws:// is http://
    oh_text_adds(&url, "http");
    host.data += 2, host.len -= 2;
  }
  oh_text_addf(&url, "%.*s/twirp/livekit.RoomService/%s", OH_STR_ARG(host), method);
  char *token = sign(d, now_us);
  oh_text_addf(&bearer, "Authorization: Bearer %s", token ? token : "");
  size_t len;
  uint8_t *body = oh_message_write(message, &len);
  const char *fields[] = {"Content-Type: application/protobuf", bearer.data};
  const struct oh_http_fetch wish = {.url = url.data,
                                     .method = "POST",
                                     .fields = fields,
                                     .field_count = 2,
                                     .body = {body, len},
                                     .answer_bytes_max = OH_FAR_ANSWER_MAX,
                                     .plain_anywhere = true, // the operator wrote this URL
                                     .timeout_ms = OH_FAR_FETCH_MS,
                                     .done = done,
                                     .ctx = request};
  bool ok = !url.failed && !bearer.failed && token && oh_http_fetch(oh_clerk_http(d->clerk), &wish);
  free(body);
  free(token);
  oh_text_fini(&url);
  oh_text_fini(&bearer);
  if (!ok) free_request(request);
  return ok;
}

static void note(struct oh_far_desk *d, const struct oh_http_fetched *answer, bool ok) {
  if (!ok) oh_count(&oh_clerk_world(d->clerk)->counters, OH_COUNT_far_requests_failed);
  if (!ok && !d->is_failing)
    oh_log(log_of(d), OH_LOG_WARN, "the LiveKit server that carries the calls does not answer as it should",
           "host=%s status=%d why=\"%s\"", d->config->livekit_host, answer->status, answer->trouble);
  if (ok && d->is_failing)
    oh_log(log_of(d), OH_LOG_INFO, "the LiveKit server that carries the calls answers again", "host=%s",
           d->config->livekit_host);
  d->is_failing = !ok;
}

// ---- ending what is too long

static void on_ended(void *ctx, int64_t now_us, const struct oh_http_fetched *answer) {
  struct request *request = ctx;
  struct oh_far_desk *d = request->desk;
  bool gone = answer->status == 404; // it ended by itself
  note(d, answer, gone || answer->status == 200);
  if (answer->status == 200) oh_count(&oh_clerk_world(d->clerk)->counters, OH_COUNT_calls_ended_duration);
  if (gone || answer->status == 200) {
    const struct oh_far_news news = {.kind = OH_FAR_FINISHED, .room = request->rooms[0], .sid = ""};
    oh_far_calls_hear(d->calls, now_us, &news, NULL);
    oh_voice_gate_over(d->gate, oh_str(news.room));
  }
  free_request(request);
}

static void end(struct oh_far_desk *d, int64_t now_us, struct oh_far_call *far) {
  if (far->asked_us && now_us < far->asked_us + OH_FAR_END_RETRY_US) return;
  far->asked_us = now_us;
  struct request *request = new_request(d, now_us);
  add_room(request, far->room);
  Livekit__DeleteRoomRequest message = LIVEKIT__DELETE_ROOM_REQUEST__INIT;
  message.room = far->room;
  call(request, now_us, "DeleteRoom", &message.base, on_ended);
}

// ---- asking for calls of which nothing is heard

static int64_t people_in(const Livekit__ListRoomsResponse *list, const char *room) {
  for (size_t i = 0; i < list->n_rooms; i++)
    if (strcmp(list->rooms[i]->name, room) == 0) return list->rooms[i]->num_participants;
  return -1;
}

static void on_listed(void *ctx, int64_t now_us, const struct oh_http_fetched *answer) {
  struct request *request = ctx;
  struct oh_far_desk *d = request->desk;
  Livekit__ListRoomsResponse *list = NULL;
  if (answer->status == 200)
    list = (Livekit__ListRoomsResponse *)oh_message_read(&livekit__list_rooms_response__descriptor,
                                                         answer->body.data, answer->body.len);
  note(d, answer, list != NULL);
  for (size_t i = 0; list && i < request->room_count; i++)
    oh_far_calls_confirm(d->calls, now_us, request->asked_us, oh_str(request->rooms[i]),
                         people_in(list, request->rooms[i]));
  d->is_asking = false;
  oh_message_free(list);
  free_request(request);
}

static void ask(struct oh_far_desk *d, int64_t now_us, struct request *request) {
  Livekit__ListRoomsRequest message = LIVEKIT__LIST_ROOMS_REQUEST__INIT;
  message.n_names = request->room_count, message.names = request->rooms;
  d->is_asking = call(request, now_us, "ListRooms", &message.base, on_listed);
}

// ---- the desk

static void on_open(struct oh_desk *desk, struct oh_clerk *clerk, int64_t now_us) {
  (void)now_us;
  ((struct oh_far_desk *)desk)->clerk = clerk;
}

static void on_tick(struct oh_desk *desk, int64_t now_us) {
  struct oh_far_desk *d = (struct oh_far_desk *)desk;
  struct request *quiet = new_request(d, now_us);
  struct oh_far_call *far;
  for (oh_id cursor = 0; (far = oh_far_calls_next(d->calls, &cursor)) != NULL;) {
    oh_voice_gate_saw(d->gate, now_us, far->site, oh_str(far->room), far->present > 0);
    if (oh_far_call_is_long(far, now_us)) end(d, now_us, far);
    if (now_us >= far->heard_us + OH_FAR_QUIET_US && quiet->room_count < OH_FAR_ASK_MAX)
      add_room(quiet, far->room);
  }
  if (quiet->room_count && !d->is_asking)
    ask(d, now_us, quiet);
  else
    free_request(quiet);
}

static void run_news(struct oh_job *take_job, void *place, int64_t now_us) {
  (void)place;
  struct news_job *job = (struct news_job *)take_job;
  struct oh_far_desk *d = job->desk;
  const struct oh_far_news news = {
      .kind = job->kind, .room = job->room, .sid = job->sid, .age_us = job->age_us};
  d->config = job->config;
  if (!oh_far_calls_hear(d->calls, now_us, &news, job->site))
    oh_log(log_of(d), OH_LOG_WARN, "too many calls elsewhere; this one is not counted", "room=%s", job->room);
  if (job->kind == OH_FAR_JOINED && job->site)
    oh_voice_gate_saw(d->gate, now_us, job->site, oh_str(job->room), true);
  else if (job->kind == OH_FAR_FINISHED)
    oh_voice_gate_over(d->gate, oh_str(job->room));
  free(job);
}

static void drop_news(struct oh_job *take_job) {
  free(take_job);
}

struct oh_far_desk *oh_far_desk_open(const struct oh_config *config, struct oh_voice_gate *gate,
                                     const struct oh_random *random) {
  struct oh_far_desk *d = calloc(1, sizeof *d);
  uint8_t secret[16];
  OH_CHECK(d);
  oh_random_fill(random, secret, sizeof secret);
  d->desk = (struct oh_desk){.open = on_open, .tick = on_tick};
  d->config = config;
  d->gate = gate;
  d->calls = oh_far_calls_open(secret);
  return d;
}

void oh_far_desk_close(struct oh_far_desk *d) {
  if (!d) return;
  oh_far_calls_close(d->calls);
  free(d);
}

struct oh_desk *oh_far_desk_of(struct oh_far_desk *d) {
  return &d->desk;
}

bool oh_far_desk_post(struct oh_far_desk *d, struct oh_clerk *clerk, const struct oh_config *config,
                      const struct oh_far_news *news, const struct oh_site *site) {
  struct news_job *job = calloc(1, sizeof *job);
  OH_CHECK(job);
  job->job = (struct oh_job){.run = run_news, .drop = drop_news};
  job->desk = d;
  job->config = config;
  job->site = site;
  job->kind = news->kind;
  job->age_us = news->age_us;
  snprintf(job->room, sizeof job->room, "%s", news->room);
  snprintf(job->sid, sizeof job->sid, "%s", news->sid);
  return oh_clerk_post(clerk, &job->job);
}

void oh_far_desk_hear(struct oh_far_desk *d) {
  atomic_store_explicit(&d->hears, true, memory_order_relaxed);
}

bool oh_far_desk_hears(const struct oh_far_desk *d) {
  return d && atomic_load_explicit(&d->hears, memory_order_relaxed);
}
