// admission.c — see admission.h
#include "livekit/admission.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/limits_api.h"
#include "livekit/departure.h"
#include "livekit/dispatch.h"
#include "livekit/negotiation.h"
#include "livekit/publish.h"
#include "livekit/quirk.h"
#include "livekit/refresh.h"
#include "livekit/resume.h"
#include "livekit/revocation.h"
#include "livekit/subscribe.h"
#include "livekit/turn_credential.h"

enum { OUR_PROTOCOL = 17, PING_INTERVAL_S = 5, PING_TIMEOUT_S = 15, PROTOCOL_REPLACES_IDENTITY = 12 };

static void refuse(struct oh_admission *admission, int status, const char *body) {
  admission->status = status;
  snprintf(admission->body, sizeof admission->body, "%s", body);
}

void oh_admission_check(struct oh_house *house, const struct oh_join *join, struct oh_admission *admission) {
  const struct oh_claims *claims = &join->claims;
  struct oh_room *room = oh_room_find(house, oh_str(claims->video.room));
  struct oh_participant *same = room ? oh_participant_by_identity(room, claims->identity) : NULL;
  *admission = (struct oh_admission){0};
  if (oh_revocation_covers(house, claims)) return refuse(admission, 401, "the token has been revoked");
  // Any Leave in the socket makes clients join anew by themselves; this one is to stay out until asked again.
  if (join->reconnect && room && (!same || *join->participant_sid) &&
      oh_room_has_removed(room, join->participant_sid, claims->identity))
    return refuse(admission, 401, "the participant has been removed");
  if (join->reconnect) return refuse(admission, 200, "success"); // failing is told in the socket
  if (!room && !house->config.auto_create && !claims->video.room_create)
    return refuse(admission, 404, "requested room does not exist");
  if (same && same->resident) return refuse(admission, 409, "identity is taken");
  bool full = (!room && house->rooms.used >= house->rooms.limit) ||
              (!same && house->participants.used >= house->participants.limit);
  if (full || (house->draining && !room))
    return refuse(admission, 503, "node has exceeded its configured limit");
  uint32_t max = room ? room->settings.max_participants : 0;
  if (max && !same && !oh_claims_are_dependent(claims) && oh_room_counted(room) >= max)
    return refuse(admission, 429, "room has exceeded its max participants");
  refuse(admission, 200, "success");
}

Livekit__ServerInfo *oh_admission_server_info(struct oh_house *house) {
  Livekit__ServerInfo *info = oh_scratch_take(&house->scratch, sizeof *info);
  livekit__server_info__init(info);
  info->edition = LIVEKIT__SERVER_INFO__EDITION__Standard;
  info->version = (char *)house->config.server_version;
  info->protocol = OUR_PROTOCOL;
  info->region = (char *)(house->config.region ? house->config.region : "");
  info->node_id = (char *)(house->config.node_id ? house->config.node_id : "");
  info->agent_protocol = 1;
  return info;
}

static Livekit__ICEServer *add_ice_server(struct oh_house *house, Livekit__ICEServer **servers, size_t *count,
                                          const char *const *urls, size_t url_count) {
  Livekit__ICEServer *server = servers[(*count)++] = oh_scratch_take(&house->scratch, sizeof *server);
  livekit__iceserver__init(server);
  server->n_urls = url_count;
  server->urls = oh_scratch_take(&house->scratch, url_count * sizeof(char *));
  for (size_t i = 0; i < url_count; i++)
    server->urls[i] = (char *)urls[i];
  return server;
}

static bool is_turns(const char *url) {
  return strncmp(url, "turns:", 6) == 0;
}

bool oh_admission_has_turns(const struct oh_house *house) {
  for (size_t i = 0; i < house->config.turn_url_count; i++)
    if (is_turns(house->config.turn_urls[i])) return true;
  for (size_t i = 0; i < house->config.turn_server_count; i++)
    if (is_turns(house->config.turn_servers[i].url)) return true;
  return false;
}

Livekit__ClientConfiguration *oh_admission_client_configuration(struct oh_house *house,
                                                                const struct oh_participant *p) {
  if (p->ice != OH_ICE_TLS) return NULL;
  Livekit__ClientConfiguration *configuration = oh_scratch_take(&house->scratch, sizeof *configuration);
  livekit__client_configuration__init(configuration);
  configuration->force_relay = LIVEKIT__CLIENT_CONFIG_SETTING__ENABLED;
  return configuration;
}

// As LiveKit orders them: our own TURN, that of others, STUN. Where nothing else helped, TLS alone.
Livekit__ICEServer **oh_admission_ice_servers(struct oh_house *house, int64_t now_us,
                                              const struct oh_participant *p, size_t *count) {
  const struct oh_house_config *config = &house->config;
  size_t most = config->turn_server_count + 2;
  bool only_tls = p->ice == OH_ICE_TLS;
  const char **urls = oh_scratch_take(&house->scratch, (config->turn_url_count + 1) * sizeof *urls);
  size_t url_count = 0;
  for (size_t i = 0; i < config->turn_url_count; i++)
    if (!only_tls || is_turns(config->turn_urls[i])) urls[url_count++] = config->turn_urls[i];
  Livekit__ICEServer **servers = oh_scratch_take(&house->scratch, most * sizeof *servers);
  struct oh_turn_credential *made = oh_scratch_take(&house->scratch, most * sizeof *made);
  const struct oh_key key = {config->api_key, config->api_secret};
  int64_t unix_s = oh_house_unix_ms(house, now_us) / 1000;
  *count = 0;
  if (url_count && oh_turn_credential_make(made, &key, p->sid.text, unix_s + OH_TURN_CREDENTIAL_S)) {
    Livekit__ICEServer *server = add_ice_server(house, servers, count, urls, url_count);
    server->username = made->user;
    server->credential = made->password;
  }
  for (size_t i = 0; i < config->turn_server_count; i++) {
    const struct oh_turn_server *other = &config->turn_servers[i];
    const char *url = other->url;
    if (only_tls && !is_turns(url)) continue;
    Livekit__ICEServer *server = add_ice_server(house, servers, count, &url, 1);
    struct oh_turn_credential *rest = &made[1 + i];
    if (other->secret) oh_turn_credential_rest(rest, other->secret, p->sid.text, unix_s + other->ttl_s);
    server->username = other->secret ? rest->user : other->username;
    server->credential = other->secret ? rest->password : other->credential;
  }
  if (config->stun_url_count && !only_tls)
    add_ice_server(house, servers, count, config->stun_urls, config->stun_url_count);
  return servers;
}

static void add_others(struct oh_house *house, const struct oh_participant *p, Livekit__JoinResponse *join) {
  join->other_participants =
      oh_scratch_take(&house->scratch, p->room->participant_count * sizeof *join->other_participants);
  for (const struct oh_participant *other = p->room->participants; other; other = other->next)
    if (other != p && !other->claims.video.hidden)
      join->other_participants[join->n_other_participants++] = oh_participant_describe(house, other);
}

static void send_join(struct oh_house *house, int64_t now_us, const struct oh_participant *p) {
  Livekit__JoinResponse join = LIVEKIT__JOIN_RESPONSE__INIT;
  join.room = oh_room_describe(house, p->room);
  join.participant = oh_participant_describe(house, p);
  add_others(house, p, &join);
  join.server_version = (char *)house->config.server_version;
  join.server_region = (char *)(house->config.region ? house->config.region : "");
  join.server_info = oh_admission_server_info(house);
  join.ice_servers = oh_admission_ice_servers(house, now_us, p, &join.n_ice_servers);
  join.client_configuration = oh_admission_client_configuration(house, p);
  join.subscriber_primary = p->subscriber_primary;
  join.ping_interval = PING_INTERVAL_S;
  join.ping_timeout = PING_TIMEOUT_S;
  join.sif_trailer.data = p->room->sif_trailer;
  join.sif_trailer.len = sizeof p->room->sif_trailer;
  join.enabled_publish_codecs = join.room->enabled_codecs;
  join.n_enabled_publish_codecs = join.room->n_enabled_codecs;
  join.fast_publish = p->claims.video.can_publish && p->ice == OH_ICE_ANY && !oh_quirk_publishes_too_fast(p);
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_JOIN;
  response.join = &join;
  oh_participant_send(house, p, &response);
}

static void copy_claims(struct oh_claims *to, const struct oh_claims *from) {
  *to = *from;
  to->issuer = oh_str_dup(oh_str(from->issuer));
  to->identity = oh_str_dup(oh_str(from->identity));
  to->name = oh_str_dup(oh_str(from->name));
  to->metadata = oh_str_dup(oh_str(from->metadata));
  to->kind = oh_str_dup(oh_str(from->kind));
  to->sha256 = oh_str_dup(oh_str(from->sha256));
  to->room_config = from->room_config ? oh_str_dup(oh_str(from->room_config)) : NULL;
  to->video.room = oh_str_dup(oh_str(from->video.room));
  to->video.destination_room = oh_str_dup(oh_str(from->video.destination_room));
  to->attributes = NULL;
  to->attribute_count = 0;
  for (size_t i = 0; i < from->attribute_count; i++)
    oh_claims_set_attribute(to, oh_str(from->attributes[2 * i]), oh_str(from->attributes[2 * i + 1]));
}

static void introduce_client(struct oh_participant *p, const struct oh_join *join) {
  p->protocol = join->protocol;
  p->client_protocol = join->client_protocol;
  p->capabilities = join->capabilities;
  snprintf(p->sdk, sizeof p->sdk, "%s", join->sdk);
  snprintf(p->browser, sizeof p->browser, "%s", join->browser);
  p->single = join->single_peer_connection;
  p->auto_subscribe = join->auto_subscribe;
  p->data.automatic = join->auto_subscribe_data_track;
  p->subscriber_primary = join->protocol > 2 && p->claims.video.can_subscribe && !p->single;
}

// An older session of this identity makes room. Clients since protocol 12 see the new one replace it; older
// ones are told that it left.
static void replace(struct oh_house *house, int64_t now_us, struct oh_room *room, const char *identity) {
  struct oh_participant *old = oh_participant_by_identity(room, identity);
  if (!old) return;
  oh_departure_dismiss(house, now_us, old, LIVEKIT__DISCONNECT_REASON__DUPLICATE_IDENTITY,
                       LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT);
}

static struct oh_room *find_or_open_room(struct oh_house *house, int64_t now_us,
                                         const struct oh_claims *claims, bool *fresh) {
  struct oh_room *room = oh_room_find(house, oh_str(claims->video.room));
  *fresh = !room;
  if (room) return room;
  struct oh_room_settings settings;
  oh_room_settings_read(&settings, &house->config, claims->room_config);
  room = oh_room_open(house, now_us, oh_str(claims->video.room), &settings);
  oh_room_settings_fini(&settings);
  return room;
}

// What a v1 client put into its join request, in LiveKit's order.
static void take_embedded(struct oh_house *house, int64_t now_us, oh_id id, const struct oh_join *join) {
  const Livekit__JoinRequest *request = join->request;
  if (!request) return;
  struct oh_participant *p = oh_participant_at(house, id);
  for (size_t i = 0; p && i < request->n_add_track_requests; i++)
    oh_publish_add(house, now_us, p, request->add_track_requests[i]);
  if (p && request->publisher_offer) oh_negotiate_offer(house, now_us, p, request->publisher_offer);
}

static void start(struct oh_house *house, int64_t now_us, struct oh_participant *p, struct oh_room *fresh,
                  const struct oh_join *join) {
  oh_id id = p->id;
  p->active_by_us = now_us + OH_JOIN_TIMEOUT_US;
  send_join(house, now_us, p);
  oh_refresh_send(house, now_us, p);
  oh_participant_changed(house, p, OH_OTHERS);
  oh_room_changed(house, now_us, p->room, false);
  if (fresh) oh_resident_dispatch(house, now_us, fresh);
  if (fresh) oh_dispatch_begin(house, now_us, fresh);
  oh_subscribe_listener(house, now_us, p);
  oh_data_track_settle(house, p);
  if (p->subscriber_primary) oh_negotiate_want(house, now_us, p, true);
  take_embedded(house, now_us, id, join);
  p = oh_participant_at(house, id); // a hostile offer ends it
  if (p) oh_participant_schedule(house, p);
}

static void join_anew(struct oh_house *house, int64_t now_us, const struct oh_join *join,
                      struct oh_session *session, struct oh_admission *admission) {
  bool fresh;
  struct oh_room *room = find_or_open_room(house, now_us, &join->claims, &fresh);
  if (!room) return refuse(admission, 503, "node has exceeded its configured limit");
  replace(house, now_us, room, join->claims.identity);
  struct oh_claims claims;
  copy_claims(&claims, &join->claims);
  struct oh_participant *p = oh_participant_open(house, now_us, room, &claims);
  oh_claims_fini(&claims);
  if (!p) return refuse(admission, 503, "node has exceeded its configured limit");
  introduce_client(p, join);
  bool was_connected;
  p->ice = oh_room_last_ice(room, join->claims.identity, &was_connected);
  if (!was_connected) // it did not help: TURN by TLS may, else everything is tried again
    p->ice = p->ice == OH_ICE_TCP && oh_admission_has_turns(house) ? OH_ICE_TLS : OH_ICE_ANY;
  p->session = session->id;
  session->participant = p->id;
  admission->session = session->id;
  refuse(admission, 101, "");
  oh_count(&house->world->counters, OH_COUNT_joins_accepted);
  oh_log(&house->world->log, OH_LOG_INFO, "participant joined", "room=%s identity=%s sid=%s sdk=%s single=%d",
         room->name, p->claims.identity, p->sid.text, p->sdk, p->single);
  start(house, now_us, p, fresh ? room : NULL, join);
}

// A resume is served if its participant is here and its media may still live; else a Leave in the socket
// tells the client to join anew.
static void rejoin(struct oh_house *house, int64_t now_us, const struct oh_join *join,
                   struct oh_session *session, struct oh_admission *admission) {
  struct oh_room *room = oh_room_find(house, oh_str(join->claims.video.room));
  struct oh_participant *p = room ? oh_participant_by_identity(room, join->claims.identity) : NULL;
  admission->session = session->id;
  refuse(admission, 101, "");
  bool fits = p && !p->resident && p->single == join->single_peer_connection;
  if (!fits)
    return oh_departure_leave(house, session, join->protocol, LIVEKIT__DISCONNECT_REASON__STATE_MISMATCH,
                              LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  oh_id id = p->id;
  oh_resume(house, now_us, p, session);
  p = oh_participant_at(house, id);
  if (p && p->session && join->request && join->request->sync_state)
    oh_resume_sync(house, now_us, p, join->request->sync_state);
  p = oh_participant_at(house, id);
  if (p && p->session) take_embedded(house, now_us, id, join);
  p = oh_participant_at(house, id);
  if (p) oh_participant_schedule(house, p);
}

void oh_admission_join(struct oh_house *house, int64_t now_us, const struct oh_join *join,
                       struct oh_admission *admission) {
  oh_admission_check(house, join, admission);
  if (admission->status != 200) {
    oh_count(&house->world->counters, OH_COUNT_joins_refused);
    return;
  }
  struct oh_session *session = oh_session_open(house, now_us);
  if (!session) return refuse(admission, 503, "node has exceeded its configured limit");
  if (join->reconnect)
    rejoin(house, now_us, join, session, admission);
  else
    join_anew(house, now_us, join, session, admission);
  if (admission->status == 101) return;
  oh_count(&house->world->counters, OH_COUNT_joins_refused);
  oh_session_remove(house, session);
}
