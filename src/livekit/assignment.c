// assignment.c — the token with which an agent joins the room of its job (facts/LIVEKIT.md 9.6)
#include "livekit/agency_state.h"
#include "livekit/state.h"

#define VALID_S 3600
#define NAME_ATTRIBUTE "lk.agent_name"

// What the worker registered; without a word about it an agent may do all that agents do.
static void set_permission(struct oh_video_grant *video, const Livekit__ParticipantPermission *allowed) {
  video->can_publish = !allowed || allowed->can_publish;
  video->can_subscribe = !allowed || allowed->can_subscribe;
  video->can_publish_data = !allowed || allowed->can_publish_data;
  video->can_update_own_metadata = !allowed || allowed->can_update_metadata;
  video->hidden = allowed && allowed->hidden;
  video->can_subscribe_metrics = allowed && allowed->can_subscribe_metrics;
}

char *oh_assignment_token(const struct oh_agent_worker *worker, const Livekit__Job *job,
                          const Livekit__AvailabilityResponse *wishes, const char *identity, int64_t unix_s) {
  struct oh_claims claims;
  oh_claims_init(&claims);
  oh_replace_text(&claims.identity, identity);
  oh_replace_text(&claims.name, wishes->participant_name);
  oh_replace_text(&claims.metadata, wishes->participant_metadata);
  oh_replace_text(&claims.kind, "agent");
  for (size_t i = 0; i < wishes->n_participant_attributes; i++)
    oh_claims_set_attribute(&claims, oh_str(wishes->participant_attributes[i]->key),
                            oh_str(wishes->participant_attributes[i]->value));
  oh_claims_set_attribute(&claims, OH_STR(NAME_ATTRIBUTE), oh_str(job->agent_name));
  claims.has_video = true;
  set_permission(&claims.video, worker->registration->allowed_permissions);
  claims.video.room_join = claims.video.agent = true;
  oh_replace_text(&claims.video.room, job->room->name);
  claims.expires_unix_s = unix_s + VALID_S;
  const struct oh_key key = {.id = worker->key_id, .secret = worker->key_secret};
  char *token = oh_token_write(&claims, &key);
  oh_claims_fini(&claims);
  return token;
}
