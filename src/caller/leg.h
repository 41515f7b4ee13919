// leg.h — one transport of a caller: its ICE/DTLS/SRTP half, what we proposed in SDP, and whom we hear on it.
#pragma once
#include "base/outbox.h"
#include "base/world.h"
#include "livekit/offer.h"
#include "rtc/hub.h"
#include <stdbool.h>
#include <stdint.h>

#define OH_LEG_EARS 32      // streams heard at once
#define OH_LEG_PROPOSALS 40 // sections of our own offers

// One stream we receive, with what a receiver report says about it (RFC 3550 A.3).
struct oh_ear {
  uint32_t ssrc;
  char participant[64], track[64];
  uint32_t first, highest, received; // extended sequence numbers
  uint32_t expected_before, received_before;
  uint32_t last_sr;
  int64_t last_sr_us;
  bool heard;
};

struct oh_leg {
  struct oh_world *world;
  struct oh_identity *identity;
  struct oh_hub *hub;
  oh_id peer;
  struct oh_outbox *out;
  bool tcp;
  uint32_t stream;
  bool connected, described; // media up; a remote description was applied
  uint64_t session_id, version;
  uint32_t offer_id;               // of our last offer
  bool offer_pending;              // not answered yet
  bool offer_wanted;               // something changed meanwhile
  uint8_t opus_pt, audio_level_id; // as answered, for sending
  uint32_t ssrc;                   // ours
  unsigned spare_sections;         // recvonly sections in our offers
  bool microphone, application;    // proposed sections
  struct oh_description *remote;   // the last one read
  struct oh_ear ears[OH_LEG_EARS];
  size_t ear_count;
};

bool oh_leg_open(struct oh_leg *leg, struct oh_world *world, struct oh_identity *identity, int64_t now_us);
void oh_leg_close(struct oh_leg *leg, int64_t now_us); // forgets the peer; open it again to start over
void oh_leg_restart(struct oh_leg *leg,
                    int64_t now_us); // ICE restart: new credentials for the next description

// Our next offer: microphone (if any), spare recvonly sections, application. malloc'd.
char *oh_leg_offer(struct oh_leg *leg, const char *cid);
// Applies an answer to our offer / an offer to us. False if it cannot be used.
bool oh_leg_answered(struct oh_leg *leg, int64_t now_us, struct oh_str sdp);
char *oh_leg_answer(struct oh_leg *leg, int64_t now_us,
                    struct oh_str sdp); // malloc'd answer, NULL if unusable

struct oh_ear *oh_leg_ear(struct oh_leg *leg, uint32_t ssrc); // NULL: nobody we know
void oh_ear_count(struct oh_ear *ear, uint16_t sequence);
void oh_leg_recv_rtcp(struct oh_leg *leg, int64_t now_us, const uint8_t *data, size_t len);
// Sends receiver reports, and a sender report if packets were sent.
void oh_leg_report(struct oh_leg *leg, int64_t now_us, uint32_t rtp_timestamp, uint32_t packets,
                   uint32_t octets);
