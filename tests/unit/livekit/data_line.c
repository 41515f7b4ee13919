// data_line.c — see data_line.h
#include "tests/unit/livekit/data_line.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include <stdlib.h>
#include <string.h>

enum { TURNS_MAX = 100000 }; // of one run; more means that both talk for ever

struct data_packet {
  struct data_packet *next;
  int client;
  bool to_house;
  size_t len;
  uint8_t bytes[];
};

static void put(struct data_line *line, int client, bool to_house, const uint8_t *bytes, size_t len) {
  OH_CHECK(len <= OH_SCTP_PACKET_MAX);
  struct data_packet *packet = malloc(sizeof *packet + len);
  OH_CHECK(packet);
  *packet = (struct data_packet){.client = client, .to_house = to_house, .len = len};
  memcpy(packet->bytes, bytes, len);
  if (line->last)
    line->last->next = packet;
  else
    line->first = packet;
  line->last = packet;
}

static struct data_packet *take(struct data_line *line) {
  struct data_packet *packet = line->first;
  if (packet) line->first = packet->next;
  if (!line->first) line->last = NULL;
  return packet;
}

static void from_house(void *ctx, oh_id peer, struct oh_bytes packet) {
  struct data_line *line = ctx;
  for (int i = 0; i < DATA_CLIENTS; i++)
    if (line->clients[i].peer == peer) put(line, i, false, packet.data, packet.len);
}

static void from_client(void *ctx, int64_t now_us, const uint8_t *packet, size_t len) {
  (void)now_us;
  struct data_client *client = ctx;
  client->bytes_out += len;
  put(client->line, (int)(client - client->line->clients), true, packet, len);
}

void data_line_open(struct data_line *line, struct oh_house *house, int64_t *now_us,
                    struct oh_random random) {
  *line = (struct data_line){.house = house, .now_us = now_us, .world.random = random};
  for (int i = 0; i < DATA_CLIENTS; i++)
    line->clients[i] = (struct data_client){.line = line, .reliable = -1, .lossy = -1, .data_track = -1};
  doubles.on_data = from_house;
  doubles.on_data_ctx = line;
}

void data_line_close(struct data_line *line) {
  doubles.on_data = NULL;
  for (int i = 0; i < DATA_CLIENTS; i++)
    oh_channels_close(line->clients[i].channels);
  for (struct data_packet *packet; (packet = take(line));)
    free(packet);
}

void data_line_connect(struct data_line *line, int client, oh_id peer, bool opens) {
  struct data_client *c = &line->clients[client];
  OH_CHECK(!c->channels && peer);
  c->peer = peer;
  c->opens = opens;
  c->channels = oh_channels_open(
      &line->world, &(struct oh_channels_config){.send = from_client, .ctx = c, .dtls_client = true});
  oh_channels_connect(c->channels, *line->now_us);
}

bool data_line_send(struct data_line *line, int client, bool lossy, struct oh_bytes message) {
  const struct data_client *c = &line->clients[client];
  int32_t channel = lossy ? c->lossy : c->reliable;
  return channel >= 0 && oh_channel_send(c->channels, *line->now_us, (uint16_t)channel, false, message);
}

bool data_line_send_track(struct data_line *line, int client, struct oh_bytes message) {
  const struct data_client *c = &line->clients[client];
  return c->data_track >= 0 &&
         oh_channel_send(c->channels, *line->now_us, (uint16_t)c->data_track, false, message);
}

static void open_channels(struct data_line *line, struct data_client *c) {
  struct oh_dcep_open settings = {.max_retransmits = -1, .lifetime_ms = -1, .label = OH_STR("_reliable")};
  c->reliable = oh_channel_open(c->channels, *line->now_us, &settings);
  settings.unordered = true;
  settings.max_retransmits = 0;
  settings.label = OH_STR("_lossy");
  c->lossy = oh_channel_open(c->channels, *line->now_us, &settings);
  settings.label = OH_STR("_data_track");
  c->data_track = oh_channel_open(c->channels, *line->now_us, &settings);
}

static void client_events(struct data_line *line, int client) {
  struct data_client *c = &line->clients[client];
  struct oh_channel_event event;
  while ((!c->slow || c->granted) && oh_channels_next(c->channels, *line->now_us, &event)) {
    if (event.type == OH_CHANNELS_UP && c->opens) open_channels(line, c);
    if (event.type == OH_CHANNEL_OPEN && oh_str_eq(event.settings.label, OH_STR("_reliable")))
      c->reliable = event.channel;
    if (event.type == OH_CHANNEL_OPEN && oh_str_eq(event.settings.label, OH_STR("_lossy")))
      c->lossy = event.channel;
    if (event.type == OH_CHANNEL_OPEN && oh_str_eq(event.settings.label, OH_STR("_data_track")))
      c->data_track = event.channel;
    if (event.type == OH_CHANNELS_DOWN) c->reliable = c->lossy = c->data_track = -1;
    if (event.type != OH_CHANNEL_MESSAGE) continue;
    c->granted -= c->slow;
    if (event.channel == c->data_track && line->on_track_packet)
      line->on_track_packet(line->ctx, client, event.data);
    else if (event.channel != c->data_track && line->on_message)
      line->on_message(line->ctx, client, event.channel == c->lossy, event.data);
  }
}

void data_line_read(struct data_line *line, int client, int messages) {
  line->clients[client].granted += messages;
  client_events(line, client);
  oh_channels_tell_window(line->clients[client].channels, *line->now_us);
}

static void deliver(struct data_line *line, struct data_packet *packet) {
  struct data_client *c = &line->clients[packet->client];
  if (packet->to_house) {
    if (line->alter) line->alter(line->ctx, packet->client, packet->bytes, packet->len);
    doubles_raise_data(c->peer, (struct oh_bytes){packet->bytes, packet->len});
    oh_house_tick(line->house, *line->now_us);
  } else {
    oh_channels_recv(c->channels, *line->now_us, packet->bytes, packet->len);
    client_events(line, packet->client);
  }
}

static int64_t next_deadline(const struct data_line *line) {
  int64_t at_us = oh_house_deadline(line->house);
  for (int i = 0; i < DATA_CLIENTS; i++) {
    const struct oh_channels *channels = line->clients[i].channels;
    if (channels && oh_channels_deadline(channels) < at_us) at_us = oh_channels_deadline(channels);
  }
  return at_us;
}

void data_line_run(struct data_line *line, int64_t us) {
  int64_t end_us = *line->now_us + us;
  for (int turns = 0;; turns++) {
    OH_CHECK(turns < TURNS_MAX);
    struct data_packet *packet = take(line);
    if (packet) {
      deliver(line, packet);
      free(packet);
      continue;
    }
    int64_t at_us = next_deadline(line);
    if (at_us > end_us) break;
    if (at_us > *line->now_us) *line->now_us = at_us;
    oh_house_tick(line->house, *line->now_us);
    for (int i = 0; i < DATA_CLIENTS; i++) {
      struct oh_channels *channels = line->clients[i].channels;
      if (!channels || oh_channels_deadline(channels) > *line->now_us) continue;
      oh_channels_tick(channels, *line->now_us);
      client_events(line, i);
    }
  }
  *line->now_us = end_us;
}
