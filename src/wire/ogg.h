// ogg.h — Ogg Opus files (RFC 3533, RFC 7845): pages written into caller's memory, packets read from it. Own
// code instead of libogg because that allocates and owns its buffers; libogg is the oracle in the unit test.
#pragma once
#include "base/bytes.h"
#include "base/text.h"

#define OH_OGG_SEGMENTS_MAX 255 // lacing values of a page
#define OH_OGG_PAGE_MAX 65307   // 27 + 255 + 255 * 255
#define OH_OGG_NO_GRANULE (-1)  // no packet ends on this page
enum oh_ogg_flag { OH_OGG_CONTINUED = 1, OH_OGG_FIRST = 2, OH_OGG_LAST = 4 };

struct oh_ogg_page {
  int64_t granule; // end position of the last packet that ends on the page: samples at 48 kHz incl. pre-skip
  uint32_t serial; // of the logical stream
  uint32_t sequence; // 0, 1, 2, …
  uint8_t flags;     // enum oh_ogg_flag
};
struct oh_opus_head {
  uint32_t input_rate; // Hz, for information; 0 = unknown
  uint16_t pre_skip;   // samples at 48 kHz to throw away at the start
  int16_t gain;        // Q7.8 dB
  uint8_t channels;    // 1 or 2 (mapping family 0)
};

// Lacing values that packets of this length take in a page.
static inline size_t oh_ogg_segments(size_t packet_len) {
  return packet_len / 255 + 1;
}
// Appends a page of whole packets. w->failed if it does not fit or the packets need more than 255 lacing
// values.
void oh_ogg_write_page(struct oh_writer *w, const struct oh_ogg_page *page, const struct oh_bytes *packets,
                       size_t count);
// The bodies of the first two packets; each goes on a page of its own (sequence 0 with OH_OGG_FIRST, and 1),
// both with granule 0.
void oh_opus_head_write(struct oh_writer *w, const struct oh_opus_head *head);
bool oh_opus_head_read(struct oh_opus_head *head,
                       struct oh_bytes packet); // false: not mapping family 0, version 0
void oh_opus_tags_write(struct oh_writer *w, struct oh_str vendor, const struct oh_str *comments,
                        size_t count);

// Reads the packets of the first logical stream that begins with OpusHead. Damaged pages (CRC) are skipped.
struct oh_ogg_reader {
  struct oh_reader in;
  struct oh_bytes lacing, body; // of the current page, what is left of them
  struct oh_ogg_page page;
  struct oh_writer scratch; // caller's memory: packets that span pages are put together here
  uint32_t damaged; // pages with a bad CRC or a gap before them, and packets that did not fit the scratch
  bool started, partial, skipping;
};
struct oh_ogg_packet {
  struct oh_bytes data; // valid until the next call
  int64_t granule;      // if this packet is the last to end on its page: the page's; else OH_OGG_NO_GRANULE
  bool last;            // the last packet of the stream (its page has OH_OGG_LAST)
};
void oh_ogg_reader_init(struct oh_ogg_reader *r, struct oh_bytes file, uint8_t *scratch,
                        size_t scratch_bytes);
// The next packet (the first is OpusHead, the second OpusTags, then audio); false at the end.
bool oh_ogg_read(struct oh_ogg_reader *r, struct oh_ogg_packet *packet);
