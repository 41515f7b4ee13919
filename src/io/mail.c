// mail.c — see mail.h
#include "io/mail.h"
#include "base/check.h"
#include "io/clock.h"
#include <pthread.h>
#include <uv.h>

#define TURN 64 // letters in a row

struct letter {
  void *message;
  void (*drop)(void *message);
};

struct oh_mailbox {
  pthread_mutex_t lock; // held for a copy of two pointers, never across a callback
  struct letter *ring;
  uint32_t capacity, first, used;
  bool shut, async_closed;
  uv_async_t async;
  void (*deliver)(void *ctx, int64_t now_us, void *message);
  void *ctx;
};

static bool take_first(struct oh_mailbox *box, struct letter *letter) {
  pthread_mutex_lock(&box->lock);
  bool any = box->used > 0;
  if (any) {
    *letter = box->ring[box->first];
    box->first = (box->first + 1) % box->capacity;
    box->used--;
  }
  pthread_mutex_unlock(&box->lock);
  return any;
}

static void on_mail(uv_async_t *async) {
  struct oh_mailbox *box = async->data;
  struct letter letter;
  int64_t now_us = oh_clock_us();
  for (int i = 0; i < TURN; i++) {
    if (box->shut || !take_first(box, &letter)) return;
    box->deliver(box->ctx, now_us, letter.message);
  }
  uv_async_send(&box->async); // there may be more: after the others had their turn
}

struct oh_mailbox *oh_mailbox_open(uv_loop_t *loop, uint32_t capacity,
                                   void (*deliver)(void *ctx, int64_t now_us, void *message), void *ctx) {
  struct oh_mailbox *box = calloc(1, sizeof *box);
  OH_CHECK(box && capacity > 0);
  box->ring = calloc(capacity, sizeof *box->ring);
  OH_CHECK(box->ring);
  box->capacity = capacity;
  box->deliver = deliver;
  box->ctx = ctx;
  OH_CHECK(pthread_mutex_init(&box->lock, NULL) == 0);
  OH_CHECK(uv_async_init(loop, &box->async, on_mail) == 0);
  box->async.data = box;
  return box;
}

bool oh_mail_post(struct oh_mailbox *box, void *take_message, void (*drop)(void *message)) {
  pthread_mutex_lock(&box->lock);
  bool fits = !box->shut && box->used < box->capacity;
  if (fits) {
    box->ring[(box->first + box->used) % box->capacity] = (struct letter){take_message, drop};
    box->used++;
    uv_async_send(&box->async); // under the lock: shut cannot close it meanwhile
  }
  pthread_mutex_unlock(&box->lock);
  return fits;
}

void oh_mailbox_empty(struct oh_mailbox *box, int64_t now_us) {
  struct letter letter;
  pthread_mutex_lock(&box->lock);
  uint32_t waiting = box->used;
  pthread_mutex_unlock(&box->lock);
  for (; waiting > 0 && take_first(box, &letter); waiting--)
    box->deliver(box->ctx, now_us, letter.message);
}

static void on_async_closed(uv_handle_t *handle) {
  struct oh_mailbox *box = handle->data;
  box->async_closed = true;
}

void oh_mailbox_shut(struct oh_mailbox *box) {
  struct letter letter;
  pthread_mutex_lock(&box->lock);
  bool was_shut = box->shut;
  box->shut = true;
  pthread_mutex_unlock(&box->lock);
  if (was_shut) return;
  while (take_first(box, &letter))
    if (letter.drop) letter.drop(letter.message);
  uv_close((uv_handle_t *)&box->async, on_async_closed);
}

void oh_mailbox_close(struct oh_mailbox *box) {
  if (!box) return;
  OH_CHECK(box->shut && box->async_closed);
  pthread_mutex_destroy(&box->lock);
  free(box->ring);
  free(box);
}
