// egress_plan.c — see egress_plan.h
#include "livekit/egress_plan.h"
#include "base/limits.h"

#define ONLY_FILES "this server records into files only: give one file output"
#define ONLY_SOUND "this server carries voice only: "
#define ONLY_DISK "recordings stay on this server's disk (egress.directory): uploads are not served"
#define ONLY_OGG "sound is recorded as Ogg Opus: leave file_type at its default, or OGG"
#define ONLY_CONFIGURED "webhooks of a request are not served: put the URL into webhook.urls"

static bool refuse(struct oh_twirp_error *error, enum oh_twirp_code code, const char *why) {
  oh_twirp_fail(error, code, "%s", why);
  return false;
}

static bool take_file(struct oh_egress_plan *plan, const Livekit__EncodedFileOutput *file,
                      struct oh_twirp_error *error) {
  if (file->output_case) return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_DISK);
  if (file->file_type != LIVEKIT__ENCODED_FILE_TYPE__DEFAULT_FILETYPE &&
      file->file_type != LIVEKIT__ENCODED_FILE_TYPE__OGG)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, ONLY_OGG);
  plan->filepath = file->filepath;
  return true;
}

// The outputs that all composite requests have, whatever their message is called.
struct outputs {
  size_t files, streams, segments, images, webhooks;
  Livekit__EncodedFileOutput *const *file;
  const Livekit__EncodedFileOutput *old_file; // of the deprecated oneof
  bool other_old;                             // something else in there
};

static bool take_outputs(struct oh_egress_plan *plan, const struct outputs *outputs,
                         struct oh_twirp_error *error) {
  if (outputs->webhooks) return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_CONFIGURED);
  if (outputs->streams || outputs->segments || outputs->images || outputs->other_old)
    return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_FILES);
  plan->legacy = outputs->old_file != NULL;
  if (outputs->files > 1) return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "one file output at most");
  if (outputs->files) return take_file(plan, outputs->file[0], error); // SDKs send both, alike
  if (outputs->old_file) return take_file(plan, outputs->old_file, error);
  return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "request has missing or invalid field: output");
}

static bool take_encoding(struct oh_egress_plan *plan, const Livekit__EncodingOptions *options,
                          struct oh_twirp_error *error) {
  if (options->audio_codec != LIVEKIT__AUDIO_CODEC__DEFAULT_AC &&
      options->audio_codec != LIVEKIT__AUDIO_CODEC__OPUS)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT,
                  "sound is recorded with the Opus codec: audio_codec OPUS");
  if (options->audio_bitrate < 0 || options->audio_bitrate > OH_EGRESS_KBITS_MAX)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "audio_bitrate is out of range (kbit/s)");
  plan->bitrate = (uint32_t)options->audio_bitrate * 1000;
  if (plan->bitrate && plan->bitrate < OH_EGRESS_KBITS_MIN * 1000) plan->bitrate = OH_EGRESS_KBITS_MIN * 1000;
  return true;
}

static bool take_mixing(struct oh_egress_plan *plan, Livekit__AudioMixing mixing,
                        struct oh_twirp_error *error) {
  if (mixing != LIVEKIT__AUDIO_MIXING__DEFAULT_MIXING &&
      mixing != LIVEKIT__AUDIO_MIXING__DUAL_CHANNEL_AGENT &&
      mixing != LIVEKIT__AUDIO_MIXING__DUAL_CHANNEL_ALTERNATE)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "audio_mixing is not one that this server knows");
  plan->mixing = mixing;
  plan->stereo = mixing != LIVEKIT__AUDIO_MIXING__DEFAULT_MIXING;
  return true;
}

static bool read_room(const Livekit__RoomCompositeEgressRequest *r, struct oh_egress_plan *plan,
                      struct oh_twirp_error *error) {
  plan->source = OH_EGRESS_ROOM;
  if (r->video_only || !r->audio_only)
    return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_SOUND "set audio_only");
  if (*r->custom_base_url)
    return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_SOUND "no page is rendered (custom_base_url)");
  if (r->options_case == LIVEKIT__ROOM_COMPOSITE_EGRESS_REQUEST__OPTIONS_ADVANCED &&
      !take_encoding(plan, r->advanced, error))
    return false;
  bool old = r->output_case == LIVEKIT__ROOM_COMPOSITE_EGRESS_REQUEST__OUTPUT_FILE;
  const struct outputs outputs = {.files = r->n_file_outputs,
                                  .file = r->file_outputs,
                                  .streams = r->n_stream_outputs,
                                  .segments = r->n_segment_outputs,
                                  .images = r->n_image_outputs,
                                  .webhooks = r->n_webhooks,
                                  .old_file = old ? r->file : NULL,
                                  .other_old = r->output_case && !old};
  return take_mixing(plan, r->audio_mixing, error) && take_outputs(plan, &outputs, error);
}

static bool read_participant(const Livekit__ParticipantEgressRequest *r, struct oh_egress_plan *plan,
                             struct oh_twirp_error *error) {
  plan->source = OH_EGRESS_PARTICIPANT;
  plan->identity = r->identity;
  plan->screen_share = r->screen_share;
  if (!*r->identity)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "request has missing or invalid field: identity");
  if (r->options_case == LIVEKIT__PARTICIPANT_EGRESS_REQUEST__OPTIONS_ADVANCED &&
      !take_encoding(plan, r->advanced, error))
    return false;
  const struct outputs outputs = {.files = r->n_file_outputs,
                                  .file = r->file_outputs,
                                  .streams = r->n_stream_outputs,
                                  .segments = r->n_segment_outputs,
                                  .images = r->n_image_outputs,
                                  .webhooks = r->n_webhooks};
  return take_outputs(plan, &outputs, error);
}

static bool read_composite(const Livekit__TrackCompositeEgressRequest *r, struct oh_egress_plan *plan,
                           struct oh_twirp_error *error) {
  plan->source = OH_EGRESS_TRACK;
  plan->track = r->audio_track_id;
  if (*r->video_track_id)
    return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_SOUND "leave video_track_id empty");
  if (!*r->audio_track_id)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "request has missing or invalid field: audio_track_id");
  if (r->options_case == LIVEKIT__TRACK_COMPOSITE_EGRESS_REQUEST__OPTIONS_ADVANCED &&
      !take_encoding(plan, r->advanced, error))
    return false;
  bool old = r->output_case == LIVEKIT__TRACK_COMPOSITE_EGRESS_REQUEST__OUTPUT_FILE;
  const struct outputs outputs = {.files = r->n_file_outputs,
                                  .file = r->file_outputs,
                                  .streams = r->n_stream_outputs,
                                  .segments = r->n_segment_outputs,
                                  .images = r->n_image_outputs,
                                  .webhooks = r->n_webhooks,
                                  .old_file = old ? r->file : NULL,
                                  .other_old = r->output_case && !old};
  return take_outputs(plan, &outputs, error);
}

static bool read_track(const Livekit__TrackEgressRequest *r, struct oh_egress_plan *plan,
                       struct oh_twirp_error *error) {
  plan->source = OH_EGRESS_TRACK;
  plan->track = r->track_id;
  if (!*r->track_id)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "request has missing or invalid field: track_id");
  if (r->n_webhooks) return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_CONFIGURED);
  if (r->output_case == LIVEKIT__TRACK_EGRESS_REQUEST__OUTPUT_WEBSOCKET_URL)
    return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_FILES);
  if (r->output_case != LIVEKIT__TRACK_EGRESS_REQUEST__OUTPUT_FILE)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "request has missing or invalid field: output");
  if (r->file->output_case) return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_DISK);
  plan->filepath = r->file->filepath;
  plan->legacy = true; // LiveKit fills in the old field for this one
  return true;
}

static bool take_media(struct oh_egress_plan *plan, const Livekit__MediaSource *media,
                       struct oh_twirp_error *error) {
  plan->source = OH_EGRESS_ROUTES;
  if (media->video_case) return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_SOUND "leave video out");
  if (!media->audio || (!media->audio->capture_all && media->audio->n_routes == 0))
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "request has missing or invalid field: audio");
  if (media->audio->n_routes > OH_EGRESS_ROUTES_MAX)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "too many audio routes");
  plan->routes = media->audio;
  for (size_t i = 0; i < media->audio->n_routes; i++) {
    const Livekit__AudioRoute *route = media->audio->routes[i];
    if (!route->match_case) return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "an audio route matches nothing");
    plan->stereo |= route->channel != LIVEKIT__AUDIO_CHANNEL__AUDIO_CHANNEL_BOTH;
  }
  return true;
}

static bool take_template(struct oh_egress_plan *plan, const Livekit__TemplateSource *source,
                          struct oh_twirp_error *error) {
  plan->source = OH_EGRESS_ROOM;
  if (source->video_only || !source->audio_only)
    return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_SOUND "set audio_only");
  if (*source->custom_base_url)
    return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_SOUND "no page is rendered (custom_base_url)");
  return true;
}

static bool take_output(struct oh_egress_plan *plan, const Livekit__StartEgressRequest *r,
                        struct oh_twirp_error *error) {
  if (r->n_outputs == 0)
    return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "request has missing or invalid field: outputs");
  for (size_t i = 0; i < r->n_outputs; i++)
    if (r->outputs[i]->config_case != LIVEKIT__OUTPUT__CONFIG_FILE)
      return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_FILES);
  if (r->n_outputs > 1) return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "one file output at most");
  if (r->storage || r->outputs[0]->storage) return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_DISK);
  const Livekit__FileOutput *file = r->outputs[0]->file;
  Livekit__EncodedFileOutput encoded = LIVEKIT__ENCODED_FILE_OUTPUT__INIT;
  encoded.file_type = file->file_type;
  encoded.filepath = file->filepath;
  return take_file(plan, &encoded, error);
}

static bool read_start(const Livekit__StartEgressRequest *r, struct oh_egress_plan *plan,
                       struct oh_twirp_error *error) {
  if (r->n_webhooks) return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_CONFIGURED);
  if (r->encoding_case == LIVEKIT__START_EGRESS_REQUEST__ENCODING_ADVANCED &&
      !take_encoding(plan, r->advanced, error))
    return false;
  switch (r->source_case) {
  case LIVEKIT__START_EGRESS_REQUEST__SOURCE_TEMPLATE:
    return take_template(plan, r->template_, error) && take_output(plan, r, error);
  case LIVEKIT__START_EGRESS_REQUEST__SOURCE_MEDIA:
    return take_media(plan, r->media, error) && take_output(plan, r, error);
  case LIVEKIT__START_EGRESS_REQUEST__SOURCE_WEB:
    return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_SOUND "no page is rendered (web)");
  default: return refuse(error, OH_TWIRP_INVALID_ARGUMENT, "request has missing or invalid field: source");
  }
}

bool oh_egress_plan_read(const ProtobufCMessage *request, struct oh_egress_plan *plan,
                         struct oh_twirp_error *error) {
  *plan = (struct oh_egress_plan){.filepath = ""};
  const ProtobufCMessageDescriptor *type = request->descriptor;
  if (type == &livekit__room_composite_egress_request__descriptor)
    return read_room((const Livekit__RoomCompositeEgressRequest *)request, plan, error);
  if (type == &livekit__participant_egress_request__descriptor)
    return read_participant((const Livekit__ParticipantEgressRequest *)request, plan, error);
  if (type == &livekit__track_composite_egress_request__descriptor)
    return read_composite((const Livekit__TrackCompositeEgressRequest *)request, plan, error);
  if (type == &livekit__track_egress_request__descriptor)
    return read_track((const Livekit__TrackEgressRequest *)request, plan, error);
  if (type == &livekit__start_egress_request__descriptor)
    return read_start((const Livekit__StartEgressRequest *)request, plan, error);
  return refuse(error, OH_TWIRP_UNIMPLEMENTED, ONLY_FILES);
}
