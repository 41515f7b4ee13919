// peer.c — our side of the conformance tests: one request per line on standard input, one answer per line.
//
//   repack TYPE BASE64        bytes of a message → bytes we make of it
//   to-json TYPE BASE64       bytes → proto3 JSON
//   from-json TYPE BASE64     proto3 JSON → bytes
//   read-token KEY SECRET JWT → the claims as key=value pairs, or "error N detail"
//   write-token KEY SECRET IDENTITY ROOM → a JWT, valid for an hour
//   answer red|plain BASE64   an offer → our answer: its first recvonly audio sections are sent on, its
//   sendonly
//                             ones received, with RED wanted or not
//   offer                     → the offer a subscriber gets: two voices and data
// Bytes and JSON and SDP travel as base64. A request that fails is answered with "error …".
#include "agent.pb-c.h"
#include "base/base64.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "livekit/offer.h"
#include "livekit/token.h"
#include "packet.pb-c.h"
#include "room.pb-c.h"
#include "service.pb-c.h"
#include "signal.pb-c.h"
#include "webhook.pb-c.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const ProtobufCMessageDescriptor *const roots[] = {&livekit__signal_request__descriptor,
                                                          &livekit__signal_response__descriptor,
                                                          &livekit__data_packet__descriptor,
                                                          &livekit__join_request__descriptor,
                                                          &livekit__wrapped_join_request__descriptor,
                                                          &livekit__room_configuration__descriptor,
                                                          &livekit__room__descriptor,
                                                          &livekit__worker_message__descriptor,
                                                          &livekit__server_message__descriptor,
                                                          &livekit__webhook_event__descriptor,
                                                          &livekit__create_room_request__descriptor,
                                                          &livekit__list_rooms_request__descriptor,
                                                          &livekit__list_rooms_response__descriptor,
                                                          &livekit__delete_room_request__descriptor,
                                                          &livekit__delete_room_response__descriptor,
                                                          &livekit__list_participants_request__descriptor,
                                                          &livekit__list_participants_response__descriptor,
                                                          &livekit__room_participant_identity__descriptor,
                                                          &livekit__remove_participant_response__descriptor,
                                                          &livekit__mute_room_track_request__descriptor,
                                                          &livekit__mute_room_track_response__descriptor,
                                                          &livekit__update_participant_request__descriptor,
                                                          &livekit__update_subscriptions_request__descriptor,
                                                          &livekit__update_subscriptions_response__descriptor,
                                                          &livekit__send_data_request__descriptor,
                                                          &livekit__send_data_response__descriptor,
                                                          &livekit__update_room_metadata_request__descriptor,
                                                          &livekit__forward_participant_request__descriptor,
                                                          &livekit__forward_participant_response__descriptor,
                                                          &livekit__move_participant_request__descriptor,
                                                          &livekit__move_participant_response__descriptor,
                                                          &livekit__perform_rpc_request__descriptor,
                                                          &livekit__perform_rpc_response__descriptor,
                                                          &livekit__create_agent_dispatch_request__descriptor,
                                                          &livekit__delete_agent_dispatch_request__descriptor,
                                                          &livekit__list_agent_dispatch_request__descriptor,
                                                          &livekit__list_agent_dispatch_response__descriptor,
                                                          &livekit__stop_egress_request__descriptor,
                                                          &livekit__update_layout_request__descriptor,
                                                          &livekit__update_stream_request__descriptor,
                                                          &livekit__list_egress_request__descriptor,
                                                          &livekit__list_egress_response__descriptor,
                                                          &livekit__auto_participant_egress__descriptor};

// Types are found by their full name below one of the roots.
static const ProtobufCMessageDescriptor *find_below(const ProtobufCMessageDescriptor *type,
                                                    const char *name) {
  if (!strcmp(type->name, name)) return type;
  for (unsigned i = 0; i < type->n_fields; i++) {
    if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE) continue;
    const ProtobufCMessageDescriptor *found = find_below(type->fields[i].descriptor, name);
    if (found) return found;
  }
  return NULL;
}
static const ProtobufCMessageDescriptor *find_type(const char *name) {
  const ProtobufCMessageDescriptor *found = NULL;
  for (size_t i = 0; !found && i < sizeof roots / sizeof *roots; i++)
    found = find_below(roots[i], name);
  return found;
}

static void print_base64(struct oh_bytes bytes) {
  struct oh_text text;
  oh_text_init(&text, 1 << 24);
  oh_base64_write(&text, bytes, OH_BASE64_STANDARD);
  puts(text.data ? text.data : "");
  oh_text_fini(&text);
}
static void print_message(const ProtobufCMessage *message) {
  size_t len;
  uint8_t *packed = oh_message_write(message, &len);
  print_base64((struct oh_bytes){packed, len});
  free(packed);
}
static void print_json(const ProtobufCMessage *message) {
  struct oh_text json;
  oh_text_init(&json, 1 << 24);
  oh_json_write(&json, message, OH_JSON_CAMEL);
  print_base64((struct oh_bytes){(uint8_t *)json.data, json.len});
  oh_text_fini(&json);
}

static void convert(const char *verb, const char *name, struct oh_bytes in) {
  const ProtobufCMessageDescriptor *type = find_type(name);
  const char *why = "a bad message";
  ProtobufCMessage *message = NULL;
  if (!type)
    why = "an unknown type";
  else if (!strcmp(verb, "from-json"))
    message = oh_json_read(type, (struct oh_str){(const char *)in.data, in.len}, &why);
  else
    message = oh_message_read(type, in.data, in.len);
  if (!message)
    printf("error %s\n", why);
  else if (!strcmp(verb, "to-json"))
    print_json(message);
  else
    print_message(message);
  oh_message_free(message);
}

static int64_t unix_us(void) {
  return (int64_t)time(NULL) * 1000000;
}

static void read_token(const struct oh_key *key, const char *jwt) {
  struct oh_keys keys = {.items = key, .count = 1};
  struct oh_claims c;
  const char *detail;
  enum oh_token_error error = oh_token_read(oh_str(jwt), &keys, unix_us(), &c, &detail);
  if (error) {
    printf("error %d %s\n", error, detail);
  } else {
    printf("identity=%s\tname=%s\tmetadata=%s\tkind=%s\troom=%s\tsha256=%s\troomConfig=%s", c.identity,
           c.name, c.metadata, c.kind, c.video.room, c.sha256, c.room_config ? c.room_config : "");
    printf("\tjoin=%d\tadmin=%d\tpublish=%d\tsubscribe=%d\tdata=%d\thidden=%d\tupdate=%d\tsources=%u",
           c.video.room_join, c.video.room_admin, c.video.can_publish, c.video.can_subscribe,
           c.video.can_publish_data, c.video.hidden, c.video.can_update_own_metadata,
           c.video.can_publish_sources & ~OH_SOURCES_LISTED);
    for (size_t i = 0; i < c.attribute_count; i++)
      printf("\tattribute.%s=%s", c.attributes[2 * i], c.attributes[2 * i + 1]);
    puts("");
  }
  oh_claims_fini(&c);
}

static void write_token(const struct oh_key *key, const char *identity, const char *room) {
  struct oh_claims c;
  oh_claims_init(&c);
  free(c.identity);
  c.identity = oh_str_dup(oh_str(identity));
  free(c.video.room);
  c.video.room = oh_str_dup(oh_str(room));
  free(c.kind);
  c.kind = oh_str_dup(OH_STR("agent"));
  c.room_config = oh_str_dup(OH_STR("{\"agents\":[{\"agentName\":\"helper\"}]}"));
  oh_claims_set_attribute(&c, OH_STR("k"), OH_STR("v"));
  c.has_video = c.video.room_join = true;
  c.video.can_publish_data = false;
  c.video.can_publish_sources = OH_SOURCES_LISTED | 1u << 2;
  c.expires_unix_s = unix_us() / 1000000 + 3600;
  char *jwt = oh_token_write(&c, key);
  puts(jwt ? jwt : "error");
  free(jwt);
  oh_claims_fini(&c);
}

static const struct oh_addr candidates[] = {
    {.ip = {127, 0, 0, 1}, .port = 25999, .family = OH_ADDR_V4, .proto = OH_UDP},
    {.ip = {[15] = 1}, .port = 25999, .family = OH_ADDR_V6, .proto = OH_UDP},
    {.ip = {127, 0, 0, 1}, .port = 25998, .family = OH_ADDR_V4, .proto = OH_TCP}};
static const struct oh_local local = {.ufrag = "abcd1234",
                                      .pwd = "abcdefghijklmnopqrstuvwx",
                                      .fingerprint = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                                                     "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
                                      .candidates = candidates,
                                      .candidate_count = 3,
                                      .session_id = 4711,
                                      .version = 1,
                                      .lite = true};
static const char *const streams[] = {"PA_one|TR_one", "PA_two|TR_two"};
static const char *const tracks[] = {"TR_one", "TR_two"};

static void print_text(struct oh_text *text) {
  print_base64((struct oh_bytes){(uint8_t *)text->data, text->len});
  oh_text_fini(text);
}

static void answer(bool red, struct oh_str sdp) {
  struct oh_description *offer = malloc(sizeof *offer);
  const char *why = oh_description_read(offer, sdp);
  struct oh_plan plans[OH_SDP_SECTIONS_MAX] = {0};
  uint32_t voices = 0;
  for (size_t i = 0; !why && i < offer->section_count; i++) {
    plans[i] = (struct oh_plan){.receive = true, .want_red = red, .dtx = true};
    if (offer->sections[i].kind != OH_SDP_AUDIO || offer->sections[i].direction != OH_SDP_RECVONLY ||
        voices == 2)
      continue;
    plans[i].send = true;
    plans[i].ssrc = 1000 + voices;
    plans[i].stream_id = streams[voices];
    plans[i].track_id = tracks[voices++];
  }
  struct oh_text text;
  oh_text_init(&text, OH_SDP_MAX);
  if (!why && !oh_answer_write(&text, offer, &local, plans)) why = "no answer";
  if (why)
    printf("error %s\n", why);
  else
    print_text(&text);
  free(offer);
}

static void propose(void) {
  struct oh_proposal proposals[3] = {{.kind = OH_SDP_APPLICATION, .mid = "2"}};
  for (uint32_t i = 0; i < 2; i++)
    proposals[i] = (struct oh_proposal){.kind = OH_SDP_AUDIO,
                                        .mid = i ? "1" : "0",
                                        .direction = OH_SDP_SENDONLY,
                                        .red = true,
                                        .red_first = i == 1,
                                        .nack = true,
                                        .ssrc = 1000 + i,
                                        .stream_id = streams[i],
                                        .track_id = tracks[i]};
  proposals[2] = (struct oh_proposal){.kind = OH_SDP_APPLICATION, .mid = "2"};
  struct oh_text text;
  oh_text_init(&text, OH_SDP_MAX);
  if (oh_offer_write(&text, &local, proposals, 3))
    print_text(&text);
  else
    puts("error no offer");
}

static void serve(char *words[5], size_t count) {
  uint8_t *plain = malloc(oh_base64_bytes_max(strlen(words[count - 1])));
  size_t len;
  bool decoded = oh_base64_read(oh_str(words[count - 1]), OH_BASE64_STANDARD, plain, &len);
  struct oh_key key = {.id = count > 3 ? words[1] : "", .secret = count > 3 ? words[2] : ""};
  if (count == 4 && !strcmp(words[0], "read-token"))
    read_token(&key, words[3]);
  else if (count == 5 && !strcmp(words[0], "write-token"))
    write_token(&key, words[3], words[4]);
  else if (count == 3 && decoded && !strcmp(words[0], "answer"))
    answer(!strcmp(words[1], "red"), (struct oh_str){(char *)plain, len});
  else if (count == 3 && decoded)
    convert(words[0], words[1], (struct oh_bytes){plain, len});
  else if (count == 1 && !strcmp(words[0], "offer"))
    propose();
  else
    puts("error unknown request");
  fflush(stdout);
  free(plain);
}

int main(void) {
  static char line[1 << 22];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *words[5], *at = line;
    size_t count = 0;
    while (count < 5 && at)
      words[count++] = strsep(&at, " ");
    serve(words, count);
  }
  return 0;
}
