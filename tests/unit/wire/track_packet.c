// track_packet.c — packets of data tracks (wire/track_packet.h): every field, extensions, and what is broken
#include "wire/track_packet.h"
#include "tests/unit/test.h"

static bool reads(struct oh_track_packet *packet, const void *data, size_t len) {
  return oh_track_packet_read(packet, (struct oh_bytes){data, len});
}

static void every_field(void **state) {
  (void)state;
  static const uint8_t data[] = {0x10, 0xFF, 0x12, 0x34, 0xFF, 0xFE, 0x00,
                                 0x07, 0xDE, 0xAD, 0xBE, 0xEF, 'h',  'i'};
  struct oh_track_packet p;
  assert_true(reads(&p, data, sizeof data));
  assert_int_equal(p.version, 0);
  assert_true(p.starts);
  assert_false(p.ends);
  assert_int_equal(p.handle, 0x1234);
  assert_int_equal(p.sequence, 0xFFFE);
  assert_int_equal(p.frame, 7);
  assert_int_equal(p.timestamp, 0xDEADBEEF);
  assert_int_equal(p.extensions.len, 0);
  assert_int_equal(p.payload.len, 2);
  assert_memory_equal(p.payload.data, "hi", 2);
  assert_true(reads(&p, data, OH_TRACK_PACKET_HEADER)); // a frame may be empty
  assert_int_equal(p.payload.len, 0);
}

static void the_marks(void **state) {
  (void)state;
  uint8_t data[OH_TRACK_PACKET_HEADER] = {0};
  struct oh_track_packet p;
  for (int starts = 0; starts < 2; starts++)
    for (int ends = 0; ends < 2; ends++)
      for (int version = 0; version < 8; version++) {
        data[0] = (uint8_t)(version << 5 | starts << 4 | ends << 3);
        assert_true(reads(&p, data, sizeof data));
        assert_int_equal(p.version, version);
        assert_int_equal(p.starts, starts);
        assert_int_equal(p.ends, ends);
      }
}

static void extensions(void **state) {
  (void)state;
  // 16-bit length (2 more words), {1: "ab"}, {9: nothing}, padding, payload
  static const uint8_t data[] = {0x1C, 0, 0, 1,   0,   0, 0, 0, 0, 0, 0, 0,  0,
                                 2,    1, 2, 'a', 'b', 9, 0, 0, 0, 0, 0, 'x'};
  struct oh_track_packet p;
  assert_true(reads(&p, data, sizeof data));
  assert_true(p.starts && p.ends);
  assert_int_equal(p.extensions.len, 10);
  assert_memory_equal(p.extensions.data, data + 14, 10);
  assert_int_equal(p.payload.len, 1);
  assert_int_equal(p.payload.data[0], 'x');
  for (size_t len = 0; len < sizeof data - 1; len++) // cut anywhere in header or extensions
    assert_false(reads(&p, data, len));
}

static void an_extension_must_lie_inside(void **state) {
  (void)state;
  uint8_t data[] = {0x04, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 'x', 'y', 'z', 'z'};
  struct oh_track_packet p;
  assert_false(reads(&p, data, sizeof data)); // one byte of data, where the area is at its end
  data[15] = 0;
  assert_true(reads(&p, data, sizeof data));
  assert_int_equal(p.payload.len, 4);
  data[13] = 1;                               // one more word:
  assert_false(reads(&p, data, sizeof data)); // "x" is an extension's number, "y" its length
  data[17] = 2;
  assert_true(reads(&p, data, sizeof data));
  assert_int_equal(p.payload.len, 0);
  data[12] = 0xFF; // 65281 words
  assert_false(reads(&p, data, sizeof data));
}

static void only_the_handle_is_rewritten(void **state) {
  (void)state;
  uint8_t data[40], before[40];
  memset(data, 0xA3, sizeof data); // reserved bits set, too
  memcpy(before, data, sizeof data);
  struct oh_track_packet p;
  assert_true(reads(&p, data, sizeof data));
  oh_track_packet_set_handle(data, 0x0102);
  before[2] = 1;
  before[3] = 2;
  assert_memory_equal(data, before, sizeof data);
  assert_true(reads(&p, data, sizeof data));
  assert_int_equal(p.handle, 0x0102);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_field),
      cmocka_unit_test(the_marks),
      cmocka_unit_test(extensions),
      cmocka_unit_test(an_extension_must_lie_inside),
      cmocka_unit_test(only_the_handle_is_rewritten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
