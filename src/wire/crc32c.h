// crc32c.h — the checksum of SCTP (RFC 9260 appendix A: Castagnoli's polynomial, reflected), with the
// processor's instruction where there is one.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Goes on from `crc` (start with 0), so a packet may be summed in pieces.
uint32_t oh_crc32c(uint32_t crc, const void *data, size_t len);
