// sctp.h — one SCTP association over DTLS (RFC 8261), as data channels need it: RFC 9260 with one path,
// partial reliability (RFC 3758), stream reset (RFC 6525), zero checksum (RFC 9653). Sans-IO: packets and
// time in, packets (config.send) and events out. No multihoming, AUTH, ASCONF, ECN.
//
// The peer has proved who it is by DTLS, and is still not trusted: its memory here is bounded
// (OH_SCTP_*_MAX), what cannot be is answered with ABORT. rtc/datachannel.h stands on this.
#pragma once
#include "base/world.h"
#include "rtc/outbound.h"

struct oh_sctp;

struct oh_sctp_config {
  // A packet of at most OH_SCTP_PACKET_MAX bytes to be encrypted and sent; called within the calls below.
  void (*send)(void *ctx, int64_t now_us, const uint8_t *packet, size_t len);
  void *ctx;
  uint16_t port;      // 0: OH_SCTP_PORT; the same on both sides
  bool zero_checksum; // offer RFC 9653: DTLS already guards every byte
};

enum oh_sctp_event_type {
  OH_SCTP_UP = 1,       // established
  OH_SCTP_RESTARTED,    // the peer began anew: all streams and messages are gone
  OH_SCTP_MESSAGE,      // event.stream, ppid, data
  OH_SCTP_STREAM_ENDED, // the peer sends no more on event.stream, or asks us not to
  OH_SCTP_STREAM_RESET, // what we asked for with oh_sctp_reset is done
  OH_SCTP_DOWN,         // closed, aborted or lost: nothing works any more
};
struct oh_sctp_event {
  enum oh_sctp_event_type type;
  uint16_t stream;
  uint32_t ppid;
  struct oh_bytes data; // until the next call
};

// `world` must outlive it. It waits for the peer's INIT until oh_sctp_connect.
struct oh_sctp *oh_sctp_open(struct oh_world *world, const struct oh_sctp_config *config);
void oh_sctp_close(struct oh_sctp *s); // silently
void oh_sctp_connect(struct oh_sctp *s, int64_t now_us);
void oh_sctp_shutdown(struct oh_sctp *s, int64_t now_us); // after all that is queued has arrived
void oh_sctp_abort(struct oh_sctp *s, int64_t now_us);

// One packet; then fetch the events until oh_sctp_next says false. The same after a tick.
void oh_sctp_recv(struct oh_sctp *s, int64_t now_us, const uint8_t *packet, size_t len);
// Who leaves messages lying keeps the peer from sending more than OH_SCTP_RECEIVE_MAX of them (from one that
// heeds no window, twice that is taken); after fetching them at another time: oh_sctp_tell_window, so that it
// goes on at once.
bool oh_sctp_next(struct oh_sctp *s, struct oh_sctp_event *event);
void oh_sctp_tell_window(struct oh_sctp *s, int64_t now_us);
int64_t oh_sctp_deadline(const struct oh_sctp *s); // OH_NEVER if none
void oh_sctp_tick(struct oh_sctp *s, int64_t now_us);

// False if it is not up, the memory for unacknowledged messages is used up, or the stream is being reset.
// `data` is copied: 1 to OH_CHANNEL_MESSAGE_MAX bytes.
bool oh_sctp_send(struct oh_sctp *s, int64_t now_us, uint16_t stream, const struct oh_outbound_order *order,
                  struct oh_bytes data);
// No more on this stream after what is queued; OH_SCTP_STREAM_RESET says when its number is free again.
void oh_sctp_reset(struct oh_sctp *s, int64_t now_us, uint16_t stream);

bool oh_sctp_up(const struct oh_sctp *s);
struct oh_sctp_stats {
  size_t queued_bytes, receive_bytes; // memory for what is unacknowledged, and undelivered
  uint32_t cwnd, flight;
  int64_t srtt_us;
  uint64_t resent, dropped;
  bool zero_checksum;
};
void oh_sctp_read_stats(const struct oh_sctp *s, struct oh_sctp_stats *stats);
size_t oh_sctp_queued(const struct oh_sctp *s, uint16_t stream); // bytes of the stream not sent once yet
