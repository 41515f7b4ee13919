// sctp.c — checksum and lengths of SCTP packets, against known values.
#include "wire/sctp.h"
#include "tests/unit/test.h"
#include "wire/crc32c.h"

// RFC 3720 B.4: CRC32C of 32 bytes of zeroes, of ones, and of 0 to 31.
static void checksum(void **state) {
  (void)state;
  uint8_t bytes[32] = {0};
  assert_int_equal(oh_crc32c(0, bytes, 32), 0x8A9136AA);
  memset(bytes, 0xFF, 32);
  assert_int_equal(oh_crc32c(0, bytes, 32), 0x62A8AB43);
  for (uint8_t i = 0; i < 32; i++)
    bytes[i] = i;
  assert_int_equal(oh_crc32c(0, bytes, 32), 0x46DD794E);
  assert_int_equal(oh_crc32c(oh_crc32c(0, bytes, 13), bytes + 13, 19), 0x46DD794E);
}

static void packet(void **state) {
  (void)state;
  uint8_t bytes[64];
  struct oh_writer w = oh_writer(bytes, sizeof bytes);
  oh_sctp_write(&w, 5000, 5000, 7);
  oh_sctp_write_data(&w,
                     &(struct oh_sctp_data){.tsn = 9, .flags = 3, .payload = {(const uint8_t *)"abc", 3}});
  size_t len = oh_writer_len(&w);
  assert_int_equal(len, 12 + 16 + 4); // padded
  struct oh_sctp_packet p;
  assert_true(oh_sctp_read(&p, bytes, len));
  assert_true(p.unsummed && !p.intact);
  oh_sctp_sum(bytes, len);
  assert_true(oh_sctp_read(&p, bytes, len));
  assert_true(p.intact && !p.unsummed && p.tag == 7);
  for (size_t i = 0; i < len; i++) {
    bytes[i] ^= 1;
    assert_true(oh_sctp_read(&p, bytes, len) && !p.intact);
    bytes[i] ^= 1;
  }
  struct oh_reader r = oh_reader(p.chunks.data, 15);
  struct oh_sctp_chunk chunk;
  assert_false(oh_sctp_next_chunk(&r, &chunk)); // cut
  assert_true(r.failed);
  assert_false(oh_sctp_read(&p, bytes, 11));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(checksum), cmocka_unit_test(packet)};
  return cmocka_run_group_tests_name("wire_sctp", tests, NULL, NULL);
}
