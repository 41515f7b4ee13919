// numbers.c — sequence numbers and timestamps under loss, reordering, duplicates, wraparound, restarts of the
// source, mute and listener switches: what each listener gets, against a model that knows the truth
#include "sfu/rewrite.h"
#include "tests/unit/sfu/scene.h"

enum { STEPS = 2500, HELD = 6 };

// One source packet: true (never wrapping) number, and the source it comes from.
struct sourced {
  int64_t number;
  uint32_t source, timestamp;
};

// What the model says of one listener: what came out, and the mapping that must hold.
struct heard {
  bool any, fresh; // fresh: the next packet begins a new mapping
  int64_t last;    // highest outgoing number, extended by the model
  uint32_t last_ts;
  int64_t last_us, offset; // of the present mapping
  uint32_t ts_offset;
  uint64_t count;
};

struct run {
  struct scene s;
  uint64_t dice;
  struct sourced held[HELD]; // on their way, to be reordered
  size_t held_count;
  uint32_t source;
  int64_t number; // of the next packet of the source
  uint32_t timestamp;
  int64_t highest, first;     // of the present source as received; first of the mapping
  bool got[STEPS * 3 + 1000]; // numbers received of the present source
  bool track_fresh, source_fresh, muted;
  bool enabled[2];
  int64_t enabled_since[2]; // the first number the listener may hear after being switched on
  bool waiting[2];          // for an in-order packet to begin with
  struct heard heard[2];
  size_t seen; // double_sent looked at
};

static uint32_t roll(struct run *r, uint32_t sides) {
  return (uint32_t)(test_next(&r->dice) >> 33) % sides;
}

static void new_source(struct run *r) {
  r->source++;
  r->number = 0;
  r->timestamp = (uint32_t)test_next(&r->dice);
  if (roll(r, 2)) r->timestamp = 0u - 5000; // wraps soon
  r->highest = -1;
  r->first = 0;
  memset(r->got, 0, sizeof r->got);
  r->held_count = 0;
  r->track_fresh = r->source_fresh = true;
}

// The wire's sequence number: some sources start near the wrap.
static uint16_t wire_sequence(const struct sourced *p) {
  return (uint16_t)(p->number + (p->source % 3 == 0 ? 65500 : p->source * 977));
}

// Checks one packet that came out against the model and the properties every listener relies on.
static void check_out(struct heard *h, const struct double_sent *out, const struct sourced *p, int64_t now_us,
                      bool new_mapping, bool other_source) {
  if (!h->any) {
    assert_true(out->header.sequence < 0x8000);
    h->last = out->header.sequence;
    h->last_ts = out->header.timestamp - 1;
    h->last_us = now_us;
    new_mapping = true;
  } else if (new_mapping) {
    assert_int_equal(out->header.sequence, (uint16_t)(h->last + 1));
    uint32_t expected = h->last_ts + (uint32_t)((now_us - h->last_us) * 48 / 1000);
    int32_t drift = (int32_t)(out->header.timestamp - expected);
    assert_true(drift >= -2 * 48000 && drift <= 2 * 48000);
    if (other_source) assert_true(drift >= -1 && drift <= 961);
    h->last++;
  }
  if (new_mapping) {
    assert_true((int32_t)(out->header.timestamp - h->last_ts) > 0);
    h->offset = h->last - p->number;
    h->ts_offset = out->header.timestamp - p->timestamp;
    h->last_ts = out->header.timestamp;
    h->last_us = now_us;
  }
  h->any = true;
  int64_t number = p->number + h->offset;
  assert_int_equal(out->header.sequence, (uint16_t)number);
  assert_int_equal(out->header.timestamp, p->timestamp + h->ts_offset);
  if (number > h->last) {
    assert_true((int32_t)(out->header.timestamp - h->last_ts) > 0);
    h->last = number;
    h->last_ts = out->header.timestamp;
    h->last_us = now_us;
  }
  h->count++;
}

static void deliver(struct run *r, const struct sourced *p) {
  uint8_t buffer[16];
  struct oh_writer w = oh_writer(buffer, sizeof buffer);
  oh_rtpext_write(&w, OH_RTPEXT_ONE_BYTE, SCENE_MID_EXT, "0", 1);
  struct oh_bytes mid = {.data = buffer, .len = oh_writer_len(&w)};
  scene_recv_from(&r->s, 1, 0x1000 + p->source, SCENE_OPUS, wire_sequence(p), p->timestamp, mid, p,
                  sizeof *p);
  // the truth
  bool newest = p->number > r->highest;
  bool fresh = !r->got[p->number] && (r->highest < 0 || p->number > r->highest - 256);
  if (newest) r->highest = p->number;
  if (fresh) r->got[p->number] = true;
  bool accepted = fresh && !r->muted, new_clock = false;
  if (accepted && r->track_fresh) {
    if (newest) {
      r->first = p->number;
      new_clock = r->source_fresh && r->source > 1;
      r->track_fresh = r->source_fresh = false;
    } else {
      accepted = false;
    }
  }
  if (accepted && p->number < r->first) accepted = false;
  for (uint32_t i = 0; i < 2; i++) {
    bool expected = accepted && r->enabled[i];
    if (expected && r->waiting[i]) {
      if (newest) {
        r->waiting[i] = false;
        r->enabled_since[i] = p->number;
      } else {
        expected = false;
      }
    }
    if (expected && p->number < r->enabled_since[i]) expected = false;
    const struct double_sent *out = NULL;
    assert_int_equal(scene_sent(2 + i, r->seen, &out), expected ? 1 : 0);
    if (!expected) continue;
    assert_int_equal(out->len, sizeof *p);
    assert_memory_equal(out->data, p, sizeof *p);
    struct heard *h = &r->heard[i];
    bool begins = h->fresh || r->first == p->number || r->enabled_since[i] == p->number;
    // the listener went along with the track into the new source: its time must continue exactly
    bool other = new_clock && r->enabled_since[i] < p->number;
    check_out(h, out, p, r->s.now_us, begins, other);
    h->fresh = false;
  }
  assert_int_equal(scene_sent(1, r->seen, NULL), 0);
  double_count = r->seen = 0;
}

// Silence frames continue the listener's numbers.
static void pass(struct run *r, int64_t span_us) {
  scene_pass(&r->s, span_us);
  for (size_t i = 0; i < double_count; i++) {
    if (double_sent[i].rtcp) continue;
    assert_in_range(double_sent[i].peer, 2, 3);
    struct heard *h = &r->heard[double_sent[i].peer - 2];
    assert_int_equal(double_sent[i].len, 80);
    assert_int_equal(double_sent[i].header.sequence, (uint16_t)++h->last);
    assert_true((int32_t)(double_sent[i].header.timestamp - h->last_ts) > 0);
    h->last_ts = double_sent[i].header.timestamp;
    h->last_us = double_sent[i].at_us;
    h->fresh = true;
  }
  double_count = r->seen = 0;
}

static void switch_something(struct run *r) {
  switch (roll(r, 4)) {
  case 0:
    new_source(r);
    for (int i = 0; i < 2; i++) {
      r->heard[i].fresh = true;
      r->enabled_since[i] = -1;
    }
    break;
  case 1:
    r->muted = !r->muted;
    r->track_fresh = true;
    oh_sfu_mute_track(r->s.sfu, r->s.now_us, r->s.track, r->muted);
    r->heard[0].fresh = r->heard[1].fresh = true;
    break;
  default: {
    uint32_t i = roll(r, 2);
    r->enabled[i] = !r->enabled[i];
    oh_sfu_disable_subscription(r->s.sfu, r->s.now_us, r->s.subscriptions[i], !r->enabled[i]);
    r->waiting[i] = true;
    r->heard[i].fresh = true;
  }
  }
  if (roll(r, 2)) pass(r, roll(r, 3000) * 1000);
}

static void one_run(uint64_t seed, uint64_t totals[2]) {
  struct run *r = calloc(1, sizeof *r);
  r->dice = seed;
  r->enabled[0] = r->enabled[1] = r->waiting[0] = r->waiting[1] = true;
  scene_open(&r->s);
  struct oh_sfu_receive receive = scene_receive();
  receive.ssrc = 0;
  assert_true(oh_sfu_bind_track(r->s.sfu, r->s.track, 1, &receive));
  scene_listen(&r->s, false, false);
  scene_listen(&r->s, false, false);
  new_source(r);
  for (int step = 0; step < STEPS; step++) {
    pass(r, 20000);
    struct sourced p = {.number = r->number++, .source = r->source, .timestamp = r->timestamp};
    r->timestamp += roll(r, 20) ? 960 : 960 * (1 + roll(r, 20)); // DTX
    if (roll(r, 60) == 0) switch_something(r);
    if (p.source != r->source) continue;
    if (roll(r, 15) == 0) continue; // lost
    if (roll(r, 10) == 0 && r->held_count < HELD) {
      r->held[r->held_count++] = p; // comes later
      continue;
    }
    deliver(r, &p);
    if (roll(r, 12) == 0) deliver(r, &p); // twice
    if (r->held_count && roll(r, 4) == 0) {
      uint32_t which = roll(r, (uint32_t)r->held_count);
      struct sourced late = r->held[which];
      r->held[which] = r->held[--r->held_count];
      deliver(r, &late);
    }
  }
  for (int i = 0; i < 2; i++)
    totals[i] += r->heard[i].count;
  scene_close(&r->s);
  free(r);
}

static void every_listener_gets_what_the_model_says(void **state) {
  (void)state;
  uint64_t totals[2] = {0};
  for (uint64_t seed = 1; seed <= 60; seed++)
    one_run(seed, totals);
  assert_true(totals[0] > 20000 && totals[1] > 20000);
}

static void time_goes_on_over_a_pause(void **state) {
  (void)state;
  struct oh_rewrite r = {0};
  int64_t out;
  uint32_t ts;
  assert_true(oh_rewrite_map(&r, 0, 40000, 1000, true, &out, &ts));
  assert_int_equal(out, 40000 & 0x7fff);
  assert_int_equal(ts, 1000);
  // the source's clock stood still while muted for 10 s: ours did not
  oh_rewrite_restart(&r, false);
  assert_false(oh_rewrite_map(&r, 10000000, 39999, 40, false, &out, &ts));
  assert_true(oh_rewrite_map(&r, 10000000, 40100, 1960, true, &out, &ts));
  assert_int_equal(out, (40000 & 0x7fff) + 1);
  assert_int_equal(ts, 1000 + 480000);
  // a source whose clock ran on keeps its own timestamps
  oh_rewrite_restart(&r, false);
  assert_true(oh_rewrite_map(&r, 15000000, 40200, 1960 + 240480, true, &out, &ts));
  assert_int_equal(ts, 481000 + 240480);
  // but never backwards
  oh_rewrite_restart(&r, false);
  assert_true(oh_rewrite_map(&r, 15000000, 40300, 1960 + 230000, true, &out, &ts));
  assert_int_equal(ts, 481000 + 240481);
  // a made-up packet, then the next mapping
  oh_rewrite_next(&r, 15020000, &out, &ts);
  assert_int_equal(out, (40000 & 0x7fff) + 4);
  assert_int_equal(ts, 481000 + 240481 + 960);
}

static void empty_packets_leave_no_gap(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  scene_recv(&s, SCENE_OPUS, 10, 960, "a", 1);
  scene_recv(&s, SCENE_OPUS, 13, 3840, "d", 1);
  scene_recv(&s, SCENE_OPUS, 14, 3840, NULL, 0);
  scene_recv(&s, SCENE_OPUS, 15, 4800, "e", 1);
  scene_recv(&s, SCENE_OPUS, 11, 1920, "b", 1); // late, from before the closed-up one
  scene_recv(&s, SCENE_OPUS, 16, 4800, NULL, 0);
  scene_recv(&s, SCENE_OPUS, 17, 4800, NULL, 0);
  scene_recv(&s, SCENE_OPUS, 18, 5760, "f", 1);
  static const uint16_t expected[] = {10, 13, 14, 11, 15};
  assert_int_equal(double_count, 5);
  for (size_t i = 0; i < 5; i++)
    assert_int_equal(double_sent[i].header.sequence, expected[i]);
  assert_int_equal(scene_counted(&s, OH_COUNT_rtp_drop_empty), 3);
  scene_close(&s);
}

static void a_wild_jump_must_be_confirmed(void **state) {
  (void)state;
  struct scene s;
  scene_open(&s);
  scene_bind(&s);
  scene_listen(&s, false, false);
  scene_recv(&s, SCENE_OPUS, 10, 960, "a", 1);
  s.now_us += 20000;
  scene_recv(&s, SCENE_OPUS, 20000, 5, "b", 1); // one stray packet changes nothing
  scene_recv(&s, SCENE_OPUS, 11, 1920, "c", 1);
  assert_int_equal(double_count, 2);
  assert_int_equal(double_sent[1].header.sequence, 11);
  s.now_us += 20000;
  scene_recv(&s, SCENE_OPUS, 20000, 5, "d", 1);
  scene_recv(&s, SCENE_OPUS, 20001, 965, "e", 1); // two in a row: the source restarted
  scene_recv(&s, SCENE_OPUS, 20002, 1925, "f", 1);
  assert_int_equal(double_count, 4);
  assert_int_equal(double_sent[2].header.sequence, 12);
  assert_int_equal(double_sent[2].header.timestamp, 1920 + 960);
  assert_int_equal(double_sent[3].header.sequence, 13);
  scene_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_listener_gets_what_the_model_says),
      cmocka_unit_test(time_goes_on_over_a_pause),
      cmocka_unit_test(empty_packets_leave_no_gap),
      cmocka_unit_test(a_wild_jump_must_be_confirmed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
