// house.h — LiveKit's manners for all rooms of one worker: who may join, what each client is told, which
// media flows. One sans-IO machine that the worker thread, the unit tests and the simulator drive in the same
// way: join requests, signalling frames, datagrams and time in; signalling frames (oh_house_next_frame),
// datagrams (outbox) and webhook-like happenings out. It owns the hub and the sfu of its worker.
#pragma once
#include "base/addr.h"
#include "base/outbox.h"
#include "base/slab.h"
#include "base/text.h"
#include "base/world.h"
#include "livekit/egress.h"
#include "livekit/join.h"
#include "livekit/resident.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oh_house;
struct oh_turn_server;
struct oh_identity;

// Everything it points to is borrowed and must outlive the house.
struct oh_house_config {
  const char *server_version; // strict semver ≥ 1.8.0 towards clients
  const char *node_id, *region;
  const char *api_key, *api_secret; // signs refreshed tokens
  // our media addresses, in order of preference, as they go into SDP; proto OH_UDP or OH_TCP (passive)
  const struct oh_addr *candidates;
  size_t candidate_count;
  const char *const *stun_urls; // ice_servers handed to clients; may be none
  size_t stun_url_count;
  // the embedded TURN server's URLs, and those of others (livekit/turn_credential.h); may be none
  const char *const *turn_urls;
  size_t turn_url_count;
  const struct oh_turn_server *turn_servers;
  size_t turn_server_count;
  // room.* (LiveKit's keys): 300, 20, true, 0 = no limit
  uint32_t empty_timeout_s, departure_timeout_s;
  bool auto_create;
  uint32_t max_participants;
  // audio.*
  uint32_t active_level, min_percentile, update_interval_ms, smooth_intervals;
  uint32_t shard; // which of several houses with one ICE-TCP port this is (rtc/ice.h)
  // capacities of this worker
  uint32_t rooms, participants;
  bool enable_remote_unmute, no_data_tracks;
  bool data_blobs;                         // participants may store them (livekit/data_blob.h)
  uint32_t data_packets_per_s;             // copies that one participant's data may cause; 0: no limit
  const struct oh_resident_ops *residents; // kinds of participants that live in the server; may be none
  size_t resident_count;
  struct oh_scribe_ops scribe; // writes recordings; open NULL: there are none
};

struct oh_house *oh_house_open(struct oh_world *world, struct oh_identity *identity,
                               const struct oh_house_config *config, struct oh_outbox *out);
void oh_house_close(struct oh_house *house);

struct oh_admission {
  int status;     // 101: admitted; else the HTTP status to answer
  char body[256]; // plain text for a refusal
  oh_id session;  // admitted: the signalling session; frames for it may be waiting already
};
// Admits or refuses a parsed join (takes nothing; copies what it needs). Also serves resumes
// (join->reconnect): a resume that cannot be served is admitted (101) and its first frame is a Leave
// (facts/LIVEKIT.md 0.16).
void oh_house_join(struct oh_house *house, int64_t now_us, const struct oh_join *join,
                   struct oh_admission *admission);
// The same checks without joining, for …/validate: 200 "success" or the refusal.
void oh_house_validate(struct oh_house *house, int64_t now_us, const struct oh_join *join,
                       struct oh_admission *admission);

// One complete WebSocket message of the session. Text frames are proto3 JSON and switch the session to JSON;
// binary ones back.
void oh_house_recv(struct oh_house *house, int64_t now_us, oh_id session, bool text, const uint8_t *data,
                   size_t len);
// The socket has gone (closed, cut off as slow, or broken).
void oh_house_signal_closed(struct oh_house *house, int64_t now_us, oh_id session);

enum oh_frame_kind {
  OH_FRAME_BINARY,
  OH_FRAME_TEXT,
  OH_FRAME_CLOSE /* close frame, then TCP */,
  OH_FRAME_ABORT /* drop TCP */
};
struct oh_frame {
  oh_id session;
  enum oh_frame_kind kind;
  uint16_t close_code;
  uint8_t *data; // malloc'd: the caller free()s
  size_t len;
};
// The next frame to send, in order. Drain after each call below and above.
bool oh_house_next_frame(struct oh_house *house, struct oh_frame *frame);

void oh_house_datagram(struct oh_house *house, int64_t now_us, const struct oh_addr *from, uint8_t *data,
                       size_t len);
void oh_house_stream_closed(struct oh_house *house, int64_t now_us, const struct oh_addr *addr);
int64_t oh_house_deadline(const struct oh_house *house);
void oh_house_tick(struct oh_house *house, int64_t now_us);

// Server shutdown: refuse new rooms from now on (join → 503); with `leave`, tell everybody Leave{RECONNECT or
// DISCONNECT}.
void oh_house_drain(struct oh_house *house, int64_t now_us, bool leave);

struct oh_house_stats {
  uint32_t rooms, participants, tracks, subscriptions;
};
void oh_house_read_stats(const struct oh_house *house, struct oh_house_stats *stats);

struct oh_house_room {
  oh_id id;
  struct oh_str name;
  int64_t created_us;
  uint32_t people;   // who are not dependents
  const char *label; // the attribute asked for, of the first one who has it; or NULL
};
// Walks the rooms: start with *room = {0}; false at the end. Strings are borrowed until the next call.
bool oh_house_next_room(const struct oh_house *house, const char *label, struct oh_house_room *room);
// Everybody is told that the room has closed; nothing happens if it already has.
void oh_house_end_room(struct oh_house *house, int64_t now_us, oh_id room);
