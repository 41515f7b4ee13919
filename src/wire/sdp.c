// sdp.c — a bounded reader of session descriptions
#include "wire/sdp.h"
#include <arpa/inet.h>

#define FINGERPRINT_TEXT_LEN (32 * 3 - 1) // sha-256 as "AB:CD:…"

struct state {
  struct oh_sdp *sdp;
  struct oh_sdp_section *section; // NULL before the first m= line
  const char *error;
};

// Takes the next word (blanks separate) off *s.
static struct oh_str word(struct oh_str *s) {
  while (s->len && s->data[0] == ' ')
    s->data++, s->len--;
  return oh_str_cut(s, ' ');
}
static bool number(struct oh_str s, uint64_t max, uint64_t *value) {
  return oh_str_to_u64(s, max, value);
}

static struct oh_sdp_codec *find_codec(struct oh_sdp_section *section, uint64_t payload_type) {
  for (size_t i = 0; i < section->codec_count; i++)
    if (section->codecs[i].payload_type == payload_type) return &section->codecs[i];
  return NULL;
}

static enum oh_sdp_kind kind_of(struct oh_str media) {
  if (oh_str_eq(media, OH_STR("audio"))) return OH_SDP_AUDIO;
  if (oh_str_eq(media, OH_STR("video"))) return OH_SDP_VIDEO;
  if (oh_str_eq(media, OH_STR("application"))) return OH_SDP_APPLICATION;
  return OH_SDP_OTHER;
}

// "audio 9 UDP/TLS/RTP/SAVPF 111 63"
static void read_media(struct state *state, struct oh_str line) {
  struct oh_sdp *sdp = state->sdp;
  if (sdp->section_count == OH_SDP_SECTIONS_MAX) {
    state->error = "too many media sections";
    return;
  }
  struct oh_sdp_section *section = &sdp->sections[sdp->section_count++];
  // The arrays behind the counts stay as they are: clearing 4 KB per section for nothing would cost more than
  // the reading.
  memset(section, 0, offsetof(struct oh_sdp_section, codecs));
  section->codec_count = section->extension_count = section->ssrc_count = 0;
  state->section = section;
  section->direction = OH_SDP_SENDRECV;
  section->transport = sdp->session;
  section->max_message_bytes = 65536;
  section->media = word(&line);
  section->kind = kind_of(section->media);
  struct oh_str port = word(&line);
  port = oh_str_cut(&port, '/');
  uint64_t value;
  if (!number(port, UINT16_MAX, &value)) {
    state->error = "a media line without a port";
    return;
  }
  section->port = (uint16_t)value;
  section->protocol = word(&line);
  section->formats = oh_str_trim(line);
  if (!section->media.len || !section->protocol.len || !section->formats.len) {
    state->error = "a short media line";
    return;
  }
  if (section->kind != OH_SDP_AUDIO && section->kind != OH_SDP_VIDEO) return;
  while (line.len) {
    struct oh_str format = word(&line);
    if (!format.len) continue;
    if (!number(format, 127, &value) || section->codec_count == OH_SDP_CODECS_MAX) {
      state->error = section->codec_count == OH_SDP_CODECS_MAX ? "too many codecs" : "a bad payload type";
      return;
    }
    if (find_codec(section, value)) continue;
    section->codecs[section->codec_count++] =
        (struct oh_sdp_codec){.payload_type = (uint8_t)value, .channels = 1};
  }
}

// "111 opus/48000/2"
static void read_rtpmap(struct state *state, struct oh_str value) {
  uint64_t payload_type, clock, channels = 1;
  if (!state->section || !number(word(&value), 127, &payload_type)) return;
  struct oh_sdp_codec *codec = find_codec(state->section, payload_type);
  value = word(&value);
  struct oh_str name = oh_str_cut(&value, '/');
  struct oh_str rate = oh_str_cut(&value, '/');
  if (!codec || codec->name.len || !name.len || !number(rate, UINT32_MAX, &clock)) return;
  if (value.len && !number(value, UINT8_MAX, &channels)) return;
  codec->name = name;
  codec->clock_hz = (uint32_t)clock;
  codec->channels = (uint8_t)channels;
}

static void read_fmtp(struct state *state, struct oh_str value) {
  uint64_t payload_type;
  if (!state->section || !number(word(&value), 127, &payload_type)) return;
  struct oh_sdp_codec *codec = find_codec(state->section, payload_type);
  if (codec) codec->fmtp = oh_str_trim(value);
}

// "111 transport-cc", "* nack"
static void read_feedback(struct state *state, struct oh_str value) {
  struct oh_sdp_section *section = state->section;
  if (!section) return;
  struct oh_str target = word(&value);
  value = oh_str_trim(value);
  bool nack = oh_str_eq(value, OH_STR("nack")), transport_cc = oh_str_eq(value, OH_STR("transport-cc"));
  uint64_t payload_type;
  if (oh_str_eq(target, OH_STR("*"))) {
    for (size_t i = 0; i < section->codec_count; i++) {
      section->codecs[i].nack |= nack;
      section->codecs[i].transport_cc |= transport_cc;
    }
  } else if (number(target, 127, &payload_type)) {
    struct oh_sdp_codec *codec = find_codec(section, payload_type);
    if (!codec) return;
    codec->nack |= nack;
    codec->transport_cc |= transport_cc;
  }
}

// "1 urn:…" or "1/recvonly urn:… parameters"
static void read_extension(struct state *state, struct oh_str value) {
  struct oh_sdp_section *section = state->section;
  struct oh_str id = word(&value);
  id = oh_str_cut(&id, '/');
  struct oh_str uri = word(&value);
  uint64_t number_;
  if (!section || !number(id, UINT8_MAX, &number_) || !number_ || !uri.len) return;
  if (section->extension_count == OH_SDP_EXTENSIONS_MAX) return;
  section->extensions[section->extension_count++] =
      (struct oh_sdp_extension){.uri = uri, .id = (uint8_t)number_};
}

// "1234 cname:x", "1234 msid:stream track"
static void read_ssrc(struct state *state, struct oh_str value) {
  struct oh_sdp_section *section = state->section;
  uint64_t ssrc;
  if (!section || !number(word(&value), UINT32_MAX, &ssrc)) return;
  struct oh_sdp_ssrc *entry = NULL;
  for (size_t i = 0; i < section->ssrc_count && !entry; i++)
    if (section->ssrcs[i].ssrc == ssrc) entry = &section->ssrcs[i];
  if (!entry) {
    if (section->ssrc_count == OH_SDP_SSRCS_MAX) return;
    entry = &section->ssrcs[section->ssrc_count++];
    *entry = (struct oh_sdp_ssrc){.ssrc = (uint32_t)ssrc};
  }
  struct oh_str name = oh_str_cut(&value, ':');
  if (oh_str_eq(name, OH_STR("cname"))) entry->cname = value;
  if (oh_str_eq(name, OH_STR("msid"))) {
    entry->stream = word(&value);
    entry->track = word(&value);
  }
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "sha-256 AB:CD:…". Other digests may stand beside it (RFC 8122 5) and are skipped.
static void read_fingerprint(struct state *state, struct oh_sdp_transport *transport, struct oh_str value) {
  if (!oh_str_eq_nocase(word(&value), OH_STR("sha-256"))) return;
  value = oh_str_trim(value);
  state->error = "a bad fingerprint";
  if (value.len != FINGERPRINT_TEXT_LEN) return;
  for (size_t i = 0; i < 32; i++) {
    int high = hex_value(value.data[3 * i]), low = hex_value(value.data[3 * i + 1]);
    if (high < 0 || low < 0 || (i < 31 && value.data[3 * i + 2] != ':')) return;
    transport->fingerprint[i] = (uint8_t)(high << 4 | low);
  }
  state->error = NULL;
  transport->has_fingerprint = true;
}

static void read_setup(struct state *state, struct oh_sdp_transport *transport, struct oh_str value) {
  static const struct {
    struct oh_str name;
    enum oh_sdp_setup setup;
  } names[] = {{{"actpass", 7}, OH_SDP_ACTPASS},
               {{"active", 6}, OH_SDP_ACTIVE},
               {{"passive", 7}, OH_SDP_PASSIVE},
               {{"holdconn", 8}, OH_SDP_HOLDCONN}};
  for (size_t i = 0; i < 4; i++)
    if (oh_str_eq(value, names[i].name)) {
      transport->setup = names[i].setup;
      return;
    }
  state->error = "a bad setup attribute";
}

// ice-char of RFC 8839 5.4
static bool is_ice_text(struct oh_str s, size_t min, size_t max) {
  if (s.len < min || s.len > max) return false;
  for (size_t i = 0; i < s.len; i++) {
    char c = s.data[i];
    bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    // Not in the grammar, but some agents write them
    if (!good && c != '-' && c != '_' && c != '=') return false;
  }
  return true;
}

static bool parse_ip(struct oh_str text, struct oh_addr *addr) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.len >= sizeof buffer) return false;
  memcpy(buffer, text.data, text.len);
  buffer[text.len] = 0;
  if (inet_pton(AF_INET, buffer, addr->ip) == 1)
    addr->family = OH_ADDR_V4;
  else if (inet_pton(AF_INET6, buffer, addr->ip) == 1)
    addr->family = OH_ADDR_V6;
  return addr->family != OH_ADDR_NONE;
}

bool oh_sdp_read_candidate(struct oh_sdp_candidate *candidate, struct oh_str line) {
  *candidate = (struct oh_sdp_candidate){0};
  if (oh_str_starts(line, OH_STR("a="))) oh_str_cut(&line, '=');
  if (!oh_str_starts(line, OH_STR("candidate:"))) return false;
  word(&line); // the foundation
  struct oh_str component = word(&line), protocol = word(&line), priority = word(&line),
                address = word(&line), port = word(&line);
  uint64_t priority_value, port_value;
  if (!oh_str_eq(component, OH_STR("1")) || !number(priority, UINT32_MAX, &priority_value)) return false;
  if (!parse_ip(address, &candidate->addr) || !number(port, UINT16_MAX, &port_value)) return false;
  if (oh_str_eq_nocase(protocol, OH_STR("tcp")))
    candidate->addr.proto = OH_TCP;
  else if (!oh_str_eq_nocase(protocol, OH_STR("udp")))
    return false;
  if (!oh_str_eq(word(&line), OH_STR("typ")) || !word(&line).len) return false;
  candidate->addr.port = (uint16_t)port_value;
  candidate->priority = (uint32_t)priority_value;
  while (line.len) {
    struct oh_str name = word(&line), value = word(&line);
    if (oh_str_eq(name, OH_STR("tcptype"))) candidate->tcp_passive = oh_str_eq(value, OH_STR("passive"));
  }
  return true;
}

static void read_candidate(struct state *state, struct oh_str line) {
  struct oh_sdp *sdp = state->sdp;
  struct oh_sdp_candidate candidate;
  if (!state->section || sdp->candidate_count == OH_SDP_CANDIDATES_MAX) return;
  if (!oh_sdp_read_candidate(&candidate, line)) return;
  // Bundled sections may repeat them.
  for (size_t i = 0; i < sdp->candidate_count; i++)
    if (oh_addr_eq(&sdp->candidates[i].addr, &candidate.addr) &&
        sdp->candidates[i].tcp_passive == candidate.tcp_passive)
      return;
  sdp->candidates[sdp->candidate_count++] = candidate;
}

static void read_group(struct state *state, struct oh_str value) {
  if (!state->section && !state->sdp->bundle.len && oh_str_eq(word(&value), OH_STR("BUNDLE")))
    state->sdp->bundle = oh_str_trim(value);
}

static void read_mid(struct state *state, struct oh_str value) {
  struct oh_sdp *sdp = state->sdp;
  if (!state->section) return;
  if (!value.len || value.len > OH_SDP_MID_MAX || !oh_str_is_utf8(value)) {
    state->error = "a bad mid";
    return;
  }
  for (size_t i = 0; i < sdp->section_count; i++)
    if (oh_str_eq(sdp->sections[i].mid, value)) {
      state->error = "the same mid twice";
      return;
    }
  state->section->mid = value;
}

static void read_numbers(struct state *state, struct oh_str name, struct oh_str value) {
  uint64_t n;
  if (oh_str_eq(name, OH_STR("sctp-port")) && number(oh_str_trim(value), UINT16_MAX, &n))
    state->section->sctp_port = (uint16_t)n;
  if (oh_str_eq(name, OH_STR("max-message-size")) && number(oh_str_trim(value), UINT32_MAX, &n))
    state->section->max_message_bytes = (uint32_t)n;
}

static bool read_flag(struct state *state, struct oh_str name) {
  struct oh_sdp_section *section = state->section;
  static const struct oh_str directions[] = {
      {"inactive", 8}, {"sendonly", 8}, {"recvonly", 8}, {"sendrecv", 8}};
  if (section) {
    for (unsigned i = 0; i < 4; i++)
      if (oh_str_eq(name, directions[i])) {
        section->direction = (enum oh_sdp_direction)i;
        return true;
      }
    if (oh_str_eq(name, OH_STR("rtcp-mux"))) return section->rtcp_mux = true;
    if (oh_str_eq(name, OH_STR("bundle-only"))) return section->bundle_only = true;
  }
  if (oh_str_eq(name, OH_STR("extmap-allow-mixed"))) return state->sdp->extmap_allow_mixed = true;
  if (oh_str_eq(name, OH_STR("ice-lite"))) return state->sdp->ice_lite = true;
  return false;
}

static void read_attribute(struct state *state, struct oh_str line) {
  struct oh_str value = line, name = oh_str_cut(&value, ':');
  struct oh_sdp_section *section = state->section;
  struct oh_sdp_transport *transport = section ? &section->transport : &state->sdp->session;
  if (name.len == line.len && read_flag(state, name)) return;
  if (oh_str_eq(name, OH_STR("rtpmap")))
    read_rtpmap(state, value);
  else if (oh_str_eq(name, OH_STR("fmtp")))
    read_fmtp(state, value);
  else if (oh_str_eq(name, OH_STR("rtcp-fb")))
    read_feedback(state, value);
  else if (oh_str_eq(name, OH_STR("extmap")))
    read_extension(state, value);
  else if (oh_str_eq(name, OH_STR("ssrc")))
    read_ssrc(state, value);
  else if (oh_str_eq(name, OH_STR("candidate")))
    read_candidate(state, line);
  else if (oh_str_eq(name, OH_STR("fingerprint")))
    read_fingerprint(state, transport, value);
  else if (oh_str_eq(name, OH_STR("setup")))
    read_setup(state, transport, value);
  else if (oh_str_eq(name, OH_STR("group")))
    read_group(state, value);
  else if (oh_str_eq(name, OH_STR("mid")))
    read_mid(state, value);
  else if (oh_str_eq(name, OH_STR("msid"))) {
    if (!section || section->msid_stream.len) return;
    section->msid_stream = word(&value);
    section->msid_track = word(&value);
  } else if (oh_str_eq(name, OH_STR("ice-ufrag"))) {
    if (!is_ice_text(value, 4, OH_ICE_CREDENTIAL_MAX)) state->error = "a bad ice-ufrag";
    transport->ufrag = value;
  } else if (oh_str_eq(name, OH_STR("ice-pwd"))) {
    if (!is_ice_text(value, 22, OH_ICE_CREDENTIAL_MAX)) state->error = "a bad ice-pwd";
    transport->pwd = value;
  } else if (section) {
    read_numbers(state, name, value);
  }
}

static void mark_bundled(struct oh_sdp *sdp) {
  struct oh_str mids = sdp->bundle;
  while (mids.len) {
    struct oh_str mid = word(&mids);
    for (size_t i = 0; mid.len && i < sdp->section_count; i++)
      if (oh_str_eq(sdp->sections[i].mid, mid)) sdp->sections[i].in_bundle = true;
  }
}

static struct oh_str cut_line(struct oh_str *text) {
  struct oh_str line = oh_str_cut(text, '\n');
  if (line.len && line.data[line.len - 1] == '\r') line.len--;
  return line;
}

const char *oh_sdp_read(struct oh_sdp *sdp, struct oh_str text) {
  sdp->session = (struct oh_sdp_transport){0};
  sdp->bundle = (struct oh_str){0};
  sdp->ice_lite = sdp->extmap_allow_mixed = false;
  sdp->section_count = sdp->candidate_count = 0;
  struct state state = {.sdp = sdp};
  if (text.len > OH_SDP_MAX) return "too long";
  if (text.len && memchr(text.data, 0, text.len)) return "a NUL byte";
  if (!oh_str_eq(cut_line(&text), OH_STR("v=0"))) return "not a session description";
  for (unsigned lines = 1; text.len; lines++) {
    struct oh_str line = cut_line(&text);
    if (lines >= OH_SDP_LINES_MAX) return "too many lines";
    if (!line.len) continue;
    if (line.len < 2 || line.data[1] != '=' || memchr(line.data, '\r', line.len)) return "a malformed line";
    struct oh_str value = {.data = line.data + 2, .len = line.len - 2};
    if (line.data[0] == 'm') read_media(&state, value);
    if (line.data[0] == 'a') read_attribute(&state, value);
    if (state.error) return state.error;
  }
  mark_bundled(sdp);
  return NULL;
}

bool oh_sdp_parameter(struct oh_str fmtp, struct oh_str name, struct oh_str *value) {
  while (fmtp.len) {
    *value = oh_str_trim(oh_str_cut(&fmtp, ';'));
    if (oh_str_eq_nocase(oh_str_trim(oh_str_cut(value, '=')), name)) {
      *value = oh_str_trim(*value);
      return true;
    }
  }
  *value = (struct oh_str){0};
  return false;
}
