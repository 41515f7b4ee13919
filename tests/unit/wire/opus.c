// opus.c — durations of Opus packets, compared with libopus over every first two bytes.
#include "wire/opus.h"
#include "tests/unit/test.h"
#include <opus/opus.h>

static void agrees_with_libopus(void **state) {
  (void)state;
  for (unsigned toc = 0; toc < 256; toc++) {
    assert_int_equal(oh_opus_frame_samples((uint8_t)toc),
                     opus_packet_get_samples_per_frame((const uint8_t[]){(uint8_t)toc}, OH_OPUS_RATE));
    assert_int_equal(oh_opus_is_stereo((uint8_t)toc),
                     opus_packet_get_nb_channels((const uint8_t[]){(uint8_t)toc}) == 2);
    for (unsigned second = 0; second < 256; second++) {
      const uint8_t packet[] = {(uint8_t)toc, (uint8_t)second};
      int theirs = opus_packet_get_nb_samples(packet, sizeof packet, OH_OPUS_RATE);
      unsigned ours = oh_opus_duration((struct oh_bytes){.data = packet, .len = sizeof packet});
      assert_int_equal(ours, theirs < 0 ? 0 : theirs);
    }
  }
}

static void short_packets(void **state) {
  (void)state;
  assert_int_equal(oh_opus_duration((struct oh_bytes){0}), 0);
  assert_int_equal(oh_opus_duration((struct oh_bytes){.data = (const uint8_t[]){0xfb}, .len = 1}),
                   0); // no count
  assert_int_equal(oh_opus_duration((struct oh_bytes){.data = (const uint8_t[]){0xf8}, .len = 1}), 960);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_libopus), cmocka_unit_test(short_packets)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
