// ws.c — any bytes as WebSocket frames: the first byte chooses role and piece size, the events are the same
// for every piece size, and no more is kept than the limit and the bytes that came allow.
#include "wire/ws.h"
#include "base/check.h"

#define MESSAGE_MAX 1000

// A sum over all events, to compare two runs.
static uint64_t run(bool is_server, const uint8_t *data, size_t len, size_t piece) {
  struct oh_ws_reader r;
  uint64_t sum = 0;
  size_t at = 0;
  oh_ws_reader_init(&r, is_server, MESSAGE_MAX);
  while (at < len) {
    size_t n = piece < len - at ? piece : len - at, used = 0;
    enum oh_ws_read event = oh_ws_recv(&r, data + at, n, &used);
    OH_CHECK(used > 0 && used <= n && r.message_len <= MESSAGE_MAX && r.message_cap <= MESSAGE_MAX);
    at += used;
    if (event == OH_WS_READ_MORE) continue;
    sum = sum * 31 + (uint64_t)event * 7 + r.payload.len + at;
    for (size_t i = 0; i < r.payload.len; i++)
      sum = sum * 31 + r.payload.data[i];
    if (event == OH_WS_READ_BAD || event == OH_WS_READ_CLOSE) {
      uint8_t payload[125];
      sum = sum * 31 + r.code;
      OH_CHECK(r.code >= 1000 && r.code < 5000);
      OH_CHECK(oh_ws_write_close(payload, r.code,
                                 (struct oh_str){(const char *)r.payload.data, r.payload.len}) <= 125);
      break;
    }
  }
  oh_ws_reader_fini(&r);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len == 0) return 0;
  bool is_server = data[0] & 1;
  size_t piece = 1 + (size_t)(data[0] >> 1);
  uint64_t sum = run(is_server, data + 1, len - 1, len);
  OH_CHECK(run(is_server, data + 1, len - 1, piece) == sum);
  OH_CHECK(run(is_server, data + 1, len - 1, 1) == sum);
  return 0;
}
