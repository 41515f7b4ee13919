// red.c — RED payloads: redundancy round trip, primary only, limits, refusals.
#include "wire/red.h"
#include "tests/unit/test.h"

static struct oh_bytes bytes(const char *text) {
  return (struct oh_bytes){.data = (const uint8_t *)text, .len = strlen(text)};
}

static void primary_only(void **state) {
  (void)state;
  uint8_t out[64];
  struct oh_writer w = oh_writer(out, sizeof out);
  oh_red_write(&w, &(struct oh_red_block){.payload_type = 111, .data = bytes("voice")}, 1);
  assert_int_equal(oh_writer_len(&w), 6);
  assert_int_equal(out[0], 111);
  struct oh_red red;
  assert_true(oh_red_read(&red, (struct oh_bytes){.data = out, .len = 6}));
  assert_true(red.count == 1 && red.blocks[0].payload_type == 111 && red.blocks[0].timestamp_offset == 0);
  assert_true(red.blocks[0].data.len == 5 && memcmp(red.blocks[0].data.data, "voice", 5) == 0);
}

static void redundancy(void **state) {
  (void)state;
  const struct oh_red_block blocks[] = {
      {.payload_type = 111, .timestamp_offset = 1920, .data = bytes("old")},
      {.payload_type = 111, .timestamp_offset = 960, .data = bytes("newer")},
      {.payload_type = 111, .data = bytes("newest")},
  };
  uint8_t out[64];
  struct oh_writer w = oh_writer(out, sizeof out);
  oh_red_write(&w, blocks, 3);
  assert_false(w.failed);
  const uint8_t head[] = {0xef, 1920 >> 6, (1920 & 63) << 2 | 0, 3, 0xef, 960 >> 6, 0, 5, 111};
  assert_memory_equal(out, head, sizeof head);
  struct oh_red red;
  assert_true(oh_red_read(&red, (struct oh_bytes){.data = out, .len = oh_writer_len(&w)}));
  assert_int_equal(red.count, 3);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(red.blocks[i].timestamp_offset, blocks[i].timestamp_offset);
    assert_int_equal(red.blocks[i].data.len, blocks[i].data.len);
    assert_memory_equal(red.blocks[i].data.data, blocks[i].data.data, blocks[i].data.len);
  }
  // cut: heads (9 bytes) and redundant blocks (8) must be whole; the primary is whatever is left
  for (size_t len = 0; len < oh_writer_len(&w); len++)
    assert_int_equal(oh_red_read(&red, (struct oh_bytes){.data = out, .len = len}), len >= 9 + 8);
}

static void limits(void **state) {
  (void)state;
  uint8_t out[4096], long_block[1024] = {0};
  struct oh_red_block blocks[2] = {
      {.timestamp_offset = OH_RED_OFFSET_MAX, .data = {long_block, OH_RED_LENGTH_MAX}},
      {.data = {long_block, 1024}}};
  struct oh_writer w = oh_writer(out, sizeof out);
  oh_red_write(&w, blocks, 2);
  struct oh_red red;
  assert_true(!w.failed && oh_red_read(&red, (struct oh_bytes){.data = out, .len = oh_writer_len(&w)}));
  assert_true(red.blocks[0].timestamp_offset == OH_RED_OFFSET_MAX &&
              red.blocks[0].data.len == OH_RED_LENGTH_MAX);
  blocks[0].data.len = 1024;
  w = oh_writer(out, sizeof out);
  oh_red_write(&w, blocks, 2);
  assert_true(w.failed);
  blocks[0] = (struct oh_red_block){.timestamp_offset = OH_RED_OFFSET_MAX + 1};
  w = oh_writer(out, sizeof out);
  oh_red_write(&w, blocks, 2);
  assert_true(w.failed);
  // one block too many
  uint8_t many[OH_RED_BLOCKS_MAX * 4 + 1];
  for (size_t i = 0; i < sizeof many; i++)
    many[i] = i % 4 == 0 ? 0xef : 0;
  many[(OH_RED_BLOCKS_MAX - 1) * 4] = 111;
  assert_true(oh_red_read(&red, (struct oh_bytes){.data = many, .len = (OH_RED_BLOCKS_MAX - 1) * 4 + 1}));
  many[(OH_RED_BLOCKS_MAX - 1) * 4] = 0xef;
  many[OH_RED_BLOCKS_MAX * 4] = 111;
  assert_false(oh_red_read(&red, (struct oh_bytes){.data = many, .len = sizeof many}));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(primary_only), cmocka_unit_test(redundancy),
                                     cmocka_unit_test(limits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
