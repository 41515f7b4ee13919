// stream.c — see stream.h
#include "io/stream.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "base/map.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/entropy.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

struct oh_streams {
  uv_loop_t *loop;
  uv_timer_t timer;
  struct oh_heap deadlines; // of the streams; the id is the pointer, removed before the stream goes
  int64_t timer_us;         // what the timer is set to
  struct oh_map per_address;
  struct oh_stream *first;
  uint32_t count, max, per_address_max;
  uint32_t handles; // open uv handles that refer to this
  bool loopback_is_free, closing;
  bool in_timer; // what is due now waits for the next turn of the loop, or libuv would never leave its timers
};

struct oh_stream {
  uv_poll_t poll;
  struct oh_streams *home;
  struct oh_stream *next, *prev;
  const struct oh_stream_handler *handler; // NULL: lingering, nobody listens
  void *ctx;
  struct ssl_st *session;
  int fd;
  struct oh_addr peer;
  uint8_t *queue; // waiting bytes at [start, len)
  size_t start, len, cap, queue_max;
  struct oh_bytes tail; // borrowed, goes out after the queue
  size_t paced;         // bytes sent since the pace deadline was set
  int64_t owner_us, pace_us, linger_us;
  uint32_t place;
  int events; // what uv_poll is asked for
  bool connecting, handshaking, reading, watch, wants_write;
  bool kick;   // call me soon: something happened that the socket will not tell
  bool dead;   // closed, only waiting for libuv
  bool doomed; // `closed` is due, with `end`
  bool shut;   // our side is closed
  enum oh_stream_end end;
};

static void on_timer(uv_timer_t *timer);
static void on_event(uv_poll_t *poll, int status, int events);

static size_t address_key(const struct oh_addr *a, uint8_t key[9]) {
  size_t n = a->family == OH_ADDR_V4 ? 4 : 8;
  key[0] = a->family;
  memcpy(key + 1, a->ip, n);
  return n + 1;
}

static void count_address(struct oh_streams *s, const struct oh_addr *peer, bool add) {
  uint8_t key[9];
  size_t n = address_key(peer, key);
  uint64_t count = 0;
  oh_map_get(&s->per_address, key, n, &count);
  OH_CHECK(add || count > 0);
  count = add ? count + 1 : count - 1;
  if (count) {
    oh_map_put(&s->per_address, key, n, count);
  } else {
    oh_map_remove(&s->per_address, key, n);
  }
}

struct oh_streams *oh_streams_open(uv_loop_t *loop, uint32_t max, uint32_t per_address_max,
                                   bool loopback_is_free) {
  struct oh_streams *s = calloc(1, sizeof *s);
  uint8_t secret[16];
  struct oh_random random = oh_entropy();
  OH_CHECK(s);
  oh_random_fill(&random, secret, sizeof secret);
  oh_map_init(&s->per_address, secret);
  s->loop = loop, s->max = max, s->per_address_max = per_address_max;
  s->loopback_is_free = loopback_is_free;
  s->timer_us = OH_NEVER;
  OH_CHECK(uv_timer_init(loop, &s->timer) == 0);
  s->timer.data = s;
  s->handles = 1;
  return s;
}

uint32_t oh_streams_count(const struct oh_streams *s) {
  return s->count;
}

bool oh_streams_admit(const struct oh_streams *s, const struct oh_addr *peer) {
  uint8_t key[9];
  uint64_t count = 0;
  if (s->count >= s->max) return false;
  if (s->loopback_is_free && oh_addr_is_loopback(peer)) return true;
  size_t n = address_key(peer, key);
  return !oh_map_get(&s->per_address, key, n, &count) || count < s->per_address_max;
}

static void let_go(struct oh_streams *s) {
  OH_CHECK(s->handles > 0);
  if (--s->handles) return;
  oh_heap_fini(&s->deadlines);
  oh_map_fini(&s->per_address);
  free(s);
}

static void on_timer_closed(uv_handle_t *handle) {
  let_go(handle->data);
}

void oh_streams_close(struct oh_streams *s) {
  if (!s || s->closing) return;
  s->closing = true;
  while (s->first)
    oh_stream_close(s->first);
  uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

static void set_timer(struct oh_streams *s) {
  int64_t first = oh_heap_first(&s->deadlines);
  if (s->closing || first == s->timer_us) return;
  s->timer_us = first;
  if (first == OH_NEVER) {
    uv_timer_stop(&s->timer);
    return;
  }
  int64_t wait_us = first - oh_clock_us();
  uv_update_time(s->loop);
  uint64_t wait_ms = wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : s->in_timer;
  uv_timer_start(&s->timer, on_timer, wait_ms, 0);
}

// The earliest of the stream's own clocks.
static void set_clock(struct oh_stream *t) {
  int64_t at = t->owner_us;
  if (t->pace_us < at) at = t->pace_us;
  if (t->linger_us < at) at = t->linger_us;
  if (t->kick) at = 0;
  oh_heap_set(&t->home->deadlines, &t->place, (uint64_t)(uintptr_t)t, t->dead ? OH_NEVER : at);
  set_timer(t->home);
}

static void set_events(struct oh_stream *t) {
  int events = 0;
  if (t->dead) return;
  bool waiting = t->start < t->len || t->tail.len;
  if (t->connecting) {
    events = UV_WRITABLE;
  } else {
    if (t->reading || t->handshaking) events |= UV_READABLE;
    if (waiting || t->wants_write) events |= UV_WRITABLE;
    if (!t->reading && t->watch) events |= UV_DISCONNECT;
  }
  if (events == t->events) return;
  t->events = events;
  if (events) {
    OH_CHECK(uv_poll_start(&t->poll, events, on_event) == 0);
  } else {
    uv_poll_stop(&t->poll);
  }
}

static void on_stream_closed(uv_handle_t *handle) {
  struct oh_stream *t = handle->data;
  struct oh_streams *home = t->home;
  free(t->queue);
  free(t);
  let_go(home);
}

// Everything but the socket and the session ends here.
static void bury(struct oh_stream *t) {
  OH_CHECK(!t->dead);
  t->dead = true;
  oh_heap_set(&t->home->deadlines, &t->place, 0, OH_NEVER);
  if (t->prev) t->prev->next = t->next;
  if (t->next) t->next->prev = t->prev;
  if (t->home->first == t) t->home->first = t->next;
  t->home->count--;
  count_address(t->home, &t->peer, false);
  uv_poll_stop(&t->poll);
  uv_close((uv_handle_t *)&t->poll, on_stream_closed);
  set_timer(t->home);
}

void oh_stream_close(struct oh_stream *t) {
  if (t->dead) return;
  bury(t);
  oh_tls_session_close(t->session);
  t->session = NULL;
  close(t->fd);
}

bool oh_stream_detach(struct oh_stream *t, int *fd, struct ssl_st **session) {
  if (t->dead) return false;
  if (t->start < t->len || t->tail.len || t->doomed || !oh_stream_ready(t)) {
    oh_stream_close(t);
    return false;
  }
  *fd = t->fd;
  *session = t->session;
  bury(t);
  return true;
}

struct oh_stream *oh_stream_open(struct oh_streams *home, int take_fd, struct ssl_st *take_session,
                                 const struct oh_addr *peer, bool connecting, size_t queue_max,
                                 const struct oh_stream_handler *handler, void *ctx) {
  struct oh_stream *t = calloc(1, sizeof *t);
  OH_CHECK(t && !home->closing);
  t->home = home, t->fd = take_fd, t->session = take_session, t->peer = *peer;
  t->handler = handler, t->ctx = ctx, t->queue_max = queue_max;
  t->connecting = connecting;
  t->handshaking = take_session && !oh_tls_is_done(take_session);
  t->reading = true;
  t->owner_us = t->pace_us = t->linger_us = OH_NEVER;
  OH_CHECK(uv_poll_init(home->loop, &t->poll, take_fd) == 0);
  t->poll.data = t;
  t->next = home->first;
  if (home->first) home->first->prev = t;
  home->first = t;
  home->count++;
  home->handles++;
  count_address(home, peer, true);
  t->kick = take_session && oh_tls_pending(take_session);
  set_events(t);
  set_clock(t);
  return t;
}

bool oh_stream_ready(const struct oh_stream *t) {
  return !t->connecting && !t->handshaking;
}
bool oh_stream_is_tls(const struct oh_stream *t) {
  return t->session != NULL;
}
struct oh_addr oh_stream_peer(const struct oh_stream *t) {
  return t->peer;
}
size_t oh_stream_waiting(const struct oh_stream *t) {
  return t->len - t->start + t->tail.len;
}

void oh_stream_set_deadline(struct oh_stream *t, int64_t at_us) {
  if (t->dead || !t->handler) return;
  t->owner_us = at_us;
  set_clock(t);
}

void oh_stream_set_reading(struct oh_stream *t, bool reading, bool watch) {
  if (t->dead) return;
  // Bytes that OpenSSL holds already do not wake the poll.
  if (reading && !t->reading && t->session && oh_tls_pending(t->session)) t->kick = true;
  t->reading = reading, t->watch = watch;
  set_events(t);
  set_clock(t);
}

// The stream ends, but the owner learns of it from the loop.
static void doom(struct oh_stream *t, enum oh_stream_end end) {
  if (t->doomed) return;
  t->doomed = true, t->end = end;
  t->start = t->len = 0;
  t->tail.len = 0;
  t->kick = true;
  set_events(t);
  set_clock(t);
}

// The rule is a pace, not a sign of life: a reader of one byte per minute must not hold memory for ever.
static void count_sent(struct oh_stream *t, size_t n, int64_t now_us) {
  t->paced += n;
  if (t->start == t->len && t->tail.len == 0) {
    t->pace_us = OH_NEVER;
  } else if (t->pace_us == OH_NEVER || t->paced >= OH_STREAM_PACE_BYTES) {
    t->pace_us = now_us + OH_HTTP_WRITE_US;
    t->paced = 0;
  }
}

// One send of what is first in line. Returns bytes taken, 0: would block, -1: failed (and doomed).
static ssize_t send_some(struct oh_stream *t, const void *data, size_t len) {
  if (!t->session) {
    ssize_t n;
    do
      n = send(t->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n >= 0) return n;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return 0;
    doom(t, OH_STREAM_ERROR);
    return -1;
  }
  size_t sent = 0;
  switch (oh_tls_write(t->session, data, len, &sent)) {
  case OH_TLS_OK: return (ssize_t)sent;
  case OH_TLS_WANT_READ:
  case OH_TLS_WANT_WRITE: return 0;
  case OH_TLS_END:
  case OH_TLS_FAILED: break;
  }
  doom(t, OH_STREAM_ERROR);
  return -1;
}

static void flush_queue(struct oh_stream *t) {
  size_t total = 0;
  ssize_t n = 1;
  if (!oh_stream_ready(t) || t->doomed) return;
  while (n > 0 && t->start < t->len) {
    n = send_some(t, t->queue + t->start, t->len - t->start);
    if (n > 0) t->start += (size_t)n, total += (size_t)n;
  }
  if (n < 0) return;
  if (t->start == t->len && t->queue) { // idle connections keep no buffer
    free(t->queue);
    t->queue = NULL;
    t->start = t->len = t->cap = 0;
  }
  while (n > 0 && t->tail.len) {
    n = send_some(t, t->tail.data, t->tail.len);
    if (n > 0) t->tail.data += n, t->tail.len -= (size_t)n, total += (size_t)n;
  }
  if (n >= 0) count_sent(t, total, oh_clock_us());
}

static void append(struct oh_stream *t, struct oh_bytes part) {
  if (part.len == 0) return;
  if (t->start) {
    memmove(t->queue, t->queue + t->start, t->len - t->start);
    t->len -= t->start;
    t->start = 0;
  }
  if (t->len + part.len > t->cap) {
    size_t cap = t->cap ? t->cap * 2 : 512;
    while (cap < t->len + part.len)
      cap *= 2;
    t->queue = realloc(t->queue, cap);
    OH_CHECK(t->queue);
    t->cap = cap;
  }
  memcpy(t->queue + t->len, part.data, part.len);
  t->len += part.len;
}

// Plain and nothing waiting: all parts with one call, without a copy. Returns the bytes taken.
static size_t write_through(struct oh_stream *t, const struct oh_bytes *parts, size_t count) {
  struct iovec iov[4];
  struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};
  if (t->session || count > 4 || oh_stream_waiting(t) || !oh_stream_ready(t)) return 0;
  for (size_t i = 0; i < count; i++)
    iov[i] = (struct iovec){.iov_base = (void *)(uintptr_t)parts[i].data, .iov_len = parts[i].len};
  ssize_t n = sendmsg(t->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS && errno != EINTR)
    doom(t, OH_STREAM_ERROR);
  return n > 0 ? (size_t)n : 0;
}

bool oh_stream_write(struct oh_stream *t, const struct oh_bytes *parts, size_t count) {
  size_t total = 0;
  if (t->dead || t->doomed || t->shut) return false;
  for (size_t i = 0; i < count; i++)
    total += parts[i].len;
  size_t waiting = oh_stream_waiting(t);
  if (total > t->queue_max || waiting > t->queue_max - total) {
    doom(t, OH_STREAM_SLOW);
    return false;
  }
  if (t->tail.len) { // keep the order
    append(t, t->tail);
    t->tail.len = 0;
  }
  size_t sent = write_through(t, parts, count), skip = sent;
  if (t->doomed) return false;
  for (size_t i = 0; i < count; i++) {
    size_t cut = skip < parts[i].len ? skip : parts[i].len;
    skip -= cut;
    if (cut < parts[i].len) append(t, (struct oh_bytes){parts[i].data + cut, parts[i].len - cut});
  }
  count_sent(t, sent, oh_clock_us());
  if (t->session) flush_queue(t);
  set_events(t);
  set_clock(t);
  return !t->doomed;
}

bool oh_stream_write_static(struct oh_stream *t, struct oh_bytes bytes) {
  if (t->dead || t->doomed || t->shut) return false;
  OH_CHECK(t->tail.len == 0);
  t->tail = bytes;
  flush_queue(t);
  set_events(t);
  set_clock(t);
  return !t->doomed;
}

static void close_our_side(struct oh_stream *t) {
  if (t->shut || oh_stream_waiting(t)) return;
  t->shut = true;
  if (t->session && oh_stream_ready(t)) oh_tls_end(t->session);
  shutdown(t->fd, SHUT_WR);
  t->linger_us = oh_clock_us() + OH_HTTP_LINGER_US;
}

void oh_stream_finish(struct oh_stream *t) {
  if (t->dead) return;
  if (t->doomed || !oh_stream_ready(t)) {
    oh_stream_close(t);
    return;
  }
  t->handler = NULL;
  t->owner_us = OH_NEVER;
  t->reading = true;
  close_our_side(t);
  set_events(t);
  set_clock(t);
}

static void tell_closed(struct oh_stream *t, int64_t now_us) {
  const struct oh_stream_handler *handler = t->handler;
  void *ctx = t->ctx;
  enum oh_stream_end end = t->end;
  oh_stream_close(t);
  if (handler) handler->closed(ctx, now_us, end);
}

static bool step_connect(struct oh_stream *t, int64_t now_us) {
  if (t->connecting) {
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error) {
      doom(t, OH_STREAM_ERROR);
      return false;
    }
    t->connecting = false;
  }
  if (t->handshaking) {
    enum oh_tls_result result = oh_tls_handshake(t->session);
    t->wants_write = result == OH_TLS_WANT_WRITE;
    if (result == OH_TLS_WANT_READ || result == OH_TLS_WANT_WRITE) return false;
    if (result != OH_TLS_OK) {
      doom(t, OH_STREAM_TLS);
      return false;
    }
    t->handshaking = false;
  }
  if (t->handler && t->handler->ready) t->handler->ready(t->ctx, now_us);
  return !t->dead && !t->doomed;
}

// One read. True: there may be more.
static bool read_some(struct oh_stream *t, uint8_t *buffer, size_t cap, int64_t now_us) {
  size_t len = 0;
  if (t->session) {
    enum oh_tls_result result = oh_tls_read(t->session, buffer, cap, &len);
    t->wants_write = result == OH_TLS_WANT_WRITE;
    if (result == OH_TLS_WANT_READ || result == OH_TLS_WANT_WRITE) return false;
    if (result != OH_TLS_OK) {
      doom(t, result == OH_TLS_END ? OH_STREAM_EOF : OH_STREAM_TLS);
      return false;
    }
  } else {
    ssize_t n = recv(t->fd, buffer, cap, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
    if (n <= 0) {
      doom(t, n == 0 ? OH_STREAM_EOF : OH_STREAM_ERROR);
      return false;
    }
    len = (size_t)n;
  }
  if (t->handler && t->handler->data) t->handler->data(t->ctx, now_us, buffer, len);
  return !t->dead && !t->doomed && t->reading && len > 0;
}

static void step_read(struct oh_stream *t, int64_t now_us) {
  // One for each thread: a stream keeps no input buffer of its own.
  static _Thread_local uint8_t buffer[64 * 1024];
  // TLS hands out one record (≤ 16 KB) at a time; four of them are a turn, then others get theirs.
  for (int turn = 0; turn < (t->session ? 4 : 1); turn++)
    if (!read_some(t, buffer, sizeof buffer, now_us)) return;
  if (t->session && oh_tls_pending(t->session)) t->kick = true;
}

// A socket event, or a kick.
static void step(struct oh_stream *t, int events) {
  int64_t now_us = oh_clock_us();
  t->kick = false;
  if (!t->doomed && !oh_stream_ready(t)) {
    if (!step_connect(t, now_us) && !t->doomed) goto out;
  } else if (!t->doomed) {
    bool waited = oh_stream_waiting(t) > 0;
    flush_queue(t);
    if (!t->handler) close_our_side(t);
    if (!t->doomed && waited && !oh_stream_waiting(t) && t->handler && t->handler->drained)
      t->handler->drained(t->ctx, now_us);
    if (t->dead) return;
  }
  if (!t->doomed && t->reading && oh_stream_ready(t)) step_read(t, now_us);
  if (!t->dead && !t->doomed && !t->reading && t->watch && (events & UV_DISCONNECT)) doom(t, OH_STREAM_EOF);
out:
  if (t->dead) return;
  if (t->doomed) {
    tell_closed(t, now_us);
    return;
  }
  set_events(t);
  set_clock(t);
}

static void on_event(uv_poll_t *poll, int status, int events) {
  struct oh_stream *t = poll->data;
  if (t->dead) return;
  if (status < 0) {
    t->events = 0; // libuv has stopped polling (EPOLLERR); the error shows in the next read or write
    if (!t->reading && oh_stream_ready(t)) doom(t, OH_STREAM_ERROR);
  }
  step(t, events);
}

static void on_timer(uv_timer_t *timer) {
  struct oh_streams *s = timer->data;
  int64_t now_us = oh_clock_us();
  uint64_t id;
  s->timer_us = OH_NEVER;
  s->in_timer = true;
  // Bounded: a stream that kicks itself again and again waits for the next turn.
  for (uint32_t left = s->count; left > 0 && !s->closing && oh_heap_pop(&s->deadlines, now_us, &id); left--) {
    struct oh_stream *t = (struct oh_stream *)(uintptr_t)id;
    if (t->kick) {
      step(t, 0);
    } else if (t->linger_us <= now_us) {
      oh_stream_close(t);
    } else if (t->pace_us <= now_us) {
      doom(t, OH_STREAM_SLOW);
    } else {
      t->owner_us = OH_NEVER;
      set_clock(t);
      if (t->handler && t->handler->deadline) t->handler->deadline(t->ctx, now_us);
    }
  }
  set_timer(s);
  s->in_timer = false;
}
