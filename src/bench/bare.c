// bare.c — see bare.h
#include "bench/bare.h"
#include "base/check.h"
#include "bench/lanes.h"
#include "io/clock.h"
#include "rtc/srtp.h"
#include "wire/rtp.h"
#include "wire/rtpext.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH OH_OUTBOX_SLOTS
#define SSRC 0x1000u
#define BUFFER (4 * 1024 * 1024) // as the server's media socket

// Everybody's SRTP key: what is measured is the work, there is no secret.
static const uint8_t MASTER[30] = "offhook bench: bare loop keys";

struct oh_bare {
  struct oh_lanes *lanes;
  struct oh_addr to; // the loop's socket
  pid_t pid;
  uint32_t speakers, listeners;
  struct oh_srtp *out, **in; // the speakers' sending side; each listener's receiving side
  struct oh_outbox outbox;
  uint32_t from[OH_OUTBOX_SLOTS];
  uint16_t *sequences;
  struct oh_crowd_count count;
};

struct loop {
  int fd;
  uint32_t listeners, speakers;
  struct oh_srtp *in, **out;
  struct sockaddr_in *names;
  struct mmsghdr headers[BATCH], out_headers[BATCH];
  struct iovec iov[BATCH], out_iov[BATCH];
  uint8_t data[BATCH][2048], slots[BATCH][OH_DATAGRAM_MAX];
  unsigned used;
};

static struct oh_srtp *open_srtp(uint32_t streams) {
  struct oh_srtp *s = oh_srtp_open(OH_SRTP_AEAD_AES_128_GCM, OH_CIPHER_BEST, MASTER, MASTER + 16, streams);
  OH_CHECK(s);
  return s;
}

// 12 bytes and the audio level: the header that voice has.
static size_t write_header(uint8_t *out, uint32_t ssrc, uint16_t sequence, uint32_t timestamp) {
  uint8_t bytes[8];
  struct oh_writer w = oh_writer(bytes, sizeof bytes);
  oh_rtpext_write_audio_level(&w, OH_RTPEXT_ONE_BYTE, 1, (struct oh_audio_level){.voice = true, .level = 20});
  struct oh_rtp_header header = {
      .payload_type = 111, .ssrc = ssrc, .sequence = sequence, .timestamp = timestamp};
  return oh_rtp_write_header(&header, OH_RTPEXT_ONE_BYTE,
                             (struct oh_bytes){.data = bytes, .len = oh_writer_len(&w)}, out,
                             OH_DATAGRAM_MAX);
}

// ---- the loop, in its own process

static void loop_flush(struct loop *l) {
  for (unsigned at = 0; at < l->used;) {
    int n = sendmmsg(l->fd, l->out_headers + at, l->used - at, MSG_DONTWAIT);
    at += n > 0 ? (unsigned)n : 1;
  }
  l->used = 0;
}

static void forward(struct loop *l, uint8_t *data, size_t len) {
  struct oh_rtp rtp;
  if (!oh_rtp_read_header(&rtp, data, len) ||
      oh_srtp_unprotect_rtp(l->in, data, &len, rtp.header_len) != OH_SRTP_OK)
    return;
  for (uint32_t i = 0; i < l->listeners; i++) {
    if (l->used == BATCH) loop_flush(l);
    uint8_t *slot = l->slots[l->used];
    size_t head = write_header(slot, rtp.header.ssrc + 0x10000, rtp.header.sequence, rtp.header.timestamp);
    l->out_iov[l->used].iov_len = oh_srtp_protect_rtp(l->out[i], slot, head, data + rtp.header_len,
                                                      len - rtp.header_len, OH_DATAGRAM_MAX);
    l->out_headers[l->used++].msg_hdr.msg_name = &l->names[i];
  }
}

__attribute__((noreturn)) static void run_loop(struct loop *l) {
  struct pollfd ready = {.fd = l->fd, .events = POLLIN};
  for (;;) {
    int n = recvmmsg(l->fd, l->headers, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++)
      forward(l, l->data[i], l->headers[i].msg_len);
    loop_flush(l);
    if (n < BATCH) poll(&ready, 1, -1);
  }
}

static void start_loop(const struct oh_bare *b, int fd, unsigned cpu) {
  struct loop *l = calloc(1, sizeof *l);
  OH_CHECK(l && oh_machine_pin(cpu));
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  l->fd = fd, l->listeners = b->listeners, l->speakers = b->speakers;
  l->in = open_srtp(b->speakers);
  l->out = calloc(b->listeners, sizeof(struct oh_srtp *));
  l->names = calloc(b->listeners, sizeof *l->names);
  OH_CHECK(l->out && l->names);
  for (uint32_t i = 0; i < b->listeners; i++) {
    struct oh_addr to = oh_lanes_addr(b->lanes, i);
    l->out[i] = open_srtp(b->speakers);
    l->names[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(to.port)};
    memcpy(&l->names[i].sin_addr, to.ip, 4);
  }
  for (unsigned i = 0; i < BATCH; i++) {
    l->iov[i] = (struct iovec){.iov_base = l->data[i], .iov_len = sizeof l->data[i]};
    l->headers[i].msg_hdr = (struct msghdr){.msg_iov = &l->iov[i], .msg_iovlen = 1};
    l->out_iov[i].iov_base = l->slots[i];
    l->out_headers[i].msg_hdr =
        (struct msghdr){.msg_iov = &l->out_iov[i], .msg_iovlen = 1, .msg_namelen = sizeof *l->names};
  }
  run_loop(l);
}

// ---- the callers' side

static void flush(void *ctx, struct oh_outbox *out) {
  struct oh_bare *b = ctx;
  oh_lanes_send(b->lanes, out, b->from);
}

static bool speak(void *ctx, uint32_t speaker, size_t len) {
  struct oh_bare *b = ctx;
  uint8_t opus[1200] = {15 << 3}, *slot = oh_outbox_reserve(&b->outbox);
  int64_t now_us = oh_clock_us();
  memcpy(opus + 1, &now_us, sizeof now_us);
  uint16_t sequence = b->sequences[speaker]++;
  size_t head = write_header(slot, SSRC + speaker, sequence, sequence * 960u);
  len = oh_srtp_protect_rtp(b->out, slot, head, opus, len, OH_DATAGRAM_MAX);
  b->from[b->outbox.used] = b->listeners + speaker;
  oh_outbox_commit(&b->outbox, &b->to, len);
  return true;
}

static void hear(void *ctx, int64_t now_us, uint32_t lane, const struct oh_addr *from, uint8_t *data,
                 size_t len) {
  struct oh_bare *b = ctx;
  struct oh_rtp rtp;
  (void)from;
  if (lane >= b->listeners || !oh_rtp_read_header(&rtp, data, len) ||
      oh_srtp_unprotect_rtp(b->in[lane], data, &len, rtp.header_len) != OH_SRTP_OK)
    return;
  int64_t sent_us;
  memcpy(&sent_us, data + rtp.header_len + 1, sizeof sent_us);
  b->count.received++;
  oh_histogram_add(&b->count.latency, now_us - sent_us);
}

static void turn(void *ctx) {
  struct oh_bare *b = ctx;
  oh_outbox_flush(&b->outbox);
  oh_lanes_recv(b->lanes, hear, b);
}

struct oh_bare *oh_bare_open(unsigned cpu, uint32_t speakers, uint32_t listeners) {
  struct oh_bare *b = calloc(1, sizeof *b);
  OH_CHECK(b);
  b->speakers = speakers, b->listeners = listeners;
  b->lanes = oh_lanes_open();
  int size = BUFFER, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof name;
  if (!b->lanes || fd < 0 || bind(fd, (struct sockaddr *)&name, len) ||
      getsockname(fd, (struct sockaddr *)&name, &len) || (b->pid = fork()) < 0) {
    perror("offhook: the bare loop");
    return NULL;
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  if (b->pid == 0) start_loop(b, fd, cpu);
  close(fd);
  b->to = (struct oh_addr){.ip = {127, 0, 0, 1}, .family = OH_ADDR_V4, .port = ntohs(name.sin_port)};
  b->out = open_srtp(speakers);
  b->in = calloc(listeners, sizeof(struct oh_srtp *));
  b->sequences = calloc(speakers, sizeof *b->sequences);
  OH_CHECK(b->in && b->sequences);
  for (uint32_t i = 0; i < listeners; i++)
    b->in[i] = open_srtp(speakers);
  oh_outbox_init(&b->outbox, flush, b);
  return b;
}

void oh_bare_close(struct oh_bare *b) {
  if (!b) return;
  kill(b->pid, SIGKILL);
  waitpid(b->pid, NULL, 0);
  for (uint32_t i = 0; i < b->listeners; i++)
    oh_srtp_close(b->in[i]);
  oh_srtp_close(b->out);
  oh_outbox_fini(&b->outbox);
  oh_lanes_close(b->lanes);
  free(b->in);
  free(b->sequences);
  free(b);
}

struct oh_path oh_bare_path(struct oh_bare *b) {
  return (struct oh_path){.ctx = b,
                          .speak = speak,
                          .turn = turn,
                          .count = &b->count,
                          .pid = b->pid,
                          .speakers = b->speakers,
                          .listeners = b->listeners};
}
