// agents_door.h — /agent, the way in for agents' workers, and the mail between rooms and the agency
// (livekit/agency.h). The agency lives on worker 0: connections to /agent move there as joins move to their
// room's worker, orders of rooms go there, news come back to the worker that has the room. One per worker.
#pragma once
#include "app/web.h"

struct oh_agents_door;

struct oh_agents_door *oh_agents_door_open(struct oh_web *web, bool has_agency, const char *server_version,
                                           const char *node_id);
void oh_agents_door_close(struct oh_agents_door *door); // NULL is fine
// A held request for /agent.
void oh_agents_door_request(struct oh_web *web, int64_t now_us, oh_id conn,
                            const struct oh_http_request *request);
// False: the connection is nobody's of the agency.
bool oh_agents_door_message(struct oh_web *web, int64_t now_us, oh_id conn, bool is_text,
                            struct oh_bytes data);
bool oh_agents_door_closed(struct oh_web *web, int64_t now_us, oh_id conn);
// After each batch: what rooms want done, what workers are told, what rooms hear of it.
void oh_agents_door_settle(struct oh_web *web, int64_t now_us);
int64_t oh_agents_door_deadline(const struct oh_web *web); // OH_NEVER if none
