// counter.h — every packet, message or request that is dropped or refused has a named counter; so has what is
// served. One table per worker, summed by /metrics as offhook_<name>_total. Add a line here and count with
// oh_count().
#pragma once
#include "base/counter_calls.h"
#include <stdint.h>

// X(name, help)
#define OH_COUNTERS(X)                                                                                       \
  X(datagrams_received, "UDP and ICE-TCP datagrams received")                                                \
  X(datagrams_sent, "UDP and ICE-TCP datagrams sent")                                                        \
  X(datagram_drop_stranger, "datagrams from an address without a verified ICE check")                        \
  X(datagram_drop_unknown_kind, "datagrams that are neither STUN, DTLS, RTP nor RTCP")                       \
  X(datagram_drop_amplification, "datagrams not sent to an address that has not answered yet")               \
  X(stun_drop_malformed, "STUN messages that do not parse")                                                  \
  X(stun_drop_unknown_ufrag, "STUN checks for a username we do not know")                                    \
  X(stun_drop_integrity, "STUN checks with a wrong MESSAGE-INTEGRITY")                                       \
  X(stun_drop_path_limit, "STUN checks refused because of too many paths or switches")                       \
  X(dtls_drop_malformed, "DTLS records refused before OpenSSL saw them")                                     \
  X(dtls_drop_unselected, "DTLS records from a path that is not selected")                                   \
  X(dtls_drop_busy, "DTLS handshakes not begun because too many are half-open")                              \
  X(dtls_failed, "DTLS handshakes that failed")                                                              \
  X(dtls_fingerprint_mismatch, "DTLS handshakes whose certificate does not match the SDP fingerprint")       \
  X(rtp_received, "RTP packets received and authenticated")                                                  \
  X(rtp_forwarded, "RTP packets sent to listeners")                                                          \
  X(rtp_drop_malformed, "RTP packets that do not parse")                                                     \
  X(rtp_drop_auth, "SRTP packets whose authentication failed")                                               \
  X(rtp_drop_replay, "SRTP packets replayed or too old")                                                     \
  X(rtp_drop_ssrc_limit, "RTP packets of more streams than one peer may have")                               \
  X(rtp_drop_not_ready, "SRTP packets before the DTLS handshake was done")                                   \
  X(rtp_drop_unknown_ssrc, "RTP packets of a stream nobody negotiated")                                      \
  X(rtp_drop_payload_type, "RTP packets with a payload type nobody negotiated")                              \
  X(rtp_drop_muted, "RTP packets of a muted track")                                                          \
  X(rtp_drop_duplicate, "RTP packets with a sequence number that came before")                               \
  X(rtp_drop_late, "RTP packets too old or too far off to be forwarded")                                     \
  X(rtp_drop_empty, "RTP packets without payload")                                                           \
  X(rtp_drop_red, "RTP packets whose RED payload does not parse")                                            \
  X(rtp_drop_unsent, "RTP packets not sent because the listener's transport is down")                        \
  X(rtp_silence_sent, "RTP packets of silence made up on mute and close")                                    \
  X(rtp_retransmitted, "RTP packets sent again on NACK")                                                     \
  X(rtp_recovered_red, "RTP packets recovered from RED redundancy")                                          \
  X(rtcp_received, "RTCP packets received and authenticated")                                                \
  X(rtcp_drop_malformed, "RTCP packets that do not parse")                                                   \
  X(rtcp_drop_auth, "SRTCP packets whose authentication failed or were replayed")                            \
  X(nack_requested, "packets asked of publishers by NACK")                                                   \
  X(nack_drop_limit, "NACKed packets not sent again because of limits")                                      \
  X(nack_drop_unknown, "NACKed packets that we do not have")                                                 \
  X(sfu_event_dropped, "media events nobody fetched in time")                                                \
  X(sctp_drop_malformed, "SCTP packets or chunks that do not parse")                                         \
  X(sctp_drop_tag, "SCTP packets with a wrong verification tag or port")                                     \
  X(sctp_drop_cookie, "SCTP cookies that are forged or stale")                                               \
  X(sctp_drop_window, "SCTP chunks beyond what we have room for")                                            \
  X(sctp_drop_oversize, "SCTP messages larger than we take")                                                 \
  X(sctp_drop_unsent, "data channel messages not sent because the reader is too slow")                       \
  X(sctp_aborted, "SCTP associations aborted because of a protocol error or silence")                        \
  X(channel_refused, "data channels refused because of limits or a protocol error")                          \
  X(channel_drop_message, "data channel messages for no open channel, or of an unknown kind")                \
  X(data_held_up, "times that a sender of data had to wait: a slow reader, or its limit")                    \
  X(data_received, "data packets received from participants")                                                \
  X(data_drop_malformed, "data packets that do not decode")                                                  \
  X(data_drop_permission, "data packets of participants who may not publish data")                           \
  X(signal_messages_received, "signalling messages received")                                                \
  X(signal_drop_malformed, "signalling messages that do not decode")                                         \
  X(signal_drop_rate, "signalling connections closed because the client sends too fast")                     \
  X(signal_slow_reader, "signalling connections closed because the client does not read")                    \
  X(joins_accepted, "joins admitted")                                                                        \
  X(joins_refused, "joins refused")                                                                          \
  X(resumes, "signalling resumes accepted")                                                                  \
  X(tokens_issued, "tokens issued by the token API")                                                         \
  X(tokens_refused, "token requests refused")                                                                \
  OH_COUNTERS_CALLS(X)                                                                                       \
  X(udp_drop_send, "UDP datagrams the kernel did not take")                                                  \
  X(udp_drop_oversize, "UDP datagrams larger than any we can use")                                           \
  X(ice_tcp_refused, "ICE-TCP connections refused because of limits")                                        \
  X(ice_tcp_moved, "ICE-TCP connections handed to the worker that has the peer")                             \
  X(ice_tcp_closed_idle, "ICE-TCP streams closed because they brought nothing that we answer")               \
  X(ice_tcp_drop_malformed, "ICE-TCP streams closed because of a bad frame")                                 \
  X(ice_tcp_drop_slow, "datagrams dropped because an ICE-TCP stream does not drain")                         \
  X(turn_allocations, "TURN allocations made")                                                               \
  X(turn_refused, "TURN allocations refused because of limits")                                              \
  X(turn_unauthorized, "TURN requests with credentials that are unknown, wrong or too old")                  \
  X(turn_forbidden, "TURN permissions and channels refused: the peer is none of our media addresses")        \
  X(turn_relayed_in, "datagrams relayed from TURN clients to our media sockets")                             \
  X(turn_relayed_out, "datagrams relayed from our media sockets to TURN clients")                            \
  X(turn_drop_malformed, "TURN messages that do not parse")                                                  \
  X(turn_drop_stranger, "TURN requests of strangers not answered because of limits")                         \
  X(turn_drop_permission, "datagrams not relayed by TURN: no allocation, permission or channel")             \
  X(turn_drop_slow, "datagrams dropped because a TURN stream does not drain")                                \
  X(turn_streams_refused, "TURN connections refused because of limits")                                      \
  X(turn_streams_closed_idle, "TURN connections closed because nothing was allocated")                       \
  X(http_connections_accepted, "HTTP connections accepted")                                                  \
  X(http_connections_refused, "HTTP connections refused because of limits")                                  \
  X(http_requests, "HTTP requests received")                                                                 \
  X(http_drop_malformed, "HTTP requests refused by the parser or its limits")                                \
  X(http_timeouts, "HTTP connections closed because they were too slow")                                     \
  X(tls_failed, "TLS handshakes or records that failed")                                                     \
  X(websocket_drop_malformed, "WebSocket connections closed because of a protocol error")                    \
  X(websocket_drop_pings, "WebSocket connections closed because of too many pings")                          \
  X(websocket_timeouts, "WebSocket connections closed because the peer was silent")                          \
  X(signins_accepted, "sign-ins accepted for a token")                                                       \
  X(signins_refused, "sign-ins refused")                                                                     \
  X(fetches_answered, "HTTP requests of ours that were answered")                                            \
  X(fetches_failed, "HTTP requests of ours that failed, took too long or brought too much")                  \
  X(mail_refused, "letters between threads refused because the box was full")

#define OH_COUNTER_ENUM(name, help) OH_COUNT_##name,
enum oh_counter { OH_COUNTERS(OH_COUNTER_ENUM) OH_COUNTER_MAX };
#undef OH_COUNTER_ENUM

struct oh_counters {
  uint64_t value[OH_COUNTER_MAX]; // written by one thread; read by others with relaxed atomic loads
};
static inline void oh_count_n(struct oh_counters *c, enum oh_counter which, uint64_t n) {
  __atomic_store_n(&c->value[which], c->value[which] + n, __ATOMIC_RELAXED);
}
static inline void oh_count(struct oh_counters *c, enum oh_counter which) {
  oh_count_n(c, which, 1);
}
