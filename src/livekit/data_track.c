// data_track.c — see data_track.h
#include "livekit/data_track.h"
#include "base/check.h"
#include "livekit/data.h"
#include "livekit/dispatch.h"
#include "livekit/message.h"
#include "livekit/subscribe.h"
#include "wire/track_packet.h"

static struct oh_data_track *by_handle(const struct oh_participant *publisher, uint32_t handle) {
  for (struct oh_data_track *track = publisher->data.published; track; track = track->next)
    if (track->info->pub_handle == handle) return track;
  return NULL;
}

static struct oh_data_track *by_name(const struct oh_participant *publisher, const char *name) {
  for (struct oh_data_track *track = publisher->data.published; track; track = track->next)
    if (strcmp(track->info->name, name) == 0) return track;
  return NULL;
}

static struct oh_data_track *by_sid(const struct oh_participant *publisher, const char *sid) {
  for (struct oh_data_track *track = publisher->data.published; track; track = track->next)
    if (strcmp(track->sid.text, sid) == 0) return track;
  return NULL;
}

// ---- what subscribers are told ----

void oh_data_track_tell_handles(struct oh_house *house, const struct oh_participant *listener) {
  struct oh_scratch *scratch = &house->scratch;
  Livekit__DataTrackSubscriberHandles handles = LIVEKIT__DATA_TRACK_SUBSCRIBER_HANDLES__INIT;
  handles.sub_handles = oh_scratch_take(scratch, listener->data.heard_count * sizeof *handles.sub_handles);
  for (const struct oh_data_subscription *s = listener->data.heard; s; s = s->next_of_listener) {
    if (s->handle == 0) continue;
    Livekit__DataTrackSubscriberHandles__PublishedDataTrack *track = oh_scratch_take(scratch, sizeof *track);
    livekit__data_track_subscriber_handles__published_data_track__init(track);
    track->publisher_identity = s->track->publisher->claims.identity;
    track->publisher_sid = s->track->publisher->sid.text;
    track->track_sid = s->track->sid.text;
    Livekit__DataTrackSubscriberHandles__SubHandlesEntry *entry = oh_scratch_take(scratch, sizeof *entry);
    livekit__data_track_subscriber_handles__sub_handles_entry__init(entry);
    entry->key = s->handle;
    entry->value = track;
    handles.sub_handles[handles.n_sub_handles++] = entry;
  }
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_DATA_TRACK_SUBSCRIBER_HANDLES;
  response.data_track_subscriber_handles = &handles;
  oh_participant_send(house, listener, &response);
}

// The map is told whole, so once is enough for all that a call has changed.
static void tell_changed(struct oh_house *house, struct oh_room *room) {
  for (struct oh_participant *p = room->participants; p; p = p->next) {
    if (!p->data.changed) continue;
    p->data.changed = false;
    oh_data_track_tell_handles(house, p);
  }
}

// ---- subscriptions ----

static struct oh_data_subscription *find(const struct oh_participant *listener,
                                         const struct oh_data_track *track) {
  for (struct oh_data_subscription *s = track->subscriptions; s; s = s->next_of_track)
    if (s->listener == listener) return s;
  return NULL;
}

static struct oh_data_subscription *open_subscription(struct oh_house *house, struct oh_participant *listener,
                                                      struct oh_data_track *track) {
  if (listener->data.heard_count == OH_DATA_SUBSCRIPTIONS_MAX) {
    oh_count(&house->world->counters, OH_COUNT_data_track_refused);
    return NULL;
  }
  struct oh_data_subscription *s = calloc(1, sizeof *s);
  OH_CHECK(s);
  s->listener = listener;
  s->track = track;
  s->next_of_listener = listener->data.heard;
  listener->data.heard = s;
  listener->data.heard_count++;
  s->next_of_track = track->subscriptions;
  track->subscriptions = s;
  return s;
}

static void close_subscription(struct oh_data_subscription *s) {
  struct oh_data_subscription **at = &s->listener->data.heard;
  while (*at != s)
    at = &(*at)->next_of_listener;
  *at = s->next_of_listener;
  at = &s->track->subscriptions;
  while (*at != s)
    at = &(*at)->next_of_track;
  *at = s->next_of_track;
  if (s->handle) s->listener->data.changed = true;
  s->listener->data.heard_count--;
  free(s);
}

static bool handle_is_used(const struct oh_participant *listener, uint16_t handle) {
  for (const struct oh_data_subscription *s = listener->data.heard; s; s = s->next_of_listener)
    if (s->handle == handle) return true;
  return false;
}

// One not used for long: late packets of a track that has gone must not seem to be another's.
static uint16_t next_handle(struct oh_participant *listener) {
  do
    listener->data.last_handle++;
  while (listener->data.last_handle == 0 || handle_is_used(listener, listener->data.last_handle));
  return listener->data.last_handle;
}

// Brings one pair in line with what the listener wants and what both may.
static void settle(struct oh_house *house, struct oh_participant *listener, struct oh_data_track *track) {
  struct oh_participant *publisher = track->publisher;
  if (publisher == listener || listener->resident) return;
  struct oh_data_subscription *s = find(listener, track);
  bool wanted = s && s->wish != OH_DATA_WISH_AUTO ? s->wish == OH_DATA_WISH_YES : listener->data.automatic;
  // nobody could name the owner of a hidden one's
  if (!listener->claims.video.can_subscribe || publisher->claims.video.hidden) wanted = false;
  if (wanted && !s) s = open_subscription(house, listener, track);
  if (!s) return;
  bool allowed = oh_subscribe_allows(listener, publisher, track->sid.text);
  if (wanted && allowed == s->refused) {
    s->refused = !allowed;
    oh_subscribe_tell_permission(house, listener, publisher, track->sid.text, allowed);
  }
  bool on = wanted && allowed;
  if (on == (s->handle != 0)) return;
  s->handle = on ? next_handle(listener) : 0;
  listener->data.changed = true;
}

static void settle_all(struct oh_house *house, struct oh_data_track *track) {
  for (struct oh_participant *p = track->publisher->room->participants; p; p = p->next)
    settle(house, p, track);
}

void oh_data_track_subscribe(struct oh_house *house, struct oh_participant *listener,
                             const Livekit__UpdateDataSubscription *update) {
  for (size_t i = 0; i < update->n_updates; i++) {
    struct oh_data_track *track = NULL;
    for (struct oh_participant *p = listener->room->participants; p && !track; p = p->next)
      track = by_sid(p, update->updates[i]->track_sid);
    if (!track || track->publisher == listener) continue; // it has gone: SIDs do not come back
    struct oh_data_subscription *s = find(listener, track);
    bool yes = update->updates[i]->subscribe;
    if (!s && (yes || listener->data.automatic)) s = open_subscription(house, listener, track);
    if (!s) continue;
    s->wish = yes ? OH_DATA_WISH_YES : OH_DATA_WISH_NO;
    settle(house, listener, track);
    if (!yes && !listener->data.automatic) close_subscription(s); // as if it had said nothing
  }
  tell_changed(house, listener->room);
}

// ---- tracks ----

static void refuse(struct oh_house *house, const struct oh_participant *publisher,
                   const Livekit__PublishDataTrackRequest *request, Livekit__RequestResponse__Reason reason,
                   const char *message) {
  oh_count(&house->world->counters, OH_COUNT_data_track_refused);
  Livekit__RequestResponse answer = LIVEKIT__REQUEST_RESPONSE__INIT;
  answer.reason = reason;
  answer.message = (char *)message;
  answer.request_case = LIVEKIT__REQUEST_RESPONSE__REQUEST_PUBLISH_DATA_TRACK;
  answer.publish_data_track = (Livekit__PublishDataTrackRequest *)request;
  oh_participant_answer(house, publisher, &answer);
}

static bool is_custom_good(const char *text) {
  return *text && strlen(text) <= OH_DATA_TRACK_ENCODING_MAX;
}

// Names of encodings of one's own are neither empty nor long.
static bool are_encodings_good(const Livekit__DataTrackInfo *info) {
  const Livekit__DataTrackFrameEncoding *frames = info->frame_encoding;
  if (info->_frame_encoding_case == LIVEKIT__DATA_TRACK_INFO___FRAME_ENCODING_FRAME_ENCODING && frames &&
      frames->value_case == LIVEKIT__DATA_TRACK_FRAME_ENCODING__VALUE_CUSTOM &&
      !is_custom_good(frames->custom))
    return false;
  if (info->_schema_case != LIVEKIT__DATA_TRACK_INFO___SCHEMA_SCHEMA || !info->schema) return true;
  const Livekit__DataTrackSchemaEncoding *schema = info->schema->encoding;
  return !schema || schema->value_case != LIVEKIT__DATA_TRACK_SCHEMA_ENCODING__VALUE_CUSTOM ||
         is_custom_good(schema->custom);
}

// In LiveKit's order, and with its reasons. NULL: it may be published.
static const char *objection(const struct oh_house *house, const struct oh_participant *publisher,
                             const Livekit__DataTrackInfo *info, Livekit__RequestResponse__Reason *reason) {
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED;
  if (house->config.no_data_tracks) return "data tracks are not enabled";
  if (!publisher->claims.video.can_publish_data) return "no permission to publish data";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_HANDLE;
  if (info->pub_handle == 0 || info->pub_handle > UINT16_MAX) return "the handle must be 1 to 65535";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_NAME;
  size_t len = strlen(info->name);
  if (len == 0 || len > OH_NAME_MAX) return "the name must have 1 to 256 bytes";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST;
  if (!are_encodings_good(info)) return "the name of the encoding is empty or too long";
  if (protobuf_c_message_get_packed_size(&info->base) > OH_DATA_TRACK_INFO_MAX)
    return "the description is too long";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__DUPLICATE_HANDLE;
  if (by_handle(publisher, info->pub_handle)) return "this handle is another track's";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__DUPLICATE_NAME;
  if (by_name(publisher, info->name)) return "this name is another track's";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED;
  if (publisher->data.published_count == OH_DATA_TRACKS_MAX) return "too many data tracks";
  return NULL;
}

static struct oh_data_track *open_track(struct oh_house *house, struct oh_participant *publisher,
                                        Livekit__DataTrackInfo *info) {
  struct oh_data_track *track = calloc(1, sizeof *track);
  OH_CHECK(track);
  track->publisher = publisher;
  track->sid = oh_sid_new(&house->world->random, "DTR_");
  info->sid = track->sid.text;
  track->info = (Livekit__DataTrackInfo *)oh_message_copy(&info->base);
  struct oh_data_track **end = &publisher->data.published;
  while (*end)
    end = &(*end)->next;
  *end = track;
  publisher->data.published_count++;
  return track;
}

void oh_data_track_publish(struct oh_house *house, int64_t now_us, struct oh_participant *publisher,
                           const Livekit__PublishDataTrackRequest *request) {
  Livekit__DataTrackInfo info = LIVEKIT__DATA_TRACK_INFO__INIT; // borrows from the request
  info.pub_handle = request->pub_handle;
  info.name = request->name;
  info.encryption = request->encryption;
  if (request->_frame_encoding_case == LIVEKIT__PUBLISH_DATA_TRACK_REQUEST___FRAME_ENCODING_FRAME_ENCODING) {
    info._frame_encoding_case = LIVEKIT__DATA_TRACK_INFO___FRAME_ENCODING_FRAME_ENCODING;
    info.frame_encoding = request->frame_encoding;
  }
  if (request->_schema_case == LIVEKIT__PUBLISH_DATA_TRACK_REQUEST___SCHEMA_SCHEMA) {
    info._schema_case = LIVEKIT__DATA_TRACK_INFO___SCHEMA_SCHEMA;
    info.schema = request->schema;
  }
  Livekit__RequestResponse__Reason reason;
  const char *message = objection(house, publisher, &info, &reason);
  if (message) return refuse(house, publisher, request, reason, message);

  struct oh_data_track *track = open_track(house, publisher, &info);
  bool newcomer = !publisher->was_publisher;
  publisher->was_publisher = true;
  oh_log(&house->world->log, OH_LOG_INFO, "data track published", "room=%s identity=%s sid=%s name=%s",
         publisher->room->name, publisher->claims.identity, track->sid.text, track->info->name);
  Livekit__PublishDataTrackResponse published = LIVEKIT__PUBLISH_DATA_TRACK_RESPONSE__INIT;
  published.info = track->info;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_PUBLISH_DATA_TRACK_RESPONSE;
  response.publish_data_track_response = &published;
  oh_participant_send(house, publisher, &response);
  oh_participant_changed(house, publisher, OH_OTHERS);
  settle_all(house, track);
  tell_changed(house, publisher->room);
  if (!newcomer) return;
  oh_room_changed(house, now_us, publisher->room, false);
  oh_dispatch_published(house, now_us, publisher);
}

// Out of the list, subscriptions ended; `tell`: its publisher hears of it.
static void close_track(struct oh_house *house, struct oh_data_track *track, bool tell) {
  struct oh_participant *publisher = track->publisher;
  struct oh_data_track **at = &publisher->data.published;
  while (*at != track)
    at = &(*at)->next;
  *at = track->next;
  publisher->data.published_count--;
  while (track->subscriptions)
    close_subscription(track->subscriptions);
  oh_log(&house->world->log, OH_LOG_INFO, "data track ended",
         "room=%s identity=%s sid=%s packets=%llu bytes=%llu missing=%llu", publisher->room->name,
         publisher->claims.identity, track->sid.text, (unsigned long long)track->packets,
         (unsigned long long)track->bytes, (unsigned long long)track->missing);
  if (tell) {
    Livekit__UnpublishDataTrackResponse unpublished = LIVEKIT__UNPUBLISH_DATA_TRACK_RESPONSE__INIT;
    unpublished.info = track->info;
    Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
    response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UNPUBLISH_DATA_TRACK_RESPONSE;
    response.unpublish_data_track_response = &unpublished;
    oh_participant_send(house, publisher, &response);
  }
  oh_message_free(track->info);
  free(track);
}

void oh_data_track_unpublish(struct oh_house *house, struct oh_participant *publisher,
                             const Livekit__UnpublishDataTrackRequest *request) {
  struct oh_data_track *track = by_handle(publisher, request->pub_handle);
  if (track) {
    close_track(house, track, true);
    oh_participant_changed(house, publisher, OH_OTHERS);
    return tell_changed(house, publisher->room);
  }
  Livekit__RequestResponse answer = LIVEKIT__REQUEST_RESPONSE__INIT;
  answer.reason = LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND;
  answer.message = (char *)"data track not found";
  answer.request_case = LIVEKIT__REQUEST_RESPONSE__REQUEST_UNPUBLISH_DATA_TRACK;
  answer.unpublish_data_track = (Livekit__UnpublishDataTrackRequest *)request;
  oh_participant_answer(house, publisher, &answer);
}

void oh_data_track_settle(struct oh_house *house, struct oh_participant *p) {
  // LiveKit ends them without a word to the publisher, whose client would push into nothing
  while (p->data.published && !p->claims.video.can_publish_data)
    close_track(house, p->data.published, true);
  for (struct oh_data_track *track = p->data.published; track; track = track->next)
    settle_all(house, track);
  for (struct oh_participant *other = p->room->participants; other; other = other->next)
    for (struct oh_data_track *track = other->data.published; track; track = track->next)
      settle(house, p, track);
  tell_changed(house, p->room);
}

void oh_data_track_forget(struct oh_house *house, struct oh_participant *p) {
  while (p->data.heard)
    close_subscription(p->data.heard);
  while (p->data.published)
    close_track(house, p->data.published, false);
  p->data.changed = false;
  tell_changed(house, p->room);
}

void oh_data_track_describe(struct oh_house *house, const struct oh_participant *p,
                            Livekit__ParticipantInfo *info) {
  if (!p->data.published) return;
  info->data_tracks = oh_scratch_take(&house->scratch, p->data.published_count * sizeof *info->data_tracks);
  for (const struct oh_data_track *track = p->data.published; track; track = track->next)
    info->data_tracks[info->n_data_tracks++] = track->info;
}

bool oh_data_track_knows(const struct oh_participant *p, const Livekit__SyncState *state) {
  for (size_t i = 0; i < state->n_publish_data_tracks; i++) {
    const Livekit__DataTrackInfo *info = state->publish_data_tracks[i]->info;
    if (!info || !by_sid(p, info->sid)) return false;
  }
  return true;
}

// ---- packets ----

static void note(struct oh_data_track *track, const struct oh_track_packet *packet, size_t len) {
  uint16_t ahead = (uint16_t)(packet->sequence - track->next_sequence);
  if (track->packets == 0) ahead = 0;
  if (ahead < INT16_MAX) { // else it comes late
    track->missing += ahead;
    track->next_sequence = (uint16_t)(packet->sequence + 1);
  }
  track->packets++;
  track->bytes += len;
}

static void send_to(struct oh_house *house, int64_t now_us, struct oh_participant *to,
                    struct oh_bytes message) {
  const struct oh_transport *transport = oh_data_transport(to);
  bool sent = transport->channels && transport->data_track >= 0;
  if (sent) {
    uint16_t channel = (uint16_t)transport->data_track;
    sent = oh_channel_queued(transport->channels, channel) + message.len <= OH_DATA_TRACK_QUEUE_MAX &&
           oh_channel_send_within(transport->channels, now_us, channel, message, OH_DATA_TRACK_LATE_US);
    oh_participant_schedule(house, to);
  }
  oh_count(&house->world->counters, sent ? OH_COUNT_data_track_forwarded : OH_COUNT_data_track_drop_slow);
}

void oh_data_track_recv(struct oh_house *house, int64_t now_us, struct oh_participant *publisher,
                        struct oh_bytes message) {
  struct oh_counters *counters = &house->world->counters;
  struct oh_track_packet packet;
  if (message.len > OH_DATA_TRACK_PACKET_MAX || !oh_track_packet_read(&packet, message))
    return oh_count(counters, OH_COUNT_data_track_drop_malformed);
  struct oh_data_track *track = by_handle(publisher, packet.handle);
  if (!track) return oh_count(counters, OH_COUNT_data_track_drop_unknown);
  oh_count(counters, OH_COUNT_data_track_received);
  note(track, &packet, message.len);
  if (!track->subscriptions) return;
  uint8_t *copy = malloc(message.len);
  OH_CHECK(copy);
  memcpy(copy, message.data, message.len);
  uint32_t copies = 0;
  for (const struct oh_data_subscription *s = track->subscriptions; s; s = s->next_of_track) {
    if (s->handle == 0) continue;
    oh_track_packet_set_handle(copy, s->handle);
    send_to(house, now_us, s->listener, (struct oh_bytes){copy, message.len});
    copies++;
  }
  oh_data_charge(house, now_us, publisher, copies, message.len);
  free(copy);
}
