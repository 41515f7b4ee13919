// webhook_desk.h — the clerk's desk for webhooks: workers hand in what happened, it keeps that on disk
// (store/backlog.h) and sends it to every URL of webhook.urls until it was taken, in order for each room and
// URL (livekit/postman.h). Calls never wait for it; without data_dir it keeps events in memory.
#pragma once
#include "app/clerk.h"
#include "app/config.h"
#include "livekit/happening.h"

struct oh_webhook_desk;

struct oh_webhook_desk *oh_webhook_desk_open(const char *data_dir); // borrowed; NULL or "": memory
void oh_webhook_desk_close(struct oh_webhook_desk *desk);           // after oh_clerk_close; NULL is fine
struct oh_desk *oh_webhook_desk_of(struct oh_webhook_desk *desk);   // for oh_clerk_add_desk

// From any thread. Which URLs there are and who signs, at the start and after a reload; `config` lives until
// the end. What waits for a URL that is no longer there waits for its return until it is too old.
void oh_webhook_desk_set(struct oh_webhook_desk *desk, struct oh_clerk *clerk,
                         const struct oh_config *config);
// From any thread; takes the batch (malloc'd) and what is in it. False: the clerk is busy, the batch is lost.
bool oh_webhook_desk_post(struct oh_webhook_desk *desk, struct oh_clerk *clerk,
                          struct oh_happening *take_batch, size_t count);
uint64_t oh_webhook_desk_waiting(const struct oh_webhook_desk *desk); // from any thread: deliveries to come
