// order.h — how the rooms of a house and the agency (agency.h) speak, which may be on different threads: jobs
// that rooms want done, or no longer; what became of them; and for which types of jobs nameless workers are
// there.
#pragma once
#include "livekit/agency.h"
#include "livekit/sid.h"

struct oh_house;
struct oh_job_order {
  struct oh_sid id;
  uint8_t *job; // packed livekit.Job, malloc'd; NULL: it is not wanted any more, or
  bool joined;  // its agent has come
  size_t len;
  struct oh_job_terms terms;
};
void oh_job_order_fini(struct oh_job_order *order);
// The next one, in order; the caller finishes it. Drain after each call to the house, as its frames.
bool oh_house_next_order(struct oh_house *house, struct oh_job_order *order);
void oh_house_job_news(struct oh_house *house, int64_t now_us, const struct oh_job_news *news);
void oh_house_set_automatic(struct oh_house *house, unsigned job_types); // oh_agency_automatic

struct oh_orders { // the queue inside the house
  struct oh_job_order *items;
  uint32_t next, used, cap;
};
void oh_orders_fini(struct oh_orders *orders);
