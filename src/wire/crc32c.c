// crc32c.c — see crc32c.h
#include "wire/crc32c.h"
#include <string.h>

#define POLYNOMIAL 0x82F63B78u

// Four bits at a time: the table is small enough to be read at a glance and to stay in the cache.
static uint32_t portable(uint32_t crc, const uint8_t *p, size_t len) {
  static const uint32_t table[16] = {0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3,
                                     0x61C69362, 0x7198540D, 0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9,
                                     0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75};
  for (size_t i = 0; i < len; i++) {
    crc ^= p[i];
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t len) {
  uint64_t wide = crc;
  for (; len >= 8; p += 8, len -= 8) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  crc = (uint32_t)wide;
  for (; len; p++, len--)
    crc = __builtin_ia32_crc32qi(crc, *p);
  return crc;
}
#endif

uint32_t oh_crc32c(uint32_t crc, const void *data, size_t len) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("sse4.2")) return ~by_instruction(~crc, data, len);
#endif
  return ~portable(~crc, data, len);
}
