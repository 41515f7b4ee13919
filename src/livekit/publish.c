// publish.c — see publish.h
#include "livekit/publish.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/dispatch.h"
#include "livekit/subscribe.h"

struct oh_track *oh_track_at(struct oh_house *house, oh_id track) {
  return oh_slab_find(&house->tracks, track);
}

struct oh_track *oh_track_by_sid(const struct oh_participant *participant, const char *sid) {
  for (struct oh_track *track = participant->tracks; track; track = track->next)
    if (strcmp(track->sid.text, sid) == 0) return track;
  return NULL;
}

struct oh_track *oh_track_in_room(const struct oh_room *room, const char *sid) {
  for (const struct oh_participant *p = room->participants; p; p = p->next) {
    struct oh_track *track = oh_track_by_sid(p, sid);
    if (track && track->published) return track;
  }
  return NULL;
}

Livekit__TrackInfo *oh_track_describe(struct oh_house *house, const struct oh_track *track) {
  struct oh_scratch *scratch = &house->scratch;
  Livekit__TrackInfo *info = oh_scratch_take(scratch, sizeof *info);
  livekit__track_info__init(info);
  info->sid = (char *)track->sid.text;
  info->type = LIVEKIT__TRACK_TYPE__AUDIO;
  info->name = track->name;
  info->muted = track->muted;
  info->disable_dtx = track->no_dtx;
  info->source = track->source;
  info->mime_type = (char *)track->mime;
  info->mid = (char *)track->mid;
  info->stereo = track->stereo;
  info->disable_red = track->disable_red;
  info->encryption = track->encryption;
  info->stream = track->stream;
  info->audio_features = (Livekit__AudioTrackFeature *)track->features;
  info->n_audio_features = track->feature_count;
  info->backup_codec_policy = LIVEKIT__BACKUP_CODEC_POLICY__SIMULCAST;
  info->version = oh_scratch_take(scratch, sizeof *info->version);
  livekit__timed_version__init(info->version);
  info->version->unix_micro = track->published_unix_us;
  info->version->ticks = (int32_t)track->version;
  Livekit__SimulcastCodecInfo *codec = oh_scratch_take(scratch, sizeof *codec);
  livekit__simulcast_codec_info__init(codec);
  codec->cid = track->cid;
  codec->mime_type = (char *)(track->mime[0] || track->codec_named ? track->mime : "");
  codec->mid = (char *)track->mid;
  codec->video_layer_mode = LIVEKIT__VIDEO_LAYER__MODE__ONE_SPATIAL_LAYER_PER_STREAM;
  info->codecs = oh_scratch_take(scratch, sizeof *info->codecs);
  info->codecs[0] = codec;
  info->n_codecs = 1;
  return info;
}

static void refuse(struct oh_house *house, const struct oh_participant *participant,
                   const Livekit__AddTrackRequest *request, Livekit__RequestResponse__Reason reason,
                   const char *message) {
  Livekit__RequestResponse answer = LIVEKIT__REQUEST_RESPONSE__INIT;
  answer.reason = reason;
  answer.message = (char *)message;
  answer.request_case = LIVEKIT__REQUEST_RESPONSE__REQUEST_ADD_TRACK;
  answer.add_track = (Livekit__AddTrackRequest *)request;
  oh_participant_answer(house, participant, &answer);
}

static void tell_published(struct oh_house *house, const struct oh_track *track) {
  Livekit__TrackPublishedResponse published = LIVEKIT__TRACK_PUBLISHED_RESPONSE__INIT;
  published.cid = track->cid;
  published.track = oh_track_describe(house, track);
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_TRACK_PUBLISHED;
  response.track_published = &published;
  oh_participant_send(house, track->participant, &response);
}

static void add_feature(struct oh_track *track, Livekit__AudioTrackFeature feature) {
  const size_t max = sizeof track->features / sizeof *track->features;
  if ((int)feature < 0 || (int)feature >= (int)max) return; // unknown today
  for (size_t i = 0; i < track->feature_count; i++)
    if (track->features[i] == feature) return;
  track->features[track->feature_count++] = feature;
}

static bool has_feature(const struct oh_track *track, Livekit__AudioTrackFeature feature) {
  for (size_t i = 0; i < track->feature_count; i++)
    if (track->features[i] == feature) return true;
  return false;
}

static const char *default_stream(Livekit__TrackSource source) {
  switch (source) {
  case LIVEKIT__TRACK_SOURCE__CAMERA:
  case LIVEKIT__TRACK_SOURCE__MICROPHONE: return "camera";
  case LIVEKIT__TRACK_SOURCE__SCREEN_SHARE:
  case LIVEKIT__TRACK_SOURCE__SCREEN_SHARE_AUDIO: return "screen";
  default: return "unknown";
  }
}

static const char *sid_prefix(Livekit__TrackSource source) {
  switch (source) {
  case LIVEKIT__TRACK_SOURCE__CAMERA: return "TR_AC";
  case LIVEKIT__TRACK_SOURCE__MICROPHONE: return "TR_AM";
  case LIVEKIT__TRACK_SOURCE__SCREEN_SHARE: return "TR_AS";
  case LIVEKIT__TRACK_SOURCE__SCREEN_SHARE_AUDIO: return "TR_As";
  default: return "TR_A";
  }
}

static struct oh_track *open_track(struct oh_house *house, struct oh_participant *participant,
                                   Livekit__TrackSource source) {
  oh_id id;
  struct oh_track *track = oh_slab_add(&house->tracks, &id);
  if (!track) return NULL;
  track->id = id;
  track->participant = participant;
  track->source = source;
  track->sid = oh_sid_new(&house->world->random, sid_prefix(source));
  struct oh_track **end = &participant->tracks;
  while (*end)
    end = &(*end)->next;
  *end = track;
  participant->track_count++;
  return track;
}

static struct oh_track *track_by_cid(const struct oh_participant *participant, const char *cid) {
  for (struct oh_track *track = participant->tracks; track; track = track->next)
    if (strcmp(track->cid, cid) == 0) return track;
  return NULL;
}

// Why a request cannot be served, or NULL.
static const char *objection(const struct oh_participant *p, const Livekit__AddTrackRequest *request,
                             Livekit__RequestResponse__Reason *reason) {
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__UNSUPPORTED_TYPE;
  if (request->type != LIVEKIT__TRACK_TYPE__AUDIO) return "this server carries audio only";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__NOT_ALLOWED;
  if (!oh_participant_may_publish(p, request->source)) return "does not have permission to publish";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__NOT_FOUND;
  if (request->sid[0] && !oh_track_by_sid(p, request->sid)) return "track is not published";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__INVALID_REQUEST;
  if (!request->cid[0] || strlen(request->cid) > OH_NAME_MAX || strlen(request->name) > OH_NAME_MAX ||
      strlen(request->stream) > OH_NAME_MAX)
    return "cid, name or stream is missing or too long";
  *reason = LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED;
  if (p->pending_count >= OH_PENDING_TRACKS_MAX) return "too many pending tracks";
  if (p->track_count >= OH_TRACKS_MAX) return "too many tracks";
  return NULL;
}

static void read_request(struct oh_track *track, const Livekit__AddTrackRequest *request) {
  track->cid = oh_str_dup(oh_str(request->cid));
  track->name = oh_str_dup(oh_str(request->name));
  const char *stream = request->stream[0] ? request->stream : default_stream(request->source);
  track->stream = oh_str_dup(oh_str(stream));
  track->muted = request->muted;
  track->disable_red = request->disable_red;
  track->encryption = request->encryption;
  for (size_t i = 0; i < request->n_audio_features; i++)
    add_feature(track, request->audio_features[i]);
  if (request->stereo) add_feature(track, LIVEKIT__AUDIO_TRACK_FEATURE__TF_STEREO);
  if (request->disable_dtx) add_feature(track, LIVEKIT__AUDIO_TRACK_FEATURE__TF_NO_DTX);
  track->stereo = has_feature(track, LIVEKIT__AUDIO_TRACK_FEATURE__TF_STEREO);
  track->no_dtx = has_feature(track, LIVEKIT__AUDIO_TRACK_FEATURE__TF_NO_DTX);
  if (request->n_simulcast_codecs > 0) {
    const Livekit__SimulcastCodec *first = request->simulcast_codecs[0];
    const char *codec = first->codec;
    if (oh_str_starts(oh_str(codec), OH_STR("audio/"))) codec += strlen("audio/");
    bool red = oh_str_eq_nocase(oh_str(codec), OH_STR("red"));
    track->codec_named = true;
    if (!red) track->disable_red = true;
    snprintf(track->mime, sizeof track->mime, "%s", red ? "audio/red" : "audio/opus");
  }
}

void oh_publish_add(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                    const Livekit__AddTrackRequest *request) {
  Livekit__RequestResponse__Reason reason;
  const char *message = objection(participant, request, &reason);
  if (message) return refuse(house, participant, request, reason, message);
  if (request->sid[0]) return; // another codec for a published track: one is enough for sound
  struct oh_track *earlier = track_by_cid(participant, request->cid);
  struct oh_track *track = open_track(house, participant, request->source);
  if (!track)
    return refuse(house, participant, request, LIVEKIT__REQUEST_RESPONSE__REASON__LIMIT_EXCEEDED,
                  "the server is full");
  read_request(track, request);
  track->published_unix_us = oh_unix_us(house->world, now_us);
  participant->pending_count++;
  if (earlier) {
    track->queued = true;
    return refuse(house, participant, request, LIVEKIT__REQUEST_RESPONSE__REASON__QUEUED, "track is queued");
  }
  tell_published(house, track);
}

struct oh_track *oh_publish_match(const struct oh_participant *participant, struct oh_str msid_track) {
  struct oh_track *first = NULL;
  for (struct oh_track *track = participant->tracks; track; track = track->next) {
    if (track->published || track->matched || track->queued) continue;
    if (msid_track.len && oh_str_eq(oh_str(track->cid), msid_track)) return track;
    if (!first) first = track;
  }
  return first;
}

static void list_track(struct oh_house *house, int64_t now_us, struct oh_track *track) {
  struct oh_participant *participant = track->participant;
  track->published = true;
  track->version++;
  bool newcomer = !participant->was_publisher;
  participant->was_publisher = true;
  oh_log(&house->world->log, OH_LOG_INFO, "track published", "room=%s identity=%s sid=%s mime=%s",
         participant->room->name, participant->claims.identity, track->sid.text, track->mime);
  oh_participant_changed(house, participant, OH_OTHERS);
  if (newcomer) oh_room_changed(house, now_us, participant->room, false);
  if (participant->was_active) oh_happening_track(house, now_us, "track_published", track);
  oh_subscribe_track(house, now_us, track);
  oh_egress_track_published(house, now_us, track);
  if (newcomer) oh_dispatch_published(house, now_us, participant);
}

static oh_id open_media(struct oh_house *house, const struct oh_track *track) {
  const struct oh_sfu_track_config config = {.microphone = track->source == LIVEKIT__TRACK_SOURCE__MICROPHONE,
                                             .muted = track->muted,
                                             .encrypted =
                                                 track->encryption != LIVEKIT__ENCRYPTION__TYPE__NONE};
  return oh_sfu_add_track(house->sfu, track->participant->member, &config);
}

void oh_publish_prepare(struct oh_house *house, struct oh_track *track) {
  if (!track->media) track->media = open_media(house, track);
}

void oh_publish_complete(struct oh_house *house, int64_t now_us, struct oh_track *track, const char *mid,
                         const char *mime) {
  OH_CHECK(!track->published);
  snprintf(track->mid, sizeof track->mid, "%s", mid);
  snprintf(track->mime, sizeof track->mime, "%s", mime);
  track->participant->pending_count--;
  list_track(house, now_us, track);
}

struct oh_track *oh_publish_resident(struct oh_house *house, int64_t now_us,
                                     struct oh_participant *participant, const char *name) {
  struct oh_track *track = open_track(house, participant, LIVEKIT__TRACK_SOURCE__MICROPHONE);
  if (!track) return NULL;
  track->cid = oh_str_dup(oh_str(name));
  track->name = oh_str_dup(oh_str(name));
  track->stream = oh_str_dup(oh_str(default_stream(track->source)));
  track->disable_red = true;
  snprintf(track->mime, sizeof track->mime, "audio/opus");
  track->published_unix_us = oh_unix_us(house->world, now_us);
  oh_publish_prepare(house, track);
  list_track(house, now_us, track);
  return track;
}

static void unlink_track(struct oh_track *track) {
  struct oh_track **at = &track->participant->tracks;
  while (*at != track)
    at = &(*at)->next;
  *at = track->next;
  track->participant->track_count--;
  if (!track->published) track->participant->pending_count--;
}

static void tell_unpublished(struct oh_house *house, const struct oh_track *track) {
  Livekit__TrackUnpublishedResponse unpublished = LIVEKIT__TRACK_UNPUBLISHED_RESPONSE__INIT;
  unpublished.track_sid = (char *)track->sid.text;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_TRACK_UNPUBLISHED;
  response.track_unpublished = &unpublished;
  oh_participant_send(house, track->participant, &response);
}

// The next request that waited for this cid gets its answer now.
static void unqueue(struct oh_house *house, const struct oh_participant *participant, const char *cid) {
  struct oh_track *next = track_by_cid(participant, cid);
  if (!next || !next->queued) return;
  next->queued = false;
  tell_published(house, next);
}

void oh_publish_end(struct oh_house *house, int64_t now_us, struct oh_track *track, bool tell) {
  struct oh_participant *participant = track->participant;
  bool published = track->published;
  unlink_track(track);
  while (track->subscriptions)
    oh_subscribe_remove(house, now_us, track->subscriptions);
  if (track->media) oh_sfu_remove_track(house->sfu, track->media);
  for (int i = 0; i < OH_TARGETS; i++)
    for (uint32_t n = 0; n < participant->transports[i].slot_count; n++)
      if (participant->transports[i].slots[n].track == track->id)
        participant->transports[i].slots[n].track = 0;
  if (tell) tell_unpublished(house, track);
  if (published) oh_egress_track_gone(house, now_us, track);
  if (published && participant->was_active) oh_happening_track(house, now_us, "track_unpublished", track);
  if (published && participant->state != LIVEKIT__PARTICIPANT_INFO__STATE__DISCONNECTED) {
    oh_log(&house->world->log, OH_LOG_INFO, "track unpublished", "room=%s identity=%s sid=%s",
           participant->room->name, participant->claims.identity, track->sid.text);
    oh_participant_changed(house, participant, OH_OTHERS);
    oh_room_changed(house, now_us, participant->room, false);
  }
  unqueue(house, participant, track->cid);
  free(track->cid);
  free(track->name);
  free(track->stream);
  oh_slab_remove(&house->tracks, track->id);
}

void oh_publish_mute(struct oh_house *house, int64_t now_us, struct oh_track *track, bool muted) {
  if (track->muted == muted) return;
  track->muted = muted;
  track->version++;
  if (track->media) oh_sfu_mute_track(house->sfu, now_us, track->media, muted);
  if (!track->published) return;
  oh_participant_changed(house, track->participant, OH_ALL);
  oh_resident_track_changed(house, now_us, track, !muted);
}

void oh_publish_force_mute(struct oh_house *house, int64_t now_us, struct oh_track *track, bool muted) {
  Livekit__MuteTrackRequest mute = LIVEKIT__MUTE_TRACK_REQUEST__INIT;
  mute.sid = (char *)track->sid.text;
  mute.muted = muted;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_MUTE;
  response.mute = &mute;
  oh_participant_send(house, track->participant, &response);
  oh_publish_mute(house, now_us, track, muted);
}

void oh_publish_set_features(struct oh_house *house, struct oh_track *track,
                             const Livekit__AudioTrackFeature *features, size_t count) {
  track->feature_count = 0;
  for (size_t i = 0; i < count; i++)
    add_feature(track, features[i]);
  track->stereo = has_feature(track, LIVEKIT__AUDIO_TRACK_FEATURE__TF_STEREO);
  track->no_dtx = has_feature(track, LIVEKIT__AUDIO_TRACK_FEATURE__TF_NO_DTX);
  track->version++;
  if (track->published) oh_participant_changed(house, track->participant, OH_ALL);
}
