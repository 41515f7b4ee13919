// negotiation.c — see negotiation.h
#include "livekit/negotiation.h"
#include "base/check.h"
#include "base/limits.h"
#include "livekit/departure.h"
#include "livekit/quirk.h"
#include "rtc/identity.h"

enum { FIRST_WAIT_US = 10 * 1000, NEXT_WAIT_US = 150 * 1000, CALM_US = 1000000, ASK_AGAIN_US = 5 * 1000000 };

static struct oh_transport *sending_transport(struct oh_participant *p) {
  return &p->transports[p->single ? OH_PUBLISHER : OH_SUBSCRIBER];
}

static void give_up(struct oh_house *house, int64_t now_us, struct oh_participant *p, const char *why) {
  oh_log(&house->world->log, OH_LOG_WARN, "negotiation failed", "room=%s identity=%s reason=\"%s\"",
         p->room->name, p->claims.identity, why);
  oh_departure_dismiss(house, now_us, p, LIVEKIT__DISCONNECT_REASON__STATE_MISMATCH,
                       LIVEKIT__LEAVE_REQUEST__ACTION__RECONNECT);
}

static struct oh_local local_side(struct oh_house *house, const struct oh_participant *p,
                                  struct oh_transport *transport) {
  const struct oh_house_config *config = &house->config;
  struct oh_local local = {.ufrag = oh_hub_local_ufrag(house->hub, transport->peer),
                           .pwd = oh_hub_local_pwd(house->hub, transport->peer),
                           .fingerprint = oh_identity_fingerprint(house->identity),
                           .candidates = config->candidates,
                           .candidate_count = config->candidate_count,
                           .session_id = transport->session_id,
                           .version = ++transport->version,
                           .lite = true,
                           .passive_offer = oh_quirk_is_pion(p)};
  if (p->ice != OH_ICE_TCP) return local;
  // UDP has failed this client: only ICE-TCP is left
  struct oh_addr *tcp = oh_scratch_take(&house->scratch, config->candidate_count * sizeof *tcp);
  local.candidates = tcp;
  local.candidate_count = 0;
  for (size_t i = 0; i < config->candidate_count; i++)
    if (config->candidates[i].proto == OH_TCP) tcp[local.candidate_count++] = config->candidates[i];
  if (local.candidate_count > 0) return local;
  local.candidates = config->candidates;
  local.candidate_count = config->candidate_count;
  return local;
}

static bool open_transport(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                           struct oh_transport *transport) {
  if (transport->peer) return true;
  if (!oh_transport_open(house, now_us, p, transport)) return false;
  uint64_t id;
  oh_random_fill(&house->world->random, &id, sizeof id);
  transport->session_id = id >> 2; // fits a signed 64-bit number, RFC 8829 5.2.1
  transport->offer_id = 1 + (oh_random_u32(&house->world->random) & 0xff);
  return true;
}

// The remote's credentials; new ones after the first round are an ICE restart, which we answer with our own.
static bool accept_remote(struct oh_house *house, int64_t now_us, struct oh_transport *transport,
                          const struct oh_description *description, bool theirs) {
  bool changed = strcmp(transport->remote_ufrag, description->ufrag) != 0 ||
                 strcmp(transport->remote_pwd, description->pwd) != 0;
  if (theirs && transport->negotiated && changed) oh_hub_restart(house->hub, now_us, transport->peer);
  struct oh_peer_remote remote = {.ufrag = description->ufrag, .pwd = description->pwd};
  memcpy(remote.fingerprint, description->fingerprint, sizeof remote.fingerprint);
  if (!oh_hub_set_remote(house->hub, now_us, transport->peer, &remote)) return false;
  snprintf(transport->remote_ufrag, sizeof transport->remote_ufrag, "%s", description->ufrag);
  snprintf(transport->remote_pwd, sizeof transport->remote_pwd, "%s", description->pwd);
  transport->negotiated = true;
  return true;
}

// ---- what is sent where ----

static bool is_free(const struct oh_slot *slot) {
  return slot->kind == OH_SDP_AUDIO && !slot->subscription && slot->wear == OH_SLOT_FRESH;
}

static struct oh_slot *free_slot(struct oh_transport *transport, bool single) {
  for (uint32_t i = 0; i < transport->slot_count; i++)
    if (is_free(&transport->slots[i]) && (!single || transport->slots[i].listens))
      return &transport->slots[i];
  if (single || transport->slot_count >= OH_SDP_SECTIONS_MAX) return NULL;
  struct oh_slot *slot = oh_transport_add_slot(transport);
  slot->kind = OH_SDP_AUDIO;
  snprintf(slot->mid, sizeof slot->mid, "%u", transport->slot_count - 1);
  return slot;
}

static void place(struct oh_participant *p) {
  struct oh_transport *transport = sending_transport(p);
  for (struct oh_subscription *s = p->subscriptions; s; s = s->next_of_listener) {
    if (!s->on || s->placed) continue;
    struct oh_slot *slot = free_slot(transport, p->single);
    if (!slot) return;
    slot->subscription = s->id;
    s->placed = true;
  }
}

void oh_negotiate_release(struct oh_subscription *subscription) {
  struct oh_transport *transport = sending_transport(subscription->listener);
  for (uint32_t i = 0; i < transport->slot_count; i++)
    if (transport->slots[i].subscription == subscription->id) {
      transport->slots[i].subscription = 0;
      transport->slots[i].wear = OH_SLOT_STALE;
    }
}

static bool is_red(const struct oh_track *track) {
  return strcmp(track->mime, "audio/red") == 0;
}

// "PA_…|TR_…": livekit-client finds the participant by the part before the bar, the track by the one after.
static char *stream_id(struct oh_house *house, const struct oh_track *track) {
  return oh_scratch_printf(&house->scratch, "%s|%s", track->participant->sid.text, track->sid.text);
}

static void bind_subscription(struct oh_house *house, int64_t now_us, struct oh_subscription *s,
                              const struct oh_transport *transport, const struct oh_section *section) {
  struct oh_sfu_send send = {.ssrc = s->ssrc, .opus_pt = section->opus, .nack = section->nack};
  if (is_red(s->track)) send.red_pt = section->red;
  snprintf(send.mid, sizeof send.mid, "%.15s", section->mid);
  snprintf(send.cname, sizeof send.cname, "%s|%s", s->track->participant->sid.text, s->track->sid.text);
  if (!s->bound) oh_sfu_bind_subscription(house->sfu, now_us, s->media, transport->peer, &send);
  oh_subscribe_bound(house, now_us, s);
}

// mid → track for everything we send; clients replace their map with it each time.
static void add_map(struct oh_house *house, const struct oh_transport *transport,
                    Livekit__SessionDescription *description) {
  if (transport->slot_count == 0) return;
  description->mid_to_track_id =
      oh_scratch_take(&house->scratch, transport->slot_count * sizeof *description->mid_to_track_id);
  for (uint32_t i = 0; i < transport->slot_count; i++) {
    struct oh_subscription *s = oh_subscription_at(house, transport->slots[i].subscription);
    if (!s) continue;
    Livekit__SessionDescription__MidToTrackIdEntry *entry = oh_scratch_take(&house->scratch, sizeof *entry);
    livekit__session_description__mid_to_track_id_entry__init(entry);
    entry->key = transport->slots[i].mid;
    entry->value = s->track->sid.text;
    description->mid_to_track_id[description->n_mid_to_track_id++] = entry;
  }
}

// ---- answering the client's offer ----

static void read_receive(struct oh_slot *slot, const struct oh_section *section, bool red) {
  slot->red = red;
  memset(&slot->receive, 0, sizeof slot->receive);
  snprintf(slot->receive.mid, sizeof slot->receive.mid, "%.15s", section->mid);
  slot->receive.ssrc = section->ssrc;
  slot->receive.opus_pt = section->opus;
  slot->receive.red_pt = red ? section->red : 0;
  slot->receive.audio_level_ext = section->audio_level_id;
  slot->receive.mid_ext = section->mid_id;
  slot->receive.nack = section->nack;
  slot->receive.transport_cc_ext = section->transport_cc ? section->transport_cc_id : 0;
}

static void attach(struct oh_house *house, int64_t now_us, struct oh_transport *transport,
                   struct oh_slot *slot, struct oh_track *track) {
  slot->track = track->id;
  slot->orphan = false;
  oh_sfu_bind_track(house->sfu, track->media, transport->peer, &slot->receive);
  if (!track->published)
    oh_publish_complete(house, now_us, track, slot->mid, slot->red ? "audio/red" : "audio/opus");
}

// The client sends in this section: which track is it, and how do we want it?
static void plan_receiving(struct oh_house *house, struct oh_participant *p, struct oh_slot *slot,
                           const struct oh_section *section, struct oh_plan *plan) {
  struct oh_track *track = oh_track_at(house, slot->track);
  if (!track) track = oh_publish_match(p, oh_str(section->track_id));
  if (track && !slot->track) {
    oh_publish_prepare(house, track);
    if (!track->media) return; // the sfu is full
    slot->track = track->id;
    track->matched = true;
  }
  snprintf(slot->sender, sizeof slot->sender, "%s", section->track_id);
  slot->orphan = !track && p->claims.video.can_publish;
  plan->receive = track || slot->orphan;
  plan->want_red = track && !track->disable_red && !track->encryption && section->red;
  plan->dtx = !track || !track->no_dtx;
  plan->stereo = track && track->stereo;
  read_receive(slot, section, plan->want_red);
}

static void release_slot(struct oh_house *house, int64_t now_us, struct oh_slot *slot) {
  struct oh_track *track = oh_track_at(house, slot->track);
  slot->track = 0;
  slot->orphan = false;
  if (track) oh_publish_end(house, now_us, track, false);
}

static void read_section(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                         struct oh_slot *slot, const struct oh_section *section, struct oh_plan *plan) {
  bool audio = section->kind == OH_SDP_AUDIO && !section->rejected && section->opus != 0;
  struct oh_subscription *s = oh_subscription_at(house, slot->subscription);
  if (strcmp(slot->mid, section->mid) != 0 || slot->kind != section->kind || !audio) {
    // a new section, or one that was recycled for another purpose
    release_slot(house, now_us, slot);
    if (s) s->placed = s->bound = false; // it needs another section
    slot->subscription = 0;
    s = NULL;
  }
  snprintf(slot->mid, sizeof slot->mid, "%s", section->mid);
  slot->kind = section->kind;
  slot->listens = audio && (section->direction & OH_SDP_RECVONLY);
  plan->reject = section->rejected;
  if (audio && (section->direction & OH_SDP_SENDONLY))
    plan_receiving(house, p, slot, section, plan);
  else
    release_slot(house, now_us, slot);
  if (s && !slot->listens) { // the client stopped its side of what we send
    s->placed = s->bound = false;
    slot->subscription = 0;
  }
}

static void plan_sending(struct oh_house *house, struct oh_transport *transport, struct oh_plan *plans) {
  for (uint32_t i = 0; i < transport->slot_count; i++) {
    struct oh_subscription *s = oh_subscription_at(house, transport->slots[i].subscription);
    transport->slots[i].wear = OH_SLOT_FRESH; // what was stale is inactive in this answer
    if (!s) continue;
    plans[i].send = true;
    plans[i].send_stereo = s->track->stereo;
    plans[i].ssrc = s->ssrc;
    plans[i].stream_id = stream_id(house, s->track);
    plans[i].track_id = s->track->sid.text;
    plans[i].want_red |= is_red(s->track);
  }
}

static bool send_answer(struct oh_house *house, struct oh_participant *p, struct oh_transport *transport,
                        const struct oh_description *offer, const struct oh_plan *plans, uint32_t id) {
  struct oh_text sdp;
  oh_text_init(&sdp, OH_SDP_MAX);
  struct oh_local local = local_side(house, p, transport);
  bool fits = oh_answer_write(&sdp, offer, &local, plans);
  if (fits) {
    Livekit__SessionDescription answer = LIVEKIT__SESSION_DESCRIPTION__INIT;
    answer.type = (char *)"answer";
    answer.sdp = sdp.data;
    answer.id = id;
    add_map(house, transport, &answer);
    Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
    response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_ANSWER;
    response.answer = &answer;
    oh_participant_send(house, p, &response);
  }
  oh_text_fini(&sdp);
  return fits;
}

// After the answer is out: what it promised begins.
static void begin(struct oh_house *house, int64_t now_us, struct oh_transport *transport,
                  const struct oh_description *offer, const struct oh_plan *plans) {
  for (uint32_t i = 0; i < transport->slot_count; i++) {
    struct oh_slot *slot = &transport->slots[i];
    struct oh_track *track = oh_track_at(house, slot->track);
    if (track && plans[i].receive) attach(house, now_us, transport, slot, track);
    struct oh_subscription *s = oh_subscription_at(house, slot->subscription);
    if (s && s->on) bind_subscription(house, now_us, s, transport, &offer->sections[i]);
  }
}

static bool unplaced(const struct oh_participant *p) {
  for (const struct oh_subscription *s = p->subscriptions; s; s = s->next_of_listener)
    if (s->on && !s->placed) return true;
  return false;
}

void oh_negotiate_offer(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                        const Livekit__SessionDescription *message) {
  struct oh_transport *transport = &p->transports[OH_PUBLISHER];
  struct oh_description *offer = oh_scratch_take(&house->scratch, sizeof *offer);
  const char *objection = oh_description_read(offer, oh_str(message->sdp));
  if (objection) {
    oh_count(&house->world->counters, OH_COUNT_signal_drop_malformed);
    return give_up(house, now_us, p, objection);
  }
  if (!open_transport(house, now_us, p, transport)) return give_up(house, now_us, p, "the server is full");
  if (!accept_remote(house, now_us, transport, offer, true))
    return give_up(house, now_us, p, "the certificate changed");
  if (offer->section_count < transport->slot_count) return give_up(house, now_us, p, "a section is missing");
  while (transport->slot_count < offer->section_count)
    oh_transport_add_slot(transport);
  struct oh_plan *plans = oh_scratch_take(&house->scratch, offer->section_count * sizeof *plans);
  for (uint32_t i = 0; i < transport->slot_count; i++)
    read_section(house, now_us, p, &transport->slots[i], &offer->sections[i], &plans[i]);
  transport->outstanding = false;
  if (p->single) {
    place(p);
    plan_sending(house, transport, plans);
  }
  if (!send_answer(house, p, transport, offer, plans, message->id))
    return give_up(house, now_us, p, "the answer does not fit");
  begin(house, now_us, transport, offer, plans);
  if (!p->single) return;
  transport->wanted = false;
  if (unplaced(p)) oh_negotiate_want(house, now_us, p, true);
}

void oh_negotiate_adopt(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  struct oh_transport *transport = &p->transports[OH_PUBLISHER];
  for (uint32_t i = 0; i < transport->slot_count; i++) {
    struct oh_slot *slot = &transport->slots[i];
    struct oh_track *track = slot->orphan ? oh_publish_match(p, oh_str(slot->sender)) : NULL;
    if (!track) continue;
    oh_publish_prepare(house, track);
    if (!track->media) return;
    track->matched = true;
    attach(house, now_us, transport, slot, track);
  }
}

// ---- our offer and its answer (dual) ----

// Firefox and Safari know no RED (facts/LIVEKIT.md 2.9).
static bool knows_red(const struct oh_participant *p) {
  struct oh_str browser = oh_str(p->browser);
  return !oh_str_eq_nocase(browser, OH_STR("firefox")) && !oh_str_eq_nocase(browser, OH_STR("safari"));
}

static void add_data_slot(struct oh_transport *transport) {
  for (uint32_t i = 0; i < transport->slot_count; i++)
    if (transport->slots[i].kind == OH_SDP_APPLICATION) return;
  struct oh_slot *slot = oh_transport_add_slot(transport);
  slot->kind = OH_SDP_APPLICATION;
  snprintf(slot->mid, sizeof slot->mid, "%u", transport->slot_count - 1);
}

static void propose(struct oh_house *house, const struct oh_participant *p, struct oh_slot *slot,
                    struct oh_proposal *proposal) {
  struct oh_subscription *s = oh_subscription_at(house, slot->subscription);
  *proposal = (struct oh_proposal){.kind = slot->kind, .mid = slot->mid, .direction = OH_SDP_INACTIVE};
  if (slot->kind == OH_SDP_APPLICATION) return;
  proposal->red = knows_red(p);
  proposal->nack = true;
  if (slot->wear == OH_SLOT_STALE) slot->wear = OH_SLOT_STALE_TOLD;
  if (!s) return;
  proposal->direction = OH_SDP_SENDONLY;
  proposal->red_first = proposal->red && is_red(s->track);
  proposal->nack = !proposal->red_first;
  proposal->send_stereo = s->track->stereo;
  proposal->ssrc = s->ssrc;
  proposal->stream_id = stream_id(house, s->track);
  proposal->track_id = s->track->sid.text;
}

static void send_offer(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  struct oh_transport *transport = &p->transports[OH_SUBSCRIBER];
  transport->wanted = false;
  if (!open_transport(house, now_us, p, transport)) return give_up(house, now_us, p, "the server is full");
  if (transport->restart && transport->negotiated) oh_hub_restart(house->hub, now_us, transport->peer);
  transport->restart = false;
  place(p);
  add_data_slot(transport); // last in the first offer, then where it is
  struct oh_proposal *proposals = oh_scratch_take(&house->scratch, transport->slot_count * sizeof *proposals);
  for (uint32_t i = 0; i < transport->slot_count; i++)
    propose(house, p, &transport->slots[i], &proposals[i]);
  struct oh_text sdp;
  oh_text_init(&sdp, OH_SDP_MAX);
  struct oh_local local = local_side(house, p, transport);
  if (oh_offer_write(&sdp, &local, proposals, transport->slot_count)) {
    Livekit__SessionDescription offer = LIVEKIT__SESSION_DESCRIPTION__INIT;
    offer.type = (char *)"offer";
    offer.sdp = sdp.data;
    offer.id = ++transport->offer_id;
    add_map(house, transport, &offer);
    Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
    response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_OFFER;
    response.offer = &offer;
    oh_participant_send(house, p, &response);
    transport->outstanding = true;
    transport->offered_us = now_us;
    transport->answer_by_us = now_us + OH_ANSWER_TIMEOUT_US;
  }
  oh_text_fini(&sdp);
}

static void read_answered_slot(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                               struct oh_slot *slot, const struct oh_section *section) {
  struct oh_subscription *s = oh_subscription_at(house, slot->subscription);
  if (slot->wear == OH_SLOT_STALE_TOLD) slot->wear = OH_SLOT_FRESH;
  if (!s || s->bound) return;
  if (!section->rejected && section->opus && (section->direction & OH_SDP_RECVONLY))
    bind_subscription(house, now_us, s, &p->transports[OH_SUBSCRIBER], section);
  else
    oh_subscribe_error(house, p, s->track->sid.text, LIVEKIT__SUBSCRIPTION_ERROR__SE_CODEC_UNSUPPORTED);
}

void oh_negotiate_answer(struct oh_house *house, int64_t now_us, struct oh_participant *p,
                         const Livekit__SessionDescription *message) {
  struct oh_transport *transport = &p->transports[OH_SUBSCRIBER];
  if (p->single || !transport->outstanding) return; // late: after a resume a new offer is under way
  if (message->id != 0 && message->id != transport->offer_id) return; // an older offer's
  struct oh_description *answer = oh_scratch_take(&house->scratch, sizeof *answer);
  const char *objection = oh_description_read(answer, oh_str(message->sdp));
  if (objection) {
    oh_count(&house->world->counters, OH_COUNT_signal_drop_malformed);
    return give_up(house, now_us, p, objection);
  }
  if (answer->section_count != transport->slot_count)
    return give_up(house, now_us, p, "the answer has other sections");
  if (!accept_remote(house, now_us, transport, answer, false))
    return give_up(house, now_us, p, "the certificate changed");
  transport->outstanding = false;
  for (uint32_t i = 0; i < transport->slot_count; i++)
    read_answered_slot(house, now_us, p, &transport->slots[i], &answer->sections[i]);
  if (unplaced(p)) oh_negotiate_want(house, now_us, p, false);
}

// ---- needs ----

static void require_sections(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  struct oh_transport *transport = &p->transports[OH_PUBLISHER];
  uint32_t needed = 0, spare = 0;
  for (const struct oh_subscription *s = p->subscriptions; s; s = s->next_of_listener)
    needed += s->on && !s->placed;
  for (uint32_t i = 0; i < transport->slot_count; i++)
    spare += is_free(&transport->slots[i]) && transport->slots[i].listens;
  uint32_t room =
      transport->slot_count < OH_SDP_SECTIONS_MAX ? OH_SDP_SECTIONS_MAX - transport->slot_count : 0;
  uint32_t missing = needed > spare ? needed - spare : 0;
  Livekit__MediaSectionsRequirement requirement = LIVEKIT__MEDIA_SECTIONS_REQUIREMENT__INIT;
  requirement.num_audios = missing < room ? missing : room;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_MEDIA_SECTIONS_REQUIREMENT;
  response.media_sections_requirement = &requirement;
  transport->wanted = false;
  if (missing && !requirement.num_audios && !spare)
    return; // all sections are in use: some voices stay unheard
  oh_participant_send(house, p, &response);
  transport->outstanding = true;
  transport->offered_us = now_us;
  transport->answer_by_us = now_us + ASK_AGAIN_US;
}

void oh_negotiate_want(struct oh_house *house, int64_t now_us, struct oh_participant *p, bool forced) {
  struct oh_transport *transport = sending_transport(p);
  if (p->resident || (p->single && !transport->negotiated))
    return; // its first offer will be answered with all
  bool calm = transport->offered_us == 0 || now_us - transport->offered_us > CALM_US;
  int64_t at = now_us + (forced ? 0 : calm ? FIRST_WAIT_US : NEXT_WAIT_US);
  if (!transport->wanted || at < transport->wanted_us) transport->wanted_us = at;
  transport->wanted = true;
  if (forced) oh_negotiate_tick(house, now_us, p);
}

void oh_negotiate_restart(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  struct oh_transport *transport = &p->transports[OH_SUBSCRIBER];
  if (p->single || !transport->peer) return;
  transport->restart = true;
  transport->outstanding = false;
  oh_negotiate_want(house, now_us, p, true);
}

void oh_negotiate_pause(struct oh_participant *p) {
  struct oh_transport *transport = sending_transport(p);
  if (transport->outstanding) transport->wanted = true;
  transport->outstanding = false;
}

int64_t oh_negotiate_deadline(const struct oh_participant *p) {
  const struct oh_transport *transport = &p->transports[p->single ? OH_PUBLISHER : OH_SUBSCRIBER];
  if (!p->session) return OH_NEVER;
  if (transport->outstanding) return transport->answer_by_us;
  return transport->wanted ? transport->wanted_us : OH_NEVER;
}

void oh_negotiate_tick(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  struct oh_transport *transport = sending_transport(p);
  if (!p->session) return;
  if (transport->outstanding) {
    if (now_us < transport->answer_by_us) return;
    if (!p->single) return give_up(house, now_us, p, "no answer to an offer");
    transport->outstanding = false;
    if (unplaced(p)) transport->wanted = true;
  }
  if (!transport->wanted || now_us < transport->wanted_us) return;
  if (p->single)
    require_sections(house, now_us, p);
  else
    send_offer(house, now_us, p);
}
