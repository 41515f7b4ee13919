// datachannel.h — WebRTC data channels (RFC 8831, 8832) on one SCTP association. Sans-IO: DTLS application
// records and time in and out. Both sides may open channels; each has its parity of stream numbers by DTLS
// role (client even, server odd). A channel is closed by resetting its stream in both directions.
#pragma once
#include "rtc/sctp.h"
#include "wire/dcep.h"

struct oh_channels;

struct oh_channels_config {
  void (*send)(void *ctx, int64_t now_us, const uint8_t *packet, size_t len); // see oh_sctp_config
  void *ctx;
  bool dtls_client;
  bool zero_checksum;
};

enum oh_channel_event_type {
  OH_CHANNEL_OPEN = 1, // the peer opened it (event.settings), or has confirmed ours
  OH_CHANNEL_MESSAGE,  // event.text, event.data
  OH_CHANNEL_CLOSED,   // by either side; its number may be used again
  OH_CHANNELS_UP,      // the association stands: channels may be opened
  OH_CHANNELS_DOWN,    // the association has ended, and all channels with it
};
struct oh_channel_event {
  enum oh_channel_event_type type;
  uint16_t channel; // its stream number
  bool ours;        // OH_CHANNEL_OPEN: we asked for it
  bool text;
  struct oh_bytes data;         // until the next call
  struct oh_dcep_open settings; // OH_CHANNEL_OPEN
};

// `world` must outlive it.
struct oh_channels *oh_channels_open(struct oh_world *world, const struct oh_channels_config *config);
void oh_channels_close(struct oh_channels *c);                   // silently
void oh_channels_connect(struct oh_channels *c, int64_t now_us); // else the peer begins
void oh_channels_recv(struct oh_channels *c, int64_t now_us, const uint8_t *packet, size_t len);
bool oh_channels_next(struct oh_channels *c, int64_t now_us, struct oh_channel_event *event);
// Events may be left lying for a while: the peer then stops sending (oh_sctp_tell_window). To be called after
// the last of them has been fetched.
void oh_channels_tell_window(struct oh_channels *c, int64_t now_us);
int64_t oh_channels_deadline(const struct oh_channels *c);
void oh_channels_tick(struct oh_channels *c, int64_t now_us);

// Opens a channel: its number, or -1 when the association is not up or OH_CHANNELS_MAX are open. It may be
// written at once.
int32_t oh_channel_open(struct oh_channels *c, int64_t now_us, const struct oh_dcep_open *settings);
// False (and nothing queued) for no open channel, a message above OH_CHANNEL_MESSAGE_MAX, or a peer that is
// too slow. On a lossy channel older messages make room instead.
bool oh_channel_send(struct oh_channels *c, int64_t now_us, uint16_t channel, bool text,
                     struct oh_bytes data);
// … dropped if its turn does not come within this time; what has been begun goes on.
bool oh_channel_send_within(struct oh_channels *c, int64_t now_us, uint16_t channel, struct oh_bytes data,
                            int64_t within_us);
void oh_channel_close(struct oh_channels *c, int64_t now_us, uint16_t channel); // after what is queued
size_t oh_channel_queued(const struct oh_channels *c, uint16_t channel);        // bytes not sent once yet
const struct oh_sctp *oh_channels_sctp(const struct oh_channels *c);            // for its numbers
