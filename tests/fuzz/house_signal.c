// house_signal.c — fuzzes the house as a machine: a sequence of signalling frames, losses, resumes and media
// events for up to four sessions, with stand-ins for hub and sfu. What must hold after any of it: nothing
// crashes, every deadline moves on, and when all have gone and time has passed the house is empty.
//
// Input: records of {op, length (2 bytes, little endian), payload}. op: low 2 bits = client, then 3 bits =
// what.
#include "base/check.h"
#include "base/heap.h"
#include "livekit/house.h"
#include "signal.pb-c.h"
#include "tests/fuzz/repeatable.h"
#include "tests/fuzz/small_house.h"
#include "tests/unit/livekit/doubles.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = 4, SECOND_US = 1000000 };
enum { FRAME, TEXT_FRAME, JOIN_DUAL, JOIN_SINGLE, RESUME, LOSE_LINE, MEDIA_EVENT, WAIT };

struct stage {
  struct oh_world world;
  struct oh_outbox out;
  struct oh_house *house;
  int64_t now_us;
  uint64_t seed;
  oh_id sessions[CLIENTS];
};

static void drain(struct stage *s) {
  struct oh_frame frame;
  while (oh_house_next_frame(s->house, &frame)) {
    free(frame.data);
    for (int i = 0; i < CLIENTS; i++)
      if (frame.kind >= OH_FRAME_CLOSE && s->sessions[i] == frame.session) {
        s->sessions[i] = 0;
        oh_house_signal_closed(s->house, s->now_us, frame.session);
      }
  }
}

static void wait_for(struct stage *s, int64_t us) {
  int64_t end = s->now_us + us;
  for (int turns = 0; oh_house_deadline(s->house) <= end; turns++) {
    OH_CHECK(turns < 10000);
    if (oh_house_deadline(s->house) > s->now_us) s->now_us = oh_house_deadline(s->house);
    oh_house_tick(s->house, s->now_us);
    drain(s);
  }
  s->now_us = end;
}

static void replace(char **slot, const char *text) {
  free(*slot);
  *slot = oh_str_dup(oh_str(text));
}

static void join(struct stage *s, int client, bool single, bool reconnect) {
  static const char *const names[CLIENTS] = {"ann", "bob", "cat", "ann"}; // two of them are the same person
  struct oh_join join = {
      .auto_subscribe = client != 2, .single_peer_connection = single, .reconnect = reconnect};
  join.protocol = client == 1 ? 12 : 17;
  oh_claims_init(&join.claims);
  replace(&join.claims.identity, names[client]);
  replace(&join.claims.video.room, "room");
  join.claims.has_video = join.claims.video.room_join = true;
  join.claims.video.can_update_own_metadata = client != 1;
  struct oh_admission admission;
  oh_house_join(s->house, s->now_us, &join, &admission);
  oh_claims_fini(&join.claims);
  if (s->sessions[client]) oh_house_signal_closed(s->house, s->now_us, s->sessions[client]);
  s->sessions[client] = admission.status == 101 ? admission.session : 0;
}

static void raise_media(uint8_t which) {
  static const enum oh_hub_event_type types[] = {OH_HUB_CONNECTED, OH_HUB_DISCONNECTED, OH_HUB_RECOVERED,
                                                 OH_HUB_FAILED};
  const struct double_peer *peer = doubles_peer(which >> 2);
  if (peer) doubles_raise(types[which & 3], peer->id);
}

static void act(struct stage *s, uint8_t op, const uint8_t *payload, size_t len) {
  int client = op & 3;
  switch (op >> 2 & 7) {
  case FRAME: oh_house_recv(s->house, s->now_us, s->sessions[client], false, payload, len); break;
  case TEXT_FRAME: oh_house_recv(s->house, s->now_us, s->sessions[client], true, payload, len); break;
  case JOIN_DUAL: join(s, client, false, false); break;
  case JOIN_SINGLE: join(s, client, true, false); break;
  case RESUME: join(s, client, len > 0, true); break;
  case LOSE_LINE:
    oh_house_signal_closed(s->house, s->now_us, s->sessions[client]);
    s->sessions[client] = 0;
    break;
  case MEDIA_EVENT:
    raise_media(len ? payload[0] : 0);
    oh_house_tick(s->house, s->now_us);
    break;
  default: wait_for(s, (len ? payload[0] : 0) * (int64_t)SECOND_US / 8); break;
  }
  drain(s);
}

static void finish(struct stage *s) {
  for (int i = 0; i < CLIENTS; i++)
    if (s->sessions[i]) oh_house_signal_closed(s->house, s->now_us, s->sessions[i]);
  while (doubles_peer(0)) { // whoever had media loses it
    for (uint32_t i = 0; doubles_peer(i) && i < 16; i++)
      doubles_raise(OH_HUB_FAILED, doubles_peer(i)->id);
    oh_house_tick(s->house, s->now_us);
    drain(s);
    wait_for(s, 6 * SECOND_US);
  }
  wait_for(s, 400 * (int64_t)SECOND_US);
  struct oh_house_stats stats;
  oh_house_read_stats(s->house, &stats);
  OH_CHECK(stats.rooms == 0 && stats.participants == 0 && stats.tracks == 0 && stats.subscriptions == 0);
  OH_CHECK(doubles_track_count() == 0 && doubles_subscription_count() == 0 && doubles.rooms == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct oh_house_config config = small_house();
  struct stage s = {.now_us = SECOND_US, .seed = 1};
  s.world.random = (struct oh_random){.fill = fill, .ctx = &s.seed};
  doubles_reset();
  oh_outbox_init(&s.out, take, NULL);
  s.house = oh_house_open(&s.world, NULL, &config, &s.out);
  join(&s, 0, false, false);
  join(&s, 1, true, false);
  drain(&s);
  while (size >= 3) {
    size_t len = (size_t)(data[1] | data[2] << 8);
    if (len > size - 3) len = size - 3;
    act(&s, data[0], data + 3, len);
    data += 3 + len;
    size -= 3 + len;
  }
  finish(&s);
  oh_house_close(s.house);
  oh_outbox_fini(&s.out);
  return 0;
}
