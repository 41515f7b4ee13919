// leg.c — see leg.h
#include "caller/leg.h"
#include "base/check.h"
#include "rtc/identity.h"
#include "wire/rtcp.h"
#include <stdio.h>
#include <stdlib.h>

bool oh_leg_open(struct oh_leg *leg, struct oh_world *world, struct oh_identity *identity, int64_t now_us) {
  struct oh_outbox *out = leg->out;
  bool tcp = leg->tcp;
  uint32_t stream = leg->stream;
  *leg = (struct oh_leg){.world = world, .identity = identity, .out = out, .tcp = tcp, .stream = stream};
  leg->hub = oh_hub_open(world, identity, &(struct oh_hub_limits){.peers = 1, .handshakes = 1});
  leg->remote = calloc(1, sizeof *leg->remote);
  OH_CHECK(leg->hub && leg->remote);
  leg->peer = oh_hub_add(leg->hub, now_us, OH_PEER_CLIENT);
  leg->session_id = oh_random_u32(&world->random) | 1;
  leg->ssrc = oh_random_u32(&world->random) | 1;
  return leg->peer != 0;
}

void oh_leg_close(struct oh_leg *leg, int64_t now_us) {
  if (!leg->hub) return;
  if (leg->peer) oh_hub_remove(leg->hub, now_us, leg->peer, leg->out);
  oh_hub_close(leg->hub);
  free(leg->remote);
  leg->hub = NULL;
  leg->remote = NULL;
  leg->peer = 0;
  leg->connected = leg->described = false;
}

void oh_leg_restart(struct oh_leg *leg, int64_t now_us) {
  oh_hub_restart(leg->hub, now_us, leg->peer);
  leg->offer_pending = false;
}

static struct oh_local local_side(struct oh_leg *leg) {
  return (struct oh_local){.ufrag = oh_hub_local_ufrag(leg->hub, leg->peer),
                           .pwd = oh_hub_local_pwd(leg->hub, leg->peer),
                           .fingerprint = oh_identity_fingerprint(leg->identity),
                           .session_id = leg->session_id,
                           .version = leg->version++};
}

char *oh_leg_offer(struct oh_leg *leg, const char *cid) {
  struct oh_proposal proposals[OH_LEG_PROPOSALS] = {0};
  char mids[OH_LEG_PROPOSALS][8];
  size_t count = 0;
  if (leg->microphone)
    proposals[count++] = (struct oh_proposal){.kind = OH_SDP_AUDIO,
                                              .direction = OH_SDP_SENDONLY,
                                              .audio_level = true,
                                              .ssrc = leg->ssrc,
                                              .stream_id = "microphone",
                                              .track_id = cid};
  // the application section keeps its place when spare sections are added behind it
  if (leg->application) proposals[count++] = (struct oh_proposal){.kind = OH_SDP_APPLICATION};
  for (unsigned i = 0; i < leg->spare_sections && count < OH_LEG_PROPOSALS; i++)
    proposals[count++] =
        (struct oh_proposal){.kind = OH_SDP_AUDIO, .direction = OH_SDP_RECVONLY, .nack = true};
  for (size_t i = 0; i < count; i++) {
    snprintf(mids[i], sizeof mids[i], "%zu", i);
    proposals[i].mid = mids[i];
  }
  struct oh_local local = local_side(leg);
  struct oh_text sdp;
  oh_text_init(&sdp, OH_SDP_MAX);
  bool written = oh_offer_write(&sdp, &local, proposals, count);
  char *text = written ? oh_text_take(&sdp, NULL) : NULL;
  oh_text_fini(&sdp);
  leg->offer_id++;
  leg->offer_pending = true;
  leg->offer_wanted = false;
  return text;
}

// "PA_x|TR_y" → participant and track; the mid map is not needed because the track id follows.
static void hear(struct oh_leg *leg, const struct oh_section *section) {
  if (section->ssrc == 0 || leg->ear_count == OH_LEG_EARS || oh_leg_ear(leg, section->ssrc)) return;
  struct oh_str stream = oh_str(section->stream_id);
  struct oh_str participant = oh_str_cut(&stream, '|');
  struct oh_ear *ear = &leg->ears[leg->ear_count++];
  *ear = (struct oh_ear){.ssrc = section->ssrc};
  snprintf(ear->participant, sizeof ear->participant, "%.*s", OH_STR_ARG(participant));
  snprintf(ear->track, sizeof ear->track, "%s", section->track_id);
}

static void forget_silent(struct oh_leg *leg) {
  for (size_t i = 0; i < leg->ear_count;) {
    bool kept = false;
    for (size_t s = 0; s < leg->remote->section_count && !kept; s++) {
      const struct oh_section *section = &leg->remote->sections[s];
      kept = (section->direction & OH_SDP_SENDONLY) && section->ssrc == leg->ears[i].ssrc;
    }
    if (kept)
      i++;
    else
      leg->ears[i] = leg->ears[--leg->ear_count];
  }
}

static bool apply_remote(struct oh_leg *leg, int64_t now_us, struct oh_str sdp) {
  if (oh_description_read(leg->remote, sdp)) return false;
  struct oh_peer_remote remote = {.ufrag = leg->remote->ufrag, .pwd = leg->remote->pwd};
  memcpy(remote.fingerprint, leg->remote->fingerprint, sizeof remote.fingerprint);
  if (!oh_hub_set_remote(leg->hub, now_us, leg->peer, &remote)) return false;
  for (size_t i = 0; i < leg->remote->candidate_count; i++) {
    struct oh_addr addr = leg->remote->candidates[i].addr;
    if (leg->tcp != (addr.proto == OH_TCP)) continue;
    if (leg->tcp) addr.stream = leg->stream;
    oh_hub_add_candidate(leg->hub, now_us, leg->peer, &addr);
  }
  for (size_t i = 0; i < leg->remote->section_count; i++) {
    const struct oh_section *section = &leg->remote->sections[i];
    if (section->kind == OH_SDP_AUDIO && (section->direction & OH_SDP_SENDONLY)) hear(leg, section);
  }
  forget_silent(leg);
  leg->described = true;
  return true;
}

bool oh_leg_answered(struct oh_leg *leg, int64_t now_us, struct oh_str sdp) {
  leg->offer_pending = false;
  if (!apply_remote(leg, now_us, sdp)) return false;
  const struct oh_section *first = leg->remote->section_count ? &leg->remote->sections[0] : NULL;
  if (leg->microphone && first && (first->direction & OH_SDP_RECVONLY)) {
    leg->opus_pt = first->opus;
    leg->audio_level_id = first->audio_level_id;
  }
  return true;
}

char *oh_leg_answer(struct oh_leg *leg, int64_t now_us, struct oh_str sdp) {
  // a changed remote ufrag is an ICE restart: our answer needs new credentials too (RFC 8839 4.4.1.1)
  char before[sizeof leg->remote->ufrag];
  snprintf(before, sizeof before, "%s", leg->described ? leg->remote->ufrag : "");
  if (!apply_remote(leg, now_us, sdp)) return NULL;
  if (before[0] && strcmp(before, leg->remote->ufrag) != 0) oh_hub_restart(leg->hub, now_us, leg->peer);
  struct oh_plan plans[OH_SDP_SECTIONS_MAX] = {0};
  for (size_t i = 0; i < leg->remote->section_count; i++)
    plans[i].receive = leg->remote->sections[i].kind == OH_SDP_AUDIO &&
                       (leg->remote->sections[i].direction & OH_SDP_SENDONLY);
  struct oh_local local = local_side(leg);
  struct oh_text text;
  oh_text_init(&text, OH_SDP_MAX);
  char *answer = oh_answer_write(&text, leg->remote, &local, plans) ? oh_text_take(&text, NULL) : NULL;
  oh_text_fini(&text);
  return answer;
}

struct oh_ear *oh_leg_ear(struct oh_leg *leg, uint32_t ssrc) {
  for (size_t i = 0; i < leg->ear_count; i++)
    if (leg->ears[i].ssrc == ssrc) return &leg->ears[i];
  return NULL;
}

void oh_ear_count(struct oh_ear *ear, uint16_t sequence) {
  if (!ear->heard) {
    ear->heard = true;
    ear->first = ear->highest = 0x10000u + sequence;
  }
  int32_t ahead = (int16_t)(uint16_t)(sequence - (uint16_t)ear->highest); // RFC 3550 A.1
  uint32_t extended = ear->highest + (uint32_t)ahead;
  if ((int32_t)(extended - ear->highest) > 0) ear->highest = extended;
  ear->received++;
}

void oh_leg_recv_rtcp(struct oh_leg *leg, int64_t now_us, const uint8_t *data, size_t len) {
  if (!oh_rtcp_valid(data, len)) return;
  struct oh_reader r = oh_reader(data, len);
  struct oh_rtcp packet;
  struct oh_rtcp_sr sr;
  while (oh_rtcp_next(&r, &packet)) {
    if (!oh_rtcp_read_sr(&packet, &sr)) continue;
    struct oh_ear *ear = oh_leg_ear(leg, sr.ssrc);
    if (!ear) continue;
    ear->last_sr = oh_ntp_middle(sr.ntp);
    ear->last_sr_us = now_us;
  }
}

static struct oh_rtcp_report report_on(struct oh_ear *ear, int64_t now_us) {
  uint32_t expected = ear->highest - ear->first + 1;
  uint32_t expected_now = expected - ear->expected_before,
           received_now = ear->received - ear->received_before;
  uint32_t lost_now = expected_now > received_now ? expected_now - received_now : 0;
  ear->expected_before = expected;
  ear->received_before = ear->received;
  return (struct oh_rtcp_report){
      .ssrc = ear->ssrc,
      .highest_sequence = ear->highest - 0x10000u,
      .last_sr = ear->last_sr,
      .delay_since_sr = ear->last_sr ? (uint32_t)((now_us - ear->last_sr_us) * 65536 / 1000000) : 0,
      .lost = (int32_t)(expected - ear->received),
      .fraction_lost = (uint8_t)(expected_now ? (uint64_t)lost_now * 255 / expected_now : 0)};
}

void oh_leg_report(struct oh_leg *leg, int64_t now_us, uint32_t rtp_timestamp, uint32_t packets,
                   uint32_t octets) {
  struct oh_rtcp_report reports[31];
  size_t count = 0;
  for (size_t i = 0; i < leg->ear_count && count < 31; i++)
    if (leg->ears[i].heard) reports[count++] = report_on(&leg->ears[i], now_us);
  uint8_t buffer[1100];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  if (packets) {
    struct oh_rtcp_sr sr = {.ntp = oh_ntp_from_unix_us(oh_unix_us(leg->world, now_us)),
                            .ssrc = leg->ssrc,
                            .rtp_timestamp = rtp_timestamp,
                            .packets = packets,
                            .octets = octets};
    oh_rtcp_write_sr(&w, &sr, reports, count);
  } else if (count) {
    oh_rtcp_write_rr(&w, leg->ssrc, reports, count);
  } else {
    return;
  }
  oh_rtcp_write_sdes(&w, leg->ssrc, OH_STR("offhook"), OH_STR(""));
  if (!w.failed) oh_hub_send_rtcp(leg->hub, now_us, leg->peer, buffer, oh_writer_len(&w), leg->out);
}
