// postman.h — when to send which webhook to one URL. Each room has a lane of its own: one event at a time, in
// order, tried again after 1 s, 2 s, … 5 min until it is taken or refused, so that a room whose event fails
// holds up nobody else. While nothing answers at the URL at all, only one lane tries, once a second, and when
// an answer comes all go on. Sans-IO: lanes and results in, decisions out; what waits is kept by the owner
// (store/backlog.h).
//
//   add ─> waiting ──next──> busy ──taken, refused──> next event, or the lane is gone
//             ↑ after a while          │
//             └──────failed, silent────┘
#pragma once
#include "base/random.h"
#include "base/slab.h"
#include "base/text.h"

struct oh_postman;

enum oh_post_result {
  OH_POST_TAKEN,
  OH_POST_REFUSED, // final: the receiver does not want this event (4xx), as for LiveKit
  OH_POST_FAILED,  // its handler failed with this one (500)
  OH_POST_SILENT,  // nobody is there: no answer in time, or a proxy says so (502, 503, 504, 429)
};
// Of an HTTP status; 0: there was no answer.
enum oh_post_result oh_post_judge(int status);

struct oh_postman *oh_postman_open(const struct oh_random *random); // borrowed
void oh_postman_close(struct oh_postman *postman);

// There is something for this room (it may be known already).
void oh_postman_add(struct oh_postman *postman, int64_t now_us, struct oh_str room);

struct oh_round {
  oh_id lane;
  const char *room; // borrowed until its result
  uint32_t tries;   // so many have failed
};
// The next lane whose oldest event is to be sent now; its result must follow. False: none, see the deadline.
bool oh_postman_next(struct oh_postman *postman, int64_t now_us, struct oh_round *round);
// `more`: after this event, when it was taken or refused, the lane has others.
void oh_postman_result(struct oh_postman *postman, int64_t now_us, oh_id lane, enum oh_post_result result,
                       bool more);
int64_t oh_postman_deadline(const struct oh_postman *postman); // OH_NEVER: waits for results, or for work
bool oh_postman_is_down(const struct oh_postman *postman);     // nothing answers at the URL
uint32_t oh_postman_busy(const struct oh_postman *postman);    // lanes that wait for their result
