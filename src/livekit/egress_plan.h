// egress_plan.h — what a request for a recording asks for, in one form for all kinds of request, or why it
// cannot be done: this server records sound into Ogg Opus files on its own disk. Pure.
#pragma once
#include "egress.pb-c.h"
#include "livekit/twirp.h"

enum oh_egress_source {
  OH_EGRESS_ROOM,        // everybody, mixed
  OH_EGRESS_ROUTES,      // those that match a route, mixed
  OH_EGRESS_PARTICIPANT, // one participant's microphone (or the sound of its screen), as it was sent
  OH_EGRESS_TRACK,       // one track, as it was sent
};

struct oh_egress_plan { // borrows from the request
  enum oh_egress_source source;
  const char *identity, *track;
  bool screen_share;
  Livekit__AudioMixing mixing;
  const Livekit__AudioConfig *routes;
  const char *filepath;
  uint32_t bitrate; // bit/s, of a mix; 0: ours
  bool stereo;      // of a mix
  bool legacy;      // asked in the old way: the answer has the old field, too
};

// `request` is one of the five Start…Request messages, its strings sound. False: the error for the caller.
bool oh_egress_plan_read(const ProtobufCMessage *request, struct oh_egress_plan *plan,
                         struct oh_twirp_error *error);
