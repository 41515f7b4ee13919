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
  if (transport->peer) {
    oh_map_remove(&house->peers, &transport->peer, sizeof transport->peer);
    oh_sfu_remove_transport(house->sfu, transport->peer);
    oh_hub_remove(house->hub, now_us, transport->peer, house->out);
  }
  free(transport->sections);
  *transport = (struct oh_transport){0};
}

struct oh_section *oh_transport_section(struct oh_transport *transport, const char *mid) {
  for (uint32_t i = 0; i < transport->section_count; i++)
    if (strcmp(transport->sections[i].mid, mid) == 0) return &transport->sections[i];
  return NULL;
}

struct oh_section *oh_transport_add_section(struct oh_transport *transport) {
  if (transport->section_count == transport->section_cap) {
    transport->section_cap = transport->section_cap ? transport->section_cap * 2 : 8;
    transport->sections =
        realloc(transport->sections, transport->section_cap * sizeof *transport->sections);
    OH_CHECK(transport->sections);
  }
  struct oh_section *section = &transport->sections[transport->section_count++];
  *section = (struct oh_section){0};
  return section;
}
