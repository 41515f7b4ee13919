// data_line.h — the clients' ends of data channels above the doubles: each is a real association
// (rtc/datachannel.h) whose packets go to the house as hub events, and which gets what the house sends to its
// peer. Used by the unit tests and by the fuzz target of livekit/data.h.
#pragma once
#include "livekit/house.h"
#include "rtc/datachannel.h"
#include "tests/unit/livekit/doubles.h"

enum { DATA_CLIENTS = 4 };

struct data_line;
struct data_packet;
struct data_client {
  struct data_line *line;
  oh_id peer;                   // of the house's hub; 0: no client
  struct oh_channels *channels; // NULL: not connected yet
  bool opens;                   // as on a publisher connection; else the house opens
  int32_t reliable, lossy;      // -1 while there is none
  int32_t data_track;           // likewise
  uint64_t bytes_out;           // of packets, to the house
  bool slow;                    // reads no message but those that data_line_read grants
  int granted;
};
struct data_line { // all NULL and 0 but what data_line_open sets
  struct oh_house *house;
  int64_t *now_us;
  struct oh_world world; // the clients'
  struct data_client clients[DATA_CLIENTS];
  struct data_packet *first, *last; // on the way
  // a message for client n; NULL: nobody looks
  void (*on_message)(void *ctx, int client, bool lossy, struct oh_bytes message);
  void (*on_track_packet)(void *ctx, int client, struct oh_bytes message); // on `_data_track`, likewise
  void (*alter)(void *ctx, int client, uint8_t *packet, size_t len); // what a client sends; NULL: as it is
  void *ctx;
};

// `house` must be above the doubles; `now_us` is read and moved on.
void data_line_open(struct data_line *line, struct oh_house *house, int64_t *now_us, struct oh_random random);
void data_line_close(struct data_line *line);
// The client whose hub peer this is begins its association; `opens`: it opens the three channels.
void data_line_connect(struct data_line *line, int client, oh_id peer, bool opens);
bool data_line_send_track(struct data_line *line, int client, struct oh_bytes message);
bool data_line_send(struct data_line *line, int client, bool lossy, struct oh_bytes message);
// Lets a slow client read so many messages more.
void data_line_read(struct data_line *line, int client, int messages);
// Carries packets both ways, and lets time pass for both sides.
void data_line_run(struct data_line *line, int64_t us);
