// resend.c — see resend.h
#include "sfu/resend.h"
#include "base/check.h"
#include <stdlib.h>

enum { RTT_DEFAULT_US = 70000, RTT_MIN_US = 10000 };

struct oh_resend *oh_resend_open(void) {
  struct oh_resend *r = calloc(1, sizeof *r);
  OH_CHECK(r);
  return r;
}

void oh_resend_close(struct oh_resend *r) {
  free(r);
}

static void earn(struct oh_resend *r, uint64_t octets) {
  r->credit += octets - r->counted;
  r->counted = octets;
  if (r->credit > OH_RESEND_CREDIT_BYTES) r->credit = OH_RESEND_CREDIT_BYTES;
}

void oh_resend_recv(struct oh_resend *r, struct oh_world *world, struct oh_hub *hub, int64_t now_us,
                    int64_t rtt_us, const struct oh_listener *l, const struct oh_history *history,
                    uint16_t sequence, struct oh_outbox *out) {
  const struct oh_rewrite *map = &l->rewrite;
  int64_t wanted = map->last + (int16_t)(uint16_t)(sequence - (uint16_t)map->last);
  struct oh_packet p;
  // Numbers from before the present mapping were sent as other bytes (payload type, timestamps): never again.
  if (!map->started || map->restart || wanted > map->last || wanted < map->first + map->offset ||
      !oh_history_find(history, wanted - map->offset, &p)) {
    oh_count(&world->counters, OH_COUNT_nack_drop_unknown);
    return;
  }
  size_t place = (size_t)((uint64_t)wanted % OH_RESEND_PACKETS);
  if (r->packets[place].sequence != wanted || r->packets[place].count == 0) {
    r->packets[place].sequence = wanted;
    r->packets[place].count = 0;
    r->packets[place].sent_us = 0;
  }
  earn(r, l->octets);
  if (rtt_us == 0) rtt_us = RTT_DEFAULT_US;
  if (rtt_us < RTT_MIN_US) rtt_us = RTT_MIN_US;
  bool again = r->packets[place].count > 0;
  if (r->packets[place].count >= OH_RESENDS_MAX || r->credit < p.payload.len ||
      (again && now_us - r->packets[place].sent_us < rtt_us)) {
    oh_count(&world->counters, OH_COUNT_nack_drop_limit);
    return;
  }
  r->packets[place].count++;
  r->packets[place].sent_us = now_us;
  p.sequence = wanted;
  p.timestamp += map->ts_offset;
  if (!oh_forward_raw(hub, now_us, l, &p, out)) return;
  r->credit -= p.payload.len;
  oh_count(&world->counters, OH_COUNT_rtp_retransmitted);
}
