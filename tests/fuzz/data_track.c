// data_track.c — fuzzes data tracks (livekit/data_track.h) as a machine: three participants with real
// associations publish, subscribe, push packets and lose permissions in any order. What must hold: names and
// handles are unique, nobody gets what they may not or under a handle they were not told, and what is told is
// what is.
//
// Input: records of {op, length, payload}. op: low 2 bits = client, then 3 bits = what.
#include "base/check.h"
#include "base/limits.h"
#include "livekit/message.h"
#include "livekit/participant.h"
#include "livekit/permission.h"
#include "signal.pb-c.h"
#include "tests/fuzz/repeatable.h"
#include "tests/fuzz/small_house.h"
#include "tests/unit/livekit/data_line.h"
#include "wire/track_packet.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PEOPLE = 3, RECORDS_MAX = 200, SHORTLY_US = 50000 };
enum { PUSH, PUBLISH, UNPUBLISH, SUBSCRIBE, PERMIT, AUDIENCE, SIGNAL, WAIT };

struct stage {
  struct oh_world world;
  struct oh_outbox out;
  struct oh_house *house;
  int64_t now_us;
  uint64_t seed;
  struct data_line line;
  oh_id sessions[PEOPLE], peers[PEOPLE];
  size_t told[PEOPLE];                       // handles in the latest map
  uint8_t known[PEOPLE][UINT16_MAX / 8 + 1]; // handles in any of them
};
static const char *const names[PEOPLE] = {"ann", "bob", "cat"};

static struct oh_participant *who(const struct stage *s, int client) {
  enum oh_target target;
  return oh_participant_of_peer(s->house, s->peers[client], &target);
}

static void take_map(struct stage *s, int client, const Livekit__DataTrackSubscriberHandles *map) {
  s->told[client] = map->n_sub_handles;
  for (size_t i = 0; i < map->n_sub_handles; i++) {
    uint32_t handle = map->sub_handles[i]->key;
    OH_CHECK(handle > 0 && handle <= UINT16_MAX);
    OH_CHECK(strcmp(map->sub_handles[i]->value->publisher_identity, names[client]) != 0);
    s->known[client][handle / 8] |= (uint8_t)(1 << handle % 8);
  }
}

static void take_frame(struct stage *s, int client, const struct oh_frame *frame) {
  Livekit__SignalResponse *response = (Livekit__SignalResponse *)oh_message_read(
      &livekit__signal_response__descriptor, frame->data, frame->len);
  OH_CHECK(response);
  if (response->message_case == LIVEKIT__SIGNAL_RESPONSE__MESSAGE_DATA_TRACK_SUBSCRIBER_HANDLES)
    take_map(s, client, response->data_track_subscriber_handles);
  oh_message_free(response);
}

static void drain(struct stage *s) {
  struct oh_frame frame;
  while (oh_house_next_frame(s->house, &frame)) {
    for (int i = 0; i < PEOPLE; i++) {
      if (frame.session != s->sessions[i]) continue;
      if (frame.kind == OH_FRAME_BINARY) take_frame(s, i, &frame);
      if (frame.kind < OH_FRAME_CLOSE) continue;
      s->sessions[i] = 0;
      oh_house_signal_closed(s->house, s->now_us, frame.session);
    }
    free(frame.data);
  }
}

static void on_track_packet(void *ctx, int client, struct oh_bytes message) {
  struct stage *s = ctx;
  drain(s);
  struct oh_track_packet packet;
  OH_CHECK(oh_track_packet_read(&packet, message));
  OH_CHECK(s->known[client][packet.handle / 8] & 1 << packet.handle % 8);
}

static void check_tracks(const struct oh_participant *p) {
  uint32_t count = 0;
  for (const struct oh_data_track *track = p->data.published; track; track = track->next, count++) {
    OH_CHECK(track->publisher == p && p->claims.video.can_publish_data);
    for (const struct oh_data_track *other = track->next; other; other = other->next)
      OH_CHECK(other->info->pub_handle != track->info->pub_handle &&
               strcmp(other->info->name, track->info->name) != 0);
  }
  OH_CHECK(count == p->data.published_count && count <= OH_DATA_TRACKS_MAX);
}

static void check_subscriptions(const struct stage *s, int client, const struct oh_participant *p) {
  uint32_t count = 0;
  size_t on = 0;
  for (const struct oh_data_subscription *a = p->data.heard; a; a = a->next_of_listener, count++) {
    const struct oh_participant *publisher = a->track->publisher;
    OH_CHECK(a->listener == p && publisher != p);
    if (a->handle == 0) continue;
    on++;
    OH_CHECK(p->claims.video.can_subscribe && !publisher->claims.video.hidden);
    for (const struct oh_data_subscription *b = a->next_of_listener; b; b = b->next_of_listener)
      OH_CHECK(a->handle != b->handle && a->track != b->track);
  }
  OH_CHECK(count == p->data.heard_count && !p->data.changed);
  if (p->session) OH_CHECK(on == s->told[client]); // else nobody can tell it
}

static void say(struct stage *s, int client, const Livekit__SignalRequest *request) {
  size_t len;
  uint8_t *bytes = oh_message_write(&request->base, &len);
  oh_house_recv(s->house, s->now_us, s->sessions[client], false, bytes, len);
  free(bytes);
}

static void publish(struct stage *s, int client, const uint8_t *payload, size_t len) {
  char name[256] = {0};
  for (size_t i = 1; i < len; i++)
    name[i - 1] = (char)(1 + payload[i] % 127);
  Livekit__PublishDataTrackRequest publish = LIVEKIT__PUBLISH_DATA_TRACK_REQUEST__INIT;
  publish.pub_handle = len ? payload[0] : 0;
  publish.name = name;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_PUBLISH_DATA_TRACK_REQUEST;
  request.publish_data_track_request = &publish;
  say(s, client, &request);
}

static void unpublish(struct stage *s, int client, uint8_t handle) {
  Livekit__UnpublishDataTrackRequest unpublish = LIVEKIT__UNPUBLISH_DATA_TRACK_REQUEST__INIT;
  unpublish.pub_handle = handle;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_UNPUBLISH_DATA_TRACK_REQUEST;
  request.unpublish_data_track_request = &unpublish;
  say(s, client, &request);
}

// `which`: the publisher, which of its tracks, and whether to subscribe.
static void subscribe(struct stage *s, int client, uint8_t which) {
  const struct oh_participant *publisher = who(s, which % PEOPLE);
  const struct oh_data_track *track = publisher ? publisher->data.published : NULL;
  for (int i = which >> 3; i > 0 && track; i--)
    track = track->next;
  Livekit__UpdateDataSubscription__Update one = LIVEKIT__UPDATE_DATA_SUBSCRIPTION__UPDATE__INIT;
  one.track_sid = track ? (char *)track->sid.text : (char *)"DTR_none";
  one.subscribe = which & 4;
  Livekit__UpdateDataSubscription__Update *all[] = {&one, &one}; // twice is as once
  Livekit__UpdateDataSubscription update = LIVEKIT__UPDATE_DATA_SUBSCRIPTION__INIT;
  update.updates = all;
  update.n_updates = 2;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_UPDATE_DATA_SUBSCRIPTION;
  request.update_data_subscription = &update;
  say(s, client, &request);
}

static void permit(struct stage *s, int client, uint8_t bits) {
  Livekit__ParticipantPermission permission = LIVEKIT__PARTICIPANT_PERMISSION__INIT;
  permission.can_publish_data = bits & 1;
  permission.can_subscribe = bits & 2;
  permission.hidden = bits & 4;
  struct oh_participant *p = who(s, client);
  if (p) oh_permission_change(s->house, s->now_us, p, &permission);
}

static void limit_audience(struct stage *s, int client, uint8_t bits) {
  const struct oh_participant *p = who(s, client);
  char *first = p && p->data.published ? p->data.published->sid.text : (char *)"DTR_none";
  Livekit__TrackPermission one = LIVEKIT__TRACK_PERMISSION__INIT, *all[] = {&one};
  one.participant_identity = (char *)names[bits % PEOPLE];
  one.all_tracks = bits & 4;
  one.track_sids = &first;
  one.n_track_sids = 1;
  Livekit__SubscriptionPermission permission = LIVEKIT__SUBSCRIPTION_PERMISSION__INIT;
  permission.all_participants = bits & 8;
  permission.track_permissions = all;
  permission.n_track_permissions = 1;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_SUBSCRIPTION_PERMISSION;
  request.subscription_permission = &permission;
  say(s, client, &request);
}

static void act(struct stage *s, uint8_t op, const uint8_t *payload, size_t len) {
  int client = (op & 3) % PEOPLE;
  uint8_t first = len ? payload[0] : 0;
  switch (op >> 2 & 7) {
  case PUSH: data_line_send_track(&s->line, client, (struct oh_bytes){payload, len}); break;
  case PUBLISH: publish(s, client, payload, len); break;
  case UNPUBLISH: unpublish(s, client, first); break;
  case SUBSCRIBE: subscribe(s, client, first); break;
  case PERMIT: permit(s, client, first); break;
  case AUDIENCE: limit_audience(s, client, first); break;
  case SIGNAL: oh_house_recv(s->house, s->now_us, s->sessions[client], false, payload, len); break;
  default: data_line_run(&s->line, first * 1000);
  }
  data_line_run(&s->line, 0);
  drain(s);
  for (int i = 0; i < PEOPLE; i++) {
    const struct oh_participant *p = who(s, i);
    if (!p) continue; // has left
    check_tracks(p);
    check_subscriptions(s, i, p);
  }
}

static void join(struct stage *s, int client) {
  static const char sdp[] =
      "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP "
      "webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\n"
      "a=fingerprint:sha-256 A0:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:"
      "AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\n";
  struct oh_join join = {.auto_subscribe = true,
                         .auto_subscribe_data_track = client == 2,
                         .single_peer_connection = true,
                         .protocol = 17};
  oh_claims_init(&join.claims);
  free(join.claims.identity);
  join.claims.identity = oh_str_dup(oh_str(names[client]));
  free(join.claims.video.room);
  join.claims.video.room = oh_str_dup(OH_STR("room"));
  join.claims.has_video = join.claims.video.room_join = true;
  struct oh_admission admission;
  oh_house_join(s->house, s->now_us, &join, &admission);
  oh_claims_fini(&join.claims);
  OH_CHECK(admission.status == 101);
  s->sessions[client] = admission.session;
  Livekit__SessionDescription description = LIVEKIT__SESSION_DESCRIPTION__INIT;
  description.type = (char *)"offer";
  description.id = 1;
  description.sdp = (char *)sdp;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_OFFER;
  request.offer = &description;
  say(s, client, &request);
  const struct double_peer *peer = doubles_peer((uint32_t)client);
  OH_CHECK(peer);
  s->peers[client] = peer->id;
  doubles_raise(OH_HUB_CONNECTED, peer->id);
  oh_house_tick(s->house, s->now_us);
  data_line_connect(&s->line, client, peer->id, true);
  data_line_run(&s->line, SHORTLY_US);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct oh_house_config config = small_house();
  static struct stage s;
  s = (struct stage){.now_us = 1000000, .seed = 1};
  s.world.random = (struct oh_random){.fill = fill, .ctx = &s.seed};
  doubles_reset();
  oh_outbox_init(&s.out, take, NULL);
  s.house = oh_house_open(&s.world, NULL, &config, &s.out);
  data_line_open(&s.line, s.house, &s.now_us, s.world.random);
  s.line.on_track_packet = on_track_packet;
  s.line.ctx = &s;
  for (int i = 0; i < PEOPLE; i++)
    join(&s, i);
  for (int i = 0; size >= 2 && i < RECORDS_MAX; i++) {
    size_t len = data[1] > size - 2 ? size - 2 : data[1];
    act(&s, data[0], data + 2, len);
    data += 2 + len;
    size -= 2 + len;
  }
  data_line_close(&s.line);
  oh_house_close(s.house);
  oh_outbox_fini(&s.out);
  return 0;
}
