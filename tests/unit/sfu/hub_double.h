// hub_double.h — stands in for the hub at link time: peers are small numbers that exist once added; what is
// sent is kept for the test to look at. Nothing is allocated while sending.
#pragma once
#include "rtc/hub.h"

enum { DOUBLE_PEERS = 64, DOUBLE_SENT = 8192, DOUBLE_PAYLOAD = 1500 };

struct double_sent {
  oh_id peer;
  int64_t at_us;
  bool rtcp;
  struct oh_rtp_header header; // RTP
  size_t len;
  uint8_t data[DOUBLE_PAYLOAD]; // RTP payload or RTCP compound
};

extern struct double_sent double_sent[DOUBLE_SENT];
extern size_t double_count; // recorded; later ones are only counted in double_total
extern uint64_t double_total;
extern bool double_down[DOUBLE_PEERS]; // sending to this peer fails

void double_reset(void);
