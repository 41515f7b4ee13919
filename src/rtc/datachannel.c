// datachannel.c — see datachannel.h
#include "rtc/datachannel.h"
#include "base/check.h"
#include <stdlib.h>

enum { LIST_FIRST = 4, OPEN_BYTES_MAX = 12 + 2 * OH_CHANNEL_LABEL_MAX, PRIORITY_NORMAL = 256 };

struct channel {
  uint16_t stream;
  bool confirmed;            // confirmed: the peer knows it, so order is no longer needed to protect OPEN
  bool closing;              // our direction is being reset
  bool peer_ended, we_ended; // which directions have been
  bool unordered;
  int32_t max_retransmits, lifetime_ms;
};

struct oh_channels {
  struct oh_world *world;
  struct oh_sctp *sctp;
  struct channel *list;
  uint32_t count, cap;
  uint16_t next_stream; // where the search for a free number of ours starts
  bool dtls_client, ending;
  uint64_t refused[OH_SCTP_STREAMS_MAX / 64]; // numbers being reset that were never channels
};

struct oh_channels *oh_channels_open(struct oh_world *world, const struct oh_channels_config *config) {
  struct oh_channels *c = calloc(1, sizeof *c);
  OH_CHECK(c);
  c->world = world;
  c->dtls_client = config->dtls_client;
  c->next_stream = config->dtls_client ? 0 : 1;
  c->sctp = oh_sctp_open(world, &(struct oh_sctp_config){.send = config->send,
                                                         .ctx = config->ctx,
                                                         .zero_checksum = config->zero_checksum});
  return c;
}

void oh_channels_close(struct oh_channels *c) {
  if (!c) return;
  oh_sctp_close(c->sctp);
  free(c->list);
  free(c);
}

void oh_channels_connect(struct oh_channels *c, int64_t now_us) {
  oh_sctp_connect(c->sctp, now_us);
}
void oh_channels_recv(struct oh_channels *c, int64_t now_us, const uint8_t *packet, size_t len) {
  oh_sctp_recv(c->sctp, now_us, packet, len);
}
int64_t oh_channels_deadline(const struct oh_channels *c) {
  return oh_sctp_deadline(c->sctp);
}
void oh_channels_tick(struct oh_channels *c, int64_t now_us) {
  oh_sctp_tick(c->sctp, now_us);
}
const struct oh_sctp *oh_channels_sctp(const struct oh_channels *c) {
  return c->sctp;
}
size_t oh_channel_queued(const struct oh_channels *c, uint16_t channel) {
  return oh_sctp_queued(c->sctp, channel);
}

// ---- the list ----

static struct channel *find(const struct oh_channels *c, uint16_t stream) {
  for (uint32_t i = 0; i < c->count; i++)
    if (c->list[i].stream == stream) return &c->list[i];
  return NULL;
}

static struct channel *add(struct oh_channels *c, uint16_t stream, const struct oh_dcep_open *settings) {
  OH_CHECK(c->count < OH_CHANNELS_MAX);
  if (c->count == c->cap) {
    c->cap = c->cap ? c->cap * 2 : LIST_FIRST;
    c->list = realloc(c->list, c->cap * sizeof *c->list);
    OH_CHECK(c->list);
  }
  struct channel *channel = &c->list[c->count++];
  *channel = (struct channel){.stream = stream,
                              .unordered = settings->unordered,
                              .max_retransmits = settings->max_retransmits,
                              .lifetime_ms = settings->lifetime_ms};
  return channel;
}

static void drop(struct oh_channels *c, struct channel *channel) {
  *channel = c->list[--c->count];
}

// ---- sending ----

static bool send_dcep(struct oh_channels *c, int64_t now_us, uint16_t stream, const void *data, size_t len) {
  const struct oh_outbound_order order = {
      .ppid = OH_PPID_DCEP, .max_retransmits = -1, .expires_us = OH_NEVER};
  return oh_sctp_send(c->sctp, now_us, stream, &order, (struct oh_bytes){data, len});
}

static bool is_refused(const struct oh_channels *c, uint16_t stream) {
  return c->refused[stream / 64] >> (stream % 64) & 1;
}

int32_t oh_channel_open(struct oh_channels *c, int64_t now_us, const struct oh_dcep_open *settings) {
  if (!oh_sctp_up(c->sctp) || c->count == OH_CHANNELS_MAX) return -1;
  if (settings->label.len > OH_CHANNEL_LABEL_MAX || settings->protocol.len > OH_CHANNEL_LABEL_MAX) return -1;
  uint16_t stream = c->next_stream;
  while (find(c, stream) || is_refused(c, stream)) // at most OH_CHANNELS_MAX are taken: there is a free one
    stream = (uint16_t)((stream + 2) % OH_SCTP_STREAMS_MAX);
  uint8_t bytes[OPEN_BYTES_MAX];
  struct oh_writer w = oh_writer(bytes, sizeof bytes);
  struct oh_dcep_open open = *settings;
  if (!open.priority) open.priority = PRIORITY_NORMAL;
  oh_dcep_write_open(&w, &open);
  OH_CHECK(!w.failed);
  if (!send_dcep(c, now_us, stream, bytes, oh_writer_len(&w))) return -1;
  add(c, stream, settings);
  c->next_stream = (uint16_t)((stream + 2) % OH_SCTP_STREAMS_MAX);
  return stream;
}

static bool send_by(struct oh_channels *c, int64_t now_us, uint16_t number, bool text, struct oh_bytes data,
                    int64_t begin_by_us) {
  const struct channel *channel = find(c, number);
  if (!channel || channel->closing || data.len > OH_CHANNEL_MESSAGE_MAX) return false;
  static const uint8_t nothing[1];
  bool empty = data.len == 0;
  const struct oh_outbound_order order = {
      .ppid = text ? (empty ? OH_PPID_EMPTY_TEXT : OH_PPID_TEXT)
                   : (empty ? OH_PPID_EMPTY_BINARY : OH_PPID_BINARY),
      .unordered = channel->unordered && channel->confirmed,
      .max_retransmits = channel->max_retransmits,
      .expires_us = channel->lifetime_ms < 0 ? OH_NEVER : now_us + channel->lifetime_ms * 1000LL,
      .begin_by_us = begin_by_us};
  return oh_sctp_send(c->sctp, now_us, number, &order, empty ? (struct oh_bytes){nothing, 1} : data);
}

bool oh_channel_send(struct oh_channels *c, int64_t now_us, uint16_t number, bool text,
                     struct oh_bytes data) {
  return send_by(c, now_us, number, text, data, 0);
}

bool oh_channel_send_within(struct oh_channels *c, int64_t now_us, uint16_t number, struct oh_bytes data,
                            int64_t within_us) {
  return send_by(c, now_us, number, false, data, now_us + within_us);
}

void oh_channel_close(struct oh_channels *c, int64_t now_us, uint16_t number) {
  struct channel *channel = find(c, number);
  if (!channel || channel->closing) return;
  channel->closing = true;
  oh_sctp_reset(c->sctp, now_us, number);
}

// ---- events ----

static void refuse(struct oh_channels *c, int64_t now_us, uint16_t stream) {
  oh_count(&c->world->counters, OH_COUNT_channel_refused);
  if (find(c, stream)) return oh_channel_close(c, now_us, stream);
  c->refused[stream / 64] |= 1ull << (stream % 64);
  oh_sctp_reset(c->sctp, now_us, stream);
}

static bool on_open(struct oh_channels *c, int64_t now_us, const struct oh_sctp_event *from,
                    struct oh_channel_event *event) {
  struct oh_dcep_open open;
  bool fine = oh_dcep_read_open(&open, from->data.data, from->data.len) &&
              open.label.len <= OH_CHANNEL_LABEL_MAX && open.protocol.len <= OH_CHANNEL_LABEL_MAX;
  bool theirs = (from->stream % 2 == 0) != c->dtls_client;
  if (!fine || !theirs || find(c, from->stream) || is_refused(c, from->stream) ||
      c->count == OH_CHANNELS_MAX) {
    refuse(c, now_us, from->stream);
    return false;
  }
  static const uint8_t ack[1] = {OH_DCEP_ACK};
  // without room for the answer the channel works all the same: the first message says as much
  send_dcep(c, now_us, from->stream, ack, sizeof ack);
  struct channel *channel = add(c, from->stream, &open);
  channel->confirmed = true;
  *event = (struct oh_channel_event){.type = OH_CHANNEL_OPEN, .channel = from->stream, .settings = open};
  return true;
}

// RFC 8832 6: any message from the peer says that it knows the channel.
static bool confirm(struct channel *channel, struct oh_channel_event *event) {
  if (channel->confirmed) return false;
  channel->confirmed = true;
  *event = (struct oh_channel_event){.type = OH_CHANNEL_OPEN, .channel = channel->stream, .ours = true};
  return true;
}

static bool on_message(struct oh_channels *c, int64_t now_us, const struct oh_sctp_event *from,
                       struct oh_channel_event *event) {
  struct channel *channel = find(c, from->stream);
  if (from->ppid == OH_PPID_DCEP && from->data.data[0] != OH_DCEP_ACK) return on_open(c, now_us, from, event);
  bool text = from->ppid == OH_PPID_TEXT || from->ppid == OH_PPID_EMPTY_TEXT;
  bool empty = from->ppid == OH_PPID_EMPTY_TEXT || from->ppid == OH_PPID_EMPTY_BINARY;
  bool known = text || empty || from->ppid == OH_PPID_BINARY;
  if (channel && from->ppid == OH_PPID_DCEP) return confirm(channel, event);
  if (!channel || !known) {
    oh_count(&c->world->counters, OH_COUNT_channel_drop_message);
    return false;
  }
  channel->confirmed = true;
  *event = (struct oh_channel_event){
      .type = OH_CHANNEL_MESSAGE, .channel = from->stream, .text = text, .data = from->data};
  if (empty) event->data.len = 0;
  return true;
}

static bool settle(struct oh_channels *c, struct channel *channel, struct oh_channel_event *event) {
  if (!channel->peer_ended || !channel->we_ended) return false;
  *event = (struct oh_channel_event){.type = OH_CHANNEL_CLOSED, .channel = channel->stream};
  drop(c, channel);
  return true;
}

static bool on_end(struct oh_channels *c, int64_t now_us, const struct oh_sctp_event *from,
                   struct oh_channel_event *event) {
  struct channel *channel = find(c, from->stream);
  bool ours = from->type == OH_SCTP_STREAM_RESET;
  if (!channel) {
    if (ours) c->refused[from->stream / 64] &= ~(1ull << (from->stream % 64));
    return false;
  }
  if (ours)
    channel->we_ended = true;
  else
    channel->peer_ended = true;
  if (!ours) oh_channel_close(c, now_us, from->stream);
  return settle(c, channel, event);
}

void oh_channels_tell_window(struct oh_channels *c, int64_t now_us) {
  oh_sctp_tell_window(c->sctp, now_us);
}

bool oh_channels_next(struct oh_channels *c, int64_t now_us, struct oh_channel_event *event) {
  struct oh_sctp_event from;
  while (!c->ending && oh_sctp_next(c->sctp, &from)) {
    bool any = false;
    switch (from.type) {
    case OH_SCTP_UP: *event = (struct oh_channel_event){.type = OH_CHANNELS_UP}; return true;
    case OH_SCTP_RESTARTED: c->ending = true; break;
    case OH_SCTP_DOWN:
      *event = (struct oh_channel_event){.type = OH_CHANNELS_DOWN};
      c->count = 0;
      return true;
    case OH_SCTP_MESSAGE: any = on_message(c, now_us, &from, event); break;
    case OH_SCTP_STREAM_ENDED:
    case OH_SCTP_STREAM_RESET: any = on_end(c, now_us, &from, event); break;
    default: break;
    }
    if (any) return true;
  }
  if (!c->ending) return false;
  if (c->count) { // a restart closes all channels of the former life
    *event = (struct oh_channel_event){.type = OH_CHANNEL_CLOSED, .channel = c->list[0].stream};
    drop(c, &c->list[0]);
    return true;
  }
  memset(c->refused, 0, sizeof c->refused);
  c->ending = false;
  return oh_channels_next(c, now_us, event);
}
