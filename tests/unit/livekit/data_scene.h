// data_scene.h — up to four participants whose data channels are real associations, and all that they get.
#pragma once
#include "base/limits.h"
#include "livekit/data.h"
#include "livekit/message.h"
#include "packet.pb-c.h"
#include "tests/unit/livekit/data_line.h"
#include "tests/unit/livekit/visit.h"

enum { GOT_MAX = 64, SHORTLY_US = 100000, ANN = 0, BOB, CAT };

struct got {
  int client;
  bool lossy;
  Livekit__DataPacket *packet;
};
struct scene {
  struct visit_world w;
  struct data_line line;
  struct visitor visitors[DATA_CLIENTS];
  int visitor_count;
  struct got got[GOT_MAX];
  int got_count;
  bool glue; // two messages of ann's become one
  int glued;
};

void scene_open_with(struct scene *s, const struct oh_house_config *config);
void forget(struct scene *s); // what they got
void scene_open(struct scene *s);
void scene_close(struct scene *s);
oh_id peer_of(const struct scene *s, int client, enum oh_target wanted);
int arrive(struct scene *s, const char *identity, struct visit_options options);
void connect_data(struct scene *s, int client, enum oh_target target);
int add(struct scene *s, const char *identity, struct visit_options options);
void scene_of_three(struct scene *s);
void say(struct scene *s, int client, bool lossy, const Livekit__DataPacket *packet);
Livekit__DataPacket user_packet(Livekit__UserPacket *user, const char *text);
void say_text(struct scene *s, int client, bool lossy, const char *text);
int count_for(const struct scene *s, int client);
const struct got *got_at(const struct scene *s, int client, int nth);
void assert_text(const struct got *got, const char *text);
uint64_t counted(const struct scene *s, enum oh_counter which);
