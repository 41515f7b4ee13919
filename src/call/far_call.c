// far_call.c — see far_call.h
#include "call/far_call.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/map.h"
#include "call/ticket.h"
#include <stdlib.h>

struct person {
  char sid[OH_FAR_SID_MAX + 1]; // "": a free place
  bool gone;                    // and must not come back by a webhook that is told again
};
struct room {
  struct oh_far_call call; // first
  struct person people[OH_FAR_PEOPLE_MAX];
};
struct oh_far_calls {
  struct oh_slab rooms;
  struct oh_map by_name;
};

static const char *site_of(const Livekit__ParticipantInfo *participant) {
  for (size_t i = 0; i < participant->n_attributes; i++)
    if (strcmp(participant->attributes[i]->key, OH_SITE_ATTRIBUTE) == 0)
      return participant->attributes[i]->value;
  return NULL;
}

bool oh_far_news_read(const Livekit__WebhookEvent *event, struct oh_far_news *news) {
  *news = (struct oh_far_news){.sid = ""};
  if (!event->room || !*event->room->name || strlen(event->room->name) > OH_ROOM_NAME_MAX) return false;
  news->room = event->room->name;
  int64_t age_s = event->created_at - event->room->creation_time;
  if (event->room->creation_time > 0 && age_s > 0 && age_s < OH_FAR_AGE_MAX_S) news->age_us = age_s * 1000000;
  if (strcmp(event->event, "room_finished") == 0) {
    news->kind = OH_FAR_FINISHED;
    return true;
  }
  bool joined = strcmp(event->event, "participant_joined") == 0;
  bool left = strcmp(event->event, "participant_left") == 0 ||
              strcmp(event->event, "participant_connection_aborted") == 0;
  if (!event->participant || (!joined && !left)) return false;
  news->kind = joined ? OH_FAR_JOINED : OH_FAR_LEFT;
  news->sid = event->participant->sid;
  if (joined) news->site = site_of(event->participant);
  size_t len = strlen(news->sid);
  return len > 0 && len <= OH_FAR_SID_MAX && (left || news->site);
}

struct oh_far_calls *oh_far_calls_open(const uint8_t secret[16]) {
  struct oh_far_calls *calls = calloc(1, sizeof *calls);
  OH_CHECK(calls);
  oh_slab_init(&calls->rooms, sizeof(struct room), OH_FAR_CALLS_MAX);
  oh_map_init(&calls->by_name, secret);
  return calls;
}

void oh_far_calls_close(struct oh_far_calls *calls) {
  if (!calls) return;
  for (oh_id id = 0; (id = oh_slab_next(&calls->rooms, id)) != 0;)
    free(((struct room *)oh_slab_find(&calls->rooms, id))->call.room);
  oh_slab_fini(&calls->rooms);
  oh_map_fini(&calls->by_name);
  free(calls);
}

static struct room *find(const struct oh_far_calls *calls, struct oh_str name, oh_id *id) {
  uint64_t value;
  if (!oh_map_get(&calls->by_name, name.data, name.len, &value)) return NULL;
  *id = (oh_id)value;
  return oh_slab_find(&calls->rooms, *id);
}

static struct room *add(struct oh_far_calls *calls, int64_t now_us, const struct oh_far_news *news) {
  oh_id id;
  struct room *room = oh_slab_add(&calls->rooms, &id);
  if (!room) return NULL;
  room->call.room = oh_str_dup(oh_str(news->room));
  room->call.began_us = now_us - news->age_us;
  oh_map_put(&calls->by_name, news->room, strlen(news->room), id);
  return room;
}

static void forget(struct oh_far_calls *calls, oh_id id, struct room *room) {
  oh_map_remove(&calls->by_name, room->call.room, strlen(room->call.room));
  free(room->call.room);
  oh_slab_remove(&calls->rooms, id);
}

// The place of this participant; else one that is free, or that of somebody who has gone; else NULL.
static struct person *place_of(struct room *room, const char *sid) {
  struct person *place = NULL;
  for (size_t i = 0; i < OH_FAR_PEOPLE_MAX; i++) {
    struct person *person = &room->people[i];
    if (strcmp(person->sid, sid) == 0) return person;
    bool better = !*person->sid ? !place || *place->sid : person->gone && !place;
    if (better) place = person;
  }
  return place;
}

static void come_or_go(struct room *room, const char *sid, bool gone) {
  struct person *person = place_of(room, sid);
  if (!person) return; // more people than anybody talks with: the others keep the call
  bool known = strcmp(person->sid, sid) == 0, was_here = known && !person->gone;
  if (known && person->gone) return;
  if (!known) snprintf(person->sid, sizeof person->sid, "%s", sid);
  person->gone = gone;
  if (!gone && !was_here) room->call.present++;
  if (gone && was_here) room->call.present--;
}

bool oh_far_calls_hear(struct oh_far_calls *calls, int64_t now_us, const struct oh_far_news *news,
                       const struct oh_site *site) {
  oh_id id = 0;
  struct room *room = find(calls, oh_str(news->room), &id);
  if (news->kind == OH_FAR_FINISHED) {
    if (room) forget(calls, id, room);
    return true;
  }
  if (news->kind == OH_FAR_JOINED && !site) return true;
  if (!room && news->kind == OH_FAR_LEFT) return true;
  if (!room) room = add(calls, now_us, news);
  if (!room) return false;
  room->call.heard_us = now_us;
  if (site) room->call.site = site;
  come_or_go(room, news->sid, news->kind == OH_FAR_LEFT);
  return true;
}

struct oh_far_call *oh_far_calls_next(const struct oh_far_calls *calls, oh_id *cursor) {
  *cursor = oh_slab_next(&calls->rooms, *cursor);
  return *cursor ? oh_slab_find(&calls->rooms, *cursor) : NULL;
}

bool oh_far_call_is_long(const struct oh_far_call *call, int64_t now_us) {
  uint32_t limit_s = call->site->max_duration_s;
  return limit_s && now_us - call->began_us >= (int64_t)limit_s * 1000000;
}

void oh_far_calls_confirm(struct oh_far_calls *calls, int64_t now_us, int64_t asked_us, struct oh_str name,
                          int64_t people) {
  oh_id id;
  struct room *room = find(calls, name, &id);
  if (!room || room->call.heard_us >= asked_us) return;
  room->call.heard_us = now_us;
  if (people < 0) {
    forget(calls, id, room);
    return;
  }
  if (people > 0) return;
  for (size_t i = 0; i < OH_FAR_PEOPLE_MAX; i++)
    room->people[i].gone = *room->people[i].sid != 0;
  room->call.present = 0;
}
