// house.c — see house.h
#include "tests/unit/io/house.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/entropy.h"
#include "io/mail.h"
#include "tests/unit/test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

struct room {
  struct house *house;
  uv_loop_t loop;
  struct oh_world world;
  struct oh_http_server *server;
  struct oh_mailbox *mail;
  pthread_t thread;
  uv_timer_t later;
  oh_id waiting[64];
  uint32_t waiting_count;
};

struct house {
  struct room rooms[2];
  int fd;
  uint16_t port;
  uint8_t *big;
  atomic_uint closed, last_code, moved, certified;
};

enum order_kind { ORDER_STOP, ORDER_TLS, ORDER_PARCEL };
struct order {
  enum order_kind kind;
  void *what;
};

static void drop_order(void *message) {
  struct order *order = message;
  if (order->kind == ORDER_PARCEL) oh_http_parcel_free(order->what);
  free(order);
}

static bool send_order(struct room *room, enum order_kind kind, void *what) {
  struct order *order = malloc(sizeof *order);
  *order = (struct order){kind, what};
  if (oh_mail_post(room->mail, order, drop_order)) return true;
  drop_order(order);
  return false;
}

static void stop_room(struct room *room) {
  oh_http_server_close(room->server);
  oh_mailbox_shut(room->mail);
  uv_close((uv_handle_t *)&room->later, NULL);
}

static void on_order(void *ctx, int64_t now_us, void *message) {
  struct room *room = ctx;
  struct order *order = message;
  oh_id conn;
  (void)now_us;
  switch (order->kind) {
  case ORDER_STOP: stop_room(room); break;
  case ORDER_TLS:
    oh_http_server_set_tls(room->server, order->what);
    oh_tls_close(order->what);
    atomic_fetch_add(&room->house->certified, 1);
    break;
  case ORDER_PARCEL:
    conn = oh_http_adopt(room->server, order->what);
    assert_non_null(oh_http_held(room->server, conn));
    assert_true(oh_str_starts(oh_http_held(room->server, conn)->path, OH_STR("/move")));
    assert_true(oh_http_upgrade(room->server, conn, OH_STR("X-Moved: yes\r\n")));
    atomic_fetch_add(&room->house->moved, 1);
    break;
  }
  free(order);
}

static void on_later(uv_timer_t *timer) {
  struct room *room = timer->data;
  for (uint32_t i = 0; i < room->waiting_count; i++)
    oh_http_respond(room->server, room->waiting[i],
                    &(struct oh_http_response){.status = 200, .body = {(const uint8_t *)"later", 5}});
  room->waiting_count = 0;
}

static void on_request(void *ctx, int64_t now_us, oh_id conn, const struct oh_http_request *request) {
  struct room *room = ctx;
  struct oh_http_response response = {.status = 200, .type = OH_STR("text/plain")};
  struct oh_text text;
  (void)now_us;
  assert_ptr_equal(oh_http_held(room->server, conn), request);
  if (request->upgrade && oh_str_eq(request->path, OH_STR("/move"))) {
    struct oh_http_parcel *parcel = oh_http_detach(room->server, conn);
    assert_non_null(parcel);
    send_order(&room->house->rooms[1], ORDER_PARCEL, parcel);
    return;
  }
  if (request->upgrade && oh_str_eq(request->path, OH_STR("/echo"))) {
    oh_http_upgrade(room->server, conn, (struct oh_str){0});
    return;
  }
  if (oh_str_eq(request->path, OH_STR("/hold"))) return;
  if (oh_str_eq(request->path, OH_STR("/later"))) {
    assert_true(room->waiting_count < 64);
    room->waiting[room->waiting_count++] = conn;
    uv_timer_start(&room->later, on_later, 50, 0);
    return;
  }
  oh_text_init(&text, 1 << 20);
  if (oh_str_eq(request->path, OH_STR("/body"))) {
    response.body = request->body;
  } else if (oh_str_eq(request->path, OH_STR("/big"))) {
    response.body = (struct oh_bytes){room->house->big, HOUSE_BIG};
    response.body_is_static = true;
  } else {
    oh_text_add(&text, request->path);
    if (request->query.len) oh_text_addc(&text, '?');
    oh_text_add(&text, request->query);
    response.body = (struct oh_bytes){(const uint8_t *)text.data, text.len};
  }
  bool sent = oh_http_respond(room->server, conn, &response);
  assert_true(sent || response.body_is_static); // 4 MB: a client may have gone in the middle
  oh_text_fini(&text);
}

static void on_message(void *ctx, int64_t now_us, oh_id conn, bool is_text, struct oh_bytes data) {
  struct room *room = ctx;
  struct oh_str text = {(const char *)data.data, data.len};
  (void)now_us;
  if (is_text && oh_str_eq(text, OH_STR("bye"))) {
    oh_ws_close(room->server, conn, OH_WS_NORMAL, OH_STR("as you wish"));
  } else if (is_text && oh_str_eq(text, OH_STR("abort"))) {
    oh_http_abort(room->server, conn);
  } else {
    oh_ws_send(room->server, conn, is_text, data);
  }
}

static void on_closed(void *ctx, int64_t now_us, oh_id conn, uint16_t code) {
  struct room *room = ctx;
  (void)now_us;
  assert_false(oh_ws_send(room->server, conn, true, (struct oh_bytes){0}));
  atomic_store(&room->house->last_code, code);
  atomic_fetch_add(&room->house->closed, 1);
}

static void on_refusal(void *ctx, struct oh_str origin, struct oh_text *fields) {
  (void)ctx;
  if (origin.len) oh_text_addf(fields, "Access-Control-Allow-Origin: %.*s\r\n", OH_STR_ARG(origin));
}

static const struct oh_http_handler handler = {
    .request = on_request,
    .message = on_message,
    .closed = on_closed,
    .refusal_fields = on_refusal,
};

static void *run_room(void *arg) {
  struct room *room = arg;
  uv_run(&room->loop, UV_RUN_DEFAULT);
  return NULL;
}

static void open_room(struct house *house, struct room *room, struct oh_tls *tls, uint32_t per_address_max) {
  room->house = house;
  assert_int_equal(uv_loop_init(&room->loop), 0);
  room->world.random = oh_entropy();
  room->world.unix_offset_us = oh_clock_unix_offset_us();
  room->mail = oh_mailbox_open(&room->loop, 1024, on_order, room);
  uv_timer_init(&room->loop, &room->later);
  room->later.data = room;
  struct oh_http_server_config config = {.loop = &room->loop,
                                         .world = &room->world,
                                         .handler = &handler,
                                         .ctx = room,
                                         .connections_per_address_max = per_address_max};
  room->server = oh_http_server_open(&config);
  // Plain houses accept on both loops, from one listening socket; limits count by loop, so there on one.
  if (room == &house->rooms[0] || (!tls && !per_address_max))
    oh_http_server_add_listener(room->server, house->fd, tls);
}

struct house *house_open(struct oh_tls *tls, uint32_t per_address_max) {
  struct house *house = calloc(1, sizeof *house);
  struct oh_addr addr, bound;
  house->big = malloc(HOUSE_BIG);
  for (size_t i = 0; i < HOUSE_BIG; i++)
    house->big[i] = (uint8_t)(i * 7 + i / 4096);
  assert_true(oh_addr_parse(OH_STR("127.0.0.1"), 0, &addr));
  house->fd = oh_http_listen(&addr, &bound);
  assert_true(house->fd >= 0);
  house->port = bound.port;
  for (int i = 0; i < 2; i++)
    open_room(house, &house->rooms[i], tls, per_address_max);
  for (int i = 0; i < 2; i++)
    assert_int_equal(pthread_create(&house->rooms[i].thread, NULL, run_room, &house->rooms[i]), 0);
  return house;
}

void house_close(struct house *house) {
  for (int i = 0; i < 2; i++)
    assert_true(send_order(&house->rooms[i], ORDER_STOP, NULL));
  for (int i = 0; i < 2; i++) {
    pthread_join(house->rooms[i].thread, NULL);
    oh_mailbox_close(house->rooms[i].mail);
    assert_int_equal(uv_loop_close(&house->rooms[i].loop), 0);
  }
  close(house->fd);
  free(house->big);
  free(house);
}

uint16_t house_port(const struct house *house) {
  return house->port;
}
void house_set_tls(struct house *house, struct oh_tls *tls) {
  uint32_t before = atomic_load(&house->certified);
  assert_true(send_order(&house->rooms[0], ORDER_TLS, oh_tls_keep(tls)));
  while (atomic_load(&house->certified) == before) // meson's time-out bounds a failure
    usleep(1000);
}
uint64_t house_count(const struct house *house, enum oh_counter which) {
  return __atomic_load_n(&house->rooms[0].world.counters.value[which], __ATOMIC_RELAXED) +
         __atomic_load_n(&house->rooms[1].world.counters.value[which], __ATOMIC_RELAXED);
}
uint32_t house_closed(const struct house *house) {
  return atomic_load(&house->closed);
}
uint16_t house_last_code(const struct house *house) {
  return (uint16_t)atomic_load(&house->last_code);
}
uint32_t house_moved(const struct house *house) {
  return atomic_load(&house->moved);
}

int caller_open(const struct house *house) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval timeout = {.tv_sec = 8};
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(house->port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_true(fd >= 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  return fd;
}

void caller_send(int fd, const void *data, size_t len) {
  const uint8_t *at = data;
  while (len) {
    ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
    if (n <= 0) return; // the server may have closed: the test looks at what it answered
    at += n, len -= (size_t)n;
  }
}

void caller_sends(int fd, const char *text) {
  caller_send(fd, text, strlen(text));
}

size_t caller_recv(int fd, void *buffer, size_t len) {
  size_t got = 0;
  while (got < len) {
    ssize_t n = recv(fd, (uint8_t *)buffer + got, len - got, 0);
    if (n <= 0) break;
    got += (size_t)n;
  }
  return got;
}

size_t caller_recv_until_closed(int fd, char *buffer, size_t cap) {
  size_t got = caller_recv(fd, buffer, cap - 1);
  buffer[got] = 0;
  return got;
}
