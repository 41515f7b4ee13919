// agents_door.c — see agents_door.h
#include "app/agents_door.h"
#include "app/worker.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/map.h"
#include "livekit/order.h"
#include "livekit/token.h"

#define AGENCY_WORKER 0
#define FIELDS_MAX 4096

struct oh_agents_door {
  struct oh_agency *agency;         // NULL: it is on another worker
  struct oh_map conn_of, worker_of; // agent worker ↔ connection
  unsigned automatic;               // as the workers were told last
};

struct oh_agents_door *oh_agents_door_open(struct oh_web *web, bool has_agency, const char *server_version,
                                           const char *node_id) {
  struct oh_agents_door *door = calloc(1, sizeof *door);
  OH_CHECK(door);
  uint8_t secret[16];
  oh_random_fill(&web->world->random, secret, sizeof secret);
  oh_map_init(&door->conn_of, secret);
  oh_map_init(&door->worker_of, secret);
  const char *region = web->config->region ? web->config->region : "";
  const struct oh_agency_config config = {
      .server_version = server_version, .node_id = node_id, .region = region};
  if (has_agency) door->agency = oh_agency_open(web->world, &config);
  return door;
}

void oh_agents_door_close(struct oh_agents_door *door) {
  if (!door) return;
  if (door->agency) oh_agency_close(door->agency);
  oh_map_fini(&door->conn_of);
  oh_map_fini(&door->worker_of);
  free(door);
}

// ---- mail between workers

struct note { // of one of these kinds
  struct oh_job job;
  struct oh_http_parcel *parcel; // a connection on its way to the agency
  char *key_id;                  // of its token
  struct oh_job_order order;
  struct oh_job_news news;
  unsigned automatic;
};

static void free_note(struct oh_job *job) {
  struct note *note = (struct note *)job;
  if (note->parcel) oh_http_parcel_free(note->parcel);
  free(note->key_id);
  oh_job_order_fini(&note->order);
  oh_job_news_fini(&note->news);
  free(note);
}

static void post(struct oh_worker *to, const struct note *words,
                 void (*run)(struct oh_job *take_job, void *place, int64_t now_us)) {
  struct note *note = malloc(sizeof *note);
  OH_CHECK(note);
  *note = *words;
  note->job = (struct oh_job){.run = run, .drop = free_note};
  oh_worker_post(to, &note->job);
}

// ---- connections

static const struct oh_key *key_of(const struct oh_web *web, const char *id) {
  for (size_t i = 0; i < web->config->key_count; i++)
    if (strcmp(web->config->key_items[i].id, id) == 0) return &web->config->key_items[i];
  return NULL;
}

static void take_in(struct oh_web *web, int64_t now_us, oh_id conn, const char *key_id) {
  struct oh_agents_door *door = web->agents;
  const struct oh_key *key = key_of(web, key_id); // a reload may have taken it away
  oh_id worker = key ? oh_agency_connect(door->agency, now_us, key) : 0;
  if (!worker) {
    oh_web_respond_text(web, conn, key ? 503 : 401, key ? "too many agent workers" : "invalid API key");
    return;
  }
  oh_map_put(&door->worker_of, &conn, sizeof conn, worker);
  oh_map_put(&door->conn_of, &worker, sizeof worker, conn);
  if (!oh_http_upgrade(web->server, conn, (struct oh_str){0})) oh_agents_door_closed(web, now_us, conn);
}

static void arrive(struct oh_job *job, void *place, int64_t now_us) {
  struct note *note = (struct note *)job;
  struct oh_web *web = place;
  oh_id conn = oh_http_adopt(web->server, note->parcel);
  note->parcel = NULL;
  if (conn) take_in(web, now_us, conn, note->key_id);
  free_note(job);
}

// The python SDK may bring its token in the query under a name of its own.
static struct oh_str query_token(const struct oh_http_request *request) {
  struct oh_str rest = request->query;
  while (rest.len) {
    struct oh_str value = oh_str_cut(&rest, '&'), name = oh_str_cut(&value, '=');
    if (oh_str_eq(name, OH_STR("access_token")) || oh_str_eq(name, OH_STR("worker_token"))) return value;
  }
  return (struct oh_str){0};
}

void oh_agents_door_request(struct oh_web *web, int64_t now_us, oh_id conn,
                            const struct oh_http_request *request) {
  const struct oh_keys keys = {.items = web->config->key_items, .count = web->config->key_count};
  struct oh_claims claims;
  char refusal[256] = "";
  int status = oh_token_authenticate(oh_http_field(request, OH_STR("Authorization")), query_token(request),
                                     &keys, oh_unix_us(web->world, now_us), &claims, refusal);
  if (status) {
    oh_web_respond_text(web, conn, status, refusal);
  } else if (!claims.has_video || !claims.video.agent) {
    oh_web_respond_text(web, conn, 401, "permissions denied: the token has no agent grant");
  } else if (!request->upgrade) {
    oh_web_respond_text(web, conn, 404, "agent workers connect here by WebSocket");
  } else if (web->agents->agency) {
    take_in(web, now_us, conn, claims.issuer);
  } else {
    struct note note = {.parcel = oh_http_detach(web->server, conn),
                        .key_id = oh_str_dup(oh_str(claims.issuer))};
    if (note.parcel)
      post(oh_worker_at(web->worker, AGENCY_WORKER), &note, arrive);
    else
      free(note.key_id);
  }
  oh_claims_fini(&claims);
}

bool oh_agents_door_message(struct oh_web *web, int64_t now_us, oh_id conn, bool is_text,
                            struct oh_bytes data) {
  uint64_t worker;
  if (!oh_map_get(&web->agents->worker_of, &conn, sizeof conn, &worker)) return false;
  oh_agency_recv(web->agents->agency, now_us, (oh_id)worker, is_text, data.data, data.len);
  return true;
}

bool oh_agents_door_closed(struct oh_web *web, int64_t now_us, oh_id conn) {
  struct oh_agents_door *door = web->agents;
  uint64_t found;
  if (!oh_map_get(&door->worker_of, &conn, sizeof conn, &found)) return false;
  oh_id worker = (oh_id)found;
  oh_map_remove(&door->worker_of, &conn, sizeof conn);
  oh_map_remove(&door->conn_of, &worker, sizeof worker);
  oh_agency_disconnected(door->agency, now_us, worker);
  return true;
}

// ---- after each batch

static void place_order(struct oh_web *web, int64_t now_us, const struct oh_job_order *order) {
  struct oh_agency *agency = web->agents->agency;
  if (order->job)
    oh_agency_order(agency, now_us, order->job, order->len, &order->terms);
  else if (order->joined)
    oh_agency_joined(agency, order->id.text);
  else
    oh_agency_cancel(agency, now_us, order->id.text);
}

static void run_order(struct oh_job *job, void *place, int64_t now_us) {
  place_order(place, now_us, &((struct note *)job)->order);
  free_note(job);
}

static void run_news(struct oh_job *job, void *place, int64_t now_us) {
  oh_house_job_news(((struct oh_web *)place)->house, now_us, &((struct note *)job)->news);
  free_note(job);
}

static void run_automatic(struct oh_job *job, void *place, int64_t now_us) {
  (void)now_us;
  oh_house_set_automatic(((struct oh_web *)place)->house, ((struct note *)job)->automatic);
  free_note(job);
}

static void send_orders(struct oh_web *web, int64_t now_us) {
  struct oh_job_order order;
  while (oh_house_next_order(web->house, &order)) {
    if (!web->agents->agency) {
      post(oh_worker_at(web->worker, AGENCY_WORKER), &(struct note){.order = order}, run_order);
      continue;
    }
    place_order(web, now_us, &order);
    oh_job_order_fini(&order);
  }
}

static void send_frames(struct oh_web *web) {
  struct oh_agency_frame frame;
  while (oh_agency_next_frame(web->agents->agency, &frame)) {
    uint64_t conn;
    if (oh_map_get(&web->agents->conn_of, &frame.worker, sizeof frame.worker, &conn)) {
      if (frame.close)
        oh_ws_close(web->server, (oh_id)conn, frame.code, (struct oh_str){0});
      else // a slow reader is cut there, and closed() tells the agency
        oh_ws_send(web->server, (oh_id)conn, frame.text, (struct oh_bytes){frame.data, frame.len});
    }
    free(frame.data);
  }
}

static void send_news(struct oh_web *web, int64_t now_us) {
  struct oh_job_news news;
  while (oh_agency_next_news(web->agents->agency, &news)) {
    struct oh_worker *owner = oh_worker_at(web->worker, oh_worker_of_room(web->worker, oh_str(news.room)));
    if (owner != web->worker) {
      post(owner, &(struct note){.news = news}, run_news);
      continue;
    }
    oh_house_job_news(web->house, now_us, &news);
    oh_job_news_fini(&news);
  }
}

static void tell_automatic(struct oh_web *web) {
  unsigned types = oh_agency_automatic(web->agents->agency);
  if (types == web->agents->automatic) return;
  web->agents->automatic = types;
  oh_house_set_automatic(web->house, types);
  struct oh_worker *worker;
  for (uint32_t i = AGENCY_WORKER + 1; (worker = oh_worker_at(web->worker, i)) != NULL; i++)
    post(worker, &(struct note){.automatic = types}, run_automatic);
}

void oh_agents_door_settle(struct oh_web *web, int64_t now_us) {
  struct oh_agency *agency = web->agents->agency;
  send_orders(web, now_us);
  if (!agency) return;
  if (oh_agency_deadline(agency) <= now_us) oh_agency_tick(agency, now_us);
  send_news(web, now_us);
  send_orders(web, now_us); // a lost agent is sent for again
  send_frames(web);
  tell_automatic(web);
}

int64_t oh_agents_door_deadline(const struct oh_web *web) {
  return web->agents->agency ? oh_agency_deadline(web->agents->agency) : OH_NEVER;
}
