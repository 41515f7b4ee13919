// sctp.c — see sctp.h
#include "wire/sctp.h"
#include "wire/crc32c.h"

enum { // parameters of INIT and INIT ACK
  PARAMETER_COOKIE = 7,
  PARAMETER_UNRECOGNIZED = 8,
  PARAMETER_EXTENSIONS = 0x8008,
  PARAMETER_FORWARD_TSN = 0xC000,
  PARAMETER_ZERO_CHECKSUM = 0x8001,
  // harmless ones that need no answer: addresses, host name, cookie lifetime, families, ECN, adaptation,
  // random, chunk list, HMAC list
  PARAMETER_IPV4 = 5,
  PARAMETER_IPV6 = 6,
  PARAMETER_PRESERVATIVE = 9,
  PARAMETER_FAMILIES = 12,

  STOP_UNLESS_SET = 0x8000, // an unknown parameter without this bit ends the reading …
  REPORT_IF_SET = 0x4000,   // … and with this one is reported
  EXTENSION_DTLS = 1,       // RFC 9653: the alternate error detection is that of DTLS
};

bool oh_sctp_read(struct oh_sctp_packet *p, const void *data, size_t len) {
  struct oh_reader r = oh_reader(data, len);
  *p = (struct oh_sctp_packet){0};
  p->source_port = oh_read_u16_be(&r);
  p->destination_port = oh_read_u16_be(&r);
  p->tag = oh_read_u32_be(&r);
  struct oh_bytes field = oh_read_bytes(&r, 4);
  if (r.failed) return false;
  p->chunks = (struct oh_bytes){r.at, oh_reader_left(&r)};
  static const uint8_t zero[4];
  p->unsummed = memcmp(field.data, zero, sizeof zero) == 0;
  uint32_t crc = oh_crc32c(0, data, 8);
  crc = oh_crc32c(crc, zero, sizeof zero);
  crc = oh_crc32c(crc, p->chunks.data, p->chunks.len);
  p->intact = oh_load_u32_be(field.data) == __builtin_bswap32(crc);
  return true;
}

void oh_sctp_write(struct oh_writer *w, uint16_t source_port, uint16_t destination_port, uint32_t tag) {
  oh_write_u16_be(w, source_port);
  oh_write_u16_be(w, destination_port);
  oh_write_u32_be(w, tag);
  oh_write_u32_be(w, 0);
}

void oh_sctp_sum(uint8_t *packet, size_t len) {
  memset(packet + 8, 0, 4);
  oh_store_u32_be(packet + 8, __builtin_bswap32(oh_crc32c(0, packet, len)));
}

static bool next(struct oh_reader *r, struct oh_sctp_chunk *chunk, bool parameter) {
  if (r->failed || oh_reader_left(r) == 0) return false;
  uint16_t type = oh_read_u16_be(r);
  uint16_t len = oh_read_u16_be(r);
  if (len < 4) r->failed = true;
  chunk->type = parameter ? type : type >> 8;
  chunk->flags = parameter ? 0 : (uint8_t)type;
  chunk->value = oh_read_bytes(r, len - 4u);
  if (r->failed) return false;
  size_t padding = -(size_t)len & 3; // the last one's may be missing
  oh_read_bytes(r, padding < oh_reader_left(r) ? padding : oh_reader_left(r));
  return true;
}

bool oh_sctp_next_chunk(struct oh_reader *r, struct oh_sctp_chunk *chunk) {
  return next(r, chunk, false);
}

bool oh_sctp_next_parameter(struct oh_reader *r, struct oh_sctp_chunk *parameter) {
  return next(r, parameter, true);
}

uint8_t *oh_sctp_open_parameter(struct oh_writer *w, uint16_t type) {
  uint8_t *at = w->at;
  oh_write_u16_be(w, type);
  oh_write_u16_be(w, 0);
  return at;
}

uint8_t *oh_sctp_open_chunk(struct oh_writer *w, uint8_t type, uint8_t flags) {
  return oh_sctp_open_parameter(w, (uint16_t)(type << 8 | flags));
}

void oh_sctp_close_chunk(struct oh_writer *w, uint8_t *opened) {
  if (w->failed) return;
  size_t len = (size_t)(w->at - opened);
  oh_store_u16_be(opened + 2, (uint16_t)len);
  oh_write_uint_be(w, 0, -len & 3);
}

static void read_parameter(struct oh_sctp_init *init, const struct oh_sctp_chunk *p, bool *stop) {
  switch (p->type) {
  case PARAMETER_COOKIE: init->cookie = p->value; break;
  case PARAMETER_FORWARD_TSN: init->forward_tsn = true; break;
  case PARAMETER_ZERO_CHECKSUM:
    init->zero_checksum = p->value.len == 4 && oh_load_u32_be(p->value.data) == EXTENSION_DTLS;
    break;
  case PARAMETER_EXTENSIONS:
    for (size_t i = 0; i < p->value.len; i++) {
      if (p->value.data[i] == OH_SCTP_RECONFIG) init->reconfig = true;
      if (p->value.data[i] == OH_SCTP_FORWARD_TSN) init->forward_tsn = true;
    }
    break;
  case PARAMETER_UNRECOGNIZED:
  case PARAMETER_IPV4:
  case PARAMETER_IPV6:
  case PARAMETER_PRESERVATIVE:
  case PARAMETER_FAMILIES: break;
  default:
    if (p->type & REPORT_IF_SET && init->unrecognized_count < 4)
      init->unrecognized[init->unrecognized_count++] = (struct oh_bytes){p->value.data - 4, p->value.len + 4};
    *stop = !(p->type & STOP_UNLESS_SET);
  }
}

bool oh_sctp_read_init(struct oh_sctp_init *init, struct oh_bytes value) {
  struct oh_reader r = oh_reader(value.data, value.len);
  *init = (struct oh_sctp_init){0};
  init->tag = oh_read_u32_be(&r);
  init->window = oh_read_u32_be(&r);
  init->streams_out = oh_read_u16_be(&r);
  init->streams_in = oh_read_u16_be(&r);
  init->tsn = oh_read_u32_be(&r);
  if (r.failed) return false;
  struct oh_sctp_chunk parameter;
  bool stop = false;
  while (!stop && oh_sctp_next_parameter(&r, &parameter))
    read_parameter(init, &parameter, &stop);
  return !r.failed;
}

void oh_sctp_write_init(struct oh_writer *w, enum oh_sctp_chunk_type type, const struct oh_sctp_init *init) {
  uint8_t *chunk = oh_sctp_open_chunk(w, (uint8_t)type, 0);
  oh_write_u32_be(w, init->tag);
  oh_write_u32_be(w, init->window);
  oh_write_u16_be(w, init->streams_out);
  oh_write_u16_be(w, init->streams_in);
  oh_write_u32_be(w, init->tsn);
  if (init->forward_tsn) oh_sctp_close_chunk(w, oh_sctp_open_parameter(w, PARAMETER_FORWARD_TSN));
  if (init->forward_tsn || init->reconfig) {
    uint8_t *extensions = oh_sctp_open_parameter(w, PARAMETER_EXTENSIONS);
    if (init->reconfig) oh_write_u8(w, OH_SCTP_RECONFIG);
    if (init->forward_tsn) oh_write_u8(w, OH_SCTP_FORWARD_TSN);
    oh_sctp_close_chunk(w, extensions);
  }
  if (init->zero_checksum) {
    uint8_t *zero = oh_sctp_open_parameter(w, PARAMETER_ZERO_CHECKSUM);
    oh_write_u32_be(w, EXTENSION_DTLS);
    oh_sctp_close_chunk(w, zero);
  }
  if (init->cookie.len) {
    uint8_t *cookie = oh_sctp_open_parameter(w, PARAMETER_COOKIE);
    oh_write_bytes(w, init->cookie.data, init->cookie.len);
    oh_sctp_close_chunk(w, cookie);
  }
  for (uint32_t i = 0; i < init->unrecognized_count; i++) {
    // a report that would not fit is left out: it is a courtesy
    if (oh_writer_left(w) < init->unrecognized[i].len + 8) break;
    uint8_t *report = oh_sctp_open_parameter(w, PARAMETER_UNRECOGNIZED);
    oh_write_bytes(w, init->unrecognized[i].data, init->unrecognized[i].len);
    oh_sctp_close_chunk(w, report);
  }
  oh_sctp_close_chunk(w, chunk);
}

bool oh_sctp_read_data(struct oh_sctp_data *data, const struct oh_sctp_chunk *chunk) {
  struct oh_reader r = oh_reader(chunk->value.data, chunk->value.len);
  data->flags = chunk->flags;
  data->tsn = oh_read_u32_be(&r);
  data->stream = oh_read_u16_be(&r);
  data->sequence = oh_read_u16_be(&r);
  data->ppid = oh_read_u32_be(&r);
  data->payload = oh_read_bytes(&r, oh_reader_left(&r));
  return !r.failed;
}

void oh_sctp_write_data(struct oh_writer *w, const struct oh_sctp_data *data) {
  uint8_t *chunk = oh_sctp_open_chunk(w, OH_SCTP_DATA, data->flags);
  oh_write_u32_be(w, data->tsn);
  oh_write_u16_be(w, data->stream);
  oh_write_u16_be(w, data->sequence);
  oh_write_u32_be(w, data->ppid);
  oh_write_bytes(w, data->payload.data, data->payload.len);
  oh_sctp_close_chunk(w, chunk);
}

bool oh_sctp_read_sack(struct oh_sctp_sack *sack, struct oh_bytes value) {
  struct oh_reader r = oh_reader(value.data, value.len);
  sack->tsn = oh_read_u32_be(&r);
  sack->window = oh_read_u32_be(&r);
  size_t gaps = oh_read_u16_be(&r), duplicates = oh_read_u16_be(&r);
  sack->gaps = oh_read_bytes(&r, gaps * 4);
  oh_read_bytes(&r, duplicates * 4);
  return !r.failed;
}
