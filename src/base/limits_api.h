// limits_api.h — the third page of limits.h, for what programs use: the server API, webhooks, agents, egress,
// TURN. Include limits.h.
#pragma once

// What happens, told to webhook.urls (livekit/happening.h, livekit/webhook.h, livekit/postman.h,
// store/backlog.h).
#define OH_HAPPENINGS_MAX 65536                    // waiting in one house; a worker takes them at once
#define OH_HAPPENINGS_BYTES_MAX (64 * 1024 * 1024) // the same in bytes: metadata may be half a MB each
