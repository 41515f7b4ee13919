// house.c — see house.h: the doors of the machine. What happens behind them is in admission, signal,
// activity.
#include "livekit/house.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "livekit/activity.h"
#include "livekit/admission.h"
#include "livekit/data.h"
#include "livekit/departure.h"
#include "livekit/json.h"
#include "livekit/message.h"
#include "livekit/negotiation.h"
#include "livekit/publish.h"
#include "livekit/refresh.h"
#include "livekit/rpc.h"
#include "livekit/signal.h"
#include "livekit/simulate.h"
#include "livekit/subscribe.h"

enum {
  TRACKS_PER_PARTICIPANT = 4,         // on average; a voice call has one
  SUBSCRIPTIONS_PER_PARTICIPANT = 32, // on average; a conference of 32 voices
  PEERS_PER_PARTICIPANT = 2,
  SLAB_MAX = (1 << 20) - 3,
  PROTOCOL_ERROR = 1002, // RFC 6455 7.4.1
  POLICY_VIOLATION = 1008,
};

void oh_replace_text(char **slot, const char *text) {
  char *copy = oh_str_dup(oh_str(text));
  free(*slot);
  *slot = copy;
}

static uint32_t capacity(uint32_t participants, uint32_t each) {
  uint64_t wanted = (uint64_t)participants * each;
  return wanted > SLAB_MAX ? SLAB_MAX : (uint32_t)wanted;
}

struct oh_house *oh_house_open(struct oh_world *world, struct oh_identity *identity,
                               const struct oh_house_config *config, struct oh_outbox *out) {
  struct oh_house *house = calloc(1, sizeof *house);
  OH_CHECK(house);
  *house = (struct oh_house){.world = world, .identity = identity, .out = out, .config = *config};
  uint32_t people = config->participants, tracks = capacity(people, TRACKS_PER_PARTICIPANT);
  uint32_t subscriptions = capacity(people, SUBSCRIPTIONS_PER_PARTICIPANT);
  oh_slab_init(&house->rooms, sizeof(struct oh_room), config->rooms);
  oh_slab_init(&house->participants, sizeof(struct oh_participant), people);
  oh_slab_init(&house->tracks, sizeof(struct oh_track), tracks);
  oh_slab_init(&house->subscriptions, sizeof(struct oh_subscription), subscriptions);
  oh_slab_init(&house->sessions, sizeof(struct oh_session), capacity(people, 2));
  uint8_t secret[16];
  oh_random_fill(&world->random, secret, sizeof secret);
  oh_map_init(&house->rooms_by_name, secret);
  oh_map_init(&house->peers, secret);
  oh_map_init(&house->revoked, secret);
  const struct oh_hub_limits limits = {.peers = capacity(people, PEERS_PER_PARTICIPANT),
                                       .handshakes = OH_HANDSHAKES_MAX,
                                       .shard = config->shard};
  house->hub = oh_hub_open(world, identity, &limits);
  const struct oh_sfu_config media = {.active_level = config->active_level,
                                      .min_percentile = config->min_percentile,
                                      .update_interval_ms = config->update_interval_ms,
                                      .smooth_intervals = config->smooth_intervals,
                                      .rooms = config->rooms,
                                      .members = people,
                                      .tracks = tracks,
                                      .subscriptions = subscriptions};
  house->sfu = oh_sfu_open(world, house->hub, &media);
  return house;
}

void oh_house_close(struct oh_house *house) {
  for (oh_id id = oh_slab_next(&house->rooms, 0); id; id = oh_slab_next(&house->rooms, id))
    oh_room_close(house, 0, oh_room_at(house, id), LIVEKIT__DISCONNECT_REASON__SERVER_SHUTDOWN);
  oh_session_fini(house);
  oh_egress_fini(house);
  oh_happenings_fini(&house->happenings);
  oh_orders_fini(&house->orders);
  oh_sfu_close(house->sfu);
  oh_hub_close(house->hub);
  oh_slab_fini(&house->rooms);
  oh_slab_fini(&house->participants);
  oh_slab_fini(&house->tracks);
  oh_slab_fini(&house->subscriptions);
  oh_slab_fini(&house->sessions);
  oh_map_fini(&house->rooms_by_name);
  oh_map_fini(&house->peers);
  oh_map_fini(&house->revoked);
  oh_heap_fini(&house->deadlines);
  oh_scratch_fini(&house->scratch);
  free(house);
}

// What every call from outside ends with.
static void settle(struct oh_house *house, int64_t now_us) {
  oh_activity_drain(house, now_us);
  oh_scratch_clear(&house->scratch);
}

void oh_house_join(struct oh_house *house, int64_t now_us, const struct oh_join *join,
                   struct oh_admission *admission) {
  oh_admission_join(house, now_us, join, admission);
  settle(house, now_us);
}

void oh_house_validate(struct oh_house *house, int64_t now_us, const struct oh_join *join,
                       struct oh_admission *admission) {
  (void)now_us;
  oh_admission_check(house, join, admission);
}

static Livekit__SignalRequest *decode(bool text, const uint8_t *data, size_t len) {
  if (len > OH_SIGNAL_MESSAGE_MAX) return NULL;
  const ProtobufCMessageDescriptor *type = &livekit__signal_request__descriptor;
  const char *why;
  if (text)
    return (Livekit__SignalRequest *)oh_json_read(
        type, (struct oh_str){.data = (const char *)data, .len = len}, &why);
  return (Livekit__SignalRequest *)oh_message_read(type, data, len);
}

void oh_house_recv(struct oh_house *house, int64_t now_us, oh_id session_id, bool text, const uint8_t *data,
                   size_t len) {
  struct oh_session *session = oh_session_find(house, session_id);
  if (!session || session->closing) return;
  oh_count(&house->world->counters, OH_COUNT_signal_messages_received);
  session->last_recv_us = now_us;
  session->json = text;
  if (!oh_session_take_turn(session, now_us)) {
    oh_count(&house->world->counters, OH_COUNT_signal_drop_rate);
    return oh_session_close(house, session, POLICY_VIOLATION);
  }
  Livekit__SignalRequest *request = decode(text, data, len);
  if (!request) {
    oh_count(&house->world->counters, OH_COUNT_signal_drop_malformed);
    return oh_session_close(house, session, PROTOCOL_ERROR);
  }
  struct oh_participant *p = oh_participant_at(house, session->participant);
  if (p) {
    oh_id id = p->id;
    oh_signal_recv(house, now_us, p, request);
    p = oh_participant_at(house, id); // the message may have ended it
    if (p) oh_participant_schedule(house, p);
  }
  oh_message_free(request);
  settle(house, now_us);
}

void oh_house_signal_closed(struct oh_house *house, int64_t now_us, oh_id session_id) {
  struct oh_session *session = oh_session_find(house, session_id);
  if (!session) return;
  struct oh_participant *p = oh_participant_at(house, session->participant);
  oh_session_remove(house, session);
  if (p && p->session == session_id) {
    oh_id id = p->id;
    oh_departure_signal_lost(house, now_us, p);
    p = oh_participant_at(house, id);
    if (p) oh_participant_schedule(house, p);
  }
  settle(house, now_us);
}

bool oh_house_next_frame(struct oh_house *house, struct oh_frame *frame) {
  return oh_session_next_frame(house, frame);
}

void oh_house_datagram(struct oh_house *house, int64_t now_us, const struct oh_addr *from, uint8_t *data,
                       size_t len) {
  oh_hub_recv(house->hub, now_us, from, data, len, house->out);
  settle(house, now_us);
}

void oh_house_stream_closed(struct oh_house *house, int64_t now_us, const struct oh_addr *addr) {
  oh_hub_stream_closed(house->hub, now_us, addr);
  settle(house, now_us);
}

int64_t oh_house_deadline(const struct oh_house *house) {
  int64_t media = oh_earlier(oh_hub_deadline(house->hub), oh_sfu_deadline(house->sfu));
  return oh_earlier(oh_earlier(media, oh_egress_deadline(house)), oh_heap_first(&house->deadlines));
}

static void tick_participant(struct oh_house *house, int64_t now_us, oh_id id) {
  struct oh_participant *p = oh_participant_at(house, id);
  if (!p) return;
  if (now_us >= p->active_by_us)
    return oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__JOIN_FAILURE,
                                LIVEKIT__LEAVE_REQUEST__ACTION__DISCONNECT);
  if (now_us >= p->resume_by_us)
    return oh_participant_close(house, now_us, p, LIVEKIT__DISCONNECT_REASON__CONNECTION_TIMEOUT);
  if (p->resident_until_us && now_us >= p->resident_until_us)
    return oh_room_close(house, now_us, p->room, LIVEKIT__DISCONNECT_REASON__ROOM_CLOSED);
  if (now_us >= p->refresh_us) oh_refresh_send(house, now_us, p);
  oh_simulate_tick(house, now_us, p);
  oh_subscribe_tick(house, now_us, p);
  if (p->resident) p->resident->tick(p->resident_self, now_us);
  oh_data_tick(house, now_us, p);
  oh_rpc_tick(now_us, p);
  oh_negotiate_tick(house, now_us, p);
  p = oh_participant_at(house, id);
  if (p) oh_participant_schedule(house, p);
}

void oh_house_tick(struct oh_house *house, int64_t now_us) {
  oh_hub_tick(house->hub, now_us, house->out);
  oh_activity_drain(house, now_us);
  oh_sfu_tick(house->sfu, now_us, house->out);
  oh_egress_tick(house, now_us);
  uint64_t id;
  while (oh_heap_pop(&house->deadlines, now_us, &id)) {
    if (!(id & OH_DEADLINE_ROOM)) {
      tick_participant(house, now_us, (oh_id)id);
      continue;
    }
    struct oh_room *room = oh_room_at(house, (oh_id)id);
    if (room) oh_room_tick(house, now_us, room);
  }
  settle(house, now_us);
}

void oh_house_drain(struct oh_house *house, int64_t now_us, bool leave) {
  house->draining = true;
  for (oh_id id = 0; (id = oh_slab_next(&house->rooms, id)) != 0;)
    oh_room_tick(house, now_us, oh_room_at(house, id)); // those without people end sooner now
  if (!leave) return settle(house, now_us);
  // a full reconnect with back-off: for a restart, that is friendlier than to end the calls
  for (oh_id id = oh_slab_next(&house->participants, 0); id; id = oh_slab_next(&house->participants, id)) {
    struct oh_participant *p = oh_participant_at(house, id);
    if (!p->resident)
      oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__SERVER_SHUTDOWN,
                           LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
  }
  for (oh_id id = 0; (id = oh_slab_next(&house->rooms, id)) != 0;) // with nobody but residents
    oh_room_close(house, now_us, oh_room_at(house, id), LIVEKIT__DISCONNECT_REASON__SERVER_SHUTDOWN);
  settle(house, now_us);
}

void oh_house_read_stats(const struct oh_house *house, struct oh_house_stats *stats) {
  *stats = (struct oh_house_stats){.rooms = house->rooms.used,
                                   .participants = house->participants.used,
                                   .tracks = house->tracks.used,
                                   .subscriptions = house->subscriptions.used};
}

static const char *label_of(const struct oh_room *room, const char *label) {
  for (const struct oh_participant *p = room->participants; p; p = p->next)
    for (size_t i = 0; i < p->claims.attribute_count; i++)
      if (strcmp(p->claims.attributes[2 * i], label) == 0) return p->claims.attributes[2 * i + 1];
  return NULL;
}

bool oh_house_next_room(const struct oh_house *house, const char *label, struct oh_house_room *out) {
  oh_id id = oh_slab_next(&house->rooms, out->id);
  if (id == 0) return false;
  const struct oh_room *room = oh_slab_find(&house->rooms, id);
  *out = (struct oh_house_room){.id = id,
                                .name = oh_str(room->name),
                                .created_us = room->created_us,
                                .people = oh_room_counted(room),
                                .label = label_of(room, label)};
  return true;
}

void oh_house_end_room(struct oh_house *house, int64_t now_us, oh_id id) {
  struct oh_room *room = oh_room_at(house, id);
  if (room) oh_room_close(house, now_us, room, LIVEKIT__DISCONNECT_REASON__ROOM_CLOSED);
  settle(house, now_us);
}
