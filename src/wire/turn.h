// turn.h — STUN messages and ChannelData as TURN uses them (RFC 8656). Reading proves nothing about the
// sender: oh_stun_verify() first.
#pragma once
#include "base/limits.h"
#include "base/limits_api.h"
#include "base/outbox.h"
#include "wire/stun.h"

enum oh_turn_method {
  OH_TURN_ALLOCATE = 0x003,
  OH_TURN_REFRESH = 0x004,
  OH_TURN_SEND = 0x006,
  OH_TURN_DATA = 0x007,
  OH_TURN_CREATE_PERMISSION = 0x008,
  OH_TURN_CHANNEL_BIND = 0x009,
};
enum oh_turn_attribute {
  OH_TURN_XOR_MAPPED = 0x0020,
  OH_TURN_ERROR_CODE = 0x0009,
  OH_TURN_UNKNOWN_ATTRIBUTES = 0x000A,
  OH_TURN_CHANNEL_NUMBER = 0x000C,
  OH_TURN_LIFETIME = 0x000D,
  OH_TURN_XOR_PEER = 0x0012,
  OH_TURN_DATA_BYTES = 0x0013,
  OH_TURN_REALM = 0x0014,
  OH_TURN_NONCE = 0x0015,
  OH_TURN_XOR_RELAYED = 0x0016,
  OH_TURN_ADDRESS_FAMILY = 0x0017,
  OH_TURN_TRANSPORT = 0x0019,
};
#define OH_TURN_CHANNEL_FIRST 0x4000
#define OH_TURN_CHANNEL_LAST 0x7FFE // RFC 5766; clients of RFC 8656 stay below 0x5000
#define OH_TURN_CHANNEL_BYTES 4     // header of ChannelData

struct oh_turn_message {
  struct oh_stun stun;
  struct oh_str realm, nonce;
  struct oh_bytes data;
  struct oh_addr peers[OH_TURN_PEERS_MAX];
  size_t peer_count;
  uint32_t lifetime_s;
  uint16_t channel;
  uint16_t unknown;  // first comprehension-required attribute that is not served (EVEN-PORT, DONT-FRAGMENT,
                     // RESERVATION-TOKEN are such), 0 = none
  uint8_t transport; // an IP protocol number
  uint8_t family;    // 1: v4, 2: v6, others as they came
  bool has_realm, has_nonce, has_data, has_lifetime, has_channel, has_transport, has_family;
};

// `len` must be the whole message. A repeated attribute counts once, XOR-PEER-ADDRESS excepted.
bool oh_turn_read(struct oh_turn_message *m, const uint8_t *data, size_t len);

static inline bool oh_turn_is_channel_data(const uint8_t *data, size_t len) {
  return len >= OH_TURN_CHANNEL_BYTES && data[0] >> 6 == 1;
}
// The payload of ChannelData; padding behind it is left out. False: shorter than it says.
bool oh_turn_read_channel_data(const uint8_t *data, size_t len, uint16_t *channel, struct oh_bytes *payload);

// On streams: how long the message (with padding) is that begins with these OH_TURN_CHANNEL_BYTES bytes. 0:
// no message begins so, or it is larger than any honest one.
#define OH_TURN_FRAME_MAX (OH_DATAGRAM_MAX + 128)
size_t oh_turn_frame(const uint8_t head[OH_TURN_CHANNEL_BYTES]);
