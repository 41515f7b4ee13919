// data.c — see data.h
#include "livekit/data.h"
#include "base/check.h"
#include "livekit/message.h"
#include "livekit/rpc.h"

struct oh_held { // a reliable packet for somebody whose channel is not open yet
  struct oh_held *next;
  size_t len;
  uint8_t bytes[];
};

// ---- to one participant ----

static enum oh_target data_target(const struct oh_participant *p) {
  return p->single || !p->subscriber_primary ? OH_PUBLISHER : OH_SUBSCRIBER;
}

const struct oh_transport *oh_data_transport(const struct oh_participant *p) {
  return &p->transports[data_target(p)];
}

static void hold(struct oh_house *house, struct oh_participant *to, struct oh_bytes bytes) {
  if (to->held_bytes + bytes.len > OH_DATA_HELD_MAX) {
    oh_count(&house->world->counters, OH_COUNT_sctp_drop_unsent);
    return;
  }
  struct oh_held *held = malloc(sizeof *held + bytes.len);
  OH_CHECK(held);
  held->next = NULL;
  held->len = bytes.len;
  memcpy(held->bytes, bytes.data, bytes.len);
  if (to->held_last)
    to->held_last->next = held;
  else
    to->held = held;
  to->held_last = held;
  to->held_bytes += bytes.len;
}

void oh_data_forget(struct oh_participant *p) {
  while (p->held) {
    struct oh_held *held = p->held;
    p->held = held->next;
    free(held);
  }
  p->held_last = NULL;
  p->held_bytes = 0;
}

static void release_held(int64_t now_us, struct oh_participant *p, const struct oh_transport *transport) {
  for (const struct oh_held *held = p->held; held; held = held->next)
    oh_channel_send(transport->channels, now_us, (uint16_t)transport->reliable, false,
                    (struct oh_bytes){held->bytes, held->len});
  oh_data_forget(p);
}

static void send_to(struct oh_house *house, int64_t now_us, struct oh_participant *to, bool lossy,
                    struct oh_bytes bytes) {
  const struct oh_transport *transport = &to->transports[data_target(to)];
  int32_t channel = !transport->channels ? -1 : lossy ? transport->lossy : transport->reliable;
  if (channel >= 0)
    oh_channel_send(transport->channels, now_us, (uint16_t)channel, false, bytes);
  else if (!lossy)
    hold(house, to, bytes);
  oh_participant_schedule(house, to);
}

// ---- from one to the others ----

static bool is_agent(const struct oh_participant *p) {
  return p->kind == LIVEKIT__PARTICIPANT_INFO__KIND__AGENT;
}

static bool addressed(const Livekit__DataPacket *packet, const struct oh_participant *to) {
  if (packet->value_case == LIVEKIT__DATA_PACKET__VALUE_METRICS && !to->claims.video.can_subscribe_metrics)
    return false;
  const Livekit__UserPacket *user =
      packet->value_case == LIVEKIT__DATA_PACKET__VALUE_USER ? packet->user : NULL;
  size_t sids = user ? user->n_destination_sids : 0;
  if (packet->n_destination_identities == 0 && sids == 0) return true;
  for (size_t i = 0; i < packet->n_destination_identities; i++)
    if (strcmp(packet->destination_identities[i], to->claims.identity) == 0) return true;
  for (size_t i = 0; i < sids; i++)
    if (strcmp(user->destination_sids[i], to->sid.text) == 0) return true;
  return false;
}

void oh_data_charge(const struct oh_house *house, int64_t now_us, struct oh_participant *from,
                    uint32_t copies, size_t len) {
  if (house->config.data_packets_per_s == 0) return;
  int64_t packets = (int64_t)copies * (int64_t)(1 + len / OH_DATA_PACKET_BYTES);
  if (from->data_paid_us < now_us) from->data_paid_us = now_us;
  from->data_paid_us += packets * 1000000 / house->config.data_packets_per_s;
}

// `from`: who gets none and pays for the copies, or NULL.
static void fan_out(struct oh_house *house, int64_t now_us, struct oh_room *room, struct oh_participant *from,
                    const Livekit__DataPacket *packet, bool lossy) {
  size_t len;
  uint8_t *bytes = oh_message_write(&packet->base, &len);
  uint32_t copies = 0;
  for (struct oh_participant *to = room->participants; to; to = to->next) {
    bool there = to->state == LIVEKIT__PARTICIPANT_INFO__STATE__ACTIVE ||
                 (!lossy && to->state == LIVEKIT__PARTICIPANT_INFO__STATE__JOINED);
    if (to == from || to->resident || !there || !addressed(packet, to)) continue;
    send_to(house, now_us, to, lossy, (struct oh_bytes){bytes, len});
    copies++;
  }
  if (from) oh_data_charge(house, now_us, from, copies, len);
  free(bytes);
}

// A retried request to send carries the nonce of the first: true if it came before.
static bool repeated(struct oh_room *room, ProtobufCBinaryData nonce) {
  if (nonce.len != OH_DATA_NONCE_BYTES) return false;
  if (!room->nonces) room->nonces = calloc(OH_DATA_NONCES, OH_DATA_NONCE_BYTES);
  OH_CHECK(room->nonces);
  for (uint32_t i = 0; i < room->nonce_count && i < OH_DATA_NONCES; i++)
    if (memcmp(room->nonces + i * OH_DATA_NONCE_BYTES, nonce.data, OH_DATA_NONCE_BYTES) == 0) return true;
  memcpy(room->nonces + room->nonce_count++ % OH_DATA_NONCES * OH_DATA_NONCE_BYTES, nonce.data,
         OH_DATA_NONCE_BYTES);
  if (room->nonce_count == 2 * OH_DATA_NONCES) room->nonce_count = OH_DATA_NONCES;
  return false;
}

// Agents publish what users said as those users: then the identity stays, and it is marked as made up.
static bool speaks_for_another(const struct oh_participant *p, const Livekit__DataPacket *packet) {
  const char *as = packet->participant_identity;
  return is_agent(p) && as && *as && strcmp(as, p->claims.identity) != 0;
}

// Works on copies of the levels it changes: what they point to still belongs to `packet`.
static void forward(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                    const Livekit__DataPacket *packet, bool lossy) {
  Livekit__DataPacket out = *packet;
  Livekit__UserPacket user;
  Livekit__ChatMessage chat;
  Livekit__DataStream__Header header;
  Livekit__DataStream__TextHeader text;
  char *identity = p->claims.video.hidden ? (char *)"" : p->claims.identity;
  bool other = false;
  switch (packet->value_case) {
  case LIVEKIT__DATA_PACKET__VALUE_USER:
    user = *packet->user;
    if (repeated(p->room, user.nonce)) return;
    user.participant_identity = identity;
    user.participant_sid = p->claims.video.hidden ? (char *)"" : p->sid.text;
    if (out.n_destination_identities == 0) { // older clients name them inside, newer ones outside
      out.n_destination_identities = user.n_destination_identities;
      out.destination_identities = user.destination_identities;
    } else {
      user.n_destination_identities = out.n_destination_identities;
      user.destination_identities = out.destination_identities;
    }
    out.user = &user;
    break;
  case LIVEKIT__DATA_PACKET__VALUE_TRANSCRIPTION:
    if (!is_agent(p)) return;
    break;
  case LIVEKIT__DATA_PACKET__VALUE_METRICS:
    oh_metrics_normalise(&p->metrics_clock, oh_unix_us(house->world, now_us), packet->metrics);
    break;
  case LIVEKIT__DATA_PACKET__VALUE_CHAT_MESSAGE:
    if (!(other = speaks_for_another(p, packet))) break;
    chat = *packet->chat_message;
    chat.generated = true;
    out.chat_message = &chat;
    break;
  case LIVEKIT__DATA_PACKET__VALUE_STREAM_HEADER:
    header = *packet->stream_header;
    if (header.content_header_case != LIVEKIT__DATA_STREAM__HEADER__CONTENT_HEADER_TEXT_HEADER) break;
    if (!(other = speaks_for_another(p, packet))) break;
    text = *header.text_header;
    text.generated = true;
    header.text_header = &text;
    out.stream_header = &header;
    break;
  default: break;
  }
  if (!other) out.participant_identity = identity;
  out.participant_sid = p->sid.text;
  out.kind = lossy ? LIVEKIT__DATA_PACKET__KIND__LOSSY : LIVEKIT__DATA_PACKET__KIND__RELIABLE;
  fan_out(house, now_us, p->room, p, &out, lossy);
}

static bool may_send(struct oh_house *house, const struct oh_participant *p) {
  if (p->claims.video.can_publish_data && p->state != LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED)
    return true;
  oh_count(&house->world->counters, OH_COUNT_data_drop_permission);
  return false;
}

// What comes on a channel of another name knows nothing of packets: it is the payload of one.
static void on_raw(struct oh_house *house, int64_t now_us, struct oh_participant *p, struct oh_bytes bytes) {
  if (!may_send(house, p)) return;
  if (bytes.len > OH_DATA_MESSAGE_MAX) { // in a packet it would be too large for most clients
    oh_count(&house->world->counters, OH_COUNT_data_drop_malformed);
    return;
  }
  oh_count(&house->world->counters, OH_COUNT_data_received);
  Livekit__UserPacket user = LIVEKIT__USER_PACKET__INIT;
  user.payload = (ProtobufCBinaryData){bytes.len, (uint8_t *)bytes.data};
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_USER;
  packet.user = &user;
  forward(house, now_us, p, &packet, false);
}

static void on_message(struct oh_house *house, int64_t now_us, struct oh_participant *p, bool lossy,
                       struct oh_bytes bytes) {
  if (!may_send(house, p)) return;
  Livekit__DataPacket *packet =
      (Livekit__DataPacket *)oh_message_read(&livekit__data_packet__descriptor, bytes.data, bytes.len);
  if (!packet) {
    oh_count(&house->world->counters, OH_COUNT_data_drop_malformed);
    return;
  }
  // after a resume clients send again what we may have had
  bool old = !lossy && packet->sequence && packet->sequence <= p->data_sequence;
  if (!lossy && packet->sequence > p->data_sequence) p->data_sequence = packet->sequence;
  if (!old) oh_count(&house->world->counters, OH_COUNT_data_received);
  if (!old && !oh_rpc_recv(now_us, p, packet)) forward(house, now_us, p, packet, lossy);
  oh_message_free(packet);
}

bool oh_data_send(struct oh_house *house, int64_t now_us, struct oh_room *room,
                  const Livekit__SendDataRequest *request) {
  bool lossy = request->kind == LIVEKIT__DATA_PACKET__KIND__LOSSY;
  Livekit__UserPacket user = LIVEKIT__USER_PACKET__INIT;
  user.payload = request->data;
  user.n_destination_sids = request->n_destination_sids;
  user.destination_sids = request->destination_sids;
  user.n_destination_identities = request->n_destination_identities;
  user.destination_identities = request->destination_identities;
  user.nonce = request->nonce;
  if (request->_topic_case == LIVEKIT__SEND_DATA_REQUEST___TOPIC_TOPIC) {
    user._topic_case = LIVEKIT__USER_PACKET___TOPIC_TOPIC;
    user.topic = request->topic;
  }
  Livekit__DataPacket packet = LIVEKIT__DATA_PACKET__INIT;
  packet.kind = lossy ? LIVEKIT__DATA_PACKET__KIND__LOSSY : LIVEKIT__DATA_PACKET__KIND__RELIABLE;
  packet.n_destination_identities = request->n_destination_identities;
  packet.destination_identities = request->destination_identities;
  packet.value_case = LIVEKIT__DATA_PACKET__VALUE_USER;
  packet.user = &user;
  if (protobuf_c_message_get_packed_size(&packet.base) > OH_DATA_MESSAGE_MAX) return false;
  if (!repeated(room, request->nonce)) fan_out(house, now_us, room, NULL, &packet, lossy);
  return true;
}

void oh_data_send_one(struct oh_house *house, int64_t now_us, struct oh_participant *to,
                      const Livekit__DataPacket *packet) {
  size_t len;
  uint8_t *bytes = oh_message_write(&packet->base, &len);
  send_to(house, now_us, to, false, (struct oh_bytes){bytes, len});
  free(bytes);
}

// ---- channels ----

static void send_sctp(void *ctx, int64_t now_us, const uint8_t *packet, size_t len) {
  const struct oh_transport *transport = ctx;
  struct oh_house *house = transport->house;
  oh_hub_send_data(house->hub, now_us, transport->peer, packet, len, house->out);
}

// On a subscriber connection the channels are ours to open (facts/LIVEKIT.md 3.8.1).
static void open_ours(int64_t now_us, struct oh_transport *transport) {
  struct oh_dcep_open settings = {.max_retransmits = -1, .lifetime_ms = -1, .label = OH_STR("_reliable")};
  transport->reliable = oh_channel_open(transport->channels, now_us, &settings);
  settings.unordered = true;
  settings.max_retransmits = 0;
  settings.label = OH_STR("_lossy");
  transport->lossy = oh_channel_open(transport->channels, now_us, &settings);
  settings.label = OH_STR("_data_track");
  transport->data_track = oh_channel_open(transport->channels, now_us, &settings);
}

static void by_channel(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                       const struct oh_transport *transport, const struct oh_channel_event *event) {
  bool lossy = event->channel == transport->lossy, track = event->channel == transport->data_track;
  if (!lossy && !track && event->channel != transport->reliable)
    on_raw(house, now_us, p, event->data);
  else if (event->text) // no client of LiveKit's says anything in words here
    oh_count(&house->world->counters, OH_COUNT_channel_drop_message);
  else if (track)
    oh_data_track_recv(house, now_us, p, event->data);
  else
    on_message(house, now_us, p, lossy, event->data);
}

static void on_event(struct oh_house *house, int64_t now_us, struct oh_participant *p, enum oh_target target,
                     const struct oh_channel_event *event) {
  struct oh_transport *transport = &p->transports[target];
  switch (event->type) {
  case OH_CHANNELS_UP:
    if (target == OH_SUBSCRIBER) open_ours(now_us, transport);
    break;
  case OH_CHANNEL_OPEN:
    if (event->ours) break;
    if (oh_str_eq(event->settings.label, OH_STR("_reliable"))) transport->reliable = event->channel;
    if (oh_str_eq(event->settings.label, OH_STR("_lossy"))) transport->lossy = event->channel;
    if (oh_str_eq(event->settings.label, OH_STR("_data_track"))) transport->data_track = event->channel;
    break;
  case OH_CHANNEL_MESSAGE: by_channel(house, now_us, p, transport, event); break;
  case OH_CHANNEL_CLOSED:
    if (event->channel == transport->reliable) transport->reliable = -1;
    if (event->channel == transport->lossy) transport->lossy = -1;
    if (event->channel == transport->data_track) transport->data_track = -1;
    break;
  case OH_CHANNELS_DOWN: transport->reliable = transport->lossy = transport->data_track = -1; break;
  }
  if (target == data_target(p) && p->held && transport->reliable >= 0) release_held(now_us, p, transport);
}

// ---- fast senders, slow readers: they do not lose, they wait ----

// Notes whether somebody has more waiting than they take in time. Who takes less than a step of it within the
// patience holds up nobody any more, and loses what finds no room.
static bool is_behind(int64_t now_us, struct oh_participant *reader) {
  struct oh_transport *transport = &reader->transports[data_target(reader)];
  if (!transport->channels) return false;
  struct oh_sctp_stats stats;
  oh_sctp_read_stats(oh_channels_sctp(transport->channels), &stats);
  if (transport->data_track >= 0) // nobody waits for those who are too slow for data tracks
    stats.queued_bytes -= oh_channel_queued(transport->channels, (uint16_t)transport->data_track);
  bool behind = transport->behind_since_us;
  if (stats.queued_bytes < OH_DATA_CAUGHT_UP) {
    transport->behind_since_us = 0;
  } else if (behind ? stats.queued_bytes + OH_DATA_STEP <= transport->behind_bytes
                    : stats.queued_bytes > OH_DATA_BEHIND) {
    transport->behind_since_us = now_us;
    transport->behind_bytes = stats.queued_bytes;
  }
  return transport->behind_since_us && now_us - transport->behind_since_us < OH_DATA_PATIENCE_US;
}

static bool must_wait(int64_t now_us, const struct oh_participant *sender) {
  for (struct oh_participant *p = sender->room->participants; p; p = p->next)
    if (p != sender && !p->resident && is_behind(now_us, p)) return true;
  return false;
}

// When to look again after what a sender has to wait for; 0: it may go on.
static int64_t wait_until_us(int64_t now_us, const struct oh_participant *sender) {
  if (sender->data_paid_us > now_us + OH_DATA_BURST_US) return sender->data_paid_us - OH_DATA_BURST_US;
  return must_wait(now_us, sender) ? now_us + OH_DATA_PATIENCE_US : 0;
}

static void drain(struct oh_house *house, int64_t now_us, struct oh_participant *p, enum oh_target target) {
  struct oh_transport *transport = &p->transports[target];
  struct oh_channel_event event;
  int64_t until_us;
  while (!(until_us = wait_until_us(now_us, p)) && oh_channels_next(transport->channels, now_us, &event))
    on_event(house, now_us, p, target, &event);
  if (!until_us) {
    transport->held_until_us = 0;
    oh_channels_tell_window(transport->channels, now_us);
  } else if (!transport->held_until_us) {
    oh_count(&house->world->counters, OH_COUNT_data_held_up);
    transport->held_until_us = until_us;
  }
}

// Somebody has caught up: who was held up goes on.
static void let_go_on(struct oh_house *house, int64_t now_us, struct oh_room *room) {
  for (struct oh_participant *p = room->participants; p; p = p->next) {
    for (int i = 0; i < OH_TARGETS; i++)
      if (p->transports[i].held_until_us) drain(house, now_us, p, (enum oh_target)i);
    oh_participant_schedule(house, p);
  }
}

void oh_data_recv(struct oh_house *house, int64_t now_us, struct oh_participant *p, enum oh_target target,
                  struct oh_bytes packet) {
  struct oh_transport *transport = &p->transports[target];
  if (!transport->channels) {
    transport->house = house;
    transport->reliable = transport->lossy = transport->data_track = -1;
    // the remote is the DTLS client: we answer passive and offer actpass, which browsers answer active
    transport->channels = oh_channels_open(
        house->world,
        &(struct oh_channels_config){.send = send_sctp, .ctx = transport, .zero_checksum = true});
  }
  bool was_behind = transport->behind_since_us != 0;
  oh_channels_recv(transport->channels, now_us, packet.data, packet.len);
  drain(house, now_us, p, target);
  if (was_behind && !is_behind(now_us, p)) let_go_on(house, now_us, p->room);
}

int64_t oh_data_deadline(const struct oh_participant *p) {
  int64_t first_us = OH_NEVER;
  for (int i = 0; i < OH_TARGETS; i++) {
    const struct oh_transport *transport = &p->transports[i];
    if (!transport->channels) continue;
    first_us = oh_earlier(first_us, oh_channels_deadline(transport->channels));
    if (transport->held_until_us) first_us = oh_earlier(first_us, transport->held_until_us);
  }
  return first_us;
}

void oh_data_tick(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  for (int i = 0; i < OH_TARGETS; i++) {
    struct oh_transport *transport = &p->transports[i];
    if (!transport->channels) continue;
    bool due = oh_channels_deadline(transport->channels) <= now_us;
    if (due) oh_channels_tick(transport->channels, now_us);
    bool waited = transport->held_until_us && transport->held_until_us <= now_us;
    if (waited) transport->held_until_us = 0; // a new term, if another one is behind by now
    if (due || waited) drain(house, now_us, p, (enum oh_target)i);
  }
}
