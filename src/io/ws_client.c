// ws_client.c — see ws_client.h
#include "io/ws_client.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "io/address.h"
#include "io/clock.h"
#include "io/stream.h"
#include "io/tcp.h"
#include "wire/http_response.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <uv.h>

#define TIMEOUT_US (10 * 1000000)
#define REFUSAL_MAX (64 * 1024) // body of an answer that is not 101
#define ADDRESSES_MAX 8

enum state { RESOLVING, CONNECTING, ASKED, OPEN, CLOSING, ENDED };

struct oh_ws_client {
  uv_getaddrinfo_t resolve;
  uv_timer_t patience; // for the resolver; its close callback is where the memory goes
  uv_loop_t *loop;
  struct oh_world *world;
  struct oh_streams *streams;
  struct oh_stream *stream;
  struct oh_tls *tls; // NULL: plain
  const struct oh_ws_client_handler *handler;
  void *ctx;
  enum state state;
  uint32_t held; // by libuv: the resolver's request, the timer's handle
  bool closing;  // oh_ws_client_close was called
  char *host, *port, *request;
  char accept[OH_WS_ACCEPT_LEN];
  int64_t give_up_us;
  struct oh_addr addresses[ADDRESSES_MAX];
  uint32_t address_count, address_at;
  struct oh_http_response_reader response;
  struct oh_ws_reader ws;
  int64_t heard_us;
};

static const struct oh_stream_handler stream_handler;

static void free_client(struct oh_ws_client *c) {
  if (c->held) return;
  oh_tls_close(c->tls);
  oh_http_response_fini(&c->response);
  oh_ws_reader_fini(&c->ws);
  free(c->host);
  free(c->port);
  free(c->request);
  free(c);
}

// The last callback. The handler may close the client inside it.
static void end(struct oh_ws_client *c, int64_t now_us, int status, uint16_t code, struct oh_str text) {
  if (c->state == ENDED) return;
  c->state = ENDED;
  if (c->stream) oh_stream_finish(c->stream);
  c->stream = NULL;
  c->handler->closed(c->ctx, now_us, status, code, text);
}

static void connect_next(struct oh_ws_client *c, int64_t now_us) {
  while (c->address_at < c->address_count) {
    const struct oh_addr *to = &c->addresses[c->address_at++];
    int fd = oh_tcp_connect(to);
    if (fd < 0) continue;
    struct ssl_st *session = c->tls ? oh_tls_session(c->tls, fd, c->host) : NULL;
    c->state = CONNECTING;
    c->stream =
        oh_stream_open(c->streams, fd, session, to, true, OH_SIGNAL_QUEUE_MAX * 2, &stream_handler, c);
    oh_stream_set_deadline(c->stream, c->give_up_us);
    return;
  }
  end(c, now_us, 0, OH_WS_ABNORMAL, OH_STR("cannot connect"));
}

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *list) {
  struct oh_ws_client *c = resolve->data;
  c->held--;
  uv_timer_stop(&c->patience);
  if (c->state != RESOLVING) {
    uv_freeaddrinfo(list);
    if (c->closing) free_client(c);
    return;
  }
  for (struct addrinfo *i = status ? NULL : list; i && c->address_count < ADDRESSES_MAX; i = i->ai_next) {
    struct sockaddr_storage storage = {0};
    if (i->ai_addrlen > sizeof storage) continue;
    memcpy(&storage, i->ai_addr, i->ai_addrlen);
    if (oh_addr_from_sockaddr(&storage, &c->addresses[c->address_count])) c->address_count++;
  }
  uv_freeaddrinfo(list);
  int64_t now_us = oh_clock_us();
  if (c->address_count == 0) {
    end(c, now_us, 0, OH_WS_ABNORMAL, OH_STR("the host name does not resolve"));
  } else {
    connect_next(c, now_us);
  }
}

static void on_impatient(uv_timer_t *timer) {
  struct oh_ws_client *c = timer->data;
  uv_cancel((uv_req_t *)&c->resolve);
  end(c, oh_clock_us(), 0, OH_WS_ABNORMAL, OH_STR("the host name does not resolve in time"));
}

static void on_ready(void *ctx, int64_t now_us) {
  struct oh_ws_client *c = ctx;
  (void)now_us;
  c->state = ASKED;
  struct oh_bytes part = {(const uint8_t *)c->request, strlen(c->request)};
  oh_stream_write(c->stream, &part, 1);
}

static bool send_frame(struct oh_ws_client *c, enum oh_ws_opcode opcode, struct oh_bytes payload) {
  uint8_t head[OH_WS_HEAD_MAX], mask[4];
  oh_random_fill(&c->world->random, mask, 4); // unpredictable (RFC 6455 5.3)
  size_t n = oh_ws_write_head(head, opcode, true, payload.len, mask);
  uint8_t *masked = malloc(payload.len + 1);
  OH_CHECK(masked);
  if (payload.len) memcpy(masked, payload.data, payload.len);
  oh_ws_mask(masked, payload.len, mask, 0);
  struct oh_bytes parts[2] = {{head, n}, {masked, payload.len}};
  bool ok = oh_stream_write(c->stream, parts, 2);
  free(masked);
  return ok;
}

static void send_close(struct oh_ws_client *c, uint16_t code) {
  uint8_t payload[125];
  size_t n = oh_ws_write_close(payload, code, (struct oh_str){0});
  send_frame(c, OH_WS_CLOSE, (struct oh_bytes){payload, n});
}

// False: ended.
static bool take_event(struct oh_ws_client *c, int64_t now_us, enum oh_ws_read event) {
  switch (event) {
  case OH_WS_READ_MORE:
  case OH_WS_READ_PONG: break;
  case OH_WS_READ_TEXT:
  case OH_WS_READ_BINARY:
    if (c->state == OPEN) c->handler->message(c->ctx, now_us, event == OH_WS_READ_TEXT, c->ws.payload);
    break;
  case OH_WS_READ_PING:
    if (c->state == OPEN) send_frame(c, OH_WS_PONG, c->ws.payload);
    break;
  case OH_WS_READ_CLOSE:
    if (c->state == OPEN) send_close(c, c->ws.code);
    end(c, now_us, 0, c->ws.code, (struct oh_str){(const char *)c->ws.payload.data, c->ws.payload.len});
    break;
  case OH_WS_READ_BAD:
    if (c->state == OPEN) send_close(c, c->ws.code);
    end(c, now_us, 0, c->ws.code, OH_STR("the server broke the WebSocket protocol"));
    break;
  }
  return c->state == OPEN || c->state == CLOSING;
}

// What the answer to our request was. False: not open (yet).
static bool take_response(struct oh_ws_client *c, int64_t now_us, enum oh_http_response_read result) {
  struct oh_str given = oh_http_response_field(&c->response, OH_STR("Sec-WebSocket-Accept"));
  switch (result) {
  case OH_HTTP_RESPONSE_MORE: return false;
  case OH_HTTP_RESPONSE_DONE:
    end(c, now_us, c->response.status, OH_WS_ABNORMAL, oh_text_str(&c->response.body));
    return false;
  case OH_HTTP_RESPONSE_BAD:
    end(c, now_us, 0, OH_WS_ABNORMAL, OH_STR("the server does not speak HTTP"));
    return false;
  case OH_HTTP_RESPONSE_SWITCHED: break;
  }
  if (!oh_str_eq(given, (struct oh_str){c->accept, OH_WS_ACCEPT_LEN})) {
    end(c, now_us, 0, OH_WS_ABNORMAL, OH_STR("the server's WebSocket accept key is wrong"));
    return false;
  }
  c->state = OPEN;
  c->heard_us = now_us;
  oh_stream_set_deadline(c->stream, now_us + OH_WS_PING_US);
  c->handler->opened(c->ctx, now_us);
  return c->state == OPEN;
}

static void on_data(void *ctx, int64_t now_us, uint8_t *data, size_t len) {
  struct oh_ws_client *c = ctx;
  size_t used = 0;
  if (c->state == ASKED) {
    enum oh_http_response_read result = oh_http_response_recv(&c->response, (char *)data, len, &used);
    if (!take_response(c, now_us, result)) return;
    data += used, len -= used;
  }
  c->heard_us = now_us;
  while (len && (c->state == OPEN || c->state == CLOSING)) {
    enum oh_ws_read event = oh_ws_recv(&c->ws, data, len, &used);
    if (!take_event(c, now_us, event)) return;
    data += used, len -= used;
  }
}

static void on_deadline(void *ctx, int64_t now_us) {
  struct oh_ws_client *c = ctx;
  if (c->state != OPEN) {
    end(c, now_us, 0, OH_WS_ABNORMAL, OH_STR("the server did not answer in time"));
  } else if (now_us - c->heard_us >= OH_WS_SILENCE_US) {
    end(c, now_us, 0, OH_WS_ABNORMAL, OH_STR("the server is silent"));
  } else {
    oh_stream_set_deadline(c->stream, now_us + OH_WS_PING_US);
    send_frame(c, OH_WS_PING, (struct oh_bytes){0});
  }
}

static void on_closed(void *ctx, int64_t now_us, enum oh_stream_end how) {
  struct oh_ws_client *c = ctx;
  c->stream = NULL;
  if (how == OH_STREAM_TLS) {
    end(c, now_us, 0, OH_WS_ABNORMAL,
        OH_STR("TLS failed: the server's certificate is not trusted or not its own"));
  } else if (c->state == CONNECTING && how == OH_STREAM_ERROR) {
    connect_next(c, now_us);
  } else if (c->state == ASKED && oh_http_response_end(&c->response) == OH_HTTP_RESPONSE_DONE) {
    end(c, now_us, c->response.status, OH_WS_ABNORMAL, oh_text_str(&c->response.body));
  } else {
    end(c, now_us, 0, OH_WS_ABNORMAL, OH_STR("the connection broke"));
  }
}

static const struct oh_stream_handler stream_handler = {
    .ready = on_ready,
    .data = on_data,
    .deadline = on_deadline,
    .closed = on_closed,
};

// scheme://host[:port][/path][?query]
static bool read_url(struct oh_ws_client *c, struct oh_str url, bool *is_tls, struct oh_str *authority,
                     struct oh_str *target) {
  static const struct {
    const char *scheme;
    bool is_tls;
  } schemes[] = {{"ws://", false}, {"wss://", true}, {"http://", false}, {"https://", true}};
  size_t skip = 0;
  for (size_t i = 0; i < 4 && !skip; i++) {
    struct oh_str scheme = oh_str(schemes[i].scheme);
    if (url.len < scheme.len || !oh_str_eq_nocase((struct oh_str){url.data, scheme.len}, scheme)) continue;
    skip = scheme.len;
    *is_tls = schemes[i].is_tls;
  }
  if (!skip) return false;
  for (size_t i = 0; i < url.len; i++)
    if (url.data[i] <= ' ' || url.data[i] >= 0x7F || url.data[i] == '#') return false;
  struct oh_str rest = {url.data + skip, url.len - skip};
  size_t n = 0;
  while (n < rest.len && rest.data[n] != '/' && rest.data[n] != '?')
    n++;
  *authority = (struct oh_str){rest.data, n};
  *target = (struct oh_str){rest.data + n, rest.len - n};
  struct oh_str host = *authority, port = OH_STR("");
  if (n && host.data[0] == '[') {
    const char *bracket = memchr(host.data, ']', host.len);
    if (!bracket) return false;
    host = (struct oh_str){host.data + 1, (size_t)(bracket - host.data) - 1};
    port = (struct oh_str){bracket + 1, n - host.len - 2};
    if (port.len && port.data[0] != ':') return false;
    if (port.len) port.data++, port.len--;
  } else {
    port = host;
    host = oh_str_cut(&port, ':');
  }
  uint64_t number = *is_tls ? 443 : 80;
  if (port.len && (!oh_str_to_u64(port, 65535, &number) || number == 0)) return false;
  if (host.len == 0 || host.len > 253 || memchr(host.data, '@', host.len)) return false;
  char text[8];
  snprintf(text, sizeof text, "%u", (unsigned)number);
  c->host = oh_str_dup(host);
  c->port = oh_str_dup(oh_str(text));
  return true;
}

static bool write_request(struct oh_ws_client *c, struct oh_str authority, struct oh_str target,
                          struct oh_str fields) {
  uint8_t nonce[16], key[25];
  struct oh_text text;
  oh_random_fill(&c->world->random, nonce, sizeof nonce);
  EVP_EncodeBlock(key, nonce, sizeof nonce);
  oh_ws_accept_key((struct oh_str){(char *)key, 24}, c->accept);
  oh_text_init(&text, OH_HTTP_LINE_MAX + OH_HTTP_HEAD_MAX);
  oh_text_adds(&text, "GET ");
  if (target.len == 0 || target.data[0] != '/') oh_text_addc(&text, '/');
  oh_text_add(&text, target);
  oh_text_addf(&text,
               " HTTP/1.1\r\nHost: %.*s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
               OH_STR_ARG(authority), key);
  oh_text_add(&text, fields);
  oh_text_adds(&text, "\r\n");
  c->request = oh_text_take(&text, NULL);
  oh_text_fini(&text);
  return c->request != NULL;
}

struct oh_ws_client *oh_ws_client_open(const struct oh_ws_client_config *config) {
  struct oh_ws_client *c = calloc(1, sizeof *c);
  struct oh_str authority, target;
  bool is_tls = false;
  OH_CHECK(c && config->handler->opened && config->handler->message && config->handler->closed);
  c->loop = config->loop, c->world = config->world;
  c->handler = config->handler, c->ctx = config->ctx;
  oh_http_response_init(&c->response, REFUSAL_MAX, false);
  oh_ws_reader_init(&c->ws, false, OH_SIGNAL_QUEUE_MAX);
  if (!read_url(c, config->url, &is_tls, &authority, &target) || (is_tls && !config->tls) ||
      !write_request(c, authority, target, config->fields)) {
    free_client(c);
    return NULL;
  }
  if (is_tls) c->tls = oh_tls_keep(config->tls);
  c->streams = oh_streams_open(c->loop, ADDRESSES_MAX * 2, ADDRESSES_MAX * 2, true);
  c->give_up_us = oh_clock_us() + (config->timeout_us ? config->timeout_us : TIMEOUT_US);
  OH_CHECK(uv_timer_init(c->loop, &c->patience) == 0);
  c->resolve.data = c->patience.data = c;
  c->held = 2;
  uv_timer_start(&c->patience, on_impatient, (uint64_t)(c->give_up_us - oh_clock_us()) / 1000 + 1, 0);
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
  // Fails at once only for want of memory or with a name that is too long, which read_url has refused.
  OH_CHECK(uv_getaddrinfo(c->loop, &c->resolve, on_resolved, c->host, c->port, &hints) == 0);
  return c;
}

bool oh_ws_client_send(struct oh_ws_client *c, bool is_text, struct oh_bytes data) {
  if (c->state != OPEN) return false;
  return send_frame(c, is_text ? OH_WS_TEXT : OH_WS_BINARY, data);
}

void oh_ws_client_finish(struct oh_ws_client *c, uint16_t code) {
  if (c->state != OPEN) return;
  send_close(c, code);
  c->state = CLOSING;
  oh_stream_set_deadline(c->stream, oh_clock_us() + OH_WS_CLOSE_US);
}

static void on_patience_closed(uv_handle_t *handle) {
  struct oh_ws_client *c = handle->data;
  c->held--;
  free_client(c);
}

void oh_ws_client_close(struct oh_ws_client *c) {
  if (!c || c->closing) return;
  c->closing = true;
  c->state = ENDED;
  c->stream = NULL;
  oh_streams_close(c->streams);
  uv_cancel((uv_req_t *)&c->resolve); // if it is not done yet
  uv_close((uv_handle_t *)&c->patience, on_patience_closed);
}
