// egress.c — see egress.h
#include "livekit/egress.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "livekit/egress_path.h"
#include "livekit/egress_plan.h"
#include "livekit/message.h"
#include "livekit/publish.h"
#include "livekit/subscribe.h"

#define RECORDING_IS_OFF "recording is off on this server: set egress.directory or data_dir"
#define REFUSED "the participant does not want to be recorded"
enum { CODE_FAILED = 500, CODE_LIMIT = 413 }; // EgressInfo.error_code: HTTP statuses

struct voice {
  oh_id track; // 0: unused
  bool wanted;
  enum oh_reel_side side;
};

struct oh_egress {
  struct oh_egress *next;
  struct oh_house *house;
  struct oh_sid id, room_sid;
  char *room_name;
  char *publisher;           // identity of whom it hears; NULL: anybody
  ProtobufCMessage *request; // ours; the plan borrows from it
  struct oh_egress_plan plan;
  uint64_t reel;
  oh_id recorder;                     // participant; 0: has left
  oh_id track;                        // OH_EGRESS_TRACK
  Livekit__EgressStatus status, last; // last: the one to come after ENDING
  int64_t started_ns, updated_ns, ended_ns, limit_us, duration_ns;
  uint64_t bytes, lost;
  char path[OH_EGRESS_PATH_MAX], error[OH_TWIRP_TEXT_MAX];
  int32_t error_code;
  uint32_t tracks_seen; // for DUAL_CHANNEL_ALTERNATE
  uint32_t next_voice;
  struct voice voices[OH_EGRESS_VOICES_MAX];
};

static int64_t unix_ns(const struct oh_house *house, int64_t now_us) {
  return oh_unix_us(house->world, now_us) * 1000;
}

// ---- what a recorder hears

static bool route_matches(const Livekit__AudioRoute *route, const struct oh_track *track) {
  switch (route->match_case) {
  case LIVEKIT__AUDIO_ROUTE__MATCH_TRACK_ID: return strcmp(route->track_id, track->sid.text) == 0;
  case LIVEKIT__AUDIO_ROUTE__MATCH_PARTICIPANT_IDENTITY:
    return strcmp(route->participant_identity, track->participant->claims.identity) == 0;
  case LIVEKIT__AUDIO_ROUTE__MATCH_PARTICIPANT_KIND:
    return route->participant_kind == track->participant->kind;
  default: return false;
  }
}

static bool is_routed(const Livekit__AudioConfig *audio, const struct oh_track *track,
                      enum oh_reel_side *side) {
  for (size_t i = 0; i < audio->n_routes; i++) {
    if (!route_matches(audio->routes[i], track)) continue;
    Livekit__AudioChannel channel = audio->routes[i]->channel;
    *side = channel == LIVEKIT__AUDIO_CHANNEL__AUDIO_CHANNEL_LEFT    ? OH_REEL_LEFT
            : channel == LIVEKIT__AUDIO_CHANNEL__AUDIO_CHANNEL_RIGHT ? OH_REEL_RIGHT
                                                                     : OH_REEL_BOTH;
    return true;
  }
  return audio->capture_all;
}

static bool is_voice_of(const struct oh_egress_plan *plan, const struct oh_track *track) {
  Livekit__TrackSource source =
      plan->screen_share ? LIVEKIT__TRACK_SOURCE__SCREEN_SHARE_AUDIO : LIVEKIT__TRACK_SOURCE__MICROPHONE;
  bool fits =
      track->source == source || (!plan->screen_share && track->source == LIVEKIT__TRACK_SOURCE__UNKNOWN);
  return fits && strcmp(track->participant->claims.identity, plan->identity) == 0;
}

static bool has_refused(const struct oh_participant *p) {
  for (size_t i = 0; i < p->claims.attribute_count; i++)
    if (strcmp(p->claims.attributes[2 * i], OH_RECORDING_ATTRIBUTE) == 0)
      return strcmp(p->claims.attributes[2 * i + 1], "no") == 0;
  return false;
}

static void choose(struct oh_egress *e, const struct oh_track *track, struct voice *voice) {
  if (has_refused(track->participant)) return;
  if (track->encryption != LIVEKIT__ENCRYPTION__TYPE__NONE) return; // nobody here could play it
  switch (e->plan.source) {
  case OH_EGRESS_TRACK: voice->wanted = track->id == e->track; break;
  case OH_EGRESS_PARTICIPANT: voice->wanted = is_voice_of(&e->plan, track); break;
  case OH_EGRESS_ROUTES: voice->wanted = is_routed(e->plan.routes, track, &voice->side); break;
  case OH_EGRESS_ROOM:
    voice->wanted = true;
    if (e->plan.mixing == LIVEKIT__AUDIO_MIXING__DUAL_CHANNEL_AGENT)
      voice->side =
          track->participant->kind == LIVEKIT__PARTICIPANT_INFO__KIND__AGENT ? OH_REEL_LEFT : OH_REEL_RIGHT;
    if (e->plan.mixing == LIVEKIT__AUDIO_MIXING__DUAL_CHANNEL_ALTERNATE)
      voice->side = e->tracks_seen++ % 2 ? OH_REEL_RIGHT : OH_REEL_LEFT;
    break;
  }
}

// Decided once per track; the oldest decisions are forgotten.
static const struct voice *voice_of(struct oh_egress *e, oh_id id) {
  for (uint32_t i = 0; i < OH_EGRESS_VOICES_MAX; i++)
    if (e->voices[i].track == id) return &e->voices[i];
  struct voice *voice = &e->voices[e->next_voice++ % OH_EGRESS_VOICES_MAX];
  *voice = (struct voice){.track = id};
  const struct oh_track *track = oh_track_at(e->house, id);
  if (track) choose(e, track, voice);
  return voice;
}

static void on_packet(void *self, int64_t now_us, oh_id track, const struct oh_rtp_header *rtp,
                      const uint8_t *opus, size_t len) {
  struct oh_egress *e = self;
  if (e->status != LIVEKIT__EGRESS_STATUS__EGRESS_STARTING &&
      e->status != LIVEKIT__EGRESS_STATUS__EGRESS_ACTIVE)
    return;
  const struct voice *voice = voice_of(e, track);
  if (!voice->wanted) return;
  const struct oh_scribe_ops *scribe = &e->house->config.scribe;
  scribe->packet(scribe->ctx, now_us, e->reel, track, voice->side, rtp->timestamp,
                 (struct oh_bytes){.data = opus, .len = len});
}

static void on_heard(void *self, int64_t now_us, oh_id track, bool there) {
  (void)self, (void)now_us, (void)track, (void)there; // a mute is a silence, an end comes as track_gone
}

static void on_arrived(void *self, int64_t now_us) {
  (void)self, (void)now_us;
}

static bool wants(void *self, oh_id track) {
  struct oh_egress *e = self;
  return voice_of(e, track)->wanted;
}

static int64_t no_deadline(const void *self) {
  (void)self;
  return OH_NEVER;
}

// ---- how a recording goes

bool oh_egress_is_active(const struct oh_egress *e) {
  return e->status <= LIVEKIT__EGRESS_STATUS__EGRESS_ENDING;
}

static void archive(const struct oh_egress *e, int64_t now_us, const Livekit__EgressInfo *info) {
  const struct oh_scribe_ops *scribe = &e->house->config.scribe;
  size_t len;
  uint8_t *bytes = oh_message_write(&info->base, &len);
  scribe->ended(scribe->ctx, now_us, e->id.text, (struct oh_bytes){.data = bytes, .len = len});
  free(bytes);
}

static void told(struct oh_egress *e, int64_t now_us, Livekit__EgressStatus status, const char *happening) {
  static const char *const names[] = {"starting", "active",  "ending", "complete",
                                      "failed",   "aborted", "limit"};
  struct oh_house *house = e->house;
  e->status = status;
  e->updated_ns = unix_ns(house, now_us);
  oh_log(&house->world->log, *e->error ? OH_LOG_WARN : OH_LOG_INFO, "recording",
         "egress=%s room=%s status=%s error=%s", e->id.text, e->room_name, names[status], e->error);
  const Livekit__EgressInfo *info = oh_egress_describe(house, e);
  oh_happening_egress(house, now_us, happening, info);
  if (!oh_egress_is_active(e)) archive(e, now_us, info);
}

// The scribe closes the file; the recorder leaves with the next tick, because somebody may be walking through
// the room just now.
static void end(struct oh_egress *e, int64_t now_us, Livekit__EgressStatus last) {
  const struct oh_scribe_ops *scribe = &e->house->config.scribe;
  e->last = last;
  e->ended_ns = unix_ns(e->house, now_us);
  e->house->egresses.due |= e->recorder != 0;
  scribe->close(scribe->ctx, now_us, e->reel);
  told(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_ENDING, "egress_updated");
}

static bool is_running(const struct oh_egress *e) {
  return e->status <= LIVEKIT__EGRESS_STATUS__EGRESS_ACTIVE;
}

bool oh_egress_stop(struct oh_house *house, int64_t now_us, struct oh_egress *e) {
  (void)house;
  if (!is_running(e)) return false;
  end(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_COMPLETE);
  return true;
}

static void on_close(void *self) {
  (void)self; // the same is told as participant_gone, with the time
}

static const struct oh_resident_ops recorder = {.agent_name = "",
                                                .identity = "",
                                                .name = "",
                                                .close = on_close,
                                                .packet = on_packet,
                                                .heard = on_heard,
                                                .wants = wants,
                                                .arrived = on_arrived,
                                                .deadline = no_deadline,
                                                .tick = on_arrived};

static bool send_recorder(struct oh_egress *e, int64_t now_us, struct oh_room *room) {
  struct oh_house *house = e->house;
  struct oh_claims claims;
  oh_claims_init(&claims);
  oh_replace_text(&claims.identity, e->id.text);
  oh_replace_text(&claims.kind, "egress");
  claims.video.hidden = claims.video.recorder = true;
  claims.video.can_publish = claims.video.can_publish_data = false;
  struct oh_participant *p = oh_participant_open(house, now_us, room, &claims);
  oh_claims_fini(&claims);
  if (!p) return false;
  e->recorder = p->id;
  p->auto_subscribe = true;
  p->resident = &recorder;
  p->resident_self = e;
  oh_participant_activate(house, now_us, p);
  oh_subscribe_listener(house, now_us, p);
  oh_participant_schedule(house, p);
  oh_room_changed(house, now_us, room, true);
  return true;
}

// ---- the list

static void forget(struct oh_egress *e) {
  oh_message_free(e->request);
  free(e->room_name);
  free(e->publisher);
  free(e);
}

// Of what has ended only the latest are remembered.
static void tidy(struct oh_house *house) {
  uint32_t ended = 0;
  for (struct oh_egress **at = &house->egresses.first; *at;) {
    struct oh_egress *e = *at;
    ended += !oh_egress_is_active(e);
    if (oh_egress_is_active(e) || e->recorder || ended <= OH_EGRESS_KEPT_MAX) {
      at = &e->next;
      continue;
    }
    *at = e->next;
    house->egresses.count--;
    forget(e);
  }
}

void oh_egress_fini(struct oh_house *house) {
  while (house->egresses.first) {
    struct oh_egress *e = house->egresses.first;
    house->egresses.first = e->next;
    forget(e);
  }
}

struct oh_egress *oh_egress_next(struct oh_house *house, struct oh_egress *after) {
  return after ? after->next : house->egresses.first;
}

struct oh_egress *oh_egress_find(struct oh_house *house, const char *id) {
  for (struct oh_egress *e = house->egresses.first; e; e = e->next)
    if (strcmp(e->id.text, id) == 0) return e;
  return NULL;
}

const char *oh_egress_room(const struct oh_egress *e) {
  return e->room_name;
}

static void describe_request(const struct oh_egress *e, Livekit__EgressInfo *info) {
  const ProtobufCMessageDescriptor *type = e->request->descriptor;
  if (type == &livekit__room_composite_egress_request__descriptor) {
    info->request_case = LIVEKIT__EGRESS_INFO__REQUEST_ROOM_COMPOSITE;
    info->room_composite = (Livekit__RoomCompositeEgressRequest *)e->request;
  } else if (type == &livekit__participant_egress_request__descriptor) {
    info->request_case = LIVEKIT__EGRESS_INFO__REQUEST_PARTICIPANT;
    info->participant = (Livekit__ParticipantEgressRequest *)e->request;
  } else if (type == &livekit__track_composite_egress_request__descriptor) {
    info->request_case = LIVEKIT__EGRESS_INFO__REQUEST_TRACK_COMPOSITE;
    info->track_composite = (Livekit__TrackCompositeEgressRequest *)e->request;
  } else if (type == &livekit__track_egress_request__descriptor) {
    info->request_case = LIVEKIT__EGRESS_INFO__REQUEST_TRACK;
    info->track = (Livekit__TrackEgressRequest *)e->request;
  } else {
    info->request_case = LIVEKIT__EGRESS_INFO__REQUEST_EGRESS;
    info->egress = (Livekit__StartEgressRequest *)e->request;
  }
}

static Livekit__FileInfo *describe_file(struct oh_house *house, const struct oh_egress *e) {
  Livekit__FileInfo *file = oh_scratch_take(&house->scratch, sizeof *file);
  livekit__file_info__init(file);
  file->filename = file->location = (char *)e->path;
  file->started_at = e->started_ns;
  file->ended_at = e->ended_ns;
  file->duration = e->duration_ns;
  file->size = (int64_t)e->bytes;
  return file;
}

Livekit__EgressInfo *oh_egress_describe(struct oh_house *house, const struct oh_egress *e) {
  Livekit__EgressInfo *info = oh_scratch_take(&house->scratch, sizeof *info);
  livekit__egress_info__init(info);
  info->egress_id = (char *)e->id.text;
  info->room_id = (char *)e->room_sid.text;
  info->room_name = e->room_name;
  info->source_type = LIVEKIT__EGRESS_SOURCE_TYPE__EGRESS_SOURCE_TYPE_SDK;
  info->status = e->status;
  info->started_at = e->started_ns;
  info->updated_at = e->updated_ns;
  info->ended_at = oh_egress_is_active(e) ? 0 : e->ended_ns;
  info->error = (char *)e->error;
  info->error_code = e->error_code;
  if (e->lost)
    info->details = oh_scratch_printf(&house->scratch, "%llu packets are missing: the server was overloaded",
                                      (unsigned long long)e->lost);
  describe_request(e, info);
  info->n_file_results = 1;
  info->file_results = oh_scratch_take(&house->scratch, sizeof *info->file_results);
  info->file_results[0] = describe_file(house, e);
  if (e->plan.legacy) {
    info->result_case = LIVEKIT__EGRESS_INFO__RESULT_FILE;
    info->file = info->file_results[0];
  }
  return info;
}

// ---- begin

static struct oh_egress *refuse(struct oh_twirp_error *error, enum oh_twirp_code code, const char *why) {
  oh_twirp_fail(error, code, "%s", why);
  return NULL;
}

// A copy of what was asked for: it is shown as long as the recording is.
static ProtobufCMessage *copy(const ProtobufCMessage *request) {
  size_t len;
  uint8_t *bytes = oh_message_write(request, &len);
  ProtobufCMessage *mine =
      len <= OH_EGRESS_REQUEST_MAX ? oh_message_read(request->descriptor, bytes, len) : NULL;
  free(bytes);
  return mine;
}

// Finds what is to be recorded, and its names for the file. False: it is not there.
static bool find_subject(struct oh_egress *e, struct oh_room *room, struct oh_egress_names *names,
                         struct oh_twirp_error *error) {
  names->fallback = room->name;
  if (e->plan.source == OH_EGRESS_PARTICIPANT) {
    names->fallback = names->identity = e->plan.identity;
    e->publisher = oh_str_dup(oh_str(e->plan.identity));
    const struct oh_participant *p = oh_participant_by_identity(room, e->plan.identity);
    if (!p) return refuse(error, OH_TWIRP_NOT_FOUND, "participant does not exist"), false;
    if (has_refused(p)) return refuse(error, OH_TWIRP_FAILED_PRECONDITION, REFUSED), false;
    for (const struct oh_track *track = p->tracks; track; track = track->next)
      if (track->encryption != LIVEKIT__ENCRYPTION__TYPE__NONE)
        return refuse(error, OH_TWIRP_FAILED_PRECONDITION, "participant is encrypted end to end"), false;
    return true;
  }
  if (e->plan.source != OH_EGRESS_TRACK) return true;
  const struct oh_track *track = oh_track_in_room(room, e->plan.track);
  if (!track) return refuse(error, OH_TWIRP_NOT_FOUND, "track does not exist"), false;
  if (has_refused(track->participant)) return refuse(error, OH_TWIRP_FAILED_PRECONDITION, REFUSED), false;
  if (track->encryption != LIVEKIT__ENCRYPTION__TYPE__NONE)
    return refuse(error, OH_TWIRP_FAILED_PRECONDITION, "track is encrypted end to end"), false;
  e->track = track->id;
  e->publisher = oh_str_dup(oh_str(track->participant->claims.identity));
  names->fallback = names->track_id = track->sid.text;
  names->identity = track->participant->claims.identity;
  names->track_type = "audio";
  names->track_source = track->source == LIVEKIT__TRACK_SOURCE__MICROPHONE           ? "microphone"
                        : track->source == LIVEKIT__TRACK_SOURCE__SCREEN_SHARE_AUDIO ? "screen_share_audio"
                                                                                     : "unknown";
  return true;
}

// How many recordings of the room hear a participant; NULL: everybody.
static uint32_t heard_by(const struct oh_house *house, const struct oh_room *room, const char *identity) {
  uint32_t count = 0;
  for (const struct oh_egress *e = house->egresses.first; e; e = e->next)
    if (is_running(e) && strcmp(e->room_sid.text, room->sid.text) == 0)
      count += !e->publisher || (identity && strcmp(e->publisher, identity) == 0);
  return count;
}

// A track has only so many listeners inside the server: better no recording than a silent one.
static bool is_crowded(const struct oh_egress *e, const struct oh_room *room) {
  if (heard_by(e->house, room, e->publisher) >= OH_EGRESS_PER_VOICE_MAX) return true;
  for (const struct oh_participant *p = room->participants; p && !e->publisher; p = p->next)
    if (heard_by(e->house, room, p->claims.identity) >= OH_EGRESS_PER_VOICE_MAX) return true;
  return false;
}

static ProtobufCMessage *request_of(const Livekit__EgressInfo *info) {
  switch (info->request_case) {
  case LIVEKIT__EGRESS_INFO__REQUEST_ROOM_COMPOSITE: return &info->room_composite->base;
  case LIVEKIT__EGRESS_INFO__REQUEST_PARTICIPANT: return &info->participant->base;
  case LIVEKIT__EGRESS_INFO__REQUEST_TRACK_COMPOSITE: return &info->track_composite->base;
  case LIVEKIT__EGRESS_INFO__REQUEST_TRACK: return &info->track->base;
  case LIVEKIT__EGRESS_INFO__REQUEST_EGRESS: return &info->egress->base;
  default: return NULL;
  }
}

static void add_to_list(struct oh_egress *e) {
  struct oh_egresses *list = &e->house->egresses;
  e->next = list->first;
  list->first = e;
  list->count++;
}

// One of before the restart, listed again. NULL: of another version, or damaged.
static struct oh_egress *revive(struct oh_house *house, const Livekit__EgressInfo *info) {
  ProtobufCMessage *request = request_of(info);
  struct oh_egress *e = calloc(1, sizeof *e);
  struct oh_twirp_error error = {0};
  OH_CHECK(e);
  e->request = request ? copy(request) : NULL;
  if (!e->request || !oh_egress_plan_read(e->request, &e->plan, &error)) {
    forget(e);
    return NULL;
  }
  e->house = house;
  snprintf(e->id.text, sizeof e->id.text, "%s", info->egress_id);
  snprintf(e->room_sid.text, sizeof e->room_sid.text, "%s", info->room_id);
  e->room_name = oh_str_dup(oh_str(info->room_name));
  e->started_ns = info->started_at;
  add_to_list(e);
  return e;
}

static Livekit__EgressInfo *read_info(struct oh_bytes bytes) {
  return (Livekit__EgressInfo *)oh_message_read(&livekit__egress_info__descriptor, bytes.data, bytes.len);
}

bool oh_house_reel_remnant(struct oh_house *house, int64_t now_us, const struct oh_reel_remnant *remnant) {
  Livekit__EgressInfo *info = read_info(remnant->info);
  struct oh_egress *e = info ? revive(house, info) : NULL;
  oh_message_free(info);
  if (!e) return false;
  snprintf(e->path, sizeof e->path, "%s", oh_str_is_utf8(oh_str(remnant->path)) ? remnant->path : "");
  snprintf(e->error, sizeof e->error, "%s", "the server ended before the recording did");
  e->error_code = CODE_FAILED;
  e->ended_ns = remnant->ended_unix_us * 1000;
  if (e->ended_ns > e->started_ns) e->duration_ns = e->ended_ns - e->started_ns;
  e->bytes = remnant->bytes;
  told(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_ABORTED, "egress_ended");
  tidy(house);
  oh_scratch_clear(&house->scratch);
  return true;
}

void oh_house_reel_recall(struct oh_house *house, struct oh_bytes bytes) {
  Livekit__EgressInfo *info = read_info(bytes);
  bool ended = info && info->status > LIVEKIT__EGRESS_STATUS__EGRESS_ENDING && info->n_file_results == 1;
  struct oh_egress *e = ended ? revive(house, info) : NULL;
  if (e) {
    const Livekit__FileInfo *file = info->file_results[0];
    e->status = info->status;
    e->updated_ns = info->updated_at;
    e->ended_ns = info->ended_at;
    e->duration_ns = file->duration;
    e->bytes = (uint64_t)file->size;
    e->lost = strtoull(info->details, NULL, 10); // oh_egress_describe begins them with the number
    e->error_code = info->error_code;
    snprintf(e->path, sizeof e->path, "%s", file->filename);
    snprintf(e->error, sizeof e->error, "%s", info->error);
    tidy(house);
  }
  oh_message_free(info);
}

static bool order_reel(struct oh_egress *e, int64_t now_us, struct oh_room *room,
                       struct oh_twirp_error *error) {
  const struct oh_scribe_ops *scribe = &e->house->config.scribe;
  struct oh_egress_names names = {
      .room_name = room->name, .room_id = room->sid.text, .unix_us = oh_unix_us(e->house->world, now_us)};
  const char *why;
  if (!find_subject(e, room, &names, error)) return false;
  if (is_crowded(e, room))
    return refuse(error, OH_TWIRP_RESOURCE_EXHAUSTED, "as many recordings of one voice as there may be"),
           false;
  if (!oh_egress_path(e->plan.filepath, &names, e->path, &why))
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, why), false;
  bool mixed = e->plan.source == OH_EGRESS_ROOM || e->plan.source == OH_EGRESS_ROUTES;
  size_t len;
  uint8_t *info = oh_message_write(&oh_egress_describe(e->house, e)->base, &len);
  const struct oh_reel_order order = {.id = e->id.text,
                                      .info = {.data = info, .len = len},
                                      .path = e->path,
                                      .title = names.fallback,
                                      .channels = mixed ? e->plan.stereo ? 2 : 1 : 0,
                                      .bitrate = e->plan.bitrate};
  e->reel = scribe->open(scribe->ctx, now_us, &order);
  free(info);
  if (!e->reel)
    refuse(error, OH_TWIRP_RESOURCE_EXHAUSTED,
           "as many recordings as there may be at a time (limit.recordings)");
  return e->reel != 0;
}

struct oh_egress *oh_egress_start(struct oh_house *house, int64_t now_us, struct oh_room *room,
                                  const ProtobufCMessage *request, struct oh_twirp_error *error) {
  const struct oh_scribe_ops *scribe = &house->config.scribe;
  struct oh_egress_plan plan;
  if (!oh_egress_plan_read(request, &plan, error)) return NULL;
  if (!scribe->open) return refuse(error, OH_TWIRP_FAILED_PRECONDITION, RECORDING_IS_OFF);
  if (house->draining) return refuse(error, OH_TWIRP_UNAVAILABLE, "the server is about to end");
  struct oh_egress *e = calloc(1, sizeof *e);
  OH_CHECK(e);
  e->house = house;
  e->id = oh_sid_new(&house->world->random, "EG_");
  e->room_sid = room->sid;
  e->room_name = oh_str_dup(oh_str(room->name));
  e->request = copy(request);
  if (!e->request) {
    forget(e);
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "the request is too large");
  }
  OH_CHECK(oh_egress_plan_read(e->request, &e->plan, error));
  e->started_ns = unix_ns(house, now_us);
  if (!order_reel(e, now_us, room, error)) {
    forget(e);
    return NULL;
  }
  e->limit_us = scribe->max_duration_s ? now_us + scribe->max_duration_s * INT64_C(1000000) : OH_NEVER;
  add_to_list(e);
  oh_count(&house->world->counters, OH_COUNT_recordings_started);
  told(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_STARTING, "egress_started");
  if (!send_recorder(e, now_us, room)) {
    snprintf(e->error, sizeof e->error, "%s", "node has exceeded its configured limit");
    e->error_code = CODE_FAILED;
    end(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_FAILED);
  }
  tidy(house);
  return e;
}

// ---- what the scribe tells, and time

void oh_house_reel_news(struct oh_house *house, int64_t now_us, const struct oh_reel_news *news) {
  struct oh_egress *e = house->egresses.first;
  while (e && (e->reel != news->reel || !oh_egress_is_active(e)))
    e = e->next;
  if (!e) return;
  snprintf(e->path, sizeof e->path, "%s", news->path);
  e->bytes = news->bytes;
  e->lost = news->lost;
  e->duration_ns = news->duration_us * 1000;
  if (news->what == OH_REEL_OPEN) {
    if (e->status == LIVEKIT__EGRESS_STATUS__EGRESS_STARTING)
      told(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_ACTIVE, "egress_updated");
  } else if (news->what == OH_REEL_CLOSED) {
    if (is_running(e)) e->last = LIVEKIT__EGRESS_STATUS__EGRESS_ABORTED; // the scribe ends
    if (is_running(e)) e->ended_ns = unix_ns(house, now_us);
    told(e, now_us, e->last, "egress_ended");
  } else {
    oh_count(&house->world->counters, OH_COUNT_recordings_failed);
    snprintf(e->error, sizeof e->error, "%s", news->error);
    e->error_code = CODE_FAILED;
    e->ended_ns = unix_ns(house, now_us);
    told(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_FAILED, "egress_ended");
  }
  house->egresses.due |= !is_running(e) && e->recorder;
  oh_scratch_clear(&house->scratch);
}

bool oh_house_is_recording(const struct oh_house *house) {
  for (const struct oh_egress *e = house->egresses.first; e; e = e->next)
    if (oh_egress_is_active(e)) return true;
  return false;
}

int64_t oh_egress_deadline(const struct oh_house *house) {
  if (house->egresses.due) return 0;
  int64_t first = OH_NEVER;
  for (const struct oh_egress *e = house->egresses.first; e; e = e->next)
    if (is_running(e)) first = oh_earlier(first, e->limit_us);
  return first;
}

void oh_egress_tick(struct oh_house *house, int64_t now_us) {
  if (oh_egress_deadline(house) > now_us) return;
  for (struct oh_egress *e = house->egresses.first; e; e = e->next)
    if (is_running(e) && e->limit_us <= now_us) {
      snprintf(e->error, sizeof e->error, "%s", "Session limit reached");
      e->error_code = CODE_LIMIT;
      end(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_LIMIT_REACHED);
    }
  house->egresses.due = false;
  for (struct oh_egress *e = house->egresses.first; e; e = e->next) {
    struct oh_participant *p = is_running(e) ? NULL : oh_participant_at(house, e->recorder);
    if (p) oh_participant_close(house, now_us, p, LIVEKIT__DISCONNECT_REASON__CLIENT_INITIATED);
  }
  tidy(house);
}

void oh_egress_participant_gone(struct oh_house *house, int64_t now_us, const struct oh_participant *p) {
  for (struct oh_egress *e = house->egresses.first; e; e = e->next) {
    bool was_recorder = e->recorder == p->id; // the room ends, or somebody removed it
    if (was_recorder) e->recorder = 0;
    if (!is_running(e)) continue;
    bool was_subject = e->plan.source == OH_EGRESS_PARTICIPANT && strcmp(e->room_name, p->room->name) == 0 &&
                       strcmp(e->plan.identity, p->claims.identity) == 0;
    if (was_recorder || was_subject) end(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_COMPLETE);
  }
}

void oh_egress_track_gone(struct oh_house *house, int64_t now_us, const struct oh_track *track) {
  for (struct oh_egress *e = house->egresses.first; e; e = e->next)
    if (is_running(e) && e->plan.source == OH_EGRESS_TRACK && e->track == track->id)
      end(e, now_us, LIVEKIT__EGRESS_STATUS__EGRESS_COMPLETE);
}

// ---- what a room asks for by itself (RoomEgress)

static void begin(struct oh_house *house, int64_t now_us, struct oh_room *room,
                  const ProtobufCMessage *request) {
  struct oh_twirp_error error = {0};
  if (oh_egress_start(house, now_us, room, request, &error)) return;
  oh_log(&house->world->log, OH_LOG_WARN, "recording could not be started", "room=%s error=%s", room->name,
         error.msg);
}

static Livekit__RoomCompositeEgressRequest room_request(const Livekit__RoomEgress *egress, char *room) {
  Livekit__RoomCompositeEgressRequest request = *egress->room;
  request.room_name = room;
  return request;
}

static Livekit__ParticipantEgressRequest participant_request(const Livekit__RoomEgress *egress, char *room,
                                                             char *identity) {
  const Livekit__AutoParticipantEgress *wish = egress->participant;
  Livekit__ParticipantEgressRequest request = LIVEKIT__PARTICIPANT_EGRESS_REQUEST__INIT;
  request.room_name = room;
  request.identity = identity;
  request.n_file_outputs = wish->n_file_outputs;
  request.file_outputs = wish->file_outputs;
  request.n_segment_outputs = wish->n_segment_outputs;
  request.segment_outputs = wish->segment_outputs;
  if (wish->options_case == LIVEKIT__AUTO_PARTICIPANT_EGRESS__OPTIONS_ADVANCED) {
    request.options_case = LIVEKIT__PARTICIPANT_EGRESS_REQUEST__OPTIONS_ADVANCED;
    request.advanced = wish->advanced;
  }
  return request;
}

static Livekit__TrackEgressRequest track_request(const Livekit__RoomEgress *egress, char *room, char *track,
                                                 Livekit__DirectFileOutput *file) {
  livekit__direct_file_output__init(file);
  file->filepath = egress->tracks->filepath;
  // Any upload will be refused; which one it is does not matter.
  file->output_case = (Livekit__DirectFileOutput__OutputCase)egress->tracks->output_case;
  file->s3 = egress->tracks->s3;
  Livekit__TrackEgressRequest request = LIVEKIT__TRACK_EGRESS_REQUEST__INIT;
  request.room_name = room;
  request.track_id = track;
  request.output_case = LIVEKIT__TRACK_EGRESS_REQUEST__OUTPUT_FILE;
  request.file = file;
  return request;
}

bool oh_egress_check_auto(const struct oh_house *house, const Livekit__RoomEgress *egress,
                          struct oh_twirp_error *error) {
  char any[] = "x";
  struct oh_egress_plan plan;
  if (!egress || (!egress->room && !egress->participant && !egress->tracks)) return true;
  if (!house->config.scribe.open) return refuse(error, OH_TWIRP_FAILED_PRECONDITION, RECORDING_IS_OFF), false;
  if (egress->room) {
    Livekit__RoomCompositeEgressRequest request = room_request(egress, any);
    if (!oh_egress_plan_read(&request.base, &plan, error)) return false;
  }
  if (egress->participant) {
    Livekit__ParticipantEgressRequest request = participant_request(egress, any, any);
    if (!oh_egress_plan_read(&request.base, &plan, error)) return false;
  }
  if (!egress->tracks) return true;
  Livekit__DirectFileOutput file;
  Livekit__TrackEgressRequest request = track_request(egress, any, any, &file);
  return oh_egress_plan_read(&request.base, &plan, error);
}

void oh_egress_room_opened(struct oh_house *house, int64_t now_us, struct oh_room *room) {
  const Livekit__RoomEgress *egress = room->settings.egress;
  if (!egress || !egress->room) return;
  Livekit__RoomCompositeEgressRequest request = room_request(egress, room->name);
  begin(house, now_us, room, &request.base);
}

void oh_egress_participant_active(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  const Livekit__RoomEgress *egress = p->room->settings.egress;
  if (!egress || !egress->participant || p->dependent) return;
  Livekit__ParticipantEgressRequest request = participant_request(egress, p->room->name, p->claims.identity);
  begin(house, now_us, p->room, &request.base);
}

void oh_egress_track_published(struct oh_house *house, int64_t now_us, const struct oh_track *track) {
  struct oh_room *room = track->participant->room;
  const Livekit__RoomEgress *egress = room->settings.egress;
  if (!egress || !egress->tracks || track->participant->resident) return;
  Livekit__DirectFileOutput file;
  struct oh_sid sid = track->sid;
  Livekit__TrackEgressRequest request = track_request(egress, room->name, sid.text, &file);
  begin(house, now_us, room, &request.base);
}
