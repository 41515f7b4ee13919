// data_track.c — data tracks (livekit/data_track.h): who may publish what, who gets which packets, and when
// that ends; packets go through real associations above the doubles
#include "livekit/data_track.h"
#include "base/limits.h"
#include "livekit/participant.h"
#include "livekit/permission.h"
#include "tests/unit/livekit/data_line.h"
#include "tests/unit/livekit/visit.h"
#include "wire/track_packet.h"

enum { GOT_MAX = 256, SHORTLY_US = 100000, ANN = 0, BOB, CAT };
typedef Livekit__RequestResponse__Reason reason;

struct scene {
  struct visit_world w;
  struct data_line line;
  struct visitor visitors[DATA_CLIENTS];
  int visitor_count;
  struct { // packets of data tracks
    int client;
    uint16_t handle, sequence;
    size_t len;
  } got[GOT_MAX];
  int got_count;
  bool deaf; // bob's acknowledgements do not arrive
};

static void on_track_packet(void *ctx, int client, struct oh_bytes message) {
  struct scene *s = ctx;
  struct oh_track_packet packet;
  assert_true(s->got_count < GOT_MAX);
  assert_true(oh_track_packet_read(&packet, message));
  s->got[s->got_count].client = client;
  s->got[s->got_count].handle = packet.handle;
  s->got[s->got_count].sequence = packet.sequence;
  s->got[s->got_count++].len = message.len;
}

static void deafen(void *ctx, int client, uint8_t *packet, size_t len) {
  const struct scene *s = ctx;
  if (s->deaf && client == BOB) memset(packet, 0, len);
}

static void scene_open(struct scene *s) {
  *s = (struct scene){0};
  visit_open(&s->w, NULL);
  data_line_open(&s->line, s->w.house, &s->w.now_us, s->w.world.random);
  s->line.on_track_packet = on_track_packet;
  s->line.alter = deafen;
  s->line.ctx = s;
}

static void scene_close(struct scene *s) {
  data_line_close(&s->line);
  visit_close(&s->w);
}

static struct oh_participant *person(const struct scene *s, int client) {
  return oh_participant_by_sid(oh_room_find(s->w.house, OH_STR("den")), s->visitors[client].sid);
}

// Joins, by default with one peer connection, and its channels are open.
static int add(struct scene *s, const char *identity, struct visit_options options, bool dual) {
  int client = s->visitor_count++;
  struct visitor *v = &s->visitors[client];
  options.single = !dual;
  *v = visit_join(&s->w, identity, &options);
  assert_int_equal(v->admission.status, 101);
  visit_offer(&s->w, v, 1, "d", NULL);
  if (dual) visit_answer(&s->w, v);
  for (int i = 0; i < OH_TARGETS; i++)
    if (person(s, client)->transports[i].peer)
      doubles_raise(OH_HUB_CONNECTED, person(s, client)->transports[i].peer);
  oh_house_tick(s->w.house, s->w.now_us);
  int target = dual ? OH_SUBSCRIBER : OH_PUBLISHER;
  data_line_connect(&s->line, client, person(s, client)->transports[target].peer, !dual);
  data_line_run(&s->line, SHORTLY_US);
  assert_true(s->line.clients[client].data_track >= 0);
  visit_collect(&s->w);
  visit_clear(&s->w);
  return client;
}

static void scene_of_three(struct scene *s) {
  scene_open(s);
  assert_int_equal(add(s, "ann", (struct visit_options){0}, false), ANN);
  assert_int_equal(add(s, "bob", (struct visit_options){0}, false), BOB);
  assert_int_equal(add(s, "cat", (struct visit_options){0}, false), CAT);
}

static void say(struct scene *s, int client, const Livekit__SignalRequest *request) {
  visit_clear(&s->w);
  visit_say(&s->w, &s->visitors[client], request);
}

static void ask(struct scene *s, int client, Livekit__PublishDataTrackRequest *publish) {
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_PUBLISH_DATA_TRACK_REQUEST;
  request.publish_data_track_request = publish;
  say(s, client, &request);
}

static Livekit__PublishDataTrackRequest wish(uint32_t handle, const char *name) {
  Livekit__PublishDataTrackRequest publish = LIVEKIT__PUBLISH_DATA_TRACK_REQUEST__INIT;
  publish.pub_handle = handle;
  publish.name = (char *)name;
  return publish;
}

struct name {
  char sid[OH_SID_BYTES];
};
static struct name publish(struct scene *s, int client, uint32_t handle, const char *name) {
  Livekit__PublishDataTrackRequest request = wish(handle, name);
  ask(s, client, &request);
  const Livekit__SignalResponse *answer = visit_find(
      &s->w, &s->visitors[client], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_PUBLISH_DATA_TRACK_RESPONSE, 0);
  assert_non_null(answer);
  const Livekit__DataTrackInfo *info = answer->publish_data_track_response->info;
  assert_int_equal(info->pub_handle, handle);
  assert_string_equal(info->name, name);
  assert_memory_equal(info->sid, "DTR_", 4);
  struct name track;
  snprintf(track.sid, sizeof track.sid, "%s", info->sid);
  return track;
}

static void unpublish(struct scene *s, int client, uint32_t handle) {
  Livekit__UnpublishDataTrackRequest unpublish = LIVEKIT__UNPUBLISH_DATA_TRACK_REQUEST__INIT;
  unpublish.pub_handle = handle;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_UNPUBLISH_DATA_TRACK_REQUEST;
  request.unpublish_data_track_request = &unpublish;
  say(s, client, &request);
}

static void subscribe(struct scene *s, int client, struct name track, bool yes) {
  Livekit__UpdateDataSubscription__Update one = LIVEKIT__UPDATE_DATA_SUBSCRIPTION__UPDATE__INIT;
  one.track_sid = track.sid;
  one.subscribe = yes;
  Livekit__UpdateDataSubscription__Update *all[] = {&one};
  Livekit__UpdateDataSubscription update = LIVEKIT__UPDATE_DATA_SUBSCRIPTION__INIT;
  update.updates = all;
  update.n_updates = 1;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_UPDATE_DATA_SUBSCRIPTION;
  request.update_data_subscription = &update;
  say(s, client, &request);
}

// The latest map in the log: how many handles, or -1 if none was sent.
static int told_handles(struct scene *s, int client) {
  const Livekit__SignalResponse *told = visit_find(
      &s->w, &s->visitors[client], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_DATA_TRACK_SUBSCRIBER_HANDLES, -1);
  return told ? (int)told->data_track_subscriber_handles->n_sub_handles : -1;
}

static uint16_t handle_for(struct scene *s, int client, struct name track) {
  const Livekit__SignalResponse *told = visit_find(
      &s->w, &s->visitors[client], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_DATA_TRACK_SUBSCRIBER_HANDLES, -1);
  assert_non_null(told);
  const Livekit__DataTrackSubscriberHandles *map = told->data_track_subscriber_handles;
  for (size_t i = 0; i < map->n_sub_handles; i++)
    if (strcmp(map->sub_handles[i]->value->track_sid, track.sid) == 0)
      return (uint16_t)map->sub_handles[i]->key;
  return 0;
}

static bool push_bytes(struct scene *s, int client, uint16_t handle, uint16_t sequence, size_t len) {
  uint8_t *data = calloc(1, len);
  data[0] = 0x18;
  oh_track_packet_set_handle(data, handle);
  oh_store_u16_be(data + 4, sequence);
  bool queued = data_line_send_track(&s->line, client, (struct oh_bytes){data, len});
  free(data);
  return queued;
}

// How many packets came of one that was pushed.
static int push(struct scene *s, int client, uint16_t handle) {
  s->got_count = 0;
  assert_true(push_bytes(s, client, handle, 1, 20));
  data_line_run(&s->line, SHORTLY_US);
  return s->got_count;
}

static uint64_t counted(const struct scene *s, enum oh_counter which) {
  return s->w.world.counters.value[which];
}

static void permit(struct scene *s, int client, bool publish, bool subscribe, bool hidden) {
  Livekit__ParticipantPermission permission = LIVEKIT__PARTICIPANT_PERMISSION__INIT;
  permission.can_publish = true;
  permission.can_publish_data = publish;
  permission.can_subscribe = subscribe;
  permission.hidden = hidden;
  visit_clear(&s->w);
  assert_true(oh_permission_change(s->w.house, s->w.now_us, person(s, client), &permission));
  visit_collect(&s->w);
}

// ---- publishing ----

static void everybody_learns_of_a_track(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct name pose = publish(&s, ANN, 7, "pose");
  Livekit__ParticipantInfo *info = visit_info(&s.w, &s.visitors[BOB], s.visitors[ANN].sid);
  assert_non_null(info);
  assert_int_equal(info->n_data_tracks, 1);
  assert_string_equal(info->data_tracks[0]->sid, pose.sid);
  assert_int_equal(info->data_tracks[0]->pub_handle, 7);
  assert_true(info->is_publisher);
  assert_null(visit_info(&s.w, &s.visitors[ANN], s.visitors[ANN].sid));
  publish(&s, ANN, 65535, "lidar");
  assert_int_equal(visit_info(&s.w, &s.visitors[BOB], s.visitors[ANN].sid)->n_data_tracks, 2);
  publish(&s, BOB, 7, "pose"); // names and handles are the publisher's

  unpublish(&s, ANN, 7);
  const Livekit__SignalResponse *answer =
      visit_find(&s.w, &s.visitors[ANN], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UNPUBLISH_DATA_TRACK_RESPONSE, 0);
  assert_string_equal(answer->unpublish_data_track_response->info->sid, pose.sid);
  info = visit_info(&s.w, &s.visitors[BOB], s.visitors[ANN].sid);
  assert_int_equal(info->n_data_tracks, 1);
  assert_string_equal(info->data_tracks[0]->name, "lidar");
  unpublish(&s, ANN, 7);
  answer = visit_find(&s.w, &s.visitors[ANN], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_REQUEST_RESPONSE, 0);
  assert_int_equal(answer->request_response->reason, LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND);
  assert_int_equal(answer->request_response->unpublish_data_track->pub_handle, 7);
  assert_string_not_equal(publish(&s, ANN, 7, "pose").sid, pose.sid);
  scene_close(&s);
}

static void assert_refused(struct scene *s, int client, Livekit__PublishDataTrackRequest request,
                           reason why) {
  ask(s, client, &request);
  const Livekit__SignalResponse *answer =
      visit_find(&s->w, &s->visitors[client], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_REQUEST_RESPONSE, 0);
  assert_non_null(answer);
  assert_int_equal(answer->request_response->reason, why);
  assert_int_equal(answer->request_response->request_case,
                   LIVEKIT__REQUEST_RESPONSE__REQUEST_PUBLISH_DATA_TRACK);
  assert_int_equal(answer->request_response->publish_data_track->pub_handle, request.pub_handle);
  assert_int_equal(s->w.count, 1); // and nobody else hears of it
}

static void what_cannot_be_published(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){0}, false);
  add(&s, "bob", (struct visit_options){.no_data = true}, false);
  publish(&s, ANN, 1, "one");
  char name[OH_DATA_TRACK_INFO_MAX + 1] = {0};
  memset(name, 'n', OH_NAME_MAX);
  publish(&s, ANN, 2, name);
  name[OH_NAME_MAX] = 'n';
  assert_refused(&s, BOB, wish(1, "one"), LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED);
  assert_refused(&s, ANN, wish(0, "x"), LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_HANDLE);
  assert_refused(&s, ANN, wish(65536, "x"), LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_HANDLE);
  assert_refused(&s, ANN, wish(65537, "x"), LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_HANDLE);
  assert_refused(&s, ANN, wish(3, ""), LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_NAME);
  assert_refused(&s, ANN, wish(3, name), LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_NAME);
  assert_refused(&s, ANN, wish(1, "x"), LIVEKIT__REQUEST_RESPONSE__REASON__DUPLICATE_HANDLE);
  assert_refused(&s, ANN, wish(3, "one"), LIVEKIT__REQUEST_RESPONSE__REASON__DUPLICATE_NAME);
  for (uint32_t i = 2; i < OH_DATA_TRACKS_MAX; i++) {
    char next[16];
    snprintf(next, sizeof next, "track %u", i);
    publish(&s, ANN, 100 + i, next);
  }
  assert_refused(&s, ANN, wish(3, "x"), LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED);
  unpublish(&s, ANN, 1);
  publish(&s, ANN, 3, "x");
  scene_close(&s);
}

static void a_house_without_data_tracks(void **state) {
  (void)state;
  struct scene s = {0};
  struct oh_house_config config = visit_config();
  config.no_data_tracks = true;
  visit_open(&s.w, &config);
  s.visitors[ANN] = visit_join(&s.w, "ann", NULL);
  assert_refused(&s, ANN, wish(1, "one"), LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED);
  visit_close(&s.w);
}

static void encodings_and_schemas(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  char text[OH_DATA_TRACK_INFO_MAX + 1] = {0};
  Livekit__DataTrackFrameEncoding frames = LIVEKIT__DATA_TRACK_FRAME_ENCODING__INIT;
  frames.value_case = LIVEKIT__DATA_TRACK_FRAME_ENCODING__VALUE_CUSTOM;
  Livekit__DataTrackSchemaEncoding encoding = LIVEKIT__DATA_TRACK_SCHEMA_ENCODING__INIT;
  encoding.value_case = LIVEKIT__DATA_TRACK_SCHEMA_ENCODING__VALUE_CUSTOM;
  Livekit__DataTrackSchemaId schema = LIVEKIT__DATA_TRACK_SCHEMA_ID__INIT;
  schema.encoding = &encoding;
  schema.name = frames.custom = encoding.custom = (char *)"own";
  Livekit__PublishDataTrackRequest request = wish(1, "typed");
  request._frame_encoding_case = LIVEKIT__PUBLISH_DATA_TRACK_REQUEST___FRAME_ENCODING_FRAME_ENCODING;
  request.frame_encoding = &frames;
  request._schema_case = LIVEKIT__PUBLISH_DATA_TRACK_REQUEST___SCHEMA_SCHEMA;
  request.schema = &schema;
  request.encryption = LIVEKIT__ENCRYPTION__TYPE__GCM;

  memset(text, 'e', OH_DATA_TRACK_ENCODING_MAX + 1);
  char *bad[] = {(char *)"", text};
  for (int i = 0; i < 2; i++) {
    frames.custom = bad[i];
    assert_refused(&s, ANN, request, LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST);
    frames.custom = (char *)"own";
    encoding.custom = bad[i];
    assert_refused(&s, ANN, request, LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST);
    encoding.custom = (char *)"own";
  }
  memset(text, 's', sizeof text - 1);
  schema.name = text;
  assert_refused(&s, ANN, request, LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST);
  schema.name = (char *)"shape";

  ask(&s, ANN, &request);
  const Livekit__DataTrackInfo *info =
      visit_info(&s.w, &s.visitors[BOB], s.visitors[ANN].sid)->data_tracks[0];
  assert_int_equal(info->encryption, LIVEKIT__ENCRYPTION__TYPE__GCM);
  assert_string_equal(info->frame_encoding->custom, "own");
  assert_string_equal(info->schema->name, "shape");
  assert_string_equal(info->schema->encoding->custom, "own");
  scene_close(&s);
}

// ---- subscribing ----

static void packets_go_to_subscribers_with_their_handles(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct name pose = publish(&s, ANN, 700, "pose"), lidar = publish(&s, ANN, 701, "lidar");
  assert_int_equal(push(&s, ANN, 700), 0); // nobody listens
  subscribe(&s, BOB, lidar, true);
  assert_int_equal(told_handles(&s, BOB), 1);
  assert_int_equal(told_handles(&s, CAT), -1);
  subscribe(&s, BOB, pose, true);
  assert_int_equal(told_handles(&s, BOB), 2);
  uint16_t bobs = handle_for(&s, BOB, pose);
  assert_true(bobs != 0 && bobs != handle_for(&s, BOB, lidar));
  assert_int_equal(push(&s, ANN, 700), 1);
  assert_int_equal(s.got[0].client, BOB);
  assert_int_equal(s.got[0].handle, bobs);
  assert_int_equal(s.got[0].len, 20);
  subscribe(&s, CAT, pose, true);
  uint16_t cats = handle_for(&s, CAT, pose);
  assert_int_equal(push(&s, ANN, 700), 2);
  for (int i = 0; i < 2; i++)
    assert_int_equal(s.got[i].handle, s.got[i].client == BOB ? bobs : cats);

  subscribe(&s, CAT, pose, true); // again: nothing new
  assert_int_equal(told_handles(&s, CAT), -1);
  subscribe(&s, BOB, pose, false);
  assert_int_equal(told_handles(&s, BOB), 1);
  assert_int_equal(handle_for(&s, BOB, pose), 0);
  assert_int_equal(push(&s, ANN, 700), 1);
  assert_int_equal(s.got[0].client, CAT);
  subscribe(&s, BOB, pose, true);
  assert_int_not_equal(handle_for(&s, BOB, pose), bobs); // late packets are not mistaken

  unpublish(&s, ANN, 700);
  assert_int_equal(told_handles(&s, BOB), 1);
  assert_int_equal(told_handles(&s, CAT), 0);
  assert_int_equal(push(&s, ANN, 700), 0);
  assert_int_equal(counted(&s, OH_COUNT_data_track_drop_unknown), 1);
  subscribe(&s, ANN, lidar, true); // one's own
  assert_int_equal(told_handles(&s, ANN), -1);
  subscribe(&s, CAT, pose, true); // gone
  assert_int_equal(told_handles(&s, CAT), -1);
  scene_close(&s);
}

static void older_clients_have_two_connections(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){0}, false);
  add(&s, "bob", (struct visit_options){0}, true); // whose channels the house opens
  struct name pose = publish(&s, ANN, 1, "pose");
  subscribe(&s, BOB, pose, true);
  assert_int_equal(push(&s, ANN, 1), 1);
  assert_int_equal(s.got[0].client, BOB);
  scene_close(&s);
}

static void automatic_subscriptions(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  add(&s, "ann", (struct visit_options){0}, false);
  struct name early = publish(&s, ANN, 1, "early");
  s.visitors[s.visitor_count] = visit_join(&s.w, "bob", &(struct visit_options){.auto_data = true});
  s.visitor_count++;
  assert_int_not_equal(handle_for(&s, BOB, early), 0);
  struct name late = publish(&s, ANN, 2, "late");
  assert_int_equal(told_handles(&s, BOB), 2);
  subscribe(&s, BOB, early, false);
  assert_int_equal(told_handles(&s, BOB), 1);
  assert_int_not_equal(handle_for(&s, BOB, late), 0);
  permit(&s, BOB, true, false, false);
  assert_int_equal(told_handles(&s, BOB), 0);
  permit(&s, BOB, true, true, false); // what it said still counts
  assert_int_equal(told_handles(&s, BOB), 1);
  assert_int_equal(handle_for(&s, BOB, early), 0);
  scene_close(&s);
}

static void subscriptions_are_bounded(void **state) {
  (void)state;
  enum { PUBLISHERS = OH_DATA_SUBSCRIPTIONS_MAX / OH_DATA_TRACKS_MAX + 1 };
  struct scene s;
  scene_open(&s);
  s.visitors[ANN] = visit_join(&s.w, "ann", &(struct visit_options){.auto_data = true});
  for (int i = 0; i < PUBLISHERS; i++) {
    char name[16];
    snprintf(name, sizeof name, "p%d", i);
    s.visitors[BOB] = visit_join(&s.w, name, NULL);
    for (uint32_t n = 1; n <= OH_DATA_TRACKS_MAX; n++) {
      snprintf(name, sizeof name, "t%u", n);
      publish(&s, BOB, n, name);
      if (n == OH_DATA_TRACKS_MAX && i < PUBLISHERS - 1)
        assert_int_equal(told_handles(&s, ANN), (i + 1) * OH_DATA_TRACKS_MAX);
    }
  }
  assert_int_equal(told_handles(&s, ANN), -1); // nothing new
  assert_int_equal(counted(&s, OH_COUNT_data_track_refused), OH_DATA_TRACKS_MAX);
  scene_close(&s);
}

// ---- permissions ----

static void publishers_say_who_may_have_what(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct name pose = publish(&s, ANN, 1, "pose");
  subscribe(&s, BOB, pose, true);
  subscribe(&s, CAT, pose, true);
  char *sids[] = {pose.sid};
  Livekit__TrackPermission cat = LIVEKIT__TRACK_PERMISSION__INIT;
  cat.participant_identity = (char *)"cat";
  cat.track_sids = sids;
  cat.n_track_sids = 1;
  Livekit__TrackPermission *all[] = {&cat};
  Livekit__SubscriptionPermission permission = LIVEKIT__SUBSCRIPTION_PERMISSION__INIT;
  permission.track_permissions = all;
  permission.n_track_permissions = 1;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_SUBSCRIPTION_PERMISSION;
  request.subscription_permission = &permission;
  say(&s, ANN, &request);
  const Livekit__SignalResponse *told =
      visit_find(&s.w, &s.visitors[BOB], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_SUBSCRIPTION_PERMISSION_UPDATE, 0);
  assert_string_equal(told->subscription_permission_update->track_sid, pose.sid);
  assert_false(told->subscription_permission_update->allowed);
  assert_int_equal(told_handles(&s, BOB), 0);
  assert_int_equal(told_handles(&s, CAT), -1);
  assert_int_equal(push(&s, ANN, 1), 1);
  assert_int_equal(s.got[0].client, CAT);
  permission.all_participants = true;
  say(&s, ANN, &request);
  assert_int_equal(told_handles(&s, BOB), 1);
  assert_int_equal(push(&s, ANN, 1), 2);
  scene_close(&s);
}

static void the_house_says_who_may_publish_and_subscribe(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct name pose = publish(&s, ANN, 1, "pose");
  subscribe(&s, BOB, pose, true);
  permit(&s, BOB, true, false, false);
  assert_int_equal(told_handles(&s, BOB), 0);
  assert_int_equal(push(&s, ANN, 1), 0);
  permit(&s, BOB, true, true, false);
  assert_int_equal(told_handles(&s, BOB), 1);
  assert_int_equal(push(&s, ANN, 1), 1);

  permit(&s, ANN, false, true, false);
  const Livekit__SignalResponse *told =
      visit_find(&s.w, &s.visitors[ANN], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UNPUBLISH_DATA_TRACK_RESPONSE, 0);
  assert_string_equal(told->unpublish_data_track_response->info->sid, pose.sid);
  assert_int_equal(visit_info(&s.w, &s.visitors[CAT], s.visitors[ANN].sid)->n_data_tracks, 0);
  assert_int_equal(told_handles(&s, BOB), 0);
  assert_int_equal(push(&s, ANN, 1), 0);
  scene_close(&s);
}

static void the_hidden_are_not_subscribed_to(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct name pose = publish(&s, ANN, 1, "pose");
  subscribe(&s, BOB, pose, true);
  permit(&s, ANN, true, true, true);
  assert_int_equal(told_handles(&s, BOB), 0);
  assert_int_equal(push(&s, ANN, 1), 0);
  permit(&s, ANN, true, true, false);
  assert_int_equal(visit_info(&s.w, &s.visitors[CAT], s.visitors[ANN].sid)->n_data_tracks, 1);
  assert_int_equal(told_handles(&s, BOB), 1);
  assert_int_equal(push(&s, ANN, 1), 1);
  scene_close(&s);
}

// ---- coming and going ----

static void leaving_ends_tracks_and_subscriptions(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct name anns = publish(&s, ANN, 1, "pose"), bobs = publish(&s, BOB, 1, "pose");
  subscribe(&s, BOB, anns, true);
  subscribe(&s, CAT, anns, true);
  subscribe(&s, CAT, bobs, true);
  visit_clear(&s.w);
  oh_participant_close(s.w.house, s.w.now_us, person(&s, BOB), LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED);
  visit_collect(&s.w);
  assert_int_equal(told_handles(&s, CAT), 1);
  assert_int_equal(push(&s, ANN, 1), 1);
  assert_int_equal(s.got[0].client, CAT);
  oh_participant_close(s.w.house, s.w.now_us, person(&s, ANN), LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED);
  visit_collect(&s.w);
  assert_int_equal(told_handles(&s, CAT), 0);
  scene_close(&s);
}

static void sync(struct scene *s, int client, const char *sid) {
  Livekit__DataTrackInfo info = LIVEKIT__DATA_TRACK_INFO__INIT;
  info.sid = (char *)sid;
  Livekit__PublishDataTrackResponse published = LIVEKIT__PUBLISH_DATA_TRACK_RESPONSE__INIT;
  published.info = sid ? &info : NULL;
  Livekit__PublishDataTrackResponse *all[] = {&published};
  Livekit__SyncState sync = LIVEKIT__SYNC_STATE__INIT;
  sync.publish_data_tracks = all;
  sync.n_publish_data_tracks = 1;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_SYNC_STATE;
  request.sync_state = &sync;
  say(s, client, &request);
}

static void a_resume_changes_nothing(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  struct name pose = publish(&s, ANN, 1, "pose");
  subscribe(&s, BOB, pose, true);
  uint16_t handle = handle_for(&s, BOB, pose);
  for (int client = ANN; client <= BOB; client++) {
    struct visitor *v = &s.visitors[client];
    char sid[sizeof v->sid];
    snprintf(sid, sizeof sid, "%s", v->sid);
    visit_lose_signal(&s.w, v);
    visit_clear(&s.w);
    *v = visit_join(&s.w, client == ANN ? "ann" : "bob",
                    &(struct visit_options){.single = true, .reconnect = true});
    snprintf(v->sid, sizeof v->sid, "%s", sid);
  }
  assert_int_equal(handle_for(&s, BOB, pose), handle); // told once more: it may have missed it
  sync(&s, ANN, pose.sid);
  assert_int_equal(visit_count(&s.w, &s.visitors[ANN], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_LEAVE), 0);
  assert_int_equal(push(&s, ANN, 1), 1);
  assert_int_equal(s.got[0].handle, handle);

  static const char *const unknown[] = {"DTR_unknown", NULL};
  for (int client = ANN; client <= BOB; client++) {
    sync(&s, client, unknown[client]); // such a client has to come anew
    const Livekit__SignalResponse *leave =
        visit_find(&s.w, &s.visitors[client], LIVEKIT__SIGNAL_RESPONSE__MESSAGE_LEAVE, 0);
    assert_int_equal(leave->leave->action, LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  }
  scene_close(&s);
}

// ---- packets ----

static void bad_packets_are_dropped(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  subscribe(&s, BOB, publish(&s, ANN, 1, "pose"), true);
  uint8_t data[OH_TRACK_PACKET_HEADER] = {0x1C, 0, 0, 1}; // says that there are extensions
  assert_true(data_line_send_track(&s.line, ANN, (struct oh_bytes){data, sizeof data}));
  assert_true(data_line_send_track(&s.line, ANN, (struct oh_bytes){data, 3}));
  assert_true(data_line_send_track(&s.line, ANN, (struct oh_bytes){data, 0}));
  assert_true(push_bytes(&s, ANN, 1, 1, OH_DATA_TRACK_PACKET_MAX + 1));
  data_line_run(&s.line, SHORTLY_US);
  assert_int_equal(counted(&s, OH_COUNT_data_track_drop_malformed), 4);
  assert_int_equal(push(&s, ANN, 2), 0); // no such track
  assert_int_equal(push(&s, BOB, 1), 0); // another's
  assert_int_equal(counted(&s, OH_COUNT_data_track_drop_unknown), 2);
  assert_true(push_bytes(&s, ANN, 1, 1, OH_DATA_TRACK_PACKET_MAX));
  data_line_run(&s.line, 10 * SHORTLY_US);
  assert_int_equal(s.got_count, 1);
  assert_int_equal(s.got[0].len, OH_DATA_TRACK_PACKET_MAX);
  assert_int_equal(counted(&s, OH_COUNT_data_track_received), 1);
  assert_int_equal(counted(&s, OH_COUNT_data_track_forwarded), 1);
  scene_close(&s);
}

static int got_by(const struct scene *s, int client) {
  int count = 0;
  for (int i = 0; i < s->got_count; i++)
    count += s->got[i].client == client;
  return count;
}

static size_t bob_is_owed(const struct scene *s) {
  const struct oh_transport *bobs = &person(s, BOB)->transports[OH_PUBLISHER];
  return oh_channel_queued(bobs->channels, (uint16_t)bobs->data_track);
}

static void nobody_waits_for_the_slow(void **state) {
  (void)state;
  enum { PACKETS = 60, BYTES = 16000, EVERY_US = 10000, BURST = 8, BURST_BYTES = 60000 };
  struct scene s;
  scene_of_three(&s);
  struct name pose = publish(&s, ANN, 1, "pose");
  subscribe(&s, BOB, pose, true);
  subscribe(&s, CAT, pose, true);
  s.deaf = true;
  for (uint16_t i = 0; i < PACKETS; i++) {
    assert_true(push_bytes(&s, ANN, 1, i, BYTES));
    data_line_run(&s.line, EVERY_US);
    assert_in_range(bob_is_owed(&s), 0, OH_DATA_TRACK_QUEUE_MAX);
  }
  data_line_run(&s.line, 5 * SHORTLY_US);
  assert_int_equal(got_by(&s, CAT), PACKETS);
  assert_int_equal(got_by(&s, BOB), 0);
  for (uint16_t i = 0; i < BURST; i++) // more than there is room for, before any of it is late
    assert_true(push_bytes(&s, ANN, 1, PACKETS + i, BURST_BYTES));
  data_line_run(&s.line, 5 * SHORTLY_US);
  assert_true(got_by(&s, CAT) > PACKETS + BURST / 2);
  assert_in_range(bob_is_owed(&s), 0, OH_DATA_TRACK_QUEUE_MAX);
  assert_true(counted(&s, OH_COUNT_data_track_drop_slow) > 0);
  assert_int_equal(counted(&s, OH_COUNT_data_held_up), 0);

  s.deaf = false;
  data_line_run(&s.line, 100 * SHORTLY_US);
  assert_int_equal(got_by(&s, BOB), 0); // it was all too late
  assert_true(push_bytes(&s, ANN, 1, 1000, 100));
  data_line_run(&s.line, SHORTLY_US);
  assert_int_equal(got_by(&s, BOB), 1);
  scene_close(&s);
}

static void what_was_left_out_is_counted(void **state) {
  (void)state;
  struct scene s;
  scene_of_three(&s);
  publish(&s, ANN, 1, "pose");
  static const uint16_t sequences[] = {65534, 65535, 2, 3, 1, 4};
  for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
    assert_true(push_bytes(&s, ANN, 1, sequences[i], 20));
    data_line_run(&s.line, SHORTLY_US);
  }
  const struct oh_data_track *track = person(&s, ANN)->data.published;
  assert_int_equal(track->packets, 6);
  assert_int_equal(track->bytes, 120);
  assert_int_equal(track->missing, 2);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everybody_learns_of_a_track),
      cmocka_unit_test(what_cannot_be_published),
      cmocka_unit_test(a_house_without_data_tracks),
      cmocka_unit_test(encodings_and_schemas),
      cmocka_unit_test(packets_go_to_subscribers_with_their_handles),
      cmocka_unit_test(older_clients_have_two_connections),
      cmocka_unit_test(automatic_subscriptions),
      cmocka_unit_test(subscriptions_are_bounded),
      cmocka_unit_test(publishers_say_who_may_have_what),
      cmocka_unit_test(the_house_says_who_may_publish_and_subscribe),
      cmocka_unit_test(the_hidden_are_not_subscribed_to),
      cmocka_unit_test(leaving_ends_tracks_and_subscriptions),
      cmocka_unit_test(a_resume_changes_nothing),
      cmocka_unit_test(bad_packets_are_dropped),
      cmocka_unit_test(nobody_waits_for_the_slow),
      cmocka_unit_test(what_was_left_out_is_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
