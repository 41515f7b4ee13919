// visit.c — see visit.h
#include "tests/unit/livekit/visit.h"
#include "base/heap.h"
#include "livekit/offer.h"

static void take(void *ctx, struct oh_outbox *outbox) {
  (void)ctx, (void)outbox;
}

struct oh_house_config visit_config(void) {
  static const struct oh_addr candidates[] = {
      {.ip = {192, 0, 2, 1}, .port = 7882, .family = OH_ADDR_V4},
      {.ip = {192, 0, 2, 1}, .port = 7881, .family = OH_ADDR_V4, .proto = OH_TCP}};
  static const char *const stun[] = {"stun:stun.example.org:3478"};
  return (struct oh_house_config){.server_version = "1.13.5",
                                  .node_id = "ND_test",
                                  .region = "here",
                                  .api_key = "devkey",
                                  .api_secret = "secretsecretsecretsecretsecretsecret",
                                  .candidates = candidates,
                                  .candidate_count = 2,
                                  .stun_urls = stun,
                                  .stun_url_count = 1,
                                  .empty_timeout_s = 300,
                                  .departure_timeout_s = 20,
                                  .auto_create = true,
                                  .active_level = 35,
                                  .min_percentile = 40,
                                  .update_interval_ms = 400,
                                  .smooth_intervals = 2,
                                  .rooms = 4,
                                  .participants = 12};
}

void visit_open(struct visit_world *w, const struct oh_house_config *changes) {
  doubles_reset();
  *w = (struct visit_world){.now_us = 1000000, .seed = 7};
  w->world.random = test_random(&w->seed);
  w->world.unix_offset_us = 1790000000000000;
  oh_outbox_init(&w->out, take, NULL);
  struct oh_house_config config = changes ? *changes : visit_config();
  w->house = oh_house_open(&w->world, NULL, &config, &w->out);
}

void visit_clear(struct visit_world *w) {
  visit_collect(w);
  for (size_t i = 0; i < w->count; i++) {
    oh_message_free(w->responses[i]);
    free(w->frames[i].data);
  }
  w->count = 0;
}

void visit_close(struct visit_world *w) {
  visit_clear(w);
  oh_house_close(w->house);
  oh_outbox_fini(&w->out);
}

void visit_collect(struct visit_world *w) {
  struct oh_frame frame;
  while (oh_house_next_frame(w->house, &frame)) {
    assert_true(w->count < VISIT_LOG);
    w->frames[w->count] = frame;
    w->responses[w->count] = NULL;
    if (frame.kind == OH_FRAME_BINARY) {
      w->responses[w->count] = (Livekit__SignalResponse *)oh_message_read(
          &livekit__signal_response__descriptor, frame.data, frame.len);
      assert_non_null(w->responses[w->count]);
    }
    w->count++;
  }
}

void visit_advance(struct visit_world *w, int64_t us) {
  int64_t end = w->now_us + us;
  for (int i = 0; i < 100000; i++) {
    int64_t at = oh_house_deadline(w->house);
    if (at > end) break;
    if (at > w->now_us) w->now_us = at;
    oh_house_tick(w->house, w->now_us);
    assert_true(i < 99999); // a deadline that never moves
  }
  w->now_us = end;
  visit_collect(w);
}

struct visitor visit_join(struct visit_world *w, const char *identity, const struct visit_options *options) {
  static const struct visit_options none;
  const struct visit_options *o = options ? options : &none;
  struct oh_join join = {.auto_subscribe = !o->manual,
                         .auto_subscribe_data_track = o->auto_data,
                         .single_peer_connection = o->single,
                         .reconnect = o->reconnect,
                         .protocol = o->protocol ? o->protocol : 17,
                         .client_protocol = 2,
                         .capabilities = 1u << 2,
                         .request = o->request};
  snprintf(join.participant_sid, sizeof join.participant_sid, "%s", o->sid ? o->sid : "");
  snprintf(join.sdk, sizeof join.sdk, "%s", o->sdk ? o->sdk : "js");
  snprintf(join.browser, sizeof join.browser, "%s", o->browser ? o->browser : "chrome");
  struct oh_claims *claims = &join.claims;
  oh_claims_init(claims);
  free(claims->identity);
  claims->identity = oh_str_dup(oh_str(identity));
  free(claims->video.room);
  claims->video.room = oh_str_dup(oh_str(o->room ? o->room : "den"));
  claims->has_video = claims->video.room_join = true;
  claims->video.can_publish = !o->no_publish;
  claims->video.can_publish_sources = o->sources;
  claims->video.can_subscribe = !o->no_subscribe;
  claims->video.can_subscribe_metrics = o->metrics;
  claims->video.can_update_own_metadata = o->may_update;
  claims->video.can_publish_data = !o->no_data;
  claims->video.hidden = o->hidden;
  claims->video.agent = o->agent;
  claims->expires_unix_s = 1790000000 + 3600;
  if (o->room_config) claims->room_config = oh_str_dup(oh_str(o->room_config));
  struct visitor v = {0};
  snprintf(v.identity, sizeof v.identity, "%s", identity);
  oh_house_join(w->house, w->now_us, &join, &v.admission);
  v.session = v.admission.session;
  oh_claims_fini(claims);
  visit_collect(w);
  Livekit__SignalResponse *joined = visit_find(w, &v, LIVEKIT__SIGNAL_RESPONSE__MESSAGE_JOIN, -1);
  if (joined) snprintf(v.sid, sizeof v.sid, "%s", joined->join->participant->sid);
  return v;
}

void visit_say(struct visit_world *w, const struct visitor *v, const Livekit__SignalRequest *request) {
  size_t len;
  uint8_t *data = oh_message_write(&request->base, &len);
  oh_house_recv(w->house, w->now_us, v->session, false, data, len);
  free(data);
  visit_collect(w);
}

void visit_lose_signal(struct visit_world *w, struct visitor *v) {
  oh_house_signal_closed(w->house, w->now_us, v->session);
  v->session = 0;
  visit_collect(w);
}

Livekit__SignalResponse *visit_find(const struct visit_world *w, const struct visitor *v,
                                    Livekit__SignalResponse__MessageCase kind, int nth) {
  Livekit__SignalResponse *found = NULL;
  for (size_t i = 0; i < w->count; i++) {
    if (w->frames[i].session != v->session || !w->responses[i] || w->responses[i]->message_case != kind)
      continue;
    found = w->responses[i];
    if (nth-- == 0) return found;
  }
  return nth < 0 ? found : NULL;
}

int visit_count(const struct visit_world *w, const struct visitor *v,
                Livekit__SignalResponse__MessageCase kind) {
  int count = 0;
  for (size_t i = 0; i < w->count; i++)
    count += w->frames[i].session == v->session && w->responses[i] && w->responses[i]->message_case == kind;
  return count;
}

const struct oh_frame *visit_last_frame(const struct visit_world *w, const struct visitor *v) {
  for (size_t i = w->count; i-- > 0;)
    if (w->frames[i].session == v->session) return &w->frames[i];
  return NULL;
}

Livekit__ParticipantInfo *visit_info(const struct visit_world *w, const struct visitor *v, const char *sid) {
  for (size_t i = w->count; i-- > 0;) {
    if (w->frames[i].session != v->session || !w->responses[i] ||
        w->responses[i]->message_case != LIVEKIT__SIGNAL_RESPONSE__MESSAGE_UPDATE)
      continue;
    const Livekit__ParticipantUpdate *update = w->responses[i]->update;
    for (size_t n = 0; n < update->n_participants; n++)
      if (strcmp(update->participants[n]->sid, sid) == 0) return update->participants[n];
  }
  return NULL;
}

// ---- SDP ----

static const char head[] = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=msid-semantic: WMS *\r\n";
static const char transport_lines[] =
    "c=IN IP4 0.0.0.0\r\na=ice-ufrag:vis%s%d\r\na=ice-pwd:0123456789abcdefghijklmn\r\na=fingerprint:sha-256 "
    "A0:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
    "a=setup:%s\r\na=mid:%zu\r\n";

static void add_section(struct oh_text *sdp, const struct visitor *v, char kind, size_t mid,
                        const char *track, const char *setup) {
  if (kind == 'd') {
    oh_text_adds(sdp, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
  } else if (kind == 'v') {
    oh_text_adds(sdp, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n");
  } else {
    oh_text_adds(sdp, "m=audio 9 UDP/TLS/RTP/SAVPF 109 63 0\r\n");
  }
  oh_text_addf(sdp, transport_lines, v->identity, v->version, setup, mid);
  if (kind == 'd') return oh_text_adds(sdp, "a=sctp-port:5000\r\na=max-message-size:262144\r\n");
  oh_text_adds(sdp, "a=rtcp-mux\r\n");
  oh_text_adds(sdp, kind == 's' ? "a=sendonly\r\n" : kind == 'i' ? "a=inactive\r\n" : "a=recvonly\r\n");
  if (kind == 'v') return oh_text_adds(sdp, "a=rtpmap:96 VP8/90000\r\n");
  oh_text_adds(sdp, "a=rtpmap:109 opus/48000/2\r\na=fmtp:109 minptime=10;useinbandfec=1;stereo=1\r\n"
                    "a=rtpmap:63 red/48000/2\r\na=fmtp:63 109/109\r\na=rtpmap:0 PCMU/8000\r\n"
                    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n");
  if (kind == 's') oh_text_addf(sdp, "a=msid:- %s\r\na=ssrc:%zu cname:c\r\n", track, 5000 + mid);
}

static char *write_sdp(const struct visitor *v, const char *sections, const char *const *tracks,
                       const char *setup) {
  struct oh_text sdp;
  oh_text_init(&sdp, OH_SDP_MAX);
  oh_text_adds(&sdp, head);
  oh_text_adds(&sdp, "a=group:BUNDLE");
  for (size_t i = 0; sections[i]; i++)
    oh_text_addf(&sdp, " %zu", i);
  oh_text_adds(&sdp, "\r\n");
  for (size_t i = 0; sections[i]; i++)
    add_section(&sdp, v, sections[i], i, sections[i] == 's' ? *tracks++ : NULL, setup);
  return oh_text_take(&sdp, NULL);
}

char *visit_sdp(const struct visitor *v, const char *sections, const char *const *tracks) {
  return write_sdp(v, sections, tracks, "actpass");
}

void visit_offer(struct visit_world *w, struct visitor *v, uint32_t id, const char *sections,
                 const char *const *tracks) {
  Livekit__SessionDescription offer = LIVEKIT__SESSION_DESCRIPTION__INIT;
  offer.type = (char *)"offer";
  offer.id = id;
  offer.sdp = visit_sdp(v, sections, tracks);
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_OFFER;
  request.offer = &offer;
  visit_say(w, v, &request);
  free(offer.sdp);
}

void visit_answer(struct visit_world *w, struct visitor *v) {
  Livekit__SignalResponse *response = visit_find(w, v, LIVEKIT__SIGNAL_RESPONSE__MESSAGE_OFFER, -1);
  assert_non_null(response);
  struct oh_description *offer = malloc(sizeof *offer);
  assert_null(oh_description_read(offer, oh_str(response->offer->sdp)));
  char sections[OH_SDP_SECTIONS_MAX + 1] = {0};
  for (size_t i = 0; i < offer->section_count; i++)
    sections[i] = offer->sections[i].kind == OH_SDP_APPLICATION     ? 'd'
                  : offer->sections[i].direction == OH_SDP_SENDONLY ? 'r'
                                                                    : 'i';
  free(offer);
  Livekit__SessionDescription answer = LIVEKIT__SESSION_DESCRIPTION__INIT;
  answer.type = (char *)"answer";
  answer.id = response->offer->id;
  answer.sdp = write_sdp(v, sections, NULL, "active");
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_ANSWER;
  request.answer = &answer;
  visit_say(w, v, &request);
  free(answer.sdp);
}

void visit_add_track(struct visit_world *w, const struct visitor *v, const char *cid) {
  Livekit__AddTrackRequest add = LIVEKIT__ADD_TRACK_REQUEST__INIT;
  add.cid = (char *)cid;
  add.name = (char *)"mic";
  add.source = LIVEKIT__TRACK_SOURCE__MICROPHONE;
  Livekit__SignalRequest request = LIVEKIT__SIGNAL_REQUEST__INIT;
  request.message_case = LIVEKIT__SIGNAL_REQUEST__MESSAGE_ADD_TRACK;
  request.add_track = &add;
  visit_say(w, v, &request);
}

int visit_order(const struct visit_world *w, const struct visitor *v,
                Livekit__SignalResponse__MessageCase kind) {
  int n = 0;
  for (size_t i = 0; i < w->count; i++) {
    if (w->frames[i].session != v->session || !w->responses[i]) continue;
    if (w->responses[i]->message_case == kind) return n;
    n++;
  }
  return -1;
}
// Joins, publishes a microphone and is ACTIVE.
struct visitor visit_talker(struct visit_world *w, const char *identity, const char *sections, bool single) {
  const struct visit_options options = {.single = single};
  struct visitor v = visit_join(w, identity, &options);
  assert_int_equal(v.admission.status, 101);
  visit_add_track(w, &v, "cid");
  visit_offer(w, &v, 1, sections, (const char *const[]){"cid"});
  if (!single) visit_answer(w, &v);
  for (uint32_t i = 0; i < doubles_peer_count(); i++)
    doubles_raise(OH_HUB_CONNECTED, doubles_peer(i)->id);
  oh_house_tick(w->house, w->now_us);
  visit_collect(w);
  return v;
}
