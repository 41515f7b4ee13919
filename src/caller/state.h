// state.h — what a caller remembers; shared by caller.c (life, time, media) and signalling.c (messages) only.
#pragma once
#include "base/heap.h"
#include "caller/caller.h"
#include "caller/leg.h"

#define OH_CALLER_EVENTS 64

enum oh_caller_state {
  OH_CALLER_STATE_DIALING,
  OH_CALLER_STATE_WAITING, // the socket is open; the first message decides
  OH_CALLER_STATE_JOINED,
  OH_CALLER_STATE_LEFT,
};

struct oh_caller_frame {
  struct oh_caller_frame *next;
  size_t len;
  uint8_t *data;
};

struct oh_caller_other { // another participant of the room
  char sid[64];
  char *name; // display name, else identity
};

struct oh_channels;
struct oh_caller {
  struct oh_world *world;
  struct oh_identity *identity;
  struct oh_caller_config config;
  enum oh_caller_state state;
  int64_t now_us; // of the last call, for close
  bool resume;    // the next (or current) socket resumes the session
  uint32_t attempts;
  char *token, *path;
  char sid[64], track_sid[64], cid[40];
  struct oh_channels *channels; // of the first leg; NULL: none
  int32_t reliable, lossy;      // their streams; -1: not yet
  uint32_t data_sequence;
  struct oh_leg legs[OH_CALLER_LEGS];
  unsigned leg_count;
  bool connected_told, published, muted;
  struct oh_caller_other *others;
  uint32_t other_count, other_cap;
  int64_t dial_us, ping_us, check_us, silence_us, report_us;
  int64_t ping_interval_us, ping_timeout_us;
  uint16_t sequence;
  uint32_t timestamp, packets, octets;
  struct oh_caller_frame *frames, **frames_end;
  struct oh_caller_event events[OH_CALLER_EVENTS];
  size_t event_at, event_count;
};

void oh_caller_tell(struct oh_caller *c, struct oh_caller_event event);
void oh_caller_finish(struct oh_caller *c, int reason, const char *text);
void oh_caller_reconnect(struct oh_caller *c, int64_t now_us, bool resume);
void oh_caller_drop_frames(struct oh_caller *c);
void oh_caller_forget_others(struct oh_caller *c);
void oh_caller_ping(struct oh_caller *c, int64_t now_us);
