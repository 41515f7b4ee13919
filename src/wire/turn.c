// turn.c — see turn.h
#include "wire/turn.h"

enum { USERNAME = 0x0006, MESSAGE_INTEGRITY = 0x0008 };

static struct oh_str text_of(struct oh_bytes value) {
  return (struct oh_str){(const char *)value.data, value.len};
}

static bool read_number(struct oh_bytes value, bool *has, uint32_t *number) {
  if (value.len != 4) return false;
  if (!*has) *number = oh_load_u32_be(value.data);
  *has = true;
  return true;
}

static bool read_attribute(struct oh_turn_message *m, uint16_t type, struct oh_bytes value) {
  uint32_t number = 0;
  switch (type) {
  case OH_TURN_CHANNEL_NUMBER:
    if (m->has_channel) return true;
    if (!read_number(value, &m->has_channel, &number)) return false;
    m->channel = (uint16_t)(number >> 16);
    return true;
  case OH_TURN_LIFETIME: return read_number(value, &m->has_lifetime, &m->lifetime_s);
  case OH_TURN_XOR_PEER:
    if (m->peer_count == OH_TURN_PEERS_MAX) return false;
    return oh_stun_read_address(&m->peers[m->peer_count++], value, m->stun.message.data);
  case OH_TURN_DATA_BYTES:
    if (!m->has_data) m->data = value;
    m->has_data = true;
    return true;
  case OH_TURN_REALM:
    if (!m->has_realm) m->realm = text_of(value);
    m->has_realm = true;
    return true;
  case OH_TURN_NONCE:
    if (!m->has_nonce) m->nonce = text_of(value);
    m->has_nonce = true;
    return true;
  case OH_TURN_ADDRESS_FAMILY:
    if (m->has_family) return true;
    if (!read_number(value, &m->has_family, &number)) return false;
    m->family = (uint8_t)(number >> 24);
    return true;
  case OH_TURN_TRANSPORT:
    if (m->has_transport) return true;
    if (!read_number(value, &m->has_transport, &number)) return false;
    m->transport = (uint8_t)(number >> 24);
    return true;
  case USERNAME:
  case MESSAGE_INTEGRITY: return true; // read by oh_stun_read
  default:
    if (type < 0x8000 && !m->unknown) m->unknown = type;
    return true;
  }
}

bool oh_turn_read(struct oh_turn_message *m, const uint8_t *data, size_t len) {
  *m = (struct oh_turn_message){0};
  if (!oh_stun_read(&m->stun, data, len)) return false;
  struct oh_reader r = oh_reader(data + OH_STUN_HEADER_BYTES, len - OH_STUN_HEADER_BYTES);
  while (oh_reader_left(&r) > 0) {
    uint16_t type = oh_read_u16_be(&r);
    struct oh_bytes value = oh_read_bytes(&r, oh_read_u16_be(&r));
    oh_read_bytes(&r, (4 - value.len % 4) % 4);
    if (r.failed || !read_attribute(m, type, value)) return false;
  }
  return true;
}

bool oh_turn_read_channel_data(const uint8_t *data, size_t len, uint16_t *channel, struct oh_bytes *payload) {
  if (!oh_turn_is_channel_data(data, len)) return false;
  struct oh_reader r = oh_reader(data, len);
  *channel = oh_read_u16_be(&r);
  *payload = oh_read_bytes(&r, oh_read_u16_be(&r));
  return !r.failed;
}

size_t oh_turn_frame(const uint8_t head[OH_TURN_CHANNEL_BYTES]) {
  size_t len = oh_load_u16_be(head + 2);
  if (head[0] >> 6 == 1)
    len = OH_TURN_CHANNEL_BYTES + (len + 3) / 4 * 4;
  else if (head[0] < 4 && len % 4 == 0)
    len += OH_STUN_HEADER_BYTES;
  else
    return 0;
  return len <= OH_TURN_FRAME_MAX ? len : 0;
}
