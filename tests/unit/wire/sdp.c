// sdp.c — tests of the session description reader: what it takes, what it refuses, and that it is linear
#include "tests/unit/test.h"

#include "wire/sdp.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define FINGERPRINT                                                                                          \
  "00:11:22:33:44:55:66:77:88:99:aa:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

static struct oh_sdp *sdp;

static int set_up(void **state) {
  (void)state;
  sdp = malloc(sizeof *sdp);
  memset(sdp, 0xA5, sizeof *sdp); // the reader must not rely on cleared memory
  return 0;
}
static int tear_down(void **state) {
  (void)state;
  free(sdp);
  return 0;
}
static const char *read_text(const char *text) {
  return oh_sdp_read(sdp, oh_str(text));
}
#define assert_str(actual, expected) assert_true(oh_str_eq(actual, OH_STR(expected)))

static void sections_and_session(void **state) {
  (void)state;
  assert_null(read_text(
      HEAD
      "a=group:BUNDLE 0 x\r\na=ice-lite\r\na=extmap-allow-mixed\r\na=ice-ufrag:sess\r\n"
      "a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-1 00:11\r\na=fingerprint:SHA-256 " FINGERPRINT
      "\r\na=setup:actpass\r\n"
      "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 111\r\nc=IN IP4 "
      "0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n"
      "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10; useinbandfec=1\r\na=rtcp-fb:111 transport-cc\r\n"
      "a=rtcp-fb:* nack\r\na=rtcp-fb:111 nack pli\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
      "a=extmap:1 urn:a\r\na=extmap:2/recvonly urn:b attributes\r\na=extmap:0 urn:zero\r\n"
      "a=msid:stream track\r\na=ssrc:7 cname:me\r\na=ssrc:7 msid:s t\r\na=ssrc:8 cname:you\r\n"
      "a=candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host generation 0\r\n"
      "a=candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host\r\n"
      "a=candidate:2 1 TCP 1518214911 fd00::2 7881 typ host tcptype passive\r\n"
      "a=candidate:3 2 udp 2130706430 192.0.2.9 5001 typ host\r\n"
      "a=candidate:4 1 udp 2130706430 a1b2.local 5001 typ host\r\n"
      "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\na=inactive\r\n"
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:x\r\na=sctp-port:5000\r\n"
      "a=max-message-size:262144\r\na=ice-ufrag:mine\r\na=setup:passive\r\n"
      "m=text 9 RTP/AVP 98\r\n"));
  assert_int_equal(sdp->section_count, 4);
  assert_true(sdp->ice_lite && sdp->extmap_allow_mixed);
  assert_str(sdp->bundle, "0 x");

  const struct oh_sdp_section *audio = &sdp->sections[0];
  assert_int_equal(audio->kind, OH_SDP_AUDIO);
  assert_int_equal(audio->direction, OH_SDP_SENDONLY);
  assert_true(audio->in_bundle && audio->rtcp_mux && !audio->bundle_only);
  assert_int_equal(audio->codec_count, 3); // 111 only once
  assert_str(audio->codecs[0].name, "opus");
  assert_int_equal(audio->codecs[0].clock_hz, 48000);
  assert_int_equal(audio->codecs[0].channels, 2);
  assert_str(audio->codecs[0].fmtp, "minptime=10; useinbandfec=1");
  assert_true(audio->codecs[0].nack && audio->codecs[0].transport_cc);
  assert_str(audio->codecs[1].fmtp, "111/111");
  assert_true(audio->codecs[1].nack && !audio->codecs[1].transport_cc);
  assert_int_equal(audio->codecs[2].name.len, 0);
  assert_int_equal(audio->extension_count, 2);
  assert_int_equal(audio->extensions[1].id, 2);
  assert_str(audio->extensions[1].uri, "urn:b");
  assert_str(audio->msid_stream, "stream");
  assert_str(audio->msid_track, "track");
  assert_int_equal(audio->ssrc_count, 2);
  assert_str(audio->ssrcs[0].cname, "me");
  assert_str(audio->ssrcs[0].track, "t");
  assert_str(audio->transport.ufrag, "sess");
  assert_true(audio->transport.has_fingerprint);
  assert_int_equal(audio->transport.fingerprint[10], 0xAA);
  assert_int_equal(audio->transport.setup, OH_SDP_ACTPASS);

  assert_int_equal(sdp->candidate_count, 2);
  assert_int_equal(sdp->candidates[0].addr.family, OH_ADDR_V4);
  assert_int_equal(sdp->candidates[0].addr.port, 5000);
  assert_int_equal(sdp->candidates[1].addr.proto, OH_TCP);
  assert_int_equal(sdp->candidates[1].addr.family, OH_ADDR_V6);
  assert_true(sdp->candidates[1].tcp_passive);

  assert_true(sdp->sections[1].bundle_only && !sdp->sections[1].in_bundle);
  assert_int_equal(sdp->sections[1].direction, OH_SDP_INACTIVE);
  const struct oh_sdp_section *data = &sdp->sections[2];
  assert_int_equal(data->kind, OH_SDP_APPLICATION);
  assert_int_equal(data->sctp_port, 5000);
  assert_int_equal(data->max_message_bytes, 262144);
  assert_str(data->transport.ufrag, "mine"); // the section's own
  assert_str(data->transport.pwd, "0123456789012345678901");
  assert_int_equal(data->transport.setup, OH_SDP_PASSIVE);
  assert_int_equal(sdp->sections[3].kind, OH_SDP_OTHER);
}

static void line_ends(void **state) {
  (void)state;
  assert_null(read_text("v=0\nm=audio 9 RTP/SAVPF 0\na=mid:a"));
  assert_str(sdp->sections[0].mid, "a");
  assert_null(read_text("v=0\r\n\r\ns=-\r\n"));
  assert_int_equal(sdp->section_count, 0);
}

static void refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "v=1\r\n",
      "v=0 \r\n",
      " v=0\r\n",
      HEAD "hello\r\n",
      HEAD "a\r\n",
      HEAD "a=mid:0\rb\r\n",
      HEAD "m=audio\r\n",
      HEAD "m=audio 9\r\n",
      HEAD "m=audio 9 RTP/SAVPF\r\n",
      HEAD "m=audio -1 RTP/SAVPF 0\r\n",
      HEAD "m=audio 65536 RTP/SAVPF 0\r\n",
      HEAD "m=audio x RTP/SAVPF 0\r\n",
      HEAD "m=audio 9 RTP/SAVPF 128\r\n",
      HEAD "m=audio 9 RTP/SAVPF 0 opus\r\n",
      HEAD "m=audio 9 RTP/SAVPF 0\r\na=mid:\r\n",
      HEAD "m=audio 9 RTP/SAVPF 0\r\na=mid:123456789012345678901234567890123\r\n",
      HEAD "m=audio 9 RTP/SAVPF 0\r\na=mid:a\r\nm=audio 9 RTP/SAVPF 0\r\na=mid:a\r\n",
      HEAD "m=audio 9 RTP/SAVPF 0\r\na=mid:\xFF\r\n",
      HEAD "a=ice-ufrag:abc\r\n",
      HEAD "a=ice-ufrag:ab:cd\r\n",
      HEAD "a=ice-pwd:short\r\n",
      HEAD "a=ice-pwd:0123456789 123456789012\r\n",
      HEAD "a=setup:maybe\r\n",
      HEAD "a=fingerprint:sha-256 00:11\r\n",
      HEAD "a=fingerprint:sha-256 " FINGERPRINT ":00\r\n",
      HEAD
      "a=fingerprint:sha-256 "
      "0g:11:22:33:44:55:66:77:88:99:aa:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *why = read_text(bad[i]);
    if (!why) print_error("taken: number %zu\n", i);
    assert_non_null(why);
  }
  assert_non_null(oh_sdp_read(sdp, (struct oh_str){"v=0\r\n\0\r\n", 8}));
}

// What does not matter to us must not make a description unusable.
static void tolerated(void **state) {
  (void)state;
  assert_null(read_text(
      HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:\r\na=rtpmap:111\r\na=rtpmap:999 x/1\r\n"
           "a=fmtp\r\na=ssrc:\r\na=ssrc:99999999999 cname:x\r\na=extmap:\r\na=extmap:x y\r\n"
           "a=candidate:\r\na=candidate:1 1 udp x y z\r\na=rtcp-fb:\r\na=msid:\r\na=:\r\na=\r\nb=AS:5\r\n"
           "a=sctp-port:70000\r\na=group:BUNDLE 0\r\n"));
  assert_int_equal(sdp->section_count, 1);
  assert_int_equal(sdp->sections[0].ssrc_count, 0);
  assert_int_equal(sdp->bundle.len, 0); // a group inside a section is none
}

static void limits(void **state) {
  (void)state;
  struct oh_text text;
  oh_text_init(&text, 1 << 20);
  for (size_t extra = 0; extra < 2; extra++) {
    oh_text_clear(&text);
    oh_text_adds(&text, HEAD);
    for (size_t i = 0; i < OH_SDP_SECTIONS_MAX + extra; i++)
      oh_text_adds(&text, "m=audio 9 RTP/SAVPF 0\r\n");
    assert_int_equal(!!read_text(text.data), extra);
    oh_text_clear(&text);
    oh_text_adds(&text, HEAD "m=audio 9 RTP/SAVPF");
    for (size_t i = 0; i < OH_SDP_CODECS_MAX + extra; i++)
      oh_text_addf(&text, " %zu", i);
    assert_int_equal(!!read_text(text.data), extra);
    oh_text_clear(&text);
    oh_text_adds(&text, HEAD);
    for (size_t i = 4; i < OH_SDP_LINES_MAX + extra; i++)
      oh_text_adds(&text, "a=x\r\n");
    assert_int_equal(!!read_text(text.data), extra);
    oh_text_clear(&text);
    oh_text_adds(&text, "v=0\r\na=");
    while (text.len < OH_SDP_MAX + extra)
      oh_text_addc(&text, 'x');
    assert_int_equal(!!read_text(text.data), extra);
  }
  // lists that only stop growing
  oh_text_clear(&text);
  oh_text_adds(&text, HEAD "m=audio 9 RTP/SAVPF 0\r\n");
  for (unsigned i = 1; i <= 60; i++)
    oh_text_addf(&text,
                 "a=extmap:%u urn:x\r\na=ssrc:%u cname:x\r\na=candidate:1 1 udp 1 10.0.0.%u 1 typ host\r\n",
                 i, i, i);
  assert_null(read_text(text.data));
  assert_int_equal(sdp->sections[0].extension_count, OH_SDP_EXTENSIONS_MAX);
  assert_int_equal(sdp->sections[0].ssrc_count, OH_SDP_SSRCS_MAX);
  assert_int_equal(sdp->candidate_count, OH_SDP_CANDIDATES_MAX);
  oh_text_fini(&text);
}

static void trickled_candidates(void **state) {
  (void)state;
  struct oh_sdp_candidate c;
  assert_true(
      oh_sdp_read_candidate(&c, OH_STR("candidate:1 1 udp 5 10.0.0.1 9 typ srflx raddr 0.0.0.0 rport 0")));
  assert_int_equal(c.addr.ip[0], 10);
  assert_true(oh_sdp_read_candidate(&c, OH_STR("a=candidate:1 1 tcp 5 ::1 9 typ host tcptype active")));
  assert_false(c.tcp_passive);
  static const char *const bad[] = {
      "",
      "candidate:",
      "candidate:1 1 udp 5 10.0.0.1 9",
      "candidate:1 1 udp 5 10.0.0.1 9 typ",
      "candidate:1 2 udp 5 10.0.0.1 9 typ host",
      "candidate:1 1 sctp 5 10.0.0.1 9 typ host",
      "candidate:1 1 udp 5 host.local 9 typ host",
      "candidate:1 1 udp 5 10.0.0.1 99999 typ host",
      "candidate:1 1 udp -5 10.0.0.1 9 typ host",
      "candidate:1 1 udp 5 1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1 9 typ host"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(oh_sdp_read_candidate(&c, oh_str(bad[i])));
}

static void parameters(void **state) {
  (void)state;
  struct oh_str value;
  assert_true(oh_sdp_parameter(OH_STR("minptime=10; UseDTX=1;x"), OH_STR("usedtx"), &value));
  assert_str(value, "1");
  assert_true(oh_sdp_parameter(OH_STR("minptime=10; usedtx=1;x"), OH_STR("x"), &value));
  assert_int_equal(value.len, 0);
  assert_false(oh_sdp_parameter(OH_STR("minptime=10"), OH_STR("min"), &value));
  assert_false(oh_sdp_parameter(OH_STR(""), OH_STR("x"), &value));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sections_and_session),
      cmocka_unit_test(line_ends),
      cmocka_unit_test(refused),
      cmocka_unit_test(tolerated),
      cmocka_unit_test(limits),
      cmocka_unit_test(trickled_candidates),
      cmocka_unit_test(parameters),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
