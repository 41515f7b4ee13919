// caller.c — see caller.h.
//
//   DIALING ──open──▶ WAITING ──join/reconnect──▶ JOINED ──leave(DISCONNECT), gave up──▶ LEFT
//      ▲                 │ closed, silent             │ closed, silent, media failed, leave(RESUME|RECONNECT)
//      └───── pause ◀────┴────────────────────────────┘
#include "base/check.h"
#include "caller/data.h"
#include "caller/request.h"
#include "caller/state.h"
#include "wire/rtpext.h"
#include <stdio.h>
#include <stdlib.h>

enum { CONNECT_US = 15 * 1000 * 1000, REPORT_US = 1000 * 1000, RESUME_TRIES = 3 };

void oh_caller_tell(struct oh_caller *c, struct oh_caller_event event) {
  OH_CHECK(c->event_count < OH_CALLER_EVENTS);
  c->events[c->event_count++] = event;
}

static void open_legs(struct oh_caller *c, int64_t now_us) {
  oh_caller_data_end(c);
  for (unsigned i = 0; i < c->leg_count; i++) {
    oh_leg_close(&c->legs[i], now_us);
    OH_CHECK(oh_leg_open(&c->legs[i], c->world, c->identity, now_us));
  }
  c->legs[0].microphone = c->config.publish;
  c->legs[0].spare_sections = c->config.two_peer_connections ? 0 : 3;
  c->connected_told = c->published = false;
  oh_caller_forget_others(c);
  c->track_sid[0] = 0;
}

// Prepares the next path and asks the owner to dial it.
static void dial(struct oh_caller *c, int64_t now_us) {
  struct oh_caller_request request = {.reconnect_reason = 1};
  char *offer = NULL;
  c->dial_us = OH_NEVER;
  if (c->resume) {
    request.participant_sid = c->sid;
  } else {
    open_legs(c, now_us);
    if (c->config.publish) request.cid = c->cid;
    if (!c->config.two_peer_connections) request.offer = offer = oh_leg_offer(&c->legs[0], c->cid);
    request.offer_id = c->legs[0].offer_id;
  }
  free(c->path);
  c->path = oh_caller_request_path(&request, c->config.two_peer_connections);
  free(offer);
  oh_caller_drop_frames(c);
  c->state = OH_CALLER_STATE_DIALING;
  c->silence_us = now_us + CONNECT_US;
  oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_DIAL});
}

struct oh_caller *oh_caller_open(struct oh_world *world, struct oh_identity *identity, int64_t now_us,
                                 const struct oh_caller_config *config) {
  struct oh_caller *c = calloc(1, sizeof *c);
  OH_CHECK(c);
  c->world = world;
  c->identity = identity;
  c->config = *config;
  if (c->config.max_attempts == 0) c->config.max_attempts = 10;
  c->token = oh_str_dup(oh_str(config->token));
  c->leg_count = config->two_peer_connections ? 2 : 1;
  for (unsigned i = 0; i < c->leg_count; i++)
    c->legs[i] = (struct oh_leg){.out = config->out[i], .tcp = config->tcp, .stream = config->stream[i]};
  snprintf(c->cid, sizeof c->cid, "mic-%08x%08x", oh_random_u32(&world->random),
           oh_random_u32(&world->random));
  c->sequence =
      (uint16_t)(oh_random_u32(&world->random) & 0x7fff); // RFC 3711 3.3.1: leaves room before the first wrap
  c->timestamp = oh_random_u32(&world->random);
  c->ping_us = c->check_us = c->silence_us = c->dial_us = OH_NEVER;
  c->report_us = now_us + REPORT_US;
  dial(c, now_us);
  return c;
}

void oh_caller_close(struct oh_caller *c) {
  oh_caller_data_end(c);
  for (unsigned i = 0; i < c->leg_count; i++)
    oh_leg_close(&c->legs[i], c->now_us);
  oh_caller_drop_frames(c);
  oh_caller_forget_others(c);
  free(c->others);
  free(c->path);
  free(c->token);
  free(c);
}

const char *oh_caller_path(struct oh_caller *c) {
  return c->path;
}
const char *oh_caller_token(const struct oh_caller *c) {
  return c->token;
}
const char *oh_caller_sid(const struct oh_caller *c) {
  return c->sid;
}
uint32_t oh_caller_others(const struct oh_caller *c) {
  return c->other_count;
}

void oh_caller_signal_open(struct oh_caller *c, int64_t now_us) {
  if (c->state != OH_CALLER_STATE_DIALING) return;
  c->state = OH_CALLER_STATE_WAITING;
  c->silence_us = now_us + CONNECT_US;
}

void oh_caller_finish(struct oh_caller *c, int reason, const char *text) {
  if (c->state == OH_CALLER_STATE_LEFT) return;
  c->state = OH_CALLER_STATE_LEFT;
  c->ping_us = c->check_us = c->silence_us = c->dial_us = c->report_us = OH_NEVER;
  oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_LEFT, .reason = reason, .text = text});
}

void oh_caller_reconnect(struct oh_caller *c, int64_t now_us, bool resume) {
  if (c->state == OH_CALLER_STATE_LEFT) return;
  if (++c->attempts > c->config.max_attempts) {
    oh_caller_finish(c, -1, "gave up reconnecting");
    return;
  }
  if (!c->sid[0] || c->attempts > RESUME_TRIES) resume = false;
  c->resume = resume;
  c->ping_us = c->check_us = c->silence_us = OH_NEVER;
  c->state = OH_CALLER_STATE_DIALING;
  // LiveKit's JS client: 0, 300, 1200, 2700, 4800, 7000 ms (facts/LIVEKIT.md 3.13)
  static const int64_t pause_ms[] = {0, 300, 1200, 2700, 4800, 7000};
  size_t step = c->attempts - 1 < 5 ? c->attempts - 1 : 5;
  c->dial_us = now_us + pause_ms[step] * 1000;
  oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_RECONNECTING});
}

void oh_caller_signal_closed(struct oh_caller *c, int64_t now_us, int http_status) {
  if (c->state == OH_CALLER_STATE_LEFT || c->dial_us != OH_NEVER) return; // already on its way to a new one
  if (http_status == 401 || http_status == 403 || (!c->sid[0] && http_status))
    oh_caller_finish(c, -1, "the server refused");
  else
    oh_caller_reconnect(c, now_us, true);
}

bool oh_caller_next(struct oh_caller *c, struct oh_caller_event *event) {
  if (c->event_at == c->event_count) {
    c->event_at = c->event_count = 0;
    return false;
  }
  *event = c->events[c->event_at++];
  return true;
}

static void drain_leg(struct oh_caller *c, int64_t now_us, struct oh_leg *leg) {
  struct oh_hub_event event;
  while (leg->hub && oh_hub_next(leg->hub, &event)) {
    struct oh_ear *ear;
    switch (event.type) {
    case OH_HUB_CONNECTED:
      leg->connected = true;
      if (!c->connected_told) oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_CONNECTED});
      c->connected_told = true;
      if (leg == &c->legs[0]) oh_caller_data_begin(c, now_us);
      break;
    case OH_HUB_FAILED:
      if (c->state == OH_CALLER_STATE_JOINED) oh_caller_reconnect(c, now_us, !event.closed);
      break;
    case OH_HUB_RTP:
      ear = oh_leg_ear(leg, event.rtp.header.ssrc);
      if (!ear) break;
      oh_ear_count(ear, event.rtp.header.sequence);
      oh_caller_tell(c, (struct oh_caller_event){.type = OH_CALLER_AUDIO,
                                                 .participant = ear->participant,
                                                 .track = ear->track,
                                                 .rtp = event.rtp.header,
                                                 .opus = event.rtp.payload});
      break;
    case OH_HUB_DATA:
      if (leg == &c->legs[0]) oh_caller_data_recv(c, now_us, (struct oh_bytes){event.data, event.len});
      break;
    case OH_HUB_RTCP: oh_leg_recv_rtcp(leg, now_us, event.data, event.len); break;
    default: break;
    }
  }
}

void oh_caller_datagram(struct oh_caller *c, int64_t now_us, unsigned leg, const struct oh_addr *from,
                        uint8_t *data, size_t len) {
  c->now_us = now_us;
  if (leg >= c->leg_count || !c->legs[leg].hub) return;
  oh_hub_recv(c->legs[leg].hub, now_us, from, data, len, c->legs[leg].out);
  drain_leg(c, now_us, &c->legs[leg]);
}

int64_t oh_caller_deadline(const struct oh_caller *c) {
  int64_t first = OH_NEVER;
  const int64_t own[] = {c->dial_us, c->ping_us, c->check_us, c->silence_us, c->report_us};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    if (own[i] < first) first = own[i];
  for (unsigned i = 0; i < c->leg_count && c->state != OH_CALLER_STATE_LEFT; i++) {
    int64_t leg = c->legs[i].hub ? oh_hub_deadline(c->legs[i].hub) : OH_NEVER;
    if (leg < first) first = leg;
  }
  int64_t data = c->state == OH_CALLER_STATE_LEFT ? OH_NEVER : oh_caller_data_deadline(c);
  return data < first ? data : first;
}

// Joined or resumed a while ago: is media up on every transport that was described?
static void check_media(struct oh_caller *c, int64_t now_us) {
  c->check_us = OH_NEVER;
  bool up = true;
  for (unsigned i = 0; i < c->leg_count; i++)
    if (c->legs[i].described && oh_hub_state(c->legs[i].hub, c->legs[i].peer) != OH_PEER_CONNECTED)
      up = false;
  if (up)
    c->attempts = 0;
  else
    oh_caller_reconnect(c, now_us, false);
}

void oh_caller_tick(struct oh_caller *c, int64_t now_us) {
  c->now_us = now_us;
  if (c->state == OH_CALLER_STATE_LEFT) return;
  for (unsigned i = 0; i < c->leg_count; i++) {
    if (!c->legs[i].hub) continue;
    oh_hub_tick(c->legs[i].hub, now_us, c->legs[i].out);
    drain_leg(c, now_us, &c->legs[i]);
  }
  oh_caller_data_tick(c, now_us);
  if (now_us >= c->dial_us) dial(c, now_us);
  if (now_us >= c->silence_us) oh_caller_reconnect(c, now_us, true);
  if (now_us >= c->check_us) check_media(c, now_us);
  if (now_us >= c->ping_us) oh_caller_ping(c, now_us);
  if (now_us >= c->report_us) {
    c->report_us = now_us + REPORT_US;
    for (unsigned i = 0; i < c->leg_count; i++)
      if (c->legs[i].connected)
        oh_leg_report(&c->legs[i], now_us, c->timestamp, i == 0 ? c->packets : 0, i == 0 ? c->octets : 0);
  }
}

bool oh_caller_send(struct oh_caller *c, int64_t now_us, const uint8_t *opus, size_t len, uint32_t samples,
                    uint8_t level) {
  struct oh_leg *leg = &c->legs[0];
  struct oh_rtp_header header = {.payload_type = leg->opus_pt, .timestamp = c->timestamp, .ssrc = leg->ssrc};
  c->timestamp += samples;
  if (!leg->connected || !leg->opus_pt || !c->published || c->muted || c->state == OH_CALLER_STATE_LEFT)
    return false;
  header.sequence = c->sequence++;
  uint8_t bytes[8];
  struct oh_writer extension = oh_writer(bytes, sizeof bytes);
  if (leg->audio_level_id)
    oh_rtpext_write_audio_level(&extension, OH_RTPEXT_ONE_BYTE, leg->audio_level_id,
                                (struct oh_audio_level){.voice = level < 127, .level = level});
  struct oh_bytes block = {.data = bytes, .len = oh_writer_len(&extension)};
  if (!oh_hub_send_rtp(leg->hub, now_us, leg->peer, &header, OH_RTPEXT_ONE_BYTE, block, opus, len, leg->out))
    return false;
  c->packets++;
  c->octets += (uint32_t)len;
  return true;
}
