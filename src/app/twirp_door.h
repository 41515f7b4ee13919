// twirp_door.h — /twirp/…: the server API's way in. Checks token and route, reads the request, sends it as an
// errand to the worker that has the room (livekit/service.h), and answers. One per worker.
#pragma once
#include "app/web.h"

struct oh_twirp_door;

struct oh_twirp_door *oh_twirp_door_open(void);
void oh_twirp_door_close(struct oh_twirp_door *door); // NULL is fine
// A held request whose path begins with /twirp/.
void oh_twirp_door_request(struct oh_web *web, int64_t now_us, oh_id conn,
                           const struct oh_http_request *request);
// Once a second: what has been under way too long is answered deadline_exceeded.
void oh_twirp_door_tick(struct oh_web *web, int64_t now_us);
