// happening.c — see happening.h
#include "livekit/happening.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/message.h"
#include "livekit/publish.h"

#define EVENT_ID "EV_"

void oh_happening_fini(struct oh_happening *happening) {
  free(happening->room);
  free(happening->event);
  *happening = (struct oh_happening){0};
}

void oh_house_tell(struct oh_house *house, bool tell) {
  house->happenings.tell = tell;
}

// ---- the queue

static void grow(struct oh_happenings *queue) {
  uint32_t cap = queue->cap ? queue->cap * 2 : 16;
  struct oh_happening *items = malloc(cap * sizeof *items);
  OH_CHECK(items);
  for (uint32_t i = 0; i < queue->used; i++)
    items[i] = queue->items[(queue->head + i) % queue->cap];
  free(queue->items);
  queue->items = items;
  queue->head = 0;
  queue->cap = cap;
}

static void push(struct oh_house *house, int64_t now_us, const char *room, Livekit__WebhookEvent *event) {
  struct oh_happenings *queue = &house->happenings;
  struct oh_sid id = oh_sid_new(&house->world->random, EVENT_ID);
  event->id = id.text;
  event->created_at = oh_house_unix_ms(house, now_us) / 1000;
  struct oh_happening happening;
  happening.event = oh_message_write(&event->base, &happening.len);
  if (queue->used >= OH_HAPPENINGS_MAX || queue->bytes + happening.len > OH_HAPPENINGS_BYTES_MAX) {
    free(happening.event);
    oh_count(&house->world->counters, OH_COUNT_webhooks_lost);
    return;
  }
  happening.room = oh_str_dup(oh_str(room));
  if (queue->used == queue->cap) grow(queue);
  queue->items[(queue->head + queue->used++) % queue->cap] = happening;
  queue->bytes += happening.len;
}

bool oh_house_next_happening(struct oh_house *house, struct oh_happening *happening) {
  struct oh_happenings *queue = &house->happenings;
  if (queue->used == 0) return false;
  *happening = queue->items[queue->head];
  queue->head = (queue->head + 1) % queue->cap;
  queue->used--;
  queue->bytes -= happening->len;
  return true;
}

void oh_happenings_fini(struct oh_happenings *queue) {
  for (uint32_t i = 0; i < queue->used; i++)
    oh_happening_fini(&queue->items[(queue->head + i) % queue->cap]);
  free(queue->items);
  *queue = (struct oh_happenings){0};
}

// ---- the events

void oh_happening_room(struct oh_house *house, int64_t now_us, const char *name, const struct oh_room *room,
                       Livekit__RoomEndReason reason) {
  if (!house->happenings.tell) return;
  Livekit__WebhookEvent event = LIVEKIT__WEBHOOK_EVENT__INIT;
  event.event = (char *)name;
  event.room = oh_room_describe(house, room);
  event.room_end_reason = reason;
  push(house, now_us, room->name, &event);
}

void oh_happening_participant(struct oh_house *house, int64_t now_us, const char *name,
                              const struct oh_participant *participant) {
  if (!house->happenings.tell) return;
  Livekit__WebhookEvent event = LIVEKIT__WEBHOOK_EVENT__INIT;
  event.event = (char *)name;
  event.room = oh_room_describe(house, participant->room);
  event.participant = oh_participant_describe(house, participant);
  push(house, now_us, participant->room->name, &event);
}

void oh_happening_track(struct oh_house *house, int64_t now_us, const char *name,
                        const struct oh_track *track) {
  if (!house->happenings.tell) return;
  const struct oh_participant *publisher = track->participant;
  Livekit__Room room = LIVEKIT__ROOM__INIT;
  room.sid = (char *)publisher->room->sid.text;
  room.name = publisher->room->name;
  Livekit__ParticipantInfo participant = LIVEKIT__PARTICIPANT_INFO__INIT;
  participant.sid = (char *)publisher->sid.text;
  participant.identity = publisher->claims.identity;
  Livekit__WebhookEvent event = LIVEKIT__WEBHOOK_EVENT__INIT;
  event.event = (char *)name;
  event.room = &room;
  event.participant = &participant;
  event.track = oh_track_describe(house, track);
  push(house, now_us, publisher->room->name, &event);
}

void oh_happening_egress(struct oh_house *house, int64_t now_us, const char *name,
                         const Livekit__EgressInfo *info) {
  if (!house->happenings.tell) return;
  Livekit__Room room = LIVEKIT__ROOM__INIT;
  room.sid = info->room_id;
  room.name = info->room_name;
  Livekit__WebhookEvent event = LIVEKIT__WEBHOOK_EVENT__INIT;
  event.event = (char *)name;
  event.room = &room;
  event.egress_info = (Livekit__EgressInfo *)info;
  push(house, now_us, info->room_name, &event);
}
