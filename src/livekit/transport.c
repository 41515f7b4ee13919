// transport.c — see transport.h
#include "livekit/transport.h"
#include "base/check.h"
#include "livekit/participant.h"

bool oh_transport_open(struct oh_house *house, int64_t now_us, struct oh_participant *participant,
                       struct oh_transport *transport) {
  if (transport->peer) return true;
  transport->peer = oh_hub_add(house->hub, now_us, OH_PEER_SERVER);
  if (!transport->peer) return false;
  oh_map_put(&house->peers, &transport->peer, sizeof transport->peer, participant->id);
  oh_sfu_add_transport(house->sfu, participant->member, transport->peer);
  return true;
}

void oh_transport_close(struct oh_house *house, int64_t now_us, struct oh_transport *transport) {
  oh_channels_close(transport->channels);
  if (transport->peer) {
    oh_map_remove(&house->peers, &transport->peer, sizeof transport->peer);
    oh_sfu_remove_transport(house->sfu, transport->peer);
    oh_hub_remove(house->hub, now_us, transport->peer, house->out);
  }
  free(transport->slots);
  *transport = (struct oh_transport){0};
}

struct oh_slot *oh_transport_slot(struct oh_transport *transport, const char *mid) {
  for (uint32_t i = 0; i < transport->slot_count; i++)
    if (strcmp(transport->slots[i].mid, mid) == 0) return &transport->slots[i];
  return NULL;
}

struct oh_slot *oh_transport_add_slot(struct oh_transport *transport) {
  if (transport->slot_count == transport->slot_cap) {
    transport->slot_cap = transport->slot_cap ? transport->slot_cap * 2 : 8;
    transport->slots = realloc(transport->slots, transport->slot_cap * sizeof *transport->slots);
    OH_CHECK(transport->slots);
  }
  struct oh_slot *section = &transport->slots[transport->slot_count++];
  *section = (struct oh_slot){0};
  return section;
}
