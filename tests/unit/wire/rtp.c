// rtp.c — RTP headers and their extension elements (the examples of RFC 8285 section 4 among them).
#include "wire/rtp.h"
#include "tests/unit/test.h"
#include "wire/rtpext.h"

static const struct oh_rtp_header header = {
    .marker = true, .payload_type = 111, .sequence = 0xfffe, .timestamp = 0x89abcdef, .ssrc = 0x01020304};
static const struct oh_bytes nothing = {0};

static void header_round_trip(void **state) {
  (void)state;
  uint8_t out[64];
  assert_int_equal(oh_rtp_write_header(&header, 0, nothing, out, 11), 0);
  size_t len = oh_rtp_write_header(&header, 0, nothing, out, sizeof out);
  assert_int_equal(len, OH_RTP_HEADER_BYTES);
  const uint8_t expected[] = {0x80, 0xef, 0xff, 0xfe, 0x89, 0xab, 0xcd, 0xef, 1, 2, 3, 4};
  assert_memory_equal(out, expected, len);
  memcpy(out + len, "voice", 5);
  struct oh_rtp p;
  assert_true(oh_rtp_read(&p, out, len + 5));
  assert_true(p.header.marker && p.header.payload_type == 111 && p.header.sequence == 0xfffe);
  assert_true(p.header.timestamp == 0x89abcdef && p.header.ssrc == 0x01020304);
  assert_true(p.payload.len == 5 && memcmp(p.payload.data, "voice", 5) == 0 && !p.has_extension);
  assert_false(oh_rtp_is_rtcp(out, len));
}

static void csrcs_extension_and_padding(void **state) {
  (void)state;
  const uint8_t packet[] = {0xb2, 96, 0, 1,    0,    0, 0, 2,    0,    0, 0, 3,   1,   1, 1, 1, 2,
                            2,    2,  2, 0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0, 'a', 'b', 0, 0, 3};
  struct oh_rtp p;
  assert_true(oh_rtp_read(&p, packet, sizeof packet));
  assert_int_equal(p.csrcs.len, 8);
  assert_int_equal(p.header_len, 28);
  assert_int_equal(p.extension.len, 4);
  assert_true(p.payload.len == 2 && p.payload.data[0] == 'a');
  assert_true(oh_rtp_read_header(&p, packet, sizeof packet));
  assert_int_equal(p.payload.len, 5);
  for (size_t len = 0; len < 28; len++)
    assert_false(oh_rtp_read_header(&p, packet, len));
  assert_false(oh_rtp_read(&p, packet, 28)); // padding announced, none there
  assert_false(oh_rtp_read(&p, packet, 31)); // a padding count of zero
}

static void refuses_other_versions(void **state) {
  (void)state;
  uint8_t packet[OH_RTP_HEADER_BYTES] = {0x40};
  struct oh_rtp p;
  assert_false(oh_rtp_read(&p, packet, sizeof packet));
  packet[0] = 0xc0;
  assert_false(oh_rtp_read(&p, packet, sizeof packet));
  packet[0] = 0x80;
  assert_true(oh_rtp_read(&p, packet, sizeof packet) && p.payload.len == 0);
}

static struct oh_rtp with_extension(uint16_t profile, const void *data, size_t len) {
  return (struct oh_rtp){
      .has_extension = true, .extension_profile = profile, .extension = {.data = data, .len = len}};
}

static void one_byte_elements(void **state) {
  (void)state;
  // ids 1 (1 byte), 2 (2 bytes), padding, 3 (4 bytes)
  static const uint8_t data[] = {0x10, 0xaa, 0x21, 0xbb, 0xcc, 0, 0, 0x33, 1, 2, 3, 4};
  struct oh_rtp p = with_extension(OH_RTPEXT_ONE_BYTE, data, sizeof data);
  struct oh_bytes found;
  assert_true(oh_rtpext_find(&p, 1, &found) && found.len == 1 && found.data[0] == 0xaa);
  assert_true(oh_rtpext_find(&p, 2, &found) && found.len == 2 && found.data[1] == 0xcc);
  assert_true(oh_rtpext_find(&p, 3, &found) && found.len == 4 && found.data[3] == 4);
  assert_false(oh_rtpext_find(&p, 4, &found));
  assert_false(oh_rtpext_find(&p, 0, &found));
  p.extension_profile = 0x1234; // somebody else's extension
  assert_false(oh_rtpext_find(&p, 1, &found));
  // id 15 stops; so does an element that runs over the end
  static const uint8_t stop[] = {0xf0, 0, 0x10, 0xaa};
  p = with_extension(OH_RTPEXT_ONE_BYTE, stop, sizeof stop);
  assert_false(oh_rtpext_find(&p, 1, &found));
  static const uint8_t cut[] = {0x10, 0xaa, 0x2f, 0xbb};
  p = with_extension(OH_RTPEXT_ONE_BYTE, cut, sizeof cut);
  assert_true(oh_rtpext_find(&p, 1, &found));
  assert_false(oh_rtpext_find(&p, 2, &found));
}

static void two_byte_elements(void **state) {
  (void)state;
  static const uint8_t data[] = {1, 0, 0, 200, 2, 0xbb, 0xcc, 15, 1, 0xdd, 0, 0};
  struct oh_rtp p = with_extension(OH_RTPEXT_TWO_BYTE | 5, data, sizeof data);
  struct oh_bytes found;
  assert_true(oh_rtpext_find(&p, 1, &found) && found.len == 0);
  assert_true(oh_rtpext_find(&p, 200, &found) && found.len == 2);
  assert_true(oh_rtpext_find(&p, 15, &found) && found.data[0] == 0xdd);
  p.extension.len = 6;
  assert_false(oh_rtpext_find(&p, 200, &found));
}

static void voice_elements(void **state) {
  (void)state;
  for (int form = 0; form < 2; form++) {
    uint16_t profile = form ? OH_RTPEXT_TWO_BYTE : OH_RTPEXT_ONE_BYTE;
    uint8_t block[32], out[64];
    struct oh_writer w = oh_writer(block, sizeof block);
    oh_rtpext_write_audio_level(&w, profile, 1, (struct oh_audio_level){.voice = true, .level = 42});
    oh_rtpext_write(&w, profile, 4, "0", 1);
    oh_rtpext_write_transport_sequence(&w, profile, 14, 0xbeef);
    assert_false(w.failed);
    struct oh_bytes extension = {.data = block, .len = oh_writer_len(&w)};
    size_t len = oh_rtp_write_header(&header, profile, extension, out, sizeof out);
    assert_true(len > 0 && len % 4 == 0);
    struct oh_rtp p;
    assert_true(oh_rtp_read(&p, out, len) && p.payload.len == 0);
    struct oh_audio_level level;
    struct oh_bytes mid;
    uint16_t sequence;
    assert_true(oh_rtpext_audio_level(&p, 1, &level) && level.voice && level.level == 42);
    assert_true(oh_rtpext_mid(&p, 4, &mid) && mid.len == 1 && mid.data[0] == '0');
    assert_true(oh_rtpext_transport_sequence(&p, 14, &sequence) && sequence == 0xbeef);
    assert_false(oh_rtpext_transport_sequence(&p, 1, &sequence));
  }
}

static void writer_refuses_what_the_form_cannot_hold(void **state) {
  (void)state;
  uint8_t block[600], data[300] = {0};
  struct {
    uint16_t profile;
    uint8_t id;
    size_t len;
    bool fits;
  } cases[] = {
      {OH_RTPEXT_ONE_BYTE, 14, 16, true}, {OH_RTPEXT_ONE_BYTE, 15, 1, false},
      {OH_RTPEXT_ONE_BYTE, 0, 1, false},  {OH_RTPEXT_ONE_BYTE, 1, 0, false},
      {OH_RTPEXT_ONE_BYTE, 1, 17, false}, {OH_RTPEXT_TWO_BYTE, 255, 255, true},
      {OH_RTPEXT_TWO_BYTE, 1, 0, true},   {OH_RTPEXT_TWO_BYTE, 1, 256, false},
      {OH_RTPEXT_TWO_BYTE, 0, 1, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct oh_writer w = oh_writer(block, sizeof block);
    oh_rtpext_write(&w, cases[i].profile, cases[i].id, data, cases[i].len);
    assert_int_equal(w.failed, !cases[i].fits);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(header_round_trip),
      cmocka_unit_test(csrcs_extension_and_padding),
      cmocka_unit_test(refuses_other_versions),
      cmocka_unit_test(one_byte_elements),
      cmocka_unit_test(two_byte_elements),
      cmocka_unit_test(voice_elements),
      cmocka_unit_test(writer_refuses_what_the_form_cannot_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
