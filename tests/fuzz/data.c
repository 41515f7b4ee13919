// data.c — fuzzes what participants say on their data channels (livekit/data.h): the bytes are DataPackets of
// two clients with real associations, one of them an agent; a third one's channels open only at the end. What
// must hold: whatever arrives is a DataPacket that names its true sender, nobody hears themselves, and what
// waits is bounded.
//
// Input: records of {op, length (2 bytes, little endian), payload}. op: 1 = the agent says it, 2 = lossy,
// 4 = as text, 8 = time passes instead.
#include "base/check.h"
#include "base/limits.h"
#include "livekit/message.h"
#include "livekit/participant.h"
#include "packet.pb-c.h"
#include "signal.pb-c.h"
#include "tests/fuzz/repeatable.h"
#include "tests/fuzz/small_house.h"
#include "tests/unit/livekit/data_line.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PERSON, AGENT, LATE, PEOPLE };
enum { OP_AGENT = 1, OP_LOSSY = 2, OP_TEXT = 4, OP_WAIT = 8, RECORDS_MAX = 200, SHORTLY_US = 50000 };

struct stage {
  struct oh_world world;
  struct oh_outbox out;
  struct oh_house *house;
  int64_t now_us;
  uint64_t seed;
  struct data_line line;
  oh_id sessions[PEOPLE], peers[PEOPLE];
};
static const char *const names[PEOPLE] = {"ann", "bot", "cat"};

static void drain(struct stage *s) {
  struct oh_frame frame;
  while (oh_house_next_frame(s->house, &frame))
    free(frame.data);
}

static const struct oh_participant *who(struct stage *s, int client) {
  enum oh_target target;
  return oh_participant_of_peer(s->house, s->peers[client], &target);
}

static void on_message(void *ctx, int client, bool lossy, struct oh_bytes message) {
  struct stage *s = ctx;
  (void)lossy;
  Livekit__DataPacket *packet =
      (Livekit__DataPacket *)oh_message_read(&livekit__data_packet__descriptor, message.data, message.len);
  OH_CHECK(packet && packet->value_case != LIVEKIT__DATA_PACKET__VALUE_METRICS);
  int from = strcmp(packet->participant_sid, who(s, PERSON)->sid.text) == 0 ? PERSON : AGENT;
  OH_CHECK(strcmp(packet->participant_sid, who(s, from)->sid.text) == 0);
  OH_CHECK(from != client);
  if (from == PERSON) OH_CHECK(strcmp(packet->participant_identity, names[PERSON]) == 0);
  if (from == PERSON) OH_CHECK(packet->value_case != LIVEKIT__DATA_PACKET__VALUE_TRANSCRIPTION);
  if (packet->value_case == LIVEKIT__DATA_PACKET__VALUE_USER) {
    OH_CHECK(strcmp(packet->user->participant_identity, names[from]) == 0);
    OH_CHECK(strcmp(packet->user->participant_sid, packet->participant_sid) == 0);
  }
  oh_message_free(packet);
}

static void replace(char **slot, const char *text) {
  free(*slot);
  *slot = oh_str_dup(oh_str(text));
}

static void offer(struct stage *s, int client) {
  static const char sdp[] =
      "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP "
      "webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\n"
      "a=fingerprint:sha-256 A0:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:"
      "AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\n";
  Livekit__SessionDescription description = LIVEKIT__SESSION_DESCRIPTION__INIT;
  description.type = (char *)"offer";
  description.id = 1;
  description.sdp = (char *)sdp;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_OFFER;
  request.offer = &description;
  size_t len;
  uint8_t *bytes = oh_message_write(&request.base, &len);
  oh_house_recv(s->house, s->now_us, s->sessions[client], false, bytes, len);
  free(bytes);
}

static void join(struct stage *s, int client) {
  struct oh_join join = {.auto_subscribe = true, .single_peer_connection = true, .protocol = 17};
  oh_claims_init(&join.claims);
  replace(&join.claims.identity, names[client]);
  replace(&join.claims.video.room, "room");
  join.claims.has_video = join.claims.video.room_join = true;
  if (client == AGENT) replace(&join.claims.kind, "agent");
  struct oh_admission admission;
  oh_house_join(s->house, s->now_us, &join, &admission);
  oh_claims_fini(&join.claims);
  OH_CHECK(admission.status == 101);
  s->sessions[client] = admission.session;
  offer(s, client);
  const struct double_peer *peer = doubles_peer((uint32_t)client);
  OH_CHECK(peer);
  s->peers[client] = peer->id;
  doubles_raise(OH_HUB_CONNECTED, peer->id);
  oh_house_tick(s->house, s->now_us);
  OH_CHECK(who(s, client)->state == LIVEKIT__PARTICIPANT_INFO__STATE__ACTIVE);
  drain(s);
}

static void act(struct stage *s, uint8_t op, const uint8_t *payload, size_t len) {
  int client = op & OP_AGENT ? AGENT : PERSON;
  const struct data_client *c = &s->line.clients[client];
  int32_t channel = op & OP_LOSSY ? c->lossy : c->reliable;
  OH_CHECK(channel >= 0);
  if (!(op & OP_WAIT))
    oh_channel_send(c->channels, s->now_us, (uint16_t)channel, op & OP_TEXT, (struct oh_bytes){payload, len});
  data_line_run(&s->line, op & OP_WAIT ? (int64_t)len * 1000 : 0);
  OH_CHECK(who(s, LATE)->held_bytes <= OH_DATA_HELD_MAX);
  drain(s);
}

static void play(struct stage *s, const uint8_t *data, size_t size) {
  for (int i = 0; size >= 3 && i < RECORDS_MAX; i++) {
    size_t len = (size_t)(data[1] | data[2] << 8);
    if (data[0] & OP_WAIT) // has no payload: the length is milliseconds, of at most two seconds
      act(s, data[0], NULL, len & 2047), len = 0;
    else
      act(s, data[0], data + 3, len = len > size - 3 ? size - 3 : len);
    data += 3 + len;
    size -= 3 + len;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct oh_house_config config = small_house();
  struct stage s = {.now_us = 1000000, .seed = 1};
  s.world.random = (struct oh_random){.fill = fill, .ctx = &s.seed};
  doubles_reset();
  oh_outbox_init(&s.out, take, NULL);
  s.house = oh_house_open(&s.world, NULL, &config, &s.out);
  data_line_open(&s.line, s.house, &s.now_us, s.world.random);
  s.line.on_message = on_message;
  s.line.ctx = &s;
  for (int i = 0; i < PEOPLE; i++)
    join(&s, i);
  data_line_connect(&s.line, PERSON, s.peers[PERSON], true);
  data_line_connect(&s.line, AGENT, s.peers[AGENT], true);
  data_line_run(&s.line, SHORTLY_US);
  play(&s, data, size);
  data_line_connect(&s.line, LATE, s.peers[LATE], true);
  data_line_run(&s.line, SHORTLY_US);
  OH_CHECK(!who(&s, LATE)->held);
  drain(&s);
  data_line_close(&s.line);
  oh_house_close(s.house);
  oh_outbox_fini(&s.out);
  return 0;
}
