// hub.c — the media hub as a machine: a script of datagrams, times and owner's calls. The STUN checks among
// them are given their true password, so that the fuzzer gets behind the first door. Script: steps of
// [kind][source][length, 2 bytes][bytes].
#include "rtc/hub.h"
#include "base/check.h"
#include "base/heap.h"
#include "rtc/identity.h"
#include "tests/sim/openssl_random.h"
#include "wire/stun.h"
#include <stdio.h>

static uint64_t state;
static void fill(void *ctx, void *buffer, size_t len) {
  (void)ctx;
  for (size_t i = 0; i < len; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    ((uint8_t *)buffer)[i] = (uint8_t)(state >> 56);
  }
}
static uint64_t sent_bytes;
static void count_sent(void *ctx, struct oh_outbox *out) {
  (void)ctx;
  for (uint32_t i = 0; i < out->used; i++)
    sent_bytes += out->slots[i].len;
}

static size_t check_for(struct oh_hub *hub, oh_id peer, uint8_t flags, uint8_t *out) {
  const char *pwd = oh_hub_local_pwd(hub, peer), *ufrag = oh_hub_local_ufrag(hub, peer);
  if (!pwd) return 0;
  char username[64];
  int n = snprintf(username, sizeof username, "%s:fuzz", ufrag);
  struct oh_stun_check check = {.username = {username, (size_t)n},
                                .priority = flags,
                                .controlling = !(flags & 2),
                                .use_candidate = flags & 1};
  fill(NULL, check.transaction, sizeof check.transaction);
  return oh_stun_write_check(&check, (struct oh_bytes){(const uint8_t *)pwd, strlen(pwd)}, out, 400);
}

static void drain(struct oh_hub *hub, struct oh_outbox *out, int64_t now_us) {
  struct oh_hub_event e;
  while (oh_hub_next(hub, &e)) {
    OH_CHECK(e.type != OH_HUB_CONNECTED && e.type != OH_HUB_RTP && e.type != OH_HUB_RTCP &&
             e.type != OH_HUB_DATA);
    if (e.type == OH_HUB_FAILED) oh_hub_remove(hub, now_us, e.peer, out);
  }
}

static void play(struct oh_hub *hub, oh_id peers[2], const uint8_t *data, size_t size,
                 struct oh_outbox *out) {
  struct oh_reader r = oh_reader(data, size);
  int64_t now_us = 1000000;
  for (int step = 0; step < 64 && oh_reader_left(&r) >= 4; step++) {
    uint8_t kind = oh_read_u8(&r), source = oh_read_u8(&r);
    uint16_t len = oh_read_u16_be(&r);
    if (kind % 8 != 4 && len > oh_reader_left(&r)) len = (uint16_t)oh_reader_left(&r);
    struct oh_bytes bytes = oh_read_bytes(&r, kind % 8 == 4 ? 0 : len); // time has no bytes
    struct oh_addr from = {.ip = {10, 0, 0, 1},
                           .port = (uint16_t)(1000 + source % 16),
                           .family = OH_ADDR_V4,
                           .proto = source & 0x80 ? OH_TCP : OH_UDP,
                           .stream = source & 0x80 ? source % 16u : 0};
    oh_id peer = peers[source >> 4 & 1];
    uint8_t *copy = malloc(bytes.len + 400);
    OH_CHECK(copy);
    if (bytes.len) memcpy(copy, bytes.data, bytes.len);
    struct oh_peer_remote remote = {.ufrag = "fuzz", .pwd = "abcdefghijklmnopqrstuv"};
    switch (kind % 8) {
    case 0:
    case 1: oh_hub_recv(hub, now_us, &from, copy, bytes.len, out); break;
    case 2:
    case 3: {
      size_t n = check_for(hub, peer, bytes.len ? bytes.data[0] : 0, copy);
      if (n) oh_hub_recv(hub, now_us, &from, copy, n, out);
      break;
    }
    case 4: now_us += (int64_t)len * 1000; break;
    case 5: oh_hub_restart(hub, now_us, peer); break;
    case 6: oh_hub_set_remote(hub, now_us, peer, &remote); break;
    default: oh_hub_stream_closed(hub, now_us, &from); break;
    }
    free(copy);
    drain(hub, out, now_us);
    for (int turn = 0; turn < 100 && oh_hub_deadline(hub) <= now_us; turn++) {
      oh_hub_tick(hub, now_us, out);
      drain(hub, out, now_us);
    }
    OH_CHECK(oh_hub_deadline(hub) > now_us); // it never spins
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct oh_identity *identity;
  static struct oh_random random = {.fill = fill};
  state = 1;
  if (!identity) {
    sim_openssl_random(&random);
    identity = oh_identity_open();
    OH_CHECK(identity);
  }
  static struct oh_world world;
  world = (struct oh_world){.random = random};
  struct oh_hub *hub = oh_hub_open(&world, identity, &(struct oh_hub_limits){.peers = 2, .handshakes = 1});
  oh_id peers[2] = {oh_hub_add(hub, 0, OH_PEER_SERVER), oh_hub_add(hub, 0, OH_PEER_SERVER)};
  struct oh_outbox out;
  oh_outbox_init(&out, count_sent, NULL);
  play(hub, peers, data, size, &out);
  oh_outbox_fini(&out);
  oh_hub_close(hub);
  return 0;
}
