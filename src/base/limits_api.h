// limits_api.h — the third page of limits.h, for what programs use: the server API, webhooks, agents, egress,
// TURN. Include limits.h.
#pragma once

// The server API (livekit/service.h, app/twirp_door.h).
#define OH_API_ANSWER_MAX (16 * 1024 * 1024) // of one answer, packed: 10000 rooms with 1 KB of metadata each
#define OH_API_CALLS_MAX 512                 // under way per worker; more are told to come again
#define OH_API_TRACKS_MAX 1000               // of one UpdateSubscriptions; each is looked for in the room
#define OH_REVOCATIONS_MAX 65536             // remembered per worker, 100 bytes each
#define OH_REVOCATION_S (30 * 24 * 3600)     // no token of ours lives longer (voice.*.token_ttl, invite_ttl)
#define OH_API_CALL_US (75 * 1000000LL)      // the slowest is an RPC, whose callee has a minute at most

// What happens, told to webhook.urls (livekit/happening.h, livekit/webhook.h, livekit/postman.h,
// store/backlog.h).
#define OH_HAPPENINGS_MAX 65536                    // waiting in one house; a worker takes them at once
#define OH_HAPPENINGS_BYTES_MAX (64 * 1024 * 1024) // the same in bytes: metadata may be half a MB each
