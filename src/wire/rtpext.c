// rtpext.c — see rtpext.h
#include "wire/rtpext.h"

static bool is_two_byte(uint16_t profile) {
  return (profile & 0xFFF0) == OH_RTPEXT_TWO_BYTE;
}

struct oh_rtpext_walk oh_rtpext_walk(const struct oh_rtp *p) {
  struct oh_rtpext_walk walk = {.two_byte = is_two_byte(p->extension_profile)};
  bool known = p->has_extension && (walk.two_byte || p->extension_profile == OH_RTPEXT_ONE_BYTE);
  walk.in = oh_reader(p->extension.data, known ? p->extension.len : 0);
  return walk;
}

bool oh_rtpext_next(struct oh_rtpext_walk *walk, struct oh_rtpext *element) {
  struct oh_reader *r = &walk->in;
  while (r->at < r->end && *r->at == 0) // padding between elements is zero bytes in both forms
    r->at++;
  if (r->failed || r->at == r->end) return false;
  size_t len;
  uint8_t head = oh_read_u8(r);
  if (walk->two_byte) {
    element->id = head;
    len = oh_read_u8(r);
  } else {
    element->id = head >> 4;
    len = (size_t)(head & 15) + 1;
    // RFC 8285 4.2: id 15 ends the processing. Id 0 with a length is padding that no sender may send.
    if (element->id == 15 || element->id == 0) {
      r->failed = true;
      return false;
    }
  }
  element->data = oh_read_bytes(r, len);
  return !r->failed;
}

bool oh_rtpext_find(const struct oh_rtp *p, uint8_t id, struct oh_bytes *data) {
  struct oh_rtpext_walk walk = oh_rtpext_walk(p);
  struct oh_rtpext element;
  while (oh_rtpext_next(&walk, &element)) {
    if (element.id != id) continue;
    *data = element.data;
    return true;
  }
  return false;
}

void oh_rtpext_write(struct oh_writer *w, uint16_t profile, uint8_t id, const void *data, size_t len) {
  if (is_two_byte(profile)) {
    if (id == 0 || len > 255) w->failed = true;
    oh_write_u8(w, id);
    oh_write_u8(w, (uint8_t)len);
  } else {
    if (id == 0 || id > 14 || len == 0 || len > 16) w->failed = true;
    oh_write_u8(w, (uint8_t)((unsigned)id << 4 | ((len - 1) & 15)));
  }
  oh_write_bytes(w, data, len);
}

bool oh_rtpext_audio_level(const struct oh_rtp *p, uint8_t id, struct oh_audio_level *level) {
  struct oh_bytes data;
  // RFC 6464 section 3: one byte; should more follow, the first still says it.
  // counts.
  if (!oh_rtpext_find(p, id, &data) || data.len == 0) return false;
  *level = (struct oh_audio_level){.voice = data.data[0] >> 7, .level = data.data[0] & 127};
  return true;
}

bool oh_rtpext_mid(const struct oh_rtp *p, uint8_t id, struct oh_bytes *mid) {
  return oh_rtpext_find(p, id, mid) && mid->len >= 1 && mid->len <= 16;
}

bool oh_rtpext_transport_sequence(const struct oh_rtp *p, uint8_t id, uint16_t *sequence) {
  struct oh_bytes data;
  if (!oh_rtpext_find(p, id, &data) || data.len != 2) return false;
  *sequence = oh_load_u16_be(data.data);
  return true;
}

void oh_rtpext_write_audio_level(struct oh_writer *w, uint16_t profile, uint8_t id,
                                 struct oh_audio_level level) {
  uint8_t byte = (uint8_t)(level.voice << 7 | (level.level & 127));
  oh_rtpext_write(w, profile, id, &byte, 1);
}

void oh_rtpext_write_transport_sequence(struct oh_writer *w, uint16_t profile, uint8_t id,
                                        uint16_t sequence) {
  uint8_t bytes[2];
  oh_store_u16_be(bytes, sequence);
  oh_rtpext_write(w, profile, id, bytes, sizeof bytes);
}
