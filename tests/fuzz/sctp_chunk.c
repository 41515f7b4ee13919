// sctp_chunk.c — any bytes as an SCTP packet, and its chunks, parameters and DCEP messages: what parses lies
// inside the packet and is written back as the same.
#include "base/check.h"
#include "base/limits.h"
#include "wire/dcep.h"
#include "wire/sctp.h"

static void inside(struct oh_bytes whole, struct oh_bytes part) {
  OH_CHECK(part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void parameters(struct oh_bytes whole, struct oh_bytes value) {
  struct oh_reader r = oh_reader(value.data, value.len);
  struct oh_sctp_chunk p;
  for (size_t n = 0; oh_sctp_next_parameter(&r, &p); n++) {
    inside(whole, p.value);
    OH_CHECK(n <= value.len / 4); // each takes at least four bytes
  }
}

static void dcep(struct oh_bytes payload) {
  struct oh_dcep_open open, again;
  if (!oh_dcep_read_open(&open, payload.data, payload.len)) return;
  OH_CHECK(open.max_retransmits < 0 || open.lifetime_ms < 0);
  uint8_t *out = malloc(payload.len);
  OH_CHECK(out);
  struct oh_writer w = oh_writer(out, payload.len);
  oh_dcep_write_open(&w, &open);
  OH_CHECK(!w.failed && oh_dcep_read_open(&again, out, oh_writer_len(&w)));
  OH_CHECK(oh_str_eq(open.label, again.label) && oh_str_eq(open.protocol, again.protocol));
  OH_CHECK(open.unordered == again.unordered && open.max_retransmits == again.max_retransmits &&
           open.lifetime_ms == again.lifetime_ms && open.priority == again.priority);
  free(out);
}

static void chunk_of(struct oh_bytes whole, const struct oh_sctp_chunk *chunk) {
  struct oh_sctp_data data;
  struct oh_sctp_init init;
  struct oh_sctp_sack sack;
  if (chunk->type == OH_SCTP_DATA && oh_sctp_read_data(&data, chunk)) {
    inside(whole, data.payload);
    dcep(data.payload);
    uint8_t out[OH_SCTP_PACKET_MAX];
    struct oh_writer w = oh_writer(out, sizeof out);
    if (data.payload.len <= 1000) {
      oh_sctp_write_data(&w, &data);
      OH_CHECK(!w.failed && memcmp(out + 4, chunk->value.data, chunk->value.len) == 0);
    }
  }
  if (chunk->type == OH_SCTP_INIT && oh_sctp_read_init(&init, chunk->value)) {
    if (init.cookie.len) inside(whole, init.cookie);
    for (uint32_t i = 0; i < init.unrecognized_count; i++)
      inside(whole, init.unrecognized[i]);
    uint8_t out[OH_SCTP_PACKET_MAX];
    struct oh_writer w = oh_writer(out, sizeof out);
    struct oh_sctp_init again;
    if (init.cookie.len <= 1000) {
      oh_sctp_write_init(&w, OH_SCTP_INIT_ACK, &init);
      OH_CHECK(!w.failed);
      OH_CHECK(oh_sctp_read_init(&again, (struct oh_bytes){out + 4, oh_writer_len(&w) - 4}));
      OH_CHECK(again.tag == init.tag && again.tsn == init.tsn && again.zero_checksum == init.zero_checksum &&
               again.forward_tsn == init.forward_tsn && again.reconfig == init.reconfig);
    }
  }
  if (chunk->type == OH_SCTP_SACK && oh_sctp_read_sack(&sack, chunk->value)) {
    inside(whole, sack.gaps);
    for (size_t i = 0; i < sack.gaps.len / 4; i++)
      (void)oh_sctp_gap(&sack, i);
  }
  parameters(whole, chunk->value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  struct oh_sctp_packet packet;
  if (!oh_sctp_read(&packet, bytes, len)) return 0;
  struct oh_bytes whole = {bytes, len};
  inside(whole, packet.chunks);
  struct oh_reader r = oh_reader(packet.chunks.data, packet.chunks.len);
  struct oh_sctp_chunk chunk;
  while (oh_sctp_next_chunk(&r, &chunk)) {
    inside(whole, chunk.value);
    chunk_of(whole, &chunk);
  }
  return 0;
}
