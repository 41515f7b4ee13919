// offer.c — LiveKit's rules on top of SDP: descriptions read, offers and answers written
#include "livekit/offer.h"
#include "base/check.h"
#include "wire/rtpext.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// Extension ids in the offers we write.
#define ID_AUDIO_LEVEL 1
#define ID_MID 2
#define ID_TRANSPORT_CC 3
#define CLOCK_HZ 48000 // of opus and of red around it (RFC 7587 4.1)

// Copies a string that fits, else leaves the field empty.
static bool put(char *into, size_t size, struct oh_str text) {
  bool fits = text.len < size;
  if (fits && text.len) memcpy(into, text.data, text.len);
  into[fits ? text.len : 0] = 0;
  return fits;
}
#define PUT(field, text) put(field, sizeof(field), text)

static bool parameter_is(struct oh_str fmtp, struct oh_str name, struct oh_str wanted) {
  struct oh_str value;
  return oh_sdp_parameter(fmtp, name, &value) && oh_str_eq(value, wanted);
}

static bool is_stereo_48k(const struct oh_sdp_codec *codec, struct oh_str name) {
  return oh_str_eq_nocase(codec->name, name) && codec->clock_hz == CLOCK_HZ && codec->channels == 2;
}

// RED around this Opus: fmtp "111/111" (RFC 2198 5).
static bool wraps(const struct oh_sdp_codec *red, uint8_t opus) {
  struct oh_str list = red->fmtp;
  uint64_t first;
  return oh_str_to_u64(oh_str_cut(&list, '/'), 127, &first) && first == opus;
}

static void read_audio(const struct oh_sdp_section *from, struct oh_section *section) {
  size_t opus_at = 0, red_at = 0;
  for (size_t i = 0; i < from->codec_count && !section->opus; i++) {
    const struct oh_sdp_codec *codec = &from->codecs[i];
    if (!is_stereo_48k(codec, OH_STR("opus"))) continue;
    section->opus = codec->payload_type;
    section->nack = codec->nack;
    section->transport_cc = codec->transport_cc;
    section->dtx = parameter_is(codec->fmtp, OH_STR("usedtx"), OH_STR("1"));
    section->stereo = parameter_is(codec->fmtp, OH_STR("stereo"), OH_STR("1"));
    section->sprop_stereo = parameter_is(codec->fmtp, OH_STR("sprop-stereo"), OH_STR("1"));
    opus_at = i;
  }
  for (size_t i = 0; section->opus && i < from->codec_count && !section->red; i++) {
    const struct oh_sdp_codec *codec = &from->codecs[i];
    if (!is_stereo_48k(codec, OH_STR("red")) || !wraps(codec, section->opus)) continue;
    section->red = codec->payload_type;
    red_at = i;
  }
  section->red_first = section->red && red_at < opus_at;
  for (size_t i = 0; i < from->extension_count; i++) {
    const struct oh_sdp_extension *extension = &from->extensions[i];
    if (oh_str_eq(extension->uri, OH_STR(OH_RTPEXT_URI_AUDIO_LEVEL))) section->audio_level_id = extension->id;
    if (oh_str_eq(extension->uri, OH_STR(OH_RTPEXT_URI_MID))) section->mid_id = extension->id;
    if (oh_str_eq(extension->uri, OH_STR(OH_RTPEXT_URI_TRANSPORT_SEQUENCE)))
      section->transport_cc_id = extension->id;
  }
}

// The codec under which a video section is accepted only to stay inactive: VP8 if offered, else the first
// that is a codec of its own.
static void read_video(const struct oh_sdp_section *from, struct oh_section *section) {
  static const struct oh_str not_codecs[] = {{"rtx", 3}, {"red", 3}, {"ulpfec", 6}, {"flexfec-03", 10}};
  for (size_t i = 0; i < from->codec_count; i++) {
    const struct oh_sdp_codec *codec = &from->codecs[i];
    bool usable = codec->name.len && codec->name.len < 16;
    for (size_t k = 0; k < sizeof not_codecs / sizeof *not_codecs; k++)
      if (oh_str_eq_nocase(codec->name, not_codecs[k])) usable = false;
    bool vp8 = oh_str_eq_nocase(codec->name, OH_STR("VP8"));
    if (!usable || (section->video && !vp8) || !PUT(section->video_fmtp, codec->fmtp)) continue;
    section->video = codec->payload_type;
    snprintf(section->video_codec, sizeof section->video_codec, "%.*s/%" PRIu32, OH_STR_ARG(codec->name),
             codec->clock_hz);
    if (vp8) return;
  }
}

static bool protocol_is_ours(const struct oh_sdp_section *section) {
  struct oh_str p = section->protocol;
  if (section->kind == OH_SDP_APPLICATION)
    return (oh_str_eq(p, OH_STR("UDP/DTLS/SCTP")) || oh_str_eq(p, OH_STR("TCP/DTLS/SCTP"))) &&
           oh_str_eq(section->formats, OH_STR("webrtc-datachannel"));
  return section->rtcp_mux &&
         (oh_str_eq(p, OH_STR("UDP/TLS/RTP/SAVPF")) || oh_str_eq(p, OH_STR("TCP/TLS/RTP/SAVPF")));
}

static const char *read_section(const struct oh_sdp *sdp, size_t index, struct oh_section *section) {
  const struct oh_sdp_section *from = &sdp->sections[index];
  *section = (struct oh_section){.kind = from->kind};
  bool bundled = sdp->bundle.len ? from->in_bundle : index == 0;
  section->rejected = (from->port == 0 && !from->bundle_only) || !bundled || from->kind == OH_SDP_OTHER ||
                      !protocol_is_ours(from);
  if (!from->mid.len && !section->rejected) return "a section without a mid";
  PUT(section->mid, from->mid);
  if (!PUT(section->media, from->media) || !PUT(section->protocol, from->protocol))
    return "an unknown kind of section";
  if (section->rejected) return NULL;
  if (from->kind == OH_SDP_APPLICATION) {
    section->sctp_port = from->sctp_port;
    section->max_message_bytes = from->max_message_bytes;
    return NULL;
  }
  section->direction = from->direction;
  // Firefox names an SSRC for sections it only receives on: that of its reports.
  bool sends = from->direction & OH_SDP_SENDONLY;
  const struct oh_sdp_ssrc *ssrc = sends && from->ssrc_count ? &from->ssrcs[0] : NULL;
  PUT(section->stream_id, from->msid_stream.len || !ssrc ? from->msid_stream : ssrc->stream);
  PUT(section->track_id, from->msid_track.len || !ssrc ? from->msid_track : ssrc->track);
  if (ssrc) {
    section->ssrc = ssrc->ssrc;
    PUT(section->cname, ssrc->cname);
  }
  if (from->kind == OH_SDP_AUDIO)
    read_audio(from, section);
  else
    read_video(from, section);
  return NULL;
}

static const char *read_sections(const struct oh_sdp *sdp, struct oh_description *d) {
  const struct oh_sdp_transport *transport = NULL;
  for (size_t i = 0; i < sdp->section_count; i++) {
    const char *why = read_section(sdp, i, &d->sections[i]);
    if (why) return why;
    if (!transport && !d->sections[i].rejected) transport = &sdp->sections[i].transport;
  }
  d->section_count = sdp->section_count;
  if (!transport) return "no section that we could use";
  if (!transport->ufrag.len || !transport->pwd.len) return "no ICE credentials";
  if (!transport->has_fingerprint) return "no sha-256 fingerprint";
  PUT(d->ufrag, transport->ufrag);
  PUT(d->pwd, transport->pwd);
  memcpy(d->fingerprint, transport->fingerprint, sizeof d->fingerprint);
  d->setup = transport->setup;
  return NULL;
}

const char *oh_description_read(struct oh_description *d, struct oh_str text) {
  d->section_count = d->candidate_count = 0;
  if (!oh_str_is_utf8(text)) return "not UTF-8";
  struct oh_sdp *sdp = malloc(sizeof *sdp);
  OH_CHECK(sdp);
  const char *why = oh_sdp_read(sdp, text);
  if (!why) {
    d->extmap_allow_mixed = sdp->extmap_allow_mixed;
    d->ice_lite = sdp->ice_lite;
    d->candidate_count = sdp->candidate_count;
    memcpy(d->candidates, sdp->candidates, sdp->candidate_count * sizeof *sdp->candidates);
    why = read_sections(sdp, d);
  }
  free(sdp);
  return why;
}

const struct oh_section *oh_description_find(const struct oh_description *d, struct oh_str mid) {
  for (size_t i = 0; i < d->section_count; i++)
    if (mid.len && oh_str_eq(oh_str(d->sections[i].mid), mid)) return &d->sections[i];
  return NULL;
}

// Writing. All lines end with CRLF.

static void write_session(struct oh_text *out, const struct oh_local *local, bool allow_mixed) {
  oh_text_addf(out, "v=0\r\no=- %" PRIu64 " %" PRIu64 " IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
               local->session_id, local->version);
  oh_text_addf(out, "a=msid-semantic: WMS *\r\na=fingerprint:sha-256 %s\r\n", local->fingerprint);
  if (local->lite) oh_text_adds(out, "a=ice-lite\r\n");
  if (allow_mixed) oh_text_adds(out, "a=extmap-allow-mixed\r\n");
}

static void write_candidates(struct oh_text *out, const struct oh_local *local) {
  for (size_t i = 0; i < local->candidate_count; i++) {
    const struct oh_addr *addr = &local->candidates[i];
    char ip[INET6_ADDRSTRLEN];
    OH_CHECK(inet_ntop(addr->family == OH_ADDR_V6 ? AF_INET6 : AF_INET, addr->ip, ip, sizeof ip));
    // RFC 8445 5.1.2.1: host candidates have type preference 126; TCP ranks below all UDP (RFC 6544 4.2).
    bool tcp = addr->proto == OH_TCP;
    uint32_t priority = (tcp ? 90u : 126u) << 24 | (uint32_t)(65535 - i) << 8 | 255;
    oh_text_addf(out, "a=candidate:%zu 1 %s %" PRIu32 " %s %u typ host%s\r\n", i + 1, tcp ? "tcp" : "udp",
                 priority, ip, addr->port, tcp ? " tcptype passive" : "");
  }
  if (local->candidate_count) oh_text_adds(out, "a=end-of-candidates\r\n");
}

// The lines every living section begins with, after its m= line.
static void write_transport(struct oh_text *out, const struct oh_local *local, const char *setup,
                            const char *mid) {
  oh_text_addf(out, "c=IN IP4 0.0.0.0\r\na=setup:%s\r\na=mid:%s\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", setup,
               mid, local->ufrag, local->pwd);
}

static void write_data(struct oh_text *out, const char *protocol, const struct oh_local *local,
                       const char *setup, const char *mid) {
  oh_text_addf(out, "m=application 9 %s webrtc-datachannel\r\n", protocol);
  write_transport(out, local, setup, mid);
  oh_text_addf(out, "a=sctp-port:%d\r\na=max-message-size:%d\r\n", OH_SCTP_PORT, OH_DATA_MESSAGE_MAX);
}

// What an audio section says, whoever starts.
struct audio_lines {
  const char *protocol, *mid;
  uint8_t opus, red; // red 0: without
  bool red_first, dtx, stereo, sprop_stereo, nack, transport_cc;
  uint8_t audio_level_id, mid_id, transport_cc_id;
  enum oh_sdp_direction direction;
  uint32_t ssrc;
  const char *stream_id, *track_id;
};

static const char *direction_name(enum oh_sdp_direction direction) {
  static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
  return names[direction];
}

static void write_extension(struct oh_text *out, uint8_t id, const char *uri) {
  if (id) oh_text_addf(out, "a=extmap:%u %s\r\n", id, uri);
}

static void write_audio(struct oh_text *out, const struct oh_local *local, const char *setup,
                        const struct audio_lines *a) {
  oh_text_addf(out, "m=audio 9 %s", a->protocol);
  if (a->red && a->red_first) oh_text_addf(out, " %u", a->red);
  oh_text_addf(out, " %u", a->opus);
  if (a->red && !a->red_first) oh_text_addf(out, " %u", a->red);
  oh_text_adds(out, "\r\n");
  write_transport(out, local, setup, a->mid);
  oh_text_adds(out, "a=rtcp-mux\r\n");
  oh_text_addf(out, "a=rtpmap:%u opus/48000/2\r\na=fmtp:%u minptime=10;useinbandfec=1%s%s%s\r\n", a->opus,
               a->opus, a->dtx ? ";usedtx=1" : "", a->stereo ? ";stereo=1;maxaveragebitrate=510000" : "",
               a->sprop_stereo ? ";sprop-stereo=1" : "");
  if (a->nack) oh_text_addf(out, "a=rtcp-fb:%u nack\r\n", a->opus);
  if (a->transport_cc) oh_text_addf(out, "a=rtcp-fb:%u transport-cc\r\n", a->opus);
  if (a->red)
    oh_text_addf(out, "a=rtpmap:%u red/48000/2\r\na=fmtp:%u %u/%u\r\n", a->red, a->red, a->opus, a->opus);
  write_extension(out, a->audio_level_id, OH_RTPEXT_URI_AUDIO_LEVEL);
  write_extension(out, a->mid_id, OH_RTPEXT_URI_MID);
  if (a->transport_cc) write_extension(out, a->transport_cc_id, OH_RTPEXT_URI_TRANSPORT_SEQUENCE);
  oh_text_addf(out, "a=%s\r\n", direction_name(a->direction));
  if (!(a->direction & OH_SDP_SENDONLY)) return;
  // Both forms: browsers read a=msid, and need the SSRC to tell bundled sections apart.
  oh_text_addf(out, "a=msid:%s %s\r\n", a->stream_id, a->track_id);
  oh_text_addf(out, "a=ssrc:%" PRIu32 " cname:%s\r\n", a->ssrc, a->stream_id);
  oh_text_addf(out, "a=ssrc:%" PRIu32 " msid:%s %s\r\n", a->ssrc, a->stream_id, a->track_id);
}

static bool is_rejected(const struct oh_section *section, const struct oh_plan *plan, bool first) {
  if (section->rejected) return true;
  if (section->kind == OH_SDP_AUDIO) return !section->opus || (plan->reject && !first);
  if (section->kind == OH_SDP_VIDEO) return !section->video || (plan->reject && !first);
  return false;
}

// RFC 8829 5.3.1, with the c= line and direction that Firefox and JSEP want.
static void write_rejected(struct oh_text *out, const struct oh_section *section) {
  oh_text_addf(out, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\n", section->media, section->protocol,
               section->kind == OH_SDP_APPLICATION ? "webrtc-datachannel" : "0");
  if (*section->mid) oh_text_addf(out, "a=mid:%s\r\n", section->mid);
  if (section->kind != OH_SDP_APPLICATION) oh_text_adds(out, "a=inactive\r\n");
}

static void answer_video(struct oh_text *out, const struct oh_section *section, const struct oh_local *local,
                         const char *setup) {
  oh_text_addf(out, "m=video 9 %s %u\r\n", section->protocol, section->video);
  write_transport(out, local, setup, section->mid);
  oh_text_addf(out, "a=rtcp-mux\r\na=rtpmap:%u %s\r\n", section->video, section->video_codec);
  if (*section->video_fmtp) oh_text_addf(out, "a=fmtp:%u %s\r\n", section->video, section->video_fmtp);
  oh_text_adds(out, "a=inactive\r\n");
}

static void answer_audio(struct oh_text *out, const struct oh_section *section, const struct oh_local *local,
                         const char *setup, const struct oh_plan *plan) {
  bool receive = plan->receive && (section->direction & OH_SDP_SENDONLY);
  bool send = plan->send && (section->direction & OH_SDP_RECVONLY);
  bool red_first = receive && plan->want_red && section->red;
  struct audio_lines lines = {
      .protocol = section->protocol,
      .mid = section->mid,
      .opus = section->opus,
      // Who only listens may be sent RED; who speaks is asked for it or does not see it.
      .red = red_first || (send && !receive) ? section->red : 0,
      .red_first = red_first,
      .dtx = receive && plan->dtx,
      .stereo = receive && plan->stereo,
      .sprop_stereo = send && plan->send_stereo,
      .nack = section->nack,
      .transport_cc = section->transport_cc && section->transport_cc_id,
      .audio_level_id = section->audio_level_id,
      .mid_id = section->mid_id,
      .transport_cc_id = section->transport_cc_id,
      .direction = (enum oh_sdp_direction)((send ? OH_SDP_SENDONLY : 0) | (receive ? OH_SDP_RECVONLY : 0)),
      .ssrc = plan->ssrc,
      .stream_id = plan->stream_id,
      .track_id = plan->track_id,
  };
  write_audio(out, local, setup, &lines);
}

bool oh_answer_write(struct oh_text *out, const struct oh_description *offer, const struct oh_local *local,
                     const struct oh_plan *plans) {
  // The server is always the DTLS server, our client always the client (LIVEKIT 4.6).
  const char *setup = local->lite ? "passive" : "active";
  if (offer->setup == (local->lite ? OH_SDP_PASSIVE : OH_SDP_ACTIVE)) return false;
  write_session(out, local, offer->extmap_allow_mixed);
  bool first = true;
  oh_text_adds(out, "a=group:BUNDLE");
  for (size_t i = 0; i < offer->section_count; i++) {
    if (is_rejected(&offer->sections[i], &plans[i], first)) continue;
    oh_text_addf(out, " %s", offer->sections[i].mid);
    first = false;
  }
  if (first) return false; // nothing would be left
  oh_text_adds(out, "\r\n");
  first = true;
  for (size_t i = 0; i < offer->section_count; i++) {
    const struct oh_section *section = &offer->sections[i];
    if (is_rejected(section, &plans[i], first)) {
      write_rejected(out, section);
      continue;
    }
    if (section->kind == OH_SDP_AUDIO) answer_audio(out, section, local, setup, &plans[i]);
    if (section->kind == OH_SDP_VIDEO) answer_video(out, section, local, setup);
    if (section->kind == OH_SDP_APPLICATION) write_data(out, section->protocol, local, setup, section->mid);
    if (first) write_candidates(out, local);
    first = false;
  }
  return !out->failed;
}

static const char *offered_setup(const struct oh_local *local) {
  return local->passive_offer ? "passive" : "actpass";
}

static void propose_audio(struct oh_text *out, const struct oh_local *local, const struct oh_proposal *p) {
  struct audio_lines lines = {
      .protocol = "UDP/TLS/RTP/SAVPF",
      .mid = p->mid,
      .opus = OH_PT_OPUS,
      .red = p->red || p->red_first ? OH_PT_RED : 0,
      .red_first = p->red_first,
      .dtx = p->dtx,
      .stereo = p->stereo,
      .sprop_stereo = p->send_stereo,
      .nack = p->nack,
      .transport_cc = p->transport_cc,
      .audio_level_id = p->audio_level ? ID_AUDIO_LEVEL : 0,
      .mid_id = p->audio_level ? ID_MID : 0,
      .transport_cc_id = ID_TRANSPORT_CC,
      .direction = p->direction,
      .ssrc = p->ssrc,
      .stream_id = p->stream_id,
      .track_id = p->track_id,
  };
  write_audio(out, local, offered_setup(local), &lines);
}

bool oh_offer_write(struct oh_text *out, const struct oh_local *local, const struct oh_proposal *proposals,
                    size_t count) {
  write_session(out, local, true);
  oh_text_adds(out, "a=group:BUNDLE");
  for (size_t i = 0; i < count; i++)
    oh_text_addf(out, " %s", proposals[i].mid);
  oh_text_adds(out, "\r\n");
  for (size_t i = 0; i < count; i++) {
    OH_CHECK(proposals[i].kind == OH_SDP_AUDIO || proposals[i].kind == OH_SDP_APPLICATION);
    if (proposals[i].kind == OH_SDP_AUDIO)
      propose_audio(out, local, &proposals[i]);
    else
      write_data(out, "UDP/DTLS/SCTP", local, offered_setup(local), proposals[i].mid);
    if (i == 0) write_candidates(out, local);
  }
  return !out->failed;
}
