// ws.c — see ws.h
#include "wire/ws.h"
#include "base/check.h"
#include <openssl/evp.h>
#include <stdlib.h>

void oh_ws_reader_init(struct oh_ws_reader *r, bool is_server, size_t message_max) {
  *r = (struct oh_ws_reader){.message_max = message_max, .is_server = is_server, .head_need = 2};
}

static void drop_message(struct oh_ws_reader *r) {
  free(r->message);
  r->message = NULL;
  r->message_len = r->message_cap = 0;
  r->handed_out = false;
}

void oh_ws_reader_fini(struct oh_ws_reader *r) {
  drop_message(r);
  *r = (struct oh_ws_reader){.stopped = true};
}

static enum oh_ws_read fail(struct oh_ws_reader *r, uint16_t code) {
  r->stopped = true;
  r->code = code;
  r->payload = (struct oh_bytes){0};
  return OH_WS_READ_BAD;
}

// U+0000 is a character like any other in a text message (RFC 6455 8.1), oh_str_is_utf8 refuses it.
static bool is_text(struct oh_bytes b) {
  struct oh_str rest = {(const char *)b.data, b.len};
  while (rest.len)
    if (!oh_str_is_utf8(oh_str_cut(&rest, '\0'))) return false;
  return true;
}

// RFC 6455 7.4.1, and the codes registered since (1012–1014).
static bool is_close_code(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum oh_ws_read end_control(struct oh_ws_reader *r) {
  r->payload = (struct oh_bytes){.data = r->control, .len = r->control_len};
  if (r->opcode == OH_WS_PING) return OH_WS_READ_PING;
  if (r->opcode == OH_WS_PONG) return OH_WS_READ_PONG;
  uint16_t code = OH_WS_NO_CODE;
  if (r->control_len == 1) return fail(r, OH_WS_PROTOCOL_ERROR);
  if (r->control_len >= 2) {
    code = oh_load_u16_be(r->control);
    if (!is_close_code(code)) return fail(r, OH_WS_PROTOCOL_ERROR);
    r->payload = (struct oh_bytes){.data = r->control + 2, .len = (size_t)r->control_len - 2};
    if (!is_text(r->payload)) return fail(r, OH_WS_BAD_DATA);
  }
  r->stopped = true;
  r->code = code;
  return OH_WS_READ_CLOSE;
}

static enum oh_ws_read end_message(struct oh_ws_reader *r) {
  uint8_t opcode = r->message_opcode;
  r->message_opcode = 0;
  r->handed_out = true; // freed by the next call
  r->payload = (struct oh_bytes){.data = r->message, .len = r->message_len};
  if (opcode == OH_WS_BINARY) return OH_WS_READ_BINARY;
  return is_text(r->payload) ? OH_WS_READ_TEXT : fail(r, OH_WS_BAD_DATA);
}

// How long the head is, seen from its first two bytes.
static uint8_t head_need(const struct oh_ws_reader *r) {
  uint8_t short_len = r->head[1] & 0x7F;
  return (uint8_t)(2 + (short_len == 126 ? 2 : short_len == 127 ? 8 : 0) + (r->head[1] & 0x80 ? 4 : 0));
}

// The head is complete: everything about the frame is judged before one byte of payload is kept. 0 or a code.
static uint16_t begin_frame(struct oh_ws_reader *r) {
  struct oh_reader in = oh_reader(r->head, r->head_len);
  uint8_t first = oh_read_u8(&in), second = oh_read_u8(&in);
  uint8_t short_len = second & 0x7F;
  uint64_t len = short_len;
  if (short_len == 126) len = oh_read_u16_be(&in);
  if (short_len == 127) len = oh_read_u64_be(&in);
  if ((short_len == 126 && len < 126) || (short_len == 127 && len < 65536))
    return OH_WS_PROTOCOL_ERROR; // not the minimal form
  if (len >> 63) return OH_WS_PROTOCOL_ERROR;
  if (second & 0x80) memcpy(r->mask, oh_read_bytes(&in, 4).data, 4);
  r->mask_at = 0;
  r->left = len;
  r->fin = first >> 7;
  r->opcode = first & 0x0F;
  if (r->opcode >= OH_WS_CLOSE) {
    if (!r->fin || len > sizeof r->control) return OH_WS_PROTOCOL_ERROR;
    r->control_len = 0;
    return 0;
  }
  if ((r->opcode == OH_WS_CONTINUATION) != (r->message_opcode != 0)) return OH_WS_PROTOCOL_ERROR;
  if (r->opcode != OH_WS_CONTINUATION) r->message_opcode = r->opcode, r->fragments = 0;
  if (++r->fragments > OH_WS_FRAGMENTS_MAX) return OH_WS_TOO_BIG; // empty ones would never end
  OH_CHECK(r->message_len <= r->message_max);
  return len > r->message_max - r->message_len ? OH_WS_TOO_BIG : 0;
}

// Judges the first two bytes alone, so that nonsense is refused without waiting for more.
static uint16_t check_start(const struct oh_ws_reader *r) {
  uint8_t opcode = r->head[0] & 0x0F;
  if (r->head[0] & 0x70) return OH_WS_PROTOCOL_ERROR; // reserved bits: no extension was agreed
  if (opcode > OH_WS_PONG || (opcode > OH_WS_BINARY && opcode < OH_WS_CLOSE)) return OH_WS_PROTOCOL_ERROR;
  return (r->head[1] >> 7) == r->is_server ? 0 : OH_WS_PROTOCOL_ERROR;
}

// Room for the bytes that really came, not for what the head promised.
static void grow(struct oh_ws_reader *r, size_t more) {
  size_t needed = r->message_len + more;
  if (needed <= r->message_cap) return;
  size_t cap = r->message_cap ? r->message_cap * 2 : 512;
  if (cap < needed) cap = needed;
  if (cap > r->message_max) cap = r->message_max;
  r->message = realloc(r->message, cap);
  OH_CHECK(r->message && cap >= needed);
  r->message_cap = cap;
}

static void take_payload(struct oh_ws_reader *r, const uint8_t *data, size_t n) {
  uint8_t *to;
  if (n == 0) return;
  if (r->opcode >= OH_WS_CLOSE) {
    to = r->control + r->control_len;
    r->control_len = (uint8_t)(r->control_len + n);
  } else {
    grow(r, n);
    to = r->message + r->message_len;
    r->message_len += n;
  }
  memcpy(to, data, n);
  if (r->is_server) oh_ws_mask(to, n, r->mask, r->mask_at);
  r->mask_at = (uint8_t)((r->mask_at + n) & 3);
  r->left -= n;
}

enum oh_ws_read oh_ws_recv(struct oh_ws_reader *r, const uint8_t *data, size_t len, size_t *used) {
  size_t at = 0;
  if (r->handed_out) drop_message(r);
  if (r->stopped) {
    *used = len; // after a close frame nothing counts (RFC 6455 5.5.1)
    return OH_WS_READ_MORE;
  }
  for (;;) {
    while (r->head_len < r->head_need) {
      if (at == len) {
        *used = at;
        return OH_WS_READ_MORE;
      }
      r->head[r->head_len++] = data[at++];
      if (r->head_len < r->head_need) continue;
      *used = at;
      uint16_t bad = 0;
      if (r->head_len == 2) {
        bad = check_start(r);
        r->head_need = head_need(r);
      }
      if (!bad && r->head_len == r->head_need) bad = begin_frame(r);
      if (bad) return fail(r, bad);
    }
    size_t n = r->left < len - at ? (size_t)r->left : len - at;
    take_payload(r, data + at, n);
    at += n;
    *used = at;
    if (r->left) return OH_WS_READ_MORE;
    r->head_len = 0, r->head_need = 2;
    if (r->opcode >= OH_WS_CLOSE) return end_control(r);
    if (r->fin) return end_message(r);
  }
}

size_t oh_ws_write_head(uint8_t head[OH_WS_HEAD_MAX], enum oh_ws_opcode opcode, bool fin, uint64_t len,
                        const uint8_t mask[4]) {
  struct oh_writer out = oh_writer(head, OH_WS_HEAD_MAX);
  uint8_t mask_bit = mask ? 0x80 : 0;
  oh_write_u8(&out, (uint8_t)((fin ? 0x80 : 0) | opcode));
  oh_write_u8(&out, (uint8_t)(mask_bit | (len < 126 ? len : len < 65536 ? 126 : 127)));
  if (len >= 65536) {
    oh_write_u64_be(&out, len);
  } else if (len >= 126) {
    oh_write_u16_be(&out, (uint16_t)len);
  }
  if (mask) oh_write_bytes(&out, mask, 4);
  OH_CHECK(!out.failed);
  return oh_writer_len(&out);
}

void oh_ws_mask(uint8_t *data, size_t len, const uint8_t mask[4], size_t offset) {
  uint8_t turned[8];
  for (size_t i = 0; i < 8; i++)
    turned[i] = mask[(offset + i) & 3];
  uint64_t wide, word;
  memcpy(&wide, turned, 8);
  size_t i = 0;
  for (; i + 8 <= len; i += 8) {
    memcpy(&word, data + i, 8);
    word ^= wide;
    memcpy(data + i, &word, 8);
  }
  for (; i < len; i++)
    data[i] ^= turned[i & 7];
}

size_t oh_ws_write_close(uint8_t payload[125], uint16_t code, struct oh_str reason) {
  if (code == OH_WS_NO_CODE || code == OH_WS_ABNORMAL) return 0; // never on the wire
  size_t n = reason.len;
  if (n > 123) {
    n = 123;
    while (n && ((uint8_t)reason.data[n] & 0xC0) == 0x80)
      n--;
  }
  oh_store_u16_be(payload, code);
  if (n) memcpy(payload + 2, reason.data, n);
  return n + 2;
}

void oh_ws_accept_key(struct oh_str key, char accept[OH_WS_ACCEPT_LEN]) {
  // The constant of RFC 6455 1.3.
  struct oh_str magic = OH_STR("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  uint8_t input[24 + 36], digest[EVP_MAX_MD_SIZE], text[OH_WS_ACCEPT_LEN + 1];
  unsigned int digest_len = 0;
  OH_CHECK(key.len == 24);
  memcpy(input, key.data, 24);
  memcpy(input + 24, magic.data, magic.len);
  OH_CHECK(EVP_Digest(input, sizeof input, digest, &digest_len, EVP_sha1(), NULL) == 1);
  OH_CHECK(digest_len == 20 && EVP_EncodeBlock(text, digest, 20) == OH_WS_ACCEPT_LEN);
  memcpy(accept, text, OH_WS_ACCEPT_LEN);
}

// base64 of 16 bytes: 22 characters and "==".
static bool is_key(struct oh_str key) {
  if (key.len != 24 || key.data[22] != '=' || key.data[23] != '=') return false;
  for (size_t i = 0; i < 22; i++) {
    char c = key.data[i];
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
      return false;
  }
  return true;
}

int oh_ws_check_upgrade(const struct oh_http_request *request, struct oh_str *key) {
  if (!request->upgrade) return 400;
  if (!oh_str_eq(request->method, OH_STR("GET"))) return 405;
  if (request->body.len) return 400;
  if (!oh_str_eq(oh_http_field(request, OH_STR("Sec-WebSocket-Version")), OH_STR("13"))) return 426;
  *key = oh_http_field(request, OH_STR("Sec-WebSocket-Key"));
  return is_key(*key) ? 101 : 400;
}
