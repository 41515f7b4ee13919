// small_house.h — the configuration of a house with little room, and an outbox that nobody reads, for targets
// above the doubles.
#pragma once
#include "base/outbox.h"
#include "livekit/house.h"

static struct oh_house_config small_house(void) {
  static const struct oh_addr candidate = {.ip = {192, 0, 2, 1}, .port = 7882, .family = OH_ADDR_V4};
  return (struct oh_house_config){.server_version = "1.13.5",
                                  .api_key = "devkey",
                                  .api_secret = "secret",
                                  .candidates = &candidate,
                                  .candidate_count = 1,
                                  .empty_timeout_s = 300,
                                  .departure_timeout_s = 20,
                                  .auto_create = true,
                                  .rooms = 2,
                                  .participants = 8};
}

static void take(void *ctx, struct oh_outbox *outbox) {
  (void)ctx, (void)outbox;
}
