// twcc.c — see twcc.h. Layout: two SSRCs, base sequence, packet count, reference time (24 bits of 64 ms),
// feedback count; then 16-bit chunks with a status per packet; then one receive delta (250 µs ticks) per
// packet that arrived: one byte if 0…255, else two, signed.
#include "wire/twcc.h"

#define TICK_US 250
#define TICKS_PER_REFERENCE 256
#define RUN_MAX 8191
enum status { NOT_RECEIVED, SMALL_DELTA, LARGE_DELTA };

static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}

struct plan {
  int64_t reference; // of 64 ms
  size_t count, arrived;
  uint8_t status[OH_TWCC_PACKETS_MAX];
  int16_t delta[OH_TWCC_PACKETS_MAX]; // of those that arrived
};

// Status and delta per packet, as far as deltas reach.
static void plan_packets(struct plan *plan, const int64_t *arrival_us, size_t count) {
  int64_t last = 0;
  for (size_t i = 0; i < count && i < OH_TWCC_PACKETS_MAX; i++, plan->count++) {
    plan->status[i] = NOT_RECEIVED;
    if (arrival_us[i] == OH_TWCC_LOST) continue;
    int64_t tick = floor_div(arrival_us[i], TICK_US);
    if (plan->arrived == 0) {
      plan->reference = floor_div(tick, TICKS_PER_REFERENCE);
      last = plan->reference * TICKS_PER_REFERENCE;
    }
    int64_t delta = tick - last;
    if (delta < INT16_MIN || delta > INT16_MAX) return;
    plan->status[i] = delta >= 0 && delta <= 255 ? SMALL_DELTA : LARGE_DELTA;
    plan->delta[plan->arrived++] = (int16_t)delta;
    last = tick;
  }
}

static size_t run_length(const uint8_t *status, size_t count) {
  size_t run = 1;
  while (run < count && run < RUN_MAX && status[run] == status[0])
    run++;
  return run;
}

static void write_chunks(struct oh_writer *w, const uint8_t *status, size_t count) {
  for (size_t at = 0, taken; at < count; at += taken) {
    size_t left = count - at, run = run_length(status + at, left), single_bits = 0;
    while (single_bits < 14 && single_bits < left && status[at + single_bits] != LARGE_DELTA)
      single_bits++;
    unsigned chunk;
    if (run >= 14 || run == left) {
      taken = run;
      chunk = (unsigned)status[at] << 13 | (unsigned)run;
    } else if (single_bits == 14 || single_bits == left) { // fourteen one-bit symbols
      taken = single_bits;
      chunk = 1u << 15;
      for (size_t i = 0; i < taken; i++)
        chunk |= (unsigned)status[at + i] << (13 - i);
    } else { // seven two-bit symbols
      taken = left < 7 ? left : 7;
      chunk = 3u << 14;
      for (size_t i = 0; i < taken; i++)
        chunk |= (unsigned)status[at + i] << (12 - 2 * i);
    }
    oh_write_u16_be(w, (uint16_t)chunk);
  }
}

size_t oh_twcc_write(struct oh_writer *w, const struct oh_twcc *feedback, const int64_t *arrival_us,
                     size_t count) {
  struct plan plan = {0};
  plan_packets(&plan, arrival_us, count);
  // Leave off what the room does not suffice for, at two bytes per delta and seven statuses per chunk.
  while (plan.count > 0 && 20 + 2 * ((plan.count + 6) / 7) + 2 * plan.arrived + 3 > oh_writer_left(w))
    plan.arrived -= plan.status[--plan.count] != NOT_RECEIVED;
  if (plan.arrived == 0) w->failed = true;
  uint8_t *head = oh_write_reserve(w, 4);
  if (!head) return 0;
  oh_write_u32_be(w, feedback->sender_ssrc);
  oh_write_u32_be(w, feedback->media_ssrc);
  oh_write_u16_be(w, feedback->base_sequence);
  oh_write_u16_be(w, (uint16_t)plan.count);
  oh_write_u24_be(w, (uint32_t)plan.reference & 0xFFFFFF);
  oh_write_u8(w, feedback->feedback_count);
  write_chunks(w, plan.status, plan.count);
  for (size_t i = 0; i < plan.arrived; i++) {
    bool small = plan.delta[i] >= 0 && plan.delta[i] <= 255;
    oh_write_uint_be(w, (uint16_t)plan.delta[i], small ? 1 : 2);
  }
  size_t body = (size_t)(w->at - head) - 4;
  oh_write_bytes(w, "\0\0\0",
                 (4 - body % 4) % 4); // the draft fills up with zero bytes, without the padding bit
  if (w->failed) return 0;
  head[0] = 2 << 6 | OH_RTCP_FMT_TWCC;
  head[1] = OH_RTCP_RTPFB;
  oh_store_u16_be(head + 2, (uint16_t)((body + 3) / 4));
  return plan.count;
}

static bool read_chunks(struct oh_reader *r, uint8_t *status, size_t count) {
  for (size_t at = 0; at < count && !r->failed;) {
    unsigned chunk = oh_read_u16_be(r);
    bool vector = chunk >> 15, wide = chunk >> 14 & 1;
    size_t symbols = !vector ? chunk & RUN_MAX : wide ? 7 : 14;
    if (symbols == 0) return false; // a run of none would never end
    for (size_t i = 0; i < symbols && at < count; i++) {
      unsigned symbol = !vector ? chunk >> 13 & 3 : wide ? chunk >> (12 - 2 * i) & 3 : chunk >> (13 - i) & 1;
      if (symbol > LARGE_DELTA) return false; // reserved
      status[at++] = (uint8_t)symbol;
    }
  }
  return !r->failed;
}

size_t oh_twcc_read(const struct oh_rtcp *p, struct oh_twcc *feedback,
                    int64_t arrival_us[OH_TWCC_PACKETS_MAX]) {
  if (p->type != OH_RTCP_RTPFB || p->count != OH_RTCP_FMT_TWCC) return 0;
  struct oh_reader r = oh_reader(p->body.data, p->body.len);
  feedback->sender_ssrc = oh_read_u32_be(&r);
  feedback->media_ssrc = oh_read_u32_be(&r);
  feedback->base_sequence = oh_read_u16_be(&r);
  size_t count = oh_read_u16_be(&r);
  int64_t tick = (int64_t)oh_read_u24_be(&r) * TICKS_PER_REFERENCE;
  feedback->feedback_count = oh_read_u8(&r);
  uint8_t status[OH_TWCC_PACKETS_MAX];
  if (r.failed || count > OH_TWCC_PACKETS_MAX || !read_chunks(&r, status, count)) return 0;
  for (size_t i = 0; i < count; i++) {
    arrival_us[i] = OH_TWCC_LOST;
    if (status[i] == NOT_RECEIVED) continue;
    tick += status[i] == SMALL_DELTA ? oh_read_u8(&r) : (int16_t)oh_read_u16_be(&r);
    arrival_us[i] = tick * TICK_US;
  }
  return r.failed ? 0 : count;
}
