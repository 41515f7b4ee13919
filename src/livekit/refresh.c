// refresh.c — see refresh.h
#include "livekit/refresh.h"
#include "base/limits.h"
#include <stdlib.h>

enum { SHORTEST_S = 600 };

void oh_refresh_send(struct oh_house *house, int64_t now_us, struct oh_participant *p) {
  p->refresh_us = now_us + OH_REFRESH_US;
  int64_t unix_us = oh_unix_us(house->world, now_us);
  int64_t soonest_s = unix_us / 1000000 + SHORTEST_S;
  struct oh_claims claims = p->claims; // borrowed
  if (claims.expires_unix_s < soonest_s) claims.expires_unix_s = soonest_s;
  const struct oh_key key = {.id = house->config.api_key, .secret = house->config.api_secret};
  char *token = oh_token_write(&claims, &key);
  if (!token) return;
  Livekit__SignalResponse response = LIVEKIT__SIGNAL_RESPONSE__INIT;
  response.message_case = LIVEKIT__SIGNAL_RESPONSE__MESSAGE_REFRESH_TOKEN;
  response.refresh_token = token;
  oh_participant_send(house, p, &response);
  free(token);
}
