// offer.c — tests of the SDP rules on real offers (Chromium 156, Firefox 153 in sdp/) and both ends
#include "tests/unit/test.h"

#include "livekit/offer.h"

#define FINGERPRINT                                                                                          \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

static const struct oh_addr addresses[] = {
    {.ip = {192, 0, 2, 9}, .port = 7882, .family = OH_ADDR_V4},
    {.ip = {192, 0, 2, 9}, .port = 7881, .family = OH_ADDR_V4, .proto = OH_TCP}};
static const struct oh_local server = {.ufrag = "serv",
                                       .pwd = "serverserverserverserver",
                                       .fingerprint = FINGERPRINT,
                                       .candidates = addresses,
                                       .candidate_count = 2,
                                       .session_id = 42,
                                       .version = 1,
                                       .lite = true};
static const struct oh_local client = {.ufrag = "clie",
                                       .pwd = "clientclientclientclient",
                                       .fingerprint = FINGERPRINT,
                                       .session_id = 43,
                                       .version = 1};

static struct oh_description offer, answer;
static struct oh_text text;

static int set_up(void **state) {
  (void)state;
  memset(&offer, 0xA5, sizeof offer); // readers must not rely on cleared memory
  memset(&answer, 0xA5, sizeof answer);
  oh_text_init(&text, OH_SDP_MAX);
  return 0;
}
static int tear_down(void **state) {
  (void)state;
  oh_text_fini(&text);
  return 0;
}

static void load(const char *name) {
  char path[64], sdp[OH_SDP_MAX];
  snprintf(path, sizeof path, "sdp/%s.sdp", name);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  size_t len = fread(sdp, 1, sizeof sdp, file);
  fclose(file);
  assert_null(oh_description_read(&offer, (struct oh_str){sdp, len}));
}
// Writes the answer to `offer` and reads it back.
static void reply(const struct oh_plan *plans) {
  assert_true(oh_answer_write(&text, &offer, &server, plans));
  assert_null(oh_description_read(&answer, oh_text_str(&text)));
  assert_int_equal(answer.section_count, offer.section_count);
}
static bool says(const char *line) {
  return strstr(text.data, line) != NULL;
}

static void chromium_single_connection(void **state) {
  (void)state;
  load("chromium_single_mic");
  assert_int_equal(offer.section_count, 8);
  assert_int_equal(offer.setup, OH_SDP_ACTPASS);
  assert_true(offer.extmap_allow_mixed);
  const struct oh_section *mic = oh_description_find(&offer, OH_STR("6"));
  assert_non_null(mic);
  assert_int_equal(mic->opus, 111);
  assert_int_equal(mic->red, 63);
  assert_false(mic->red_first || mic->nack);
  assert_true(mic->transport_cc);
  assert_int_equal(mic->audio_level_id, 1);
  assert_int_equal(mic->transport_cc_id, 3);
  assert_int_equal(mic->mid_id, 4);
  assert_int_equal(mic->direction, OH_SDP_SENDONLY);
  assert_int_equal(strlen(mic->track_id), 36);
  assert_int_not_equal(mic->ssrc, 0);
  assert_string_equal(offer.sections[3].video_codec, "VP8/90000");
  assert_int_equal(offer.sections[7].kind, OH_SDP_APPLICATION);
  assert_int_equal(offer.sections[7].max_message_bytes, 262144);

  struct oh_plan plans[8] = {
      [0] = {.send = true, .ssrc = 5, .stream_id = "PA_a|TR_b", .track_id = "TR_b", .send_stereo = true},
      [6] = {.receive = true, .want_red = true, .dtx = true}};
  reply(plans);
  assert_true(answer.ice_lite);
  assert_int_equal(answer.setup, OH_SDP_PASSIVE);
  assert_int_equal(answer.sections[0].direction, OH_SDP_SENDONLY);
  assert_string_equal(answer.sections[0].stream_id, "PA_a|TR_b");
  assert_string_equal(answer.sections[0].track_id, "TR_b");
  assert_string_equal(answer.sections[0].cname, "PA_a|TR_b");
  assert_int_equal(answer.sections[0].ssrc, 5);
  assert_true(answer.sections[0].red == 63 && !answer.sections[0].red_first &&
              answer.sections[0].sprop_stereo);
  assert_int_equal(answer.sections[1].direction, OH_SDP_INACTIVE);
  assert_int_equal(answer.sections[3].kind, OH_SDP_VIDEO);
  assert_false(answer.sections[3].rejected);
  const struct oh_section *taken = &answer.sections[6];
  assert_int_equal(taken->direction, OH_SDP_RECVONLY);
  assert_true(taken->red_first && taken->dtx && !taken->stereo && taken->transport_cc && !taken->nack);
  assert_int_equal(taken->audio_level_id, 1);
  assert_int_equal(answer.candidate_count, 2);
  assert_true(answer.candidates[1].tcp_passive);
  assert_true(answer.candidates[0].priority > answer.candidates[1].priority);
  assert_true(says("a=group:BUNDLE 0 1 2 3 4 5 6 7\r\n"));
  assert_true(says("m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n"));
  assert_false(says("abs-send-time"));
}

static void firefox_single_connection(void **state) {
  (void)state;
  load("firefox_single_mic");
  assert_int_equal(offer.sections[6].opus, 109);
  assert_int_equal(offer.sections[6].red, 0);
  assert_int_equal(offer.sections[0].ssrc, 0); // named in the offer, but not sent on
  assert_int_not_equal(offer.sections[6].ssrc, 0);
  struct oh_plan plans[8] = {[6] = {.receive = true,
                                    .want_red = true,
                                    .stereo = true,
                                    .send = true},     // it does not want to receive here
                             [1] = {.receive = true}}; // nor to send here
  reply(plans);
  assert_int_equal(answer.sections[6].direction, OH_SDP_RECVONLY);
  assert_int_equal(answer.sections[6].opus, 109);
  assert_int_equal(answer.sections[6].red, 0);
  assert_true(answer.sections[6].stereo);
  assert_int_equal(answer.sections[1].direction, OH_SDP_INACTIVE);
}

static void two_connections(void **state) {
  (void)state;
  static const char *const names[] = {"chromium_mic", "firefox_mic", "chromium_data", "firefox_data"};
  for (size_t i = 0; i < 4; i++) {
    load(names[i]);
    oh_text_clear(&text);
    struct oh_plan plans[2] = {{.receive = true}, {.receive = true}};
    reply(plans);
    const struct oh_section *data = &answer.sections[answer.section_count - 1];
    assert_int_equal(data->kind, OH_SDP_APPLICATION);
    assert_int_equal(data->sctp_port, 5000);
    assert_int_equal(data->max_message_bytes, 65535);
  }
  load("chromium_mic");
  assert_in_range(offer.candidate_count, 8, OH_SDP_CANDIDATES_MAX);
}

// Our client's offer, the server's answer, and back: what one end writes the other reads.
static void our_own_client(void **state) {
  (void)state;
  struct oh_proposal proposals[5] = {
      {.kind = OH_SDP_AUDIO,
       .mid = "mic",
       .direction = OH_SDP_SENDONLY,
       .red = true,
       .dtx = true,
       .transport_cc = true,
       .audio_level = true,
       .ssrc = 99,
       .stream_id = "s",
       .track_id = "t"},
      {.kind = OH_SDP_AUDIO, .mid = "1", .direction = OH_SDP_RECVONLY, .nack = true},
      {.kind = OH_SDP_AUDIO, .mid = "2", .direction = OH_SDP_RECVONLY},
      {.kind = OH_SDP_AUDIO, .mid = "3", .direction = OH_SDP_INACTIVE},
      {.kind = OH_SDP_APPLICATION, .mid = "d"}};
  assert_true(oh_offer_write(&text, &client, proposals, 5));
  assert_null(oh_description_read(&offer, oh_text_str(&text)));
  assert_false(offer.ice_lite);
  assert_string_equal(offer.ufrag, "clie");
  assert_int_equal(offer.setup, OH_SDP_ACTPASS);
  assert_int_equal(offer.sections[0].opus, OH_PT_OPUS);
  assert_int_equal(offer.sections[0].red, OH_PT_RED);
  assert_true(offer.sections[0].dtx && offer.sections[0].audio_level_id && offer.sections[0].mid_id);
  assert_int_equal(offer.sections[0].ssrc, 99);
  assert_string_equal(offer.sections[0].track_id, "t");
  assert_true(offer.sections[1].nack);
  oh_text_clear(&text);
  struct oh_plan plans[5] = {{.receive = true},
                             {.send = true, .ssrc = 7, .stream_id = "PA_x|TR_y", .track_id = "TR_y"}};
  reply(plans);
  assert_true(says("a=rtcp-fb:111 nack\r\n"));
  assert_int_equal(answer.sections[0].red, 0); // not wanted: not shown
  assert_string_equal(oh_description_find(&answer, OH_STR("1"))->track_id, "TR_y");
  assert_null(oh_description_find(&answer, OH_STR("9")));
  assert_null(oh_description_find(&answer, OH_STR("")));
  for (size_t i = 0; i < 32; i++)
    assert_int_equal(answer.fingerprint[i], (i % 16) * 0x11);

  // the other way round: the server offers, our client answers
  oh_text_clear(&text);
  assert_true(oh_offer_write(&text, &server, proposals, 5));
  assert_null(oh_description_read(&offer, oh_text_str(&text)));
  assert_true(offer.ice_lite);
  assert_int_equal(offer.candidate_count, 2);
  struct oh_local to_pion = server;
  to_pion.passive_offer = true;
  oh_text_clear(&text);
  assert_true(oh_offer_write(&text, &to_pion, proposals, 5));
  assert_false(says("a=setup:actpass\r\n"));
  assert_null(oh_description_read(&offer, oh_text_str(&text)));
  assert_int_equal(offer.setup, OH_SDP_PASSIVE);
  oh_text_clear(&text);
  assert_true(oh_offer_write(&text, &server, proposals, 5));
  assert_null(oh_description_read(&offer, oh_text_str(&text)));
  assert_int_equal(offer.setup, OH_SDP_ACTPASS);
  oh_text_clear(&text);
  assert_true(oh_answer_write(&text, &offer, &client, plans));
  assert_null(oh_description_read(&answer, oh_text_str(&text)));
  assert_int_equal(answer.setup, OH_SDP_ACTIVE);
  assert_int_equal(answer.sections[0].direction, OH_SDP_RECVONLY);
}

#define TRANSPORT                                                                                            \
  "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 " FINGERPRINT "\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n"

static void sections_we_cannot_serve(void **state) {
  (void)state;
  assert_null(oh_description_read(
      &offer,
      oh_str(TRANSPORT
             "a=group:BUNDLE 0 1 2 3 4 5\r\n" AUDIO "a=mid:0\r\n"
             "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=mid:1\r\na=rtcp-mux\r\n"   // no opus
             "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\na=rtcp-mux\r\n" // stopped
             "m=text 9 UDP/TLS/RTP/SAVPF 98\r\na=mid:3\r\n"                 // what is that
             "m=audio 9 RTP/AVP 111\r\na=mid:4\r\na=rtcp-mux\r\n"           // unencrypted
             "m=video 9 UDP/TLS/RTP/SAVPF 97\r\na=mid:5\r\na=rtcp-mux\r\na=rtpmap:97 rtx/90000\r\n" AUDIO
             "a=mid:outside\r\n")));
  struct oh_plan plans[7] = {{.reject = true, .receive = true}};
  reply(plans);
  assert_false(answer.sections[0].rejected); // the first one carries the transport: never rejected
  for (size_t i = 1; i < 7; i++)
    assert_true(answer.sections[i].rejected);
  assert_true(says("a=group:BUNDLE 0\r\n"));
  assert_true(says("m=text 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:3\r\n"));
  // RED around another Opus, mono RED
  assert_null(oh_description_read(
      &offer, oh_str(TRANSPORT "m=audio 9 UDP/TLS/RTP/SAVPF 63 64 111\r\na=mid:0\r\na=rtcp-mux\r\n"
                               "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n"
                               "a=fmtp:63 112/112\r\na=rtpmap:64 red/48000\r\na=fmtp:64 111/111\r\n")));
  assert_int_equal(offer.sections[0].red, 0);
}

static void unusable_descriptions(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "v=0\r\n",
      TRANSPORT,
      TRANSPORT AUDIO,                                                                       // no mid
      "v=0\r\n" AUDIO "a=mid:0\r\n",                                                         // no credentials
      "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" AUDIO "a=mid:0\r\n", // no fingerprint
      TRANSPORT "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n",
      TRANSPORT AUDIO "a=mid:0\r\na=msid:\xFF x\r\n",
      TRANSPORT "m=averylongmedianame 9 x y\r\na=mid:0\r\n" AUDIO "a=mid:1\r\n",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_non_null(oh_description_read(&offer, oh_str(bad[i])));
  // a client that insists on being the DTLS server cannot be answered by one
  assert_null(oh_description_read(&offer, oh_str(TRANSPORT AUDIO "a=mid:0\r\na=setup:passive\r\n")));
  struct oh_plan plan = {0};
  assert_false(oh_answer_write(&text, &offer, &server, &plan));
  // nothing that could be answered
  assert_null(oh_description_read(
      &offer, oh_str(TRANSPORT "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=mid:0\r\na=rtcp-mux\r\n")));
  oh_text_clear(&text);
  assert_false(oh_answer_write(&text, &offer, &server, &plan));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(chromium_single_connection, set_up, tear_down),
      cmocka_unit_test_setup_teardown(firefox_single_connection, set_up, tear_down),
      cmocka_unit_test_setup_teardown(two_connections, set_up, tear_down),
      cmocka_unit_test_setup_teardown(our_own_client, set_up, tear_down),
      cmocka_unit_test_setup_teardown(sections_we_cannot_serve, set_up, tear_down),
      cmocka_unit_test_setup_teardown(unusable_descriptions, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
