// data_scene.c — see data_scene.h
#include "tests/unit/livekit/data_scene.h"

static void on_message(void *ctx, int client, bool lossy, struct oh_bytes message) {
  struct scene *s = ctx;
  assert_true(s->got_count < GOT_MAX);
  struct got *got = &s->got[s->got_count++];
  *got = (struct got){.client = client, .lossy = lossy};
  got->packet =
      (Livekit__DataPacket *)oh_message_read(&livekit__data_packet__descriptor, message.data, message.len);
  assert_non_null(got->packet);
}

void forget(struct scene *s) {
  for (int i = 0; i < s->got_count; i++)
    oh_message_free(s->got[i].packet);
  s->got_count = 0;
}

void scene_open_with(struct scene *s, const struct oh_house_config *config) {
  *s = (struct scene){0};
  visit_open(&s->w, config);
  data_line_open(&s->line, s->w.house, &s->w.now_us, s->w.world.random);
  s->line.on_message = on_message;
  s->line.ctx = s;
}

void scene_open(struct scene *s) {
  scene_open_with(s, NULL);
}

void scene_close(struct scene *s) {
  forget(s);
  data_line_close(&s->line);
  visit_close(&s->w);
}

oh_id peer_of(const struct scene *s, int client, enum oh_target wanted) {
  for (uint32_t i = 0; i < doubles_peer_count(); i++) {
    enum oh_target target;
    const struct oh_participant *p = oh_participant_of_peer(s->w.house, doubles_peer(i)->id, &target);
    if (p && target == wanted && strcmp(p->sid.text, s->visitors[client].sid) == 0)
      return doubles_peer(i)->id;
  }
  return 0;
}

// Joins with an offer of data and is ACTIVE; the data channels are still to be made.
int arrive(struct scene *s, const char *identity, struct visit_options options) {
  int client = s->visitor_count++;
  struct visitor *v = &s->visitors[client];
  *v = visit_join(&s->w, identity, &options);
  assert_int_equal(v->admission.status, 101);
  visit_offer(&s->w, v, 1, "d", NULL);
  if (!options.single) visit_answer(&s->w, v);
  for (int target = 0; target < OH_TARGETS; target++) {
    oh_id peer = peer_of(s, client, (enum oh_target)target);
    if (peer) doubles_raise(OH_HUB_CONNECTED, peer);
  }
  oh_house_tick(s->w.house, s->w.now_us);
  visit_clear(&s->w);
  return client;
}

void connect_data(struct scene *s, int client, enum oh_target target) {
  data_line_connect(&s->line, client, peer_of(s, client, target), target == OH_PUBLISHER);
  data_line_run(&s->line, SHORTLY_US);
  assert_true(s->line.clients[client].reliable >= 0 && s->line.clients[client].lossy >= 0);
}

int add(struct scene *s, const char *identity, struct visit_options options) {
  options.single = true;
  int client = arrive(s, identity, options);
  connect_data(s, client, OH_PUBLISHER);
  return client;
}

void scene_of_three(struct scene *s) {
  scene_open(s);
  assert_int_equal(add(s, "ann", (struct visit_options){0}), ANN);
  assert_int_equal(add(s, "bob", (struct visit_options){0}), BOB);
  assert_int_equal(add(s, "cat", (struct visit_options){0}), CAT);
}

void say(struct scene *s, int client, bool lossy, const Livekit__DataPacket *packet) {
  size_t len;
  uint8_t *bytes = oh_message_write(&packet->base, &len);
  assert_true(data_line_send(&s->line, client, lossy, (struct oh_bytes){bytes, len}));
  free(bytes);
  data_line_run(&s->line, SHORTLY_US);
}

Livekit__DataPacket user_packet(Livekit__UserPacket *user, const char *text) {
  livekit__user_packet__init(user);
  user->payload = (ProtobufCBinaryData){.data = (uint8_t *)text, .len = strlen(text)};
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_USER;
  packet.user = user;
  return packet;
}

void say_text(struct scene *s, int client, bool lossy, const char *text) {
  Livekit__UserPacket user;
  Livekit__DataPacket packet = user_packet(&user, text);
  say(s, client, lossy, &packet);
}

int count_for(const struct scene *s, int client) {
  int count = 0;
  for (int i = 0; i < s->got_count; i++)
    count += s->got[i].client == client;
  return count;
}

const struct got *got_at(const struct scene *s, int client, int nth) {
  for (int i = 0; i < s->got_count; i++)
    if (s->got[i].client == client && nth-- == 0) return &s->got[i];
  fail_msg("client %d got less", client);
  return NULL;
}

void assert_text(const struct got *got, const char *text) {
  assert_int_equal(got->packet->value_case, LIVEKIT__DATA_PACKET__VALUE_USER);
  assert_int_equal(got->packet->user->payload.len, strlen(text));
  assert_memory_equal(got->packet->user->payload.data, text, strlen(text));
}

uint64_t counted(const struct scene *s, enum oh_counter which) {
  return s->w.world.counters.value[which];
}
