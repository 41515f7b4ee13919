// postman.c — see postman.h
#include "livekit/postman.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "base/map.h"

#define LANES_MAX ((1 << 20) - 3) // of a slab; the backlog's bound is far below

struct lane {
  char *room;
  uint32_t place; // in the heap
  uint32_t tries;
  bool is_busy, is_silent; // silent: the last failure was the URL's
};

struct oh_postman {
  const struct oh_random *random;
  struct oh_slab lanes;
  struct oh_map by_room;
  struct oh_heap due;
  uint32_t busy, silences; // silences: since the last answer
  int64_t tried_us;
};

enum oh_post_result oh_post_judge(int status) {
  switch (status) {
  case 0:
  case 429:
  case 502:
  case 503:
  case 504: return OH_POST_SILENT;
  case 408: return OH_POST_FAILED;
  case 501: return OH_POST_REFUSED; // as LiveKit's client, which repeats every other 5xx
  default: break;
  }
  if (status >= 200 && status < 300) return OH_POST_TAKEN;
  return status >= 500 ? OH_POST_FAILED : OH_POST_REFUSED;
}

struct oh_postman *oh_postman_open(const struct oh_random *random) {
  struct oh_postman *p = calloc(1, sizeof *p);
  OH_CHECK(p);
  p->random = random;
  uint8_t secret[16];
  oh_random_fill(random, secret, sizeof secret);
  oh_slab_init(&p->lanes, sizeof(struct lane), LANES_MAX);
  oh_map_init(&p->by_room, secret);
  return p;
}

static void remove_lane(struct oh_postman *p, oh_id id, struct lane *lane) {
  oh_heap_set(&p->due, &lane->place, 0, OH_NEVER);
  oh_map_remove(&p->by_room, lane->room, strlen(lane->room));
  free(lane->room);
  oh_slab_remove(&p->lanes, id);
}

void oh_postman_close(struct oh_postman *p) {
  for (oh_id id = 0; (id = oh_slab_next(&p->lanes, id)) != 0;)
    remove_lane(p, id, oh_slab_find(&p->lanes, id));
  oh_slab_fini(&p->lanes);
  oh_map_fini(&p->by_room);
  oh_heap_fini(&p->due);
  free(p);
}

bool oh_postman_is_down(const struct oh_postman *p) {
  return p->silences >= OH_WEBHOOK_SILENCES;
}

uint32_t oh_postman_busy(const struct oh_postman *p) {
  return p->busy;
}

void oh_postman_add(struct oh_postman *p, int64_t now_us, struct oh_str room) {
  uint64_t known;
  if (oh_map_get(&p->by_room, room.data, room.len, &known)) return;
  oh_id id;
  struct lane *lane = oh_slab_add(&p->lanes, &id);
  OH_CHECK(lane);
  lane->room = oh_str_dup(room);
  oh_map_put(&p->by_room, room.data, room.len, id);
  oh_heap_set(&p->due, &lane->place, id, now_us);
}

// The earliest moment for a try, whatever lane it is for.
static int64_t open_us(const struct oh_postman *p) {
  if (p->busy >= (oh_postman_is_down(p) ? 1 : OH_WEBHOOK_PARALLEL)) return OH_NEVER;
  return oh_postman_is_down(p) ? p->tried_us + OH_WEBHOOK_PROBE_US : 0;
}

int64_t oh_postman_deadline(const struct oh_postman *p) {
  int64_t due = oh_heap_first(&p->due), open = open_us(p);
  return due > open ? due : open;
}

bool oh_postman_next(struct oh_postman *p, int64_t now_us, struct oh_round *round) {
  uint64_t id;
  if (now_us < open_us(p) || !oh_heap_pop(&p->due, now_us, &id)) return false;
  struct lane *lane = oh_slab_find(&p->lanes, (oh_id)id);
  OH_CHECK(lane && !lane->is_busy);
  lane->is_busy = true;
  p->busy++;
  p->tried_us = now_us;
  *round = (struct oh_round){.lane = (oh_id)id, .room = lane->room, .tries = lane->tries};
  return true;
}

// Half of the time is fixed, half is luck, so that many lanes do not knock together.
static int64_t back_off_us(const struct oh_postman *p, uint32_t tries) {
  int64_t wait_us = OH_WEBHOOK_RETRY_US;
  for (uint32_t i = 1; i < tries && wait_us < OH_WEBHOOK_RETRY_MAX_US; i++)
    wait_us *= 2;
  if (wait_us > OH_WEBHOOK_RETRY_MAX_US) wait_us = OH_WEBHOOK_RETRY_MAX_US;
  return wait_us / 2 + (int64_t)oh_random_u32(p->random) % (wait_us / 2 + 1);
}

// An answer after a long silence: those who only waited for it need not wait longer.
static void wake(struct oh_postman *p, int64_t now_us) {
  for (oh_id id = 0; (id = oh_slab_next(&p->lanes, id)) != 0;) {
    struct lane *lane = oh_slab_find(&p->lanes, id);
    if (lane->is_busy || !lane->is_silent) continue;
    lane->is_silent = false;
    lane->tries = 0;
    oh_heap_set(&p->due, &lane->place, id, now_us);
  }
}

void oh_postman_result(struct oh_postman *p, int64_t now_us, oh_id id, enum oh_post_result result,
                       bool more) {
  struct lane *lane = oh_slab_find(&p->lanes, id);
  OH_CHECK(lane && lane->is_busy);
  lane->is_busy = false;
  p->busy--;
  bool was_down = oh_postman_is_down(p);
  p->silences = result == OH_POST_SILENT ? p->silences + 1 : 0;
  if (was_down && result != OH_POST_SILENT) wake(p, now_us);
  if (result == OH_POST_FAILED || result == OH_POST_SILENT) {
    lane->is_silent = result == OH_POST_SILENT;
    lane->tries++;
    oh_heap_set(&p->due, &lane->place, id, now_us + back_off_us(p, lane->tries));
  } else if (more) {
    lane->is_silent = false;
    lane->tries = 0;
    oh_heap_set(&p->due, &lane->place, id, now_us);
  } else {
    remove_lane(p, id, lane);
  }
}
