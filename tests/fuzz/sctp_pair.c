// sctp_pair.c — two associations against each other over a line that loses, doubles, delays and damages
// packets. As long as damage shows in the checksum: what is delivered is what was sent, once, in order where
// that was asked for, and whole where it was to be reliable, over stream resets too. With damage behind a
// right checksum (a hostile peer in the middle of an association): memory is bounded and nothing spins.
//
// Input: {options, loss, doubling, delay, damage, seed}, then steps of {what, stream and order, two bytes}.
#include "base/check.h"
#include "base/heap.h"
#include "base/limits.h"
#include "rtc/sctp.h"
#include "wire/sctp.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
  FLYING_MAX = 400,
  LETTERS_MAX = 200,
  STEPS_MAX = 120,
  TURNS_MAX = 6000, // packets and timers of one run
  STREAMS = 4,
  DELAY_US = 10000,
  LATE_US = 400000,
  HEADER = 6,
  LETTER_MIN = 4,
  OPTION_HOSTILE = 1, // damage has a right checksum
  OPTION_UNSUMMED = 2,
  OPTION_BOTH_CONNECT = 4,
};

struct flying {
  int64_t at_us;
  int to;
  size_t len;
  uint8_t bytes[OH_SCTP_PACKET_MAX];
};
struct letter { // its number is its index, and its first bytes
  uint16_t stream;
  bool ordered, reliable, delivered;
  size_t len;
};
struct end {
  struct stage *stage;
  int number;
  struct oh_sctp *sctp;
  struct letter letters[LETTERS_MAX]; // that it sent
  uint32_t letter_count;
  int32_t last[STREAMS]; // the last ordered letter that it was given
  uint32_t ups, resets_asked, resets_done;
  bool down, lazy;
};
struct stage {
  struct oh_world world;
  uint64_t random, fate;
  uint8_t options, loss, doubling, late, damage;
  int64_t now_us;
  struct flying flying[FLYING_MAX];
  uint32_t count;
  bool tainted; // somebody was told what nobody had sent
  struct end ends[2];
};

static uint32_t next(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}
static void fill(void *ctx, void *buffer, size_t len) {
  for (size_t i = 0; i < len; i++)
    ((uint8_t *)buffer)[i] = (uint8_t)next(ctx);
}
static bool chance(struct stage *s, uint8_t of_512) {
  return next(&s->fate) % 512 < of_512;
}

static void damage(struct stage *s, uint8_t *packet, size_t len) {
  bool unsummed = oh_load_u32_be(packet + 8) == 0;
  for (uint32_t i = next(&s->fate) % 3 + 1; i > 0; i--)
    packet[next(&s->fate) % len] ^= (uint8_t)(next(&s->fate) % 255 + 1);
  struct oh_sctp_packet read;
  if (s->options & OPTION_HOSTILE) {
    oh_sctp_sum(packet, len);
    s->tainted = true;
  } else if (unsummed || !oh_sctp_read(&read, packet, len) || read.unsummed || read.intact) {
    s->tainted = true; // nothing guards it
  }
}

static void put(struct stage *s, int to, int64_t at_us, const uint8_t *packet, size_t len) {
  if (s->count == FLYING_MAX) return; // lost, as in a queue that is full
  struct flying *f = &s->flying[s->count++];
  *f = (struct flying){.at_us = at_us, .to = to, .len = len};
  memcpy(f->bytes, packet, len);
  if (chance(s, s->damage)) damage(s, f->bytes, len);
}
static void take(void *ctx, int64_t now_us, const uint8_t *packet, size_t len) {
  struct end *end = ctx;
  struct stage *s = end->stage;
  OH_CHECK(len >= OH_SCTP_HEADER && len <= OH_SCTP_PACKET_MAX);
  if (chance(s, s->loss)) return;
  int64_t at_us = now_us + DELAY_US + (chance(s, s->late) ? next(&s->fate) % LATE_US : 0);
  put(s, !end->number, at_us, packet, len);
  if (chance(s, s->doubling)) put(s, !end->number, at_us + DELAY_US, packet, len);
}

// ---- letters

static void write_letter(uint8_t *bytes, uint32_t number, size_t len) {
  oh_store_u32_be(bytes, number);
  for (size_t i = LETTER_MIN; i < len; i++)
    bytes[i] = (uint8_t)(number * 31 + i * 7);
}
static void post(struct end *end, uint8_t how, uint16_t length) {
  struct stage *s = end->stage;
  if (end->letter_count == LETTERS_MAX) return;
  struct letter letter = {.stream = how % STREAMS,
                          .ordered = !(how & 4),
                          .reliable = !(how & 24),
                          .len = LETTER_MIN + (how & 32 ? length % 40000 : length % 1500)};
  const struct oh_outbound_order order = {.ppid = 53,
                                          .unordered = !letter.ordered,
                                          .max_retransmits = how & 8 ? how >> 6 : -1,
                                          .expires_us = how & 16 ? s->now_us + 1000 * (how >> 6) : OH_NEVER};
  uint8_t *bytes = malloc(letter.len);
  OH_CHECK(bytes);
  write_letter(bytes, end->letter_count, letter.len);
  if (oh_sctp_send(end->sctp, s->now_us, letter.stream, &order, (struct oh_bytes){bytes, letter.len}))
    end->letters[end->letter_count++] = letter;
  free(bytes);
}

static void judge(struct end *to, struct end *from, const struct oh_sctp_event *e) {
  OH_CHECK(e->data.len >= LETTER_MIN && e->ppid == 53);
  uint32_t number = oh_load_u32_be(e->data.data);
  OH_CHECK(number < from->letter_count);
  struct letter *letter = &from->letters[number];
  OH_CHECK(!letter->delivered && letter->stream == e->stream && letter->len == e->data.len);
  letter->delivered = true;
  uint8_t *right = malloc(letter->len);
  OH_CHECK(right);
  write_letter(right, number, letter->len);
  OH_CHECK(memcmp(right, e->data.data, letter->len) == 0);
  free(right);
  if (!letter->ordered) return;
  OH_CHECK((int32_t)number > to->last[letter->stream]);
  for (uint32_t i = (uint32_t)(to->last[letter->stream] + 1); i < number; i++) {
    const struct letter *skipped = &from->letters[i];
    OH_CHECK(skipped->stream != letter->stream || !skipped->ordered || !skipped->reliable);
  }
  to->last[letter->stream] = (int32_t)number;
}

static void fetch(struct end *end) {
  struct stage *s = end->stage;
  struct oh_sctp_event e;
  while (!end->lazy && oh_sctp_next(end->sctp, &e)) {
    if (e.type == OH_SCTP_UP) end->ups++;
    if (e.type == OH_SCTP_DOWN) end->down = true;
    if (e.type == OH_SCTP_STREAM_RESET) end->resets_done++;
    if (e.type == OH_SCTP_MESSAGE) OH_CHECK(e.data.len > 0 && e.data.len <= OH_CHANNEL_MESSAGE_MAX);
    if (s->tainted) continue;
    OH_CHECK(e.type != OH_SCTP_RESTARTED);
    if (e.type == OH_SCTP_MESSAGE) judge(end, &s->ends[!end->number], &e);
  }
  struct oh_sctp_stats stats;
  oh_sctp_read_stats(end->sctp, &stats);
  OH_CHECK(stats.queued_bytes <= OH_SCTP_SEND_MAX);
  OH_CHECK(stats.receive_bytes <= OH_SCTP_RECEIVE_MAX + OH_CHANNEL_MESSAGE_MAX + 70000);
}

// ---- time

// The next packet or timer up to `until_us`; false when there is none.
static bool turn(struct stage *s, int64_t until_us) {
  uint32_t first = 0;
  for (uint32_t i = 1; i < s->count; i++)
    if (s->flying[i].at_us < s->flying[first].at_us) first = i;
  int64_t packet_us = s->count ? s->flying[first].at_us : OH_NEVER;
  int64_t timer_us[2] = {oh_sctp_deadline(s->ends[0].sctp), oh_sctp_deadline(s->ends[1].sctp)};
  int who = timer_us[1] < timer_us[0];
  int64_t next_us = packet_us <= timer_us[who] ? packet_us : timer_us[who];
  if (next_us > until_us) return false;
  if (next_us > s->now_us) s->now_us = next_us;
  if (packet_us > timer_us[who]) {
    oh_sctp_tick(s->ends[who].sctp, s->now_us);
    OH_CHECK(oh_sctp_deadline(s->ends[who].sctp) > s->now_us);
  } else {
    struct flying *f = &s->flying[first];
    uint8_t *exact = malloc(f->len); // so that reading beyond the end is seen
    OH_CHECK(exact);
    size_t len = f->len;
    who = f->to;
    memcpy(exact, f->bytes, len);
    memmove(f, f + 1, (s->count - first - 1) * sizeof *f);
    s->count--;
    oh_sctp_recv(s->ends[who].sctp, s->now_us, exact, len);
    free(exact);
  }
  fetch(&s->ends[who]);
  return true;
}

static void play(struct stage *s, struct oh_reader *r) {
  int turns = 0;
  for (int step = 0; step < STEPS_MAX && oh_reader_left(r) >= 4; step++) {
    uint8_t what = oh_read_u8(r), how = oh_read_u8(r);
    uint16_t number = oh_read_u16_be(r);
    struct end *end = &s->ends[what >> 7];
    switch (what % 8) {
    case 0:
    case 1:
    case 2: post(end, how, number); break;
    case 3:
      oh_sctp_reset(end->sctp, s->now_us, how % STREAMS);
      end->resets_asked++;
      break;
    case 4:
      end->lazy = how & 1;
      fetch(end);
      oh_sctp_tell_window(end->sctp, s->now_us);
      break;
    case 5:
      if (how == 0) oh_sctp_shutdown(end->sctp, s->now_us), s->ends[0].down = true;
      break;
    default: {
      int64_t until_us = s->now_us + (int64_t)(number % 3000) * 1000;
      while (turns < TURNS_MAX && turn(s, until_us))
        turns++;
      if (s->now_us < until_us) s->now_us = until_us;
    }
    }
  }
}

// The line is good again: everything reliable arrives, unless an association has given up before.
static void settle(struct stage *s) {
  s->loss = s->doubling = s->late = s->damage = 0;
  int64_t until_us = s->now_us + 300 * 1000000LL;
  for (int i = 0; i < 2; i++) {
    s->ends[i].lazy = false;
    fetch(&s->ends[i]);
    oh_sctp_tell_window(s->ends[i].sctp, s->now_us);
  }
  int turns = 0;
  while (turns < TURNS_MAX && turn(s, until_us))
    turns++;
  if (s->tainted || s->ends[0].down || s->ends[1].down || turns == TURNS_MAX) return;
  for (int i = 0; i < 2; i++) {
    OH_CHECK(s->ends[i].ups == 1);
    for (uint32_t n = 0; n < s->ends[i].letter_count; n++)
      OH_CHECK(s->ends[i].letters[n].delivered || !s->ends[i].letters[n].reliable);
  }
}

static void open_end(struct stage *s, int i) {
  struct end *end = &s->ends[i];
  end->stage = s;
  end->number = i;
  memset(end->last, 0xff, sizeof end->last);
  const struct oh_sctp_config config = {
      .send = take, .ctx = end, .zero_checksum = (s->options & OPTION_UNSUMMED) != 0};
  end->sctp = oh_sctp_open(&s->world, &config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < HEADER) return 0;
  struct stage *s = calloc(1, sizeof *s);
  OH_CHECK(s);
  struct oh_reader r = oh_reader(data, size);
  s->options = oh_read_u8(&r);
  s->random = 1;
  s->world.random = (struct oh_random){.fill = fill, .ctx = &s->random};
  s->now_us = 1000000;
  for (int i = 0; i < 2; i++)
    open_end(s, i);
  oh_sctp_connect(s->ends[0].sctp, s->now_us);
  if (s->options & OPTION_BOTH_CONNECT) oh_sctp_connect(s->ends[1].sctp, s->now_us);
  while (turn(s, s->now_us + DELAY_US)) // they meet on a good line
    ;
  s->loss = oh_read_u8(&r);
  s->doubling = oh_read_u8(&r);
  s->late = oh_read_u8(&r);
  s->damage = oh_read_u8(&r);
  s->fate = oh_read_u8(&r) + 1u;
  play(s, &r);
  settle(s);
  for (int i = 0; i < 2; i++)
    oh_sctp_close(s->ends[i].sctp);
  free(s);
  return 0;
}
