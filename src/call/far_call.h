// far_call.h — the calls that another LiveKit server carries for us (LIVEKIT_HOST), as its webhooks tell of
// them: who of our visitors is in which room. What a webhook that never came left standing is found by asking
// that server which of these rooms it still has. Sans-IO; the owner (app/far_desk.h) asks and ends.
//
// Only participants whose token a site of ours signed count (the attribute `offhook.site`); what else that
// server carries is none of our business. At least once, as webhooks come: who has left does not come back.
#pragma once
#include "base/slab.h"
#include "base/text.h"
#include "call/site.h"
#include "webhook.pb-c.h"
#include <stdbool.h>
#include <stdint.h>

enum oh_far_kind { OH_FAR_JOINED, OH_FAR_LEFT, OH_FAR_FINISHED };
struct oh_far_news { // all of it belongs to the event
  enum oh_far_kind kind;
  const char *room, *sid, *site; // site: NULL unless JOINED
  int64_t age_us;                // of the room when this happened, by that server's clock
};
// False: it is about nothing that matters here.
bool oh_far_news_read(const Livekit__WebhookEvent *event, struct oh_far_news *news);

struct oh_far_calls;
struct oh_far_calls *oh_far_calls_open(const uint8_t secret[16]);
void oh_far_calls_close(struct oh_far_calls *calls); // NULL is fine

// `site`: that of the news, which must live as long as the calls; NULL: there is none of this id.
// False: OH_FAR_CALLS_MAX are known already.
bool oh_far_calls_hear(struct oh_far_calls *calls, int64_t now_us, const struct oh_far_news *news,
                       const struct oh_site *site);

struct oh_far_call {
  char *room;
  const struct oh_site *site;
  int64_t began_us, heard_us; // heard: of it, by webhook or as an answer
  int64_t asked_us;           // the owner's: when it last asked that the call be ended
  uint32_t present;           // visitors in it
};
struct oh_far_call *oh_far_calls_next(const struct oh_far_calls *calls,
                                      oh_id *cursor); // 0 first; NULL: no more
// Its max_duration is over.
bool oh_far_call_is_long(const struct oh_far_call *call, int64_t now_us);
// It was asked at `asked_us` whether this room is there, and how many are in it; -1: it is not there. What
// was heard since then knows better.
void oh_far_calls_confirm(struct oh_far_calls *calls, int64_t now_us, int64_t asked_us, struct oh_str room,
                          int64_t people);
