// ogg.c — Ogg Opus against libogg in both directions, packets over page borders, damage, cuts.
#include "wire/ogg.h"
#include "tests/unit/test.h"
#include <ogg/ogg.h>

#define FILE_MAX (1 << 20)
static uint8_t file[FILE_MAX], scratch[200000], content[150000];

static struct oh_bytes part(size_t offset, size_t len) {
  return (struct oh_bytes){.data = content + offset, .len = len};
}
static void fill_content(void) {
  uint64_t seed = 7;
  test_fill(&seed, content, sizeof content);
}

// Heads and two pages of audio: lengths around the lacing borders.
static const size_t lengths[] = {0, 1, 254, 255, 256, 510, 1275, 3};
static size_t write_file(void) {
  fill_content();
  uint8_t head[19], tags[100];
  struct oh_writer h = oh_writer(head, sizeof head), t = oh_writer(tags, sizeof tags);
  const struct oh_opus_head opus = {.input_rate = 48000, .pre_skip = 312, .gain = -256, .channels = 2};
  oh_opus_head_write(&h, &opus);
  oh_opus_tags_write(&t, OH_STR("offhook"), (const struct oh_str[]){OH_STR("TITLE=a call")}, 1);
  assert_false(h.failed || t.failed);
  struct oh_writer w = oh_writer(file, sizeof file);
  oh_ogg_write_page(&w, &(struct oh_ogg_page){.serial = 42, .flags = OH_OGG_FIRST},
                    &(struct oh_bytes){.data = head, .len = sizeof head}, 1);
  oh_ogg_write_page(&w, &(struct oh_ogg_page){.serial = 42, .sequence = 1},
                    &(struct oh_bytes){.data = tags, .len = oh_writer_len(&t)}, 1);
  struct oh_bytes packets[8];
  for (size_t i = 0; i < 8; i++)
    packets[i] = part(i * 2000, lengths[i]);
  oh_ogg_write_page(&w, &(struct oh_ogg_page){.serial = 42, .sequence = 2, .granule = 4800}, packets, 5);
  oh_ogg_write_page(&w,
                    &(struct oh_ogg_page){.serial = 42, .sequence = 3, .granule = 7680, .flags = OH_OGG_LAST},
                    packets + 5, 3);
  assert_false(w.failed);
  return oh_writer_len(&w);
}

static void libogg_reads_what_we_write(void **state) {
  (void)state;
  size_t len = write_file();
  ogg_sync_state sync;
  ogg_stream_state stream;
  ogg_page page;
  ogg_packet packet;
  ogg_sync_init(&sync);
  memcpy(ogg_sync_buffer(&sync, (long)len), file, len);
  ogg_sync_wrote(&sync, (long)len);
  ogg_stream_init(&stream, 42);
  size_t count = 0;
  while (ogg_sync_pageout(&sync, &page) == 1) {
    assert_int_equal(ogg_page_serialno(&page), 42);
    assert_int_equal(ogg_stream_pagein(&stream, &page), 0);
    while (ogg_stream_packetout(&stream, &packet) == 1) {
      if (count >= 2) {
        assert_int_equal(packet.bytes, lengths[count - 2]);
        assert_memory_equal(packet.packet, content + (count - 2) * 2000, (size_t)packet.bytes);
      }
      if (count == 0) assert_true(packet.b_o_s && packet.bytes == 19);
      if (count == 6) assert_int_equal(packet.granulepos, 4800);
      if (count == 9) assert_true(packet.granulepos == 7680 && packet.e_o_s);
      count++;
    }
  }
  assert_int_equal(count, 10);
  ogg_stream_clear(&stream);
  ogg_sync_clear(&sync);
}

static void we_read_what_we_write(void **state) {
  (void)state;
  size_t len = write_file();
  struct oh_ogg_reader r;
  struct oh_ogg_packet p;
  struct oh_opus_head head;
  oh_ogg_reader_init(&r, (struct oh_bytes){.data = file, .len = len}, scratch, sizeof scratch);
  assert_true(oh_ogg_read(&r, &p) && oh_opus_head_read(&head, p.data));
  assert_true(head.channels == 2 && head.pre_skip == 312 && head.input_rate == 48000 && head.gain == -256);
  assert_true(oh_ogg_read(&r, &p) && memcmp(p.data.data, "OpusTags", 8) == 0);
  for (size_t i = 0; i < 8; i++) {
    assert_true(oh_ogg_read(&r, &p));
    assert_int_equal(p.data.len, lengths[i]);
    assert_memory_equal(p.data.data, content + i * 2000, lengths[i]);
    assert_int_equal(p.granule, i == 4 ? 4800 : i == 7 ? 7680 : OH_OGG_NO_GRANULE);
    assert_int_equal(p.last, i == 7);
  }
  assert_false(oh_ogg_read(&r, &p));
  assert_int_equal(r.damaged, 0);
}

// What libogg makes of packets larger than a page, with another stream's pages between ours.
static size_t write_with_libogg(const size_t *sizes, size_t count) {
  fill_content();
  ogg_stream_state ours, other;
  ogg_page page;
  size_t len = 0;
  ogg_stream_init(&ours, 5);
  ogg_stream_init(&other, 6);
  for (size_t i = 0; i <= count; i++) {
    uint8_t head[] = "OpusHead\1\1\0\0\0\0\0\0\0\0";
    ogg_packet packet = {.packet = i == 0 ? head : content,
                         .bytes = i == 0 ? 19 : (long)sizes[i - 1],
                         .b_o_s = i == 0,
                         .e_o_s = i == count,
                         .granulepos = (ogg_int64_t)i * 960,
                         .packetno = (ogg_int64_t)i};
    ogg_packet noise = {.packet = content, .bytes = 100, .b_o_s = i == 0, .packetno = (ogg_int64_t)i};
    assert_int_equal(ogg_stream_packetin(&other, &noise), 0);
    assert_int_equal(ogg_stream_packetin(&ours, &packet), 0);
    for (int stream = 0; stream < 2; stream++)
      while (ogg_stream_flush(stream ? &ours : &other, &page) != 0) {
        assert_true(len + (size_t)page.header_len + (size_t)page.body_len <= sizeof file);
        memcpy(file + len, page.header, (size_t)page.header_len);
        len += (size_t)page.header_len;
        memcpy(file + len, page.body, (size_t)page.body_len);
        len += (size_t)page.body_len;
      }
  }
  ogg_stream_clear(&ours);
  ogg_stream_clear(&other);
  return len;
}

static void we_read_what_libogg_writes(void **state) {
  (void)state;
  static const size_t sizes[] = {10, 65025, 65024, 65026, 150000, 255, 1};
  size_t len = write_with_libogg(sizes, 7);
  struct oh_ogg_reader r;
  struct oh_ogg_packet p;
  oh_ogg_reader_init(&r, (struct oh_bytes){.data = file, .len = len}, scratch, sizeof scratch);
  assert_true(oh_ogg_read(&r, &p) && p.data.len == 19);
  for (size_t i = 0; i < 7; i++) {
    assert_true(oh_ogg_read(&r, &p));
    assert_int_equal(p.data.len, sizes[i]);
    assert_memory_equal(p.data.data, content, sizes[i]);
    assert_int_equal(p.granule, (i + 1) * 960);
    assert_int_equal(p.last, i == 6);
  }
  assert_false(oh_ogg_read(&r, &p));
  assert_int_equal(r.damaged, 0);
  // the same with too little scratch: the large ones are left out, the others are all there
  oh_ogg_reader_init(&r, (struct oh_bytes){.data = file, .len = len}, scratch, 1000);
  size_t count = 0;
  while (oh_ogg_read(&r, &p))
    count++;
  assert_int_equal(count, 1 + 4); // 65024 bytes are 255 lacing values: no border is crossed
  assert_int_equal(r.damaged, 3);
}

static void damage_costs_only_its_page(void **state) {
  (void)state;
  size_t len = write_file();
  struct oh_ogg_reader r;
  struct oh_ogg_packet p;
  uint8_t *third = memmem(file + 100, len - 100, "OggS", 4);
  assert_non_null(third);
  third[500] ^= 1;
  oh_ogg_reader_init(&r, (struct oh_bytes){.data = file, .len = len}, scratch, sizeof scratch);
  size_t count = 0;
  while (oh_ogg_read(&r, &p))
    count++;
  assert_int_equal(count, 2 + 3);
  assert_int_equal(r.damaged, 2); // the page, and the gap that it leaves
  third[500] ^= 1;
  for (size_t cut = 0; cut < len; cut++) { // a file cut anywhere gives whole packets only
    oh_ogg_reader_init(&r, (struct oh_bytes){.data = file, .len = cut}, scratch, sizeof scratch);
    for (count = 0; oh_ogg_read(&r, &p); count++)
      assert_true(count < 2 || p.data.len == lengths[count - 2]);
    assert_true(count < 10);
  }
}

// The end of a packet whose first page is lost is no packet.
static void lost_start(void **state) {
  (void)state;
  static const size_t sizes[] = {10, 150000, 20};
  size_t len = write_with_libogg(sizes, 3);
  for (uint8_t *at = file; (at = memmem(at, len - (size_t)(at - file), "OggS", 4)); at++)
    if (at[14] == 5 && at[18] == 2) at[27] ^= 1; // stream 5, page 2: where the large packet begins
  struct oh_ogg_reader r;
  struct oh_ogg_packet p;
  oh_ogg_reader_init(&r, (struct oh_bytes){.data = file, .len = len}, scratch, sizeof scratch);
  assert_true(oh_ogg_read(&r, &p) && p.data.len == 19);
  assert_true(oh_ogg_read(&r, &p) && p.data.len == 10);
  assert_true(oh_ogg_read(&r, &p) && p.data.len == 20);
  assert_false(oh_ogg_read(&r, &p));
  assert_int_equal(r.damaged, 2);
}

static void writer_limits(void **state) {
  (void)state;
  fill_content();
  struct oh_writer w = oh_writer(file, sizeof file);
  struct oh_bytes most[] = {part(0, 65024)};
  oh_ogg_write_page(&w, &(struct oh_ogg_page){.flags = OH_OGG_FIRST}, most, 1);
  assert_true(!w.failed && oh_writer_len(&w) == 27 + 255 + 65024);
  most[0].len = 65025; // needs a 256th lacing value
  w = oh_writer(file, sizeof file);
  oh_ogg_write_page(&w, &(struct oh_ogg_page){.flags = OH_OGG_FIRST}, most, 1);
  assert_true(w.failed);
  most[0].len = 300;
  for (size_t capacity = 0; capacity <= 27 + 2 + 300; capacity++) {
    w = oh_writer(file, capacity);
    oh_ogg_write_page(&w, &(struct oh_ogg_page){.flags = 0}, most, 1);
    assert_int_equal(w.failed, capacity < 27 + 2 + 300);
  }
}

static void heads_we_do_not_play(void **state) {
  (void)state;
  struct oh_opus_head head;
  uint8_t bytes[20] = "OpusHead\1\2";
  assert_true(oh_opus_head_read(&head, (struct oh_bytes){.data = bytes, .len = 19}));
  assert_false(oh_opus_head_read(&head, (struct oh_bytes){.data = bytes, .len = 18}));
  bytes[8] = 0x10; // a later major version
  assert_false(oh_opus_head_read(&head, (struct oh_bytes){.data = bytes, .len = 19}));
  bytes[8] = 1;
  bytes[18] = 1; // surround
  assert_false(oh_opus_head_read(&head, (struct oh_bytes){.data = bytes, .len = 19}));
  bytes[18] = 0;
  bytes[9] = 3;
  assert_false(oh_opus_head_read(&head, (struct oh_bytes){.data = bytes, .len = 19}));
}

static void gives_up_on_rubbish(void **state) {
  (void)state;
  for (size_t i = 0; i + 4 <= 40000; i += 4)
    memcpy(file + i, "OggS", 4);
  struct oh_ogg_reader r;
  struct oh_ogg_packet p;
  oh_ogg_reader_init(&r, (struct oh_bytes){.data = file, .len = 40000}, scratch, sizeof scratch);
  assert_false(oh_ogg_read(&r, &p));
  assert_int_equal(r.damaged, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(libogg_reads_what_we_write),
      cmocka_unit_test(we_read_what_we_write),
      cmocka_unit_test(we_read_what_libogg_writes),
      cmocka_unit_test(damage_costs_only_its_page),
      cmocka_unit_test(writer_limits),
      cmocka_unit_test(heads_we_do_not_play),
      cmocka_unit_test(gives_up_on_rubbish),
      cmocka_unit_test(lost_start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
