// limits.h — every limit of the house, each with its reason. Tests assert that they hold.
#pragma once
#include "base/limits_api.h"
#include "base/limits_calls.h"

// Names: LiveKit refuses longer identities, room names and display names (facts: 256 bytes).
#define OH_IDENTITY_MAX 256
#define OH_ROOM_NAME_MAX 256
#define OH_NAME_MAX 256
#define OH_METADATA_MAX (512 * 1024)       // LiveKit's default limit for participant and room metadata
#define OH_ATTRIBUTES_MAX (64 * 1024)      // LiveKit: sum of key and value lengths
#define OH_ATTRIBUTE_COUNT_MAX 1024        // keys; merging them is quadratic
#define OH_TOKEN_MAX 8192                  // bytes of a JWT; larger ones are refused unparsed
#define OH_SIGNAL_MESSAGE_MAX (256 * 1024) // one signalling message, client to server
#define OH_SIGNAL_QUEUE_MAX (1024 * 1024)  // unsent signalling bytes; a slower reader is cut off and resumes
#define OH_JOIN_REQUEST_MAX (1024 * 1024)  // LiveKit's limit after base64 and after gunzip
#define OH_MESSAGE_BASE_BYTES (64 * 1024)  // memory of an unpacked protobuf message: this …
#define OH_MESSAGE_FACTOR 16               // … and so many times its length on the wire; honest ones need 3
// Signalling (livekit/).
#define OH_SIGNAL_RATE 100        // messages per second; a joining browser sends about 40 in its first second
#define OH_SIGNAL_BURST 500       // a JS client that resumes with many tracks
#define OH_PENDING_TRACKS_MAX 20  // LiveKit's limit of AddTracks without media
#define OH_TRACKS_MAX 32          // per participant, as many as sections
#define OH_WISHES_MAX 256         // UpdateSubscriptions for tracks that do not exist yet
#define OH_WISH_US (60 * 1000000) // LiveKit: then SE_TRACK_NOTFOUND
#define OH_AUDIENCE_MAX 1000      // entries of a SubscriptionPermission
#define OH_ROOM_AGENTS_MAX 16     // agents of one roomConfig
#define OH_JOIN_TIMEOUT_US (60 * 1000000)   // LiveKit: not ACTIVE by then → removed
#define OH_ANSWER_TIMEOUT_US (15 * 1000000) // LiveKit: an offer unanswered so long → full reconnect
#define OH_RESUME_GRACE_US (5 * 1000000)    // LiveKit: after media failed, for the client to resume
#define OH_REFRESH_US (300 * 1000000LL)     // LiveKit: a fresh token every five minutes
#define OH_DEPARTED_MAX 32                  // departures a room remembers for clients that resume
#define OH_HANDSHAKES_MAX 512               // half-open DTLS handshakes per worker, 60 KB each

#define OH_JSON_DEPTH_MAX 32 // our deepest message nests 8 objects
#define OH_SDP_MAX (64 * 1024)
#define OH_SDP_LINES_MAX 2000     // a Chromium offer with 7 sections has about 700
#define OH_SDP_SECTIONS_MAX 32    // 3 spare audio, 3 video, data, and what grows with the number of voices
#define OH_SDP_CODECS_MAX 64      // per section; Chromium offers up to 45 video formats
#define OH_SDP_EXTENSIONS_MAX 32  // per section; Chromium offers up to 14
#define OH_SDP_SSRCS_MAX 8        // per section; voice has one
#define OH_SDP_CANDIDATES_MAX 30  // per description; more are skipped
#define OH_SDP_MID_MAX 32         // what fits an RTP MID extension twice over
#define OH_SDP_ID_MAX 191         // stream, track and cname; our longest is "PA_…|TR_…"
#define OH_SCTP_PORT 5000         // RFC 8841; everybody's default
#define OH_DATA_MESSAGE_MAX 65535 // a=max-message-size, as LiveKit says
#define OH_STUN_ATTRIBUTES_MAX 16 // an honest ICE check has about nine

// HTTP door. Join requests carry a gzipped, base64 SDP in the query (LiveKit's clients), hence the long line.
#define OH_HTTP_LINE_MAX (64 * 1024)
#define OH_HTTP_HEAD_MAX (16 * 1024)   // all fields together; browsers stay below 4 KB, cookies included
#define OH_HTTP_FIELDS_MAX 100         // as Apache; browsers send 15 to 25
#define OH_HTTP_BODY_MAX (1024 * 1024) // server API calls with 512 KB of metadata, escaped
#define OH_HTTP_CONNECTIONS_MAX 20000  // per worker; an idle one costs about 1 KB, 20 KB with TLS
#define OH_HTTP_PER_ADDRESS_MAX 512    // per worker; an office or school behind one address
#define OH_HTTP_TLS_US (5 * 1000000)   // absolute deadlines, so that trickling bytes gains nothing
#define OH_HTTP_HEAD_US (5 * 1000000)
#define OH_HTTP_BODY_US (10 * 1000000)
#define OH_HTTP_IDLE_US (30 * 1000000)   // between two requests
#define OH_HTTP_WRITE_US (20 * 1000000)  // no byte of a waiting answer was taken for so long
#define OH_STREAM_PACE_BYTES (16 * 1024) // or fewer than these in that time: below 1 KB/s nobody is served
#define OH_HTTP_LINGER_US (2 * 1000000)  // after the last answer, so that it is not lost in a reset
#define OH_WS_PING_US (10 * 1000000)
#define OH_WS_SILENCE_US (30 * 1000000) // three pings unanswered
#define OH_WS_CLOSE_US (2 * 1000000)    // for the peer's close frame
#define OH_WS_PINGS_MAX 100             // pings a peer may send between two of ours; browsers send none
#define OH_WS_FRAGMENTS_MAX 1024        // frames of one message; who splits at all splits at 4 KB or more
#define OH_ICE_TCP_STREAMS_MAX 4096     // per worker
#define OH_ICE_TCP_PER_ADDRESS_MAX 128
#define OH_ICE_TCP_LISTENERS_MAX 8        // as many addresses as rtc.bind_addresses may list
#define OH_ICE_TCP_FIRST_US (5 * 1000000) // for what earns a first answer: a verified check
#define OH_ICE_TCP_IDLE_US (60 * 1000000) // ICE checks come every 2.5 to 15 s on a stream in use
#define OH_ICE_TCP_QUEUE_MAX (64 * 1024)  // about 5 s of one voice; older audio is worth nothing

// Media hub (src/rtc).
#define OH_PEER_PATHS_MAX 8             // addresses of one remote (RELIABILITY N14, mediasoup)
#define OH_PATH_SWITCH_US (1 * 1000000) // media moves to another path at most this often
#define OH_PATH_AMPLIFY 3               // bytes out per byte in until an address has answered us (as QUIC)
#define OH_ICE_SILENT_US (10 * 1000000) // no verified check for so long: DISCONNECTED (as LiveKit)
#define OH_ICE_FAILED_US (15 * 1000000) // and for so long: FAILED, nothing more is sent
#define OH_DTLS_HANDSHAKE_US (10 * 1000000) // one attempt; honest ones take well under a second
#define OH_DTLS_RESTARTS_MAX 3              // attempts after the first
#define OH_DTLS_MTU 1200                    // handshake datagrams; fits every path browsers use
#define OH_DTLS_EARLY_MAX 24        // encrypted handshake records kept by OpenSSL before its keys are ready
#define OH_SRTP_RECV_SSRCS_MAX 32   // streams of one remote that we keep replay state for
#define OH_SRTP_SEND_SSRCS_MAX 4096 // streams to one remote in its life; state is kept for the GCM nonces
#define OH_HUB_EVENTS 64            // events of one recv or tick
#define OH_OGG_DAMAGED_MAX 1000     // broken places in an Ogg file; each may cost the CRC of 64 KB
#define OH_PATH_STALE_US (4 * 1000000)  // selected path silent for so long: another living one takes over
#define OH_PATH_ANSWER_US (5 * 1000000) // an answer to our check proves an address for so long
#define OH_ICE_CREDENTIAL_MAX 256       // characters of a remote ufrag or password (RFC 8839 5.4)

// Media plane (src/sfu).
#define OH_TRACKS_PER_MEMBER_MAX 8          // published at once (RELIABILITY 5.5)
#define OH_TRANSPORTS_PER_MEMBER_MAX 2      // publisher and subscriber
#define OH_SUBSCRIPTIONS_PER_MEMBER_MAX 200 // LiveKit rooms of voice stay far below (RELIABILITY 5.5)
#define OH_TAPS_PER_TRACK_MAX 16          // recorders (OH_EGRESS_PER_VOICE_MAX of them), echo partner, agents
#define OH_HISTORY_PACKETS 200            // kept for NACKs: 4 s of 20 ms packets, as LiveKit
#define OH_HISTORY_BYTES (32 * 1024)      // 4 s at 64 kbit/s, 500 ms at Opus' highest rate
#define OH_RESENDS_MAX 2                  // of one packet to one listener
#define OH_RESEND_CREDIT_BYTES (8 * 1024) // saved up at most for resends: 1 s at 64 kbit/s
#define OH_MISSING_MAX 100                // packets we ask one publisher for at a time (LiveKit)
#define OH_MISSING_TRIES 5                // NACKs for one packet (LiveKit)
#define OH_SFU_EVENTS_MIN 64              // waiting events; grows in tick, never on the packet path

// Data channels (src/rtc).
#define OH_SCTP_PACKET_MAX 1188  // with DTLS, UDP and TURN inside IPv6's smallest MTU, as browsers
#define OH_SCTP_STREAMS_MAX 1024 // stream numbers we announce; browsers count theirs up from 0 or 1
#define OH_CHANNELS_MAX 64       // open at once on one association; LiveKit's clients use 3
#define OH_CHANNEL_LABEL_MAX 256 // bytes of a label or protocol
#define OH_CHANNEL_MESSAGE_MAX (256 * 1024) // bytes of one message; LiveKit's clients stay below 64 KB
#define OH_SCTP_RECEIVE_MAX (512 * 1024) // memory for what is not delivered yet: a message and as much again
#define OH_SCTP_SEND_MAX (1024 * 1024)   // memory for what is not acknowledged yet; a slower reader loses
#define OH_SCTP_TSNS_MAX 2048            // chunks in flight, and how far ahead of a gap we keep any
#define OH_SCTP_FRAGMENT_COST 64         // memory counted for a kept chunk or message besides its bytes
#define OH_SCTP_COOKIE_US (60 * 1000000LL) // RFC 9260 16: Valid.Cookie.Life
#define OH_SCTP_ERRORS_MAX 10              // RFC 9260 16: Association.Max.Retrans
#define OH_DATA_HELD_MAX (100 * 1000) // LiveKit: reliable packets for somebody whose channel is not open yet
#define OH_DATA_NONCES 100            // LiveKit: nonces a room remembers against repeated packets
#define OH_DRAIN_DEPARTURE_S 3 // while draining: a room without people waits so long for one who reconnects
