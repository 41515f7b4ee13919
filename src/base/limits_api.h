// limits_api.h — the third page of limits.h, for what programs use: the server API, webhooks, agents, egress,
// TURN. Include limits.h.
#pragma once

// The server API (livekit/service.h, app/twirp_door.h).
#define OH_API_ANSWER_MAX (16 * 1024 * 1024) // of one answer, packed: 10000 rooms with 1 KB of metadata each
#define OH_API_CALLS_MAX 512                 // under way per worker; more are told to come again
#define OH_API_TRACKS_MAX 1000               // of one UpdateSubscriptions; each is looked for in the room
#define OH_RPCS_MAX 64                       // a back end's calls to one participant, under way at a time
#define OH_RPC_TIMEOUT_MAX_MS 60000          // for the callee's answer, whatever was asked for
#define OH_REVOCATIONS_MAX 65536             // remembered per worker, 100 bytes each
#define OH_REVOCATION_S (30 * 24 * 3600)     // no token of ours lives longer (voice.*.token_ttl, invite_ttl)
#define OH_API_CALL_US (75 * 1000000LL)      // the slowest is an RPC, whose callee has a minute at most

// Agents (livekit/agency.h, livekit/dispatch.h).
#define OH_AGENT_WORKERS_MAX 1024           // connections to /agent
#define OH_AGENT_JOBS_MAX 16384             // waiting and running, of all rooms
#define OH_AGENT_MESSAGE_MAX (1024 * 1024)  // one message of a worker; metadata may be half of it
#define OH_AGENT_JSON_MAX (4 * 1024 * 1024) // one message to a worker that speaks JSON
#define OH_AGENT_ANSWER_US (10 * 1000000LL) // LiveKit: for a worker to register, or to say whether it is free
#define OH_AGENT_WAIT_US (600 * 1000000LL)  // a job waits for a worker to come; the room may end sooner
#define OH_AGENT_JOIN_US (60 * 1000000LL)   // for an assigned agent to join its room
#define OH_AGENT_MESSAGES_PER_S 200         // of one worker; a job costs it three, its load a word in 2.5 s
#define OH_AGENT_MESSAGES_BURST 2000        // those of half a thousand jobs at once
#define OH_AGENT_SIMULATED_MAX 16           // jobs that a worker makes up for itself, at a time
#define OH_AGENT_TRIES_MAX 32               // workers asked for one job, before the first may be asked again
#define OH_DISPATCH_JOBS_MAX 64             // of one dispatch, those that are over included
#define OH_DISPATCH_ATTEMPTS_MAX 5          // times that a lost agent is sent for …
#define OH_DISPATCH_PROVEN_US (60 * 1000000LL) // … unless it was on the call for so long
#define OH_DISPATCH_AGAIN_US (1 * 1000000LL)   // before it is sent for again; twice as long each time, up to
#define OH_DISPATCH_AGAIN_MAX_US (30 * 1000000LL)

// What happens, told to webhook.urls (livekit/happening.h, livekit/webhook.h, livekit/postman.h,
// store/backlog.h).
#define OH_HAPPENINGS_MAX 65536                    // waiting in one house; a worker takes them at once
#define OH_HAPPENINGS_BYTES_MAX (64 * 1024 * 1024) // the same in bytes: metadata may be half a MB each
#define OH_WEBHOOK_URLS_MAX 8                      // configured; each has its own lanes and its own backlog
#define OH_WEBHOOK_BODY_MAX (8 * 1024 * 1024) // bytes of one event as JSON; half a MB of metadata fits twice
#define OH_WEBHOOK_ANSWER_MAX 65536           // read of a receiver's answer, whose status is all that counts
#define OH_WEBHOOK_TRY_MS 5000                // for one try, from the connection to the status
#define OH_WEBHOOK_TOKEN_S 300                // LiveKit: a signature holds so long
#define OH_WEBHOOK_PARALLEL 8                 // rooms told to one URL at a time
#define OH_WEBHOOK_RETRY_US (1 * 1000000LL)   // after a failure, doubling …
#define OH_WEBHOOK_RETRY_MAX_US (300 * 1000000LL)   // … up to this
#define OH_WEBHOOK_SILENCES 3                       // in a row mean that the URL is down
#define OH_WEBHOOK_PROBE_US (1 * 1000000LL)         // between two tries at a URL that is down
#define OH_WEBHOOK_KEEP_MS (72 * 3600 * 1000LL)     // older events are given up
#define OH_WEBHOOK_QUIET_US (600 * 1000000LL)       // between two log lines about one URL's failing
#define OH_WEBHOOKS_WAITING_MAX 100000              // rows of one URL: 20 000 calls, a day of most sites
#define OH_WEBHOOKS_BYTES_MAX (128 * 1024 * 1024LL) // their bodies, on disk
#define OH_WEBHOOKS_MEMORY_BYTES_MAX (16 * 1024 * 1024LL) // the same without data_dir

// Recordings (livekit/egress.h, app/scribe.h).
#define OH_EGRESS_REQUEST_MAX (16 * 1024) // packed; honest ones have less than 1 KB
#define OH_EGRESS_ROUTES_MAX 64           // of one request
#define OH_EGRESS_KBITS_MIN 16            // kbit/s: below that Opus is no pleasure
#define OH_EGRESS_KBITS_MAX 510           // more Opus cannot
#define OH_EGRESS_VOICES_MAX 64           // tracks that a recording remembers what it wants of
#define OH_EGRESS_PER_VOICE_MAX 12        // recordings that hear one participant
#define OH_LOGBOOK_MAX 4096               // recordings cut off by a crash; as many as limit.recordings allows
#define OH_SATCHEL_US (50 * 1000)         // packets wait so long for the scribe
#define OH_SATCHEL_BYTES_MAX (256 * 1024) // and so many at most: 2000 voices in that time
#define OH_SCRIBE_BATCHES_MAX 64 // on the way to the scribe: 3 s of one worker; the rest stays with it
#define OH_EGRESS_KEPT_MAX 128   // ended recordings that a worker can still list
#define OH_ARCHIVE_ROWS_MAX 128  // ended recordings that a restart leaves in the list: one worker lists them
#define OH_ARCHIVE_BYTES_MAX (16 * 1024 * 1024) // its file: as many that are as large as may be, with room

// TURN (rtc/turn.h, io/relay.h, app/turn_door.h).
#define OH_TURN_ALLOCATIONS_MAX 2048    // a socket each
#define OH_TURN_PER_CREDENTIAL_MAX 12   // as LiveKit: one client asks once for each of its addresses and ways
#define OH_TURN_PER_ADDRESS_MAX 512     // an office behind one address
#define OH_TURN_CHANNELS_MAX 16         // one for each of a worker's candidates (OH_CANDIDATES_MAX)
#define OH_TURN_IPS_MAX 32              // different addresses of ours
#define OH_TURN_PEERS_MAX 16            // in one CreatePermission
#define OH_TURN_STREAMS_MAX 4096        // TCP and TLS connections …
#define OH_TURN_STREAMS_PER_ADDRESS 512 // … of one address
#define OH_TURN_FIRST_US (15 * 1000000) // for TLS and an Allocate that succeeds; the stream is closed then
#define OH_TURN_QUEUE_MAX (64 * 1024)   // what a slow stream may leave unread; then it loses packets
#define OH_TURN_LIFETIME_S 600          // of an allocation, unless asked for more (RFC 8656 3.2)
#define OH_TURN_LIFETIME_MAX_S 3600     // the most
#define OH_TURN_PERMISSION_US (300 * 1000000LL) // RFC 8656 9
#define OH_TURN_CHANNEL_US (600 * 1000000LL)    // RFC 8656 12
#define OH_TURN_NONCE_S 3600                    // then a client is told the next one
#define OH_TURN_STRANGERS 4096                  // places where we note how many answers strangers got lately
#define OH_TURN_STRANGER_BURST 32               // answers by UDP to an unproven address at once …
#define OH_TURN_STRANGER_PER_S 8                // … and per second
#define OH_TURN_STRANGERS_PER_S 1000            // to all of them: 70 KB/s at most go where somebody points us
#define OH_TURN_CREDENTIAL_S 300                // LiveKit: to allocate with; an allocation lives on
#define OH_TURN_REST_S 14400                    // LiveKit: credentials for an external TURN server
#define OH_TURN_SERVERS_MAX 8                   // external ones told to clients

// Data (livekit/data.h). Who sends to somebody this far behind is held up, until they have caught up, or have
// taken less than a step within the patience (13 KB/s): then the slow one loses.
#define OH_DATA_BEHIND (OH_SCTP_SEND_MAX / 2)
#define OH_DATA_CAUGHT_UP (OH_SCTP_SEND_MAX / 4)
#define OH_DATA_STEP (64 * 1024)
#define OH_DATA_PATIENCE_US (5 * 1000000LL) // outlasts two lost retransmissions (RFC 9260: 1 s, 2 s)
#define OH_DATA_BURST_US (1 * 1000000LL)    // of limit.data_packets_per_sec at once, before a sender waits
#define OH_DATA_PACKET_BYTES 1200           // a message counts as so many packets of this size

// Data blobs (livekit/data_blob.h), of one participant.
#define OH_DATA_BLOB_KEY_MAX 256  // LiveKit's default
#define OH_DATA_BLOBS_BYTES 64000 // LiveKit's default: keys and contents together
#define OH_DATA_BLOBS_MAX 64      // so that many small ones do not cost more than they hold

// Data tracks (livekit/data_track.h).
#define OH_DATA_TRACKS_MAX 32          // one participant publishes; everybody's news of it name them all
#define OH_DATA_SUBSCRIPTIONS_MAX 256  // of one participant; each change tells all of its handles anew
#define OH_DATA_TRACK_INFO_MAX 1024    // bytes of a description: a name, and names of encoding and schema
#define OH_DATA_TRACK_ENCODING_MAX 32  // LiveKit's default for names of encodings of one's own
#define OH_DATA_TRACK_PACKET_MAX 65535 // a=max-message-size; livekit-client's have 16000 bytes at most
#define OH_DATA_TRACK_LATE_US 100000   // LiveKit's target: what could not be sent in this time is given up
#define OH_DATA_TRACK_QUEUE_MAX (OH_SCTP_SEND_MAX / 4) // for one subscriber; leaves room for what is reliable
