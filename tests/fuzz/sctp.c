// sctp.c — data channels as a machine: a script of packets from a hostile peer, times, and the owner's calls.
// Checksums are off and the peer's tag is put in, so that the fuzzer gets behind the first doors; the
// handshake is made for it when it asks. Script: steps of [kind][argument][length, 2 bytes][bytes].
#include "base/check.h"
#include "rtc/datachannel.h"
#include "tests/fuzz/repeatable.h"
#include <stdlib.h>

enum { PEER_TAG = 0x01020304 };

struct play {
  struct oh_world world;
  struct oh_channels *channels;
  uint64_t random;
  uint32_t our_tag, our_tsn, our_last_tsn;
  uint8_t cookie[128];
  size_t cookie_len;
  uint64_t received_bytes, sent_bytes;
};

// What the association sends: learnt from, as a peer would.
static void take(void *ctx, int64_t now_us, const uint8_t *bytes, size_t len) {
  (void)now_us;
  struct play *p = ctx;
  p->sent_bytes += len;
  struct oh_sctp_packet packet;
  OH_CHECK(len <= OH_SCTP_PACKET_MAX && oh_sctp_read(&packet, bytes, len));
  struct oh_reader r = oh_reader(packet.chunks.data, packet.chunks.len);
  struct oh_sctp_chunk chunk;
  int chunks = 0;
  while (oh_sctp_next_chunk(&r, &chunk)) {
    chunks++;
    struct oh_sctp_init init;
    struct oh_sctp_data data;
    if ((chunk.type == OH_SCTP_INIT || chunk.type == OH_SCTP_INIT_ACK) &&
        oh_sctp_read_init(&init, chunk.value)) {
      p->our_tag = init.tag;
      p->our_tsn = init.tsn;
      p->cookie_len = init.cookie.len < sizeof p->cookie ? init.cookie.len : 0;
      if (p->cookie_len) memcpy(p->cookie, init.cookie.data, p->cookie_len);
    }
    if (chunk.type == OH_SCTP_DATA && oh_sctp_read_data(&data, &chunk)) p->our_last_tsn = data.tsn;
  }
  OH_CHECK(!r.failed && chunks > 0);
}

static void drain(struct play *p, int64_t now_us) {
  struct oh_channel_event e;
  while (oh_channels_next(p->channels, now_us, &e)) {
    if (e.type == OH_CHANNEL_MESSAGE) oh_channel_send(p->channels, now_us, e.channel, e.text, e.data);
    if (e.type == OH_CHANNEL_MESSAGE) OH_CHECK(e.data.len <= OH_CHANNEL_MESSAGE_MAX);
    OH_CHECK(e.channel < OH_SCTP_STREAMS_MAX);
  }
  struct oh_sctp_stats stats;
  oh_sctp_read_stats(oh_channels_sctp(p->channels), &stats);
  OH_CHECK(stats.queued_bytes <= OH_SCTP_SEND_MAX);
  OH_CHECK(stats.receive_bytes <= OH_SCTP_RECEIVE_MAX + OH_CHANNEL_MESSAGE_MAX + 70000);
}

static void deliver(struct play *p, int64_t now_us, uint32_t tag, struct oh_bytes chunks) {
  size_t len = OH_SCTP_HEADER + chunks.len;
  uint8_t *packet = malloc(len);
  OH_CHECK(packet);
  struct oh_writer w = oh_writer(packet, len);
  oh_sctp_write(&w, OH_SCTP_PORT, OH_SCTP_PORT, tag);
  oh_write_bytes(&w, chunks.data, chunks.len);
  oh_channels_recv(p->channels, now_us, packet, len);
  free(packet);
  drain(p, now_us);
}

static void shake_hands(struct play *p, int64_t now_us, uint32_t peer_tsn) {
  uint8_t bytes[256];
  struct oh_writer w = oh_writer(bytes, sizeof bytes);
  struct oh_sctp_init init = {.tag = PEER_TAG,
                              .tsn = peer_tsn,
                              .window = 100000,
                              .streams_out = 65535,
                              .streams_in = 65535,
                              .forward_tsn = true,
                              .reconfig = true,
                              .zero_checksum = true};
  oh_sctp_write_init(&w, OH_SCTP_INIT, &init);
  deliver(p, now_us, 0, (struct oh_bytes){bytes, oh_writer_len(&w)});
  w = oh_writer(bytes, sizeof bytes);
  uint8_t *chunk = oh_sctp_open_chunk(&w, OH_SCTP_COOKIE_ECHO, 0);
  oh_write_bytes(&w, p->cookie, p->cookie_len);
  oh_sctp_close_chunk(&w, chunk);
  // a COOKIE ECHO is read with its sum only if it has one
  deliver(p, now_us, p->our_tag, (struct oh_bytes){bytes, oh_writer_len(&w)});
}

// DATA from the script with the TSN near what comes next: [offset][flags][stream, 2][sequence,
// 2][ppid][payload]
static void send_data(struct play *p, int64_t now_us, uint32_t *tsn, struct oh_bytes script) {
  struct oh_reader r = oh_reader(script.data, script.len);
  uint8_t offset = oh_read_u8(&r);
  struct oh_sctp_data data = {.flags = oh_read_u8(&r) & 15};
  data.stream = oh_read_u16_be(&r);
  data.sequence = oh_read_u16_be(&r);
  data.ppid = oh_read_u8(&r);
  data.payload = oh_read_bytes(&r, oh_reader_left(&r));
  data.tsn = *tsn + (offset < 200 ? offset : (uint32_t)offset * 100);
  if (offset == 0) ++*tsn;
  uint8_t bytes[2100];
  struct oh_writer w = oh_writer(bytes, sizeof bytes);
  oh_sctp_write_data(&w, &data);
  if (!w.failed) deliver(p, now_us, p->our_tag, (struct oh_bytes){bytes, oh_writer_len(&w)});
}

// SACK from the script, around what we have sent: [back][window, 4][gaps].
static void send_sack(struct play *p, int64_t now_us, struct oh_bytes script) {
  struct oh_reader r = oh_reader(script.data, script.len);
  uint32_t back = oh_read_u8(&r), window = oh_read_u32_be(&r);
  struct oh_bytes gaps = oh_read_bytes(&r, oh_reader_left(&r) & ~(size_t)3);
  uint8_t bytes[2100];
  struct oh_writer w = oh_writer(bytes, sizeof bytes);
  uint8_t *chunk = oh_sctp_open_chunk(&w, OH_SCTP_SACK, 0);
  oh_write_u32_be(&w, (p->our_last_tsn ? p->our_last_tsn : p->our_tsn - 1) - back);
  oh_write_u32_be(&w, window);
  oh_write_u16_be(&w, (uint16_t)(gaps.len / 4));
  oh_write_u16_be(&w, 0);
  oh_write_bytes(&w, gaps.data, gaps.len);
  oh_sctp_close_chunk(&w, chunk);
  if (!w.failed) deliver(p, now_us, p->our_tag, (struct oh_bytes){bytes, oh_writer_len(&w)});
}

static void own_call(struct play *p, int64_t now_us, uint8_t argument, struct oh_bytes bytes) {
  static const uint8_t long_message[5000];
  uint16_t channel = argument / 8;
  struct oh_dcep_open settings = {.unordered = argument & 8,
                                  .max_retransmits = argument & 16 ? 0 : -1,
                                  .lifetime_ms = argument & 32 ? 50 : -1,
                                  .label = {(const char *)bytes.data, bytes.len}};
  switch (argument % 8) {
  case 0: oh_channel_open(p->channels, now_us, &settings); break;
  case 1: oh_channel_send(p->channels, now_us, channel, true, bytes); break;
  case 2:
  case 3:
    oh_channel_send(p->channels, now_us, channel, false,
                    (struct oh_bytes){long_message, sizeof long_message});
    break;
  case 4: oh_channel_close(p->channels, now_us, channel); break;
  default: oh_channels_connect(p->channels, now_us); break;
  }
  drain(p, now_us);
}

static void run(struct play *p, const uint8_t *data, size_t size) {
  struct oh_reader r = oh_reader(data, size);
  int64_t now_us = 1000000;
  uint32_t tsn = 100;
  for (int step = 0; step < 200 && oh_reader_left(&r) >= 4; step++) {
    uint8_t kind = oh_read_u8(&r), argument = oh_read_u8(&r);
    uint16_t len = oh_read_u16_be(&r);
    bool time = kind % 8 == 5;
    size_t take_len = time ? 0 : len > oh_reader_left(&r) ? oh_reader_left(&r) : len;
    struct oh_bytes bytes = oh_read_bytes(&r, take_len);
    switch (kind % 8) {
    case 0: shake_hands(p, now_us, tsn); break;
    case 1: deliver(p, now_us, argument ? p->our_tag : 0, bytes); break;
    case 2:
    case 3: send_data(p, now_us, &tsn, bytes); break;
    case 4: send_sack(p, now_us, bytes); break;
    case 5: now_us += (int64_t)len * 1000; break;
    default: own_call(p, now_us, argument, bytes); break;
    }
    for (int turn = 0; turn < 50 && oh_channels_deadline(p->channels) <= now_us; turn++) {
      oh_channels_tick(p->channels, now_us);
      drain(p, now_us);
    }
    OH_CHECK(oh_channels_deadline(p->channels) > now_us); // it never spins
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct play *p = calloc(1, sizeof *p);
  OH_CHECK(p);
  p->random = 1;
  p->world.random = (struct oh_random){.fill = fill, .ctx = &p->random};
  p->channels = oh_channels_open(&p->world,
                                 &(struct oh_channels_config){.send = take, .ctx = p, .zero_checksum = true});
  run(p, data, size);
  oh_channels_close(p->channels);
  free(p);
  return 0;
}
