// media.c — the media sockets over loopback: UDP batches, answers from the right address, ICE-TCP framing and
// its limits; and the mailbox.
#include "base/bytes.h"
#include "base/limits.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/ice_tcp.h"
#include "io/mail.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "tests/unit/test.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

struct bench {
  uv_loop_t loop;
  struct oh_world world;
  struct oh_udp *udp;
  struct oh_ice_tcp *tcp;
  int tcp_fd;
  struct oh_addr tcp_addr;
  struct oh_outbox outbox;
  uint32_t received, batches;
  bool deaf; // does not answer
  struct oh_addr last;
};

static void flush(void *ctx, struct oh_outbox *outbox) {
  struct bench *b = ctx;
  if (b->udp) oh_udp_send(b->udp, outbox);
  if (b->tcp) oh_ice_tcp_send(b->tcp, outbox);
}

// Echoes every datagram.
static void on_recv(void *ctx, int64_t now_us, const struct oh_addr *from, uint8_t *data, size_t len) {
  struct bench *b = ctx;
  assert_true(now_us > 0);
  b->received++;
  if (b->deaf) return;
  b->last = *from;
  if (len > OH_DATAGRAM_MAX) return;
  memcpy(oh_outbox_reserve(&b->outbox), data, len);
  oh_outbox_commit(&b->outbox, from, len);
}
static void on_batch(void *ctx, int64_t now_us) {
  struct bench *b = ctx;
  (void)now_us;
  b->batches++;
  oh_outbox_flush(&b->outbox);
}
static const struct oh_udp_handler handler = {.recv = on_recv, .batch_done = on_batch};

static void open_bench(struct bench *b, const char *udp_ip, const char *tcp_ip) {
  struct oh_addr addr;
  int error = 0;
  *b = (struct bench){0};
  b->world.random = oh_entropy();
  assert_int_equal(uv_loop_init(&b->loop), 0);
  oh_outbox_init(&b->outbox, flush, b);
  if (udp_ip) {
    assert_true(oh_addr_parse(oh_str(udp_ip), 0, &addr));
    b->udp = oh_udp_open(&b->loop, &b->world, &addr, &handler, b, &error);
    assert_int_equal(error, 0);
  }
  if (tcp_ip) {
    assert_true(oh_addr_parse(oh_str(tcp_ip), 0, &addr));
    b->tcp_fd = oh_tcp_listen(&addr, &b->tcp_addr);
    assert_true(b->tcp_fd >= 0);
    const struct oh_ice_tcp_config config = {
        .loop = &b->loop, .world = &b->world, .handler = &handler, .ctx = b};
    b->tcp = oh_ice_tcp_open(&config);
    oh_ice_tcp_add_listener(b->tcp, b->tcp_fd);
  }
}

static void close_bench(struct bench *b) {
  oh_udp_close(b->udp);
  oh_ice_tcp_close(b->tcp);
  if (b->tcp) close(b->tcp_fd);
  uv_run(&b->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&b->loop), 0);
  oh_outbox_fini(&b->outbox);
}

static void turn(struct bench *b, int ms) {
  int64_t end_us = oh_clock_us() + ms * 1000;
  do {
    uv_run(&b->loop, UV_RUN_NOWAIT);
    usleep(1000);
  } while (oh_clock_us() < end_us);
}

static int socket_to(int type, const char *ip, uint16_t port) {
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, ip, &to.sin_addr);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  return fd;
}

static void udp_echoes_in_batches(void **state) {
  struct bench b;
  uint8_t packet[200], got[2048];
  (void)state;
  open_bench(&b, "127.0.0.1", NULL);
  int fd = socket_to(SOCK_DGRAM, "127.0.0.1", oh_udp_addr(b.udp).port);
  for (int i = 0; i < 100; i++) {
    memset(packet, i, sizeof packet);
    assert_int_equal(send(fd, packet, (size_t)i + 1, 0), i + 1);
  }
  turn(&b, 50);
  assert_int_equal(b.received, 100);
  assert_true(b.batches <= 10);
  assert_int_equal(b.world.counters.value[OH_COUNT_datagrams_sent], 100);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), i + 1);
    assert_int_equal(got[i], i);
  }
  close(fd);
  close_bench(&b);
}

// A connected socket only hears the address it wrote to: 127.0.0.3 must answer as 127.0.0.3.
static void udp_answers_from_the_address_asked(void **state) {
  struct bench b;
  uint8_t got[64];
  (void)state;
  open_bench(&b, "0.0.0.0", NULL);
  for (int i = 1; i < 5; i++) {
    char ip[16];
    snprintf(ip, sizeof ip, "127.0.0.%d", i);
    int fd = socket_to(SOCK_DGRAM, ip, oh_udp_addr(b.udp).port);
    assert_int_equal(send(fd, "hello", 5, 0), 5);
    turn(&b, 20);
    assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 5);
    close(fd);
  }
  close_bench(&b);
}

static void udp_speaks_v6(void **state) {
  struct bench b;
  uint8_t got[64];
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  (void)state;
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof to)) { // a machine without v6: so must the door be
    struct oh_addr addr;
    int error = 0;
    assert_true(oh_addr_parse(OH_STR("::1"), 0, &addr));
    open_bench(&b, NULL, NULL);
    assert_null(oh_udp_open(&b.loop, &b.world, &addr, &handler, &b, &error));
    assert_true(error < 0);
    if (fd >= 0) close(fd);
    close_bench(&b);
    return;
  }
  open_bench(&b, "::", NULL);
  to.sin6_port = htons(oh_udp_addr(b.udp).port);
  assert_int_equal(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof to), 5);
  turn(&b, 20);
  assert_int_equal(b.last.family, OH_ADDR_V6);
  assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 5);
  close(fd);
  close_bench(&b);
}

static void udp_lives_on_after_errors(void **state) {
  struct bench b;
  uint8_t got[64];
  static uint8_t huge[3000];
  (void)state;
  open_bench(&b, "127.0.0.1", NULL);
  uint16_t port = oh_udp_addr(b.udp).port;
  struct oh_addr nobody;
  assert_true(oh_addr_parse(OH_STR("127.0.0.1"), 1, &nobody)); // refuses: ICMP comes back
  for (int i = 0; i < 3; i++) {
    memcpy(oh_outbox_reserve(&b.outbox), "x", 1);
    oh_outbox_commit(&b.outbox, &nobody, 1);
    oh_outbox_flush(&b.outbox);
    turn(&b, 5);
  }
  int fd = socket_to(SOCK_DGRAM, "127.0.0.1", port);
  assert_int_equal(send(fd, huge, sizeof huge, 0), sizeof huge);
  assert_int_equal(send(fd, "", 0, 0), 0);
  assert_int_equal(send(fd, "hello", 5, 0), 5);
  turn(&b, 30);
  assert_int_equal(b.world.counters.value[OH_COUNT_udp_drop_oversize], 1);
  assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 0);
  assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 5);
  close(fd);
  close_bench(&b);
}

static void tcp_frames_in_any_pieces(void **state) {
  struct bench b;
  uint8_t out[4096], got[4096];
  size_t len = 0, total = 0;
  (void)state;
  open_bench(&b, NULL, "127.0.0.1");
  int fd = socket_to(SOCK_STREAM, "127.0.0.1", b.tcp_addr.port);
  static const uint16_t sizes[] = {1, 2, 100, 1500, 3, 700};
  for (size_t i = 0; i < 6; i++) {
    oh_store_u16_be(out + len, sizes[i]);
    memset(out + len + 2, (int)i + 1, sizes[i]);
    len += 2u + sizes[i];
  }
  // by bytes, by odd pieces, and whole: the echo is the same
  for (size_t piece = 1; piece <= len; piece = piece == 1     ? 7
                                               : piece == 7   ? 501
                                               : piece == 501 ? len
                                                              : len + 1) {
    for (size_t at = 0; at < len; at += piece) {
      size_t n = at + piece > len ? len - at : piece;
      assert_int_equal(send(fd, out + at, n, 0), n);
      if (piece == 501 || at % 16 == 0) turn(&b, 1);
    }
    int tries = 400;
    for (total = 0; total < len;) {
      ssize_t n = recv(fd, got + total, sizeof got - total, MSG_DONTWAIT);
      assert_true(n != 0 && tries-- > 0);
      if (n > 0) total += (size_t)n;
      if (n < 0) turn(&b, 5); // the kernel may sit on small pieces for 40 ms (Nagle)
    }
    assert_int_equal(total, len);
    assert_memory_equal(got, out, len);
  }
  assert_int_equal(b.received, 24);
  assert_int_equal(b.last.proto, OH_TCP);
  assert_true(b.last.stream != 0);
  oh_ice_tcp_drop(b.tcp, &b.last);
  turn(&b, 20);
  assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 0);
  close(fd);
  close_bench(&b);
}

// Lets the loop run until the counter is there; the limit only ends a failure on a busy machine.
static void expect_count(struct bench *b, enum oh_counter which, uint64_t count) {
  for (int tries = 0; tries < 1000 && b->world.counters.value[which] < count; tries++)
    turn(b, 10);
  assert_int_equal(b->world.counters.value[which], count);
}

// Strangers, who get no answer, do not make us forget which of our addresses a peer wrote to.
static void strangers_take_no_route(void **state) {
  struct bench b;
  uint8_t got[64];
  (void)state;
  open_bench(&b, "0.0.0.0", NULL);
  uint16_t port = oh_udp_addr(b.udp).port;
  int fd = socket_to(SOCK_DGRAM, "127.0.0.3", port);
  assert_int_equal(send(fd, "hello", 5, 0), 5);
  for (int tries = 0; tries < 1000 && recv(fd, got, sizeof got, MSG_DONTWAIT) != 5; tries++)
    turn(&b, 2);
  struct oh_addr peer = b.last;
  b.deaf = true;
  for (int i = 0; i < 20000; i++) { // five for each place in the cache
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010000u + (uint32_t)i)};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000004)};
    int stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(stranger, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(sendto(stranger, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
    close(stranger);
    if (i % 64 == 63) uv_run(&b.loop, UV_RUN_NOWAIT);
  }
  memcpy(oh_outbox_reserve(&b.outbox), "still here", 10);
  oh_outbox_commit(&b.outbox, &peer, 10);
  oh_outbox_flush(&b.outbox);
  ssize_t n = -1;
  for (int tries = 0; tries < 1000 && (n = recv(fd, got, sizeof got, MSG_DONTWAIT)) < 0; tries++)
    turn(&b, 2);
  assert_int_equal(n, 10); // a connected socket hears 127.0.0.3 only
  close(fd);
  close_bench(&b);
}

// ---- two doors on one socket: the first byte of the first frame says whose a stream is

struct two {
  struct bench b[2];
  bool deaf; // letters get lost
};
static struct two two;

static bool is_others(void *ctx, const uint8_t *frame, size_t len, uint32_t *owner) {
  struct bench *b = ctx;
  assert_true(len > 0);
  *owner = frame[0] & 1;
  return frame[0] < 2 && b != &two.b[*owner];
}
static void to_other(void *ctx, uint32_t owner, struct oh_ice_tcp_parcel *parcel) {
  assert_ptr_not_equal(ctx, &two.b[owner]);
  if (two.deaf)
    oh_ice_tcp_parcel_free(parcel);
  else
    oh_ice_tcp_adopt(two.b[owner].tcp, oh_clock_us(), parcel);
}

static void open_two(void) {
  open_bench(&two.b[0], NULL, "127.0.0.1");
  open_bench(&two.b[1], NULL, NULL);
  for (int i = 0; i < 2; i++) {
    struct bench *b = &two.b[i];
    const struct oh_ice_tcp_config config = {.loop = &b->loop,
                                             .world = &b->world,
                                             .handler = &handler,
                                             .is_foreign = is_others,
                                             .move = to_other,
                                             .ctx = b};
    oh_ice_tcp_close(b->tcp);
    uv_run(&b->loop, UV_RUN_NOWAIT);
    b->tcp = oh_ice_tcp_open(&config);
    if (i == 0) oh_ice_tcp_add_listener(b->tcp, b->tcp_fd);
  }
  two.b[1].tcp_fd = dup(two.b[0].tcp_fd); // closed by close_bench
}

// What was sent comes back, by whichever door; the limit only ends a failure on a busy machine.
static void expect_echo(int fd, const uint8_t *bytes, size_t len) {
  uint8_t got[256];
  size_t have = 0;
  for (int tries = 0; have < len && tries < 5000; tries++) {
    turn(&two.b[0], 1);
    turn(&two.b[1], 1);
    ssize_t n = recv(fd, got + have, sizeof got - have, MSG_DONTWAIT);
    assert_true(n != 0);
    if (n > 0) have += (size_t)n;
  }
  assert_int_equal(have, len);
  assert_memory_equal(got, bytes, len);
}

static void tcp_moves_to_its_owner(void **state) {
  static const uint8_t own[] = {0, 2, 0, 'a'}, others[] = {0, 2, 1, 'b', 0, 3, 0, 'c', 'd'};
  (void)state;
  open_two();
  uint16_t port = two.b[0].tcp_addr.port;
  int mine = socket_to(SOCK_STREAM, "127.0.0.1", port);
  assert_int_equal(send(mine, own, sizeof own, 0), sizeof own);
  expect_echo(mine, own, sizeof own);
  assert_int_equal(two.b[0].received, 1);
  // Cut at every place: the frame may come whole with what follows, or in two pieces.
  for (size_t cut = 0; cut < sizeof others; cut++) {
    uint32_t before = two.b[1].received;
    int fd = socket_to(SOCK_STREAM, "127.0.0.1", port);
    if (cut) assert_int_equal(send(fd, others, cut, 0), cut);
    for (int i = 0; i < 5; i++)
      turn(&two.b[0], 2), turn(&two.b[1], 1);
    assert_int_equal(send(fd, others + cut, sizeof others - cut, 0), sizeof others - cut);
    expect_echo(fd, others, sizeof others);
    // It stays, whatever comes then, and it has moved once.
    expect_echo(fd, own, send(fd, own, sizeof own, 0) == sizeof own ? sizeof own : 0);
    assert_int_equal(two.b[1].received, before + 3);
    assert_int_equal(two.b[0].world.counters.value[OH_COUNT_ice_tcp_moved], cut + 1);
    close(fd);
  }
  assert_int_equal(two.b[0].received, 1);
  assert_int_equal(two.b[1].world.counters.value[OH_COUNT_ice_tcp_moved], 0);
  // What belongs to nobody stays where it is; what nobody can take is closed.
  int stranger = socket_to(SOCK_STREAM, "127.0.0.1", port);
  assert_int_equal(send(stranger, "\0\001x", 3, 0), 3);
  expect_echo(stranger, (const uint8_t *)"\0\001x", 3);
  two.deaf = true;
  int lost = socket_to(SOCK_STREAM, "127.0.0.1", port);
  assert_int_equal(send(lost, others, 4, 0), 4);
  expect_count(&two.b[0], OH_COUNT_ice_tcp_moved, sizeof others + 1);
  uint8_t got[8];
  ssize_t n = -1;
  for (int tries = 0; tries < 1000 && (n = recv(lost, got, sizeof got, MSG_DONTWAIT)) < 0 && errno == EAGAIN;)
    turn(&two.b[0], 2), tries++;
  assert_true(n == 0 || errno != EAGAIN);
  close(lost), close(stranger), close(mine);
  close_bench(&two.b[0]);
  close_bench(&two.b[1]);
}

static void tcp_closes_the_useless(void **state) {
  struct bench *b = &two.b[0], *other = &two.b[1];
  uint8_t got[16];
  (void)state;
  open_two();
  other->deaf = true;
  uint16_t port = b->tcp_addr.port;
  int moved = socket_to(SOCK_STREAM, "127.0.0.1", port);
  turn(b, 20); // accepted before the others
  int bad = socket_to(SOCK_STREAM, "127.0.0.1", port), silent = socket_to(SOCK_STREAM, "127.0.0.1", port);
  assert_int_equal(send(bad, "GET / HTTP/1.1\r\n", 16, 0), 16); // a frame of 18245 bytes
  expect_count(b, OH_COUNT_ice_tcp_drop_malformed, 1);
  assert_true(recv(bad, got, sizeof got, MSG_DONTWAIT) <= 0);
  turn(b, 2000);
  assert_int_equal(send(moved, "\0\001\001", 3, 0), 3);
  expect_count(b, OH_COUNT_ice_tcp_moved, 1);
  turn(b, 2000);
  assert_int_equal(recv(silent, got, sizeof got, MSG_DONTWAIT), -1);
  expect_count(b, OH_COUNT_ice_tcp_closed_idle, 1);
  assert_int_equal(recv(silent, got, sizeof got, MSG_DONTWAIT), 0);
  // Who has moved has no more time than who has not.
  turn(other, 1);
  assert_int_equal(other->world.counters.value[OH_COUNT_ice_tcp_closed_idle], 1);
  assert_int_equal(recv(moved, got, sizeof got, MSG_DONTWAIT), 0);
  close(moved);
  close(bad);
  close(silent);
  // one address may not take them all
  static int many[OH_ICE_TCP_PER_ADDRESS_MAX + 3];
  for (int i = 0; i < OH_ICE_TCP_PER_ADDRESS_MAX + 3; i++)
    many[i] = socket_to(SOCK_STREAM, "127.0.0.1", port);
  expect_count(b, OH_COUNT_ice_tcp_refused, 3);
  for (int i = 0; i < OH_ICE_TCP_PER_ADDRESS_MAX + 3; i++)
    close(many[i]);
  turn(b, 30);
  close_bench(b);
  close_bench(other);
}

// A stream whose peer does not read loses packets and keeps the rest of the house working.
static void tcp_never_queues_without_bound(void **state) {
  struct bench b;
  (void)state;
  open_bench(&b, "127.0.0.1", "127.0.0.1");
  int fd = socket_to(SOCK_STREAM, "127.0.0.1", b.tcp_addr.port);
  assert_int_equal(send(fd, "\0\001x", 3, 0), 3);
  turn(&b, 20);
  assert_int_equal(b.received, 1);
  struct oh_addr to = b.last;
  for (int i = 0; i < 20000 && !b.world.counters.value[OH_COUNT_ice_tcp_drop_slow]; i++) {
    memset(oh_outbox_reserve(&b.outbox), 7, 1200);
    oh_outbox_commit(&b.outbox, &to, 1200);
  }
  oh_outbox_flush(&b.outbox);
  assert_true(b.world.counters.value[OH_COUNT_ice_tcp_drop_slow] > 0);
  // What was taken arrives in whole frames.
  static uint8_t got[64 * 1024];
  size_t left = 3, frames = 0;
  for (int quiet = 0; quiet < 20;) {
    ssize_t n = recv(fd, got, sizeof got, MSG_DONTWAIT);
    if (n <= 0) {
      turn(&b, 2);
      quiet++;
      continue;
    }
    quiet = 0;
    for (size_t at = 0; at < (size_t)n;) {
      size_t step = left < (size_t)n - at ? left : (size_t)n - at;
      at += step, left -= step;
      if (left == 0) left = 1202, frames++;
    }
  }
  assert_int_equal(left, 1202);
  assert_int_equal(frames, b.world.counters.value[OH_COUNT_datagrams_sent]);
  close(fd);
  close_bench(&b);
}

struct post {
  struct oh_mailbox *box;
  uint64_t next, dropped, refused;
  uv_loop_t loop;
};
static void on_mail(void *ctx, int64_t now_us, void *message) {
  struct post *post = ctx;
  (void)now_us;
  assert_int_equal(*(uint64_t *)message, post->next);
  post->next++;
  free(message);
  if (post->next == 10000) oh_mailbox_shut(post->box);
}
static void *write_letters(void *arg) {
  struct post *post = arg;
  for (uint64_t i = 0; i < 10000; i++) {
    uint64_t *letter = malloc(sizeof *letter);
    *letter = i;
    while (!oh_mail_post(post->box, letter, free)) {
      post->refused++;
      usleep(100);
    }
  }
  return NULL;
}

static void mail_keeps_order_and_bounds(void **state) {
  struct post post = {0};
  pthread_t thread;
  (void)state;
  assert_int_equal(uv_loop_init(&post.loop), 0);
  post.box = oh_mailbox_open(&post.loop, 100, on_mail, &post);
  for (uint64_t i = 0; i < 100; i++) // full, and nobody reads
    assert_true(oh_mail_post(post.box, malloc(1), free));
  void *one_more = malloc(1);
  assert_false(oh_mail_post(post.box, one_more, free));
  free(one_more);
  oh_mailbox_shut(post.box); // the hundred are freed (ASan would tell)
  assert_false(oh_mail_post(post.box, &post, NULL));
  uv_run(&post.loop, UV_RUN_DEFAULT);
  oh_mailbox_close(post.box);
  post.box = oh_mailbox_open(&post.loop, 100, on_mail, &post);
  assert_int_equal(pthread_create(&thread, NULL, write_letters, &post), 0);
  uv_run(&post.loop, UV_RUN_DEFAULT);
  pthread_join(thread, NULL);
  assert_int_equal(post.next, 10000);
  oh_mailbox_close(post.box);
  assert_int_equal(uv_loop_close(&post.loop), 0);
}

static void addresses_as_text(void **state) {
  struct oh_addr a, b;
  char text[OH_ADDR_PORT_TEXT_MAX];
  (void)state;
  assert_true(oh_addr_parse(OH_STR("[2001:db8::1]"), 80, &a));
  oh_addr_text(&a, text);
  assert_string_equal(text, "[2001:db8::1]:80");
  assert_true(oh_addr_parse(OH_STR("::ffff:127.0.0.1"), 0, &a));
  assert_true(oh_addr_parse(OH_STR("127.0.0.1"), 0, &b));
  assert_true(oh_addr_eq(&a, &b)); // a mapped address is the v4 address: rules cannot be walked around
  assert_true(oh_addr_is_loopback(&a));
  assert_true(oh_addr_parse(OH_STR("::"), 0, &a) && oh_addr_is_wildcard(&a));
  assert_false(oh_addr_parse(OH_STR("127.0.0.1 "), 0, &a));
  assert_false(oh_addr_parse(OH_STR("127.1"), 0, &a));
  assert_false(oh_addr_parse(OH_STR("localhost"), 0, &a));
  assert_true(oh_addr_local(&a, 1) == 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(udp_echoes_in_batches),
      cmocka_unit_test(udp_answers_from_the_address_asked),
      cmocka_unit_test(strangers_take_no_route),
      cmocka_unit_test(udp_lives_on_after_errors),
      cmocka_unit_test(udp_speaks_v6),
      cmocka_unit_test(tcp_frames_in_any_pieces),
      cmocka_unit_test(tcp_closes_the_useless),
      cmocka_unit_test(tcp_moves_to_its_owner),
      cmocka_unit_test(tcp_never_queues_without_bound),
      cmocka_unit_test(mail_keeps_order_and_bounds),
      cmocka_unit_test(addresses_as_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
