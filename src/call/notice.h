// notice.h — what a site tells its button (GET /api/voice/config): who may call, what the window shows, and
// the privacy sheet, made of the configuration that is in force (docs/OPERATING.md).
#pragma once
#include "call/site.h"

struct oh_notice_facts {
  const char *host;        // where the sound goes: our own or another LiveKit server's
  const char *const *stun; // servers of others that browsers ask for their address; usually none
  size_t stun_count;
  uint32_t event_days; // how long records of calls are kept; 0: none are
};

// JSON; "version" changes whenever anything else in it does.
void oh_notice_write(const struct oh_site *site, const struct oh_notice_facts *facts, struct oh_text *json);
