// stage.c — see stage.h
#include "tests/sim/stage.h"
#include "base/check.h"
#include "base/heap.h"
#include "livekit/token.h"
#include <stdarg.h>
#include <stdio.h>

enum { WORD_US = 60 * 1000, WORD_SAMPLES = 2880, GRACE_US = 1500 * 1000 };
static const struct oh_key KEY = {.id = "APIsim", .secret = "a secret of the simulator, 32 bytes or more"};
static const struct oh_keys KEYS = {.items = &KEY, .count = 1};
static const int64_t UNIX_US = INT64_C(1790000000) * 1000000;

struct word { // what a talker says: who, where, which life, which word
  uint8_t toc, room, caller, life;
  uint32_t counter;
};

void sim_fail(struct sim_stage *s, const char *format, ...) {
  if (s->failure[0]) return;
  va_list args;
  va_start(args, format);
  vsnprintf(s->failure, sizeof s->failure, format, args);
  va_end(args);
}

void sim_say(struct sim_stage *s, const char *format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  for (int i = 0; i < n && i < (int)sizeof line - 1; i++) // FNV-1a over the log
    s->digest = (s->digest ^ (uint8_t)line[i]) * 0x100000001b3u;
  s->digest = (s->digest ^ (uint64_t)s->now_us) * 0x100000001b3u;
  if (s->verbose) printf("%10.3f %s\n", (double)s->now_us / 1e6, line);
}

static void log_line(void *ctx, enum oh_log_level level, const char *message, const char *fields) {
  struct sim_stage *s = ctx;
  if (s->verbose && level >= OH_LOG_INFO)
    printf("%10.3f   server: %s %s\n", (double)s->now_us / 1e6, message, fields);
}

static struct sim_caller *by_address(struct sim_stage *s, const struct oh_addr *to, unsigned *leg) {
  for (uint32_t i = 0; i < s->caller_count; i++)
    for (*leg = 0; *leg < OH_CALLER_LEGS; ++*leg)
      if (oh_addr_eq(&s->callers[i].address[*leg], to)) return &s->callers[i];
  return NULL;
}

// The server's datagrams go out.
static void server_flush(void *ctx, struct oh_outbox *out) {
  struct sim_stage *s = ctx;
  for (uint32_t i = 0; i < out->used; i++) {
    unsigned leg;
    struct sim_caller *c = by_address(s, &out->slots[i].to, &leg);
    if (!c) continue; // an address whose NAT binding has gone: the network drops it
    const struct oh_addr *from = out->slots[i].to.proto == OH_TCP ? &s->media[1] : &s->media[0];
    sim_network_datagram(&s->network, s->now_us, &c->weather, false, c->number, from, &out->slots[i].to,
                         out->slots[i].data, out->slots[i].len, &c->stream_down_us[leg]);
  }
}

// A caller's datagrams go out; which leg it was is told by the outbox.
static void caller_flush(void *ctx, struct oh_outbox *out) {
  struct sim_caller *c = ctx;
  struct sim_stage *s = c->stage;
  unsigned leg = out == &c->out[1];
  for (uint32_t i = 0; i < out->used; i++)
    sim_network_datagram(&s->network, s->now_us, &c->weather, true, c->number, &c->address[leg],
                         &out->slots[i].to, out->slots[i].data, out->slots[i].len, &c->stream_up_us[leg]);
}

static void open_house(struct sim_stage *s) {
  struct oh_house_config config = {.server_version = "1.13.5",
                                   .node_id = "ND_simsimsi",
                                   .region = "",
                                   .api_key = KEY.id,
                                   .api_secret = KEY.secret,
                                   .candidates = s->media,
                                   .candidate_count = 2,
                                   .empty_timeout_s = 300,
                                   .departure_timeout_s = 20,
                                   .auto_create = true,
                                   .active_level = 35,
                                   .min_percentile = 40,
                                   .update_interval_ms = 400,
                                   .smooth_intervals = 2,
                                   .rooms = 16,
                                   .participants = 64};
  s->house = oh_house_open(&s->world, s->identity, &config, &s->out);
  OH_CHECK(s->house);
}

static void name_addresses(struct sim_stage *s, struct sim_caller *c) {
  for (unsigned leg = 0; leg < OH_CALLER_LEGS; leg++) {
    c->address[leg] = (struct oh_addr){.ip = {203, 0, 113, (uint8_t)(c->number + 1)},
                                       .port = (uint16_t)(1024 + sim_below(&s->random, 60000)),
                                       .family = OH_ADDR_V4,
                                       .proto = c->tcp ? OH_TCP : OH_UDP,
                                       .stream = c->tcp ? sim_below(&s->random, 1u << 30) + 1 : 0};
  }
}

void sim_stage_open(struct sim_stage *s, uint64_t seed, struct oh_identity *identity, bool verbose) {
  *s = (struct sim_stage){.seed = seed, .identity = identity, .verbose = verbose, .now_us = 1000000};
  s->random.state = seed * 0x2545F4914F6CDD1Du + 1;
  s->entropy.state = seed ^ 0x656e74726f7079u;
  s->digest = 0xcbf29ce484222325u;
  sim_network_init(&s->network, seed);
  s->world.random = (struct oh_random){.fill = sim_fill, .ctx = &s->entropy};
  s->world.log = (struct oh_log){.level = OH_LOG_INFO, .line = log_line, .ctx = s};
  s->world.unix_offset_us = UNIX_US;
  s->media[0] =
      (struct oh_addr){.ip = {198, 51, 100, 1}, .port = 7882, .family = OH_ADDR_V4, .proto = OH_UDP};
  s->media[1] = s->media[0];
  s->media[1].proto = OH_TCP;
  oh_outbox_init(&s->out, server_flush, s);
  open_house(s);
}

void sim_stage_close(struct sim_stage *s) {
  for (uint32_t i = 0; i < SIM_CALLERS; i++) {
    struct sim_caller *c = &s->callers[i];
    if (c->caller) oh_caller_close(c->caller);
    for (unsigned leg = 0; leg < OH_CALLER_LEGS; leg++)
      if (c->out[leg].slots) oh_outbox_fini(&c->out[leg]);
  }
  oh_house_close(s->house);
  oh_outbox_fini(&s->out);
  sim_network_fini(&s->network);
}

// One word of `talker` reached `listener`: is that right?
static void hear(struct sim_stage *s, struct sim_caller *listener, struct oh_bytes opus) {
  struct word word;
  if (opus.len != sizeof word) {
    if (opus.len >= 3 && opus.data[0] == 0xF8) return; // a silence frame of the server
    sim_fail(s, "caller %u heard %zu bytes that nobody said", listener->number, opus.len);
    return;
  }
  memcpy(&word, opus.data, sizeof word);
  if (word.caller >= s->caller_count || word.room != listener->room || word.caller == listener->number) {
    sim_fail(s, "caller %u of room %u heard caller %u of room %u", listener->number, listener->room,
             word.caller, word.room);
    return;
  }
  struct sim_caller *talker = &s->callers[word.caller];
  if (listener->heard_life[word.caller] != word.life) {
    listener->heard_life[word.caller] = word.life;
    listener->heard[word.caller] = word.counter;
    listener->recent[word.caller] = 1;
  } else if (word.counter > listener->heard[word.caller]) {
    uint32_t ahead = word.counter - listener->heard[word.caller];
    listener->recent[word.caller] = ahead < 64 ? listener->recent[word.caller] << ahead | 1 : 1;
    listener->heard[word.caller] = word.counter;
  } else {
    uint32_t behind = listener->heard[word.caller] - word.counter;
    if (behind < 64 && (listener->recent[word.caller] >> behind & 1))
      sim_fail(s, "caller %u heard word %u of caller %u twice", listener->number, word.counter, word.caller);
    if (behind < 64) listener->recent[word.caller] |= UINT64_C(1) << behind;
  }
  listener->heard_us[word.caller] = s->now_us;
  if (talker->muted && s->now_us - talker->muted_us > GRACE_US && talker->life == word.life)
    sim_fail(s, "caller %u hears caller %u who is muted", listener->number, word.caller);
}

static void dial(struct sim_stage *s, struct sim_caller *c) {
  char request[70 * 1024];
  const char *path = oh_caller_path(c->caller), *token = oh_caller_token(c->caller);
  size_t path_len = strlen(path) + 1, token_len = strlen(token);
  OH_CHECK(path_len + token_len <= sizeof request);
  memcpy(request, path, path_len);
  memcpy(request + path_len, token, token_len);
  if (c->line_open)
    sim_network_frame(&s->network, s->now_us, &c->weather, true, c->number, c->line, SIM_HANGUP, false, NULL,
                      0, &c->to_server_us);
  c->line_open = false;
  c->line++;
  sim_network_frame(&s->network, s->now_us, &c->weather, true, c->number, c->line, SIM_DIAL, false,
                    (uint8_t *)request, path_len + token_len, &c->to_server_us);
}

static void drain_caller(struct sim_stage *s, struct sim_caller *c) {
  static const char *const names[] = {"?",     "dials",        "joined",  "connected", "published",
                                      "audio", "reconnecting", "resumed", "left"};
  struct oh_caller_event event;
  while (c->caller && oh_caller_next(c->caller, &event)) {
    if (event.type == OH_CALLER_AUDIO) {
      hear(s, c, event.opus);
      continue;
    }
    sim_say(s, "caller %u %s %d", c->number, names[event.type], event.reason);
    if (event.type == OH_CALLER_DIAL) dial(s, c);
    if (event.type == OH_CALLER_LEFT) c->left = true;
  }
  uint8_t *data;
  size_t len;
  while (c->caller && c->line_open && oh_caller_next_frame(c->caller, &data, &len)) {
    sim_network_frame(&s->network, s->now_us, &c->weather, true, c->number, c->line, SIM_FRAME, false, data,
                      len, &c->to_server_us);
    free(data);
  }
  for (unsigned leg = 0; leg < OH_CALLER_LEGS; leg++)
    oh_outbox_flush(&c->out[leg]);
}

static void drain_house(struct sim_stage *s) {
  struct oh_frame frame;
  while (oh_house_next_frame(s->house, &frame)) {
    struct sim_caller *c = NULL;
    for (uint32_t i = 0; i < s->caller_count; i++)
      if (s->callers[i].session == frame.session) c = &s->callers[i];
    if (c) {
      enum sim_parcel_kind kind = frame.kind <= OH_FRAME_TEXT ? SIM_FRAME : SIM_HANGUP;
      sim_network_frame(&s->network, s->now_us, &c->weather, false, c->number, c->line, kind,
                        frame.kind == OH_FRAME_TEXT, frame.data, frame.len, &c->to_caller_us);
      if (kind == SIM_HANGUP) {
        oh_house_signal_closed(s->house, s->now_us, c->session);
        c->session = 0;
      }
    }
    free(frame.data);
  }
  oh_outbox_flush(&s->out);
}

static void accept_dial(struct sim_stage *s, struct sim_caller *c, const struct sim_parcel *p) {
  if (c->session) oh_house_signal_closed(s->house, s->now_us, c->session);
  c->session = 0;
  const char *request = (const char *)p->data;
  size_t path_len = strnlen(request, p->len);
  struct oh_str path = {.data = request, .len = path_len};
  char authorization[8300];
  int n = snprintf(authorization, sizeof authorization, "Bearer %.*s", (int)(p->len - path_len - 1),
                   request + path_len + 1);
  struct oh_join_query query = {.path = oh_str_cut(&path, '?'), .upgrade = true};
  query.query = path;
  query.authorization = (struct oh_str){.data = authorization, .len = (size_t)n};
  struct oh_join *join = calloc(1, sizeof *join);
  struct oh_admission admission = {0};
  char refusal[256];
  OH_CHECK(join);
  int status = oh_join_read(&query, &KEYS, oh_unix_us(&s->world, s->now_us), join, refusal);
  if (status == 0) {
    oh_house_join(s->house, s->now_us, join, &admission);
    status = admission.status;
    oh_join_fini(join);
  }
  free(join);
  sim_say(s, "server answers caller %u: %d", c->number, status);
  uint8_t bytes[2] = {(uint8_t)(status >> 8), (uint8_t)status};
  if (status == 101) c->session = admission.session;
  sim_network_frame(&s->network, s->now_us, &c->weather, false, c->number, p->line,
                    status == 101 ? SIM_OPEN : SIM_REFUSED, false, bytes, sizeof bytes, &c->to_caller_us);
}

static void deliver_to_server(struct sim_stage *s, struct sim_parcel *p) {
  struct sim_caller *c = &s->callers[p->host];
  switch (p->kind) {
  case SIM_DATAGRAM: oh_house_datagram(s->house, s->now_us, &p->from, p->data, p->len); break;
  case SIM_DIAL: accept_dial(s, c, p); break;
  case SIM_FRAME:
    if (c->session && p->line == c->line)
      oh_house_recv(s->house, s->now_us, c->session, p->text, p->data, p->len);
    break;
  case SIM_HANGUP:
    if (c->session && p->line == c->line) {
      oh_house_signal_closed(s->house, s->now_us, c->session);
      c->session = 0;
    }
    break;
  default: break;
  }
}

static void deliver_to_caller(struct sim_stage *s, struct sim_parcel *p) {
  struct sim_caller *c = &s->callers[p->host];
  unsigned leg;
  if (!c->caller) { // nobody holds that socket any more: his machine resets the connection
    if (p->kind == SIM_OPEN)
      sim_network_frame(&s->network, s->now_us, &c->weather, true, c->number, p->line, SIM_HANGUP, false,
                        NULL, 0, &c->to_server_us);
    return;
  }
  if (p->kind == SIM_DATAGRAM) {
    if (by_address(s, &p->to, &leg) == c) {
      struct oh_addr from = p->from;
      if (from.proto == OH_TCP) from.stream = p->to.stream;
      oh_caller_datagram(c->caller, s->now_us, leg, &from, p->data, p->len);
    }
    return;
  }
  if (p->line != c->line) return; // of a socket the caller has closed
  switch (p->kind) {
  case SIM_OPEN:
    c->line_open = true;
    oh_caller_signal_open(c->caller, s->now_us);
    break;
  case SIM_REFUSED: oh_caller_signal_closed(c->caller, s->now_us, p->data[0] << 8 | p->data[1]); break;
  case SIM_FRAME: oh_caller_recv(c->caller, s->now_us, p->data, p->len); break;
  case SIM_HANGUP:
    c->line_open = false;
    oh_caller_signal_closed(c->caller, s->now_us, 0);
    break;
  default: break;
  }
}

static void speak(struct sim_stage *s, struct sim_caller *c) {
  struct word word = {.toc = 0x78,
                      .room = (uint8_t)c->room,
                      .caller = (uint8_t)c->number,
                      .life = (uint8_t)c->life,
                      .counter = ++c->counter};
  c->next_word_us += WORD_US;
  oh_caller_send(c->caller, s->now_us, (const uint8_t *)&word, sizeof word, WORD_SAMPLES, 20);
}

static int64_t next_deadline(const struct sim_stage *s) {
  int64_t first = sim_network_deadline(&s->network), own = oh_house_deadline(s->house);
  if (own < first) first = own;
  for (uint32_t i = 0; i < s->caller_count; i++) {
    const struct sim_caller *c = &s->callers[i];
    if (!c->caller) continue;
    own = oh_caller_deadline(c->caller);
    if (own < first) first = own;
    if (c->next_word_us < first) first = c->next_word_us;
  }
  return first;
}

void sim_stage_run(struct sim_stage *s, int64_t until_us) {
  uint32_t idle = 0;
  while (!s->failure[0]) {
    int64_t next = next_deadline(s);
    if (next > until_us) break;
    idle = next > s->now_us ? 0 : idle + 1;
    if (idle > 10000)
      sim_fail(s, "time does not move: a machine keeps asking for a deadline that has passed");
    if (next > s->now_us) s->now_us = next;
    struct sim_parcel parcel;
    while (sim_network_take(&s->network, s->now_us, &parcel)) {
      idle = 0;
      (parcel.to_server ? deliver_to_server : deliver_to_caller)(s, &parcel);
      if (parcel.to_server)
        drain_house(s);
      else
        drain_caller(s, &s->callers[parcel.host]);
      free(parcel.data);
    }
    if (oh_house_deadline(s->house) <= s->now_us) oh_house_tick(s->house, s->now_us);
    drain_house(s);
    for (uint32_t i = 0; i < s->caller_count; i++) {
      struct sim_caller *c = &s->callers[i];
      if (!c->caller) continue;
      if (oh_caller_deadline(c->caller) <= s->now_us) oh_caller_tick(c->caller, s->now_us);
      if (c->next_word_us <= s->now_us) speak(s, c);
      drain_caller(s, c);
    }
  }
  if (!s->failure[0]) s->now_us = until_us;
}

void sim_enter(struct sim_stage *s, uint32_t number) {
  struct sim_caller *c = &s->callers[number];
  OH_CHECK(!c->caller);
  if (number >= s->caller_count) s->caller_count = number + 1;
  c->stage = s;
  c->number = number;
  c->life++;
  c->muted = c->left = false;
  c->world.random = s->world.random;
  c->world.unix_offset_us = UNIX_US;
  for (unsigned leg = 0; leg < OH_CALLER_LEGS; leg++)
    if (!c->out[leg].slots) oh_outbox_init(&c->out[leg], caller_flush, c);
  name_addresses(s, c);
  char identity[32], room[32];
  snprintf(identity, sizeof identity, "caller-%u", number);
  snprintf(room, sizeof room, "room-%u", c->room);
  struct oh_claims claims;
  oh_claims_init(&claims);
  free(claims.identity);
  free(claims.video.room);
  claims.identity = oh_str_dup(oh_str(identity));
  claims.video.room = oh_str_dup(oh_str(room));
  claims.has_video = claims.video.room_join = true;
  int64_t unix_us = oh_unix_us(&s->world, s->now_us); // minted by the server: its clock counts
  claims.expires_unix_s = unix_us / 1000000 + 24 * 3600;
  char *token = oh_token_write(&claims, &KEY);
  oh_claims_fini(&claims);
  struct oh_caller_config config = {.token = token,
                                    .two_peer_connections = c->two_peer_connections,
                                    .publish = true,
                                    .tcp = c->tcp,
                                    .max_attempts = 30,
                                    .out = {&c->out[0], &c->out[1]},
                                    .stream = {c->address[0].stream, c->address[1].stream}};
  c->next_word_us = s->now_us + sim_below(&s->random, WORD_US);
  c->caller = oh_caller_open(&c->world, s->identity, s->now_us, &config);
  free(token);
  sim_say(s, "caller %u enters room %u%s%s", number, c->room, c->two_peer_connections ? " dual" : "",
          c->tcp ? " tcp" : "");
  drain_caller(s, c);
}

static void gone(struct sim_caller *c) {
  oh_caller_close(c->caller);
  c->caller = NULL;
  c->line_open = false;
}

void sim_leave(struct sim_stage *s, uint32_t number) {
  struct sim_caller *c = &s->callers[number];
  if (!c->caller) return;
  sim_say(s, "caller %u leaves", number);
  oh_caller_leave(c->caller);
  drain_caller(s, c);
  if (c->line_open)
    sim_network_frame(&s->network, s->now_us, &c->weather, true, number, c->line, SIM_HANGUP, false, NULL, 0,
                      &c->to_server_us);
  gone(c);
}

void sim_vanish(struct sim_stage *s, uint32_t number) {
  struct sim_caller *c = &s->callers[number];
  if (!c->caller) return;
  sim_say(s, "caller %u vanishes", number);
  struct sim_weather before = c->weather;
  c->weather.down = true; // its goodbye is not heard
  gone(c);
  for (unsigned leg = 0; leg < OH_CALLER_LEGS; leg++)
    oh_outbox_flush(&c->out[leg]);
  c->weather = before;
}

void sim_mute(struct sim_stage *s, uint32_t number, bool muted) {
  struct sim_caller *c = &s->callers[number];
  if (!c->caller) return;
  sim_say(s, "caller %u %s", number, muted ? "mutes" : "unmutes");
  c->muted = muted;
  c->muted_us = s->now_us;
  oh_caller_mute(c->caller, muted);
  drain_caller(s, c);
}

void sim_rebind(struct sim_stage *s, uint32_t number) {
  struct sim_caller *c = &s->callers[number];
  if (c->tcp) return; // a TCP stream does not survive it; that is a cut
  sim_say(s, "caller %u is rebound", number);
  name_addresses(s, c);
}

void sim_cut_line(struct sim_stage *s, uint32_t number) {
  struct sim_caller *c = &s->callers[number];
  if (!c->caller || !c->line_open) return;
  sim_say(s, "line of caller %u is cut", number);
  if (c->session) oh_house_signal_closed(s->house, s->now_us, c->session);
  c->session = 0;
  c->line_open = false;
  oh_caller_signal_closed(c->caller, s->now_us, 0);
  drain_house(s);
  drain_caller(s, c);
}

// The door cuts a reader that does not read: the server knows at once, the caller when its socket ends.
void sim_cut_slow_reader(struct sim_stage *s, uint32_t number) {
  struct sim_caller *c = &s->callers[number];
  if (!c->caller || !c->session) return;
  sim_say(s, "caller %u reads too slowly", number);
  oh_house_signal_closed(s->house, s->now_us, c->session);
  c->session = 0;
  sim_network_frame(&s->network, s->now_us, &c->weather, false, number, c->line, SIM_HANGUP, false, NULL, 0,
                    &c->to_caller_us);
  drain_house(s);
}

void sim_jump_clock(struct sim_stage *s, int64_t by_us) {
  sim_say(s, "the wall clock jumps by %lld s", (long long)(by_us / 1000000));
  s->world.unix_offset_us += by_us;
}

void sim_restart_server(struct sim_stage *s) {
  sim_say(s, "the server is killed and restarted");
  oh_outbox_flush(&s->out);
  oh_house_close(s->house);
  s->out.used = 0; // what it wanted to say dies with it
  open_house(s);
  for (uint32_t i = 0; i < s->caller_count; i++) {
    struct sim_caller *c = &s->callers[i];
    c->session = 0;
    if (!c->caller || !c->line_open) continue;
    c->line_open = false;
    oh_caller_signal_closed(c->caller, s->now_us, 0);
    drain_caller(s, c);
  }
}

bool sim_everybody_hears(struct sim_stage *s, int64_t since_us) {
  for (uint32_t a = 0; a < s->caller_count; a++)
    for (uint32_t b = 0; b < s->caller_count; b++) {
      struct sim_caller *listener = &s->callers[a], *talker = &s->callers[b];
      if (a == b || !listener->caller || !talker->caller || listener->room != talker->room || talker->muted)
        continue;
      if (listener->heard_us[b] < since_us || listener->heard_life[b] != (uint8_t)talker->life)
        sim_fail(s, "caller %u does not hear caller %u (last at %.1f s)", a, b,
                 (double)listener->heard_us[b] / 1e6);
    }
  return !s->failure[0];
}
