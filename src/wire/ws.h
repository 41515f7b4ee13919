// ws.h — WebSocket framing (RFC 6455) for both roles, without extensions. The reader takes bytes as they
// come, keeps at most one message (bounded), and hands out whole messages; control frames may come between
// fragments. It enforces: mask as the role demands, minimal lengths, no reserved bits or opcodes, control
// frames ≤ 125 bytes and unfragmented, UTF-8 in text and close reasons, valid close codes.
#pragma once
#include "base/bytes.h"
#include "base/text.h"
#include "wire/http.h"

enum oh_ws_opcode {
  OH_WS_CONTINUATION = 0,
  OH_WS_TEXT = 1,
  OH_WS_BINARY = 2,
  OH_WS_CLOSE = 8,
  OH_WS_PING = 9,
  OH_WS_PONG = 10,
};
// Close codes (RFC 6455 7.4.1). 1005 and 1006 are never on the wire.
enum oh_ws_code {
  OH_WS_NORMAL = 1000,
  OH_WS_GOING_AWAY = 1001,
  OH_WS_PROTOCOL_ERROR = 1002,
  OH_WS_UNSUPPORTED = 1003,
  OH_WS_NO_CODE = 1005,  // a close frame without a code came
  OH_WS_ABNORMAL = 1006, // the connection ended without a close frame
  OH_WS_BAD_DATA = 1007,
  OH_WS_POLICY = 1008,
  OH_WS_TOO_BIG = 1009,
  OH_WS_INTERNAL = 1011,
};

enum oh_ws_read {
  OH_WS_READ_MORE,   // all bytes taken, nothing complete
  OH_WS_READ_TEXT,   // `payload` is a whole text message, valid UTF-8
  OH_WS_READ_BINARY, // `payload` is a whole binary message
  OH_WS_READ_PING,   // answer with a pong of the same payload
  OH_WS_READ_PONG,
  OH_WS_READ_CLOSE, // code (or OH_WS_NO_CODE) and payload = the reason; answer with a close, then stop
  OH_WS_READ_BAD,   // the peer broke the protocol: send a close with `code`, then stop
};

struct oh_ws_reader {
  uint16_t code;           // for CLOSE and BAD
  struct oh_bytes payload; // valid until the next call
  size_t message_max;      // private from here
  uint8_t *message;
  size_t message_len, message_cap;
  uint32_t fragments; // frames of the message being assembled
  uint64_t left;
  uint8_t control[125];
  uint8_t control_len;
  uint8_t head[14], head_len, head_need;
  uint8_t mask[4], mask_at;
  uint8_t opcode, message_opcode; // of the frame being read; of the message being assembled (0: none)
  bool fin, is_server, stopped, handed_out;
};

// is_server: frames must be masked; a client's reader demands the opposite. Larger messages end with 1009.
void oh_ws_reader_init(struct oh_ws_reader *r, bool is_server, size_t message_max);
void oh_ws_reader_fini(struct oh_ws_reader *r);
// Takes bytes up to the end of the next event; *used tells how many. Call again with the rest until MORE.
enum oh_ws_read oh_ws_recv(struct oh_ws_reader *r, const uint8_t *data, size_t len, size_t *used);

#define OH_WS_HEAD_MAX 14
// Writes the head of a single-frame message of `len` bytes and returns its length. With `mask` (client role)
// the payload must be masked with oh_ws_mask afterwards.
size_t oh_ws_write_head(uint8_t head[OH_WS_HEAD_MAX], enum oh_ws_opcode opcode, bool fin, uint64_t len,
                        const uint8_t mask[4]);
void oh_ws_mask(uint8_t *data, size_t len, const uint8_t mask[4], size_t offset);
// Payload of a close frame; the reason is cut (at a character) to fit 125 bytes. Returns its length.
size_t oh_ws_write_close(uint8_t payload[125], uint16_t code, struct oh_str reason);

#define OH_WS_ACCEPT_LEN 28
// Sec-WebSocket-Accept for a key (RFC 6455 4.2.2), not NUL-terminated.
void oh_ws_accept_key(struct oh_str key, char accept[OH_WS_ACCEPT_LEN]);
// Checks an upgrade request: 101 if it may be accepted, else the status to answer (400, 405, or 426 to be
// sent with "Sec-WebSocket-Version: 13"). *key borrows from the request.
int oh_ws_check_upgrade(const struct oh_http_request *request, struct oh_str *key);
